//! A page in Markdown, read as mkdocs reads it: front matter, headings with their ids, links with their lines.
//!
//! The language itself comes from a crate; tables, strikethrough, footnotes, task lists and attributes of headings are
//! on, as GitHub and mkdocs' Material theme have them. Raw HTML passes through: who writes the pages may write HTML.

mod admonition;
mod slug;

use std::collections::BTreeSet;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

use super::html::escape;
use super::yaml::{self, Value};

/// A page.
#[derive(Debug, Default)]
pub struct Page {
    /// `title` of the front matter.
    pub title: Option<String>,
    /// `description` of the front matter.
    pub description: Option<String>,
    /// The text of the first block, if that is a heading of the first level.
    pub heading: Option<String>,
    /// All headings.
    pub headings: Vec<Heading>,
    /// All links and images.
    pub links: Vec<Link>,
    /// The page's content.
    pub html: String,
}

/// A heading.
#[derive(Debug, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// What a link names it by.
    pub id: String,
    /// Its text, without markup.
    pub text: String,
}

/// A link or an image.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads, as written.
    pub url: String,
    /// Its line in the file, from 1.
    pub line: usize,
}

/// Reads a page. `rewrite` says what a link's URL becomes; where it says `None` the URL stays.
pub fn read(text: &str, rewrite: impl Fn(&str) -> Option<String>) -> Page {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let (front, skipped) = front_matter(text);
    let field = |name: &str| front.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let lines = admonition::expand((1..).zip(text.lines()).skip(skipped));
    let body: String = lines.iter().flat_map(|(_, line)| [line.as_ref(), "\n"]).collect();
    let starts: Vec<usize> = body.match_indices('\n').map(|(at, _)| at + 1).collect();
    let line_at = |offset: usize| {
        let row = starts.partition_point(|start| *start <= offset);
        lines.get(row).map_or(1, |(number, _)| *number)
    };
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut found = Vec::new();
    for (mut event, range) in Parser::new_ext(&body, options).into_offset_iter() {
        if let Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. }) =
            &mut event
            && *link_type != LinkType::Email
        {
            found.push(Link { url: dest_url.to_string(), line: line_at(range.start) });
            if let Some(url) = rewrite(dest_url) {
                *dest_url = url.into();
            }
        }
        events.push(event);
    }
    let headings = name_headings(&mut events);
    let first = matches!(events.first(), Some(Event::Start(Tag::Heading { .. })));
    let heading =
        headings.first().filter(|heading| first && heading.level == 1).map(|heading| heading.text.clone());
    let mut content = String::new();
    html::push_html(&mut content, dress(events, &headings).into_iter());
    Page {
        title: field("title"),
        description: field("description"),
        heading,
        headings,
        links: found,
        html: content,
    }
}

/// The text fields between two lines `---` at the top of the file, and how many lines that is. What is not a YAML
/// mapping is left in the page, as by mkdocs.
fn front_matter(text: &str) -> (Vec<(String, String)>, usize) {
    let mut lines = text.lines();
    if lines.next().is_none_or(|line| line.trim_end() != "---") {
        return (Vec::new(), 0);
    }
    let inside: Vec<&str> =
        lines.clone().take_while(|line| !matches!(line.trim_end(), "---" | "...")).collect();
    let closed = lines.nth(inside.len()).is_some();
    let document = yaml::read(inside.join("\n").as_bytes()).ok().filter(|_| closed);
    let Some(Value::Mapping(pairs)) = document.map(|document| document.root.value) else {
        return (Vec::new(), 0);
    };
    let field = |pair: yaml::Pair| match pair.value.value {
        Value::Scalar(scalar) if !scalar.is_null() => Some((pair.key.helm, scalar.written)),
        _ => None,
    };
    (pairs.into_iter().filter_map(field).collect(), inside.len() + 2)
}

/// Gives each heading an id: the one that its attributes name, else one made of its text.
fn name_headings(events: &mut [Event<'_>]) -> Vec<Heading> {
    let mut texts = Vec::new();
    let (mut open, mut in_image) = (None::<String>, 0);
    for event in events.iter() {
        match (event, &mut open) {
            (Event::Start(Tag::Heading { .. }), _) => open = Some(String::new()),
            (Event::End(TagEnd::Heading(_)), text) => texts.extend(text.take()),
            (Event::Start(Tag::Image { .. }), _) => in_image += 1,
            (Event::End(TagEnd::Image), _) => in_image -= 1,
            (Event::Text(more) | Event::Code(more), Some(text)) if in_image == 0 => text.push_str(more),
            (Event::SoftBreak | Event::HardBreak, Some(text)) => text.push(' '),
            _ => {}
        }
    }
    let named = |event: &Event<'_>| match event {
        Event::Start(Tag::Heading { id, .. }) => id.as_ref().map(ToString::to_string),
        _ => None,
    };
    let mut taken: BTreeSet<String> = events.iter().filter_map(named).collect();
    let (mut headings, mut texts) = (Vec::new(), texts.into_iter());
    for event in events {
        if let Event::Start(Tag::Heading { level, id, .. }) = event {
            let text = texts.next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
            let own = id.as_ref().map(ToString::to_string);
            let name = own.unwrap_or_else(|| slug::unique(slug::slug(&text), &mut taken));
            *id = Some(name.clone().into());
            headings.push(Heading { level: *level as u8, id: name, text });
        }
    }
    headings
}

