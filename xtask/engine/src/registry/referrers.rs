//! What lies beside a manifest in a registry and refers to it (OCI distribution specification 1.1, "Listing Referrers"), and
//! which of that is a signature of Sigstore's.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::base::digest::Digest;

/// The type of the list of what refers to a manifest.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The layer of a signature that cosign 2 makes, and the type of its artifact where the registry lists what refers to what
/// (github.com/sigstore/cosign, `specs/SIGNATURE_SPEC.md`).
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const COSIGN_SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// What cosign 3 makes, and `actions/attest` too: the annotation says which of both it is.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
const PREDICATE: &str = "dev.sigstore.bundle.predicateType";
/// The same of `cosign attest` before it made bundles, whose layer is a signed statement.
const OLD_PREDICATE: &str = "in-toto.io/predicate-type";
const STATEMENT: &str = "application/vnd.in-toto";
const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
/// The type of a config without content, which some registries list in place of the artifact's own.
const NO_CONFIG: &str = "application/vnd.oci.empty.v1+json";

/// What a manifest that refers to another is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signature by cosign, of whatever version.
    Signature,
    /// An attestation, such as of a build.
    Attestation,
    Other,
}

/// A manifest that refers to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer {
    pub digest: String,
    /// `None` where only its manifest tells.
    pub kind: Option<Kind>,
}

type Annotations = Option<BTreeMap<String, String>>;

#[derive(Deserialize)]
struct List {
    manifests: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    digest: String,
    #[serde(default)]
    artifact_type: String,
    #[serde(default)]
    annotations: Annotations,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
    #[serde(default)]
    annotations: Annotations,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
}

/// The list of what refers to a manifest; `None` for what is no such list.
pub fn referrers(list: &[u8]) -> Option<Vec<Referrer>> {
    let List { manifests } = serde_json::from_slice(list).ok()?;
    let referrer = |one: Listed| {
        let kind = match (predicate(&one.annotations), one.artifact_type.as_str()) {
            (Some(predicate), _) => Some(about(predicate)),
            (None, COSIGN_SIGNATURE) => Some(Kind::Signature),
            (None, "" | NO_CONFIG) => None,
            (None, kind) if kind.starts_with(BUNDLE) => None,
            (None, kind) if kind.starts_with(STATEMENT) => Some(Kind::Attestation),
            _ => Some(Kind::Other),
        };
        Referrer { digest: one.digest, kind }
    };
    Some(manifests.into_iter().map(referrer).collect())
}

/// What a manifest is that refers to another.
pub fn kind_of(manifest: &[u8]) -> Kind {
    let Ok(Manifest { layers, annotations }) = serde_json::from_slice(manifest) else { return Kind::Other };
    let has = |kind: &str| layers.iter().any(|layer| layer.media_type.starts_with(kind));
    match predicate(&annotations) {
        Some(predicate) => about(predicate),
        None if has(SIMPLE_SIGNING) => Kind::Signature,
        None if has(STATEMENT) => Kind::Attestation,
        None => Kind::Other,
    }
}

fn about(predicate: &str) -> Kind {
    if predicate == SIGNATURE { Kind::Signature } else { Kind::Attestation }
}

fn predicate(annotations: &Annotations) -> Option<&str> {
    let annotations = annotations.as_ref()?;
    annotations.get(PREDICATE).or_else(|| annotations.get(OLD_PREDICATE)).map(String::as_str)
}

/// The tag of that list where a registry keeps none itself (specification, "Referrers Tag Schema").
pub fn list_tag(digest: &Digest) -> String {
    format!("sha256-{}", digest.hex())
}

/// The tags that cosign 2 gives the signatures and the attestations of a manifest.
pub fn tags_of_cosign(digest: &Digest) -> [(String, Kind); 2] {
    [("sig", Kind::Signature), ("att", Kind::Attestation)]
        .map(|(end, kind)| (format!("sha256-{}.{end}", digest.hex()), kind))
}

/// Whether a tag is that of something beside a manifest, and of no version: what cosign, helm plugins and others put there.
pub fn is_of_referrers(tag: &str) -> bool {
    let hex = tag.strip_prefix("sha256-").and_then(|rest| rest.get(..64));
    hex.is_some_and(|hex| Digest::parse(hex).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_told_from_attestations() {
        let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
        for (kind, predicate, expected) in [
            (bundle, SIGNATURE, Some(Kind::Signature)),
            (bundle, "https://slsa.dev/provenance/v1", Some(Kind::Attestation)),
            (bundle, "", None),
            (NO_CONFIG, "", None),
            ("", "", None),
            (COSIGN_SIGNATURE, "", Some(Kind::Signature)),
            ("application/vnd.in-toto+json", "", Some(Kind::Attestation)),
            ("application/spdx+json", "", Some(Kind::Other)),
        ] {
            let annotations = if predicate.is_empty() {
                "null".into()
            } else {
                format!(r#"{{"{PREDICATE}":"{predicate}"}}"#)
            };
            let list = format!(
                r#"{{"manifests":[{{"digest":"sha256:a","size":1,"artifactType":"{kind}","annotations":{annotations}}}]}}"#
            );
            let found = Referrer { digest: "sha256:a".to_owned(), kind: expected };
            assert_eq!(referrers(list.as_bytes()), Some(vec![found]), "{list}");
        }
        assert_eq!(referrers(br#"{"manifests":[{"digest":"d"}]}"#).map(|all| all.len()), Some(1));
        assert_eq!(referrers(b"404 page not found"), None);
        assert_eq!(referrers(br#"{"layers":[]}"#), None);
        for (manifest, expected) in [
            (format!(r#"{{"layers":[{{"mediaType":"{SIMPLE_SIGNING}"}}]}}"#), Kind::Signature),
            (
                format!(
                    r#"{{"layers":[{{"mediaType":"{bundle}"}}],"annotations":{{"{PREDICATE}":"{SIGNATURE}"}}}}"#
                ),
                Kind::Signature,
            ),
            (
                format!(r#"{{"layers":[{{"mediaType":"{bundle}"}}],"annotations":{{"{PREDICATE}":"x"}}}}"#),
                Kind::Attestation,
            ),
            (format!(r#"{{"layers":[{{"mediaType":"{bundle}"}}]}}"#), Kind::Other),
            (r#"{"layers":[{"mediaType":"application/vnd.in-toto+json"}]}"#.to_owned(), Kind::Attestation),
            (r#"{"manifests":[]}"#.to_owned(), Kind::Other),
        ] {
            assert_eq!(kind_of(manifest.as_bytes()), expected, "{manifest}");
        }
    }

    #[test]
    fn tags_of_referrers_are_no_versions() {
        let digest = Digest::of(b"");
        let tags = tags_of_cosign(&digest).map(|(tag, _)| tag);
        for tag in tags.into_iter().chain([list_tag(&digest)]) {
            assert!(is_of_referrers(&tag), "{tag}");
        }
        for tag in ["1.0.0", "artifacthub.io", "sha256-1.0.0", "sha256", digest.hex()] {
            assert!(!is_of_referrers(tag), "{tag}");
        }
    }
}
