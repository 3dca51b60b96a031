//! The program that a repository makes of this library: its config, its own commands and its own CI steps.

#![warn(missing_docs)]

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::base::config::Config;
use crate::base::problem::{Problem, Problems, Severity, problems_of};
use crate::base::text::name;
use crate::ci::program::Program;
use crate::ci::run::Task;
use crate::ci::{self, Step};
use crate::cli::{Command, Commands, Installed, Standard, read};
use crate::release::command::ReleaseArgs;
use crate::release::io::release::Release;
use crate::sys::{environment, files, scratch, terminal};

/// A repository's `cargo xtask`. [`app!`](self!) makes one; [`App::main`] and [`App::run`] are its entry points.
#[derive(Clone)]
pub struct App {
    pub(crate) config: Config,
    /// What `cargo xtask ci` stands for: the repository's own steps, then those of this library.
    steps: Vec<Step>,
    /// The name of the package that the program is compiled from.
    package: &'static str,
    /// The path of its main.rs from the root of the workspace.
    file: String,
    /// The text of its main.rs when it was compiled.
    source: &'static str,
    parser: clap::Command,
    /// Options of the repository's own on the command line, which its commands take as well.
    options: Vec<String>,
}

/// Makes the [`App`] of a [`Config`]. To be called in the program's `main.rs`: messages about the config name that file,
/// and its text tells the program apart from another that shares a target directory with it.
#[macro_export]
macro_rules! app {
    ($config:expr) => {
        $crate::App::new(
            $config,
            ::core::env!("CARGO_PKG_NAME"),
            ::core::file!(),
            ::core::include_str!("main.rs"),
        )
    };
}

impl App {
    #[doc(hidden)]
    pub fn new(config: Config, package: &'static str, file: &str, source: &'static str) -> Self {
        let (file, steps) = (file.replace('\\', "/"), ci::standard());
        let (parser, options) = (named(Standard::command()), Vec::new());
        Self { config, steps, package, file, source, parser, options }
    }

    /// The same program with another config, such as that of staging, which an option of the repository's own chooses.
    #[must_use]
    pub fn with(&self, config: Config) -> Self {
        Self { config, ..self.clone() }
    }

