//! A changelog as Markdown: its headings, and what they must not be looked for in.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::base::html;

/// A heading that stands in nothing else, of Markdown or of HTML.
#[derive(Debug)]
pub struct Heading {
    pub level: usize,
    /// What of it is visible.
    pub text: String,
    pub range: Range<usize>,
}

/// Offsets are bytes of the text.
#[derive(Debug, Default)]
pub struct Outline {
    pub headings: Vec<Heading>,
    /// Where other blocks begin that are visible.
    pub contents: Vec<usize>,
    /// The definitions of links and footnotes, by their labels, in their order.
    pub definitions: Vec<(String, Range<usize>)>,
    /// Where the block begins that is the last.
    last: usize,
    /// Where a comment begins that has no end.
    comment: Option<usize>,
    /// Where `<details>` begin that have no end.
    details: Vec<usize>,
    /// What stands in those that have one.
    folded: Vec<Range<usize>>,
}

impl Outline {
    pub fn of(text: &str) -> Self {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
        let parser = Parser::new_ext(text, options);
        let mut outline = Self::default();
        for (label, definition) in parser.reference_definitions().iter() {
            outline.definitions.push((label.to_owned(), definition.span.clone()));
        }
        let (mut depth, mut images, mut visible) = (0_usize, 0_usize, String::new());
        for (event, range) in parser.into_offset_iter() {
            match &event {
                Event::Start(tag) => {
                    if depth == 0 {
                        outline.begin(tag, range.clone(), text);
                        visible.clear();
                    }
                    depth += 1;
                    images += usize::from(matches!(tag, Tag::Image { .. }));
                }
                Event::End(tag) => {
                    depth -= 1;
                    images -= usize::from(matches!(tag, TagEnd::Image));
                    if let (0, TagEnd::Heading(level)) = (depth, tag) {
                        let text = visible.trim().to_owned();
                        outline.headings.push(Heading { level: *level as usize, text, range });
                    }
                }
                Event::Text(more) | Event::Code(more) if images == 0 => visible.push_str(more),
                Event::SoftBreak | Event::HardBreak => visible.push(' '),
                Event::Html(html) | Event::InlineHtml(html) => outline.read_html(html, range.start),
                _ => {}
            }
        }
        let folded = std::mem::take(&mut outline.folded);
        let is_folded = |heading: &Heading| folded.iter().any(|range| range.contains(&heading.range.start));
        outline.headings.retain(|heading| !is_folded(heading));
        outline.definitions.sort_by_key(|(_, range)| range.start);
        outline
    }

    fn begin(&mut self, tag: &Tag<'_>, range: Range<usize>, text: &str) {
        let raw = text.get(range.clone()).unwrap_or_default();
        self.last = range.start;
        match tag {
            Tag::FootnoteDefinition(label) => self.definitions.push((format!("^{label}"), range)),
            Tag::HtmlBlock if raw.trim_end().ends_with("-->") && raw.starts_with("<!--") => {}
            Tag::HtmlBlock => match heading(raw) {
                Some((level, text, length)) => {
                    self.headings.push(Heading { level, text, range: range.start..range.start + length });
                }
                None => self.contents.push(range.start),
            },
            _ => self.contents.push(range.start),
        }
    }

    fn read_html(&mut self, html: &str, start: usize) {
        let lower = html.to_ascii_lowercase();
        for (at, _) in lower.match_indices(['<', '-']) {
            let rest = lower.get(at..).unwrap_or_default();
            match self.comment {
                Some(_) if rest.starts_with("-->") => self.comment = None,
                None if rest.starts_with("<!--") => self.comment = Some(start + at),
                None if rest.starts_with("<details") => self.details.push(start + at),
                None if rest.starts_with("</details") => {
                    self.folded.extend(self.details.pop().map(|begin| begin..start + at));
                }
                Some(_) | None => {}
            }
        }
    }
}

/// The heading that a block of HTML begins with, and its length.
fn heading(raw: &str) -> Option<(usize, String, usize)> {
    let level =
        raw.strip_prefix("<h")?.chars().next()?.to_digit(10).filter(|level| (1..=6).contains(level))?;
    let end = format!("</h{level}>");
    let length = raw.find(&end)? + end.len();
    Some((usize::try_from(level).ok()?, html::headings(raw).next()?, length))
}

/// What a text leaves open, so that it hides what follows: where it begins, and how to end it.
pub fn unclosed(text: &str) -> Option<(usize, String)> {
    let outline = Outline::of(&format!("{text}\n\n# x\n"));
    if let Some(comment) = outline.comment {
        return Some((comment, "-->".to_owned()));
    }
    if let Some(details) = outline.details.last() {
        return Some((*details, "</details>".to_owned()));
    }
    if outline.last >= text.len() {
        return None;
    }
    let open = text.get(outline.last..).unwrap_or_default();
    let mark = open.chars().next().unwrap_or_default();
    let close = match open.strip_prefix('<') {
        Some(tag) => {
            let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
            format!("</{}>", tag.get(..end).unwrap_or_default())
        }
        None => open.chars().take_while(|c| *c == mark).collect(),
    };
    Some((outline.last, close))
}
