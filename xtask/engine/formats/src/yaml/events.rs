//! The events of a YAML text: libyaml behind a safe face.
//!
//! The one place of the project with `unsafe`: `libyaml-rs` is libyaml translated from C and keeps
//! its interface. Rust's own YAML parsers read YAML 1.2 or follow other rules than libyaml, which
//! Helm's parser descends from; so this small wrapper is the price of reading a file as Helm does.
//! It owns the parser, frees each event before handing out its own copy, and stops at an error.

#![allow(unsafe_code, reason = "libyaml's interface is C's; each block says why it holds")]

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::slice;

use libyaml_rs as sys;

use super::Error;

/// What the parser met, and where.
pub struct Event {
    pub kind: Kind,
    /// The anchor of a node, without `&`.
    pub anchor: Option<String>,
    /// The tag of a node, its handle resolved.
    pub tag: Option<String>,
    /// Its line, counted from 1.
    pub line: usize,
    pub at_margin: bool,
    /// Where it starts in the text, in bytes.
    pub start: usize,
    /// Where it ends in the text, in bytes.
    pub end: usize,
}

/// The kinds of events.
pub enum Kind {
    /// The text or a document begins.
    Begin,
    /// A document or the text ends, `true` with a mark `...`.
    End(bool),
    /// `*name`.
    Alias(String),
    Scalar(String, Style),
    /// A list begins, `true` for `[`.
    List(bool),
    /// A mapping begins, `true` for `{`.
    Mapping(bool),
    /// The innermost list or mapping ends.
    Close,
}

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    Double,
    /// In single quotes or as a block.
    Other,
}

/// The events of a text.
pub struct Events<'a> {
    /// From `Box::into_raw`: libyaml keeps a pointer to the parser in it, so it must not move.
    parser: *mut sys::yaml_parser_t,
    text: &'a str,
}

impl<'a> Events<'a> {
    /// Starts to parse the text, which has no byte order mark.
    pub fn new(text: &'a str) -> Self {
        let parser: *mut sys::yaml_parser_t = Box::into_raw(Box::<sys::yaml_parser_t>::new_uninit()).cast();
        // SAFETY: `parser` points to memory for it; `initialize` fills all of it (it aborts if memory
        // runs out) before the others use it. libyaml only reads the text, which outlives `Self`.
        unsafe {
            let _never_fails = sys::yaml_parser_initialize(parser);
            sys::yaml_parser_set_encoding(parser, sys::YAML_UTF8_ENCODING);
            sys::yaml_parser_set_input_string(parser, text.as_ptr(), text.len() as u64);
        }
        Self { parser, text }
    }

    /// The next event; after the end of the text or a syntax error it is `Kind::End`.
    pub fn next_event(&mut self) -> Result<Event, Error> {
        let mut event = MaybeUninit::<sys::yaml_event_t>::uninit();
        // SAFETY: the parser is initialized and used by `self` alone. `parse` first sets the event to
        // zeros, which is a valid one; after a success it owns its texts until it is deleted, and
        // `copy` keeps no pointer to them.
        unsafe {
            if sys::yaml_parser_parse(self.parser, event.as_mut_ptr()).fail {
                return Err(self.error());
            }
            let copied = copy(event.assume_init_ref());
            sys::yaml_event_delete(event.as_mut_ptr());
            copied
        }
    }

    fn error(&self) -> Error {
        // SAFETY: the parser is initialized, and not changed while `self` is borrowed.
        let parser: &sys::yaml_parser_t = unsafe { &*self.parser };
        // SAFETY: `problem` is null or a constant of libyaml.
        let problem = unsafe { string(parser.problem.cast()) };
        let message = problem.ok().flatten().unwrap_or_else(|| "too large".to_owned());
        let message = message.replace('\'', "`");
        if parser.error == sys::YAML_READER_ERROR {
            let before = self.text.get(..number(parser.problem_offset)).unwrap_or_default();
            let message = format!("{message}: `U+{:04X}`", parser.problem_value);
            return Error::new(before.matches('\n').count() + 1, message);
        }
        Error::new(number(parser.problem_mark.line) + 1, message)
    }
}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        // SAFETY: the parser is initialized, comes from `Box::into_raw` and is not used again. It has
        // no destructor but `delete`.
        unsafe {
            sys::yaml_parser_delete(self.parser);
            drop(Box::from_raw(self.parser));
        }
    }
}

