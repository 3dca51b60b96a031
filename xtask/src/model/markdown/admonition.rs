//! Admonitions, as mkdocs' Material theme has them: `!!! note "Title"` and an indented block.

use crate::model::html::escape;

/// A line, and its number in the file.
pub type Line<'a> = (usize, std::borrow::Cow<'a, str>);

/// Writes admonitions as HTML around their content, which stays Markdown. Code blocks are left alone.
pub fn expand<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<Line<'a>> {
    let (mut out, mut lines, mut fence) = (Vec::new(), lines.peekable(), None);
    while let Some((number, line)) = lines.next() {
        let marker = fence_marker(line);
        match fence {
            None => fence = marker,
            Some(open) if marker.is_some_and(|(c, n)| c == open.0 && n >= open.1) => fence = None,
            Some(_) => {}
        }
        let Some((kind, title)) = line.strip_prefix("!!! ").filter(|_| fence.is_none()).and_then(heading)
        else {
            out.push((number, line.into()));
            continue;
        };
        let mut block = Vec::new();
        while let Some((number, line)) =
            lines.next_if(|(_, line)| line.starts_with("    ") || line.trim().is_empty())
        {
            block.push((number, line.strip_prefix("    ").unwrap_or_default()));
        }
        out.push((number, format!("<div class=\"admonition {kind}\">").into()));
        if !title.is_empty() {
            out.push((number, format!("<p class=\"admonition-title\">{}</p>", escape(&title)).into()));
        }
        out.push((number, "".into()));
        out.extend(expand(block.into_iter()));
        out.extend(["", "</div>", ""].map(|line| (number, line.into())));
    }
    out
}

/// The character and the length of a code fence.
fn fence_marker(line: &str) -> Option<(char, usize)> {
    let line = line.trim_start();
    let first = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == first).count();
    (length >= 3).then_some((first, length))
}

/// `note "Title"`: the classes, and the title, which is the first class where none is given.
fn heading(text: &str) -> Option<(String, String)> {
    let (classes, title) = text.split_once('"').map_or((text, None), |(classes, rest)| (classes, Some(rest)));
    let classes: Vec<&str> = classes.split_whitespace().collect();
    let is_class = |class: &&str| class.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let first = classes.first().filter(|_| classes.iter().all(is_class))?;
    let title = match title {
        Some(title) => title.trim_end().strip_suffix('"')?.to_owned(),
        None => first.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(first.chars().skip(1)).collect(),
    };
    Some((classes.join(" "), title))
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
            "1 <div class=\"admonition note\">\n1 <p class=\"admonition-title\">Note</p>\n1 \n2 a\n3 \n4     b\n\
             5 <div class=\"admonition tip\">\n5 <p class=\"admonition-title\">T &amp; U</p>\n5 \n6 c\n5 \n5 </div>\n5 \n\
             1 \n1 </div>\n1 \n7 d\n8 ```\n9 !!! note\n10 ```\n11 !!! no<te\n\
             12 <div class=\"admonition x\">\n12 \n12 \n12 </div>\n12 "
        );
    }
}
