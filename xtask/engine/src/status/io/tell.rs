//! Tells people and programs what was found.

use anyhow::Result;

use crate::base::problem::{Problem, Problems};
use crate::status::report::Report;
use crate::sys::terminal;

/// Tells all of it, and fails where something is wrong. `failed` is what kept `--fix` from mending.
pub fn tell(report: &Report<'_>, failed: &[Problem], is_json: bool) -> Result<()> {
    failed.iter().for_each(terminal::problem);
    if report.is_blind() {
        let problem = Problem::error("no place could be looked at: nobody knows what is published");
        terminal::problem(&problem.hint("run it again when the network is there"));
    }
    if is_json {
        let value = report.json(&failed.iter().map(terminal::as_json).collect::<Vec<_>>());
        terminal::line(&serde_json::to_string_pretty(&value)?)?;
    } else {
        show(report)?;
        terminal::result("Found", &report.verdict())?;
    }
    // All of it has been told.
    if report.is_healthy() && failed.is_empty() && !report.is_blind() {
        Ok(())
    } else {
        Err(Problems(Vec::new()).into())
    }
}

/// The places and the findings.
pub fn show(report: &Report<'_>) -> Result<()> {
    for (verb, what) in report.places() {
        terminal::result(verb, &what)?;
    }
    report.problems().iter().for_each(terminal::problem);
    Ok(())
}
