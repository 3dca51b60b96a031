//! What the archives of a directory become in an index.

use std::collections::HashMap;

use super::NewVersion;
use crate::base::digest::Digest;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::base::url::{self, Base};
use crate::chart::metadata_of;

/// One archive that was read.
#[derive(Debug)]
pub struct Archive {
    pub at: String,
    pub version: NewVersion,
}

/// Reads an archive; `path` is relative to the indexed directory.
pub fn archive(
    bytes: &[u8],
    at: String,
    path: &str,
    base: Option<&Base>,
    created: &str,
) -> Checked<Option<Archive>> {
    let url = match base {
        Some(base) => base.join(path),
        // Helm escapes what has a directory before it, and leaves plain names as they are.
        None if path.contains('/') => url::escape(path),
        None => path.to_owned(),
    };
    let metadata = metadata_of(bytes, &at);
    metadata.map(|metadata| {
        let urls = vec![url];
        let (digest, created) = (Digest::of(bytes), created.to_owned());
        let version = NewVersion { metadata: metadata?, digest, urls, created, lines: None };
        Some(Archive { at, version })
    })
}

/// Of equal archives the first. Two of one name and version with different bytes are an error.
pub fn distinct(archives: Vec<Archive>) -> Checked<Vec<Archive>> {
    let mut problems = Vec::new();
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    let mut kept: Vec<Archive> = Vec::new();
    for archive in archives {
        let chart = &archive.version.metadata;
        let key = (chart.name.clone(), chart.version.clone());
        let Some(first) = seen.get(&key).and_then(|&i| kept.get(i)) else {
            seen.insert(key, kept.len());
            kept.push(archive);
            continue;
        };
        let what = name(&format!("{} {}", chart.name, chart.version));
        let other = name(&first.at);
        problems.push(if first.version.digest == archive.version.digest {
            let message = format!("{what} is in {other} too: the index names that one");
            Problem::warning(message).at(&archive.at, None).hint("delete one of them")
        } else {
            let message = format!("{what} is in {other} too, with other bytes");
            Problem::error(message).at(&archive.at, None).hint("delete one of them")
        });
    }
    Checked::new(kept, problems)
}

/// The versions that `--replace` names. What no archive has is an error of the command line.
pub fn replaced(wanted: &[String], archives: &[Archive]) -> Checked<Vec<(String, String)>> {
    let mut replaced = Vec::new();
    let mut problems = Vec::new();
    for wanted in wanted {
        let key = |archive: &Archive| {
            let chart = &archive.version.metadata;
            (chart.id() == *wanted).then(|| (chart.name.clone(), chart.version.clone()))
        };
        let before = replaced.len();
        replaced.extend(archives.iter().filter_map(key));
        if replaced.len() == before {
            let message = format!("--replace {}: no archive has this name and version", name(wanted));
            problems.push(Problem::usage(message).hint("--replace web-1.2.3"));
        }
    }
    Checked::new(replaced, problems)
}
