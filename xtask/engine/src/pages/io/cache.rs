//! Published archives that were read before, by their digest, below `target/`: a published one never changes. They may
//! vanish at any time.

use std::path::{Path, PathBuf};

use crate::base::digest::{digest, plain_digest};
use crate::sys::files::{self, NewFile};

/// Where they are; nowhere in a repository without `target/`.
#[derive(Debug)]
pub struct Cache(Option<PathBuf>);

impl Cache {
    /// The cache of the repository at `root`.
    pub fn new(root: &Path) -> Self {
        let target = root.join("target");
        Self(target.is_dir().then(|| target.join("helm-xtask/archives")))
    }

    /// The archive of a digest. What the file holds is compared with it.
    pub fn get(&self, wanted: &str) -> Option<Vec<u8>> {
        let data = files::read(&self.0.as_ref()?.join(file_name(wanted)?)).ok()?;
        (plain_digest(&digest(&data)) == plain_digest(wanted)).then_some(data)
    }

    /// Keeps an archive, if that can be.
    pub fn put(&self, archive: &[u8]) {
        if let (Some(directory), Some(name)) = (&self.0, file_name(&digest(archive))) {
            let _ = files::write_all(directory, &[NewFile { name, data: archive, mtime: 0 }], None);
        }
    }
}

/// An index may say anything.
fn file_name(digest: &str) -> Option<String> {
    let hex = plain_digest(digest);
    (hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| format!("{hex}.tgz"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::sys::scratch::Scratch;

    #[test]
    fn what_is_kept_is_what_was_put() {
        let scratch = Scratch::directory().expect("a directory");
        let digest = digest(b"an archive");
        Cache::new(scratch.path()).put(b"an archive");
        assert_eq!(Cache::new(scratch.path()).get(&digest), None, "there is no target/");
        fs::create_dir(scratch.path().join("target")).expect("a directory");
        let cache = Cache::new(scratch.path());
        cache.put(b"an archive");
        assert_eq!(cache.get(plain_digest(&digest)).as_deref(), Some(&b"an archive"[..]));
        let file =
            scratch.path().join("target/helm-xtask/archives").join(file_name(&digest).expect("a name"));
        fs::write(file, b"another").expect("a file");
        assert_eq!(cache.get(&digest), None);
        assert_eq!(cache.get("../../x"), None);
    }
}
