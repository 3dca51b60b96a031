//! `cargo xtask release`: everything that a release publishes is made and shown, and with `--publish` published.

mod github;
pub(super) mod make;
mod oci;
mod pages;
mod preflight;
pub(super) mod publish;
mod rehearse;
mod report;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use self::publish::{Job, Outcome};
use super::pages::beside_index;
use super::{by, find_helm, replaceable, repository};
use crate::cli;
use crate::model::config::{Config, is_oci_base};
use crate::model::manifest::Manifest;
use crate::model::problem::{Problem, Problems, verdict};
use crate::model::text::name;
use crate::plan::docs::File;
use crate::plan::pages::{Change, Charts, Package};
use crate::plan::publish::{Planned, Target, differs_from_commit, doubt, incomplete, steps, sums};
use crate::world::git::Repository;
use crate::world::github::Github;
use crate::world::helm::Helm;
use crate::world::remote::Remote;
use crate::world::{dist, environment, files, served, terminal};

/// The release in its directory.
struct Made {
    directory: PathBuf,
    warnings: Vec<Problem>,
}

/// Runs the command.
pub fn run(config: &Config, args: &cli::Release) -> Result<()> {
    if args.rehearse {
        return rehearse::run(config, args);
    }
    let config = &with_registry(config, args.oci.as_deref())?;
    let repository = repository()?;
    let remote = Remote::find(config, args.remote.as_deref(), &repository)?;
    if let Some(targets) = &args.publish {
        check(config, &remote, targets, args.wait)?;
    }
    let helm = find_helm(args.helm)?;
    let made = make_or_take(config, args, &repository, helm.as_ref())?;
    verdict(config.problems())?;
    let release = read(config, &made.directory)?;
    let manifest = release.manifest;
    let others = beside_index(&repository)?;
    let steps = steps(config, &manifest, !others.is_empty());
    if args.publish.is_none() && (args.offline || environment::is_offline()) {
        let planned = steps.into_iter().map(Planned::unseen).collect();
        return shown(args, &made, &manifest, Outcome { planned, ..Outcome::default() }, "");
    }
    let job = Job {
        config,
        targets: args.publish.clone().map_or(Target::ALL.to_vec(), Target::in_order),
        sums: sums(&manifest),
        manifest: &manifest,
        notes: &release.notes,
        change: change(config, args, &manifest, release.packages, others)?,
        steps,
        helm: helm.as_ref(),
        remote,
        plain_http: args.plain_http,
        api: None,
        wait: args.wait,
        limit: Duration::from_secs(args.deadline),
    };
    // With --from it was another clone that knew no tag.
    let is_shallow = manifest.tag.is_none() && args.from.is_none() && repository.is_shallow()?;
    let incomplete = incomplete(&manifest, is_shallow);
    if args.publish.is_none() {
        let mut outcome = publish::look(&job)?;
        outcome.problems.extend(incomplete.map(|problem| doubt(problem, false)));
        return shown(args, &made, &manifest, outcome, "; add --publish to publish");
    }
    verdict(incomplete.into_iter().chain(differs_from_commit(&manifest)).collect())?;
    let outcome = perform(&job, args.json)?;
    if args.json {
        report::json(&made.directory, &manifest, &outcome, &made.warnings)?;
    }
    Ok(verdict(outcome.stopped).map(drop)?)
}

/// The config with the registry that was asked for.
pub fn with_registry<'a>(config: &Config<'a>, asked: Option<&'a str>) -> Result<Config<'a>> {
    let Some(oci) = asked else { return Ok(*config) };
    let base = oci.trim_end_matches('/');
    if !is_oci_base(base) {
        let problem = Problem::usage(format!("--oci {} is not of the form `oci://host/path`", name(oci)));
        return Err(Problems::from(
            problem.hint("lower case, without a tag, as in oci://ghcr.io/owner/charts"),
        )
        .into());
    }
    Ok(Config { oci: base, ..*config })
}

/// Makes the release, unless there is one to be taken.
fn make_or_take(
    config: &Config,
    args: &cli::Release,
    repository: &Repository,
    helm: Option<&Helm>,
) -> Result<Made> {
    if let Some(from) = &args.from {
        return Ok(Made { directory: from.clone(), warnings: Vec::new() });
    }
    let directory = args.destination.clone().unwrap_or_else(|| repository.root().join("dist"));
    let made = make::make(config, args, repository, helm, &directory)?;
    if !args.json {
        report::made(&made, &files::shown(&directory), &by(helm, args.helm))?;
    }
    Ok(Made { directory, warnings: made.warnings })
}

/// What the Helm repository gets.
fn change(
    config: &Config,
    args: &cli::Release,
    manifest: &Manifest,
    packages: Vec<Package>,
    others: Vec<File>,
) -> Result<Change> {
    let replace = replaceable(&args.replace, &packages.iter().map(|package| &package.metadata))?;
    let source = format!("{}@{}", config.repository, manifest.commit.id);
    let charts = Charts { packages, others, replace };
    Ok(Change { source, time: environment::now()?, docs: None, charts: Some(charts) })
}

/// What cannot be, whatever the repository holds.
fn check(config: &Config, remote: &Remote, targets: &[Target], wait: bool) -> Result<()> {
    if environment::is_pull_request() {
        let problem = Problem::error("a pull request publishes nothing");
        return Err(Problems::from(problem.hint("leave --publish out, or run on tags")).into());
    }
    if let (Some(host), Some(site)) = (remote.host(), Github::site())
        && targets.contains(&Target::Github)
        && !host.eq_ignore_ascii_case(&site)
    {
        let message = format!("the branch is at {}, and the release would go to {}", name(host), name(&site));
        let hint = format!("export GITHUB_SERVER_URL=https://{host} GITHUB_API_URL=https://{host}/api/v3");
        return Err(Problems::from(Problem::usage(message).hint(hint)).into());
    }
    remote.check_named(config)?;
    if wait && !targets.contains(&Target::Pages) {
        let problem = Problem::usage("--wait waits for the Helm repository, which is not published");
        return Err(Problems::from(problem.hint("leave out --wait, or add `pages` to --publish")).into());
    }
    if wait { served::check() } else { Ok(()) }
}

fn read(config: &Config, directory: &Path) -> Result<dist::Release> {
    let missing = || {
        let problem = Problem::error(format!("there is no release in {}", name(&files::shown(directory))));
        Problems::from(problem.hint("cargo xtask release"))
    };
    Ok(dist::read(config, directory)?.ok_or_else(missing)?)
}

/// The plan. What stops the release makes the command fail; what could not be told does not, since nothing was to be
/// published.
fn shown(args: &cli::Release, made: &Made, manifest: &Manifest, outcome: Outcome, hint: &str) -> Result<()> {
    if args.json {
        report::json(&made.directory, manifest, &outcome, &made.warnings)?;
    } else {
        report::plan(&outcome.planned)?;
        terminal::line(&format!("nothing left this machine{hint}"))?;
    }
    verdict(outcome.problems)?.iter().for_each(terminal::problem);
    Ok(())
}

/// Publishes, and says so to whoever asked.
fn perform(job: &Job<'_>, is_quiet: bool) -> Result<Outcome> {
    let tell = |planned: &Planned| if is_quiet { Ok(()) } else { report::done(planned) };
    let outcome = publish::publish(job, &tell)?;
    outcome.problems.iter().for_each(terminal::problem);
    // What is published is published, whoever is told.
    if let Err(error) = report::to_actions(job, &outcome) {
        terminal::problem(&Problem::warning(format!("{error:#}")));
    }
    Ok(outcome)
}
