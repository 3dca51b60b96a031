//! The changelog with `[Unreleased]` as the section of a version: in the form of the sections below it, with an empty
//! `[Unreleased]` above it, and with the links at the end that the file has.

use std::ops::Range;

use crate::base::problem::Problem;
use crate::base::text::{line_at, name};
use crate::base::version::is_prerelease;
use crate::chart::source::Changelog;
use crate::check::edit::Edit;
use crate::release::changelog::{Section, section};
use crate::release::heading::{Named, UNRELEASED, named};
use crate::release::notes;
use crate::release::outline::{Heading, Outline};

/// What is to be written into a changelog.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub log: &'a Changelog,
    /// The names of the repository's charts.
    pub charts: &'a [&'a str],
    /// The chart that the section is of, in a changelog of several.
    pub chart: Option<&'a str>,
    /// Without `v`.
    pub version: &'a str,
    /// The date of the section, as `2024-01-31`.
    pub date: &'a str,
    /// The tag of the version, for links.
    pub tag: &'a str,
    /// An entry to add below `Deprecated`.
    pub deprecated: Option<&'a str>,
}

/// What becomes of a changelog.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    /// None where it has the section already.
    pub edits: Vec<Edit>,
    /// The text of the section, without what the edits add to it.
    pub section: String,
}

/// A changelog, read.
struct Log<'a> {
    asked: Asked<'a>,
    text: &'a str,
    outline: Outline,
}

/// Makes the section, or says why it cannot be made. A prerelease has none: its notes are those of `[Unreleased]`, which stay
/// for the release.
pub fn write(asked: Asked<'_>) -> Result<Written, Problem> {
    let text = asked.log.text.strip_prefix('\u{feff}').unwrap_or(&asked.log.text);
    let log = Log { asked, text, outline: Outline::of(text) };
    let (file, charts) = (&asked.log.path, asked.charts);
    let unreleased = log.unreleased();
    let previous = log.previous(unreleased.map(|(heading, _)| heading));
    let chart = asked.chart.or(previous.and_then(|(_, named)| named.chart));
    let wanted = Named { chart, version: asked.version };
    let bad = |named: Named<'_>, found: &Section| notes::missing(file, &named.to_string(), found);
    let own = match section(text, charts, wanted) {
        Section::Text(own) => Some(own),
        Section::Missing(_) => None,
        other => return Err(bad(wanted, &other)),
    };
    let body = match unreleased.map(|(_, named)| (named, section(text, charts, named))) {
        Some((_, Section::Text(body))) => Some(body),
        None | Some((_, Section::Missing(_) | Section::Empty(_))) => None,
        Some((named, other)) => return Err(bad(named, &other)),
    };
    let line = |heading: &Heading| line_at(text, heading.range.start);
    match (own, body, unreleased) {
        (Some(section), None, _) if asked.deprecated.is_none() => Ok(Written { edits: Vec::new(), section }),
        (Some(_), _, Some((heading, _))) => {
            let message = format!(
                "{} has a section already, and `[{UNRELEASED}]` has changes",
                name(&wanted.to_string())
            );
            let hint = "join the two if that version is not released yet; else prepare another version";
            Err(Problem::error(message).at(file, line(heading)).hint(hint))
        }
        (_, None, Some((heading, _))) if asked.deprecated.is_none() => {
            let problem = Problem::error(format!("the section of `{UNRELEASED}` is empty"));
            Err(problem.at(file, line(heading)).hint("write below it what changed for users"))
        }
        (_, body, Some((heading, _))) => {
            let edits = log.edits(heading, previous, wanted);
            Ok(Written { edits, section: body.unwrap_or_default() })
        }
        (_, _, None) => {
            let problem = Problem::error(format!("there is no section `{UNRELEASED}`")).at(file, None);
            let hint = format!(
                "write `## [{UNRELEASED}]` above the first version, and below it what changed for users"
            );
            Err(problem.hint(hint))
        }
    }
}

