//! Writing YAML byte for byte as Helm does.
//!
//! `sigs.k8s.io/yaml.Marshal` turns its value into JSON, reads that with go-yaml v2 and lets
//! go-yaml's libyaml emitter write it. The choice of quotes, the folding at 80 columns and the
//! order of keys here follow that emitter (`emitterc.go`, `encode.go`, `sorter.go`).

use super::super::scalar::is_plain;
use super::scalar::needs_quotes;
use super::{Error, MAX_DEPTH, is_break, is_readable};

/// A value to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    Number(String),
    /// `null`.
    Null,
    List(Vec<Out>),
    /// A mapping, written in the order given, see [`super::sort_keys`].
    Map(Vec<(String, Out)>),
}

/// The longest key, in bytes, that stands on the line of its value.
const MAX_SIMPLE_KEY: usize = 128;
/// The longest key go-yaml finds in the JSON that Helm makes first, quotes included.
const MAX_JSON_KEY: usize = 1024;
/// A blank beyond this column becomes a line break.
const WIDTH: usize = 80;
const INDENT: usize = 2;

/// Whether Helm can write the text: go-yaml must read it from JSON first, where DEL, C1 controls,
/// U+FFFE and U+FFFF are errors and U+0085 would become a space.
pub fn writable(text: &str) -> bool {
    let escaped_in_json = |c: char| c < ' ';
    text.chars().all(|c| c != '\u{85}' && (escaped_in_json(c) || is_readable(c)))
}

/// Writes a document as Helm does: block style, no `---`, one line break at the end.
///
/// Fails where Helm fails or changes the text, and for a key `<<`, which Helm writes but cannot read
/// back.
pub fn write(root: &Out) -> Result<String, Error> {
    let mut writer = Writer { out: String::new(), column: 0, fresh: true };
    writer.value(root, 0, Place::Root, 0)?;
    writer.line(0);
    Ok(writer.out)
}

/// Writes a value that stands below these plain keys in a document, without them: lines of which the least indented
/// begin in `column`, and which break where they would there.
pub fn write_in(keys: &[&str], value: Out, column: usize) -> Result<String, Error> {
    let nest = |value, key: &&str| Out::Map(vec![((*key).to_owned(), value)]);
    let mut text = write(&keys.iter().rev().fold(value, nest))?;
    if column == INDENT {
        let above: usize = text.split_inclusive('\n').take(keys.len()).map(str::len).sum();
        return Ok(text.split_off(above));
    }
    let mut out = String::with_capacity(text.len() + 128);
    for line in text.split_inclusive('\n').skip(keys.len()) {
        if line != "\n" {
            out.extend(std::iter::repeat_n(' ', column));
        }
        out.push_str(line.strip_prefix("  ").unwrap_or(line));
    }
    Ok(out)
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Item,
    /// After `key:`.
    Key,
    /// After `:` on a line of its own.
    LongKey,
}

struct Writer {
    out: String,
    column: usize,
    /// Only blanks and indicators stand on this line, so a collection may begin on it.
    fresh: bool,
}

