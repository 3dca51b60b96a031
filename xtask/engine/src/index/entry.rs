//! What an index says, from its nodes: every field by the type that Helm's `IndexFile` gives it.
//!
//! Helm's clients decode YAML strictly (sigs.k8s.io/yaml, `UnmarshalStrict`): an unknown field, or a plain number where
//! text is wanted, makes them refuse the whole index. Text outside of the chart's metadata (`digest`, `urls` and the
//! fields of old Helms) may be a number; JSON may have unknown fields, and no numbers for text at all.

use std::borrow::Cow;

use helm_xtask_formats::is_alias;

use super::{Version, refused};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::time;
use crate::base::yaml::{Node, Pair, Resolved, Scalar, Text, Value};

/// What a field holds.
#[derive(Clone, Copy, PartialEq)]
enum Type {
    Text,
    /// Text that may be written as a number.
    LooseText,
    Flag,
    Time,
    Texts,
    LooseTexts,
    TextMap,
    LooseTextMap,
    /// A list of mappings with these fields.
    Maps(&'static [(&'static str, Type)]),
    List,
    Map,
}

const INDEX: &[(&str, Type)] = &[
    ("serverInfo", Type::Map),
    ("apiVersion", Type::LooseText),
    ("generated", Type::Time),
    ("entries", Type::Map),
    ("publicKeys", Type::LooseTexts),
    ("annotations", Type::LooseTextMap),
];
const MAINTAINER: &[(&str, Type)] = &[("name", Type::Text), ("email", Type::Text), ("url", Type::Text)];
const DEPENDENCY: &[(&str, Type)] = &[
    ("name", Type::Text),
    ("version", Type::Text),
    ("repository", Type::Text),
    ("condition", Type::Text),
    ("tags", Type::Texts),
    ("enabled", Type::Flag),
    ("import-values", Type::List),
    ("alias", Type::Text),
];
const ENTRY: &[(&str, Type)] = &[
    ("name", Type::Text),
    ("home", Type::Text),
    ("sources", Type::Texts),
    ("version", Type::Text),
    ("description", Type::Text),
    ("keywords", Type::Texts),
    ("maintainers", Type::Maps(MAINTAINER)),
    ("icon", Type::Text),
    ("apiVersion", Type::Text),
    ("condition", Type::Text),
    ("tags", Type::Text),
    ("appVersion", Type::Text),
    ("deprecated", Type::Flag),
    ("annotations", Type::TextMap),
    ("kubeVersion", Type::Text),
    ("dependencies", Type::Maps(DEPENDENCY)),
    ("type", Type::Text),
    ("urls", Type::LooseTexts),
    ("created", Type::Time),
    ("removed", Type::Flag),
    ("digest", Type::LooseText),
    ("checksum", Type::LooseText),
    ("engine", Type::LooseText),
    ("tillerVersion", Type::LooseText),
    ("url", Type::LooseText),
];

/// A key of `entries`, its line, and its versions.
pub(super) type ChartNodes = (Text, usize, Vec<Version<'static>>);

/// Reads nodes, and collects what Helm's clients refuse.
pub(super) struct Reader<'a> {
    pub file: &'a str,
    /// Not for JSON, where Helm's clients pass unknown fields over and turn no number into text.
    pub strict: bool,
    /// Lines of the file before the text that the nodes are of.
    pub lines_before: usize,
    pub problems: Vec<Problem>,
}

