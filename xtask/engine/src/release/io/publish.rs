//! Looks at every target, and then, if all of them can take the release, publishes to one after the other.

use std::time::Duration;

use anyhow::Result;

use super::{github, pages, preflight, registry, report};
use crate::base::config::Config;
use crate::base::problem::{Problem, Problems, fold, problems_of, verdict};
use crate::chart::io::helm::Helm;
use crate::dist::Package;
use crate::dist::manifest::Manifest;
use crate::git::io::branch::Branch;
use crate::git::io::remote::Remote;
use crate::github::io::Github;
use crate::pages::Change;
use crate::registry::artifact::HUB_FILE;
use crate::registry::io::Registry;
use crate::release::steps::{Found, Planned, Step, Target, doubt};
use crate::sys::actions::Group;
use crate::sys::http::{CURIOUS, Http, PATIENT};

/// What is published, and where.
#[derive(Debug)]
pub struct Job<'a> {
    /// The facts of the repository.
    pub config: &'a Config,
    /// Where to.
    pub targets: Vec<Target>,
    /// What the release consists of.
    pub manifest: &'a Manifest,
    /// The text of the GitHub Release.
    pub notes: &'a str,
    /// The archives, as the Helm repository gets them.
    pub change: Change,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What pushes, where it is there.
    pub helm: Option<&'a Helm>,
    /// The git repository.
    pub remote: &'a Remote,
    /// The text of SHA256SUMS.
    pub sums: String,
    /// Whether the registry is spoken to in HTTP.
    pub plain_http: bool,
    /// The API of GitHub in a rehearsal, which is no business of the environment and its credentials.
    pub api: Option<String>,
    /// Whether the Helm repository has to be served before the next step.
    pub wait: bool,
    /// How long all of it may take.
    pub limit: Duration,
}

/// What is known after a look, or after publishing.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The steps, in order.
    pub planned: Vec<Planned>,
    /// What stops the release before its first step, and what stops nothing.
    pub problems: Vec<Problem>,
    /// What ended it between two steps.
    pub stopped: Vec<Problem>,
    /// What a program may want to know: the pushed charts as `HOST/PATH/NAME@DIGEST`.
    pub pushed: Vec<String>,
    /// Where the GitHub Release is.
    pub url: Option<String>,
}

impl Job<'_> {
    /// Whether this target is meant.
    pub fn has(&self, target: Target) -> bool {
        self.targets.contains(&target)
    }

    /// Whether a published archive may give way to this one.
    pub fn may_replace(&self, package: &Package) -> bool {
        let replace = self.change.charts.iter().flat_map(|charts| &charts.replace);
        replace
            .into_iter()
            .any(|(name, version)| (name, version) == (&package.metadata.name, &package.metadata.version))
    }

    /// What Artifact Hub reads.
    pub fn artifact_hub(&self) -> &[u8] {
        let mut others = self.change.charts.iter().flat_map(|charts| &charts.others);
        others.find(|file| file.path == HUB_FILE).map_or(&[], |file| &file.data)
    }

    fn github<'h>(&'h self, http: &'h Http) -> Result<Github<'h>, Problems> {
        let repository = &self.config.repository;
        match &self.api {
            None => Ok(Github::new(http, repository)?),
            // Nobody checks the token of a rehearsal, and the real one is none of its business.
            Some(url) => Ok(Github::at(http, repository, url.clone(), Some("rehearsal".to_owned()))),
        }
    }

    /// The archives.
    pub fn packages(&self) -> &[Package] {
        self.change.charts.as_ref().map_or(&[], |charts| &charts.packages)
    }
}

/// Who speaks to the targets.
#[derive(Debug)]
pub struct Clients<'a> {
    /// The registry, where there is a network client.
    pub registry: Option<Registry<'a>>,
    /// The branch.
    pub branch: Branch<'a>,
    /// GitHub's API, where there is a network client.
    pub github: Option<Github<'a>>,
}

/// Looks at the targets.
pub fn look(job: &Job<'_>) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let http = http(job, false, &mut outcome)?;
    look_at(job, &mut clients(job, http.as_ref())?, false, &mut outcome)?;
    Ok(outcome)
}

