//! Looks at every target, and then, if all of them can take the release, publishes to one after the other.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use super::github::GithubTarget;
use super::pages::PagesTarget;
use super::registry::RegistryTarget;
use super::{preflight, report};
use crate::base::config::{Archives, Config};
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, Problems, fold, problems_of, verdict};
use crate::base::target::Target;
use crate::chart::Archive;
use crate::chart::io::helm::Helm;
use crate::dist::{Release, urls};
use crate::docs::File;
use crate::git::io::branch::Branch;
use crate::git::io::remote::Remote;
use crate::pages::{Change, Charts};
use crate::registry::artifact::HUB_FILE;
use crate::registry::io::has_all;
use crate::release::steps::{Found, Payload, Planned, Step, doubt, steps};
use crate::sys::environment;
use crate::sys::github_actions::Group;
use crate::sys::http::{CURIOUS, Http, PATIENT};

/// What is published.
#[derive(Debug)]
pub struct Publication<'r> {
    pub config: &'r Config,
    pub release: &'r Release,
    pub change: Change<'r>,
    /// What is done, in order.
    pub steps: Vec<Step<'r>>,
}

impl<'r> Publication<'r> {
    /// A release for the registry `oci` and these targets. `others` belongs beside the index; `replace` are the names and
    /// versions of which a published archive may be replaced.
    pub fn new(
        config: &'r Config,
        oci: &str,
        release: &'r Release,
        others: &'r [File],
        replace: Vec<(String, String)>,
        targets: &[Target],
    ) -> Result<Self> {
        let commit = &release.manifest.commit;
        let urls = match config.archives {
            Archives::Branch => BTreeMap::new(),
            Archives::Releases => urls(config, &release.manifest),
        };
        let charts = Charts {
            archives: Cow::Borrowed(&release.archives),
            // The registry comes before the Helm repository.
            is_pushed: targets.contains(&Target::Oci),
            urls,
            missing: None,
            others: others.to_vec(),
            replace,
            created: Some(commit.time),
            yank: None,
        };
        let change = Change {
            source: format!("{}@{}", config.repository, commit.id),
            time: environment::now()?,
            docs: None,
            adopt: Vec::new(),
            charts: Some(charts),
        };
        Ok(Self { config, release, change, steps: steps(config, oci, release, hub(others)) })
    }

    /// True if a published archive may give way to this one.
    pub fn may_replace(&self, archive: &Archive) -> bool {
        let mut replace = self.change.charts.iter().flat_map(|charts| &charts.replace);
        replace.any(|(name, version)| (name, version) == (&archive.metadata.name, &archive.metadata.version))
    }
}

/// What Artifact Hub reads, of the files beside the index.
pub fn hub(others: &[File]) -> Option<&[u8]> {
    others.iter().find(|file| file.path == HUB_FILE).map(|file| &*file.data)
}

/// How the targets are reached.
#[derive(Debug)]
pub struct Transport<'t> {
    pub remote: &'t Remote,
    /// The branch, where it was looked at already.
    pub branch: RefCell<Option<Branch>>,
    /// Places of the registry where nothing was a moment ago: only a publishing asks again.
    pub absent: Vec<Reference>,
    /// What pushes to the registry, where it is there.
    pub helm: Option<&'t Helm>,
    /// Whether the registry is spoken to in HTTP.
    pub plain_http: bool,
    /// The API of GitHub in a rehearsal, which is no business of the environment and its credentials.
    pub api: Option<String>,
    /// Whether the Helm repository has to be served before the next step.
    pub wait: bool,
    pub limit: Duration,
}

impl<'t> Transport<'t> {
    pub fn new(remote: &'t Remote, limit: Duration) -> Self {
        let (branch, absent) = (RefCell::default(), Vec::new());
        Self { remote, branch, absent, helm: None, plain_http: false, api: None, wait: false, limit }
    }
}

/// What is known after a look, or after publishing.
#[derive(Debug, Default)]
pub struct Outcome<'r> {
    /// The steps, in order.
    pub planned: Vec<Planned<'r>>,
    /// What stops the release before its first step, and what stops nothing.
    pub problems: Vec<Problem>,
    pub stopped: Vec<Problem>,
    /// What a program may want to know: the pushed charts as `HOST/PATH/NAME@DIGEST`.
    pub pushed: Vec<String>,
    pub url: Option<String>,
}

/// What a target has of the release.
#[derive(Debug)]
pub struct Look<'r> {
    pub target: Target,
    pub planned: Vec<Planned<'r>>,
    pub problems: Vec<Problem>,
}

/// The targets that a release goes to. One that needs the network is missing where there is no client for it.
#[derive(Debug)]
pub struct Targets<'p, 'r> {
    http: Option<&'p Http>,
    pub registry: Option<RegistryTarget<'p, 'r>>,
    pub pages: Option<PagesTarget<'p>>,
    pub github: Option<GithubTarget<'p>>,
}

