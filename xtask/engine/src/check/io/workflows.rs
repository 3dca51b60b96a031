//! The workflows, read as data.

use anyhow::Result;

use super::scene::Scene;
use crate::base::problem::Checked;
use crate::check::workflows::{Around, check_workflows};
use crate::check::{Area, Report};
use crate::ci::io::workflows;
use crate::docs;

pub fn look_at_workflows(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    let Checked { value: read, problems } = workflows::read_workflows(scene.repository)?;
    report.looked_at(read.len(), "workflow");
    report.add(Area::Workflows, problems);
    let charts: Vec<(String, String)> =
        scene.released().map(|one| (one.name.clone(), one.version.clone())).collect();
    let default_branch = scene.repository.default_branch()?;
    let around = Around {
        charts: &charts,
        default_branch: default_branch.as_deref(),
        has_docs: docs::io::are_there(scene.repository.root()),
    };
    report.add(Area::Workflows, check_workflows(scene.config, around, &read, scene.program.task));
    Ok(())
}
