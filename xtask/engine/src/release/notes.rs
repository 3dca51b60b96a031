//! `release-notes.md`: what changed, how to install it, and what it must hash to.

use std::fmt::Write as _;

use super::changelog::{self, Section};
use super::changes;
use super::heading::{Named, UNRELEASED};
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::tag::{ChartVersion, Tag};
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
    /// The names of the repository's charts. One alone needs none in a heading.
    charts: Vec<&'a str>,
    pub(crate) found: Vec<Found>,
    silent: Vec<String>,
}

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
        charts: &'a [ChartVersion],
    ) -> Self {
        let charts = charts.iter().map(|chart| chart.name.as_str()).collect();
        Self { root, tag, is_snapshot, charts, found: Vec::new(), silent: Vec::new() }
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
        let of_chart = format!("{}-{version}", chart.name);
        let title = format!("{} {spelled}", chart.name);
        let alone = Named { chart: None, version: &version };
        let named = Named { chart: Some(&chart.name), ..alone };
        let places = [
            own.map(|log| (log, named, title.clone())),
            own.map(|log| (log, alone, title.clone())),
            self.root.map(|log| (log, named, of_chart.clone())),
            self.root.filter(|_| own.is_none()).map(|log| (log, alone, version.clone())),
        ];
        // Markdown of thousands of lines is read where there is something to find.
        let may_be_there =
            |(log, heading, _): &(&Changelog, Named<'_>, String)| heading.may_be_on_a_line(&log.text);
        let places = places.into_iter().flatten().filter(|_| !self.is_snapshot).filter(may_be_there);
        for (log, heading, title) in places {
            match changelog::section(&log.text, &self.charts, heading) {
                Section::Missing(_) => {}
                section => return self.take(log, heading, title, section),
            }
        }
        if self.is_snapshot || is_prerelease(&version) {
            let heading = Named { chart: None, version: UNRELEASED };
            let log = own.or(self.root);
            match log.map(|log| (log, changelog::section(&log.text, &self.charts, heading))) {
                Some((log, section @ (Section::Text(_) | Section::Open(..)))) => {
                    return self.take(log, heading, version.clone(), section);
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
                let is_alone = own.is_some() || is_of_all || self.charts.len() == 1;
                let heading = if is_alone { alone } else { named };
                let section = changelog::section(&log.text, &self.charts, heading);
                return self.take(log, heading, String::new(), section);
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

    fn take(
        &mut self,
        log: &Changelog,
        heading: Named<'_>,
        title: String,
        section: Section,
    ) -> Option<Problem> {
        let heading = heading.to_string();
        if self.found.iter().any(|found| found.file == log.path && found.heading == heading) {
            return None;
        }
        let (text, problem) = match section {
            Section::Text(text) => (text, None),
            other => (String::new(), Some(missing(&log.path, &heading, &other))),
        };
        self.found.push(Found { file: log.path.clone(), heading, title, text });
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

/// What is wrong with the section of a version.
pub(crate) fn missing(file: &str, version: &str, section: &Section) -> Problem {
    let write = format!("write `## [{version}] - YYYY-MM-DD` and below it what changed for users");
    let version = name(version);
    let (message, line, hint) = match section {
        Section::Empty(line) => (
            format!("the section of {version} is empty"),
            Some(*line),
            "write below it what changed for users".to_owned(),
        ),
        Section::Twice(line) => {
            (format!("{version} has a second section"), Some(*line), "join the two".to_owned())
        }
        Section::Open(line, close) => (
            format!("what begins here has no end in the section of {version}, and would hide what follows"),
            Some(*line),
            format!("write `{close}` where it ends"),
        ),
        Section::Missing(Some(near)) => {
            let is = if near.is_heading { "" } else { ", which is no heading there" };
            let message =
                format!("there is no section for {version}; line {} has {}{is}", near.line, name(&near.text));
            (message, None, write)
        }
        Section::Missing(None) | Section::Text(_) => {
            (format!("there is no section for {version}"), None, write)
        }
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
