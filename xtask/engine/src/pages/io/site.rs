//! The site as it would be published, in a directory to look at.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::base::problem::{Problem, Problems};
use crate::base::text::name;
use crate::git::io::repository::Repository;
use crate::pages::{Held, NO_JEKYLL, Plan};
use crate::sys::files;
use crate::sys::lock::Lock;

/// Where the site goes unless another place is asked for.
const DEFAULT: &str = "site";

/// The directory for the site: the one that was asked for, which must be new or empty, else `site/` at the root, which
/// may also hold the site of an earlier run. Nobody's work is ever in the way of a preview.
pub fn place(asked: Option<&Path>, source: &Repository) -> Result<PathBuf> {
    let default = source.root().join(DEFAULT);
    let place = match asked {
        Some(asked) => resolved(asked)?,
        None => resolved(&files::at_root(source.root(), DEFAULT, "--out").map_err(Problems::from)?)?,
    };
    let _lock = lock(&place);
    let refuse = |why: &str| {
        let message = format!("the site cannot go to {}: {why}", name(&files::shown(&place)));
        Err(Problem::error(message).hint("choose a new directory with --out").into())
    };
    if source.has(&place)? {
        return refuse("the repository has files there");
    }
    if !place.exists() {
        return Ok(place);
    }
    if !place.is_dir() {
        return refuse("it is no directory");
    }
    let is_empty = fs::read_dir(&place).is_ok_and(|mut entries| entries.next().is_none());
    // Every preview has this file. A checkout of the branch has it too.
    let is_site = place == default && place.join(NO_JEKYLL).is_file() && !place.join(".git").exists();
    if is_empty || is_site { Ok(place) } else { refuse("it is not empty") }
}

/// Keeps other runs from the site, which is removed and made again: its directory cannot be what they wait for.
fn lock(place: &Path) -> Lock {
    Lock::of(place.parent().unwrap_or(place))
}

/// A path without links, whether or not its last part exists.
fn resolved(path: &Path) -> Result<PathBuf> {
    let cannot = || format!("cannot write the site to {}", name(&path.to_string_lossy()));
    if path.exists() {
        return files::absolute(path);
    }
    let absolute = std::path::absolute(path).with_context(cannot)?;
    let existing = absolute.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(&absolute);
    let rest = absolute.strip_prefix(existing)?;
    Ok(files::absolute(existing)?.join(rest))
}

/// Writes the files that are here in place of those of an earlier run.
pub fn write(place: &Path, plan: &Plan<'_>) -> Result<()> {
    let cannot = || format!("cannot write the site to {}", name(&files::shown(place)));
    let _lock = lock(place);
    if place.exists() {
        fs::remove_dir_all(place).with_context(cannot)?;
    }
    // The sign of a site, which not every branch has.
    fs::create_dir_all(place).and_then(|()| fs::write(place.join(NO_JEKYLL), "")).with_context(cannot)?;
    for file in &plan.files {
        let Held::Data(data) = &file.content else { continue };
        let path = place.join(&file.path);
        fs::create_dir_all(path.parent().unwrap_or(place)).with_context(cannot)?;
        fs::write(path, data).with_context(cannot)?;
    }
    Ok(())
}
