//! Raw HTML with empty lines in it. The crate ends the HTML there and takes what is indented after it for code; to
//! Python-Markdown it is HTML up to the closing tag.

use super::fence::Fence;

const ELEMENTS: [&str; 12] =
    ["article", "center", "details", "div", "dl", "figure", "ol", "p", "picture", "section", "table", "ul"];

/// The lines, without the indentation of tags inside an element that begins at the beginning of a line.
pub fn undent<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> impl Iterator<Item = (usize, &'a str)> {
    let mut open = None;
    let mut fence = Fence::default();
    lines.map(move |(number, line)| {
        let is_code = fence.is_code(line);
        let Some(element) = open else {
            open = opened(line).filter(|_| !is_code);
            return (number, line);
        };
        if line.strip_prefix("</").is_some_and(|rest| rest.starts_with(element)) {
            open = None;
        }
        let tag = line.trim_start();
        (number, if tag.starts_with('<') && !is_code { tag } else { line })
    })
}

/// The element that a line opens and does not close.
fn opened(line: &str) -> Option<&'static str> {
    let rest = line.strip_prefix('<')?;
    let name = rest.split([' ', '>']).next()?;
    let element = ELEMENTS.into_iter().find(|element| *element == name)?;
    (!rest.contains(&format!("</{element}"))).then_some(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lose_their_indentation() {
        let text = "<div>\n    <p>a</p>\n\n    <h3>b</h3>\n    c\n</div>\n    <d>\n<p>e</p>\n    <f>\n```\n<div>\n    <g>\n```\n    <h>";
        let lines: Vec<&str> = undent((1..).zip(text.lines())).map(|(_, line)| line).collect();
        let expected = "<div>\n<p>a</p>\n\n<h3>b</h3>\n    c\n</div>\n    <d>\n<p>e</p>\n    <f>\n```\n<div>\n    <g>\n```\n    <h>";
        assert_eq!(lines.join("\n"), expected);
    }
}
