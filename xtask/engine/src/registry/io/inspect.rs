//! All that a registry has of a chart, as it is: nothing is refused for a digest that does not fit, so that whoever looks
//! can tell a fault from what could not be read.

use serde_json::Value;

use super::session::Session;
use super::{MANIFESTS, Manifest, Registry, Who, manifest};
use crate::base::digest::Digest;
use crate::base::http::Response;
use crate::base::oci_reference::Reference;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::registry::refusal::{Wish, is_absent};
use crate::sys::http::Http;

/// A manifest and what it names, with the bytes that the registry gives for it.
#[derive(Debug)]
pub struct Inspected {
    pub digest: Digest,
    pub config: Content,
    pub layers: Vec<Content>,
}

#[derive(Debug)]
pub struct Content {
    pub media_type: String,
    /// As the manifest has it.
    pub digest: String,
    /// `None` where the registry says that it does not have it.
    pub bytes: Option<Vec<u8>>,
}

/// What refers to a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Referrer {
    pub digest: String,
    /// Such as `application/vnd.dev.sigstore.bundle.v0.3+json`.
    pub kind: String,
    /// What a Sigstore bundle or an attestation is about (its `predicateType`); empty where nothing says so.
    pub predicate: String,
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// More than anybody attaches to a chart.
const MAX_REFERRERS: usize = 100;

impl<'a> Registry<'a> {
    /// Registries of others. The credentials for publishing go to none of them.
    pub fn of_others(http: &'a Http, plain_http: bool) -> Self {
        Self { own: Some(String::new()), ..Self::new(http, plain_http) }
    }

    /// What a tag names; `None` if the registry says that there is no such tag or repository. The error is that it could not
    /// be read.
    pub fn inspect(&self, at: &Reference) -> Result<Option<Inspected>, Problem> {
        let session = self.looking(at);
        let answer = manifest(session, "GET").map_err(|failure| session.failed(failure))?;
        if is_absent(&answer) {
            return Ok(None);
        }
        let manifest: Manifest = read(session, &answer)?;
        let content = |part: super::Part| {
            let path = format!("blobs/{}", part.digest);
            let answer = session.look("GET", &path, "*/*").map_err(|failure| session.failed(failure))?;
            let bytes = match answer.status {
                200 => Some(answer.body),
                404 => None,
                _ => return Err(session.refused(&answer)),
            };
            Ok(Content { media_type: part.media_type, digest: part.digest, bytes })
        };
        let layers = manifest.layers.into_iter().map(content).collect::<Result<_, _>>()?;
        Ok(Some(Inspected { digest: Digest::of(&answer.body), config: content(manifest.config)?, layers }))
    }

    /// What refers to a manifest (OCI distribution specification 1.1, "Listing Referrers"): by the API, or where the registry
    /// has none by the tag that stands in for it; and what cosign tags beside it (`sha256-HEX.sig`, `.att`).
    pub fn referrers(&self, at: &Reference, digest: &Digest) -> Result<Vec<Referrer>, Problem> {
        let session = self.looking(at);
        let get = |path: &str, accept: &str| {
            session.look("GET", path, accept).map_err(|failure| session.failed(failure))
        };
        let mut answer = get(&format!("referrers/{digest}"), INDEX)?;
        if matches!(answer.status, 400 | 404..=406) {
            answer = get(&format!("manifests/sha256-{}", digest.hex()), INDEX)?;
        }
        let listed: Value = if is_absent(&answer) { Value::Null } else { read(session, &answer)? };
        let listed = listed.get("manifests").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut found = Vec::new();
        for one in listed.iter().take(MAX_REFERRERS) {
            let mut referrer = Referrer::of(one);
            if referrer.predicate.is_empty() && Digest::parse(&referrer.digest).is_some() {
                // Not every registry repeats the annotations of a manifest.
                let answer = get(&format!("manifests/{}", referrer.digest), MANIFESTS)?;
                let own = Referrer::of(&read(session, &answer)?);
                referrer.predicate = own.predicate;
                referrer.kind = if referrer.kind.is_empty() { own.kind } else { referrer.kind };
            }
            found.push(referrer);
        }
        for end in ["sig", "att"] {
            let tag = format!("sha256-{}.{end}", digest.hex());
            if let Some(digest) = self.digest(&at.with_tag(&tag), false)? {
                found.push(Referrer {
                    digest: digest.to_string(),
                    kind: end.to_owned(),
                    predicate: String::new(),
                });
            }
        }
        Ok(found)
    }

    fn looking<'s>(&'s self, at: &'s Reference) -> Session<'s> {
        Session { registry: self, at, wish: Wish::Look, who: Who::Owner }
    }
}

/// The manifest in an answer, which has to be one.
fn read<T: serde::de::DeserializeOwned>(session: Session<'_>, answer: &Response) -> Result<T, Problem> {
    if answer.status != 200 {
        return Err(session.refused(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|_| {
        let message =
            format!("what {} has at {} is no manifest", session.at.host, name(&session.at.to_string()));
        Problem::error(message).hint("is it a chart that is there?")
    })
}

impl Referrer {
    /// Reads a descriptor or a manifest.
    fn of(value: &Value) -> Self {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let annotation = |key: &str| text(value.get("annotations").and_then(|all| all.get(key)));
        let own = text(value.get("artifactType"));
        let of_config = || text(value.get("config").and_then(|config| config.get("mediaType")));
        Self {
            digest: text(value.get("digest")),
            kind: if own.is_empty() { of_config() } else { own },
            predicate: Some(annotation("dev.sigstore.bundle.predicateType"))
                .filter(|predicate| !predicate.is_empty())
                .unwrap_or_else(|| annotation("in-toto.io/predicate-type")),
        }
    }

    /// Whether it is a signature that cosign made, of whatever version.
    pub fn is_cosign(&self) -> bool {
        let is_bundle = self.kind.starts_with("application/vnd.dev.sigstore.bundle");
        let is_signature = self.predicate.is_empty() || self.predicate == COSIGN_SIGN;
        self.kind == "sig"
            || self.kind.starts_with("application/vnd.dev.cosign.artifact.sig")
            || is_bundle && is_signature
    }

    /// Whether it is an attestation, such as of a build.
    pub fn is_attestation(&self) -> bool {
        let is_of = |kind: &str| self.kind.starts_with(kind);
        let is_bundle = is_of("application/vnd.dev.sigstore.bundle") || is_of("application/vnd.in-toto");
        self.kind == "att" || is_bundle && !self.is_cosign()
    }
}

/// What the bundle of a signature by cosign 3 says that it is about.
const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn signatures_and_attestations() {
        let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let of = |predicate: &str| json!({ "dev.sigstore.bundle.predicateType": predicate });
        for (value, is_cosign, is_attestation) in [
            (json!({ "artifactType": bundle, "annotations": of(COSIGN_SIGN) }), true, false),
            (
                json!({ "artifactType": bundle, "annotations": of("https://slsa.dev/provenance/v1") }),
                false,
                true,
            ),
            (json!({ "artifactType": bundle }), true, false),
            (json!({ "artifactType": "application/vnd.in-toto+json" }), false, true),
            (
                json!({ "config": { "mediaType": "application/vnd.dev.cosign.artifact.sig.v1+json" } }),
                true,
                false,
            ),
            (json!({ "artifactType": "application/spdx+json" }), false, false),
            (json!({}), false, false),
        ] {
            let found = Referrer::of(&value);
            assert_eq!((found.is_cosign(), found.is_attestation()), (is_cosign, is_attestation), "{value}");
        }
    }
}
