//! The charts as they lie there: read and packaged as for a release, and looked at as `helm lint` would.

use std::sync::Arc;

use anyhow::Result;

use super::documents::read_documents;
use super::scene::{Options, Scene};
use crate::base::config::Config;
use crate::base::path;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::chart::io::charts;
use crate::chart::io::vendored::check_vendored;
use crate::chart::package::Package;
use crate::chart::source::{Changelog, Source};
use crate::check::annotations::check_annotations;
use crate::check::beside::{foreign_id, impossible_dates, is_artifact_hub};
use crate::check::chart_testing::chart_directories;
use crate::check::content::check_content;
use crate::check::ct_yaml::ChartTesting;
use crate::check::dependencies::check_dependencies;
use crate::check::edit::Finding;
use crate::check::image_tags::check_image_tags;
use crate::check::images::{check_capitals, check_images};
use crate::check::kube_version::check_kube_version;
use crate::check::labels::check_labels;
use crate::check::lint::lint_chart;
use crate::check::slips::{check_slips, is_values, repeated};
use crate::check::yaml::File;
use crate::check::{Area, Chart, Report};
use crate::dependency::io::{Fetcher, client};
use crate::dependency::wanted;
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
    options: Options<'_>,
    report: &mut Report,
) -> Result<Read> {
    let (mut problems, directories) = (Vec::new(), chart_directories(config, testing, files));
    let places = charts::chart_places(config, &directories, repository.root())?.take(&mut problems);
    let sources = make::read(config, places, repository)?;
    problems.extend(sources.problems);
    report.add(Area::Charts, problems);
    let http = client(options.limit, options.offline)?;
    let fetcher = Fetcher::new(http.as_ref(), repository.root(), &config.oci)?;
    let chart = |source: Source| {
        let Checked { value: mut package, mut problems } = source.package();
        if let Some(package) = &mut package {
            problems.extend(complete(&fetcher, package, &source.path, report));
        }
        let found = [source.problems.clone(), problems.clone()].concat();
        let is_whole = !found.iter().any(Problem::is_error)
            && package.as_ref().is_some_and(|package| package.lacking.is_empty());
        let package = package.map(Arc::new);
        let chart = Chart { source, package, problems, is_whole };
        report
            .add(Area::Charts, found.into_iter().map(|one| Finding { edit: chart.edit(&one), problem: one }));
        chart
    };
    let charts: Vec<Chart> = sources.charts.into_iter().map(chart).collect();
    report.looked_at(charts.len(), "chart");
    Ok(Read { charts, changelog: sources.changelog, changed: sources.changed })
}

/// Adds what charts/ lacks. What is not to be fetched is not checked.
fn complete(fetcher: &Fetcher<'_>, package: &mut Package, at: &str, report: &mut Report) -> Vec<Problem> {
    let of_lock = wanted(package, at).problems;
    let problems = fetcher.complete(package, at);
    if fetcher.has_network() {
        return problems;
    }
    let is_missing = |problem: &Problem| problem.is_error() && !of_lock.contains(problem);
    let (missing, others) = problems.into_iter().partition(is_missing);
    let missing: Vec<Problem> = missing;
    for problem in missing {
        report.doubt(&format!("{} with its dependencies", name(at)), problem);
    }
    others
}

pub fn look_at_charts(scene: &Scene<'_>, report: &mut Report) {
    let linted = threads::map(&scene.charts, lint_chart);
    let sources: Vec<&Source> = scene.charts.iter().map(|chart| &chart.source).collect();
    for (chart, linted) in scene.charts.iter().zip(linted) {
        report.add(Area::Charts, linted);
        look_at_chart(scene, chart, &sources, report);
    }
    report.add(Area::Charts, check_content(&scene.charts));
    look_beside_charts(scene, &sources, report);
}

fn look_at_chart(scene: &Scene<'_>, chart: &Chart, sources: &[&Source], report: &mut Report) {
    let file = |path| File::of(&chart.source, path);
    let (chart_yaml, values) = (file("Chart.yaml"), file("values.yaml"));
    if let Some(package) = &chart.package {
        let (at, root) = (&chart.source.path, scene.repository.root());
        report.add(Area::Charts, check_vendored(package, at, root, sources));
    }
    let found = check_dependencies(chart, values.as_ref()).into_iter().filter(|problem| {
        ![&chart.problems, &chart.source.problems].iter().any(|told| told.contains(problem))
    });
    report.add(Area::Charts, found);
    report.add(Area::Charts, check_slips(chart));
    report.add(Area::Charts, check_kube_version(chart));
    report.add(Area::Charts, check_labels(chart));
    let tags = values.iter().flat_map(|values| check_image_tags(chart, values)).collect::<Vec<_>>();
    let told: Vec<_> = tags.iter().filter_map(|tag| tag.problem.place.clone()).collect();
    report.add(Area::Charts, values.iter().flat_map(check_capitals).chain(tags));
    report.add(Area::Charts, chart_yaml.iter().flat_map(check_annotations));
    if let (Some(values), Some(chart_yaml)) = (&values, &chart_yaml) {
        // A tag that is another one than it looks is told of once.
        let mut images = check_images(chart, values, chart_yaml, scene.config.versions);
        images.retain(|problem| problem.place.as_ref().is_none_or(|place| !told.contains(place)));
        report.add(Area::Charts, images);
    }
}

/// Looks at files that belong to charts and are seldom packaged.
fn look_beside_charts(scene: &Scene<'_>, sources: &[&Source], report: &mut Report) {
    let own = scene.charts.iter().filter_map(|chart| chart.source.changelog.as_ref());
    report.add(Area::Charts, own.chain(&scene.changelog).flat_map(impossible_dates));
    let files = || scene.files.iter().map(String::as_str);
    let is_test = |path: &&str| {
        let is_of = |source: &&Source| {
            path::strip(&source.path, path).is_some_and(|file| {
                is_values(file) && source.files.iter().all(|packaged| packaged.path != file)
            })
        };
        sources.iter().any(is_of)
    };
    let tests = read_documents(scene.repository, files().filter(is_test)).value;
    report.add(Area::Charts, tests.iter().flat_map(|one| repeated(&one.text, &one.path)));
    let of_hub = files().filter(|path| is_artifact_hub(path));
    let Checked { value, problems } = read_documents(scene.repository, of_hub);
    report.add(Area::Charts, problems.into_iter().chain(value.iter().filter_map(foreign_id)));
}
