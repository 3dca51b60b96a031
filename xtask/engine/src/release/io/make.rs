//! Makes the release in `dist/` from the commit that is checked out.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::sign::{self, Signed};
use super::survey::{self, Scene, Survey};
use crate::base::config::Config;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Checked, Problem, Problems, fold, verdict};
use crate::base::text::name;
use crate::chart::io::charts::{self, Place};
use crate::chart::io::helm::Helm;
use crate::chart::io::helm::agreement::compare;
use crate::chart::lacking::Lacking;
use crate::chart::repository_root;
use crate::chart::source::{Changelog, Source};
use crate::dependency::io::{Fetcher, client};
use crate::dependency::wanted;
use crate::dist::{self, replaceable};
use crate::git::Commit;
use crate::git::io::branch::Branch;
use crate::git::io::remote::Remote;
use crate::git::io::repository::Repository;
use crate::git::tag_object::is_ours;
use crate::pages::io::compare::{Places, compare as compare_published};
use crate::pages::published::{Next, Published};
use crate::release::command::ReleaseArgs;
use crate::release::held::Held;
use crate::release::unreleased::Incomplete;
use crate::release::{NewRelease, Observed, Prepared, PreparedChart, Tags, prepare, version_of};
use crate::sys::lock::Lock;
use crate::sys::{environment, files, terminal};

#[derive(Debug)]
pub struct Made {
    pub new: NewRelease,
    pub branch: Option<Branch>,
    /// Places of the registry where nothing is.
    pub absent: Vec<Reference>,
    /// Charts that are left out though they are not published as they are here.
    pub held: Vec<Held>,
    /// What the remote has, where Chart.yaml says what is released and somebody looked.
    pub survey: Option<Survey>,
    pub signed: Option<Signed>,
    pub lock: Lock,
}

/// What is made, and of what.
#[derive(Clone, Copy, Debug)]
pub struct Making<'a> {
    pub config: &'a Config,
    pub args: &'a ReleaseArgs,
    pub repository: &'a Repository,
    pub remote: &'a Remote,
    pub helm: Option<&'a Helm>,
    pub destination: &'a Path,
    /// Whether the commit is that of a tag of the remote, where nobody can mend it any more.
    pub is_tagged: bool,
}

/// Makes it; helm has to agree where it is there. What is published of the charts is looked at first, unless there is no
/// network to be used: a published version is taken as it is, or left out where no tag asks for it. Other runs leave the
/// directory alone until the lock is dropped.
pub fn make(making: &Making<'_>) -> Result<Made> {
    let &Making { config, args, repository, remote, helm, destination, is_tagged } = making;
    if args.backfill && config.stamps() {
        let problem = Problem::usage("--backfill is for charts whose version stands in Chart.yaml");
        let tag = config.tags.for_all("1.2.3").unwrap_or_else(|| config.tags.for_chart("NAME", "1.2.3"));
        return Err(problem.hint(format!("git checkout {tag} && cargo xtask release")).into());
    }
    let signing_key = sign::asked(config, args).map_err(Problems::from)?;
    let mut head = head(config, args.tag.as_ref(), repository)?;
    let mut problems = Vec::new();
    let places = charts::chart_places(config, &config.charts, repository.root())?.take(&mut problems);
    if places.is_empty() {
        // What says why is worth more than that there is none.
        verdict(std::mem::take(&mut problems))?;
    }
    let wanted = args.wanted().map(|wanted| charts::by_path(wanted, &places)).collect();
    let mut sources = read(config, places, repository)?;
    sources.problems.extend(problems);
    let into = |chart: &Source| {
        let file = destination.join(dist::MANIFEST);
        let file = files::path_below(&files::absolute(&repository.root().join(&chart.path)).ok()?, &file)?;
        repository_root::written(&chart.rules, &chart.path, &file)
    };
    let written = sources.charts.iter().filter(|chart| chart.is_read()).filter_map(into);
    sources.problems.extend(written.collect::<Vec<_>>());
    let is_online = !args.offline && !environment::is_offline();
    let mut branch = is_online.then(|| Branch::new(remote, &config.branch, args.limit())).transpose()?;
    if let Some(branch) = branch.as_ref().filter(|_| config.stamps()) {
        head.tags.remote = branch.tags().ok().and_then(Result::ok);
    }
    let observed = Observed { backfill: args.backfill, is_tagged, ..observed(sources, wanted, head) };
    let mut prepared = prepare(config, observed)?;
    let found = match &mut branch {
        Some(branch) if prepared.tag.is_some() || !config.stamps() => {
            published(config, branch, &prepared, args, repository.root())?
        }
        _ => None,
    };
    let unfetched = complete(making, &mut prepared, found.as_ref())?;
    let (mut left, mut survey) = (Vec::new(), None);
    if let Some((branch, found)) =
        branch.as_mut().zip(found.as_ref()).filter(|_| prepared.is_unreleased(config))
    {
        left = [found.held.clone(), unfetched].concat();
        survey = Some(survey_of(making, branch, &prepared, found)?);
        left.extend(survey.iter().flat_map(|survey| survey.unreleased.held.clone()));
    }
    if let Some(one) = left.iter().find(|one| args.replace.contains(&one.id())) {
        let message = format!("cannot replace {} without its tag: {}", name(&one.id()), one.why);
        return Err(Problem::error(message).hint("give what is here another version").into());
    }
    let (published, absent) = found.map(|found| (found.same, found.absent)).unzip();
    let mut new = prepared.decide(config, published, &left)?.make(config)?;
    new.warnings.iter().for_each(terminal::problem);
    if let Some(helm) = helm {
        // What is published already was not completed.
        let made = new.charts.iter().filter(|chart| chart.package.lacking.is_empty());
        let charts = made.map(|PreparedChart { source, package, .. }| {
            (repository.root().join(source), source.as_str(), &**package)
        });
        compare(helm, charts, &new.overrides)?;
    }
    replaceable(&args.replace, &new.release.archives.iter().map(|archive| &archive.metadata))?;
    let NewRelease { release, warnings, .. } = &mut new;
    let signed = signing_key.map(|key| sign::sign(key, args, release, warnings)).transpose()?.flatten();
    let lock = dist::io::write(release, destination)?;
    Ok(Made { new, branch, absent: absent.unwrap_or_default(), held: left, survey, signed, lock })
}

