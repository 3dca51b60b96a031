//! The first page of the site, at the root of the branch: whose it is, and a small one where there would be none.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::charts::NewFile;
use super::page::is_ours;
use super::{Contents, Held, NO_JEKYLL, Owner};
use crate::base::config::Config;
use crate::base::html::escape;
use crate::docs::File;
use crate::git::object::Object;

/// What visitors of the site see first.
pub const FIRST: &str = "index.html";

/// What decides about the first page.
pub struct Front<'a> {
    pub config: &'a Config,
    pub there: &'a BTreeMap<String, Object>,
    pub contents: &'a Contents,
    /// The documentation, if it is published now.
    pub docs: Option<&'a [File]>,
}

impl Front<'_> {
    /// True if GitHub Pages runs Jekyll over the branch and others rely on that. Charts need no `.nojekyll`, so that their
    /// pages stay.
    pub fn is_of_jekyll(&self) -> bool {
        let is_source = |path: &String| {
            path == "_config.yml"
                || !path.contains('/') && (path.ends_with(".md") || path.ends_with(".markdown"))
        };
        self.docs.is_none() && !self.there.contains_key(NO_JEKYLL) && self.there.keys().any(is_source)
    }

    /// True if the site has a first page that is no page of the charts: that of the documentation, or of others.
    pub fn is_taken(&self) -> bool {
        let is_of_docs = self.docs.into_iter().flatten().any(|file| file.path == FIRST);
        let is_of_others = self.there.contains_key(FIRST) && !self.is_ours();
        // Jekyll makes the first page of these (docs.github.com, "About GitHub Pages", and jekyll-readme-index).
        let sources = ["index.md", "README.md", "readme.md"];
        let is_rendered =
            self.is_of_jekyll() && sources.iter().any(|source| self.there.contains_key(*source));
        is_of_docs || is_of_others || is_rendered
    }

    /// True if the first page that is there was made by this program to show the charts.
    pub fn is_ours(&self) -> bool {
        self.contents.pages.get(FIRST).is_some_and(|page| is_ours(page))
    }

    /// A page that leads to the charts, in place of the 404 that visitors would get.
    pub fn page<'f>(&self) -> Option<NewFile<'f>> {
        if self.config.helm_path.is_empty() || self.is_taken() {
            return None;
        }
        let (name, path) = (escape(&self.config.helm_name), escape(&self.config.helm_path));
        let text = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"refresh\" content=\"0; url={path}/\">\n<title>{name}</title>\n\
             <meta name=\"description\" content=\"Helm repository: {name}\">\n</head>\n<body>\n\
             <p><a href=\"{path}/\">The Helm charts of {name}</a></p>\n</body>\n</html>\n"
        );
        Some((FIRST.to_owned(), (Owner::Site, Held::Data(Cow::Owned(text.into_bytes())))))
    }
}
