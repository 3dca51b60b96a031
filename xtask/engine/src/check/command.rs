//! `cargo xtask check`: all that would go wrong at the next release, at once, each with what mends it.

use std::time::Duration;

use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, value_parser};

use super::ct_yaml::ChartTesting;
use super::edit::Edit;
use super::io::charts::{self, Read};
use super::io::{cargo, chart_testing, documentation, helm, mend, release, report, workflows};
use super::lint::{Message, lint};
use super::{Area, Chart, Report};
use crate::base::config::Config;
use crate::base::problem::problems_of;
use crate::base::version::Tag;
use crate::chart::Metadata;
use crate::chart::io::helm::Helm;
use crate::chart::io::helm::agreement::{HelmMode, find_helm};
use crate::chart::source::Changelog;
use crate::ci::program::Program;
use crate::git::io::repository::{Repository, repository};
use crate::release::command::with_registry;
use crate::release::io::make::{self, Head};
use crate::sys::{environment, threads};

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

/// What is looked at.
pub struct Scene<'a> {
    pub program: Program<'a>,
    /// The config, but for what options replace.
    pub config: &'a Config,
    pub args: &'a CheckArgs,
    pub repository: &'a Repository,
    pub helm: Option<&'a Helm>,
    /// The files that git tracks or would track, by their paths from the root.
    pub files: Vec<String>,
    /// The commit that is checked out; `None` before the first one, which has been told.
    pub head: Option<Head>,
    /// The tag of the next release, as far as anybody knows it.
    pub tag: Option<Tag>,
    /// What the configurations of chart-testing say.
    pub testing: Vec<ChartTesting>,
    /// Every chart that is published or tested, by its directory.
    pub charts: Vec<Chart>,
    /// The changelog at the root.
    pub changelog: Option<Changelog>,
    /// What is not in the commit as it is here, besides the charts.
    pub changed: Vec<String>,
    /// What helm's linter would say of each, as far as that can be told without helm.
    pub lint: Vec<Vec<Message>>,
}

impl Scene<'_> {
    /// Whether nobody may look at what is published.
    pub fn is_offline(&self) -> bool {
        self.args.offline || environment::is_offline()
    }

    /// How long a look at what is published may take.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.args.deadline)
    }

    /// What the charts say that a release publishes.
    pub fn released(&self) -> impl Iterator<Item = &Metadata> {
        let released = self.charts.iter().filter(|chart| self.config.releases(&chart.source.path));
        released.filter_map(|chart| Some(&chart.package.as_ref()?.metadata))
    }
}

/// Looks at one area.
type Part = fn(&Scene<'_>, &mut Report) -> Result<()>;

/// How often edits are made: one may show the next.
const MOST_ROUNDS: usize = 8;

/// Runs the command.
pub fn run(program: Program<'_>, args: &CheckArgs) -> Result<()> {
    let repository = repository()?;
    let helm = find_helm(args.helm, args.deadline)?;
    // Helm's words come without edits, so that it is asked once: when nothing is left to mend.
    let asked = helm.as_ref().filter(|_| !args.fix);
    let (mut report, mut mended) = (look(program, args, &repository, asked)?, Vec::<Edit>::new());
    for _ in 0..MOST_ROUNDS {
        // What comes again after it was made does not mend anything.
        let edits = report.edits().filter(|edit| args.fix && !mended.contains(edit));
        let made: Vec<Edit> = mend::apply(repository.root(), edits)?.into_iter().cloned().collect();
        if made.is_empty() {
            break;
        }
        if !args.json {
            made.iter().try_for_each(report::mended)?;
        }
        mended.extend(made);
        report = look(program, args, &repository, asked)?;
    }
    if asked.is_none() && helm.is_some() {
        report = look(program, args, &repository, helm.as_ref())?;
    }
    report::tell(report, &mended, args.json)
}

/// Looks at everything. What is found in one area hides nothing of another.
fn look(
    program: Program<'_>,
    args: &CheckArgs,
    repository: &Repository,
    helm: Option<&Helm>,
) -> Result<Report> {
    let config = &with_registry(program.config, args.oci.as_deref())?;
    let mut report = Report::default();
    report.add(Area::Config, program.config.problems());
    let files = repository.files()?;
    let testing = chart_testing::configurations(config, repository, &files, &mut report);
    let testing = or_tell(testing, Area::Charts, &mut report);
    let read = charts::read(config, repository, &files, &testing, &mut report);
    let Read { charts, changelog, changed } = or_tell(read, Area::Charts, &mut report);
    let lint = threads::map(&charts, lint);
    let head = or_tell(make::head(args.tag.as_ref(), repository).map(Some), Area::Release, &mut report);
    let tag = head.as_ref().and_then(|head| release::tag(head, &charts));
    let scene = Scene {
        program,
        config,
        args,
        repository,
        helm,
        files,
        head,
        tag,
        testing,
        charts,
        changelog,
        changed,
        lint,
    };
    charts::check(&scene, &mut report);
    let parts: [(Area, Part); 4] = [
        (Area::Helm, helm::check),
        (Area::Release, release::check),
        (Area::Workflows, workflows::check),
        (Area::Documentation, documentation::check),
    ];
    for (area, part) in parts {
        or_tell(part(&scene, &mut report), area, &mut report);
    }
    cargo::check(&scene, &mut report);
    report.settle();
    Ok(report)
}

/// The result; what kept it from being made is a finding.
fn or_tell<T: Default>(result: Result<T>, area: Area, report: &mut Report) -> T {
    result.unwrap_or_else(|error| {
        report.add(area, problems_of(error).0);
        T::default()
    })
}
