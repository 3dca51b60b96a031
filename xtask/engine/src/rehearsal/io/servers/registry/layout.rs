//! The content of one repository on disk: an OCI image layout (OCI image specification 1.1, `image-layout.md`).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::digest::Digest;

/// The directory of a repository, which need not exist yet.
pub struct Layout(PathBuf);

/// A manifest as `index.json` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    pub media_type: String,
    /// `sha256:` and 64 hex digits.
    pub digest: String,
    size: usize,
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    annotations: Annotations,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Annotations {
    #[serde(rename = "org.opencontainers.image.ref.name", default)]
    tag: Option<String>,
}

impl Annotations {
    fn is_empty(&self) -> bool {
        self.tag.is_none()
    }
}

#[derive(Default, Deserialize)]
struct Index {
    manifests: Vec<Listed>,
}

impl Layout {
    pub fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// The content of a blob; `None` where there is none, or the digest can be no name of one.
    pub fn blob(&self, digest: &str) -> Option<Vec<u8>> {
        fs::read(self.path(digest)?).ok()
    }

    /// Writes a blob, whose digest was checked.
    pub fn write(&self, digest: &str, data: &[u8]) -> io::Result<()> {
        let path = self.path(digest).ok_or(io::ErrorKind::InvalidInput)?;
        fs::create_dir_all(self.0.join("blobs/sha256"))?;
        fs::write(self.0.join("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}\n")?;
        fs::write(path, data)
    }

    fn path(&self, digest: &str) -> Option<PathBuf> {
        let digest = Digest::parse(digest).filter(|_| digest.starts_with("sha256:"))?;
        Some(self.0.join("blobs/sha256").join(digest.hex()))
    }

    /// The manifest that a tag or digest names.
    pub fn manifest(&self, reference: &str) -> io::Result<Option<Listed>> {
        let names = |listed: &Listed| {
            listed.digest == reference || listed.annotations.tag.as_deref() == Some(reference)
        };
        Ok(self.index()?.manifests.into_iter().find(names))
    }

    /// Lists a manifest, by its tag if it gets one, which then is no other's.
    pub fn list(&self, digest: &str, media_type: &str, size: usize, tag: Option<&str>) -> io::Result<()> {
        let annotations = Annotations { tag: tag.map(str::to_owned) };
        let new = Listed { media_type: media_type.to_owned(), digest: digest.to_owned(), size, annotations };
        let mut manifests = self.index()?.manifests;
        if manifests.contains(&new) {
            return Ok(());
        }
        manifests.retain(|listed| tag.is_none() || listed.annotations.tag != new.annotations.tag);
        manifests.push(new);
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": manifests,
        });
        fs::write(self.0.join("index.json"), format!("{index:#}\n"))
    }

    /// All manifests, one with several tags as often.
    pub fn manifests(&self) -> io::Result<Vec<Listed>> {
        Ok(self.index()?.manifests)
    }

    /// All tags, sorted; `None` where nothing was pushed yet.
    pub fn tags(&self) -> io::Result<Option<BTreeSet<String>>> {
        let manifests = self.manifests()?;
        let tags = manifests.iter().filter_map(|listed| listed.annotations.tag.clone()).collect();
        Ok((!manifests.is_empty()).then_some(tags))
    }

    fn index(&self) -> io::Result<Index> {
        match fs::read(self.0.join("index.json")) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Index::default()),
            Err(error) => Err(error),
        }
    }
}
