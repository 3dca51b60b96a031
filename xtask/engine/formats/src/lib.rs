//! What is done by the thousand, optimised: YAML, plain archives, the metadata of charts, and the layout of `index.yaml`
//! that Helm writes, read line by line.
//!
//! Published indexes are large and nearly always in this layout, so this reader is what makes extending them fast. It
//! knows a small part of YAML and nothing by halves: a version with anything else in it goes through the caller's
//! parser by itself, and a text with another layout is given back (`None`). Where it reads a text it must find what
//! the parser finds; a test of xtask compares the two.

#![allow(missing_docs, reason = "only helm-xtask uses it, and names say what they are")]

pub mod archive;
pub mod chart;
mod cursor;
mod notes;
mod scalar;
pub mod version;
pub mod yaml;

use std::borrow::Cow;
use std::ops::Range;

use cursor::Cursor;
pub use notes::{Notes, notes};

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
    /// What else of its metadata Helm's clients skip it for; empty for nothing.
    pub flaw: &'static str,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// Its bytes in the text: whole lines of YAML, a value of JSON.
    pub range: Range<usize>,
}

/// What is in an index, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Parts<'t> {
    pub versions: Vec<Version<'t>>,
    pub charts: Vec<Chart<'t>>,
    pub style: Style,
    /// Where the first chart goes while there is none.
    pub hole: Option<Hole>,
    /// The value of `generated`, quotes included.
    pub generated: Option<Range<usize>>,
}

/// The versions below one key of `entries`.
#[derive(Debug, PartialEq, Eq)]
pub struct Chart<'t> {
    pub key: Cow<'t, str>,
    /// The line of the key, from 1.
    pub line: usize,
    /// Key and versions: whole lines of YAML, a member of JSON.
    pub range: Range<usize>,
    pub versions: Range<usize>,
    /// Where its first version goes while there is none.
    pub hole: Option<Hole>,
}

/// An empty list or mapping: what of the text goes when something is put in, and where that is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    pub remove: Range<usize>,
    pub at: usize,
    /// What has to stand before it, such as a key.
    pub before: &'static str,
}

/// How a text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Block {
        /// The column of the keys of `entries`.
        key: usize,
        /// The column of the dashes below them.
        dash: usize,
    },
    Json {
        /// Whether elements stand on lines of their own.
        lines: bool,
    },
}

/// Reads one version, given as a list with this one item and the number of lines before it.
pub type Parse<'p, 't> = &'p mut dyn FnMut(&'t str, usize) -> Option<Version<'t>>;

/// Column of the keys of a version.
const FIELDS: usize = 4;

/// Reads a text in Helm's layout. A version that is not written as Helm does is given to `parse`.
pub fn read<'t>(text: &'t str, parse: Parse<'_, 't>) -> Option<Parts<'t>> {
    let mut cursor = Cursor::new(text)?;
    cursor.take_line("apiVersion: v1")?;
    let mut parts = Parts {
        versions: Vec::new(),
        charts: Vec::new(),
        style: Style::Block { key: 2, dash: 2 },
        hole: None,
        generated: None,
    };
    let start = cursor.start();
    if cursor.take_line("entries: {}").is_some() {
        let remove = start + "entries:".len()..cursor.start() - 1;
        parts.hole = Some(Hole { remove, at: cursor.start(), before: "" });
    } else {
        cursor.take_line("entries:")?;
        let mut keys = std::collections::HashSet::new();
        while let Some(key) = chart_key(cursor.line()) {
            let chart = chart(&mut cursor, key, &mut parts.versions, parse)?;
            parts.charts.push(chart);
            keys.insert(key).then_some(())?;
        }
        parts.charts.first()?;
    }
    let start = cursor.start();
    let generated = cursor.line().strip_prefix("generated: \"")?.strip_suffix('"')?;
    scalar::is_time(generated).then_some(())?;
    let value = start + "generated: ".len();
    parts.generated = Some(value..value + generated.len() + 2);
    cursor.advance();
    cursor.is_at_end().then_some(parts)
}

/// The key on a line of `entries`, if it is so plain that nothing can be wrong with it.
fn chart_key(line: &str) -> Option<&str> {
    let key = line.strip_prefix("  ")?.strip_suffix(':')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (key.bytes().all(is_plain) && scalar::is_plain(key)).then_some(key)
}

fn chart<'t>(
    cursor: &mut Cursor<'t>,
    key: &'t str,
    versions: &mut Vec<Version<'t>>,
    parse: Parse<'_, 't>,
) -> Option<Chart<'t>> {
    let (first, start, line) = (versions.len(), cursor.start(), cursor.number());
    cursor.advance();
    while cursor.line().starts_with("  - ") {
        let here = cursor.clone();
        let version = fields(cursor);
        let version = if let Some(version) = version.filter(|_| is_between(cursor.line())) {
            version
        } else {
            *cursor = here.clone();
            parsed(cursor, parse)?
        };
        versions.push(Version { line: here.number(), range: here.start()..cursor.start(), ..version });
    }
    let versions = first..versions.len();
    (!versions.is_empty()).then(|| Chart {
        key: Cow::Borrowed(key),
        line,
        range: start..cursor.start(),
        versions,
        hole: None,
    })
}

/// Whether a version has ended before this line.
fn is_between(line: &str) -> bool {
    !line.is_empty() && !line.starts_with("   ")
}

