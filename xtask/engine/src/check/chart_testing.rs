//! `ct.yaml` of chart-testing, where there is one: what it tests and what a release publishes should be the same charts.

use std::collections::BTreeSet;

use super::ct_yaml::{ChartTesting, Text, has_name};
use crate::base::config::Config;
use crate::base::path::{self, join};
use crate::base::problem::Problem;
use crate::base::text::{few, name};

/// The files that may be such a configuration. chart-testing itself looks at the root, in `.ct/` and outside of the
/// repository; elsewhere its `--config` names one. What lies in a chart or among the workflows is something else.
pub fn ct_files(files: &[String]) -> Vec<&str> {
    let charts: BTreeSet<&str> = files.iter().filter_map(|path| path.strip_suffix("/Chart.yaml")).collect();
    let is_in_chart = |path: &str| {
        let parts = path.match_indices('/').filter_map(|(at, _)| path.split_at_checked(at));
        parts.into_iter().any(|(above, _)| charts.contains(above))
    };
    let is_config =
        |path: &&str| has_name(path) && !path.starts_with(".github/workflows/") && !is_in_chart(path);
    files.iter().map(String::as_str).filter(is_config).collect()
}

/// The directories of charts that are published or tested, those of the config first.
pub fn chart_directories(config: &Config, configs: &[ChartTesting], files: &[String]) -> Vec<String> {
    let mut directories = config.charts.clone();
    for (directory, _) in configs.iter().flat_map(dirs) {
        let directory = plain(directory);
        if !directories.contains(&directory) && has_charts(&directory, files) {
            directories.push(directory);
        }
    }
    directories
}

/// Where a chart is excluded, if every configuration excludes it.
pub fn exclusion(configs: &[ChartTesting], chart: &str) -> Option<String> {
    let own = chart.rsplit('/').next().unwrap_or(chart);
    let line = |config: &ChartTesting| {
        let (_, line) = config.excluded_charts.iter().find(|(excluded, _)| excluded == own)?;
        Some(format!("{}:{line}", config.file))
    };
    let lines: Option<Vec<String>> = configs.iter().map(line).collect();
    lines?.into_iter().next()
}

pub fn check_directories(config: &Config, configs: &[ChartTesting], files: &[String]) -> Vec<Problem> {
    let published = published(config, files);
    let of = |read: &ChartTesting| -> Vec<Problem> {
        let found = dirs(read).filter_map(|(written, line)| {
            let problem = directory(written, config, &published, files)?;
            Some(problem.at(&read.file, Some(*line)))
        });
        found.chain(untested(read, &published, files)).chain(dead_exclusions(read, files)).collect()
    };
    configs.iter().flat_map(of).collect()
}

/// Charts that are excluded and not there.
fn dead_exclusions(read: &ChartTesting, files: &[String]) -> Vec<Problem> {
    let there = |name: &str| {
        let mut charts = files.iter().filter_map(|path| path.strip_suffix("/Chart.yaml"));
        charts.any(|chart| chart.rsplit('/').next() == Some(name))
    };
    let dead = read.excluded_charts.iter().filter(|(excluded, _)| !there(excluded));
    let problem = |(excluded, line): &Text| {
        // chart-testing compares the names of directories (its `pkg/chart/chart.go`).
        let (why, hint) = match excluded.rsplit_once('/') {
            Some((_, last)) => ("which is a path and fits no name", format!("write `{last}`")),
            None => ("and there is no such chart", "delete it, or correct its name".to_owned()),
        };
        let message = format!("`excluded-charts` has {}, {why}", name(excluded));
        Problem::note(message).at(&read.file, Some(*line)).hint(hint)
    };
    dead.map(problem).collect()
}

/// The directories that chart-testing has to know to test what is published: it looks for charts in their sub-directories. A
/// chart at the root is in none; `charts` of its configuration names it.
fn published<'f>(config: &Config, files: &'f [String]) -> BTreeSet<&'f str> {
    let published = charts(files).filter(|chart| *chart != "." && config.releases(chart));
    let is_in_another = |chart: &str| charts(files).any(|other| path::strip(other, chart).is_some());
    published.filter(|chart| !is_in_another(chart)).map(above).collect()
}

