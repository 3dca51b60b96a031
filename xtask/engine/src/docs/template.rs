//! The HTML around the pages of the native build. It needs no script and loads nothing but its own stylesheet.

use super::layout::Layout;
use super::markdown::Heading;
use super::mkdocs::Settings;
use super::nav::{Node, entries};
use super::{File, Page};
use crate::base::html::escape;
use crate::base::path;

const STYLESHEET: &str = concat!(include_str!("../base/web.css"), include_str!("docs.css"));
/// Where the stylesheet lies in the site.
const STYLESHEET_PATH: &str = "assets/xtask.css";

/// All that pages have in common.
pub struct Site<'a> {
    pub settings: &'a Settings,
    /// All pages, sorted by their sources.
    pub pages: &'a [Page<'a>],
    pub nav: &'a [Node],
}

/// What one page says and where it is.
struct View<'a> {
    /// What leads from it to a URL below the site's.
    link: &'a dyn Fn(&str) -> String,
    source: &'a str,
    /// Its title in the browser, beside the site's; the home page has the site's alone.
    title: Option<&'a str>,
    description: Option<&'a str>,
    canonical: Option<String>,
    headings: &'a [Heading],
    content: &'a str,
}

impl Site<'_> {
    /// The pages, the stylesheet, `404.html` and, where it is known where the site will be, `sitemap.xml`. Where the
    /// documentation has a file of such a name, that one counts.
    pub fn files(&self, layout: &Layout<'_>) -> Vec<File> {
        let sitemap = self.settings.site_url.as_ref().map(|root| ("sitemap.xml", self.sitemap(root)));
        let own = [(STYLESHEET_PATH, STYLESHEET.to_owned()), ("404.html", self.not_found())];
        let own = own.into_iter().chain(sitemap).filter(|(path, _)| !layout.places.contains_key(path));
        let to = |page: &Page<'_>| layout.places.get(page.source).map(|place| place.to.clone());
        let pages = self.pages.iter().filter_map(|page| Some((to(page)?, self.page(page))));
        let all = pages.chain(own.map(|(path, text)| (path.to_owned(), text)));
        all.map(|(path, text)| File { path, data: text.into_bytes() }).collect()
    }

    fn page(&self, page: &Page<'_>) -> String {
        let link = |to: &str| path::between(&page.url, to);
        self.html(&View {
            link: &link,
            source: page.source,
            title: page.text.title.as_deref().or((!page.is_home).then_some(&page.title)),
            description: page.text.description.as_deref().or(self.settings.site_description.as_deref()),
            canonical: self.settings.site_url.as_ref().map(|root| format!("{root}{}", page.url)),
            headings: &page.text.headings,
            content: &page.text.html,
        })
    }

    /// It is shown at any URL, so that its links are absolute.
    fn not_found(&self) -> String {
        let root = self.settings.site_url.as_deref().map_or_else(|| "/".to_owned(), path::path_of);
        let link = |to: &str| format!("{root}{to}");
        let content = "<h1>Page not found</h1>\n<p>There is no page at this address. The menu leads to those that there are.</p>";
        self.html(&View {
            link: &link,
            source: "",
            title: Some("Page not found"),
            description: None,
            canonical: None,
            headings: &[],
            content,
        })
    }

    fn sitemap(&self, root: &str) -> String {
        let url =
            |page: &Page<'_>| format!("  <url><loc>{}</loc></url>\n", escape(&format!("{root}{}", page.url)));
        let urls: String = self.pages.iter().map(url).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{urls}</urlset>\n"
        )
    }

    fn html(&self, view: &View<'_>) -> String {
        let language = escape(&self.settings.language);
        let head = self.head(view);
        let header = self.header(view);
        let nav = self.nav(self.nav, view);
        let around = self.around(view);
        let (inline_contents, aside) = contents(view.headings);
        // As the Material theme does, so that every page has one heading that says what it is.
        let heading = view.title.filter(|_| !view.content.contains("<h1"));
        let heading = heading.map(|title| format!("<h1>{}</h1>\n", escape(title))).unwrap_or_default();
        let content = view.content;
        format!(
            r##"<!doctype html>
<html lang="{language}">
<head>
{head}</head>
<body>
<a class="skip" href="#content">Skip to content</a>
{header}<div class="columns">
<div class="sidebar">
<details class="menu"><summary>Menu</summary><nav aria-label="Pages">
{nav}</nav></details>
<nav class="wide" aria-label="Pages">
{nav}</nav>
</div>
<main id="content">
{inline_contents}<article>
{heading}{content}</article>
{around}</main>
{aside}</div>
</body>
</html>
"##
        )
    }

    /// The title of the page, what it is about, where it is, and its stylesheet.
    fn head(&self, view: &View<'_>) -> String {
        let site_name = escape(&self.settings.site_name);
        let title =
            view.title.map_or_else(|| site_name.clone(), |title| format!("{} - {site_name}", escape(title)));
        let meta = |name: &str, text: &str| format!("<meta name=\"{name}\" content=\"{}\">\n", escape(text));
        let description = view.description.map(|text| meta("description", text)).unwrap_or_default();
        let canonical = view.canonical.as_ref();
        let canonical = canonical.map(|url| format!("<link rel=\"canonical\" href=\"{}\">\n", escape(url)));
        let canonical = canonical.unwrap_or_default();
        let stylesheet = escape(&(view.link)(STYLESHEET_PATH));
        format!(
            r#"<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{description}{canonical}<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="{stylesheet}">
"#
        )
    }

    fn header(&self, view: &View<'_>) -> String {
        let home = self.pages.iter().find(|page| page.is_home).map_or("", |page| &page.url);
        let home = escape(&(view.link)(home));
        let site_name = escape(&self.settings.site_name);
        let repository = self.settings.repo_url.as_ref().map(|url| {
            let host = if url.contains("//github.com/") { "GitHub" } else { "Source" };
            format!("<a href=\"{}\">{host}</a>\n", escape(url))
        });
        let repository = repository.unwrap_or_default();
        format!(
            "<header class=\"top\">\n<a class=\"name\" href=\"{home}\">{site_name}</a>\n{repository}</header>\n"
        )
    }

    fn nav(&self, nodes: &[Node], view: &View<'_>) -> String {
        let entry = |node: &Node| match node {
            Node::Link(title, url) => format!("<li><a href=\"{}\">{}</a></li>\n", escape(url), escape(title)),
            Node::File(title, url) => {
                format!("<li><a href=\"{}\">{}</a></li>\n", escape(&(view.link)(url)), escape(title))
            }
            Node::Page(source, _) => {
                let Some(page) = self.page_of(source) else { return String::new() };
                let current = if source == view.source { " aria-current=\"page\"" } else { "" };
                let (href, title) = (escape(&(view.link)(&page.url)), escape(&page.title));
                format!("<li><a href=\"{href}\"{current}>{title}</a></li>\n")
            }
            Node::Section(title, children) => {
                let open = entries(children).iter().any(|(source, _)| *source == view.source);
                let open = if open { " open" } else { "" };
                let (title, children) = (escape(title), self.nav(children, view));
                format!("<li><details{open}><summary>{title}</summary>\n{children}</details></li>\n")
            }
        };
        format!("<ul>\n{}</ul>\n", nodes.iter().map(entry).collect::<String>())
    }

    /// Links to the pages before and after this one.
    fn around(&self, view: &View<'_>) -> String {
        let order: Vec<&str> = entries(self.nav).into_iter().map(|(source, _)| source).collect();
        let Some(at) = order.iter().position(|source| *source == view.source) else { return String::new() };
        let link = |at: Option<usize>, rel: &str, label: &str| {
            let page = at.and_then(|at| order.get(at)).and_then(|source| self.page_of(source));
            page.map(|page| {
                let (href, title) = (escape(&(view.link)(&page.url)), escape(&page.title));
                format!("<a rel=\"{rel}\" href=\"{href}\"><span>{label}</span> {title}</a>\n")
            })
        };
        let before = link(at.checked_sub(1), "prev", "Previous").unwrap_or_default();
        let after = link(Some(at + 1), "next", "Next").unwrap_or_default();
        if before.is_empty() && after.is_empty() {
            return String::new();
        }
        format!("<nav class=\"around\" aria-label=\"Previous and next page\">\n{before}{after}</nav>\n")
    }

    fn page_of(&self, source: &str) -> Option<&Page<'_>> {
        let at = self.pages.binary_search_by(|page| page.source.cmp(source)).ok()?;
        self.pages.get(at)
    }
}

/// The contents of a page, of its second and third level: to fold out above it, and beside it.
fn contents(headings: &[Heading]) -> (String, String) {
    let entry = |heading: &Heading| {
        let (id, text) = (escape(&heading.id), escape(&heading.text));
        format!("<li class=\"level-{}\"><a href=\"#{id}\">{text}</a></li>\n", heading.level)
    };
    let shown: Vec<String> = headings.iter().filter(|one| matches!(one.level, 2 | 3)).map(entry).collect();
    if shown.len() < 2 {
        return (String::new(), String::new());
    }
    let list = format!("<ul>\n{}</ul>\n", shown.concat());
    (
        format!("<details class=\"contents\"><summary>On this page</summary>\n{list}</details>\n"),
        format!(
            "<aside class=\"contents\"><nav aria-label=\"On this page\">\n<p>On this page</p>\n{list}</nav></aside>\n"
        ),
    )
}
