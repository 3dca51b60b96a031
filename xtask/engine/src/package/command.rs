//! `cargo xtask package`: chart directories to archives.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, value_parser};

use crate::base::digest::Digest;
use crate::base::problem::{Checked, Problem, Problems, verdict};
use crate::base::text::{name, size};
use crate::base::version::helm_accepts;
use crate::chart::ignore::Rules;
use crate::chart::io::directory::{ChartDirectory, read_chart_directory};
use crate::chart::io::helm::agreement::{HelmMode, by, compare, find_helm};
use crate::chart::io::local::{package_locals, read_locals};
use crate::chart::package::{Overrides, Package, package};
use crate::chart::{repository_root, tgz};
use crate::dependency::io::{Fetcher, client};
use crate::git::io::repository::Repository;
use crate::sys::files::{self, NewFile};
use crate::sys::{environment, terminal};

/// `cargo xtask package`.
#[derive(Debug, Args)]
pub struct PackageArgs {
    /// Directories with a Chart.yaml
    #[arg(required = true, value_name = "CHART_DIR")]
    pub charts: Vec<PathBuf>,
    /// Where to write the archives [default: here, or dist/ where a chart is the current directory]
    #[arg(short, long, value_name = "DIR")]
    pub destination: Option<PathBuf>,
    /// Replace `version` in the archive's Chart.yaml
    #[arg(long, value_name = "VERSION", value_parser = NonEmptyStringValueParser::new())]
    pub version: Option<String>,
    /// Replace `appVersion` in the archive's Chart.yaml
    #[arg(long, value_name = "VERSION", value_parser = NonEmptyStringValueParser::new())]
    pub app_version: Option<String>,
    /// Whether helm packages too, to compare; the archive is the same in every mode
    #[arg(long, value_enum, default_value_t)]
    pub helm: HelmMode,
    /// Use no network: dependencies are those that were fetched before
    #[arg(long)]
    pub offline: bool,
    /// How long helm may take for each chart, and fetching dependencies for all
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
}

/// A chart on its way to an archive.
struct Chart {
    at: String,
    directory: PathBuf,
    /// That of its repository, or its own.
    root: PathBuf,
    rules: Rules,
    package: Package,
    time: u64,
}

/// Runs the command. No archive is written unless all of them can be.
pub fn run(args: &PackageArgs) -> Result<()> {
    let overrides = Overrides { version: args.version.clone(), app_version: args.app_version.clone() };
    let mut charts = Vec::new();
    let mut problems = Vec::new();
    if let Some(version) = overrides.version.as_ref().filter(|version| !helm_accepts(version)) {
        problems.push(
            Problem::usage(format!("--version {} is not a semantic version", name(version)))
                .hint("--version 1.2.3"),
        );
    }
    let mut times = Times::new()?;
    for path in &args.charts {
        charts.extend(package_chart(path, &overrides, &mut times)?.take(&mut problems));
    }
    if !problems.iter().any(Problem::is_error) {
        problems.extend(complete(&mut charts, args)?);
    }
    problems.extend(same_file_twice(&charts));
    verdict(problems)?.iter().for_each(terminal::problem);
    let here = files::absolute(Path::new("."))?;
    let destination = args.destination.clone().map_or_else(|| default_destination(&charts, &here), Ok)?;
    // From outside of a chart everything is as with helm.
    let around = charts.iter().filter(|chart| here.starts_with(&chart.directory));
    verdict(around.filter_map(|chart| written_into(chart, &charts, &destination)).collect())?;
    let helm = find_helm(args.helm, args.deadline, args.offline)?;
    if let Some(helm) = &helm {
        let all = charts.iter().map(|chart| (chart.directory.clone(), chart.at.as_str(), &chart.package));
        compare(helm, all, &overrides)?;
    }
    write_archives(&charts, &destination, &by(helm.as_ref(), args.helm))
}