/// A directory that is not there, or whose charts are not published.
fn directory(
    written: &str,
    config: &Config,
    published: &BTreeSet<&str>,
    files: &[String],
) -> Option<Problem> {
    let (directory, shown) = (plain(written), name(written));
    let published: Vec<&str> = published.iter().copied().collect();
    let all = if published.is_empty() { config.charts.join(", ") } else { published.join(", ") };
    if !has(&directory, files) {
        let message = format!("chart-testing looks for charts in {shown}, which is not there");
        return Some(Problem::warning(message).hint(format!("write `{all}`")));
    }
    let message = format!(
        "chart-testing tests the charts in {shown}, and a release publishes those in {} alone",
        few(&config.charts)
    );
    let hint = format!("move those that are for users to `{all}`, or name `{directory}` in the config");
    let has_others = charts(files).any(|chart| above(chart) == directory && !config.releases(chart));
    has_others.then(|| Problem::note(message).hint(hint))
}

/// Charts that are published, where all directories that are tested are there and are others.
fn untested(read: &ChartTesting, published: &BTreeSet<&str>, files: &[String]) -> Option<Problem> {
    let tested: Vec<String> = dirs(read).map(|(written, _)| plain(written)).collect();
    let (_, line) = dirs(read).next().filter(|_| tested.iter().all(|directory| has(directory, files)))?;
    let missing: Vec<String> = published
        .iter()
        .filter(|directory| tested.iter().all(|tested| tested != **directory))
        .map(|directory| (*directory).to_owned())
        .collect();
    let message =
        format!("a release publishes the charts in {}, which chart-testing does not test", few(&missing));
    let add: Vec<String> = missing.iter().map(|directory| format!("`- {directory}`")).collect();
    let problem = Problem::warning(message).at(&read.file, Some(*line));
    (!missing.is_empty()).then(|| problem.hint(format!("add {}", add.join(" and "))))
}

/// A branch to compare with that the remote does not have. `references` are the branches that git has of it, with `HEAD` for
/// its default: a clone has that, and CI, which fetches but a few, has not.
pub fn check_target_branch(config: &ChartTesting, references: &[String]) -> Option<Problem> {
    let (branch, line) = config.target_branch.as_ref()?;
    if references.contains(branch) || !references.iter().any(|reference| reference == "HEAD") {
        return None;
    }
    let message = format!(
        "chart-testing compares charts with the branch {}, which {} does not have",
        name(branch),
        remote(config)
    );
    let near = references.iter().find(|known| matches!(known.as_str(), "main" | "master"));
    let hint =
        near.map_or_else(|| "name the default branch".to_owned(), |near| format!("target-branch: {near}"));
    Some(Problem::warning(message).at(&config.file, Some(*line)).hint(hint))
}

pub fn remote(config: &ChartTesting) -> &str {
    config.remote.as_ref().map_or("origin", |(remote, _)| remote)
}

fn dirs(config: &ChartTesting) -> impl Iterator<Item = &Text> {
    config.chart_dirs.iter().flatten()
}

/// `./charts/` is `charts`, and the root `.`.
fn plain(path: &str) -> String {
    join("", path).filter(|path| !path.is_empty()).unwrap_or_else(|| ".".to_owned())
}

