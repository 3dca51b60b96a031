//! Which version a heading of a changelog names, in the forms that people and tools write.

use std::fmt;

/// The section of what no release has yet (keepachangelog.com, "How can I reduce the effort required?").
pub const UNRELEASED: &str = "Unreleased";

/// What may stand before a version.
const WORDS: [&str; 5] = ["version", "release", "changes in", "helm chart", "chart"];

/// What a heading names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    pub chart: Option<&'a str>,
    /// Without `v`; or [`UNRELEASED`].
    pub version: &'a str,
}

impl Named<'_> {
    /// Whether a text can name it: most headings of a long changelog need no closer look.
    pub fn may_be_in(&self, text: &str) -> bool {
        self.version == UNRELEASED || text.contains(self.version)
    }

    /// Whether a line of a changelog can name it.
    pub fn may_be_on_a_line(&self, changelog: &str) -> bool {
        let names = |line: &str| self.may_be_in(line) && self.chart.is_none_or(|chart| line.contains(chart));
        changelog.lines().any(names)
    }

    /// How many numbers the version has before its prerelease.
    pub fn numbers(&self) -> usize {
        let core = self.version.split(['-', '+']).next().unwrap_or_default();
        core.split('.').filter(|part| part.starts_with(|c: char| c.is_ascii_digit())).count()
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.chart {
            Some(chart) => write!(f, "{chart}-{}", self.version),
            None => f.write_str(self.version),
        }
    }
}

/// What a visible text begins with: a version, after the name of one of the charts, `Version`, `Release`, `Changes in`, `v`,
/// brackets or emoji, in any order. `1.1.0 to 1.2.0` is neither.
pub fn named<'a>(text: &'a str, charts: &[&'a str]) -> Option<Named<'a>> {
    let (mut rest, mut chart) = (bare(text), None);
    loop {
        let names = charts.iter().filter(|_| chart.is_none());
        let name = names
            .filter_map(|name| Some((*name, after_word(rest, name)?)))
            .max_by_key(|(name, _)| name.len());
        let after = match name {
            Some((name, after)) => {
                chart = Some(name);
                Some(after)
            }
            None => WORDS.iter().find_map(|word| after_word(rest, word)),
        };
        let Some(after) = after else { break };
        rest = bare(after);
    }
    let digits = rest.strip_prefix(['v', 'V']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let rest = digits.unwrap_or(rest);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
    let (word, after) = rest.split_at_checked(rest.find(|c| !is_part(c)).unwrap_or(rest.len()))?;
    let version = word.trim_end_matches(['.', '-', '+', '_']);
    if version.eq_ignore_ascii_case(UNRELEASED) {
        return Some(Named { chart, version: UNRELEASED });
    }
    let is_step = ["to ", "→", "->", "=>"].iter().any(|to| after.trim_start().starts_with(to));
    (version.starts_with(|c: char| c.is_ascii_digit()) && !is_step).then_some(Named { chart, version })
}

/// Whether a text begins with one word and a whole version, as for a chart that nobody knows here: `NAME-1.2.3`, or
/// `NAME 1.2.3` where a space `may_separate` them.
pub fn names_another(text: &str, may_separate: bool) -> bool {
    let text = bare(text);
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let is_version = |at: usize, c: char| {
        let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
        named(rest, &[]).is_some_and(|named| named.numbers() > 2)
    };
    let mut marks = text
        .char_indices()
        .filter(|(at, c)| *at < end && matches!(c, '-' | '@' | '/' | '_') || *at == end && may_separate);
    marks.any(|(at, c)| is_version(at, c))
}

/// A text without what is no word at its beginning: brackets, emoji, `:rocket:`.
fn bare(text: &str) -> &str {
    let emoji = text.trim_start().strip_prefix(':').and_then(|rest| rest.split_once(':'));
    let emoji = emoji.filter(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    emoji.map_or(text, |(_, rest)| rest).trim_start_matches(|c: char| !c.is_alphanumeric())
}

/// What follows a word that a text begins with, in capitals or not; a space is as good as `-` in a name.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (begin, rest) = text.split_at_checked(word.len())?;
    let plain = |text: &str| text.to_ascii_lowercase().replace([' ', '_'], "-");
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '.');
    (ends && plain(begin) == plain(word)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let charts = ["web", "web-admin", "web-1"];
        for (text, chart, version) in [
            ("1.2.0", "", "1.2.0"),
            ("v1.2.0", "", "1.2.0"),
            ("[1.2.0] - 2026-01-02", "", "1.2.0"),
            ("1.2.0 / 2026-01-02", "", "1.2.0"),
            ("1.2.0: Title", "", "1.2.0"),
            ("1.2.0—Title", "", "1.2.0"),
            ("1.2.0 {#v120}", "", "1.2.0"),
            ("🚀 1.2.0", "", "1.2.0"),
            (":rocket: v1.2.0", "", "1.2.0"),
            ("1.2.0🎉", "", "1.2.0"),
            ("Version 1.2.0", "", "1.2.0"),
            ("RELEASE: V1.2.0", "", "1.2.0"),
            ("Changes in version 1.2.0", "", "1.2.0"),
            ("web v1.2.0", "web", "1.2.0"),
            ("Web 1.2.0", "web", "1.2.0"),
            ("web-v1.2.0", "web", "1.2.0"),
            ("web@1.2.0", "web", "1.2.0"),
            ("web/v1.2.0", "web", "1.2.0"),
            ("Release of web", "", "-"),
            ("Release web 1.2.0", "web", "1.2.0"),
            ("Web Admin 1.2.0", "web-admin", "1.2.0"),
            ("web-1.2.0", "web", "1.2.0"),
            ("web-1-2.0.0", "web-1", "2.0.0"),
            ("website 1.2.0", "", "-"),
            ("1.2.0-rc.1 (now)", "", "1.2.0-rc.1"),
            ("1.2.01", "", "1.2.01"),
            ("11.2.0.", "", "11.2.0"),
            ("1.2.0+b.1", "", "1.2.0+b.1"),
            ("[unreleased]", "", UNRELEASED),
            ("web Unreleased", "web", UNRELEASED),
            ("Upgrading from 0.1.0", "", "-"),
            ("1.1.0 to 1.2.0", "", "-"),
            ("1.1.0 → 1.2.0", "", "-"),
            ("What's Changed", "", "-"),
            ("", "", "-"),
        ] {
            let expected =
                (version != "-").then_some(Named { chart: (!chart.is_empty()).then_some(chart), version });
            assert_eq!(named(text, &charts), expected, "{text}");
        }
    }

    #[test]
    fn other_charts() {
        for (text, alone, with_space) in [
            ("api-1.2.0", true, true),
            ("[@scope/api@1.2.0](x)", true, true),
            ("my-api-v1.2.0 (now)", true, true),
            ("api 1.2.0", false, true),
            ("api-1.2", false, false),
            ("PostgreSQL 16.2", false, false),
            ("Upgrading from 0.1.0", false, false),
        ] {
            assert_eq!(
                (names_another(text, false), names_another(text, true)),
                (alone, with_space),
                "{text}"
            );
        }
    }
}
