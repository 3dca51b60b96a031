//! From the tree to values, as go-yaml v2's `decode.go` does it.
//!
//! Aliases are followed and merge keys applied, the last of equal keys is kept, and runaway aliases
//! are refused by the same count.

use std::collections::BTreeMap;

use super::compose::{Content, Raw};
use super::scalar::{Resolved, Scalar};
use super::{Error, MAX_DEPTH, Node, Pair, Value};

/// The most text, in bytes, that aliases may multiply a document to.
const MAX_TEXT: usize = 64 << 20;
const WANT_MAP: &str = "`<<` wants a mapping or a list of mappings";
const TOO_MUCH: &str = "too many aliases, the document would grow out of bounds";

/// Keys and their lines.
type Keys = Vec<(String, usize)>;

/// Decodes the tree from its root; also the repeated keys, and those that merge keys repeat.
pub fn decode(nodes: &[Raw], root: Option<usize>) -> Result<(Node, Keys, Keys), Error> {
    let mut decoder = Decoder {
        nodes,
        decoded: 1,
        aliased: 0,
        alias_depth: 0,
        text: 0,
        repeated: Vec::new(),
        overridden: Vec::new(),
    };
    let root = if let Some(root) = root {
        decoder.node(root, 0)?
    } else {
        let null = Scalar { resolved: Resolved::Null, written: String::new() };
        Node { line: 1, value: Value::Scalar(null) }
    };
    Ok((root, decoder.repeated, decoder.overridden))
}

struct Decoder<'a> {
    nodes: &'a [Raw],
    decoded: u32,
    aliased: u32,
    alias_depth: usize,
    text: usize,
    repeated: Keys,
    overridden: Keys,
}

/// A mapping being decoded: its pairs, and where each key is.
#[derive(Default)]
struct Fields {
    pairs: Vec<Pair>,
    index: BTreeMap<String, Field>,
}

struct Field {
    at: usize,
    own: bool,
    key: Resolved,
}

impl<'a> Decoder<'a> {
    /// The node of an index, which `compose` made to exist.
    fn raw(&self, id: usize) -> Result<&'a Raw, Error> {
        self.nodes.get(id).ok_or_else(|| Error::without_line("a node is missing"))
    }

    fn node(&mut self, id: usize, depth: usize) -> Result<Node, Error> {
        let Raw { line, content } = self.raw(id)?;
        self.count(*line, depth)?;
        let value = match content {
            Content::Alias(target) => {
                self.alias_depth += 1;
                let node = self.node(*target, depth + 1);
                self.alias_depth -= 1;
                return node;
            }
            Content::Scalar(scalar, _) => {
                self.text += scalar.written.len();
                if self.alias_depth > 0 && self.text > MAX_TEXT {
                    return Err(Error::new(*line, TOO_MUCH));
                }
                Value::Scalar(scalar.clone())
            }
            Content::List(children) => {
                let nodes = children.iter().map(|child| self.node(*child, depth + 1));
                Value::Sequence(nodes.collect::<Result<_, _>>()?)
            }
            Content::Mapping(children) => {
                let mut fields = Fields::default();
                self.mapping(children, &mut fields, true, depth)?;
                Value::Mapping(fields.pairs)
            }
        };
        Ok(Node { line: *line, value })
    }

    /// Counts a decoding step; go-yaml's limits: at most 99 % of 400 000 steps may come from
    /// aliases, falling to 10 % of 4 000 000.
    fn count(&mut self, line: usize, depth: usize) -> Result<(), Error> {
        self.decoded = self.decoded.saturating_add(1);
        if self.alias_depth > 0 {
            self.aliased = self.aliased.saturating_add(1);
        }
        let (decoded, aliased) = (f64::from(self.decoded), f64::from(self.aliased));
        let over = (decoded - 400_000.0) / 3_600_000.0;
        let allowed = 0.99 - 0.89 * over.clamp(0.0, 1.0);
        if self.aliased > 100 && self.decoded > 1000 && aliased / decoded > allowed {
            return Err(Error::new(line, TOO_MUCH));
        }
        if depth > MAX_DEPTH {
            return Err(Error::new(line, format!("nested deeper than {MAX_DEPTH}")));
        }
        Ok(())
    }

    /// Decodes pairs into a mapping, its own or one that merges them. In order, and later ones win:
    /// a `<<` overwrites the keys before it.
    fn mapping(
        &mut self,
        children: &[usize],
        fields: &mut Fields,
        own: bool,
        depth: usize,
    ) -> Result<(), Error> {
        for [key, value] in children.as_chunks().0 {
            let Raw { line, content } = self.raw(*key)?;
            if let Content::Scalar(_, true) = content {
                self.merge(*value, fields, depth + 1)?;
                continue;
            }
            let Value::Scalar(name) = self.node(*key, depth + 1)?.value else {
                return Err(Error::new(*line, "a list or mapping cannot be a key"));
            };
            let value = self.node(*value, depth + 1)?;
            self.insert(fields, name, *line, value, own)?;
        }
        Ok(())
    }

    fn insert(
        &mut self,
        fields: &mut Fields,
        name: Scalar,
        line: usize,
        value: Node,
        own: bool,
    ) -> Result<(), Error> {
        let key = name.key().map_err(|message| Error::new(line, message))?;
        let helm = key.helm.clone();
        let pair = Pair { key, line, value };
        let Some(old) = fields.index.get_mut(&helm) else {
            let field = Field { at: fields.pairs.len(), own, key: name.resolved };
            fields.index.insert(helm, field);
            fields.pairs.push(pair);
            return Ok(());
        };
        if old.key != name.resolved {
            return Err(Error::new(line, format!("two different keys become `{helm}`")));
        }
        if old.own && self.alias_depth == 0 {
            self.repeated.push((helm, line));
        } else if !(old.own && own) {
            // What stands twice in a mapping is told where that is, and not once more for its alias.
            self.overridden.push((helm, line));
        }
        old.own = own;
        if let Some(place) = fields.pairs.get_mut(old.at) {
            *place = pair;
        }
        Ok(())
    }

    /// Applies the value of a merge key: a mapping, or mappings of which the first wins.
    fn merge(&mut self, id: usize, fields: &mut Fields, depth: usize) -> Result<(), Error> {
        match &self.raw(id)?.content {
            Content::List(children) => {
                children.iter().rev().try_for_each(|child| self.merge_one(*child, fields, depth))
            }
            _ => self.merge_one(id, fields, depth),
        }
    }

    fn merge_one(&mut self, id: usize, fields: &mut Fields, depth: usize) -> Result<(), Error> {
        let Raw { line, content } = self.raw(id)?;
        self.count(*line, depth)?;
        match content {
            Content::Mapping(children) => self.mapping(children, fields, false, depth),
            Content::Alias(target) => {
                let Content::Mapping(children) = &self.raw(*target)?.content else {
                    return Err(Error::new(*line, WANT_MAP));
                };
                self.alias_depth += 1;
                self.count(*line, depth)?;
                let result = self.mapping(children, fields, false, depth);
                self.alias_depth -= 1;
                result
            }
            _ => Err(Error::new(*line, WANT_MAP)),
        }
    }
}
