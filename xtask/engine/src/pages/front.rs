//! The first page of the site: whose it is, and a small one where there would be none.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::charts::NewFile;
use super::page::{MAKER, is_ours};
use super::{Contents, Held, NO_JEKYLL, Owner};
use crate::base::config::Config;
use crate::base::helm_repository::OTHER_PAGE;
use crate::base::html::escape;
use crate::base::problem::Problem;
use crate::base::text::few;
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
    /// True if GitHub Pages runs Jekyll over the site and others rely on that. Charts need no `.nojekyll`, so that their
    /// pages stay.
    pub fn is_of_jekyll(&self) -> bool {
        self.docs.is_none() && !self.of_jekyll().is_empty()
    }

    /// What Jekyll makes the site of; nothing where it does not run.
    fn of_jekyll(&self) -> Vec<&str> {
        if self.there.contains_key(&self.config.site_file(NO_JEKYLL)) {
            return Vec::new();
        }
        self.at_root().filter(|file| *file == "_config.yml" || stem_of_markdown(file).is_some()).collect()
    }

    /// The names of the files at the root of the site.
    fn at_root(&self) -> impl Iterator<Item = &str> {
        let below = |path: &'_ String| match self.config.site_root() {
            "" => Some(0),
            root => path.strip_prefix(root)?.starts_with('/').then_some(root.len() + 1),
        };
        let names = self.there.keys().filter_map(move |path| path.get(below(path)?..));
        names.filter(|name| !name.contains('/'))
    }

    /// Says so where documentation ends what Jekyll has made for others.
    pub fn ends_jekyll(&self) -> Option<Problem> {
        let pages = self.docs.map(|_| self.of_jekyll()).filter(|pages| !pages.is_empty())?;
        let pages: Vec<String> = pages.into_iter().map(str::to_owned).collect();
        let message = format!(
            "GitHub Pages will not run Jekyll over the branch any more, and makes no pages of {}",
            few(&pages)
        );
        Some(Problem::warning(message).hint("move what is still needed into the documentation"))
    }

    /// True if the site has a first page that is no page of the charts: that of the documentation, or of others.
    pub fn is_taken(&self) -> bool {
        let is_of_docs = self.docs.into_iter().flatten().any(|file| file.path == FIRST);
        let is_of_others = self.there.contains_key(&self.first()) && !self.is_ours();
        // Jekyll makes the first page of these (docs.github.com, "About GitHub Pages", and jekyll-readme-index).
        let is_first = |file: &&str| {
            stem_of_markdown(file)
                .is_some_and(|stem| ["index", "readme"].iter().any(|one| stem.eq_ignore_ascii_case(one)))
        };
        let is_rendered = self.is_of_jekyll() && self.of_jekyll().iter().any(is_first);
        is_of_docs || is_of_others || is_rendered || self.config.reserved.iter().any(|one| one == FIRST)
    }

    fn first(&self) -> String {
        self.config.site_file(FIRST)
    }

    /// True if the first page that is there was made by this program to show the charts.
    pub fn is_ours(&self) -> bool {
        self.contents.pages.get(&self.first()).is_some_and(|page| is_ours(page))
    }

    /// A page that leads to the charts, in place of the 404 that visitors would get.
    pub fn page<'f>(&self) -> Option<NewFile<'f>> {
        let is_of_charts = self.config.helm_path == self.config.site_root();
        (!is_of_charts && !self.is_taken()).then(|| self.leading(self.first()))
    }

    /// What becomes of the page of the charts where its place is no longer right: the documentation takes it over, or the
    /// Helm repository has moved from there.
    pub fn moved<'f>(&self) -> Option<NewFile<'f>> {
        let other = self.config.site_file(OTHER_PAGE);
        if self.config.helm_path != self.config.site_root() {
            let is_stale = self.contents.pages.get(&other).is_some_and(|page| is_ours(page));
            return is_stale.then(|| self.leading(other));
        }
        let is_new = self.docs.into_iter().flatten().any(|file| file.path == FIRST);
        let page = self.contents.pages.get(&self.first()).filter(|page| is_new && is_ours(page))?.clone();
        Some((other, (Owner::HelmRepository, Held::Data(Cow::Owned(page)))))
    }

    fn leading<'f>(&self, at: String) -> NewFile<'f> {
        let (name, path) = (escape(&self.config.helm_name), escape(&self.config.helm_path));
        let text = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"refresh\" content=\"0; url={path}/\">\n{MAKER}\n<title>{name}</title>\n</head>\n<body>\n\
             <p><a href=\"{path}/\">The Helm charts of {name}</a></p>\n</body>\n</html>\n"
        );
        (at, (Owner::Site, Held::Data(Cow::Owned(text.into_bytes()))))
    }
}

/// The name of a Markdown file without its ending.
fn stem_of_markdown(file: &str) -> Option<&str> {
    file.strip_suffix(".md").or_else(|| file.strip_suffix(".markdown"))
}