    /// Adds a step to `cargo xtask ci`. Steps of the repository run in this order, before those of this library.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        let own = self.steps.len() - ci::standard().len();
        self.steps.insert(own, step);
        self
    }

    /// Runs the command line with the commands of this library. Exit status 0: done; 1: a problem in the repository or at
    /// a remote; 2: wrong usage.
    pub fn main(self) -> ExitCode {
        self.run(|Standard { command }, app| app.command(&command))
    }

    /// Runs the command line with a parser of the repository's own, which holds [`Command`] by `#[command(flatten)]`.
    /// `act` does what was asked for; problems that it returns are printed. Exit status as for [`App::main`].
    pub fn run<P: Parser>(mut self, act: impl FnOnce(P, &Self) -> Result<(), Problems>) -> ExitCode {
        self.parser = named(P::command());
        terminal::the_config_is_in(&self.file);
        let result = self.arguments().and_then(|(parsed, options)| {
            self.options = options;
            self.check_source()?;
            scratch::remove_on_signals()?;
            act(parsed, &self)
        });
        ended(result)
    }

    /// Does what a command of this library asks for.
    pub fn command(&self, command: &Command) -> Result<(), Problems> {
        command.0.run(self).map_err(problems_of)
    }

    /// Hands the program to a command that looks at it.
    pub(crate) fn with_program<T>(&self, act: impl FnOnce(Program<'_>) -> T) -> T {
        act(Program {
            config: &self.config,
            steps: &self.steps,
            package: self.package,
            file: &self.file,
            task: &|line| self.task(line),
            refusal: &|line| self.refusal(line),
            options: &|line| self.options(line),
        })
    }

    /// What a `cargo xtask` command does; the error is one line.
    fn task(&self, line: &str) -> Result<Task, String> {
        let first_line = |error: clap::Error| {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        };
        Ok(match self.parse(line).map_err(first_line)? {
            Parsed::Ours(command) => command.task(&self.config),
            Parsed::Own { publishes } => Task::Own { publishes },
        })
    }

    /// Why a command line is refused; `None` for one that can be typed, and for a command that is spoken of by its name
    /// alone.
    fn refusal(&self, line: &str) -> Option<String> {
        let error = self.parse(line).err()?;
        let words = line.split_whitespace().filter(|word| !word.starts_with('-')).count();
        let is_name = words == 3 && error.kind() == ErrorKind::MissingRequiredArgument;
        let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        (!is_name && !is_help).then(|| error.to_string())
    }

    /// What was asked for, and with which options of the repository's own. Wrong usage, `--help` and `--version` end the
    /// program, as clap does it.
    fn arguments<P: Parser>(&self) -> Result<(P, Vec<String>), Problems> {
        // What a command of the repository's own takes is for itself to judge.
        let words = environment::arguments();
        let first = words.get(1).and_then(|word| word.to_str()).unwrap_or_default();
        if Commands::has_subcommand(first) || self.parser.find_subcommand(first).is_none() {
            check_arguments()?;
        }
        let matches = read(&self.parser, &words).unwrap_or_else(|error| error.exit());
        let options = self.own_options(&matches);
        Ok((P::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()), options))
    }

    /// The command in a line such as `cargo xtask check --tag v1.2.3`. The error is what the program would print.
    fn parse(&self, line: &str) -> Result<Parsed, clap::Error> {
        let matches = self.matches(line)?;
        if matches.subcommand_name().is_some_and(Commands::has_subcommand) {
            return Commands::from_arg_matches(&matches).map(|ours| Parsed::Ours(Box::new(ours)));
        }
        Ok(Parsed::Own { publishes: publishes(&matches) })
    }

    fn matches(&self, line: &str) -> Result<ArgMatches, clap::Error> {
        let words: Vec<OsString> = line.split_whitespace().skip(1).map(OsString::from).collect();
        read(&self.parser, &words)
    }

    /// The options of the repository's own in a command line, then those that this program was run with.
    fn options(&self, line: &str) -> Vec<String> {
        let own = self.matches(line).map_or_else(|_| Vec::new(), |matches| self.own_options(&matches));
        [own, self.options.clone()].concat()
    }

    /// The options of the repository's own parser that are given, before the command or after it, but for the one that
    /// publishes: what stands for a command of a workflow never does.
    fn own_options(&self, matches: &ArgMatches) -> Vec<String> {
        let is_given = |arg: &&Arg| {
            arg.get_id() != "publish"
                && matches.ids().any(|id| id == arg.get_id())
                && matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
        };
        let written = |arg: &Arg| {
            let option = match (arg.get_long(), arg.get_short()) {
                (Some(long), _) => format!("--{long}"),
                (None, Some(short)) => format!("-{short}"),
                (None, None) => return Vec::new(),
            };
            let values = matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
            let with_value = |value: &OsStr| format!("{option}={}", value.to_string_lossy());
            if arg.get_action().takes_values() { values.map(with_value).collect() } else { vec![option] }
        };
        self.parser.get_arguments().filter(is_given).flat_map(written).collect()
    }

    /// Two repositories that share a target directory get one program from cargo, and it would publish the one under the
    /// names of the other.
    fn check_source(&self) -> Result<(), Problems> {
        let Some(package) = environment::crate_directory() else { return Ok(()) };
        let file_name = self.file.rsplit('/').next().unwrap_or(&self.file);
        let Ok(here) = files::absolute(&package.join("src").join(file_name)) else { return Ok(()) };
        let here = files::read_text(&here).map_err(problems_of)?;
        if here.is_none_or(|here| here == self.source) {
            return Ok(());
        }
        let problem = Problem::error(format!(
            "this program was compiled from another {} than the one that is here",
            name(&self.file)
        ));
        Err(problem.hint(format!("touch {}, then run it again", self.file)).into())
    }
}

