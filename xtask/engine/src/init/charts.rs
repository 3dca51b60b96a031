//! Where the charts are that a repository releases: those of other charts, of tests and of examples are none of them.

use std::collections::BTreeMap;

use crate::base::path::{below, directory, strip};

/// A chart of the repository, by its Chart.yaml.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// Its directory from the root, which is `.`.
    pub path: String,
    pub name: String,
    pub version: String,
}

impl Chart {
    /// Whether nobody would release the version that it has, as on a branch whose releases come from other branches.
    pub fn has_placeholder(&self) -> bool {
        let version = self.version.trim_start_matches('v');
        let (core, pre) = version.split_once('-').unwrap_or((version, ""));
        let pre = pre.to_lowercase();
        core == "0.0.0"
            || ["dev", "snapshot", "latest", "main", "master"].iter().any(|word| pre.starts_with(word))
    }
}

/// Directories that hold charts for tests, for show, and those of others.
const ASIDE: [&str; 16] = [
    "demo",
    "e2e",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "hack",
    "integration",
    "node_modules",
    "sample",
    "samples",
    "template",
    "test",
    "testdata",
    "tests",
    "vendor",
];
const CHART: &str = "Chart.yaml";

/// The directories with a Chart.yaml that may be released: not inside another chart, and not set aside.
pub fn candidates(files: &[String]) -> Vec<String> {
    let is_chart = |file: &&String| *file == CHART || file.ends_with("/Chart.yaml");
    let all: Vec<String> = files.iter().filter(is_chart).map(|file| directory(file).to_owned()).collect();
    let is_inside = |path: &str| all.iter().any(|other| strip(other, path).is_some() && !other.is_empty());
    // The charts below a chart at the root may be its sub-charts, and so may those of `charts/`.
    let has_root = all.iter().any(String::is_empty);
    let is_aside = |path: &str| path.split('/').any(|part| is_aside(part) || part.starts_with('.'));
    let is_of_root = |path: &str| has_root && strip("charts", path).is_some();
    let is_released = |path: &&String| !is_inside(path) && !is_aside(path) && !is_of_root(path);
    let written = |path: &String| if path.is_empty() { ".".to_owned() } else { path.clone() };
    all.iter().filter(is_released).map(written).collect()
}

fn is_aside(part: &str) -> bool {
    let part = part.to_lowercase();
    ASIDE.contains(&part.as_str())
        || part.starts_with("test-")
        || part.starts_with("test_")
        || part.ends_with("-test")
}

/// Directories that name all of these charts and no others: one that holds nothing but charts, or the chart itself.
pub fn directories(charts: &[String], files: &[String]) -> Vec<String> {
    if charts.iter().any(|chart| chart == ".") {
        return vec![".".to_owned()];
    }
    let mut above: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for chart in charts {
        above.entry(directory(chart)).or_default().push(chart);
    }
    let of = |(above, charts): (&str, Vec<&String>)| -> Vec<String> {
        let is_of_one = |file: &String| {
            let inside = strip(above, file).filter(|inside| inside.contains('/'));
            inside.is_none() || charts.iter().any(|chart| strip(chart, file).is_some())
        };
        if !above.is_empty() && files.iter().all(is_of_one) {
            return vec![above.to_owned()];
        }
        let is_root = above.is_empty() && charts.len() > 1;
        if is_root { vec![".".to_owned()] } else { charts.into_iter().cloned().collect() }
    };
    above.into_iter().flat_map(of).collect()
}

/// The charts that a directory of the config stands for.
pub fn below_directory<'c>(place: &str, charts: &'c [Chart]) -> impl Iterator<Item = &'c Chart> {
    let place = place.trim_start_matches("./").trim_end_matches('/').to_owned();
    charts.iter().filter(move |chart| {
        let above = if directory(&chart.path).is_empty() { "." } else { directory(&chart.path) };
        chart.path == place || above == place && chart.path != "."
    })
}

/// The path of the Chart.yaml of a chart.
pub fn manifest(chart: &str) -> String {
    if chart == "." { CHART.to_owned() } else { below(chart, CHART) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn which_charts_and_which_directories() {
        for (files, charts, places) in [
            ("charts/a/Chart.yaml charts/b/Chart.yaml charts/README.md", "charts/a charts/b", "charts"),
            ("Chart.yaml charts/sub/Chart.yaml", ".", "."),
            ("charts/a/Chart.yaml charts/a/charts/b/Chart.yaml", "charts/a", "charts"),
            ("deploy/helm/web/Chart.yaml deploy/helm/x/y", "deploy/helm/web", "deploy/helm/web"),
            ("deploy/helm/web/Chart.yaml src/x", "deploy/helm/web", "deploy/helm"),
            ("stable/a/Chart.yaml incubator/b/Chart.yaml", "stable/a incubator/b", "incubator stable"),
            ("a/Chart.yaml b/Chart.yaml", "a b", "."),
            ("chart/Chart.yaml src/x", "chart", "chart"),
            ("charts/a/Chart.yaml test/charts/t/Chart.yaml .github/x/Chart.yaml", "charts/a", "charts"),
            ("docs/x", "", ""),
        ] {
            let files = paths(files);
            assert_eq!(candidates(&files), paths(charts), "{files:?}");
            assert_eq!(directories(&paths(charts), &files), paths(places), "{files:?}");
        }
    }

    #[test]
    fn charts_of_a_directory() {
        let chart = |path: &str| Chart { path: path.to_owned(), ..Chart::default() };
        let charts = ["a/b", "a/c", "d", "."].map(chart);
        let of = |place| below_directory(place, &charts).map(|one| one.path.as_str()).collect::<Vec<_>>();
        assert_eq!(of("a"), ["a/b", "a/c"]);
        assert_eq!(of("./a/b/"), ["a/b"]);
        assert_eq!(of("."), ["d", "."]);
    }
}
