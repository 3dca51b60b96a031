//! The workflow files of a repository.

use std::path::Path;

use anyhow::Result;

use crate::base::problem::{Problem, Problems};
use crate::check::workflows::DIRECTORY;
use crate::sys::{files, link};

/// Each file with its text, by its path from the root, sorted. The root is absolute and without links.
pub fn texts(root: &Path) -> Result<Vec<(String, String)>> {
    let directory = root.join(DIRECTORY);
    let mut names = files::named(&directory, ".yml")?;
    names.extend(files::named(&directory, ".yaml")?);
    names.sort();
    let text = |name: String| {
        let path = format!("{DIRECTORY}/{name}");
        let followed = link::follow(&directory.join(name), root)
            .map_err(|(message, hint)| Problems::from(Problem::error(message).at(&path, None).hint(hint)))?;
        Ok(files::read_text(&followed.real)?.map(|text| (path, text)))
    };
    names.into_iter().filter_map(|name| text(name).transpose()).collect()
}
