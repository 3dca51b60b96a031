//! A run without a tag, where Chart.yaml says the versions: what is new gets its tag and is published, and what an earlier
//! run has begun is finished from the commit of its tag.

use anyhow::Result;

use super::publish::{Outcome, Publication, Ready, Transport, client};
use super::release::Release;
use super::tags::{self, Made};
use super::{report, summary};
use crate::base::config::Config;
use crate::base::problem::{Checked, Problem, Problems, Severity, problems_of, verdict};
use crate::base::target::Target;
use crate::base::text::{few, name};
use crate::base::version::is_same;
use crate::dist::manifest::Chart;
use crate::dist::{self, differs_from_commit};
use crate::git::io::branch::Branch;
use crate::git::remote_refs::{RemoteTag, short};
use crate::git::tag_object::TagObject;
use crate::github::io::Github;
use crate::release::held::{self, Held};
use crate::release::unreleased::{Incomplete, half_released};
use crate::sys::http::{Http, PATIENT};
use crate::sys::{environment, terminal};

/// How often a run begins anew since another one has made a tag that it was going to make.
const MAX_ROUNDS: usize = 5;

/// What a run was going to do, or did.
#[derive(Debug)]
pub struct Report<'r> {
    pub release: &'r Release,
    /// The tags that are to be made, or were.
    pub tags: Vec<TagObject>,
    /// What is new.
    pub new: Outcome<'r>,
    pub finished: Vec<Finished<'r>>,
    pub problems: Vec<Problem>,
}

/// A version that an earlier run has begun, and what was done for it.
#[derive(Debug)]
pub struct Finished<'r> {
    pub incomplete: &'r Incomplete,
    pub release: &'r Release,
    pub outcome: Outcome<'r>,
}

/// A version that an earlier run has begun, made again from the commit of its tag.
struct Unfinished<'s> {
    incomplete: &'s Incomplete,
    release: Release,
}

/// One of the releases that a run publishes.
struct Work<'r> {
    release: &'r Release,
    /// `None` for what is new.
    unfinished: Option<&'r Incomplete>,
    targets: Vec<Target>,
    publication: Publication<'r>,
    transport: Transport<'r>,
    http: Option<Http>,
}

/// Plans, or publishes.
pub fn run(config: &Config, mut release: Release) -> Result<()> {
    for _ in 0..MAX_ROUNDS {
        let Some(targets) = release.asked().map(<[Target]>::to_vec) else { return shown(&release) };
        match publish(&release, &targets)? {
            None => return Ok(()),
            Some(tag) => terminal::progress("Repeating", &format!("all of it: another run has made {tag}")),
        }
        release = Release::take(config, release.args().clone())?;
    }
    let problem = Problem::error("other runs make the same tags all the time");
    Err(problem.hint("run it again when they are done").into())
}

/// Prints the plan.
fn shown(release: &Release) -> Result<()> {
    let Checked { value: unfinished, mut problems } = unfinished(release);
    let is_seen = release.seen.survey.is_some();
    let is_new = !release.manifest().charts.is_empty();
    let mut plan = if is_seen && is_new { release.look_at_all()? } else { release.unseen() };
    problems.append(&mut plan.outcome.problems);
    let mut finished = Vec::new();
    for Unfinished { incomplete, release } in &unfinished {
        let mut outcome = release.look_at_all()?.outcome;
        problems.append(&mut outcome.problems);
        finished.push(Finished { incomplete, release, outcome });
    }
    problems.extend(told(release));
    problems.extend(too_many(release).map(Problem::only_warns));
    let report = Report { release, tags: to_make(release), new: plan.outcome, finished, problems };
    report::unreleased(&report)?;
    if !release.args().json {
        let how = match is_seen {
            false => "; not compared with what is published",
            true if is_new || !unfinished.is_empty() => "; add --publish to publish, on the default branch",
            true => ": there is nothing to publish",
        };
        terminal::line(&format!("nothing left this machine{how}"))?;
    }
    if environment::is_pull_request() {
        summary::of_pull_request(&report)?;
    }
    report.end()
}

