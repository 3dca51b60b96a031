//! The charts as helm lints, renders and packages them, where it is there.

use anyhow::Result;

use super::Scene;
use crate::cli::HelmMode;
use crate::command::{compare, problems_of};
use crate::model::text::name;
use crate::plan::check::chart_testing::exclusion;
use crate::plan::check::helm::{Heard, Said};
use crate::plan::check::{Area, Chart, Report};
use crate::plan::lint::{Message, is_said};
use crate::plan::package::{Overrides, Package};
use crate::world::helm::Helm;
use crate::world::{files, terminal, threads};

/// What helm said, each with the values that it came with, and how many of those there are.
type Words = (Vec<(Said, Option<String>)>, usize);

/// Asks helm about each chart that can be packaged.
pub fn check(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    let Some(helm) = scene.helm else {
        let (why, hint) = match scene.args.helm {
            HelmMode::Never => ("helm was not to be used", "leave out --helm never"),
            _ => ("helm is not in PATH", "install it (https://helm.sh/docs/intro/install), or set HELM_BIN"),
        };
        let what = "what the templates render, and whether values.yaml fits values.schema.json";
        report.leave_out(what, why, hint);
        return Ok(());
    };
    let charts = scene.charts.iter().zip(&scene.lint);
    let charts: Vec<(&Chart, &Package, &Vec<Message>)> =
        charts.filter_map(|(chart, messages)| Some((chart, chart.whole()?, messages))).collect();
    let mut tested = charts.clone();
    tested.retain(|(chart, ..)| match exclusion(&scene.testing, &chart.source.path) {
        None => true,
        Some(line) => {
            let what = format!("what helm says of {}", name(&chart.source.path));
            report.leave_out(&what, format!("{line} excludes it from tests"), "");
            false
        }
    });
    let all = threads::map(&tested, |(chart, package, _)| ask(scene, helm, chart, package));
    for ((chart, package, messages), said) in tested.iter().zip(all) {
        let (mut said, asked) = said?;
        said.retain(|(said, _)| !is_said(said, messages));
        let (path, chart, helm) = (&*chart.source.path, &*package.metadata.name, &*helm.version);
        report.add(Area::Helm, Heard { path, chart, helm, asked, said: &said }.problems());
    }
    let root = scene.repository.root();
    let all = charts.iter().map(|(chart, package, _)| {
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
fn ask(scene: &Scene<'_>, helm: &Helm, chart: &Chart, package: &Package) -> Result<Words> {
    let (root, path) = (scene.repository.root(), &chart.source.path);
    terminal::progress("Linting", &format!("{path} with helm {}", helm.version));
    let values = files::named(&root.join(path).join("ci"), "-values.yaml")?;
    let mut values: Vec<Option<String>> = values.into_iter().map(|file| Some(format!("ci/{file}"))).collect();
    if values.is_empty() {
        values.push(None);
    }
    let is_library = package.metadata.kind == "library";
    let (mut words, asked) = (Vec::new(), values.len());
    for values in values {
        let file = values.as_ref().map(|values| format!("{path}/{values}"));
        let said = helm.lint(root, path, file.as_deref(), is_library)?;
        words.extend(said.into_iter().map(|said| (said, values.clone())));
    }
    Ok((words, asked))
}
