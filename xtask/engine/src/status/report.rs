//! What was found, as lines for people and as JSON.

use serde_json::{Value, json};

use super::finding::{Finding, Fix, Kind, told};
use super::judge::Judged;
use super::table::Row;
use super::{Branch, Listing, Observed, Served, Unseen};
use crate::base::config::Config;
use crate::base::problem::{Problem, Severity};
use crate::base::target::Target;
use crate::base::text::counted;

/// What is told, of all charts or of some.
#[derive(Debug)]
pub struct Report<'r> {
    pub config: &'r Config,
    pub observed: &'r Observed,
    pub judged: &'r Judged<'r>,
    /// The URL of the remote.
    pub remote: &'r str,
    /// The charts that were asked for; none for all.
    pub wanted: &'r [String],
    /// What `--publish` did.
    pub fixed: Vec<String>,
}

impl Report<'_> {
    fn is_wanted(&self, chart: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|one| one == chart)
    }

    /// The findings of the charts that were asked for, and those of places.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let of_wanted = |finding: &&Finding| match &finding.version {
            Some((chart, _)) => self.is_wanted(chart),
            None => true,
        };
        self.judged.findings.iter().filter(of_wanted)
    }

    fn rows(&self) -> impl Iterator<Item = (&str, &Row<'_>)> {
        let charts = self.judged.table.iter().filter(|(chart, _)| self.is_wanted(chart));
        charts.flat_map(|(chart, rows)| rows.values().map(move |row| (chart.as_str(), row)))
    }

    pub fn is_healthy(&self) -> bool {
        self.findings().next().is_none()
    }

    /// Whether no place told anything.
    pub fn is_blind(&self) -> bool {
        let Observed { tags, branch, registry, releases, unseen, .. } = self.observed;
        let is_silent = tags.is_none() && branch.is_none() && registry.is_empty() && releases.is_none();
        is_silent && !unseen.is_empty()
    }

    /// A line for each place that told, and for each that did not.
    pub fn places(&self) -> Vec<(&'static str, String)> {
        let Self { config, observed, .. } = self;
        let mut lines = Vec::new();
        if let Some(tags) = &observed.tags {
            lines.push(("Tags", format!("{} at {}", tags.len(), self.remote)));
        }
        if let Some(branch) = &observed.branch {
            lines.push(("Index", self.index(branch)));
            let archives: Vec<&str> = self.rows().flat_map(|(_, row)| row.archives.iter().copied()).collect();
            let signed =
                archives.iter().filter(|path| branch.files.contains(&format!("{path}.prov"))).count();
            if !archives.is_empty() {
                let signed = if signed == 0 { String::new() } else { format!(", {signed} of them signed") };
                lines.push(("Archives", format!("{} on {}{signed}", archives.len(), config.branch)));
            }
        }
        if !observed.registry.is_empty() {
            let pushed = self.rows().filter(|(_, row)| row.is_pushed).count();
            let charts = counted(observed.registry.len(), "chart");
            lines.push(("Registry", format!("{} of {charts} at {}", counted(pushed, "version"), config.oci)));
        }
        if let Some(releases) = &observed.releases {
            let drafts = releases.iter().filter(|release| release.draft).count();
            let drafts = if drafts == 0 {
                String::new()
            } else {
                format!(", {} among them", counted(drafts, "draft"))
            };
            lines.push(("Releases", format!("{} at {}{drafts}", releases.len(), config.repository)));
        }
        if let Some(Served::Index(entries)) = &observed.served {
            lines.push((
                "Served",
                format!("{} at {}", counted_entries(entries.len()), config.helm_repository()),
            ));
        }
        let unseen = |Unseen { what, why }: &Unseen| ("Not checked", format!("{what}: {why}"));
        lines.extend(observed.unseen.iter().map(unseen));
        lines
    }

    fn index(&self, branch: &Branch) -> String {
        let (path, on) = (self.config.index(), &self.config.branch);
        match &branch.index {
            Listing::None => format!("{on} has no {path}, and never had one"),
            Listing::Gone(_) => format!("{on} has no {path} any more"),
            Listing::Unreadable(_) => format!("{path} on {on} cannot be read"),
            Listing::Read(entries) => {
                let yanked = branch.yanked.len();
                let yanked = if yanked == 0 { String::new() } else { format!(", {yanked} yanked") };
                format!("{} in {path} on {on}{yanked}", counted_entries(entries.len()))
            }
        }
    }

    /// The findings by kind, the worst last.
    pub fn problems(&self) -> Vec<Problem> {
        let all: Vec<&Finding> = self.findings().collect();
        all.chunk_by(|a, b| a.kind == b.kind).rev().filter_map(told).collect()
    }

    /// How many versions there are, and how many of them something is wrong with.
    pub fn verdict(&self) -> String {
        let (versions, charts) =
            (self.rows().count(), self.judged.table.keys().filter(|one| self.is_wanted(one)).count());
        let of = format!("{} of {}", counted(versions, "version"), counted(charts, "chart"));
        let unseen = self.observed.unseen.len();
        let unseen =
            if unseen == 0 { String::new() } else { format!("; {} not checked", counted(unseen, "place")) };
        let count = |severity| self.findings().filter(|finding| finding.kind.severity() == severity).count();
        let counts = [(count(Severity::Error), "error"), (count(Severity::Warning), "warning")];
        let counts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, one)| counted(count, one))
            .collect();
        if counts.is_empty() {
            return format!("nothing wrong in {of}{unseen}");
        }
        let mended = self.findings().filter(|finding| finding.fix.is_some()).count();
        let fix = if mended == 0 { String::new() } else { format!("; --fix mends {mended} of them") };
        format!("{} in {of}{unseen}{fix}", counts.join(", "))
    }

    /// All of it. `failed` is what kept `--publish` from mending.
    pub fn json(&self, failed: &[Value]) -> Value {
        let findings: Vec<Value> = self.findings().map(finding_json).collect();
        let versions: Vec<Value> = self.rows().map(|(chart, row)| self.row_json(chart, row)).collect();
        let unseen = |Unseen { what, why }: &Unseen| json!({ "place": what, "why": why });
        json!({
            "repository": self.config.repository,
            "findings": findings,
            "notChecked": self.observed.unseen.iter().map(unseen).collect::<Vec<_>>(),
            "versions": versions,
            "fixed": self.fixed,
            "failed": failed,
        })
    }

    /// What the places have of a version; `null` where one did not tell, or the config does not publish there.
    fn row_json(&self, chart: &str, row: &Row<'_>) -> Value {
        let Self { config, observed, .. } = self;
        let branch = observed.branch.as_ref().filter(|branch| branch.is_read());
        let is_listed = branch.map(|_| !row.entries.is_empty());
        let published = |row: &Row<'_>| match row.releases.iter().map(|release| release.draft).min() {
            Some(false) => "published",
            Some(true) => "draft",
            None => "none",
        };
        let is_signed =
            |branch: &Branch| row.archives.iter().any(|path| branch.files.contains(&format!("{path}.prov")));
        let signed = branch.filter(|_| !row.archives.is_empty()).map(is_signed);
        let served = match observed.served.as_ref().filter(|_| !row.entries.is_empty()) {
            Some(Served::Index(entries)) => {
                let is_it = |one: &super::Entry| one.chart == chart && one.version == row.spelled;
                Some(entries.iter().any(is_it))
            }
            Some(Served::Missing) => Some(false),
            None => None,
        };
        let digest = row.entries.iter().find_map(|entry| entry.digest.as_ref());
        json!({
            "chart": chart,
            "version": row.spelled,
            "tag": row.tag.map(|tag| &tag.name),
            "indexed": is_listed,
            "yanked": row.is_yanked,
            "archive": row.archives.first(),
            "signed": signed,
            "pushed": observed.registry.get(chart).map(|_| row.is_pushed),
            "release": observed.releases.as_ref().filter(|_| config.publishes_to(Target::Github)).map(|_| published(row)),
            "served": served,
            "digest": digest,
        })
    }
}

fn counted_entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

fn finding_json(finding: &Finding) -> Value {
    let Finding { kind, version, subject, place, detail, mend, fix } = finding;
    let severity = if kind.severity() == Severity::Error { "error" } else { "warning" };
    let fix = fix.as_ref().map(|fix| match fix {
        Fix::Restore => "restore",
        Fix::Finish(_) => "finish",
        Fix::Latest { .. } => "latest",
    });
    json!({
        "kind": Kind::id(*kind),
        "severity": severity,
        "chart": version.as_ref().map(|(chart, _)| chart),
        "version": version.as_ref().map(|(_, version)| version),
        "subject": subject,
        "place": place,
        "detail": detail,
        "mend": mend,
        "fix": fix,
    })
}