/// Publishes: nothing is written unless every target can take its part. Each step is told as soon as it is taken.
pub fn publish(job: &Job<'_>, tell: &dyn Fn(&Planned) -> Result<()>) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let http = http(job, true, &mut outcome)?;
    let mut clients = clients(job, http.as_ref())?;
    let pushes = look_at(job, &mut clients, true, &mut outcome)?;
    outcome.planned.iter().for_each(report::announce);
    outcome.problems.extend(preflight::problems(job, &clients, &pushes, &outcome.planned)?);
    let taken = match verdict(std::mem::take(&mut outcome.problems)) {
        Ok(warnings) => {
            outcome.problems = warnings;
            perform(job, &mut clients, &pushes, tell, &mut outcome)
        }
        Err(problems) => Err(problems.into()),
    };
    outcome.stopped = taken.err().map(|error| problems_of(error).0).unwrap_or_default();
    Ok(outcome)
}

fn clients<'a>(job: &'a Job<'_>, http: Option<&'a Http>) -> Result<Clients<'a>> {
    let registry = |http| match job.api {
        None => Registry::new(http, job.plain_http),
        Some(_) => Registry::open(http),
    };
    Ok(Clients {
        registry: http.map(registry),
        branch: Branch::new(job.remote, &job.config.branch, job.limit)?,
        github: http.map(|http| job.github(http)).transpose()?,
    })
}

/// The network client, where a target needs it. Without one a plan has gaps, and nothing can be published.
fn http(job: &Job<'_>, is_publishing: bool, outcome: &mut Outcome) -> Result<Option<Http>> {
    if !job.has(Target::Oci) && !job.has(Target::Github) {
        return Ok(None);
    }
    match Http::new(job.limit, if is_publishing { PATIENT } else { CURIOUS }) {
        Err(error) if !is_publishing => {
            let problems = problems_of(error).0.into_iter();
            outcome.problems.extend(problems.map(|problem| doubt(problem, false)));
            Ok(None)
        }
        http => http.map(Some),
    }
}

/// Looks at the targets in their order. What is to be pushed comes back, for the first of the steps that are planned.
fn look_at<'a>(
    job: &'a Job<'_>,
    clients: &mut Clients<'_>,
    is_publishing: bool,
    outcome: &mut Outcome,
) -> Result<Vec<registry::Push<'a>>> {
    let _group = Group::new("Looking at what is published");
    let (mut pushes, problems) = (Vec::new(), &mut outcome.problems);
    for target in &job.targets {
        match (target, &clients.registry, &clients.github) {
            (Target::Oci, Some(registry), _) => {
                pushes = registry::look(job, registry, is_publishing, problems)?;
                outcome.planned.extend(pushes.iter().map(|push| push.planned.clone()));
            }
            (Target::Pages, ..) => {
                outcome.planned.extend(pages::look(job, &mut clients.branch, is_publishing, problems));
            }
            (Target::Github, _, Some(github)) => {
                outcome.planned.extend(github::look(job, github, is_publishing, problems));
            }
            (Target::Oci, None, _) | (Target::Github, _, None) => {
                let steps = job.steps.iter().filter(|step| Target::of(step) == *target);
                outcome.planned.extend(steps.cloned().map(Planned::unseen));
            }
        }
    }
    // A run that finds everything in place asks for nothing.
    let is_done = outcome.planned.iter().all(|planned| planned.found == Found::Done);
    if is_publishing
        && !is_done
        && !job.has(Target::Github)
        && let Err(error) = pages::check_tag(job, &mut clients.branch)
    {
        problems.extend(problems_of(error).0);
    }
    outcome.problems = fold(std::mem::take(&mut outcome.problems));
    Ok(pushes)
}

/// Takes the steps. Each is told as soon as it is done, so that a run which ends early has said how far it came.
fn perform(
    job: &Job<'_>,
    clients: &mut Clients<'_>,
    pushes: &[registry::Push<'_>],
    tell: &dyn Fn(&Planned) -> Result<()>,
    outcome: &mut Outcome,
) -> Result<()> {
    let (mut group, mut pushes) = (None, pushes.iter());
    for (i, planned) in outcome.planned.clone().into_iter().enumerate() {
        let target = Target::of(&planned.step);
        if group.as_ref().is_none_or(|(of, _)| *of != target) {
            drop(group.take());
            group = Some((target, Group::new(&format!("Publishing to {target}"))));
        }
        let done = match (target, &clients.registry, &clients.github) {
            (Target::Oci, Some(registry), _) => match pushes.next() {
                Some(push) => registry::publish(job, registry, push, clients.branch.deadline(), outcome)?,
                None => planned,
            },
            (Target::Pages, ..) => pages::publish(job, &mut clients.branch, planned)?,
            (Target::Github, _, Some(github)) => github::publish(job, github, planned, outcome)?,
            (Target::Oci, None, _) | (Target::Github, _, None) => planned,
        };
        tell(&done)?;
        if let Some(place) = outcome.planned.get_mut(i) {
            *place = done;
        }
    }
    Ok(())
}
