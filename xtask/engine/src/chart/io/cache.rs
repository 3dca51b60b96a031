//! Archives that were read before, published ones and dependencies, by their digest, below `target/`. They may vanish at any
//! time.

use std::path::{Path, PathBuf};

use crate::base::digest::Digest;
use crate::base::limits::MAX_GITHUB_FILE;
use crate::sys::environment;
use crate::sys::files::{self, NewFile};

/// Where they are; nowhere in a repository without `target/`.
#[derive(Debug)]
pub struct Cache(Option<PathBuf>);

impl Cache {
    /// The cache of the repository at `root`. Without one, nothing is kept.
    pub fn new(root: &Path) -> Self {
        Self(environment::cache(root).map(|cache| cache.join("archives")))
    }

    /// Whether there is a file for a digest. What it holds is judged when it is read.
    pub fn has(&self, wanted: &Digest) -> bool {
        self.0.as_ref().is_some_and(|directory| directory.join(file_name(wanted)).is_file())
    }

    /// The archive of a digest. What the file holds is compared with it.
    pub fn get(&self, wanted: &Digest) -> Option<Vec<u8>> {
        let data = files::read_up_to(&self.0.as_ref()?.join(file_name(wanted)), MAX_GITHUB_FILE).ok()?;
        (Digest::of(&data) == *wanted).then_some(data)
    }

    /// Keeps an archive, if that can be.
    pub fn put(&self, digest: &Digest, archive: &[u8]) {
        if let Some(directory) = &self.0 {
            let file = NewFile { name: file_name(digest), data: archive, mtime: 0 };
            let _ = files::write_all(directory, &[file], None);
        }
    }
}

fn file_name(digest: &Digest) -> String {
    format!("{}.tgz", digest.hex())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::sys::scratch::Scratch;

    #[test]
    fn what_is_kept_is_what_was_put() {
        let scratch = Scratch::directory().expect("a directory");
        let digest = Digest::of(b"an archive");
        Cache::new(scratch.path()).put(&digest, b"an archive");
        assert_eq!(Cache::new(scratch.path()).get(&digest), None, "there is no target/");
        fs::create_dir(scratch.path().join("target")).expect("a directory");
        let cache = Cache::new(scratch.path());
        assert!(!cache.has(&digest));
        cache.put(&digest, b"an archive");
        assert!(cache.has(&digest));
        assert_eq!(cache.get(&digest).as_deref(), Some(&b"an archive"[..]));
        let file = scratch.path().join("target/helm-xtask/archives").join(file_name(&digest));
        fs::write(file, b"another").expect("a file");
        assert_eq!(cache.get(&digest), None);
    }
}
