//! Reads a workflow file. Only what cannot be read at all is a problem: GitHub says what else it does not take.

use super::{Access, Concurrency, Fields, Job, Permissions, Step, Trigger, Workflow, Written};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::yaml::{self, Document, Node, Pair, Value};

/// Reads a file, which lies at `file` from the root of the repository.
pub fn read_workflow(text: &str, file: &str) -> Result<Workflow, Problem> {
    let document = yaml::read(text.as_bytes()).map_err(|error| {
        let problem = Problem::error(format!("cannot read it: {}", error.message)).at(file, error.line);
        problem.hint("mend the YAML: GitHub runs no workflow of a file that it cannot read")
    })?;
    if let Some((why, line, hint)) = refusal(&document) {
        let problem = Problem::error(format!("GitHub runs nothing of this file: {why}"));
        return Err(problem.at(file, line).hint(hint));
    }
    let root = &document.root;
    let directory = default_directory(root);
    let job = |pair: &Pair| job(pair, directory.as_ref());
    Ok(Workflow {
        file: file.to_owned(),
        is_action: false,
        lines: text.lines().map(str::to_owned).collect(),
        triggers: root.get("on").map(triggers).unwrap_or_default(),
        permissions: root.get("permissions").map(permissions),
        concurrency: root.get("concurrency").map(concurrency),
        env: root.get("env").map(fields).unwrap_or_default(),
        jobs: root.get("jobs").map(|jobs| jobs.value.pairs().iter().map(job).collect()).unwrap_or_default(),
    })
}

/// Reads a composite action as a workflow with one job, `runs`; `None` for an action of another kind, and for what GitHub
/// cannot read either.
pub fn read_action(text: &str, file: &str) -> Option<Workflow> {
    let document = yaml::read(text.as_bytes()).ok()?;
    let runs = document.root.get("runs")?;
    runs.value.get("steps")?;
    Some(Workflow {
        file: file.to_owned(),
        is_action: true,
        lines: text.lines().map(str::to_owned).collect(),
        triggers: Vec::new(),
        permissions: None,
        concurrency: None,
        env: Vec::new(),
        jobs: vec![job(runs, None)],
    })
}

/// Why GitHub takes a file for no workflow, where, and the way out.
fn refusal(document: &Document) -> Option<(String, Option<usize>, &'static str)> {
    if let Some((key, line)) = document.repeated.first() {
        return Some((format!("{} is given twice", name(key)), Some(*line), "delete one of them"));
    }
    if let Some(line) = document.merged {
        let why = "it has a merge key, `<<`, and GitHub knows anchors and aliases alone".to_owned();
        return Some((why, Some(line), "write out what it stands for"));
    }
    let has_jobs = document.root.get("jobs").is_some_and(|jobs| !jobs.value.pairs().is_empty());
    (!has_jobs).then(|| ("it has no `jobs:`".to_owned(), None, "write one, or delete the file"))
}

fn written(pair: &Pair) -> Option<Written> {
    Some(Written { line: pair.line, text: pair.value.text()?.to_owned() })
}

fn field(node: &Node, key: &str) -> Option<Written> {
    node.get(key).and_then(written)
}

/// The scalars of a mapping; what is neither is passed over.
fn fields(pair: &Pair) -> Fields {
    let field = |pair: &Pair| Some((pair.key.written.clone(), written(pair)?));
    pair.value.pairs().iter().filter_map(field).collect()
}

fn texts(node: &Node) -> Vec<Written> {
    let text = |node: &Node| Some(Written { line: node.line, text: node.text()?.to_owned() });
    match &node.value {
        Value::Sequence(items) => items.iter().filter_map(text).collect(),
        _ => text(node).into_iter().collect(),
    }
}

fn triggers(pair: &Pair) -> Vec<Trigger> {
    let bare = |event| Trigger { event, filters: Vec::new() };
    let Value::Mapping(events) = &pair.value.value else {
        return texts(&pair.value).into_iter().map(bare).collect();
    };
    let filter = |filter: &Pair| (filter.key.written.clone(), texts(&filter.value));
    let event = |event: &Pair| Trigger {
        event: Written { line: event.line, text: event.key.written.clone() },
        filters: event.value.pairs().iter().map(filter).collect(),
    };
    events.iter().map(event).collect()
}

fn permissions(pair: &Pair) -> Permissions {
    let all = pair.value.text().map_or(Access::None, |text| access(text.trim_end_matches("-all")));
    let scope = |scope: &Pair| {
        (scope.key.written.clone(), scope.value.text().map_or(Access::None, access), scope.line)
    };
    Permissions { line: pair.line, all, scopes: pair.value.pairs().iter().map(scope).collect() }
}

fn access(text: &str) -> Access {
    match text {
        "write" => Access::Write,
        "read" => Access::Read,
        _ => Access::None,
    }
}

fn concurrency(pair: &Pair) -> Concurrency {
    let none = Written { line: pair.line, text: String::new() };
    let group = written(pair).or_else(|| field(&pair.value, "group")).unwrap_or(none);
    Concurrency {
        line: pair.line,
        group,
        cancel: field(&pair.value, "cancel-in-progress"),
        queue: field(&pair.value, "queue"),
    }
}

/// `defaults.run.working-directory`.
fn default_directory(node: &Node) -> Option<Written> {
    field(&node.get("defaults")?.value.get("run")?.value, "working-directory")
}