/// Publishes. What comes back is a tag that another run has made at another commit meanwhile: then nothing was published.
fn publish(release: &Release, targets: &[Target]) -> Result<Option<String>> {
    if release.seen.survey.is_none() {
        // What keeps anybody from looking is told by the look at all targets.
        verdict(release.look(targets.to_vec())?.outcome.problems)?;
        let problem = Problem::error("nobody knows which tags the remote has");
        return Err(problem.hint("run it again, without --offline").into());
    }
    let Checked { value: unfinished, mut problems } = unfinished(release);
    problems.extend(told(release));
    let has_new = !release.manifest().charts.is_empty();
    if (has_new || !unfinished.is_empty())
        && let Some(problem) = not_on_default_branch(release)
    {
        return Err(Problems([problems, vec![problem]].concat()).into());
    }
    let refused = too_many(release).or_else(|| twice(release, &unfinished));
    let is_new = has_new && refused.is_none();
    problems.extend(refused);
    let mut works: Vec<Work<'_>> = Vec::new();
    for Unfinished { incomplete, release } in &unfinished {
        report::finishing(release, incomplete)?;
        works.extend(Work::new(release, Some(incomplete), targets).take(&mut problems));
    }
    let tags = to_make(release);
    if is_new {
        report::announce_tags(&tags);
        works.extend(Work::new(release, None, targets).take(&mut problems));
    }
    let mut ready = Vec::new();
    for work in &works {
        ready.extend(work.ready().take(&mut problems).map(|ready| (work, ready)));
    }
    let is_ready = ready.iter().any(|(work, _)| work.unfinished.is_none());
    if is_new
        && !is_ready
        && let Some(tag) = tagged_meanwhile(release, &tags)?
    {
        return Ok(Some(tag));
    }
    let (new, finished) = (Outcome::default(), Vec::new());
    let mut report = Report { release, tags: Vec::new(), new, finished, problems };
    if let Some((work, _)) = ready.iter().find(|(work, _)| work.unfinished.is_none()) {
        match make_tags(release, work.http.as_ref(), &tags) {
            Ok(Made::Here) => report.tags = tags,
            Ok(Made::Elsewhere(tag)) => return Ok(Some(tag)),
            Err(error) => {
                // What has its tag is finished all the same.
                report.problems.extend(problems_of(error).0);
                ready.retain(|(work, _)| work.unfinished.is_some());
            }
        }
        report::tagged(&report)?;
    }
    for (work, ready) in ready {
        report.add(work, work.publish(ready));
    }
    if release.args().json {
        report::unreleased(&report)?;
    } else if !has_new && unfinished.is_empty() {
        terminal::line("nothing left this machine: there is nothing to publish")?;
    }
    // What is published is published, whoever is told.
    if let Err(error) = summary::of_run(&report, targets) {
        terminal::problem(&Problem::warning(format!("{error:#}")));
    }
    report.end().map(|()| None)
}

impl<'r> Report<'r> {
    /// Adds what was done for one of the releases.
    fn add(&mut self, work: &Work<'r>, mut outcome: Outcome<'r>) {
        self.problems.append(&mut outcome.problems);
        self.problems.append(&mut outcome.stopped);
        match work.unfinished {
            Some(incomplete) => {
                self.finished.push(Finished { incomplete, release: work.release, outcome });
            }
            None => self.new = outcome,
        }
    }

    /// Says what was wrong. An error among it is that of the command.
    fn end(self) -> Result<()> {
        let mut problems = self.problems;
        if problems.iter().any(Problem::is_error) && !self.tags.is_empty() {
            let tags: Vec<String> = self.tags.iter().map(|tag| tag.tag.clone()).collect();
            let message = format!("made before that: {}", few(&tags));
            let hint = "the next run on the default branch publishes what these tags say and is missing then";
            problems.push(Problem::note(message).hint(hint));
        }
        verdict(problems)?.iter().for_each(terminal::problem);
        Ok(())
    }
}

