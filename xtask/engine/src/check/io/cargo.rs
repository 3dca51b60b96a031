//! How cargo runs this program, in this clone and in others.

use super::documents::read_documents;
use super::scene::Scene;
use crate::check::cargo::{CONFIG, LOCK, MANIFEST, check_alias, find_ignored};
use crate::check::{Area, Report};

/// Looks at the files of cargo, where they lie at the root.
pub fn look_at_cargo(scene: &Scene<'_>, report: &mut Report) {
    let root = scene.repository.root();
    if !root.join(MANIFEST).is_file() {
        return;
    }
    let own = [MANIFEST, LOCK, CONFIG, scene.program.file];
    let there: Vec<String> =
        own.into_iter().filter(|path| root.join(path).is_file()).map(str::to_owned).collect();
    report.add(Area::Config, find_ignored(&there, &scene.files));
    let mut found = Vec::new();
    let documents = read_documents(scene.repository, [MANIFEST, CONFIG].into_iter()).take(&mut found);
    let document = |path: &str| documents.iter().find(|document| document.path == path);
    if let Some(manifest) = document(MANIFEST) {
        found.extend(check_alias(manifest, document(CONFIG), scene.program.package));
    }
    report.add(Area::Config, found);
}
