//! What `helm lint` says of a chart, without helm: every rule that needs no template engine, with Helm's severity.
//!
//! The rules are those of Helm's `pkg/lint/rules` (3.17) and `pkg/chart/v2/lint/rules` (4.1). Each [`Message`] has
//! Helm's own words, by which `tests/it/check_lint.rs` compares them with what both Helms print, and ours: where it
//! is, why it matters, what to write. What keeps Helm from loading a chart is found by packaging and not repeated here.
//! Two things differ on purpose: Helm looks at no file of a chart that it cannot load, and says the first of several bad
//! maintainers or sources alone.

mod address;
mod crds;
mod dependencies;
mod links;
mod metadata;
mod pattern;
mod templates;
#[cfg(test)]
mod tests;
mod url;
mod values;

use std::collections::BTreeSet;

use super::Chart;
use super::edit::Finding;
use crate::base::problem::{Problem, Severity};
use crate::chart::helm_lint::Said;
use crate::chart::ignore::Kind;

/// Which Helm says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Each that this was tried with.
    Both,
    /// 3.17 alone.
    Helm3,
    /// 4.1 alone.
    Helm4,
}

/// A line of `helm lint`.
#[derive(Debug)]
pub struct Message {
    /// Who says it.
    pub by: By,
    /// Helm's severity.
    pub severity: Severity,
    /// Where Helm sees it: `Chart.yaml`, `templates/`, or the path of the chart.
    pub place: String,
    /// Helm's words in one line, up to where those of one of its parsers begin.
    pub text: String,
    /// The same for people, at least one.
    pub findings: Vec<Finding>,
}

impl Message {
    fn new(severity: Severity, place: &str, text: impl Into<String>) -> Self {
        Self { by: By::Both, severity, place: place.to_owned(), text: text.into(), findings: Vec::new() }
    }

    fn error(place: &str, text: impl Into<String>) -> Self {
        Self::new(Severity::Error, place, text)
    }

    fn warning(place: &str, text: impl Into<String>) -> Self {
        Self::new(Severity::Warning, place, text)
    }

    fn note(place: &str, text: impl Into<String>) -> Self {
        Self::new(Severity::Note, place, text)
    }

    /// Says who says it.
    fn only(self, by: By) -> Self {
        Self { by, ..self }
    }

    /// Adds what is said to people.
    fn with(mut self, found: impl Into<Finding>) -> Self {
        let mut finding = found.into();
        finding.problem.severity = self.severity;
        self.findings.push(finding);
        self
    }
}

/// Judges a chart, in Helm's order.
pub fn lint(chart: &Chart) -> Vec<Message> {
    let mut messages = metadata::lint(chart);
    messages.extend(values::lint(chart));
    messages.extend(templates::lint(chart));
    messages.extend(dependencies::lint(chart));
    messages.extend(crds::lint(chart));
    messages
}

/// Whether helm only repeats one of the messages. It sees some at the absolute path of the chart, which is not known
/// here, and lists sub-charts in random order.
pub fn is_said(said: &Said, messages: &[Message]) -> bool {
    let words = |text: &str| -> BTreeSet<String> { text.split([' ', ',']).map(str::to_owned).collect() };
    messages.iter().any(|message| {
        let is_chart = || said.place.ends_with(&format!("/{}", message.place));
        message.severity == said.severity
            && (said.place == message.place || is_chart())
            && (said.text.starts_with(&message.text) || words(&said.text) == words(&message.text))
    })
}

/// What is wrong with a file of the chart, or with its directory if `file` is empty.
fn at(chart: &Chart, file: &str, line: Option<usize>, message: impl Into<String>) -> Problem {
    let path = &chart.source.path;
    let path = if file.is_empty() { path.clone() } else { format!("{path}/{file}") };
    Problem::error(message).at(path, line)
}

/// What lies at the top of the chart's directory under this name.
fn top(chart: &Chart, name: &str) -> Option<Kind> {
    chart.source.top.get(name).copied()
}

/// The content of one of its files.
fn content<'c>(chart: &'c Chart, file: &str) -> Option<&'c [u8]> {
    chart.source.files.iter().find(|entry| entry.path == file).map(|entry| entry.data.as_slice())
}
