//! Base64 (RFC 4648, section 4).

/// The bytes in base64, padded.
pub fn encode(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let symbol = ALPHABET.get((bits >> (18 - 6 * i)) as usize & 63).filter(|_| i <= chunk.len());
            out.push(symbol.map_or('=', |&symbol| char::from(symbol)));
        }
    }
    out
}

/// The bytes of base64, padded or not; `None` if it is none.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let symbols = text.trim_end_matches('=').bytes().map(|byte| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    });
    let symbols = symbols.collect::<Option<Vec<u8>>>()?;
    let mut out = Vec::new();
    for chunk in symbols.chunks(4) {
        let bits = chunk.iter().fold(0_u32, |bits, &symbol| bits << 6 | u32::from(symbol));
        let bits = bits << (6 * (4 - chunk.len()));
        let [_, bytes @ ..] = bits.to_be_bytes();
        out.extend(bytes.get(..chunk.len() * 3 / 4)?);
    }
    (symbols.len() % 4 != 1).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of RFC 4648, section 10, and the last two symbols of the alphabet.
    #[test]
    fn encoding() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), encoded);
            assert_eq!(decode(encoded).as_deref(), Some(plain.as_bytes()));
            assert_eq!(decode(encoded.trim_end_matches('=')).as_deref(), Some(plain.as_bytes()));
        }
        for bad in ["Z", "Zm9vY", "Zg==Zg==", "Z g=", "Zg-_"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
        assert_eq!(encode(b"\xff\xfb\xbf"), "//u/");
    }
}
