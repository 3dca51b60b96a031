//! Those that publish to the branch wait for each other. Publishing compares and swaps, so that nothing is lost without it;
//! but GitHub builds the site anew for each push, and cancels what waits unless it is told to queue.

use super::{Work, edit};
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::target::Target;
use crate::base::text::name;
use crate::check::edit::{Edit, Finding};
use crate::ci::workflow::{Concurrency, Workflow};

pub fn check_group(config: &Config, work: &Work<'_>) -> Vec<Finding> {
    if !work.publishes().contains(&Target::Pages) {
        return Vec::new();
    }
    let wanted = format!("deploy-{}", config.branch);
    let of_workflow = work.workflow.concurrency.as_ref();
    match work.job.concurrency.as_ref().or(of_workflow) {
        None => vec![missing(work, config, &wanted)],
        // GitHub compares groups whatever their case (docs.github.com, "Workflow syntax", `concurrency`).
        Some(own) if !own.group.text.eq_ignore_ascii_case(&wanted) => vec![other(work, own, &wanted)],
        Some(own) => waiting(work, own).into_iter().chain(holds_up(work).map(Into::into)).collect(),
    }
}

/// GitHub cancels a run whose job waits for the group that the run itself holds.
pub fn deadlock(work: &Work<'_>) -> Option<Problem> {
    let held = &work.workflow.concurrency.as_ref()?.group.text;
    let own = work.job.concurrency.as_ref().filter(|own| own.group.text.eq_ignore_ascii_case(held))?;
    let job = name(&work.job.id.text);
    let message =
        format!("job {job} waits for the group {}, which its own run holds: GitHub cancels it", name(held));
    let problem = work.at(Problem::error(message), own.line);
    Some(problem.hint("delete `concurrency:` of the workflow; the jobs that publish have theirs"))
}

fn missing(work: &Work<'_>, config: &Config, wanted: &str) -> Finding {
    let job = name(&work.job.id.text);
    let message =
        format!("job {job} publishes to {} and waits for nobody else who does", name(&config.branch));
    let problem = work.at(Problem::warning(message), work.job.id.line);
    let hint = format!("give it `concurrency: {{ group: {wanted}, cancel-in-progress: false, queue: max }}`");
    let group = format!("  group: {wanted}");
    let lines = ["concurrency:", &group, "  cancel-in-progress: false", "  queue: max"];
    Finding::new(problem.hint(hint), edit::into_job(work.workflow, work.job, &lines))
}

fn other(work: &Work<'_>, own: &Concurrency, wanted: &str) -> Finding {
    let (group, job) = (name(&own.group.text), name(&work.job.id.text));
    let message = format!(
        "job {job} waits in the group {group}, and others who publish to the same branch in {}",
        name(wanted)
    );
    let problem = work.at(Problem::warning(message), own.group.line).hint(format!("group: {wanted}"));
    let is_key = own.group.line != own.line;
    Finding::new(problem, edit::set(work.workflow, own.group.line, wanted).filter(|_| is_key))
}

/// A run that waits must neither be cancelled nor cancel another.
fn waiting(work: &Work<'_>, own: &Concurrency) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(cancel) = own.cancel.as_ref().filter(|cancel| !cancel.is_false()) {
        let message = "a newer run ends the one that is publishing, wherever it is; with `queue: max` GitHub refuses the file";
        let problem = work.at(Problem::error(message), cancel.line).hint("cancel-in-progress: false");
        found.push(Finding::new(problem, edit::set(work.workflow, cancel.line, "false")));
    }
    match &own.queue {
        Some(queue) if queue.text == "max" => {}
        Some(queue) => {
            let problem = match queue.text.as_str() {
                "single" => Problem::warning(
                    "a newer run that waits cancels the one that waited: that release is lost",
                ),
                other => Problem::error(format!("`queue` knows `single` and `max`, not {}", name(other))),
            };
            let edit = edit::set(work.workflow, queue.line, "max");
            found.push(Finding::new(work.at(problem, queue.line).hint("queue: max"), edit));
        }
        None => {
            let message = "without `queue: max` a newer run that waits cancels the one that waited: that release is lost";
            let problem =
                work.at(Problem::warning(message), own.line).hint("add `queue: max` to `concurrency:`");
            found.push(Finding::new(problem, queueing(work.workflow, own)));
        }
    }
    found
}

fn queueing(workflow: &Workflow, own: &Concurrency) -> Option<Edit> {
    if own.group.line == own.line {
        let indent = workflow.indent(own.line);
        let lines =
            ["concurrency:".to_owned(), format!("  group: {}", own.group.text), "  queue: max".to_owned()];
        let is_plain = workflow.line(own.line).trim() == format!("concurrency: {}", own.group.text);
        let lines = lines.iter().map(|line| format!("{indent}{line}")).collect();
        return is_plain.then(|| edit::replace(workflow, own.line, lines));
    }
    let cancel = own.cancel.as_ref().map(|cancel| (cancel.line, "cancel-in-progress"));
    let (line, key) = cancel.unwrap_or((own.group.line, "group"));
    edit::after(workflow, line, key, &["queue: max"])
}

/// A group of the whole workflow is held by its other jobs too.
fn holds_up(work: &Work<'_>) -> Option<Problem> {
    let own = work.workflow.concurrency.as_ref().filter(|_| work.job.concurrency.is_none())?;
    let others = work.workflow.triggers.iter().find(|trigger| trigger.event.text == "pull_request")?;
    let message = format!(
        "the group is that of the workflow, so that every {} waits for releases, and they for it",
        name(&others.event.text)
    );
    let problem = work.at(Problem::warning(message), own.line);
    Some(
        problem.hint(format!(
            "move `concurrency:` into the jobs that publish, as into {}",
            name(&work.job.id.text)
        )),
    )
}
