//! References of a registry: where an artifact is pushed.

use std::fmt;

use super::config::is_oci_component;

/// A name for an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// With the port, where there is one.
    pub host: String,
    pub repository: String,
    /// Empty where the repository itself is meant.
    pub tag: String,
}

impl Reference {
    /// Where a chart is pushed, below `base`, which is `oci://HOST/PATH`.
    pub fn of_chart(base: &str, chart: &str, version: &str) -> Self {
        let base = base.trim_end_matches('/').trim_start_matches("oci://");
        let (host, repository) = match base.split_once('/') {
            Some((host, path)) => (host, format!("{path}/{chart}")),
            None => (base, chart.to_owned()),
        };
        Self { host: host.to_owned(), repository, tag: tag(version) }
    }

    #[must_use]
    pub fn with_tag(&self, tag: &str) -> Self {
        Self { tag: tag.to_owned(), ..self.clone() }
    }

    /// Reads `oci://HOST/REPOSITORY:TAG`.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, rest) = text.strip_prefix("oci://")?.split_once('/')?;
        let (repository, tag) = rest.rsplit_once(':')?;
        let (host, repository, tag) = (host.to_owned(), repository.to_owned(), tag.to_owned());
        Some(Self { host, repository, tag }).filter(Self::is_valid)
    }

    /// True if a registry may have it (OCI distribution specification 1.1, "Pulling manifests").
    pub fn is_valid(&self) -> bool {
        let host = &self.host;
        let is_host = host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        is_host && self.repository.split('/').all(is_oci_component) && is_tag(&self.tag)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}/{}", self.host, self.repository)?;
        if self.tag.is_empty() { Ok(()) } else { write!(f, ":{}", self.tag) }
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
