//! A page in Markdown, read as mkdocs reads it: front matter, headings with their ids, links with their lines.
//!
//! The language itself comes from a crate; tables, strikethrough, footnotes and task lists are on, as GitHub and mkdocs'
//! Material theme have them. Raw HTML passes through: who writes the pages may write HTML.

mod admonition;
mod attributes;
pub mod fence;
mod front;
pub mod github;
mod raw;
mod slug;
mod table;

use std::collections::BTreeSet;

use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeWithOffset, html,
};

use super::mkdocs::Named;
use crate::base::html::escape;

/// What of the crate's Markdown is on, for all pages or for those of projects with an extension of Python-Markdown.
const OPTIONS: [(&str, Options); 5] = [
    ("", Options::ENABLE_TABLES),
    ("", Options::ENABLE_STRIKETHROUGH),
    ("", Options::ENABLE_FOOTNOTES),
    ("", Options::ENABLE_TASKLISTS),
    ("def_list", Options::ENABLE_DEFINITION_LIST),
];

#[derive(Debug, Default)]
pub struct Page {
    /// `title` of the front matter.
    pub title: Option<String>,
    /// `description` of the front matter.
    pub description: Option<String>,
    /// The text of the first block, if that is a heading of the first level.
    pub heading: Option<String>,
    pub headings: Vec<Heading>,
    pub links: Vec<Link>,
    pub html: String,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
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

/// Reads a page, with the `extensions` that mkdocs.yml names. `rewrite` says what a link's URL becomes; where it says
/// `None` the URL stays.
pub fn read_page(text: &str, extensions: &Named, rewrite: impl Fn(&str) -> Option<String>) -> Page {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let (front, skipped) = front::matter(text);
    let field = |name: &str| front.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let text = text.lines().map(without_tabs).collect::<Vec<_>>().join("\n");
    let lines = admonition::expand(raw::undent((1..).zip(text.lines()).skip(skipped)));
    let lines = table::escape_pipes(lines);
    let (mut events, found) = parse(&lines, extensions, rewrite);
    let headings = name_headings(&mut events);
    let first = matches!(events.first(), Some(Event::Start(Tag::Heading { .. })));
    let heading =
        headings.first().filter(|heading| first && heading.level == 1).map(|heading| heading.text.clone());
    let mut html = String::new();
    html::push_html(&mut html, dress(events, &headings).into_iter());
    Page { title: field("title"), description: field("description"), heading, headings, links: found, html }
}

/// A line in which each tab is the spaces up to the next multiple of four, as Python-Markdown reads it.
fn without_tabs(line: &str) -> String {
    let mut parts = line.split('\t');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| {
        let spaces = 4 - before.chars().count() % 4;
        before + &" ".repeat(spaces) + part
    })
}

/// The events of a text, and its links.
fn parse(
    lines: &[admonition::Line<'_>],
    extensions: &Named,
    rewrite: impl Fn(&str) -> Option<String>,
) -> (Vec<Event<'static>>, Vec<Link>) {
    let body: String = lines.iter().flat_map(|(_, line)| [line.as_ref(), "\n"]).collect();
    let starts: Vec<usize> = body.match_indices('\n').map(|(at, _)| at + 1).collect();
    let line_at = |offset: usize| {
        let row = starts.partition_point(|start| *start <= offset);
        lines.get(row).map_or(1, |(number, _)| *number)
    };
    let has = |extension: &str| extensions.contains_key(extension);
    let options = OPTIONS.into_iter().filter(|(extension, _)| extension.is_empty() || has(extension));
    let parser = Parser::new_ext(&body, options.map(|(_, option)| option).collect());
    let mut events = Vec::new();
    let mut found = Vec::new();
    for (mut event, range) in TextMergeWithOffset::new(parser.into_offset_iter()) {
        match &mut event {
            Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. })
                if *link_type != LinkType::Email =>
            {
                found.push(Link { url: dest_url.to_string(), line: line_at(range.start) });
                if let Some(url) = rewrite(dest_url) {
                    *dest_url = url.into();
                }
            }
            // `#!python x`, where a language is named to colour the code by.
            Event::Code(code) if has("pymdownx.inlinehilite") && code.starts_with("#!") => {
                *code = code.split_once(' ').map_or("", |(_, code)| code).to_owned().into();
            }
            _ => {}
        }
        events.push(event.into_static());
    }
    (if has("attr_list") { attributes::apply(events) } else { events }, found)
}

/// Gives each heading an id: the one that its attributes name, else one made of its text.
fn name_headings(events: &mut [Event<'_>]) -> Vec<Heading> {
    let mut texts = Vec::new();
    let mut open = None::<String>;
    let mut in_image = 0;
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
    let mut headings = Vec::new();
    let mut texts = texts.into_iter();
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
                let info = match &kind {
                    CodeBlockKind::Fenced(info) => info,
                    CodeBlockKind::Indented => "",
                };
                let (language, title) = code_info(info);
                if let Some(title) = title {
                    out.push(html(&format!("<p class=\"filename\">{}</p>\n", escape(title))));
                }
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
            Event::InlineHtml(tag) if title_tag(&tag).is_some() => {
                let (tag, is_end) = title_tag(&tag).unwrap_or_default();
                if !is_end {
                    out.pop();
                }
                out.push(html(tag));
            }
            // The tag of the title has ended it.
            Event::End(TagEnd::Paragraph) if matches!(out.last(), Some(Event::Html(tag)) if admonition::TITLES.iter().any(|title| title.3 == &**tag)) =>
                {}
            // mkdocs puts the contents there, which every page has beside it.
            Event::End(TagEnd::Paragraph) if matches!(&out[..], [.., Event::Start(Tag::Paragraph), Event::Text(text)] if **text == *"[TOC]") =>
            {
                out.truncate(out.len() - 2);
            }
            event => out.push(event),
        }
    }
    out
}

