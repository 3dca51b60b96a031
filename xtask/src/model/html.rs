//! HTML: text made safe for it, the anchors that a page offers, and the hashes of a content security policy.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::base64;

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
    let mut anchors = BTreeSet::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let (element, mut attributes) = split_before(rest, |c| c.is_whitespace() || c == '>' || c == '/');
        while let Some((name, value, after)) = attribute(attributes) {
            if name.eq_ignore_ascii_case("id") || (name == "name" && element.eq_ignore_ascii_case("a")) {
                anchors.insert(unescape(value));
            }
            attributes = after;
        }
        rest = attributes;
    }
    anchors
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
    format!("sha256-{}", base64::encode(&Sha256::digest(inline)))
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
