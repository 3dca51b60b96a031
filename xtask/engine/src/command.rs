//! One file a command: observe, decide, do, say.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::error::ErrorKind;
use serde_json::{Value, json};

use crate::app::App;
use crate::base::problem::{Carried, Problem, Problems, Severity, verdict};
use crate::base::text::name;
use crate::chart::compare::first_difference;
use crate::chart::io::helm::Helm;
use crate::chart::package::{Overrides, Package};
use crate::chart::{self, Metadata};
use crate::cli::{Commands, HelmMode};
use crate::git::io::repository::Repository;
use crate::sys::{files, terminal};
use crate::{check, ci, index, pages, release};

/// Runs a command.
pub fn run(app: &App, command: &Commands) -> Result<()> {
    match command {
        Commands::Check(args) => check::command::run(app, args),
        Commands::Ci(args) => ci::command::run(app, args),
        Commands::Index(args) => index::command::run(args),
        Commands::Package(args) => chart::command::run(args),
        Commands::Release(args) => release::command::run(app, args),
        Commands::Pages(args) => pages::command::run(&app.config, args),
    }
}

/// The repository that the command runs in.
pub fn repository() -> Result<Repository> {
    let here = files::absolute(Path::new("."))?;
    let missing = || Problems::from(Problem::error("this is not a git repository").hint("git init"));
    Ok(Repository::around(&here).ok_or_else(missing)?)
}

/// Helm, if the mode asks for it and it is there. Each run of it may take so many seconds.
pub fn find_helm(mode: HelmMode, seconds: u64) -> Result<Option<Helm>> {
    let limit = Duration::from_secs(seconds);
    let helm = if mode == HelmMode::Never { None } else { Helm::find(limit)? };
    if mode == HelmMode::Require && helm.is_none() {
        let problem = Problem::error("helm is not in PATH");
        return Err(Problems::from(
            problem.hint("install it (https://helm.sh/docs/intro/install), or set HELM_BIN"),
        )
        .into());
    }
    Ok(helm)
}

/// Lets helm package the same charts, each with its path for messages, and compares. Every chart in which the two
/// differ is reported, with the first difference.
pub fn compare<'c>(
    helm: &Helm,
    charts: impl Iterator<Item = (PathBuf, &'c str, &'c Package)>,
    overrides: &Overrides,
) -> Result<()> {
    let mut problems = Vec::new();
    for (directory, at, package) in charts {
        let helm_and_version = format!("helm {}", helm.version);
        terminal::progress("Comparing", &format!("{at} with {helm_and_version}"));
        let message = match helm.package(&directory, at, overrides)? {
            Ok(entries) => first_difference(&package.entries, &entries).map(|difference| {
                format!("{helm_and_version} packages this chart differently: {difference}")
            }),
            Err(words) => Some(format!("{helm_and_version} refuses this chart: {words}")),
        };
        let hint = "nothing was written; please report this, or add `--helm never`";
        problems.extend(message.map(|message| Problem::error(message).at(at, None).hint(hint)));
    }
    Ok(verdict(problems).map(drop)?)
}

/// What an error is made of, for those who go on.
pub fn problems_of(error: anyhow::Error) -> Problems {
    error.downcast::<Carried>().map_or_else(Problems::from, |carried| carried.0)
}

/// Names and versions whose published archive may be replaced, as `NAME-VERSION` asks for them.
pub fn replaceable<'m>(
    asked: &[String],
    charts: &(impl Iterator<Item = &'m Metadata> + Clone),
) -> Result<Vec<(String, String)>> {
    let find = |asked: &String| {
        let found = charts.clone().find(|chart| *asked == format!("{}-{}", chart.name, chart.version));
        found.map(|chart| (chart.name.clone(), chart.version.clone())).ok_or_else(|| not_replaced(asked))
    };
    asked.iter().map(find).collect()
}

pub fn not_replaced(asked: &str) -> anyhow::Error {
    let problem = Problem::usage(format!("--replace {}: the release has no such archive", name(asked)));
    Problems::from(problem.hint("name one as in `web-1.2.3`")).into()
}

/// Why a command line is refused; `None` for one that can be typed, and for a command that is spoken of by its name alone.
pub fn refusal(app: &App, line: &str) -> Option<String> {
    let error = app.parse(line).err()?;
    let is_name = line.split_whitespace().count() == 3 && error.kind() == ErrorKind::MissingRequiredArgument;
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    (!is_name && !is_help).then(|| error.to_string())
}

/// A problem for a program.
pub fn as_json(problem: &Problem) -> Value {
    let severity = match problem.severity {
        Severity::Usage | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let place = problem.place.as_ref();
    json!({
        "severity": severity,
        "message": problem.message,
        "file": place.map(terminal::file),
        "line": place.and_then(|place| place.line),
        "hint": terminal::hint(problem),
        "edit": problem.edit,
    })
}

/// How an archive came about, for the end of a line.
pub fn by(helm: Option<&Helm>, mode: HelmMode) -> String {
    match (helm, mode) {
        (Some(helm), _) => format!("(agrees with helm {})", helm.version),
        (None, HelmMode::Never) => "(native)".to_owned(),
        (None, _) => "(native; helm not found)".to_owned(),
    }
}
