//! Chart.yaml, requirements.yaml and the lock files, as Helm reads them.
//!
//! Helm turns YAML 1.1 into JSON and decodes that: names match in any case, unknown fields are dropped, an
//! unquoted `1.10` becomes `1.1`. We read the same, report what it drops, and refuse where the text that Helm
//! gets is not the text that the author wrote.

use std::collections::HashMap;

use super::{Dependency, Lock, Maintainer, Metadata};
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::base::time;
use crate::base::yaml::{self, Node, Out, Pair, Resolved, Text, Value};

const METADATA: [&str; 17] = [
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];
const MAINTAINER: [&str; 3] = ["name", "email", "url"];
const DEPENDENCY: [&str; 8] =
    ["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];
const LOCK: [&str; 3] = ["generated", "digest", "dependencies"];
/// The hint for what has to be in quotes, up to how it looks then.
pub const QUOTE_IT: &str = "quote it: ";
/// The hint for `"true"` and `"false"`.
pub const NO_QUOTES: &str = "write `true` or `false` without quotes";

/// Lines of the fields of a file, for what is found wrong with them later.
pub type Lines = HashMap<&'static str, usize>;

/// Reads Chart.yaml. Where something is wrong, the metadata hold the rest.
pub(super) fn read_chart_yaml(
    bytes: &[u8],
    file: &str,
    author: Author,
) -> Checked<Option<(Metadata, Lines)>> {
    Reader::read(bytes, file, author, |reader, root| {
        let (mut metadata, lines) = reader.metadata(root);
        if metadata.api_version.is_empty() {
            "v1".clone_into(&mut metadata.api_version);
        }
        (metadata, lines)
    })
}

/// What a Chart.yaml says, if it can be read.
pub fn declared(bytes: &[u8]) -> Option<Metadata> {
    let (mut metadata, _) = read_chart_yaml(bytes, "", Author::Other).value?;
    super::sanitise_fields(&mut metadata);
    Some(metadata)
}

/// Lays requirements.yaml over the metadata. Helm lets any of its fields win and merges two lists of
/// dependencies by index; both are refused.
pub(super) fn read_requirements_yaml(
    bytes: &[u8],
    file: &str,
    author: Author,
    metadata: &mut Metadata,
) -> Vec<Problem> {
    let read = Reader::read(bytes, file, author, |reader, root| {
        let has_dependencies = !metadata.dependencies.is_empty();
        for field in reader.fields(root, &METADATA) {
            if field.name != "dependencies" {
                let message =
                    format!("Helm lets {} of this file replace that of Chart.yaml", name(field.name));
                reader.error(field.line, message, "delete it here");
            } else if has_dependencies {
                let message = "Helm merges the dependencies of this file and of Chart.yaml by their position";
                let hint = "move all of them to Chart.yaml and delete requirements.yaml";
                reader.error(field.line, message, hint);
            } else {
                reader.metadata_field(&field, metadata);
            }
        }
    });
    read.problems
}

/// Reads Chart.lock or requirements.lock. An empty file is no lock, and nothing is wrong with it.
pub(super) fn read_lock(bytes: &[u8], file: &str, author: Author) -> Checked<Option<Lock>> {
    Reader::read(bytes, file, author, |reader, root| (!root.is_null()).then(|| reader.lock(root)))
        .map(Option::flatten)
}

/// The lock that a file holds, if it can be read.
pub fn lock_in(bytes: &[u8]) -> Option<Lock> {
    read_lock(bytes, "", Author::Other).value
}

/// Who wrote a chart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// The user, who is told of every trap.
    User,
    /// Somebody else: it comes from an archive in charts/, which is taken as Helm takes it.
    Other,
}

/// Collects what is wrong with one file.
struct Reader<'a> {
    bytes: &'a [u8],
    file: &'a str,
    author: Author,
    problems: Vec<Problem>,
}