/// What `[Unreleased]` says, of the chart or of all; empty without such a section.
pub fn unreleased(log: &Changelog, charts: &[&str], chart: Option<&str>) -> String {
    let found = |chart| match section(&log.text, charts, Named { chart, version: UNRELEASED }) {
        Section::Text(body) => Some(body),
        _ => None,
    };
    chart.and_then(|chart| found(Some(chart))).or_else(|| found(None)).unwrap_or_default()
}

impl<'a> Log<'a> {
    /// The heading of what is unreleased: of the chart, else of all.
    fn unreleased(&self) -> Option<(&Heading, Named<'_>)> {
        let headings = self.outline.headings.iter();
        let named = headings.filter_map(|heading| Some((heading, named(&heading.text, self.asked.charts)?)));
        let all: Vec<_> = named.filter(|(_, named)| named.version == UNRELEASED).collect();
        let of = |chart: Option<&str>| all.iter().find(|(_, named)| named.chart == chart).copied();
        of(self.asked.chart).or_else(|| of(None))
    }

    /// The newest version of the same that has a section.
    fn previous(&self, after: Option<&Heading>) -> Option<(&Heading, Named<'_>)> {
        self.versions(after).next()
    }

    fn versions(&self, after: Option<&Heading>) -> impl Iterator<Item = (&Heading, Named<'_>)> {
        let from = after.map_or(0, |heading| heading.range.end);
        let headings = self.outline.headings.iter().filter(move |heading| heading.range.start >= from);
        let named = headings.filter_map(|heading| Some((heading, named(&heading.text, self.asked.charts)?)));
        let of = self.asked.chart;
        named.filter(move |(_, named)| {
            named.version != UNRELEASED
                && named.numbers() > 1
                && (of.is_none() || named.chart.is_none() || named.chart == of)
        })
    }