/// Adds the dependencies that are not there.
fn complete(charts: &mut [Chart], args: &PackageArgs) -> Result<Vec<Problem>> {
    if charts.iter().all(|chart| chart.package.lacking.is_empty()) {
        return Ok(Vec::new());
    }
    let http = client(Duration::from_secs(args.deadline), args.offline)?;
    let (mut problems, mut last) = (Vec::new(), None::<(&Path, Fetcher<'_>)>);
    for Chart { at, root, package, .. } in charts {
        // Charts of one repository have one cache, and ask for each index once.
        let (_, fetcher) = match last.take().filter(|(of, _)| *of == root) {
            Some(known) => last.insert(known),
            None => last.insert((root, Fetcher::new(http.as_ref(), root, "")?)),
        };
        problems.extend(fetcher.complete(package, at));
    }
    Ok(problems)
}

/// The current directory, as helm has it; a chart that is packaged there would hold its own archives.
fn default_destination(charts: &[Chart], here: &Path) -> Result<PathBuf> {
    if charts.iter().all(|chart| chart.directory != here) {
        return Ok(".".into());
    }
    files::at_root(here, "dist", "--destination").map_err(Problems::from)?;
    Ok("dist".into())
}

/// An archive that would be written into a chart, which packages it the next time.
fn written_into(chart: &Chart, charts: &[Chart], destination: &Path) -> Option<Problem> {
    charts.iter().find_map(|other| {
        let archive = destination.join(other.package.metadata.file_name());
        repository_root::written(&chart.rules, &chart.at, &files::path_below(&chart.directory, &archive)?)
    })
}

fn write_archives(charts: &[Chart], destination: &Path, by: &str) -> Result<()> {
    let mut archives = Vec::new();
    for chart in charts {
        archives.push(tgz::write(&chart.package.entries)?);
    }
    let all = || charts.iter().zip(&archives);
    let files: Vec<NewFile<'_>> = all()
        .map(|(chart, data)| NewFile { name: chart.package.metadata.file_name(), data, mtime: chart.time })
        .collect();
    files::write_all(destination, &files, None)?;
    for (chart, bytes) in all() {
        let place = destination.join(chart.package.metadata.file_name());
        let facts = format!("{}  {}", size(bytes.len() as u64), Digest::of(bytes));
        terminal::result("Packaged", &format!("{} -> {}  {facts}  {by}", chart.at, place.display()))?;
    }
    Ok(())
}

fn package_chart(path: &Path, overrides: &Overrides, times: &mut Times) -> Result<Checked<Option<Chart>>> {
    let at = match path.to_string_lossy().trim_end_matches('/') {
        "" => "/".to_owned(),
        at => at.to_owned(),
    };
    let Some(directory) = files::absolute(path).ok().filter(|directory| directory.is_dir()) else {
        let problem = Problem::error("there is no such directory").at(&at, None);
        return Ok(Checked::new(None, [problem.hint("name the directory that holds Chart.yaml")]));
    };
    let repository = Repository::around(&directory);
    let boundary = repository.as_ref().map_or(directory.as_path(), Repository::root);
    let mut read = read_chart_directory(&directory, boundary, &at);
    let mut problems = std::mem::take(&mut read.problems);
    let is_root = repository.as_ref().is_some_and(|repository| repository.root() == directory);
    problems.extend(repository_root::made(&read.rules, &read.top, false).filter(|_| is_root));
    let time = times.of_archive(repository.as_ref())?.unwrap_or(tgz::ENTRY_TIME);
    // Without a repository, what lies beside a chart may be anywhere.
    let around = repository.as_ref().map_or(Path::new("/"), Repository::root);
    let is_tracked =
        |file: &str| repository.as_ref().is_none_or(|repository| repository.tracks(&directory.join(file)));
    // Paths in Chart.yaml are from where the chart was reached, whatever links are on the way.
    let reached = std::path::absolute(path).ok().filter(|reached| reached.starts_with(around));
    let reached = reached.unwrap_or_else(|| directory.clone());
    let locals = read_locals(&read, &reached, around, &at, is_tracked).take(&mut problems);
    let ChartDirectory { files, rules, .. } = locals.replace(read, &directory);
    let Some(mut package) = package(files, &at, overrides).take(&mut problems) else {
        return Ok(Checked::new(None, problems));
    };
    let local = package_locals(locals.all).take(&mut problems);
    problems.extend(package.add(local, &at));
    let root = boundary.to_owned();
    Ok(Checked::new(Some(Chart { at, directory, root, rules, package, time }), problems))
}

/// The modification time of an archive, which `helm push` publishes: `SOURCE_DATE_EPOCH`, else that of the commit.
struct Times {
    epoch: Option<u64>,
    commits: HashMap<PathBuf, Option<u64>>,
}

impl Times {
    fn new() -> Result<Self> {
        Ok(Self { epoch: environment::source_date_epoch()?, commits: HashMap::new() })
    }

    fn of_archive(&mut self, repository: Option<&Repository>) -> Result<Option<u64>> {
        let Some(repository) = repository.filter(|_| self.epoch.is_none()) else {
            return Ok(self.epoch);
        };
        if let Some(time) = self.commits.get(repository.root()) {
            return Ok(*time);
        }
        let time = repository.commit()?.map(|commit| commit.time);
        self.commits.insert(repository.root().to_owned(), time);
        Ok(time)
    }
}

fn same_file_twice(charts: &[Chart]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (i, chart) in charts.iter().enumerate() {
        let file_name = chart.package.metadata.file_name();
        if let Some(other) =
            charts.iter().take(i).find(|other| other.package.metadata.file_name() == file_name)
        {
            let message =
                format!("its archive would replace that of {}, {}", name(&other.at), name(&file_name));
            problems.push(
                Problem::error(message)
                    .at(&chart.at, None)
                    .hint("package them into two directories, or rename one"),
            );
        }
    }
    problems
}
