//! The archives of a directory, where `helm repo index` looks for them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::base::problem::Problem;
use crate::chart::tgz::MAX_TOTAL;
use crate::sys::{files, symlink};

/// The largest index in use has a tenth of this.
const MAX_INDEX: u64 = 256 * 1024 * 1024;

/// Below the directory: `*.tgz`, then `*/*.tgz`, each in byte order, hidden ones too. Links count; what is no file in the
/// end is left out.
pub fn find_archives(directory: &Path) -> Result<Vec<PathBuf>> {
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
            } else if name.as_encoded_bytes().ends_with(b".tgz") {
                names.archives.push(name.into());
            }
        }
        names.archives.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        names.directories.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        Ok(names)
    }
}

/// The content of an archive below `directory`, which is absolute and without links. Links that leave the directory are
/// refused. The problem has no place.
pub fn read_archive(directory: &Path, archive: &Path) -> Result<Vec<u8>, Problem> {
    let followed = symlink::follow(&directory.join(archive), directory)?;
    files::read_up_to(&followed.real, MAX_TOTAL).map_err(|error| {
        Problem::error(format!("cannot read it: {error}")).hint("move it to another directory")
    })
}

/// The content of an index, which may be large.
pub fn read_index(path: &Path) -> Result<Vec<u8>> {
    files::read_up_to(path, MAX_INDEX).with_context(|| format!("cannot read `{}`", path.display()))
}
