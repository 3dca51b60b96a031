//! The documents: whether the site can be built, and whether links, commands, addresses and versions are right.

use std::collections::BTreeMap;

use anyhow::Result;

use super::documents::read_documents;
use super::scene::Scene;
use crate::base::config::Versions;
use crate::base::problem::problems_of;
use crate::base::version::helm_accepts;
use crate::chart::Metadata;
use crate::check::document::{Document, Shown};
use crate::check::documented_commands::{documented, refused_command};
use crate::check::documented_facts::{Facts, find_wrong_mentions};
use crate::check::links::Targets;
use crate::check::{Area, Report};
use crate::docs::io::program::By;
use crate::docs::{self, File};
use crate::pages::Change;
use crate::pages::command::{Repair, decide};
use crate::pages::io::publish::look_once;
use crate::sys::terminal;

pub fn look_at_documentation(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    look_at_site(scene, report)?;
    let markdown = scene.files.iter().map(String::as_str).filter(|file| file.ends_with(".md"));
    let mut problems = Vec::new();
    let documents = read_documents(scene.repository, markdown).take(&mut problems);
    let charts: Vec<String> = scene.charts.iter().map(|chart| chart.source.path.clone()).collect();
    let targets = Targets::new(&scene.files, &documents);
    let shown: Vec<Shown<'_>> = documents.iter().map(|one| (one, one.snippets())).collect();
    let those = |is: &dyn Fn(&Document) -> bool| shown.iter().filter(|(one, _)| is(one)).collect::<Vec<_>>();
    let on_github = those(&|document| document.is_on_github(&charts));
    report.looked_at(on_github.len(), "document");
    problems.extend(on_github.into_iter().flat_map(|(document, _)| targets.broken_links(document)));
    for command in documented(&those(&Document::is_for_contributors)) {
        problems
            .extend((scene.program.refusal)(&command.command).map(|words| refused_command(&command, &words)));
    }
    let facts = Facts { config: scene.program.config, versions: versions(scene) };
    let is_generated = |document: &Document| scene.files.contains(&format!("{}.gotmpl", document.path));
    report.add(Area::Documentation, problems);
    let for_users = those(&|document| document.is_for_users(&charts));
    report.add(Area::Documentation, find_wrong_mentions(&facts, &for_users, is_generated));
    Ok(())
}

/// Builds the site as `cargo xtask pages` would, and looks what publishing it would do to the branch.
fn look_at_site(scene: &Scene<'_>, report: &mut Report) -> Result<()> {
    let root = scene.repository.root();
    let Some(builder) = docs::io::builder(scene.config, root) else { return Ok(()) };
    let by = By::find(root, builder)?;
    let built = docs::io::build(root, &by);
    if let By::Preview(missing) = by {
        let beyond = if built.is_err() { docs::io::beyond_native(root)? } else { None };
        let why = match &beyond {
            Some(problem) => format!("{}, and {problem}", missing.message),
            None => format!("{}; this program built it instead", missing.message),
        };
        report.leave_out("the documentation site", why, &missing.hint.unwrap_or_default());
        if beyond.is_some() {
            return Ok(());
        }
    }
    match built {
        Ok(Some(site)) => {
            report.checked.push(format!("the documentation ({})", site.by));
            look_at_branch(scene, site.files, report)?;
        }
        Ok(None) => {}
        Err(error) => report.add(Area::Documentation, problems_of(error).0),
    }
    Ok(())
}

/// Says whose files would stay on the branch, or make place for a page. A branch that cannot be looked at is told by the
/// release.
fn look_at_branch(scene: &Scene<'_>, docs: Vec<File>, report: &mut Report) -> Result<()> {
    if scene.is_offline() {
        return Ok(());
    }
    let change = Change { source: String::new(), time: 0, docs: Some(docs), adopt: Vec::new(), charts: None };
    let warnings = scene.with_branch(|branch| {
        if branch.was_refused() {
            return Ok(Vec::new());
        }
        let Ok(Some(tip)) = terminal::hushed(|| look_once(branch)) else { return Ok(Vec::new()) };
        Ok(decide(scene.config, Repair::No, &change, branch, Some(&tip))?.warnings)
    })?;
    report.add(Area::Documentation, warnings);
    Ok(())
}

/// The charts that are released, by name, each with the version that it has or that the tag gives it. Where tags decide
/// versions and there is none yet, nobody knows them.
fn versions(scene: &Scene<'_>) -> BTreeMap<String, Option<String>> {
    let version = |metadata: &Metadata| {
        let tag = scene.tag.as_ref().filter(|tag| tag.chart.as_ref().is_none_or(|one| *one == metadata.name));
        let own = || (scene.config.versions == Versions::Verify).then(|| metadata.version.clone());
        own().or_else(|| tag.map(|tag| tag.version.to_string())).filter(|own| helm_accepts(own))
    };
    scene.released().map(|metadata| (metadata.name.clone(), version(metadata))).collect()
}
