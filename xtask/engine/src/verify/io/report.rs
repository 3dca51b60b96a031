//! What `cargo xtask verify` says to people and to programs.

use anyhow::Result;
use serde_json::{Value, json};

use super::state;
use crate::base::problem::Problem;
use crate::sys::terminal::{self, as_json};
use crate::verify::{Judged, Says, Seen};

/// A line for each place, and the verdict. What is wrong is told by its problem alone.
pub fn lines(judged: &Judged) -> Result<()> {
    for Seen { place, says, note } in &judged.seen {
        let title = judged.wanted.title();
        let (verb, detail) = match says {
            Says::Archive(digest) => ("Verified", format!("{title}  {digest}")),
            Says::Agrees => ("Verified", String::new()),
            Says::Found => ("Found", String::new()),
            Says::Absent => ("Absent", String::new()),
            Says::Unseen(why) => ("Not checked", why.clone()),
            Says::Wrong(_) => continue,
        };
        let parts = [place, &detail, note].into_iter().filter(|part| !part.is_empty());
        terminal::result(verb, &parts.cloned().collect::<Vec<_>>().join("  "))?;
    }
    let (verb, what) = judged.verdict();
    Ok(terminal::result(verb, &what)?)
}

pub fn json(all: &[Judged], problems: &[Problem]) -> Result<()> {
    let check = |one: &Seen| {
        let digest = if let Says::Archive(digest) = &one.says { Some(digest) } else { None };
        let why = match &one.says {
            Says::Unseen(why) => why,
            Says::Wrong(problem) => &problem.message,
            _ => &one.note,
        };
        json!({ "place": one.place, "state": state(&one.says), "digest": digest, "note": why })
    };
    let chart = |judged: &Judged| {
        let (verdict, _) = judged.verdict();
        json!({
            "name": judged.wanted.chart,
            "version": judged.wanted.version,
            "verdict": verdict.to_lowercase(),
            "digest": judged.digest,
            "checks": judged.seen.iter().map(check).collect::<Value>(),
        })
    };
    let out = json!({
        "charts": all.iter().map(chart).collect::<Value>(),
        "problems": problems.iter().map(as_json).collect::<Value>(),
    });
    Ok(terminal::line(&serde_json::to_string_pretty(&out)?)?)
}
