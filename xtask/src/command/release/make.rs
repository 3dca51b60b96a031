//! Makes the release in `dist/` from the commit that is checked out.

use std::path::Path;

use anyhow::Result;

use crate::cli;
use crate::command::{compare, replaceable};
use crate::model::config::Config;
use crate::model::problem::{Problem, Problems};
use crate::plan::release::{Archive, MANIFEST, Observed, Release, Tags, plan};
use crate::world::files::{self, NewFile};
use crate::world::git::Repository;
use crate::world::helm::Helm;
use crate::world::{charts, environment, terminal};

/// Makes it; helm has to agree where it is there.
pub fn make(
    config: &Config,
    args: &cli::Release,
    repository: &Repository,
    helm: Option<&Helm>,
    destination: &Path,
) -> Result<Release> {
    let release = plan(config, observe(config, args, repository)?)?;
    release.warnings.iter().for_each(terminal::problem);
    if let Some(helm) = helm {
        let directory = |archive: &'_ Archive| repository.root().join(&archive.source);
        let charts = release.archives.iter().map(|one| (directory(one), one.source.as_str(), &one.package));
        compare(helm, charts, &release.overrides)?;
    }
    replaceable(&args.replace, &release.archives.iter().map(|archive| &archive.package.metadata))?;
    write(&release, destination)?;
    Ok(release)
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
