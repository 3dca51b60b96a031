//! Who else publishes the same things, and what nobody runs.

use super::publishers::{Publisher, publishers};
use super::{Around, Work, starts};
use crate::base::config::Config;
use crate::base::problem::{Problem, docs_page};
use crate::base::target::Target;
use crate::base::text::name;
use crate::ci::run::Task;
use crate::ci::workflow::condition::{self, Start};
use crate::ci::workflow::{DIRECTORY, Trigger, Workflow};

pub fn find_drift(ours: &[Work<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let is_ci = |task: &Result<Task, String>| task.as_ref().map_or(true, |task| *task == Task::Ci);
    if !ours.iter().flat_map(Work::commands).any(|command| is_ci(&command.task)) {
        let problem = Problem::warning("no workflow runs `cargo xtask ci`: nobody looks at what is pushed");
        problems.push(
            problem
                .at(DIRECTORY, None)
                .hint(format!("add a job with `- run: cargo xtask ci`, as {} shows it", docs_page("ci"))),
        );
    }
    if !ours.iter().any(Work::releases) {
        let problem =
            Problem::note("no workflow runs `cargo xtask release --publish`: a tag releases nothing");
        problems.push(problem.at(DIRECTORY, None).hint(format!(
            "add the jobs of {}, or to release on merge those of {}",
            docs_page("ci"),
            docs_page("several-charts")
        )));
    }
    problems
}

/// Steps, in whatever workflow, that publish what we publish.
pub fn find_other_publishers(
    config: &Config,
    around: Around<'_>,
    workflows: &[Workflow],
    ours: &[Work<'_>],
) -> Vec<Problem> {
    let published: Vec<Target> = ours.iter().flat_map(Work::publishes).collect();
    let tags = starts::heard_tags(config, around, ours);
    let problem = |publisher: Publisher<'_>| {
        let target = *publisher.targets.iter().find(|target| published.contains(target))?;
        let is_ours = publisher.is_of_charts() || tags.iter().any(|tag| may_release(&publisher, tag));
        if publisher.is_elsewhere || target == Target::Github && !is_ours {
            return None;
        }
        let place = match target {
            Target::Oci => format!("`{}`", config.oci),
            Target::Pages => format!("the site of `{}`", config.branch),
            Target::Github => "GitHub Releases".to_owned(),
        };
        let message = format!("{} publishes to {place} as well as `cargo xtask`", name(&publisher.what));
        let hint = match target {
            Target::Oci => "delete the step: a published version must have one digest",
            Target::Pages => {
                "delete the step; or keep it to a directory of `reserved` in the config, in the same `concurrency` group"
            }
            Target::Github => "delete the step; what else belongs to the release is added to the draft",
        };
        Some(Problem::warning(message).at(&publisher.workflow.file, Some(publisher.line)).hint(hint))
    };
    publishers(config, workflows).into_iter().filter_map(problem).collect()
}

/// Whether a step that makes releases, of an application perhaps, may make that of this tag: the one that starts it, or one
/// that it makes itself, which are `v1.2.3` by all such programs.
fn may_release(publisher: &Publisher<'_>, tag: &str) -> bool {
    let workflow = publisher.workflow;
    let is_by_tag = |trigger: &Trigger| {
        let is_push = trigger.event.text == "push" && !trigger.patterns("tags").is_empty();
        is_push || trigger.event.text == "release"
    };
    if !workflow.triggers.iter().any(is_by_tag) {
        return tag.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    }
    let reference = format!("refs/tags/{tag}");
    // What waits for a release adds to it, and that of a chart is none of its own.
    starts::starts(workflow, tag).into_iter().filter(|event| *event != "release").any(|event| {
        let start = Start { event, reference: &reference, default_branch: "main" };
        !condition::skipped(workflow, start).contains(&publisher.job)
    })
}
