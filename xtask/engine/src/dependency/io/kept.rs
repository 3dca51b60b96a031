//! What is kept of other repositories below `target/`, and may vanish: their indexes, for conditional requests, and which
//! digest a version had.

use std::path::PathBuf;

use crate::base::digest::Digest;
use crate::base::http::Response;
use crate::dependency::Wanted;
use crate::sys::files::{self, NewFile};

/// Larger indexes are asked for anew.
const MAX_INDEX: u64 = 128 * 1024 * 1024;

/// The directory, where there is one.
#[derive(Debug)]
pub struct Kept(pub Option<PathBuf>);

/// An index, with what its server tells it by (RFC 9110, section 8.8).
#[derive(Debug)]
pub struct KeptIndex {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub body: Vec<u8>,
}

impl Kept {
    /// The index of a URL.
    pub fn index(&self, url: &str) -> Option<KeptIndex> {
        let data =
            files::read_up_to(&self.0.as_ref()?.join("indexes").join(file_name(url)), MAX_INDEX).ok()?;
        let mut parts = data.splitn(4, |byte| *byte == b'\n');
        let mut line = || str::from_utf8(parts.next()?).ok().map(str::to_owned);
        let (digest, etag, last_modified) = (line()?, line()?, line()?);
        let body = parts.next()?.to_owned();
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let index = KeptIndex { etag: some(etag), last_modified: some(last_modified), body };
        // One that was cut, or changed, is not used.
        Digest::of(&index.body).is(&digest).then_some(index)
    }

    /// Keeps an answer, if it can be asked for by a condition later: its digest, `ETag` and `Last-Modified` in a line each,
    /// then its body.
    pub fn put_index(&self, url: &str, answer: &Response) {
        let header = |name| answer.header(name).unwrap_or_default();
        let (etag, last_modified) = (header("etag"), header("last-modified"));
        if etag.is_empty() && last_modified.is_empty() {
            return;
        }
        let mut data = format!("{}\n{etag}\n{last_modified}\n", Digest::of(&answer.body)).into_bytes();
        data.extend(&answer.body);
        self.put("indexes", url, &data);
    }

    /// The digest that the archive of a dependency had when it was fetched.
    pub fn digest(&self, of: &Wanted) -> Option<Digest> {
        let data = files::read(&self.0.as_ref()?.join("dependencies").join(file_name(&key(of)))).ok()?;
        Digest::parse(str::from_utf8(&data).ok()?.trim_end())
    }

    /// Keeps the digest of an archive.
    pub fn put_digest(&self, of: &Wanted, digest: &Digest) {
        self.put("dependencies", &key(of), format!("{digest}\n").as_bytes());
    }

    fn put(&self, kind: &str, key: &str, data: &[u8]) {
        if let Some(directory) = &self.0 {
            let file = NewFile { name: file_name(key), data, mtime: 0 };
            let _ = files::write_all(&directory.join(kind), &[file], None);
        }
    }
}

fn key(of: &Wanted) -> String {
    format!("{}\n{}\n{}", of.repository, of.name, of.version)
}

fn file_name(key: &str) -> String {
    Digest::of(key.as_bytes()).hex().to_owned()
}
