//! The sources of the automation against its own rules.

use super::Scene;
use crate::plan::check::layers::{self, SOURCES};
use crate::plan::check::{Area, Report};
use crate::world::documents;

/// Looks at the sources.
pub fn check(scene: &Scene<'_>, report: &mut Report) {
    if !scene.files.iter().any(|file| file.starts_with(SOURCES)) {
        let why = format!("there is no `{SOURCES}` in this repository");
        report.leave_out("the sources of the automation", why, "run it where they are");
        return;
    }
    let paths = scene.files.iter().map(String::as_str).filter(|path| layers::is_source(path));
    let mut problems = Vec::new();
    let sources = documents::read(scene.repository, paths, &mut problems);
    report.looked_at(sources.len(), "source");
    report.add(Area::Sources, problems);
    report.add(Area::Sources, layers::problems(&sources));
}
