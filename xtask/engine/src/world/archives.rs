//! The archives of a directory, where `helm repo index` looks for them.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::model::archive::MAX_TOTAL;
use crate::model::text::size;

/// Below the directory: `*.tgz`, then `*/*.tgz`, each in byte order, hidden ones too. Links are followed; what is no
/// file in the end is left out.
pub fn find(directory: &Path) -> Result<Vec<PathBuf>> {
    let top = Names::of(directory)?;
    let mut found = top.archives;
    for below in top.directories {
        let archives = Names::of(&directory.join(&below))?.archives;
        found.extend(archives.into_iter().map(|archive| below.join(archive)));
    }
    Ok(found)
}

/// What is in a directory, in byte order.
#[derive(Default)]
struct Names {
    archives: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Names {
    fn of(directory: &Path) -> Result<Self> {
        let cannot = || format!("cannot read the directory `{}`", directory.display());
        let mut names = Self::default();
        for entry in fs::read_dir(directory).with_context(cannot)? {
            let entry = entry.with_context(cannot)?;
            let mut kind = entry.file_type().with_context(cannot)?;
            if kind.is_symlink() {
                // One that leads nowhere is left out.
                let Ok(target) = fs::metadata(entry.path()) else { continue };
                kind = target.file_type();
            }
            let name = entry.file_name();
            if kind.is_dir() {
                names.directories.push(name.into());
            } else if kind.is_file() && name.as_encoded_bytes().ends_with(b".tgz") {
                names.archives.push(name.into());
            }
        }
        names.archives.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        names.directories.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        Ok(names)
    }
}

/// The content of an archive. The inner error is the message for what is too large to be one.
pub fn read(path: &Path) -> Result<Result<Vec<u8>, String>> {
    let cannot = || format!("cannot read `{}`", path.display());
    let file = File::open(path).with_context(cannot)?;
    let length = file.metadata().with_context(cannot)?.len();
    if length > MAX_TOTAL {
        return Ok(Err(format!("it is larger than Helm loads ({})", size(MAX_TOTAL))));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(MAX_TOTAL).read_to_end(&mut bytes).with_context(cannot)?;
    Ok(Ok(bytes))
}

/// The content of an index, which may be large: neither a device nor a pipe, which might have no end.
pub fn read_index(path: &Path) -> Result<Vec<u8>> {
    let cannot = || format!("cannot read `{}`", path.display());
    if !fs::metadata(path).with_context(cannot)?.is_file() {
        bail!("{}: it is no file", cannot());
    }
    fs::read(path).with_context(cannot)
}
