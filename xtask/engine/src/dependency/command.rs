//! `cargo xtask dependency`: puts what charts depend on into their charts/, as `helm dependency build` and `update` do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::{Args, value_parser};

use super::io::{Fetcher, client};
use crate::base::config::Config;
use crate::base::path;
use crate::base::problem::{Checked, Problem, Problems, verdict};
use crate::base::text::{name, nearest, size};
use crate::base::time;
use crate::chart::io::charts::{self, Place};
use crate::chart::io::directory::{ChartDirectory, read_chart_directory};
use crate::chart::io::local::{package_locals, read_locals};
use crate::chart::package::{Overrides, Package, package as packaged};
use crate::chart::tgz::{self, Entry};
use crate::chart::{Archive, Lock, declared, lock_in};
use crate::git::io::repository::{Repository, repository};
use crate::sys::files::{self, NewFile};
use crate::sys::{environment, terminal};

/// `cargo xtask dependency`.
#[derive(Debug, Args)]
pub struct DependencyArgs {
    /// Charts, by name or directory; all without any
    #[arg(value_name = "CHART")]
    pub charts: Vec<String>,
    /// Choose the highest version that each range of Chart.yaml allows, and write Chart.lock
    #[arg(long)]
    pub update: bool,
    /// Use no network: take what was fetched before, or say what is missing
    #[arg(long, conflicts_with = "update")]
    pub offline: bool,
    /// How long fetching may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
}

/// What is written into a chart.
struct Change {
    at: String,
    directory: PathBuf,
    /// The archives for its charts/.
    archives: Vec<Archive>,
    /// Archives there whose place they take.
    superseded: Vec<String>,
    /// Its lock, if that is a new one.
    lock: Option<NewLock>,
}

/// A lock to be written.
struct NewLock {
    lock: Lock,
    text: String,
}

/// Runs the command. Nothing is written unless all dependencies of all charts are there.
pub fn run(config: &Config, args: &DependencyArgs) -> Result<()> {
    let repository = repository()?;
    let mut problems = Vec::new();
    let places = asked(config, &args.charts, &repository)?.take(&mut problems);
    let http = client(Duration::from_secs(args.deadline), args.offline)?;
    let fetcher = Fetcher::new(http.as_ref(), repository.root(), &config.oci)?;
    let mut changes = Vec::new();
    for place in places {
        let chart = read(&place, &repository, args.update).take(&mut problems);
        match chart.change(&fetcher, args.update) {
            Ok((change, warnings)) => {
                changes.push(change);
                problems.extend(warnings);
            }
            Err(Problems(found)) => problems.extend(found),
        }
    }
    verdict(problems)?.iter().for_each(terminal::problem);
    changes.iter().try_for_each(write)
}

/// Writes what is new of a chart, and says what.
fn write(change: &Change) -> Result<()> {
    let Change { at, directory, archives, superseded, lock } = change;
    let shown = |file: &str| path::below(at, file);
    let charts = directory.join("charts");
    let is_there = |archive: &Archive| {
        files::read(&charts.join(archive.file_name())).is_ok_and(|old| old == archive.bytes)
    };
    let new: Vec<&Archive> = archives.iter().filter(|archive| !is_there(archive)).collect();
    if new.is_empty() && lock.is_none() {
        return Ok(terminal::result("Fresh", &format!("{at}: charts/ holds all dependencies"))?);
    }
    if !new.is_empty() {
        let mut files = Vec::new();
        for archive in &new {
            files.push(NewFile { name: archive.file_name(), data: &archive.bytes, mtime: tgz::ENTRY_TIME });
        }
        files::write_all(&charts, &files, None)?;
    }
    for archive in &new {
        let file = shown(&format!("charts/{}", archive.file_name()));
        terminal::result(
            "Added",
            &format!("{file}  {}  {}", size(archive.bytes.len() as u64), archive.digest),
        )?;
    }
    let has_place = |file: &str| archives.iter().any(|archive| archive.file_name() == file);
    for file in superseded.iter().filter(|file| !has_place(file)) {
        files::remove(&charts.join(file))?;
        terminal::result("Removed", &shown(&format!("charts/{file}")))?;
    }
    if let Some(NewLock { lock: Lock { place: (file, _), .. }, text }) = lock {
        let mtime = environment::clock();
        files::write_all(
            directory,
            &[NewFile { name: (*file).to_owned(), data: text.as_bytes(), mtime }],
            None,
        )?;
        terminal::result("Locked", &shown(file))?;
    }
    Ok(())
}

/// The charts that are asked for; those of the config without any.
fn asked(config: &Config, wanted: &[String], repository: &Repository) -> Result<Checked<Vec<Place>>> {
    let root = repository.root();
    let Checked { value: mut known, mut problems } = charts::chart_places(config, &config.charts, root)?;
    if wanted.is_empty() {
        return Ok(Checked::new(known, problems));
    }
    problems.clear();
    let mut places = Vec::new();
    for one in wanted {
        let path = charts::by_path(one, &known);
        let is_it = |place: &Place| place.path == path || name_of(place).as_deref() == Some(one);
        if places.iter().any(is_it) {
            continue;
        }
        if let Some(at) = known.iter().position(is_it) {
            places.push(known.swap_remove(at));
            continue;
        }
        let directory = files::absolute(Path::new(one)).ok().filter(|directory| directory.is_dir());
        let Some(directory) = directory.filter(|directory| directory.starts_with(root)) else {
            let near = nearest(one, known.iter().map(|place| place.path.as_str()));
            let problem = Problem::usage(format!("there is no chart {}", name(one)));
            problems.push(problem.hint(match near {
                Some(near) => format!("is it {near}?"),
                None => "name a chart of this repository, or its directory".to_owned(),
            }));
            continue;
        };
        let directories = [repository.relative(&directory)];
        places.extend(charts::chart_places(config, &directories, root)?.take(&mut problems));
    }
    Ok(Checked::new(places, problems))
}