impl Writer {
    /// Writes a value whose parent is indented by `indent`.
    fn value(&mut self, value: &Out, indent: usize, place: Place, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH}");
            return Err(Error::without_line(message));
        }
        let inner = match (value, place) {
            (Out::List(_), Place::Key) | (Out::List(_) | Out::Map(_), Place::Root) => indent,
            _ => indent + INDENT,
        };
        match value {
            Out::Text(text) => self.text(text, inner, false)?,
            Out::Bool(value) => self.word(if *value { "true" } else { "false" }),
            Out::Number(number) => self.word(number),
            Out::Null => self.word("null"),
            Out::List(items) if items.is_empty() => self.word("[]"),
            Out::Map(pairs) if pairs.is_empty() => self.word("{}"),
            Out::List(items) => {
                for item in items {
                    self.line(inner);
                    self.put('-');
                    self.value(item, inner, Place::Item, depth + 1)?;
                }
            }
            Out::Map(pairs) => {
                for (key, value) in pairs {
                    let place = self.key(key, inner)?;
                    self.value(value, inner, place, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    fn key(&mut self, key: &str, indent: usize) -> Result<Place, Error> {
        let json: usize = key.chars().map(json_width).sum();
        if key == "<<" || json + 2 > MAX_JSON_KEY {
            let message = format!("a key that Helm cannot read back: `{}`", key.escape_debug());
            return Err(Error::without_line(message));
        }
        self.line(indent);
        if key.len() <= MAX_SIMPLE_KEY && !key.contains(is_break) {
            self.text(key, indent + INDENT, true)?;
            self.put(':');
            self.fresh = false;
            return Ok(Place::Key);
        }
        self.put('?');
        self.text(key, indent + INDENT, false)?;
        self.line(indent);
        self.put(':');
        Ok(Place::LongKey)
    }

    /// Goes to the column `indent`, on a new line unless this one can be continued.
    fn line(&mut self, indent: usize) {
        if !self.fresh || self.column > indent {
            self.put('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.fresh = true;
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column = if is_line_end(c) { 0 } else { self.column + 1 };
    }

    /// Writes a blank where the next word needs one before it.
    fn space(&mut self) {
        if self.column > 0 && !self.out.ends_with(' ') {
            self.put(' ');
        }
    }

    fn word(&mut self, word: &str) {
        self.space();
        word.chars().for_each(|c| self.put(c));
        self.fresh = false;
    }

    fn text(&mut self, text: &str, indent: usize, key: bool) -> Result<(), Error> {
        if self.simple(text) {
            return Ok(());
        }
        if !writable(text) {
            let message = format!("a character that Helm cannot write in `{}`", text.escape_debug());
            return Err(Error::without_line(message));
        }
        self.space();
        match Style::of(text, key) {
            Style::Plain => self.folded(text, indent, key, ""),
            Style::Single => self.folded(text, indent, key, "'"),
            Style::Double => self.double(text, indent, key),
            Style::Literal => {
                self.literal(text, indent);
                return Ok(());
            }
        }
        self.fresh = false;
        Ok(())
    }

    /// Writes text that is surely plain and fits on the line, which most is.
    fn simple(&mut self, text: &str) -> bool {
        let begins_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        let is_simple = begins_plain
            && self.column + 1 + text.len() <= WIDTH
            && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            && is_plain(text);
        if is_simple {
            self.space();
            self.out.push_str(text);
            self.column += text.len();
            self.fresh = false;
        }
        is_simple
    }

    /// A plain or single-quoted scalar.
    fn folded(&mut self, text: &str, indent: usize, key: bool, quote: &str) {
        quote.chars().for_each(|c| self.put(c));
        let last = text.len().saturating_sub(1);
        let (mut after_space, mut after_break) = (false, false);
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let inside = quote.is_empty() || (at > 0 && at < last);
            let alone = !after_space && chars.peek().is_none_or(|(_, next)| *next != ' ');
            if c == ' ' && !key && alone && inside && self.column > WIDTH {
                self.fresh = false;
                self.line(indent);
            } else {
                if after_break && !is_line_end(c) {
                    self.fresh = true;
                    self.line(indent);
                }
                if c == '\'' && !quote.is_empty() {
                    self.put('\'');
                }
                self.put(c);
            }
            (after_space, after_break) = (c == ' ', is_line_end(c));
        }
        quote.chars().for_each(|c| self.put(c));
    }

    fn double(&mut self, text: &str, indent: usize, key: bool) {
        self.put('"');
        // go-yaml looks for a byte order mark at the text's start, whatever character it is at.
        let escape_all = text.starts_with('\u{FEFF}');
        let last = text.len().saturating_sub(1);
        let mut after_space = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let escaped = escape_all || is_special(c) || is_line_end(c) || c == '"' || c == '\\';
            if escaped {
                escape(c).chars().for_each(|c| self.put(c));
            } else if c == ' ' && !key && !after_space && self.column > WIDTH && at > 0 && at < last {
                self.fresh = false;
                self.line(indent);
                if chars.peek().is_some_and(|(_, next)| *next == ' ') {
                    self.put('\\');
                }
            } else {
                self.put(c);
            }
            after_space = c == ' ' && !escaped;
        }
        self.put('"');
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put('|');
        if text.starts_with([' ', '\n', '\u{2028}', '\u{2029}']) {
            self.put('2');
        }
        let mut end = text.chars().rev().map(is_line_end);
        match (end.next(), end.next()) {
            (Some(true), Some(false)) => {}
            (Some(true), _) => self.put('+'),
            _ => self.put('-'),
        }
        self.put('\n');
        self.fresh = true;
        for c in text.chars() {
            if self.column == 0 && !is_line_end(c) {
                self.line(indent);
            }
            self.put(c);
        }
        self.fresh = self.column == 0;
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

impl Style {
    /// The style go-yaml chooses: `stringv` asks for one, `yaml_emitter_select_scalar_style` falls
    /// back where the text does not allow it.
    fn of(text: &str, key: bool) -> Self {
        let broken = text.contains('\n') || !text.is_ascii() && text.contains(BREAKS);
        let special =
            text.contains(is_special) || broken && BREAKS.iter().any(|c| text.contains(&format!(" {c}")));
        let break_space = broken && BREAKS.iter().any(|c| text.contains(&format!("{c} ")));
        if text.contains('\n') {
            let literal = !special && !key && !text.ends_with(' ');
            return if literal { Self::Literal } else { Self::Double };
        }
        if special || break_space || needs_quotes(text) {
            return Self::Double;
        }
        let quoted = broken || text.ends_with(' ') || has_indicator(text);
        if quoted { Self::Single } else { Self::Plain }
    }
}

/// Whether something in the text would end or change a plain scalar.
fn has_indicator(text: &str) -> bool {
    let mut rest = text.chars();
    let first = rest.next().unwrap_or(' ');
    let blank_next = matches!(rest.next(), None | Some(' '));
    " #,[]{}&*!|>'\"%@`".contains(first)
        || "-?:".contains(first) && blank_next
        || text.starts_with("---")
        || text.starts_with("...")
        || text.contains(": ")
        || text.ends_with(':')
        || text.contains(" #")
}

const BREAKS: [char; 3] = ['\n', '\u{2028}', '\u{2029}'];

/// The line breaks that the emitter may write as they are.
fn is_line_end(c: char) -> bool {
    BREAKS.contains(&c)
}

/// A character that go-yaml only writes escaped; beyond the real ones that is every character of
/// four bytes.
fn is_special(c: char) -> bool {
    !matches!(c, '\n' | ' '..='~' | '\u{A0}'..='\u{FFFD}') || c == '\u{FEFF}'
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{B}' => 'v',
        '\u{C}' => 'f',
        '\r' => 'r',
        '\u{1B}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{A0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let code = u32::from(c);
            return match code {
                0..=0xFF => format!("\\x{code:02X}"),
                0x100..=0xFFFF => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}

/// The characters Go's `encoding/json` writes for one.
fn json_width(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{C}' => 2,
        '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Out {
        Out::Text(text.to_owned())
    }

    fn map(pairs: &[(&str, Out)]) -> Out {
        let pair = |(key, value): &(&str, Out)| ((*key).to_owned(), value.clone());
        Out::Map(pairs.iter().map(pair).collect())
    }

    #[test]
    fn layout() {
        let list = |items: &[Out]| Out::List(items.to_vec());
        let long = "k".repeat(129);
        let tree = map(&[
            ("a", map(&[("b", list(&[text("x"), map(&[]), Out::Null]))])),
            ("c", list(&[map(&[("d", Out::Bool(true)), ("e", list(&[]))])])),
            ("f", list(&[list(&[Out::Number("1".to_owned())])])),
            ("g\nh", map(&[("i", text("j"))])),
            ("r\r", text("m")),
            (&long, list(&[text("l\n\n")])),
        ]);
        let expected = format!(
            "a:\n  b:\n  - x\n  - {{}}\n  - null\nc:\n- d: true\n  e: []\nf:\n- - 1\n\
             ? |-\n  g\n  h\n: i: j\n? \"r\\r\"\n: m\n? {long}\n: - |+\n    l\n\n",
        );
        assert_eq!(write(&tree).unwrap(), expected);
        assert_eq!(write(&map(&[])).unwrap(), "{}\n");
    }

    #[test]
    fn scalars() {
        for (value, expected) in [
            ("a b", "a b"),
            ("", r#""""#),
            ("yes", r#""yes""#),
            ("1.10", r#""1.10""#),
            ("1:20", r#""1:20""#),
            ("2001-01-01", r#""2001-01-01""#),
            ("1.2.3", "1.2.3"),
            (" a", "' a'"),
            ("it's: x", "'it''s: x'"),
            ("-", "'-'"),
            ("-a", "-a"),
            ("---a", "'---a'"),
            ("a:b", "a:b"),
            ("a:", "'a:'"),
            ("a #b", "'a #b'"),
            ("a#b", "a#b"),
            ("@a", "'@a'"),
            ("<<", "<<"),
            ("a\tb", r#""a\tb""#),
            ("é\u{A0}", "é\u{A0}"),
            ("😀é\\", r#""\U0001F600é\\""#),
            ("\u{FEFF}a b", r#""\uFEFF\x61\x20\x62""#),
            ("a\u{2028}b", "'a\u{2028}  b'"),
            ("a\u{2028} b", r#""a\L b""#),
            ("a\nb", "|-\n  a\n  b"),
            ("a\n\nb\n", "|\n  a\n\n  b"),
            (" a\n", "|2\n   a"),
            ("a \nb", r#""a \nb""#),
            ("a\nb ", r#""a\nb ""#),
        ] {
            let written = write(&map(&[("k", text(value))])).unwrap();
            assert_eq!(written, format!("k: {expected}\n"), "{value:?}");
        }
        assert_eq!(write(&map(&[("k", text("\n"))])).unwrap(), "k: |2+\n\n");
    }

    #[test]
    fn folding() {
        let w = "x".repeat(77);
        for (value, expected) in [
            (format!("{w} y z"), format!("{w} y\n  z")),
            (format!("{w}x y z"), format!("{w}x\n  y z")),
            (format!("{w}x  y z"), format!("{w}x  y\n  z")),
            (format!("'{w} y z"), format!("'''{w}\n  y z'")),
            (format!("\t{w} y  z"), format!("\"\\t{w}\n  y  z\"")),
            (format!("\t{w}  y"), format!("\"\\t{w}\n  \\ y\"")),
        ] {
            let written = write(&map(&[("k", text(&value))])).unwrap();
            assert_eq!(written, format!("k: {expected}\n"), "{value}");
        }
    }

    #[test]
    fn refusals() {
        for bad in ["\u{7F}", "\u{85}", "\u{90}", "\u{FFFE}", "\u{FFFF}"] {
            assert!(!writable(bad) && write(&text(bad)).is_err(), "{bad:?}");
        }
        for good in ["\0\u{1}\t\r\n\u{1B}", "\u{A0}\u{2028}\u{FEFF}\u{FFFD}😀"] {
            assert!(writable(good) && write(&text(good)).is_ok(), "{good:?}");
        }
        for key in ["<<", &"k".repeat(1023), &"<".repeat(171)] {
            assert!(write(&map(&[(key, Out::Null)])).is_err(), "{key}");
        }
        let deep = (0..200).fold(Out::Null, |inner, _| Out::List(vec![inner]));
        assert!(write(&deep).is_err());
    }
}
