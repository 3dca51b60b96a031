//! What mkdocs.yml asks for and the native build cannot do. It is an error, so that nobody replaces a site that mkdocs made
//! by one that shows the source of its pages.

use super::Sources;
use super::layout::Layout;
use super::markdown::fence::{self, Line};
use super::mkdocs::Named;
use crate::base::problem::Problem;
use crate::base::text::name;

/// What others can do that the native build cannot.
const BUILDERS: &str =
    "set `docs(Builder::Mkdocs)`, `docs(Builder::Zensical)` or `without_docs()` in the config";

/// Whether a line of a page has the syntax of an extension.
type Syntax = fn(&Line<'_>) -> bool;

/// Plugins without which the text of the pages is the same, but for those with a syntax of their own. Those of the theme
/// are also known as `material/NAME`.
const PLUGINS: [(&str, Option<Syntax>); 14] = [
    ("git-authors", Some(|line| line.raw.contains("{{ git_"))), // names below the page
    ("git-committers", None),                                   // names below the page
    ("git-revision-date", Some(|line| line.raw.contains("{{ git_"))), // a date below the page
    ("git-revision-date-localized", Some(|line| line.raw.contains("{{ git_"))), // a date below the page
    ("glightbox", None),                                        // makes images grow
    ("info", None),                                             // for reports of bugs in the theme
    ("minify", None),                                           // fewer bytes
    ("offline", None),                                          // search without a server
    ("optimize", None),                                         // smaller images
    ("privacy", None), // the native build loads nothing from elsewhere
    ("search", None),  // the native build has no script
    ("social", None),  // pictures for other sites
    ("tags", Some(|line| line.raw.contains("<!-- material/tags") || line.raw.trim() == "[TAGS]")), // labels
    ("typeset", None), // titles in the navigation with their markup
];

/// Extensions that the native build has, that only decorate, or that a page without their syntax does not need.
const EXTENSIONS: [(&str, Option<Syntax>); 40] = [
    ("abbr", Some(|line| line.prose.starts_with("*[") && line.prose.contains("]:"))),
    ("admonition", None),                                         // native
    ("attr_list", None),                                          // native
    ("codehilite", Some(|line| line.raw.starts_with("    :::"))), // colours, and the language in the first line
    ("def_list", None),                                           // native
    ("extra", None),                                              // its parts have their own lines
    ("fenced_code", None),                                        // native
    ("footnotes", None),                                          // native
    ("legacy_attrs", Some(|line| line.prose.contains("{@"))),
    ("legacy_em", None),                   // `_` within words, as CommonMark has it
    ("material.extensions.preview", None), // shows what is behind a link
    ("md_in_html", Some(is_markdown_in_html)),
    ("mdx_truly_sane_lists", None), // lists as in CommonMark
    ("meta", None),                 // native, as in mkdocs itself
    ("nl2br", None),                // lines are filled, as in all other Markdown
    ("pymdownx.arithmatex", Some(is_formula)),
    ("pymdownx.b64", None),      // images as files of their own
    ("pymdownx.betterem", None), // emphasis as in CommonMark
    ("pymdownx.caret", Some(|line| line.prose.contains("^^") || pair(&line.prose.replace("[^", ""), "^"))),
    (
        "pymdownx.critic",
        Some(|line| ["{++", "{--", "{~~", "{==", "{>>"].iter().any(|m| line.prose.contains(m))),
    ),
    ("pymdownx.details", None), // native
    ("pymdownx.emoji", Some(|line| has_shortcode(&line.prose))),
    ("pymdownx.escapeall", None),    // more characters to escape
    ("pymdownx.highlight", None),    // colours
    ("pymdownx.inlinehilite", None), // colours; the mark of the language goes
    ("pymdownx.keys", Some(|line| pair(&line.prose, "++"))),
    ("pymdownx.magiclink", None), // addresses stay text
    ("pymdownx.mark", Some(|line| pair(&line.prose, "=="))),
    ("pymdownx.saneheaders", None),  // headings as in CommonMark
    ("pymdownx.smartsymbols", None), // `(c)` stays `(c)`
    ("pymdownx.snippets", Some(|line| line.raw.contains("-8<-"))),
    ("pymdownx.superfences", None), // native, but for `custom_fences`
    (
        "pymdownx.tabbed",
        Some(|line| ["=== \"", "===! \"", "===+ \""].iter().any(|m| line.prose.trim_start().starts_with(m))),
    ),
    ("pymdownx.tasklist", None), // native
    ("pymdownx.tilde", Some(|line| pair(&line.prose.replace("~~", ""), "~"))), // `~~` is native
    ("sane_lists", None),        // lists as in CommonMark
    ("smarty", None),            // quotation marks stay straight
    ("tables", None),            // native
    ("toc", None),               // native, but for options
    ("wikilinks", Some(|line| line.prose.contains("[["))),
];

/// What of mkdocs.yml the native build cannot follow.
pub fn unknown(sources: &Sources) -> Vec<Problem> {
    let settings = &sources.settings;
    let at = |message: String, line| Problem::error(message).at(&sources.config, Some(line));
    let option = |(key, line): &(String, usize)| {
        let message = format!(
            "the native build cannot follow this `{key}`, and would publish something else than mkdocs"
        );
        at(message, *line).hint(format!("write it plainly, or {BUILDERS}"))
    };
    let mut problems: Vec<Problem> = settings.beyond.iter().map(option).collect();
    let layout = Layout::new(sources);
    let mut name_unknown = |what: &str, names: &Named, known: &[(&str, Option<Syntax>)]| {
        for (one, line) in names {
            let plain = one.strip_prefix("material/").unwrap_or(one);
            let why = match known.iter().find(|(known, _)| *known == plain) {
                None => "would publish other pages than mkdocs".to_owned(),
                Some((_, None)) => continue,
                Some((_, Some(syntax))) => match used(&layout, *syntax) {
                    Some(place) => format!("{place} uses it"),
                    None => continue,
                },
            };
            let message = format!("the native build does not know the {what} {}, and {why}", name(one));
            problems.push(at(message, *line).hint(format!("delete it, or {BUILDERS}")));
        }
    };
    name_unknown("plugin", &settings.plugins, &PLUGINS);
    name_unknown("extension", &settings.extensions, &EXTENSIONS);
    problems
}

fn used(layout: &Layout<'_>, syntax: Syntax) -> Option<String> {
    layout.places.iter().filter(|(_, place)| place.is_page).find_map(|(source, place)| {
        let text = String::from_utf8_lossy(&place.file.data);
        let line = fence::lines(&text).find(syntax)?;
        Some(format!("{} in line {}", name(&layout.at(source)), line.number))
    })
}

/// `<div markdown>` or `<div markdown="1">`.
fn is_markdown_in_html(line: &Line<'_>) -> bool {
    line.prose.contains('<')
        && [" markdown>", " markdown=", " markdown "].iter().any(|m| line.prose.contains(m))
}

/// `$x$`, `$$`, `\(x\)`, `\[`, `\begin{…}`.
fn is_formula(line: &Line<'_>) -> bool {
    let text = line.prose.trim_start();
    ["$$", "\\(", "\\begin{"].iter().any(|mark| text.contains(mark))
        || text.starts_with("\\[")
        || pair(text, "$")
}

/// Whether a mark stands before a word and after one.
fn pair(text: &str, mark: &str) -> bool {
    let parts: Vec<&str> = text.split(mark).collect();
    let mut inside = parts.iter().skip(1).take(parts.len().saturating_sub(2));
    inside.any(|part| {
        !part.is_empty() && !part.starts_with([' ', '=', '+']) && !part.ends_with([' ', '=', '+'])
    })
}

/// `:name:`, where it is no part of a word.
fn has_shortcode(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+');
    let parts: Vec<&str> = text.split(':').collect();
    let is_free = |c: char| !c.is_alphanumeric() && c != ':';
    parts.windows(3).enumerate().any(|(at, window)| {
        let [before, code, after] = window else { return false };
        !code.is_empty()
            && code.chars().all(is_part)
            && code.contains(|c: char| c.is_ascii_alphabetic())
            && before.chars().next_back().map_or(at == 0, is_free)
            && after.chars().next().map_or(at + 3 == parts.len(), is_free)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntaxes() {
        for (extension, uses, does_not) in [
            ("abbr", "*[A]: b", "*[a](b)*"),
            ("codehilite", "    :::python", "a ::: b"),
            ("md_in_html", "<div class=\"x\" markdown>", "`<div markdown>`"),
            ("pymdownx.arithmatex", "where $x$ is", "for $5 and $ 6"),
            ("pymdownx.caret", "m^2^", "[^1] and [^2]"),
            ("pymdownx.tilde", "H~2~O", "~~a~~ ~5 and ~6"),
            ("pymdownx.critic", "{++a++}", "{a}"),
            ("pymdownx.emoji", "a :material-x: b", "12:30:45, a:b:c, x::y::z"),
            ("pymdownx.keys", "press ++ctrl+x++.", "C++ and C++"),
            ("pymdownx.mark", "==a b==", "a == b, c == d ===="),
            ("pymdownx.snippets", "--8<-- \"a\"", "- 8 -"),
            ("pymdownx.tabbed", "    === \"A\"", "==="),
            ("wikilinks", "[[a]]", "[a][b]"),
        ] {
            let syntax =
                EXTENSIONS.iter().find(|(known, _)| *known == extension).and_then(|(_, syntax)| *syntax);
            let has = |text| fence::lines(text).any(|line| syntax.expect("a syntax")(&line));
            assert!(has(uses) && !has(does_not), "{extension}");
        }
    }
}