impl Reader<'_> {
    fn refuse(&mut self, line: usize, what: &str, hint: &str) {
        let problem = refused(what).at(self.file, Some(line + self.lines_before));
        self.problems.push(problem.hint(hint));
    }

    pub fn index(&mut self, root: &Node) -> Vec<ChartNodes> {
        let Value::Mapping(pairs) = &root.value else {
            self.refuse(
                root.line,
                "it is empty, or not a mapping",
                "restore the file from the branch's history",
            );
            return Vec::new();
        };
        let fields = self.fields(pairs, INDEX, "");
        let version = fields.iter().find(|(field, _)| *field == "apiVersion");
        if version.is_none_or(|(_, node)| text(node).is_empty()) {
            self.refuse(root.line, "it has no `apiVersion`", "write `apiVersion: v1` into its first line");
        }
        let entries = fields.iter().find(|(field, _)| *field == "entries");
        let Some(Value::Mapping(charts)) = entries.map(|(_, node)| &node.value) else {
            return Vec::new();
        };
        charts.iter().map(|pair| self.chart(pair)).collect()
    }

    fn chart(&mut self, pair: &Pair) -> ChartNodes {
        let versions = match &pair.value.value {
            Value::Sequence(items) => items.iter().map(|item| self.version(item)).collect(),
            _ if pair.value.is_null() => Vec::new(),
            _ => {
                let message = format!(
                    "the versions of {} are a {}, not a list",
                    name(&pair.key.helm),
                    pair.value.kind()
                );
                self.refuse(pair.value.line, &message, "write each version after `- `");
                Vec::new()
            }
        };
        (pair.key.clone(), pair.line, versions)
    }

    /// One version. Its range is not known yet.
    pub fn version(&mut self, node: &Node) -> Version<'static> {
        let mut version = Version { line: node.line + self.lines_before, ..Version::default() };
        let Value::Mapping(pairs) = &node.value else {
            let what = if node.is_null() { "nothing" } else { node.kind() };
            self.refuse(node.line, &format!("a version is {what}, not a mapping"), "delete the item");
            return version;
        };
        for (field, node) in self.fields(pairs, ENTRY, " of a version") {
            let to = match field {
                "name" => &mut version.name,
                "version" => &mut version.version,
                "digest" => &mut version.digest,
                "created" => &mut version.created,
                "appVersion" => &mut version.app_version,
                "description" => &mut version.description,
                "type" => &mut version.kind,
                "maintainers" if node.items().iter().any(Node::is_null) => {
                    version.flaw = "a maintainer is empty";
                    continue;
                }
                "dependencies" => {
                    version.flaw = flaw(node.items()).unwrap_or(version.flaw);
                    continue;
                }
                "deprecated" => {
                    version.deprecated = flag(node);
                    continue;
                }
                "urls" => {
                    let Value::Sequence(items) = &node.value else { continue };
                    version.urls = items.iter().map(|item| Cow::Owned(text(item))).collect();
                    continue;
                }
                _ => continue,
            };
            *to = Cow::Owned(text(node));
        }
        version
    }

    /// The known fields of a mapping, each checked by its type. Names match in any case.
    fn fields<'n>(
        &mut self,
        pairs: &'n [Pair],
        known: &'static [(&'static str, Type)],
        of: &str,
    ) -> Vec<(&'static str, &'n Node)> {
        let mut fields = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let key = &pair.key.helm;
            let exact = known.iter().find(|(field, _)| field == key);
            match exact.or_else(|| known.iter().find(|(field, _)| field.eq_ignore_ascii_case(key))) {
                Some((field, kind)) => {
                    self.check_type(field, *kind, &pair.value);
                    fields.push((*field, &pair.value));
                }
                None if self.strict => {
                    let message = format!("they do not know the field {}{of}", name(key));
                    self.refuse(pair.line, &message, "delete it, or move it to `annotations`");
                }
                None => {}
            }
        }
        fields
    }

    fn check_type(&mut self, field: &str, kind: Type, node: &Node) {
        let wrong = match (&node.value, kind) {
            _ if node.is_null() => None,
            (Value::Scalar(scalar), Type::Text | Type::LooseText) => {
                return self.check_text(field, kind, node, scalar);
            }
            (Value::Scalar(scalar), Type::Time) => {
                (!is_time(scalar)).then_some("not a time, as in `2024-01-02T03:04:05Z`")
            }
            (Value::Scalar(scalar), Type::Flag) => {
                scalar.boolean().is_none().then_some("neither `true` nor `false`")
            }
            (Value::Sequence(items), Type::Texts | Type::LooseTexts) => {
                let inner = if kind == Type::Texts { Type::Text } else { Type::LooseText };
                return items.iter().for_each(|item| self.check_type(field, inner, item));
            }
            (Value::Sequence(items), Type::Maps(known)) => {
                return items.iter().for_each(|item| self.check_map(field, known, item));
            }
            (Value::Mapping(pairs), Type::TextMap | Type::LooseTextMap) => {
                let inner = if kind == Type::TextMap { Type::Text } else { Type::LooseText };
                return pairs.iter().for_each(|pair| self.check_type(field, inner, &pair.value));
            }
            (Value::Sequence(_), Type::List) | (Value::Mapping(_), Type::Map) => None,
            (_, Type::Text | Type::LooseText | Type::Time) => Some("not text"),
            (_, Type::Flag) => Some("neither `true` nor `false`"),
            (_, Type::TextMap | Type::LooseTextMap | Type::Map) => Some("not a mapping"),
            _ => Some("not a list"),
        };
        if let Some(wrong) = wrong {
            self.refuse(node.line, &format!("{} is {wrong}", name(field)), "write it as Helm does");
        }
    }

    fn check_map(&mut self, field: &str, known: &'static [(&'static str, Type)], item: &Node) {
        match &item.value {
            Value::Mapping(pairs) => drop(self.fields(pairs, known, &format!(" of {}", name(field)))),
            _ if item.is_null() => {}
            _ => self.refuse(
                item.line,
                &format!("an item of {} is not a mapping", name(field)),
                "write `name: NAME`",
            ),
        }
    }

    fn check_text(&mut self, field: &str, kind: Type, node: &Node, scalar: &Scalar) {
        let is_text = matches!(scalar.resolved, Resolved::Text(_));
        if !is_text && (kind == Type::Text || !self.strict) {
            let message = format!("{} {} is not text", name(field), name(&scalar.written));
            self.refuse(node.line, &message, &format!("quote it: \"{}\"", scalar.written));
        }
    }
}

fn is_time(scalar: &Scalar) -> bool {
    let Resolved::Text(text) = &scalar.resolved else { return false };
    // Go also reads hours of one digit and fractions after a comma.
    let padded = match text.split_once('T') {
        Some((date, clock)) if clock.as_bytes().get(1) == Some(&b':') => format!("{date}T0{clock}"),
        _ => text.clone(),
    };
    time::normal(&padded.replacen(',', ".", 1)).is_some()
}

/// The text of a scalar as Helm gets it; empty for all else.
fn text(node: &Node) -> String {
    let Value::Scalar(scalar) = &node.value else { return String::new() };
    scalar.text().ok().flatten().map(|text| text.helm).unwrap_or_default()
}

/// Why Helm's clients skip a version with these dependencies.
fn flaw(dependencies: &[Node]) -> Option<&'static str> {
    let of = |node: &Node| {
        let alias = node.pairs().iter().find(|pair| pair.key.helm.eq_ignore_ascii_case("alias"));
        let is_bad = alias.is_some_and(|pair| !is_alias(&text(&pair.value)));
        is_bad.then_some("the alias of a dependency has other characters than letters, digits, `-` and `_`")
    };
    let is_empty = dependencies.iter().any(Node::is_null);
    is_empty.then_some("a dependency is empty").or_else(|| dependencies.iter().find_map(of))
}

fn flag(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(scalar) if scalar.boolean() == Some(true))
}
