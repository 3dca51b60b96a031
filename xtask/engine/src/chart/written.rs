//! Chart.yaml as it is written, which is what `helm lint` judges: requirements.yaml is not laid over it, and no field
//! is sanitised.

use super::read::{Author, DEPENDENCY, Lines, MAINTAINER, METADATA, Reader, field_of};
use super::{BOM, Metadata};
use crate::base::problem::Problem;
use crate::base::yaml::{self, Document, Node, Pair};

/// A Chart.yaml that Helm can decode.
#[derive(Debug)]
pub struct Written {
    /// The fields; `api_version` is empty where there is none.
    pub metadata: Metadata,
    /// Keys that stand twice, with the line of the second.
    pub repeated: Vec<(String, usize)>,
    root: Node,
    lines: Lines,
}

impl Written {
    /// Reads it. The error is what keeps Helm from decoding it; `file` is its path for messages.
    pub fn read(bytes: &[u8], file: &str) -> Result<Self, Vec<Problem>> {
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let Document { root, repeated, .. } = yaml::read(bytes).map_err(|error| {
            let message = format!("it is not the YAML that Helm reads: {}", error.message);
            vec![Problem::error(message).at(file, error.line)]
        })?;
        let mut reader = Reader::new(bytes, file, Author::Other);
        let (metadata, lines) = reader.metadata(&root);
        let mut problems = reader.problems;
        problems.retain(Problem::is_error);
        if problems.is_empty() { Ok(Self { metadata, repeated, root, lines }) } else { Err(problems) }
    }

    /// The line of a field's name.
    pub fn line(&self, field: &str) -> Option<usize> {
        self.lines.get(field).copied()
    }

    /// The line of an item of a list; that of the list where it cannot be told.
    pub fn item_line(&self, field: &str, index: usize) -> Option<usize> {
        let line = self.line(field)?;
        let list = self.root.pairs().iter().find(|pair| pair.line == line)?;
        list.value.items().get(index).map(|item| item.line).or(Some(line))
    }

    /// The value of a field that is spelled exactly like this.
    pub fn value(&self, field: &str) -> Option<&Node> {
        self.root.pairs().iter().find(|pair| pair.key.helm == field).map(|pair| &pair.value)
    }

    /// The line of the first field.
    pub fn first_line(&self) -> Option<usize> {
        self.root.pairs().iter().map(|pair| pair.line).min()
    }

    /// The field that a strict decoder stops at, which takes keys in byte order, and its line.
    pub fn unknown(&self) -> Option<(&str, usize)> {
        unknown(&self.root, &METADATA)
    }
}

fn unknown<'n>(node: &'n Node, known: &[&'static str]) -> Option<(&'n str, usize)> {
    let mut sorted: Vec<&Pair> = node.pairs().iter().collect();
    sorted.sort_by(|a, b| a.key.helm.cmp(&b.key.helm));
    let in_items = |pair: &'n Pair, known| pair.value.items().iter().find_map(|item| unknown(item, known));
    sorted.into_iter().find_map(|pair| match field_of(&pair.key.helm, known) {
        None => Some((pair.key.helm.as_str(), pair.line)),
        Some("maintainers") => in_items(pair, &MAINTAINER),
        Some("dependencies") => in_items(pair, &DEPENDENCY),
        Some(_) => None,
    })
}
