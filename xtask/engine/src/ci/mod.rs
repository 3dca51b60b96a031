//! What CI runs, as it can be run here: from the workflows themselves, so that the two cannot differ.
//!
//! Nothing that publishes is run: a release becomes its rehearsal, a site is built. Programs besides cargo are named and
//! not run, since nobody knows what they send where.

#![warn(missing_docs)]

pub mod command;
pub mod io;
mod list;
pub mod program;
pub mod run;
pub mod shell;
#[cfg(test)]
mod tests;
pub mod workflow;

use self::run::{Options, Parse, Run, Task};
use self::workflow::Workflow;
use crate::docs::install::packages;

pub use self::list::list_jobs;

/// A step of `cargo xtask ci`: a command that runs at the root of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub(crate) name: String,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    pub(crate) meaning: String,
    /// What it leaves out without a network.
    pub(crate) offline: Option<&'static str>,
}

/// What becomes of a step of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Here {
    Run(Vec<Step>),
    /// It is not run, for this reason.
    Not(String),
}

/// A step of a workflow that runs a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its command, of which this is the first line.
    pub written: String,
    pub here: Here,
}

/// A job of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub file: String,
    pub id: String,
    pub steps: Vec<Planned>,
    /// What it has there and nobody has here.
    pub beyond: Vec<String>,
}

/// What this library adds to `cargo xtask ci`: name, command, what a failure means, and what is left out without a network.
const STANDARD: [(&str, &str, &str, Option<&str>); 3] = [
    (
        "check",
        "cargo xtask check",
        "the next release would fail: each error says what mends it, and `cargo xtask check --fix` mends what is mechanical",
        Some("what is published is not looked at"),
    ),
    (
        "docs",
        "cargo xtask pages --only docs --offline",
        "the documentation cannot be built: mend what is named, and run `cargo xtask pages --only docs`",
        None,
    ),
    (
        "rehearsal",
        "cargo xtask release --rehearse",
        "a release would fail, or its users would: mend what is named, and run `cargo xtask release --rehearse`",
        Some("the branch begins anew"),
    ),
];

/// The commands of cargo that change nothing elsewhere.
const HARMLESS: [&str; 6] = ["fmt", "clippy", "test", "check", "build", "doc"];

pub fn standard() -> Vec<Step> {
    let step =
        |(name, command, meaning, offline)| Step { offline, ..Step::new(name, command).meaning(meaning) };
    STANDARD.into_iter().map(step).collect()
}

/// The jobs of the workflows that run `cargo xtask`, in their order. `all` are the steps that `cargo xtask ci` stands for.
pub fn jobs(workflows: &[Workflow], all: &[Step], parse: Parse<'_>, options: Options<'_>) -> Vec<Job> {
    let job = |(workflow, job): (&Workflow, &workflow::Job)| Job {
        file: workflow.file.clone(),
        id: job.id.text.clone(),
        steps: job.steps.iter().filter_map(|step| planned(step, all, parse, options)).collect(),
        beyond: list::beyond(workflow, job),
    };
    let ours = workflows.iter().filter(|workflow| workflow.runs_xtask());
    ours.flat_map(|workflow| workflow.jobs.iter().map(move |job| (workflow, job))).map(job).collect()
}

/// What runs here for jobs, each command once. Without jobs it is `all`.
pub fn steps(jobs: &[Job], all: &[Step]) -> Vec<Step> {
    if jobs.is_empty() {
        return all.to_vec();
    }
    let mut steps: Vec<Step> = Vec::new();
    for planned in jobs.iter().flat_map(|job| &job.steps) {
        let Here::Run(here) = &planned.here else { continue };
        for step in here {
            if !steps.iter().any(|known| known.command == step.command) {
                steps.push(step.clone());
            }
        }
    }
    steps
}

/// What becomes of a step; `None` for one that uses an action.
fn planned(step: &workflow::Step, all: &[Step], parse: Parse<'_>, options: Options<'_>) -> Option<Planned> {
    let text = step.run.as_ref()?.text.trim();
    let run = Run::read(text, parse);
    let here = match (run.commands.as_slice(), run.shell) {
        (_, Some(why)) => Here::Not(format!("a script for the shell of the runner: {why}")),
        ([command], None) => match in_place_of(text, command.task.as_ref().ok(), all, parse) {
            Here::Run(steps) => {
                let options = options(&command.text);
                Here::Run(steps.iter().map(|step| step.with_options(&options)).collect())
            }
            not @ Here::Not(_) => not,
        },
        _ => other(text, all),
    };
    Some(Planned { written: text.lines().next().unwrap_or_default().to_owned(), here })
}

