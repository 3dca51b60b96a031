//! The commands, each from the room that it is of.

#![warn(missing_docs)]

use std::ffi::OsString;

use anyhow::Result;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::app::App;
use crate::base::config::Config;
use crate::base::target::Target;
use crate::base::text::shown;
use crate::check::command::CheckArgs;
use crate::ci::command::CiArgs;
use crate::ci::run::Task;
use crate::dependency::command::DependencyArgs;
use crate::index::command::IndexArgs;
use crate::init::command::InitArgs;
use crate::package::command::PackageArgs;
use crate::pages::command::{PagesArgs, Part};
use crate::release::command::ReleaseArgs;
use crate::yank::command::YankArgs;
use crate::{check, ci, dependency, index, package, pages, rehearsal, release, yank};
#[cfg(feature = "lifecycle")]
use crate::{
    prepare::{
        self,
        command::{DeprecateArgs, PrepareArgs},
    },
    status::{self, command::StatusArgs},
    verify::{self, command::VerifyArgs},
};

/// Publishes Helm charts: the release workflow of this repository, to run on a laptop and in CI.
#[derive(Debug, Parser)]
#[command(disable_help_subcommand = true)]
pub struct Standard {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Makes a repository of Helm charts release them by `cargo xtask`, and packages and indexes charts without one.
///
/// The other commands (check, ci, pages, release) belong to the `cargo xtask` of a repository, since they need its config:
/// see <https://d44b.github.io/pulltrace/adopting/>.
#[derive(Debug, Parser)]
#[command(name = "helm-xtask", version, disable_help_subcommand = true)]
pub enum Installed {
    /// Find out how this repository releases its charts, and write the files by which `cargo xtask` does it
    Init(InitArgs),
    /// Make an archive of each chart directory, as `helm package` does
    Package(PackageArgs),
    /// Write `index.yaml` for the archives of a directory, as `helm repo index` does
    Index(IndexArgs),
    /// Verify a chart of a Helm repository or a registry: digests, signatures, and whose they are
    #[cfg(feature = "lifecycle")]
    Verify(VerifyArgs),
}

/// The commands of this library, for a parser of one's own: a variant with `#[command(flatten)]`.
/// [`App::command`](crate::App::command) runs them.
#[derive(Debug)]
pub struct Command(pub(crate) Box<Commands>);

impl FromArgMatches for Command {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Commands::from_arg_matches(matches).map(|command| Self(Box::new(command)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Subcommand for Command {
    fn augment_subcommands(parser: clap::Command) -> clap::Command {
        Commands::augment_subcommands(parser)
    }

    fn augment_subcommands_for_update(parser: clap::Command) -> clap::Command {
        Commands::augment_subcommands_for_update(parser)
    }

    fn has_subcommand(name: &str) -> bool {
        Commands::has_subcommand(name)
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Commands {
    /// Make an archive of each chart directory, as `helm package` does
    Package(PackageArgs),
    /// Write `index.yaml` for the archives of a directory, as `helm repo index` does
    Index(IndexArgs),
    /// Put what charts depend on into their `charts/`, as `helm dependency build` and `update` do
    Dependency(DependencyArgs),
    /// Find what would go wrong at the next release, and what could be better
    Check(CheckArgs),
    /// Run what CI runs, as the workflows say
    Ci(CiArgs),
    /// Make the commit that a release is tagged at: versions, changelog, and what else speaks of the version
    #[cfg(feature = "lifecycle")]
    Prepare(PrepareArgs),
    /// The same for the version of a chart that says that it is deprecated
    #[cfg(feature = "lifecycle")]
    Deprecate(DeprecateArgs),
    /// Make everything that a release publishes, and print what publishing would do, or do it
    Release(ReleaseArgs),
    /// Build the documentation site and the Helm repository, and print what publishing them would do, or do it
    Pages(PagesArgs),
    /// Take a bad version out of the index of the Helm repository, or print what that would do
    Yank(YankArgs),
    /// Compare every version with every place that should have it, and say what mends what is wrong
    #[cfg(feature = "lifecycle")]
    Status(StatusArgs),
    /// Verify that all places of a release hold the same archive, and who signed it
    #[cfg(feature = "lifecycle")]
    Verify(VerifyArgs),
}

impl Commands {
    /// Runs the command.
    pub fn run(&self, app: &App) -> Result<()> {
        match self {
            Self::Check(args) => app.with_program(|program| check::command::run(program, args)),
            Self::Ci(args) => app.with_program(|program| ci::command::run(program, args)),
            Self::Dependency(args) => dependency::command::run(&app.config, args),
            Self::Index(args) => index::command::run(args),
            Self::Package(args) => package::command::run(args),
            #[cfg(feature = "lifecycle")]
            Self::Prepare(args) => {
                app.with_program(|program| prepare::command::run(program, &args.charts, &args.how, false))
            }
            #[cfg(feature = "lifecycle")]
            Self::Deprecate(args) => {
                let charts = std::slice::from_ref(&args.chart);
                app.with_program(|program| prepare::command::run(program, charts, &args.how, true))
            }
            Self::Release(args) if args.rehearse => rehearsal::command::run(&app.config, args),
            Self::Release(args) => release::command::run(&app.config, args),
            Self::Pages(args) => pages::command::run(&app.config, args),
            Self::Yank(args) => yank::command::run(&app.config, args),
            #[cfg(feature = "lifecycle")]
            Self::Status(args) => status::command::run(&app.config, args),
            #[cfg(feature = "lifecycle")]
            Self::Verify(args) => verify::command::run(Some(&app.config), args),
        }
    }

    /// What it does, as far as workflows depend on it.
    pub fn task(self, config: &Config) -> Task {
        match self {
            Self::Ci(args) if !args.list && args.job.is_none() => Task::Ci,
            Self::Release(args) => Task::Release {
                publish: args.publish.map_or_else(Vec::new, |asked| config.asked_or_all(&asked)),
                tag: args.tag.is_some() || args.backfill,
                signs: args.sign,
                from: args.from.map(|from| from.to_string_lossy().into_owned()),
                to: args
                    .destination
                    .map_or_else(|| "dist".to_owned(), |to| to.to_string_lossy().into_owned()),
            },
            Self::Pages(args) => Task::Pages { publish: args.publish, docs: args.only == Some(Part::Docs) },
            _ => Task::Other,
        }
    }
}

/// What a command line asks for. The error is clap's, but where people type what another tool has, or what clap would take
/// for something else than they mean.
pub fn read(parser: &clap::Command, words: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let typed: Vec<&str> =
        words.iter().map_while(|word| word.to_str().filter(|word| *word != "--")).collect();
    let command = typed.iter().copied().skip(1).find(|word| parser.find_subcommand(word).is_some());
    let command = command.unwrap_or_default();
    if let Some(targets) = targets_after_blank(&typed).filter(|_| command == "release") {
        let (said, plain) = (shown(targets), targets.trim_end_matches(',').to_lowercase());
        return Err(habit(
            &format!("`{said}` after `--publish` and a blank is read as the name of a chart"),
            &format!("type --publish={plain}; for charts of that name, name them before --publish"),
        ));
    }
    parser.clone().try_get_matches_from(words).map_err(|error| known(command, error))
}

/// The targets that follow `--publish` as a word of their own: its value needs a `=`.
fn targets_after_blank<'w>(words: &[&'w str]) -> Option<&'w str> {
    let is_target = |part: &str| Target::from_str(part, true).is_ok();
    let targets = words.windows(2).find_map(|pair| match pair {
        ["--publish", after] => Some(*after),
        _ => None,
    });
    targets.filter(|targets| targets.trim_end_matches(',').split(',').all(is_target))
}

/// An option that is none, with what to type instead where that is known. Clap offers to read it as the name of a chart.
fn known(command: &str, mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidArg) else { return error };
    let option = typed.split('=').next().unwrap_or(typed);
    let target = option.strip_prefix("--publish-").filter(|target| Target::from_str(target, true).is_ok());
    let hint = match (command, option) {
        _ if error.kind() != ErrorKind::UnknownArgument => return error,
        ("release" | "pages", "--dry-run" | "--dryrun" | "-n") => {
            "leave --publish out: without it nothing leaves this machine, and what publishing would do is printed".to_owned()
        }
        ("check" | "status", "--dry-run" | "--dryrun" | "-n") => "leave --fix out: without it nothing is changed".to_owned(),
        ("release", "--version") => "type --tag TAG, as v1.2.3; without it the version is that of Chart.yaml".to_owned(),
        ("release", _) if target.is_some() => format!("type --publish={}", target.unwrap_or_default().to_lowercase()),
        _ => {
            let is_of_value = |tip: &ContextValue| tip.to_string().contains("as a value");
            if error.get(ContextKind::Suggested).is_some_and(is_of_value) {
                error.remove(ContextKind::Suggested);
            }
            return error;
        }
    };
    habit(&format!("`{command}` has no option `{}`", shown(option)), &hint)
}

fn habit(message: &str, hint: &str) -> clap::Error {
    clap::Error::raw(ErrorKind::UnknownArgument, format!("{message}\nhint: {hint}\n"))
}
