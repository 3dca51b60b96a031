//! Makes the release in `dist/` from the commit that is checked out.

use std::path::Path;

use anyhow::Result;

use crate::cli;
use crate::command::{compare, replaceable};
use crate::model::config::Config;
use crate::model::problem::{Problem, Problems};
use crate::plan::release::{Archive, Changelog, Commit, MANIFEST, Observed, Release, Source, Tags, plan};
use crate::world::charts::Place;
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
    let head = head(args.tag.as_ref(), repository)?;
    let mut problems = Vec::new();
    let places = charts::places(config, repository.root(), &mut problems)?;
    let wanted = args.charts.iter().map(|wanted| charts::by_path(wanted, &places)).collect();
    let mut sources = read(config, places, repository)?;
    sources.problems.extend(problems);
    let release = plan(config, observed(sources, wanted, head))?;
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

/// The charts of a repository as they lie there, and what was wrong while they were read.
#[derive(Debug)]
pub struct Sources {
    /// The charts.
    pub charts: Vec<Source>,
    /// The changelog at the root.
    pub changelog: Option<Changelog>,
    /// What else is not in the commit as it is here.
    pub changed: Vec<String>,
    /// What is wrong besides the charts.
    pub problems: Vec<Problem>,
}

/// Reads charts.
pub fn read(config: &Config, places: Vec<Place>, repository: &Repository) -> Result<Sources> {
    let mut problems = Vec::new();
    let changelog = charts::changelog("", repository, &mut problems)?;
    let root = changelog.as_ref().map(|(_, followed)| followed);
    let (charts, changed) = charts::sources(config, places, root, repository, &mut problems)?;
    Ok(Sources { charts, changelog: changelog.map(|(changelog, _)| changelog), changed, problems })
}

/// The commit that is checked out, with the tags that it may be released as.
#[derive(Clone, Debug)]
pub struct Head {
    /// The commit, and the time that every entry gets.
    pub commit: Commit,
    /// Where a tag was found.
    pub tags: Tags,
}

/// Looks at the commit. `tag` is the one of the command line.
pub fn head(tag: Option<&String>, repository: &Repository) -> Result<Head> {
    let no_commit = || {
        Problems::from(Problem::error("there is no commit to release").hint("git add --all && git commit"))
    };
    let mut commit = repository.commit()?.ok_or_else(no_commit)?;
    if let Some(time) = environment::source_date_epoch()? {
        commit.time = time;
    }
    let tags = Tags { flag: tag.cloned(), github: environment::github_tag(), git: repository.tags()? };
    Ok(Head { commit, tags })
}

/// What there is to release. `wanted` are charts by name or directory, all without any.
pub fn observed(sources: Sources, wanted: Vec<String>, head: Head) -> Observed {
    let Sources { charts, changelog, changed, problems } = sources;
    let Head { commit, tags } = head;
    Observed { charts, problems, wanted, tags, commit, changelog, changed }
}

/// Archives first and the manifest last: it says that the others are there.
fn write(release: &Release, destination: &Path) -> Result<()> {
    let mtime = release.manifest.commit.time;
    let archives = release.archives.iter().map(|archive| (archive.package.file_name(), &archive.bytes));
    let others = release.files.iter().map(|(name, data)| (name.clone(), data));
    let files = archives.chain(others).map(|(name, data)| NewFile { name, data, mtime });
    files::write_all(destination, &files.collect::<Vec<_>>(), Some(MANIFEST))
}
