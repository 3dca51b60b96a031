//! What `cargo xtask ci --list` prints: jobs, steps, what becomes of each, and what nobody can have here.

use std::fmt::Write;

use super::workflow::{self, Access, Workflow};
use super::{Here, Job, Planned, Step};
use crate::base::text::shown;

pub fn list_jobs(jobs: &[Job], all: &[Step]) -> String {
    let mut out = String::new();
    if jobs.is_empty() {
        out += "no workflow runs `cargo xtask`; this is what `cargo xtask ci` stands for\n";
        for step in all {
            line(&mut out, 2, step);
        }
        return out;
    }
    let mut known: Vec<Vec<String>> = Vec::new();
    for (i, job) in jobs.iter().enumerate() {
        if i == 0 || jobs.get(i - 1).is_some_and(|before| before.file != job.file) {
            let _ = writeln!(out, "{}", shown(&job.file));
        }
        let _ = writeln!(out, "  {}", shown(&job.id));
        for planned in &job.steps {
            step(&mut out, planned, &mut known);
        }
        for beyond in &job.beyond {
            let _ = writeln!(out, "    not here: {}", shown(beyond));
        }
    }
    out
}

fn step(out: &mut String, planned: &Planned, known: &mut Vec<Vec<String>>) {
    let written = shown(&planned.written);
    match &planned.here {
        Here::Not(why) => drop(writeln!(out, "    {written}  (not run here: {})", shown(why))),
        Here::Run(here) => {
            let _ = writeln!(out, "    {written}");
            for step in here {
                if known.contains(&step.command) {
                    let _ = writeln!(out, "      {:<9} as above", shown(&step.name));
                } else {
                    known.push(step.command.clone());
                    line(out, 6, step);
                }
            }
        }
    }
}

fn line(out: &mut String, indent: usize, step: &Step) {
    let indent = " ".repeat(indent);
    let _ = writeln!(out, "{indent}{:<9} {}", shown(&step.name), shown(&step.typed()));
}

/// What a job has there and nobody has here.
pub fn beyond(workflow: &Workflow, job: &workflow::Job) -> Vec<String> {
    let mut beyond = Vec::new();
    beyond.extend(job.runs_on.as_ref().map(|runs_on| format!("the machine {} with its tools", runs_on.text)));
    let actions: Vec<&str> = job.steps.iter().filter_map(|step| Some(step.action()?.0)).collect();
    if !actions.is_empty() {
        beyond.push(format!("what actions do: {}", actions.join(", ")));
    }
    let rights = workflow.permissions_of(job);
    let may_write = |scope: &&(String, Access, usize)| scope.1 == Access::Write;
    let scopes: Vec<&str> = rights
        .iter()
        .flat_map(|rights| rights.scopes.iter().filter(may_write))
        .map(|(scope, ..)| scope.as_str())
        .collect();
    let (oidc, written): (Vec<&str>, Vec<&str>) = scopes.iter().partition(|scope| **scope == "id-token");
    if rights.is_some_and(|rights| rights.all == Access::Write) {
        beyond.push("a token that may write everything".to_owned());
    } else if !written.is_empty() {
        beyond.push(format!("a token that may write {}", written.join(" and ")));
    }
    if !oidc.is_empty() {
        beyond.push("GitHub's word for who runs (OIDC, `id-token`)".to_owned());
    }
    let secrets = secrets(workflow, job);
    if !secrets.is_empty() {
        beyond.push(format!("the secrets {}", secrets.join(", ")));
    }
    beyond
}

/// The names of the secrets that a job reads.
fn secrets(workflow: &Workflow, job: &workflow::Job) -> Vec<String> {
    let of_steps = job.steps.iter().flat_map(|step| step.env.iter().chain(&step.with));
    let values = workflow.env.iter().chain(&job.env).chain(of_steps).map(|(_, value)| value.text.as_str());
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names: Vec<String> = values
        .flat_map(|value| value.split("secrets.").skip(1))
        .map(|rest| rest.split(|c| !is_of_name(c)).next().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}