/// The name that a Chart.yaml gives a chart.
fn name_of(place: &Place) -> Option<String> {
    let text = files::read(&place.directory().join("Chart.yaml")).ok()?;
    declared(&text).map(|metadata| metadata.name)
}

/// A chart as it was read.
struct Chart {
    at: String,
    /// Its directory, without links.
    directory: PathBuf,
    files: Vec<Entry>,
    /// Its dependencies from directories beside it, and the archives that were made of them before.
    local: Vec<Archive>,
    stale: Vec<String>,
    /// Its lock, where it will get another one.
    old_lock: Option<Entry>,
}

/// Reads a chart. Its lock, too, unless it will get another one.
fn read(place: &Place, repository: &Repository, update: bool) -> Checked<Chart> {
    let (root, at, directory) = (repository.root(), place.path.clone(), place.directory().to_owned());
    let mut read = read_chart_directory(&directory, root, &at);
    let mut problems = std::mem::take(&mut read.problems);
    let is_lock = |file: &mut Entry| update && matches!(&*file.path, "Chart.lock" | "requirements.lock");
    let old_lock = read.files.extract_if(.., is_lock).last();
    let locals = read_locals(&read, &root.join(&at), root, &at, |_| false).take(&mut problems);
    let in_charts = |path: &String| path.trim_start_matches("charts/").to_owned();
    let stale = locals.stale.iter().map(in_charts).collect();
    let ChartDirectory { files, .. } = locals.replace(read, &directory);
    let local = package_locals(locals.all).take(&mut problems);
    Checked::new(Chart { at, directory, files, local, stale, old_lock }, problems)
}

impl Chart {
    /// Finds what it needs. The errors are problems.
    fn change(mut self, fetcher: &Fetcher<'_>, update: bool) -> Result<(Change, Vec<Problem>), Problems> {
        let overrides = Overrides::default();
        let (mut package, mut warnings) = whole(packaged(self.files.clone(), &self.at, &overrides))?;
        let mut lock = if update { self.new_lock(fetcher, &package)? } else { None };
        if let Some(new) = &lock {
            // One that locks the same stays, with its time, as helm leaves it.
            let old = self
                .old_lock
                .take()
                .filter(|old| lock_in(&old.data).is_some_and(|old| old.is_same(&new.lock)));
            let (path, text) = (new.lock.place.0.to_owned(), new.text.clone().into_bytes());
            lock = lock.filter(|_| old.is_none());
            self.files.push(old.unwrap_or(Entry { path, data: text }));
            (package, warnings) = whole(packaged(self.files, &self.at, &overrides))?;
        }
        package.out_of_step(&self.at).map_or(Ok(()), |problem| Err(Problems::from(problem)))?;
        warnings.extend(package.add(self.local, &self.at));
        warnings.extend(fetcher.complete(&mut package, &self.at));
        let warnings = verdict(warnings)?;
        let charts = self.directory.join("charts");
        let in_the_way = package.added.iter().map(|archive| charts.join(archive.file_name()));
        let mut in_the_way = in_the_way.filter(|file| file.is_dir() || file.is_symlink());
        let charts =
            Some(&charts).filter(|charts| charts.is_symlink() || charts.exists() && !charts.is_dir());
        if let Some(other) = charts.cloned().or_else(|| in_the_way.next()) {
            let at = files::shown_below(&self.at, &self.directory, &other);
            let problem = Problem::error("it is in the way of what is written there").at(&at, None);
            return Err(problem.hint("delete or move it").into());
        }
        let superseded = [package.superseded, self.stale].concat();
        Ok((
            Change { at: self.at, directory: self.directory, archives: package.added, superseded, lock },
            warnings,
        ))
    }

    /// The lock that it would get today; `None` without dependencies.
    fn new_lock(&self, fetcher: &Fetcher<'_>, package: &Package) -> Result<Option<NewLock>, Problems> {
        let generated = time::utc(environment::clock());
        let Checked { value, problems } = fetcher.lock(package, &self.local, &self.at, generated);
        verdict(problems)?;
        let Some(lock) = value else { return Ok(None) };
        let text = lock.to_yaml().map_err(|why| Problem::error(why).at(&self.at, None))?;
        Ok(Some(NewLock { lock, text }))
    }
}

/// What is packaged, if it can be.
fn whole(found: Checked<Option<Package>>) -> Result<(Package, Vec<Problem>), Problems> {
    let warnings = verdict(found.problems)?;
    found.value.map(|package| (package, warnings)).ok_or_else(|| Problems(Vec::new()))
}
