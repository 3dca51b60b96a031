//! What an archive holds: the entries of a chart in Helm's order, with the version that it is released as.

use super::ignore::{Kind, Rules};
use super::lacking::{Lacking, is_remote};
use super::tgz::{self, Entry};
use super::{Archive, Chart, Dependency, Lines, Lock, Metadata};
use crate::base::path;
use crate::base::problem::{Checked, Problem};
use crate::base::text::{few, name, sanitise, size};
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
    /// The charts in charts/, by the byte order of their files.
    pub children: Vec<Child>,
    /// The dependencies that are not among them.
    pub lacking: Vec<Lacking>,
    /// Archives in charts/ that are not packaged, since a dependency of another version belongs there.
    pub superseded: Vec<String>,
    /// The archives that were added to those in charts/.
    pub added: Vec<Archive>,
    /// Where `helm dependency build` puts the sub-charts that Chart.lock names, below the chart's directory.
    pub locked: Vec<String>,
}

/// A sub-chart.
#[derive(Clone, Debug)]
pub struct Child {
    pub name: String,
    pub version: String,
    /// The directory or archive in charts/.
    pub file: String,
}

impl Child {
    fn of(chart: &Chart) -> Self {
        let Chart { metadata, file, .. } = chart;
        Self { name: metadata.name.clone(), version: metadata.version.clone(), file: file.clone() }
    }
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

    /// The file that declares the dependencies.
    fn declares(&self) -> &'static str {
        let is_elsewhere = !self.lines.contains_key("dependencies") && !self.metadata.dependencies.is_empty();
        if is_elsewhere { "requirements.yaml" } else { "Chart.yaml" }
    }

    /// Whether it says `dependencies: []`, for which helm makes a lock too.
    pub fn lists_none(&self) -> bool {
        self.lines.contains_key("dependencies") && self.metadata.dependencies.is_empty()
    }

    /// The file that declares a dependency, and its line there. `at` is the chart's path.
    pub fn place(&self, dependency: &Dependency, at: &str) -> (String, usize) {
        (path::below(at, self.declares()), dependency.line)
    }

    /// The error of a lock that `helm dependency build` refuses.
    pub fn out_of_step(&self, at: &str) -> Option<Problem> {
        // The list of a v1 chart may be an empty one in requirements.yaml.
        let has_none = self.lists_none() || self.metadata.is_v1() && self.metadata.dependencies.is_empty();
        let fits = |lock: &&Lock| lock.fits(&self.metadata) || has_none && lock.is_of_none();
        let lock = self.lock.as_ref().filter(|lock| !fits(lock))?;
        let dependencies = || self.metadata.dependencies.iter().flatten();
        let locked = || lock.dependencies.iter().flatten().flatten();
        let new = dependencies().filter(|one| !locked().any(|locked| locked.name == one.name));
        let new: Vec<String> = new.map(|one| one.name.clone()).collect();
        let missing = if new.is_empty() { String::new() } else { format!(" ({} is not in it)", few(&new)) };
        let declares = self.declares();
        let message = format!(
            "it locks other dependencies than {declares} declares{missing}: `helm dependency build` refuses it"
        );
        let (file, line) = lock.place;
        Some(Problem::error(message).at(path::below(at, file), line).hint(match dependencies().next() {
            Some(_) => format!("cargo xtask dependency --update {at}"),
            None => "delete it".to_owned(),
        }))
    }

    /// Adds the archives of dependencies, as if they lay in charts/. `at` is the chart's path for messages.
    pub fn add(&mut self, archives: impl IntoIterator<Item = Archive>, at: &str) -> Vec<Problem> {
        archives.into_iter().flat_map(|archive| self.add_one(archive, at)).collect()
    }

    fn add_one(&mut self, archive: Archive, at: &str) -> Vec<Problem> {
        let file = archive.file_name();
        if let Some(problem) = self.ignored(&file, Kind::File, at) {
            return vec![problem];
        }
        let Checked { value, mut problems } = chart::load_sub_chart(&archive, at);
        let Some(chart) = value else { return problems };
        let child = Child::of(&chart);
        if self.children.iter().any(|other| other.name == child.name) {
            let message = format!(
                "dependency {} is wanted more than once, in other versions or from other places: Helm packages all into one directory",
                name(&child.name)
            );
            problems.push(
                Problem::error(message).at(path::below(at, "Chart.yaml"), None).hint("leave one of them"),
            );
            return problems;
        }
        self.lacking.retain(|one| one.declared.name != child.name);
        let name = &self.metadata.name;
        let begins = |child: &Child| format!("{name}/charts/{}/", child.name);
        let next = self.children.iter().position(|other| other.file > child.file);
        let start = next.and_then(|next| self.children.get(next)).and_then(|next| {
            let directory = begins(next);
            self.entries.iter().position(|entry| entry.path.starts_with(&directory))
        });
        let start = start.unwrap_or(self.entries.len());
        let below = path::below(at, &format!("charts/{}", child.name));
        let entries = entries(chart, &format!("{name}/charts/"), &below).take(&mut problems);
        problems.extend(unreadable(&entries, at));
        self.entries.splice(start..start, entries);
        self.children.insert(next.unwrap_or(self.children.len()), child);
        self.added.push(archive);
        problems.extend(too_large(&self.entries, at));
        problems
    }

    /// Why a file or directory in charts/ would not be packaged: .helmignore drops it, as it does for helm.
    pub fn ignored(&self, file: &str, kind: Kind, at: &str) -> Option<Problem> {
        let helmignore = format!("{}/.helmignore", self.metadata.name);
        let text = &self.entries.iter().find(|entry| entry.path == helmignore)?.data;
        let rules = Rules::parse(&String::from_utf8_lossy(text)).0;
        let of_file = || rules.dropped_by(&format!("charts/{file}"), kind);
        let dropped = rules.dropped_by("charts", Kind::Directory).or_else(of_file)?;
        let message =
            format!("this rule drops the dependency {} from the archive", name(&format!("charts/{file}")));
        let problem = Problem::error(message).at(path::below(at, ".helmignore"), Some(dropped.line));
        Some(problem.hint("delete the rule"))
    }

    /// Whether a file, by its path in the chart, comes with a dependency from a repository, or is the lock that some helm
    /// added because the commit has none: what is in them follows from the version of the chart.
    pub fn is_fetched(&self, path: &str) -> bool {
        let mut remote = self.metadata.dependencies.iter().flatten().filter(|one| is_remote(&one.repository));
        if matches!(path, "Chart.lock" | "requirements.lock") {
            return self.lock.is_none() && remote.next().is_some();
        }
        let Some((child, _)) = path.strip_prefix("charts/").and_then(|below| below.split_once('/')) else {
            return false;
        };
        let is_elsewhere = |name: &str| {
            self.lacking.iter().any(|one| one.declared.name == name)
                || self.added.iter().any(|one| one.metadata.name == name)
        };
        is_elsewhere(child) && remote.any(|one| one.name == child)
    }
}

