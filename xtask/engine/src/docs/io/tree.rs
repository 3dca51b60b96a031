//! Reading a whole directory: the documentation before it is built, and the site after that.
//!
//! Links are followed inside the boundary alone, so that no file of this machine is published, and names must be text.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::base::lfs;
use crate::base::limits::MAX_GITHUB_FILE;
use crate::base::problem::{Checked, Problem};
use crate::base::text::size;
use crate::docs::File;
use crate::sys::{files, symlink};

/// Directories of links to directories of links multiply.
const MAX_LINKS: usize = 5_000;

/// What to do with names that begin with a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    Skip,
    /// They count; git's own files are refused.
    Take,
}

/// What is below a directory.
#[derive(Debug, Default)]
pub struct Tree {
    /// Its files, sorted, with paths relative to it.
    pub files: Vec<File>,
    /// Where each of them lies, absolute and without links.
    pub real: Vec<PathBuf>,
    pub links: BTreeSet<PathBuf>,
}

/// The files below `directory`, sorted, with paths relative to it. `at` is how it is shown. Links may lead anywhere
/// inside `boundary`. Both are absolute and without links.
pub fn read_tree(directory: &Path, boundary: &Path, at: &str, hidden: Hidden) -> Checked<Tree> {
    let mut walk = Walk { directory, boundary, at, hidden, read: Checked::default(), followed: 0 };
    let mut entries = WalkDir::new(directory).follow_links(true).sort_by_file_name().min_depth(1).into_iter();
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) => {
                let is_entered = walk.visit(&entry).unwrap_or_else(|problem| {
                    walk.refuse(entry.path(), problem);
                    false
                });
                if !is_entered && entry.file_type().is_dir() {
                    entries.skip_current_dir();
                }
            }
            Err(error) => {
                let path = error.path().unwrap_or(directory).to_owned();
                let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
                if !hidden || walk.hidden == Hidden::Take {
                    let problem = Problem::error(format!("cannot read it: {}", files::walk_error(&error)));
                    walk.refuse(&path, problem.hint("mend or delete it"));
                }
            }
        }
        if walk.followed > MAX_LINKS {
            let problem = Problem::error("its links lead to links without an end");
            walk.refuse(directory, problem.hint("copy files instead"));
            break;
        }
    }
    walk.read
}

struct Walk<'a> {
    directory: &'a Path,
    boundary: &'a Path,
    at: &'a str,
    hidden: Hidden,
    read: Checked<Tree>,
    followed: usize,
}

impl Walk<'_> {
    fn refuse(&mut self, path: &Path, problem: Problem) {
        let shown = files::shown_below(self.at, self.directory, path);
        self.read.problems.push(problem.at(shown, None));
    }

    /// Reads a file, or says whether a directory is to be entered.
    fn visit(&mut self, entry: &DirEntry) -> Result<bool, Problem> {
        if self.hidden == Hidden::Skip && entry.file_name().to_string_lossy().starts_with('.') {
            return Ok(false);
        }
        if entry.file_name().eq_ignore_ascii_case(".git") {
            return Err(Problem::error("git's own files cannot be published").hint("delete it"));
        }
        if entry.path_is_symlink() {
            self.followed += 1;
            self.read.value.links.extend(symlink::follow(entry.path(), self.boundary)?.links);
        }
        if !entry.file_type().is_dir() {
            self.file(entry)?;
        }
        Ok(true)
    }

    fn file(&mut self, entry: &DirEntry) -> Result<(), Problem> {
        let path = entry.path();
        let relative = relative(path, self.directory).ok_or_else(|| {
            Problem::error("its name is not UTF-8, or has a backslash or a line break").hint("rename it")
        })?;
        if !entry.file_type().is_file() {
            return Err(Problem::error("it is neither a file nor a directory").hint("delete it"));
        }
        let length = entry.metadata().map_or(0, |metadata| metadata.len());
        if length > MAX_GITHUB_FILE {
            let message = format!("it has {}: GitHub takes no file above 100 MiB", size(length));
            return Err(Problem::error(message).hint("make it smaller"));
        }
        let unreadable = |error: std::io::Error| {
            Problem::error(format!("cannot read it: {error}")).hint("make it readable")
        };
        // Without a link so far the path has none.
        let real =
            if self.followed == 0 { path.to_owned() } else { fs::canonicalize(path).map_err(unreadable)? };
        let data = files::read_up_to(&real, MAX_GITHUB_FILE).map_err(unreadable)?;
        if lfs::is_pointer(&data) {
            return Err(lfs::problem());
        }
        self.read.value.files.push(File { path: relative, data });
        self.read.value.real.push(real);
        Ok(())
    }
}

/// The path below a directory, with `/`; `None` where it cannot be a URL and a path of git's everywhere.
fn relative(path: &Path, directory: &Path) -> Option<String> {
    let part = |component| match component {
        Component::Normal(part) => part.to_str().filter(|part| !part.contains(['\\', '\n', '\r'])),
        _ => None,
    };
    let parts: Option<Vec<&str>> = path.strip_prefix(directory).ok()?.components().map(part).collect();
    parts.map(|parts| parts.join("/"))
}