    fn edits(
        &self,
        unreleased: &Heading,
        previous: Option<(&Heading, Named<'_>)>,
        wanted: Named<'_>,
    ) -> Vec<Edit> {
        let mut insert = Vec::new();
        let mut edits = Vec::new();
        if !is_prerelease(self.asked.version) {
            let new = self.heading(unreleased, wanted);
            edits.extend(self.links(unreleased, previous, &new));
            insert.extend([String::new(), new]);
        }
        if let Some(entry) = self.asked.deprecated {
            let title = format!("{} Deprecated", "#".repeat(unreleased.level + 1));
            insert.extend([String::new(), title, String::new(), format!("- {entry}")]);
        }
        let length = self.slice(&unreleased.range).trim_end().len().max(1);
        let line = line_at(self.text, unreleased.range.start + length - 1).unwrap_or(1) + 1;
        edits.extend((!insert.is_empty()).then(|| self.insert(line, insert)));
        edits
    }

    /// The heading of the new section, as the newest is written whose form is known; else as Keep a Changelog has it.
    fn heading(&self, unreleased: &Heading, wanted: Named<'_>) -> String {
        let date = self.asked.date;
        let like = |(heading, named): (&Heading, Named<'_>)| {
            let raw = self.slice(&heading.range).lines().next()?.trim_end();
            heading_like(raw, named, wanted, date)
        };
        self.versions(Some(unreleased)).find_map(like).unwrap_or_else(|| {
            let marks = "#".repeat(unreleased.level);
            let is_plain = !self.slice(&unreleased.range).contains('[');
            if is_plain {
                format!("{marks} {wanted} - {date}")
            } else {
                format!("{marks} [{wanted}] - {date}")
            }
        })
    }

    /// The links of `[Unreleased]` and of the new section, where the file has such.
    fn links(&self, unreleased: &Heading, previous: Option<(&Heading, Named<'_>)>, new: &str) -> Vec<Edit> {
        let Some(label) = label(new) else { return Vec::new() };
        let definition = |label: &str| {
            let (_, range) =
                self.outline.definitions.iter().find(|(known, _)| known.eq_ignore_ascii_case(label))?;
            let (raw, line) = (self.slice(range).trim_end(), line_at(self.text, range.start)?);
            let url = raw.split_once("]:")?.1.split_whitespace().next()?;
            Some((raw, line, url)).filter(|(raw, ..)| !raw.contains('\n'))
        };
        let (old, version) =
            previous.map_or(("", ""), |(heading, named)| (self.slice(&heading.range), named.version));
        let of_unreleased = definition(label_of(self.slice(&unreleased.range)));
        let of_previous = definition(label_of(old)).filter(|_| !version.is_empty());
        let compared = of_unreleased.and_then(|(raw, line, url)| {
            let (base, (from, _)) = url
                .split_once("/compare/")
                .and_then(|(base, range)| Some((base, range.split_once("...")?)))?;
            let is_of_previous = !version.is_empty() && from.contains(version);
            let tag = if is_of_previous {
                from.replacen(version, self.asked.version, 1)
            } else {
                self.asked.tag.to_owned()
            };
            let next = raw.replacen(&format!("{from}..."), &format!("{tag}..."), 1);
            Some((raw, line, next, format!("{base}/compare/{from}...{tag}")))
        });
        if let Some((raw, line, next, url)) = compared {
            let insert = vec![next, format!("[{label}]: {url}")];
            return vec![Edit {
                file: self.asked.log.path.clone(),
                line,
                remove: vec![raw.to_owned()],
                insert,
            }];
        }
        let Some((_, line, url)) = of_previous else { return Vec::new() };
        let line = of_unreleased.map_or(line, |(_, line, _)| line + 1);
        vec![self.insert(line, vec![format!("[{label}]: {}", continued(url, version, self.asked.version))])]
    }

    fn insert(&self, line: usize, insert: Vec<String>) -> Edit {
        Edit { file: self.asked.log.path.clone(), line, remove: Vec::new(), insert }
    }

    fn slice(&self, range: &Range<usize>) -> &'a str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

/// The heading of another version in the form of this one; `None` where more stands in it than version and date.
fn heading_like(raw: &str, old: Named<'_>, wanted: Named<'_>, date: &str) -> Option<String> {
    let at = raw.find(old.version).filter(|_| raw.starts_with('#'))?;
    let (before, rest) = (raw.get(..at)?, raw.get(at + old.version.len()..)?);
    let before = match (old.chart, wanted.chart) {
        (None, None) => before.to_owned(),
        (Some(chart), Some(other)) => before.contains(chart).then(|| before.replacen(chart, other, 1))?,
        (None, Some(chart)) => match before.strip_suffix('v') {
            Some(begin) => format!("{begin}{chart}-v"),
            None => format!("{before}{chart}-"),
        },
        (Some(_), None) => return None,
    };
    let (close, rest) = rest.split_at_checked(rest.find(|c| !"]*_`".contains(c)).unwrap_or(rest.len()))?;
    Some(format!("{before}{}{close}{}", wanted.version, dated(rest, date)?))
}

/// The end of a heading with another date; `None` where it is no date.
fn dated(rest: &str, date: &str) -> Option<String> {
    let is_date = |text: &str| {
        let part =
            |(i, c): (usize, char)| if matches!(i, 4 | 7) { "-/.".contains(c) } else { c.is_ascii_digit() };
        text.char_indices().all(part)
    };
    let found = rest
        .char_indices()
        .find_map(|(at, _)| Some((at, rest.get(at..at + 10).filter(|text| is_date(text))?)));
    let Some((at, old)) = found else { return rest.trim().is_empty().then(String::new) };
    let (before, after) = (rest.get(..at)?, rest.get(at + 10..)?);
    let separator = old.get(4..5)?;
    let is_plain = ![before, after].iter().any(|text| text.contains(char::is_alphanumeric));
    is_plain.then(|| format!("{before}{}{after}", date.replace('-', separator)))
}

/// The URL of a version, of the next one: `…/compare/v1.1.0...v1.2.0` goes on from 1.2.0.
fn continued(url: &str, old: &str, new: &str) -> String {
    let compared =
        url.split_once("/compare/").and_then(|(base, range)| Some((base, range.split_once("...")?)));
    match compared {
        Some((base, (_, to))) => {
            format!("{base}/compare/{to}...{}", to.replacen(old, new, 1))
        }
        None => url.replace(old, new),
    }
}

/// What stands in the first brackets.
fn label(heading: &str) -> Option<&str> {
    heading.split_once('[')?.1.split_once(']').map(|(label, _)| label)
}

/// The same, with that of a heading without brackets where it has none.
fn label_of(heading: &str) -> &str {
    label(heading).unwrap_or(UNRELEASED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fix::make_edits;

    fn written(
        text: &str,
        chart: Option<&str>,
        version: &str,
        deprecated: Option<&str>,
    ) -> Result<String, String> {
        let log = Changelog { path: "CHANGELOG.md".to_owned(), text: text.to_owned() };
        let asked = Asked {
            log: &log,
            charts: &["web", "db"],
            chart,
            version,
            date: "2024-01-02",
            tag: "v1.3.0",
            deprecated,
        };
        let written = write(asked).map_err(|problem| problem.to_string())?;
        Ok(make_edits(text, &written.edits.iter().collect::<Vec<_>>()).text)
    }

    #[test]
    fn in_the_form_of_the_file() {
        for (unreleased, old, new) in [
            ("## [Unreleased]", "## [1.2.0] - 2023-05-06", "## [1.3.0] - 2024-01-02"),
            ("## [UNRELEASED]", "## [v1.2.0]", "## [v1.3.0]"),
            ("## Unreleased", "## 1.2.0 (2023-05-06)", "## 1.3.0 (2024-01-02)"),
            ("### Unreleased", "### v1.2.0 / 2023/05/06", "### v1.3.0 / 2024/01/02"),
            ("# Unreleased", "# **1.2.0** – 2023.05.06", "# **1.3.0** – 2024.01.02"),
            ("## [Unreleased]", "## [1.2.0](https://x/tag/v1.2.0)", "## [1.3.0] - 2024-01-02"),
            ("## [Unreleased]", "## 1.2.0: The great one", "## [1.3.0] - 2024-01-02"),
            ("Unreleased\n----------", "1.2.0\n-----", "## 1.3.0 - 2024-01-02"),
            ("## [Unreleased]", "## web 1.2.0 - 2023-05-06", "## web 1.3.0 - 2024-01-02"),
        ] {
            let before = format!("# Log\n\n{unreleased}\n\n- One\n\n{old}\n\n- Old\n");
            let after = format!("# Log\n\n{unreleased}\n\n{new}\n\n- One\n\n{old}\n\n- Old\n");
            assert_eq!(written(&before, None, "1.3.0", None), Ok(after.clone()), "{old}");
            assert_eq!(written(&after, None, "1.3.0", None), Ok(after.clone()), "again: {old}");
        }
        let first = "## [Unreleased]\r\n- One\r\n";
        assert_eq!(
            written(first, None, "0.1.0", None),
            Ok("## [Unreleased]\r\n\r\n## [0.1.0] - 2024-01-02\r\n- One\r\n".to_owned())
        );
        let of_two = "## [Unreleased]\n- One\n\n## [db-2.0.0] - 2023-01-01\n- a\n## [1.0.0]\n- b\n";
        let found = written(of_two, Some("web"), "1.3.0", None);
        assert_eq!(found, Ok(of_two.replacen("- One", "\n## [web-1.3.0]\n- One", 1)));
    }

    #[test]
    fn links_go_on() {
        for (links, expected) in [
            (
                "[Unreleased]: https://x/compare/v1.2.0...HEAD\n[1.2.0]: https://x/compare/v1.1.0...v1.2.0\n",
                "[Unreleased]: https://x/compare/v1.3.0...HEAD\n[1.3.0]: https://x/compare/v1.2.0...v1.3.0\n[1.2.0]: https://x/compare/v1.1.0...v1.2.0\n",
            ),
            (
                "[unreleased]: https://x/compare/web-1.2.0...main\n[1.2.0]: https://x/releases/tag/web-1.2.0\n",
                "[unreleased]: https://x/compare/web-1.3.0...main\n[1.3.0]: https://x/compare/web-1.2.0...web-1.3.0\n[1.2.0]: https://x/releases/tag/web-1.2.0\n",
            ),
            (
                "[UNRELEASED]: https://x/tree/main\n[1.2.0]: https://x/releases/tag/web-1.2.0\n",
                "[UNRELEASED]: https://x/tree/main\n[1.3.0]: https://x/releases/tag/web-1.3.0\n[1.2.0]: https://x/releases/tag/web-1.2.0\n",
            ),
            ("[1.2.0]: https://x/v1.2.0\n", "[1.3.0]: https://x/v1.3.0\n[1.2.0]: https://x/v1.2.0\n"),
            ("[1.1.0]: https://x/v1.1.0\n", "[1.1.0]: https://x/v1.1.0\n"),
            (
                "[Unreleased]: https://x/compare/abc...HEAD\n",
                "[Unreleased]: https://x/compare/v1.3.0...HEAD\n[1.3.0]: https://x/compare/abc...v1.3.0\n",
            ),
        ] {
            let head = "## [Unreleased]\n\n- One\n";
            let rest = "\n## [1.2.0] - 2023-01-01\n\n- Old\n\n";
            let found = written(&format!("{head}{rest}{links}"), None, "1.3.0", None);
            let new = "## [Unreleased]\n\n## [1.3.0] - 2024-01-02\n\n- One\n";
            assert_eq!(found, Ok(format!("{new}{rest}{expected}")), "{links}");
        }
    }

    #[test]
    fn deprecation_is_an_entry() {
        let entry = Some("The chart is deprecated.");
        for (body, version, expected) in [
            ("", "1.3.0", "\n## [1.3.0] - 2024-01-02\n\n### Deprecated\n\n- The chart is deprecated.\n"),
            ("\n- a\n", "1.3.0-rc.1", "\n### Deprecated\n\n- The chart is deprecated.\n\n- a\n"),
        ] {
            let found = written(&format!("## [Unreleased]\n{body}"), None, version, entry);
            assert_eq!(found, Ok(format!("## [Unreleased]\n{expected}")), "{body}");
        }
    }

    #[test]
    fn what_cannot_be_prepared() {
        for (text, version, expected) in [
            (
                "## [Unreleased]\n\n## [1.2.0]\na\n",
                "1.3.0",
                "CHANGELOG.md:1: the section of `Unreleased` is empty",
            ),
            ("## [1.2.0]\na\n", "1.3.0", "CHANGELOG.md: there is no section `Unreleased`"),
            (
                "## [Unreleased]\na\n## [1.3.0]\nb\n",
                "1.3.0",
                "CHANGELOG.md:1: `1.3.0` has a section already, and `[Unreleased]` has changes",
            ),
            (
                "## [Unreleased]\n<!-- a\n\n## [1.2.0]\nb\n",
                "1.3.0",
                "CHANGELOG.md:2: what begins here has no end in the section of `Unreleased`, and would hide what follows",
            ),
            ("## [Unreleased]\n", "1.3.0-rc.1", "CHANGELOG.md:1: the section of `Unreleased` is empty"),
        ] {
            assert_eq!(written(text, None, version, None), Err(expected.to_owned()), "{text}");
        }
        let stays = "## [Unreleased]\na\n";
        assert_eq!(written(stays, None, "1.3.0-rc.1", None), Ok(stays.to_owned()));
    }
}
