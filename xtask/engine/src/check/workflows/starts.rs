//! Workflows that start for nothing, or never: what is silent for ever is hard to miss.

use super::{Around, Work, edit, merge};
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::tag::{self, ChartVersion};
use crate::base::target::Target;
use crate::base::text::name;
use crate::check::edit::Finding;
use crate::ci::run::Task;
use crate::ci::workflow::condition::{self, Before, Holds, Start};
use crate::ci::workflow::{Job, Trigger, Workflow, Written};

/// Tags of one pattern that release, all charts or one.
struct Way {
    /// Some of them, the likeliest first.
    tags: Vec<String>,
    /// What takes all of them where GitHub filters tags.
    filter: String,
}

/// The releases that there are, each with the ways to tag it, of which one is enough: the one that this program names comes
/// first. Each chart has its own release where versions differ.
fn released(config: &Config, around: Around<'_>) -> Vec<Vec<Way>> {
    let (tags, charts) = (&config.tags, around.charts);
    let ways = |chart: &ChartVersion, is_wanted: &dyn Fn(&String) -> bool, first: Option<&String>| {
        let versions = samples(config, &chart.version);
        let way = |pattern: &String| {
            let tags = versions.iter().filter_map(|version| tag::write(pattern, &chart.name, version));
            Some(Way { tags: tags.collect(), filter: tag::filter(pattern, versions.first()?)? })
        };
        let others = tags.0.iter().filter(|pattern| is_wanted(pattern) && Some(*pattern) != first);
        first.into_iter().chain(others).filter_map(way).collect::<Vec<Way>>()
    };
    let have_own = charts.windows(2).any(|pair| matches!(pair, [a, b] if a.version != b.version));
    match (charts, tags.of_all()) {
        ([chart], of_all) => vec![ways(chart, &|_| true, of_all)],
        (_, Some(of_all)) if config.stamps() || !have_own => {
            let chart = charts.first().cloned().unwrap_or_default();
            vec![ways(&chart, &|pattern| !tag::is_for_one(pattern), Some(of_all))]
        }
        _ => {
            let of_chart = |chart| ways(chart, &|pattern| tag::is_for_one(pattern), tags.of_one());
            charts.iter().map(of_chart).collect()
        }
    }
}

/// Versions that may come. Where tags decide, the version in Chart.yaml is a placeholder, and nobody knows the next one.
fn samples(config: &Config, version: &str) -> Vec<String> {
    if config.stamps() || version.is_empty() {
        return [1].into_iter().chain(0..100).chain(2000..2100).map(|major| format!("{major}.2.3")).collect();
    }
    let stable = version.split(['-', '+']).next().unwrap_or(version).to_owned();
    let v = if version.starts_with('v') { "v" } else { "" };
    vec![stable, format!("{v}1.2.3"), format!("{v}0.1.2")]
}

/// What a job that releases has as its condition, so that the tags of the charts and nothing else let it run.
pub fn condition(config: &Config, around: Around<'_>, workflow: &Workflow) -> String {
    let released = released(config, around);
    let is_started = |way: &&Way| way.tags.iter().any(|tag| !starts(workflow, tag).is_empty());
    let heard = |ways: &'_ [Way]| {
        let mut heard: Vec<String> = ways.iter().filter(is_started).map(|way| way.filter.clone()).collect();
        heard.extend(ways.first().filter(|_| heard.is_empty()).map(|way| way.filter.clone()));
        heard
    };
    let filters: Vec<String> = released.iter().flat_map(|ways| heard(ways)).collect();
    let mut prefixes = filters.iter().filter_map(|filter| filter.split(['*', '[']).next());
    let common = |a: &'_ str, b: &'_ str| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let first = prefixes.next().unwrap_or_default();
    let length = prefixes.map(|other| common(first, other)).min().unwrap_or(first.len());
    format!("if: startsWith(github.ref, 'refs/tags/{}')", first.get(..length).unwrap_or_default())
}

/// What a workflow that releases filters tags by.
pub fn filters(config: &Config, around: Around<'_>) -> String {
    let released = released(config, around);
    let mut filters: Vec<String> =
        released.iter().filter_map(|ways| Some(quoted(&ways.first()?.filter))).collect();
    filters.dedup();
    format!("tags: [{}]", filters.join(", "))
}

