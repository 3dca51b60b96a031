//! The workflows, read as data.

use anyhow::Result;

use super::documents::read_documents;
use super::scene::Scene;
use crate::base::problem::Checked;
use crate::base::tag::ChartVersion;
use crate::chart::Metadata;
use crate::check::workflows::{Around, check_workflows, requirements};
use crate::check::{Area, Report};
use crate::ci::io::workflows;
use crate::docs::io::program::requirements_of;
use crate::docs::{self, install};

pub fn look_at_workflows(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    let Checked { value: mut read, problems } = workflows::read_workflows(scene.repository)?;
    report.looked_at(read.len(), "workflow");
    report.add(Area::Workflows, problems);
    read.extend(workflows::read_actions(scene.repository, &read));
    let version = |one: &Metadata| ChartVersion {
        name: one.name.clone(),
        version: one.version.clone(),
        app_version: one.app_version.clone(),
    };
    let charts: Vec<ChartVersion> = scene.released().map(version).collect();
    let default_branch = match scene.repository.default_branch()? {
        None if !scene.is_offline() => default_branch(scene),
        known => known,
    };
    let texts = read_documents(scene.repository, requirements(&read, &scene.files).into_iter()).value;
    let requirements: Vec<(String, String)> = texts.into_iter().map(|one| (one.path, one.text)).collect();
    let builder = docs::io::builder(scene.config, scene.repository.root());
    let of_docs = builder
        .and_then(install::program)
        .map(|program| requirements_of(scene.repository.root(), program))
        .transpose()?
        .flatten();
    let around = Around {
        charts: &charts,
        default_branch: default_branch.as_deref(),
        has_docs: builder.is_some(),
        requirements: &requirements,
        requirements_of_docs: of_docs.as_deref(),
    };
    report.add(Area::Workflows, check_workflows(scene.config, around, &read, scene.program.task));
    Ok(())
}

/// The default branch that the remote names, where no clone has said; `None` where it does not answer.
fn default_branch(scene: &Scene<'_>) -> Option<String> {
    let refs = scene.with_branch(|branch| branch.refs()).ok()?.ok()?;
    refs.default_branch.map(|(name, _)| name)
}
