//! The workflow files of a repository.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use crate::base::path;
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

/// The composite actions of the repository that its workflows use, and those that they use.
pub fn read_actions(repository: &Repository, workflows: &[Workflow]) -> Vec<Workflow> {
    let (mut known, mut actions) = (BTreeSet::new(), Vec::new());
    let used = |workflow: &Workflow| {
        let steps = workflow.jobs.iter().flat_map(|job| &job.steps);
        steps.filter_map(|step| step.local_action().map(str::to_owned)).collect::<Vec<_>>()
    };
    let mut open: Vec<String> = workflows.iter().flat_map(used).collect();
    while let Some(directory) = open.pop() {
        if !known.insert(directory.clone()) {
            continue;
        }
        let action = ["action.yml", "action.yaml"].into_iter().find_map(|name| {
            let file = path::join("", &format!("{directory}/{name}"))?;
            let real = symlink::follow(&repository.root().join(&file), repository.root()).ok()?.real;
            workflow::read_action(&files::read_text(&real).ok()??, &file)
        });
        open.extend(action.iter().flat_map(used));
        actions.extend(action);
    }
    actions
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
