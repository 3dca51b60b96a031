//! Every version against every place that has it: tags, the Helm repository and its archives, the registry, GitHub Releases,
//! and the site that is served. Each place is listed once. What a place did not tell is not checked, and never missing.

pub mod command;
mod finding;
mod gaps;
pub mod io;
mod judge;
mod releases;
mod report;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::digest::Digest;
use crate::base::tag::ChartVersion;
use crate::git::remote_refs::RemoteTag;
use crate::github::release::Release;
use crate::github::settings::Build;

/// What the places told.
#[derive(Debug, Default)]
pub struct Observed {
    /// The charts of the commit that is checked out.
    pub charts: Vec<ChartVersion>,
    /// All tags of the remote; `None` where it did not tell.
    pub tags: Option<Vec<RemoteTag>>,
    /// `None` where the remote did not tell.
    pub branch: Option<Branch>,
    /// The tags in the registry by chart, of those charts that it told of.
    pub registry: BTreeMap<String, Vec<String>>,
    /// All releases that were to be seen; `None` where GitHub did not tell.
    pub releases: Option<Vec<Release>>,
    /// The tag of the release that GitHub shows as the latest; `None` where it shows none, or did not tell.
    pub latest: Option<String>,
    /// The newest build of GitHub Pages.
    pub build: Option<Build>,
    /// `None` where nobody looked, or the site did not answer.
    pub served: Option<Served>,
    /// The digests of archives that were read, by chart.
    pub contents: BTreeMap<String, Vec<Content>>,
    pub unseen: Vec<Unseen>,
    /// Seconds since 1970.
    pub now: u64,
}

/// The branch of GitHub Pages, as far as the Helm repository is concerned.
#[derive(Debug, Default)]
pub struct Branch {
    /// The paths of its files.
    pub files: BTreeSet<String>,
    /// When its newest commit was made, in seconds since 1970.
    pub time: u64,
    pub index: Listing,
    /// What the index of yanked versions lists.
    pub yanked: Vec<Entry>,
    /// What the index at the former place of the Helm repository lists.
    pub old: Vec<Entry>,
}

/// What became of the index.
#[derive(Debug, Default)]
pub enum Listing {
    /// The branch has none, and never had one.
    #[default]
    None,
    /// The commit that removed it.
    Gone(String),
    /// Why Helm's clients refuse it.
    Unreadable(String),
    /// What it lists.
    Read(Vec<Entry>),
}

/// An entry of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub chart: String,
    pub version: String,
    pub digest: Option<Digest>,
    /// Its first URL; empty where it has none.
    pub url: String,
    /// The line that it begins on.
    pub line: usize,
}

/// The index that users get.
#[derive(Debug)]
pub enum Served {
    /// The site has no such file.
    Missing,
    Index(Vec<Entry>),
}

/// The digest of an archive that was read.
#[derive(Clone, Debug)]
pub struct Content {
    pub chart: String,
    pub version: String,
    pub place: &'static str,
    pub digest: Digest,
}

/// What was not checked, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    pub what: &'static str,
    pub why: String,
}

impl Branch {
    /// Whether it is known what the index lists.
    pub fn is_read(&self) -> bool {
        matches!(self.index, Listing::None | Listing::Read(_))
    }

    /// The entries of the index.
    pub fn entries(&self) -> &[Entry] {
        match &self.index {
            Listing::Read(entries) => entries,
            _ => &[],
        }
    }
}

impl Observed {
    /// The names of all charts: those of the commit, and those that the Helm repository has or had.
    pub fn names(&self) -> BTreeSet<&str> {
        let branch = self.branch.iter();
        let listed =
            branch.flat_map(|branch| branch.entries().iter().chain(&branch.yanked).chain(&branch.old));
        let here = self.charts.iter().map(|chart| chart.name.as_str());
        here.chain(listed.map(|entry| entry.chart.as_str())).collect()
    }

    /// The same as charts: one that is gone from the commit has no version.
    pub fn all_charts(&self) -> Vec<ChartVersion> {
        let known = |name: &&str| self.charts.iter().any(|chart| chart.name == **name);
        let gone = self.names().into_iter().filter(|name| !known(name));
        let gone = gone.map(|name| ChartVersion { name: name.to_owned(), ..ChartVersion::default() });
        self.charts.iter().cloned().chain(gone).collect()
    }
}