impl<'r> Work<'r> {
    /// What keeps it from being published stops none of the others.
    fn new(
        release: &'r Release,
        unfinished: Option<&'r Incomplete>,
        targets: &[Target],
    ) -> Checked<Option<Self>> {
        let work = || -> Result<Self> {
            let problems = differs_from_commit(release.manifest()).into_iter();
            verdict(problems.chain(release.foreign_notes(targets)).chain(release.unsigned()).collect())?;
            let (publication, transport) = (release.publication(targets)?, release.transport());
            let http = client(&publication, &transport, targets)?;
            Ok(Self { release, unfinished, targets: targets.to_vec(), publication, transport, http })
        };
        found(work().map(Some))
    }

    /// Looks at the targets. `None` where something stops it.
    fn ready(&self) -> Checked<Option<Ready<'_, 'r>>> {
        let ready = Ready::new(&self.publication, &self.transport, &self.targets, self.http.as_ref());
        match ready {
            Ok(mut ready) if !ready.outcome.stopped.is_empty() => {
                Checked::new(None, std::mem::take(&mut ready.outcome.stopped))
            }
            ready => found(ready.map(Some)),
        }
    }

    fn publish(&self, ready: Ready<'_, 'r>) -> Outcome<'r> {
        let is_json = self.release.args().json;
        ready.publish(&|planned| if is_json { Ok(()) } else { report::done(planned) })
    }
}

/// A value, or the problems of the error in its place.
fn found<T>(result: Result<Option<T>>) -> Checked<Option<T>> {
    result.map_or_else(|error| Checked::new(None, problems_of(error).0), |value| Checked::new(value, []))
}

/// The versions to finish, each made again. One that cannot be made stops none of the others.
fn unfinished(release: &Release) -> Checked<Vec<Unfinished<'_>>> {
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for incomplete in release.seen.survey.iter().flat_map(|survey| &survey.unreleased.finish) {
        let RemoteTag { name: tag, commit, .. } = &incomplete.remote;
        let cannot = |problem: Problem| Problem {
            message: format!("cannot finish {} from {}: {}", name(tag), name(short(commit)), problem.message),
            severity: problem.severity.max(Severity::Error),
            ..problem
        };
        match release.finishing(incomplete) {
            Ok(release) => all.push(Unfinished { incomplete, release }),
            Err(error) => problems.extend(problems_of(error).0.into_iter().map(cannot)),
        }
    }
    let is_made = |held: &&Held| {
        let mut charts = all.iter().flat_map(|one: &Unfinished<'_>| &one.release.manifest().charts);
        charts.any(|chart| chart.name == held.chart)
    };
    let lost = release.seen.held.iter().filter(|held| held.is_finished && !is_made(held));
    let lost = lost.filter(|_| problems.is_empty()).map(|held| {
        let version = name(&format!("{} {}", held.chart, held.version));
        let message = format!("{version} has a tag already, and the commit of that does not have this chart");
        Problem::error(message)
            .hint("give it another version, or a pattern with `{name}` to `tags` in the config")
    });
    problems.extend(lost.collect::<Vec<_>>());
    Checked::new(all, problems)
}