/// A pattern as it is written in a list.
fn quoted(pattern: &str) -> String {
    let is_plain = pattern.starts_with(|c: char| c.is_ascii_alphanumeric()) && !pattern.contains('[');
    if is_plain { pattern.to_owned() } else { format!("\"{pattern}\"") }
}

/// Tags that release charts and start nothing that publishes them.
pub fn unheard_tags(config: &Config, around: Around<'_>, ours: &[Work<'_>]) -> Vec<Finding> {
    let released = released(config, around);
    let mut found: Vec<Finding> = Vec::new();
    // What is new on the default branch needs no tag.
    let merging: Vec<Target> = ours
        .iter()
        .filter(|work| merge::releases_on_merge(config, around, work))
        .flat_map(Work::publishes)
        .collect();
    for target in config.all_targets().into_iter().filter(|target| !merging.contains(target)) {
        let works: Vec<&Work<'_>> =
            ours.iter().filter(|work| work.releases() && work.publishes().contains(&target)).collect();
        let runs =
            |ways: &[Way], work: &Work<'_>| ways.iter().flat_map(|way| &way.tags).any(|tag| hears(work, tag));
        let unheard = released.iter().find(|ways| !works.iter().any(|work| runs(ways, work)));
        let Some((ways, work)) = unheard.zip(works.first()) else { continue };
        let not_run =
            works.iter().find_map(|work| not_run(work, ways, &condition(config, around, work.workflow)));
        let finding = not_run.or_else(|| not_started(work, ways.first()?));
        found.extend(finding.filter(|finding| !found.contains(finding)));
    }
    found
}

/// Tags for which GitHub Releases are made, the likeliest of each way.
pub fn heard_tags(config: &Config, around: Around<'_>, ours: &[Work<'_>]) -> Vec<String> {
    let makes = |work: &&Work<'_>| work.releases() && work.publishes().contains(&Target::Github);
    let is_heard = |tag: &&String, is_first: bool| {
        let mut works = ours.iter().filter(makes);
        works.any(|work| (is_first && merge::releases_on_merge(config, around, work)) || hears(work, tag))
    };
    let released = released(config, around);
    let ways = released.iter().flat_map(|ways| ways.iter().enumerate());
    let heard = ways.filter_map(|(at, way)| way.tags.iter().find(|tag| is_heard(tag, at == 0)));
    heard.cloned().collect()
}

/// Whether a tag lets a job run.
fn hears(work: &Work<'_>, tag: &str) -> bool {
    starts(work.workflow, tag).into_iter().any(|event| stopped_at(work, event, tag).is_none())
}

/// The events by which a tag starts a workflow, as far as anybody knows.
pub fn starts<'w>(workflow: &'w Workflow, tag: &str) -> Vec<&'w str> {
    let is_by_push =
        workflow.triggers.iter().any(|trigger| trigger.event.text == "push" && trigger.is_for_tags());
    let may_start = |trigger: &&Trigger| {
        // Where tags are pushed to start it, what a person starts by hand is something else.
        trigger.is_for(tag) && !(is_by_push && trigger.event.text == "workflow_dispatch")
    };
    workflow.triggers.iter().filter(may_start).map(|trigger| trigger.event.text.as_str()).collect()
}

/// The job whose condition lets no tag through: the one that releases, or one that it waits for.
fn stopped_at<'a>(work: &Work<'a>, event: &str, tag: &str) -> Option<(&'a Job, &'a Written)> {
    let reference = format!("refs/tags/{tag}");
    let start = Start { event, reference: &reference, default_branch: "main" };
    let skipped = condition::skipped(work.workflow, start);
    let jobs = std::iter::once(work.job).chain(work.workflow.before(work.job));
    let jobs = jobs.filter(|job| skipped.contains(&work.job) && skipped.contains(job));
    let mut conditions = jobs.filter_map(|job| Some((job, job.condition.as_ref()?)));
    conditions.find(|(_, own)| condition::holds(start, Before::Succeeded, &own.text) == Holds::No)
}

