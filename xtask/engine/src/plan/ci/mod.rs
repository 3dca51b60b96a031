//! What CI runs, as it can be run here: from the workflows themselves, so that the two cannot differ.
//!
//! Nothing that publishes is run: a release becomes its rehearsal, a site is built. Programs besides cargo are named and
//! not run, since nobody knows what they send where.

mod list;
#[cfg(test)]
mod tests;

use crate::model::workflow::{self, Workflow};
use crate::plan::run::{Parse, Run, Task};

pub use list::list;

/// A command to run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is called.
    pub name: String,
    /// What comes after `cargo`.
    pub args: Vec<String>,
    /// What it means if it fails, and what to do then.
    pub meaning: &'static str,
    /// What it leaves out without a network.
    pub offline: Option<&'static str>,
}

/// What becomes of a step of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Here {
    /// These run in its place.
    Run(Vec<Step>),
    /// It is not run, for this reason.
    Not(String),
}

/// A step of a workflow that runs a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its command, of which this is the first line.
    pub written: String,
    /// What becomes of it.
    pub here: Here,
}

/// A job of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The file of the workflow.
    pub file: String,
    /// Its key.
    pub id: String,
    /// What it does.
    pub steps: Vec<Planned>,
    /// What it has there and nobody has here.
    pub beyond: Vec<String>,
}

/// What `cargo xtask ci` stands for: name, command, what a failure means, and what is left out without a network.
const STEPS: [(&str, &str, &str, Option<&str>); 6] = [
    ("fmt", "fmt --check", "the code is not laid out as rustfmt does it: run `cargo fmt`", None),
    (
        "clippy",
        "clippy --locked --all-targets -- --deny warnings",
        "the compiler or clippy warns, and CI lets no warning pass: mend each at its line",
        None,
    ),
    ("test", "test --locked", "a test fails: run it alone with `cargo test --locked NAME`", None),
    (
        "check",
        "xtask check",
        "the next release would fail: each error says what mends it, and `cargo xtask check --fix` mends what is mechanical",
        Some("what is published is not looked at"),
    ),
    (
        "docs",
        "xtask pages --only docs --offline",
        "the documentation cannot be built: mend what is named, and run `cargo xtask pages --only docs`",
        None,
    ),
    (
        "rehearsal",
        "xtask release --rehearse",
        "a release would fail, or its users would: mend what is named, and run `cargo xtask release --rehearse`",
        Some("the branch begins anew"),
    ),
];

/// The commands of cargo that change nothing elsewhere.
const HARMLESS: [&str; 6] = ["fmt", "clippy", "test", "check", "build", "doc"];

/// The jobs of the workflows that run `cargo xtask`, in their order.
pub fn jobs(workflows: &[Workflow], parse: Parse<'_>) -> Vec<Job> {
    let job = |(workflow, job): (&Workflow, &workflow::Job)| Job {
        file: workflow.file.clone(),
        id: job.id.text.clone(),
        steps: job.steps.iter().filter_map(|step| planned(step, parse)).collect(),
        beyond: list::beyond(workflow, job),
    };
    let ours = workflows.iter().filter(|workflow| workflow.runs_xtask());
    ours.flat_map(|workflow| workflow.jobs.iter().map(move |job| (workflow, job))).map(job).collect()
}

/// What runs here for jobs, each command once. Without jobs it is what `cargo xtask ci` stands for.
pub fn steps(jobs: &[Job]) -> Vec<Step> {
    if jobs.is_empty() {
        return all();
    }
    let mut steps: Vec<Step> = Vec::new();
    for planned in jobs.iter().flat_map(|job| &job.steps) {
        let Here::Run(here) = &planned.here else { continue };
        for step in here {
            if !steps.iter().any(|known| known.args == step.args) {
                steps.push(step.clone());
            }
        }
    }
    steps
}

/// What `cargo xtask ci` stands for.
fn all() -> Vec<Step> {
    let step = |(name, args, meaning, offline): (&str, &str, _, _)| Step {
        name: name.to_owned(),
        args: words(args),
        meaning,
        offline,
    };
    STEPS.into_iter().map(step).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// What becomes of a step; `None` for one that uses an action.
fn planned(step: &workflow::Step, parse: Parse<'_>) -> Option<Planned> {
    let text = step.run.as_ref()?.text.trim();
    let run = Run::read(text, parse);
    let here = match (run.commands.as_slice(), run.shell) {
        (_, Some(why)) => Here::Not(format!("a script for the shell of the runner: {why}")),
        ([command], None) => Here::Run(in_place_of(text, command.task.as_ref().ok())),
        _ => cargo(text),
    };
    Some(Planned { written: text.lines().next().unwrap_or_default().to_owned(), here })
}

/// What stands for a `cargo xtask` command.
fn in_place_of(text: &str, task: Option<&Task>) -> Vec<Step> {
    match task {
        Some(Task::Ci) => all(),
        Some(task @ Task::Release { .. }) if !task.publishes().is_empty() => {
            all().into_iter().filter(|step| step.name == "rehearsal").collect()
        }
        Some(Task::Pages { publish: true, docs: true }) => {
            all().into_iter().filter(Step::builds_docs).collect()
        }
        Some(Task::Pages { publish: true, docs: false }) => {
            let is_kept = |word: &&str| !matches!(*word, "--publish" | "--wait");
            vec![named(text.split_whitespace().skip(1).filter(is_kept).map(str::to_owned).collect())]
        }
        _ => vec![named(words(text).split_off(1))],
    }
}

/// A step of cargo, known or not.
fn named(args: Vec<String>) -> Step {
    if let Some(known) = all().into_iter().find(|step| step.args == args) {
        return known;
    }
    let is_xtask = args.first().is_some_and(|first| first == "xtask");
    let name = args.get(usize::from(is_xtask)).cloned().unwrap_or_default();
    Step { name, args, meaning: "CI would fail in the same way: mend what is named", offline: None }
}

/// What becomes of a command that is not one of `cargo xtask`.
fn cargo(text: &str) -> Here {
    let mut words = text.split_whitespace();
    match (words.next(), words.next()) {
        (Some("cargo"), Some(command)) if HARMLESS.contains(&command) => {
            Here::Run(vec![named(text.split_whitespace().skip(1).map(str::to_owned).collect())])
        }
        (Some(program), _) => Here::Not(format!("nobody knows what `{program}` sends where")),
        _ => Here::Not("there is nothing to run".to_owned()),
    }
}

impl Step {
    /// The command, as one types it.
    pub fn command(&self) -> String {
        format!("cargo {}", self.args.join(" "))
    }

    /// Whether it builds the documentation, which not every repository has.
    pub fn builds_docs(&self) -> bool {
        self.args.iter().take(2).eq(["xtask", "pages"])
    }

    /// Whether it is one of ours, which may need what is secret.
    pub fn is_xtask(&self) -> bool {
        self.args.first().is_some_and(|first| first == "xtask")
    }
}
