//! The workflows of the repository, and what their commands do.

use anyhow::Result;

use super::workflows;
use crate::app::{App, Parsed};
use crate::base::problem::Problem;
use crate::ci::run::Task;
use crate::ci::workflow::{self, Workflow};
use crate::cli::{Commands, Part};
use crate::git::io::repository::Repository;

/// Reads them; what cannot be read is a problem each.
pub fn read(repository: &Repository) -> Result<(Vec<Workflow>, Vec<Problem>)> {
    let (mut read, mut problems) = (Vec::new(), Vec::new());
    for (file, text) in workflows::texts(repository.root())? {
        match workflow::read(&text, &file) {
            Ok(workflow) => read.push(workflow),
            Err(problem) => problems.push(problem),
        }
    }
    Ok((read, problems))
}

/// What a `cargo xtask` command does; the error is one line.
pub fn task(app: &App, line: &str) -> Result<Task, String> {
    let command = app.parse(line).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        first.strip_prefix("error: ").unwrap_or(first).to_owned()
    })?;
    let command = match command {
        Parsed::Ours(command) => *command,
        Parsed::Own { publishes } => return Ok(Task::Own { publishes }),
    };
    Ok(match command {
        Commands::Ci(args) if !args.list && args.job.is_none() => Task::Ci,
        Commands::Release(args) => Task::Release {
            publish: args.publish.unwrap_or_default(),
            from: args.from.map(|from| from.to_string_lossy().into_owned()),
            to: args.destination.map_or_else(|| "dist".to_owned(), |to| to.to_string_lossy().into_owned()),
        },
        Commands::Pages(args) => Task::Pages { publish: args.publish, docs: args.only == Some(Part::Docs) },
        _ => Task::Other,
    })
}
