//! From the files of a chart directory, or of an archive, to a [`Chart`].
//!
//! The rules are those of Helm's `pkg/chart/loader`: what each name means, what a directory below `charts/` is,
//! and which checks come before anything is packaged.

use std::collections::{BTreeMap, BTreeSet};

use super::lacking::{self, Lacking};
use super::read::{Author, Lines, read_chart_yaml, read_lock, read_requirements_yaml};
use super::tgz::{self, Entry};
use super::{Archive, BOM, Chart, Lock, Metadata, values};
use crate::base::lfs;
use crate::base::path;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;

/// Sub-charts in sub-charts; real charts stop at three.
const MAX_DEPTH: usize = 20;

/// Makes a chart of its files: `files` in the order of the walk with paths relative to the chart, `at` its path
/// for messages.
pub fn load_chart(files: Vec<Entry>, at: &str) -> Checked<Option<Chart>> {
    let mut budget = tgz::MAX_TOTAL;
    let problems = Vec::new();
    Loader {
        at: at.to_owned(),
        depth: 0,
        author: Author::User,
        budget: &mut budget,
        problems,
        broken: Vec::new(),
    }
    .load(files)
}

/// Makes the chart of an archive that belongs into the `charts/` of the chart at `at`.
pub fn load_sub_chart(archive: &Archive, at: &str) -> Checked<Option<Chart>> {
    let mut budget = tgz::MAX_TOTAL;
    let problems = Vec::new();
    let at = at.to_owned();
    let mut loader =
        Loader { at, depth: 0, author: Author::User, budget: &mut budget, problems, broken: Vec::new() };
    let file = archive.file_name();
    let chart = loader.unpack(&format!("charts/{file}"), &archive.bytes);
    Checked::new(chart.map(|chart| Chart { file, ..chart }), loader.problems)
}

/// Loads one chart or sub-chart.
struct Loader<'b> {
    at: String,
    /// 0 for the chart itself, 1 for its sub-charts.
    depth: usize,
    author: Author,
    /// How many bytes the archives in charts/ may still inflate to, headers included, at all levels together.
    budget: &'b mut u64,
    problems: Vec<Problem>,
    /// The archives in its charts/ that cannot be read.
    broken: Vec<String>,
}

