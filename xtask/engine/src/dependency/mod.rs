//! The charts that charts depend on: which version of each, and from where. Chart.lock says it, and where there is none,
//! Chart.yaml.

pub mod command;
mod helm_repositories;
pub mod io;
pub mod listed;
mod resolve;

use self::helm_repositories::alias;
use crate::base::host::host;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::chart::ignore::Kind;
use crate::chart::lacking::{Lacking, is_local};
use crate::chart::package::Package;

/// A dependency to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub name: String,
    pub version: String,
    /// As Chart.lock or Chart.yaml has it: `https://…`, `oci://…`, or the name of a repository of helm.
    pub repository: String,
    /// The file that declares it, and its line.
    pub place: (String, usize),
}

impl Wanted {
    fn at(&self, problem: Problem) -> Problem {
        problem.at(&self.place.0, Some(self.place.1))
    }
}

/// What has to be fetched for a chart, and why that cannot be known. `at` is the chart's path. What lies in the repository
/// itself has been looked for when the chart was read.
pub fn wanted(package: &Package, at: &str) -> Checked<Vec<Wanted>> {
    let (local, remote): (Vec<_>, Vec<_>) =
        package.lacking.iter().partition(|one| is_local(one.repository()));
    if let Some(problem) = package.out_of_step(at).filter(|_| !remote.is_empty()) {
        // Who looked for the local ones has told it.
        return Checked::new(Vec::new(), Some(problem).filter(|_| local.is_empty()));
    }
    let one = |lacking: &Lacking| {
        let declared = &lacking.declared;
        let place = package.place(declared, at);
        let problem = |message: String| Err(Problem::error(message).at(&place.0, Some(place.1)));
        let title = name(&declared.name);
        let version = lacking.version().unwrap_or_else(|| declared.version.clone());
        let archive = package.ignored(&format!("{}-{version}.tgz", declared.name), Kind::File, at);
        let is_remote = !lacking.repository().is_empty();
        let directory = || package.ignored(&declared.name, Kind::Directory, at).filter(|_| !is_remote);
        archive.or_else(directory).map_or(Ok(()), Err)?;
        if lacking.repository().is_empty() {
            let message = format!("dependency {title} is not in charts/, and has no `repository`");
            return problem(message).map_err(|one| one.hint("put it there, or write where it comes from"));
        }
        let repository = check_repository(lacking.repository());
        let repository = repository.and(tagged(lacking.repository(), &declared.name).map_or(Ok(()), Err));
        repository.map_err(|problem| problem.at(&place.0, Some(place.1)))?;
        if let Some(version) = lacking.version() {
            let (name, repository) = (declared.name.clone(), lacking.repository().to_owned());
            return Ok(Wanted { name, version, repository, place });
        }
        let range = name(&declared.version);
        let message =
            format!("dependency {title} has no locked version: {range} may be another one every day");
        problem(message).map_err(|one| one.hint(format!("cargo xtask dependency --update {at}")))
    };
    let (mut wanted, mut problems) = (Vec::new(), Vec::new());
    for found in remote.into_iter().map(one) {
        match found {
            Ok(one) => wanted.push(one),
            Err(problem) => problems.push(problem),
        }
    }
    Checked::new(wanted, problems)
}

/// Says what is wrong with where a dependency comes from.
fn check_repository(repository: &str) -> Result<(), Problem> {
    let has_scheme = ["https://", "http://", "oci://"].iter().any(|scheme| repository.starts_with(scheme));
    let host = host(repository);
    let is_plain = !host.is_empty() && !host.contains('@') && !repository.contains(char::is_whitespace);
    if alias(repository).is_some() || has_scheme && is_plain {
        return Ok(());
    }
    let hint =
        "write `https://HOST/PATH`, `oci://HOST/PATH` or `file://PATH`; credentials do not belong there";
    Err(Problem::error(format!("{} is no `repository` to fetch from", name(repository))).hint(hint))
}

/// Says that a repository in a registry is written as an artifact, with a tag or a digest: Helm appends the name of the chart.
pub fn tagged(repository: &str, chart: &str) -> Option<Problem> {
    let (_, path) = repository.strip_prefix("oci://")?.split_once('/')?;
    let (_, last) = repository.rsplit_once('/').filter(|_| path.contains([':', '@']))?;
    let end = last.find([':', '@'])?;
    let base = repository.strip_suffix(last.get(end..)?)?;
    let base = base.strip_suffix(chart).and_then(|base| base.strip_suffix('/')).unwrap_or(base);
    let message = format!(
        "{} names an artifact: Helm appends the name and the version of the chart, and fetches nothing",
        name(repository)
    );
    Some(Problem::error(message).hint(format!("write `repository: {base}`")))
}
