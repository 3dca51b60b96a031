//! Who may do what: a job that publishes needs its rights and its token, and no other job should have them.

use super::{Around, Work, edit, merge, sigstore};
use crate::base::config::Config;
use crate::base::cosign::Cosign;
use crate::base::problem::Problem;
use crate::base::target::Target;
use crate::base::text::name;
use crate::check::edit::{Edit, Finding};
use crate::ci::run::{Command, Run, Task};
use crate::ci::workflow::condition::{self, Start};
use crate::ci::workflow::{Access, Permissions, Step, Workflow, Written};

const SCOPES: [&str; 2] = ["contents", "packages"];
/// A user of one's own for the registry, in place of the token.
const OCI_PASSWORD: &str = "XTASK_OCI_PASSWORD";
/// The environment of a step that publishes.
const TOKEN: &str = "GITHUB_TOKEN: ${{ github.token }}";

/// What is wrong with the rights of a job.
pub fn check_rights(config: &Config, around: Around<'_>, work: &Work<'_>) -> Vec<Finding> {
    let needed = needed(config, around, work);
    let rights = if work.publishes().is_empty() {
        too_many(work)
    } else {
        too_few(work, &needed).or_else(|| borrowed(work, &needed))
    };
    rights.into_iter().chain(tokens(config, work)).collect()
}

/// Code of strangers must not run with the rights of the repository.
pub fn strangers(workflow: &Workflow, ours: &[Work<'_>]) -> Option<Problem> {
    let trigger = workflow.triggers.iter().find(|trigger| trigger.event.text == "pull_request_target")?;
    let start = Start { event: &trigger.event.text, reference: "refs/heads/main", default_branch: "main" };
    let skipped = condition::skipped(workflow, start);
    let mut here = ours.iter().filter(|work| work.workflow.file == workflow.file);
    here.find(|work| !skipped.contains(&work.job))?;
    let message =
        "`pull_request_target` runs with this repository's secrets and rights for the code of strangers";
    let problem = Problem::error(message).at(&workflow.file, Some(trigger.event.line));
    Some(problem.hint("write `pull_request:`, which runs the same without them"))
}

fn is_on_ghcr(config: &Config) -> bool {
    config.oci.starts_with("oci://ghcr.io/")
}

/// The scopes that a job must be able to write for what it publishes.
fn needed(config: &Config, around: Around<'_>, work: &Work<'_>) -> Vec<&'static str> {
    let targets: Vec<Target> = work.commands().flat_map(Command::publishes_by_config).collect();
    let has_password = work.runs.iter().any(|(step, ..)| work.workflow.has_env(work.job, step, OCI_PASSWORD));
    // A release without a tag makes one.
    let contents = targets.iter().any(|target| *target != Target::Oci)
        || !targets.is_empty() && merge::releases_on_merge(config, around, work);
    let packages = targets.contains(&Target::Oci) && is_on_ghcr(config) && !has_password;
    // Sigstore certifies whoever has a token of GitHub's for that.
    let identity = targets.contains(&Target::Oci) && config.cosign == Some(Cosign::Keyless);
    let needs = [("contents", contents), ("packages", packages), ("id-token", identity)];
    needs.into_iter().filter_map(|(scope, needed)| needed.then_some(scope)).collect()
}

/// A job that publishes without being allowed to.
fn too_few(work: &Work<'_>, needed: &[&str]) -> Option<Finding> {
    let own = work.workflow.permissions_of(work.job);
    let may = |scope: &&&str| own.is_some_and(|own| own.access(scope) == Access::Write);
    let missing: Vec<&str> = needed.iter().filter(|scope| !may(scope)).copied().collect();
    if missing.is_empty() {
        return None;
    }
    let (what, job) = (writing(&missing), name(&work.job.id.text));
    let message = match own {
        Some(_) => format!("job {job} publishes without {what}: GitHub refuses it with 403"),
        None => format!("job {job} publishes, and the settings of the repository decide whether it may"),
    };
    let (line, hint, edit) = if let Some(own) = &work.job.permissions {
        (own.line, format!("add {what} to its `permissions:`"), granting(work, own, &missing))
    } else {
        let hint = format!("give it `permissions:` of its own, with {}", writing(needed));
        (work.job.id.line, hint, block(work, needed))
    };
    Some(Finding::new(work.at(Problem::error(message), line).hint(hint), edit))
}

/// Scopes as one writes them into a block.
pub fn writing(scopes: &[&str]) -> String {
    scopes.iter().map(|scope| format!("`{scope}: write`")).collect::<Vec<_>>().join(" and ")
}

