//! `.helmignore`: which files of a chart directory stay out of its archive.
//!
//! It looks like .gitignore and is not: a negated rule drops whatever it does not match, there is no `**`, and
//! a pattern with a slash inside is anchored. The rules are those of Helm's `internal/ignore`, tried against
//! Helm 3.17 and 4.1; patterns are Go's `filepath.Match`.

/// The rules of one chart, in order.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    /// How many lines the file has.
    pub lines: usize,
}

#[derive(Clone, Debug)]
struct Rule {
    written: String,
    pattern: Vec<char>,
    line: usize,
    negated: bool,
    directories_only: bool,
    /// Whether the whole path is matched instead of its last part.
    whole_path: bool,
}

/// A rule that Helm refuses.
#[derive(Debug, PartialEq, Eq)]
pub struct BadRule {
    /// Line, from 1.
    pub line: usize,
    pub message: String,
    pub hint: &'static str,
}

/// Why a path stays out.
#[derive(Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Line of the rule, from 1; 0 for the one that every chart has.
    pub line: usize,
    /// Whether the rule begins with `!`, which seldom does what its author meant.
    pub by_negation: bool,
}

/// A file or directory that a rule drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its path in the chart.
    pub path: String,
    pub kind: Kind,
    /// The line of the rule, as in [`Dropped`].
    pub line: usize,
}

/// What a path is, which decides whether `name/` applies to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Directory,
    /// Anything else.
    File,
}

/// Helm reads lines with a buffer of this size.
const LONGEST_LINE: usize = 64 * 1024;

impl Default for Rules {
    /// The one rule that Helm adds to every chart: hidden files directly in `templates/` stay out.
    fn default() -> Self {
        let pattern = "templates/.?*".chars().collect();
        let written = String::new();
        let rule =
            Rule { written, pattern, line: 0, negated: false, directories_only: false, whole_path: true };
        Self { rules: vec![rule], lines: 0 }
    }
}

impl Rules {
    /// Reads the text of a `.helmignore`: the rules, and those that Helm refuses.
    pub fn parse(text: &str) -> (Self, Vec<BadRule>) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rules = Vec::new();
        let mut bad = Vec::new();
        for (i, line) in text.split('\n').enumerate() {
            if line.len() >= LONGEST_LINE {
                let message = "this line is longer than 64 KiB".to_owned();
                bad.push(BadRule { line: i + 1, message, hint: "shorten it" });
                continue;
            }
            let rule = line.trim();
            if rule.is_empty() || rule.starts_with('#') {
                continue;
            }
            match Rule::parse(rule, i + 1) {
                Ok(rule) => rules.push(rule),
                Err(error) => bad.push(error),
            }
        }
        rules.extend(Self::default().rules);
        (Self { rules, lines: text.lines().count() }, bad)
    }

    /// The rule on a line, as it is written.
    pub fn text(&self, line: usize) -> Option<&str> {
        self.rules.iter().find(|rule| rule.line == line).map(|rule| rule.written.as_str())
    }

    /// The rule that drops the file or directory at `path` (relative, with `/`). A directory that is dropped is not
    /// entered.
    pub fn dropped_by(&self, path: &str, kind: Kind) -> Option<Dropped> {
        self.deciding(path, kind).map(|rule| Dropped { line: rule.line, by_negation: rule.negated })
    }

    /// Whether a path stays out, by itself or with a directory that it lies in.
    pub fn drop(&self, path: &str, kind: Kind) -> bool {
        let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        self.dropped_by(path, kind).is_some()
            || above.into_iter().any(|directory| self.dropped_by(directory, Kind::Directory).is_some())
    }

    fn deciding(&self, path: &str, kind: Kind) -> Option<&Rule> {
        self.rules.iter().find(|rule| {
            if rule.directories_only && kind == Kind::File {
                return rule.negated;
            }
            rule.matches(path) != rule.negated
        })
    }
}

