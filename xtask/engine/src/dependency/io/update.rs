//! Resolves the ranges of a Chart.yaml to what its repositories have today, as `helm dependency update` does.

use super::{Fetcher, no_network, unlisted};
use crate::base::constraint::Constraint;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::base::version::helm_accepts;
use crate::chart::lacking::is_local;
use crate::chart::package::Package;
use crate::chart::{Archive, Dependency, Lock};
use crate::dependency::check_repository;
use crate::dependency::resolve::highest;

impl Fetcher<'_> {
    /// The lock of a chart, whose package is `package` and whose path is `at`. `local` are its dependencies that lie beside
    /// it; `generated` is the time of the lock. `None` for a chart without dependencies.
    pub fn lock(
        &self,
        package: &Package,
        local: &[Archive],
        at: &str,
        generated: String,
    ) -> Checked<Option<Lock>> {
        let (mut locked, mut problems) = (Vec::new(), Vec::new());
        for declared in package.metadata.dependencies.iter().flatten() {
            let (file, line) = package.place(declared, at);
            let name = declared.name.clone();
            match self.resolved(declared, local) {
                Ok((repository, version)) => {
                    locked.push(Dependency { name, repository, version, ..Dependency::default() });
                }
                Err(problem) => problems.push(problem.at(file, Some(line))),
            }
        }
        if !problems.is_empty() || locked.is_empty() && !package.lists_none() {
            return Checked::new(None, problems);
        }
        let lock = Lock::new(&package.metadata, locked, generated);
        lock.map_err(|why| Problem::error(why).at(at, None)).into()
    }

    /// The repository and the version of a dependency.
    fn resolved(&self, declared: &Dependency, local: &[Archive]) -> Result<(String, String), Problem> {
        let Dependency { name: chart, version: range, repository, .. } = declared;
        if repository.is_empty() {
            return Ok((String::new(), range.clone()));
        }
        if is_local(repository) {
            let archive = local.iter().find(|archive| archive.metadata.name == *chart);
            let version = archive.map_or(range, |archive| &archive.metadata.version);
            return Ok((repository.clone(), version.clone()));
        }
        check_repository(repository)?;
        Constraint::parse(range).map_err(|why| {
            let (range, chart) = (name(range), name(chart));
            let message = format!("version {range} of dependency {chart} is no constraint: {why}");
            Problem::error(message).hint("write a version, or a range such as `^1.2.0`")
        })?;
        let repository = self.url(repository)?;
        let versions = if !repository.starts_with("oci://") {
            let listed = self.index(self.http.ok_or_else(no_network)?, &repository)?;
            let of = listed.of(chart).map_err(|why| unlisted(&repository, &why))?;
            of.iter().map(|one| one.version.clone()).collect()
        } else if helm_accepts(range) {
            // Helm takes it for the tag, and asks for no list.
            return Ok((repository, range.clone()));
        } else {
            self.tags(&repository, chart)?
        };
        let version = highest(chart, range, versions).map_err(|why| unlisted(&repository, &why))?;
        Ok((repository, version))
    }
}
