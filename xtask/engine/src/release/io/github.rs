//! The GitHub Release as a target of a release.

use anyhow::Result;

use super::publish::{Job, Outcome};
use crate::base::digest::digest;
use crate::base::problem::Problem;
use crate::dist::SUMS;
use crate::github::io::Github;
use crate::github::{Action, File, Plan, Tense, Wanted, check_tag, plan};
use crate::release::steps::{Found, Planned, Step, doubt};
use crate::sys::terminal;

/// What GitHub has of the release.
pub fn look(job: &Job<'_>, github: &Github<'_>, writing: bool, problems: &mut Vec<Problem>) -> Vec<Planned> {
    let mut all = Vec::new();
    for step in &job.steps {
        let Some(wanted) = wanted(job, step) else { continue };
        terminal::progress("Looking", &format!("at release {} of {}", wanted.tag, job.config.repository));
        let seen = match github.look(&wanted, writing) {
            Ok(seen) => seen,
            Err(problem) => {
                all.push(Planned::unknown(step.clone()));
                problems.push(doubt(problem, writing));
                continue;
            }
        };
        // Before it is published, a release may be looked at without its tag.
        if let Err(problem) = check_tag(&wanted, &seen) {
            problems.push(doubt(problem, writing || seen.tag_commit.is_some()));
        }
        all.push(match plan(&wanted, &seen) {
            Ok(plan) => planned(step, plan, problems),
            Err(found) => {
                problems.extend(found.0);
                Planned::stopped(step.clone())
            }
        });
    }
    all
}

/// Makes or finishes a release.
pub fn publish(
    job: &Job<'_>,
    github: &Github<'_>,
    planned: Planned,
    outcome: &mut Outcome,
) -> Result<Planned> {
    let Some(wanted) = wanted(job, &planned.step) else { return Ok(planned) };
    let published = github.publish(&wanted)?;
    outcome.url = Some(published.url.clone());
    let was_begun = planned.found == Found::Partly;
    let did: Vec<String> = published.done.iter().map(|action| told(action, Tense::Done)).collect();
    if did.is_empty() {
        return Ok(Planned::new(planned.step, Found::Done, published.url));
    }
    let there = if was_begun { format!("{}; {}", did.join(", "), published.url) } else { published.url };
    Ok(Planned { there, did, todo: Vec::new(), ..planned })
}

fn told(action: &Action, tense: Tense) -> String {
    let (verb, what) = action.describe(tense);
    format!("{} {what}", verb.to_lowercase())
}

/// The release as it shall be; `None` for a step that is none.
pub fn wanted<'a>(job: &'a Job<'_>, step: &'a Step) -> Option<Wanted<'a>> {
    let Step::Create { tag, prerelease, assets, .. } = step else { return None };
    let sums = File { name: SUMS.to_owned(), data: job.sums.as_bytes(), digest: digest(job.sums.as_bytes()) };
    let mut files = Vec::new();
    for package in job.packages().iter().filter(|package| assets.contains(&package.file_name)) {
        files.extend(package.files().map(|(name, data)| File { name, data, digest: digest(data) }));
    }
    files.extend(assets.iter().any(|asset| asset == SUMS).then_some(sums));
    Some(Wanted {
        tag,
        name: tag.clone(),
        notes: job.notes,
        prerelease: *prerelease,
        commit: &job.manifest.commit.id,
        latest: job.config.latest.as_deref(),
        assets: files,
    })
}

fn planned(step: &Step, plan: Plan, problems: &mut Vec<Problem>) -> Planned {
    problems.extend(plan.warnings);
    let todo = plan.actions.iter().map(|action| told(action, Tense::Would));
    let (found, there) = match &plan.there {
        None if plan.with_drafts => (Found::Absent, "not there yet".to_owned()),
        None => (Found::Absent, "not published yet; without a token nobody sees drafts".to_owned()),
        Some(there) if plan.actions.is_empty() => {
            (Found::Done, format!("is published already  {}", there.url))
        }
        Some(there) => {
            let kind = if there.draft { "a draft" } else { "published" };
            (Found::Partly, format!("is {kind} with {} of its assets", there.assets.len()))
        }
    };
    Planned { todo: todo.collect(), ..Planned::new(step.clone(), found, there) }
}
