//! Publishes Helm charts from the repository that this crate lies in.
//!
//! ```text
//! cli      the command line
//! command  one file a command: observe -> plan -> print, or apply
//! world    the only code that reads, runs or writes
//! plan     decisions: what is there -> what to do, as data; no I/O
//! model    formats: text and bytes to types and back; no I/O
//! formats  what model does by the thousand: a crate of its own, so that cargo optimises it
//! ```
//!
//! Each part uses those below it and none above; a test keeps that.
//!
//! What must stay true:
//!
//! - The archive depends on the commit and nothing else: not on the clock, the machine, the umask, the checkout's
//!   times, or whether helm is installed.
//! - Native packaging agrees with Helm or refuses with an error. It never differs silently.
//! - Every problem is reported before anything stops, and files appear whole or not at all.
//! - Facts come from inside the chart (Chart.yaml), never from the name of a file.
//! - A published index entry is never lost and a published digest never changes. "There is no index" and "the index
//!   could not be read" are different values.
//! - The branch of the site is whole at every moment: one ref update, which happens or does not.
//! - Running again is the recovery: what stands already is left as it is.
//! - A secret is in no argument, URL, log or file.
//! - Nothing is written elsewhere without `--publish`.

mod cli;
mod command;
pub mod model;
pub mod plan;
mod world;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

pub use cli::Cli;
pub use model::config::{Config, Versions};

use model::problem::{Problem, Problems, Severity};
use model::text::name;

/// Runs the command line. Exit status 0: done; 1: a problem in the repository; 2: wrong usage.
pub fn main(config: &Config) -> ExitCode {
    let result = match world::environment::control_in_arguments() {
        Some(argument) => {
            let problem = Problem::usage(format!("argument {} has a control character", name(&argument)));
            Err(Problems::from(problem.hint("cargo xtask --help")).into())
        }
        None => run(config, &Cli::parse()),
    };
    let Err(error) = result else { return ExitCode::SUCCESS };
    let Problems(problems) = command::problems_of(error);
    problems.iter().for_each(world::terminal::problem);
    let wrong_usage = problems.iter().any(|problem| problem.severity == Severity::Usage);
    ExitCode::from(if wrong_usage { 2 } else { 1 })
}

/// The file that the literal stands in, as it was compiled.
const COMPILED: &str = include_str!("../../src/main.rs");

fn run(config: &Config, cli: &Cli) -> Result<()> {
    check_sources()?;
    world::scratch::remove_on_signals()?;
    match &cli.command {
        cli::Command::Check(args) => command::check::run(config, args),
        cli::Command::Ci(args) => command::ci::run(args),
        cli::Command::Index(args) => command::index::run(args),
        cli::Command::Package(args) => command::package::run(args),
        cli::Command::Release(args) => command::release::run(config, args),
        cli::Command::Pages(args) => command::pages::run(config, args),
    }
}

/// Two repositories that share a target directory get one program from cargo, and it would publish the one under the names
/// of the other.
fn check_sources() -> Result<()> {
    let Some(directory) = world::environment::crate_directory() else { return Ok(()) };
    let here = world::files::read_text(&directory.join("src/main.rs"))?;
    if here.is_none_or(|here| here == COMPILED) {
        return Ok(());
    }
    let problem = Problem::error(
        "this program was compiled from another `xtask/src/main.rs` than the one that is here",
    );
    Err(Problems::from(problem.hint("touch xtask/src/main.rs, then run it again")).into())
}
