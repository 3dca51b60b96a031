//! What would make a release fail half-way, besides what the look at its targets has found.
//!
//! It comes after the plan is announced, since a registry says whether it takes a push only when an upload begins. That
//! is no write, as nothing comes of it; all else is questions.

use anyhow::Result;

use super::publish::{Clients, Job};
use super::registry;
use crate::base::problem::{Problem, fold};
use crate::github::io::Github;
use crate::preflight::io::{Scene, check, check_branch};
use crate::release::steps::{Found, Planned, Target};

/// What is in the way of what is left to do. What could not be looked at has its problem already.
pub fn problems(
    job: &Job<'_>,
    clients: &Clients<'_>,
    pushes: &[registry::Push<'_>],
    planned: &[Planned],
) -> Result<Vec<Problem>> {
    let is_left = |planned: &Planned| !matches!(planned.found, Found::Done | Found::Unknown);
    let writes_to = |target| planned.iter().any(|one| Target::of(&one.step) == target && is_left(one));
    let (pushes_branch, releases) = (writes_to(Target::Pages), writes_to(Target::Github));
    let (mut problems, mut clock) = match &clients.registry {
        Some(registry) => registry::ask_to_push(registry, pushes),
        None => (Vec::new(), None),
    };
    if pushes_branch && clients.github.is_none() {
        problems.extend(check_branch(job.config, &clients.branch, job.limit)?);
    } else if pushes_branch || releases {
        let (found, of_github) = check(&Scene {
            config: job.config,
            branch: &clients.branch,
            github: clients.github.as_ref(),
            site: if job.api.is_some() { None } else { Github::site() },
            pushes: pushes_branch,
            releases,
        })?;
        problems.extend(found);
        clock = of_github.or(clock);
    }
    problems.extend(clock.and_then(|clock| clock.problem()));
    Ok(fold(problems))
}
