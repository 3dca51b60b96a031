//! `cargo xtask release`: everything that a release publishes, made and shown; nothing leaves this machine.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::{by, compare, find_helm, repository};
use crate::cli;
use crate::model::config::Config;
use crate::model::problem::{Problem, Problems};
use crate::model::text::size;
use crate::plan::release::{Archive, MANIFEST, Observed, Release, Step, Tags, plan};
use crate::world::files::{self, NewFile};
use crate::world::git::Repository;
use crate::world::{charts, environment, terminal};

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

fn observe(config: &Config, args: &cli::Release, repository: &Repository) -> Result<Observed> {
    let no_commit = || {
        Problems::from(Problem::error("there is no commit to release").hint("git add --all && git commit"))
    };
    let mut commit = repository.commit()?.ok_or_else(no_commit)?;
    if let Some(time) = environment::source_date_epoch()? {
        commit.time = time;
    }
    let mut problems = Vec::new();
    let places = charts::places(config, repository.root(), &mut problems)?;
    let changelog = charts::changelog("", repository, &mut problems)?;
    let wanted = args.charts.iter().map(|wanted| charts::by_path(wanted, &places)).collect();
    let root = changelog.as_ref().map(|(_, followed)| followed);
    let (charts, changed) = charts::sources(config, places, root, repository, &mut problems)?;
    Ok(Observed {
        charts,
        problems,
        wanted,
        tags: Tags { flag: args.tag.clone(), github: environment::github_tag(), git: repository.tags()? },
        commit,
        changelog: changelog.map(|(text, _)| text),
        changed,
    })
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
