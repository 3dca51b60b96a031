//! What a registry holds: references, and artifacts with the bytes of their manifests.
//!
//! A chart's is the one that `helm push` makes, byte for byte, so that it has one digest whoever pushes it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::digest::Digest;
use crate::base::json;
use crate::chart::{self, Metadata};

/// The type of a manifest (OCI image specification).
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The type of a chart's archive, and of what lies beside it in a registry (helm.sh/docs, "Helm Charts in OCI registries").
pub const CHART_ARCHIVE: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const CHART_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
pub const CHART_PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
/// What Artifact Hub reads, beside an index and in a registry (artifacthub.io/docs, "Verified publisher").
pub const HUB_FILE: &str = "artifacthub-repo.yml";
/// The tag that it has in a registry, and its types (artifacthub.io/docs, "Helm charts repositories").
pub const HUB_TAG: &str = "artifacthub.io";
const HUB_CONFIG: &str = "application/vnd.cncf.artifacthub.config.v1+yaml";
const HUB_METADATA: &str = "application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml";

/// Content, named by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub media_type: &'static str,
    pub digest: Digest,
    pub data: Vec<u8>,
}

/// A manifest and what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    pub blobs: Vec<Blob>,
    pub manifest: Vec<u8>,
    pub digest: Digest,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<&'a str>,
    config: Descriptor<'a>,
    layers: Vec<Descriptor<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    media_type: &'a str,
    digest: &'a Digest,
    size: usize,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
}

impl Blob {
    fn new(media_type: &'static str, data: Vec<u8>) -> Self {
        Self { media_type, digest: Digest::of(&data), data }
    }

    fn descriptor(&self) -> Descriptor<'_> {
        let (media_type, digest, size) = (self.media_type, &self.digest, self.data.len());
        Descriptor { media_type, digest, size, annotations: BTreeMap::new() }
    }
}

impl Artifact {
    /// A chart as `helm push` makes it of its archive. `created` is the text of a time, that of the commit. The error is
    /// the message: Helm would make something else of the metadata.
    pub fn chart(
        metadata: &Metadata,
        archive: &[u8],
        provenance: Option<&[u8]>,
        created: &str,
    ) -> Result<Self, String> {
        let fields = chart::Json::of(metadata);
        if fields.has_fraction() {
            return Err("`import-values` has a number that Helm writes in another way".to_owned());
        }
        let config = Blob::new(CHART_CONFIG, json::text(&fields, false)?.into_bytes());
        let mut layers = vec![Blob::new(CHART_ARCHIVE, archive.to_vec())];
        layers.extend(provenance.map(|data| Blob::new(CHART_PROVENANCE, data.to_vec())));
        layers.sort_by(|a, b| a.digest.cmp(&b.digest));
        let authors = authors(metadata);
        let manifest = Manifest {
            schema_version: 2,
            media_type: None,
            config: config.descriptor(),
            layers: layers.iter().map(Blob::descriptor).collect(),
            annotations: annotations(metadata, &authors, created),
        };
        let manifest = json::text(&manifest, false)?.into_bytes();
        Ok(Self::of(config, layers, manifest))
    }

    /// Artifact Hub's metadata of a repository, as its documentation pushes `file` to the tag [`HUB_TAG`], but without
    /// the time of the push: the same file is the same artifact. The error is the message.
    pub fn artifact_hub(file: &[u8]) -> Result<Self, String> {
        let (config, layer) = (Blob::new(HUB_CONFIG, Vec::new()), Blob::new(HUB_METADATA, file.to_vec()));
        let title = BTreeMap::from([("org.opencontainers.image.title", HUB_FILE)]);
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST),
            config: config.descriptor(),
            layers: vec![Descriptor { annotations: title, ..layer.descriptor() }],
            annotations: BTreeMap::new(),
        };
        let manifest = json::text(&manifest, false)?.into_bytes();
        Ok(Self::of(config, vec![layer], manifest))
    }

    fn of(config: Blob, layers: Vec<Blob>, manifest: Vec<u8>) -> Self {
        let digest = Digest::of(&manifest);
        Self { blobs: std::iter::once(config).chain(layers).collect(), manifest, digest }
    }
}

/// The annotation that says when an artifact was made (OCI image specification, "Annotations"). Artifact Hub shows it.
pub const CREATED: &str = "org.opencontainers.image.created";

