//! What helm says of a chart, read from its words.

use std::collections::BTreeSet;

use crate::base::path;
use crate::base::problem::{Problem, Severity};
use crate::base::text::name;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// Its severity; INFO is a note.
    pub severity: Severity,
    /// What it is about, as helm names it: `Chart.yaml`, `templates/`, `templates/web.yaml`, a directory, or nothing.
    pub place: String,
    pub text: String,
}

/// The messages of `helm lint`, from its standard output: a line `[SEVERITY] PLACE: TEXT` begins each, and those that
/// begin otherwise go on with it.
pub fn messages(printed: &str) -> Vec<Said> {
    let mut all: Vec<Said> = Vec::new();
    let mut is_inside = false;
    for line in printed.lines() {
        if let Some(said) = begun(line) {
            all.push(said);
            is_inside = true;
        } else if line.trim().is_empty() || line.starts_with("==> ") {
            is_inside = false;
        } else if let Some(last) = all.last_mut().filter(|_| is_inside) {
            last.text = format!("{} {}", last.text, line.trim());
        }
    }
    all
}

fn begun(line: &str) -> Option<Said> {
    let (severity, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let severity = match severity {
        "ERROR" => Severity::Error,
        "WARNING" => Severity::Warning,
        "INFO" => Severity::Note,
        _ => return None,
    };
    let (place, text) = rest.split_once(": ").unwrap_or(("", rest));
    Some(Said { severity, place: place.to_owned(), text: text.trim_start().to_owned() })
}

/// What helm said of one chart.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    pub path: &'a str,
    pub chart: &'a str,
    pub helm: &'a str,
    /// How many files of values it was asked with.
    pub asked: usize,
    /// The messages, each with the values that it came with, `None` for the chart's own.
    pub said: &'a [(Said, Option<String>)],
}

