//! The Helm repository on the branch of GitHub Pages, as a target of a release.

use anyhow::Result;

use super::publish::Job;
use crate::base::problem::{Problem, Problems, problems_of};
use crate::base::text::name;
use crate::git::Tip;
use crate::git::io::branch::Branch;
use crate::github::tag_at;
use crate::pages::Plan;
use crate::pages::command::{Repair, decide};
use crate::pages::io::report::{expected, summary};
use crate::pages::io::{publish, served};
use crate::release::steps::{Found, Planned, Step, doubt};
use crate::sys::terminal;

/// What the branch has of the release.
pub fn look(
    job: &Job<'_>,
    branch: &mut Branch<'_>,
    writing: bool,
    problems: &mut Vec<Problem>,
) -> Vec<Planned> {
    terminal::progress("Looking", &format!("at {}", branch.shown()));
    let merge = job.steps.iter().find(|step| matches!(step, Step::Merge { .. }));
    let mut see = |step: &Step| match publish::look(branch) {
        Ok(tip) => match decide_news(job, branch, tip.as_ref()) {
            Ok(plan) => {
                problems.extend(plan.warnings.iter().cloned());
                planned(step, &plan, tip.is_none())
            }
            Err(error) => {
                problems.extend(problems_of(error).0);
                Planned::stopped(step.clone())
            }
        },
        Err(error) => {
            problems.extend(problems_of(error).0.into_iter().map(|problem| doubt(problem, writing)));
            Planned::unknown(step.clone())
        }
    };
    merge.map(&mut see).into_iter().collect()
}

/// A release whose tag somebody may still put elsewhere could never be finished.
pub fn check_tag(job: &Job<'_>, branch: &mut Branch<'_>) -> Result<()> {
    let Some(tag) = &job.manifest.tag else { return Ok(()) };
    let there = publish::tag(branch, tag)?;
    let remote = name(branch.url());
    tag_at(&remote, tag, there.as_deref(), &job.manifest.commit.id)
        .map_err(|problem| Problems::from(problem).into())
}

/// Adds the release to the branch, whatever is on it by now.
pub fn publish(job: &Job<'_>, branch: &mut Branch<'_>, planned: Planned) -> Result<Planned> {
    let decide = |branch: &mut Branch<'_>, tip: Option<&Tip>| decide_news(job, branch, tip);
    let published = publish::publish(branch, job.change.time, decide)?;
    if job.wait {
        served::wait(&expected(job.config, &job.change), branch.deadline())?;
    }
    let entries = published.plan.entries.as_ref().map(summary).unwrap_or_default();
    let Some(commit) = published.commit else {
        return Ok(Planned::new(planned.step, Found::Done, entries));
    };
    let round = if published.rounds > 1 { format!("  in round {}", published.rounds) } else { String::new() };
    let there = format!("{entries}; commit {}{round}", publish::short(&commit));
    Ok(planned.taken(there, "merged"))
}

fn decide_news<'a>(job: &'a Job<'_>, branch: &mut Branch<'_>, tip: Option<&Tip>) -> Result<Plan<'a>> {
    Ok(decide(job.config, Repair::No, &job.change, branch, tip)?.only_for_new_archives())
}

fn planned(step: &Step, plan: &Plan<'_>, is_new: bool) -> Planned {
    let summary = plan.entries.as_ref().map(summary).unwrap_or_default();
    let (found, there, todo) = match (plan.is_done(), is_new) {
        (true, _) => (Found::Done, summary, Vec::new()),
        (false, true) => (Found::Absent, format!("{summary}; begins the branch"), vec!["merge".to_owned()]),
        (false, false) => (Found::Absent, summary, vec!["merge".to_owned()]),
    };
    Planned { todo, ..Planned::new(step.clone(), found, there) }
}
