//! The workflows, read as data.

use anyhow::Result;

use super::Scene;
use crate::command::workflows;
use crate::plan::check::workflows::{Around, findings};
use crate::plan::check::{Area, Report};
use crate::world::docs;

/// Looks at all of them.
pub fn check(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    let (read, problems) = workflows::read(scene.repository)?;
    report.looked_at(read.len(), "workflow");
    report.add(Area::Workflows, problems);
    let charts: Vec<(String, String)> =
        scene.released().map(|one| (one.name.clone(), one.version.clone())).collect();
    let default_branch = scene.repository.default_branch()?;
    let around = Around {
        charts: &charts,
        default_branch: default_branch.as_deref(),
        has_docs: docs::are_there(scene.repository.root())?,
    };
    let task = |line: &str| workflows::task(scene.app, line);
    report.add(Area::Workflows, findings(scene.config, around, &read, &task));
    Ok(())
}
