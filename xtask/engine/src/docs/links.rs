//! Links that lead nowhere. Both builds are held to this, so that they refuse the same pages.
//!
//! A link between files of the documentation must lead to a file of the site that was built, and its anchor to an
//! element there. mkdocs' exceptions hold: what is absolute, or has no ending by which it names a file, stays as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::layout::{self, Layout, Place};
use super::markdown::{self, Link};
use super::{File, Sources};
use crate::base::html::anchors;
use crate::base::path::{self, Reference};
use crate::base::problem::Problem;
use crate::base::text::{self, name};

/// The links of all pages that lead nowhere.
pub fn link_problems(sources: &Sources, layout: &Layout<'_>, site: &[File]) -> Vec<Problem> {
    let site: BTreeMap<&str, &[u8]> =
        site.iter().map(|file| (file.path.as_str(), file.data.as_slice())).collect();
    let mut check = Check { sources, layout, site, anchors: HashMap::new() };
    let extensions = &sources.settings.extensions;
    let mut problems = Vec::new();
    for (source, place) in &layout.places {
        // mkdocs may have been told to leave a page out.
        if !place.is_page || !check.site.contains_key(place.to.as_str()) {
            continue;
        }
        let text = String::from_utf8_lossy(&place.file.data);
        for link in markdown::read_page(&text, extensions, |_| None).links {
            let broken = check.link(source, place, &link);
            problems.extend(broken.map(|problem| problem.at(layout.at(source), Some(link.line))));
        }
    }
    problems
}

struct Check<'a> {
    sources: &'a Sources,
    layout: &'a Layout<'a>,
    site: BTreeMap<&'a str, &'a [u8]>,
    /// What the pages of the site offer, by their paths in it.
    anchors: HashMap<String, BTreeSet<String>>,
}

impl Check<'_> {
    fn link(&mut self, source: &str, place: &Place<'_>, link: &Link) -> Option<Problem> {
        let allowed = self.sources.settings.allowed;
        let reference = Reference::relative(&link.url).filter(|link| !link.path.starts_with(['/', '\\']))?;
        let Some(path) = path::join(path::directory(source), &path::unquote(reference.path)) else {
            return (names_a_file(reference.path) && !allowed.links)
                .then(|| self.outside(source, &link.url, reference));
        };
        let to = match self.layout.places.get(path.as_str()) {
            _ if reference.path.is_empty() => place.to.clone(),
            Some(place) => place.to.clone(),
            None => layout::destination(&path, &self.sources.settings),
        };
        if !self.site.contains_key(to.as_str()) {
            return (names_a_file(&path) && !allowed.links).then(|| {
                let message = format!(
                    "{} leads nowhere: there is no {}",
                    name(&link.url),
                    name(&self.layout.at(&path))
                );
                Problem::error(message).hint(self.suggestion(source, &path))
            });
        }
        let anchor = reference.anchor.filter(|anchor| !anchor.is_empty() && to.ends_with(".html"))?;
        let html = self.site.get(to.as_str()).copied().unwrap_or_default();
        let offered = self.anchors.entry(to).or_insert_with(|| anchors(&String::from_utf8_lossy(html)));
        if allowed.anchors || offered.contains(anchor) || offered.contains(&path::unquote(anchor)) {
            return None;
        }
        let page = if reference.path.is_empty() { self.layout.at(source) } else { self.layout.at(&path) };
        let message =
            format!("{} leads nowhere: {} has no heading with that id", name(&link.url), name(&page));
        let id =
            closest(anchor, offered).or_else(|| text::nearest(anchor, offered.iter().map(String::as_str)));
        let hint = id.map_or_else(|| "name a heading of that page".to_owned(), |id| format!("#{id}"));
        Some(Problem::error(message).hint(hint))
    }

    /// A link to a file of the repository that is not part of the documentation.
    fn outside(&self, source: &str, written: &str, reference: Reference<'_>) -> Problem {
        let docs = &self.sources.settings.docs_dir;
        let message = format!("{} leads out of `{docs}`, and the site has no such file", name(written));
        let directory = format!("{docs}/{}", path::directory(source));
        let path = path::join(&directory, &path::unquote(reference.path));
        let hint = match (&self.sources.settings.repo_url, path) {
            (Some(repository), Some(path)) => {
                let repository = repository.trim_end_matches('/');
                reference.with_path(&format!("{repository}/blob/HEAD/{}", path::quote(&path)))
            }
            _ => "link to where the file is on the web".to_owned(),
        };
        Problem::error(message).hint(hint)
    }

    fn suggestion(&self, source: &str, path: &str) -> String {
        let near = path::nearest(path, self.layout.places.keys().copied());
        let from = path::directory(source);
        let from = if from.is_empty() { String::new() } else { format!("{from}/") };
        near.map_or_else(
            || "write the page, or mend the link".to_owned(),
            |other| path::between(&from, other),
        )
    }
}

/// Whether a path ends in a name with an ending: mkdocs leaves others alone, since they may be addresses in the site.
fn names_a_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|file| file.trim_start_matches('.').contains('.'))
}

/// The id that is the same but for case, `-` and `_`.
fn closest<'a>(anchor: &str, offered: &'a BTreeSet<String>) -> Option<&'a str> {
    let letters = |id: &str| id.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    offered.iter().map(String::as_str).find(|id| letters(id) == letters(anchor))
}
