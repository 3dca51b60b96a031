//! Documents that tell which version to install.

use std::collections::BTreeMap;

use super::{Next, Scene};
use crate::base::path;
use crate::chart::source::Source;
use crate::check::document::{Document, Shown};
use crate::check::documented_facts::{Facts, find_wrong_mentions};
use crate::check::edit::Edit;

/// The edits of documents for users: the versions that helm is told to get, unless the new one is a prerelease, and the badge
/// that helm-docs writes into the README of a chart. What is generated otherwise is left to its generator.
pub fn mentions(
    scene: &Scene<'_>,
    all: &[Next<'_>],
    documents: &[Document],
    is_generated: impl Fn(&Document) -> bool,
) -> Vec<Edit> {
    let changed = || all.iter().filter(|one| !one.edits.is_empty());
    let stable = changed().filter(|one| one.version.pre.is_empty());
    let new =
        stable.flat_map(|one| one.unit.charts.iter().map(|source| (source.name(), one.version.to_string())));
    let new: BTreeMap<String, String> = new.collect();
    let paths: Vec<String> = scene.charts.iter().map(|source| source.path.clone()).collect();
    let shown: Vec<Shown<'_>> = documents.iter().map(|one| (one, one.snippets())).collect();
    let for_users: Vec<&Shown<'_>> = shown.iter().filter(|(one, _)| one.is_for_users(&paths)).collect();
    let found = |version: &dyn Fn(&String) -> Option<String>| {
        let of = |source: &Source| (source.name(), version(&source.name()));
        let facts = Facts { config: scene.config, versions: scene.charts.iter().map(of).collect() };
        find_wrong_mentions(&facts, &for_users, &is_generated)
    };
    // Addresses are found without any version, too, and are not what is prepared.
    let others = found(&|_| None);
    let found = found(&|chart| new.get(chart).cloned()).into_iter().filter(|one| !others.contains(one));
    let badges = changed().filter(|_| !scene.config.stamps()).flat_map(|one| {
        one.unit.charts.iter().filter_map(|source| {
            let file = path::below(&source.path, "README.md");
            let document = documents.iter().find(|document| document.path == file)?;
            badge(document, &source.chart_version().version, &one.version.to_string())
        })
    });
    found.filter_map(|one| one.edit).chain(badges).collect()
}

/// `![Version: 1.2.0](https://img.shields.io/badge/Version-1.2.0-informational…)`
fn badge(document: &Document, old: &str, new: &str) -> Option<Edit> {
    let forms = |version: &str| {
        let escaped = version.replace('-', "--").replace('_', "__");
        [format!("![Version: {version}]"), format!("badge/Version-{escaped}-")]
    };
    let [alt, path] = forms(old);
    let is_badge = |(_, line): &(usize, &str)| line.contains(&alt) && line.contains(&path);
    let (line, text) = (1..).zip(document.text.lines()).find(is_badge)?;
    let [new_alt, new_path] = forms(new);
    let insert = vec![text.replace(&alt, &new_alt).replace(&path, &new_path)];
    Some(Edit { file: document.path.clone(), line, remove: vec![text.to_owned()], insert })
}
