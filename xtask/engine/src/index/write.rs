//! Edits of a text: new versions and charts in the style of what stands around them.

use std::ops::Range;

use super::new_version::{Format, NewVersion, key_to_yaml};
use super::{BOM, Hole, Style};
use crate::base::json;

/// A part of the text and what takes its place.
#[derive(Debug)]
pub(super) struct Edit {
    pub range: Range<usize>,
    pub text: String,
}

/// Where something new goes.
#[derive(Clone, Copy)]
pub(super) enum Place<'p> {
    Before(&'p Range<usize>),
    After(&'p Range<usize>),
    In(&'p Hole),
}

/// Makes the edits of one text.
pub(super) struct Writer<'t> {
    pub text: &'t str,
    pub style: Style,
}

type NewChart<'n> = (&'n str, Vec<&'n NewVersion>);

impl Writer<'_> {
    pub fn format(&self) -> Format {
        if matches!(self.style, Style::Json { .. }) { Format::Json } else { Format::Yaml }
    }

    pub fn versions(
        &self,
        place: Place<'_>,
        new: &[&NewVersion],
        edits: &mut Vec<Edit>,
    ) -> Result<(), String> {
        match self.style {
            Style::Block { dash, .. } => {
                let text: Vec<String> = new.iter().map(|new| block(new, dash)).collect::<Result<_, _>>()?;
                self.lines(place, &text.concat(), edits);
            }
            Style::Json { lines } => {
                let elements = |indent: &str| new.iter().map(|new| in_json(new, lines, indent)).collect();
                self.elements(place, ['[', ']'], elements, edits)?;
            }
        }
        Ok(())
    }

    pub fn charts(
        &self,
        place: Place<'_>,
        new: &[NewChart<'_>],
        edits: &mut Vec<Edit>,
    ) -> Result<(), String> {
        match self.style {
            Style::Block { key, dash } => {
                let mut text = String::new();
                for (chart, versions) in new {
                    text.push_str(&key_to_yaml(chart, key).map_err(|why| about(chart, &why))?);
                    for version in versions {
                        text.push_str(&block(version, dash)?);
                    }
                }
                self.lines(place, &text, edits);
            }
            Style::Json { lines } => {
                let elements =
                    |indent: &str| new.iter().map(|chart| chart_in_json(chart, lines, indent)).collect();
                self.elements(place, ['{', '}'], elements, edits)?;
            }
        }
        Ok(())
    }

    /// A version in the place of another.
    pub fn replaced(&self, range: &Range<usize>, new: &NewVersion) -> Result<Edit, String> {
        let text = match self.style {
            Style::Block { dash, .. } => self.ended_as_here(block(new, dash)?, range.end),
            Style::Json { lines } => in_json(new, lines, &self.indent(range.start))?,
        };
        Ok(Edit { range: range.clone(), text })
    }

    fn lines(&self, place: Place<'_>, text: &str, edits: &mut Vec<Edit>) {
        let (at, before) = match place {
            Place::Before(next) => (next.start, ""),
            Place::After(last) => (last.end, ""),
            Place::In(hole) => {
                edits.push(Edit { range: hole.remove.clone(), text: String::new() });
                (hole.at, hole.before)
            }
        };
        let text = self.ended_as_here(format!("{before}{text}"), at);
        let is_after_end = at == self.text.len() && !self.text.ends_with('\n');
        let text = if is_after_end { format!("{}{text}", self.line_end()) } else { text };
        edits.push(Edit { range: at..at, text });
    }

    /// Lines with the line ends of this text, the last of them without one if what ends at `at` has none.
    fn ended_as_here(&self, mut text: String, at: usize) -> String {
        if at == self.text.len() && !self.text.ends_with('\n') {
            text.truncate(text.trim_end_matches('\n').len());
        }
        if self.line_end() == "\n" { text } else { text.replace('\n', self.line_end()) }
    }

    fn line_end(&self) -> &'static str {
        let first = self.text.find('\n').and_then(|at| self.text.get(..at));
        if first.is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" }
    }

    /// Elements of JSON; `one` makes them, their lines after an indent.
    fn elements(
        &self,
        place: Place<'_>,
        brackets: [char; 2],
        one: impl Fn(&str) -> Result<Vec<String>, String>,
        edits: &mut Vec<Edit>,
    ) -> Result<(), String> {
        let (range, text) = match place {
            Place::Before(next) => {
                let blank = self.blank_before(next.start);
                let all = one(&self.indent(next.start))?;
                let comma = format!(",{blank}");
                (next.start..next.start, all.join(&comma) + &comma)
            }
            Place::After(last) => {
                let blank = self.blank_before(last.start);
                let all = one(&self.indent(last.start))?;
                let comma = format!(",{blank}");
                (last.end..last.end, format!("{comma}{}", all.join(&comma)))
            }
            Place::In(hole) => {
                let (outer, [open, close]) = (self.indent(hole.remove.start), brackets);
                let lines = matches!(self.style, Style::Json { lines: true });
                let inner = format!("{outer}  ");
                let (first, next, last) = if lines {
                    (format!("\n{inner}"), format!(",\n{inner}"), format!("\n{outer}"))
                } else {
                    (String::new(), ",".to_owned(), String::new())
                };
                let separator = if hole.before.is_empty() { "" } else { "," };
                let all = one(&inner)?.join(&next);
                let text = format!("{separator}{}{open}{first}{all}{last}{close}", hole.before);
                (hole.remove.clone(), text)
            }
        };
        edits.push(Edit { range, text });
        Ok(())
    }

    /// The white space before `at`.
    fn blank_before(&self, at: usize) -> &str {
        let before = self.text.get(..at).unwrap_or_default();
        before.get(before.trim_end().len()..).unwrap_or_default()
    }

    /// The white space that the line of `at` begins with.
    fn indent(&self, at: usize) -> String {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        line.chars().take_while(|c| *c == ' ' || *c == '\t').collect()
    }
}

