//! Dependencies that are a directory of the same repository (`repository: file://../common`): packaged from the tree of the
//! commit, as `helm dependency build` does it (Helm's `downloader.tarFromLocalDir`).

use std::path::{Component, Path, PathBuf};

use super::directory::{ChartDirectory, read_chart_directory};
use crate::base::constraint::Constraint;
use crate::base::path;
use crate::base::problem::{Checked, Problem};
use crate::base::text::{few, name};
use crate::chart::lacking::{Lacking, is_local};
use crate::chart::package::{Overrides, Package, package};
use crate::chart::tgz::Entry;
use crate::chart::{Archive, Dependency, metadata_of, repository_root, tgz};
use crate::sys::{files, symlink};

/// A dependency with its directory, read.
#[derive(Debug)]
pub struct Local {
    /// As it is declared, with the version that is locked where one is.
    dependency: Dependency,
    is_locked: bool,
    /// The file that declares it, for messages.
    declares: String,
    /// Its path for messages.
    pub(super) at: String,
    pub read: ChartDirectory,
}

/// The chart whose dependency is read.
pub(super) struct Read<'a> {
    pub package: &'a Package,
    pub directory: &'a Path,
    pub boundary: &'a Path,
    pub at: &'a str,
    /// What cannot be done with a dependency that cannot be read, for messages.
    pub fails: &'a str,
}

/// What a chart takes from beside it.
#[derive(Debug, Default)]
pub struct Locals {
    pub all: Vec<Local>,
    /// Archives in its charts/ that git does not track: they were packaged from the same directories some time ago.
    pub stale: Vec<String>,
}

/// Reads the directories that a chart names and charts/ lacks. `directory` is the chart's, as it is reached from
/// `boundary`, outside of which nothing is read; `is_tracked` says whether a file of the chart is part of the commit.
pub fn read_locals(
    chart: &ChartDirectory,
    directory: &Path,
    boundary: &Path,
    at: &str,
    is_tracked: impl Fn(&str) -> bool,
) -> Checked<Locals> {
    let declares = ["Chart.yaml", "requirements.yaml"];
    let mut yaml = chart.files.iter().filter(|file| declares.contains(&file.path.as_str()));
    if !yaml.any(|file| String::from_utf8_lossy(&file.data).contains("file://")) {
        return Checked::default();
    }
    let is_stale = |file: &str| {
        let in_charts = file.strip_prefix("charts/").is_some_and(|below| !below.contains('/'));
        in_charts && file.ends_with(".tgz") && !is_tracked(file)
    };
    let (stale, kept): (Vec<_>, Vec<_>) = chart.files.iter().cloned().partition(|file| is_stale(&file.path));
    let Some(package) = package(kept, at, &Overrides::default()).value else { return Checked::default() };
    let locals: Vec<&Lacking> = package.lacking.iter().filter(|one| is_local(one.repository())).collect();
    if let Some(problem) = package.out_of_step(at).filter(|_| !locals.is_empty()) {
        return Checked::new(Locals::default(), [problem]);
    }
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    let of = Read { package: &package, directory, boundary, at, fails: "cannot be packaged" };
    for lacking in locals {
        match read_local(lacking, &of) {
            Ok(local) => all.push(local),
            Err(problem) => problems.push(problem),
        }
    }
    let is_of = |archive: &Entry| {
        let metadata = metadata_of(&archive.data, &archive.path).value;
        metadata.is_some_and(|metadata| all.iter().any(|one: &Local| one.dependency.name == metadata.name))
    };
    let stale = stale.into_iter().filter(is_of).map(|archive| archive.path).collect();
    Checked::new(Locals { all, stale }, problems)
}

impl Locals {
    /// Takes what is stale out of what was read of the chart at `directory`, which has no links.
    pub fn replace(&self, mut chart: ChartDirectory, directory: &Path) -> ChartDirectory {
        let is_stale = |file: &Path| self.stale.iter().any(|stale| *file == *directory.join(stale));
        chart.files.retain(|file| !self.stale.contains(&file.path));
        chart.origins.retain(|file| !is_stale(file));
        chart
    }
}