/// Reads one version through the parser.
fn parsed<'t>(cursor: &mut Cursor<'t>, parse: Parse<'_, 't>) -> Option<Version<'t>> {
    let (start, lines_before) = (cursor.start(), cursor.number() - 1);
    let mut last = cursor.line();
    cursor.advance();
    while cursor.line().starts_with("    ") || (cursor.line().is_empty() && !cursor.is_at_end()) {
        last = cursor.line();
        cursor.advance();
    }
    // Whether such a line belongs to the version is for the other reader to find.
    let is_doubtful = last.trim_start().is_empty() || last.trim_start().starts_with('#');
    if is_doubtful || !is_between(cursor.line()) {
        return None;
    }
    parse(cursor.text_since(start), lines_before)
}

/// Reads the fields of one version, each once and in order.
fn fields<'t>(cursor: &mut Cursor<'t>) -> Option<Version<'t>> {
    let mut version = Version::default();
    let mut last = "";
    let mut body = cursor.line().strip_prefix("  - ")?;
    loop {
        let (key, value) = cursor::key_and_value(body)?;
        (key > last).then_some(())?;
        last = key;
        match key {
            "name" => version.name = scalar::text(cursor, value, FIELDS)?,
            "version" => version.version = scalar::text(cursor, value, FIELDS)?,
            "digest" => version.digest = scalar::text(cursor, value, FIELDS)?,
            "appVersion" => version.app_version = scalar::text(cursor, value, FIELDS)?,
            "description" => version.description = scalar::text(cursor, value, FIELDS)?,
            "type" => version.kind = scalar::text(cursor, value, FIELDS)?,
            "created" => {
                version.created = scalar::text(cursor, value, FIELDS)?;
                scalar::is_time(&version.created).then_some(())?;
            }
            "urls" => texts(cursor, value, FIELDS, |url| version.urls.push(url))?,
            "deprecated" => version.deprecated = scalar::flag(cursor, value)?,
            "removed" => drop(scalar::flag(cursor, value)?),
            "keywords" | "sources" => texts(cursor, value, FIELDS, drop)?,
            "annotations" => annotations(cursor, value, FIELDS, |_, _| {})?,
            "maintainers" => maps(cursor, value, FIELDS, maintainer)?,
            "dependencies" => maps(cursor, value, FIELDS, dependency)?,
            "apiVersion" | "checksum" | "condition" | "engine" | "home" | "icon" | "kubeVersion" | "tags"
            | "tillerVersion" | "url" => drop(scalar::text(cursor, value, FIELDS)?),
            _ => return None,
        }
        body = match cursor.body(FIELDS) {
            Some(body) => body,
            None => return Some(version),
        };
    }
}

/// A list of text, its dashes below the key.
fn texts<'t>(
    cursor: &mut Cursor<'t>,
    value: &str,
    column: usize,
    mut one: impl FnMut(Cow<'t, str>),
) -> Option<()> {
    if value == "[]" {
        cursor.advance();
        return Some(());
    }
    value.is_empty().then_some(())?;
    cursor.advance();
    let mut item = cursor.item(column)?;
    loop {
        one(scalar::text(cursor, item, column)?);
        item = match cursor.item(column) {
            Some(item) => item,
            None => return Some(()),
        };
    }
}

/// A mapping of text to text, its key in this column; `one` gets what is in it.
fn annotations<'t>(
    cursor: &mut Cursor<'t>,
    value: &str,
    column: usize,
    mut one: impl FnMut(&'t str, Cow<'t, str>),
) -> Option<()> {
    /// Keys of more are compared by the parser, and longer ones read by it.
    const MOST: usize = 100;
    value.is_empty().then_some(())?;
    cursor.advance();
    let mut keys: Vec<&str> = Vec::new();
    let mut body = cursor.body(column + 2)?;
    loop {
        let (key, value) = cursor::key_and_value(body)?;
        let is_small = key.len() <= MOST && keys.len() < MOST;
        (is_small && scalar::is_plain(key) && !keys.contains(&key)).then_some(())?;
        keys.push(key);
        one(key, scalar::text(cursor, value, column + 2)?);
        body = match cursor.body(column + 2) {
            Some(body) => body,
            None => return Some(()),
        };
    }
}

/// A list of mappings, each with its fields once and in order, the key in this column; `one` reads a field of the item
/// of an index.
fn maps<'t>(
    cursor: &mut Cursor<'t>,
    value: &str,
    column: usize,
    mut one: impl FnMut(&mut Cursor<'t>, usize, &str, &'t str) -> Option<()>,
) -> Option<()> {
    value.is_empty().then_some(())?;
    cursor.advance();
    cursor.item(column)?;
    let mut items = 0;
    while let Some(mut body) = cursor.item(column) {
        let mut last = "";
        loop {
            let (key, value) = cursor::key_and_value(body)?;
            (key > last).then_some(())?;
            last = key;
            one(cursor, items, key, value)?;
            body = match cursor.body(column + 2) {
                Some(body) => body,
                None => break,
            };
        }
        items += 1;
    }
    Some(())
}

fn maintainer<'t>(cursor: &mut Cursor<'t>, _: usize, key: &str, value: &'t str) -> Option<()> {
    matches!(key, "email" | "name" | "url").then_some(())?;
    scalar::text(cursor, value, FIELDS + 2).map(drop)
}

/// Whether Helm takes a text for the alias of a dependency (`aliasNameFormat`), or for none.
pub fn is_alias(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn dependency<'t>(cursor: &mut Cursor<'t>, _: usize, key: &str, value: &'t str) -> Option<()> {
    match key {
        "alias" => is_alias(&scalar::text(cursor, value, FIELDS + 2)?).then_some(()),
        "condition" | "name" | "repository" | "version" => scalar::text(cursor, value, FIELDS + 2).map(drop),
        "enabled" => scalar::flag(cursor, value).map(drop),
        "tags" => texts(cursor, value, FIELDS + 2, drop),
        _ => None,
    }
}