/// What stands for a `cargo xtask` command.
fn in_place_of(text: &str, task: Option<&Task>, all: &[Step], parse: Parse<'_>) -> Here {
    let of_name = |name: &str| all.iter().filter(|step| step.name == name).cloned().collect();
    let unpublished = || {
        let is_kept =
            |word: &&str| !matches!(*word, "--publish" | "--wait") && !word.starts_with("--publish=");
        text.split_whitespace().filter(is_kept).collect::<Vec<_>>().join(" ")
    };
    Here::Run(match task {
        Some(Task::Ci) => all.to_vec(),
        Some(task @ Task::Release { .. }) if !task.publishes().is_empty() => of_name("rehearsal"),
        Some(Task::Release { signs: true, .. }) => {
            return Here::Not("it signs by a key that CI has".to_owned());
        }
        Some(Task::Pages { publish: true, docs: true }) => of_name("docs"),
        Some(Task::Pages { publish: true, docs: false }) => vec![known(&unpublished(), all)],
        // A command of the repository's own is held to the rule of ours: it sends nothing without `--publish`.
        Some(Task::Own { publishes }) if *publishes || unpublished() != text => match parse(&unpublished()) {
            Ok(Task::Own { publishes: false }) => vec![known(&unpublished(), all)],
            _ => return Here::Not("it publishes".to_owned()),
        },
        None if unpublished() != text => return Here::Not("it does not parse, and would publish".to_owned()),
        _ => vec![known(text, all)],
    })
}

fn known(command: &str, all: &[Step]) -> Step {
    let mut words = command.split_whitespace().filter(|word| !word.starts_with('-'));
    let step = Step::new("", command).meaning("CI would fail in the same way: mend what is named");
    if let Some(known) = all.iter().find(|known| known.command == step.command) {
        return known.clone();
    }
    let name = words.nth(if step.is_xtask() { 2 } else { 1 }).unwrap_or_default();
    Step { name: name.to_owned(), ..step }
}

/// What becomes of a command that is not one of `cargo xtask`.
fn other(text: &str, all: &[Step]) -> Here {
    let mut words = text.split_whitespace();
    match (words.next(), words.next()) {
        (Some("cargo"), Some(command)) if HARMLESS.contains(&command) => Here::Run(vec![known(text, all)]),
        _ if packages(text).is_some() => {
            Here::Not("it installs Python packages, which are for the runner".to_owned())
        }
        (Some(program), _) => Here::Not(format!("nobody knows what `{program}` sends where")),
        _ => Here::Not("there is nothing to run".to_owned()),
    }
}

impl Step {
    /// A step by its name, in one word, and its command: a program and its arguments, which are split at white space. No
    /// shell reads it. `cargo` is the cargo that runs this program.
    pub fn new(name: impl Into<String>, command: &str) -> Self {
        let command = command.split_whitespace().map(str::to_owned).collect();
        Self { name: name.into(), command, meaning: "mend what is named".to_owned(), offline: None }
    }

    /// What it means if the step fails, and what to do then: the hint of the error.
    #[must_use]
    pub fn meaning(self, meaning: impl Into<String>) -> Self {
        Self { meaning: meaning.into(), ..self }
    }

    /// The command, as one types it.
    pub(crate) fn typed(&self) -> String {
        self.command.join(" ")
    }

    /// The same step with options of the repository's own, which come before the command. One that it has already stays as
    /// it is, and of two the first counts.
    pub(crate) fn with_options(&self, options: &[String]) -> Self {
        let mut step = self.clone();
        let name = |word: &String| word.split('=').next().unwrap_or_default().to_owned();
        for option in options.iter().filter(|_| self.is_xtask()) {
            if !step.command.iter().any(|word| name(word) == name(option)) {
                step.command.insert(2, option.clone());
            }
        }
        step
    }

    /// Whether it builds the documentation, which not every repository has.
    pub(crate) fn builds_docs(&self) -> bool {
        let words = self.command.iter().filter(|word| !word.starts_with('-'));
        words.take(3).eq(["cargo", "xtask", "pages"])
    }

    /// Whether it is `cargo xtask`, which may need what is secret.
    pub(crate) fn is_xtask(&self) -> bool {
        self.command.iter().take(2).eq(["cargo", "xtask"])
    }
}
