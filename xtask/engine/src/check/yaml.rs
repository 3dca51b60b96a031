//! The YAML files of a chart, each as a tree with lines.

use crate::base::path;
use crate::base::yaml::{self, Node, Pair};
use crate::chart::source::Source;

#[derive(Debug)]
pub struct File<'a> {
    pub path: String,
    pub text: &'a str,
    pub root: Node,
}

impl<'a> File<'a> {
    /// Reads a file of a chart; `None` for one that is not there or no YAML, which packaging reports.
    pub fn of(source: &'a Source, file: &str) -> Option<Self> {
        let data = &source.files.iter().find(|one| one.path == file)?.data;
        let text = std::str::from_utf8(data).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = yaml::read(text.as_bytes()).ok()?.root;
        Some(Self { path: path::below(&source.path, file), text, root })
    }

    /// Hands each pair to `one`, with its keys from the root on and the pairs beside it; what is below a pair comes after it.
    pub fn for_each_pair(&self, mut one: impl FnMut(&[&str], &[Pair], &Pair)) {
        for_each_pair(&self.root, &[], &mut one);
    }
}

fn for_each_pair<'n>(node: &'n Node, keys: &[&'n str], one: &mut impl FnMut(&[&str], &[Pair], &Pair)) {
    node.items().iter().for_each(|item| for_each_pair(item, keys, one));
    for pair in node.pairs() {
        let keys = [keys, &[pair.key.written.as_str()]].concat();
        one(&keys, node.pairs(), pair);
        for_each_pair(&pair.value, &keys, one);
    }
}