/// What the crate's HTML lacks: boxes in which wide tables and code scroll, and a link beside each heading.
fn dress<'a>(events: Vec<Event<'a>>, headings: &[Heading]) -> Vec<Event<'a>> {
    let html = |text: &str| Event::Html(CowStr::from(text.to_owned()));
    let mut out = Vec::with_capacity(events.len());
    let mut headings = headings.iter();
    for event in events {
        match event {
            Event::Start(Tag::Table(_)) => out.extend([html("<div class=\"table\" tabindex=\"0\">"), event]),
            Event::End(TagEnd::Table) => out.extend([event, html("</div>\n")]),
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match &kind {
                    CodeBlockKind::Fenced(info) => info.split(' ').next().unwrap_or_default(),
                    CodeBlockKind::Indented => "",
                };
                let class = if language.is_empty() {
                    String::new()
                } else {
                    format!(" class=\"language-{}\"", escape(language))
                };
                out.push(html(&format!("<pre tabindex=\"0\"><code{class}>")));
            }
            Event::End(TagEnd::CodeBlock) => out.push(html("</code></pre>\n")),
            Event::End(TagEnd::Heading(_)) => {
                if let Some(heading) = headings.next() {
                    let (id, text) = (escape(&heading.id), escape(&heading.text));
                    out.push(html(&format!(
                        " <a class=\"permalink\" href=\"#{id}\" aria-label=\"Link to “{text}”\">#</a>"
                    )));
                }
                out.push(event);
            }
            event => out.push(event),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        read(text, |_| None).html
    }

    #[test]
    fn headings_get_ids() {
        let page = read("# A *b* `c` &amp; d\n\n## x\n## x\n## y {#z}\n## z\nq\n===\n", |_| None);
        let shown: Vec<String> =
            page.headings.iter().map(|h| format!("{} {} {}", h.level, h.id, h.text)).collect();
        assert_eq!(shown, ["1 a-b-c-d A b c & d", "2 x x", "2 x_1 x", "2 z y", "2 z_1 z", "1 q q"]);
        assert_eq!(page.heading.as_deref(), Some("A b c & d"));
        assert_eq!(read("text\n\n# A", |_| None).heading, None);
        assert!(
            page.html
                .starts_with("<h1 id=\"a-b-c-d\">A <em>b</em> <code>c</code> &amp; d <a class=\"permalink\"")
        );
        assert!(html("# ![alt](x.png) t").contains("<h1 id=\"t\">"));
    }

    #[test]
    fn links_have_lines() {
        let text = "---\ntitle: T\ndescription: >-\n  D\n---\n[a](a.md)\n\n!!! note\n    [b][r] <https://c>\n\n![i](i.png) <x@y.z>\n\n[r]: b.md\n";
        let page = read(text, |url| (url == "a.md").then(|| "a/".to_owned()));
        let links: Vec<(&str, usize)> =
            page.links.iter().map(|link| (link.url.as_str(), link.line)).collect();
        assert_eq!(links, [("a.md", 6), ("b.md", 9), ("https://c", 9), ("i.png", 11)]);
        assert_eq!((page.title.as_deref(), page.description.as_deref()), (Some("T"), Some("D")));
        assert!(page.html.contains("<a href=\"a/\">a</a>") && page.html.contains("mailto:x@y.z"));
    }

    #[test]
    fn front_matter_is_yaml_between_dashes() {
        for text in ["---\na\n---\nb", "---\n[\n---\n", "---\ntitle: x\n", "text\n---\n"] {
            assert_eq!(read(text, |_| None).title, None, "{text}");
        }
        assert_eq!(read("\u{FEFF}---\r\ntitle: 1.10\r\n---\r\n# b", |_| None).title.as_deref(), Some("1.10"));
    }

    #[test]
    fn what_is_wide_scrolls() {
        assert!(html("|a|b|\n|-|-|\n|1|2|\n").contains("<div class=\"table\" tabindex=\"0\"><table>"));
        assert_eq!(
            html("```sh x\n<a>\n```\n"),
            "<pre tabindex=\"0\"><code class=\"language-sh\">&lt;a&gt;\n</code></pre>\n"
        );
        assert_eq!(html("    a\n"), "<pre tabindex=\"0\"><code>a\n</code></pre>\n");
    }

    #[test]
    fn raw_html_passes() {
        assert_eq!(
            html("a <b>c</b>\n\n<div id=\"x\">\n\n*y*\n\n</div>\n"),
            "<p>a <b>c</b></p>\n<div id=\"x\">\n<p><em>y</em></p>\n</div>\n"
        );
    }
}