/// Whether there is a file below a directory.
fn has(directory: &str, files: &[String]) -> bool {
    directory == "."
        || files.iter().any(|file| file.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/')))
}

fn has_charts(directory: &str, files: &[String]) -> bool {
    charts(files).any(|chart| above(chart) == directory)
}

/// The directories that have a Chart.yaml.
fn charts(files: &[String]) -> impl Iterator<Item = &str> {
    files.iter().filter_map(|file| match file.as_str() {
        "Chart.yaml" => Some("."),
        other => other.strip_suffix("/Chart.yaml"),
    })
}

/// The directory that a chart lies in, which is `.` for the root.
fn above(chart: &str) -> &str {
    Some(path::directory(chart)).filter(|above| !above.is_empty()).unwrap_or(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SHOP;

    fn paths() -> Vec<String> {
        [
            "charts/web/Chart.yaml",
            "charts/web/ci/ct-values.yaml",
            "more/db/Chart.yaml",
            "docs/index.md",
            "ct.yaml",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn testing(chart_dirs: &[&str], excluded: &[&str]) -> ChartTesting {
        let texts =
            |texts: &[&str]| texts.iter().zip(2..).map(|(text, line)| ((*text).to_owned(), line)).collect();
        ChartTesting {
            file: "ct.yaml".to_owned(),
            chart_dirs: (!chart_dirs.is_empty()).then(|| texts(chart_dirs)),
            excluded_charts: texts(excluded),
            ..ChartTesting::default()
        }
    }

    #[test]
    fn places() {
        let also =
            [".github/ct-lint.yaml", ".github/workflows/ct.yaml", "charts/web/x/ct.yaml"].map(str::to_owned);
        assert_eq!(ct_files(&[paths(), also.to_vec()].concat()), ["ct.yaml", ".github/ct-lint.yaml"]);
    }

    #[test]
    fn what_is_read() {
        let read = |dirs: &[&str]| chart_directories(&SHOP, &[testing(dirs, &[])], &paths());
        assert_eq!(read(&[]), ["charts"]);
        assert_eq!(read(&["./more/", "charts", "docs", "no"]), ["charts", "more"]);
        let configs = [testing(&[], &["db", "web"]), testing(&[], &["web"])];
        assert_eq!(exclusion(&configs, "charts/web"), Some("ct.yaml:3".to_owned()));
        assert_eq!(exclusion(&configs, "more/db").or(exclusion(&[], "charts/web")), None);
    }

    #[test]
    fn branches() {
        let target_branch = Some(("master".to_owned(), 4));
        let config = ChartTesting { target_branch, ..testing(&[], &[]) };
        let found = |known: &[&str]| {
            let known: Vec<String> = known.iter().map(|one| (*one).to_owned()).collect();
            check_target_branch(&config, &known).map(|problem| problem.to_string())
        };
        assert_eq!(found(&["HEAD", "master"]).or(found(&["main"])), None);
        let expected =
            "ct.yaml:4: chart-testing compares charts with the branch `master`, which origin does not have";
        assert_eq!(found(&["HEAD", "main"]).as_deref(), Some(expected));
    }

    #[test]
    fn what_differs() {
        for (dirs, expected) in [
            (&[][..], &[][..]),
            (&["./charts"], &[]),
            (&["charts", "docs"], &[]),
            (
                &["charts", "more"],
                &[
                    "ct.yaml:3: chart-testing tests the charts in `more`, and a release publishes those in `charts` alone",
                ],
            ),
            (&["chart"], &["ct.yaml:2: chart-testing looks for charts in `chart`, which is not there"]),
            (
                &["docs"],
                &["ct.yaml:2: a release publishes the charts in `charts`, which chart-testing does not test"],
            ),
        ] {
            assert_eq!(differing(&SHOP, dirs, &paths()), expected, "{dirs:?}");
        }
    }

    #[test]
    fn charts_that_are_excluded_and_gone() {
        let found = check_directories(&SHOP, &[testing(&[], &["web", "gone"])], &paths());
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["ct.yaml:3: `excluded-charts` has `gone`, and there is no such chart"]);
    }

    fn differing(config: &Config, dirs: &[&str], files: &[String]) -> Vec<String> {
        let found = check_directories(config, &[testing(dirs, &[])], files);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn several_directories_agree_with_those_of_the_config() {
        let files =
            ["charts/web/Chart.yaml", "library/db/Chart.yaml", "deploy/helm/Chart.yaml", "deploy/helm/x"];
        let files = [files.map(str::to_owned).to_vec(), paths()].concat();
        let config = SHOP.clone().charts(["charts", "library", "deploy/helm"]);
        let others = "ct.yaml:3: chart-testing tests the charts in `more`, and a release publishes those in `charts`, `library`, `deploy/helm` alone";
        for (dirs, expected) in [
            (&["./library/", "charts", "deploy"][..], &[][..]),
            (
                &["charts"],
                &[
                    "ct.yaml:2: a release publishes the charts in `deploy`, `library`, which chart-testing does not test",
                ],
            ),
            (&["charts", "more", "library", "deploy"], &[others]),
            (&["no", "charts"], &["ct.yaml:2: chart-testing looks for charts in `no`, which is not there"]),
        ] {
            assert_eq!(differing(&config, dirs, &files), expected, "{dirs:?}");
        }
        let at_root = [vec!["Chart.yaml".to_owned(), "charts/sub/Chart.yaml".to_owned()], paths()].concat();
        assert_eq!(differing(&SHOP.clone().charts(["."]), &["docs"], &at_root), [""; 0]);
        assert_eq!(chart_directories(&config, &[testing(&["deploy"], &[])], &files).len(), 4);
    }
}
