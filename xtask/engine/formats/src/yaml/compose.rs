//! From libyaml's events to a tree with aliases unresolved.
//!
//! Also the place where texts are refused that Helm's older libyaml takes differently. What these
//! are was found by comparing with Helm's parser on millions of made-up files.

use std::collections::HashMap;

use super::events::{Event, Events, Kind, Style};
use super::scalar::{Resolved, Scalar, resolve};
use super::{Error, MAX_DEPTH, is_break, is_readable};

/// The first document, children being indices.
pub struct Tree {
    pub nodes: Vec<Raw>,
    /// The outermost node, none in an empty document.
    pub root: Option<usize>,
    /// More text follows the document's end.
    pub more: bool,
}

/// A node with its place.
pub struct Raw {
    /// Counted from 1.
    pub line: usize,
    pub content: Content,
}

/// What a node is, with indices of other nodes.
pub enum Content {
    /// A scalar, `true` for a merge key `<<`.
    Scalar(Scalar, bool),
    List(Vec<usize>),
    Mapping(Vec<usize>),
    Alias(usize),
}

/// Builds the tree of the first document, without recursion.
pub fn compose(text: &str) -> Result<Tree, Error> {
    let tree = Tree { nodes: Vec::new(), root: None, more: false };
    let mut composer = Composer { text, tree, open: Vec::new(), anchors: HashMap::new() };
    let mut events = Events::new(text);
    loop {
        let event = events.next_event()?;
        let line = event.line;
        if let Kind::End(marked) = event.kind {
            let rest = text.get(event.start..).unwrap_or_default();
            // Helm ignores it, but how much of it must be good YAML is hard to tell.
            if !(marked || rest.is_empty() || event.at_margin && is_mark(rest)) {
                return Err(Error::new(line, "the document ends here, but more text follows"));
            }
            // Helm's parser reads on to somewhere in it, and fails there.
            if let Some(bad) = rest.chars().find(|c| !is_readable(*c)) {
                let message = format!("control characters are not allowed: `U+{:04X}`", u32::from(bad));
                return Err(Error::without_line(message));
            }
            composer.tree.more = has_content(rest);
            return Ok(composer.tree);
        }
        composer.event(event).map_err(|message| Error::new(line, message))?;
    }
}

/// Whether a line `---` stands first.
fn is_mark(rest: &str) -> bool {
    let after = rest.strip_prefix("---");
    after.is_some_and(|after| after.is_empty() || after.starts_with(|c| c == ' ' || c == '\t' || is_break(c)))
}

/// Whether anything but blanks, comments and document marks stands there.
fn has_content(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.strip_prefix("---").unwrap_or(line);
        let line = line.strip_prefix("...").unwrap_or(line).trim();
        !line.is_empty() && !line.starts_with('#')
    })
}

struct Composer<'a> {
    text: &'a str,
    tree: Tree,
    /// The collections not yet closed, and whether each is in flow style.
    open: Vec<(usize, bool)>,
    anchors: HashMap<String, usize>,
}

impl Composer<'_> {
    fn event(&mut self, event: Event) -> Result<(), String> {
        let span = self.text.get(event.start..event.end).unwrap_or_default();
        let flow = self.open.last().is_some_and(|(_, flow)| *flow);
        let Event { kind, anchor, tag, line, .. } = event;
        match kind {
            Kind::Begin if span.starts_with('%') => {
                return Err("directives (`%`) are not supported".to_owned());
            }
            Kind::Alias(name) => {
                let target = self.anchors.get(&name).copied();
                let target = target.ok_or_else(|| format!("unknown anchor `{name}`"))?;
                if self.open.iter().any(|(open, _)| *open == target) {
                    return Err(format!("anchor `{name}` contains itself"));
                }
                self.add(line, None, Content::Alias(target));
            }
            Kind::Scalar(value, style) => {
                differs(span, tag.as_deref(), &value, style, flow)?;
                let content = scalar(tag.as_deref(), style, value)?;
                self.add(line, anchor, content);
            }
            Kind::List(flow) => self.open(line, anchor, Content::List(Vec::new()), flow)?,
            Kind::Mapping(flow) => self.open(line, anchor, Content::Mapping(Vec::new()), flow)?,
            Kind::Close => {
                self.open.pop();
            }
            Kind::Begin | Kind::End(_) => {}
        }
        Ok(())
    }

    fn add(&mut self, line: usize, anchor: Option<String>, content: Content) -> usize {
        let id = self.tree.nodes.len();
        self.tree.nodes.push(Raw { line, content });
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        let parent = self.open.last().and_then(|(parent, _)| self.tree.nodes.get_mut(*parent));
        match parent.map(|parent| &mut parent.content) {
            Some(Content::List(children) | Content::Mapping(children)) => children.push(id),
            _ => self.tree.root = Some(id),
        }
        id
    }

    fn open(&mut self, line: usize, anchor: Option<String>, list: Content, flow: bool) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("nested deeper than {MAX_DEPTH}"));
        }
        let id = self.add(line, anchor, list);
        self.open.push((id, flow));
        Ok(())
    }
}

/// Fails where Helm's parser may see another scalar.
fn differs(span: &str, tag: Option<&str>, value: &str, style: Style, flow: bool) -> Result<(), &'static str> {
    let flow_plain = flow && style == Style::Plain;
    if flow_plain && value.contains('?') {
        return Err("`?` in a plain scalar inside `[]` or `{}` is not allowed, quote it");
    }
    if flow_plain && tag.is_some() && value.is_empty() {
        return Err("a tag without a value inside `[]` or `{}`, add `\"\"`");
    }
    // A tag is cut there by libyaml.
    if tag.is_some() && span.contains("%00") {
        return Err("`%00` in or after a tag");
    }
    if style == Style::Double && span.replace(r"\\", "").contains(r"\/") {
        return Err("unknown escape `\\/`");
    }
    Ok(())
}

/// Resolves a scalar. A quoted one without a tag is text; `<<` is a merge key when written plain or
/// tagged as such (go-yaml's `isMerge`).
fn scalar(tag: Option<&str>, style: Style, written: String) -> Result<Content, &'static str> {
    let plain = tag.map_or(style == Style::Plain, |tag| tag == "!");
    let merge = written == "<<" && (plain || tag == Some("tag:yaml.org,2002:merge"));
    let resolved =
        if tag.is_none() && !plain { Resolved::Text(written.clone()) } else { resolve(tag, &written)? };
    Ok(Content::Scalar(Scalar { resolved, written }, merge))
}