/// Helm's annotations, the chart's own laid over them (helm, `pkg/registry/chart.go`).
fn annotations<'a>(chart: &'a Metadata, authors: &'a str, created: &'a str) -> BTreeMap<&'a str, &'a str> {
    const TITLE: &str = "org.opencontainers.image.title";
    const VERSION: &str = "org.opencontainers.image.version";
    let mut all = BTreeMap::from([
        ("org.opencontainers.image.authors", authors),
        (CREATED, created),
        ("org.opencontainers.image.description", &chart.description),
        ("org.opencontainers.image.source", chart.sources.first().map_or("", String::as_str)),
        (TITLE, &chart.name),
        ("org.opencontainers.image.url", &chart.home),
        (VERSION, &chart.version),
    ]);
    all.retain(|_, text| !text.trim().is_empty());
    let own = chart.annotations.iter().map(|(key, text)| (key.as_str(), text.as_str()));
    all.extend(own.filter(|(key, _)| ![TITLE, VERSION].contains(key)));
    all
}

fn authors(chart: &Metadata) -> String {
    let one = |person: &chart::Maintainer| {
        let email = if person.email.is_empty() { String::new() } else { format!(" ({})", person.email) };
        format!("{}{email}", person.name)
    };
    chart.maintainers.iter().flatten().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from `helm push` of both Helms.
    #[test]
    fn charts_are_helms() {
        let text = |text: &str| text.to_owned();
        let metadata = Metadata {
            name: text("c"),
            version: text("1.0.0+b.1"),
            api_version: text("v2"),
            home: text("https://x.org/?a=1&b=2"),
            description: text(" \u{a0}"),
            sources: vec![text("https://s/1"), text("https://s/2")],
            maintainers: vec![
                Some(chart::Maintainer { name: text("A"), email: text("a@x.co"), url: String::new() }),
                Some(chart::Maintainer { name: text("B"), ..Default::default() }),
                Some(chart::Maintainer { email: text("c@x.co"), url: text("u"), ..Default::default() }),
            ],
            annotations: vec![
                (text("é"), text("<>")),
                (text("org.opencontainers.image.title"), text("no")),
                (text("org.opencontainers.image.source"), String::new()),
            ],
            ..Metadata::default()
        };
        let chart =
            Artifact::chart(&metadata, b"chart", Some(b"signature"), &crate::base::time::utc(1_704_164_645))
                .expect("a chart");
        let config = concat!(
            r#"{"name":"c","home":"https://x.org/?a=1\u0026b=2","sources":["https://s/1","https://s/2"],"#,
            r#""version":"1.0.0+b.1","description":"  ","maintainers":[{"name":"A","email":"a@x.co"},"#,
            r#"{"name":"B"},{"email":"c@x.co","url":"u"}],"apiVersion":"v2","annotations":{"#,
            r#""org.opencontainers.image.source":"","org.opencontainers.image.title":"no","é":"\u003c\u003e"}}"#
        );
        let blobs: Vec<_> = chart.blobs.iter().map(|blob| String::from_utf8_lossy(&blob.data)).collect();
        assert_eq!(blobs, [&config.replace("\"  \"", "\" \u{a0}\""), "signature", "chart"]);
        let [config, signature, archive] =
            ["0", "1", "2"].map(|at| &chart.blobs[at.parse::<usize>().expect("a number")].digest);
        let expected = format!(
            concat!(
                r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.cncf.helm.config.v1+json","#,
                r#""digest":"{}","size":{}}},"layers":[{{"mediaType":"#,
                r#""application/vnd.cncf.helm.chart.provenance.v1.prov","digest":"{}","size":9}},"#,
                r#"{{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"{}","size":5}}],"#,
                r#""annotations":{{"org.opencontainers.image.authors":"A (a@x.co), B,  (c@x.co)","#,
                r#""org.opencontainers.image.created":"2024-01-02T03:04:05Z","org.opencontainers.image.source":"","#,
                r#""org.opencontainers.image.title":"c","org.opencontainers.image.url":"https://x.org/?a=1\u0026b=2","#,
                r#""org.opencontainers.image.version":"1.0.0+b.1","é":"\u003c\u003e"}}}}"#
            ),
            config,
            chart.blobs[0].data.len(),
            signature,
            archive
        );
        assert_eq!(String::from_utf8_lossy(&chart.manifest), expected);
        assert_eq!(chart.digest, Digest::of(expected.as_bytes()));
    }
}
