//! Slips in the files of a chart that Helm passes over without a word, and users do not.

use super::Chart;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::{name, nearest};
use crate::base::yaml;
use crate::chart::ignore::{Ignored, Kind};
use crate::chart::source::Source;
use crate::chart::tgz::Entry;

/// The hooks that Helm runs (its `pkg/release`, `HookEvent`); `test-success` is an old name of `test`.
const HOOKS: [&str; 10] = [
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
    "test-success",
];
/// What a conflict leaves in a file, in this order.
const MARKERS: [&str; 3] = ["<<<<<<< ", "=======", ">>>>>>> "];

pub fn check_slips(chart: &Chart) -> Vec<Problem> {
    let Source { path, files, .. } = &chart.source;
    let mut problems = lost_to_patterns(&chart.source);
    problems.extend(closed_schema(&chart.source));
    for file in files.iter().filter(|file| !file.path.starts_with("charts/")) {
        let Ok(text) = str::from_utf8(&file.data) else { continue };
        let at = path::below(path, &file.path);
        problems.extend(conflict(file, text).map(|(line, problem)| problem.at(&at, Some(line))));
        if is_values(&file.path) {
            problems.extend(repeated(text, &at));
        }
        if file.path.starts_with("templates/") {
            problems.extend(hooks(text).map(|(line, problem)| problem.at(&at, Some(line))));
        }
    }
    problems
}

/// Whether a file of a chart holds values: its own, or those of a test.
pub fn is_values(path: &str) -> bool {
    path == "values.yaml" || path.starts_with("ci/") && path.ends_with("-values.yaml")
}

/// Keys of values that stand twice. Helm takes the last, and drops what is below the first.
pub fn repeated(text: &str, at: &str) -> Vec<Problem> {
    let repeated = yaml::read(text.as_bytes()).map(|document| document.repeated).unwrap_or_default();
    let problem = |(key, line): (String, usize)| {
        let message = format!(
            "{} is given twice: Helm takes this one and drops the other with all below it",
            name(&key)
        );
        Problem::warning(message).at(at, Some(line)).hint("join the two into one")
    };
    repeated.into_iter().map(problem).collect()
}

/// The line of the first conflict that nobody resolved. A document may be about conflicts.
fn conflict(file: &Entry, text: &str) -> Option<(usize, Problem)> {
    let mut lines = text.lines().enumerate();
    let mut next = |marker: &str| {
        lines.find(|(_, line)| {
            line.starts_with(marker) && (marker.ends_with(' ') || line.trim_end() == marker)
        })
    };
    let [open, parting, close] = MARKERS;
    let (line, _) = next(open)?;
    next(parting)?;
    next(close)?;
    let problem = Problem::error("a merge conflict is in this file, and nobody has resolved it");
    let is_document = file.path.ends_with(".md");
    let problem = if is_document { problem.only_warns() } else { problem };
    Some((
        line + 1,
        problem.hint("keep one of the two sides, or what is right of both, and delete the three markers"),
    ))
}

/// Hooks that Helm does not know. It says so for those who debug, and leaves the whole manifest out.
fn hooks(text: &str) -> impl Iterator<Item = (usize, Problem)> {
    let lines = text.lines().enumerate();
    lines.filter_map(|(i, line)| {
        let (key, value) = line.trim_start().split_once(':')?;
        let value = value.split(" #").next()?.trim().trim_matches(['"', '\'']);
        if key.trim_matches(['"', '\'']) != "helm.sh/hook" || value.is_empty() || value.contains("{{") {
            return None;
        }
        let words = value.split(',').map(|word| word.trim().to_lowercase());
        let unknown = words.into_iter().find(|word| !HOOKS.contains(&word.as_str()))?;
        let message =
            format!("Helm knows no hook {}: it leaves this manifest out without a word", name(&unknown));
        let hint = match nearest(&unknown, HOOKS.into_iter()) {
            _ if unknown == "crd-install" => "move it into crds/, which Helm installs first".to_owned(),
            Some(known) => format!("write `{known}`"),
            None => format!("write one of {}", HOOKS.map(name).join(", ")),
        };
        Some((i + 1, Problem::warning(message).hint(hint)))
    })
}

/// Files that a chart needs, and that a pattern of `.helmignore` for others drops. A rule with the name of a file means it.
fn lost_to_patterns(source: &Source) -> Vec<Problem> {
    let needed = |path: &str| {
        let is_template = [".yaml", ".yml", ".tpl", ".txt"].iter().any(|end| path.ends_with(end));
        path == "values.schema.json" || path.starts_with("templates/") && is_template
    };
    let lost =
        source.dropped.iter().filter(|one| one.kind == Kind::File && one.line > 0 && needed(&one.path));
    let problem = |one: &Ignored| {
        let rule = source.rules.text(one.line).filter(|rule| rule.contains(['*', '?', '[', '!']))?;
        let message = format!("the rule {} drops {} from the archive", name(rule), name(&one.path));
        let problem = Problem::warning(message).at(path::below(&source.path, ".helmignore"), Some(one.line));
        Some(problem.hint(format!("write a rule for the files that are meant, such as `{}`", narrower(rule))))
    };
    lost.filter_map(problem).collect()
}

/// A schema that lets no chart depend on this one: Helm hands `global` to every sub-chart, and `enabled` is what conditions ask
/// for.
fn closed_schema(source: &Source) -> Option<Problem> {
    let file = source.files.iter().find(|file| file.path == "values.schema.json")?;
    let schema: serde_json::Value = serde_json::from_slice(&file.data).ok()?;
    let is_closed = schema.get("additionalProperties")? == &serde_json::Value::Bool(false);
    let has = |key: &str| schema.get("properties").is_some_and(|all| all.get(key).is_some());
    if !is_closed || has("global") || schema.get("patternProperties").is_some() {
        return None;
    }
    let keys = if has("enabled") { "`global`" } else { "`global` and `enabled`" };
    let message = format!(
        "no chart can depend on this one: the schema refuses {keys}, which a sub-chart gets from its parent"
    );
    let hint = if has("enabled") {
        "add `\"global\": {}` to its `properties`"
    } else {
        "add `\"global\": {}` and `\"enabled\": {}` to its `properties`"
    };
    Some(Problem::note(message).at(path::below(&source.path, &file.path), None).hint(hint))
}

