//! What would make a release fail half-way, besides what the look at its targets has found.
//!
//! It comes after the plan is announced, since a registry says whether it takes a push only when an upload begins. That
//! is no write, as nothing comes of it; all else is questions.

use anyhow::Result;

use super::publish::{Publication, Targets, Transport};
use crate::base::problem::{Problem, fold};
use crate::base::target::Target;
use crate::github::io::Github;
use crate::preflight::io::{Writes, check, check_branch};
use crate::release::steps::{Found, Planned};

/// What is in the way of what is left to do. What could not be looked at has its problem already.
pub fn problems<'r>(
    publication: &Publication<'r>,
    transport: &Transport<'_>,
    targets: &mut Targets<'_, 'r>,
    planned: &[Planned<'_>],
) -> Result<Vec<Problem>> {
    let is_left = |planned: &Planned<'_>| !matches!(planned.found, Found::Done | Found::Unknown);
    let writes_to = |target| planned.iter().any(|one| one.step.target() == target && is_left(one));
    let (pushes_branch, releases) = (writes_to(Target::Pages), writes_to(Target::Github));
    let (mut problems, mut clock) = (Vec::new(), None);
    targets.extend_deadline(transport.limit);
    if let Some(registry) = &mut targets.registry {
        clock = registry.preflight(publication.config.cosign.as_ref()).take(&mut problems);
    }
    if pushes_branch || releases {
        targets.branch(publication, transport)?;
    }
    let (branch, github) = (targets.pages.as_ref().map(|pages| &pages.branch), targets.github.as_ref());
    match branch {
        Some(branch) if pushes_branch && github.is_none() => {
            problems.extend(check_branch(publication.config, branch, transport.limit)?);
        }
        Some(branch) if pushes_branch || releases => {
            let (found, of_github) = check(&Writes {
                config: publication.config,
                branch,
                github: github.map(|github| &github.client),
                site: if transport.api.is_some() { None } else { Github::site() },
                pushes: pushes_branch,
                releases,
            })?;
            problems.extend(found);
            clock = of_github.or(clock);
        }
        _ => {}
    }
    problems.extend(clock.and_then(|clock| clock.problem()));
    Ok(fold(problems))
}
