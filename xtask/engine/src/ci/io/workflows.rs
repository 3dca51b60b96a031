//! The workflow files of a repository.

use std::path::Path;

use anyhow::Result;

use crate::base::problem::Checked;
use crate::ci::workflow::{self, DIRECTORY, Workflow};
use crate::git::io::repository::Repository;
use crate::sys::{files, symlink};

/// Each file with its text, by its path from the root, sorted. The root is absolute and without links.
pub fn workflow_texts(root: &Path) -> Result<Vec<(String, String)>> {
    let directory = root.join(DIRECTORY);
    let mut names = files::named(&directory, ".yml")?;
    names.extend(files::named(&directory, ".yaml")?);
    names.sort();
    let text = |name: String| {
        let path = format!("{DIRECTORY}/{name}");
        let followed =
            symlink::follow(&directory.join(name), root).map_err(|refused| refused.at(&path, None))?;
        Ok(files::read_text(&followed.real)?.map(|text| (path, text)))
    };
    names.into_iter().filter_map(|name| text(name).transpose()).collect()
}

/// Reads the workflows of the repository; what cannot be read is a problem each.
pub fn read_workflows(repository: &Repository) -> Result<Checked<Vec<Workflow>>> {
    let mut workflows = Vec::new();
    let mut problems = Vec::new();
    for (file, text) in workflow_texts(repository.root())? {
        match workflow::read_workflow(&text, &file) {
            Ok(workflow) => workflows.push(workflow),
            Err(problem) => problems.push(problem),
        }
    }
    Ok(Checked::new(workflows, problems))
}
