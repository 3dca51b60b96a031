//! The layout that Helm writes, read line by line.
//!
//! Published indexes are large and nearly always in this layout, so this reader is what makes extending them fast. It
//! knows a small part of YAML and nothing by halves: a version with anything else in it goes through the parser by
//! itself, and a text with another layout is given back (`None`). Where it reads a text it must find what `layout`
//! finds; a test compares the two.

mod cursor;
mod scalar;

use std::borrow::Cow;

use super::super::problem::Problem;
use super::super::text::name;
use super::super::yaml::{self, Value};
use super::{Chart, Hole, Parts, Style, Version, entry, refused};
use cursor::Cursor;

/// Column of the keys of a version.
const FIELDS: usize = 4;

/// Reads a text in Helm's layout; what Helm's clients refuse is added to `problems`.
pub(super) fn read<'t>(text: &'t str, file: &str, problems: &mut Vec<Problem>) -> Option<Parts<'t>> {
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
            let chart = chart(&mut cursor, key, file, &mut parts.versions, problems)?;
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
    file: &str,
    versions: &mut Vec<Version<'t>>,
    problems: &mut Vec<Problem>,
) -> Option<Chart<'t>> {
    let (first, start, line) = (versions.len(), cursor.start(), cursor.number());
    cursor.advance();
    while cursor.line().starts_with("  - ") {
        let here = cursor.clone();
        let version = fields(cursor);
        let version = match version.filter(|_| is_between(cursor.line())) {
            Some(version) => version,
            None => {
                *cursor = here.clone();
                parsed(cursor, file, problems)?
            }
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
fn parsed<'t>(cursor: &mut Cursor<'t>, file: &str, problems: &mut Vec<Problem>) -> Option<Version<'t>> {
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
    let document = yaml::read(cursor.text_since(start).as_bytes()).ok()?;
    let Value::Sequence(items) = &document.root.value else { return None };
    let [item] = items.as_slice() else { return None };
    for (key, line) in &document.repeated {
        let problem = refused(&format!("{} is given twice", name(key)));
        problems.push(problem.at(file, Some(line + lines_before)));
    }
    Some(entry::Reader { file, strict: true, lines_before, problems }.version(item))
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
            "annotations" => annotations(cursor, value)?,
            "maintainers" => maps(cursor, value, maintainer)?,
            "dependencies" => maps(cursor, value, dependency)?,
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

fn annotations(cursor: &mut Cursor<'_>, value: &str) -> Option<()> {
    const COLUMN: usize = FIELDS + 2;
    /// Keys of more are compared by the parser.
    const MOST: usize = 100;
    value.is_empty().then_some(())?;
    cursor.advance();
    let mut keys: Vec<&str> = Vec::new();
    let mut body = cursor.body(COLUMN)?;
    loop {
        let (key, value) = cursor::key_and_value(body)?;
        (scalar::is_plain(key) && !keys.contains(&key) && keys.len() < MOST).then_some(())?;
        keys.push(key);
        scalar::text(cursor, value, COLUMN)?;
        body = match cursor.body(COLUMN) {
            Some(body) => body,
            None => return Some(()),
        };
    }
}

/// A list of mappings, each with its fields once and in order; `one` reads a field.
fn maps<'t>(
    cursor: &mut Cursor<'t>,
    value: &str,
    one: impl Fn(&mut Cursor<'t>, &str, &'t str) -> Option<()>,
) -> Option<()> {
    value.is_empty().then_some(())?;
    cursor.advance();
    let mut item = cursor.item(FIELDS);
    item?;
    while let Some(mut body) = item {
        let mut last = "";
        loop {
            let (key, value) = cursor::key_and_value(body)?;
            (key > last).then_some(())?;
            last = key;
            one(cursor, key, value)?;
            body = match cursor.body(FIELDS + 2) {
                Some(body) => body,
                None => break,
            };
        }
        item = cursor.item(FIELDS);
    }
    Some(())
}

fn maintainer<'t>(cursor: &mut Cursor<'t>, key: &str, value: &'t str) -> Option<()> {
    matches!(key, "email" | "name" | "url").then_some(())?;
    scalar::text(cursor, value, FIELDS + 2).map(drop)
}

fn dependency<'t>(cursor: &mut Cursor<'t>, key: &str, value: &'t str) -> Option<()> {
    match key {
        "alias" | "condition" | "name" | "repository" | "version" => {
            scalar::text(cursor, value, FIELDS + 2).map(drop)
        }
        "enabled" => scalar::flag(cursor, value).map(drop),
        "tags" => texts(cursor, value, FIELDS + 2, drop),
        _ => None,
    }
}
