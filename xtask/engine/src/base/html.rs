//! HTML: text made safe for it, the anchors that a page offers, and the hashes of a content security policy.

use std::collections::BTreeSet;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest, Sha256};

/// The text for content and for attributes in double quotes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// What `#…` may name in a page: the `id` of every element and the `name` of every `<a>`.
pub fn anchors(html: &str) -> BTreeSet<String> {
    let is_anchor = |one: &Attribute<'_>| {
        one.name.eq_ignore_ascii_case("id") || (one.name == "name" && one.element.eq_ignore_ascii_case("a"))
    };
    attributes(html).into_iter().filter(is_anchor).map(|one| unescape(one.value)).collect()
}

/// The texts of the headings of a page, without markup.
pub fn headings(html: &str) -> impl Iterator<Item = String> {
    let heading = |after: &str| {
        let inside = after.strip_prefix(|c: char| ('1'..='6').contains(&c))?.split_once("</h")?.0;
        let texts = inside.split('<').filter_map(|part| Some(part.split_once('>')?.1));
        Some(unescape(texts.collect::<String>().trim()))
    };
    html.split("<h").skip(1).filter_map(heading)
}

/// Where the links and images of a page lead, each with the number of lines before it.
pub fn references(html: &str) -> impl Iterator<Item = (String, usize)> {
    let leads = |one: &Attribute<'_>| {
        let is = |element: &str, name: &str| {
            one.element.eq_ignore_ascii_case(element) && one.name.eq_ignore_ascii_case(name)
        };
        is("a", "href") || is("img", "src")
    };
    let lines_before = |at| html.bytes().take(at).filter(|byte| *byte == b'\n').count();
    attributes(html).into_iter().filter(leads).map(move |one| (unescape(one.value), lines_before(one.end)))
}

/// An attribute of a tag.
struct Attribute<'a> {
    element: &'a str,
    name: &'a str,
    value: &'a str,
    /// The byte after it.
    end: usize,
}

/// The attributes of all tags outside comments.
fn attributes(html: &str) -> Vec<Attribute<'_>> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        }
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let (element, mut inside) = split_before(rest, |c| c.is_whitespace() || c == '>' || c == '/');
        while let Some((name, value, after)) = attribute(inside) {
            found.push(Attribute { element, name, value, end: html.len() - after.len() });
            inside = after;
        }
        rest = inside;
    }
    found
}

/// The next attribute of a tag: its name, its value, and what follows.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
    let (name, rest) = split_before(text, |c| c.is_whitespace() || matches!(c, '=' | '>' | '/'));
    let Some(value) = rest.trim_start().strip_prefix('=').map(str::trim_start) else {
        return (!name.is_empty()).then_some((name, "", rest));
    };
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            let (value, rest) = quoted.split_once(quote)?;
            return Some((name, value, rest));
        }
    }
    let (value, rest) = split_before(value, |c| c.is_whitespace() || c == '>');
    Some((name, value, rest))
}

fn split_before(text: &str, stop: impl Fn(char) -> bool) -> (&str, &str) {
    text.find(stop).and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

fn unescape(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    plain.replace("&amp;", "&")
}

/// How a content security policy names an inline style or script: `sha256-` and the digest in base64
/// (<https://www.w3.org/TR/CSP3/#grammardef-hash-source>).
pub fn policy_hash(inline: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(inline)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        let text = "<a href=\"x\" b='y'>&amp;";
        assert_eq!(escape(text), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
        assert_eq!(unescape(&escape(text)), text);
    }

    #[test]
    fn headings_and_references() {
        let html = "<h1 align=\"center\">\n <b>A</b> &amp; B\n</h1><hr><h2>C</h2><h7>D</h7><h3>open\n\
                    <!-- <a href=\"no\"> --><A HREF='x?a&amp;b'><img\nalt=y src=z></a>";
        assert_eq!(headings(html).collect::<Vec<_>>(), ["A & B", "C"]);
        let found: Vec<(String, usize)> = references(html).collect();
        assert_eq!(found, [("x?a&b".to_owned(), 3), ("z".to_owned(), 4)]);
    }

    #[test]
    fn anchors_of_all_spellings() {
        let html = "<h1 class=a id=\"one\">x</h1> a < b <p id='two' hidden>\
                    <a name=three></a><br/><img alt='> id=no' ID=four><input name=\"no\"/><b id=\"a&amp;b\" /";
        assert_eq!(
            anchors(html),
            ["one", "two", "three", "four", "a&b"].map(str::to_owned).into_iter().collect()
        );
        for broken in ["<", "<a", "<a id", "<a id=", "<a id=\"x", "<a = =>", "<a / / >"] {
            let _ = anchors(broken);
        }
    }

    /// By `printf %s TEXT | openssl dgst -sha256 -binary | base64`.
    #[test]
    fn hashes() {
        assert_eq!(policy_hash("a"), "sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=");
        assert_eq!(policy_hash("alert(1)"), "sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=");
    }
}
