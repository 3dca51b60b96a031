//! Edits of workflow files, by whole lines. There is none where the file is not laid out in blocks, a key to a line: people
//! see better what belongs where.

use crate::check::edit::Edit;
use crate::ci::workflow::{Job, Workflow, Written};

/// Gives the key on a line another value; its comment stays.
pub fn set(workflow: &Workflow, line: usize, value: &str) -> Option<Edit> {
    let text = workflow.line(line);
    let (key, rest) = text.split_once(':')?;
    if key.contains(['{', '[', '#']) || rest.trim_start().starts_with(['|', '>', '{', '[', '&']) {
        return None;
    }
    let comment = rest.find(" #").and_then(|at| rest.get(at..)).unwrap_or_default();
    Some(replace(workflow, line, vec![format!("{key}: {value}{comment}")]))
}

pub fn replace(workflow: &Workflow, line: usize, insert: Vec<String>) -> Edit {
    Edit { file: workflow.file.clone(), line, remove: vec![workflow.line(line).to_owned()], insert }
}

/// Adds an item to a list of scalars that stands on one line, or has a line for each.
pub fn append(workflow: &Workflow, items: &[Written], item: &str) -> Option<Edit> {
    let line = items.last()?.line;
    let text = workflow.line(line);
    if text.trim_start().starts_with("- ") {
        let column = text.len() - text.trim_start().len();
        return Some(insert(workflow, line + 1, column, &[&format!("- {item}")]));
    }
    let (list, comment) = text.find(" #").and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""));
    let (key, _) = list.split_once(": [")?;
    let list = list.trim_end().strip_suffix(']').filter(|_| !key.contains(['{', '[', '"', '\'']))?;
    Some(replace(workflow, line, vec![format!("{list}, {item}]{comment}")]))
}

/// Puts lines before one that has this key first, as far to the right as the key.
pub fn before(workflow: &Workflow, line: usize, key: &str, lines: &[&str]) -> Option<Edit> {
    let column = column(workflow, line, key)?;
    Some(insert(workflow, line, column, lines))
}

/// Puts lines after one that has this key first, as far to the right as the key.
pub fn after(workflow: &Workflow, line: usize, key: &str, lines: &[&str]) -> Option<Edit> {
    let column = column(workflow, line, key)?;
    Some(insert(workflow, line + 1, column, lines))
}

/// Puts a block into a job, before its steps.
pub fn into_job(workflow: &Workflow, job: &Job, lines: &[&str]) -> Option<Edit> {
    before(workflow, job.steps_line?, "steps", lines)
}

fn insert(workflow: &Workflow, line: usize, column: usize, lines: &[&str]) -> Edit {
    let lines = lines.iter().map(|line| format!("{}{line}", " ".repeat(column))).collect();
    Edit { file: workflow.file.clone(), line, remove: Vec::new(), insert: lines }
}

/// The column, from 0, of the key that a line begins with, `- ` passed over.
fn column(workflow: &Workflow, line: usize, key: &str) -> Option<usize> {
    let text = workflow.line(line);
    let rest = text.trim_start_matches([' ', '-']);
    let begins = rest.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    begins.then(|| text.len() - rest.len())
}
