//! What the config says of signing by cosign.

#![warn(missing_docs)]

use super::config::Config;

/// What charts in the OCI registry are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cosign {
    /// A certificate of Sigstore's for whoever runs the release, which its public log keeps.
    Keyless,
    /// A private key.
    Key {
        /// Where cosign finds it, as a URI such as `env://COSIGN_PRIVATE_KEY`.
        uri: String,
        /// Whether the signature goes to Sigstore's public log.
        is_logged: bool,
    },
}

impl Config {
    /// Signs each chart in the OCI registry by `cosign`, with a short-lived certificate of Sigstore's for the identity that
    /// runs the release, such as a workflow with `id-token: write`. Where cosign is not installed, publishing fails before
    /// its first write.
    #[must_use]
    pub fn cosign_keyless(self) -> Self {
        Self { cosign: Some(Cosign::Keyless), ..self }
    }

    /// Signs each chart in the OCI registry by `cosign` with a private key, and records that in Sigstore's public log.
    /// `uri` is `env://VARIABLE`, or that of a key service, such as `awskms://` or `hashivault://`.
    #[must_use]
    pub fn cosign_key(self, uri: impl Into<String>) -> Self {
        Self { cosign: Some(Cosign::Key { uri: uri.into(), is_logged: true }), ..self }
    }

    /// The same as [`Config::cosign_key`] without the log: nobody else learns of the signature, and `cosign verify` needs
    /// `--private-infrastructure`.
    #[must_use]
    pub fn cosign_key_without_log(self, uri: impl Into<String>) -> Self {
        Self { cosign: Some(Cosign::Key { uri: uri.into(), is_logged: false }), ..self }
    }
}

impl Cosign {
    /// The key, as cosign is told of it; empty without one.
    pub(crate) fn uri(&self) -> &str {
        match self {
            Self::Keyless => "",
            Self::Key { uri, .. } => uri,
        }
    }

    /// The environment variable that holds the private key.
    pub(crate) fn variable(&self) -> Option<&str> {
        self.uri().strip_prefix("env://")
    }

    /// Whether the key is named in a form that cosign finds on every machine: a file lies on one of them.
    pub(crate) fn is_well_formed(&self) -> bool {
        let Self::Key { uri, .. } = self else { return true };
        let is_scheme =
            |scheme: &str| !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
        let is_plain = !uri.contains(|c: char| c.is_whitespace() || c.is_control());
        let is_variable = |name: &str| {
            !name.starts_with(|c: char| c.is_ascii_digit())
                && !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        is_plain
            && self.variable().is_none_or(is_variable)
            && (uri.starts_with("pkcs11:")
                || uri.split_once("://").is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty()))
    }
}
