//! CHANGELOG.md: the section of one version, whatever the tool or the habit by which it is written.
//!
//! A section begins at a heading that names its version and ends at the next that names one, of whatever level, so that
//! neither `### [1.1.9]` flows into the notes of 1.2.0 nor `## What's Changed` cuts them short. Headings in code, comments
//! and blocks to fold out are text.

use std::fmt::Write as _;
use std::ops::Range;

pub use super::heading::Named;
use super::heading::{UNRELEASED, named, names_another};
use super::outline::{Heading, Outline, unclosed};
use crate::base::text;

/// What the changelog says of a version.
#[derive(Debug, PartialEq, Eq)]
pub enum Section {
    /// Its text, trimmed, with the link definitions that it uses.
    Text(String),
    /// There is a heading and nothing below it.
    Empty(usize),
    Missing(Option<Near>),
    /// There are two headings for it; the line of the second.
    Twice(usize),
    /// A code block, a comment or a block to fold out that begins in this line does not end before the next section, and
    /// would hide what follows; how to end it.
    Open(usize, String),
}

/// What may have been meant as the heading of a version that has none.
#[derive(Debug, PartialEq, Eq)]
pub struct Near {
    pub line: usize,
    pub text: String,
    pub is_heading: bool,
}

/// Finds the section of a version, in a repository with these charts.
pub fn section(changelog: &str, charts: &[&str], wanted: Named<'_>) -> Section {
    let changelog = changelog.strip_prefix('\u{feff}').unwrap_or(changelog);
    let outline = Outline::of(changelog);
    let line_at = |at| text::line_at(changelog, at).unwrap_or_default();
    let is_wanted =
        |heading: &&Heading| wanted.may_be_in(&heading.text) && named(&heading.text, charts) == Some(wanted);
    let mut headings = outline.headings.iter();
    let Some(first) = headings.find(is_wanted) else {
        return missing(changelog, charts, wanted, &outline);
    };
    let end = headings.clone().find(|heading| ends(first, wanted, heading, charts));
    let end = end.map_or(changelog.len(), |heading| heading.range.start);
    if let Some(second) = headings.filter(|heading| heading.range.start >= end).find(is_wanted) {
        return Section::Twice(line_at(second.range.start));
    }
    let body = first.range.end.min(end)..end;
    if let Some((at, close)) = unclosed(changelog.get(body.clone()).unwrap_or_default()) {
        return Section::Open(line_at(body.start + at), close);
    }
    if !outline.contents.iter().any(|at| body.contains(at)) {
        return Section::Empty(line_at(first.range.start));
    }
    Section::Text(cut(changelog, body, &outline))
}

/// Whether a section ends where a heading begins. What names no version and is higher is another document.
fn ends(section: &Heading, of: Named<'_>, next: &Heading, charts: &[&str]) -> bool {
    let is_below = next.level > section.level;
    match named(&next.text, charts) {
        // `### 1.2.0 for administrators` below `## 1.2.0`, and a chart's part of a section for all.
        Some(other) if is_below && (other == of || of.chart.is_none() && other.chart.is_some()) => false,
        Some(other) if other.version == UNRELEASED || other.numbers() > 2 => true,
        // `### 3.5 GB are needed`
        Some(other) if other.numbers() == 2 => !is_below || of.numbers() == 2,
        _ => next.level < section.level || !is_below && names_another(&next.text, of.chart.is_some()),
    }
}

/// The text of a section without the definitions of links, but for those that it uses, which come last.
fn cut(changelog: &str, body: Range<usize>, outline: &Outline) -> String {
    let slice = |range: Range<usize>| changelog.get(range).unwrap_or_default();
    let (mut raw, mut at) = (String::new(), body.start);
    for (_, range) in outline.definitions.iter().filter(|(_, range)| body.contains(&range.start)) {
        raw.push_str(slice(at..range.start));
        let rest = slice(range.end..body.end);
        at = range.end + rest.len() - rest.strip_prefix('\r').unwrap_or(rest).trim_start_matches('\n').len();
    }
    raw.push_str(slice(at..body.end));
    let lines: Vec<&str> = raw.lines().collect();
    let mut text = lines.join("\n").trim_start_matches('\n').trim_end().to_owned();
    // Labels match in any case.
    let lower = text.to_lowercase();
    let is_used = |label: &str| lower.contains(&format!("[{}]", label.to_lowercase()));
    let used = outline.definitions.iter().filter(|(label, _)| is_used(label));
    for (i, (_, range)) in used.enumerate() {
        let _ = write!(text, "{}{}", if i == 0 { "\n\n" } else { "\n" }, slice(range.clone()).trim_end());
    }
    text
}

