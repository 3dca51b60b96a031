//! `cargo xtask release`: everything that a release publishes, made and shown; nothing leaves this machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use super::{by, compare, find_helm};
use crate::cli;
use crate::model::config::Config;
use crate::model::problem::{Problem, Problems};
use crate::model::text::size;
use crate::plan::release::{Archive, CHANGELOG, MANIFEST, Observed, Release, Source, Step, Tags, plan};
use crate::world::chart_directory::{self, ChartDirectory};
use crate::world::files::{self, NewFile};
use crate::world::git::Repository;
use crate::world::{environment, terminal};

/// Runs the command.
pub fn run(config: &Config, args: &cli::Release) -> Result<()> {
    let repository = repository()?;
    let release = plan(config, observe(config, args, &repository)?)?;
    release.warnings.iter().for_each(terminal::problem);
    let helm = find_helm(args.helm)?;
    if let Some(helm) = &helm {
        let directory = |archive: &'_ Archive| repository.root().join(&archive.source);
        let charts = release.archives.iter().map(|one| (directory(one), one.source.as_str(), &one.package));
        compare(helm, charts, &release.overrides)?;
    }
    let destination = args.destination.clone().unwrap_or_else(|| repository.root().join("dist"));
    write(&release, &destination)?;
    if args.json {
        print_json(&release, &destination)
    } else {
        print(&release, &files::shown(&destination), &by(helm.as_ref(), args.helm))
    }
}

fn repository() -> Result<Repository> {
    let here = files::absolute(Path::new("."))?;
    let missing = || Problems::from(Problem::error("this is not a git repository").hint("git init"));
    Ok(Repository::around(&here).ok_or_else(missing)?)
}

fn observe(config: &Config, args: &cli::Release, repository: &Repository) -> Result<Observed> {
    let no_commit = || {
        Problems::from(Problem::error("there is no commit to release").hint("git add --all && git commit"))
    };
    let mut commit = repository.commit()?.ok_or_else(no_commit)?;
    if let Some(time) = environment::source_date_epoch()? {
        commit.time = time;
    }
    let changelog = repository.root().join(CHANGELOG);
    let text = files::read_text(&changelog)?;
    let changed = match text {
        Some(_) => repository.changed(&[files::absolute(&changelog)?], &BTreeSet::new(), &[])?,
        None => BTreeSet::new(),
    };
    let (paths, problems) = chart_paths(config, repository.root())?;
    Ok(Observed {
        charts: sources(&paths, repository)?,
        problems,
        wanted: args.charts.iter().map(|wanted| from_root(wanted, repository)).collect(),
        tags: Tags { flag: args.tag.clone(), github: environment::github_tag(), git: repository.tags()? },
        commit,
        changelog: text,
        changed: changed.into_iter().collect(),
    })
}

/// A chart that was asked for by a path, from the root; a name stays as it is.
fn from_root(wanted: &str, repository: &Repository) -> String {
    let is_path = wanted.contains('/') || wanted == ".";
    let path =
        files::absolute(Path::new(wanted)).ok().filter(|path| is_path && path.starts_with(repository.root()));
    path.map_or_else(|| wanted.to_owned(), |path| repository.relative(&path))
}

/// The directories of `charts/`, from the root, by name. One without a Chart.yaml is left out with a warning, unless a
/// file in it was probably meant to be one.
fn chart_paths(config: &Config, root: &Path) -> Result<(Vec<String>, Vec<Problem>)> {
    let (mut paths, mut problems) = (Vec::new(), Vec::new());
    for directory in files::directories(&root.join(config.charts))? {
        let path = format!("{}/{directory}", config.charts);
        let meant = |file: &str| root.join(&path).join(file).symlink_metadata().is_ok();
        if !files::absolute(&root.join(&path))?.starts_with(root) {
            let problem = Problem::error("this link leaves the repository").at(path, None);
            problems.push(problem.hint("copy the chart"));
        } else if ["Chart.yaml", "Chart.yml", "chart.yaml", "chart.yml"].into_iter().any(meant) {
            paths.push(path);
        } else {
            let problem =
                Problem::warning("there is no Chart.yaml, so that it is not released").at(path, None);
            problems.push(problem.hint("write one, or move the directory"));
        }
    }
    Ok((paths, problems))
}

