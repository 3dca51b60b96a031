//! What `helm lint` finds in a chart and packaging does not, as far as it takes no template engine: where helm is missing,
//! a chart must not come into CI that its linter refuses. What packaging or the release finds has no rule here.
//!
//! | Rule | Severity | Why it is judged without helm |
//! | --- | --- | --- |
//! | `apiVersion` is there | error | `--fix` writes it |
//! | `version`, `appVersion` are text | error | `--fix` quotes them; helm names no line |
//! | `version` is above `0.0.0-0` | error | the linter fails; helm names no line |
//! | `version` is a strict semantic version | warning | `--fix` writes it, but for a `v`; helm names no line |
//! | `maintainers`, `sources`, `icon` have names, addresses and URLs | error | helm names the first bad one, and no line |
//! | `type`, `dependencies` in a chart of `apiVersion: v1` | error | the linter fails; helm names no line |
//! | `icon`, values.yaml, templates/ are there | note, warning | what to write |
//! | `kubeVersion` allows a Kubernetes | error | the linter does not look; helm names no line |
//! | values.schema.json refers to no URL | warning | helm finds it where there is no network alone |
//! | files of templates/ have extensions that the linter knows | error | the linter fails |
//! | `.Release.Time` | error | the linter of Helm 3 fails; helm names no line |
//! | sub-charts are declared | error | the line to write |
//! | crds/ holds definitions alone | error | the linter of Helm 4 fails; helm names no line |
//!
//! The rules are those of Helm's `pkg/lint/rules` (3.17) and `pkg/chart/v2/lint/rules` (4.1), with its severities;
//! `tests/it/check_lint.rs` compares them with all that are tried. Helm says the same in its own words, which are not repeated.

mod address;
mod crds;
mod files;
mod links;
mod metadata;
mod schema;
#[cfg(test)]
mod tests;

use self::address::{is_email, is_request_url, is_url};
use self::crds::lint_definitions;
use self::files::lint_files;
use self::metadata::lint_metadata;
use self::schema::lint_schema;
use super::Chart;
use super::edit::Finding;
use crate::base::path;
use crate::base::problem::Problem;
use crate::chart::helm_lint::Said;
use crate::chart::ignore::Kind;

/// Words of helm's about what is found without it; that metadata is not strict is found by packaging.
const FOUND: [&str; 17] = [
    "failed to strictly parse chart metadata file",
    "apiVersion is required",
    "should be of type string but it's of type",
    "is less than or equal to ",
    "is not a valid SemVerV2",
    "each maintainer requires a name",
    "icon is recommended",
    "valid in apiVersion 'v2'",
    "file does not exist",
    "directory does not exist",
    "not a directory",
    "Valid extensions are .yaml, .yml, .tpl, or .txt",
    ".Release.Time has been removed in v3",
    "chart metadata is missing these dependencies",
    "apiVersion is not in 'apiextensions.k8s.io'",
    "object kind is not 'CustomResourceDefinition'",
    "chart requires kubeVersion: ",
];

/// Judges a chart. Whoever releases it judges its version, if that is the one in Chart.yaml.
pub fn lint_chart(chart: &Chart) -> Vec<Finding> {
    let mut found = lint_metadata(chart);
    let of_files = lint_files(chart).into_iter().chain(lint_definitions(chart)).chain(lint_schema(chart));
    found.extend(of_files.map(Into::into));
    found
}

/// Whether helm says what is found without it. What it refuses of an address is in quotes.
pub fn is_found_without_helm(said: &Said) -> bool {
    let quoted = said.text.split('\'').nth(1).unwrap_or_default();
    FOUND.iter().any(|words| said.text.contains(words))
        || said.text.starts_with("invalid email ") && !is_email(quoted)
        || said.text.starts_with("invalid url ") && !is_url(quoted)
        || said.text.starts_with("invalid source URL ") && !is_request_url(quoted)
        || said.text.starts_with("invalid icon URL ") && !is_request_url(quoted)
        || said.place.starts_with("crds/") && said.text.starts_with("unable to parse YAML")
}

/// What is wrong with a file of the chart, or with its directory if `file` is empty.
fn at(chart: &Chart, file: &str, line: Option<usize>, message: impl Into<String>) -> Problem {
    let path = &chart.source.path;
    let path = if file.is_empty() { path.clone() } else { path::below(path, file) };
    Problem::error(message).at(path, line)
}

/// What lies at the top of the chart's directory under this name.
fn top(chart: &Chart, name: &str) -> Option<Kind> {
    chart.source.top.get(name).copied()
}