/// What stands in the page for the tag of an admonition's title, and whether that is the end.
fn title_tag(tag: &str) -> Option<(&'static str, bool)> {
    admonition::TITLES.into_iter().find_map(|(begin, as_begin, end, as_end)| match tag {
        _ if tag == begin => Some((as_begin, false)),
        _ if tag == end => Some((as_end, true)),
        _ => None,
    })
}

/// The language of a code block and its title: `yaml title="x"`, `{.yaml title="x"}`.
fn code_info(info: &str) -> (&str, Option<&str>) {
    let info = info.trim_start_matches(['{', ' ']);
    let language = info.split([' ', '}', '{']).next().unwrap_or_default();
    let title = info.split_once("title=").and_then(|(_, rest)| {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        Some(rest.get(1..)?.split_once(quote)?.0)
    });
    (if language.contains('=') { "" } else { language.trim_start_matches('.') }, title)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(text: &str) -> Page {
        read_page(text, &Named::from([("attr_list".to_owned(), 1)]), |_| None)
    }

    fn html(text: &str) -> String {
        page_of(text).html
    }

    #[test]
    fn headings_get_ids() {
        let page = page_of("# A *b* `c` &amp; d\n\n## x\n## x\n## y {#z}\n## z\nq\n===\n");
        let shown: Vec<String> =
            page.headings.iter().map(|h| format!("{} {} {}", h.level, h.id, h.text)).collect();
        assert_eq!(shown, ["1 a-b-c-d A b c & d", "2 x x", "2 x_1 x", "2 z y", "2 z_1 z", "1 q q"]);
        assert_eq!(page.heading.as_deref(), Some("A b c & d"));
        assert_eq!(page_of("text\n\n# A").heading, None);
        assert!(
            page.html
                .starts_with("<h1 id=\"a-b-c-d\">A <em>b</em> <code>c</code> &amp; d <a class=\"permalink\"")
        );
        assert!(html("# ![alt](x.png) t").contains("<h1 id=\"t\">"));
    }

    #[test]
    fn links_have_lines() {
        let text = "---\ntitle: T\ndescription: >-\n  D\n---\n[a](a.md)\n\n!!! note\n    [b][r] <https://c>\n\n![i](i.png) <x@y.z>\n\n[r]: b.md\n";
        let page = read_page(text, &Named::new(), |url| (url == "a.md").then(|| "a/".to_owned()));
        let links: Vec<(&str, usize)> =
            page.links.iter().map(|link| (link.url.as_str(), link.line)).collect();
        assert_eq!(links, [("a.md", 6), ("b.md", 9), ("https://c", 9), ("i.png", 11)]);
        assert_eq!((page.title.as_deref(), page.description.as_deref()), (Some("T"), Some("D")));
        assert!(page.html.contains("<a href=\"a/\">a</a>") && page.html.contains("mailto:x@y.z"));
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

    /// As mkdocs shows them, but for colours.
    #[test]
    fn code_and_titles() {
        for (text, expected) in [
            (
                "```yaml title=\"a <b\" hl_lines=\"1\"\nx\n```",
                "<p class=\"filename\">a &lt;b</p>\n<pre tabindex=\"0\"><code class=\"language-yaml\">x\n</code></pre>\n",
            ),
            (
                "``` {.py title='t'}\nx\n```",
                "<p class=\"filename\">t</p>\n<pre tabindex=\"0\"><code class=\"language-py\">x\n</code></pre>\n",
            ),
            ("```--a=b```\n", "<p><code>--a=b</code></p>\n"),
            (
                "!!! tip \"[a](b) & `c` <i>d</i>\"\n\te\n",
                "<div class=\"admonition tip\">\n<p class=\"admonition-title\"><a href=\"b\">a</a> &amp; <code>c</code> <i>d</i></p>\n<p>e</p>\n</div>\n",
            ),
            (
                "???+ note\n    e\n",
                "<details open class=\"note\">\n<summary>Note</summary>\n<p>e</p>\n</details>\n",
            ),
            ("a\tb `c\td`", "<p>a   b <code>c    d</code></p>\n"),
        ] {
            assert_eq!(html(text), expected, "{text}");
        }
        let table = html("|a|b|\n|-|-|\n|`x|y`|z|\n");
        assert!(table.contains("<td><code>x|y</code></td><td>z</td>"), "{table}");
    }

    #[test]
    fn raw_html_passes() {
        assert_eq!(
            html("a <b>c</b>\n\n<div id=\"x\">\n\n*y*\n\n</div>\n"),
            "<p>a <b>c</b></p>\n<div id=\"x\">\n<p><em>y</em></p>\n</div>\n"
        );
    }

    #[test]
    fn what_extensions_add() {
        let with =
            |extension: &str, text| read_page(text, &Named::from([(extension.to_owned(), 1)]), |_| None).html;
        assert_eq!(html("a\n\n[TOC]\n\n[TOC] b\n"), "<p>a</p>\n<p>[TOC] b</p>\n");
        assert_eq!(with("def_list", "a\n: b\n"), "<dl>\n<dt>a</dt>\n<dd>b</dd>\n</dl>\n");
        assert_eq!(
            with("pymdownx.inlinehilite", "`#!py a b` `#!`"),
            "<p><code>a b</code> <code></code></p>\n"
        );
    }
}
