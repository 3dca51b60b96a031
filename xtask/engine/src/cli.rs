//! The commands, each from the room that it is of.

#![warn(missing_docs)]

use anyhow::Result;
use clap::{ArgMatches, FromArgMatches, Parser, Subcommand};

use crate::app::App;
use crate::base::config::Config;
use crate::check::command::CheckArgs;
use crate::ci::command::CiArgs;
use crate::ci::run::Task;
use crate::dependency::command::DependencyArgs;
use crate::index::command::IndexArgs;
use crate::init::command::InitArgs;
use crate::package::command::PackageArgs;
use crate::pages::command::{PagesArgs, Part};
use crate::release::command::ReleaseArgs;
use crate::{check, ci, dependency, index, package, pages, rehearsal, release};

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
    /// Make everything that a release publishes, and print what publishing would do, or do it
    Release(ReleaseArgs),
    /// Build the documentation site and the Helm repository, and print what publishing them would do, or do it
    Pages(PagesArgs),
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
            Self::Release(args) if args.rehearse => rehearsal::command::run(&app.config, args),
            Self::Release(args) => release::command::run(&app.config, args),
            Self::Pages(args) => pages::command::run(&app.config, args),
        }
    }

    /// What it does, as far as workflows depend on it.
    pub fn task(self, config: &Config) -> Task {
        match self {
            Self::Ci(args) if !args.list && args.job.is_none() => Task::Ci,
            Self::Release(args) => Task::Release {
                publish: args.publish.map_or_else(Vec::new, |asked| config.asked_or_all(&asked)),
                tag: args.tag.is_some() || args.backfill,
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