/// The edit that adds rights to a block.
pub fn granting(work: &Work<'_>, own: &Permissions, missing: &[&str]) -> Option<Edit> {
    let lines: Vec<String> = missing.iter().map(|scope| format!("{scope}: write")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    match own.scopes.iter().find(|(scope, ..)| missing.contains(&scope.as_str())) {
        Some((_, _, line)) if missing.len() == 1 => edit::set(work.workflow, *line, "write"),
        Some(_) => None,
        None if own.scopes.is_empty() => {
            let indent = work.workflow.indent(own.line);
            let lines = lines.iter().map(|line| format!("{indent}  {line}"));
            let block = std::iter::once(format!("{indent}permissions:")).chain(lines).collect();
            Some(edit::replace(work.workflow, own.line, block))
        }
        None => {
            let (first, _, line) = own.scopes.first()?;
            edit::before(work.workflow, *line, first, &lines)
        }
    }
}

/// The edit that gives a job a block of its own.
pub fn block(work: &Work<'_>, write: &[&str]) -> Option<Edit> {
    let scopes = write.iter().map(|scope| format!("  {scope}: write"));
    let lines: Vec<String> = std::iter::once("permissions:".to_owned()).chain(scopes).collect();
    edit::into_job(work.workflow, work.job, &lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A job that publishes with the rights of its workflow.
fn borrowed(work: &Work<'_>, needed: &[&str]) -> Option<Finding> {
    if work.job.permissions.is_some() || needed.is_empty() {
        return None;
    }
    let message = format!(
        "job {} has the rights of the workflow and no `permissions:` of its own",
        name(&work.job.id.text)
    );
    let problem = work.at(Problem::note(message), work.job.id.line);
    let hint = format!("give it `permissions:` with {}", writing(needed));
    Some(Finding::new(problem.hint(hint), block(work, needed)))
}

/// A job that publishes nothing and could.
fn too_many(work: &Work<'_>) -> Option<Finding> {
    // Nobody knows what a script publishes, or a command of the repository's own, or one with a slip in it.
    let is_known = |run: &Run| {
        let is_ours =
            |task: &Result<Task, String>| task.as_ref().is_ok_and(|task| !matches!(task, Task::Own { .. }));
        run.is_one_command() && run.commands.iter().all(|command| is_ours(&command.task))
    };
    if !work.runs.iter().all(|(_, _, run)| is_known(run)) {
        return None;
    }
    if !work.job.steps.iter().all(|step| step.action().is_none_or(|(action, _)| prepares(action))) {
        return None;
    }
    let job = name(&work.job.id.text);
    let read = ["permissions:", "  contents: read"];
    let Some(own) = work.workflow.permissions_of(work.job) else {
        let message =
            format!("the settings of the repository decide what job {job} may do, which publishes nothing");
        let problem = work.at(Problem::note(message), work.job.id.line);
        let edit = edit::into_job(work.workflow, work.job, &read);
        return Some(Finding::new(problem.hint("give it `permissions:` with `contents: read`"), edit));
    };
    let scope = SCOPES.into_iter().find(|scope| own.access(scope) == Access::Write)?;
    let message = format!(
        "job {job} may write (`{scope}: write`) and publishes nothing: its code, and that of every dependency it builds, could"
    );
    let (line, hint, edit) = if work.job.permissions.is_some() {
        let line = own.scopes.iter().find(|(name, ..)| name == scope).map_or(own.line, |(.., line)| *line);
        let edit = edit::set(work.workflow, line, if line == own.line { "read-all" } else { "read" });
        (line, format!("write `{scope}: read`"), edit)
    } else {
        let edit = edit::into_job(work.workflow, work.job, &read);
        (work.job.id.line, "give it `permissions:` of its own, with `contents: read`".to_owned(), edit)
    };
    Some(Finding::new(work.at(Problem::warning(message), line).hint(hint), edit))
}

/// Whether an action only prepares the machine, and does not write to the repository itself.
fn prepares(action: &str) -> bool {
    let name = action.rsplit('/').next().unwrap_or(action);
    action.starts_with("actions/") && !sigstore::attests(action)
        || ["setup", "cache", "install", "toolchain"].iter().any(|word| name.contains(word))
}

/// Steps that publish without a token.
fn tokens(config: &Config, work: &Work<'_>) -> Vec<Finding> {
    let lacks = |step: &Step, targets: &[Target]| {
        let has = |variable| work.workflow.has_env(work.job, step, variable);
        let is_github = |target: &Target| *target != Target::Oci || is_on_ghcr(config);
        let own_user = targets == [Target::Oci] && has(OCI_PASSWORD);
        targets.iter().any(is_github) && !has("GITHUB_TOKEN") && !own_user
    };
    let publishing = work.runs.iter().filter(|(step, _, run)| {
        let targets: Vec<Target> = run.commands.iter().flat_map(Command::publishes_by_config).collect();
        lacks(step, &targets)
    });
    let problem = |step: &Step, run: &Written| {
        let message = format!(
            "{} publishes without `GITHUB_TOKEN` in its environment, and nothing else gives it a token",
            name(run.text.trim_end())
        );
        let problem = work.at(Problem::error(message), run.line).hint(format!("add `env:` with `{TOKEN}`"));
        Finding::new(problem, token(work.workflow, step, run))
    };
    publishing.map(|(step, run, _)| problem(step, run)).collect()
}

fn token(workflow: &Workflow, step: &Step, run: &Written) -> Option<Edit> {
    match step.env.first() {
        Some((key, first)) => edit::before(workflow, first.line, key, &[TOKEN]),
        // A command that goes on below its line has `env:` nowhere near.
        None => edit::after(workflow, run.line, "run", &["env:", &format!("  {TOKEN}")])
            .filter(|_| workflow.line(run.line).trim_end().ends_with(run.text.trim_end())),
    }
}