/// Fetches what charts depend on, for those that are released: not for one that is published as it is here, and not for one
/// that is left out. Where no tag asks for them, charts that lack something are left out as well, and come back.
fn complete(making: &Making<'_>, prepared: &mut Prepared, found: Option<&Found>) -> Result<Vec<Held>> {
    let &Making { config, args, repository, .. } = making;
    let is_settled = |name: &str| {
        found.is_some_and(|found| {
            found.same.iter().any(|one| one.name == name) || found.held.iter().any(|one| one.chart == name)
        })
    };
    let is_unreleased = prepared.is_unreleased(config) && found.is_some();
    let lacks = |chart: &&mut PreparedChart| {
        !chart.package.lacking.is_empty() && !is_settled(&chart.package.metadata.name) && !args.backfill
    };
    let mut charts = prepared.charts.iter_mut().filter(lacks).peekable();
    if charts.peek().is_none() {
        return Ok(Vec::new());
    }
    let http = client(args.limit(), args.offline)?;
    let fetcher = Fetcher::new(http.as_ref(), repository.root(), &config.oci)?;
    let mut held = Vec::new();
    for chart in charts {
        let problems = fetcher.complete(Arc::make_mut(&mut chart.package), &chart.source);
        if is_unreleased && problems.iter().any(Problem::is_error) {
            held.push(Held::new(&version_of(&chart.package), "it lacks a dependency", problems));
        } else {
            chart.problems.extend(problems);
        }
    }
    Ok(held)
}

/// Looks at all versions of the charts. What does not tell is said.
fn survey_of(making: &Making<'_>, branch: &mut Branch, prepared: &Prepared, found: &Found) -> Result<Survey> {
    let &Making { config, args, .. } = making;
    let same = found.same.iter().map(|one| one.name.as_str());
    let published: Vec<&str> = same.chain(found.held.iter().map(|one| one.chart.as_str())).collect();
    let scene = Scene {
        config,
        prepared,
        published: &published,
        targets: &args.publish.clone().unwrap_or_else(|| config.all_targets()),
        limit: args.limit(),
        plain_http: args.plain_http,
    };
    let Checked { value: mut survey, problems } = survey::survey(&scene, branch)?;
    problems.iter().for_each(terminal::problem);
    if args.wanted().next().is_some() {
        let is_asked = |one: &Incomplete| {
            let chart = one.tag.chart.as_ref();
            chart.is_none_or(|name| prepared.charts.iter().any(|one| one.package.metadata.name == *name))
        };
        survey.unreleased.finish.retain(is_asked);
    }
    Ok(survey)
}

/// What is published of the charts.
struct Found {
    /// The published archives that hold what is here.
    same: Vec<Published>,
    /// The places of the registry where nothing is.
    absent: Vec<Reference>,
    /// Charts that differ from what is published as their version.
    held: Vec<Held>,
}