impl Heard<'_> {
    /// Each message once. Helm judges values once by themselves and once more with the templates, and names what is wrong
    /// with them in random order.
    pub fn problems(&self) -> Vec<Problem> {
        let mut told: Vec<BTreeSet<&str>> = Vec::new();
        let mut problems = Vec::new();
        for (message, values) in self.said {
            let words = words(&message.text);
            if !told.iter().any(|known| known.is_subset(&words)) {
                problems.push(self.problem(message, values.as_deref(), &words));
                told.push(words);
            }
        }
        problems
    }

    fn problem(&self, message: &Said, values: Option<&str>, said: &BTreeSet<&str>) -> Problem {
        let repeats = self.said.iter().filter(|(other, _)| said.is_subset(&words(&other.text)));
        let others = repeats.map(|(_, values)| values).collect::<BTreeSet<_>>().len().saturating_sub(1);
        let with = values.map_or_else(String::new, |values| format!(" with {}", name(values)));
        let more = match others {
            0 => String::new(),
            1 => " (and with 1 more file of values)".to_owned(),
            _ => format!(" (and with {others} more files of values)"),
        };
        let helm = self.helm;
        let text = one_line(&message.text);
        let problem = Problem::error(format!("helm {helm} says{with}: {text}{more}"));
        let (mut file, line) = place(self.path, self.chart, message);
        // A value that only these bring along.
        if let Some(values) = values.filter(|_| message.place == "values.yaml" && others + 1 < self.asked) {
            file = file.replace("values.yaml", values);
        }
        let values =
            values.map_or_else(String::new, |values| format!(" --values {}", path::below(self.path, values)));
        let hint = format!("mend it there, and look again: helm lint --strict {}{values}", self.path);
        Problem { severity: message.severity, ..problem }.at(file, line).hint(hint)
    }
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The file that a message is about, and its line where helm names one that counts in the file: `CHART/FILE:LINE`.
fn place(path: &str, chart: &str, said: &Said) -> (String, Option<usize>) {
    let begin = format!("{chart}/");
    let named = said.text.match_indices(&begin).find_map(|(at, _)| {
        let is_start =
            said.text.get(..at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '(', '"']));
        let rest = said.text.get(at + begin.len()..).filter(|_| is_start)?;
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, ':' | '"' | ')')).unwrap_or(rest.len());
        let file = rest.get(..end).filter(|file| file.contains('.'))?;
        let after = rest.get(end..)?.strip_prefix(':').unwrap_or_default();
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        Some((path::below(path, file), after.get(..digits).and_then(|line| line.parse().ok())))
    });
    let is_file = said.place.contains('.') && !said.place.starts_with('/');
    let whole = || if is_file { path::below(path, &said.place) } else { path.to_owned() };
    // The schema itself is broken, or has no place for what helm adds, such as the values of a sub-chart.
    let is_of_schema =
        ["is not valid against metaschema", "type that is NOT VALID", "values don't meet the spec"];
    if is_of_schema.iter().any(|words| said.text.contains(words)) {
        return (path::below(path, "values.schema.json"), None);
    }
    named.unwrap_or_else(|| (whole(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "==> Linting web\n[INFO] Chart.yaml: icon is recommended\n[WARNING] templates/a.yaml: object name does not conform: \"X\": y\n[ERROR] templates/: web/templates/bad.yaml:7:10\n  executing \"web/templates/bad.yaml\" at <.Values.a.b.c>:\n    nil pointer\n\n[ERROR] : unable to load chart\n\tcannot\n\nError: 1 chart(s) linted, 1 chart(s) failed\n";

    #[test]
    fn helms_words() {
        let said: Vec<(Said, Option<String>)> = messages(PRINTED)
            .into_iter()
            .flat_map(|said| [(said.clone(), None), (said, Some("ci/a-values.yaml".to_owned()))])
            .collect();
        let heard = Heard { path: "charts/web", chart: "web", helm: "v4.1.4", asked: 2, said: &said };
        let told = heard.problems();
        let told: Vec<String> = told.iter().map(|one| format!("{:?} {one}", one.severity)).collect();
        let expected = [
            "Note charts/web/Chart.yaml: helm v4.1.4 says: icon is recommended (and with 1 more file of values)",
            "Warning charts/web/templates/a.yaml: helm v4.1.4 says: object name does not conform: \"X\": y (and with 1 more file of values)",
            "Error charts/web/templates/bad.yaml:7: helm v4.1.4 says: web/templates/bad.yaml:7:10 executing \"web/templates/bad.yaml\" at <.Values.a.b.c>: nil pointer (and with 1 more file of values)",
            "Error charts/web: helm v4.1.4 says: unable to load chart cannot (and with 1 more file of values)",
        ];
        assert_eq!(told, expected);
    }
    #[test]
    fn values_that_do_not_fit_are_told_once_and_where_they_stand() {
        let error = |place: &str, text: &str, values: &str| {
            let said = Said { severity: Severity::Error, place: place.to_owned(), text: text.to_owned() };
            (said, Some(format!("ci/{values}-values.yaml")))
        };
        let broken = "\"file:///values.schema.json#\" is not valid against metaschema: at '/type'";
        for (all, expected) in [
            (
                vec![
                    error("values.yaml", "- at '/a': got number", "one"),
                    error("templates/", "values don't meet the specifications: - at '/a': got number", "one"),
                ],
                "c/ci/one-values.yaml",
            ),
            (
                vec![
                    error("values.yaml", "at '/a' - at '/b'", "one"),
                    error("values.yaml", "at '/b' - at '/a'", "two"),
                ],
                "c/values.yaml",
            ),
            (
                vec![error("values.yaml", broken, "one"), error("templates/", broken, "two")],
                "c/values.schema.json",
            ),
        ] {
            let problems = Heard { path: "c", chart: "c", helm: "v4", asked: 2, said: &all }.problems();
            let files: Vec<&str> =
                problems.iter().filter_map(|one| Some(one.place.as_ref()?.file.as_str())).collect();
            assert_eq!(files, [expected]);
        }
    }
}
