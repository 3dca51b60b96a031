//! Makes the release in `dist/` from the commit that is checked out.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::base::config::Config;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, Problems, verdict};
use crate::base::text::name;
use crate::chart::io::charts::{self, Place};
use crate::chart::io::helm::Helm;
use crate::chart::io::helm::agreement::compare;
use crate::chart::repository_root;
use crate::chart::source::{Changelog, Source};
use crate::dist::{self, replaceable};
use crate::git::Commit;
use crate::git::io::branch::Branch;
use crate::git::io::remote::Remote;
use crate::git::io::repository::Repository;
use crate::pages::io::compare::{Places, compare as compare_published};
use crate::pages::published::{Next, Published};
use crate::release::command::ReleaseArgs;
use crate::release::{NewRelease, Observed, Prepared, PreparedChart, Tags, prepare};
use crate::sys::lock::Lock;
use crate::sys::{environment, files, terminal};

#[derive(Debug)]
pub struct Made {
    pub new: NewRelease,
    pub branch: Option<Branch>,
    /// Places of the registry where nothing is.
    pub absent: Vec<Reference>,
    pub lock: Lock,
}

/// Makes it; helm has to agree where it is there. What is published of the charts is looked at first, unless there is no
/// network to be used: a published version is taken as it is, or left out where no tag asks for it. Other runs leave the
/// directory alone until the lock is dropped.
pub fn make(
    config: &Config,
    args: &ReleaseArgs,
    repository: &Repository,
    helm: Option<&Helm>,
    destination: &Path,
) -> Result<Made> {
    if args.backfill && config.stamps() {
        let problem = Problem::usage("--backfill is for charts whose version stands in Chart.yaml");
        let tag = config.tags.for_all("1.2.3").unwrap_or_else(|| config.tags.for_chart("NAME", "1.2.3"));
        return Err(problem.hint(format!("git checkout {tag} && cargo xtask release")).into());
    }
    let mut head = head(args.tag.as_ref(), repository)?;
    let mut problems = Vec::new();
    let places = charts::chart_places(config, &config.charts, repository.root())?.take(&mut problems);
    if places.is_empty() {
        // What says why is worth more than that there is none.
        verdict(std::mem::take(&mut problems))?;
    }
    let wanted = args.charts.iter().map(|wanted| charts::by_path(wanted, &places)).collect();
    let mut sources = read(config, places, repository)?;
    sources.problems.extend(problems);
    let into = |chart: &Source| {
        let file = destination.join(dist::MANIFEST);
        let file = files::path_below(&files::absolute(&repository.root().join(&chart.path)).ok()?, &file)?;
        repository_root::written(&chart.rules, &chart.path, &file)
    };
    let written = sources.charts.iter().filter(|chart| chart.is_read()).filter_map(into);
    sources.problems.extend(written.collect::<Vec<_>>());
    let remote = Remote::find(config, args.remote.as_deref(), repository)?;
    let is_online = !args.offline && !environment::is_offline();
    let mut branch = is_online.then(|| Branch::new(&remote, &config.branch, limit(args))).transpose()?;
    if let Some(branch) = branch.as_ref().filter(|_| config.stamps()) {
        head.tags.remote = branch.tags().ok().and_then(Result::ok);
    }
    let prepared = prepare(config, Observed { backfill: args.backfill, ..observed(sources, wanted, head) })?;
    let (published, absent) = match &mut branch {
        Some(branch) if prepared.tag.is_some() || !config.stamps() => {
            published(config, branch, &prepared, args, repository.root())?.unzip()
        }
        _ => (None, None),
    };
    let mut new = prepared.decide(config, published)?.make(config)?;
    new.warnings.iter().for_each(terminal::problem);
    if let Some(helm) = helm {
        let charts = new.charts.iter().map(|PreparedChart { source, package, .. }| {
            (repository.root().join(source), source.as_str(), &**package)
        });
        compare(helm, charts, &new.overrides)?;
    }
    replaceable(&args.replace, &new.release.archives.iter().map(|archive| &archive.metadata))?;
    let lock = dist::io::write(&mut new.release, destination)?;
    Ok(Made { new, branch, absent: absent.unwrap_or_default(), lock })
}

fn limit(args: &ReleaseArgs) -> Duration {
    Duration::from_secs(args.deadline)
}

