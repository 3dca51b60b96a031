//! A walk over the lines of a text.

/// A line of a text and what follows it. At the end the line is empty.
#[derive(Clone)]
pub struct Cursor<'t> {
    text: &'t str,
    line: &'t str,
    start: usize,
    number: usize,
}

impl<'t> Cursor<'t> {
    /// `None` if there is any character in it that YAML may take in a special way, or no line break at its end.
    pub fn new(text: &'t str) -> Option<Self> {
        if !text.ends_with('\n') || !is_plain_text(text) {
            return None;
        }
        let mut cursor = Self { text, line: "", start: 0, number: 1 };
        cursor.find_end();
        Some(cursor)
    }

    /// The line without its end.
    pub fn line(&self) -> &'t str {
        self.line
    }

    pub fn start(&self) -> usize {
        self.start
    }

    /// The number of the line, from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    pub fn is_at_end(&self) -> bool {
        self.start == self.text.len()
    }

    pub fn text_since(&self, start: usize) -> &'t str {
        self.text.get(start..self.start).unwrap_or_default()
    }

    pub fn advance(&mut self) {
        self.start = (self.start + self.line.len() + 1).min(self.text.len());
        self.number += 1;
        self.find_end();
    }

    fn find_end(&mut self) {
        let rest = self.text.get(self.start..).unwrap_or_default();
        self.line = rest.find('\n').and_then(|end| rest.get(..end)).unwrap_or_default();
    }

    pub fn take_line(&mut self, line: &str) -> Option<()> {
        (self.line == line).then(|| self.advance())
    }

    /// The rest of the line if it begins in this column and is no item of a list.
    pub fn body(&self, column: usize) -> Option<&'t str> {
        let body = self.from(column)?;
        (!body.starts_with([' ', '-'])).then_some(body)
    }

    /// What follows the dash if it stands in this column.
    pub fn item(&self, column: usize) -> Option<&'t str> {
        self.from(column)?.strip_prefix("- ")
    }

    /// The rest of the line if something stands deeper than the column.
    pub fn deeper(&self, column: usize) -> Option<&'t str> {
        let rest = self.from(column)?.strip_prefix(' ')?;
        Some(rest.trim_start_matches(' ')).filter(|rest| !rest.is_empty())
    }

    /// What follows `column` blanks.
    pub fn from(&self, column: usize) -> Option<&'t str> {
        const BLANKS: &str = "        ";
        self.line.strip_prefix(BLANKS.get(..column)?)
    }
}

/// Splits `key: value`, or `key:` with an empty value.
pub fn key_and_value(body: &str) -> Option<(&str, &str)> {
    let (key, rest) = body.split_once(':')?;
    match rest.strip_prefix(' ') {
        Some(value) if !value.is_empty() => Some((key, value)),
        None if rest.is_empty() => Some((key, rest)),
        _ => None,
    }
}

/// Whether a text has neither line breaks other than `\n` nor tabs nor anything that a reader of YAML refuses.
fn is_plain_text(text: &str) -> bool {
    // Counted without a branch, so that the compiler takes many bytes at once.
    let is_special = |byte: u8| u8::from(byte < b' ' && byte != b'\n') | u8::from(byte == 0x7f);
    let plain = text.bytes().fold(0, |found, byte| found | is_special(byte)) == 0;
    let special =
        |c| matches!(c, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    plain && (text.is_ascii() || !text.contains(special))
}
