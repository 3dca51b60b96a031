//! The workflow files of a repository.

use std::path::Path;

use anyhow::Result;

use super::files;
use crate::plan::check::workflows::DIRECTORY;

/// Each file with its text, by its path from the root, sorted.
pub fn texts(root: &Path) -> Result<Vec<(String, String)>> {
    let directory = root.join(DIRECTORY);
    let mut names = files::named(&directory, ".yml")?;
    names.extend(files::named(&directory, ".yaml")?);
    names.sort();
    let text = |name: String| {
        let text = files::read_text(&directory.join(&name))?;
        Ok(text.map(|text| (format!("{DIRECTORY}/{name}"), text)))
    };
    names.into_iter().filter_map(|name| text(name).transpose()).collect()
}
