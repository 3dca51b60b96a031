//! Reading a file as Helm does.
//!
//! `compose` makes libyaml's events a tree with aliases still unresolved, `decode` applies what
//! go-yaml v2 does next: merge keys, repeated keys, limits. go-yaml forked an older libyaml than
//! ours, so the two take a few texts differently; `compose` refuses those.

use super::compose::{Content, compose};
use super::decode::decode;
use super::{Document, Error};

/// Reads the first document of a file, as Helm does.
///
/// An empty file is null. Stricter than Helm where no chart should go: UTF-16, byte order marks
/// inside the text, directives, control characters after the document, some exotic tags and flow
/// scalars, null, list and map keys even where a later equal key hides them, nesting deeper than 100.
pub fn read(bytes: &[u8]) -> Result<Document, Error> {
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] = bytes {
        return Err(Error::without_line("UTF-16 is not supported, save the file as UTF-8"));
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        Error::new(before.split(|byte| *byte == b'\n').count(), "invalid UTF-8")
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    // Inside a text go-yaml skips a character at each, in any line, as its buffer goes.
    if text.contains('\u{FEFF}') {
        return Err(Error::without_line("a byte order mark (`U+FEFF`) inside the text"));
    }
    let tree = compose(text)?;
    let (root, repeated, overridden) = decode(&tree.nodes, tree.root)?;
    let merged = tree.nodes.iter().find(|raw| matches!(raw.content, Content::Scalar(_, true)));
    Ok(Document { root, repeated, overridden, merged: merged.map(|raw| raw.line), more: tree.more })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::super::{Pair, Resolved, Value};
    use super::*;

    /// A value in one line: text as `'x'`, everything else as Helm's text for it.
    fn show(value: &Value) -> String {
        match value {
            Value::Scalar(scalar) => match (&scalar.resolved, scalar.text()) {
                (Resolved::Text(text), _) => format!("{text:?}").replace('"', "'"),
                (_, text) => text.unwrap().map_or("null".to_owned(), |text| text.helm),
            },
            Value::Sequence(nodes) => {
                let nodes: Vec<_> = nodes.iter().map(|node| show(&node.value)).collect();
                format!("[{}]", nodes.join(" "))
            }
            Value::Mapping(pairs) => {
                let pair = |p: &Pair| format!("{}:{}", p.key.helm, show(&p.value.value));
                let pairs: Vec<_> = pairs.iter().map(pair).collect();
                format!("{{{}}}", pairs.join(" "))
            }
        }
    }

    fn shown(text: &str) -> String {
        match read(text.as_bytes()) {
            Ok(document) => show(&document.root.value),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn documents() {
        for (text, expected) in [
            ("", "null"),
            ("# c\n", "null"),
            ("a: 1 # c\r\nb: [x, {w: z}]\r\n", "{a:1 b:['x' {w:'z'}]}"),
            ("1.10: a\nyes: b\n.inf: d", "{1.1:'a' true:'b' .inf:'d'}"),
            ("a: |\n  b\n  c\n", "{a:'b\\nc\\n'}"),
            ("a: |\n  b", "{a:'b'}"),
            ("a: |+\n  b\n  ", "{a:'b\\n'}"),
            ("a: |2\n   b\n   ", "{a:' b\\n '}"),
            ("a: >-\n  b\n  c\n\n  d", "{a:'b c\\nd'}"),
            ("a: b\n  c\n\n  d\n", "{a:'b c\\nd'}"),
            ("a: it's\nb: \"\\x41\\\n  b\"\t# c\n", "{a:'it's' b:'Ab'}"),
            ("a: \"Hi !you, there\"\nb: [!!str 1]", "{a:'Hi !you, there' b:['1']}"),
            ("a: [b !c, d]", "{a:['b !c' 'd']}"),
            (r#"a: "\\/" # \/"#, r"{a:'\\/'}"),
            ("a: http://x?y=1\nb: ['x?']", "{a:'http://x?y=1' b:['x?']}"),
            ("---\na: !!map [1]\n", "{a:[1]}"),
            ("\u{FEFF}a: 1", "{a:1}"),
            ("（: 1", "{（:1}"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    /// Where go-yaml fails too, or the crate would read something else than go-yaml.
    #[test]
    fn refusals() {
        for text in [
            "%YAML 1.2\n---\na: 1",
            "a: [http://x?y=1]",
            "a: [b?, c]",
            "{a:, b}",
            r#"a: "\/""#,
            r#"a: "\'""#,
            r#"a: "\"#,
            "[!!str, a]",
            "[!!str , a]",
            "!!int%00 1",
            "%YAML 1.1\n---\na: 1",
            "%TAG !e! x:\n---\na: 1",
            "a: !x,y z",
            "~: a",
            "[a]: b",
            "-0.0: a",
            "18446744073709551615: a",
            "1: a\n'1': b",
            ".nan: a\n.nan: b",
            "a: *b",
            "a: &a [*a]",
            "<<: 1",
            "<<: [1]",
            "a: &a 1\nb: {<<: *a}",
            "a: !!int x",
            "a: \u{7F}",
            "a: \u{FEFF}",
            "\ta: 1",
            "{a: 1}\nb: 2",
            "{a: 1}\n---b",
            "{a: 1} --- b",
            "{a: 1}\n---\n\u{1}",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(b"a: \xFF").is_err());
        assert!(read(b"\xFE\xFF\0a").is_err());
    }

    #[test]
    fn later_keys_and_merges_win() {
        for (text, expected, repeated) in [
            ("a: 1\nb: 2\na: 3", "{a:3 b:2}", "a3"),
            ("a: 1\n<<: {a: 2, b: 2}\nb: 3", "{a:2 b:3}", "a2 <<b3"),
            ("<<: [{a: 1}, {a: 2, b: 2}]\n<<: {b: 3}", "{a:1 b:3}", " <<a1 <<b2"),
            ("x: &x {a: 1, a: 2}\nz: *x\n", "{x:{a:2} z:{a:2}}", "a1"),
            ("! <<: {a: 1}", "{a:1}", ""),
            ("'<<': {a: 1}", "{<<:{a:1}}", ""),
        ] {
            let document = read(text.as_bytes()).unwrap();
            assert_eq!(show(&document.root.value), expected, "{text}");
            let mut lines = String::new();
            for (key, line) in document.repeated {
                write!(lines, "{key}{line}").unwrap();
            }
            for (key, line) in document.overridden {
                write!(lines, " <<{key}{line}").unwrap();
            }
            assert_eq!(lines, repeated, "{text}");
        }
    }

    #[test]
    fn only_the_first_document() {
        for (text, expected, more) in [
            ("a: 1\n", "{a:1}", false),
            ("a: 1\n---\n# c\n...\n", "{a:1}", false),
            ("a: 1\n--- {\n", "{a:1}", true),
            ("a: 1\n...\n}", "{a:1}", true),
            ("---\n---\na: 1\n", "null", true),
        ] {
            let document = read(text.as_bytes()).unwrap();
            assert_eq!(show(&document.root.value), expected, "{text}");
            assert_eq!(document.more, more, "{text}");
        }
    }

    #[test]
    fn places() {
        let error = read(b"a: 1\nb:\n  - ~: x\n").unwrap_err();
        assert_eq!(error.line, Some(3));
        let Value::Mapping(pairs) = read(b"# c\na: 1\nb:\n- x\n").unwrap().root.value else {
            panic!("no mapping");
        };
        assert_eq!((pairs[1].line, pairs[1].value.line), (3, 4));
    }

    #[test]
    fn nodes() {
        for (text, kind, not_json) in [
            ("~", "scalar", None),
            ("- 1\n- .inf", "list", Some(2)),
            ("a: '.nan'\nb:\n  c: .nan", "mapping", Some(3)),
        ] {
            let root = read(text.as_bytes()).unwrap().root;
            assert_eq!(
                (root.kind(), root.not_json(), root.is_null()),
                (kind, not_json, text == "~"),
                "{text}"
            );
        }
    }

    #[test]
    fn limits() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(nested(100).as_bytes()).is_ok());
        assert!(read(nested(101).as_bytes()).is_err());
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        let mut chain = "a0: &a0 [x]\n".to_owned();
        for n in 1..200 {
            let items = vec![format!("*a{}", n - 1); 10].join(", ");
            writeln!(bomb, "a{n}: &a{n} [{items}]").unwrap();
            writeln!(chain, "a{n}: &a{n} [*a{}]", n - 1).unwrap();
        }
        assert!(shown(&bomb).contains("too many aliases"));
        assert!(shown(&chain).contains("nested deeper"));
        let text = "x".repeat(1 << 20);
        let big = format!("a: &a {text}\nb: [{}]", "*a, ".repeat(1000));
        assert!(shown(&big).contains("too many aliases"));
    }
}
