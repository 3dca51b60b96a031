//! `cargo xtask status`: every version against every place that has it.

use std::time::Duration;

use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, value_parser};

use super::gaps::Known;
use super::io::contents;
use super::io::fix::{Fixing, Plan};
use super::io::look::{Look, Scene, evidence, look};
use super::io::tell::{show, tell};
use super::judge::{self, judge};
use super::report::Report;
use crate::base::config::Config;
use crate::base::problem::{Problem, verdict};
use crate::base::text::{few, name};
use crate::chart::io::charts::by_path;
use crate::git::io::remote::Remote;
use crate::git::io::repository::repository;
use crate::sys::{environment, terminal};

/// `cargo xtask status`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct StatusArgs {
    /// Charts to tell of, by name or directory; all without any
    #[arg(value_name = "CHART")]
    pub charts: Vec<String>,
    /// Print what mends it without loss: restore what was lost, finish releases that were cut off, set the latest release
    #[arg(long)]
    pub fix: bool,
    /// Do what --fix prints; without it nothing leaves this machine
    #[arg(long, requires = "fix")]
    pub publish: bool,
    /// Compare contents that no place says the digest of: read each archive on the branch, and each manifest in the registry
    #[arg(long)]
    pub digests: bool,
    /// The git repository that the charts are published to [default: the one of the config, at `origin` or on GitHub]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub remote: Option<String>,
    /// How long looking at each place may take, and each fix
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
    /// Print every version and what was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub fn run(config: &Config, args: &StatusArgs) -> Result<()> {
    verdict(config.problems())?;
    if environment::is_offline() {
        let problem = Problem::usage("`status` looks at what is published, and CARGO_NET_OFFLINE is set");
        return Err(problem.hint("unset CARGO_NET_OFFLINE").into());
    }
    let repository = repository()?;
    let remote = Remote::find(config, args.remote.as_deref(), &repository)?;
    if args.publish {
        if environment::is_pull_request() {
            let problem = Problem::error("a pull request publishes nothing");
            return Err(problem.hint("leave --publish out").into());
        }
        remote.check_named(config)?;
    }
    let limit = Duration::from_secs(args.deadline);
    let scene = Scene { config, repository: &repository, remote: &remote, limit };
    match round(scene, args, None)? {
        None => Ok(()),
        // What is there now is what counts.
        Some(fixed) => round(scene, args, Some(fixed)).map(drop),
    }
}

/// Looks, and tells what was found. The first round of `--publish` mends instead, and what it did comes back.
fn round(scene: Scene<'_>, args: &StatusArgs, fixed: Option<Vec<String>>) -> Result<Option<Vec<String>>> {
    let Scene { config, repository, remote, limit } = scene;
    let mut look = look(scene)?;
    let wanted = wanted(args, &look)?;
    if args.digests {
        contents::read(config, &mut look, &wanted, limit)?;
    }
    let known = Known::new(config, &look.observed);
    let evidence = evidence(scene, &mut look, &known)?;
    let observed = &look.observed;
    let judged = judge(judge::Scene { config, observed, known: &known }, &evidence);
    let is_first = fixed.is_none();
    let fixed = fixed.unwrap_or_default();
    let report = Report { config, observed, judged: &judged, remote: &remote.url, wanted: &wanted, fixed };
    let plan = Plan::new(report.findings());
    let lines = if args.fix && is_first { plan.lines(config) } else { Vec::new() };
    if lines.is_empty() || !args.publish {
        return tell(&report, &lines, &[], args.json).map(|()| None);
    }
    if !args.json {
        show(&report, &lines)?;
    }
    let asked = args.remote.as_deref();
    let failed = plan.perform(Fixing { config, repository, remote, asked, limit, is_json: args.json });
    if failed.iter().any(Problem::is_error) {
        return tell(&report, &[], &failed, args.json).map(|()| None);
    }
    failed.iter().for_each(terminal::problem);
    let did = |(verb, what): (&str, String)| format!("{} {what}", verb.trim_start_matches("Would "));
    Ok(Some(lines.into_iter().map(did).collect()))
}

/// The names of the charts that were asked for.
fn wanted(args: &StatusArgs, look: &Look) -> Result<Vec<String>> {
    let known = look.observed.names();
    let mut wanted = Vec::new();
    for asked in &args.charts {
        let path = by_path(asked, &look.places);
        let place = look.places.iter().position(|place| place.path == path);
        let of_place =
            place.and_then(|place| look.observed.charts.get(place)).map(|chart| chart.name.clone());
        let chart = of_place.unwrap_or(path);
        if !known.contains(chart.as_str()) && look.observed.branch.is_some() {
            let all: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
            let problem = Problem::usage(format!("no place has a chart {}", name(asked)));
            return Err(problem.hint(format!("the charts are {}", few(&all))).into());
        }
        wanted.push(chart);
    }
    Ok(wanted)
}
