//! The rules for values.yaml that need no schema. Whether it fits values.schema.json is judged by helm alone.

use super::{Message, at, content, top};
use crate::base::problem::Problem;
use crate::base::yaml::{self, Value};
use crate::check::Chart;

const FILE: &str = "values.yaml";

/// Judges it.
pub fn lint(chart: &Chart) -> Option<Message> {
    if top(chart, FILE).is_none() {
        let message = "there is no values.yaml: users see nothing that they can set";
        let problem = at(chart, "", None, message).hint("write one, with a comment above each value");
        return Some(Message::note(FILE, "file does not exist").with(problem));
    }
    // One that .helmignore names is not read.
    let problem = unreadable(chart, content(chart, FILE)?)?;
    Some(Message::error(FILE, "unable to parse YAML: ").with(problem))
}

/// Why its first document is not what Helm reads.
fn unreadable(chart: &Chart, bytes: &[u8]) -> Option<Problem> {
    let root = match yaml::read(bytes) {
        Ok(document) => document.root,
        Err(error) => {
            let message = format!("it is not the YAML that Helm reads: {}", error.message);
            return Some(at(chart, FILE, error.line, message));
        }
    };
    if !root.is_null() && !matches!(root.value, Value::Mapping(_)) {
        let message = format!("the values are a {}, not a mapping", root.kind());
        return Some(at(chart, FILE, Some(root.line), message).hint("write `key: value` lines"));
    }
    let line = root.not_json()?;
    Some(at(chart, FILE, Some(line), "Helm cannot read infinity or NaN").hint("quote it"))
}
