//! What of a page is code, and what is prose.

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
pub struct Fence(Option<(char, usize)>);

impl Fence {
    /// Whether the next line is code, or a fence.
    pub fn is_code(&mut self, line: &str) -> bool {
        let marker = marker(line);
        match self.0 {
            None => self.0 = marker,
            Some(open) if marker.is_some_and(|(c, n)| c == open.0 && n >= open.1) => {
                self.0 = None;
                return true;
            }
            Some(_) => {}
        }
        self.0.is_some()
    }
}

/// The character and the length of a code fence.
fn marker(line: &str) -> Option<(char, usize)> {
    let line = line.trim_start();
    let first = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == first).count();
    (length >= 3).then_some((first, length))
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
    use super::*;

    #[test]
    fn prose() {
        let text = "a `b` c\n~~~\n```\nd\n~~~~\ne\n";
        let prose: Vec<String> = lines(text).map(|line| line.prose).collect();
        assert_eq!(prose, ["a  c", "", "", "", "", "e"]);
    }
}