/// Decides what the archive of a chart holds. `files` are those of its directory in the order of the walk, `at` is
/// its path for messages.
pub fn package(files: Vec<Entry>, at: &str, overrides: &Overrides) -> Checked<Option<Package>> {
    let Checked { value, mut problems } = chart::load_chart(files, at);
    let Some(chart) = value else { return Checked::new(None, problems) };
    let mut package = Package {
        metadata: chart.metadata.clone(),
        lines: chart.lines.clone(),
        entries: Vec::new(),
        lock: chart.lock.clone(),
        children: chart.children.iter().map(Child::of).collect(),
        locked: locked(&chart),
        lacking: chart.lacking.clone(),
        superseded: chart.superseded.clone(),
        added: Vec::new(),
    };
    package.entries = entries(chart, "", at).take(&mut problems);
    problems.extend(unreadable(&package.entries, at));
    problems.extend(too_large(&package.entries, at));
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
fn unreadable(entries: &[Entry], at: &str) -> Vec<Problem> {
    let why = |entry: &Entry| {
        let path = entry.path.split_once('/').map_or("", |(_, path)| path);
        let problem = Problem::error(tgz::unreadable(path)?).at(path::below(at, path), None);
        Some(problem.hint("rename it, or name it in .helmignore"))
    };
    entries.iter().filter_map(why).collect()
}

/// The same for a chart with too much in it.
fn too_large(entries: &[Entry], at: &str) -> Option<Problem> {
    let content: u64 = entries.iter().map(tgz::cost).sum();
    (content > tgz::MAX_TOTAL).then(|| {
        let size = size(content);
        let message =
            format!("the files of this chart add up to {size}: Helm loads no archive above 100 MiB");
        Problem::error(message).at(at, None).hint("name what the chart does not need in .helmignore")
    })
}
