//! The charts as they lie there: read and packaged as for a release, and looked at as `helm lint` would.

use std::sync::Arc;

use anyhow::Result;

use super::scene::Scene;
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::chart::io::charts;
use crate::chart::package::{Overrides, package};
use crate::chart::source::{Changelog, Source};
use crate::check::annotations::check_annotations;
use crate::check::chart_testing::chart_directories;
use crate::check::content::check_content;
use crate::check::ct_yaml::ChartTesting;
use crate::check::dependencies::check_dependencies;
use crate::check::edit::Finding;
use crate::check::images::check_images;
use crate::check::lint::lint_chart;
use crate::check::yaml::File;
use crate::check::{Area, Chart, Report};
use crate::git::io::repository::Repository;
use crate::release::io::make;
use crate::sys::threads;

/// The charts, and what a release takes besides.
#[derive(Default)]
pub struct Read {
    /// Every chart that is published or tested, by its directory.
    pub charts: Vec<Chart>,
    pub changelog: Option<Changelog>,
    /// What else is not in the commit as it is here.
    pub changed: Vec<String>,
}

/// Reads every chart that is published or tested, and says what keeps it from being packaged.
pub fn read_charts(
    config: &Config,
    repository: &Repository,
    files: &[String],
    testing: &[ChartTesting],
    report: &mut Report,
) -> Result<Read> {
    let (mut problems, directories) = (Vec::new(), chart_directories(config, testing, files));
    let places = charts::chart_places(config, &directories, repository.root())?.take(&mut problems);
    let sources = make::read(config, places, repository)?;
    problems.extend(sources.problems);
    report.add(Area::Charts, problems);
    let chart = |source: Source| {
        let packaged = package(source.files.clone(), &source.path, &Overrides::default());
        let found = [source.problems.clone(), packaged.problems.clone()].concat();
        let is_whole = !found.iter().any(Problem::is_error);
        let package = packaged.value.map(Arc::new);
        let chart = Chart { source, package, problems: packaged.problems, is_whole };
        report
            .add(Area::Charts, found.into_iter().map(|one| Finding { edit: chart.edit(&one), problem: one }));
        chart
    };
    let charts: Vec<Chart> = sources.charts.into_iter().map(chart).collect();
    report.looked_at(charts.len(), "chart");
    Ok(Read { charts, changelog: sources.changelog, changed: sources.changed })
}

pub fn look_at_charts(scene: &Scene<'_>, report: &mut Report) {
    let linted = threads::map(&scene.charts, lint_chart);
    for (chart, linted) in scene.charts.iter().zip(linted) {
        report.add(Area::Charts, linted);
        report.add(Area::Charts, check_dependencies(chart));
        if let Some(chart_yaml) = File::of(&chart.source, "Chart.yaml") {
            report.add(Area::Charts, check_annotations(&chart_yaml));
            report.add(Area::Charts, check_images(chart, &chart_yaml, scene.config.versions));
        }
    }
    report.add(Area::Charts, check_content(&scene.charts));
}
