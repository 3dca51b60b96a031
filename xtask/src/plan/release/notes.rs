//! `release-notes.md`: what changed, how to install it, and what it must hash to.

use std::fmt::Write as _;

use super::{Archive, CHANGELOG};
use crate::model::archive::plain_digest;
use crate::model::changelog::{self, Section};
use crate::model::chart::Metadata;
use crate::model::config::Config;
use crate::model::problem::Problem;
use crate::model::text::name;
use crate::model::version::Tag;

/// The sections of the changelogs that a release needs, each once.
pub(super) struct Sections<'a> {
    root: Option<&'a str>,
    tag: Option<&'a Tag>,
    found: Vec<Found>,
}

struct Found {
    file: String,
    heading: String,
    title: String,
    text: String,
}

impl<'a> Sections<'a> {
    /// `root` is the text of the repository's CHANGELOG.md.
    pub(super) fn new(root: Option<&'a str>, tag: Option<&'a Tag>) -> Self {
        Self { root, tag, found: Vec::new() }
    }

    /// Finds the section of a chart: in its own CHANGELOG.md if it has one, else in the repository's. It may be headed
    /// by `NAME-VERSION` or by the version; a section for several charts is taken once.
    pub(super) fn find(
        &mut self,
        chart: &Metadata,
        path: &str,
        own: Option<&str>,
        problems: &mut Vec<Problem>,
    ) {
        let (file, text) = match own {
            Some(text) => (format!("{path}/{CHANGELOG}"), Some(text)),
            None => (CHANGELOG.to_owned(), self.root),
        };
        let version = self.tag.map_or_else(|| chart.version.clone(), |tag| tag.version.to_string());
        let of_chart = format!("{}-{version}", chart.name);
        let section = text.map(|text| match changelog::section(text, &of_chart) {
            Section::Missing => (changelog::section(text, &version), &version),
            section => (section, &of_chart),
        });
        let heading = section.as_ref().map_or(&version, |(_, heading)| heading);
        if self.found.iter().any(|found| found.file == file && found.heading == *heading) {
            return;
        }
        let title = if own.is_some() { format!("{} {version}", chart.name) } else { heading.clone() };
        let heading = heading.clone();
        let text = match section {
            Some((Section::Text(text), _)) => text,
            other => {
                problems.push(missing(&file, &heading, other.map(|(section, _)| section).as_ref()));
                String::new()
            }
        };
        self.found.push(Found { file, heading, title, text });
    }
}

fn missing(file: &str, version: &str, section: Option<&Section>) -> Problem {
    let write = format!("write `## [{version}] - YYYY-MM-DD` and below it what changed for users");
    let (message, line) = match section {
        None => ("there is no changelog".to_owned(), None),
        Some(&Section::Empty(line)) => (format!("the section of {} is empty", name(version)), Some(line)),
        Some(&Section::Twice(line)) => (format!("{} has a second section", name(version)), Some(line)),
        Some(_) => (format!("there is no section for {}", name(version)), None),
    };
    let hint = match section {
        Some(Section::Twice(_)) => "join the two".to_owned(),
        Some(Section::Empty(_)) => "write below it what changed for users".to_owned(),
        _ => write,
    };
    Problem::error(message).at(file, line).hint(hint)
}

/// The whole text.
pub(super) fn text(config: &Config, archives: &[Archive], sections: &Sections<'_>) -> String {
    let mut out = String::new();
    for found in &sections.found {
        if sections.found.len() > 1 {
            let _ = write!(out, "## {}\n\n", found.title);
        }
        let _ = write!(out, "{}\n\n", found.text);
    }
    let (alias, repository) = (config.name(), config.helm_repository());
    let _ = write!(
        out,
        "## Install\n\nFrom the Helm repository:\n\n```console\nhelm repo add {alias} {repository}\n"
    );
    for archive in archives {
        let chart = &archive.package.metadata;
        let _ = writeln!(out, "{} {alias}/{} --version {}", verb(chart), chart.name, chart.version);
    }
    out.push_str("```\n\nFrom the OCI registry:\n\n```console\n");
    for archive in archives {
        let chart = &archive.package.metadata;
        let _ = writeln!(out, "{} {}/{} --version {}", verb(chart), config.oci, chart.name, chart.version);
    }
    out.push_str("```\n\n## Digests\n\n| Archive | SHA-256 |\n| --- | --- |\n");
    for archive in archives {
        let digest = plain_digest(&archive.digest);
        let _ = writeln!(out, "| `{}` | `{digest}` |", archive.package.file_name());
    }
    out
}

/// A library cannot be installed, only fetched.
fn verb(chart: &Metadata) -> String {
    if chart.kind == "library" { "helm pull".to_owned() } else { format!("helm install {}", chart.name) }
}
