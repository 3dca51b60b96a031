//! What comes after what: the check before the release, the release before what is made of it, and releases for tags alone.

use super::artifact::{source, uploads};
use super::{Around, Work, edit, merge, starts};
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::text::{few, name};
use crate::check::edit::Finding;
use crate::ci::run::Task;
use crate::ci::workflow::{Job, Trigger, Workflow, Written};

/// What is wrong with the place of a job among the others.
pub fn check_order(config: &Config, around: Around<'_>, work: &Work<'_>, ours: &[Work<'_>]) -> Vec<Finding> {
    if !work.releases() || follows(work, ours) {
        return Vec::new();
    }
    let on_merge = merge::releases_on_merge(config, around, work);
    let condition =
        if on_merge { merge::condition(around) } else { starts::condition(config, around, work.workflow) };
    let filters = || starts::filters(config, around);
    let when = if on_merge {
        merge::runs_elsewhere(around, work)
    } else {
        merge::runs_for_nothing(config, around, work).or_else(|| when(around, work, &condition, filters))
    };
    when.into_iter().chain(after(config, around, work, &condition, ours)).collect()
}

/// Whether another job releases first: what is said of that one is not said again.
fn follows(work: &Work<'_>, ours: &[Work<'_>]) -> bool {
    let mut here = ours.iter().filter(|other| other.is_beside(work) && other.releases());
    here.any(|other| {
        work.workflow.waits_for(work.job, &other.job.id.text)
            || source(work).is_some_and(|from| uploads(other, from))
    })
}

/// GitHub takes no file in which a job needs another that is not there, or itself.
pub fn unknown_needs(workflow: &Workflow) -> Vec<Problem> {
    let circular = workflow.jobs.iter().find(|job| workflow.waits_for(job, &job.id.text)).map(|job| {
        let message = format!("job {} needs itself: GitHub runs nothing of this file", name(&job.id.text));
        let line = job.needs.first().map_or(job.id.line, |needed| needed.line);
        Problem::error(message).at(&workflow.file, Some(line)).hint("take one `needs:` of the circle away")
    });
    let unknown = |job: &'_ Job| {
        let unknown = job.needs.iter().filter(|needed| workflow.job(&needed.text).is_none());
        unknown.map(|needed| (job.id.text.clone(), needed.clone())).collect::<Vec<_>>()
    };
    let known: Vec<String> = workflow.jobs.iter().map(|job| job.id.text.clone()).collect();
    let problem = |(job, needed): (String, Written)| {
        let message = format!(
            "job {} needs {}, which is not there: GitHub runs nothing of this file",
            name(&job),
            name(&needed.text)
        );
        let problem = Problem::error(message).at(&workflow.file, Some(needed.line));
        problem.hint(format!("the jobs are {}", few(&known)))
    };
    circular.into_iter().chain(workflow.jobs.iter().flat_map(unknown).map(problem)).collect()
}

fn when(
    around: Around<'_>,
    work: &Work<'_>,
    condition: &str,
    filters: impl Fn() -> String,
) -> Option<Finding> {
    let (triggers, job) = (&work.workflow.triggers, name(&work.job.id.text));
    if !triggers.iter().any(Trigger::is_for_tags) {
        let message = format!("job {job} releases, and no tag starts this workflow");
        let line = triggers.first().map_or(1, |trigger| trigger.event.line);
        let problem = work.at(Problem::error(message), line);
        return Some(problem.hint(format!("add `{}` to `push:` below `on:`", filters())).into());
    }
    let mut others = triggers.iter().filter(|trigger| trigger.is_for_others());
    let other = others.find(|trigger| starts::runs_for_others(around, work, trigger))?;
    let message = format!(
        "job {job} releases, and runs for every {} too, where there is no tag: it fails",
        name(&other.event.text)
    );
    let (line, edit) = match &work.job.condition {
        Some(old) => (old.line, None),
        None => (work.job.id.line, edit::into_job(work.workflow, work.job, &[condition])),
    };
    let hint = format!("give the job `{condition}`");
    Some(Finding::new(work.at(Problem::error(message), line).hint(hint), edit))
}

/// The check comes before the release, and what tells of a version after what publishes it.
fn after(
    config: &Config,
    around: Around<'_>,
    work: &Work<'_>,
    instead: &str,
    ours: &[Work<'_>],
) -> Option<Finding> {
    let here = || ours.iter().filter(|other| other.is_beside(work));
    let waits_for = |other: &&Work<'_>| work.workflow.waits_for(work.job, &other.job.id.text);
    let checks = |other: &&Work<'_>| other.tasks().any(|task| *task == Task::Ci);
    let order = config.all_targets();
    let places = |work: &Work<'_>| {
        let targets = work.publishes().into_iter();
        targets.map(|target| order.iter().position(|one| *one == target)).collect::<Vec<_>>()
    };
    let first = places(work).into_iter().min();
    let is_first =
        |other: &&Work<'_>| other.releases() && places(other).into_iter().max() < first && !waits_for(other);
    if let Some(earlier) = here().find(is_first) {
        return Some(needing(
            work,
            Problem::error,
            earlier,
            "it may tell of a version that is not published yet",
        ));
    }
    if let Some(condition) =
        work.job.condition.as_ref().filter(|_| starts::runs_after_failure(config, around, work))
    {
        let message = format!("job {} runs though a job that it needs has failed", name(&work.job.id.text));
        let problem = work.at(Problem::warning(message), condition.line);
        return Some(problem.hint(instead).into());
    }
    let is_checked = checks(&work) || here().any(|other| checks(&other) && waits_for(&other));
    let check = here().find(checks).filter(|_| !is_checked)?;
    Some(needing(work, Problem::warning, check, "it releases what nobody has looked at yet"))
}

/// What is wrong with a job that does not need another, with the edit.
pub fn needing(work: &Work<'_>, problem: fn(String) -> Problem, other: &Work<'_>, why: &str) -> Finding {
    let other = other.job.id.text.as_str();
    let problem = problem(format!("job {} does not need {}: {why}", name(&work.job.id.text), name(other)));
    let own: Vec<&str> = work.job.needs.iter().map(|needed| needed.text.as_str()).chain([other]).collect();
    let needs = if own.len() == 1 { other.to_owned() } else { format!("[{}]", own.join(", ")) };
    let line = work.job.needs.first().map_or(work.job.id.line, |needed| needed.line);
    let edit = match work.job.needs.as_slice() {
        [] => edit::into_job(work.workflow, work.job, &[&format!("needs: {needs}")]),
        [one] if work.workflow.line(one.line).trim_start() == format!("needs: {}", one.text) => {
            edit::set(work.workflow, one.line, &needs)
        }
        _ => None,
    };
    // One more would not mend a circle.
    let edit = edit.filter(|_| !work.workflow.waits_for(work.job, &work.job.id.text));
    Finding::new(work.at(problem, line).hint(format!("needs: {needs}")), edit)
}

impl Work<'_> {
    /// Whether it is another job of the same workflow.
    fn is_beside(&self, other: &Work<'_>) -> bool {
        self.workflow.file == other.workflow.file && self.job.id != other.job.id
    }
}
