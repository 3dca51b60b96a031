//! Whether the index and the archives beside it agree. A writer that works from an old copy of the branch drops entries
//! and leaves their archives, or the other way round; both show in the names alone.

use crate::model::archive::plain_digest;
use crate::model::config::{Config, HELM_REPOSITORY};
use crate::model::index::Index;
use crate::model::percent;
use crate::model::problem::Problem;
use crate::model::reference::scheme;
use crate::model::text::name;

/// What is there without what belongs to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Archives that no entry leads to, by path on the branch.
    pub entries: Vec<String>,
    /// Archives that an entry leads to and that are not there.
    pub packages: Vec<Lost>,
}

/// An archive that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Its path on the branch.
    pub path: String,
    /// Its digest by the entry.
    pub digest: String,
}

/// How many names a warning has.
const SHOWN: usize = 5;

/// Compares the index with the files of the branch. Entries that lead elsewhere, or into directories, are not looked at.
pub fn missing<'p>(config: &Config, index: &Index<'_>, files: impl Iterator<Item = &'p str>) -> Missing {
    let file = |path: &'p str| path.strip_prefix(HELM_REPOSITORY)?.strip_prefix('/');
    let mut archives: Vec<&str> = files.filter_map(file).filter(|file| is_archive(file)).collect();
    archives.sort_unstable();
    archives.dedup();
    let mut linked = vec![false; archives.len()];
    let base = config.helm_repository() + "/";
    let mut packages: Vec<Lost> = Vec::new();
    for version in index.versions() {
        let Some(url) = version.urls.first() else { continue };
        let find = |file: &str| archives.binary_search(&file).ok();
        // Nearly every entry is one of ours, and has a plain name.
        let plain = url.strip_prefix(&base).and_then(find);
        let place = match plain.map_or_else(|| local(&base, url), |_| None) {
            None => plain,
            Some(file) => find(&file).or_else(|| {
                let path = format!("{HELM_REPOSITORY}/{file}");
                packages.push(Lost { path, digest: plain_digest(&version.digest).to_owned() });
                None
            }),
        };
        if let Some(linked) = place.and_then(|place| linked.get_mut(place)) {
            *linked = true;
        }
    }
    packages.sort_by(|a, b| a.path.cmp(&b.path));
    packages.dedup_by(|a, b| a.path == b.path);
    let lonely = archives.iter().zip(linked).filter(|(_, linked)| !linked);
    let entries = lonely.map(|(file, _)| format!("{HELM_REPOSITORY}/{file}")).collect();
    Missing { entries, packages }
}

fn is_archive(file: &str) -> bool {
    file.ends_with(".tgz") && !file.contains('/')
}

/// Whether a URL leads to this file beside the index.
pub fn is_beside(config: &Config, url: &str, file: &str) -> bool {
    beside(config, url).as_deref() == Some(file)
}

/// The file beside the index that a URL leads to.
pub fn beside(config: &Config, url: &str) -> Option<String> {
    local(&(config.helm_repository() + "/"), url)
}

/// The same, for an index that is served at `base`.
fn local(base: &str, url: &str) -> Option<String> {
    let relative = url.strip_prefix(base).or_else(|| Some(url).filter(|url| scheme(url).is_none()))?;
    let relative = relative.strip_prefix("./").unwrap_or(relative);
    let path = relative.split(['?', '#']).next().unwrap_or(relative);
    let decoded = percent::decode(path).ok()?;
    Some(decoded).filter(|file| !file.is_empty() && !file.contains('/'))
}

impl Missing {
    /// The same for people.
    pub fn warnings(&self) -> Vec<Problem> {
        let entries: Vec<&str> = self.entries.iter().map(String::as_str).collect();
        let packages: Vec<&str> = self.packages.iter().map(|lost| lost.path.as_str()).collect();
        let what = [
            ("no entry of the index leads to", entries),
            ("the index has entries for archives that are not there:", packages),
        ];
        let some = what.into_iter().filter(|(_, paths)| !paths.is_empty());
        some.map(|(what, paths)| {
            Problem::warning(format!("{what} {}", list(&paths)))
                .hint("cargo xtask pages --only charts --repair")
        })
        .collect()
    }
}

/// The first names of a list, and how many more there are.
fn list(paths: &[&str]) -> String {
    let shown: Vec<String> = paths.iter().take(SHOWN).map(|path| name(path)).collect();
    let more = paths.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_archives_beside_the_index() {
        let base = "https://o.github.io/r/charts/";
        for (url, file) in [
            ("https://o.github.io/r/charts/a-1.0.0.tgz", Some("a-1.0.0.tgz")),
            ("https://o.github.io/r/charts/a-1.0.0%2Bb.tgz?x", Some("a-1.0.0+b.tgz")),
            ("a-1.0.0.tgz", Some("a-1.0.0.tgz")),
            ("./a-1.0.0.tgz", Some("a-1.0.0.tgz")),
            ("https://github.com/o/r/releases/a-1.0.0.tgz", None),
            ("../a.tgz", None),
            ("/a.tgz", None),
            ("javascript:a.tgz", None),
            ("sub/a.tgz", None),
            ("a%2fb.tgz", None),
            ("a%zz.tgz", None),
            ("a%é.tgz", None),
            ("", None),
        ] {
            assert_eq!(local(base, url).as_deref(), file, "{url}");
        }
    }
}
