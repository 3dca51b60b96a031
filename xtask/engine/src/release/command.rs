//! `cargo xtask release`: everything that a release publishes is made and shown, and with `--publish` published.

use anyhow::Result;

use super::io::report;
use super::steps::Target;
use crate::app::App;
use crate::base::problem::verdict;
use crate::sys::{environment, terminal};
use crate::{cli, rehearsal};

pub(crate) use super::io::walk::with_registry;
pub use super::io::walk::{Plan, Release};

/// Runs the command.
pub fn run(app: &App, args: &cli::Release) -> Result<()> {
    if args.rehearse {
        return rehearsal::command::run(&app.config, args);
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
