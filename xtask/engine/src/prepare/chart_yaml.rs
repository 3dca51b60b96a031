//! Edits of Chart.yaml. Comments, order and layout stay: only the lines change that say what is new.

use super::changes::{Change, annotation};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::yaml::{self, Node, Pair};
use crate::check::edit::Edit;
use crate::check::fix::make_edits;

const CHANGES: &str = "artifacthub.io/changes";

/// A Chart.yaml as it is.
#[derive(Debug)]
pub struct ChartYaml<'a> {
    pub file: &'a str,
    pub text: &'a str,
    root: Node,
}

impl<'a> ChartYaml<'a> {
    /// Reads one; the error is that of YAML.
    pub fn read(file: &'a str, text: &'a str) -> Result<Self, Problem> {
        let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document = yaml::read(plain.as_bytes());
        let root = document.map_err(|error| Problem::error(error.message).at(file, error.line))?.root;
        Ok(Self { file, text, root })
    }

    /// Another version in place of the one that is there.
    pub fn version(&self, new: &str) -> Result<Edit, Problem> {
        let edit = self.root.get("version").and_then(|pair| self.replace(pair, "version", new));
        let is_right = |edit: &Edit| {
            let text = make_edits(self.text, &[edit]).text;
            ChartYaml::read(self.file, &text).is_ok_and(|it| it.says("version").as_deref() == Some(new))
        };
        edit.filter(is_right).ok_or_else(|| {
            let line = self.root.get("version").map(|pair| pair.line);
            Problem::error("the version cannot be replaced there")
                .at(self.file, line)
                .hint(format!("write `version: {new}`"))
        })
    }

    /// `deprecated: true`; `None` where it says so already.
    pub fn deprecated(&self) -> Option<Edit> {
        match self.root.get("deprecated") {
            Some(_) if self.says("deprecated").as_deref() == Some("true") => None,
            Some(pair) => self.replace(pair, "deprecated", "true"),
            None => {
                let line = self.root.get("version")?.value.line + 1;
                Some(self.edit(line, 0, vec!["deprecated: true".to_owned()]))
            }
        }
    }

    /// What Artifact Hub shows of the changes, in the form that the chart has; `None` for a chart without that annotation, and
    /// where it says the same already.
    pub fn changes(&self, changes: &[Change]) -> Result<Option<Edit>, Problem> {
        let Some(pair) = self.root.get("annotations").and_then(|all| all.value.get(CHANGES)) else {
            return Ok(None);
        };
        let cannot = |why: &str| {
            let message = format!("{} cannot be written: {why}", name(CHANGES));
            Err(Problem::error(message)
                .at(self.file, Some(pair.line))
                .hint("write it as `artifacthub.io/changes: |`, with a list below"))
        };
        let header = self.line(pair.line);
        let Some((key, value)) = header.split_once(CHANGES).and_then(|(before, after)| {
            let at = header.len() - after.len() + after.find(':')? + 1;
            (before.trim().trim_matches(['"', '\'']).is_empty()).then(|| header.split_at_checked(at))?
        }) else {
            return cannot("it does not stand in a line of its own");
        };
        let lines: Vec<&str> = self.text.lines().skip(pair.line).collect();
        let is_below = |line: &&&str| line.trim().is_empty() || indent(line) > indent(header);
        let mut count = lines.iter().take_while(is_below).count();
        while count > 0 && lines.get(count - 1).is_some_and(|line| line.trim().is_empty()) {
            count -= 1;
        }
        let old = yaml::read(pair.value.text().unwrap_or_default().as_bytes());
        let has_texts = old.is_ok_and(|old| old.root.items().iter().any(|item| item.pairs().is_empty()));
        let own = lines.iter().take(count).find(|line| !line.trim().is_empty()).map(|line| indent(line));
        let space = " ".repeat(own.unwrap_or_else(|| indent(header) + 2));
        let header = if value.trim_start().starts_with('|') { header.to_owned() } else { format!("{key} |") };
        let written = annotation(changes, !has_texts).into_iter().map(|line| format!("{space}{line}"));
        let edit = self.edit(pair.line, count + 1, std::iter::once(header).chain(written).collect());
        Ok(Some(edit).filter(|edit| edit.remove != edit.insert))
    }

    /// Another version in a dependency, which is declared from this line on.
    pub fn dependency(&self, line: usize, old: &str, new: &str) -> Option<Edit> {
        let lists = self.root.get("dependencies")?.value.items();
        let item = lists
            .iter()
            .find(|item| item.line == line || item.pairs().iter().any(|pair| pair.line == line))?;
        let pair = item.get("version").filter(|pair| pair.value.text() == Some(old))?;
        self.replace(pair, "version", new)
    }

