//! What is wrong with the workflows: rights, order, and whether CI runs what a laptop runs.
//!
//! Ours are the files that run `cargo xtask`. Those of others may do as they like, as long as they do not publish the same
//! things.

mod artifact;
mod builder;
mod edit;
mod group;
mod merge;
mod order;
mod others;
pub mod publishers;
mod rights;
mod signing;
mod sigstore;
mod starts;
mod steps;
#[cfg(test)]
mod tests;

pub use self::builder::requirements;

use super::edit::Finding;
use crate::base::config::Config;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::tag::ChartVersion;
use crate::base::target::Target;
use crate::ci::run::{Command, Parse, Run, Task};
use crate::ci::workflow::{Job, Step, Workflow, Written};

/// A job, and what its steps run.
#[derive(Clone)]
struct Work<'a> {
    workflow: &'a Workflow,
    job: &'a Job,
    runs: Vec<(&'a Step, &'a Written, Run)>,
    /// What the repository's own actions run for its steps.
    called: Vec<(&'a Step, Run)>,
}

/// Actions use each other this often (docs.github.com, "Creating a composite action").
const MAX_ACTIONS: usize = 10;

/// What the repository is, besides its workflows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around<'a> {
    pub charts: &'a [ChartVersion],
    /// The branch that others see first, as far as this clone knows it.
    pub default_branch: Option<&'a str>,
    pub has_docs: bool,
    /// The files of requirements, each with its text.
    pub requirements: &'a [(String, String)],
    /// The one that installs the builder of the documentation.
    pub requirements_of_docs: Option<&'a str>,
}

impl<'a> Around<'a> {
    /// The default branch; `main` where this clone does not know it.
    fn default_branch(&self) -> &'a str {
        self.default_branch.unwrap_or("main")
    }
}

/// Everything that is wrong with the workflows of a repository.
pub fn check_workflows(
    config: &Config,
    around: Around<'_>,
    workflows: &[Workflow],
    parse: Parse<'_>,
) -> Vec<Finding> {
    let jobs = workflows.iter().filter(|workflow| !workflow.is_action);
    let works: Vec<Work<'_>> = jobs.flat_map(|workflow| works(workflow, workflows, parse)).collect();
    let ours: Vec<Work<'_>> = works.iter().filter(|work| work.commands().next().is_some()).cloned().collect();
    let mut found: Vec<Finding> = others::find_drift(&ours).into_iter().map(Into::into).collect();
    let is_ours = |workflow: &&Workflow| ours.iter().any(|work| work.workflow.file == workflow.file);
    for workflow in workflows.iter().filter(is_ours) {
        found.extend(rights::strangers(workflow, &ours).map(Into::into));
        found.extend(order::unknown_needs(workflow).into_iter().map(Into::into));
        found.extend(starts::default_branch(around, workflow).map(Into::into));
    }
    found.extend(starts::unheard_tags(config, around, &ours));
    found.extend(merge::never_started(config, around, workflows, &ours).into_iter().map(Into::into));
    for work in works.iter().filter(|work| is_ours(&work.workflow)) {
        found.extend(sigstore::check_attestations(work));
    }
    for work in &ours {
        found.extend(sigstore::check_signing(config, work).into_iter().map(Into::into));
        found.extend(group::deadlock(work).map(Into::into));
        found.extend(rights::check_rights(config, around, work));
        found.extend(group::check_group(config, work));
        found.extend(order::check_order(config, around, work, &ours));
        found.extend(merge::path_filters(config, around, work).into_iter().map(Into::into));
        found.extend(starts::without_docs(around, work).map(Into::into));
        found.extend(builder::without_builder(config, around, work).map(Into::into));
        found.extend(artifact::check_artifacts(work, &works));
        found.extend(steps::check_steps(work));
        found.extend(signing::check_signing(config, work, &ours).into_iter().map(Into::into));
    }
    found.extend(others::find_other_publishers(config, around, workflows, &ours).into_iter().map(Into::into));
    let is_shared =
        |file: &str| workflows.iter().any(|workflow| workflow.file == file && workflow.shares_parts());
    for finding in &mut found {
        // What stands behind an anchor is said of several places, and a line of it mended for one is changed for all.
        if finding.problem.place.as_ref().is_some_and(|place| is_shared(&place.file)) {
            finding.edit = None;
        }
    }
    found
}

fn works<'a>(workflow: &'a Workflow, all: &'a [Workflow], parse: Parse<'_>) -> Vec<Work<'a>> {
    let run = |step: &'a Step| step.run.as_ref().map(|run| (step, run, Run::read(&run.text, parse)));
    let called = |step: &'a Step| called(step, all, 0).into_iter().map(move |run| (step, run));
    let work = |job: &'a Job| Work {
        workflow,
        job,
        runs: job.steps.iter().filter_map(run).collect(),
        called: job
            .steps
            .iter()
            .flat_map(called)
            .map(|(step, run)| (step, Run::read(&run.text, parse)))
            .collect(),
    };
    workflow.jobs.iter().map(work).collect()
}

/// What an action of the repository's own runs, which may use others.
fn called<'a>(step: &Step, all: &'a [Workflow], depth: usize) -> Vec<&'a Written> {
    let Some(directory) = step.local_action().filter(|_| depth < MAX_ACTIONS) else { return Vec::new() };
    let is_it = |action: &&Workflow| action.is_action && path::directory(&action.file) == directory;
    let steps = all.iter().filter(is_it).flat_map(|action| &action.jobs).flat_map(|job| &job.steps);
    steps.flat_map(|step| step.run.iter().chain(called(step, all, depth + 1))).collect()
}

impl Work<'_> {
    /// Its `cargo xtask` commands.
    fn commands(&self) -> impl Iterator<Item = &Command> {
        let called = self.called.iter().map(|(_, run)| run);
        self.runs.iter().map(|(_, _, run)| run).chain(called).flat_map(|run| &run.commands)
    }

    /// What they do, as far as they can be read.
    fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.commands().filter_map(|command| command.task.as_ref().ok())
    }

    /// The steps that publish something.
    fn publishing_steps(&self) -> impl Iterator<Item = &Step> {
        let publishes =
            |command: &Command| command.task.as_ref().is_ok_and(|task| !task.publishes().is_empty());
        let called = self.called.iter().map(|(step, run)| (*step, run));
        let runs = self.runs.iter().map(|(step, _, run)| (*step, run)).chain(called);
        runs.filter(move |(_, run)| run.commands.iter().any(publishes)).map(|(step, _)| step)
    }

    fn publishes(&self) -> Vec<Target> {
        self.tasks().flat_map(Task::publishes).copied().collect()
    }

    fn releases(&self) -> bool {
        self.tasks().any(|task| matches!(task, Task::Release { .. }) && !task.publishes().is_empty())
    }

    fn at(&self, problem: Problem, line: usize) -> Problem {
        problem.at(&self.workflow.file, Some(line))
    }
}
