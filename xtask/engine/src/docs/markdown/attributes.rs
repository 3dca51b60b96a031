//! Attribute lists, as Python-Markdown's `attr_list` has them: `{: #id .class key="value" }` at the end of a heading,
//! after an inline element, or as the last line of a paragraph.

use pulldown_cmark::{CowStr, Event, Tag, TagEnd, html};

use crate::base::html::escape;

/// What a list says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Attributes {
    id: Option<String>,
    classes: Vec<String>,
    others: Vec<(String, String)>,
}

/// Takes the lists out of the text and gives their attributes to the elements.
pub fn apply(events: Vec<Event<'static>>) -> Vec<Event<'static>> {
    let mut out: Vec<Event<'_>> = Vec::with_capacity(events.len());
    for event in events {
        match &event {
            Event::Text(text) => {
                let found = Attributes::leading(text).and_then(|list| Some((list, element(&out)?)));
                if let Some(((attributes, rest), start)) = found {
                    attributes.give(&mut out, start);
                    out.extend((!rest.is_empty()).then(|| Event::Text(rest.to_owned().into())));
                    continue;
                }
            }
            Event::End(TagEnd::Heading(_)) => drop(heading(&mut out)),
            Event::End(TagEnd::Paragraph) if paragraph(&mut out).is_some() => {
                out.push(Event::Html("</p>\n".into()));
                continue;
            }
            _ => {}
        }
        out.push(event);
    }
    out
}

/// Where the inline element begins that the events end with.
fn element(events: &[Event<'_>]) -> Option<usize> {
    let inline = |tag: &TagEnd| {
        matches!(
            tag,
            TagEnd::Link | TagEnd::Image | TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough
        )
    };
    match events.last()? {
        Event::Code(_) => return Some(events.len() - 1),
        Event::End(tag) if inline(tag) => {}
        _ => return None,
    }
    let mut depth = 0;
    events.iter().rposition(|event| {
        depth += match event {
            Event::End(_) => 1,
            Event::Start(_) => -1,
            _ => 0,
        };
        depth == 0
    })
}

/// A list at the end of a heading, after a space.
fn heading(events: &mut [Event<'_>]) -> Option<()> {
    let Event::Text(text) = events.last()? else { return None };
    let (before, list) = text.trim_end().rsplit_once(" {")?;
    let list = format!("{{{list}");
    let (given, _) = Attributes::leading(&list).filter(|(_, rest)| rest.is_empty())?;
    let before = before.trim_end().to_owned();
    *events.last_mut()? = Event::Text(before.into());
    let start = events.iter_mut().rfind(|event| matches!(event, Event::Start(Tag::Heading { .. })))?;
    if let Event::Start(Tag::Heading { id, classes, attrs, .. }) = start {
        *id = given.id.map(CowStr::from);
        *classes = given.classes.into_iter().map(CowStr::from).collect();
        *attrs = given.others.into_iter().map(|(name, value)| (name.into(), Some(value.into()))).collect();
    }
    Some(())
}

/// A list that is the last line of a paragraph.
fn paragraph(events: &mut Vec<Event<'_>>) -> Option<()> {
    let [.., Event::SoftBreak, Event::Text(text)] = &events[..] else { return None };
    let (given, _) = Attributes::leading(text).filter(|(_, rest)| rest.trim().is_empty())?;
    events.truncate(events.len() - 2);
    let start = events.iter_mut().rfind(|event| matches!(event, Event::Start(Tag::Paragraph)))?;
    *start = Event::Html(format!("<p{}>", given.html()).into());
    Some(())
}

impl Attributes {
    /// The list that a text begins with, and what follows it.
    fn leading(text: &str) -> Option<(Self, &str)> {
        let mut rest = text.strip_prefix('{')?;
        rest = rest.strip_prefix(':').unwrap_or(rest);
        let mut found = Self::default();
        loop {
            rest = rest.trim_start_matches(' ');
            if let Some(after) = rest.strip_prefix('}') {
                return (found != Self::default()).then_some((found, after));
            }
            let (key, after) = rest.split_at_checked(rest.find([' ', '=', '}'])?)?;
            let (value, after) = match after.strip_prefix('=') {
                Some(value) => {
                    let (value, after) = quoted(value).or_else(|| bare(value))?;
                    (Some(value), after)
                }
                None => (None, after),
            };
            found.add(key, value)?;
            rest = after;
        }
    }

    /// `None` for what cannot be a name in HTML.
    fn add(&mut self, key: &str, value: Option<&str>) -> Option<()> {
        let name = key.strip_prefix(['#', '.']).unwrap_or(key);
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.' | '@');
        if name.is_empty() || !name.chars().all(is_name) {
            return None;
        }
        match (key.chars().next(), key, value) {
            (Some('#'), _, None) => self.id = Some(name.to_owned()),
            (Some('.'), _, None) => self.classes.push(name.to_owned()),
            (_, "id", Some(id)) => self.id = Some(id.to_owned()),
            (_, "class", Some(classes)) => {
                self.classes.extend(classes.split_whitespace().map(str::to_owned));
            }
            (_, _, value) => self.others.push((name.to_owned(), value.unwrap_or(name).to_owned())),
        }
        Some(())
    }

    /// As they stand in a tag, each after a space.
    fn html(&self) -> String {
        let id = self.id.iter().map(|id| ("id", id.clone()));
        let class = (!self.classes.is_empty()).then(|| ("class", self.classes.join(" ")));
        let others = self.others.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let attribute = |(name, value): (&str, String)| format!(" {name}=\"{}\"", escape(&value));
        id.chain(class).chain(others).map(attribute).collect()
    }

    /// Gives them to the inline element that begins at `start`. The crate has no place for them there, so that the tags
    /// become HTML; what is between stays, since headings have their texts and ids from it.
    fn give(&self, events: &mut Vec<Event<'static>>, start: usize) {
        let rendered = |events: &[Event<'_>]| {
            let mut text = String::new();
            html::push_html(&mut text, events.iter().cloned());
            text
        };
        let dressed = |tag: &str| {
            let (name, rest) =
                tag.find([' ', '>']).and_then(|at| tag.split_at_checked(at)).unwrap_or((tag, ""));
            Event::InlineHtml(format!("{name}{}{rest}", self.html()).into())
        };
        let inside = events.split_off(start);
        match &inside[..] {
            [Event::Code(code)] => events.extend([
                dressed("<code>"),
                Event::Text(code.to_string().into()),
                Event::InlineHtml("</code>".into()),
            ]),
            [Event::Start(Tag::Image { .. }), ..] => events.push(dressed(&rendered(&inside))),
            [first, between @ .., last] => {
                events.push(dressed(&rendered(std::slice::from_ref(first))));
                events.extend(between.iter().cloned());
                events.push(Event::InlineHtml(rendered(std::slice::from_ref(last)).into()));
            }
            [] | [_] => {}
        }
    }
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text.strip_prefix(quote)?.split_once(quote)
}

fn bare(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(text.find([' ', '}'])?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::docs::markdown::read_page;

    fn html(text: &str) -> String {
        read_page(text, &BTreeMap::from([("attr_list".to_owned(), 1)]), |_| None).html
    }

    /// By `markdown.markdown(TEXT, extensions=["attr_list"])`, but for the order of attributes.
    #[test]
    fn inline_elements() {
        for (text, expected) in [
            ("__a__{: #b }", "<p><strong id=\"b\">a</strong></p>\n"),
            ("x `a`{.b .c}, y", "<p>x <code class=\"b c\">a</code>, y</p>\n"),
            (
                "[*x*](y){ .md-button target=_blank }",
                "<p><a class=\"md-button\" target=\"_blank\" href=\"y\"><em>x</em></a></p>\n",
            ),
            (
                "![i](i.png \"t\"){ width=300 }",
                "<p><img width=\"300\" src=\"i.png\" alt=\"i\" title=\"t\" /></p>\n",
            ),
            ("*a*{: t='<\"&' }", "<p><em t=\"&lt;&quot;&amp;\">a</em></p>\n"),
            (
                "[![i](i.png){ align=left }](y){: .z }",
                "<p><a class=\"z\" href=\"y\"><img align=\"left\" src=\"i.png\" alt=\"i\" /></a></p>\n",
            ),
            ("a\nb\n{: #c .d }", "<p id=\"c\" class=\"d\">a\nb</p>\n"),
        ] {
            assert_eq!(html(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_list_stays() {
        for text in [
            "**a** {: #b }",
            "a{: #b }",
            "**a**{ }",
            "**a**{ #b",
            "**a**{{ b }}",
            "**a**{ a<b=c }",
            "**a**{ \"x\" }",
        ] {
            assert!(html(text).contains('{'), "{text}");
        }
        let without = read_page("**a**{: #b }\n\n# c {#d}\n", &BTreeMap::new(), |_| None).html;
        assert!(without.contains("{: #b }") && without.contains("{#d}"), "{without}");
    }

    #[test]
    fn headings() {
        let page =
            html("## Two { #custom .cls data-x=\"1\" }\n\n## [a](b){ .c } d {: #e }\n\n### `f`{: .g }\n");
        for expected in [
            "<h2 id=\"custom\" class=\"cls\" data-x=\"1\">Two <a",
            "<h2 id=\"e\"><a class=\"c\" href=\"b\">a</a> d <a",
            "<h3 id=\"f\"><code class=\"g\">f</code> <a",
        ] {
            assert!(page.contains(expected), "{page}");
        }
    }
}
