//! What was found, for people and for programs.

use std::cmp::Reverse;

use anyhow::Result;
use serde_json::{Value, json};

use crate::base::problem::{Problem, Problems, Severity};
use crate::check::edit::{Edit, Finding};
use crate::check::{Area, Report};
use crate::sys::terminal::{self, as_json};

pub fn tell_edit(edit: &Edit) -> Result<()> {
    let now = edit.insert.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" / ");
    Ok(terminal::result("Mended", &format!("{}:{}  {now}", edit.file, edit.line))?)
}

/// Tells what was found, the worst last, where a reader looks first. An error among it makes the command fail.
pub fn tell_report(mut report: Report, mended: &[Edit], is_json: bool) -> Result<()> {
    report.findings.sort_by(|(_, Finding { problem: a, .. }), (_, Finding { problem: b, .. })| {
        (Reverse(a.severity), &a.place).cmp(&(Reverse(b.severity), &b.place))
    });
    let told = report.folded();
    told.iter().for_each(terminal::problem);
    if is_json {
        terminal::line(&serde_json::to_string_pretty(&as_value(&report, mended))?)?;
    } else {
        for left in &report.unchecked {
            let hint = if left.hint.is_empty() { String::new() } else { format!(" ({})", left.hint) };
            terminal::result("Not checked", &format!("{}: {}{hint}", left.what, left.why))?;
        }
        terminal::result("Checked", &report.checked.join(", "))?;
        terminal::result("Found", &found(&report, &told))?;
    }
    // All of it has been told.
    if told.iter().any(Problem::is_error) {
        return Err(Problems(Vec::new()).into());
    }
    Ok(())
}

fn as_value(report: &Report, mended: &[Edit]) -> Value {
    let finding = |(area, Finding { problem, edit }): &(Area, Finding)| {
        let mut problem = as_json(problem);
        problem.as_object_mut().and_then(|fields| fields.insert("edit".to_owned(), json!(edit)));
        json!({ "area": area, "problem": problem })
    };
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    let (unchecked, checked) = (&report.unchecked, &report.checked);
    json!({ "findings": findings, "notChecked": unchecked, "checked": checked, "mended": mended })
}

fn found(report: &Report, told: &[Problem]) -> String {
    let count = |severity: Severity, one: &str| {
        // Wrong usage is an error.
        let of_it = told.iter().filter(|problem| problem.severity.max(Severity::Error) == severity);
        match of_it.count() {
            0 => None,
            1 => Some(format!("1 {one}")),
            many => Some(format!("{many} {one}s")),
        }
    };
    let counts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts: Vec<String> = counts.into_iter().filter_map(|(severity, one)| count(severity, one)).collect();
    let mended = report.mended();
    let fix = if mended > 0 { format!("; --fix mends {mended} of them") } else { String::new() };
    if counts.is_empty() { "nothing".to_owned() } else { format!("{}{fix}", counts.join(", ")) }
}
