//! What an archive holds: the entries of a chart in Helm's order, with the version that it is released as.

use super::tgz::{self, Entry};
use super::{Chart, Lines, Lock, Metadata};
use crate::base::path;
use crate::base::problem::{Checked, Problem};
use crate::base::text::{sanitise, size};
use crate::chart;

/// What replaces the fields of Chart.yaml in the archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The chart's version; it must be one that Helm accepts.
    pub version: Option<String>,
    /// The version of what the chart installs; any text.
    pub app_version: Option<String>,
}

/// One archive, ready to be written.
#[derive(Clone, Debug)]
pub struct Package {
    /// The metadata that the archive's Chart.yaml has.
    pub metadata: Metadata,
    /// Lines of the fields of Chart.yaml, for what is found wrong with them.
    pub lines: Lines,
    /// The files in their order, each path beginning with the chart's name.
    pub entries: Vec<Entry>,
    /// Chart.lock, or requirements.lock.
    pub lock: Option<Lock>,
    /// The name and version of each chart in charts/.
    pub children: Vec<(String, String)>,
    /// Where `helm dependency build` puts the sub-charts that Chart.lock names, below the chart's directory.
    pub locked: Vec<String>,
}

impl Package {
    /// Replaces fields of Chart.yaml. `at` is the chart's path for messages.
    pub fn stamp(&mut self, overrides: &Overrides, at: &str) -> Option<Problem> {
        if *overrides == Overrides::default() {
            return None;
        }
        if let Some(version) = &overrides.version {
            self.metadata.version.clone_from(version);
        }
        if let Some(app_version) = &overrides.app_version {
            self.metadata.app_version = sanitise(app_version);
        }
        let path = format!("{}/Chart.yaml", self.metadata.name);
        let entry = self.entries.iter_mut().find(|entry| entry.path == path)?;
        match chart::to_yaml(&self.metadata) {
            Ok(text) => entry.data = text.into_bytes(),
            Err(message) => return Some(Problem::error(message).at(path::below(at, "Chart.yaml"), None)),
        }
        None
    }

    pub fn line(&self, field: &str) -> Option<usize> {
        self.lines.get(field).copied()
    }
}

/// Decides what the archive of a chart holds. `files` are those of its directory in the order of the walk, `at` is
/// its path for messages.
pub fn package(files: Vec<Entry>, at: &str, overrides: &Overrides) -> Checked<Option<Package>> {
    let Checked { value, mut problems } = chart::load_chart(files, at);
    let Some(chart) = value else { return Checked::new(None, problems) };
    let id = |child: &Chart| (child.metadata.name.clone(), child.metadata.version.clone());
    let mut package = Package {
        metadata: chart.metadata.clone(),
        lines: chart.lines.clone(),
        entries: Vec::new(),
        lock: chart.lock.clone(),
        children: chart.children.iter().map(id).collect(),
        locked: locked(&chart),
    };
    package.entries = entries(chart, "", at).take(&mut problems);
    problems.extend(unloadable(&package.entries, at));
    problems.extend(package.stamp(overrides, at));
    Checked::new(Some(package), problems)
}

fn locked(chart: &Chart) -> Vec<String> {
    let locked = chart.lock.iter().flat_map(|lock| lock.dependencies.iter().flatten().flatten());
    let ids: Vec<(&String, &String)> = locked.map(|one| (&one.name, &one.version)).collect();
    let children = chart.children.iter().map(|child| &child.metadata);
    let children = children.filter(|child| ids.contains(&(&child.name, &child.version)));
    children.map(|child| format!("charts/{}", child.file_name())).collect()
}

/// The entries of a chart, then those of its sub-charts. Helm takes sub-charts in random order; we take the
/// one in which they were loaded. It writes the lock of a v2 chart alone, always as Chart.lock; a v1 chart keeps its
/// requirements.lock as it is.
fn entries(chart: Chart, prefix: &str, at: &str) -> Checked<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    let directory = format!("{prefix}{}", chart.metadata.name);
    let mut add =
        |path: &str, data: Vec<u8>| entries.push(Entry { path: format!("{directory}/{path}"), data });
    match chart::to_yaml(&chart.metadata) {
        Ok(text) => add("Chart.yaml", text.into_bytes()),
        Err(message) => problems.push(Problem::error(message).at(path::below(at, "Chart.yaml"), None)),
    }
    match chart.lock.filter(|_| chart.metadata.is_v2()).map(|lock| lock.to_yaml()) {
        None => {}
        Some(Ok(text)) => add("Chart.lock", text.into_bytes()),
        Some(Err(message)) => problems.push(Problem::error(message).at(path::below(at, "Chart.lock"), None)),
    }
    for file in chart.files {
        add(&file.path, file.data);
    }
    for child in chart.children {
        let at = path::below(at, &format!("charts/{}", child.metadata.name));
        entries.extend(self::entries(child, &format!("{directory}/charts/"), &at).take(&mut problems));
    }
    Checked::new(entries, problems)
}

/// Why Helm cannot load the archive, which it makes all the same.
fn unloadable(entries: &[Entry], at: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for entry in entries {
        let path = entry.path.split_once('/').map_or("", |(_, path)| path);
        if let Some(why) = tgz::unreadable(path) {
            problems.push(
                Problem::error(why)
                    .at(path::below(at, path), None)
                    .hint("rename it, or name it in .helmignore"),
            );
        }
    }
    let content: u64 = entries.iter().map(tgz::cost).sum();
    if content > tgz::MAX_TOTAL {
        let message = format!(
            "the files of this chart add up to {}: Helm loads no archive above 100 MiB",
            size(content)
        );
        problems.push(
            Problem::error(message).at(at, None).hint("name what the chart does not need in .helmignore"),
        );
    }
    problems
}
