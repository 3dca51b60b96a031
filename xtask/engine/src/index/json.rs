//! An index in JSON: its values as nodes, and where they lie in the text.
//!
//! Helm's clients read a text that is JSON as a whole with Go's `encoding/json`: unknown fields pass, and of equal keys
//! the last counts.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

use super::{Chart, Hole, Parts, Refusal, Style, Version, entry};
use crate::base::yaml::{Node, Pair, Resolved, Scalar, Text, Value};

/// Whether a text is JSON, as far as indexes go.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

pub(super) fn read_json<'t>(text: &'t str, file: &str) -> Result<Parts<'t>, Refusal> {
    let mut starts = vec![0];
    starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
    let mut cursor = Cursor { text, at: 0 };
    let Some(root) = cursor.value() else {
        return Err(Refusal::Layout("it has text that is not Unicode".to_owned()));
    };
    let mut reader = entry::Reader { file, strict: false, lines_before: 0, problems: Vec::new() };
    let charts = reader.index(&root.node(&starts));
    if !reader.problems.is_empty() {
        return Err(Refusal::Problems(reader.problems));
    }
    Ok(parts(text, &root, charts))
}

fn parts<'t>(text: &'t str, root: &Json, charts: Vec<entry::ChartNodes>) -> Parts<'t> {
    let members = match &root.kind {
        Kind::Map(members) => last_of_each(members),
        _ => Vec::new(),
    };
    let first = members.first().map_or(root.range.end, |member| member.range.start);
    let lines = text.get(root.range.start..first).is_some_and(|before| before.contains('\n'));
    let mut parts = Parts {
        versions: Vec::new(),
        charts: Vec::new(),
        style: Style::Json { lines },
        hole: None,
        generated: members
            .iter()
            .find(|member| member.key.eq_ignore_ascii_case("generated"))
            .map(|member| member.value.range.clone()),
    };
    let Some(entries) = members.iter().find(|member| member.key.eq_ignore_ascii_case("entries")) else {
        let at = members.last().map_or(first, |member| member.range.end);
        parts.hole = Some(Hole { remove: at..at, at, before: "\"entries\": " });
        return parts;
    };
    let places = match &entries.value.kind {
        Kind::Map(members) => last_of_each(members),
        _ => Vec::new(),
    };
    if places.is_empty() {
        parts.hole = Some(hole(&entries.value.range));
    }
    for (place, (key, line, versions)) in places.into_iter().zip(charts) {
        let items = if let Kind::List(items) = &place.value.kind { items.as_slice() } else { &[] };
        let first = parts.versions.len();
        for (item, version) in items.iter().zip(versions) {
            parts.versions.push(Version { range: item.range.clone(), ..version });
        }
        parts.charts.push(Chart {
            key: Cow::Owned(key.helm),
            line,
            range: place.range.clone(),
            versions: first..parts.versions.len(),
            hole: items.is_empty().then(|| hole(&place.value.range)),
        });
    }
    parts
}

fn hole(value: &Range<usize>) -> Hole {
    Hole { remove: value.clone(), at: value.end, before: "" }
}

/// The members that count: of equal keys the last.
fn last_of_each(members: &[Member]) -> Vec<&Member> {
    let mut kept: Vec<&Member> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for member in members.iter().rev() {
        if seen.insert(&member.key) {
            kept.push(member);
        }
    }
    kept.reverse();
    kept
}

struct Json {
    range: Range<usize>,
    kind: Kind,
}

enum Kind {
    Scalar(Resolved),
    List(Vec<Json>),
    Map(Vec<Member>),
}

struct Member {
    key: String,
    /// From the key to the end of the value.
    range: Range<usize>,
    value: Json,
}

impl Json {
    fn node(&self, starts: &[usize]) -> Node {
        let line = |at: usize| starts.partition_point(|&start| start <= at);
        let value = match &self.kind {
            Kind::Scalar(resolved) => {
                let written = match resolved {
                    Resolved::Text(text) => text.clone(),
                    Resolved::Null => "null".to_owned(),
                    Resolved::Bool(flag) => flag.to_string(),
                    Resolved::Int(number) => number.to_string(),
                    Resolved::Float(number) => number.to_string(),
                };
                Value::Scalar(Scalar { resolved: resolved.clone(), written })
            }
            Kind::List(items) => Value::Sequence(items.iter().map(|item| item.node(starts)).collect()),
            Kind::Map(members) => {
                let pair = |member: &Member| Pair {
                    key: Text { helm: member.key.clone(), written: member.key.clone() },
                    line: line(member.range.start),
                    value: member.value.node(starts),
                };
                Value::Mapping(last_of_each(members).into_iter().map(pair).collect())
            }
        };
        Node { line: line(self.range.start), value }
    }
}

/// Walks through text that is known to be JSON; `None` where a string is no Unicode.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl Cursor<'_> {
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn value(&mut self) -> Option<Json> {
        let first = self.peek()?;
        let start = self.at;
        let kind = match first {
            b'{' => Kind::Map(self.elements(b'}', Self::member)?),
            b'[' => Kind::List(self.elements(b']', Self::value)?),
            b'"' => Kind::Scalar(Resolved::Text(self.string()?)),
            _ => Kind::Scalar(self.word()?),
        };
        Some(Json { range: start..self.at, kind })
    }

    /// What stands between brackets, with commas between.
    fn elements<T>(&mut self, close: u8, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut elements = Vec::new();
        self.at += 1;
        loop {
            match self.peek()? {
                byte if byte == close => {
                    self.at += 1;
                    return Some(elements);
                }
                b',' => self.at += 1,
                _ => elements.push(one(self)?),
            }
        }
    }

    fn member(&mut self) -> Option<Member> {
        let start = self.at;
        let key = self.string()?;
        self.peek()?;
        self.at += 1;
        let value = self.value()?;
        Some(Member { key, range: start..self.at, value })
    }

    fn string(&mut self) -> Option<String> {
        let rest = self.text.get(self.at..)?;
        let mut escaped = true;
        let end = rest.bytes().position(|byte| {
            let is_end = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            is_end
        });
        // The first quote is passed over as an escaped one.
        let literal = rest.get(..=end?)?;
        self.at += literal.len();
        serde_json::from_str(literal).ok()
    }

    fn word(&mut self) -> Option<Resolved> {
        let rest = self.text.get(self.at..)?;
        let end = rest.find([',', '}', ']', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
        let word = rest.get(..end)?;
        self.at += end;
        match word {
            "null" => Some(Resolved::Null),
            "true" | "false" => Some(Resolved::Bool(word == "true")),
            _ => word.parse().map(Resolved::Int).or_else(|_| word.parse().map(Resolved::Float)).ok(),
        }
    }
}