impl Loader<'_> {
    fn load(mut self, files: Vec<Entry>) -> Checked<Option<Chart>> {
        let chart = self.chart(files);
        Checked::new(chart, self.problems)
    }

    fn chart(&mut self, files: Vec<Entry>) -> Option<Chart> {
        let mut parts = Parts::default();
        for mut file in files {
            if file.data.starts_with(BOM) {
                file.data.drain(..BOM.len());
            }
            parts.add(file);
        }
        let Some(chart_yaml) = &parts.chart_yaml else { return self.no_chart_yaml(&parts) };
        let file = self.shown("Chart.yaml");
        let read = read_chart_yaml(&chart_yaml.data, &file, self.author).take(&mut self.problems);
        if let Some(values) = &parts.values {
            self.problems.extend(values::check_values(&values.data, &self.shown("values.yaml")));
        }
        if let Some(schema) = &parts.schema {
            self.problems.extend(values::check_schema(&schema.data, &self.shown("values.schema.json")));
        }
        let mut children = self.children(std::mem::take(&mut parts.charts));
        let (mut metadata, lines) = read?;
        self.requirements(&parts, &mut metadata);
        super::sanitise_fields(&mut metadata);
        self.validate(&metadata, &lines);
        let lock = self.lock(&parts, &metadata);
        let (mut lacking, mut superseded) = (Vec::new(), Vec::new());
        if self.depth == 0 {
            let wanted = lacking::wanted(&metadata, lock.as_ref());
            let is_superseded = |child: &Chart| wanted.iter().any(|one| one.supersedes(child));
            superseded.extend(children.extract_if(.., |child| is_superseded(child)).map(|child| child.file));
            let is_there = |one: &Lacking| {
                let is_it = |child: &Chart| child.metadata.name == one.declared.name;
                // What is told of the archive is what is wrong.
                children.iter().any(is_it) || self.broken.iter().any(|file| is_of(file, &one.declared.name))
            };
            lacking.extend(wanted.into_iter().filter(|one| !is_there(one)));
        }
        let files = parts.into_files(metadata.is_v1());
        let file = String::new();
        Some(Chart { metadata, lock, files, lines, children, file, lacking, superseded })
    }

    fn shown(&self, file: &str) -> String {
        path::below(&self.at, file)
    }

    fn error(&mut self, file: &str, message: impl Into<String>, hint: impl Into<String>) {
        let at = if file.is_empty() { self.at.clone() } else { self.shown(file) };
        self.problems.push(Problem::error(message).at(at, None).hint(hint));
    }

    fn warn(&mut self, file: &str, message: &str, hint: &str) {
        self.problems.push(Problem::warning(message).at(self.shown(file), None).hint(hint));
    }

    fn no_chart_yaml<T>(&mut self, parts: &Parts) -> Option<T> {
        let is_near = |path: &str| matches!(path.to_ascii_lowercase().as_str(), "chart.yaml" | "chart.yml");
        let hint = match parts.others.iter().find(|file| is_near(&file.path)) {
            Some(other) => format!("rename {} to `Chart.yaml`", name(&other.path)),
            None => "write one, or name another directory".to_owned(),
        };
        self.error("", "there is no Chart.yaml", hint);
        None
    }

    fn validate(&mut self, metadata: &Metadata, lines: &Lines) {
        let file = self.shown("Chart.yaml");
        let line = |field: &str| lines.get(field).copied();
        if self.depth == 0 {
            self.problems.extend(super::validate_api_version(metadata, &file, line("apiVersion")));
        }
        self.problems.extend(super::validate(metadata, &file, line));
    }

    /// Lays requirements.yaml over the metadata. A v1 chart keeps the file; a v2 chart has its content in Chart.yaml
    /// instead.
    fn requirements(&mut self, parts: &Parts, metadata: &mut Metadata) {
        let v1 = metadata.is_v1();
        if v1 && !metadata.dependencies.is_empty() {
            let message = "Helm leaves `dependencies` out of the archive of a chart of `apiVersion: v1`";
            self.warn("Chart.yaml", message, "write `apiVersion: v2`");
        }
        let Some(file) = parts.other("requirements.yaml") else { return };
        let shown = self.shown("requirements.yaml");
        self.problems.extend(read_requirements_yaml(&file.data, &shown, self.author, metadata));
        if !v1 {
            let message = "Helm moves these dependencies into the archive's Chart.yaml";
            self.warn("requirements.yaml", message, "move them there, and delete this file");
        }
    }

    fn lock(&mut self, parts: &Parts, metadata: &Metadata) -> Option<Lock> {
        let new = parts.chart_lock.as_ref();
        let old = parts.other("requirements.lock");
        if new.is_some() && old.is_some() {
            self.error(
                "requirements.lock",
                "Helm takes this file instead of Chart.lock",
                "delete one of them",
            );
        }
        let mut read = |lock: Option<&Entry>, file| {
            let at = self.shown(file);
            let mut lock = read_lock(&lock?.data, &at, self.author).take(&mut self.problems)?;
            lock.place.0 = file;
            Some(lock)
        };
        let new = read(new, "Chart.lock");
        let old = read(old, "requirements.lock");
        if metadata.is_v1() && new.is_some() {
            let message = "Helm leaves this file out of the archive of a chart of `apiVersion: v1`";
            self.warn("Chart.lock", message, "write `apiVersion: v2` in Chart.yaml, or delete this file");
        }
        old.or(new)
    }

    /// Loads what is below `charts/`: names that begin with `_` or `.` are passed over, `.tgz` files are unpacked, the
    /// rest are chart directories.
    fn children(&mut self, charts: BTreeMap<String, Vec<Entry>>) -> Vec<Chart> {
        let mut children: Vec<Chart> = Vec::new();
        for (first, files) in charts {
            let path = format!("charts/{first}");
            if first.starts_with(['_', '.']) {
                if files.iter().any(|file| file.path.ends_with("Chart.yaml")) {
                    let message = "Helm skips this sub-chart, since its name begins with `_` or `.`";
                    self.warn(&path, message, "rename it, or move it out of charts/");
                }
                continue;
            }
            let Some(chart) = self.child(&path, files) else {
                self.broken.push(first);
                continue;
            };
            if children.iter().any(|other| other.metadata.name == chart.metadata.name) {
                let twin = name(&chart.metadata.name);
                let message =
                    format!("two sub-charts are called {twin}: Helm packages both into one directory");
                self.error(&path, message, "delete one of them");
                continue;
            }
            children.push(Chart { file: first, ..chart });
        }
        children
    }

    fn child(&mut self, path: &str, files: Vec<Entry>) -> Option<Chart> {
        let itself = files.iter().find(|file| file.path.is_empty());
        let is_archive = path.ends_with(".tgz");
        if self.depth == MAX_DEPTH {
            self.error(path, "sub-charts are nested too deep", "flatten them");
        } else if let (Some(archive), true) = (itself, is_archive) {
            return self.unpack(path, &archive.data);
        } else if itself.is_some() {
            let message = "a plain file cannot be in charts/: Helm takes it for a chart";
            self.error(path, message, "move it, or name it in .helmignore");
        } else if is_archive {
            self.error(path, "a directory in charts/ cannot be called `*.tgz`", "rename it");
        } else {
            return self.below(path, self.author).load(files).take(&mut self.problems);
        }
        None
    }

    fn below(&mut self, path: &str, author: Author) -> Loader<'_> {
        let at = self.shown(path);
        Loader {
            at,
            depth: self.depth + 1,
            author,
            budget: self.budget,
            problems: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// Loads a sub-chart from its archive. Nobody mends an archive that was made elsewhere: only errors are reported,
    /// and the way out is another archive, or none.
    fn unpack(&mut self, path: &str, bytes: &[u8]) -> Option<Chart> {
        if lfs::is_pointer(bytes) {
            self.problems.push(lfs::problem().at(self.shown(path), None));
            return None;
        }
        let hint = "fetch another version, or unpack it into a directory of charts/ and mend it there";
        let mut files = match tgz::read(bytes, *self.budget) {
            Ok(files) => files,
            Err(message) => {
                self.error(path, message, hint);
                return None;
            }
        };
        let mut tops = BTreeSet::new();
        for file in &mut files {
            let (top, rest) = file.path.split_once('/').unwrap_or(("", &file.path));
            tops.insert(top.to_owned());
            file.path = rest.to_owned();
            *self.budget = self.budget.saturating_sub(tgz::cost(file));
        }
        if tops.len() > 1 {
            self.error(path, "it holds more than one directory: Helm mixes their files", hint);
            return None;
        }
        let Checked { value: chart, problems } = self.below(path, Author::Other).load(files);
        let errors = problems.into_iter().filter(Problem::is_error);
        self.problems.extend(errors.map(|problem| problem.hint(hint)));
        chart
    }
}

