//! `helm-xtask init`: makes a repository depend on this library, as what is in it suggests.

use std::time::Duration;

use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, value_parser};

use super::decide::decide;
use super::files::{Change, LOCKED, changes, is_whole};
use super::io::{Scope, find_there, lock, look, repository_of, write};
use super::setting::expression;
use super::today::{Publisher, Sourced};
use super::{Asked, Decision};
use crate::base::problem::{Problem, Problems, docs_page, problems_of, verdict};
use crate::base::target::Target;
use crate::base::text::{counted, name};
use crate::check::command::CheckArgs;
use crate::ci::program::Program;
use crate::git::io::remote::Remote;
use crate::git::io::repository::{Repository, repository};
use crate::release::command::ReleaseArgs;
use crate::sys::{environment, terminal};
use crate::{check, rehearsal};

/// `helm-xtask init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Write the files that are not there, check them, and rehearse a release
    #[arg(long)]
    pub write: bool,
    #[command(flatten)]
    pub answers: Asked,
    /// The git repository that the charts are published to [default: `origin`]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub remote: Option<String>,
    /// Do not look at what is published
    #[arg(long)]
    pub offline: bool,
    /// How long looking at what is published may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
}

/// Hands the config that follows to a command, as the program would that is written.
pub type WithProgram<'a> = &'a dyn Fn(&Decision, &dyn Fn(Program<'_>) -> Result<()>) -> Result<()>;

/// Runs the command.
pub fn run(args: &InitArgs, with_program: WithProgram<'_>) -> Result<()> {
    let repository = repository()?;
    let asked = &args.answers;
    let is_offline = args.offline || environment::is_offline();
    let limit = Duration::from_secs(args.deadline);
    let scope = Scope { repository: &repository, remote: args.remote.as_deref(), is_offline, limit };
    let mut problems = Vec::new();
    let seen = look(scope, asked, find_repository(&repository, asked)?)?.take(&mut problems);
    let decision = decide(&seen, asked).take(&mut problems);
    tell(&decision)?;
    verdict(problems)?.iter().for_each(terminal::problem);
    let there = find_there(&repository, &seen.files)?;
    let changes = changes(&decision, &there);
    for (path, change) in &changes {
        let old = there.texts.get(*path).map_or("", String::as_str);
        if args.write {
            write(repository.root(), path, change, old)?;
        }
        tell_change(path, change, args.write)?;
    }
    let has_lock = repository.root().join(LOCKED).is_file();
    if args.write && !has_lock && is_whole(&changes) {
        match lock(&scope) {
            Ok(()) => terminal::result("Wrote", LOCKED)?,
            Err(problem) => terminal::problem(&problem),
        }
    }
    seen.today.publishers.iter().try_for_each(|one| tell_publisher(&decision, one))?;
    if !args.write {
        return Ok(terminal::line("nothing was written; add --write to write, check and rehearse")?);
    }
    let own = changes.iter().find(|(_, change)| matches!(change, Change::Edit { .. } | Change::Differs(_)));
    if let Some((path, _)) = own {
        return Ok(terminal::line(&format!(
            "see to {path} first, then try it: cargo xtask check && cargo xtask release --rehearse"
        ))?);
    }
    try_it(&decision, is_offline, with_program)
}

/// The repository that is asked for, or that of `origin`.
fn find_repository(repository: &Repository, asked: &Asked) -> Result<Sourced<String>> {
    if let Some(asked) = &asked.repository {
        return Ok((asked.clone(), "--repository".to_owned()));
    }
    if let Some(url) = repository.origin()? {
        let url = Remote::shown("origin", repository.root(), &url)?;
        let known = repository_of(&url).map(|of| (of, format!("origin is {url}")));
        return known.ok_or_else(|| {
            let message =
                format!("`origin`, {}, does not say which repository on GitHub this is", name(&url));
            Problem::usage(message).hint("--repository OWNER/NAME").into()
        });
    }
    match terminal::ask("OWNER/NAME of the repository on GitHub: ") {
        Some(answer) => Ok((answer, "as you say".to_owned())),
        None => Err(Problem::usage("there is no `origin`").hint("--repository OWNER/NAME").into()),
    }
}

fn tell(decision: &Decision) -> Result<()> {
    for answer in &decision.answers {
        terminal::result("Found", &format!("{}  ({})", answer.what, answer.why))?;
    }
    terminal::line(&format!("\n    {}\n", expression(&decision.config.repository, &decision.settings())))?;
    Ok(())
}

fn tell_change(path: &str, change: &Change, is_written: bool) -> Result<()> {
    match change {
        Change::Write(_) if is_written => terminal::result("Wrote", path)?,
        Change::Write(_) => terminal::result("Would write", path)?,
        Change::Append(text) => {
            let verb = if is_written { "Added" } else { "Would add" };
            let lines = text.lines().filter(|line| !line.is_empty()).count();
            terminal::result(verb, &format!("{} to {path}", counted(lines, "line")))?;
        }
        Change::Edit { text, why } => {
            terminal::result("Add", &format!("to {path} by hand: {why}"))?;
            text.lines().try_for_each(|line| terminal::line(&format!("    {line}")))?;
        }
        Change::Differs(what) => {
            terminal::problem(
                &Problem::note(what.clone())
                    .at(path, None)
                    .hint("it stays as it is; edit it where it is not what you want"),
            );
        }
        Change::Unchanged => terminal::result("Unchanged", path)?,
    }
    Ok(())
}

/// A step that publishes what the new workflow publishes as well. What is not made for charts may publish an application
/// or documentation.
fn tell_publisher(decision: &Decision, one: &Publisher) -> Result<()> {
    if !one.targets.iter().any(|target| decision.config.publishes_to(*target)) {
        return Ok(());
    }
    let is_documentation =
        one.targets == [Target::Pages] && !one.is_of_charts && decision.config.docs.is_none();
    if is_documentation {
        return Ok(());
    }
    // Another registry is no business of this config, and GitHub Pages may be deployed that way.
    let is_other = one.destination.as_deref().is_some_and(|to| {
        to.starts_with("oci://")
            && !to.contains(['$', '{'])
            && to.trim_end_matches('/') != decision.config.oci
    });
    if is_other || one.what.ends_with("/deploy-pages") {
        return Ok(());
    }
    let step = format!("{} at {}", name(&one.what), one.place());
    if one.is_of_charts {
        terminal::result("Remove", &format!("{step}: it publishes the same"))?;
    } else {
        terminal::result("Look", &format!("at {step}: remove it if what it publishes are charts"))?;
    }
    Ok(())
}

/// Checks and rehearses with the config, as `cargo xtask` would.
fn try_it(decision: &Decision, is_offline: bool, with_program: WithProgram<'_>) -> Result<()> {
    /// Command lines that nobody has typed.
    #[derive(Parser)]
    struct Check {
        #[command(flatten)]
        args: CheckArgs,
    }
    #[derive(Parser)]
    struct Rehearsal {
        #[command(flatten)]
        args: ReleaseArgs,
    }
    let offline = is_offline.then_some("--offline");
    let check = Check::try_parse_from(["check"].into_iter().chain(offline))?.args;
    let release = Rehearsal::try_parse_from(["release", "--rehearse"].into_iter().chain(offline))?.args;
    terminal::result("Running", "cargo xtask check")?;
    let checked = with_program(decision, &|program| check::command::run(program, &check));
    terminal::result("Running", "cargo xtask release --rehearse")?;
    let rehearsed = rehearsal::command::run(&decision.config, &release);
    let mut problems = Vec::new();
    let failed = [&checked, &rehearsed].iter().any(|result| result.is_err());
    for result in [checked, rehearsed] {
        problems.extend(result.err().map(|error| problems_of(error).0).unwrap_or_default());
    }
    if failed {
        return Err(Problems(problems).into());
    }
    if decision.config.publishes_to(Target::Oci) && !decision.config.oci.starts_with("oci://ghcr.io/") {
        terminal::line("the workflow needs the secrets OCI_USERNAME and OCI_PASSWORD of the registry")?;
    }
    let page = docs_page("adopting");
    Ok(terminal::line(&format!(
        "next: commit these files on a branch, without the steps named above; see {page}"
    ))?)
}
