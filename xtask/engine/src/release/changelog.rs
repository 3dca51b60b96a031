//! CHANGELOG.md in the form of keepachangelog.com: the section of one version.

use std::fmt::Write as _;

/// What the changelog says of a version.
#[derive(Debug, PartialEq, Eq)]
pub enum Section {
    /// Its text, trimmed, with the link definitions that it uses.
    Text(String),
    /// There is a heading and nothing below it.
    Empty(usize),
    Missing,
    /// There are two headings for it; the line of the second.
    Twice(usize),
}

/// Finds the section of `version` under a heading such as `## [1.2.3] - 2024-01-31`, `## 1.2.3` or `## v1.2.3`. It
/// ends at the next heading of its level or above; headings inside code blocks are text.
pub fn section(changelog: &str, version: &str) -> Section {
    let changelog = changelog.strip_prefix('\u{feff}').unwrap_or(changelog);
    let (mut text, mut found, mut inside, mut fence) = (String::new(), None, false, None);
    let mut definitions = Vec::new();
    for (i, line) in changelog.lines().enumerate() {
        let heading = unindented(line).filter(|line| line.starts_with("# ") || line.starts_with("## "));
        if let Some(heading) = heading.filter(|_| fence.is_none()) {
            inside = heading.starts_with("## ") && is_of(heading, version);
            if inside && found.is_some() {
                return Section::Twice(i + 1);
            }
            if inside {
                found = Some(i + 1);
            }
            continue;
        }
        fence = next_fence(fence, line);
        match definition(line).filter(|_| fence.is_none()) {
            Some(label) => definitions.push((label, line)),
            None if inside => {
                text.push_str(line.trim_end());
                text.push('\n');
            }
            None => {}
        }
    }
    let Some(line) = found else {
        return Section::Missing;
    };
    let mut text = text.trim_start_matches('\n').trim_end().to_owned();
    if text.is_empty() {
        return Section::Empty(line);
    }
    // Labels match in any case.
    let lower = text.to_lowercase();
    let used: Vec<_> = definitions
        .into_iter()
        .filter(|(label, _)| lower.contains(&format!("[{}]", label.to_lowercase())))
        .collect();
    for (i, (_, line)) in used.into_iter().enumerate() {
        let _ = write!(text, "{}{line}", if i == 0 { "\n\n" } else { "\n" });
    }
    Section::Text(text)
}

/// Whether a heading is that of a version: its first word, without brackets, is the version, perhaps after a `v`.
fn is_of(heading: &str, version: &str) -> bool {
    let word = heading.trim_start_matches('#').split_whitespace().next().unwrap_or_default();
    let word = word.strip_prefix('[').map_or(word, |rest| rest.split(']').next().unwrap_or(rest));
    word == version || word.strip_prefix('v') == Some(version)
}

/// The label of a link definition: `[label]: https://…`.
fn definition(line: &str) -> Option<&str> {
    let (label, target) = line.strip_prefix('[')?.split_once("]:")?;
    (!label.contains(']') && !target.trim().is_empty()).then_some(label)
}

/// The fence that is open after a line: its character and length. The opening one of backticks has no other backtick
/// in its line (commonmark.org, 0.31, "Fenced code blocks").
fn next_fence(open: Option<(char, usize)>, line: &str) -> Option<(char, usize)> {
    let Some(line) = unindented(line) else { return open };
    let Some(mark) = line.chars().next().filter(|c| matches!(c, '`' | '~')) else { return open };
    let length = line.chars().take_while(|&c| c == mark).count();
    let rest = line.get(length..).unwrap_or_default().trim();
    match open {
        None if length >= 3 && !(mark == '`' && rest.contains('`')) => Some((mark, length)),
        Some((c, least)) if c == mark && length >= least && rest.is_empty() => None,
        _ => open,
    }
}

/// A line without the up to three spaces before it; `None` where there are more, which makes it code.
fn unindented(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(' ');
    (line.len() - rest.len() <= 3).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str = "\u{feff}# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2024-02-01\r\n\r\n### Added\r\n- [#12] one\r\n\n```md\n## [1.0.0]\n```\n\n## v1.0.0\nfirst\n## 0.9.0 [YANKED]\n\n[#12]: https://x/12\n[1.1.0]: https://x/v1.1.0\n";

    #[test]
    fn sections() {
        let text = |text: &str| Section::Text(text.to_owned());
        for (version, expected) in [
            ("1.1.0", text("### Added\n- [#12] one\n\n```md\n## [1.0.0]\n```\n\n[#12]: https://x/12")),
            ("1.0.0", text("first")),
            ("0.9.0", Section::Empty(16)),
            ("Unreleased", Section::Empty(3)),
            ("1.1", Section::Missing),
            ("1.0.0+x", Section::Missing),
        ] {
            assert_eq!(section(CHANGELOG, version), expected, "{version}");
        }
        assert_eq!(section("## 1.0.0\na\n## [1.0.0]\nb\n", "1.0.0"), Section::Twice(3));
        assert_eq!(section("", "1.0.0"), Section::Missing);
        assert_eq!(section("## 1.0.0\n```a``` b\n  ## 0.9.0\nc\n", "1.0.0"), text("```a``` b"));
        let label = "See [The Docs].\n\n[the docs]: https://d";
        assert_eq!(section(&format!("## 1.0.0\n{label}\n"), "1.0.0"), text(label));
        assert_eq!(section("## [vault-2.0.0]\nx\n", "vault-2.0.0"), text("x"));
    }
}
