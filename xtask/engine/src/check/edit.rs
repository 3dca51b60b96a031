//! What was found, with the edit that mends it where nobody has to choose.

use serde::Serialize;

use crate::base::problem::{Problem, Severity};
use crate::chart::{NO_QUOTES, QUOTE_IT};

/// A change of whole lines in a text file, which mends a problem without a thought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// Path from the root of the repository. A file that is not there is made.
    pub file: String,
    /// The line that the change begins at, from 1.
    pub line: usize,
    /// The lines that go, without their ends; they stand there if the file is still as it was when it was read.
    pub remove: Vec<String>,
    /// The lines that come, without their ends.
    pub insert: Vec<String>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, or could be better.
    pub problem: Problem,
    pub edit: Option<Edit>,
}

impl Finding {
    /// A problem with what mends it, where there is such an edit.
    pub fn new(problem: Problem, edit: impl Into<Option<Edit>>) -> Self {
        Self { problem, edit: edit.into() }
    }

    /// Whether it is mended by an edit. What could be better is left to its author.
    pub fn mends(&self) -> bool {
        self.problem.severity < Severity::Note && self.edit.is_some()
    }
}

impl From<Problem> for Finding {
    fn from(problem: Problem) -> Self {
        Self { problem, edit: None }
    }
}

impl Edit {
    /// Adds lines to the end of a file that has so many; one that is not there is made.
    pub fn append(file: &str, lines: usize, insert: Vec<String>) -> Self {
        Self { file: file.to_owned(), line: lines + 1, remove: Vec::new(), insert }
    }

    /// Replaces `from` by `to` in one line of a file; `None` unless it stands there exactly once, so that nothing else
    /// can be meant.
    pub fn within(file: &str, text: &str, line: usize, from: &str, to: &str) -> Option<Self> {
        // A tag of YAML's says how the rest is to be read.
        let old = text.lines().nth(line.checked_sub(1)?).filter(|old| !old.contains(": !"))?;
        let (before, after) = old.split_once(from).filter(|(_, after)| !after.contains(from))?;
        let (remove, insert) = (vec![old.to_owned()], vec![format!("{before}{to}{after}")]);
        Some(Self { file: file.to_owned(), line, remove, insert })
    }

    /// The edit that the hint of a problem in a chart spells out: those who read, package and release charts edit nothing.
    /// `text` is that of the file, and `version` the one in Chart.yaml.
    pub fn of_hint(problem: &Problem, text: &str, version: &str) -> Option<Self> {
        let (place, hint) = (problem.place.as_ref()?, problem.hint.as_deref()?);
        let replace = |from: &str, to: &str| Self::within(&place.file, text, place.line?, from, to);
        if hint == NO_QUOTES {
            let quoted = ["\"true\"", "'true'", "\"false\"", "'false'"];
            return quoted.into_iter().find_map(|word| replace(word, word.trim_matches(['"', '\''])));
        }
        if let Some(quoted) = hint.strip_prefix(QUOTE_IT) {
            return replace(quoted.strip_prefix('"')?.strip_suffix('"')?, quoted);
        }
        replace(version, hint.strip_prefix("write `version: ")?.strip_suffix('`')?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_changes_what_it_means_or_nothing() {
        let text = "a: 1\r\nversion: 1.2 # x\nb: 1.2 1.2\n";
        let edited = |line, from| Edit::within("f", text, line, from, "y").map(|edit| edit.insert.concat());
        assert_eq!(edited(2, "1.2").as_deref(), Some("version: y # x"));
        assert_eq!(edited(1, "1").as_deref(), Some("a: y"));
        for (line, from) in [(3, "1.2"), (2, "1.3"), (0, "a"), (4, "a")] {
            assert_eq!(edited(line, from), None, "{line}");
        }
    }

    #[test]
    fn a_hint_may_be_an_edit() {
        for (line, hint, expected) in [
            ("appVersion: 1.10 # x", "quote it: \"1.10\"", Some("appVersion: \"1.10\" # x")),
            ("deprecated: 'true'", NO_QUOTES, Some("deprecated: true")),
            ("version: \"1.0\"", "write `version: 1.0.1`", Some("version: \"1.0.1\"")),
            ("version: 1.0", "write `version: 1.0.1`, unless it is for those who stay on the old one", None),
            ("version: 1.0", "quote it", None),
        ] {
            let problem = Problem::error("x").at("c/Chart.yaml", Some(1)).hint(hint);
            let edit = Edit::of_hint(&problem, line, "1.0").map(|edit| edit.insert.concat());
            assert_eq!(edit.as_deref(), expected, "{hint}");
        }
    }
}