    fn says(&self, key: &str) -> Option<String> {
        self.root.get(key)?.value.text().map(str::to_owned)
    }

    /// Another value in the line of a scalar. A tag or an anchor before it stays.
    fn replace(&self, pair: &Pair, key: &str, new: &str) -> Option<Edit> {
        // An alias has the value elsewhere.
        let (line, old) =
            (self.line(pair.value.line), pair.value.text().filter(|_| pair.value.line >= pair.line)?);
        let from = line.find(key).map_or(0, |at| at + key.len());
        let at = from + line.get(from..)?.find(old)?;
        let edited = format!("{}{new}{}", line.get(..at)?, line.get(at + old.len()..)?);
        Some(self.edit(pair.value.line, 1, vec![edited]))
    }

    fn edit(&self, line: usize, count: usize, insert: Vec<String>) -> Edit {
        let removed = self.text.lines().skip(line.saturating_sub(1)).take(count);
        Edit { file: self.file.to_owned(), line, remove: removed.map(str::to_owned).collect(), insert }
    }

    fn line(&self, number: usize) -> &'a str {
        self.text.lines().nth(number.saturating_sub(1)).unwrap_or_default()
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::changes::changes;

    fn edited(text: &str, edit: impl Fn(&ChartYaml<'_>) -> Option<Edit>) -> String {
        let chart = ChartYaml::read("Chart.yaml", text).expect("YAML");
        edit(&chart).map_or_else(|| "-".to_owned(), |edit| make_edits(text, &[&edit]).text)
    }

    #[test]
    fn versions() {
        for (text, expected) in [
            ("a: 1\nversion: 1.2.0 # not 1.2.0\n", "a: 1\nversion: 1.3.0 # not 1.2.0\n"),
            ("version:   '1.2.0'\r\nb: 1.2.0\r\n", "version:   '1.3.0'\r\nb: 1.2.0\r\n"),
            ("{name: 1.2.0, version: \"1.2.0\"}", "{name: 1.2.0, version: \"1.3.0\"}\n"),
            ("\u{feff}version: 1.2", "\u{feff}version: 1.3.0\n"),
            ("version:\n  1.2.0\n", "version:\n  1.3.0\n"),
            ("appVersion: 1.2.0\nversion: 1.2.0\n", "appVersion: 1.2.0\nversion: 1.3.0\n"),
            ("a: &v 1.2.0\nversion: *v\n", "-"),
            ("name: web\n", "-"),
        ] {
            assert_eq!(edited(text, |chart| chart.version("1.3.0").ok()), expected, "{text}");
        }
    }

    #[test]
    fn deprecation() {
        for (text, expected) in [
            ("version: 1.0.0\nname: a\n", "version: 1.0.0\ndeprecated: true\nname: a\n"),
            ("deprecated: false # no\nversion: 1.0.0\n", "deprecated: true # no\nversion: 1.0.0\n"),
            ("deprecated: true\nversion: 1.0.0\n", "-"),
        ] {
            assert_eq!(
                edited(text, |chart| chart.deprecated().filter(|edit| !edit.insert.is_empty())),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_artifact_hub_shows() {
        let new = changes("### Fixed\n- A \"b\"\n- c\n");
        let kinds = "    - kind: fixed\n      description: \"A \\\"b\\\"\"\n    - kind: fixed\n      description: \"c\"\n";
        let with = |middle: &str| format!("annotations:\n  # one\n{middle}  # two\n  other: x\n");
        let form = |header: &str, body: &str| with(&format!("  {header}\n{body}"));
        for (before, after) in [
            (
                form("artifacthub.io/changes: |", "    - kind: added\n      description: old\n"),
                form("artifacthub.io/changes: |", kinds),
            ),
            (
                form("\"artifacthub.io/changes\": |- # c", "      - kind: added\n        description: old\n"),
                form(
                    "\"artifacthub.io/changes\": |- # c",
                    &kinds.replace("    -", "      -").replace("      desc", "        desc"),
                ),
            ),
            (
                form("artifacthub.io/changes: >-", "    - old\n"),
                form("artifacthub.io/changes: |", "    - \"A \\\"b\\\"\"\n    - \"c\"\n"),
            ),
            (form("artifacthub.io/changes: \"\"", ""), form("artifacthub.io/changes: |", kinds)),
            (form("artifacthub.io/changes: |", kinds), "-".to_owned()),
            ("annotations: {}\n".to_owned(), "-".to_owned()),
        ] {
            assert_eq!(edited(&before, |chart| chart.changes(&new).expect("an edit")), after, "{before}");
        }
        let flow =
            ChartYaml::read("Chart.yaml", "annotations: {artifacthub.io/changes: \"\"}\n").expect("YAML");
        assert!(flow.changes(&new).is_err());
    }
}
