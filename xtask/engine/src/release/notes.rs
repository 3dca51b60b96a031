//! `release-notes.md`: what changed, how to install it, and what it must hash to.

use std::fmt::Write as _;

use super::changelog::{self, Section};
use super::changes;
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::tag::Tag;
use crate::base::target::Target;
use crate::base::text::{cell, few, name, prose};
use crate::base::version::is_prerelease;
use crate::chart::source::{CHANGELOG, Changelog};
use crate::chart::{Archive, Metadata};

/// The sections of the changelogs that a release needs, each once.
pub(crate) struct Sections<'a> {
    root: Option<&'a Changelog>,
    tag: Option<&'a Tag>,
    is_snapshot: bool,
    /// Whether the repository has one chart, which needs no name in a heading.
    has_one_chart: bool,
    pub(crate) found: Vec<Found>,
    silent: Vec<String>,
}

/// The section of what no release has yet (keepachangelog.com, "How can I reduce the effort required?").
const UNRELEASED: &str = "Unreleased";

/// A section that the notes have.
#[derive(Debug)]
pub(crate) struct Found {
    file: String,
    heading: String,
    title: String,
    text: String,
}

impl<'a> Sections<'a> {
    /// `root` is the changelog of the repository.
    pub(crate) fn new(
        root: Option<&'a Changelog>,
        tag: Option<&'a Tag>,
        is_snapshot: bool,
        has_one_chart: bool,
    ) -> Self {
        Self { root, tag, is_snapshot, has_one_chart, found: Vec::new(), silent: Vec::new() }
    }

    /// Finds what changed in a chart: in its own changelog, in that of the repository, or in its annotation. A section
    /// may be headed by `NAME-VERSION` or by the version, which in the repository's means a chart without its own
    /// changelog; one for several charts is taken once. Where there is a changelog, what is missing is an error; in a
    /// chart's own, which may have been given up, only for the tag that releases it. A snapshot takes what is unreleased,
    /// and so may a prerelease.
    pub(crate) fn find(&mut self, chart: &Metadata, own: Option<&Changelog>) -> Option<Problem> {
        let spelled = self.version_of(chart);
        // A heading may have the `v` of a version or not.
        let version = spelled.strip_prefix('v').unwrap_or(&spelled).to_owned();
        let [of_chart, with_v] = [&version, &spelled].map(|version| format!("{}-{version}", chart.name));
        let title = format!("{} {spelled}", chart.name);
        let places = [
            own.map(|log| (log, of_chart.as_str(), title.clone())),
            own.map(|log| (log, with_v.as_str(), title.clone())),
            own.map(|log| (log, version.as_str(), title.clone())),
            self.root.map(|log| (log, of_chart.as_str(), of_chart.clone())),
            self.root.map(|log| (log, with_v.as_str(), with_v.clone())),
            self.root.filter(|_| own.is_none()).map(|log| (log, version.as_str(), version.clone())),
        ];
        for (log, heading, title) in places.into_iter().flatten().filter(|_| !self.is_snapshot) {
            match changelog::section(&log.text, heading) {
                Section::Missing => {}
                section => return self.take(log, heading, title, section),
            }
        }
        if self.is_snapshot || is_prerelease(&version) {
            let unreleased = own.or(self.root).map(|log| (log, changelog::section(&log.text, UNRELEASED)));
            match unreleased {
                Some((log, section @ Section::Text(_))) => {
                    return self.take(log, UNRELEASED, version, section);
                }
                _ if self.is_snapshot => return None,
                _ => {}
            }
        }
        let is_given_up = self.tag.is_none() && self.root.is_none();
        match (changes::of(chart), own.or(self.root)) {
            (Some(text), _) => {
                self.found.push(Found { file: String::new(), heading: of_chart, title, text });
            }
            (None, Some(_)) if is_given_up => self.silent.push(of_chart),
            (None, Some(log)) => {
                let is_of_all = self.tag.is_some_and(|tag| tag.chart.is_none());
                let heading =
                    if own.is_some() || is_of_all || self.has_one_chart { &version } else { &of_chart };
                return self.take(log, heading, String::new(), Section::Missing);
            }
            (None, None) => self.silent.push(of_chart),
        }
        None
    }

