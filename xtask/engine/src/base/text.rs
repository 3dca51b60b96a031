//! Text that other people wrote: what may be shown of it, and what Helm keeps of it.

use super::printable::is_printable;

/// A name for a message: in backticks, without anything that a terminal or a CI log would obey.
pub fn name(text: &str) -> String {
    format!("`{}`", shown(text))
}

/// The text as Markdown that shows it as it is. In a code span nothing is a link, an image, a mention or HTML.
pub fn code(text: &str) -> String {
    let text = shown(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The same for a cell of a table.
pub fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Words as Markdown that has them as they are, without HTML, links or markup.
pub fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in shown(text).chars() {
        out.extend("\\`*_[]<>&~|#".contains(c).then_some('\\'));
        out.push(c);
    }
    out
}

/// The text with control characters and line breaks written as escapes. A tag, a file name or the words of
/// another program can then neither move the cursor nor begin a workflow command (`::error …`) on a new line.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == ' ' || is_printable(c) {
            out.push(c);
        } else {
            out.extend(c.escape_default());
        }
    }
    out
}

/// A text with the line ends that a commit has: line feeds alone.
pub fn line_feeds(text: &[u8]) -> Vec<u8> {
    let is_kept = |(i, byte): (usize, &u8)| {
        let is_half = *byte == b'\r' && text.get(i + 1) == Some(&b'\n');
        (!is_half).then_some(*byte)
    };
    text.iter().enumerate().filter_map(is_kept).collect()
}

/// A number of things: `1 chart`, `2 charts`.
pub fn counted(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// The first of many names, and how many more there are.
pub fn few(names: &[String]) -> String {
    first(3, names)
}

/// So many of many names, and how many more there are.
pub fn first(most: usize, names: &[String]) -> String {
    let first: Vec<String> = names.iter().take(most).map(|one| name(one)).collect();
    let more = names.len().saturating_sub(most);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", first.join(", "))
}

/// The line, from 1, that a place in a text is in; `None` if no character begins there.
pub fn line_at(text: &str, at: usize) -> Option<usize> {
    text.get(..at).map(|before| before.matches('\n').count() + 1)
}

/// The name that was probably meant: the one with the fewest letters to change, if those are few, or the rest of a name
/// that was cut off.
pub fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (wanted.chars().count() / 3).min(3);
    let with_distance = known.map(|known| (distance(wanted, known), known));
    let is_begun = |known: &str| most > 0 && known.starts_with(wanted);
    with_distance
        .filter(|(distance, known)| *distance <= most || is_begun(known))
        .min()
        .map(|(_, known)| known)
}

/// How many letters must be put in, taken out or replaced to make one text of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let mut row: Vec<usize> = (1..=b.chars().count()).collect();
    let mut distance = row.len();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = i;
        distance = i + 1;
        for (above, b) in row.iter_mut().zip(b.chars()) {
            distance = (diagonal + usize::from(a != b)).min(distance + 1).min(*above + 1);
            diagonal = std::mem::replace(above, distance);
        }
    }
    distance
}

/// What Helm makes of a text field of Chart.yaml: each white-space character becomes one space, then
/// everything that is not printable goes (helm-package: `Metadata.Validate`, `sanitizeString`).
pub fn sanitise(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    spaced.filter(|&c| is_printable(c)).collect()
}

/// A size for people: `812 B`, `12.3 KiB`, `6.8 MiB`.
#[allow(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::html::escape;

    fn rendered(markdown: &str) -> String {
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(markdown));
        html
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        assert_eq!(name("v1\u{1b}[2J\n::error::x\u{202e}"), "`v1\\u{1b}[2J\\n::error::x\\u{202e}`");
        assert_eq!(name("日本 é"), "`日本 é`");
    }

    #[test]
    fn markdown_shows_words_as_they_are() {
        for (text, shown) in [
            ("<img src=x> [a](b) @c", "`<img src=x> [a](b) @c`"),
            ("a `b` c", "`` a `b` c ``"),
            ("`` ` ```<i>", "```` `` ` ```<i> ````"),
            ("a\n\n# b", "`a\\n\\n# b`"),
        ] {
            assert_eq!(code(text), shown);
            let words = escape(&super::shown(text));
            assert_eq!(rendered(shown), format!("<p><code>{words}</code></p>\n"));
        }
        assert_eq!(cell("a|b"), "`a\\|b`");
        for text in ["# <img src=x> [a](b) ![c](d) &lt; `e` \\< *f* __g__", "`<i>", "\\`<i>", "> <!-- \\"] {
            assert_eq!(rendered(&prose(text)), format!("<p>{}</p>\n", escape(text)));
        }
    }

    #[test]
    fn fields_are_sanitised_as_helm_does() {
        assert_eq!(sanitise("a\tb\nc\u{a0}d\u{2028}e\u{1}f\u{200b}g\u{ad}h"), "a b c d efgh");
        assert_eq!(sanitise("  kept \u{1F600} "), "  kept \u{1F600} ");
    }

    #[test]
    fn lines() {
        for (at, line) in [(0, Some(1)), (1, Some(1)), (2, Some(2)), (3, None), (4, Some(2)), (5, None)] {
            assert_eq!(line_at("a\né", at), line, "{at}");
        }
    }

    #[test]
    fn near_names() {
        for (wanted, known, expected) in [
            ("instal.md", "index.md install.md", Some("install.md")),
            ("README.MD", "readme.md", Some("readme.md")),
            ("kitten", "sitting sitten", Some("sitten")),
            ("a", "b A", Some("A")),
            ("a", "b c", None),
            ("abc", "xyz", None),
            ("fix", "added fixed", Some("fixed")),
        ] {
            assert_eq!(nearest(wanted, known.split(' ')), expected, "{wanted}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(
            [size(0), size(1023), size(12_600), size(7_130_317)],
            ["0 B", "1023 B", "12.3 KiB", "6.8 MiB"]
        );
    }
}
