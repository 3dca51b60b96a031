//! One asset: as it shall be, missing, half-made, or somebody else's.

use super::File;
use super::release::{Asset, Release};
use crate::base::digest::Digest;
use crate::base::problem::Problem;
use crate::base::text::{name, size};
use crate::dist::SUMS;

/// What a release has of a file.
pub enum State<'a> {
    Right,
    /// The same chart in other bytes.
    Same(Problem),
    /// Nothing, or parts that are in the way.
    Missing(Vec<&'a Asset>),
    Foreign(Problem),
}

/// Compares a file with what a release has in its place. `same` are the assets that hold the same chart.
pub fn state<'a>(file: &File<'_>, release: Option<&'a Release>, same: &[u64]) -> State<'a> {
    let mut half = Vec::new();
    let there =
        release.into_iter().flat_map(|release| &release.assets).filter(|asset| asset.name == file.name);
    for asset in there {
        if asset.is_whole() && asset.digest.as_ref() == Some(&file.digest) {
            return State::Right;
        }
        if same.contains(&asset.id) {
            return State::Same(other_bytes(file, asset));
        }
        let is_half =
            !asset.is_whole() || release.is_some_and(|release| release.draft && is_cut_off(file, asset));
        if !is_half {
            return State::Foreign(foreign(file, asset, release));
        }
        half.push(asset);
    }
    State::Missing(half)
}

/// Whether a file speaks of bytes that a release does not have: checksums, or the provenance of an archive.
pub fn is_of_other_bytes(file: &File<'_>, release: Option<&Release>, same: &[u64]) -> bool {
    let mut assets = release.into_iter().flat_map(|release| &release.assets);
    assets.any(|asset| {
        let is_about = file.name == SUMS || file.name.strip_suffix(".prov") == Some(&asset.name);
        is_about && same.contains(&asset.id)
    })
}

fn other_bytes(file: &File<'_>, asset: &Asset) -> Problem {
    let message = format!(
        "the release holds the same chart in another {}: {} there, {} here",
        name(&file.name),
        shown_digest(asset),
        file.digest,
    );
    Problem::warning(message)
        .hint("nothing is to be done: both are what users install, and neither changes any more")
}

fn shown_digest(asset: &Asset) -> String {
    asset.digest.as_ref().map_or_else(|| "no digest".to_owned(), Digest::to_string)
}

/// Whether an asset is the beginning of the file: what an upload leaves that was cut off.
fn is_cut_off(file: &File<'_>, asset: &Asset) -> bool {
    let length = usize::try_from(asset.size).unwrap_or(usize::MAX);
    let begin = file.data.get(..length).filter(|begin| begin.len() < file.data.len());
    begin.is_some_and(|begin| asset.digest.as_ref() == Some(&Digest::of(begin)))
}

fn foreign(file: &File<'_>, asset: &Asset, release: Option<&Release>) -> Problem {
    let is_draft = release.is_some_and(|release| release.draft);
    let (tag, page) = release.map_or(("", ""), |release| (&release.tag_name, &release.html_url));
    let message = format!(
        "the {} {} has another {}: {}, {} there; {}, {} here",
        if is_draft { "draft of" } else { "release" },
        name(tag),
        name(&file.name),
        size(asset.size),
        shown_digest(asset),
        size(file.data.len() as u64),
        file.digest,
    );
    Problem::error(message).hint(if is_draft {
        format!("if it is not needed, delete it at {page} and run this again")
    } else {
        "a published file does not change: release another version".to_owned()
    })
}

/// GitHub stores an asset under another name if there is something else in it than letters, digits and a few signs, or
/// if it begins or ends with a dot (docs.github.com, "Upload a release asset").
pub fn name_problem(file: &str) -> Option<Problem> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let is_kept =
        !file.is_empty() && file.chars().all(is_plain) && !file.starts_with('.') && !file.ends_with('.');
    let message = format!("GitHub would change the name of the asset {}", name(file));
    (!is_kept).then(|| Problem::error(message).hint("use letters, digits, `-`, `_`, `+` and inner dots"))
}
