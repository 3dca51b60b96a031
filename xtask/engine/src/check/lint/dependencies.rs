//! The rules for what is in charts/ and what Chart.yaml says of it.

use super::{Message, at};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::chart::package::Package;
use crate::check::Chart;

/// Judges them; nothing can be said of a chart that cannot be packaged.
pub fn lint(chart: &Chart) -> Vec<Message> {
    let Some(package) = &chart.package else { return Vec::new() };
    [undeclared(chart, package), missing(chart, package)].into_iter().flatten().collect()
}

fn undeclared(chart: &Chart, package: &Package) -> Option<Message> {
    let is_declared =
        |child: &str| package.metadata.dependencies.iter().flatten().any(|one| one.name == child);
    let extra: Vec<_> = package.children.iter().filter(|(child, _)| !is_declared(child)).collect();
    let names: Vec<&str> = extra.iter().map(|(child, _)| child.as_str()).collect();
    let file = if package.metadata.is_v1() { "requirements.yaml" } else { "Chart.yaml" };
    let problem = |(child, version): &(String, String)| {
        let message = format!("{} is in charts/ and no dependency in {file}: `helm lint` fails", name(child));
        let hint = format!("write `- {{name: {child}, version: {version}}}` below `dependencies:` in {file}");
        at(chart, &format!("charts/{child}"), None, message).hint(hint)
    };
    let text = format!("chart metadata is missing these dependencies: {}", names.join(","));
    let message = Message::error(&chart.source.path, text);
    (!extra.is_empty()).then(|| extra.into_iter().map(problem).fold(message, Message::with))
}

/// Packaging fails for these; Helm's linter only warns.
fn missing(chart: &Chart, package: &Package) -> Option<Message> {
    let is_there = |name: &str| package.children.iter().any(|(child, _)| child == name);
    let missing: Vec<_> =
        package.metadata.dependencies.iter().flatten().filter(|one| !is_there(&one.name)).collect();
    let names: Vec<&str> = missing.iter().map(|dependency| dependency.name.as_str()).collect();
    let file = if package.line("dependencies").is_some() { "Chart.yaml" } else { "requirements.yaml" };
    let problem = |line: usize, dependency: &str| -> Problem {
        let message = format!("dependency {} is not in charts/", name(dependency));
        at(chart, file, Some(line), message).hint(format!("helm dependency update {}", chart.source.path))
    };
    let text = format!("chart directory is missing these dependencies: {}", names.join(","));
    let message = Message::warning(&chart.source.path, text);
    let problems = missing.iter().map(|dependency| problem(dependency.line, &dependency.name));
    (!missing.is_empty()).then(|| problems.fold(message, Message::with))
}
