//! `cargo xtask check`: all that would go wrong at the next release, at once, each with what mends it.

use std::time::Duration;

use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, value_parser};

use super::edit::Edit;
use super::io::fix::apply_edits;
use super::io::look_at_everything;
use super::io::report::{tell_edit, tell_report};
use super::io::scene::Options;
use crate::chart::io::helm::Helm;
use crate::chart::io::helm::agreement::{HelmMode, find_helm};
use crate::ci::program::Program;
use crate::git::io::repository::repository;

/// `cargo xtask check`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct CheckArgs {
    /// The release to check for: `v1.2.3` for all charts, `NAME-1.2.3` for one
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Make the edits that need no thought, and say which
    #[arg(long)]
    pub fix: bool,
    /// Whether helm lints, renders and packages too
    #[arg(long, value_enum, default_value_t)]
    pub helm: HelmMode,
    /// The git repository that the charts are published to [default: the one of the config, at `origin` or on GitHub]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub remote: Option<String>,
    /// The registry that they are pushed to, as `oci://HOST/PATH` [default: the one of the config]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub oci: Option<String>,
    /// Do not look at what is published
    #[arg(long)]
    pub offline: bool,
    /// How long looking at what is published may take, and each run of helm
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

impl CheckArgs {
    fn options(&self) -> Options<'_> {
        Options {
            tag: self.tag.as_ref(),
            helm: self.helm,
            remote: self.remote.as_deref(),
            oci: self.oci.as_deref(),
            offline: self.offline,
            limit: Duration::from_secs(self.deadline),
        }
    }
}

/// How often edits are made: one may show the next.
const MOST_ROUNDS: usize = 8;

/// Runs the command.
pub fn run(program: Program<'_>, args: &CheckArgs) -> Result<()> {
    let repository = repository()?;
    let helm = find_helm(args.helm, args.deadline, args.offline)?;
    let look = |helm: Option<&Helm>| look_at_everything(program, args.options(), &repository, helm);
    // Helm's words come without edits, so that it is asked once: when nothing is left to mend.
    let asked = helm.as_ref().filter(|_| !args.fix);
    let (mut report, mut mended) = (look(asked)?, Vec::<Edit>::new());
    for _ in 0..MOST_ROUNDS {
        // What comes again after it was made does not mend anything.
        let edits = report.edits().filter(|edit| args.fix && !mended.contains(edit));
        let made: Vec<Edit> = apply_edits(repository.root(), edits)?.into_iter().cloned().collect();
        if made.is_empty() {
            break;
        }
        if !args.json {
            made.iter().try_for_each(tell_edit)?;
        }
        mended.extend(made);
        report = look(asked)?;
    }
    if asked.is_none() && helm.is_some() {
        report = look(helm.as_ref())?;
    }
    tell_report(report, &mended, args.json)
}
