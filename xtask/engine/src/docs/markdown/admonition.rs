//! Admonitions, as mkdocs' Material theme has them: `!!! note "Title"` and an indented block, or `???` for one to fold out
//! (Python-Markdown's `admonition`, `pymdownx.details`). They may stand in lists.

use super::fence::Fence;

/// A line, and its number in the file.
pub type Line<'a> = (usize, std::borrow::Cow<'a, str>);

/// The text of a block's first line before the classes, and the beginning and end of its element.
const KINDS: [(&str, &str, &str); 3] = [
    ("!!!", "<div class=\"admonition ", "</div>"),
    ("???+", "<details open class=\"", "</details>"),
    ("???", "<details class=\"", "</details>"),
];

/// Elements around a title, which is Markdown. The page has others in their place, in which the crate would see no Markdown.
pub const TITLES: [(&str, &str, &str, &str); 2] = [
    ("<admonition-title>", "<p class=\"admonition-title\">", "</admonition-title>", "</p>\n"),
    ("<admonition-summary>", "<summary>", "</admonition-summary>", "</summary>\n"),
];

/// Writes the blocks as HTML around their content, which stays Markdown. Code blocks are left alone.
pub fn expand<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<Line<'a>> {
    let (mut out, mut lines, mut fence, mut in_list) =
        (Vec::new(), lines.peekable(), Fence::default(), false);
    while let Some((number, line)) = lines.next() {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        if indent < 4 && !text.is_empty() {
            in_list = is_item(text) || (in_list && indent > 1);
        }
        let is_code = fence.is_code(line) || (indent > 3 && !in_list);
        let Some((begin, end, title)) = (!is_code).then_some(text).and_then(heading) else {
            out.push((number, line.into()));
            continue;
        };
        let inside = " ".repeat(indent + 4);
        let mut block = Vec::new();
        while let Some((number, line)) =
            lines.next_if(|(_, line)| line.starts_with(&inside) || line.trim().is_empty())
        {
            block.push((number, line.strip_prefix(&inside).unwrap_or_default()));
        }
        let mut put = |number, text: &str| {
            let indent = if text.is_empty() { 0 } else { indent };
            out.push((number, format!("{}{text}", " ".repeat(indent)).into()));
        };
        for line in [&begin, "", &title, ""] {
            put(number, line);
        }
        for (number, line) in expand(block.into_iter()) {
            put(number, &line);
        }
        for line in ["", end, ""] {
            put(number, line);
        }
    }
    out
}

/// Whether a line begins an item of a list, or a definition.
fn is_item(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let ordered = digits.len() < text.len() && [". ", ") "].iter().any(|after| digits.starts_with(after));
    ordered || ["- ", "* ", "+ ", ": "].iter().any(|bullet| text.starts_with(bullet))
}

/// The first line of a block: the beginning and the end of its element, and the line with its title, which is the first
/// class where none is given.
fn heading(line: &str) -> Option<(String, &'static str, String)> {
    let (text, element, end) =
        KINDS.iter().find_map(|(mark, element, end)| Some((line.strip_prefix(mark)?, element, *end)))?;
    let (classes, title) = text.split_once('"').map_or((text, None), |(classes, rest)| (classes, Some(rest)));
    let classes: Vec<&str> = classes.split_whitespace().collect();
    let is_class = |class: &&str| class.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !classes.iter().all(is_class) {
        return None;
    }
    let title: String = if let Some(title) = title {
        title.trim_end().strip_suffix('"')?.to_owned()
    } else {
        let first = classes.first()?;
        first.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(first.chars().skip(1)).collect()
    };
    let [of_box, of_details] = TITLES;
    let (open, _, close, _) = if end == "</details>" { of_details } else { of_box };
    let title = match title.trim() {
        "" if end == "</details>" => "<summary></summary>".to_owned(),
        "" => String::new(),
        title => format!("{open}{title}{close}"),
    };
    Some((format!("{element}{}\">", classes.join(" ")), end, title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let text = "!!! note\n    a\n\n        b\n    !!! tip \"T & U\"\n        c\nd\n```\n!!! note\n```\n!!! no<te\n!!! x \"\"\n";
        let lines = expand((1..).zip(text.lines()));
        let shown: Vec<String> = lines.iter().map(|(number, line)| format!("{number} {line}")).collect();
        assert_eq!(
            shown.join("\n"),
            "1 <div class=\"admonition note\">\n1 \n1 <admonition-title>Note</admonition-title>\n1 \n2 a\n3 \n4     b\n\
             5 <div class=\"admonition tip\">\n5 \n5 <admonition-title>T & U</admonition-title>\n5 \n6 c\n5 \n5 </div>\n5 \n\
             1 \n1 </div>\n1 \n7 d\n8 ```\n9 !!! note\n10 ```\n11 !!! no<te\n\
             12 <div class=\"admonition x\">\n12 \n12 \n12 \n12 \n12 </div>\n12 "
        );
    }

    #[test]
    fn blocks_to_fold_out_and_blocks_in_lists() {
        let text = "???+note \"T\"\n    a\n??? \"U\"\n    b\n1. c\n\n    !!! tip\n        d\n\ne\n\n    !!! tip\n        f\n";
        let lines = expand((1..).zip(text.lines()));
        let shown: Vec<&str> =
            lines.iter().map(|(_, line)| line.as_ref()).filter(|line| !line.is_empty()).collect();
        assert_eq!(
            shown.join("\n"),
            "<details open class=\"note\">\n<admonition-summary>T</admonition-summary>\na\n</details>\n\
             <details class=\"\">\n<admonition-summary>U</admonition-summary>\nb\n</details>\n\
             1. c\n    <div class=\"admonition tip\">\n    <admonition-title>Tip</admonition-title>\n    d\n    </div>\n\
             e\n    !!! tip\n        f"
        );
    }
}
