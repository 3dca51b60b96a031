//! What the steps of our workflows are: one `cargo xtask` command each, and actions that nobody can exchange.

use super::{Work, edit};
use crate::base::path;
use crate::base::problem::{Problem, docs_page};
use crate::base::text::name;
use crate::check::edit::Finding;
use crate::ci::run::Run;
use crate::ci::shell::{Words, plain_commands};
use crate::ci::workflow::{Step, Written};

/// How a script becomes something that a laptop runs too.
const OWN: &str = "make it a command or a CI step of your own, in the config";
const CHECKOUT: &str = "actions/checkout";

/// What is wrong with the steps of a job.
pub fn check_steps(work: &Work<'_>) -> Vec<Finding> {
    let mut problems: Vec<Problem> =
        work.runs.iter().flat_map(|(step, written, run)| command(work, step, written, run)).collect();
    problems.extend(work.job.uses.iter().filter_map(|uses| pin(work, uses)));
    problems.extend(
        work.job.steps.iter().filter_map(|step| step.uses.as_ref()).filter_map(|uses| pin(work, uses)),
    );
    problems.extend(goes_on(work));
    let mut found: Vec<Finding> = problems.into_iter().map(Into::into).collect();
    found.extend(no_checkout(work).map(Into::into));
    found.extend(work.job.steps.iter().filter_map(|step| keeps_credentials(work, step)));
    found
}

/// A release that failed and looks like one that succeeded.
fn goes_on(work: &Work<'_>) -> Vec<Problem> {
    let steps = work.publishing_steps().filter_map(|step| step.goes_on.as_ref());
    let job = work.job.goes_on.as_ref().filter(|_| !work.publishes().is_empty());
    let problem = |written: &Written| {
        let message = "a release that fails would look like one that succeeded";
        work.at(Problem::warning(message), written.line).hint("delete `continue-on-error:`")
    };
    steps.chain(job).filter(|written| written.text == "true").map(problem).collect()
}

/// Whether a script has to do with charts: what else CI runs is nobody's business here.
fn is_about_charts(run: &Run, text: &str) -> bool {
    let is_helm =
        |words: &Words| words.first().is_some_and(|first| matches!(first.as_str(), "helm" | "cr" | "ct"));
    !run.commands.is_empty() || plain_commands(text).iter().any(is_helm)
}

/// Whether a command of helm's gets the dependencies of charts, which ours get by themselves.
fn fetches_charts(command: &str) -> bool {
    ["helm repo add ", "helm dependency build", "helm dependency update"]
        .iter()
        .any(|known| command.starts_with(known))
}

/// What is wrong with a `run:`.
fn command(work: &Work<'_>, step: &Step, written: &Written, run: &Run) -> Vec<Problem> {
    let first = written.text.trim().lines().next().unwrap_or_default();
    let mut problems = Vec::new();
    for command in &run.commands {
        if let Err(why) = &command.task {
            let problem = Problem::error(format!("{} does not run: {why}", name(&command.text)));
            problems.push(work.at(problem, written.line).hint("cargo xtask --help"));
        }
    }
    let is_about_charts = is_about_charts(run, &written.text);
    let is_dangerous = !run.commands.is_empty() || !work.publishes().is_empty();
    if written.text.contains("${{") && is_dangerous {
        let message = format!(
            "{} has `${{{{` in it: whoever writes what it stands for writes the command",
            name(first)
        );
        let hint = "set a variable below `env:` of the step, and let the command read it";
        problems.push(work.at(Problem::warning(message), written.line).hint(hint));
    } else if !is_about_charts {
        return problems;
    } else if let Some(why) = &run.shell {
        let message = format!("{} is a script, not one `cargo xtask` command: {why}", name(first));
        problems.push(work.at(Problem::warning(message), written.line).hint(OWN));
    } else if fetches_charts(first) {
        let message = format!("{} is not needed: `cargo xtask` fetches what Chart.lock names", name(first));
        let hint = "delete the step, unless one with another program needs the archives in charts/";
        problems.push(work.at(Problem::note(message), written.line).hint(hint));
    } else if !run.is_one_command() {
        let message =
            format!("{} is no `cargo xtask` command: what CI does is not all in one place", name(first));
        problems.push(work.at(Problem::note(message), written.line).hint(OWN));
    }
    let is_below = |directory: &&Written| path::join("", &directory.text).is_none_or(|path| !path.is_empty());
    if let Some(directory) = step.directory.as_ref().filter(is_below).filter(|_| run.is_one_command()) {
        let message = "`cargo xtask` works from the root of the repository wherever it is run, and paths of its options do not";
        let (line, hint) = if directory.line < step.line {
            (written.line, "give the step `working-directory: .`")
        } else {
            (directory.line, "delete `working-directory:`")
        };
        problems.push(work.at(Problem::note(message), line).hint(hint));
    }
    problems
}

