//! Where the versions lie in a YAML text of any block layout.
//!
//! The events of the parser give the places of nodes; dashes, comments and line ends around them are found in the
//! text. A comment belongs to what follows it, or to what stands before it if it is indented deeper than the dashes.

use std::borrow::Cow;
use std::ops::Range;

use super::entry::ChartNodes;
use super::{Chart, Hole, Parts, Refusal, Style};
use crate::base::yaml::{Event, Events, Kind};

/// The parts of a text whose charts were read from its nodes.
pub(super) fn read_layout(text: &str, charts: Vec<ChartNodes>) -> Result<Parts<'_>, Refusal> {
    let mut walk = Walk { text, events: Events::new(text), dash: None };
    let mut found = walk.document()?;
    let same = found.charts.len() == charts.len();
    let mut parts = Parts {
        versions: Vec::new(),
        charts: Vec::new(),
        style: Style::Block { key: found.column, dash: walk.dash.unwrap_or(found.column) },
        hole: found.hole.take(),
        generated: found.generated,
    };
    for (place, (key, line, versions)) in found.charts.into_iter().zip(charts) {
        if !same || place.key != key.written || place.items.len() != versions.len() {
            return refuse("it has aliases or merge keys");
        }
        let first = parts.versions.len();
        for (range, version) in place.items.into_iter().zip(versions) {
            parts.versions.push(super::Version { range, ..version });
        }
        let versions = first..parts.versions.len();
        parts.charts.push(Chart {
            key: Cow::Owned(key.helm),
            line,
            range: place.range,
            versions,
            hole: place.hole,
        });
    }
    if same { Ok(parts) } else { refuse("it has aliases or merge keys") }
}

fn refuse<T>(why: &str) -> Result<T, Refusal> {
    Err(Refusal::Layout(why.to_owned()))
}

const FLOW: &str = "it is in flow style (`{…}` or `[…]`) and not JSON";

struct Walk<'t> {
    text: &'t str,
    events: Events<'t>,
    /// The column of the dashes of the first list.
    dash: Option<usize>,
}

#[derive(Default)]
struct Found {
    charts: Vec<Place>,
    /// The column of the keys below `entries`.
    column: usize,
    hole: Option<Hole>,
    generated: Option<Range<usize>>,
}

struct Place {
    key: String,
    range: Range<usize>,
    items: Vec<Range<usize>>,
    hole: Option<Hole>,
}

