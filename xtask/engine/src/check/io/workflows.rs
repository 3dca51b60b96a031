//! The workflows, read as data.

use anyhow::Result;

use crate::base::problem::Checked;
use crate::check::command::Scene;
use crate::check::workflows::{Around, findings};
use crate::check::{Area, Report};
use crate::ci::io::workflows;
use crate::docs;

/// Looks at all of them.
pub fn check(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    let Checked { value: read, problems } = workflows::read_workflows(scene.repository)?;
    report.looked_at(read.len(), "workflow");
    report.add(Area::Workflows, problems);
    let charts: Vec<(String, String)> =
        scene.released().map(|one| (one.name.clone(), one.version.clone())).collect();
    let default_branch = scene.repository.default_branch()?;
    let around = Around {
        charts: &charts,
        default_branch: default_branch.as_deref(),
        has_docs: docs::io::are_there(scene.repository.root())?,
    };
    report.add(Area::Workflows, findings(scene.config, around, &read, scene.program.task));
    Ok(())
}
