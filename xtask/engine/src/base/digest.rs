//! SHA-256 digests.

use std::fmt;

use helm_xtask_formats::archive::sha256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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