/// Whether a trigger that starts a job for something else than tags lets it run, as far as its condition can be read.
pub fn runs_for_others(around: Around<'_>, work: &Work<'_>, trigger: &Trigger) -> bool {
    let default = around.default_branch();
    let other = trigger.patterns("branches").first().filter(|_| !trigger.takes_branch(default));
    let branch = other.map_or(default, |pattern| &pattern.text);
    let event = trigger.event.text.as_str();
    let reference = match event {
        "pull_request" => "refs/pull/1/merge".to_owned(),
        _ => format!("refs/heads/{branch}"),
    };
    runs_for(work, Start { event, reference: &reference, default_branch: default })
}

/// Whether a job runs for this and publishes, as far as its condition can be read.
pub fn runs_for(work: &Work<'_>, start: Start<'_>) -> bool {
    let is_unknown = |job: &&Job| {
        let mut condition = job.condition.iter();
        condition.any(|own| condition::holds(start, Before::Succeeded, &own.text) == Holds::Unknown)
    };
    let mut jobs = std::iter::once(work.job).chain(work.workflow.before(work.job));
    !jobs.any(|job| is_unknown(&job)) && may_run_for(work, start)
}

/// The same, unless its condition surely does not hold.
pub fn may_run_for(work: &Work<'_>, start: Start<'_>) -> bool {
    let is_taken =
        |condition: &Written| condition::holds(start, Before::Succeeded, &condition.text) != Holds::No;
    work.publishing_steps().any(|step| step.condition.as_ref().is_none_or(is_taken))
        && !condition::skipped(work.workflow, start).contains(&work.job)
}

/// Whether a job that releases runs though one that it needs has failed.
pub fn runs_after_failure(config: &Config, around: Around<'_>, work: &Work<'_>) -> bool {
    let released = released(config, around);
    let mut tags = released.iter().flatten().flat_map(|way| &way.tags);
    let is_started = |tag: &&String| !starts(work.workflow, tag).is_empty();
    let reference = format!("refs/tags/{}", tags.find(is_started).map_or("v1.2.3", String::as_str));
    let start = Start { event: "push", reference: &reference, default_branch: "main" };
    let condition = work.job.condition.as_ref().map_or("", |condition| &condition.text);
    matches!(condition::holds(start, Before::Failed, condition), Holds::Yes | Holds::Perhaps)
}

/// `None` where no tag starts the workflow.
fn not_run(work: &Work<'_>, ways: &[Way], instead: &str) -> Option<Finding> {
    let mut started = ways
        .iter()
        .flat_map(|way| &way.tags)
        .flat_map(|tag| starts(work.workflow, tag).into_iter().map(move |event| (event, tag)));
    let (tag, (job, condition)) =
        started.find_map(|(event, tag)| Some((tag, stopped_at(work, event, tag)?)))?;
    let (tag, job) = (name(tag), name(&job.id.text));
    let message = format!("tags such as {tag} release charts, and job {job} does not run for them");
    Some(work.at(Problem::error(message), condition.line).hint(instead).into())
}

/// `None` where no tag at all starts the workflow, which is told besides.
fn not_started(work: &Work<'_>, released: &Way) -> Option<Finding> {
    let tag = released.tags.first()?;
    let message = format!("tags such as {} release charts, and do not start this workflow", name(tag));
    let at = |line| work.at(Problem::error(message.clone()), line);
    let push = work.workflow.triggers.iter().find(|trigger| trigger.event.text == "push")?;
    if let Some(ignored) = push.patterns("tags-ignore").first() {
        return Some(at(ignored.line).hint("take the pattern that matches it out of `tags-ignore`").into());
    }
    let patterns = push.patterns("tags");
    let written = patterns.iter().map(|pattern| quoted(&pattern.text)).chain([quoted(&released.filter)]);
    let hint = format!("tags: [{}]", written.collect::<Vec<_>>().join(", "));
    // Somebody who takes tags out has reasons.
    let is_plain = patterns.iter().all(|pattern| !pattern.text.starts_with('!'));
    let edit = is_plain.then(|| edit::append(work.workflow, patterns, &quoted(&released.filter))).flatten();
    Some(Finding::new(at(patterns.first()?.line).hint(hint), edit))
}

