//! The charts as helm lints, renders and packages them, where it is there.

use anyhow::Result;

use super::scene::Scene;
use crate::base::path;
use crate::base::problem::problems_of;
use crate::base::text::name;
use crate::chart::attempt::Doubt;
use crate::chart::cluster::Clusters;
use crate::chart::helm_lint::{Heard, Said, says_the_same};
use crate::chart::helm_words::{settled, unreachable};
use crate::chart::io::charts;
use crate::chart::io::helm::Helm;
use crate::chart::io::helm::agreement::{HelmMode, compare};
use crate::chart::io::helm::lint::{Asked, Opinion};
use crate::chart::io::overlay::Overlay;
use crate::chart::package::{Overrides, Package};
use crate::check::chart_testing::exclusion;
use crate::check::lint::is_found_without_helm;
use crate::check::{Area, Chart, Report, Unchecked};
use crate::sys::{terminal, threads};

/// What helm said of a chart.
#[derive(Default)]
struct Words {
    /// Each with the values that it came with.
    said: Vec<(Said, Option<String>)>,
    /// How many of those there are.
    asked: usize,
    /// What helm cannot say, and why.
    unchecked: Vec<Unchecked>,
}

/// Asks helm about each chart that can be packaged.
pub fn ask_helm(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    let Some(helm) = scene.helm else {
        let (why, hint) = match scene.options.helm {
            HelmMode::Never => ("helm was not to be used", "leave out --helm never"),
            _ => ("helm is not in PATH", "install it (https://helm.sh/docs/intro/install), or set HELM_BIN"),
        };
        let what = "what the templates render, and whether values.yaml fits values.schema.json";
        report.leave_out_of(Area::Helm, what, why, hint);
        return Ok(());
    };
    let charts: Vec<(&Chart, &Package)> =
        scene.charts.iter().filter_map(|chart| Some((chart, chart.whole()?))).collect();
    let mut tested = charts.clone();
    tested.retain(|(chart, _)| match exclusion(&scene.testing, &chart.source.path) {
        None => true,
        Some(line) => {
            let what = format!("what helm says of {}", name(&chart.source.path));
            report.leave_out_of(Area::Helm, &what, format!("{line} excludes it from tests"), "");
            false
        }
    });
    let mut problems = Vec::new();
    let values = |(chart, _): &(&Chart, _)| {
        Ok(charts::test_values(&chart.source.path, scene.repository.root())?.take(&mut problems))
    };
    let values = tested.iter().map(values).collect::<Result<Vec<_>>>()?;
    report.add(Area::Helm, problems);
    let asked: Vec<_> = tested.iter().zip(values).collect();
    let all = threads::map(&asked, |((chart, package), values)| ask(scene, helm, chart, package, values));
    for ((chart, package), said) in tested.iter().zip(all) {
        let Words { mut said, asked, unchecked } = match said {
            Ok(words) => words,
            Err(error) => {
                report.add(Area::Helm, problems_of(error).0);
                continue;
            }
        };
        said.retain(|(said, _)| !is_found_without_helm(said));
        report.unchecked.extend(unchecked);
        let (path, chart, helm) = (&*chart.source.path, &*package.metadata.name, &*helm.version);
        report.add(Area::Helm, Heard { path, chart, helm, asked, said: &said }.problems());
    }
    let root = scene.repository.root();
    let all = charts.iter().map(|(chart, package)| {
        let path = &chart.source.path;
        (root.join(path), path.as_str(), *package)
    });
    if let Err(error) = compare(helm, all, &Overrides::default()) {
        // What keeps helm from reading a chart has been told.
        let (mut refused, told) = (problems_of(error).0, &report.findings);
        refused.retain(|problem| !told.iter().any(|(_, known)| says_the_same(&known.problem, problem)));
        report.add(Area::Helm, refused);
    }
    Ok(())
}

/// Lints and renders a chart with each of its `ci/*-values.yaml`, with its own values alone where there is none, as
/// chart-testing does.
fn ask(scene: &Scene<'_>, helm: &Helm, chart: &Chart, package: &Package, values: &[String]) -> Result<Words> {
    let (root, path) = (scene.repository.root(), &chart.source.path);
    terminal::progress("Linting", &format!("{path} with helm {}", helm.version));
    let directory = root.join(path);
    let overlay = Overlay::new(&directory, package)?;
    let metadata = &package.metadata;
    let clusters = &Clusters::of(&metadata.kube_version, &package.entries);
    let is_library = metadata.kind == "library";
    let asked = Asked { root, directory: path, chart: overlay.path(), clusters, is_library };
    let mut all: Vec<Option<&str>> = values.iter().map(|values| Some(values.as_str())).collect();
    if all.is_empty() {
        all.push(None);
    }
    let mut words = Words { asked: all.len(), ..Words::default() };
    for values in all {
        let Opinion { said, doubts } = helm.lint(&asked, values)?;
        let below = values.and_then(|values| path::strip(path, values));
        words.said.extend(said.into_iter().map(|said| (said, below.map(str::to_owned))));
        for unchecked in doubts.iter().map(|doubt| unchecked(doubt, &asked, &metadata.name, values)) {
            if !words
                .unchecked
                .iter()
                .any(|known| (&known.what, &known.why) == (&unchecked.what, &unchecked.why))
            {
                words.unchecked.push(unchecked);
            }
        }
    }
    Ok(words)
}

/// What is not checked where helm doubts, and the command that shows it.
fn unchecked(doubt: &Doubt, asked: &Asked<'_>, chart: &str, values: Option<&str>) -> Unchecked {
    let (at, version) = (name(asked.directory), asked.clusters.version.as_str());
    let (what, why) = match doubt {
        Doubt::Schema(words) => {
            let why = match unreachable(words) {
                Some(url) => format!("helm cannot fetch {}", name(url)),
                None => format!("helm cannot fetch what it refers to: {}", settled(chart, words)),
            };
            (format!("whether the values of {at} fit values.schema.json"), why)
        }
        Doubt::Cluster(words) => {
            let why =
                format!("its templates refuse the cluster that helm pretends: {}", settled(chart, words));
            (format!("what {at} renders on every cluster"), why)
        }
    };
    let hint = asked.command("template check", &["--kube-version", version], values);
    Unchecked { area: Some(Area::Helm), what, why, hint }
}
