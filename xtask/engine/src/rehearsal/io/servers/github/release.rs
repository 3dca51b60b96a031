//! Releases: how they change, and where they lie. Each has a directory with its notes, its assets and what else is known
//! of it, so that one can look at it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answers::{Refusal, said, unprocessable};
use crate::base::{time, url};
use crate::sys::environment;

/// A release, as the API names its fields.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "docs.github.com/rest/releases/releases")]
pub struct Release {
    pub id: u64,
    pub tag_name: String,
    pub target_commitish: String,
    pub name: Option<String>,
    #[serde(skip)]
    pub body: Option<String>,
    pub draft: bool,
    pub prerelease: bool,
    pub immutable: bool,
    pub created_at: String,
    pub published_at: Option<String>,
    pub assets: Vec<Asset>,
}

#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "docs.github.com/rest/releases/assets")]
pub struct Asset {
    pub id: u64,
    pub name: String,
    pub label: Option<String>,
    pub content_type: String,
    pub size: usize,
    pub digest: String,
}

/// What a request wants a release to be; what is absent stays as it is.
#[derive(Debug, Default, Deserialize)]
#[allow(missing_docs, reason = "docs.github.com/rest/releases/releases")]
pub struct Wanted {
    pub tag_name: Option<String>,
    pub target_commitish: Option<String>,
    pub name: Option<String>,
    pub body: Option<String>,
    pub draft: Option<bool>,
    pub prerelease: Option<bool>,
    pub make_latest: Option<Latest>,
}

/// Whether a release becomes the latest one. `Legacy` lets time and version decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "docs.github.com/rest/releases/releases")]
pub enum Latest {
    True,
    False,
    Legacy,
}

impl Wanted {
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let value: Value =
            serde_json::from_slice(body).map_err(|_| Refusal(400, said(400, "Problems parsing JSON")))?;
        serde_json::from_value(value)
            .map_err(|error| Refusal(422, said(422, &format!("Invalid request. {error}"))))
    }
}

impl Release {
    /// Changes it, and makes it immutable if it is published; whether it becomes the latest one comes back, if anything
    /// says so.
    pub fn apply(&mut self, wanted: Wanted, immutable: bool) -> Option<bool> {
        let was_draft = self.published_at.is_none();
        self.tag_name = wanted.tag_name.unwrap_or_else(|| self.tag_name.clone());
        self.target_commitish = wanted.target_commitish.unwrap_or_else(|| self.target_commitish.clone());
        self.name = wanted.name.or(self.name.take());
        self.body = wanted.body.or(self.body.take());
        self.draft = wanted.draft.unwrap_or(self.draft);
        self.prerelease = wanted.prerelease.unwrap_or(self.prerelease);
        if self.draft {
            return None;
        }
        if was_draft {
            self.published_at = Some(now());
            self.immutable = immutable;
        }
        let latest = wanted.make_latest.map(|latest| latest != Latest::False).or(was_draft.then_some(true));
        latest.filter(|is_latest| !(*is_latest && self.prerelease))
    }

    pub fn check_mutable(&self, why: &str) -> Result<(), Refusal> {
        if self.immutable { Err(Refusal(422, said(422, why))) } else { Ok(()) }
    }
}

pub struct Store {
    root: PathBuf,
    /// In the order in which they were made.
    pub releases: Vec<Release>,
    latest: Option<u64>,
    ids: u64,
    /// Tags of immutable releases that were removed, which no other gets.
    used: BTreeSet<String>,
}

impl Store {
    /// None, to lie below a directory.
    pub fn new(root: PathBuf) -> Self {
        Self { root, releases: Vec::new(), latest: None, ids: 0, used: BTreeSet::new() }
    }

    pub fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// A release without anything, of a commit.
    pub fn new_release(&mut self, commit: &str) -> Release {
        Release {
            id: self.next_id(),
            tag_name: String::new(),
            target_commitish: commit.to_owned(),
            name: None,
            body: None,
            draft: false,
            prerelease: false,
            immutable: false,
            created_at: now(),
            published_at: None,
            assets: Vec::new(),
        }
    }

    pub fn find(&self, id: &str) -> Option<&Release> {
        self.releases.iter().find(|release| release.id.to_string() == id)
    }

    pub fn published(&self, tag: &str) -> Option<&Release> {
        self.releases.iter().find(|release| !release.draft && release.tag_name == tag)
    }

