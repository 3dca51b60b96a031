//! The GitHub Release of a version: its assets by size and digest, and the checksums among them.

use super::pages::release;
use crate::base::digest::Digest;
use crate::base::helm_repository::asset_name;
use crate::base::text::{name, size};
use crate::dist::SUMS;
use crate::github::io::Github;
use crate::github::release::{Asset, Release};
use crate::sys::terminal;
use crate::verify::Says;
use crate::verify::evidence::Evidence;

/// Looks at the first release that there is of the version's tags. Without a GitHub no network is to be used.
pub fn look(github: Option<&Github<'_>>, repository: &str, evidence: &mut Evidence) {
    let first = evidence.wanted.tags.first().cloned().unwrap_or_default();
    let place = format!("release {first} of {repository}");
    let Some(github) = github else { return evidence.unseen(&place, "offline") };
    for tag in evidence.wanted.tags.clone() {
        terminal::progress("Looking", &format!("at release {tag} of {repository}"));
        match github.published(&tag) {
            Err(problem) => {
                return evidence.unseen(&format!("release {tag} of {repository}"), problem.message);
            }
            Ok(Some(found)) => return assets(github, &found, evidence),
            Ok(None) => {}
        }
    }
    let hint = release(evidence, "github");
    evidence.wrong(&place, "there is no published release of this tag", &hint);
}

fn assets(github: &Github<'_>, found: &Release, evidence: &mut Evidence) {
    let file = asset_name(&evidence.wanted.file_name());
    let at = |file: &str| format!("{file} of release {}", found.tag_name);
    let asset = |file: &str| found.assets.iter().find(|asset| asset.name == file && asset.is_whole());
    let read = |asset: &Asset, evidence: &mut Evidence| match github.content(asset) {
        Ok(bytes) => Some(bytes),
        Err(problem) => {
            evidence.unseen(&at(&asset.name), problem.message);
            None
        }
    };
    match asset(&file) {
        None => {
            let hint = release(evidence, "github");
            evidence.wrong(&at(&file), "the release has no such asset", &hint);
        }
        Some(Asset { digest: Some(digest), size: length, .. }) => {
            evidence.see(&at(&file), Says::Archive(digest.clone()), &size(*length));
        }
        // Older servers say no digest.
        Some(whole) => {
            if let Some(bytes) = read(whole, evidence) {
                let length = size(bytes.len() as u64);
                evidence.archive(&at(&file), bytes, &length);
            }
        }
    }
    match asset(SUMS) {
        None => evidence.see(&at(SUMS), Says::Absent, ""),
        Some(sums) => {
            if let Some(text) = read(sums, evidence) {
                match differs(sums, &text) {
                    None => evidence.sums(&at(SUMS), &text),
                    Some(message) => evidence.wrong(&at(SUMS), &message, "download it again, and compare"),
                }
            }
        }
    }
    let beside = format!("{file}.prov");
    match asset(&beside) {
        None => evidence.provenance(&at(&beside), None),
        Some(provenance) => {
            if let Some(bytes) = read(provenance, evidence) {
                evidence.provenance(&at(&beside), Some(bytes));
            }
        }
    }
}

/// Why an asset is not what GitHub says of it.
fn differs(asset: &Asset, bytes: &[u8]) -> Option<String> {
    let found = Digest::of(bytes);
    let said = asset.digest.as_ref().filter(|said| **said != found)?;
    Some(format!(
        "GitHub says that it has {}, and gives {}",
        name(&said.to_string()),
        name(&found.to_string())
    ))
}
