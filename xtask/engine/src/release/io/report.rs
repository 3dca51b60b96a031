//! What `cargo xtask release` says: to people, to programs, and to GitHub Actions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use serde_json::json;

use super::publish::Outcome;
use super::release;
use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::target::Target;
use crate::base::text::{code, size};
use crate::dist::manifest::Manifest;
use crate::dist::{MANIFEST, NOTES, SUMS};
use crate::release::NewRelease;
use crate::release::steps::Planned;
use crate::sys::github_actions;
use crate::sys::terminal::{self, as_json};

pub fn made(new: &NewRelease, is_backfill: bool, destination: &str, by: &str) -> Result<()> {
    let archives = &new.release.archives;
    for (chart, archive) in new.charts.iter().zip(archives) {
        let facts = format!("{}  {}", size(archive.bytes.len() as u64), archive.digest);
        let line = format!("{} -> {destination}/{}  {facts}  {by}", chart.source, archive.file_name());
        terminal::result("Packaged", &line)?;
    }
    if !new.left_out.is_empty() {
        let (verb, why) = if is_backfill {
            ("Left out", "not published as they are here")
        } else {
            ("Unchanged", "published already")
        };
        terminal::result(verb, &format!("{}: {why}", new.left_out.join(", ")))?;
    }
    if archives.is_empty() {
        return Ok(());
    }
    Ok(terminal::result("Wrote", &format!("{destination}/{{{}}}", [SUMS, NOTES, MANIFEST].join(",")))?)
}

pub fn plan(planned: &[Planned<'_>]) -> Result<()> {
    planned.iter().try_for_each(done)
}

pub fn announce(planned: &Planned<'_>) {
    let (verb, what) = planned.line();
    terminal::progress(verb, &what);
}

pub fn done(planned: &Planned<'_>) -> Result<()> {
    let (verb, what) = planned.line();
    Ok(terminal::result(verb, &what)?)
}

pub fn json(release: &release::Release, outcome: &Outcome<'_>) -> Result<()> {
    let all = release.warnings.iter().chain(&outcome.problems).chain(&outcome.stopped);
    let out = json!({
        "destination": release.directory().to_string_lossy(),
        "manifest": release.manifest(),
        "leftOut": release.left_out,
        "plan": outcome.planned,
        "pushed": outcome.pushed,
        "release": outcome.url,
        "problems": all.map(as_json).collect::<Vec<_>>(),
    });
    Ok(terminal::line(&serde_json::to_string_pretty(&out)?)?)
}

/// What later steps of a workflow may use, and the summary that its run shows.
pub fn to_actions(
    config: &Config,
    manifest: &Manifest,
    targets: &[Target],
    outcome: &Outcome<'_>,
) -> Result<()> {
    let charts = &manifest.charts;
    let names: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
    let digests: BTreeMap<&str, &Digest> =
        charts.iter().map(|chart| (&*chart.archive, &chart.digest)).collect();
    let version = charts.first().map_or("", |chart| &chart.version);
    let mut outputs = vec![
        ("version", version.to_owned()),
        ("charts", json!(names).to_string()),
        ("digests", json!(digests).to_string()),
    ];
    outputs.extend(targets.contains(&Target::Oci).then(|| ("oci", json!(outcome.pushed).to_string())));
    github_actions::outputs(&outputs)?;
    github_actions::summary(&summary(config, manifest, outcome))
}

/// Servers, hooks and charts have their words in it, of which none may be a link or an image.
fn summary(config: &Config, manifest: &Manifest, outcome: &Outcome<'_>) -> String {
    let tag = manifest.tag.as_deref().map(code).unwrap_or_default();
    let mut text = format!("### {} {tag}\n\n", config.helm_name);
    for (verb, what) in outcome.planned.iter().map(Planned::line) {
        let _ = writeln!(text, "- {verb} {}", code(&what));
    }
    for (kind, problems) in [("CAUTION", &outcome.stopped), ("WARNING", &outcome.problems)] {
        for problem in problems {
            let _ = write!(text, "\n> [!{kind}]\n> {}\n", code(&problem.to_string()));
        }
    }
    text + "\n"
}
