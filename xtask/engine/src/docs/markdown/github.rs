//! A page in Markdown as GitHub shows it: its links, and what `#…` may name in it.
//!
//! GitHub makes the ids of headings of their text: lower case, without what is neither a letter, a digit, `-` nor `_`,
//! each space a `-`; the second of two gets `-1` (docs.github.com, "Section links").

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeWithOffset};

use super::Link;
use crate::base::{html, path};

#[derive(Debug, Default)]
pub struct Page {
    /// All links and images, those of its HTML too.
    pub links: Vec<Link>,
    anchors: BTreeSet<String>,
}

impl Page {
    /// Whether a link may name this after `#`.
    pub fn has(&self, anchor: &str) -> bool {
        let anchor = normal(&path::unquote(anchor));
        self.anchors.contains(anchor.strip_prefix("user-content-").unwrap_or(&anchor))
    }

    /// What a link may name after `#`.
    pub fn anchors(&self) -> impl Iterator<Item = &str> {
        self.anchors.iter().map(String::as_str)
    }
}

pub fn read_github_page(text: &str) -> Page {
    let options = [
        Options::ENABLE_TABLES,
        Options::ENABLE_STRIKETHROUGH,
        Options::ENABLE_FOOTNOTES,
        Options::ENABLE_TASKLISTS,
    ];
    let starts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let line_at = |range: &Range<usize>| starts.partition_point(|start| *start <= range.start) + 1;
    let mut page = Page::default();
    let mut counts = HashMap::new();
    let mut heading = None::<String>;
    let mut block = None::<(String, usize)>;
    let parser = Parser::new_ext(text, options.into_iter().collect()).into_offset_iter();
    for (event, range) in TextMergeWithOffset::new(parser) {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. })
                if link_type != LinkType::Email =>
            {
                page.links.push(Link { url: dest_url.to_string(), line: line_at(&range) });
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Start(Tag::HtmlBlock) => block = Some((String::new(), line_at(&range))),
            Event::End(TagEnd::HtmlBlock) => {
                let block = block.take().unwrap_or_default();
                page.add_html(&block);
                page.anchors.extend(html::headings(&block.0).map(|text| unique(slug(&text), &mut counts)));
            }
            Event::End(TagEnd::Heading(_)) => {
                page.anchors.insert(unique(slug(&heading.take().unwrap_or_default()), &mut counts));
            }
            Event::Html(more) => {
                if let Some((html, _)) = &mut block {
                    html.push_str(&more);
                }
            }
            Event::InlineHtml(html) => page.add_html(&(html.to_string(), line_at(&range))),
            Event::Text(more) | Event::Code(more) => {
                if let Some(title) = &mut heading {
                    title.push_str(&more);
                }
            }
            _ => {}
        }
    }
    page
}

impl Page {
    fn add_html(&mut self, (html, line): &(String, usize)) {
        self.anchors.extend(html::anchors(html).iter().map(|anchor| normal(anchor)));
        let reference = |(url, below): (String, usize)| Link { url, line: line + below };
        self.links.extend(html::references(html).map(reference));
    }
}

/// The id that a heading would have if it were the only one of its text.
fn slug(text: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    normal(text).chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Capitals do not count, nor does the mark that makes a sign coloured.
fn normal(text: &str) -> String {
    text.to_lowercase().replace('\u{FE0F}', "")
}

fn unique(slug: String, counts: &mut HashMap<String, usize>) -> String {
    let count = counts.entry(slug.clone()).or_default();
    *count += 1;
    if *count == 1 { slug } else { format!("{slug}-{}", *count - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As github.com shows these headings.
    #[test]
    fn anchors() {
        for (text, anchor) in [
            ("# A & B", "a--b"),
            ("# `values.yaml` *file*", "valuesyaml-file"),
            ("# From 1.x to 2.0", "from-1x-to-20"),
            ("# 🚀 Start", "-start"),
            ("# :rocket: Start", "rocket-start"),
            ("# Ünï_c", "ünï_c"),
            ("# a\n# a", "a-1"),
            ("Title\n===", "title"),
            ("a <a name=\"Own\"></a>", "own"),
            ("<h2\n id=\"x\">y</h2>", "user-content-x"),
            ("<h1 align=center>\n  A &amp; B\n</h1>", "a--b"),
            ("# A", "%41"),
        ] {
            assert!(read_github_page(text).has(anchor), "{text}: {:?}", read_github_page(text).anchors);
        }
        for (text, anchor) in [("# A & B", "a-b"), ("```\n# a\n```", "a"), ("<!-- <a id=x> -->", "x")] {
            assert!(!read_github_page(text).has(anchor), "{text}");
        }
    }

    #[test]
    fn links_have_lines() {
        let text = "[a](b)\n\n```\n[c](d)\n```\n<p>\n<img\n  src=\"e.png\">\n</p>\n\n[f] `[g](h)` <i@j.k>\n![l](m) <a href='n'>o</a>\n\n[f]: p\n";
        let page = read_github_page(text);
        let links: Vec<(&str, usize)> =
            page.links.iter().map(|link| (link.url.as_str(), link.line)).collect();
        assert_eq!(links, [("b", 1), ("e.png", 8), ("p", 11), ("m", 12), ("n", 12)]);
    }
}
