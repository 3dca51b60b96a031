//! Who else publishes the same things, and what nobody runs.

use super::Work;
use crate::base::config::Config;
use crate::base::problem::{Problem, docs_page};
use crate::base::target::Target;
use crate::base::text::name;
use crate::ci::run::Task;
use crate::ci::workflow::{DIRECTORY, Step, Workflow};

const ACTIONS: [(&str, &[Target]); 12] = [
    ("JamesIves/github-pages-deploy-action", &[Target::Pages]),
    ("appany/helm-oci-chart-releaser", &[Target::Oci]),
    ("crazy-max/ghaction-github-pages", &[Target::Pages]),
    ("helm/chart-releaser-action", &[Target::Pages, Target::Github]),
    ("marvinpinto/action-automatic-releases", &[Target::Github]),
    ("ncipollo/release-action", &[Target::Github]),
    ("peaceiris/actions-gh-pages", &[Target::Pages]),
    ("rossjrw/pr-preview-action", &[Target::Pages]),
    ("s0/git-publish-subdir-action", &[Target::Pages]),
    ("softprops/action-gh-release", &[Target::Github]),
    ("stefanprodan/helm-gh-pages", &[Target::Pages]),
    ("actions/deploy-pages", &[Target::Pages]),
];

const COMMANDS: [(&str, Target); 7] = [
    ("helm push", Target::Oci),
    ("gh release create", Target::Github),
    ("cr upload", Target::Github),
    ("cr index", Target::Pages),
    ("mkdocs gh-deploy", Target::Pages),
    ("mike deploy", Target::Pages),
    ("ghp-import", Target::Pages),
];

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
pub fn find_other_publishers(config: &Config, workflows: &[Workflow], ours: &[Work<'_>]) -> Vec<Problem> {
    let published: Vec<Target> = ours.iter().flat_map(Work::publishes).collect();
    let mut problems = Vec::new();
    for workflow in workflows {
        for step in workflow.jobs.iter().flat_map(|job| &job.steps) {
            let Some((what, line, targets)) = publishes(step) else { continue };
            let Some(target) = targets.iter().find(|target| published.contains(target)) else { continue };
            let place = match target {
                Target::Oci => format!("`{}`", config.oci),
                Target::Pages => format!("the site of `{}`", config.branch),
                Target::Github => "GitHub Releases".to_owned(),
            };
            let message = format!("{} publishes to {place} as well as `cargo xtask`", name(what));
            let hint = match target {
                Target::Oci => "delete the step: a published version must have one digest",
                Target::Pages => {
                    "delete the step; or keep it to a directory of `reserved` in the config, in the same `concurrency` group"
                }
                Target::Github => "delete the step; what else belongs to the release is added to the draft",
            };
            problems.push(Problem::warning(message).at(&workflow.file, Some(line)).hint(hint));
        }
    }
    problems
}

/// What a step publishes by other means.
fn publishes(step: &Step) -> Option<(&str, usize, Vec<Target>)> {
    if let (Some((action, _)), Some(uses)) = (step.action(), &step.uses) {
        let (_, targets) = ACTIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(action))?;
        return Some((action, uses.line, targets.to_vec()));
    }
    let run = step.run.as_ref()?;
    let (command, target) = COMMANDS.iter().find(|(command, _)| run.text.contains(command))?;
    Some((command, run.line, vec![*target]))
}
