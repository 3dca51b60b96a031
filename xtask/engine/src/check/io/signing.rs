//! The key that signs, where it is on this machine, and the keyrings that the repository gives to users.

use super::scene::Scene;
use crate::base::limits::MAX_HELM_FILE;
use crate::check::{Area, Report};
use crate::signing::io::gpg::Gpg;
use crate::signing::keys::{judge, keyring_problem};
use crate::sys::{environment, files};

/// Judges both, if the config names a key. Most people who work on a repository do not have it.
pub fn look_at_signing(scene: &Scene<'_>, report: &mut Report) {
    let Some(key) = &scene.config.signing_key else { return };
    let keyrings = scene.files.iter().filter(|file| file.ends_with(".gpg") || file.ends_with(".kbx"));
    let found = keyrings.filter_map(|file| {
        let data = files::read_up_to(&scene.repository.root().join(file), MAX_HELM_FILE).ok()?;
        keyring_problem(file, &data)
    });
    report.add(Area::Config, found.collect::<Vec<_>>());
    let Some(head) = scene.head.as_ref().filter(|_| environment::is_in_path("gpg")) else { return };
    let listing = Gpg::open(scene.options.limit).and_then(|gpg| Ok(gpg.listing(key)?));
    match listing {
        Ok(listing) if listing.is_empty() => {}
        Ok(listing) => report.add(Area::Config, judge(&listing, key, head.commit.time).problems),
        Err(problems) => report.add(Area::Config, problems.0),
    }
}
