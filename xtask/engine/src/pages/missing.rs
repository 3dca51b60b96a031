//! Whether the index and the archives beside it agree. A writer that works from an old copy of the branch drops entries
//! and leaves their archives, or the other way round; both show in the names alone.

use std::collections::BTreeMap;

use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::path::scheme;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::url;
use crate::index::Version;

/// What is there without what belongs to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Archives that no entry leads to, by path on the branch.
    pub entries: Vec<String>,
    /// Archives that an entry leads to and that are not there.
    pub packages: Vec<Lost>,
    /// Archives whose entry, as their name tells, has another address, such as that of the site before it got a domain.
    pub elsewhere: Vec<Elsewhere>,
}

/// An archive that is on the branch, and the address that its entry has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    pub path: String,
    pub url: String,
}

/// An archive that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    pub path: String,
    pub digest: Option<Digest>,
}

const SHOWN: usize = 5;

/// Compares the versions of the index, yanked ones among them, with the files of the branch. Entries that lead elsewhere, or
/// into directories, are not looked at.
pub fn missing<'p, 'v, 't: 'v>(
    config: &Config,
    versions: impl Iterator<Item = &'v Version<'t>>,
    files: impl Iterator<Item = &'p str>,
) -> Missing {
    let beside = files.filter_map(|path| config.beside_index(path));
    let mut archives: Vec<&str> = beside.filter(|file| file.ends_with(".tgz")).collect();
    archives.sort_unstable();
    archives.dedup();
    let mut linked = vec![false; archives.len()];
    let base = config.helm_repository() + "/";
    let mut packages: Vec<Lost> = Vec::new();
    let mut others: BTreeMap<String, String> = BTreeMap::new();
    for version in versions {
        let Some(url) = version.urls.first() else { continue };
        let find = |file: &str| archives.binary_search(&file).ok();
        // Nearly every entry is one of ours, and has a plain name.
        let plain = url.strip_prefix(&base).and_then(find);
        let place = match plain.map_or_else(|| local(&base, url), |_| None) {
            None => {
                others.extend(other(url).filter(|_| plain.is_none()).map(|file| (file, url.to_string())));
                plain
            }
            Some(file) => find(&file).or_else(|| {
                let path = config.helm_file(&file);
                packages.push(Lost { path, digest: Digest::parse(&version.digest) });
                None
            }),
        };
        if let Some(linked) = place.and_then(|place| linked.get_mut(place)) {
            *linked = true;
        }
    }
    packages.sort_by(|a, b| a.path.cmp(&b.path));
    packages.dedup_by(|a, b| a.path == b.path);
    let mut missing = Missing { packages, ..Missing::default() };
    for (file, _) in archives.iter().zip(linked).filter(|(_, linked)| !linked) {
        let path = config.helm_file(file);
        match others.remove(*file) {
            Some(url) => missing.elsewhere.push(Elsewhere { path, url }),
            None => missing.entries.push(path),
        }
    }
    missing
}

/// The file that a URL of another address names.
fn other(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    url::unescape(path.rsplit('/').next()?).ok()
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
    let decoded = url::unescape(path).ok()?;
    Some(decoded).filter(|file| !file.is_empty() && !file.contains('/'))
}

impl Missing {
    /// The same for people. `is_repair`: what is left after everything was restored that can be.
    pub fn warnings(&self, config: &Config, is_repair: bool) -> Vec<Problem> {
        // Why one could not be restored has been said of each.
        let entries = self.entries.iter().map(String::as_str).filter(|_| !is_repair).collect();
        let packages: Vec<&str> = self.packages.iter().map(|lost| lost.path.as_str()).collect();
        let what = [
            ("no entry of the index leads to", entries),
            ("the index has entries for archives that are not there:", packages),
        ];
        let hint = if is_repair {
            "the history of the branch does not help: release that version again from its tag"
        } else {
            "cargo xtask pages --only charts --repair"
        };
        let some = what.into_iter().filter(|(_, paths)| !paths.is_empty());
        some.map(|(what, paths)| Problem::warning(format!("{what} {}", list(&paths))).hint(hint))
            .chain(self.readdress(config))
            .collect()
    }

    /// Users get what the entries lead to, so that nothing has to be done.
    fn readdress(&self, config: &Config) -> Option<Problem> {
        let Elsewhere { url, .. } = self.elsewhere.first()?;
        let message = format!(
            "the index has another address than the config for archives on the branch, for {} of them, such as {}",
            self.elsewhere.len(),
            name(url)
        );
        let hint = format!(
            "leave them where users find them; or lead them to {}: cargo xtask pages --only charts --repair --readdress",
            config.helm_repository()
        );
        Some(Problem::warning(message).hint(hint))
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