/// Looks at targets, each by itself.
pub fn look_at_each<'r>(
    publication: &Publication<'r>,
    transport: &Transport<'_>,
    targets: &[Target],
) -> Result<Vec<Look<'r>>> {
    let (http, unreachable) = http(publication, transport, targets, false)?;
    let mut looks = Targets::open(publication, transport, targets, http.as_ref())?.look(
        publication,
        targets,
        transport.limit,
        false,
    )?;
    for look in looks.iter_mut().filter(|look| look.target != Target::Pages) {
        look.problems.extend(unreachable.iter().cloned());
    }
    Ok(looks)
}

pub fn look<'r>(
    publication: &Publication<'r>,
    transport: &Transport<'_>,
    targets: &[Target],
) -> Result<Outcome<'r>> {
    Ok(joined(look_at_each(publication, transport, targets)?))
}

fn joined(looks: Vec<Look<'_>>) -> Outcome<'_> {
    let (mut planned, mut problems) = (Vec::new(), Vec::new());
    for look in looks {
        planned.extend(look.planned);
        let new: Vec<Problem> =
            look.problems.into_iter().filter(|problem| !problems.contains(problem)).collect();
        problems.extend(new);
    }
    Outcome { planned, problems: fold(problems), ..Outcome::default() }
}

/// Publishes: nothing is written unless every target can take its part. Each step is told as soon as it is taken.
pub fn publish<'r>(
    publication: &Publication<'r>,
    transport: &Transport<'_>,
    targets: &[Target],
    tell: &dyn Fn(&Planned<'_>) -> Result<()>,
) -> Result<Outcome<'r>> {
    let http = client(publication, transport, targets)?;
    Ok(Ready::new(publication, transport, targets, http.as_ref())?.publish(tell))
}

/// A publishing whose targets have been looked at and asked for the right to write; nothing is written yet.
#[derive(Debug)]
pub struct Ready<'p, 'r> {
    publication: &'p Publication<'r>,
    transport: &'p Transport<'p>,
    clients: Targets<'p, 'r>,
    pub outcome: Outcome<'r>,
}

impl<'p, 'r> Ready<'p, 'r> {
    /// Looks, and announces what it is going to do. What stops the publishing is in its outcome.
    pub fn new(
        publication: &'p Publication<'r>,
        transport: &'p Transport<'p>,
        targets: &[Target],
        http: Option<&'p Http>,
    ) -> Result<Self> {
        let mut clients = Targets::open(publication, transport, targets, http)?;
        let mut outcome = joined(clients.look(publication, targets, transport.limit, true)?);
        // A run that finds everything in place asks for nothing. A look at GitHub has looked at the tag.
        let is_done = outcome.planned.iter().all(|planned| planned.found == Found::Done);
        if !is_done && !targets.contains(&Target::Github) {
            let checked = clients.branch(publication, transport)?.check_tag(publication);
            outcome.problems.extend(checked.err().into_iter().flat_map(|error| problems_of(error).0));
            outcome.problems = fold(std::mem::take(&mut outcome.problems));
        }
        outcome.planned.iter().for_each(report::announce);
        outcome.problems.extend(preflight::problems(publication, transport, &mut clients, &outcome.planned)?);
        match verdict(std::mem::take(&mut outcome.problems)) {
            Ok(warnings) => outcome.problems = warnings,
            Err(problems) => outcome.stopped = problems.0,
        }
        Ok(Self { publication, transport, clients, outcome })
    }

