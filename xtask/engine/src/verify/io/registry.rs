//! A version in a registry: the manifest of its tag, the layers, the metadata, and what refers to it.

use super::Network;
use super::pages::release;
use crate::base::digest::{Digest, is_of};
use crate::base::oci_reference::Reference;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::registry::artifact::{CHART_ARCHIVE, CHART_PROVENANCE};
use crate::registry::io::Registry;
use crate::registry::io::inspect::{Content, Inspected};
use crate::registry::referrers::Kind;
use crate::sys::terminal;
use crate::verify::evidence::Evidence;

/// A manifest, which may be signed.
#[derive(Debug)]
pub struct Signed {
    pub at: Reference,
    pub digest: Digest,
    /// What refers to it; the problem is that nobody knows.
    pub referrers: Result<Vec<Kind>, Problem>,
    pub is_plain: bool,
}

/// Looks at a chart below `base`, which is `oci://HOST/PATH`, of the config where `is_ours`. The manifest comes back, if there is one.
pub fn look(network: &Network, base: &str, is_ours: bool, evidence: &mut Evidence) -> Option<Signed> {
    let at = Reference::of_chart(base, &evidence.wanted.chart, &evidence.wanted.version);
    let place = at.to_string();
    let http = match network.http() {
        Ok(http) => http,
        Err(why) => {
            evidence.unseen(&place, why);
            return None;
        }
    };
    terminal::progress("Looking", &format!("at {place}"));
    let new = if is_ours { Registry::new } else { Registry::of_others };
    let registry = new(http, network.plain_http);
    let found = match registry.inspect(&at) {
        Ok(Some(found)) => found,
        Ok(None) => {
            let hint = release(evidence, "oci");
            evidence.wrong(&place, "the registry has no such tag", &hint);
            return None;
        }
        Err(problem) => {
            evidence.unseen(&place, problem.message);
            return None;
        }
    };
    let digest = found.digest.clone();
    layers(&place, found, evidence);
    let is_plain = registry.is_plain(&at.host);
    let referrers = registry.referrers(&at, &digest, false);
    Some(Signed { at, digest, referrers, is_plain })
}

fn layers(place: &str, found: Inspected, evidence: &mut Evidence) {
    const HINT: &str = "the registry is damaged, or something between here and it: ask whoever runs it";
    let manifest = found.digest.to_string();
    let (archives, others): (Vec<Content>, Vec<Content>) =
        found.layers.into_iter().partition(|layer| layer.media_type == CHART_ARCHIVE);
    let content = |part: &Content, what: &str, evidence: &mut Evidence| match &part.bytes {
        None => {
            evidence.wrong(place, &format!("its {what} {} is not there", name(&part.digest)), HINT);
            None
        }
        Some(bytes) if is_of(&part.digest, bytes) == Some(false) => {
            let message =
                format!("its {what} {} has other content, {}", name(&part.digest), Digest::of(bytes));
            evidence.wrong(place, &message, HINT);
            None
        }
        Some(bytes) => Some(bytes.clone()),
    };
    let mut metadata = None;
    match archives.as_slice() {
        [layer] => {
            if let Some(bytes) = content(layer, "layer", evidence) {
                // The digest of the manifest is what cosign signs and GitOps pins.
                metadata = evidence.archive(place, bytes, &format!("manifest {manifest}"));
            }
        }
        layers => {
            // Of two, Helm 3 takes the last and Helm 4 the first.
            let message = format!("it has {} layers with a chart, not one", layers.len());
            evidence.wrong(place, &message, HINT);
        }
    }
    if let (Some(bytes), Some(metadata)) = (content(&found.config, "config", evidence), metadata) {
        evidence.config(&format!("metadata of {place}"), &metadata, &bytes);
    }
    let beside = format!("provenance of {place}");
    let provenance = others.iter().find(|layer| layer.media_type == CHART_PROVENANCE);
    match provenance {
        None => evidence.provenance(&beside, None),
        Some(layer) => {
            if let Some(bytes) = content(layer, "provenance layer", evidence) {
                evidence.provenance(&beside, Some(bytes));
            }
        }
    }
}
