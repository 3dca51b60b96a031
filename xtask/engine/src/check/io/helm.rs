//! The charts as helm lints, renders and packages them, where it is there.

use anyhow::Result;

use super::scene::Scene;
use crate::base::path;
use crate::base::problem::problems_of;
use crate::base::text::name;
use crate::chart::helm_lint::{Heard, Said};
use crate::chart::io::charts;
use crate::chart::io::helm::Helm;
use crate::chart::io::helm::agreement::{HelmMode, compare};
use crate::chart::io::overlay::Overlay;
use crate::chart::package::{Overrides, Package};
use crate::check::chart_testing::exclusion;
use crate::check::lint::is_found_without_helm;
use crate::check::{Area, Chart, Report};
use crate::sys::{terminal, threads};

/// What helm said, each with the values that it came with, and how many of those there are.
type Words = (Vec<(Said, Option<String>)>, usize);

/// Asks helm about each chart that can be packaged.
pub fn ask_helm(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    let Some(helm) = scene.helm else {
        let (why, hint) = match scene.options.helm {
            HelmMode::Never => ("helm was not to be used", "leave out --helm never"),
            _ => ("helm is not in PATH", "install it (https://helm.sh/docs/intro/install), or set HELM_BIN"),
        };
        let what = "what the templates render, and whether values.yaml fits values.schema.json";
        report.leave_out(what, why, hint);
        return Ok(());
    };
    let charts: Vec<(&Chart, &Package)> =
        scene.charts.iter().filter_map(|chart| Some((chart, chart.whole()?))).collect();
    let mut tested = charts.clone();
    tested.retain(|(chart, _)| match exclusion(&scene.testing, &chart.source.path) {
        None => true,
        Some(line) => {
            let what = format!("what helm says of {}", name(&chart.source.path));
            report.leave_out(&what, format!("{line} excludes it from tests"), "");
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
        let (mut said, asked) = match said {
            Ok(words) => words,
            Err(error) => {
                report.add(Area::Helm, problems_of(error).0);
                continue;
            }
        };
        said.retain(|(said, _)| !is_found_without_helm(said));
        let (path, chart, helm) = (&*chart.source.path, &*package.metadata.name, &*helm.version);
        report.add(Area::Helm, Heard { path, chart, helm, asked, said: &said }.problems());
    }
    let root = scene.repository.root();
    let all = charts.iter().map(|(chart, package)| {
        let path = &chart.source.path;
        (root.join(path), path.as_str(), *package)
    });
    if let Err(error) = compare(helm, all, &Overrides::default()) {
        report.add(Area::Helm, problems_of(error).0);
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
    let is_library = package.metadata.kind == "library";
    let mut all: Vec<Option<&String>> = values.iter().map(Some).collect();
    if all.is_empty() {
        all.push(None);
    }
    let (mut words, asked) = (Vec::new(), all.len());
    for values in all {
        let said = helm.lint(root, path, overlay.path(), values.map(String::as_str), is_library)?;
        let below = values.and_then(|values| path::strip(path, values));
        words.extend(said.into_iter().map(|said| (said, below.map(str::to_owned))));
    }
    Ok((words, asked))
}
