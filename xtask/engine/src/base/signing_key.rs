//! How the config names the key that signs.

#![warn(missing_docs)]

use super::config::Config;

impl Config {
    /// The key of `gpg` that signs each archive: its fingerprint, or an address as in `charts@example.com`. Releases are then
    /// made with `--sign`, and nothing is published that is not signed.
    #[must_use]
    pub fn signing_key(self, key: impl Into<String>) -> Self {
        Self { signing_key: Some(normal(key.into())), ..self }
    }
}

/// A fingerprint as gpg prints it, in groups or not, as one word in capitals; an address as it is.
pub fn normal(key: String) -> String {
    if key.contains('@') { key } else { key.split(' ').collect::<String>().to_uppercase() }
}

/// Whether a text names a key of `gpg`: a fingerprint in capital digits (40, or 64 of newer keys), or an address.
pub fn is_key(key: &str) -> bool {
    match key.split_once('@') {
        Some((user, host)) => {
            let is_odd = |c: char| c.is_whitespace() || c.is_control() || "<>@\"".contains(c);
            !user.is_empty()
                && !user.starts_with('-')
                && !host.is_empty()
                && !key.replacen('@', "", 1).contains(is_odd)
        }
        None => matches!(key.len(), 40 | 64) && key.bytes().all(|b| b.is_ascii_hexdigit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys() {
        let fingerprint = "8EAF20E2FEA4517109489D9F6F3086E2A4C34093";
        let grouped = "8eaf 20e2 fea4 5171 0948  9d9f 6f30 86e2 a4c3 4093";
        assert_eq!(normal(grouped.to_owned()), fingerprint);
        for key in [fingerprint, "charts@example.com", &"A".repeat(64)] {
            assert!(is_key(&normal(key.to_owned())), "{key}");
        }
        for key in
            ["", "A4C34093", "6F3086E2A4C34093", "@", "a@", "@b", "-a@b", "<a@b>", "a b@c", "a@b@c", "Shop"]
        {
            assert!(!is_key(&normal(key.to_owned())), "{key}");
        }
    }
}
