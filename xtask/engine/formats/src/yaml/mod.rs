//! YAML as Helm reads and writes it.
//!
//! Helm uses go-yaml v2 (YAML 1.1) behind sigs.k8s.io/yaml, and what it makes of a plain `1.10`,
//! `yes` or `017` decides how a chart is named and published. No Rust YAML crate follows these
//! rules, so this module does: libyaml's events come from a crate, all that go-yaml and
//! sigs.k8s.io/yaml add is here. Where Helm's result is unknown the answer is an error, never a
//! guess. All rules were checked against go-yaml itself by differential fuzzing.

mod compose;
mod decode;
mod events;
mod number;
mod order;
mod read;
mod scalar;
mod time;
mod write;

pub use events::{Event, Events, Kind};
pub use order::{key_before, sort_keys};
pub use read::read;
pub use scalar::{Resolved, Scalar};
pub use write::{Out, writable, write, write_in};

/// The deepest nesting that is read or written.
const MAX_DEPTH: usize = 100;

/// A YAML node with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The line of its first character (or anchor or tag), counted from 1.
    pub line: usize,
    pub value: Value,
}

/// What a node is, after aliases and merge keys were resolved.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, a number, a boolean or null.
    Scalar(Scalar),
    Sequence(Vec<Node>),
    /// The pairs in the order of their first appearance, no key twice.
    Mapping(Vec<Pair>),
}

/// An entry of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The key, always text for Helm.
    pub key: Text,
    /// The line of the key, counted from 1.
    pub line: usize,
    pub value: Node,
}

/// What a text field gets, and what stood in the file.
///
/// `helm != written` marks the traps: `1.10` becomes `1.1`, `yes` becomes `true`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What Helm makes of it.
    pub helm: String,
    /// What stands in the file, without quotes and escapes.
    pub written: String,
}

/// The first document of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub root: Node,
    /// Keys that stand twice in one mapping, or that a later `<<` overwrote, and the line of the
    /// entry that won.
    pub repeated: Vec<(String, usize)>,
    /// Keys that a merge key gave and that are given once more, and the line of the entry that won: go-yaml refuses them where
    /// it is strict.
    pub overridden: Vec<(String, usize)>,
    /// The line of the first merge key, `<<`.
    pub merged: Option<usize>,
    /// More text follows the document's end; Helm ignores it.
    pub more: bool,
}

/// Why a text cannot be read as Helm reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The line, counted from 1, if known.
    pub line: Option<usize>,
    pub message: String,
}

impl Node {
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.is_null())
    }

    /// The pairs of a mapping; none of anything else.
    pub fn pairs(&self) -> &[Pair] {
        if let Value::Mapping(pairs) = &self.value { pairs } else { &[] }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        if let Value::Sequence(items) = &self.value { items } else { &[] }
    }

    /// The pair of a key as it is written, whatever YAML 1.1 makes of a key such as `on`.
    pub fn get(&self, key: &str) -> Option<&Pair> {
        self.pairs().iter().find(|pair| pair.key.written == key)
    }

    /// A scalar that is not null, as it is written.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) if !scalar.is_null() => Some(&scalar.written),
            _ => None,
        }
    }

    /// What it is, for a message: "scalar", "list" or "mapping".
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(_) => "scalar",
            Value::Sequence(_) => "list",
            Value::Mapping(_) => "mapping",
        }
    }

    /// The line of the first NaN or infinity, which JSON cannot hold: Helm refuses the whole file.
    pub fn not_json(&self) -> Option<usize> {
        match &self.value {
            Value::Scalar(Scalar { resolved: Resolved::Float(float), .. }) if !float.is_finite() => {
                Some(self.line)
            }
            Value::Scalar(_) => None,
            Value::Sequence(items) => items.iter().find_map(Self::not_json),
            Value::Mapping(pairs) => pairs.iter().find_map(|pair| pair.value.not_json()),
        }
    }
}

impl Error {
    fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into() }
    }

    fn without_line(message: impl Into<String>) -> Self {
        Self { line: None, message: message.into() }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(out, "line {line}: ")?;
        }
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Whether YAML 1.1 ends a line at this character.
fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether go-yaml's reader takes this character; it refuses a text with any other.
fn is_readable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}') || matches!(c, '\t' | '\n' | '\r' | '\u{85}')
}
