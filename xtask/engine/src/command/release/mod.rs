//! `cargo xtask release`: everything that a release publishes is made and shown, and with `--publish` published.

mod github;
pub(super) mod make;
mod oci;
mod pages;
mod preflight;
pub(super) mod publish;
mod rehearse;
mod report;
mod walk;

use anyhow::Result;

use crate::app::App;
use crate::cli;
use crate::model::problem::verdict;
use crate::plan::publish::Target;
use crate::world::{environment, terminal};

pub(super) use walk::with_registry;
pub use walk::{Plan, Release};

/// Runs the command.
pub fn run(app: &App, args: &cli::Release) -> Result<()> {
    if args.rehearse {
        return rehearse::run(&app.config, args);
    }
    let release = Release::take(&app.config, args.clone())?;
    let Some(targets) = release.asked() else {
        return if args.offline || environment::is_offline() {
            shown(args, &release, &release.unseen(), "; not compared with what is published")
        } else if release.manifest().charts.is_empty() {
            shown(args, &release, &release.unseen(), "")
        } else {
            shown(args, &release, &release.look_at_all()?, "; add --publish to publish")
        };
    };
    if release.manifest().charts.is_empty() {
        return shown(args, &release, &release.unseen(), ": there is nothing to publish");
    }
    let done = release.publish(Target::in_order(targets.to_vec()))?;
    if args.json {
        report::json(&release, &done.outcome)?;
    }
    Ok(verdict(done.outcome.stopped).map(drop)?)
}

/// The plan. What stops the release makes the command fail; what could not be told does not, since nothing was to be
/// published.
fn shown(args: &cli::Release, release: &Release, plan: &Plan<'_>, hint: &str) -> Result<()> {
    if args.json {
        report::json(release, &plan.outcome)?;
    } else {
        report::plan(&plan.outcome.planned)?;
        terminal::line(&format!("nothing left this machine{hint}"))?;
    }
    verdict(plan.outcome.problems.clone())?.iter().for_each(terminal::problem);
    Ok(())
}
