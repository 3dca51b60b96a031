//! `cargo xtask check`: all that would go wrong at the next release, at once, each with what mends it.

mod cargo;
mod chart_testing;
mod charts;
mod documentation;
mod helm;
mod release;
mod report;
mod workflows;

use std::time::Duration;

use anyhow::Result;

use self::charts::Read;
use super::release::make::{self, Head};
use super::release::with_registry;
use super::{find_helm, problems_of, repository};
use crate::app::App;
use crate::cli;
use crate::model::chart::Metadata;
use crate::model::chart_testing::ChartTesting;
use crate::model::config::Config;
use crate::model::problem::Edit;
use crate::model::version::Tag;
use crate::plan::check::{Area, Chart, Report};
use crate::plan::lint::{Message, lint};
use crate::plan::release::Changelog;
use crate::world::git::Repository;
use crate::world::helm::Helm;
use crate::world::{environment, mend, threads};

/// What is looked at.
struct Scene<'a> {
    app: &'a App,
    /// The config, but for what options replace.
    config: &'a Config,
    args: &'a cli::Check,
    repository: &'a Repository,
    helm: Option<&'a Helm>,
    /// The files that git tracks or would track, by their paths from the root.
    files: Vec<String>,
    /// The commit that is checked out; `None` before the first one, which has been told.
    head: Option<Head>,
    /// The tag of the next release, as far as anybody knows it.
    tag: Option<Tag>,
    /// What the configurations of chart-testing say.
    testing: Vec<ChartTesting>,
    /// Every chart that is published or tested, by its directory.
    charts: Vec<Chart>,
    /// The changelog at the root.
    changelog: Option<Changelog>,
    /// What is not in the commit as it is here, besides the charts.
    changed: Vec<String>,
    /// What helm's linter would say of each, as far as that can be told without helm.
    lint: Vec<Vec<Message>>,
}

impl Scene<'_> {
    /// Whether nobody may look at what is published.
    fn is_offline(&self) -> bool {
        self.args.offline || environment::is_offline()
    }

    /// How long a look at what is published may take.
    fn limit(&self) -> Duration {
        Duration::from_secs(self.args.deadline)
    }

    /// What the charts say that a release publishes.
    fn released(&self) -> impl Iterator<Item = &Metadata> {
        let released = self.charts.iter().filter(|chart| self.config.releases(&chart.source.path));
        released.filter_map(|chart| Some(&chart.package.as_ref()?.metadata))
    }
}

/// Looks at one area.
type Part = fn(&Scene<'_>, &mut Report) -> Result<()>;

/// How often edits are made: one may show the next.
const MOST_ROUNDS: usize = 8;

/// Runs the command.
pub fn run(app: &App, args: &cli::Check) -> Result<()> {
    let repository = repository()?;
    let helm = find_helm(args.helm, args.deadline)?;
    // Helm's words come without edits, so that it is asked once: when nothing is left to mend.
    let asked = helm.as_ref().filter(|_| !args.fix);
    let (mut report, mut mended) = (look(app, args, &repository, asked)?, Vec::<Edit>::new());
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
        report = look(app, args, &repository, asked)?;
    }
    if asked.is_none() && helm.is_some() {
        report = look(app, args, &repository, helm.as_ref())?;
    }
    report::tell(report, &mended, args.json)
}

/// Looks at everything. What is found in one area hides nothing of another.
fn look(app: &App, args: &cli::Check, repository: &Repository, helm: Option<&Helm>) -> Result<Report> {
    let config = &with_registry(&app.config, args.oci.as_deref())?;
    let mut report = Report::default();
    report.add(Area::Config, app.config.problems());
    let files = repository.files()?;
    let testing = chart_testing::configurations(config, repository, &files, &mut report);
    let testing = or_tell(testing, Area::Charts, &mut report);
    let read = charts::read(config, repository, &files, &testing, &mut report);
    let Read { charts, changelog, changed } = or_tell(read, Area::Charts, &mut report);
    let lint = threads::map(&charts, lint);
    let head = or_tell(make::head(args.tag.as_ref(), repository).map(Some), Area::Release, &mut report);
    let tag = head.as_ref().and_then(|head| release::tag(head, &charts));
    let scene = Scene {
        app,
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
