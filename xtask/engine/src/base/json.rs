//! JSON as Go's `encoding/json` writes it.

use serde::Serialize;

/// A value as JSON with Go's escapes, on lines of their own where `lines`. The error is the message.
pub fn text(value: &impl Serialize, lines: bool) -> Result<String, String> {
    let text = if lines { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    let mut text = text.map_err(|error| error.to_string())?;
    // These characters are only in strings.
    for (c, escape) in [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ] {
        if text.contains(c) {
            text = text.replace(c, escape);
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    /// What `json.Marshal` of Go 1.23 and 1.25 makes of the same text.
    #[test]
    fn escapes_are_gos() {
        let text: String = (0..=0x80_u8)
            .map(char::from)
            .chain("\u{2027}\u{2028}\u{2029}\u{feff}\u{1F600}".chars())
            .collect();
        let expected = concat!(
            r#""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#,
            r"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f",
            r##" !\"#$%\u0026'()*+,-./0123456789:;\u003c=\u003e?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"##,
            "abcdefghijklmnopqrstuvwxyz{|}~\u{7f}\u{80}\u{2027}\\u2028\\u2029\u{feff}\u{1F600}\""
        );
        assert_eq!(super::text(&text, false).as_deref(), Ok(expected));
    }
}
