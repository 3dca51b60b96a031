//! `cargo xtask ci`: what CI runs, run here.

use std::fmt::Write;
use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, value_parser};

use super::io::cargo::{Ran, run_step};
use super::io::workflows::read_workflows;
use super::program::Program;
use super::{Here, Job, Step, jobs, list_jobs, steps};
use crate::base::problem::{Checked, Problem, docs_page};
use crate::base::text::{cell, name};
use crate::docs;
use crate::docs::install::packages;
use crate::git::io::repository::{Repository, repository};
use crate::sys::{environment, github_actions, terminal};

/// `cargo xtask ci`.
#[derive(Debug, Args)]
pub struct CiArgs {
    /// Run this job of the workflows alone
    #[arg(long, value_name = "NAME")]
    pub job: Option<String>,
    /// Print jobs and steps, and what becomes of each here; run nothing
    #[arg(long)]
    pub list: bool,
    /// How long each step may take
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
}

/// Runs the command.
pub fn run(program: Program<'_>, args: &CiArgs) -> Result<()> {
    let repository = repository()?;
    let Checked { value: workflows, problems: unread } = read_workflows(&repository)?;
    unread.iter().for_each(terminal::problem);
    let has_docs = docs::io::builder(program.config, repository.root()).is_some();
    let mut standard = program.steps.to_vec();
    standard.retain(|step| has_docs || !step.builds_docs());
    let given = (program.options)("");
    let all: Vec<Step> = standard.iter().map(|step| step.with_options(&given)).collect();
    let jobs = wanted(jobs(&workflows, &standard, program.task, program.options), args.job.as_deref())?;
    if args.list {
        terminal::line(list_jobs(&jobs, &all).trim_end())?;
        return whole(&unread);
    }
    tell_what_differs(&repository, &jobs)?;
    let mut steps = steps(&jobs, &all);
    steps.retain(|step| has_docs || !step.builds_docs());
    let mut done = Vec::new();
    for step in &steps {
        done.push((step, perform(step, repository.root(), args.deadline)?));
    }
    end(&done)?;
    whole(&unread)
}

/// What a workflow runs that cannot be read, nobody knows.
fn whole(unread: &[Problem]) -> Result<()> {
    if unread.is_empty() {
        return Ok(());
    }
    let problem = Problem::error("a workflow cannot be read: what it runs was not run");
    Err(problem.hint("mend it, as said above, and run this again").into())
}

/// The jobs that were asked for.
fn wanted(mut jobs: Vec<Job>, asked: Option<&str>) -> Result<Vec<Job>> {
    let Some(asked) = asked else { return Ok(jobs) };
    let known: Vec<String> = jobs.iter().map(|job| job.id.clone()).collect();
    jobs.retain(|job| job.id == asked);
    if jobs.is_empty() {
        let problem =
            Problem::usage(format!("no workflow that runs `cargo xtask` has a job {}", name(asked)));
        let hint = match known.as_slice() {
            [] => "leave out --job: no workflow runs `cargo xtask`".to_owned(),
            known => format!("the jobs are {}", known.join(", ")),
        };
        return Err(problem.hint(hint).into());
    }
    Ok(jobs)
}

/// Says in what this run is not the one of CI.
fn tell_what_differs(repository: &Repository, jobs: &[Job]) -> Result<()> {
    if jobs.is_empty() {
        let problem =
            Problem::note("no workflow runs `cargo xtask`: this is what `cargo xtask ci` stands for");
        terminal::problem(&problem.hint(format!("add the workflows of {}", docs_page("ci"))));
    }
    for planned in jobs.iter().flat_map(|job| &job.steps) {
        // What it installs for other steps is no step itself.
        if let Here::Not(why) = &planned.here
            && packages(&planned.written).is_none()
        {
            let problem = Problem::note(format!("{} is not run: {why}", name(&planned.written)));
            terminal::problem(&problem.hint("make it a `cargo xtask` command to run it here, too"));
        }
    }
    let changed = repository.uncommitted()?;
    if changed > 0 {
        let files = if changed == 1 { "1 file differs" } else { &format!("{changed} files differ") };
        let message = format!("{files} from the commit, which is what CI runs");
        terminal::problem(&Problem::note(message).hint("git status"));
    }
    Ok(())
}

/// Runs a step. What it printed is shown if it fails, and always in the log of GitHub Actions, where it folds.
fn perform(step: &Step, root: &Path, deadline: u64) -> Result<Ran> {
    let what = format!("{}  {}", step.name, step.typed());
    let group = github_actions::Group::new(&what);
    terminal::progress("Running", &what);
    let limit = Duration::from_secs(deadline);
    let ran = match run_step(&step.command, root, step.is_xtask(), limit) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            let problem = Problem::error(format!("`{}` did not end within {deadline} s", step.typed()));
            return Err(problem.hint("give each step longer: --deadline SECONDS").into());
        }
        ran => ran.with_context(|| format!("cannot run `{}`", step.typed()))?,
    };
    if ran.failure.is_some() || environment::in_github_actions() {
        terminal::output(&ran.output);
    }
    drop(group);
    let took = seconds(&ran);
    match &ran.failure {
        None => {
            let offline = step.offline.filter(|_| environment::is_offline());
            let offline = offline.map_or_else(String::new, |what| format!("; offline, {what}"));
            terminal::result("Passed", &format!("{what}  ({took}{offline})"))?;
        }
        Some(status) => {
            let problem = Problem::error(format!("`{}` failed after {took}: {status}", step.typed()));
            terminal::problem(&problem.hint(&step.meaning));
        }
    }
    Ok(ran)
}

fn seconds(ran: &Ran) -> String {
    format!("{:.1} s", ran.took.as_secs_f64())
}

/// The summary; what failed is an error.
fn end(done: &[(&Step, Ran)]) -> Result<()> {
    if done.is_empty() {
        let problem = Problem::error("nothing of what CI runs can be run here");
        return Err(problem.hint("cargo xtask ci --list").into());
    }
    let mut table = "| Step | | Time | Command |\n| --- | --- | --- | --- |\n".to_owned();
    for (step, ran) in done {
        let verdict = if ran.failure.is_some() { "failed" } else { "passed" };
        let _ = writeln!(table, "| {} | {verdict} | {} | {} |", step.name, seconds(ran), cell(&step.typed()));
    }
    github_actions::summary(&table)?;
    let failed: Vec<&str> =
        done.iter().filter(|(_, ran)| ran.failure.is_some()).map(|(step, _)| step.name.as_str()).collect();
    if failed.is_empty() {
        let took: f64 = done.iter().map(|(_, ran)| ran.took.as_secs_f64()).sum();
        let steps = if done.len() == 1 { "1 step" } else { &format!("all {} steps", done.len()) };
        return Ok(terminal::result("Passed", &format!("{steps} in {took:.1} s"))?);
    }
    let message = format!("{} of {} steps failed: {}", failed.len(), done.len(), failed.join(", "));
    Err(Problem::error(message).hint("each says above what it means").into())
}
