//! Workflows that start for nothing, or never: what is silent for ever is hard to miss.

use super::{Around, Work};
use crate::base::config::{Config, Versions};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::ci::run::Task;
use crate::ci::workflow::{Workflow, Written};

const ONE: &str = "*-[0-9]*";

/// Charts whose versions are their own are released one by one, by tags that begin with their names.
pub fn of_single_charts(config: &Config, around: Around<'_>, work: &Work<'_>) -> Option<Problem> {
    let has_own = around.charts.windows(2).any(|pair| matches!(pair, [(_, a), (_, b)] if a != b));
    if config.versions != Versions::Verify || !has_own || !work.releases() {
        return None;
    }
    let (chart, version) = around.charts.first()?;
    let tag = name(&format!("{chart}-{version}"));
    let tags = work.workflow.triggers.iter().flat_map(|trigger| trigger.patterns("tags"));
    let mut patterns = tags.peekable();
    let first = patterns.peek().copied();
    if let Some(first) = first.filter(|_| patterns.all(is_of_all)) {
        let message =
            format!("charts have versions of their own, and no tag such as {tag} starts this workflow");
        return Some(work.at(Problem::error(message), first.line).hint(format!("tags: [\"{ONE}\"]")));
    }
    let condition =
        work.job.condition.as_ref().filter(|condition| condition.text.contains("'refs/tags/v'"))?;
    let message =
        format!("charts have versions of their own, and a tag such as {tag} does not start this job");
    Some(work.at(Problem::error(message), condition.line).hint("if: startsWith(github.ref, 'refs/tags/')"))
}

/// Whether a pattern is for tags such as `v1.2.3` alone.
fn is_of_all(pattern: &Written) -> bool {
    let after = pattern.text.strip_prefix('v').and_then(|rest| rest.chars().next());
    after.is_some_and(|after| !after.is_alphabetic())
}

/// A workflow that names branches and not the default one looks at nothing that is merged.
pub fn default_branch(around: Around<'_>, workflow: &Workflow) -> Option<Problem> {
    let default = around.default_branch?;
    let push = workflow.triggers.iter().find(|trigger| trigger.event.text == "push")?;
    let patterns = push.patterns("branches");
    let is_plain = |pattern: &Written| !pattern.text.contains(['*', '?', '+', '[', '!']);
    if !patterns.iter().all(|pattern| is_plain(pattern) && pattern.text != default) {
        return None;
    }
    let first = patterns.first()?;
    let message = format!("{} is the default branch, and no push to it starts this workflow", name(default));
    let problem = Problem::warning(message).at(&workflow.file, Some(first.line));
    Some(problem.hint(format!("branches: [{default}]")))
}

/// Documentation that is not there cannot be published.
pub fn without_docs(around: Around<'_>, work: &Work<'_>) -> Option<Problem> {
    let is_alone = |task: &Task| matches!(task, Task::Pages { publish: true, docs: true });
    if around.has_docs || !work.tasks().any(is_alone) {
        return None;
    }
    let message = format!("job {} publishes documentation, and there is none", name(&work.job.id.text));
    let hint = format!("write mkdocs.yml and docs/index.md, or delete the job: {}", work.workflow.file);
    Some(work.at(Problem::error(message), work.job.id.line).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SHOP;
    use crate::check::workflows::check_workflows;
    use crate::check::workflows::tests::{AROUND, GOOD, parse};
    use crate::ci::workflow::read_workflow;

    #[test]
    fn what_starts_never_or_for_nothing() {
        let verify = SHOP.clone().versions(Versions::Verify);
        let charts = |versions: [&str; 2]| {
            let [a, b] = versions.map(str::to_owned);
            [("web".to_owned(), a), ("db".to_owned(), b)]
        };
        let (own, same) = (charts(["1.0.0", "2.0.0"]), charts(["1.0.0", "1.0.0"]));
        let (own, same) = (Around { charts: &own, ..AROUND }, Around { charts: &same, ..AROUND });
        let single = GOOD.replace("tags: [v*]", "tags: [\"*-[0-9]*\"]");
        let without = Around { has_docs: false, ..AROUND };
        let docs = GOOD.replace("cargo xtask ci", "cargo xtask pages --only docs --publish");
        let master = Around { default_branch: Some("master"), ..AROUND };
        for (config, around, text, expected) in [
            (
                &verify,
                own,
                GOOD,
                "ci.yml:5: charts have versions of their own, and no tag such as `web-1.0.0` starts this workflow",
            ),
            (
                &verify,
                own,
                &single,
                "ci.yml:21: charts have versions of their own, and a tag such as `web-1.0.0` does not start this job",
            ),
            (&verify, own, &single.replace("'refs/tags/v'", "'refs/tags/'"), ""),
            (&verify, same, GOOD, ""),
            (&SHOP, own, GOOD, ""),
            (
                &SHOP,
                master,
                GOOD,
                "ci.yml:4: `master` is the default branch, and no push to it starts this workflow",
            ),
            (&SHOP, master, &GOOD.replace("[main]", "[main, \"ma*\"]"), ""),
            (&SHOP, without, &docs, "ci.yml:11: job `check` publishes documentation, and there is none"),
            (&SHOP, without, GOOD, ""),
        ] {
            let found = check_workflows(
                config,
                around,
                &[read_workflow(text, "ci.yml").expect("a workflow")],
                &parse,
            );
            let found: Vec<String> = found.iter().map(|one| one.problem.to_string()).collect();
            let ours = ["versions of their own", "default branch", "there is none"];
            let found: Vec<_> =
                found.iter().filter(|one| ours.iter().any(|words| one.contains(words))).collect();
            assert_eq!(found.first().map_or("", |one| one.as_str()), expected);
        }
    }
}
