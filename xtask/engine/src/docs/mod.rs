//! The documentation site: built by mkdocs or zensical, or without them, with the same pages at the same URLs; and what is
//! wrong with the links of each build.

pub mod install;
pub mod io;
mod layout;
mod links;
pub mod markdown;
pub mod mkdocs;
mod nav;
pub mod snippets;
mod template;
mod unsupported;
mod validation;
pub mod words;

use self::layout::Layout;
use self::mkdocs::Settings;
use self::template::Site;
use crate::base::problem::{Problem, Problems, verdict};
use crate::base::text::name;

pub use self::unsupported::unknown;

/// A file of the documentation or of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the root of either, with `/`.
    pub path: String,
    pub data: Vec<u8>,
}

/// What a site is made of.
#[derive(Debug)]
pub struct Sources {
    pub settings: Settings,
    /// Where it lies, for messages.
    pub config: String,
    /// What is below `docs_dir`.
    pub files: Vec<File>,
}

impl Sources {
    /// Whether there is a page among them.
    pub fn has_pages(&self) -> bool {
        Layout::new(self).has_pages()
    }
}

/// A page on its way to the site.
#[derive(Debug)]
struct Page<'a> {
    source: &'a str,
    url: String,
    title: String,
    is_home: bool,
    text: markdown::Page,
}

/// Makes the site. It depends on the sources and nothing else. The error holds all that is wrong with them, broken
/// links included.
pub fn build_site(sources: &Sources) -> Result<Vec<File>, Problems> {
    // Links may lead to what only mkdocs would make, so that nothing else is said.
    verdict(unknown(sources))?;
    let settings = &sources.settings;
    let layout = Layout::new(sources);
    let nav = nav::tree(settings, &layout);
    let pages = pages(settings, &layout, &nav);
    let mut files: Vec<File> = layout
        .places
        .values()
        .filter(|place| !place.is_page)
        .map(|place| File { path: place.to.clone(), data: place.file.data.clone() })
        .collect();
    let site = Site { settings, pages: &pages, nav: &nav };
    files.extend(site.files(&layout));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    verdict(check_site(sources, &files))?;
    Ok(files)
}

/// What is wrong with the sources of a site, whoever built it: links and entries of the navigation that lead nowhere in
/// it, pages that would overwrite each other, pages that are not text.
pub fn check_site(sources: &Sources, site: &[File]) -> Vec<Problem> {
    let layout = Layout::new(sources);
    let mut problems = layout.problems();
    if !layout.has_pages() {
        let docs = name(&sources.settings.docs_dir);
        let problem = Problem::error(format!("there is no page in {docs}")).at(&sources.config, None);
        problems.push(problem.hint(format!("write {}/index.md", sources.settings.docs_dir)));
    }
    problems.extend(nav::nav_problems(sources, &layout, site));
    problems.extend(links::link_problems(sources, &layout, site));
    problems
}

fn pages<'a>(settings: &Settings, layout: &Layout<'a>, nav: &[nav::Node]) -> Vec<Page<'a>> {
    let pages = layout.places.iter().filter(|(_, place)| place.is_page);
    let page = |(source, place): (&&'a str, &layout::Place<'a>)| {
        let rewrite = |reference: &str| layout.rewrite(source, reference);
        let text =
            markdown::read_page(&String::from_utf8_lossy(&place.file.data), &settings.extensions, rewrite);
        let given = nav::title(nav, source).or_else(|| text.title.clone()).or_else(|| text.heading.clone());
        let is_home = place.to == "index.html" && !nav::is_in_section(nav, source);
        let by_name = || if is_home { "Home".to_owned() } else { nav::title_of_name(layout::stem(source)) };
        Page { source, url: place.url.clone(), title: given.unwrap_or_else(by_name), is_home, text }
    };
    pages.map(page).collect()
}
