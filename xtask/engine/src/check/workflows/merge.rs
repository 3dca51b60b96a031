//! Releases on merge: a job that runs for the default branch and releases what is new there, without a tag.

use super::{Around, Work, edit, starts};
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::target::Target;
use crate::base::text::name;
use crate::check::edit::Finding;
use crate::ci::run::Task;
use crate::ci::workflow::condition::Start;
use crate::ci::workflow::{Trigger, Workflow, filter};
use crate::release::unreleased::tag_of;

/// Whether a job releases what is new on the default branch.
pub fn releases_on_merge(config: &Config, around: Around<'_>, work: &Work<'_>) -> bool {
    names_no_tag(config, work)
        && work.workflow.triggers.iter().any(|trigger| is_for_default_branch(around, trigger))
        && starts::may_run_for(work, start(around, "push", &default_branch(around)))
}

/// A job that releases on merge, and runs for what is not on the default branch, too.
pub fn runs_elsewhere(around: Around<'_>, work: &Work<'_>) -> Option<Finding> {
    let triggers = &work.workflow.triggers;
    let runs = |event, reference: &str| starts::runs_for(work, start(around, event, reference));
    let for_pull_requests = triggers
        .iter()
        .find(|trigger| trigger.event.text == "pull_request" && runs("pull_request", "refs/pull/1/merge"));
    let push = triggers.iter().find(|trigger| trigger.event.text == "push");
    let branch = push.and_then(|push| other_branch(around, push));
    let branch = branch.filter(|branch| runs("push", &format!("refs/heads/{branch}")));
    let what = match (for_pull_requests, branch) {
        (Some(_), _) => "for pull requests".to_owned(),
        (None, Some(branch)) => format!("for branches such as {}", name(&branch)),
        (None, None) => return None,
    };
    let job = name(&work.job.id.text);
    let message =
        format!("job {job} releases what is new on the default branch, and runs {what} too: it fails there");
    let condition = condition(around);
    let (line, edit) = match &work.job.condition {
        Some(old) => (old.line, None),
        None => (work.job.id.line, edit::into_job(work.workflow, work.job, &[&condition])),
    };
    let problem = work.at(Problem::error(message), line).hint(format!("give the job `{condition}`"));
    Some(Finding::new(problem, edit))
}

/// What a job that releases on merge has as its condition.
pub fn condition(around: Around<'_>) -> String {
    format!("if: github.ref == '{}'", default_branch(around))
}

/// A job that could release on merge, and that neither the default branch nor a tag starts.
pub fn runs_for_nothing(config: &Config, around: Around<'_>, work: &Work<'_>) -> Option<Finding> {
    let triggers = &work.workflow.triggers;
    if !names_no_tag(config, work) || triggers.iter().any(Trigger::is_for_tags) {
        return None;
    }
    let branch = around.default_branch();
    let message = format!(
        "job {} releases, and runs neither for the default branch {} nor for a tag",
        name(&work.job.id.text),
        name(branch)
    );
    let line = triggers.first().map_or(1, |trigger| trigger.event.line);
    let filters = starts::filters(config, around);
    let hint = format!(
        "to release on merge write `branches: [{branch}]` below `push:`; to release by tags `{filters}`"
    );
    Some(work.at(Problem::error(message), line).hint(hint).into())
}

/// Whether a job publishes a release without a tag on its command line, where Chart.yaml says the versions.
fn names_no_tag(config: &Config, work: &Work<'_>) -> bool {
    let is_without_tag = |task: &Task| matches!(task, Task::Release { tag: false, from: None, .. });
    !config.stamps() && work.tasks().any(|task| is_without_tag(task) && !task.publishes().is_empty())
}

/// A filter by paths keeps the push away that would finish what a killed run has begun.
pub fn path_filters(config: &Config, around: Around<'_>, work: &Work<'_>) -> Option<Problem> {
    if !releases_on_merge(config, around, work) {
        return None;
    }
    let push = work.workflow.triggers.iter().find(|trigger| trigger.event.text == "push")?;
    let (filter, line) = ["paths", "paths-ignore"]
        .into_iter()
        .find_map(|filter| Some((filter, push.patterns(filter).first()?.line)))?;
    let message = format!(
        "{} keeps pushes from job {}, which would finish a release that was cut off",
        name(filter),
        name(&work.job.id.text)
    );
    let hint = format!("delete {}: a run with nothing to do ends in seconds", name(filter));
    Some(work.at(Problem::warning(message), line).hint(hint))
}

