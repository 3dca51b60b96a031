//! Files and paths; files appear whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};

use super::scratch::Scratch;
use super::symlink;
use crate::base::limits::MAX_HELM_FILE;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::size;

/// A directory of ours at the root of the repository, such as `dist`. A commit could make it a link to another place.
pub fn at_root(root: &Path, directory: &str, option: &str) -> Result<PathBuf, Problem> {
    let path = root.join(directory);
    if path.is_symlink()
        && let Err(refused) = symlink::follow(&path, root)
    {
        let message = format!("nothing is written there: {}", refused.message);
        let problem = Problem::error(message).at(directory, None);
        return Err(problem.hint(format!("rm {directory}, or name another directory with {option}")));
    }
    Ok(path)
}

/// A file to be written.
#[derive(Debug)]
pub struct NewFile<'a> {
    pub name: String,
    pub data: &'a [u8],
    /// Its modification time, in seconds since 1970: `helm push` publishes that of an archive.
    pub mtime: u64,
}

/// Writes files into a directory, which is made if it is missing. All are written beside their places first, where nobody
/// else can look, and then renamed in the order given, so that running out of space or being stopped leaves whole files.
/// `seal` names a file that speaks of all others: the one that is there goes before the first rename.
pub fn write_all(directory: &Path, files: &[NewFile<'_>], seal: Option<&str>) -> Result<()> {
    make_directory(directory)?;
    let scratch = Scratch::below(directory)
        .with_context(|| format!("cannot write into the directory `{}`", directory.display()))?;
    let mut staged = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let place = directory.join(&file.name);
        let cannot = || format!("cannot write `{}`", place.display());
        if place.is_dir() {
            let message = format!("{}: there is a directory of that name", cannot());
            return Err(Problem::error(message).hint("delete or rename it").into());
        }
        let beside = scratch.path().join(i.to_string());
        stage(&beside, file).with_context(cannot)?;
        staged.push((beside, place));
    }
    match seal.map(|seal| fs::remove_file(directory.join(seal))) {
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace files in `{}`", directory.display()));
        }
        _ => {}
    }
    for (beside, place) in staged {
        fs::rename(beside, &place).with_context(|| format!("cannot write `{}`", place.display()))?;
    }
    Ok(())
}

/// Makes a directory, and those above it, where they are missing.
pub fn make_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the directory `{}`", path.display()))
}

/// Writes a file that is not there.
pub fn create(path: &Path, text: &str) -> Result<()> {
    let write = || File::create_new(path)?.write_all(text.as_bytes());
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

/// Adds text to the end of a file, which is made if it is not there. A link is not followed.
pub fn append(path: &Path, text: &str) -> Result<()> {
    if path.is_symlink() {
        let problem = Problem::error("it is a link, which is not followed").at(shown(path), None);
        return Err(problem.hint("edit what it leads to").into());
    }
    let write = || File::options().append(true).create(true).open(path)?.write_all(text.as_bytes());
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

/// Removes a file, if it is there.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

fn stage(path: &Path, new: &NewFile<'_>) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(new.data)?;
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(new.mtime))
}

/// The text of a file; `None` where there is none.
pub fn read_text(path: &Path) -> Result<Option<String>> {
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let text = String::from_utf8(read(path)?);
    text.map(Some).with_context(|| format!("cannot read `{}`", path.display()))
}

/// The content of a plain file that is no larger than one of a chart may be.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    read_up_to(path, MAX_HELM_FILE).with_context(|| format!("cannot read `{}`", path.display()))
}

/// The content of a plain file of at most `limit` bytes, which somebody else may have made: a link is not followed, and a
/// pipe or a device, which might have no end, is not opened. A caller that follows links names the place they lead to.
pub fn read_up_to(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let check = |metadata: &fs::Metadata| match metadata.len() {
        _ if metadata.is_symlink() => Err(io::Error::other("it is a link, which is not followed")),
        _ if !metadata.is_file() => Err(io::Error::other("it is not a plain file")),
        length if length > limit => {
            Err(io::Error::other(format!("it has {}, and the limit is {}", size(length), size(limit))))
        }
        _ => Ok(()),
    };
    check(&fs::symlink_metadata(path)?)?;
    let file = open(path)?;
    // Something else may have taken its place in between.
    check(&file.metadata()?)?;
    let mut data = Vec::new();
    file.take(limit).read_to_end(&mut data)?;
    Ok(data)
}

/// Opens a file for reading: neither through a link, nor waiting for the other end of a pipe.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

/// Elsewhere the look before it has to do.
#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The names of what is in a directory besides plain files, sorted, hidden ones left out; none where it is missing.
pub fn directories_and_links(path: &Path) -> Result<Vec<String>> {
    let cannot = || format!("cannot read `{}`", path.display());
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(cannot),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.with_context(cannot)?;
        if entry.file_type().with_context(cannot)?.is_file() {
            continue;
        }
        let not_text = |name: OsString| anyhow!("the name of `{}` is not UTF-8", path.join(name).display());
        let name = entry.file_name().into_string().map_err(not_text)?;
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The names in a directory that end so, sorted; none where it is missing.
pub fn named(path: &Path, end: &str) -> Result<Vec<String>> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read `{}`", path.display()))?,
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(end)).collect();
    names.sort();
    Ok(names)
}

/// The path below a directory, absolute and without links, of what may not be there yet; `None` where it lies elsewhere.
pub fn path_below(directory: &Path, path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let real = |above: &Path| Some(absolute(above).ok()?.join(path.strip_prefix(above).ok()?));
    let below = path.ancestors().find_map(real)?.strip_prefix(directory).ok()?.to_owned();
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    Some(parts.join("/"))
}

/// An absolute path without links.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).with_context(|| format!("cannot find `{}`", path.display()))
}

/// A path for people: relative to the working directory if it is below it.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let shorter = path.strip_prefix(here).unwrap_or(path).display().to_string();
    if shorter.is_empty() { ".".to_owned() } else { shorter }
}

/// Why a walk through a directory cannot go on at a path.
pub fn walk_error(error: &walkdir::Error) -> String {
    let loops = || "it leads back to a directory above it".to_owned();
    error.io_error().map_or_else(loops, ToString::to_string)
}

/// A path below a directory that is shown as `at`.
pub fn shown_below(at: &str, directory: &Path, path: &Path) -> String {
    let below = path.strip_prefix(directory).unwrap_or(path);
    if below.as_os_str().is_empty() { at.to_owned() } else { path::below(at, &below.display().to_string()) }
}