/// A workflow that names branches and not the default one looks at nothing that is merged.
pub fn default_branch(around: Around<'_>, workflow: &Workflow) -> Option<Problem> {
    let default = around.default_branch?;
    let push = workflow.triggers.iter().find(|trigger| trigger.event.text == "push")?;
    let first = push.patterns("branches").first().filter(|_| !push.takes_branch(default))?;
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
    use crate::base::config::{SHOP, Versions};
    use crate::base::tag::DEFAULT;
    use crate::check::fix::make_edits;
    use crate::check::workflows::check_workflows;
    use crate::check::workflows::tests::{AROUND, GOOD, parse};
    use crate::ci::workflow::read_workflow;

    fn chart(name: &str, version: &str, app_version: &str) -> ChartVersion {
        let [name, version, app_version] = [name, version, app_version].map(str::to_owned);
        ChartVersion { name, version, app_version }
    }

    #[test]
    fn what_starts_never_or_for_nothing() {
        let verify = SHOP.clone().versions(Versions::Verify);
        let charts = |versions: [&str; 2]| {
            let [a, b] = versions;
            [chart("web", a, ""), chart("db", b, "")]
        };
        let (own, same) = (charts(["1.0.0", "2.0.0"]), charts(["1.0.0", "1.0.0"]));
        let (own, same) = (Around { charts: &own, ..AROUND }, Around { charts: &same, ..AROUND });
        let single = GOOD.replace("tags: [v*]", "tags: [\"*-[0-9]*\"]");
        let beside = [chart("web", "3.13.1", "v1.27.3")];
        let beside = Around { charts: &beside, ..AROUND };
        let without = Around { has_docs: false, ..AROUND };
        let docs = GOOD.replace("cargo xtask ci", "cargo xtask pages --only docs --publish");
        let master = Around { default_branch: Some("master"), ..AROUND };
        for (config, around, text, expected) in [
            (
                &verify,
                own,
                GOOD,
                "ci.yml:5: tags such as `web-1.0.0` release charts, and do not start this workflow",
            ),
            (
                &verify,
                own,
                &single,
                "ci.yml:21: tags such as `web-1.0.0` release charts, and job `helm-release` does not run for them",
            ),
            (&verify, own, &single.replace("'refs/tags/v'", "'refs/tags/'"), ""),
            (&verify, same, GOOD, ""),
            (&verify, beside, GOOD, ""),
            (&verify, beside, &single.replace("'refs/tags/v'", "'refs/tags/web-'"), ""),
            (
                &verify,
                beside,
                &GOOD.replace("tags: [v*]", "tags: [x]"),
                "ci.yml:5: tags such as `v3.13.1` release charts, and do not start this workflow",
            ),
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
            let ours = ["release charts", "default branch", "there is none"];
            let found: Vec<_> =
                found.iter().filter(|one| ours.iter().any(|words| one.contains(words))).collect();
            assert_eq!(found.first().map_or("", |one| one.as_str()), expected);
        }
    }

    /// `tags:`, the condition, what is found with its hint, and the line that mends it.
    #[test]
    fn tags_that_start_nothing() {
        let started = |tag: &str, hint, mended| {
            (format!("5: tags such as `{tag}` release charts, and do not start this workflow"), hint, mended)
        };
        let run = |tag: &str, hint| {
            let job = "job `helm-release` does not run for them";
            (format!("21: tags such as `{tag}` release charts, and {job}"), hint, "")
        };
        let none = || (String::new(), "", "");
        let v = "startsWith(github.ref, 'refs/tags/v')";
        for (patterns, tags, condition, (expected, hint, mended)) in [
            (&["v{version}"][..], "[v*]", v, none()),
            (&["v{version}"], "['v[0-9]+.[0-9]+.[0-9]+']", v, none()),
            (&["v{version}"], "['**', '!helm-*']", v, none()),
            (&["v{version}"], "['v[0-9']", v, none()),
            (
                &["v{version}"],
                "[\"[0-9]+.[0-9]+.[0-9]+\"] # all",
                v,
                started(
                    "v1.2.3",
                    "tags: [\"[0-9]+.[0-9]+.[0-9]+\", v*]",
                    "    tags: [\"[0-9]+.[0-9]+.[0-9]+\", v*] # all",
                ),
            ),
            (&["v{version}"], "\n    - x\n    - y", v, started("v1.2.3", "tags: [x, y, v*]", "    - v*")),
            (&["v{version}"], "['v*', '!v*']", v, started("v1.2.3", "tags: [v*, \"!v*\", v*]", "")),
            // Nobody knows which version the next tag has.
            (&["v{version}"], "['v*', '!v1*', '!v0*']", v, none()),
            (&["v{version}"], "['v2*']", v, none()),
            (&["v{version}"], "['v20[0-9][0-9].*']", v, none()),
            (&["v{version}"], "['v[2-9]*']", "startsWith(github.ref, 'refs/tags/v2')", none()),
            // One chart is released by its own tag as by that for all.
            (&DEFAULT, "['web-[0-9]*']", "startsWith(github.ref, 'refs/tags/web-')", none()),
            (&DEFAULT, "['web-*']", v, run("web-1.2.3", "if: startsWith(github.ref, 'refs/tags/')")),
            (&DEFAULT, "['*']", "startsWith(github.ref, 'refs/tags/web-')", none()),
            (&["v{version}", "chart-{version}"], "['chart-*']", "github.ref_type == 'tag'", none()),
            (
                &["{version}"],
                "[v*]",
                "true",
                started("1.2.3", "tags: [v*, \"[0-9]*\"]", "    tags: [v*, \"[0-9]*\"]"),
            ),
            (&["{version}"], "['[0-9]*']", v, run("1.2.3", "if: startsWith(github.ref, 'refs/tags/')")),
            (
                &["helm-chart-{version}"],
                "['*']",
                v,
                run("helm-chart-1.2.3", "if: startsWith(github.ref, 'refs/tags/helm-chart-')"),
            ),
            (&["helm-chart-{version}"], "['*']", "github.ref_type == 'tag'", none()),
            (
                &["{name}/v{version}"],
                "['*']",
                "true",
                started("web/v1.2.3", "tags: [\"*\", \"*/v[0-9]*\"]", "    tags: ['*', \"*/v[0-9]*\"]"),
            ),
        ] {
            let config = SHOP.clone().tags(patterns.iter().copied());
            let charts = [chart("web", "0.0.0", "")];
            let around = Around { charts: &charts, ..AROUND };
            let text = GOOD.replace("tags: [v*]", &format!("tags: {tags}")).replace(v, condition);
            let find = |text: &str| {
                let workflow = read_workflow(text, "ci.yml").expect("a workflow");
                let found = check_workflows(&config, around, &[workflow], &parse);
                found
                    .into_iter()
                    .filter(|one| one.problem.message.contains("release charts"))
                    .collect::<Vec<_>>()
            };
            let found = find(&text);
            let shown = found.first().map_or_else(String::new, |one| one.problem.to_string());
            let shown = shown.strip_prefix("ci.yml:").unwrap_or(&shown);
            // A list in lines begins one line below its key, and moves the condition.
            let expected = if tags.contains('\n') { expected.replacen('5', "6", 1) } else { expected };
            assert_eq!(shown, expected, "{tags}");
            assert!(found.len() <= 1, "{found:?}");
            let given = found.first().and_then(|one| one.problem.hint.clone()).unwrap_or_default();
            assert_eq!(given, hint, "{tags}");
            let edit = found.first().and_then(|one| one.edit.as_ref());
            assert_eq!(edit.map_or("", |edit| &edit.insert[0]), mended, "{tags}");
            if let Some(edit) = edit {
                assert_eq!(find(&make_edits(&text, &[edit]).text), [], "{tags}");
            }
        }
    }

    #[test]
    fn other_ways_to_start() {
        let push = "  push:\n    branches: [main]\n    tags: [v*]\n  pull_request:\n";
        for (on, is_found) in [
            ("  push:\n    tags: [x]\n", true),
            ("  push:\n    tags: [x]\n  workflow_dispatch:\n", true),
            ("  push:\n    tags: [x]\n  release:\n", false),
            ("  push:\n    tags-ignore: [v*]\n", true),
            ("  push:\n    tags-ignore: [x]\n", false),
            ("  push:\n", false),
            ("  push:\n    branches: [main]\n  workflow_dispatch:\n", false),
            ("  workflow_call:\n", false),
        ] {
            let workflow = read_workflow(&GOOD.replace(push, on), "ci.yml").expect("a workflow");
            let found = check_workflows(&SHOP, AROUND, &[workflow], &parse);
            let is_ours = |one: &Finding| one.problem.message.contains("release charts");
            assert_eq!(found.iter().any(is_ours), is_found, "{on}: {found:?}");
        }
    }
}
