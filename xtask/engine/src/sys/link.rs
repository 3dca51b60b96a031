//! Following links, but only to where they lead in every clone.
//!
//! Helm follows every link. An archive must be the same for everyone who has the commit, so that a link out of the
//! repository, to an absolute path or into git's own files is refused.

use std::fs;
use std::path::{Path, PathBuf};

use crate::base::text::name;

/// A path whose links may be followed.
#[derive(Debug)]
pub struct Followed {
    /// Where it leads in the end.
    pub real: PathBuf,
    /// The links on the way, each where it lies.
    pub links: Vec<PathBuf>,
}

/// Why a link may not be followed: the message and the hint.
pub type Refusal = (String, &'static str);

/// Links are followed this often, as by Linux.
const MAX_LINKS: usize = 40;

/// Follows a path below `boundary`, which is absolute and without links, part by part: any directory on the way may
/// be a link.
pub fn follow(path: &Path, boundary: &Path) -> Result<Followed, Refusal> {
    let failed = |error: std::io::Error| (format!("cannot follow this link: {error}"), "mend or delete it");
    let parts =
        |path: &Path| path.components().rev().map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
    let (mut real, mut links) = (boundary.to_owned(), Vec::new());
    let mut rest = parts(path.strip_prefix(boundary).unwrap_or(path));
    while let Some(part) = rest.pop() {
        match part.to_str() {
            Some(".") => continue,
            Some("..") => drop(real.pop()),
            Some(".git") if !links.is_empty() => {
                return Err(("this link leads to git's own files".to_owned(), "delete it"));
            }
            _ => real.push(part),
        }
        if !real.starts_with(boundary) {
            let of = if boundary.join(".git").exists() { "repository" } else { "directory" };
            return Err((format!("this link leaves the {of}"), "copy what it leads to"));
        }
        if !real.symlink_metadata().map_err(failed)?.is_symlink() {
            continue;
        }
        let target = fs::read_link(&real).map_err(failed)?;
        if target.is_absolute() {
            let message =
                format!("this link leads to a place on this machine, {}", name(&target.to_string_lossy()));
            return Err((message, "link to a relative path, or copy what it leads to"));
        }
        links.push(real.clone());
        if links.len() > MAX_LINKS {
            return Err(("this link leads to itself".to_owned(), "delete it"));
        }
        real.pop();
        rest.extend(parts(&target));
    }
    Ok(Followed { real, links })
}