/// A version that would be published from two commits.
fn twice(release: &Release, unfinished: &[Unfinished<'_>]) -> Option<Problem> {
    let mut others = unfinished.iter().flat_map(|one| &one.release.manifest().charts);
    let is_new = |chart: &&Chart| {
        release
            .manifest()
            .charts
            .iter()
            .any(|new| is_same(&new.version, &chart.version) && new.name == chart.name)
    };
    let chart = others.find(is_new)?;
    let message = format!("{} is in this commit and in that of an earlier tag", name(&chart.id()));
    Some(Problem::error(message).hint("give what is here another version"))
}

/// The tags that the remote lacks.
fn to_make(release: &Release) -> Vec<TagObject> {
    let survey = release.seen.survey.iter();
    survey.flat_map(|survey| tags::missing(release.config(), release.manifest(), &survey.refs)).collect()
}

/// By the refs API where the remote is the repository on GitHub and a token is at hand; else by a push.
fn make_tags(release: &Release, http: Option<&Http>, tags: &[TagObject]) -> Result<Made> {
    let (config, remote) = (release.config(), release.remote());
    let is_on_github = remote.is_on(Github::site().as_deref(), config);
    let own = if http.is_none() && is_on_github { Http::new(release.limit(), PATIENT).ok() } else { None };
    let github = http.or(own.as_ref()).filter(|_| is_on_github);
    let github = github.map(|http| Github::new(http, &config.repository)).transpose()?;
    let github = github.as_ref().filter(|github| github.has_token());
    tags::make(remote, release.repository(), github, tags, release.limit())
}

/// A tag that was to be made, and that another run has made at another commit since the look.
fn tagged_meanwhile(release: &Release, tags: &[TagObject]) -> Result<Option<String>> {
    let look = Branch::new(release.remote(), &release.config().branch, release.limit())?;
    let Ok(there) = look.refs()? else { return Ok(None) };
    Ok(there.elsewhere(tags).map(|tag| tag.tag.clone()))
}

/// What is not as it should be, of what this run leaves alone.
fn told(release: &Release) -> Vec<Problem> {
    let others = release.seen.survey.iter().flat_map(|survey| half_released(&survey.unreleased.others));
    held::problems(&release.seen.held).into_iter().chain(others).collect()
}

/// More new versions than one run may publish.
fn too_many(release: &Release) -> Option<Problem> {
    let (count, max) = (release.manifest().charts.len() as u64, release.args().max);
    let message = format!(
        "{count} versions are new, and a run without a tag publishes at most {max}: publishing cannot be taken back"
    );
    let hint = format!("if all of them are meant: --max {count}; else some of them: --only NAME…");
    (count > max).then(|| Problem::error(message).hint(hint))
}

/// Only what the default branch holds is released without a tag.
fn not_on_default_branch(release: &Release) -> Option<Problem> {
    let refs = release.seen.survey.as_ref().map(|survey| &survey.refs);
    let commit = &release.manifest().commit.id;
    let (branch, tip) = match refs.and_then(|refs| refs.default_branch.as_ref()) {
        Some((branch, tip)) => (branch.as_str(), tip.as_str()),
        None => ("", ""),
    };
    let is_that_of_the_run = || {
        environment::github_branch().is_some_and(|here| here == branch)
            && environment::github_commit().as_ref() == Some(commit)
    };
    let is_ancestor = || release.repository().is_ancestor(commit, tip).unwrap_or_default();
    if !branch.is_empty() && (commit == tip || is_that_of_the_run() || is_ancestor()) {
        return None;
    }
    let url = name(&release.remote().url);
    let (message, hint) = if branch.is_empty() {
        let message = format!("a release without a tag comes from the default branch, and {url} shows none");
        (message, "push the branch that its HEAD names".to_owned())
    } else {
        let message = format!(
            "a release without a tag comes from the default branch, and as far as this clone knows this commit is not on {} of {url}",
            name(branch)
        );
        (message, format!("push it or merge it there, or git fetch origin {branch}"))
    };
    let tag = dist::tags(release.config(), release.manifest()).into_iter().next();
    let here = release.repository().tags().unwrap_or_default();
    let by_tag = tag.map(|tag| {
        if here.contains(&(tag.clone(), commit.clone())) {
            format!("; or release by its tag: cargo xtask release --tag {tag} --publish")
        } else {
            format!("; or release by a tag: git tag {tag} && git push origin {tag}")
        }
    });
    Some(Problem::error(message).hint(hint + &by_tag.unwrap_or_default()))
}