/// An action that its owner, or whoever has its account, can exchange.
fn pin(work: &Work<'_>, uses: &Written) -> Option<Problem> {
    let (action, version) = uses.text.split_once('@').unwrap_or((&uses.text, ""));
    if action.starts_with("./") || action.starts_with("docker://") {
        return None;
    }
    let is_commit = matches!(version.len(), 40 | 64) && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    let repository = action.split('/').take(2).collect::<Vec<_>>().join("/");
    if !is_commit {
        let message = format!(
            "{} is not pinned by commit: what {} names can be exchanged",
            name(action),
            name(version)
        );
        let hint = format!(
            "git ls-remote https://github.com/{repository} {version} '{version}^{{}}', then write `uses: {action}@COMMIT # {version}`"
        );
        return Some(work.at(Problem::warning(message), uses.line).hint(hint));
    }
    let is_version = |comment: &str| {
        comment.trim_start_matches("tag=").trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit())
    };
    let has_version = work.workflow.comment(uses.line).is_some_and(is_version);
    (!has_version).then(|| {
        let message = format!("nobody sees which version of {} this commit is", name(action));
        let hint = format!("git ls-remote --tags https://github.com/{repository} | grep {version}, then write the version behind it: `# v1.2.3`");
        work.at(Problem::note(message), uses.line).hint(hint)
    })
}

/// Without the repository there is no `cargo xtask`.
fn no_checkout(work: &Work<'_>) -> Option<Problem> {
    let (first, written, _) = work.runs.iter().find(|(_, _, run)| !run.commands.is_empty())?;
    let gets = |step: &&Step| {
        step.is(CHECKOUT) || step.run.as_ref().is_some_and(|run| run.text.contains("git clone"))
    };
    if work.job.steps.iter().take_while(|step| step.line < first.line).any(|step| gets(&step)) {
        return None;
    }
    let message = format!("job {} has not checked the repository out", name(&work.job.id.text));
    Some(
        work.at(Problem::error(message), written.line)
            .hint(format!("begin its steps with `uses: {CHECKOUT}@COMMIT`, as {} shows it", docs_page("ci"))),
    )
}

/// A token in git's config is there for every step and everything that it builds.
fn keeps_credentials(work: &Work<'_>, step: &Step) -> Option<Finding> {
    let uses = step.uses.as_ref().filter(|_| step.is(CHECKOUT))?;
    let own = step.with("persist-credentials");
    if own.is_some_and(Written::is_false) {
        return None;
    }
    let message = "git keeps the token where every later step finds it, and what it builds too";
    let line = own.map_or(uses.line, |own| own.line);
    let edit = match (own, step.with.first()) {
        (Some(own), _) => edit::set(work.workflow, own.line, "false"),
        (None, Some((key, first))) => {
            edit::before(work.workflow, first.line, key, &["persist-credentials: false"])
        }
        (None, None) => {
            edit::after(work.workflow, uses.line, "uses", &["with:", "  persist-credentials: false"])
        }
    };
    let problem = work.at(Problem::warning(message), line).hint("persist-credentials: false, below `with:`");
    Some(Finding::new(problem, edit))
}
