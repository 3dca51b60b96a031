//! `index.yaml` of a Helm repository: read as Helm's clients read it, extended without touching what is published.
//!
//! `scan` reads the layout that Helm writes, line by line; `layout` and `entry` read every other YAML by its events,
//! `json` reads JSON. All of them give the versions and where each lies in the text, and `merge` inserts new text
//! between them: what is published keeps its bytes.

mod entry;
mod json;
mod layout;
mod merge;
mod new;
mod scan;
mod splice;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::problem::{Problem, Severity};
use super::text::name;
use super::version::helm_accepts;
use super::yaml;

pub use merge::{Merged, merge};
pub use new::{Format, NewVersion};

/// How many problems of one index are reported in full.
const MOST_PROBLEMS: usize = 20;
const BOM: &str = "\u{feff}";

/// A published index, borrowed from its text.
#[derive(Debug)]
pub struct Index<'t> {
    /// The text without a byte order mark.
    text: &'t str,
    has_bom: bool,
    file: String,
    parts: Parts<'t>,
}

/// One version of a chart. Empty text stands for an absent field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the index")]
pub struct Version<'t> {
    pub name: Cow<'t, str>,
    pub version: Cow<'t, str>,
    /// As it stands there: usually 64 hex digits, of some tools with `sha256:` before them.
    pub digest: Cow<'t, str>,
    pub created: Cow<'t, str>,
    pub app_version: Cow<'t, str>,
    pub description: Cow<'t, str>,
    pub urls: Vec<Cow<'t, str>>,
    pub deprecated: bool,
    /// `type` of the chart.
    pub kind: Cow<'t, str>,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// Its bytes in the text: whole lines of YAML, a value of JSON.
    range: Range<usize>,
}

/// What the readers find.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'t> {
    versions: Vec<Version<'t>>,
    charts: Vec<Chart<'t>>,
    style: Style,
    /// Where the first chart goes while there is none.
    hole: Option<Hole>,
    /// The value of `generated`, quotes included.
    generated: Option<Range<usize>>,
}

/// The versions below one key of `entries`.
#[derive(Debug, PartialEq, Eq)]
struct Chart<'t> {
    key: Cow<'t, str>,
    /// The line of the key, from 1.
    line: usize,
    /// Key and versions: whole lines of YAML, a member of JSON.
    range: Range<usize>,
    /// Which of the versions are its own.
    versions: Range<usize>,
    /// Where its first version goes while there is none.
    hole: Option<Hole>,
}

/// An empty list or mapping: what of the text goes when something is put in, and where that is put.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hole {
    remove: Range<usize>,
    at: usize,
    /// What has to stand before it, such as a key.
    before: &'static str,
}

/// How the text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Columns of the keys of `entries` and of the `-` below them.
    Block { key: usize, dash: usize },
    /// Whether elements stand on lines of their own.
    Json { lines: bool },
}

/// Why an index cannot be read: problems, or the layout that it has.
enum Refusal {
    Problems(Vec<Problem>),
    Layout(String),
}

impl<'t> Index<'t> {
    /// Reads an index; `file` is its name for messages. `None` if there is an error among the problems.
    ///
    /// Errors: what Helm's clients refuse as a whole, and layouts that cannot be extended. Warnings: versions that the
    /// clients skip, that stand there twice, or below another name (Helm's `pkg/repo/v1`, `loadIndex`).
    pub fn read(text: &'t [u8], file: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        let text = match str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => {
                let before = text.get(..error.valid_up_to()).unwrap_or_default();
                let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
                problems.push(refused("invalid UTF-8").at(file, Some(line)));
                return None;
            }
        };
        let (text, has_bom) = text.strip_prefix(BOM).map_or((text, false), |text| (text, true));
        let mut found = Vec::new();
        let parts = scan::read(text, file, &mut found).map_or_else(|| read_slowly(text, file), Ok);
        match parts {
            Ok(parts) if found.is_empty() => {
                problems.extend(limited(warnings(&parts, file), file));
                Some(Self { text, has_bom, file: file.to_owned(), parts })
            }
            Ok(_) => {
                problems.extend(limited(found, file));
                None
            }
            Err(Refusal::Problems(all)) => {
                problems.extend(limited(all, file));
                None
            }
            Err(Refusal::Layout(why)) => {
                let problem = Problem::error(format!("cannot extend this index: {why}")).at(file, None);
                problems.push(problem.hint(
                    "rewrite it once in Helm's layout: `helm repo index EMPTY_DIR --merge FILE` writes EMPTY_DIR/index.yaml",
                ));
                None
            }
        }
    }

    /// All versions in the order of the file.
    pub fn versions(&self) -> &[Version<'t>] {
        &self.parts.versions
    }

    /// Its name for messages.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether the text is JSON.
    pub fn format(&self) -> Format {
        if matches!(self.parts.style, Style::Json { .. }) { Format::Json } else { Format::Yaml }
    }
}

