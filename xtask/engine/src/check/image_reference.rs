//! References to container images: `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`.

/// A reference in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    pub repository: &'a str,
    /// The tag; empty for none.
    pub tag: &'a str,
    /// The digest, such as `sha256:…`; empty for none.
    pub digest: &'a str,
}

impl<'a> Image<'a> {
    /// Takes a reference apart, whatever is in its parts.
    pub fn split(text: &'a str) -> Self {
        let (named, digest) = text.split_once('@').unwrap_or((text, ""));
        let (repository, tag) =
            named.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((named, ""));
        Self { repository, tag, digest }
    }
}

/// Why a text is no reference, for the end of a sentence (google/go-containerregistry, `pkg/name`, which Artifact Hub
/// asks).
pub fn fault(text: &str) -> Option<&'static str> {
    let Image { repository, tag, digest } = Image::split(text);
    let first = repository.split_once('/').filter(|(first, _)| first.contains(['.', ':']));
    let path = first.map_or(repository, |(_, path)| path);
    let is_path = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-' | '.' | '/');
    let is_tag = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    let is_hex = |c: char| matches!(c, 'a'..='f' | '0'..='9');
    if path.len() < 2 || path.len() > 255 {
        Some("it has no repository")
    } else if !path.chars().all(is_path) {
        Some("a repository has lower-case letters, digits, `_`, `-`, `.` and `/` alone")
    } else if first
        .is_some_and(|(registry, _)| registry.contains([' ', '{', '}', '"', '\\', '^', '|', '<', '>']))
    {
        Some("its registry is no host")
    } else if !tag.chars().all(is_tag) || tag.len() > 128 {
        Some("a tag has at most 128 letters, digits, `_`, `-` and `.`")
    } else if text.contains('@') && !(hex.len() == 64 && hex.chars().all(is_hex)) {
        Some("a digest is `sha256:` and 64 digits of `0` to `9` and `a` to `f`")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart_and_judged() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let whole = format!("localhost:5000/a/b:1.2-x@{digest}");
        let parts = Image::split(&whole);
        assert_eq!(parts, Image { repository: "localhost:5000/a/b", tag: "1.2-x", digest: &digest });
        assert_eq!(Image::split("a:5000/b"), Image { repository: "a:5000/b", tag: "", digest: "" });
        for good in ["nginx", "repo/img1:1.0.0", "ghcr.io/a/b", "ghcr.io/a/b:", &whole] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in [
            "",
            "a",
            "ghcr.io/",
            "A/b",
            "a b",
            "{{ .x }}",
            "ghcr.io/a:x y",
            "nginx@sha256:1",
            "ab@",
            "a.{/bc",
        ] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }
}
