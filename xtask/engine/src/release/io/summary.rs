//! What `cargo xtask release` says to GitHub Actions: outputs for later steps, and the summary of the run. Nothing of it
//! happens elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::publish::Outcome;
use super::release::Release;
use super::unreleased::Report;
use crate::base::digest::Digest;
use crate::base::problem::Problem;
use crate::base::target::Target;
use crate::base::text::code;
use crate::dist::SUMS;
use crate::dist::manifest::Chart;
use crate::release::held::{self, Held};
use crate::release::steps::Planned;
use crate::sys::{files, github_actions};

/// What later steps of a workflow may use, and the summary that its run shows.
pub fn of_release(release: &Release, targets: &[Target], outcome: &Outcome<'_>) -> Result<()> {
    let (config, manifest) = (release.config(), release.manifest());
    outputs(release, &manifest.charts.iter().collect::<Vec<_>>(), targets, &outcome.pushed)?;
    let tag = manifest.tag.as_deref().map(code).unwrap_or_default();
    let text = format!("### {} {tag}\n\n{}", config.helm_name, lines(outcome));
    let problems = outcome.stopped.iter().chain(&outcome.problems);
    github_actions::summary(&(text + &alerts(problems) + "\n"))
}

/// The same of a run without a tag.
pub fn of_run(report: &Report<'_>, targets: &[Target]) -> Result<()> {
    let release = report.release;
    let outcomes = || report.finished.iter().map(|one| &one.outcome).chain([&report.new]);
    let pushed: Vec<String> = outcomes().flat_map(|outcome| outcome.pushed.clone()).collect();
    let is_published = !report.new.planned.is_empty();
    let new = release.manifest().charts.iter().filter(|_| is_published);
    let finished = report.finished.iter().flat_map(|one| &one.release.manifest().charts);
    outputs(release, &new.chain(finished).collect::<Vec<_>>(), targets, &pushed)?;
    let mut text = format!("### {}\n\n", release.config().helm_name);
    for tag in &report.tags {
        let _ = writeln!(text, "- Tagged {}", code(&tag.tag));
    }
    outcomes().for_each(|outcome| text.push_str(&lines(outcome)));
    if report.finished.is_empty() && release.manifest().charts.is_empty() {
        text.push_str("There was nothing to publish.\n");
    }
    text.push_str(&left_out(&release.seen.held));
    github_actions::summary(&(text + &alerts(&report.problems) + "\n"))
}

/// What merging a pull request publishes.
pub fn of_pull_request(report: &Report<'_>) -> Result<()> {
    let release = report.release;
    let charts = &release.manifest().charts;
    let mut text = "### What merging publishes\n\n".to_owned();
    if charts.is_empty() {
        text.push_str("No new version of a chart.\n");
    } else {
        text.push_str("| Chart | Version | Tag |\n| --- | --- | --- |\n");
    }
    for (tag, charts) in crate::dist::by_tag(release.config(), release.manifest()) {
        for chart in charts {
            let _ = writeln!(text, "| {} | {} | {} |", code(&chart.name), code(&chart.version), code(&tag));
        }
    }
    if !report.finished.is_empty() {
        text.push_str(
            "\nVersions that are half published, and that the next run on the default branch finishes:\n\n",
        );
    }
    for one in &report.finished {
        let _ = writeln!(text, "- {}", code(&one.incomplete.remote.name));
    }
    text.push_str(&left_out(&release.seen.held));
    github_actions::summary(&(text + &alerts(&report.problems) + "\n"))
}

fn left_out(held: &[Held]) -> String {
    let line = |one: &Held| {
        format!("- {} is left out: {}\n", code(&format!("{} {}", one.chart, one.version)), code(&one.why))
    };
    let lines: String = held::left_out(held).map(line).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// What later steps sign and attest is named as `actions/attest` takes it.
fn outputs(release: &Release, charts: &[&Chart], targets: &[Target], pushed: &[String]) -> Result<()> {
    let names: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
    let digests: BTreeMap<&str, &Digest> =
        charts.iter().map(|chart| (&*chart.archive, &chart.digest)).collect();
    let version = charts.first().map_or("", |chart| &chart.version);
    let mut outputs = vec![
        ("version", version.to_owned()),
        ("charts", json!(names).to_string()),
        ("digests", json!(digests).to_string()),
    ];
    if !release.manifest().charts.is_empty() {
        let sums = files::absolute(release.directory())?.join(SUMS);
        outputs.push(("subject-checksums", sums.to_string_lossy().into_owned()));
    }
    if targets.contains(&Target::Oci) {
        let subjects: Vec<_> = pushed.iter().filter_map(|pushed| pushed.split_once('@')).collect();
        let listed = subjects.iter().map(|(name, digest)| json!({ "name": name, "digest": digest }));
        outputs.push(("oci", json!(pushed).to_string()));
        outputs.push(("subjects", listed.collect::<Value>().to_string()));
        if let [(name, digest)] = subjects.as_slice() {
            outputs.push(("subject-name", (*name).to_owned()));
            outputs.push(("subject-digest", (*digest).to_owned()));
        }
    }
    github_actions::outputs(&outputs)
}

/// Servers, hooks and charts have their words in what follows, of which none may be a link or an image.
fn lines(outcome: &Outcome<'_>) -> String {
    let mut text = String::new();
    for (verb, what) in outcome.planned.iter().map(Planned::line) {
        let _ = writeln!(text, "- {verb} {}", code(&what));
    }
    text
}

fn alerts<'p>(problems: impl IntoIterator<Item = &'p Problem>) -> String {
    let alert = |problem: &Problem| {
        let kind = if problem.is_error() { "CAUTION" } else { "WARNING" };
        format!("\n> [!{kind}]\n> {}\n", code(&problem.to_string()))
    };
    problems.into_iter().map(alert).collect()
}
