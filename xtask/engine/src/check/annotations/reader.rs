//! What one annotation holds against what it should.

use super::{Annotation, Field, Form, Holds, KNOWN, Need, PREFIX};
use crate::base::problem::Problem;
use crate::base::text::{name, nearest};
use crate::base::yaml::{Error, Node, Pair, Scalar, Value};
use crate::check::image_reference;

const KINDS: [&str; 6] = ["added", "changed", "deprecated", "removed", "fixed", "security"];
/// Lists that Artifact Hub stores without a look at their items; in others an empty item makes its tracker fail.
const STORED: [&str; 2] = ["artifacthub.io/recommendations", "artifacthub.io/screenshots"];
const LINK: &[Field] = &[("name", Holds::Text, Need::Must), ("url", Holds::Text, Need::Must)];

/// Looks at one annotation.
pub(super) struct Reader<'a> {
    annotation: &'a Annotation<'a>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub fn new(annotation: &'a Annotation<'a>, problems: &'a mut Vec<Problem>) -> Self {
        Self { annotation, problems }
    }

    fn refused(&mut self, line: usize, what: &str, hint: impl Into<String>) {
        let key = name(self.annotation.key);
        let message = format!("{key} {what}: Artifact Hub does not list this version of the chart");
        self.problems.push(self.annotation.at(Problem::error(message), Some(line)).hint(hint));
    }

    fn passed_over(&mut self, line: Option<usize>, what: &str, hint: impl Into<String>) {
        let message = format!("{} {what}", name(self.annotation.key));
        self.problems.push(self.annotation.at(Problem::warning(message), line).hint(hint));
    }

    /// An annotation that is not documented.
    pub fn unknown(&mut self, key: &str) {
        let near = nearest(key, KNOWN.iter().map(|(known, _)| *known));
        let hint = near.map_or("delete it".to_owned(), |near| format!("write `{PREFIX}{near}`"));
        self.passed_over(None, "is no annotation that Artifact Hub knows", hint);
    }

    /// One of a form; `chart` is the name of the chart.
    pub fn value(&mut self, form: &Form, chart: &str) {
        let text = self.annotation.text;
        match form {
            Form::Text => {}
            Form::AlternativeName => {
                if !chart.contains(text) && !text.contains(chart) {
                    let what = format!("is neither part of the name {} nor holds it", name(chart));
                    self.refused(1, &what, "write such a name, or delete it");
                }
            }
            Form::Word(words, in_any_case) => {
                let text = if *in_any_case { text.to_lowercase() } else { text.to_owned() };
                if !words.contains(&text.as_str()) {
                    self.no_word(&text, words);
                }
            }
            _ => self.yaml(form),
        }
    }

    fn no_word(&mut self, text: &str, words: &[&str]) {
        let hint = match nearest(text, words.iter().copied()) {
            Some(near) => format!("write `{near}`"),
            None if words.contains(&"true") => "write `\"true\"` or `\"false\"`".to_owned(),
            None => format!("write one of `{}`", words.join("`, `")),
        };
        self.refused(1, &format!("cannot be {}", name(text)), hint);
    }

    fn yaml(&mut self, form: &Form) {
        let document = match self.annotation.yaml() {
            Ok(document) => document,
            Err(error) => return self.no_yaml(&error),
        };
        let root = &document.root;
        // Artifact Hub reads changes with a parser that takes the last of two.
        for (key, line) in document.repeated.iter().filter(|_| !matches!(form, Form::Changes(_))) {
            self.refused(*line, &format!("has the key {} twice", name(key)), "delete one of them");
        }
        match form {
            Form::Mapping(fields) => self.mapping(root, fields, "it"),
            _ if root.is_null() => {}
            Form::Changes(fields) => self.changes(root, fields),
            Form::Mappings(fields) => {
                self.items(root, "it").iter().for_each(|item| self.mapping(item, fields, "an item"));
            }
            _ => drop(self.items(root, "it")),
        }
    }

    /// What Helm's parser refuses is not always refused by that of Artifact Hub; a template is.
    fn no_yaml(&mut self, error: &Error) {
        let text = self.annotation.text;
        let (line, what) = (error.line.unwrap_or(1), format!("is not YAML ({})", error.message));
        if text.contains("{{") {
            self.refused(line, &what, "Chart.yaml is not a template: write what `{{ … }}` stands for");
        } else if serde_yaml::from_str::<serde_yaml::Value>(text).is_err() {
            self.refused(line, &what, "quote the text");
        } else {
            self.passed_over(Some(line), &format!("{what} to every parser"), "quote the text");
        }
    }

    fn items<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::Sequence(items) => items,
            _ if node.is_null() => &[],
            _ => {
                let what = format!("is wrong: {what} is a {}, not a list", node.kind());
                self.refused(node.line, &what, "write each item on a line of its own, after `- `");
                &[]
            }
        }
    }

    /// Texts, or mappings. A text with a colon in it looks like a mapping.
    fn changes(&mut self, root: &Node, fields: &[Field]) {
        let items = self.items(root, "it");
        let is_change = |item: &Node| fields.iter().any(|(field, ..)| item.get(field).is_some());
        let has_changes = items.iter().any(is_change);
        for item in items {
            match item.pairs() {
                [Pair { key, .. }] if !is_change(item) => {
                    let what = format!("has a text with a colon after {}", name(&key.written));
                    self.refused(item.line, &what, "put the whole text into quotes");
                }
                [] if !has_changes && item.text().is_some_and(|text| !text.is_empty()) => {}
                _ => self.mapping(item, fields, "an item"),
            }
        }
    }

    fn mapping(&mut self, node: &Node, fields: &[Field], what: &str) {
        let Value::Mapping(pairs) = &node.value else {
            let hint = "write `key: value` lines";
            if node.is_null() && STORED.contains(&self.annotation.key) {
                return self.passed_over(Some(node.line), &format!("is wrong: {what} is empty"), hint);
            }
            let kind = if node.is_null() { "empty" } else { node.kind() };
            let what = format!("is wrong: {what} is {}, not a mapping", article(kind));
            return self.refused(node.line, &what, hint);
        };
        for Pair { key, line, .. } in pairs {
            if !fields.iter().any(|(field, ..)| *field == key.written) {
                let near = nearest(&key.written, fields.iter().map(|(field, ..)| *field));
                let hint = near.map_or("delete it".to_owned(), |near| format!("write `{near}`"));
                let what = format!("has a field {}, which Artifact Hub does not know", name(&key.written));
                self.passed_over(Some(*line), &what, hint);
            }
        }
        for (field, holds, need) in fields {
            let pair = node.get(field).filter(|pair| !pair.value.is_null());
            if let Some(pair) = pair {
                self.field(field, *holds, pair);
            }
            let is_there = pair.is_some_and(|pair| pair.value.text() != Some(""));
            let (what, hint) = (format!("has an entry without `{field}`"), format!("write `{field}: …`"));
            match need {
                Need::Must if !is_there => self.refused(node.line, &what, hint),
                Need::Should if !is_there => self.passed_over(Some(node.line), &what, hint),
                _ => {}
            }
        }
    }

    fn field(&mut self, field: &str, holds: Holds, Pair { value, line, .. }: &Pair) {
        match (holds, &value.value) {
            (Holds::Texts, _) => {
                for item in self.items(value, &name(field)) {
                    if !matches!(item.value, Value::Scalar(_)) {
                        self.refused(
                            item.line,
                            &format!("has a {} in `{field}`, not text", item.kind()),
                            "write text",
                        );
                    }
                }
            }
            (Holds::Links, _) => {
                self.items(value, &name(field)).iter().for_each(|item| self.mapping(item, LINK, "a link"));
            }
            (_, Value::Scalar(scalar)) => self.scalar(field, holds, scalar, *line),
            _ => {
                let what = format!("is wrong: `{field}` is a {}, not text", value.kind());
                self.refused(*line, &what, "write text, in quotes where it has `: ` or ` #` in it");
            }
        }
    }

    fn scalar(&mut self, field: &str, holds: Holds, scalar: &Scalar, line: usize) {
        let text = &scalar.written;
        match holds {
            Holds::Kind if !text.is_empty() && !KINDS.contains(&text.to_lowercase().as_str()) => {
                let near = nearest(text, KINDS.into_iter());
                let hint = near.map_or_else(
                    || format!("write one of `{}`", KINDS.join("`, `")),
                    |near| format!("write `kind: {near}`"),
                );
                self.refused(line, &format!("has no kind of change called {}", name(text)), hint);
            }
            Holds::Image => {
                if let Some(fault) = image_reference::fault(text) {
                    let what = format!("has an image {} that cannot be: {fault}", name(text));
                    self.refused(line, &what, "write it as for `docker pull`");
                }
            }
            // The parser takes the words of YAML 1.1, in quotes too.
            Holds::Flag if scalar.boolean().is_none() && !is_yes_or_no(text) => {
                let what = format!("has a field `{field}` that is neither `true` nor `false`");
                self.refused(line, &what, format!("write `{field}: true`"));
            }
            _ => {}
        }
    }
}

fn is_yes_or_no(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "y" | "yes" | "on" | "n" | "no" | "off")
}

fn article(kind: &str) -> String {
    if kind == "empty" { kind.to_owned() } else { format!("a {kind}") }
}
