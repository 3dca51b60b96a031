//! The archives of a directory, where `helm repo index` looks for them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::model::archive::MAX_TOTAL;
use crate::model::text::size;

/// Below the directory: `*.tgz`, then `*/*.tgz`, each in byte order, hidden ones too. Links are followed; what is no
/// file in the end is left out.
pub fn find(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = names(directory)?;
    let mut found = files(directory, Path::new(""), &entries);
    for entry in &entries {
        let below = directory.join(entry);
        if below.is_dir() {
            found.extend(files(directory, Path::new(entry), &names(&below)?));
        }
    }
    Ok(found)
}

fn names(directory: &Path) -> Result<Vec<OsString>> {
    let cannot = || format!("cannot read the directory `{}`", directory.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).with_context(cannot)? {
        names.push(entry.with_context(cannot)?.file_name());
    }
    names.sort();
    Ok(names)
}

fn files(top: &Path, below: &Path, names: &[OsString]) -> Vec<PathBuf> {
    let archives = names.iter().filter(|name| name.as_encoded_bytes().ends_with(b".tgz"));
    archives.map(|name| below.join(name)).filter(|path| top.join(path).is_file()).collect()
}

/// The content of an archive. The inner error is the message for what is too large to be one.
pub fn read(path: &Path) -> Result<Result<Vec<u8>, String>> {
    let cannot = || format!("cannot read `{}`", path.display());
    let length = fs::metadata(path).with_context(cannot)?.len();
    if length > MAX_TOTAL {
        return Ok(Err(format!("it is larger than Helm loads ({})", size(MAX_TOTAL))));
    }
    fs::read(path).map(Ok).with_context(cannot)
}

/// The content of an index, which may be large.
pub fn read_index(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}