    /// Takes the steps, unless something stops them.
    pub fn publish(mut self, tell: &dyn Fn(&Planned<'_>) -> Result<()>) -> Outcome<'r> {
        if self.outcome.stopped.is_empty() {
            let taken = self.clients.publish(self.publication, self.transport, tell, &mut self.outcome);
            self.outcome.stopped = taken.err().map(|error| problems_of(error).0).unwrap_or_default();
        }
        self.outcome
    }
}

/// The network client of a publishing to these targets; `None` where none of them needs one.
pub fn client(
    publication: &Publication<'_>,
    transport: &Transport<'_>,
    targets: &[Target],
) -> Result<Option<Http>> {
    Ok(http(publication, transport, targets, true)?.0)
}

/// The network client, where a target needs it. Without one a plan has gaps, and nothing can be published.
fn http(
    publication: &Publication<'_>,
    transport: &Transport<'_>,
    targets: &[Target],
    is_publishing: bool,
) -> Result<(Option<Http>, Vec<Problem>)> {
    let needs_http = |target: &Target| *target != Target::Pages || leads_to_releases(publication);
    if !targets.iter().any(needs_http) {
        return Ok((None, Vec::new()));
    }
    match Http::new(transport.limit, if is_publishing { PATIENT } else { CURIOUS }) {
        Err(error) if !is_publishing => {
            let problems = problems_of(error).0.into_iter().map(|problem| doubt(problem, false));
            Ok((None, problems.collect()))
        }
        http => Ok((Some(http?), Vec::new())),
    }
}

/// True if the registry has the charts already, where this run does not push them.
fn is_pushed(publication: &Publication<'_>, transport: &Transport<'_>) -> bool {
    let pushes = publication.steps.iter().filter_map(|step| match step {
        Step::Push { target, payload: Payload::Chart(_) } => Some(target),
        Step::Push { .. } | Step::Sign { .. } | Step::Merge { .. } | Step::Create { .. } => None,
    });
    has_all(pushes, transport.limit, transport.plain_http)
}

/// True if the index leads to assets of GitHub Releases, which have to be there before it does.
fn leads_to_releases(publication: &Publication<'_>) -> bool {
    publication.config.archives == Archives::Releases
}

impl<'p, 'r> Targets<'p, 'r> {
    fn open(
        publication: &'p Publication<'r>,
        transport: &Transport<'_>,
        targets: &[Target],
        http: Option<&'p Http>,
    ) -> Result<Self> {
        let mut opened = Self { http, registry: None, pages: None, github: None };
        if let Some(http) = http {
            opened.registry = Some(RegistryTarget::new(transport, http));
            opened.github =
                Some(GithubTarget::new(publication.config, transport, http).map_err(Problems::from)?);
        }
        if targets.contains(&Target::Pages) {
            opened.branch(publication, transport)?;
        }
        Ok(opened)
    }

    /// The branch, which is asked for rights and tags also where nothing is published to it.
    pub fn branch(
        &mut self,
        publication: &Publication<'_>,
        transport: &Transport<'_>,
    ) -> Result<&mut PagesTarget<'p>> {
        let pages = match self.pages.take() {
            Some(pages) => pages,
            None => PagesTarget::new(publication.config, transport)?,
        };
        Ok(self.pages.insert(pages))
    }

    /// Gives what follows all the time: one target that is silent until the deadline leaves the others theirs.
    pub fn extend_deadline(&mut self, limit: Duration) {
        self.http.iter().for_each(|http| http.extend_deadline());
        self.pages.iter_mut().for_each(|pages| pages.branch.extend_deadline(limit));
    }

    fn look(
        &mut self,
        publication: &'p Publication<'r>,
        targets: &[Target],
        limit: Duration,
        is_publishing: bool,
    ) -> Result<Vec<Look<'r>>> {
        let _group = Group::new("Looking at what is published");
        let mut looks = Vec::new();
        for target in targets {
            self.extend_deadline(limit);
            looks.push(match (target, &mut self.registry, &mut self.pages, &mut self.github) {
                (Target::Oci, Some(registry), ..) => registry.look(publication, is_publishing)?,
                (Target::Pages, _, Some(pages), github) => {
                    let mut look = pages.look(publication, is_publishing);
                    // A release that is to be made now cannot be there yet.
                    let is_made = looks.iter().filter(|look: &&Look<'_>| look.target == Target::Github);
                    let is_made = is_made.flat_map(|look| &look.planned).any(|one| one.found != Found::Done);
                    let is_left = look.planned.iter().any(|one| one.found != Found::Done);
                    let must_be_there = is_left && !is_made && leads_to_releases(publication);
                    if let Some(github) = github.as_ref().filter(|_| must_be_there) {
                        let missing = github.addresses(publication).err();
                        look.problems.extend(missing.map(|problem| doubt(problem, is_publishing)));
                    }
                    look
                }
                (Target::Github, .., Some(github)) => github.look(publication, is_publishing),
                (target, ..) => {
                    let steps = publication.steps.iter().filter(|step| step.target() == *target);
                    let planned = steps.cloned().map(Planned::unseen).collect();
                    Look { target: *target, planned, problems: Vec::new() }
                }
            });
        }
        Ok(looks)
    }

    /// Takes the steps. Each is told as soon as it is done, so that a run which ends early has said how far it came.
    fn publish(
        &mut self,
        publication: &'p Publication<'r>,
        transport: &Transport<'_>,
        tell: &dyn Fn(&Planned<'_>) -> Result<()>,
        outcome: &mut Outcome<'r>,
    ) -> Result<()> {
        let mut group = None;
        for (i, planned) in outcome.planned.clone().into_iter().enumerate() {
            let target = planned.step.target();
            if group.as_ref().is_none_or(|(of, _)| *of != target) {
                drop(group.take());
                group = Some((target, Group::new(&format!("Publishing to {target}"))));
            }
            let done = match (target, &mut self.registry, &mut self.pages, &mut self.github) {
                (Target::Oci, Some(registry), ..) => {
                    registry.publish(publication, transport, planned, outcome)?
                }
                (Target::Pages, _, Some(pages), github) => {
                    let mut change = publication.change.clone();
                    let is_left = planned.found != Found::Done;
                    if let Some(charts) = change.charts.as_mut().filter(|_| is_left) {
                        if let Some(github) = github.as_ref().filter(|_| leads_to_releases(publication)) {
                            // GitHub has the last word on where its assets are.
                            charts.urls = github.addresses(publication).map_err(Problems::from)?;
                        }
                        charts.is_pushed = charts.is_pushed || is_pushed(publication, transport);
                    }
                    pages.publish(publication, transport, planned, &change)?
                }
                (Target::Github, .., Some(github)) => github.publish(planned, outcome)?,
                _ => planned,
            };
            tell(&done)?;
            if let Some(place) = outcome.planned.get_mut(i) {
                *place = done;
            }
        }
        Ok(())
    }
}
