//! What there is to publish: the documentation, built, and the release in `dist/`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use super::publish::short;
use crate::base::config::{Archives, Config};
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, Problems, Severity};
use crate::base::target::Target;
use crate::base::text::{few, name};
use crate::base::version::release_of;
use crate::dist::{self, Release, differs_from_commit, next_tags, not_replaced, replaceable};
use crate::docs::io::Site;
use crate::docs::io::program::By;
use crate::docs::{self, File};
use crate::git::io::repository::Repository;
use crate::github::io::Github;
use crate::pages::command::{PagesArgs, Part};
use crate::pages::{Change, Charts};
use crate::registry::artifact::HUB_FILE;
use crate::registry::io::has_all;
use crate::sys::http::{Http, PATIENT};
use crate::sys::lock::Lock;
use crate::sys::{environment, files, terminal};

pub fn observe(config: &Config, args: &PagesArgs, source: &Repository) -> Result<Change<'static>> {
    let no_commit = || Problems::from(Problem::error("there is no commit to publish").hint("git commit"));
    let head = source.commit()?.ok_or_else(no_commit)?;
    let docs = if args.only == Some(Part::Charts) { None } else { build_docs(config, args, source)? };
    let has_repository = config.publishes_to(Target::Pages);
    if args.only == Some(Part::Charts) && !has_repository {
        let problem = Problem::usage("the config has no Helm repository among its `targets`");
        return Err(problem
            .hint("leave out --only charts, or add `Target::Pages` to `targets` in the config")
            .into());
    }
    let wants_charts = args.only != Some(Part::Docs) && has_repository;
    let release = if wants_charts { release(config, args, source)? } else { None };
    let commit = commit(&head.id, docs.is_some(), release.as_ref());
    let with_changes = docs.as_ref().is_some_and(|site| warn_of_changes(&site.changed));
    let docs = docs.map(|site| site.files);
    let charts = match release {
        Some(release) => Some(charts(config, args, source, release)?),
        None if args.repair && wants_charts => Some(Charts::default()),
        None => None,
    };
    if docs.is_none() && charts.is_none() {
        let problem =
            Problem::error("there is nothing to publish: neither documentation nor a release in dist/");
        return Err(problem.hint("cargo xtask release").into());
    }
    if let (None, Some(asked)) = (&charts, args.replace.first()) {
        return Err(not_replaced(asked));
    }
    let with_changes = if with_changes { ", with changes" } else { "" };
    let source = format!("{}@{commit}{with_changes}", config.repository);
    Ok(Change { source, time: environment::now()?, docs, adopt: args.adopt.clone(), charts })
}

/// The commit that all of it comes from, or both.
fn commit(head: &str, has_docs: bool, release: Option<&Release>) -> String {
    let Some(of) = release.map(|release| &release.manifest.commit.id).filter(|of| *of != head) else {
        return head.to_owned();
    };
    let message =
        format!("the release is of commit {}, and this is {}", name(&short(of)), name(&short(head)));
    terminal::problem(&Problem::warning(message).hint("cargo xtask release"));
    if has_docs { format!("{head}, charts from {of}") } else { of.clone() }
}

/// Says that the documentation is not that of the commit, if so. Generated pages that git ignores are a way to work.
fn warn_of_changes(changed: &[String]) -> bool {
    if changed.is_empty() {
        return false;
    }
    let message = format!("the documentation holds what is not in the commit: {}", few(changed));
    terminal::problem(&Problem::warning(message).hint("git commit, unless it is generated"));
    true
}

/// The documentation, by the builder of the config. Where that is not installed it is a preview, which is never published.
fn build_docs(config: &Config, args: &PagesArgs, source: &Repository) -> Result<Option<Site>> {
    let Some(builder) = docs::io::builder(config, source.root()) else {
        let (why, hint) = match config.docs {
            None => {
                ("the config has `without_docs`", "leave out --only docs, or take that out of the config")
            }
            Some(_) => ("no mkdocs.yml", "write mkdocs.yml and docs/index.md"),
        };
        let problem = Problem::error(format!("there is no documentation to publish: {why}")).hint(hint);
        return if args.only == Some(Part::Docs) { Err(problem.into()) } else { Ok(None) };
    };
    let by = By::find(source.root(), builder)?;
    if let By::Preview(missing) = &by
        && args.publish
    {
        return Err(missing.clone().into());
    }
    let site = docs::io::build(source.root(), &by)?;
    if let Some(site) = &site {
        terminal::progress("Built", &format!("the documentation ({})", site.by));
    }
    if let By::Preview(missing) = by {
        let message = format!("the documentation is a preview by this program: {}", missing.message);
        terminal::problem(&Problem { severity: Severity::Note, message, ..missing });
    }
    Ok(site)
}