impl Walk<'_> {
    fn next(&mut self) -> Result<Event, Refusal> {
        self.events.next_event().map_err(|error| Refusal::Layout(error.to_string()))
    }

    fn document(&mut self) -> Result<Found, Refusal> {
        let mut event = self.next()?;
        while matches!(event.kind, Kind::Begin) {
            event = self.next()?;
        }
        if !matches!(event.kind, Kind::Mapping(false)) {
            return refuse(FLOW);
        }
        let mut found = Found::default();
        let mut after_version = 0;
        let mut has_entries = false;
        loop {
            let key = self.next()?;
            let Kind::Scalar(text, _) = &key.kind else { break };
            let value = self.next()?;
            let value_start = value.start;
            if text.eq_ignore_ascii_case("entries") {
                has_entries = true;
                self.entries(&key, value, &mut found)?;
                continue;
            }
            let end = self.skip(value)?;
            if text.eq_ignore_ascii_case("generated") && end > value_start {
                found.generated = Some(value_start..end);
            } else if text.eq_ignore_ascii_case("apiVersion") {
                after_version = self.line_after(end);
            }
        }
        if !has_entries {
            let at = after_version;
            found.hole = Some(Hole { remove: at..at, at, before: "entries:\n" });
            found.column = 2;
        }
        Ok(found)
    }

    fn entries(&mut self, key: &Event, value: Event, found: &mut Found) -> Result<(), Refusal> {
        let is_flow = matches!(value.kind, Kind::Mapping(true));
        match value.kind {
            Kind::Mapping(false) => {}
            Kind::Mapping(true) | Kind::Scalar(..) => {
                found.column = self.column(key.start) + 2;
                let start = value.start;
                let (end, is_empty) = self.skip_empty(value)?;
                if is_flow && !is_empty {
                    return refuse(FLOW);
                }
                found.hole = Some(self.hole(start..end));
                return Ok(());
            }
            _ => return refuse("the value of `entries` is an alias"),
        }
        found.column = self.column(value.start);
        let mut limit = self.line_after(key.end);
        loop {
            let key = self.next()?;
            match &key.kind {
                Kind::Close => return Ok(()),
                Kind::Scalar(text, _) => {
                    let place = self.chart(&key, text.clone(), limit)?;
                    limit = place.range.end;
                    found.charts.push(place);
                }
                _ => return refuse("a key of `entries` is not text"),
            }
        }
    }

    /// One key of `entries`; it begins at `limit` or later.
    fn chart(&mut self, key: &Event, text: String, limit: usize) -> Result<Place, Refusal> {
        let start = self.with_comments(self.line_start(key.start), limit);
        let value = self.next()?;
        let is_flow = matches!(value.kind, Kind::List(true));
        let (items, hole, end) = match value.kind {
            Kind::List(false) => {
                let items = self.items(&value, self.line_after(key.end))?;
                let end = items.last().map_or(value.end, |item: &Range<usize>| item.end);
                (items, None, end)
            }
            Kind::List(true) | Kind::Scalar(..) => {
                let from = value.start;
                let (end, is_empty) = self.skip_empty(value)?;
                if is_flow && !is_empty {
                    return refuse(FLOW);
                }
                let hole = self.hole(from..end);
                let end = hole.at;
                (Vec::new(), Some(hole), end)
            }
            _ => return refuse("the versions of a chart are an alias"),
        };
        Ok(Place { key: text, range: start..end, items, hole })
    }

    /// The items of a list; the first begins at `limit` or later.
    fn items(&mut self, list: &Event, mut limit: usize) -> Result<Vec<Range<usize>>, Refusal> {
        let dash = self.column(list.start);
        self.dash.get_or_insert(dash);
        let mut items = Vec::new();
        loop {
            let item = self.next()?;
            if matches!(item.kind, Kind::Close) {
                return Ok(items);
            }
            let Some(start) = self.dash_line(item.start, dash, limit) else {
                return refuse("an item of a list does not begin on a line of its own");
            };
            let start = self.with_comments(start, limit);
            let end = self.skip(item)?;
            let end = self.with_deeper_comments(self.line_after(end), dash);
            limit = end;
            items.push(start..end);
        }
    }

    /// The start of the line with the dash of an item that starts at `at`.
    fn dash_line(&self, at: usize, dash: usize, limit: usize) -> Option<usize> {
        let mut start = self.line_start(at);
        loop {
            let line = self.text.get(start..).unwrap_or_default();
            let blanks = line.len() - line.trim_start_matches(' ').len();
            if blanks == dash && line.trim_start_matches(' ').starts_with('-') {
                return Some(start);
            }
            if start <= limit {
                return None;
            }
            start = self.line_start(start - 1);
        }
    }

    /// Passes over the rest of a node: the end of its last word.
    fn skip(&mut self, first: Event) -> Result<usize, Refusal> {
        let mut event = first;
        let mut open = Vec::new();
        let mut end = 0;
        loop {
            match event.kind {
                Kind::Scalar(..) | Kind::Alias(_) => end = event.end,
                Kind::List(flow) | Kind::Mapping(flow) => open.push(flow),
                Kind::Close if open.pop() == Some(true) => end = event.end,
                Kind::Close | Kind::Begin | Kind::End(_) => {}
            }
            if open.is_empty() {
                return Ok(end);
            }
            event = self.next()?;
        }
    }

    /// Passes over a scalar, or a list or mapping: its end, and whether there is nothing in it.
    fn skip_empty(&mut self, first: Event) -> Result<(usize, bool), Refusal> {
        if matches!(first.kind, Kind::Scalar(..)) {
            return Ok((self.skip(first)?, true));
        }
        let event = self.next()?;
        if matches!(event.kind, Kind::Close) {
            return Ok((event.end, true));
        }
        Ok((event.end, false))
    }

    /// The place for the content of an empty value: blanks before the value go with it.
    fn hole(&self, value: Range<usize>) -> Hole {
        let before = self.text.get(..value.start).unwrap_or_default();
        let start = if value.is_empty() { value.start } else { before.trim_end_matches(' ').len() };
        Hole { remove: start..value.end, at: self.line_after(value.end), before: "" }
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |found| found + 1)
    }

    /// The start of the line after `at`, which is `at` itself where a line begins: there ends a block scalar.
    fn line_after(&self, at: usize) -> usize {
        if at > 0 && self.line_start(at) == at {
            return at;
        }
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |found| at + found + 1)
    }

    fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }

    /// Moves the start of a line up over the comments that stand directly before it.
    fn with_comments(&self, mut start: usize, limit: usize) -> usize {
        while start > limit {
            let above = self.line_start(start - 1);
            let line = self.text.get(above..start).unwrap_or_default();
            if above < limit || !line.trim_start_matches(' ').starts_with('#') {
                break;
            }
            start = above;
        }
        start
    }

    /// Moves the end of lines down over comments that are indented deeper than `column`.
    fn with_deeper_comments(&self, mut end: usize, column: usize) -> usize {
        let mut at = end;
        for line in self.text.get(end..).unwrap_or_default().split_inclusive('\n') {
            at += line.len();
            let content = line.trim_start_matches(' ');
            if content.starts_with('#') && line.len() - content.len() > column {
                end = at;
            } else if !content.trim().is_empty() {
                break;
            }
        }
        end
    }
}