/// Workflows that wait for tags or releases which a job makes with the token of its run: those start nothing
/// (docs.github.com, "Triggering a workflow from a workflow").
pub fn never_started(
    config: &Config,
    around: Around<'_>,
    workflows: &[Workflow],
    ours: &[Work<'_>],
) -> Vec<Problem> {
    let mut makers =
        ours.iter().filter(|work| releases_on_merge(config, around, work) && has_own_token(work));
    let Some(maker) = makers.next() else { return Vec::new() };
    let releases = |workflow: &Workflow| {
        ours.iter().any(|work| std::ptr::eq(work.workflow, workflow) && work.releases())
    };
    let count = around.charts.len();
    let tags: Vec<String> = around.charts.iter().map(|chart| tag_of(config, chart, count)).collect();
    let problem = |workflow: &Workflow, trigger: &Trigger| {
        let event = trigger.event.text.as_str();
        let waits = match event {
            "push" => {
                let is_made = |tag: &String| !trigger.patterns("tags").is_empty() && trigger.is_for(tag);
                // Other tags are pushed by people, and what releases by a tag has nothing left to do.
                !releases(workflow) && tags.iter().any(is_made)
            }
            // Tags that say that they are of a chart stand beside those of an application, whose releases others wait for.
            "release" => config.publishes_to(Target::Github) && !is_beside_application(config),
            "create" => true,
            _ => false,
        };
        let made = if event == "release" { "releases" } else { "tags" };
        let message = format!(
            "{} never starts this workflow for the {made} that job {} of {} makes: GitHub starts no workflow for what a run does with its own GITHUB_TOKEN",
            name(event),
            name(&maker.job.id.text),
            name(&maker.workflow.file)
        );
        let hint = format!(
            "make it a job there that `needs: {}`; or give that job the token of a GitHub App as GITHUB_TOKEN",
            maker.job.id.text
        );
        waits.then(|| Problem::warning(message).at(&workflow.file, Some(trigger.event.line)).hint(hint))
    };
    let all = workflows.iter().flat_map(|one| one.triggers.iter().map(move |trigger| (one, trigger)));
    all.filter_map(|(workflow, trigger)| problem(workflow, trigger)).collect()
}

/// Whether every tag of a chart says that it is one.
fn is_beside_application(config: &Config) -> bool {
    config.tags.0.iter().all(|pattern| pattern.contains("chart") || pattern.contains("helm"))
}

/// Whether the steps of a job that publish have the token that GitHub gives to each run.
fn has_own_token(work: &Work<'_>) -> bool {
    let mut tokens = work.publishing_steps().map(|step| work.workflow.env(work.job, step, "GITHUB_TOKEN"));
    tokens.any(|token| {
        let plain: String = token.unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
        plain.is_empty() || plain.contains("{{github.token}}") || plain.contains("secrets.GITHUB_TOKEN")
    })
}

fn start<'t>(around: Around<'t>, event: &'t str, reference: &'t str) -> Start<'t> {
    Start { event, reference, default_branch: around.default_branch() }
}

fn default_branch(around: Around<'_>) -> String {
    format!("refs/heads/{}", around.default_branch())
}

fn is_for_default_branch(around: Around<'_>, trigger: &Trigger) -> bool {
    trigger.event.text == "push" && trigger.is_for_others() && trigger.takes_branch(around.default_branch())
}