/// Copies an event.
///
/// # Safety
///
/// `yaml_parser_parse` made the event, and it is not deleted yet.
unsafe fn copy(event: &sys::yaml_event_t) -> Result<Event, Error> {
    let data = &event.data;
    let (mut anchor, mut tag) = (None, None);
    // SAFETY: `type_` tells which field of the union is filled. All texts in it are null or end with
    // NUL, except that `value` is never null and has a length.
    let kind = unsafe {
        match event.type_ {
            sys::YAML_STREAM_START_EVENT | sys::YAML_DOCUMENT_START_EVENT => Kind::Begin,
            sys::YAML_DOCUMENT_END_EVENT => Kind::End(!data.document_end.implicit),
            sys::YAML_ALIAS_EVENT => Kind::Alias(string(data.alias.anchor)?.unwrap_or_default()),
            sys::YAML_SCALAR_EVENT => {
                let scalar = &data.scalar;
                (anchor, tag) = (string(scalar.anchor)?, string(scalar.tag)?);
                let value = slice::from_raw_parts(scalar.value, number(scalar.length));
                let style = match scalar.style {
                    sys::YAML_PLAIN_SCALAR_STYLE => Style::Plain,
                    sys::YAML_DOUBLE_QUOTED_SCALAR_STYLE => Style::Double,
                    _ => Style::Other,
                };
                Kind::Scalar(utf8(value)?, style)
            }
            sys::YAML_SEQUENCE_START_EVENT => {
                anchor = string(data.sequence_start.anchor)?;
                Kind::List(data.sequence_start.style == sys::YAML_FLOW_SEQUENCE_STYLE)
            }
            sys::YAML_MAPPING_START_EVENT => {
                anchor = string(data.mapping_start.anchor)?;
                Kind::Mapping(data.mapping_start.style == sys::YAML_FLOW_MAPPING_STYLE)
            }
            sys::YAML_SEQUENCE_END_EVENT | sys::YAML_MAPPING_END_EVENT => Kind::Close,
            _ => Kind::End(false),
        }
    };
    let (start, end) = (&event.start_mark, &event.end_mark);
    Ok(Event {
        kind,
        anchor,
        tag,
        line: number(start.line) + 1,
        at_margin: start.column == 0,
        start: number(start.index),
        end: number(end.index),
    })
}

/// A C string, `None` for null.
///
/// # Safety
///
/// The pointer is null or points to a text that ends with NUL.
unsafe fn string(text: *const u8) -> Result<Option<String>, Error> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text.cast()) };
    utf8(text.to_bytes()).map(Some)
}

/// libyaml decodes `%` in tags with weak checks, so its texts need not be UTF-8.
fn utf8(bytes: &[u8]) -> Result<String, Error> {
    let text = str::from_utf8(bytes).map_err(|_| Error::without_line("invalid UTF-8"))?;
    Ok(text.to_owned())
}

/// A length or place in the text, so it fits.
fn number(value: u64) -> usize {
    usize::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn places_and_styles() {
        let text = "é: &a !x\n  \"b\"\n? [*a]\n";
        let mut events = Events::new(text);
        let mut seen = String::new();
        loop {
            let event = events.next_event().unwrap();
            let kind = match event.kind {
                Kind::Begin => "begin".to_owned(),
                Kind::End(_) => break,
                Kind::Alias(name) => format!("*{name}"),
                Kind::Scalar(value, style) => format!("{value}{}", u8::from(style == Style::Double)),
                Kind::List(flow) => format!("list{}", u8::from(flow)),
                Kind::Mapping(flow) => format!("map{}", u8::from(flow)),
                Kind::Close => "close".to_owned(),
            };
            let (anchor, tag) = (event.anchor.unwrap_or_default(), event.tag.unwrap_or_default());
            let place = (event.line, event.at_margin, text.get(event.start..event.end).unwrap_or_default());
            let _ = writeln!(seen, "{kind} {anchor} {tag} {place:?}");
        }
        let expected = "begin   (1, true, \"\")\n\
                        begin   (1, true, \"\")\n\
                        map0   (1, true, \"\")\n\
                        é0   (1, true, \"é\")\n\
                        b1 a !x (1, false, \"&a !x\\n  \\\"b\\\"\")\n\
                        list1   (3, false, \"[\")\n\
                        *a   (3, false, \"*a\")\n\
                        close   (3, false, \"]\")\n\
                        0   (4, true, \"\")\n\
                        close   (4, true, \"\")\n";
        assert_eq!(seen, expected);
    }

    /// Whatever the state, the parser and its events can be dropped, and asking on is safe.
    #[test]
    fn ends_and_errors() {
        let error = |text: &str| {
            let mut events = Events::new(text);
            let error = loop {
                match events.next_event() {
                    Ok(event) if matches!(event.kind, Kind::End(_)) => break String::new(),
                    Ok(_) => {}
                    Err(error) => break error.to_string(),
                }
            };
            assert!(events.next_event().is_ok(), "{text:?}");
            error
        };
        for (text, expected) in [
            ("", ""),
            ("a: &b !c [x", "line 2: did not find expected `,` or `]`"),
            ("a\n\u{1}", "line 2: control characters are not allowed: `U+0001`"),
            ("- !a%FFb", "line 1: found an incorrect leading UTF-8 octet"),
            ("- !a%ED%A0%80", "invalid UTF-8"),
            ("\"\\", "line 1: found unknown escape character"),
        ] {
            assert_eq!(error(text), expected, "{text:?}");
        }
        Events::new("{[a, b").next_event().unwrap();
    }
}