impl Rule {
    fn parse(rule: &str, line: usize) -> Result<Self, BadRule> {
        let bad = |message: &str, hint| Err(BadRule { line, message: message.to_owned(), hint });
        if rule.contains("**") {
            return bad("Helm has no `**`", "write one rule for each level: `a/*`, `a/*/*`");
        }
        let written = rule.to_owned();
        let (negated, pattern) = rule.strip_prefix('!').map_or((false, rule), |rest| (true, rest));
        let (directories_only, pattern) = match pattern.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let whole_path = pattern.contains('/');
        let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
        if pattern.starts_with('/') {
            return bad("Helm 3 and Helm 4 read a leading `//` differently", "write a single `/`");
        }
        let pattern: Vec<char> = pattern.chars().collect();
        if !is_well_formed(&pattern) {
            return bad(
                "this is not a pattern",
                "close the `[`, or write `\\` before a literal `[`, `]`, `-` or `\\`",
            );
        }
        Ok(Self { written, pattern, line, negated, directories_only, whole_path })
    }

    fn matches(&self, path: &str) -> bool {
        let text = if self.whole_path { path } else { path.rsplit('/').next().unwrap_or(path) };
        glob(&self.pattern, &text.chars().collect::<Vec<_>>())
    }
}

/// One element of a pattern.
enum Element {
    Star,
    Any,
    Literal(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

/// The first element of a pattern; `None` where the pattern is malformed.
fn element(pattern: &[char]) -> Option<(Element, &[char])> {
    let (&first, rest) = pattern.split_first()?;
    match first {
        '*' => Some((Element::Star, rest)),
        '?' => Some((Element::Any, rest)),
        '\\' => rest.split_first().map(|(&c, rest)| (Element::Literal(c), rest)),
        '[' => set(rest).map(|(negated, ranges, rest)| (Element::Set { negated, ranges }, rest)),
        c => Some((Element::Literal(c), rest)),
    }
}

/// The inside of `[…]`: one or more characters and `lo-hi` ranges, negated by `^` alone.
#[allow(clippy::type_complexity, reason = "three parts, used once")]
fn set(pattern: &[char]) -> Option<(bool, Vec<(char, char)>, &[char])> {
    let (negated, mut rest) = match pattern.split_first() {
        Some((&'^', rest)) => (true, rest),
        _ => (false, pattern),
    };
    let mut ranges = Vec::new();
    loop {
        if let Some((&']', after)) = rest.split_first()
            && !ranges.is_empty()
        {
            return Some((negated, ranges, after));
        }
        let (low, after) = set_character(rest)?;
        rest = after;
        let mut high = low;
        if let Some((&'-', after)) = rest.split_first() {
            (high, rest) = set_character(after)?;
        }
        ranges.push((low, high));
    }
}

fn set_character(pattern: &[char]) -> Option<(char, &[char])> {
    let (&first, rest) = pattern.split_first()?;
    match first {
        '-' | ']' => None,
        '\\' => rest.split_first().map(|(&c, rest)| (c, rest)),
        c => Some((c, rest)),
    }
    // Go wants something after each item of a set, if only its end.
    .filter(|(_, rest)| !rest.is_empty())
}

fn is_well_formed(mut pattern: &[char]) -> bool {
    while !pattern.is_empty() {
        match element(pattern) {
            Some((_, rest)) => pattern = rest,
            None => return false,
        }
    }
    true
}

/// Whether a pattern fits a name without `/`, as a rule would have it.
pub fn is_name(pattern: &str, name: &str) -> bool {
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    glob(&chars(pattern), &chars(name))
}

/// Whether the whole text matches. `*` and `?` stop at `/`, a set does not. Backtracks to the last star alone,
/// which suffices since a later star can take what an earlier one gives up, and so stays quadratic.
fn glob(pattern: &[char], text: &[char]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut retry: Option<(&[char], &[char])> = None;
    loop {
        let step = match element(pattern) {
            Some((Element::Star, rest)) => {
                retry = Some((rest, text));
                pattern = rest;
                continue;
            }
            Some((one, rest)) => {
                text.split_first().filter(|&(&c, _)| accepts(&one, c)).map(|(_, tail)| (rest, tail))
            }
            None if text.is_empty() => return true,
            None => None,
        };
        (pattern, text) = match (step, retry) {
            (Some(next), _) => next,
            (None, Some((after_star, from))) => match from.split_first() {
                Some((&c, tail)) if c != '/' => {
                    retry = Some((after_star, tail));
                    (after_star, tail)
                }
                _ => return false,
            },
            (None, None) => return false,
        };
    }
}

fn accepts(element: &Element, c: char) -> bool {
    match element {
        Element::Star => false,
        Element::Any => c != '/',
        Element::Literal(literal) => *literal == c,
        Element::Set { negated, ranges } => {
            ranges.iter().any(|&(low, high)| low <= c && c <= high) != *negated
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, matching, other) in [
            ("*.md", "a.md", "a/b.md"),
            ("d/*.md", "d/.md", "d/e/b.md"),
            ("a?c", "abc", "a/c"),
            ("[a-c]x", "bx", "dx"),
            ("[^a-c]x", "dx", "bx"),
            ("[!a]", "!", "b"),
            ("a\\*", "a*", "ab"),
            ("[\\]]", "]", "a"),
            ("*a*b*c", "xaxbxbc", "xaxc"),
            ("{a,b}", "{a,b}", "a"),
            ("日?", "日本", "日"),
            ("a[b/]c", "a/c", "axc"),
        ] {
            let rules = Rules::parse(&format!("{pattern}/")).0;
            let matches = |text: &str| {
                rules.rules.first().is_some_and(|rule| glob(&rule.pattern, &text.chars().collect::<Vec<_>>()))
            };
            assert!(matches(matching), "{pattern} {matching}");
            assert!(!matches(other), "{pattern} {other}");
        }
    }

    #[test]
    fn a_star_costs_no_exponential_time() {
        let rules = Rules::parse(&format!("{}b", "*a".repeat(60))).0;
        assert!(rules.dropped_by(&"a".repeat(5000), Kind::File).is_none());
    }

    #[test]
    fn rules_in_order() {
        let rules = Rules::parse("\u{feff}# c\r\n\n  *.bak  \nfoo/\n/a\nd/skip\na # b\n").0;
        for (path, kind, ignored) in [
            ("x.bak", Kind::File, true),
            ("d/x.bak", Kind::File, true),
            ("foo", Kind::Directory, true),
            ("b/foo", Kind::Directory, true),
            ("x/foo", Kind::File, false),
            ("a", Kind::File, true),
            ("d/a", Kind::File, false),
            ("d/skip", Kind::File, true),
            ("e/d/skip", Kind::File, false),
            ("a # b", Kind::File, true),
            ("templates/.x", Kind::File, true),
            ("templates/sub/.x", Kind::File, false),
            (".helmignore", Kind::File, false),
        ] {
            assert_eq!(rules.dropped_by(path, kind).is_some(), ignored, "{path}");
        }
    }

    #[test]
    fn a_file_goes_with_its_directory() {
        let rules = Rules::parse("/docs/\nx\n").0;
        let is_dropped = |path: &str| rules.drop(path, Kind::File);
        assert!(is_dropped("docs/a/b.md") && is_dropped("a/x/b") && is_dropped("a/x"));
        assert!(!is_dropped("docs") && !is_dropped("a/docs/b.md"));
        assert!(rules.drop("docs", Kind::Directory) && rules.drop("docs/a", Kind::Directory));
    }

    #[test]
    fn a_negation_drops_what_it_does_not_match() {
        let rules = Rules::parse("*.txt\n!keep.txt").0;
        assert!(rules.dropped_by("keep.txt", Kind::File).is_some());
        let dropped = rules.dropped_by("Chart.yaml", Kind::File);
        assert_eq!(dropped, Some(Dropped { line: 2, by_negation: true }));
        assert!(Rules::parse("!*").0.dropped_by("a", Kind::File).is_none());
    }

    #[test]
    fn what_helm_refuses() {
        for (text, line) in
            [("a\ndocs/**", 2), ("a[", 1), ("[]", 1), ("[a-]", 1), ("a\\", 1), ("!b[", 1), ("//a", 1)]
        {
            let bad = Rules::parse(text).1;
            assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [line], "{text}");
        }
        assert_eq!(Rules::parse(&format!("#{}", "x".repeat(LONGEST_LINE))).1.len(), 1);
    }
}
