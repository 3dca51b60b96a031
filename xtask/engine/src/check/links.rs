//! Links of documents that GitHub shows: each must lead to a file that everybody has, and to a heading in it.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Document;
use crate::base::path::{self, Reference, between, directory};
use crate::base::problem::Problem;
use crate::base::text::{name, nearest};
use crate::docs::markdown::Link;
use crate::docs::markdown::github::{Page, read_github_page};

/// What a link may lead to.
#[derive(Debug)]
pub struct Targets<'a> {
    files: BTreeSet<&'a str>,
    pages: BTreeMap<&'a str, Page>,
}

impl<'a> Targets<'a> {
    /// `files` are those that git tracks or would, by their paths from the root; `documents` are the Markdown among them.
    pub fn new(files: &'a [String], documents: &'a [Document]) -> Self {
        let page = |document: &'a Document| (document.path.as_str(), read_github_page(&document.text));
        Self {
            files: files.iter().map(String::as_str).collect(),
            pages: documents.iter().map(page).collect(),
        }
    }

    /// The links of a document that lead nowhere.
    pub fn broken_links(&self, document: &Document) -> Vec<Problem> {
        let Some(page) = self.pages.get(document.path.as_str()) else { return Vec::new() };
        let broken = |link: &Link| {
            let (why, hint) = self.broken(&document.path, link)?;
            let message = format!("{} leads nowhere: {why}", name(&link.url));
            Some(Problem::warning(message).at(&document.path, Some(link.line)).hint(hint))
        };
        page.links.iter().filter_map(broken).collect()
    }

    /// Why a link leads nowhere, and what to do.
    fn broken(&self, from: &str, link: &Link) -> Option<(String, String)> {
        // What a generator fills in is no link yet.
        let parts = Reference::relative(&link.url).filter(|_| !link.url.contains("{{"))?;
        let path = Self::path(from, parts.path)?;
        if !self.has(&path) {
            let why = format!("there is no {}, or git ignores it", name(&path));
            let near = path::nearest(&path, self.files.iter().copied());
            let near = near.map(|near| parts.with_path(&between(from, near)));
            return Some((why, near.unwrap_or_else(|| "write the file, or mend the link".to_owned())));
        }
        let page = self.pages.get(path.as_str())?;
        let anchor = parts.anchor.filter(|anchor| !matches!(*anchor, "" | "top") && !page.has(anchor))?;
        let why = format!("{} has no heading with that id", name(&path));
        let near = nearest(anchor, page.anchors()).map(|near| format!("{}#{near}", parts.path));
        Some((why, near.unwrap_or_else(|| "name a heading of that page".to_owned())))
    }

    /// The path from the root that a link means; `None` for what is no file of the repository. On GitHub `/` is the root,
    /// and what leaves it by two levels, such as `../../issues`, is a page of the repository's.
    fn path(from: &str, path: &str) -> Option<String> {
        let path = path::unquote(path);
        match path.strip_prefix('/') {
            _ if path.is_empty() => return Some(from.to_owned()),
            Some(path) => return path::join("", path),
            None => {}
        }
        let path = path::join(&format!("blob/HEAD/{}", directory(from)), &path)?;
        match path.strip_prefix("blob/HEAD") {
            Some(path) => Some(path.trim_start_matches('/').to_owned()),
            None => path.strip_prefix("blob/").map(|outside| format!("../{outside}")),
        }
    }

    /// Whether there is such a file or directory, or a link in the file system to one on the way.
    fn has(&self, path: &str) -> bool {
        let below = format!("{path}/");
        let has_below =
            || self.files.range(below.as_str()..).next().is_some_and(|file| file.starts_with(&below));
        let mut above = directory(path);
        while !above.is_empty() {
            if self.files.contains(above) {
                return true;
            }
            above = directory(above);
        }
        path.is_empty() || self.files.contains(path) || has_below()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::document::tests::document;

    fn problems(from: &str, text: &str) -> Vec<String> {
        let files = ["README.md", "docs/install.md", "charts/web/README.md", "charts/web/Chart.yaml", "ln"];
        let files = files.map(str::to_owned);
        let documents = [document(from, text), document("docs/install.md", "# Get it & go\n")];
        let found = Targets::new(&files, &documents).broken_links(&documents[0]);
        found
            .iter()
            .map(|problem| format!("{problem}; {}", problem.hint.as_deref().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn what_leads_somewhere() {
        for (from, url) in [
            ("README.md", "docs/install.md"),
            ("README.md", "docs/install.md#get-it--go"),
            ("README.md", "docs"),
            ("README.md", "./docs/"),
            ("README.md", "/charts/web/Chart.yaml#L3"),
            ("README.md", "#own"),
            ("README.md", "#"),
            ("README.md", "https://x/no.md"),
            ("README.md", "mailto:x@y.z"),
            ("README.md", "../../issues"),
            ("README.md", "../../actions/workflows/ci.yml/badge.svg"),
            ("README.md", "ln/somewhere"),
            ("README.md", "{{site}}/a"),
            ("README.md", "docs/install%2Emd?raw=true"),
            ("charts/web/README.md", "../../README.md"),
            ("charts/web/README.md", "../../../../issues"),
            ("charts/web/README.md", "../.."),
        ] {
            assert_eq!(problems(from, &format!("# Own\n[a]({url})\n")), [""; 0], "{url}");
        }
    }

    #[test]
    fn what_leads_nowhere() {
        for (from, url, expected) in [
            (
                "README.md",
                "docs/instal.md",
                "README.md:2: `docs/instal.md` leads nowhere: there is no `docs/instal.md`, or git ignores it; docs/install.md",
            ),
            (
                "charts/web/README.md",
                "install.md#x",
                "charts/web/README.md:2: `install.md#x` leads nowhere: there is no `charts/web/install.md`, or git ignores it; \
                 ../../docs/install.md#x",
            ),
            (
                "README.md",
                "docs/install.md#get-it-go",
                "README.md:2: `docs/install.md#get-it-go` leads nowhere: `docs/install.md` has no heading with that id; \
                 docs/install.md#get-it--go",
            ),
            (
                "README.md",
                "#no",
                "README.md:2: `#no` leads nowhere: `README.md` has no heading with that id; name a heading of that page",
            ),
            (
                "README.md",
                "../other",
                "README.md:2: `../other` leads nowhere: there is no `../other`, or git ignores it; write the file, or mend the link",
            ),
        ] {
            assert_eq!(problems(from, &format!("# Own\n[a]({url})\n")), [expected]);
        }
    }
}
