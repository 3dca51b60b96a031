//! The rules for crds/, which Helm 4 has and Helm 3 has not. Helm installs what is there once, as it is: it renders,
//! changes and deletes nothing of it.

use super::{at, top};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::yaml::{self, Error, Pair, Value};
use crate::chart::ignore::Kind;
use crate::check::Chart;

/// Judges the files of crds/, those of sub-charts too, up to the first that cannot be parsed.
pub fn lint_definitions(chart: &Chart) -> Vec<Problem> {
    match top(chart, "crds") {
        None => return Vec::new(),
        Some(Kind::File) => {
            let problem = at(chart, "crds", None, "it is a file: Helm looks for definitions in a directory");
            return vec![problem.hint("rename it, and put the definitions into a directory `crds`")];
        }
        Some(Kind::Directory) => {}
    }
    let mut problems = Vec::new();
    for (path, data) in files(chart).into_iter().filter(|(path, _)| is_definition(path)) {
        let text = String::from_utf8_lossy(data);
        for (before, document) in documents(&text) {
            let bad = |line: Option<usize>, message: String| {
                bad(chart, path, line.map(|line| before + line), message)
            };
            match Resource::read(document) {
                Ok(resource) => problems.extend(resource.and_then(|one| one.lint(&bad))),
                Err(cause) => {
                    let message = format!("it is not the YAML that Helm reads: {}", cause.message);
                    problems.push(bad(cause.line, message));
                    return problems;
                }
            }
        }
    }
    problems
}

/// All files of the chart; those of archives in charts/ too, if it can be packaged.
fn files(chart: &Chart) -> Vec<(&str, &[u8])> {
    match &chart.package {
        Some(package) => {
            let entries = package.entries.iter();
            entries.filter_map(|entry| Some((entry.path.split_once('/')?.1, entry.data.as_slice()))).collect()
        }
        None => chart.source.files.iter().map(|file| (file.path.as_str(), file.data.as_slice())).collect(),
    }
}

/// What is wrong with a file, by its path in the archive. A sub-chart may come from elsewhere, as an archive.
fn bad(chart: &Chart, path: &str, line: Option<usize>, message: String) -> Problem {
    if chart.source.files.iter().any(|file| file.path == path) {
        return at(chart, path, line, message).hint("move to templates/ what is no plain definition");
    }
    let message = format!("{}: {message}", name(path));
    at(chart, "charts", None, message).hint("take another version of the sub-chart")
}

/// Whether Helm takes a file for a definition: by its path in its own chart.
fn is_definition(mut path: &str) -> bool {
    while let Some((_, in_child)) = path.strip_prefix("charts/").and_then(|rest| rest.split_once('/')) {
        path = in_child;
    }
    let extension = path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    path.starts_with("crds/") && matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
}

/// The documents of a file, each after how many lines: a line that begins with `---` parts two, but for the first.
fn documents(text: &str) -> Vec<(usize, &str)> {
    let mut documents = Vec::new();
    let (mut start, mut before, mut at) = (0, 0, 0);
    for (i, line) in text.split_inclusive('\n').enumerate() {
        if line.starts_with("---") && at > start {
            documents.push((before, text.get(start..at).unwrap_or_default()));
            (start, before) = (at + line.len(), i + 1);
        }
        at += line.len();
    }
    documents.push((before, text.get(start..).unwrap_or_default()));
    documents
}

/// A resource, as far as a rule looks at it.
struct Resource {
    line: usize,
    api_version: String,
    kind: String,
}

impl Resource {
    /// Reads a document; an empty one is none.
    fn read(document: &str) -> Result<Option<Self>, Error> {
        let root = yaml::read(document.as_bytes())?.root;
        match &root.value {
            _ if root.is_null() => Ok(None),
            Value::Mapping(pairs) => {
                let (api_version, kind) = (field(pairs, "apiversion")?, field(pairs, "kind")?);
                Ok(Some(Self { line: root.line, api_version, kind }))
            }
            _ => Err(Error { line: Some(root.line), message: format!("a {}, not a mapping", root.kind()) }),
        }
    }

    fn lint(&self, bad: &impl Fn(Option<usize>, String) -> Problem) -> Option<Problem> {
        let Self { line, api_version, kind } = self;
        let what = if !api_version.starts_with("apiextensions.k8s.io") {
            format!("apiVersion {} is not `apiextensions.k8s.io/v1`", name(api_version))
        } else if kind != "CustomResourceDefinition" {
            format!("kind {} is not `CustomResourceDefinition`", name(kind))
        } else {
            return None;
        };
        let why = "Helm would never change nor delete it, and `helm lint` of Helm 4 fails";
        Some(bad(Some(*line), format!("{what}: {why}")))
    }
}

/// The text of a field, whose name matches in any case.
fn field(pairs: &[Pair], lower: &str) -> Result<String, Error> {
    let Some(pair) = pairs.iter().find(|pair| pair.key.helm.to_ascii_lowercase() == lower) else {
        return Ok(String::new());
    };
    let node = &pair.value;
    match &node.value {
        Value::Scalar(scalar) => Ok(scalar.text()?.map(|text| text.helm).unwrap_or_default()),
        _ => Err(Error { line: Some(node.line), message: format!("a {}, not text", node.kind()) }),
    }
}
