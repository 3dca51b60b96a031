//! SHA-256 digests.

use std::fmt;

use helm_xtask_formats::archive::sha256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha512};

pub use helm_xtask_formats::archive::hex;

/// The SHA-256 digest of some bytes. Its text is that of OCI and of GitHub: `sha256:` and 64 hex digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(bytes))
    }

    /// Reads a digest with `sha256:` before it or, as Helm writes it into an index, without. `None` for every other text,
    /// such as a digest by another algorithm.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = without_algorithm(text);
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (hex.len() == 64 && hex.bytes().all(is_digit)).then(|| Self(hex.to_owned()))
    }

    /// The 64 hex digits, as Helm's index and `sha256sum` have them.
    pub fn hex(&self) -> &str {
        &self.0
    }

    /// True if a text that others wrote is this digest.
    pub fn is(&self, text: &str) -> bool {
        without_algorithm(text) == self.0
    }
}

/// Whether a digest of OCI is that of some bytes; `None` for one by another algorithm than SHA-256 and SHA-512, and for what
/// is no digest (OCI image specification, "Digests").
pub fn is_of(text: &str, bytes: &[u8]) -> Option<bool> {
    let is_hex = |hex: &str, length| {
        hex.len() == length && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    match text.split_once(':')? {
        ("sha256", hex) if is_hex(hex, 64) => Some(hex == sha256(bytes)),
        ("sha512", other) if is_hex(other, 128) => Some(other == hex(&Sha512::digest(bytes))),
        _ => None,
    }
}

/// The text of a digest without the `sha256:` that some tools write before it.
pub fn without_algorithm(text: &str) -> &str {
    text.strip_prefix("sha256:").unwrap_or(text)
}

pub fn digest(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is no SHA-256 digest")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_both_algorithms() {
        let sha512 = "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";
        for (text, bytes, expected) in [
            (sha512, "", Some(true)),
            (sha512, "x", Some(false)),
            (&digest(b"x"), "x", Some(true)),
            (&digest(b"x"), "", Some(false)),
            (&sha512.replace('e', ""), "", None),
            (&sha512.replace("sha512", "blake3"), "", None),
            ("", "", None),
        ] {
            assert_eq!(is_of(text, bytes.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn digests_are_read_in_both_ways() {
        let digest = Digest::of(b"");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest.to_string(), format!("sha256:{hex}"));
        for text in [hex, &digest.to_string()] {
            assert_eq!(Digest::parse(text).as_ref(), Some(&digest));
            assert!(digest.is(text));
        }
        for text in ["", "sha256:", &hex.to_uppercase(), &hex.replace('e', ""), &format!("sha512:{hex}")] {
            assert_eq!(Digest::parse(text), None, "{text}");
            assert!(!digest.is(text), "{text}");
        }
    }
}