fn job(pair: &Pair, directory: Option<&Written>) -> Job {
    let node = &pair.value;
    let steps = node.get("steps");
    let own = default_directory(node);
    let directory = own.as_ref().or(directory);
    let step = |node: &Node| {
        let step = step(node);
        Step { directory: step.directory.or_else(|| directory.cloned()), ..step }
    };
    Job {
        id: Written { line: pair.line, text: pair.key.written.clone() },
        needs: node.get("needs").map(|needs| texts(&needs.value)).unwrap_or_default(),
        condition: field(node, "if"),
        runs_on: field(node, "runs-on"),
        has_container: node.get("container").is_some(),
        permissions: node.get("permissions").map(permissions),
        concurrency: node.get("concurrency").map(concurrency),
        env: node.get("env").map(fields).unwrap_or_default(),
        uses: field(node, "uses"),
        goes_on: field(node, "continue-on-error"),
        steps_line: steps.map(|steps| steps.line),
        steps: steps.map(|steps| steps.value.items().iter().map(step).collect()).unwrap_or_default(),
    }
}

fn step(node: &Node) -> Step {
    Step {
        line: node.line,
        uses: field(node, "uses"),
        with: node.get("with").map(fields).unwrap_or_default(),
        run: field(node, "run"),
        condition: field(node, "if"),
        env: node.get("env").map(fields).unwrap_or_default(),
        directory: field(node, "working-directory"),
        goes_on: field(node, "continue-on-error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
on:
  push:
    branches: [main]
    tags: ['v*']
  pull_request:
permissions:
  contents: write
concurrency: all
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - run: cargo xtask ci
  release:
    needs: [check]
    if: startsWith(github.ref, 'refs/tags/v')
    permissions: read-all
    concurrency: {group: deploy-gh-pages, cancel-in-progress: false, queue: max}
    steps:
      - uses: actions/checkout@0123 # v7.0.1
        with:
          persist-credentials: false
      - run: |
          cargo xtask release --publish
        env: {GITHUB_TOKEN: '${{ github.token }}'}
  after:
    needs: release
    uses: ./.github/workflows/other.yml
";

    #[test]
    fn what_decides_is_read() {
        let workflow = read_workflow(TEXT, "ci.yml").expect("a workflow");
        let events: Vec<_> =
            workflow.triggers.iter().map(|one| (one.is_for_tags(), one.is_for_others())).collect();
        assert_eq!(events, [(true, true), (false, true)]);
        assert_eq!(workflow.concurrency.as_ref().map(|one| one.group.text.as_str()), Some("all"));
        let [check, release, after] = workflow.jobs.as_slice() else { panic!("{:?}", workflow.jobs) };
        assert_eq!((check.id.line, check.steps_line), (10, Some(12)));
        let may = |job, scope| workflow.permissions_of(job).map(|one| one.access(scope));
        assert_eq!(may(check, "contents"), Some(Access::Write));
        assert_eq!(may(check, "packages"), Some(Access::None));
        assert_eq!(may(release, "packages"), Some(Access::Read));
        assert!(workflow.waits_for(after, "check") && !workflow.waits_for(check, "after"));
        let concurrency = release.concurrency.as_ref().expect("a group");
        let text = |field: &Option<Written>| field.as_ref().map(|field| field.text.clone());
        assert_eq!(
            (text(&concurrency.cancel), text(&concurrency.queue)),
            (Some("false".into()), Some("max".into()))
        );
        let [checkout, publish] = release.steps.as_slice() else { panic!("{:?}", release.steps) };
        assert_eq!(checkout.action(), Some(("actions/checkout", "0123")));
        assert_eq!(workflow.comment(checkout.line), Some("v7.0.1"));
        assert_eq!(
            checkout.with("persist-credentials").map(|one| (one.line, one.text.as_str())),
            Some((22, "false"))
        );
        assert_eq!(
            publish.run.as_ref().map(|run| run.text.as_str()),
            Some("cargo xtask release --publish\n")
        );
        assert!(
            workflow.has_env(release, publish, "GITHUB_TOKEN") && !workflow.has_env(check, publish, "HOME")
        );
    }

    #[test]
    fn events_are_for_tags_or_for_others() {
        for (on, tags, others) in [
            ("push", true, true),
            ("[push, pull_request]", true, true),
            ("{push: {tags: [v*]}}", true, false),
            ("{push: {branches: [main]}}", false, true),
            ("{push: {tags-ignore: [x], branches-ignore: [y]}}", true, true),
            ("{push: {paths: [charts/**]}}", true, true),
            ("release", true, false),
            ("workflow_dispatch", true, false),
            ("{schedule: [{cron: '0 0 * * *'}]}", false, true),
        ] {
            let workflow =
                read_workflow(&format!("on: {on}\njobs: {{a: {{}}}}\n"), "a.yml").expect("a workflow");
            let any = |is: fn(&Trigger) -> bool| workflow.triggers.iter().any(is);
            assert_eq!((any(Trigger::is_for_tags), any(Trigger::is_for_others)), (tags, others), "{on}");
        }
    }

    #[test]
    fn what_is_no_workflow_has_a_place() {
        let problem = read_workflow("on: push\njobs: [\n", "a.yml").expect_err("a problem");
        assert!(problem.place.is_some_and(|place| place.line.is_some()));
        for (text, expected) in [
            ("- 1\n", "a.yml: GitHub runs nothing of this file: it has no `jobs:`"),
            ("", "a.yml: GitHub runs nothing of this file: it has no `jobs:`"),
            (
                "on: push\njobs:\n  a: &a {}\n  b:\n    <<: *a\n",
                "a.yml:5: GitHub runs nothing of this file: it has a merge key, `<<`, and GitHub knows anchors and aliases alone",
            ),
            (
                "on: push\njobs:\n  a: {}\n  a: {}\n",
                "a.yml:4: GitHub runs nothing of this file: `a` is given twice",
            ),
        ] {
            assert_eq!(read_workflow(text, "a.yml").expect_err("a problem").to_string(), expected);
        }
    }
}