/// A pattern that fits at the top of the chart alone, or names a directory.
fn narrower(rule: &str) -> String {
    format!("/DIRECTORY/{}", rule.trim_start_matches(['/', '!']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::ignore::Rules;
    use crate::check::tests::{chart, told};

    const CHART: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");

    fn found(path: &str, text: &str) -> Vec<String> {
        told(check_slips(&chart(&[CHART, (path, text)])))
    }

    #[test]
    fn keys_that_stand_twice() {
        let expected = "a` is given twice: Helm takes this one and drops the other with all below it | join the two into one";
        for path in ["values.yaml", "ci/x-values.yaml"] {
            assert_eq!(
                found(path, "a: {b: 1}\nc: 2\na: {d: 1}\n"),
                [format!("warning c/{path}:3: `{expected}")]
            );
        }
        for (path, text) in [
            ("values.yaml", "a: 1\nb: {a: 1}\n"),
            ("values.yaml", "a: &a {b: 1}\nc: {<<: *a, b: 2}\n"),
            ("files/x.yaml", "a: 1\na: 2\n"),
        ] {
            assert_eq!(found(path, text), [""; 0], "{text}");
        }
    }

    #[test]
    fn conflicts() {
        let text = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> main\n";
        let told = "a merge conflict is in this file, and nobody has resolved it | keep one of the two sides, or what is right of both, and delete the three markers";
        for (path, severity) in
            [("templates/a.yaml", "error"), ("files/x.txt", "error"), ("README.md", "warning")]
        {
            assert_eq!(found(path, text), [format!("{severity} c/{path}:2: {told}")]);
        }
        for text in [
            "Title\n=======\n",
            " <<<<<<< x\n=======\n>>>>>>> x\n",
            "<<<<<<< x\n>>>>>>> x\n",
            "<<<<<<< a\n========\n>>>>>>> b\n",
        ] {
            assert_eq!(found("files/x.txt", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn hooks_that_helm_knows() {
        for (value, unknown, hint) in [
            ("post-instal", "post-instal", "write `post-install`"),
            ("\"post-install, pre-upgrad\"", "pre-upgrad", "write `pre-upgrade`"),
            ("'test-failure' # x", "test-failure", "write one of"),
            ("crd-install", "crd-install", "move it into crds/, which Helm installs first"),
        ] {
            let lines = found(
                "templates/a.yaml",
                &format!("metadata:\n  annotations:\n    \"helm.sh/hook\": {value}\n"),
            );
            let start = format!(
                "warning c/templates/a.yaml:3: Helm knows no hook `{unknown}`: it leaves this manifest out without a word | {hint}"
            );
            assert!(lines.len() == 1 && lines[0].starts_with(&start), "{lines:?}");
        }
        for line in [
            "helm.sh/hook: test",
            "helm.sh/hook: \"PRE-install,post-delete\"",
            "helm.sh/hook: {{ .x }}",
            "# helm.sh/hook: x",
            "helm.sh/hook-weight: \"x\"",
        ] {
            assert_eq!(found("templates/a.yaml", line), [""; 0], "{line}");
        }
    }

    #[test]
    fn schemas_let_parents_in() {
        let closed = |properties: &str| {
            format!("{{\"additionalProperties\": false, \"properties\": {{{properties}}}}}")
        };
        let start = "note c/values.schema.json: no chart can depend on this one: the schema refuses";
        for (properties, keys, hint) in [
            ("\"a\": {}", "`global` and `enabled`", "`\"global\": {}` and `\"enabled\": {}`"),
            ("\"enabled\": {}", "`global`", "`\"global\": {}`"),
        ] {
            let expected = format!(
                "{start} {keys}, which a sub-chart gets from its parent | add {hint} to its `properties`"
            );
            assert_eq!(found("values.schema.json", &closed(properties)), [expected]);
        }
        for schema in [closed("\"global\": {}"), "{}".to_owned(), "{\"additionalProperties\": {}}".to_owned()]
        {
            assert_eq!(found("values.schema.json", &schema), [""; 0], "{schema}");
        }
    }

    #[test]
    fn patterns_that_drop_too_much() {
        let found = |rules: &str, path: &str| {
            let mut chart = chart(&[CHART]);
            chart.source.rules = Rules::parse(rules).0;
            chart.source.dropped = vec![Ignored { path: path.to_owned(), kind: Kind::File, line: 1 }];
            told(check_slips(&chart))
        };
        for (rule, path, instead) in [
            ("*.json", "values.schema.json", "/DIRECTORY/*.json"),
            ("*.txt", "templates/NOTES.txt", "/DIRECTORY/*.txt"),
            ("_*", "templates/_helpers.tpl", "/DIRECTORY/_*"),
        ] {
            let expected = format!(
                "warning c/.helmignore:1: the rule `{rule}` drops `{path}` from the archive | write a rule for the files that are meant, such as `{instead}`"
            );
            assert_eq!(found(rule, path), [expected]);
        }
        for (rule, path) in [
            ("values.schema.json", "values.schema.json"),
            ("*.bak", "templates/a.yaml.bak"),
            ("*.json", "files/a.json"),
        ] {
            assert_eq!(found(rule, path), [""; 0], "{rule}");
        }
    }
}
