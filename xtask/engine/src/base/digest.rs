//! SHA-256 digests, in the two ways in which they are written.

pub use helm_xtask_formats::archive::{hex, sha256};

/// The lower-case hex SHA-256 of some bytes, with the `sha256:` that OCI puts before it.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256(bytes))
}

/// A digest without the `sha256:` that some tools put before it in an index.
pub fn plain_digest(digest: &str) -> &str {
    digest.strip_prefix("sha256:").unwrap_or(digest)
}
