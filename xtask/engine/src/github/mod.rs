//! What is left to do for a GitHub Release. The plan is made anew from what is there after every step, so that a run
//! that was cut off is finished by the same decisions that a first one makes.
//!
//! A release is a draft until all its assets are verified, since a published one may be immutable. What people wrote
//! into it stays.

mod asset;
pub mod io;
pub mod latest;
pub mod refusal;
pub mod release;
pub mod settings;
#[cfg(test)]
mod tests;
pub mod withdrawn;

use self::asset::State;
use self::release::{Asset, Release};
use crate::base::digest::Digest;
use crate::base::helm_repository::asset_name;
use crate::base::problem::{Problem, Problems, verdict};
use crate::base::tag::Family;
use crate::base::text::name;
use crate::chart::Archive;

#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub tag: String,
    /// Whether the run that publishes the release makes the tag, before anything else.
    pub makes_tag: bool,
    pub notes: &'a str,
    pub prerelease: bool,
    pub commit: &'a str,
    /// The tags that this one is compared with.
    pub family: Option<Family<'a>>,
    /// The chart whose releases are GitHub's latest, where the config names one.
    pub latest: Option<&'a str>,
    pub assets: Vec<File<'a>>,
}

/// A file that a release offers.
#[derive(Clone, Debug)]
pub struct File<'a> {
    /// The name that GitHub gives it.
    pub name: String,
    pub data: &'a [u8],
    pub digest: Digest,
}

impl<'a> File<'a> {
    pub fn new(name: &str, data: &'a [u8]) -> Self {
        Self { name: asset_name(name), data, digest: Digest::of(data) }
    }

    /// An archive, and its provenance file.
    pub fn of_archive(archive: &'a Archive) -> Vec<Self> {
        let (file, digest) = (archive.file_name(), archive.digest.clone());
        let provenance = archive.provenance.as_deref().map(|data| Self::new(&format!("{file}.prov"), data));
        std::iter::once(Self { name: asset_name(&file), data: &archive.bytes, digest })
            .chain(provenance)
            .collect()
    }
}

#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The commit that the tag names; `None` if GitHub has no such tag.
    pub tag_commit: Option<String>,
    /// The releases of this tag, drafts too.
    pub releases: Vec<Release>,
    /// The published releases of other tags.
    pub others: Vec<Other>,
    /// The numbers of assets that hold the chart of the wanted file in other bytes.
    pub same: Vec<u64>,
    /// Whether drafts were to be seen: only those who may write see them.
    pub with_drafts: bool,
}

/// A published release of another tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    pub tag: String,
    pub prerelease: bool,
}

#[derive(Debug)]
pub struct Plan {
    pub there: Option<There>,
    /// Whether a draft would have been seen.
    pub with_drafts: bool,
    /// In order. Only the first one is certain; what follows is planned again after it.
    pub actions: Vec<Action>,
    /// What is not as this release would have made it, and stays.
    pub warnings: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct There {
    pub url: String,
    /// Whether it is not published yet.
    pub draft: bool,
    pub assets: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Create {
        tag: String,
        prerelease: bool,
    },
    /// Delete an asset of which only a part arrived.
    Delete {
        id: u64,
        name: String,
    },
    Upload {
        name: String,
        /// In bytes.
        size: u64,
    },
    /// Delete another draft, which holds nothing that is not in this release.
    RemoveDraft {
        id: u64,
    },
    Publish {
        tag: String,
        prerelease: bool,
        /// Whether it is the newest for everybody.
        latest: bool,
    },
}

/// How an action is told: before, while and after it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tense {
    /// `upload`, after `would`.
    Would,
    /// `Uploading`.
    Now,
    /// `Uploaded`.
    Done,
}

/// The longest notes that GitHub takes (its answer to longer ones: "body is too long (maximum is 125000 characters)").
const MAX_NOTES: usize = 125_000;

impl Action {
    /// A verb and what it is done to, without the repository.
    pub fn describe(&self, tense: Tense) -> (&'static str, String) {
        let verb = |[would, now, done]: [&'static str; 3]| match tense {
            Tense::Would => would,
            Tense::Now => now,
            Tense::Done => done,
        };
        let kind = |prerelease: &bool| if *prerelease { "prerelease" } else { "release" };
        match self {
            Self::Create { tag, prerelease } => {
                (verb(["draft", "Drafting", "Drafted"]), format!("{} {tag}", kind(prerelease)))
            }
            Self::Delete { name, .. } => {
                (verb(["delete", "Deleting", "Deleted"]), format!("{name}, of which only a part is there"))
            }
            Self::Upload { name, size } => (
                verb(["upload", "Uploading", "Uploaded"]),
                format!("{name}  {}", crate::base::text::size(*size)),
            ),
            Self::RemoveDraft { id } => {
                (verb(["delete", "Deleting", "Deleted"]), format!("the other draft of the same tag, {id}"))
            }
            Self::Publish { tag, prerelease, latest } => (
                verb(["publish", "Publishing", "Published"]),
                format!("{} {tag}{}", kind(prerelease), if *latest { " as the latest" } else { "" }),
            ),
        }
    }

    /// Whether nothing but an asset of the release changes.
    pub fn is_of_asset(&self) -> bool {
        matches!(self, Self::Delete { .. } | Self::Upload { .. })
    }
}

impl Wanted<'_> {
    pub fn file(&self, name: &str) -> Option<&File<'_>> {
        self.assets.iter().find(|file| file.name == name)
    }

    /// What GitHub would not take, or not as it is.
    fn problems(&self) -> impl Iterator<Item = Problem> {
        let length = self.notes.chars().count();
        let notes = (length > MAX_NOTES).then(|| {
            let message = format!("the notes have {length} characters, and GitHub takes {MAX_NOTES}");
            Problem::error(message).hint("shorten the section in CHANGELOG.md")
        });
        self.assets.iter().filter_map(|file| asset::name_problem(&file.name)).chain(notes)
    }
}