/// Whether an archive in charts/ has the name that helm gives that of a dependency.
fn is_of(file: &str, dependency: &str) -> bool {
    let version = file.strip_prefix(dependency).and_then(|rest| rest.strip_prefix('-'));
    version.is_some_and(|version| version.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()))
}

/// The files of one chart by what they mean.
#[derive(Default)]
struct Parts {
    chart_yaml: Option<Entry>,
    chart_lock: Option<Entry>,
    values: Option<Entry>,
    schema: Option<Entry>,
    templates: Vec<Entry>,
    others: Vec<Entry>,
    /// By the first part of the path below `charts/`; paths are relative to that part, empty for itself.
    charts: BTreeMap<String, Vec<Entry>>,
}

impl Parts {
    fn add(&mut self, file: Entry) {
        match file.path.as_str() {
            "Chart.yaml" => self.chart_yaml = Some(file),
            "Chart.lock" => self.chart_lock = Some(file),
            "values.yaml" => self.values = Some(file),
            "values.schema.json" => self.schema = Some(file),
            path if path.starts_with("templates/") => self.templates.push(file),
            path => match path.strip_prefix("charts/").filter(|_| !path.ends_with(".prov")) {
                None => self.others.push(file),
                Some(below) => {
                    let (first, path) = below.split_once('/').unwrap_or((below, ""));
                    let inner = Entry { path: path.to_owned(), data: file.data };
                    self.charts.entry(first.to_owned()).or_default().push(inner);
                }
            },
        }
    }

    fn other(&self, path: &str) -> Option<&Entry> {
        self.others.iter().find(|file| file.path == path)
    }

    /// The files in the order of an archive, those that Helm writes anew left out.
    fn into_files(self, v1: bool) -> Vec<Entry> {
        let is_moved = |path: &str| !v1 && matches!(path, "requirements.yaml" | "requirements.lock");
        let first = self.values.into_iter().chain(self.schema).chain(self.templates);
        first.chain(self.others.into_iter().filter(|file| !is_moved(&file.path))).collect()
    }
}
