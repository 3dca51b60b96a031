//! References of a registry: where an artifact is pushed.

use std::fmt;

use super::config::is_oci_component;

/// A name for an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// With the port, where there is one.
    pub host: String,
    /// The path on the host.
    pub repository: String,
    /// The tag.
    pub tag: String,
}

impl Reference {
    /// Reads `oci://HOST/REPOSITORY:TAG`.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, rest) = text.strip_prefix("oci://")?.split_once('/')?;
        let (repository, tag) = rest.rsplit_once(':')?;
        let is_host = host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        let is_good = is_host && repository.split('/').all(is_oci_component) && is_tag(tag);
        is_good.then(|| Self {
            host: host.to_owned(),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}/{}:{}", self.host, self.repository, self.tag)
    }
}

/// The tag of a version: `+` cannot be in one, and Helm pushes `_` in its place (helm.sh/docs, "Helm Charts in OCI
/// registries").
pub fn tag(version: &str) -> String {
    version.replace('+', "_")
}

/// Whether a text can be a tag (OCI distribution specification 1.1, "Pulling manifests").
pub fn is_tag(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(is_word) && text.len() <= 128 && text.chars().all(|c| is_word(c) || c == '.' || c == '-')
}

/// Where a chart is pushed, below `base`, which is `oci://HOST/PATH`.
pub fn oci_target(base: &str, chart: &str, version: &str) -> String {
    format!("{}/{chart}:{}", base.trim_end_matches('/'), tag(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (text, host, repository, tag) in [
            ("oci://ghcr.io/d44b/charts/web:1.0.0_b.1", "ghcr.io", "d44b/charts/web", "1.0.0_b.1"),
            ("oci://127.0.0.1:5000/web:1", "127.0.0.1:5000", "web", "1"),
            ("oci://[::1]:5000/web:1", "[::1]:5000", "web", "1"),
        ] {
            let reference = Reference::parse(text).expect("a reference");
            assert_eq!((&*reference.host, &*reference.repository, &*reference.tag), (host, repository, tag));
            assert_eq!(reference.to_string(), text);
        }
        for text in [
            "ghcr.io/o/web:1",
            "oci://ghcr.io/o/web",
            "oci://ghcr.io/O/web:1",
            "oci://ghcr.io/o//web:1",
            "oci://ghcr.io/o/web:1+b",
            "oci://ghcr.io/o/web:.1",
            "oci://ghcr.io/o/web:",
            "oci://user@ghcr.io/o/web:1",
            "oci:///o/web:1",
            "oci://h/o/web:1@sha256:0",
        ] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }
}
