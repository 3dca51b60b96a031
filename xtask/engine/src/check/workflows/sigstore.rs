//! Jobs that attest or sign what they publish: the rights that GitHub's and Sigstore's services ask for, and the programs.

use super::{Work, rights};
use crate::base::config::Config;
use crate::base::problem::{Problem, docs_page};
use crate::base::target::Target;
use crate::base::text::name;
use crate::check::edit::Finding;
use crate::ci::run::Command;
use crate::ci::workflow::{Access, Step};

/// Whether an action makes attestations of GitHub's, and needs rights of its own for that.
pub fn attests(action: &str) -> bool {
    action.to_ascii_lowercase().starts_with("actions/attest")
}

/// The rights that a step needs which attests (github.com/actions/attest, "Usage"). Pushing an attestation to the registry
/// takes the right to write packages, if it is GitHub's, and leaves a record of where the artifact is.
fn needed(step: &Step) -> Vec<&'static str> {
    let is_pushed = step.with("push-to-registry").is_some_and(|value| value.text == "true");
    let is_elsewhere = |name: &str| !name.starts_with("ghcr.io/") && !name.contains("${{");
    let is_elsewhere = step.with("subject-name").is_some_and(|name| is_elsewhere(&name.text));
    let mut scopes = vec!["id-token", "attestations"];
    scopes.extend(is_pushed.then_some("artifact-metadata"));
    scopes.extend((is_pushed && !is_elsewhere).then_some("packages"));
    scopes
}

/// A job that attests without being allowed to.
pub fn check_attestations(work: &Work<'_>) -> Option<Finding> {
    let steps = work.job.steps.iter();
    let attesting: Vec<&Step> =
        steps.filter(|step| step.action().is_some_and(|(action, _)| attests(action))).collect();
    let needed = attesting.iter().map(|step| needed(step)).max_by_key(Vec::len)?;
    let own = work.workflow.permissions_of(work.job);
    let may = |scope: &&&str| own.is_some_and(|own| own.access(scope) == Access::Write);
    let missing: Vec<&str> = needed.iter().filter(|scope| !may(scope)).copied().collect();
    if missing.is_empty() {
        return None;
    }
    let (what, job) = (rights::writing(&missing), name(&work.job.id.text));
    let problem = Problem::error(format!("job {job} attests without {what}: GitHub refuses it"));
    let (line, hint, edit) = if let Some(own) = &work.job.permissions {
        (own.line, format!("add {what} to its `permissions:`"), rights::granting(work, own, &missing))
    } else {
        let edit = rights::block(work, &needed).filter(|_| work.publishes().is_empty());
        let hint = format!("give it `permissions:` of its own, with {}", rights::writing(&needed));
        (work.job.id.line, hint, edit)
    };
    Some(Finding::new(work.at(problem, line).hint(hint), edit))
}

/// A job that is to sign charts and lacks what cosign needs.
pub fn check_signing(config: &Config, work: &Work<'_>) -> Vec<Problem> {
    let Some(cosign) = &config.cosign else { return Vec::new() };
    let mut pushing = work.runs.iter().filter(|(_, _, run)| {
        run.commands.iter().flat_map(Command::publishes_by_config).any(|to| to == Target::Oci)
    });
    let Some((step, run, _)) = pushing.next() else { return Vec::new() };
    let job = name(&work.job.id.text);
    let mut problems = Vec::new();
    if let Some(variable) = cosign.variable().filter(|key| !work.workflow.has_env(work.job, step, key)) {
        let message =
            format!("{} signs charts, and has no {variable} in its environment", name(run.text.trim_end()));
        let hint =
            format!("add `{variable}: ${{{{ secrets.{variable} }}}}` and `COSIGN_PASSWORD` to its `env:`");
        problems.push(work.at(Problem::error(message), run.line).hint(hint));
    }
    let names = |text: &str| text.contains("cosign");
    let mut before = work.job.steps.iter().filter(|other| other.line < step.line);
    let is_there = before.any(|step| {
        step.action().is_some_and(|(action, _)| names(action) || action.starts_with("./"))
            || step.run.as_ref().is_some_and(|run| names(&run.text))
    });
    let is_bare =
        |machine: &str| ["ubuntu-", "macos-", "windows-"].iter().any(|one| machine.starts_with(one));
    let is_bare = work.job.runs_on.as_ref().is_some_and(|machine| is_bare(&machine.text));
    if is_bare && !work.job.has_container && !is_there {
        let message = format!("job {job} signs charts by cosign, and no step of it installs cosign");
        let hint =
            format!("add `- uses: sigstore/cosign-installer@COMMIT`, as {} shows it", docs_page("sigstore"));
        problems.push(work.at(Problem::error(message), run.line).hint(hint));
    }
    problems
}
