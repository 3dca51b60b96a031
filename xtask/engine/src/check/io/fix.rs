//! Edits of the user's files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::check::edit::Edit;
use crate::check::fix::make_edits;
use crate::sys::files::{self, NewFile};
use crate::sys::{environment, symlink};

/// Makes the edits in the files below `root`, each file at once; those that were made come back.
pub fn apply_edits<'e>(root: &Path, edits: impl Iterator<Item = &'e Edit>) -> Result<Vec<&'e Edit>> {
    let mut by_file: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(&edit.file).or_default().push(edit);
    }
    let mut made = Vec::new();
    for (file, edits) in by_file {
        // What cannot be mended stays a finding.
        let Some((real, text)) = read(&root.join(file), root) else { continue };
        let mended = make_edits(&text, &edits);
        if mended.made.is_empty() {
            continue;
        }
        replace(&real, mended.text.as_bytes())?;
        made.extend(mended.made);
    }
    Ok(made)
}

/// Writes a file anew, with the rights that it has.
pub fn replace(file: &Path, data: &[u8]) -> Result<()> {
    let (Some(directory), Some(name)) = (file.parent(), file.file_name()) else { return Ok(()) };
    let name = name.to_string_lossy().into_owned();
    let permissions = fs::metadata(file).ok().map(|metadata| metadata.permissions());
    files::write_all(directory, &[NewFile { name, data, mtime: environment::clock() }], None)?;
    Ok(permissions.map_or(Ok(()), |permissions| fs::set_permissions(file, permissions))?)
}

/// Where a file lies in the end, and its text: none if it is not there yet. `None` where it is not for us to change.
fn read(path: &Path, root: &Path) -> Option<(PathBuf, String)> {
    if path.symlink_metadata().is_err() {
        return Some((path.to_owned(), String::new()));
    }
    let real = symlink::follow(path, root).ok()?.real;
    let text = files::read_text(&real).ok()?.unwrap_or_default();
    Some((real, text))
}
