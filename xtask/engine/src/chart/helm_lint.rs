//! What helm says of a chart, read from its words.

use std::collections::BTreeSet;

use super::helm_words::{of_sub_chart, parts, place, settled};
use crate::base::path;
use crate::base::problem::{Place, Problem, Severity};
use crate::base::text::name;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// Its severity; INFO is a note.
    pub severity: Severity,
    /// What it is about, as helm names it: `Chart.yaml`, `templates/`, `templates/web.yaml`, a directory, or nothing.
    pub place: String,
    pub text: String,
    /// What is typed to see it.
    pub command: String,
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
            last.text.extend(["\n", line.trim_end()]);
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
    let text = text.trim_start().to_owned();
    Some(Said { severity, place: place.to_owned(), text, command: String::new() })
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

/// A message in words that are the same in each run.
struct Message<'a> {
    said: &'a Said,
    values: Option<&'a str>,
    text: String,
    sub_chart: Option<String>,
}

impl Heard<'_> {
    /// Each mistake once. Helm judges values once by themselves and once more with the templates.
    pub fn problems(&self) -> Vec<Problem> {
        let messages: Vec<Message<'_>> =
            self.said.iter().flat_map(|(said, values)| self.read(said, values.as_deref())).collect();
        let mut told: Vec<BTreeSet<&str>> = Vec::new();
        let mut problems = Vec::new();
        for message in &messages {
            let words = words(&message.text);
            if !told.iter().any(|known| known.is_subset(&words)) {
                problems.push(self.problem(message, &messages, &words));
                told.push(words);
            }
        }
        problems
    }

    fn read<'s>(&self, said: &'s Said, values: Option<&'s str>) -> Vec<Message<'s>> {
        let message = |text: &String| Message {
            said,
            values,
            text: settled(self.chart, text),
            sub_chart: of_sub_chart(self.chart, text).map(str::to_owned),
        };
        parts(&said.text).iter().map(message).collect()
    }

    fn problem(&self, message: &Message<'_>, all: &[Message<'_>], said: &BTreeSet<&str>) -> Problem {
        let repeats = all.iter().filter(|other| said.is_subset(&words(&other.text)));
        let others = repeats.map(|other| other.values).collect::<BTreeSet<_>>().len().saturating_sub(1);
        let Message { values, text, .. } = message;
        let with = values.map_or_else(String::new, |values| format!(" with {}", name(values)));
        let more = match others {
            0 => String::new(),
            1 => " (and with 1 more file of values)".to_owned(),
            _ => format!(" (and with {others} more files of values)"),
        };
        let problem = Problem::error(format!("helm {} says{with}: {text}{more}", self.helm));
        let (mut file, line) = self.place(message);
        // A value that only these bring along.
        if let Some(values) =
            values.filter(|_| file == path::below(self.path, "values.yaml") && others + 1 < self.asked)
        {
            file = path::below(self.path, values);
        }
        let hint = format!("mend it there, and look again: {}", message.said.command);
        Problem { severity: message.said.severity, ..problem }.at(file, line).hint(hint)
    }

    /// The file that a message is about, and its line where helm names one that counts in the file.
    fn place(&self, Message { said, text, sub_chart, .. }: &Message<'_>) -> (String, Option<usize>) {
        let (is_file, below) =
            (said.place.contains('.') && !said.place.starts_with('/'), |file| path::below(self.path, file));
        if sub_chart.is_some() {
            return (below("values.yaml"), None);
        }
        // The schema itself is broken, or has no place for what helm adds, such as the values of a sub-chart.
        let is_of_schema =
            ["is not valid against metaschema", "type that is NOT VALID", "values don't meet the spec"];
        if is_of_schema.iter().any(|words| text.contains(words)) {
            return (below("values.schema.json"), None);
        }
        let whole = || if is_file { below(&said.place) } else { self.path.to_owned() };
        place(self.path, self.chart, text).unwrap_or_else(|| (whole(), None))
    }
}

/// Whether a problem of one chart has the words of another that helm has told by another command.
pub fn says_the_same(told: &Problem, problem: &Problem) -> bool {
    let is_below =
        |inner: &Place, outer: &Place| path::strip(&outer.file, &inner.file).is_some() || inner == outer;
    let is_there =
        told.place.as_ref().zip(problem.place.as_ref()).is_some_and(|(told, at)| is_below(told, at));
    let said = |problem: &Problem| problem.message.split_once(": ").map(|(_, said)| said.to_owned());
    let (known, new) = (said(told).unwrap_or_default(), said(problem).unwrap_or_default());
    let (known, new) = (words(&known), words(&new));
    is_there && told.is_error() && !known.is_empty() && (known.is_subset(&new) || new.is_subset(&known))
}

/// Helm's words, of which a list may have others in between.
fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().map(|word| word.trim_end_matches(',')).collect()
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
            let (place, text) = (place.to_owned(), text.to_owned());
            let said = Said { severity: Severity::Error, place, text, command: "helm lint c".to_owned() };
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
                    error("values.yaml", "- at '/a'\n- at '': additional 'x', 'y' no", "one"),
                    error("values.yaml", "- at '': additional 'y', 'x' no\n- at '/a'", "two"),
                    error(
                        "templates/",
                        "don't meet chart(s):\nc:\n- at '/a'\n- at '': additional 'y', 'x' no",
                        "two",
                    ),
                ],
                "c/values.yaml",
            ),
            (
                vec![
                    error("templates/", "values don't meet the chart(s):\nd:\n- at '/a'", "one"),
                    error("templates/", "values don't meet the chart(s):\nd:\n- at '/a'", "two"),
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