/// Reads any index, by its events.
fn read_slowly<'t>(text: &'t str, file: &str) -> Result<Parts<'t>, Refusal> {
    if json::is_json(text) {
        return json::read(text, file);
    }
    let mut problems = Vec::new();
    let document = yaml::read(text.as_bytes()).map_err(|error| {
        let problem = refused(&error.message).at(file, error.line);
        Refusal::Problems(vec![problem.hint("restore the file from the branch's history")])
    })?;
    for (key, line) in &document.repeated {
        problems.push(refused(&format!("{} is given twice", name(key))).at(file, Some(*line)));
    }
    let mut reader = entry::Reader { file, strict: true, lines_before: 0, problems: &mut problems };
    let charts = reader.index(&document.root);
    if problems.is_empty() { layout::read(text, charts) } else { Err(Refusal::Problems(problems)) }
}

/// An error for what Helm's clients do not load.
fn refused(what: &str) -> Problem {
    Problem::error(format!("Helm clients refuse this index: {what}"))
}

/// What Helm's clients skip or take in another way than it looks.
fn warnings(parts: &Parts<'_>, file: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen: HashMap<(&str, &str), usize> = HashMap::with_capacity(parts.versions.len());
    for chart in &parts.charts {
        for version in parts.versions.get(chart.versions.clone()).unwrap_or_default() {
            let mut warn = |message: String, hint: &str| {
                problems.push(Problem::warning(message).at(file, Some(version.line)).hint(hint));
            };
            let what = format_args!("{} {}", version.name, version.version);
            if let Some(why) = skipped(version) {
                let message = format!("Helm clients skip {}: {why}", name(&what.to_string()));
                warn(message, "mend the entry, or delete it");
            } else if version.name != chart.key {
                let message = format!("{} stands below the key {}", name(&what.to_string()), name(&chart.key));
                warn(message, "move it below the key of its own name");
            }
            if let Some(line) = seen.insert((&version.name, &version.version), version.line) {
                let message = format!("{} is in it twice, first on line {line}", name(&what.to_string()));
                warn(message, "delete the entry whose file is not at its URL");
            }
        }
    }
    problems
}

/// Why Helm's clients skip a version.
fn skipped(version: &Version<'_>) -> Option<&'static str> {
    if version.name.is_empty() {
        Some("it has no name")
    } else if !helm_accepts(&version.version) {
        Some("its version is not a semantic version")
    } else if !matches!(&*version.kind, "" | "application" | "library") {
        Some("its type is neither `application` nor `library`")
    } else {
        None
    }
}

/// The first of many problems, and how many there are besides.
fn limited(mut problems: Vec<Problem>, file: &str) -> Vec<Problem> {
    problems.sort_by(|a, b| (a.severity, &a.place).cmp(&(b.severity, &b.place)));
    let more = problems.len().saturating_sub(MOST_PROBLEMS);
    problems.truncate(MOST_PROBLEMS);
    if more > 0 {
        let is_warning = problems.iter().all(|problem| problem.severity == Severity::Warning);
        let new = if is_warning { Problem::warning } else { Problem::error };
        problems.push(new(format!("and {more} more of this kind")).at(file, None));
    }
    problems
}
