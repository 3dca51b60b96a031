//! Tells people and programs what was found.

use anyhow::Result;

use crate::base::problem::{Problem, Problems};
use crate::status::report::Report;
use crate::sys::terminal;

/// Tells all of it, and fails where something is wrong. `plan` is what would mend it, `failed` what kept `--publish` from that.
pub fn tell(report: &Report<'_>, plan: &[Line], failed: &[Problem], is_json: bool) -> Result<()> {
    failed.iter().for_each(terminal::problem);
    if report.is_blind() {
        let problem = Problem::error("no place could be looked at: nobody knows what is published");
        terminal::problem(&problem.hint("run it again when the network is there"));
    }
    if is_json {
        let value = report.json(&failed.iter().map(terminal::as_json).collect::<Vec<_>>());
        terminal::line(&serde_json::to_string_pretty(&value)?)?;
    } else {
        show(report, plan)?;
        terminal::result("Found", &report.verdict())?;
        if !plan.is_empty() {
            terminal::line("nothing left this machine; add --publish to do it")?;
        }
    }
    // All of it has been told.
    if report.is_healthy() && failed.is_empty() && !report.is_blind() {
        Ok(())
    } else {
        Err(Problems(Vec::new()).into())
    }
}

/// A step that mends something: the verb, and what it is done to.
pub type Line = (&'static str, String);

/// The places, the findings, and what mends them.
pub fn show(report: &Report<'_>, plan: &[Line]) -> Result<()> {
    for (verb, what) in report.places() {
        terminal::result(verb, &what)?;
    }
    report.problems().iter().for_each(terminal::problem);
    plan.iter().try_for_each(|(verb, what)| Ok(terminal::result(verb, what)?))
}
