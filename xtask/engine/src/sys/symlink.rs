//! Following links, but only to where they lead in every clone.
//!
//! Helm follows every link. An archive must be the same for everyone who has the commit, so that a link out of the
//! repository, to an absolute path or into git's own files is refused.

use std::fs;
use std::path::{Path, PathBuf};

use crate::base::problem::Problem;
use crate::base::text::name;

/// A path whose links may be followed.
#[derive(Debug)]
pub struct Followed {
    pub real: PathBuf,
    /// The links on the way, each where it lies.
    pub links: Vec<PathBuf>,
}

/// Links are followed this often, as by Linux.
const MAX_LINKS: usize = 40;

/// Follows a path below `boundary`, which is absolute and without links, part by part: any directory on the way may
/// be a link. The problem has no place, since the caller knows how the path is shown.
pub fn follow(path: &Path, boundary: &Path) -> Result<Followed, Problem> {
    let refused = |message: &str, hint: &str| Err(Problem::error(message).hint(hint));
    let failed = |error: std::io::Error| {
        Problem::error(format!("cannot follow this link: {error}")).hint("mend or delete it")
    };
    let parts =
        |path: &Path| path.components().rev().map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
    let mut real = boundary.to_owned();
    let mut links = Vec::new();
    let mut rest = parts(path.strip_prefix(boundary).unwrap_or(path));
    while let Some(part) = rest.pop() {
        match part.to_str() {
            Some(".") => continue,
            Some("..") => drop(real.pop()),
            Some(".git") if !links.is_empty() => {
                return refused("this link leads to git's own files", "delete it");
            }
            _ => real.push(part),
        }
        if !real.starts_with(boundary) {
            let around = if boundary.join(".git").exists() { "repository" } else { "directory" };
            return refused(&format!("this link leaves the {around}"), "copy what it leads to");
        }
        if !real.symlink_metadata().map_err(failed)?.is_symlink() {
            continue;
        }
        let target = fs::read_link(&real).map_err(failed)?;
        if target.is_absolute() {
            let message =
                format!("this link leads to a place on this machine, {}", name(&target.to_string_lossy()));
            return refused(&message, "link to a relative path, or copy what it leads to");
        }
        links.push(real.clone());
        if links.len() > MAX_LINKS {
            return refused("this link leads to itself", "delete it");
        }
        real.pop();
        rest.extend(parts(&target));
    }
    Ok(Followed { real, links })
}