/// Another branch whose pushes start a workflow; `None` if there is none.
fn other_branch(around: Around<'_>, push: &Trigger) -> Option<String> {
    let default = around.default_branch();
    let patterns = push.patterns("branches");
    if patterns.is_empty() {
        return push.is_for_others().then(|| "topic".to_owned());
    }
    let others = patterns.iter().filter(|pattern| !pattern.text.starts_with('!') && pattern.text != default);
    others.map(|pattern| pattern.text.replace('*', "x")).find(|branch| {
        filter::takes(patterns.iter().map(|pattern| pattern.text.as_str()), branch) == Some(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::tag::ChartVersion;
    use crate::check::fix::make_edits;
    use crate::check::workflows::check_workflows;
    use crate::check::workflows::tests::{AROUND, parse};
    use crate::ci::workflow::read_workflow;

    const MERGE: &str = "name: charts
on:
  push:
    branches: [main]
  pull_request:
permissions: {}
jobs:
  check:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - run: cargo xtask ci
  release:
    if: github.ref == 'refs/heads/main'
    needs: check
    runs-on: ubuntu-latest
    permissions:
      contents: write
      packages: write
    concurrency:
      group: deploy-gh-pages
      cancel-in-progress: false
      queue: max
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - run: cargo xtask release --publish
        env:
          GITHUB_TOKEN: ${{ github.token }}
";
    const OTHER: &str = "name: other\non:\n  release:\n    types: [published]\n  push:\n    tags: [\"web-*\"]\njobs:\n  x:\n    runs-on: x\n    steps:\n      - run: make\n";

    fn find(config: &Config, texts: &[&str]) -> Vec<Finding> {
        let chart = |name: &str| ChartVersion {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            ..ChartVersion::default()
        };
        let charts = [chart("db"), chart("web")];
        let around = Around { charts: &charts, default_branch: Some("main"), ..AROUND };
        let read = |(i, text): (usize, &&str)| read_workflow(text, &format!("{i}.yml")).expect("a workflow");
        let workflows: Vec<Workflow> = texts.iter().enumerate().map(read).collect();
        check_workflows(config, around, &workflows, &parse)
    }

    #[test]
    fn a_release_on_merge() {
        let own = Config::new("o/shop");
        let no_condition = MERGE.replace("    if: github.ref == 'refs/heads/main'\n", "");
        let branches =
            no_condition.replace("[main]", "[main, \"release-*\"]").replace("  pull_request:\n", "");
        for (text, expected) in [
            (MERGE.to_owned(), ""),
            (
                MERGE
                    .replace("    branches: [main]\n", "")
                    .replace("push:\n", "push:\n    branches: [main]\n    tags: [\"*-[0-9]*\"]\n")
                    .replace("if: github", "if: github.ref_type == 'tag' || github"),
                "",
            ),
            (
                no_condition.clone(),
                "0.yml:17: job `release` releases what is new on the default branch, and runs for pull requests too: it fails there",
            ),
            (
                branches,
                "0.yml:16: job `release` releases what is new on the default branch, and runs for branches such as `release-x` too: it fails there",
            ),
            (
                MERGE.replace("[main]\n", "[main]\n    paths: [charts/**]\n"),
                "0.yml:5: `paths` keeps pushes from job `release`, which would finish a release that was cut off",
            ),
            (
                MERGE.replace("[main]", "[other]").replace("refs/heads/main", "refs/heads/other"),
                "0.yml:4: `main` is the default branch, and no push to it starts this workflow",
            ),
            (
                MERGE.replace("--publish\n", "--publish=oci\n").replace("contents: write", "contents: read"),
                "0.yml:21: job `release` publishes without `contents: write`: GitHub refuses it with 403",
            ),
            (
                MERGE.replace("release --publish", "release --tag web-1.0.0 --publish"),
                "0.yml:3: job `release` releases, and no tag starts this workflow",
            ),
        ] {
            let found = find(&own, &[&text]);
            let shown: Vec<String> = found.iter().map(|one| one.problem.to_string()).collect();
            assert_eq!(shown.first().map_or("", String::as_str), expected, "{text}{shown:#?}");
            let edits: Vec<_> = found.iter().filter_map(|one| one.edit.as_ref()).collect();
            if expected.ends_with("pull requests too: it fails there") {
                assert_eq!(find(&own, &[&make_edits(&text, &edits).text]), []);
            }
        }
    }

    #[test]
    fn what_never_starts() {
        let own = Config::new("o/shop");
        let of_app = MERGE.replace("github.token", "steps.app.outputs.token");
        let stamp = own.clone().versions(crate::base::config::Versions::Stamp);
        let events = |config: &Config, texts: &[&str]| {
            let found = find(config, texts).into_iter();
            let starts = found.filter(|one| one.problem.message.contains("never starts this"));
            starts
                .map(|one| {
                    one.problem.to_string().split(" never").next().map(str::to_owned).unwrap_or_default()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(events(&own, &[MERGE, OTHER]), ["1.yml:3: `release`", "1.yml:5: `push`"]);
        assert_eq!(events(&own, &[MERGE, &OTHER.replace("web-*", "v*")]), ["1.yml:3: `release`"]);
        let beside = own.clone().tags(["{name}-chart-{version}"]);
        assert_eq!(events(&beside, &[MERGE, &OTHER.replace("web-*", "v*")]), [""; 0]);
        assert_eq!(events(&own, &[&of_app, OTHER]), [""; 0]);
        assert_eq!(events(&stamp, &[MERGE, OTHER]), [""; 0]);
        // What releases by a tag finds all done, where a tag of a person does not start it.
        let by_tag = MERGE
            .replace("    branches: [main]\n", "    tags: [\"*-[0-9]*\"]\n")
            .replace("refs/heads/main'", "refs/tags/web-1.0.0'");
        assert_eq!(events(&own, &[MERGE, &by_tag]), [""; 0]);
    }
}
