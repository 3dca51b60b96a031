//! The Helm repository of a version: its index on the branch and as it is served, the archive that the index leads to, and
//! the provenance file beside that.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Network;
use crate::base::config::Config;
use crate::base::text::{name, size};
use crate::dependency::listed::file_url;
use crate::git::Tip;
use crate::git::io::branch::{Branch, Refusal};
use crate::git::io::remote::Remote;
use crate::index::Level;
use crate::pages::io::published_archive::download;
use crate::pages::path_of;
use crate::sys::terminal;
use crate::verify::evidence::Evidence;

/// The index, and the one beside it that has the versions which were yanked.
const INDEXES: [&str; 2] = ["index.yaml", "yanked/index.yaml"];

/// A file; `None` where there is none. The error says why nobody knows.
type Found = Result<Option<Vec<u8>>, String>;

/// The branch and the site of a config. Each is looked at once, whatever versions there are.
pub struct Site<'a> {
    config: &'a Config,
    branch: Branch,
    tip: Option<Result<Tip, String>>,
    /// What is served, by URL.
    served: BTreeMap<String, Found>,
}

impl<'a> Site<'a> {
    pub fn new(config: &'a Config, remote: &Remote, network: &Network) -> Result<Self> {
        let branch = Branch::new(remote, &config.branch, network.limit)?;
        Ok(Self { config, branch, tip: None, served: BTreeMap::new() })
    }

    pub fn look(&mut self, network: &Network, evidence: &mut Evidence) -> Result<()> {
        if self.tip.is_none() {
            self.tip = Some(if let Err(why) = network.http() {
                Err(why)
            } else {
                terminal::progress("Looking", &format!("at {}", self.branch.shown()));
                self.branch.look()?.map(Option::unwrap_or_default).map_err(|Refusal(words)| words)
            });
        }
        self.on_branch(network, evidence);
        let (url, served) = (self.config.helm_repository(), &mut self.served);
        let get = |file: &str| {
            let url = format!("{url}/{file}");
            served.entry(url.clone()).or_insert_with(|| get(network, &url)).clone()
        };
        let hint = "GitHub Pages takes some minutes to serve what was published: run it again, or look at Settings -> Pages";
        find(evidence, hint, |file| format!("{url}/{file}"), get);
        Ok(())
    }

    fn on_branch(&mut self, network: &Network, evidence: &mut Evidence) {
        let Self { config, branch, tip, .. } = self;
        let on = |path: &str| format!("{path} on {}", config.branch);
        let mut read = |path: &str| match tip {
            Some(Err(why)) => Err(why.clone()),
            Some(Ok(tip)) => {
                let read = tip.files.get(path).map(|object| branch.read(object)).transpose();
                read.map_err(|error| format!("{error:#}"))
            }
            None => Ok(None),
        };
        let hint = release(evidence, "pages");
        let index = |file: &str| config.helm_file(file);
        let found = find(evidence, &hint, |file| on(&index(file)), |file| read(&index(file)));
        let Some((file, url)) = found else { return };
        let url = if file == INDEXES[1] { Level::Up.of(&url) } else { url };
        match path_of(config, &url) {
            Some(path) => {
                let hint = "cargo xtask pages --repair shows what the history of the branch has of it";
                archive(evidence, hint, &path, on, &mut read);
            }
            // They lie in GitHub Releases, or elsewhere.
            None => fetch(network, &file_url(&config.helm_repository(), &url), evidence),
        }
    }
}

/// Looks for the version in both indexes. The one that lists it comes back, with the URL that it has.
fn find(
    evidence: &mut Evidence,
    hint: &str,
    place: impl Fn(&str) -> String,
    mut get: impl FnMut(&str) -> Found,
) -> Option<(&'static str, String)> {
    let before = evidence.seen.len();
    for file in INDEXES {
        let is_yanked = file != INDEXES[0];
        let url = match get(file) {
            Err(why) => {
                evidence.unseen(&place(file), why);
                None
            }
            Ok(Some(text)) => evidence.index(&place(file), &text, is_yanked),
            Ok(None) => None,
        };
        if evidence.seen.len() > before {
            return url.map(|url| (file, url));
        }
    }
    let message = format!("it does not list {}, or is not there", name(&evidence.wanted.title()));
    evidence.wrong(&place(INDEXES[0]), &message, hint);
    None
}

/// An archive, and its provenance file.
fn archive(
    evidence: &mut Evidence,
    hint: &str,
    path: &str,
    place: impl Fn(&str) -> String,
    mut get: impl FnMut(&str) -> Found,
) {
    match get(path) {
        Err(why) => evidence.unseen(&place(path), why),
        Ok(None) => evidence.wrong(&place(path), "it is not there, and the index leads to it", hint),
        Ok(Some(bytes)) => {
            let length = size(bytes.len() as u64);
            evidence.archive(&place(path), bytes, &length);
        }
    }
    // Helm asks for it by the path of the URL, before a query.
    let end = path.find('?').unwrap_or(path.len());
    let (file, query) = path.split_at_checked(end).unwrap_or((path, ""));
    let beside = format!("{file}.prov{query}");
    match get(&beside) {
        Err(why) => evidence.unseen(&place(&beside), why),
        Ok(found) => evidence.provenance(&place(&beside), found),
    }
}

/// The command that publishes a version to a target where it is not.
pub fn release(evidence: &Evidence, target: &str) -> String {
    match evidence.wanted.tags.first() {
        Some(tag) => format!("cargo xtask release --tag {tag} --publish={target}"),
        None => "are the URL, the name and the version right?".to_owned(),
    }
}

/// A version of a Helm repository of anybody.
pub fn classic(repository: &str, network: &Network, evidence: &mut Evidence) {
    let index = |file: &str| file_url(repository, file);
    let hint = release(evidence, "");
    if let Some((file, url)) = find(evidence, &hint, index, |file| get(network, &index(file))) {
        // The second index is a repository of its own.
        let base = file_url(repository, file.trim_end_matches(INDEXES[0]));
        fetch(network, &file_url(&base, &url), evidence);
    }
}

fn fetch(network: &Network, url: &str, evidence: &mut Evidence) {
    let hint = "whoever publishes it has to put it back, or to yank the version";
    archive(evidence, hint, url, str::to_owned, |url| get(network, url));
}

fn get(network: &Network, url: &str) -> Found {
    let http = network.http()?;
    terminal::progress("Looking", &format!("at {url}"));
    download(http, url)
}