/// Why there is no such section, as far as the text tells.
fn missing(changelog: &str, charts: &[&str], wanted: Named<'_>, outline: &Outline) -> Section {
    let line_at = |at| text::line_at(changelog, at).unwrap_or_default();
    let is_marked = |line: &str| line.trim_start().starts_with(['#', '*', '[', '>']);
    let is_of = |line: &str| wanted.may_be_in(line) && is_marked(line) && named(line, charts) == Some(wanted);
    if wanted.may_be_in(changelog)
        && let Some((at, close)) = unclosed(changelog)
        && changelog.get(at..).unwrap_or_default().lines().skip(1).any(is_of)
    {
        return Section::Open(line_at(at), close);
    }
    let major = wanted.version.split('.').next().unwrap_or_default();
    let may_be_near = |heading: &&Heading| heading.text.contains(major);
    let is_near = |heading: &&Heading| match named(&heading.text, charts) {
        Some(other) if other.chart != wanted.chart && other.chart.is_some() => false,
        Some(other) if wanted.version.starts_with(&format!("{}.", other.version)) => true,
        _ => heading.text.contains(wanted.version),
    };
    if let Some(heading) = outline.headings.iter().filter(may_be_near).find(is_near) {
        let line = line_at(heading.range.start);
        return Section::Missing(Some(Near { line, text: heading.text.clone(), is_heading: true }));
    }
    // In a comment, in code, `##1.2.0`, `**1.2.0**`.
    let found = (1..).zip(changelog.lines()).find(|(_, line)| is_of(line));
    let near = |(line, text): (usize, &str)| Near { line, text: text.trim().to_owned(), is_heading: false };
    Section::Missing(found.map(near))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str = "\u{feff}# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2024-02-01\r\n\r\n### Added\r\n- [#12] one\r\n\n```md\n## [1.0.0]\n```\n\n## v1.0.0\nfirst\n## 0.9.0 [YANKED]\n\n[#12]: https://x/12\n[1.1.0]: https://x/v1.1.0\n";
    const CHARTS: [&str; 2] = ["vault", "web"];

    fn find(changelog: &str, version: &str) -> Section {
        let wanted = Named { chart: None, version };
        section(changelog, &CHARTS, named(version, &CHARTS).unwrap_or(wanted))
    }

    fn text(text: &str) -> Section {
        Section::Text(text.to_owned())
    }

    fn near(line: usize, text: &str, is_heading: bool) -> Section {
        Section::Missing(Some(Near { line, text: text.to_owned(), is_heading }))
    }

    #[test]
    fn sections() {
        for (version, expected) in [
            ("1.1.0", text("### Added\n- [#12] one\n\n```md\n## [1.0.0]\n```\n\n[#12]: https://x/12")),
            ("1.0.0", text("first")),
            ("0.9.0", Section::Empty(16)),
            ("Unreleased", Section::Empty(3)),
            ("1.1", near(5, "1.1.0 - 2024-02-01", true)),
            ("1.0.0+x", Section::Missing(None)),
        ] {
            assert_eq!(find(CHANGELOG, version), expected, "{version}");
        }
        assert_eq!(find("## 1.0.0\na\n## [1.0.0]\nb\n", "1.0.0"), Section::Twice(3));
        assert_eq!(find("", "1.0.0"), Section::Missing(None));
        assert_eq!(find("## 1.0.0\n```a``` b\n  ## 0.9.0\nc\n", "1.0.0"), text("```a``` b"));
        let label = "See [The Docs] and[^1].\n\n[^1]: a note\n[the docs]: https://d";
        assert_eq!(find(&format!("## 1.0.0\n{label}\n"), "1.0.0"), text(label));
        assert_eq!(find("## [vault-2.0.0]\nx\n", "vault-2.0.0"), text("x"));
    }

    /// Each is the heading of a section, and what is not one is told.
    #[test]
    fn headings() {
        for heading in [
            "# [1.2.0](https://x/compare/a...b) (2026-01-02)",
            "### 1.2.0",
            "1.2.0\n-----",
            "[1.2.0] - 2026-01-02\n====",
            "## \\[1.2.0\\]",
            "## **1.2.0**",
            "## _[v1.2.0](x)_ - 2026-01-02",
            "## `1.2.0`",
            "## <a name=\"1.2.0\"></a>[1.2.0](x)",
            "## ![logo 9.9.9](x.png) 1.2.0 ##",
            "<h2>1.2.0</h2>",
            "<h2 id=\"v120\">\n  <a href=\"x\">1.2.0</a>\n</h2>",
            "## Version 1.2.0",
            "## 1.2.0 {#v120}",
        ] {
            let log = format!("# Changelog\n\n## 1.3.0\n\nnew\n\n{heading}\n\nreal\n\n## 1.1.0\n\nold\n");
            assert_eq!(find(&log, "1.2.0"), text("real"), "{heading}");
            assert_eq!(find(&log, "1.3.0"), text("new"), "{heading}");
        }
        for (log, expected) in [
            ("## 1.2\na\n", near(1, "1.2", true)),
            ("x\n\n## 1.2.0-rc.1\na\n", near(3, "1.2.0-rc.1", true)),
            ("## 11.2.0\na\n", near(1, "11.2.0", true)),
            ("## 1.2.01\na\n", near(1, "1.2.01", true)),
            ("## The 1.2.0\na\n", near(1, "The 1.2.0", true)),
            ("##1.2.0\na\n", near(1, "##1.2.0", false)),
            ("**1.2.0**\na\n", near(1, "**1.2.0**", false)),
            ("<!--\n## 1.2.0\na\n-->\n", near(2, "## 1.2.0", false)),
            ("<details>\n\n## 1.2.0\na\n\n</details>\n", near(3, "## 1.2.0", false)),
            ("> ## 1.2.0\n", near(1, "> ## 1.2.0", false)),
            ("## web-1.2.0\n## 1.3.0\n", Section::Missing(None)),
        ] {
            assert_eq!(find(log, "1.2.0"), expected, "{log}");
        }
    }

    #[test]
    fn ends_of_sections() {
        for (begin, inside, after) in [
            ("## 1.2.0", "a\n\n## What's Changed\n\n* b", "## 1.1.0"),
            ("## [1.2.0](x)", "### Features\n\n* b", "### [1.1.9](x)"),
            ("### [1.2.0](x)", "### Bug Fixes\n\n* b", "## [1.1.0](x)"),
            ("# 1.2.0", "## Fixed\nb\n\n1.3.0\n\n- # c", "## 1.1.9"),
            ("## 1.2.0", "### Upgrading from 0.1.0\nb", "## Unreleased"),
            ("## 1.2.0", "### Kubernetes 1.30.0\nb\n### 3.5 GB\nc\n### 1.2.0 for all\nd", "## 1.1"),
            ("## 1.2.0", "## Kubernetes 1.30.0\nb", "## api-2.0.0"),
            ("## 1.2.0", "### web 1.2.0\nb\n### 1.1.0 → 1.2.0\nc", "### 1.1.9"),
            ("## web 1.2.0", "a\n## Fixed\nb", "## api 2.0.0"),
            ("### 1.2.0", "a\n#### b\nc", "# Other document"),
            ("## 1.2.0", "a\n\n<!--\n## 1.1.0\n-->\n\nb", "## 1.1.0"),
            ("## 1.2.0", "<details>\n<summary>dep</summary>\n\n## 1.1.0\n\n</details>\n\nb", "## 1.1.0"),
            ("## 1.2.0", "~~~~\n## 1.1.0\n~~~\n~~~~\n- b\n  ```\n  ## 1.0.0", "## 1.1.0"),
        ] {
            let version = if begin.contains("web") { "web-1.2.0" } else { "1.2.0" };
            for after in [format!("\n\n{after}\n\nold\n"), String::new()] {
                let log = format!("# Changelog\n\n{begin}\n\n{inside}{after}");
                assert_eq!(find(&log, version), text(inside), "{log}");
            }
        }
    }

    #[test]
    fn what_a_section_leaves_open() {
        for (inside, close) in [
            ("<!-- a", "-->"),
            ("<div><!-- a", "-->"),
            ("<details>\n\nb", "</details>"),
            ("text <details> c", "</details>"),
            ("```yaml\na", "```"),
            ("~~~~\na\n~~~", "~~~~"),
            ("<pre>\na", "</pre>"),
        ] {
            let open = Section::Open(5, close.to_owned());
            let log = format!("## 1.2.0\n\na\n\n{inside}\n\n## 1.1.0\n\nold\n");
            assert_eq!(find(&log, "1.2.0"), open, "{log}");
            let found = find(&log, "1.1.0");
            assert!(found == open || found == text("old"), "{log}: {found:?}");
            let closed = format!("x\n\n{inside}\n{close}");
            let log = format!("## 1.2.0\n\n{closed}\n\n## 1.1.0\n\nold\n");
            assert_eq!(find(&log, "1.2.0"), text(&closed), "{log}");
        }
        assert_eq!(find("## 1.2.0\n<!-- later -->\n---\n## 1.1.0\n", "1.2.0"), Section::Empty(1));
    }
}
