//! `index.yaml` of a Helm repository: read as Helm's clients read it, extended without touching what is published.
//!
//! `scan` reads the layout that Helm writes, line by line; `layout` and `entry` read every other YAML by its events,
//! `json` reads JSON. All of them give the versions and where each lies in the text, and `merge` inserts new text
//! between them: what is published keeps its bytes.

pub mod command;
mod entry;
pub mod io;
mod json;
mod layout;
mod merge;
mod new_version;
pub mod plan;
#[cfg(test)]
mod tests;
mod withdraw;
mod write;

use helm_xtask_formats::{Chart, Hole, Notes, Parts, Style};

use crate::base::lfs;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::base::version::helm_accepts;
use crate::base::yaml::{self, Document, Value};

pub use self::merge::{Merged, is_of, merge};
pub use self::new_version::{Format, Lines, NewVersion};
pub use self::withdraw::Level;
pub use helm_xtask_formats::Version;

/// How many problems of one index are reported in full.
const MOST_PROBLEMS: usize = 20;
const REWRITE: &str =
    "write its entries on lines of their own, or all of it as JSON, for instance with `yq -P`";
const BOM: &str = "\u{feff}";

/// The text of an index without entries, which stands for one that is not there.
pub const EMPTY: &[u8] = b"apiVersion: v1\nentries: {}\n";

/// A published index, borrowed from its text.
#[derive(Debug)]
pub struct Index<'t> {
    /// The text without a byte order mark.
    text: &'t str,
    has_bom: bool,
    file: String,
    parts: Parts<'t>,
    notes: Notes,
    is_helms: bool,
}

/// Why an index cannot be read: problems, or the layout that it has.
enum Refusal {
    Problems(Vec<Problem>),
    Layout(String),
}

impl<'t> Index<'t> {
    /// Reads an index; `file` is its name for messages.
    ///
    /// Errors: what Helm's clients refuse as a whole, and layouts that cannot be extended. Warnings: versions that the
    /// clients skip, that stand there twice, or below another name (Helm's `pkg/repo/v1`, `loadIndex`).
    pub fn read(text: &'t [u8], file: &str) -> Checked<Option<Self>> {
        if lfs::is_pointer(text) {
            let hint = "take it out of Git LFS (git lfs untrack), since GitHub Pages serves the pointer";
            return Checked::new(None, [lfs::problem().at(file, None).hint(hint)]);
        }
        let text = match str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => {
                let before = text.get(..error.valid_up_to()).unwrap_or_default();
                let line = before.split(|&byte| byte == b'\n').count();
                return Checked::new(None, [refused("invalid UTF-8").at(file, Some(line))]);
            }
        };
        let (text, has_bom) = text.strip_prefix(BOM).map_or((text, false), |text| (text, true));
        let Checked { value: scanned, problems: of_scan } = scan(text, file);
        let is_helms = scanned.is_some();
        let parts = scanned.map_or_else(|| read_slowly(text, file), Ok);
        match parts {
            Ok(parts) if of_scan.is_empty() => {
                let notes = helm_xtask_formats::notes(&parts);
                let problems = limited(warnings(&parts, &notes, file), file);
                let index = Self { text, has_bom, file: file.to_owned(), parts, notes, is_helms };
                Checked::new(Some(index), problems)
            }
            Ok(_) => Checked::new(None, limited(of_scan, file)),
            Err(Refusal::Problems(all)) => Checked::new(None, limited(all, file)),
            Err(Refusal::Layout(why)) => {
                let problem = Problem::error(format!("cannot extend this index: {why}")).at(file, None);
                Checked::new(None, [problem.hint(REWRITE)])
            }
        }
    }

    /// All versions in the order of the file.
    pub fn versions(&self) -> &[Version<'t>] {
        &self.parts.versions
    }

    pub fn file(&self) -> &str {
        &self.file
    }

    pub fn format(&self) -> Format {
        if matches!(self.parts.style, Style::Json { .. }) { Format::Json } else { Format::Yaml }
    }
}

/// The versions that an index of somebody else's lists, whatever its layout, by the keys of `entries`; without those that
/// Helm's clients skip. The error is the message: what they refuse.
pub fn listed(text: &[u8]) -> Result<Vec<(String, Vec<Version<'_>>)>, String> {
    let text = str::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.strip_prefix(BOM).unwrap_or(text);
    let said = |problems: &[Problem]| problems.first().map_or(Ok(()), |problem| Err(problem.message.clone()));
    let Checked { value, problems } = scan(text, "");
    let mut charts = if let Some(parts) = value {
        said(&problems)?;
        by_key(parts)
    } else if json::is_json(text) {
        by_key(json::read_json(text, "").map_err(|refusal| match refusal {
            Refusal::Problems(problems) => said(&problems).err().unwrap_or_default(),
            Refusal::Layout(why) => why,
        })?)
    } else {
        let mut reader = entry::Reader { file: "", strict: true, lines_before: 0, problems: Vec::new() };
        let document = yaml::read(text.as_bytes()).map_err(|error| error.message)?;
        if let Some((key, _)) = twice(&document).next() {
            return Err(format!("{} is given twice", name(key)));
        }
        let charts = reader.index(&document.root);
        said(&reader.problems)?;
        charts.into_iter().map(|(key, _, versions)| (key.helm, versions)).collect()
    };
    for (_, versions) in &mut charts {
        versions.retain(|version| skipped(version).is_none());
    }
    Ok(charts)
}