/// The published archives that hold what is here, and the places of the registry where nothing is. An archive with other
/// content under the same version stops the release, unless it may be replaced. `None` if the branch cannot be looked at,
/// which the look at all targets tells.
fn published(
    config: &Config,
    branch: &mut Branch,
    prepared: &Prepared,
    args: &ReleaseArgs,
    root: &Path,
) -> Result<Option<(Vec<Published>, Vec<Reference>)>> {
    let tag = prepared.tag.as_ref().map(|tag| &tag.version);
    let is_released = tag.is_some();
    let next = prepared.charts.iter().map(|PreparedChart { source, package, .. }| Next {
        path: source,
        package,
        tag,
        versions: config.versions,
        tags: &config.tags,
    });
    let charts: Vec<Next<'_>> = next.collect();
    // The look at all targets says the same again, and what keeps it from answering.
    let is_for_targets = tag.is_some() || args.backfill;
    let scene = Places { config, root, limit: limit(args), plain_http: args.plain_http, is_for_targets };
    let look = || compare_published(&scene, branch, &charts);
    let compared = terminal::hushed(look);
    let compared = match compared {
        Ok(compared) => compared.value,
        Err(error) if args.backfill => return Err(error),
        Err(_) => return Ok(None),
    };
    let (mut same, mut absent, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (chart, compared) in prepared.charts.iter().zip(compared) {
        absent.extend(compared.absent);
        let id = chart.package.metadata.id();
        let is_replaced = args.replace.contains(&id);
        let name = &chart.package.metadata.name;
        let archive = compared.same.filter(|_| !is_replaced && chart.is_read);
        same.extend(archive.map(|archive| Published { name: name.clone(), archive: Some(archive) }));
        if let Some(why) = compared.content.err().filter(|_| !is_replaced) {
            problems.push(uncompared(&id, &why, is_released && !args.backfill));
            same.extend((!is_for_targets).then(|| Published { name: name.clone(), archive: None }));
        }
        // What is wrong with a chart that differs may be why it does, such as a sub-chart that is not there.
        let is_error = |problem: &Problem| problem.is_error() && !is_replaced && !chart.has_errors();
        problems.extend(compared.problem.filter(is_error));
    }
    verdict(problems)?.iter().for_each(terminal::problem);
    Ok(Some((same, absent)))
}

/// A version that is published, and that nobody could compare: it is not released again.
fn uncompared(id: &str, why: &str, is_released: bool) -> Problem {
    let message = format!("{} is published, and could not be compared with what is here: {why}", name(id));
    if is_released {
        Problem::error(message).hint("run it again when that can be read: what is published never changes")
    } else {
        Problem::warning(message).hint("it is left out; compare it again when that can be read")
    }
}

/// The charts of a repository as they lie there, and what was wrong while they were read.
#[derive(Debug)]
pub struct Sources {
    pub charts: Vec<Source>,
    pub changelog: Option<Changelog>,
    /// What else is not in the commit as it is here.
    pub changed: Vec<String>,
    pub problems: Vec<Problem>,
}

pub fn read(config: &Config, places: Vec<Place>, repository: &Repository) -> Result<Sources> {
    let mut problems = Vec::new();
    let changelog = charts::read_changelog(".", repository)?.take(&mut problems);
    let root = changelog.as_ref().map(|(_, followed)| followed);
    let (charts, changed) = charts::read_chart_sources(config, places, root, repository)?.take(&mut problems);
    Ok(Sources { charts, changelog: changelog.map(|(changelog, _)| changelog), changed, problems })
}

/// The commit that is checked out, with the tags that it may be released as.
#[derive(Clone, Debug)]
pub struct Head {
    pub commit: Commit,
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
    let tags =
        Tags { flag: tag.cloned(), github: environment::github_tag(), git: repository.tags()?, remote: None };
    Ok(Head { commit, tags })
}

/// What there is to release. `wanted` are charts by name or directory, all without any.
pub fn observed(sources: Sources, wanted: Vec<String>, head: Head) -> Observed {
    let Sources { charts, changelog, changed, problems } = sources;
    let Head { commit, tags } = head;
    Observed { charts, problems, wanted, backfill: false, tags, commit, changelog, changed }
}