impl Release {
    /// Packages the charts at the commit that is checked out, or at that of `tag` where the remote has it elsewhere, as `tag`
    /// names and versions them, into `dist/` at the root of the repository, and reads them back. Without a tag it is the one that GitHub Actions runs for, else the one at
    /// HEAD, else the versions in Chart.yaml.
    ///
    /// # Errors
    ///
    /// Everything for which `cargo xtask release` fails before it looks at a target.
    pub fn observe(app: &App, tag: Option<&str>) -> Result<Self, Problems> {
        let args = ReleaseArgs::of_words(tag.into_iter().flat_map(|tag| ["--tag", tag]))?;
        Self::take(&app.config, ReleaseArgs { json: true, ..args }).map_err(problems_of)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("config", &self.config)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// What a command line asks for.
#[derive(Debug)]
enum Parsed {
    /// A command of this library.
    Ours(Box<Commands>),
    /// One of the repository's own.
    Own {
        /// Whether its argument `publish` is given, by whatever option.
        publishes: bool,
    },
}

/// Whether an argument that is called `publish` is on the command line, in a command or in one below it.
fn publishes(matches: &ArgMatches) -> bool {
    let is_given = matches.ids().any(|id| id == "publish")
        && matches.value_source("publish") == Some(ValueSource::CommandLine);
    is_given || matches.subcommand().is_some_and(|(_, below)| publishes(below))
}

/// The program that `cargo install` makes, which knows no repository.
pub fn installed() -> ExitCode {
    let act = || {
        check_arguments()?;
        scratch::remove_on_signals()?;
        let done = match Installed::parse() {
            Installed::Init(args) => crate::init::command::run(&args, &|decision, act| {
                let (package, file) = crate::init::PROGRAM;
                terminal::the_config_is_in(file);
                App::new(decision.config.clone(), package, file, "").with_program(act)
            }),
            Installed::Package(args) => crate::package::command::run(&args),
            Installed::Index(args) => crate::index::command::run(&args),
            #[cfg(feature = "lifecycle")]
            Installed::Verify(args) => crate::verify::command::run(None, &args),
        };
        done.map_err(problems_of)
    };
    ended(act())
}

/// Rejects what no message should repeat as it is.
fn check_arguments() -> Result<(), Problems> {
    let Some(argument) = environment::control_in_arguments() else { return Ok(()) };
    let problem = Problem::usage(format!("argument {} has a control character", name(&argument)));
    Err(problem.hint("see --help").into())
}

/// Prints the problems of a run and gives its exit status.
fn ended(result: Result<(), Problems>) -> ExitCode {
    let Err(Problems(problems)) = result else { return ExitCode::SUCCESS };
    problems.iter().for_each(terminal::problem);
    let is_usage = problems.iter().any(|problem| problem.severity == Severity::Usage);
    ExitCode::from(if is_usage { 2 } else { 1 })
}

/// A parser under the name that users type, with the version of this library: it is the one that they can report.
fn named(parser: clap::Command) -> clap::Command {
    let parser = parser.name("cargo xtask").bin_name("cargo xtask");
    if parser.get_version().is_some() {
        return parser;
    }
    parser.version(env!("CARGO_PKG_VERSION")).display_name(env!("CARGO_PKG_NAME"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Parser)]
    #[allow(dead_code, reason = "the parser alone is of interest")]
    struct Cli {
        #[arg(long, global = true)]
        staging: bool,
        #[arg(short, global = true)]
        region: Vec<String>,
        #[arg(long)]
        publish: bool,
        #[command(subcommand)]
        command: Command,
    }

    #[test]
    fn options_of_the_repositorys_own() {
        let app = App::new(Config::new("acme/shop"), "xtask", "main.rs", "");
        let app = App { parser: named(Cli::command()), options: vec!["--given".to_owned()], ..app };
        for (line, expected) in [
            ("cargo xtask release --publish=oci", "--given"),
            ("cargo xtask --staging release", "--staging --given"),
            ("cargo xtask release --tag v1.2.3 --staging", "--staging --given"),
            ("cargo xtask -r a -rb check", "-r=a -r=b --given"),
            ("cargo xtask --publish release", "--given"),
            ("cargo xtask nothing", "--given"),
            ("", "--given"),
        ] {
            assert_eq!(app.options(line).join(" "), expected, "{line}");
        }
        assert_eq!(app.task("cargo xtask --staging check"), Ok(Task::Other));
        assert_eq!(app.refusal("cargo xtask --staging package"), None);
        assert!(app.refusal("cargo xtask --stagin check").is_some());
    }

    #[test]
    fn habits_of_other_tools() {
        let app = App::new(Config::new("acme/shop"), "xtask", "main.rs", "");
        let app = App { parser: named(Cli::command()), ..app };
        for (line, said) in [
            ("release --publish pages", "type --publish=pages; for charts"),
            ("release web --publish OCI,pages --json", "type --publish=oci,pages; for charts"),
            ("--staging release --publish oci, pages", "type --publish=oci; for charts"),
            ("release --dry-run", "leave --publish out"),
            ("pages -n --publish", "leave --publish out"),
            ("check --dry-run=client", "leave --fix out"),
            ("release --publish-oci", "type --publish=oci\n"),
            ("release --version 1.2.3", "type --tag TAG"),
        ] {
            let refusal = app.refusal(&format!("cargo xtask {line}")).unwrap_or_default();
            let (error, hint) = refusal.split_once("\nhint: ").expect(&refusal);
            assert!(error.starts_with("error: `") && hint.starts_with(said), "{line}: {refusal}");
        }
        for line in [
            "release --publish",
            "release --publish=pages web",
            "release pages --publish",
            "release --publish web",
            "release --publish -- pages",
            "release --publish --only pages",
            "pages --publish",
        ] {
            assert_eq!(app.refusal(&format!("cargo xtask {line}")), None, "{line}");
        }
        let refusal = app.refusal("cargo xtask release --nonsense").unwrap_or_default();
        assert!(refusal.contains("unexpected argument") && !refusal.contains("as a value"), "{refusal}");
    }
}