    /// The version that a chart is released at. A tag that does not agree with it has been told.
    fn version_of(&self, chart: &Metadata) -> String {
        let other = self.tag.filter(|tag| !tag.agrees_with(&chart.version));
        other.map_or_else(|| chart.version.clone(), |tag| tag.version.to_string())
    }

    fn take(&mut self, log: &Changelog, heading: &str, title: String, section: Section) -> Option<Problem> {
        if self.found.iter().any(|found| found.file == log.path && found.heading == heading) {
            return None;
        }
        let (text, problem) = match section {
            Section::Text(text) => (text, None),
            other => (String::new(), Some(missing(&log.path, heading, &other))),
        };
        self.found.push(Found { file: log.path.clone(), heading: heading.to_owned(), title, text });
        problem
    }

    /// The charts of which nothing says what changed. A repository without a changelog may do so.
    pub(crate) fn silence(&self) -> Option<Problem> {
        let first = self.silent.first()?;
        let message = format!(
            "nothing says what changed in {}: the release notes only tell how to install",
            few(&self.silent)
        );
        let hint = format!(
            "write `## [{first}] - YYYY-MM-DD` into {CHANGELOG}, or `{}` into Chart.yaml",
            changes::ANNOTATION
        );
        Some(Problem::warning(message).hint(hint))
    }
}

fn missing(file: &str, version: &str, section: &Section) -> Problem {
    let write = format!("write `## [{version}] - YYYY-MM-DD` and below it what changed for users");
    let (message, line) = match *section {
        Section::Empty(line) => (format!("the section of {} is empty", name(version)), Some(line)),
        Section::Twice(line) => (format!("{} has a second section", name(version)), Some(line)),
        _ => (format!("there is no section for {}", name(version)), None),
    };
    let hint = match section {
        Section::Twice(_) => "join the two".to_owned(),
        Section::Empty(_) => "write below it what changed for users".to_owned(),
        _ => write,
    };
    Problem::error(message).at(file, line).hint(hint)
}

pub(crate) fn text(config: &Config, archives: &[Archive], sections: &[Found]) -> String {
    let mut out = String::new();
    for found in sections {
        if sections.len() > 1 {
            let _ = write!(out, "## {}\n\n", prose(&found.title));
        }
        let _ = write!(out, "{}\n\n", found.text);
    }
    out.push_str(&install(config, archives));
    out.push_str("## Digests\n\n| Archive | SHA-256 |\n| --- | --- |\n");
    for archive in archives {
        let _ = writeln!(out, "| {} | `{}` |", cell(&archive.file_name()), archive.digest.hex());
    }
    out
}

/// How users get the charts from where the config publishes them.
fn install(config: &Config, archives: &[Archive]) -> String {
    let commands = |place: &str| -> String {
        let command = |chart: &Metadata| {
            format!("{} {place}/{} --version {}\n", verb(chart), chart.name, chart.version)
        };
        archives.iter().map(|archive| command(&archive.metadata)).collect()
    };
    let (alias, repository) = (&config.helm_name, config.helm_repository());
    let mut out = String::new();
    if config.publishes_to(Target::Pages) {
        let _ = write!(
            out,
            "From the Helm repository:\n\n```console\nhelm repo add {alias} {repository}\n{}```\n\n",
            commands(alias)
        );
    }
    if config.publishes_to(Target::Oci) {
        let _ = write!(out, "From the OCI registry:\n\n```console\n{}```\n\n", commands(&config.oci));
    }
    if out.is_empty() { out } else { format!("## Install\n\n{out}") }
}

/// A library cannot be installed, only fetched.
fn verb(chart: &Metadata) -> String {
    if chart.kind == "library" { "helm pull".to_owned() } else { format!("helm install {}", chart.name) }
}
