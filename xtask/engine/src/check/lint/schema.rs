//! The rule for values.schema.json: what Helm fetches for it. Helm judges the values at each install, upgrade and lint, and
//! fails where it cannot fetch a schema that another one refers to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::at;
use crate::base::problem::Problem;
use crate::base::text::{line_at, name};
use crate::base::url::{is_http, is_https, resolve};
use crate::check::Chart;

const FILE: &str = "values.schema.json";
/// What Helm has with it: the schemas of schemas.
const BUILT_IN: [&str; 3] = ["json-schema.org/draft-0", "json-schema.org/draft/20", "json-schema.org/schema"];

pub fn lint_schema(chart: &Chart) -> Option<Problem> {
    let text = chart.text(FILE)?;
    let schema: Value = serde_json::from_str(text).ok()?;
    let mut found = Found::default();
    found.schema(&schema, "");
    found.fetched.retain(|url, _| !found.own.contains(url) && !is_built_in(url));
    let (first, written) = found.fetched.first_key_value()?;
    let more = match found.fetched.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let message = format!(
        "Helm fetches {}{more} whenever it installs, lints or renders this chart, and fails without a network",
        name(first)
    );
    let start = text.find(&format!("\"{written}"));
    let before = start.and_then(|start| text.get(..start)).unwrap_or_default();
    let hint = if before.trim_end().ends_with("\"$schema\":") {
        "write `\"$schema\": \"http://json-schema.org/draft-07/schema#\"`"
    } else {
        "copy what it refers to below `definitions` of this file, and refer to `#/definitions/NAME`"
    };
    let line = start.and_then(|start| line_at(text, start));
    Some(at(chart, FILE, line, message).only_warns().hint(hint))
}

fn is_built_in(url: &str) -> bool {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    BUILT_IN.iter().any(|known| after.starts_with(known))
}

/// The URLs of a schema, without fragments.
#[derive(Default)]
struct Found {
    /// What a part of the schema itself is called.
    own: BTreeSet<String>,
    /// What others are called, each with the reference as it is written.
    fetched: BTreeMap<String, String>,
}

impl Found {
    /// Looks at a schema below one that is called `base`.
    fn schema(&mut self, value: &Value, base: &str) {
        let text = |key| value.get(key).and_then(Value::as_str);
        let base = &match text("$id").filter(|id| !id.starts_with('#')) {
            Some(id) => without_fragment(&resolve_below(base, id)).to_owned(),
            None => base.to_owned(),
        };
        self.own.insert(base.clone());
        for reference in ["$schema", "$ref"].into_iter().filter_map(text) {
            let url = resolve_below(base, reference);
            if is_http(&url) || is_https(&url) {
                self.fetched.entry(without_fragment(&url).to_owned()).or_insert_with(|| reference.to_owned());
            }
        }
        for (key, value) in value.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                // What is in these is data.
                ("enum" | "const" | "default" | "examples" | "example", _) => {}
                // The keys of these are names.
                (
                    "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas"
                    | "dependencies",
                    Value::Object(schemas),
                ) => schemas.values().for_each(|schema| self.schema(schema, base)),
                (_, Value::Array(schemas)) => schemas.iter().for_each(|schema| self.schema(schema, base)),
                (_, Value::Object(_)) => self.schema(value, base),
                _ => {}
            }
        }
    }
}

/// A file beside the schema stays a relative path.
fn resolve_below(base: &str, reference: &str) -> String {
    if base.is_empty() { reference.to_owned() } else { resolve(base, reference) }
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}