/// A field that Helm knows, with the line of its name.
struct Field<'n> {
    name: &'static str,
    line: usize,
    value: &'n Node,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], file: &'a str, author: Author) -> Self {
        Self { bytes, file, author, problems: Vec::new() }
    }

    /// What becomes of the root of the first document, and what is wrong with the file.
    fn read<T>(
        bytes: &'a [u8],
        file: &'a str,
        author: Author,
        read: impl FnOnce(&mut Self, &Node) -> T,
    ) -> Checked<Option<T>> {
        let mut reader = Self::new(bytes, file, author);
        let value = reader.document().map(|root| read(&mut reader, &root));
        Checked::new(value, reader.problems)
    }

    fn error(&mut self, line: usize, message: impl Into<String>, hint: &str) {
        self.problems.push(Problem::error(message).at(self.file, Some(line)).hint(hint));
    }

    fn warn(&mut self, line: usize, message: impl Into<String>, hint: &str) {
        self.problems.push(Problem::warning(message).at(self.file, Some(line)).hint(hint));
    }

    fn unquoted(&mut self, line: usize, problem: Problem, written: &str) {
        let hint = format!("{QUOTE_IT}\"{written}\"");
        self.problems.push(problem.at(self.file, Some(line)).hint(hint));
    }

    fn document(&mut self) -> Option<Node> {
        let document = match yaml::read(self.bytes) {
            Ok(document) => document,
            Err(error) => {
                let problem =
                    Problem::error(format!("it is not the YAML that Helm reads: {}", error.message));
                self.problems.push(problem.at(self.file, error.line));
                return None;
            }
        };
        for (key, line) in &document.repeated {
            self.warn(
                *line,
                format!("{} is given twice: Helm takes this one", name(key)),
                "delete one of them",
            );
        }
        if document.more {
            let problem =
                Problem::warning("Helm reads the first YAML document and ignores the rest of this file");
            self.problems.push(problem.at(self.file, None).hint("delete the rest"));
        }
        if let Some(line) = document.root.not_json() {
            self.error(line, "Helm cannot read infinity or NaN", "quote it");
        }
        Some(document.root)
    }

    /// The known fields of a mapping, each once. Names match in any case; if several spellings of one name are
    /// there, Helm takes the last in byte order that is not null.
    fn fields<'n>(&mut self, node: &'n Node, known: &[&'static str]) -> Vec<Field<'n>> {
        let pairs = self.pairs(node, "this file");
        self.known(pairs, known, "")
    }

    fn known<'n>(&mut self, pairs: &'n [Pair], known: &[&'static str], of: &str) -> Vec<Field<'n>> {
        let mut sorted: Vec<&Pair> = pairs.iter().collect();
        sorted.sort_by(|a, b| a.key.helm.cmp(&b.key.helm));
        let mut fields: Vec<Field<'n>> = Vec::new();
        for pair in sorted {
            let Some(field_name) = field_of(&pair.key.helm, known) else {
                let message =
                    format!("Helm does not know the field {}{of} and leaves it out", name(&pair.key.written));
                let hint = if of.is_empty() && known.len() == METADATA.len() {
                    "delete it, or move it to `annotations`"
                } else {
                    "delete it"
                };
                self.warn(pair.line, message, hint);
                continue;
            };
            let field = Field { name: field_name, line: pair.line, value: &pair.value };
            match fields.iter_mut().find(|field| field.name == field_name) {
                Some(earlier) => self.collision(earlier, field),
                None => fields.push(field),
            }
        }
        fields
    }

    fn collision<'n>(&mut self, earlier: &mut Field<'n>, later: Field<'n>) {
        let message = format!("{} is given in two spellings", name(earlier.name));
        if matches!((&earlier.value.value, &later.value.value), (Value::Scalar(_), Value::Scalar(_))) {
            let taken = if later.value.is_null() { earlier.line } else { later.line };
            self.warn(taken, format!("{message}: Helm takes this one"), "delete one of them");
            if !later.value.is_null() {
                *earlier = later;
            }
        } else {
            self.error(later.line, format!("{message}: Helm mixes them"), "delete one of them");
        }
    }

    /// The metadata of a mapping, an absent `apiVersion` left empty.
    fn metadata(&mut self, root: &Node) -> (Metadata, Lines) {
        let fields = self.fields(root, &METADATA);
        let mut metadata = Metadata::default();
        for field in &fields {
            self.metadata_field(field, &mut metadata);
        }
        // Without a value it declares none, and requirements.yaml may.
        let is_given = |field: &&Field<'_>| field.name != "dependencies" || !field.value.is_null();
        (metadata, fields.iter().filter(is_given).map(|field| (field.name, field.line)).collect())
    }

    fn metadata_field(&mut self, field: &Field<'_>, to: &mut Metadata) {
        let &Field { name: what, value, .. } = field;
        match what {
            "name" => to.name = self.text(what, value),
            "home" => to.home = self.text(what, value),
            "version" => to.version = self.text(what, value),
            "description" => to.description = self.text(what, value),
            "icon" => to.icon = self.text(what, value),
            "apiVersion" => to.api_version = self.text(what, value),
            "condition" => to.condition = self.text(what, value),
            "tags" => to.tags = self.text(what, value),
            "appVersion" => to.app_version = self.text(what, value),
            "kubeVersion" => to.kube_version = self.text(what, value),
            "type" => to.kind = self.text(what, value),
            "deprecated" => to.deprecated = self.flag(what, value),
            "sources" => to.sources = self.texts(what, value),
            "keywords" => to.keywords = self.texts(what, value),
            "annotations" => to.annotations = self.annotations(value),
            "maintainers" => to.maintainers = self.maintainers(field),
            _ => to.dependencies = self.dependencies(field),
        }
    }

    /// A text field; null and what is wrong give an empty one.
    fn text(&mut self, what: &str, node: &Node) -> String {
        let Value::Scalar(scalar) = &node.value else {
            self.error(node.line, format!("{} is a {}, not text", name(what), node.kind()), "write text");
            return String::new();
        };
        // Infinity and NaN, the only errors, are reported for the whole document.
        let Ok(Some(text)) = scalar.text() else {
            return String::new();
        };
        // Text is only changed by an explicit tag, such as `!!binary`.
        let changed = text.helm != text.written && !matches!(scalar.resolved, Resolved::Text(_));
        if changed && self.author == Author::User {
            let message =
                format!("Helm reads {} {} as {}", name(what), name(&text.written), name(&text.helm));
            self.unquoted(node.line, Problem::error(message), &text.written);
        }
        text.helm
    }

    fn flag(&mut self, what: &str, node: &Node) -> bool {
        let value = match &node.value {
            Value::Scalar(scalar) if scalar.is_null() => Some(false),
            Value::Scalar(scalar) => scalar.boolean(),
            _ => None,
        };
        if value.is_none() {
            self.error(node.line, format!("{} is neither `true` nor `false`", name(what)), NO_QUOTES);
        }
        value.unwrap_or_default()
    }

    fn items<'n>(&mut self, what: &str, node: &'n Node) -> &'n [Node] {
        match &node.value {
            Value::Sequence(items) => items,
            _ if node.is_null() => &[],
            _ => {
                let message = format!("{} is a {}, not a list", name(what), node.kind());
                self.error(node.line, message, "write each item on a line of its own, after `- `");
                &[]
            }
        }
    }

    fn pairs<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Pair] {
        match &node.value {
            Value::Mapping(pairs) => pairs,
            _ if node.is_null() => &[],
            _ => {
                self.error(
                    node.line,
                    format!("{what} is a {}, not a mapping", node.kind()),
                    "write `key: value` lines",
                );
                &[]
            }
        }
    }

    fn texts(&mut self, what: &str, node: &Node) -> Vec<String> {
        self.items(what, node).iter().map(|item| self.text(what, item)).collect()
    }

    fn annotations(&mut self, node: &Node) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for pair in self.pairs(node, "`annotations`") {
            let Text { helm: key, written } = &pair.key;
            if key != written {
                let message = format!("Helm reads the annotation key {} as {}", name(written), name(key));
                self.unquoted(pair.line, Problem::warning(message), written);
            }
            out.push((key.clone(), self.text(written, &pair.value)));
        }
        out
    }

    fn maintainers(&mut self, list: &Field<'_>) -> Vec<Option<Maintainer>> {
        self.entries(list, &MAINTAINER, "a maintainer", |_| Maintainer::default(), Self::maintainer_field)
    }

    fn dependencies(&mut self, list: &Field<'_>) -> Vec<Option<Dependency>> {
        let new = |line| Dependency { line, ..Dependency::default() };
        self.entries(list, &DEPENDENCY, "a dependency", new, Self::dependency_field)
    }

    /// A list of mappings: `new` makes an entry from its line, `set` gives it a field; null gives `None`.
    fn entries<T>(
        &mut self,
        list: &Field<'_>,
        known: &[&'static str],
        one: &str,
        new: impl Fn(usize) -> T,
        set: impl Fn(&mut Self, &Field<'_>, &mut T),
    ) -> Vec<Option<T>> {
        let mut out = Vec::new();
        for item in self.items(list.name, list.value) {
            let mut entry = new(item.line);
            let pairs = self.pairs(item, one);
            for field in self.known(pairs, known, &format!(" of {one}")) {
                set(self, &field, &mut entry);
            }
            out.push((!item.is_null()).then_some(entry));
        }
        out
    }

    fn lock(&mut self, root: &Node) -> Lock {
        let (generated, digest, place) = (time::ZERO.to_owned(), String::new(), ("Chart.lock", None));
        let mut lock = Lock { generated, digest, dependencies: None, place };
        for field in self.fields(root, &LOCK) {
            match field.name {
                "digest" => {
                    lock.digest = self.text(field.name, field.value);
                    lock.place.1 = Some(field.line);
                }
                "dependencies" => {
                    let dependencies = self.dependencies(&field);
                    lock.dependencies = (!field.value.is_null()).then_some(dependencies);
                }
                _ => {
                    let text = self.text(field.name, field.value);
                    match time::normal(&text) {
                        _ if field.value.is_null() => {}
                        Some(time) => lock.generated = time,
                        None => self.error(
                            field.line,
                            format!("`generated` {} is not an RFC 3339 time", name(&text)),
                            "run `cargo xtask dependency --update`",
                        ),
                    }
                }
            }
        }
        lock
    }

    fn maintainer_field(&mut self, field: &Field<'_>, to: &mut Maintainer) {
        let text = self.text(field.name, field.value);
        match field.name {
            "name" => to.name = text,
            "email" => to.email = text,
            _ => to.url = text,
        }
    }

    fn dependency_field(&mut self, field: &Field<'_>, to: &mut Dependency) {
        let &Field { name: what, value, .. } = field;
        match what {
            "name" => to.name = self.text(what, value),
            "version" => to.version = self.text(what, value),
            "repository" => to.repository = self.text(what, value),
            "condition" => to.condition = self.text(what, value),
            "tags" => to.tags = self.texts(what, value),
            "enabled" => to.enabled = self.flag(what, value),
            "alias" => to.alias = self.text(what, value),
            _ => to.import_values = self.items(what, value).iter().map(|item| self.free(item)).collect(),
        }
    }

    /// A value of any type: what is under `import-values`.
    fn free(&mut self, node: &Node) -> Out {
        match &node.value {
            Value::Sequence(items) => Out::List(items.iter().map(|item| self.free(item)).collect()),
            Value::Mapping(pairs) => {
                let mut out =
                    pairs.iter().map(|pair| (pair.key.helm.clone(), self.free(&pair.value))).collect();
                if let Err((a, b)) = yaml::sort_keys(&mut out) {
                    self.error(
                        node.line,
                        format!("Helm writes the keys {} and {} in a random order", name(&a), name(&b)),
                        "rename one of them",
                    );
                }
                Out::Map(out)
            }
            Value::Scalar(scalar) if scalar.is_null() => Out::Null,
            Value::Scalar(scalar) => match (scalar.boolean(), scalar.number()) {
                (Some(flag), _) => Out::Bool(flag),
                (None, Some(number)) => Out::Number(number),
                (None, None) => Out::Text(self.text("import-values", node)),
            },
        }
    }
}

fn field_of(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let exact = known.iter().find(|known| **known == key);
    exact.or_else(|| known.iter().find(|known| folded(known) == folded(key))).copied()
}

/// A name without its case, as Go's `encoding/json` compares field names: two more characters than ASCII's fold
/// to letters of it.
fn folded(text: &str) -> String {
    let fold = |c| match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    text.chars().map(fold).collect()
}
