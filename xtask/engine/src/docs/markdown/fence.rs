//! What of a page is code, and what is prose.
//!
//! Pages of mkdocs are not yet what the parser reads: admonitions are blocks of their own, in which the parser would see code. So
//! the fences are told from the lines alone, by the parser's rules: a test compares the two.

/// A line of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1.
    pub number: usize,
    pub raw: &'a str,
    /// Without its code.
    pub prose: String,
}

/// The code block between fences that a line stands in.
#[derive(Debug, Default)]
pub struct Fence {
    open: Option<Open>,
    /// Where the texts begin of the items of lists that the line stands in.
    items: Vec<usize>,
}

#[derive(Debug)]
struct Open {
    mark: char,
    length: usize,
    column: usize,
    /// A line that begins left of it is outside of what the block stands in, such as an item of a list.
    least: usize,
    quotes: usize,
}

impl Fence {
    /// Whether the next line is code, or a fence.
    pub fn is_code(&mut self, line: &str) -> bool {
        let Some(open) = &self.open else {
            let begin = Begin::of(line, usize::MAX, true);
            if !begin.rest.is_empty() {
                let indent = Begin::of(line, usize::MAX, false).column;
                self.items.retain(|item| *item <= indent);
            }
            self.items.extend(begin.item);
            self.open = opening(&begin, self.items.last().copied().unwrap_or_default());
            return self.open.is_some();
        };
        let begin = Begin::of(line, open.quotes, false);
        if begin.quotes < open.quotes || !begin.rest.is_empty() && begin.column < open.least {
            self.open = None;
            return self.is_code(line);
        }
        let length = begin.rest.chars().take_while(|c| *c == open.mark).count();
        let is_mark = length >= open.length && begin.rest.trim_end().len() == length;
        if is_mark && begin.column <= open.column + 3 {
            self.open = None;
        }
        true
    }
}

/// What a line begins with: marks of quotations and, where they may be, of lists.
struct Begin<'a> {
    quotes: usize,
    /// Where the rest begins; a tab ends at a multiple of four.
    column: usize,
    /// The column after the last mark of a list.
    item: Option<usize>,
    rest: &'a str,
}

impl<'a> Begin<'a> {
    fn of(line: &'a str, most_quotes: usize, may_be_item: bool) -> Self {
        let mut begin = Self { quotes: 0, column: 0, item: None, rest: line };
        loop {
            let rest = begin.rest;
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let mark = rest.get(digits..).unwrap_or_default();
            let is_item = match digits {
                0 => mark.starts_with(['-', '*', '+']),
                _ => digits < 10 && mark.starts_with(['.', ')']),
            };
            let is_item =
                is_item && may_be_item && mark.get(1..).is_some_and(|rest| rest.starts_with([' ', '\t']));
            let taken = match rest.chars().next() {
                Some(' ') => 1,
                Some('\t') => {
                    begin.column += 3 - begin.column % 4;
                    1
                }
                Some('>') if begin.quotes < most_quotes => {
                    begin.quotes += 1;
                    // What follows is counted from there.
                    begin.rest = rest.strip_prefix("> ").or(rest.get(1..)).unwrap_or_default();
                    (begin.column, begin.item) = (0, None);
                    continue;
                }
                Some(_) if is_item => {
                    begin.item = Some(begin.column + digits + 2);
                    digits + 1
                }
                _ => break,
            };
            begin.column += taken;
            begin.rest = rest.get(taken..).unwrap_or_default();
        }
        begin
    }
}

/// The fence that a line opens. One of backticks has no other in its line (commonmark.org, 0.31, "Fenced code blocks").
fn opening(begin: &Begin<'_>, item: usize) -> Option<Open> {
    let Begin { quotes, column, rest, .. } = *begin;
    let mark = rest.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = rest.chars().take_while(|c| *c == mark).count();
    let info = rest.get(length..).unwrap_or_default();
    let least = item.max(column.saturating_sub(3));
    let is_fence = length >= 3 && !(mark == '`' && info.contains('`'));
    is_fence.then_some(Open { mark, length, column, least, quotes })
}

/// The lines of a page, with what of each is prose: neither between fences nor between backticks.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut fence = Fence::default();
    (1..).zip(text.lines()).map(move |(number, raw)| {
        let prose = if fence.is_code(raw) { String::new() } else { raw.split('`').step_by(2).collect() };
        Line { number, raw, prose }
    })
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

    use super::*;

    #[test]
    fn prose() {
        let text = "a `b` c\n~~~\n```\nd\n~~~~\ne\n";
        let prose: Vec<String> = lines(text).map(|line| line.prose).collect();
        assert_eq!(prose, ["a  c", "", "", "", "", "e"]);
    }

    /// As the parser reads them.
    #[test]
    fn fences() {
        for text in [
            "a\n```sh\nb\n```\nc",
            "```--gates=A=false```\n\na",
            "``` a`b\nc",
            "~~~ a`b\nc\n~~~\nd",
            "````md\n```\na\n```\n````\nb",
            "```\na\n``` b\n```\nc",
            "```\na\n    ```\n```\nb",
            "~~~\n```\n~~~\na",
            "``\na\n``",
            "- a\n\n  ```\n  b\n  ```\n- c",
            "- ```sh\n  a\n  ```\n\nb",
            "1. ```sh\n   a\n   ```\n   b",
            "- ```\n  a\n\nb\n",
            "- a\n\n  ```\n  b\n\nc",
            "1. a\n   - b\n     ```\n     c\n   - d\n\n   ```\n   e\n\nf",
            "10) a\n\n    ~~~\n    b\n\nc",
            "> ```\n> a\n> ```\n> b\n\nc",
            "> ```\n> a\n\nb",
            "> - ```\n>   a\n>   ```\n> b",
            "- a\n\n\t```\n\tb\n\t```\n\nc",
            "```\na",
            "-```\na",
        ] {
            let mut of_parser = vec![false; text.lines().count()];
            for (event, range) in Parser::new(text).into_offset_iter() {
                if matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_)))) {
                    let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count();
                    let end =
                        line(range.end) + usize::from(text.as_bytes().get(range.end - 1) != Some(&b'\n'));
                    of_parser[line(range.start)..end].fill(true);
                }
            }
            let mut fence = Fence::default();
            let found: Vec<bool> = text.lines().map(|line| fence.is_code(line)).collect();
            assert_eq!(found, of_parser, "{text}");
        }
    }
}
