//! What `cargo xtask release` says to people and to programs.

use anyhow::Result;
use serde_json::{Value, json};

use super::publish::Outcome;
use super::release;
use super::sign::Signed;
use super::unreleased::{Finished, Report};
use crate::base::problem::Problem;
use crate::base::text::size;
use crate::chart::Archive;
use crate::dist::{MANIFEST, NOTES, SUMS};
use crate::git::remote_refs::short;
use crate::git::tag_object::TagObject;
use crate::release::held::{self, Held};
use crate::release::steps::Planned;
use crate::release::unreleased::Incomplete;
use crate::sys::terminal::{self, as_json};

pub fn made(release: &release::Release, destination: &str, by: &str) -> Result<()> {
    let seen = &release.seen;
    packaged(&seen.charts, release.archives(), destination, by)?;
    signed(seen.signed.as_ref(), destination)?;
    left_out(&seen.left_out, held::left_out(&seen.held), release.args().backfill)?;
    wrote(release.archives(), destination)
}

/// What lies beside the archives.
pub fn wrote(archives: &[Archive], destination: &str) -> Result<()> {
    if archives.is_empty() {
        return Ok(());
    }
    Ok(terminal::result("Wrote", &format!("{destination}/{{{}}}", [SUMS, NOTES, MANIFEST].join(",")))?)
}

/// A line for each archive. `charts` are the paths of the charts in the order of the archives.
pub fn packaged(charts: &[String], archives: &[Archive], destination: &str, by: &str) -> Result<()> {
    for (chart, archive) in charts.iter().zip(archives) {
        let facts = format!("{}  {}", size(archive.bytes.len() as u64), archive.digest);
        let line = format!("{chart} -> {destination}/{}  {facts}  {by}", archive.file_name());
        terminal::result("Packaged", &line)?;
    }
    Ok(())
}

/// A line for each signature that was made.
pub fn signed(signed: Option<&Signed>, destination: &str) -> Result<()> {
    let Some(Signed { key, archives, .. }) = signed else { return Ok(()) };
    let line = |archive: &String| {
        terminal::result(
            "Signed",
            &format!("{destination}/{archive}.prov  by {}  {}", key.fingerprint, key.user),
        )
    };
    Ok(archives.iter().try_for_each(line)?)
}

/// What is not part of a release: charts that are published as they are here, or for a backfill those that are not; and
/// `held`, each with why.
pub fn left_out<'h>(
    left_out: &[String],
    held: impl IntoIterator<Item = &'h Held>,
    is_backfill: bool,
) -> Result<()> {
    if !left_out.is_empty() {
        let (verb, why) = if is_backfill {
            ("Left out", "not published as they are here")
        } else {
            ("Unchanged", "published already")
        };
        terminal::result(verb, &format!("{}: {why}", left_out.join(", ")))?;
    }
    let line =
        |one: &Held| terminal::result("Left out", &format!("{} {}: {}", one.chart, one.version, one.why));
    Ok(held.into_iter().try_for_each(line)?)
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

/// The plan of a run without a tag; as JSON what it did, too.
pub fn unreleased(report: &Report<'_>) -> Result<()> {
    if report.release.args().json {
        return unreleased_json(report);
    }
    for Finished { incomplete, outcome, .. } in &report.finished {
        terminal::result("Would finish", &of_tag(incomplete))?;
        plan(&outcome.planned)?;
    }
    for tag in &report.tags {
        terminal::result("Would tag", &tag.to_string())?;
    }
    plan(&report.new.planned)
}

fn of_tag(incomplete: &Incomplete) -> String {
    let (tag, commit) = (&incomplete.remote.name, short(&incomplete.remote.commit));
    format!("{tag} from {commit}: missing in {}", incomplete.places())
}

/// What is finished next.
pub fn finishing(release: &release::Release, incomplete: &Incomplete) -> Result<()> {
    if release.args().json {
        return Ok(());
    }
    Ok(terminal::result("Finishing", &of_tag(incomplete))?)
}

/// The tags that are made next.
pub fn announce_tags(tags: &[TagObject]) {
    for tag in tags {
        terminal::progress("Would tag", &tag.to_string());
    }
}

/// The tags that were made.
pub fn tagged(report: &Report<'_>) -> Result<()> {
    if report.release.args().json {
        return Ok(());
    }
    Ok(report.tags.iter().try_for_each(|tag| terminal::result("Tagged", &tag.to_string()))?)
}

fn unreleased_json(report: &Report<'_>) -> Result<()> {
    let Report { release, tags, new, problems, .. } = report;
    let held = |one: &Held| json!({ "name": one.chart, "version": one.version, "why": one.why });
    let finished = |Finished { incomplete, outcome, .. }: &Finished<'_>| {
        json!({
            "tag": incomplete.remote.name,
            "commit": incomplete.remote.commit,
            "plan": outcome.planned,
            "pushed": outcome.pushed,
            "release": outcome.url,
        })
    };
    let others = release.seen.survey.iter().flat_map(|survey| &survey.unreleased.others);
    let half = |one: &Incomplete| json!({ "tag": one.remote.name, "commit": one.remote.commit, "missing": one.lacks });
    let tagged = |tag: &TagObject| json!({ "tag": tag.tag, "commit": tag.commit });
    let own = [
        ("held", held::left_out(&release.seen.held).map(held).collect::<Value>()),
        ("tags", tags.iter().map(tagged).collect()),
        ("finished", report.finished.iter().map(finished).collect()),
        ("halfReleased", others.map(half).collect()),
    ];
    print_json(release, new, problems, own)
}

pub fn json(release: &release::Release, outcome: &Outcome<'_>) -> Result<()> {
    print_json(release, outcome, outcome.problems.iter().chain(&outcome.stopped), [])
}

/// What each kind of run prints, and `own`, that of one kind.
fn print_json<'p>(
    release: &'p release::Release,
    outcome: &Outcome<'_>,
    problems: impl IntoIterator<Item = &'p Problem>,
    own: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<()> {
    let all = release.seen.warnings.iter().chain(problems);
    let mut out = json!({
        "destination": release.directory().to_string_lossy(),
        "manifest": release.manifest(),
        "leftOut": release.seen.left_out,
        "plan": outcome.planned,
        "pushed": outcome.pushed,
        "release": outcome.url,
        "problems": all.map(as_json).collect::<Vec<_>>(),
    });
    if let Value::Object(fields) = &mut out {
        let signed = release.seen.signed.as_ref();
        fields.extend(signed.map(|Signed { key, archives, .. }| {
            ("signed".to_owned(), json!({ "key": key.fingerprint, "archives": archives }))
        }));
        fields.extend(own.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    Ok(terminal::line(&serde_json::to_string_pretty(&out)?)?)
}
