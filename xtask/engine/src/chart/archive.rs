//! The archive of a chart, whoever made it.

use super::Metadata;
use crate::base::digest::Digest;

/// An archive with what is known of it. It is hashed once, when it is made or read.
#[derive(Clone, Debug)]
pub struct Archive {
    pub metadata: Metadata,
    /// The content of the `.tgz`.
    pub bytes: Vec<u8>,
    pub digest: Digest,
    /// Its provenance file, `NAME-VERSION.tgz.prov` (helm.sh/docs, "Helm Provenance and Integrity").
    pub provenance: Option<Vec<u8>>,
}

impl Archive {
    /// An archive of these bytes.
    pub fn new(metadata: Metadata, bytes: Vec<u8>, provenance: Option<Vec<u8>>) -> Self {
        Self { metadata, digest: Digest::of(&bytes), bytes, provenance }
    }

    /// The file name that Helm gives it: `NAME-VERSION.tgz`.
    pub fn file_name(&self) -> String {
        self.metadata.file_name()
    }

    /// The archive and its provenance file, by name.
    pub fn files(&self) -> impl Iterator<Item = (String, &[u8])> {
        let provenance = self.provenance.as_deref().map(|data| (format!("{}.prov", self.file_name()), data));
        std::iter::once((self.file_name(), &*self.bytes)).chain(provenance)
    }
}