impl Seen {
    /// The release that counts: the published one, else the oldest draft.
    pub fn current(&self) -> Option<&Release> {
        self.releases.iter().min_by_key(|release| (release.draft, release.id))
    }
}

/// A release without its tag would make GitHub put the tag somewhere.
pub fn check_tag(wanted: &Wanted<'_>, seen: &Seen) -> Result<(), Problem> {
    if wanted.makes_tag && seen.tag_commit.is_none() {
        return Ok(());
    }
    tag_at("GitHub", &wanted.tag, seen.tag_commit.as_deref(), wanted.commit)
}

/// Whether a tag is, at a remote, at the commit that a release was made from.
pub fn tag_at(remote: &str, tag: &str, there: Option<&str>, commit: &str) -> Result<(), Problem> {
    let shown = name(tag);
    let (message, hint) = match there {
        Some(there) if there == commit => return Ok(()),
        Some(there) => (
            format!(
                "tag {shown} on {remote} is at {}, and this release was made from {}",
                id(there),
                id(commit)
            ),
            format!("git fetch --tags --force && git checkout {tag} && cargo xtask release"),
        ),
        None => (format!("{remote} has no tag {shown}"), format!("git push origin {tag}")),
    };
    Err(Problem::error(message).hint(hint))
}

fn id(commit: &str) -> String {
    name(commit.get(..7).unwrap_or(commit))
}

/// Decides what is left to do. Every problem is reported at once.
pub fn plan(wanted: &Wanted<'_>, seen: &Seen) -> Result<Plan, Problems> {
    let mut problems: Vec<Problem> = wanted.problems().collect();
    let (tag, prerelease) = (wanted.tag.clone(), wanted.prerelease);
    let current = seen.current();
    let mut actions = Vec::new();
    if current.is_none() {
        actions.push(Action::Create { tag: tag.clone(), prerelease });
    }
    let mut assets = Vec::new();
    for file in wanted.assets.iter().filter(|file| !asset::is_of_other_bytes(file, current, &seen.same)) {
        match asset::state(file, current, &seen.same) {
            State::Right => assets.push(file.name.clone()),
            State::Same(problem) => {
                problems.push(problem);
                assets.push(file.name.clone());
            }
            State::Missing(half) => {
                actions.extend(
                    half.into_iter().map(|asset| Action::Delete { id: asset.id, name: asset.name.clone() }),
                );
                actions.push(Action::Upload { name: file.name.clone(), size: file.data.len() as u64 });
            }
            State::Foreign(problem) => problems.push(problem),
        }
    }
    problems.extend(current.and_then(|release| cannot_change(release, &actions)));
    for other in seen.releases.iter().filter(|other| Some(other.id) != current.map(|release| release.id)) {
        if is_superfluous(wanted, other) {
            actions.push(Action::RemoveDraft { id: other.id });
        } else {
            problems.push(kept(other));
        }
    }
    if current.is_none_or(|release| release.draft) {
        actions.push(Action::Publish { tag, prerelease, latest: latest::is_latest(wanted, &seen.others) });
    }
    problems.extend(current.and_then(|release| notes_differ(wanted, release)));
    let there = |release: &Release| There {
        url: release.html_url.clone(),
        draft: release.draft,
        assets: assets.clone(),
    };
    Ok(Plan {
        there: current.map(there),
        with_drafts: seen.with_drafts,
        actions,
        warnings: verdict(problems)?,
    })
}

/// What is left to do to an immutable release will never be done.
fn cannot_change(release: &Release, actions: &[Action]) -> Option<Problem> {
    let missing = actions.iter().filter_map(|action| match action {
        Action::Upload { name: file, .. } => Some(name(file)),
        _ => None,
    });
    let missing: Vec<String> = missing.collect();
    let is_final = !release.draft && release.immutable && !missing.is_empty();
    let message = format!(
        "release {} is published and immutable, and does not have {}",
        name(&release.tag_name),
        missing.join(", ")
    );
    is_final.then(|| Problem::error(message).hint("nobody can add to it any more: release another version"))
}

/// Whether nothing is lost with another draft: its assets are ours, and so are its words.
fn is_superfluous(wanted: &Wanted<'_>, other: &Release) -> bool {
    let is_ours = |asset: &Asset| {
        let file = wanted.file(&asset.name);
        file.is_some_and(|file| !asset.is_whole() || asset.digest.as_ref() == Some(&file.digest))
    };
    let is_our_name = other.name.as_deref().is_none_or(|text| text.is_empty() || text == wanted.tag);
    other.draft && is_our_name && is_our_notes(wanted, other) && other.assets.iter().all(is_ours)
}

fn kept(other: &Release) -> Problem {
    let draft = if other.draft { "another draft" } else { "another release" };
    let message = format!("there is {draft} of {}, which is kept: {}", name(&other.tag_name), other.html_url);
    Problem::warning(message).hint("delete it there if nobody needs it")
}

/// Editors of web pages write CR LF.
fn is_our_notes(wanted: &Wanted<'_>, release: &Release) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    let body = plain(release.body.as_deref().unwrap_or_default());
    body.is_empty() || body == plain(wanted.notes)
}

/// Notes that somebody wrote into a draft are better than ours. Those of a published release are nobody's business.
fn notes_differ(wanted: &Wanted<'_>, release: &Release) -> Option<Problem> {
    let message = format!("the draft of {} has notes of its own, which are kept", name(&wanted.tag));
    let hint = format!("edit them at {}", release.html_url);
    (release.draft && !is_our_notes(wanted, release)).then(|| Problem::warning(message).hint(hint))
}
