//! What a section of a changelog says, entry by entry, and the same for Artifact Hub.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// What kind of change an entry is (keepachangelog.com, "Types of changes"; artifacthub.io/docs, "Helm annotations").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Added,
    Changed,
    Deprecated,
    Removed,
    Fixed,
    Security,
}

/// An entry of a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `None` where its heading says no kind.
    pub kind: Option<Kind>,
    /// Its Markdown in one line.
    pub text: String,
    /// Whether it says so itself.
    pub is_breaking: bool,
}

/// How the words of headings begin, by the kind that they stand for.
const WORDS: [(&str, Kind); 8] = [
    ("add", Kind::Added),
    ("feature", Kind::Added),
    ("deprecat", Kind::Deprecated),
    ("remov", Kind::Removed),
    ("fix", Kind::Fixed),
    ("secur", Kind::Security),
    ("chang", Kind::Changed),
    ("break", Kind::Changed),
];

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Deprecated => "deprecated",
            Self::Removed => "removed",
            Self::Fixed => "fixed",
            Self::Security => "security",
        }
    }

    /// The kind that a heading names.
    pub fn of(heading: &str) -> Option<Self> {
        let heading = heading.to_lowercase();
        let begins =
            |mark: &str| heading.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(mark));
        WORDS.into_iter().find(|(mark, _)| begins(mark)).map(|(_, kind)| kind)
    }
}

/// The items of the lists in a section, each with the kind of the heading above it. What is nested in an item is left out.
pub fn changes(section: &str) -> Vec<Change> {
    let (mut found, mut heading, mut is_heading, mut depth) = (Vec::new(), String::new(), false, 0_usize);
    let mut item: Option<Range<usize>> = None;
    for (event, range) in Parser::new(section).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                heading.clear();
                is_heading = true;
            }
            Event::End(TagEnd::Heading(_)) => is_heading = false,
            Event::Text(text) | Event::Code(text) if is_heading => heading.push_str(&text),
            Event::Start(Tag::List(_)) => {
                if let Some(item) = item.as_mut().filter(|_| depth == 1) {
                    item.end = item.end.min(range.start);
                }
                depth += 1;
            }
            Event::End(TagEnd::List(_)) => depth = depth.saturating_sub(1),
            Event::Start(Tag::Item) if depth == 1 => item = Some(range),
            Event::End(TagEnd::Item) if depth == 1 => {
                let text = item.take().and_then(|item| section.get(item)).map(one_line).unwrap_or_default();
                if !text.is_empty() {
                    let is_breaking = heading.to_lowercase().contains("breaking") || says_breaking(&text);
                    found.push(Change { kind: Kind::of(&heading), text, is_breaking });
                }
            }
            _ => {}
        }
    }
    found
}

/// The text of an item without its marker.
fn one_line(item: &str) -> String {
    let item = item.trim_start();
    let numbered = item.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(['.', ')']);
    let text = item.strip_prefix(['-', '*', '+']).or(numbered).unwrap_or(item);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `**Breaking:** …`, `BREAKING …`, `feat!: …`.
fn says_breaking(text: &str) -> bool {
    let plain = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let is_marked = plain.split_once(':').is_some_and(|(kind, _)| kind.ends_with('!') && !kind.contains(' '));
    plain.to_lowercase().starts_with("breaking") || text.contains("BREAKING") || is_marked
}

/// The list for `artifacthub.io/changes`, line by line: of mappings, or of texts where the chart has such.
pub fn annotation(changes: &[Change], has_kinds: bool) -> Vec<String> {
    let lines = |change: &Change| {
        // What JSON quotes, YAML reads as it is.
        let text = serde_json::Value::from(change.text.as_str()).to_string();
        match change.kind.filter(|_| has_kinds) {
            Some(kind) => vec![format!("- kind: {}", kind.name()), format!("  description: {text}")],
            None if has_kinds => vec![format!("- description: {text}")],
            None => vec![format!("- {text}")],
        }
    };
    changes.iter().flat_map(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let section = "- Loose\n\n### Added\n\n- One\n  more `x: y`\n  - nested\n* **Breaking:** two\n\n1. three\n\n### Bug Fixes\n- feat!: four\n\n### Notes\n- A non-breaking one\n\nWords.\n";
        let found = changes(section);
        let shown: Vec<(Option<Kind>, &str, bool)> =
            found.iter().map(|one| (one.kind, one.text.as_str(), one.is_breaking)).collect();
        assert_eq!(
            shown,
            [
                (None, "Loose", false),
                (Some(Kind::Added), "One more `x: y`", false),
                (Some(Kind::Added), "**Breaking:** two", true),
                (Some(Kind::Added), "three", false),
                (Some(Kind::Fixed), "feat!: four", true),
                (None, "A non-breaking one", false),
            ]
        );
        assert_eq!(
            annotation(&found[..2], true),
            ["- description: \"Loose\"", "- kind: added", "  description: \"One more `x: y`\""]
        );
        assert_eq!(annotation(&found[..1], false), ["- \"Loose\""]);
    }

    #[test]
    fn kinds_of_headings() {
        for (heading, kind) in [
            ("Added", Some(Kind::Added)),
            ("🐛 Bug Fixes", Some(Kind::Fixed)),
            ("Security fixes", Some(Kind::Fixed)),
            ("BREAKING CHANGES", Some(Kind::Changed)),
            ("Deprecations", Some(Kind::Deprecated)),
            ("What's Changed", Some(Kind::Changed)),
            ("Removed", Some(Kind::Removed)),
            ("Upgrade", None),
        ] {
            assert_eq!(Kind::of(heading), kind, "{heading}");
        }
    }
}
