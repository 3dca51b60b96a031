//! Percent-encoding (RFC 3986, section 2.1): how a URL carries what it has other uses for.

use std::fmt::Write as _;

/// Writes every byte as `%XX` but letters, digits and those of `plain`.
pub fn encode(text: &str, plain: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Reads it back. The error is the message.
pub fn decode(text: &str) -> Result<String, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err("there is a `%` without two hex digits".to_owned());
        };
        out.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    String::from_utf8(out).map_err(|_| "it is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert_eq!(encode("a b/é+", b"/"), "a%20b/%C3%A9%2B");
        assert_eq!(decode("a%20b/%c3%A9+"), Ok("a b/é+".to_owned()));
        for bad in ["%", "%4", "%zz", "%+1", "%é0", "%ff"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
    }
}