fn release(config: &Config, args: &PagesArgs, source: &Repository) -> Result<Option<Release>> {
    let directory = args.dist.clone().unwrap_or_else(|| source.root().join("dist"));
    let lock = Lock::of(&directory);
    let release = dist::io::read(config, &directory)?;
    drop(lock);
    let shown = files::shown(&directory);
    let is_snapshot = |release: &Release| {
        release.manifest.tag.is_none()
            && release.manifest.charts.iter().any(|chart| release_of(&chart.version).is_some())
    };
    let unsigned =
        release.as_ref().filter(|_| args.publish).and_then(|release| dist::unsigned(config, release));
    if let Some(unsigned) = unsigned {
        return Err(unsigned.into());
    }
    if let Some(snapshot) = release.as_ref().filter(|release| args.publish && is_snapshot(release)) {
        let tag = next_tags(config, &snapshot.manifest).join(", ");
        let problem = Problem::error(format!("{} holds a snapshot, which is never published", name(&shown)));
        if args.only == Some(Part::Charts) {
            let hint = format!("tag the commit as {tag}, then cargo xtask release");
            return Err(problem.hint(hint).into());
        }
        terminal::progress("Leaving", &format!("the Helm repository as it is: {shown} holds a snapshot"));
        return Ok(None);
    }
    if release.is_none() && args.only == Some(Part::Charts) && !args.repair
        || release.is_none() && args.dist.is_some()
    {
        let problem = Problem::error(format!("there is no release in {}", name(&shown)));
        return Err(problem.hint("cargo xtask release").into());
    }
    if release.is_none() {
        terminal::progress(
            "Leaving",
            &format!("the Helm repository as it is: there is no release in {shown}"),
        );
    }
    Ok(release)
}

/// What the Helm repository gets from a release. Archives that nobody else can make from the commit are only looked at.
fn charts(
    config: &Config,
    args: &PagesArgs,
    source: &Repository,
    release: Release,
) -> Result<Charts<'static>> {
    if let Some(problem) = differs_from_commit(&release.manifest) {
        if args.publish {
            return Err(problem.into());
        }
        terminal::problem(&Problem { severity: Severity::Warning, ..problem });
    }
    let replace = replaceable(&args.replace, &release.archives.iter().map(|archive| &archive.metadata))?;
    let created = Some(release.manifest.commit.time);
    let (urls, missing) = urls(config, &release, args)?;
    let is_pushed = is_pushed(config, args, &release);
    let archives = release.archives.into();
    Ok(Charts {
        archives,
        is_pushed,
        urls,
        missing,
        others: beside_index(source)?,
        replace,
        created,
        yank: None,
    })
}

/// True if the registry has every chart of the release.
fn is_pushed(config: &Config, args: &PagesArgs, release: &Release) -> bool {
    let charts = release.archives.iter().map(|archive| &archive.metadata);
    let places: Vec<Reference> =
        charts.map(|chart| Reference::of_chart(&config.oci, &chart.name, &chart.version)).collect();
    config.publishes_to(Target::Oci) && has_all(&places, Duration::from_secs(args.deadline), false)
}

/// The URLs of the archives, where they do not lie on the branch: before anything is published, and where GitHub does not have
/// them, those that are expected, with the reason.
fn urls(
    config: &Config,
    release: &Release,
    args: &PagesArgs,
) -> Result<(BTreeMap<String, String>, Option<Problem>)> {
    if config.archives == Archives::Branch {
        return Ok((BTreeMap::new(), None));
    }
    let expected = || dist::urls(config, &release.manifest);
    if !args.publish {
        return Ok((expected(), None));
    }
    let http = Http::new(Duration::from_secs(args.deadline), PATIENT)?;
    let github = Github::new(&http, &config.repository).map_err(Problems::from)?;
    let addresses = github.addresses(config, release);
    Ok(addresses.map_or_else(|missing| (expected(), Some(missing)), |addresses| (addresses, None)))
}

/// The files that are published beside the index, as the commit has them.
pub fn beside_index(source: &Repository) -> Result<Vec<File>> {
    let committed = source.committed(HUB_FILE)?;
    let here = files::read_text(&source.root().join(HUB_FILE))?;
    if here.map(String::into_bytes) != committed {
        let message = "it is not in the commit as it is here, and what the commit has is published";
        let problem = Problem::warning(message).at(HUB_FILE, None);
        terminal::problem(&problem.hint(format!("git add {HUB_FILE} && git commit")));
    }
    let file = |data| File { path: HUB_FILE.to_owned(), data };
    Ok(committed.map(file).into_iter().collect())
}
