//! values.yaml and values.schema.json: copied as they are, after the checks that Helm makes.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::base::problem::Problem;
use crate::base::yaml::{self, Value};

/// Deepest nesting that Go's JSON reader accepts.
const MAX_JSON_DEPTH: usize = 10_000;

/// Checks values.yaml as both Helms read it: Helm 3 reads the first document, Helm 4 splits the file at lines
/// that begin with `---` and reads them all. Each must be a mapping, or empty.
pub(super) fn check_values(bytes: &[u8], file: &str) -> Vec<Problem> {
    let mut problems = check_document(bytes, 0, file);
    let text = String::from_utf8_lossy(bytes);
    if !text.lines().any(|line| line.starts_with("---")) {
        return problems;
    }
    // What was reported of the first document is not reported again.
    let reported = problems.clone();
    let check_part = |text: &str, lines_before| {
        let mut found = check_document(text.as_bytes(), lines_before, file);
        found.retain(|problem| !reported.contains(problem));
        found
    };
    let mut lines_before = 0;
    let mut part = String::new();
    for (i, line) in text.split_inclusive('\n').enumerate() {
        let Some(after) = line.strip_prefix("---") else {
            part.push_str(line);
            continue;
        };
        let after = after.trim();
        if !after.is_empty() && !after.starts_with('#') {
            let problem =
                Problem::error("Helm 4 wants nothing but a comment after `---`").at(file, Some(i + 1));
            problems.push(problem.hint("begin the document on the next line"));
            return problems;
        }
        problems.extend(check_part(&part, lines_before));
        (lines_before, part) = (i + 1, String::new());
    }
    problems.extend(check_part(&part, lines_before));
    problems
}

fn check_document(bytes: &[u8], lines_before: usize, file: &str) -> Vec<Problem> {
    let error = |message: String, line: Option<usize>| {
        Problem::error(message).at(file, line.map(|line| line + lines_before))
    };
    let document = match yaml::read(bytes) {
        Ok(document) => document,
        Err(cause) => {
            let problem = error(format!("it is not the YAML that Helm reads: {}", cause.message), cause.line);
            let is_template = bytes.windows(2).any(|pair| pair == b"{{");
            let hint = is_template.then(|| "values.yaml is not a template: quote `{{ … }}`".to_owned());
            return vec![Problem { hint, ..problem }];
        }
    };
    let mut problems = Vec::new();
    if !document.root.is_null() && !matches!(document.root.value, Value::Mapping(_)) {
        let message = format!("the values are a {}, not a mapping", document.root.kind());
        problems.push(error(message, Some(document.root.line)).hint("write `key: value` lines"));
    }
    if document.more {
        let problem =
            Problem::warning("Helm 3 reads the first document of this file alone, Helm 4 all of them");
        problems.push(problem.at(file, None).hint("join them into one"));
    }
    if let Some(line) = document.root.not_json() {
        problems.push(error("Helm cannot read infinity or NaN".to_owned(), Some(line)).hint("quote it"));
    }
    problems
}

/// Checks that values.schema.json is JSON, which is all that Helm checks when it packages.
pub(super) fn check_schema(bytes: &[u8], file: &str) -> Option<Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = IgnoredAny::deserialize(&mut deserializer).and_then(|_| deserializer.end());
    if let Err(error) = parsed {
        let cause = error.to_string();
        let cause = cause.split(" at line ").next().unwrap_or_default();
        let problem = Problem::error(format!("it is not JSON: {cause}")).at(file, Some(error.line().max(1)));
        return Some(problem.hint("JSON has no comments and no trailing commas"));
    }
    let is_too_deep = depth(bytes) > MAX_JSON_DEPTH;
    is_too_deep.then(|| Problem::error("it is nested deeper than Helm reads").at(file, None))
}

/// How deep the brackets of some valid JSON are nested.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(problems: impl IntoIterator<Item = Problem>) -> Vec<String> {
        problems.into_iter().map(|problem| problem.to_string()).collect()
    }

    #[test]
    fn values() {
        for text in ["", "null", "# c\n", "a: 1\na: 2\n", "--- # c\na: 1\n", "a: {b: [c]}", "a: 1\n---\n"] {
            assert_eq!(shown(check_values(text.as_bytes(), "v")), [""; 0], "{text:?}");
        }
        for (text, expected) in [
            ("- a\n", "v:1: the values are a list"),
            ("a: 1\n\nb: [\n", "v:4: it is not the YAML"),
            ("a: {{ .x }}", "v:1: it is not the YAML"),
            ("a: .inf", "v:1: Helm cannot read infinity"),
            ("a: 1\n---\nb: [", "v:4: it is not the YAML"),
            ("a: 1\n---\n- b\n", "v:3: the values are a list"),
            ("a: 1\n--- # c\nb: 1\n", "v: Helm 3 reads the first document of this file alone"),
            ("---x: 1\n", "v:1: Helm 4 wants nothing"),
            ("--- {a: 1}\n", "v:1: Helm 4 wants nothing"),
        ] {
            let found = shown(check_values(text.as_bytes(), "v"));
            let last = found.last().map_or("", String::as_str);
            assert!(last.starts_with(expected), "{text:?}: {found:?}");
        }
    }

    #[test]
    fn schemas() {
        let nested = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
        for json in [&b"{}"[..], b" {\"a\":1,\"a\":[\"\xff\\ud800\", 1e999]} \n", &nested(10_000)] {
            assert_eq!(check_schema(json, "v"), None);
        }
        for json in [&b""[..], b"{\"a\":1,}", b"{} x", b"// c\n{}", b"\"\t\"", b"01", &nested(10_001)] {
            assert!(check_schema(json, "v").is_some(), "{}", String::from_utf8_lossy(json));
        }
    }
}
