//! `cargo xtask release`: everything that a release publishes is made and shown, and with `--publish` published.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, value_parser};

use super::io::{report, unreleased};
use crate::base::config::Config;
use crate::base::problem::{Problem, verdict};
use crate::base::target::Target;
use crate::chart::io::helm::agreement::HelmMode;
use crate::sys::{environment, terminal};

pub(crate) use super::io::release::with_registry;
pub use super::io::release::{Plan, Release};

/// `cargo xtask release`.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct ReleaseArgs {
    /// Charts to release, by name or directory; all without any
    #[arg(value_name = "CHART")]
    pub charts: Vec<String>,
    /// The same as CHART arguments
    #[arg(long, value_name = "CHART", num_args = 1.., conflicts_with = "charts")]
    pub only: Vec<String>,
    /// Without a tag: release at most so many new versions, since publishing cannot be taken back
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = value_parser!(u64).range(1..))]
    pub max: u64,
    /// Release as this tag says: `v1.2.3` for all charts, `NAME-1.2.3` for one, or as `tags` of the config has it
    ///
    /// Without it: the tag that GitHub Actions runs for, else the one at HEAD, else the versions in Chart.yaml.
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Where to write the archives, SHA256SUMS, release-notes.md and manifest.json [default: dist/ at the root]
    #[arg(short, long, value_name = "DIR")]
    pub destination: Option<PathBuf>,
    /// Whether helm packages too, to compare; the archives are the same in every mode
    #[arg(long, value_enum, default_value_t)]
    pub helm: HelmMode,
    /// Publish to the OCI registry, the Helm repository and GitHub, or to some of them [default: those of the config]
    ///
    /// Without a tag, where Chart.yaml says the versions, it comes from the default branch, and makes the tags first.
    #[arg(long, value_enum, value_name = "TARGET,…", num_args = 0..=1, require_equals = true, value_delimiter = ',')]
    pub publish: Option<Vec<Target>>,
    /// Publish the release that DIR holds; nothing is packaged
    #[arg(long, value_name = "DIR", conflicts_with_all = ["charts", "only", "tag", "destination"])]
    pub from: Option<PathBuf>,
    /// Publish to throw-away targets on this machine, and use them as a user would
    #[arg(long, conflicts_with_all = ["publish", "from", "destination", "oci", "plain_http", "json"])]
    pub rehearse: bool,
    /// Give the registry and the Helm repository what they lack of the charts here that are published; release nothing new
    #[arg(long, conflicts_with_all = ["tag", "from", "rehearse", "offline"])]
    pub backfill: bool,
    /// Sign what is not published yet with the key of the config; with --from, in a job of its own
    #[arg(long)]
    pub sign: bool,
    /// Let this version replace a published one that differs; may be repeated
    #[arg(long, value_name = "NAME-VERSION")]
    pub replace: Vec<String>,
    /// The git repository to publish to [default: the one of the config, at `origin` or on GitHub]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub remote: Option<String>,
    /// The registry to push to, as `oci://HOST/PATH` [default: the one of the config]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub oci: Option<String>,
    /// Speak HTTP to the registry; to one on this machine that is spoken anyway
    #[arg(long)]
    pub plain_http: bool,
    /// After publishing the Helm repository, wait until GitHub Pages serves it, before the GitHub Release tells of it
    #[arg(long, requires = "publish")]
    pub wait: bool,
    /// Do not look at what is published
    #[arg(long, conflicts_with = "publish")]
    pub offline: bool,
    /// How long looking and publishing may take, and each run of helm
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
    /// Print the manifest, and the plan or what was done, as JSON
    #[arg(long)]
    pub json: bool,
}

impl ReleaseArgs {
    /// What these words ask for after `cargo xtask release`.
    pub fn of_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, Problem> {
        /// The command line of a release that is not asked for by one.
        #[derive(Parser)]
        struct Line {
            #[command(flatten)]
            args: ReleaseArgs,
        }
        let line = ["release"].into_iter().chain(words);
        let Line { args } = Line::try_parse_from(line).map_err(|error| Problem::usage(error.to_string()))?;
        Ok(args)
    }

    /// The charts that are asked for; none for all.
    pub fn wanted(&self) -> impl Iterator<Item = &String> {
        self.charts.iter().chain(&self.only)
    }

    /// `--deadline`.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.deadline)
    }
}

/// Runs the command.
pub fn run(config: &Config, args: &ReleaseArgs) -> Result<()> {
    let release = Release::take(config, args.clone())?;
    if release.is_unreleased() {
        return unreleased::run(config, release);
    }
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
    let done = release.publish(targets.to_vec())?;
    if args.json {
        report::json(&release, &done.outcome)?;
    }
    Ok(verdict(done.outcome.stopped).map(drop)?)
}

/// The plan. What stops the release makes the command fail; what could not be told does not, since nothing was to be
/// published.
fn shown(args: &ReleaseArgs, release: &Release, plan: &Plan<'_>, hint: &str) -> Result<()> {
    if args.json {
        report::json(release, &plan.outcome)?;
    } else {
        report::plan(&plan.outcome.planned)?;
        terminal::line(&format!("nothing left this machine{hint}"))?;
    }
    verdict(plan.outcome.problems.clone())?.iter().for_each(terminal::problem);
    Ok(())
}