pub(super) fn read_local(lacking: &Lacking, of: &Read<'_>) -> Result<Local, Problem> {
    let Lacking { declared, locked } = lacking;
    let &Read { package, directory, boundary, at, fails } = of;
    let (file, line) = package.place(declared, at);
    let named = lacking.repository().trim_start_matches("file://");
    let problem = |why: String| {
        let message = format!("dependency {} {fails}: {why}", name(&declared.name));
        Problem::error(message).at(&file, Some(line))
    };
    if Path::new(named).is_absolute() {
        let why = format!("{} is a place on this machine", name(named));
        return Err(problem(why).hint("write a path from the chart's directory, as in `file://../common`"));
    }
    let lexical = normal(&directory.join(named));
    let shown = lexical.strip_prefix(boundary).map_or_else(|_| named.to_owned(), files::shown);
    if !lexical.starts_with(boundary) {
        let why = format!("{} is outside of the repository", name(named));
        return Err(problem(why).hint("publish that chart, and write the URL of its repository"));
    }
    if !lexical.is_dir() {
        let why = format!("there is no directory {}", name(&shown));
        return Err(problem(why).hint("write the path of a chart, from this chart's directory"));
    }
    let followed = symlink::follow(&lexical, boundary).map_err(|refused| refused.at(&file, Some(line)))?;
    let mut read = read_chart_directory(&followed.real, boundary, &shown);
    read.links.extend(followed.links);
    let is_root = followed.real == boundary;
    read.problems.extend(repository_root::made(&read.rules, &read.top, true).filter(|_| is_root));
    let (is_locked, version) = (locked.is_some(), &locked.as_ref().unwrap_or(declared).version);
    let dependency = Dependency { version: version.clone(), line, ..declared.clone() };
    Ok(Local { dependency, is_locked, declares: file, at: shown, read })
}

/// A path without `..`, as Helm resolves it: by its parts, whatever links are on the way.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// Packages such directories.
pub fn package_locals(locals: Vec<Local>) -> Checked<Vec<Archive>> {
    let mut problems = Vec::new();
    let packaged = |local| package_local(local).take(&mut problems);
    let archives = locals.into_iter().filter_map(packaged).collect();
    Checked::new(archives, problems)
}

pub(super) fn package_local(local: Local) -> Checked<Option<Archive>> {
    let Local { dependency, is_locked, declares, at, read } = local;
    let problem = |message: String| Problem::error(message).at(&declares, Some(dependency.line));
    let Checked { value, problems } = package(read.files, &at, &Overrides::default());
    let mut errors = read.problems.iter().chain(&problems).filter(|problem| problem.is_error());
    let Some(package) = value.filter(|_| errors.clone().next().is_none()) else {
        // All of them are told of that chart, where it is one that is released.
        let why = errors.next().map(ToString::to_string).unwrap_or_default();
        let message = format!("dependency {} cannot be packaged: {why}", name(&dependency.name));
        return Checked::new(None, [problem(message).hint(format!("cargo xtask package {at}"))]);
    };
    let wanted = name(&format!("{} {}", dependency.name, dependency.version));
    let there = name(&package.metadata.id());
    let is_it = package.metadata.name == dependency.name;
    if !is_it
        || !Constraint::parse(&dependency.version).is_ok_and(|one| one.allows(&package.metadata.version))
    {
        let message = format!("this asks for {wanted}, and {} is {there}", name(&at));
        let hint = match (is_it, is_locked) {
            (false, _) => "correct `name` or `repository`".to_owned(),
            (true, true) => format!("cargo xtask dependency --update {}", path::directory(&declares)),
            (true, false) if is_newer(&dependency.version, &package.metadata.version) => {
                format!("give {} a version that is asked for, or ask for a range that both are in", name(&at))
            }
            (true, false) => {
                format!("write `version: {}`, or a range that it is in", package.metadata.version)
            }
        };
        return Checked::new(None, [problem(message).hint(hint)]);
    }
    let lacking: Vec<String> = package.lacking.iter().map(|one| one.declared.name.clone()).collect();
    let warning = (!lacking.is_empty()).then(|| {
        let message =
            format!("{there} is packaged without its own dependencies, as by helm: {}", few(&lacking));
        problem(message).only_warns().hint(format!("cargo xtask dependency {at}"))
    });
    match tgz::write(&package.entries) {
        Ok(bytes) => Checked::new(Some(Archive::new(package.metadata, bytes, None)), warning),
        Err(error) => Checked::new(None, [problem(error.to_string())]),
    }
}

/// Whether a dependency asks for a version, or a range that begins with one, above this.
fn is_newer(asked: &str, own: &str) -> bool {
    let numbers = |version: &str| -> Vec<u64> {
        let plain = version.trim_start_matches(['^', '~', '=', '>', ' ', 'v']);
        plain.split(['.', '-', '+', ' ']).map_while(|part| part.parse().ok()).collect()
    };
    numbers(asked) > numbers(own)
}