/// Looks at what is published. An archive with other content under the same version stops a release that is asked for, and
/// leaves its chart out of one that is not, unless it may be replaced. `None` if the branch cannot be looked at, which the
/// look at all targets tells.
fn published(
    config: &Config,
    branch: &mut Branch,
    prepared: &Prepared,
    args: &ReleaseArgs,
    root: &Path,
) -> Result<Option<Found>> {
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
    let scene = Places { config, root, limit: args.limit(), plain_http: args.plain_http, is_for_targets };
    let look = || compare_published(&scene, branch, &charts);
    let compared = terminal::hushed(look);
    let compared = match compared {
        Ok(compared) => compared.value,
        Err(error) if args.backfill => return Err(error),
        Err(_) => return Ok(None),
    };
    let mut found = Found { same: Vec::new(), absent: Vec::new(), held: Vec::new() };
    let mut problems = Vec::new();
    for (chart, compared) in prepared.charts.iter().zip(compared) {
        found.absent.extend(compared.absent);
        let id = chart.package.metadata.id();
        let is_replaced = args.replace.contains(&id);
        let name = &chart.package.metadata.name;
        let is_published = matches!(compared.content, Ok(Some(_))) && !is_replaced;
        let archive = compared.same.filter(|_| !is_replaced && chart.is_read);
        let is_same = archive.is_some();
        found.same.extend(archive.map(|archive| Published { name: name.clone(), archive: Some(archive) }));
        if let Some(why) = compared.content.err().filter(|_| !is_replaced) {
            problems.push(uncompared(&id, &why, is_released && !args.backfill));
            found.same.extend((!is_for_targets).then(|| Published { name: name.clone(), archive: None }));
        }
        // What is wrong with a chart that differs may be why it does, such as a sub-chart that is not there.
        let is_error = |problem: &Problem| problem.is_error() && !is_replaced;
        let problem = compared.problem.filter(is_error);
        // One that should lie in charts/ makes it differ; what is fetched is not compared.
        let is_gone = |one: &Lacking| one.repository().is_empty();
        let gone = chart.package.lacking.iter().any(is_gone).then(|| wanted(&chart.package, &chart.source));
        let gone = gone.into_iter().flat_map(|gone| gone.problems);
        let errors: Vec<Problem> = chart.errors().cloned().chain(gone).collect();
        if !prepared.is_unreleased(config) {
            problems.extend(problem.filter(|_| errors.is_empty()));
        } else if problem.is_some() || is_published && !is_same {
            let why = "it has changed since this version was published";
            let problems = if errors.is_empty() { problem.into_iter().collect() } else { errors };
            found.held.push(Held::new(&version_of(&chart.package), why, problems));
        }
    }
    verdict(fold(problems))?.iter().for_each(terminal::problem);
    Ok(Some(found))
}

/// A version that is published, and that nobody could compare: it is not released again.
fn uncompared(id: &str, why: &str, is_released: bool) -> Problem {
    let message = format!("what is here cannot be compared with the published {}: {why}", name(id));
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
pub fn head(config: &Config, tag: Option<&String>, repository: &Repository) -> Result<Head> {
    let no_commit = || {
        Problems::from(Problem::error("there is no commit to release").hint("git add --all && git commit"))
    };
    let mut commit = repository.commit()?.ok_or_else(no_commit)?;
    if let Some(time) = environment::source_date_epoch()? {
        commit.time = time;
    }
    let git = repository.tags()?;
    let here = git.iter().filter(|(_, id)| *id == commit.id).map(|(tag, _)| tag.clone());
    let unasked = if config.stamps() {
        Vec::new()
    } else if environment::github_branch().is_some() {
        here.collect()
    } else {
        let ours = repository.annotated_here()?.into_iter().filter(|(_, message)| is_ours(message));
        ours.map(|(tag, _)| tag).collect()
    };
    let github = environment::github_tag();
    let tags = Tags { flag: tag.cloned(), github, git, unasked, remote: None };
    Ok(Head { commit, tags })
}

/// What there is to release. `wanted` are charts by name or directory, all without any.
pub fn observed(sources: Sources, wanted: Vec<String>, head: Head) -> Observed {
    let Sources { charts, changelog, changed, problems } = sources;
    let Head { commit, tags } = head;
    let (backfill, is_tagged) = (false, false);
    Observed { charts, problems, wanted, backfill, is_tagged, tags, commit, changelog, changed }
}
