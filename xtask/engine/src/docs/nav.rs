//! The navigation: from mkdocs.yml, else from the names of the files.

use super::layout::{self, Layout};
use super::mkdocs::{Item, Settings, Target};
use super::{File, Sources};
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::name;

/// An entry of the navigation.
#[derive(Debug)]
pub enum Node {
    /// A page, by its path below `docs_dir`, and the title it has here.
    Page(String, Option<String>),
    /// A link to elsewhere: title and URL.
    Link(String, String),
    /// A file that is no page: title and URL below the site's.
    File(String, String),
    Section(String, Vec<Node>),
}

pub fn tree(settings: &Settings, layout: &Layout<'_>) -> Vec<Node> {
    match &settings.nav {
        Some(items) => items.iter().map(|item| node(item, layout)).collect(),
        None => by_name(layout),
    }
}

fn node(item: &Item, layout: &Layout<'_>) -> Node {
    match &item.target {
        Target::Section(items) => {
            let children = items.iter().map(|item| node(item, layout)).collect();
            Node::Section(item.title.clone().unwrap_or_default(), children)
        }
        Target::Page(target) => {
            let title = item.title.clone().unwrap_or_else(|| target.clone());
            match layout.places.get(target.as_str()) {
                Some(place) if place.is_page => Node::Page(target.clone(), item.title.clone()),
                Some(place) => Node::File(title, place.url.clone()),
                None => Node::Link(title, target.clone()),
            }
        }
    }
}

/// All pages: those of a directory before those below it, the index first.
fn by_name(layout: &Layout<'_>) -> Vec<Node> {
    let mut pages: Vec<&str> =
        layout.places.iter().filter(|(_, place)| place.is_page).map(|(path, _)| *path).collect();
    let key = |path: &&str| {
        let directory: Vec<String> = path::directory(path).split('/').map(str::to_owned).collect();
        (directory, layout::stem(path) != "index", (*path).to_owned())
    };
    pages.sort_by_key(key);
    let mut nodes = Vec::new();
    for page in pages {
        let directories: Vec<&str> =
            path::directory(page).split('/').filter(|part| !part.is_empty()).collect();
        insert(&mut nodes, &directories, Node::Page(page.to_owned(), None));
    }
    nodes
}

/// Puts a page below the sections of its directories.
fn insert(nodes: &mut Vec<Node>, directories: &[&str], page: Node) {
    let Some((first, rest)) = directories.split_first() else { return nodes.push(page) };
    let title = title_of_name(first);
    for node in nodes.iter_mut() {
        match node {
            Node::Section(other, children) if *other == title => return insert(children, rest, page),
            _ => {}
        }
    }
    let mut children = Vec::new();
    insert(&mut children, rest, page);
    nodes.push(Node::Section(title, children));
}

/// A title from the name of a file or directory, as mkdocs makes it.
pub fn title_of_name(name: &str) -> String {
    let title = name.replace(['-', '_'], " ");
    if title.to_lowercase() != title {
        return title;
    }
    let mut chars = title.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The pages in their order, each once for each entry, and the title that it has there.
pub fn entries(nodes: &[Node]) -> Vec<(&str, Option<&str>)> {
    let mut all = Vec::new();
    for node in nodes {
        match node {
            Node::Page(source, title) => all.push((source.as_str(), title.as_deref())),
            Node::Link(..) | Node::File(..) => {}
            Node::Section(_, children) => all.extend(entries(children)),
        }
    }
    all
}

/// The title that the first entry of a page gives it.
pub fn title(nodes: &[Node], wanted: &str) -> Option<String> {
    entries(nodes)
        .into_iter()
        .find(|(source, _)| *source == wanted)
        .and_then(|(_, title)| title.map(str::to_owned))
}

/// Whether a page has an entry below a title.
pub fn is_in_section(nodes: &[Node], wanted: &str) -> bool {
    let has = |node: &Node| match node {
        Node::Section(_, children) => entries(children).iter().any(|(source, _)| *source == wanted),
        Node::Page(..) | Node::Link(..) | Node::File(..) => false,
    };
    nodes.iter().any(has)
}

/// Entries that lead to no page of the site.
pub fn nav_problems(sources: &Sources, layout: &Layout<'_>, site: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let nav = sources.settings.nav.iter().flatten().filter(|_| !sources.settings.allowed.nav);
    let mut rest: Vec<&Item> = nav.collect();
    while let Some(item) = rest.pop() {
        let target = match &item.target {
            Target::Section(items) => {
                rest.extend(items);
                continue;
            }
            Target::Page(target) => target,
        };
        let elsewhere = path::scheme(target).is_some() || target.starts_with('/');
        let to = layout::destination(target, &sources.settings);
        if elsewhere || layout.places.contains_key(target.as_str()) || site.iter().any(|file| file.path == to)
        {
            continue;
        }
        let docs = &sources.settings.docs_dir;
        let (message, hint) = if path::join("", target).is_none() {
            (format!("{} is not below `{docs}`", name(target)), format!("move the page into {docs}/"))
        } else {
            (
                format!("there is no page {}", name(&layout.at(target))),
                "write it, or delete the entry".to_owned(),
            )
        };
        problems.push(Problem::error(message).at(&sources.config, Some(item.line)).hint(hint));
    }
    problems
}