fn about(chart: &str, why: &str) -> String {
    format!("chart {}: {why}", super::name(chart))
}

fn block(new: &NewVersion, dash: usize) -> Result<String, String> {
    new.to_yaml(dash).map_err(|why| about(&new.metadata.name, &why))
}

fn in_json(new: &NewVersion, lines: bool, indent: &str) -> Result<String, String> {
    new.to_json(lines, indent).map_err(|why| about(&new.metadata.name, &why))
}

/// A member of `entries`.
fn chart_in_json((chart, versions): &NewChart<'_>, lines: bool, indent: &str) -> Result<String, String> {
    let (first, next, last) = if lines {
        (format!("\n{indent}  "), format!(",\n{indent}  "), format!("\n{indent}"))
    } else {
        (String::new(), ",".to_owned(), String::new())
    };
    let inner = format!("{indent}  ");
    let all: Vec<String> =
        versions.iter().map(|new| in_json(new, lines, &inner)).collect::<Result<_, _>>()?;
    let blank = if lines { " " } else { "" };
    Ok(format!("{}:{blank}[{first}{}{last}]", json::text(chart, false)?, all.join(&next)))
}

/// The text after the edits. Of two at one place the one that was made first comes first.
pub(super) fn apply(text: &str, has_bom: bool, mut edits: Vec<Edit>) -> Vec<u8> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = Vec::with_capacity(text.len() + added + BOM.len());
    if has_bom {
        out.extend(BOM.as_bytes());
    }
    let mut at = 0;
    for edit in edits {
        out.extend(text.get(at..edit.range.start).unwrap_or_default().as_bytes());
        out.extend(edit.text.as_bytes());
        at = edit.range.end;
    }
    out.extend(text.get(at..).unwrap_or_default().as_bytes());
    out
}