/// Reads the charts, and asks git once about all of their files.
fn sources(paths: &[String], repository: &Repository) -> Result<Vec<Source>> {
    let mut charts = Vec::new();
    for path in paths {
        let directory = files::absolute(&repository.root().join(path))?;
        let mut read = chart_directory::read(&directory, repository.root(), path);
        let changelog = directory.join(CHANGELOG);
        let text = files::read_text(&changelog)?;
        if text.is_some() {
            read.origins.push(files::absolute(&changelog)?);
        }
        charts.push((path.clone(), read, text));
    }
    let origins: Vec<PathBuf> = charts.iter().flat_map(|(_, read, _)| read.origins.clone()).collect();
    let links: BTreeSet<PathBuf> = charts.iter().flat_map(|(_, read, _)| read.links.clone()).collect();
    let changed = repository.changed(&origins, &links, paths)?;
    let source = |(path, read, changelog): (String, ChartDirectory, Option<String>)| {
        let read_from = read.origins.iter().chain(&read.links);
        let origins: BTreeSet<String> = read_from.map(|origin| repository.relative(origin)).collect();
        let its_own = |changed: &&String| Path::new(changed).starts_with(&path) || origins.contains(*changed);
        let changed = changed.iter().filter(its_own).cloned().collect();
        Source { path, files: read.files, problems: read.problems, changed, changelog }
    };
    Ok(charts.into_iter().map(source).collect())
}

/// Archives first and the manifest last: it says that the others are there.
fn write(release: &Release, destination: &Path) -> Result<()> {
    let mtime = release.manifest.commit.time;
    let archives = release.archives.iter().map(|archive| (archive.package.file_name(), &archive.bytes));
    let others = release.files.iter().map(|(name, data)| (name.clone(), data));
    let files = archives.chain(others).map(|(name, data)| NewFile { name, data, mtime });
    files::write_all(destination, &files.collect::<Vec<_>>(), Some(MANIFEST))
}

fn print_json(release: &Release, destination: &Path) -> Result<()> {
    let warnings: Vec<String> = release.warnings.iter().map(ToString::to_string).collect();
    let out = json!({
        "destination": destination.to_string_lossy(),
        "manifest": release.manifest,
        "plan": release.steps,
        "warnings": warnings,
    });
    Ok(terminal::line(&serde_json::to_string_pretty(&out)?)?)
}

fn print(release: &Release, destination: &str, by: &str) -> Result<()> {
    for archive in &release.archives {
        let facts = format!("{}  {}", size(archive.bytes.len() as u64), archive.digest);
        let file_name = archive.package.file_name();
        terminal::result(
            "Packaged",
            &format!("{} -> {destination}/{file_name}  {facts}  {by}", archive.source),
        )?;
    }
    let names: Vec<&str> = release.files.iter().map(|(name, _)| name.as_str()).collect();
    terminal::result("Wrote", &format!("{destination}/{{{}}}", names.join(",")))?;
    for step in &release.steps {
        let (verb, what) = describe(step);
        terminal::result(verb, &what)?;
    }
    Ok(terminal::line("nothing left this machine")?)
}

fn describe(step: &Step) -> (&'static str, String) {
    match step {
        Step::Push { target, .. } => ("Would push", target.clone()),
        Step::Merge { branch, path, adds } => {
            ("Would merge", format!("{path} on {branch}  adds {}", adds.join(", ")))
        }
        Step::Create { repository, tag, prerelease, assets } => {
            let kind = if *prerelease { "prerelease" } else { "release" };
            ("Would create", format!("{kind} {tag} of {repository}  with {}", assets.join(", ")))
        }
    }
}