/// The versions below each key.
fn by_key(parts: Parts<'_>) -> Vec<(String, Vec<Version<'_>>)> {
    let mut versions: Vec<Option<Version<'_>>> = parts.versions.into_iter().map(Some).collect();
    let mut below = |chart: Chart<'_>| {
        let range = versions.get_mut(chart.versions).into_iter().flatten();
        (chart.key.into_owned(), range.filter_map(Option::take).collect())
    };
    parts.charts.into_iter().map(&mut below).collect()
}

/// Reads an index in Helm's layout, and says what Helm's clients refuse in it; `None` for another layout.
fn scan<'t>(text: &'t str, file: &str) -> Checked<Option<Parts<'t>>> {
    let mut reader = entry::Reader { file, strict: true, lines_before: 0, problems: Vec::new() };
    let parts = helm_xtask_formats::read(text, &mut |text, lines_before| {
        let document = yaml::read(text.as_bytes()).ok()?;
        let Value::Sequence(items) = &document.root.value else { return None };
        let [item] = items.as_slice() else { return None };
        reader.problems.extend(given_twice(&document, file, lines_before));
        reader.lines_before = lines_before;
        Some(reader.version(item))
    });
    Checked::new(parts, reader.problems)
}

/// Reads any index, by its events.
fn read_slowly<'t>(text: &'t str, file: &str) -> Result<Parts<'t>, Refusal> {
    if json::is_json(text) {
        return json::read_json(text, file);
    }
    let mut reader = entry::Reader { file, strict: true, lines_before: 0, problems: Vec::new() };
    let document = yaml::read(text.as_bytes()).map_err(|error| {
        let problem = refused(&error.message).at(file, error.line);
        Refusal::Problems(vec![problem.hint("restore the file from the branch's history")])
    })?;
    reader.problems.extend(given_twice(&document, file, 0));
    let charts = reader.index(&document.root);
    if !reader.problems.is_empty() {
        return Err(Refusal::Problems(reader.problems));
    }
    layout::read_layout(text, charts)
}

/// The keys that Helm's clients find in a mapping more than once: what a merge key (`<<`) brings counts as given there.
fn twice(document: &Document) -> impl Iterator<Item = &(String, usize)> {
    let is_new = |one: &&(String, usize)| !document.repeated.contains(one);
    document.repeated.iter().chain(document.overridden.iter().filter(is_new))
}

fn given_twice(document: &Document, file: &str, lines_before: usize) -> Vec<Problem> {
    let problem = |(key, line): &(String, usize)| {
        let is_merged = document.overridden.iter().any(|(other, at)| (other, at) == (key, line));
        let how = if is_merged { ", by a merge key (`<<`) too" } else { "" };
        refused(&format!("{} is given twice{how}", name(key))).at(file, Some(line + lines_before))
    };
    let mut problems: Vec<Problem> = twice(document).map(problem).collect();
    problems.dedup();
    problems
}

/// An error for what Helm's clients do not load.
fn refused(what: &str) -> Problem {
    Problem::error(format!("Helm clients refuse this index: {what}"))
        .hint("mend it, or take an older one from its history")
}

/// What Helm's clients skip or take in another way than it looks.
fn warnings(parts: &Parts<'_>, notes: &Notes, file: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut warn = |version: &Version<'_>, message: String, hint: &str| {
        problems.push(Problem::warning(message).at(file, Some(version.line)).hint(hint));
    };
    let what = |version: &Version<'_>| name(&format!("{} {}", version.name, version.version));
    for version in notes.unusual.iter().filter_map(|&i| parts.versions.get(i)) {
        if let Some(why) = skipped(version) {
            let message = format!("Helm clients skip {}: {why}", what(version));
            warn(version, message, "mend the entry, or delete it");
        }
    }
    for version in notes.misplaced.iter().filter_map(|&i| parts.versions.get(i)) {
        let message = format!("{} does not stand below the key of its name", what(version));
        warn(version, message, "move it there");
    }
    for (version, first) in
        notes.repeated.iter().filter_map(|&(i, first)| parts.versions.get(i).zip(parts.versions.get(first)))
    {
        let message = format!("{} is in it twice, first on line {}", what(version), first.line);
        warn(version, message, "delete the entry whose digest is not that of the file at its URL");
    }
    problems
}

/// Why Helm's clients skip a version.
fn skipped(version: &Version<'_>) -> Option<&'static str> {
    if version.name.is_empty() {
        Some("it has no name")
    } else if version.name.contains('/') {
        Some("its name has a slash in it")
    } else if !version.flaw.is_empty() {
        Some(version.flaw)
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
        let is_warning = !problems.iter().any(Problem::is_error);
        let new = if is_warning { Problem::warning } else { Problem::error };
        problems.push(new(format!("and {more} more of this kind")).at(file, None));
    }
    problems
}