    /// The release that is marked as the latest one, else the newest that is for everybody.
    pub fn latest(&self) -> Option<&Release> {
        let mut all = self.releases.iter().rev().filter(|release| !release.draft && !release.prerelease);
        let marked = all.clone().find(|release| Some(release.id) == self.latest);
        marked.or_else(|| all.next())
    }

    pub fn asset(&self, id: &str) -> Option<(&Release, &Asset)> {
        let all =
            self.releases.iter().flat_map(|release| release.assets.iter().map(move |asset| (release, asset)));
        all.into_iter().find(|(_, asset)| asset.id.to_string() == id)
    }

    /// Whether a release may become what is wanted: of each tag one is published, and that one stays what it is.
    pub fn check(&self, wanted: &Wanted, release: Option<&Release>) -> Result<(), Refusal> {
        let tag = wanted
            .tag_name
            .as_deref()
            .or(release.map(|release| release.tag_name.as_str()))
            .unwrap_or_default();
        if tag.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(unprocessable("Release", "invalid", "tag_name"));
        }
        let draft = wanted.draft.unwrap_or(release.is_some_and(|release| release.draft));
        let other = self.published(tag).filter(|other| release.is_none_or(|release| release.id != other.id));
        if !draft && other.is_some() {
            return Err(unprocessable("Release", "already_exists", "tag_name"));
        }
        if !draft && self.used.contains(tag) {
            return Err(unprocessable("Release", "custom", "tag_name"));
        }
        let prerelease = wanted.prerelease.unwrap_or(release.is_some_and(|release| release.prerelease));
        if wanted.make_latest == Some(Latest::True) && (draft || prerelease) {
            return Err(unprocessable("Release", "custom", "make_latest"));
        }
        match release {
            Some(release) if draft || tag != release.tag_name => {
                release.check_mutable("Cannot change the tag of an immutable release.")
            }
            _ => Ok(()),
        }
    }

    /// Takes a release, in place of an older one of its id; `makes_latest` says whether it is the latest one from now on.
    pub fn keep(&mut self, release: Release, makes_latest: Option<bool>) -> io::Result<u64> {
        let (id, directory) = (release.id, self.directory(&release));
        let old = self.find(&id.to_string()).map(|old| self.directory(old));
        if let Some(old) = old.filter(|old| *old != directory) {
            fs::rename(old, &directory)?;
        }
        match makes_latest {
            Some(true) => self.latest = Some(id),
            Some(false) if self.latest == Some(id) => self.latest = None,
            _ => {}
        }
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("release.json"), format!("{:#}\n", json!(release)))?;
        fs::write(directory.join("notes.md"), release.body.as_deref().unwrap_or_default())?;
        match self.releases.iter_mut().find(|old| old.id == id) {
            Some(old) => *old = release,
            None => self.releases.push(release),
        }
        Ok(id)
    }

    pub fn remove(&mut self, id: u64) -> io::Result<()> {
        let directories =
            self.releases.iter().filter(|release| release.id == id).map(|one| self.directory(one));
        directories.into_iter().try_for_each(fs::remove_dir_all)?;
        let removed = self.releases.extract_if(.., |release| release.id == id);
        self.used.extend(removed.filter(|release| release.immutable).map(|release| release.tag_name));
        Ok(())
    }

    pub fn write(&self, release: &Release, name: &str, data: &[u8]) -> io::Result<()> {
        let directory = self.directory(release).join("assets");
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(name), data)
    }

    pub fn read(&self, release: &Release, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.directory(release).join("assets").join(name))
    }

    pub fn unlink(&self, release: &Release, name: &str) -> io::Result<()> {
        fs::remove_file(self.directory(release).join("assets").join(name))
    }

    /// By tag, and by id too, since several drafts may have one tag.
    fn directory(&self, release: &Release) -> PathBuf {
        self.root.join(format!("{}-{}", url::escape_component(&release.tag_name), release.id))
    }
}

/// The name that GitHub gives an asset: what is unusual becomes a dot, and none is at an end (docs.github.com, "Upload a
/// release asset").
pub fn asset_name(name: &str) -> String {
    let is_usual = |c: char| c.is_ascii_alphanumeric() || "-_.@~".contains(c);
    let plain: String = name.chars().map(|c| if is_usual(c) { c } else { '.' }).collect();
    plain.trim_matches('.').to_owned()
}

fn now() -> String {
    time::utc(environment::clock())
}
