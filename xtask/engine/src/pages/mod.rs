//! What publishing does to the branch that GitHub Pages is built from.
//!
//! The Helm repository gets entries and archives, and none is taken away. The files of the documentation are recorded, and a
//! new one replaces them, stale pages included. All else belongs to others and stays as it is.

mod charts;
pub mod command;
mod documentation;
pub mod embedded;
mod front;
pub mod io;
mod limits;
mod message;
mod missing;
mod owners;
pub mod page;
pub mod published;
mod record;
mod shown;
#[cfg(test)]
mod tests;
pub mod yanked;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use self::charts::Files;
use self::documentation::Documentation;
use self::front::Front;
use self::yanked::Yank;
use crate::base::config::Config;
use crate::base::problem::{Problem, Problems, verdict};
use crate::base::text::name;
use crate::chart::Archive;
use crate::docs::File;
use crate::git::Tip;
use crate::git::object::{Content, Object};
use crate::index::{Index, NewVersion};

pub use self::charts::Entries;
pub use self::documentation::{MOST_ENTRIES, fold};
pub use self::missing::{Elsewhere, Lost, Missing, missing};
pub use self::record::RECORD;

/// Keeps GitHub Pages from running Jekyll over the site, which would drop files that begin with `_`
/// (docs.github.com, "About GitHub Pages and Jekyll").
pub const NO_JEKYLL: &str = ".nojekyll";
/// The domain that GitHub Pages serves the branch at (docs.github.com, "Managing a custom domain").
const DOMAIN: &str = "CNAME";
/// What every index of a Helm repository is called.
const INDEX_NAME: &str = "index.yaml";
/// Root entries that no documentation removes or changes, besides those of the config and of the Helm repository.
const RESERVED: [&str; 3] = [DOMAIN, NO_JEKYLL, RECORD];

/// What is to be published.
#[derive(Clone, Debug)]
pub struct Change<'r> {
    /// The commit that it comes from, for the message.
    pub source: String,
    /// Seconds since 1970: when the commit of the branch is made.
    pub time: u64,
    /// The whole documentation site; `None` leaves the published one as it is.
    pub docs: Option<Vec<File>>,
    /// Patterns of files of the branch that the documentation claims.
    pub adopt: Vec<String>,
    /// What the Helm repository gets; `None` leaves the published one as it is.
    pub charts: Option<Charts<'r>>,
}

#[derive(Clone, Debug, Default)]
pub struct Charts<'r> {
    pub archives: Cow<'r, [Archive]>,
    /// Whether the OCI registry has the archives, so that users can be told.
    pub is_pushed: bool,
    /// The URLs of archives that do not lie on the branch, by file name.
    pub urls: BTreeMap<String, String>,
    /// Why their URLs are only those that are expected: nothing may lead there yet.
    pub missing: Option<Problem>,
    /// Files beside the index, such as `artifacthub-repo.yml`, by their name there.
    pub others: Vec<File>,
    /// Names and versions whose published archive may be replaced.
    pub replace: Vec<(String, String)>,
    /// When the entries are created: the time of the commit that is released. Without a release nothing is.
    pub created: Option<u64>,
    /// Versions to yank or to bring back, in place of a release.
    pub yank: Option<Yank>,
}

/// What was read of the branch.
#[derive(Debug, Default)]
pub struct Contents {
    /// The content of the index where the branch has it; no branch and no index are the only reasons for there to be none.
    pub index: Option<Vec<u8>>,
    /// The content of the index at the old place of the Helm repository, likewise.
    pub old_index: Option<Vec<u8>>,
    /// The contents of the indexes of yanked versions beside these, likewise.
    pub yanked: Option<Vec<u8>>,
    pub old_yanked: Option<Vec<u8>>,
    /// The first page of the site and that of the charts, whoever made them, by path.
    pub pages: BTreeMap<String, Vec<u8>>,
    /// The content of [`RECORD`], likewise.
    pub record: Option<Vec<u8>>,
    /// What is said of a Helm repository at another place.
    pub elsewhere: Option<Problem>,
    /// Other indexes of Helm repositories that lie where the documentation has a file.
    pub indexes: BTreeSet<String>,
}

/// What was found again of what somebody destroyed.
#[derive(Debug, Default)]
pub struct Restored {
    /// The index that the branch had, where it has none now.
    pub index: Option<Vec<u8>>,
    /// Likewise the one at the old place of the Helm repository.
    pub old_index: Option<Vec<u8>>,
    pub entries: Vec<NewVersion>,
    /// Lost files of the Helm repository by their path, with the ids of their contents.
    pub files: Vec<(String, String)>,
    pub is_asked: bool,
    /// How many entries of `index` have the address of the config, and had another one.
    pub readdressed: usize,
    pub problems: Vec<Problem>,
}

/// One commit, decided.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The commit that it follows; `None` begins the branch.
    pub base: Option<String>,
    /// Every file whose content is known here, by path.
    pub files: Vec<Planned<'a>>,
    /// How many files of the branch stay whose content is not known here.
    pub others: usize,
    pub removed: Vec<Vec<u8>>,
    /// Files of others whose place a page takes.
    pub replaced: Vec<String>,
    /// Files of others that stay beside the documentation.
    pub foreign: Vec<String>,
    pub entries: Option<Entries>,
    /// What does not stop the publishing.
    pub warnings: Vec<Problem>,
    pub message: String,
}

/// A file of the branch after the commit.
#[derive(Debug)]
pub struct Planned<'a> {
    pub path: String,
    pub owner: Owner,
    pub content: Held<'a>,
    pub state: State,
}

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Documentation,
    HelmRepository,
    /// That of the site as a whole.
    Site,
}

/// The content of a file.
#[derive(Debug)]
pub enum Held<'a> {
    Data(Cow<'a, [u8]>),
    Id(String),
}

/// How a file compares with the branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The branch has no such file.
    Added,
    Changed,
    Same,
}

impl Plan<'_> {
    /// Whether the branch is already as it should be.
    pub fn is_done(&self) -> bool {
        self.removed.is_empty() && self.files.iter().all(|file| file.state == State::Same)
    }

    /// The plan, if users get anything by it that they could not install before; else there is nothing to do. An old
    /// release that is published once more must not put its own page, or other files of its time, over newer ones.
    #[must_use]
    pub fn only_for_new_archives(mut self) -> Self {
        if !self.has_new_archives() {
            self.files.clear();
        }
        self
    }

    fn has_new_archives(&self) -> bool {
        let entries = self.entries.as_ref();
        let is_changed =
            |one: &Entries| !(one.added.is_empty() && one.replaced.is_empty() && one.added_to_old.is_empty());
        let in_index = entries.is_some_and(is_changed);
        let is_archive = |file: &&Planned<'_>| file.path.ends_with(".tgz") || file.path.ends_with(".prov");
        in_index || self.files.iter().filter(is_archive).any(|file| file.state != State::Same)
    }

    pub fn written(&self) -> Vec<(&str, Content<'_>)> {
        let changed = self.files.iter().filter(|file| file.state != State::Same);
        changed.map(|file| (file.path.as_str(), file.content.borrowed())).collect()
    }

    /// The paths of documentation pages and assets in this state.
    pub fn pages(&self, state: State) -> impl Iterator<Item = &str> {
        let is_page = move |file: &&Planned<'_>| file.state == state && file.owner == Owner::Documentation;
        self.files.iter().filter(is_page).map(|file| file.path.as_str())
    }
}

impl Held<'_> {
    fn borrowed(&self) -> Content<'_> {
        match self {
            Self::Data(data) => Content::Data(data),
            Self::Id(id) => Content::Id(id),
        }
    }
}

/// Where the branch has the archive that a URL of its index leads to; `None` if that is elsewhere.
pub fn path_of(config: &Config, url: &str) -> Option<String> {
    missing::beside(config, url).map(|file| config.helm_file(&file))
}

fn root(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

pub fn plan<'a>(
    config: &Config,
    tip: Option<&Tip>,
    contents: &Contents,
    change: &'a Change<'_>,
    restored: &Restored,
) -> Result<Plan<'a>, Problems> {
    let none = BTreeMap::new();
    let there = tip.map_or(&none, |tip| &tip.files);
    let mut problems = Vec::new();
    let front = Front { config, there, contents, docs: change.docs.as_deref() };
    let mut files = Files::new();
    if !front.is_of_jekyll() {
        files.insert(config.site_file(NO_JEKYLL), (Owner::Site, Held::Data(Cow::Borrowed(b"".as_slice()))));
    }
    let Documentation { removed, replaced, foreign, record } = match &change.docs {
        Some(docs) => {
            let scene = documentation::Scene { config, tip, contents, docs, adopt: &change.adopt };
            let decided = scene.decide().take(&mut problems);
            let held = |file: &'a File| (Owner::Documentation, Held::Data(Cow::Borrowed(&*file.data)));
            files.extend(docs.iter().map(|file| (file.path.clone(), held(file))));
            decided
        }
        None => Documentation::default(),
    };
    let record = record.map(|record| (Owner::Site, Held::Data(Cow::Owned(record.text()))));
    files.extend(record.map(|record| (RECORD.to_owned(), record)));
    let entries = change.charts.as_ref().and_then(|charts| {
        let old = restored.index.as_deref().or(contents.index.as_deref());
        let merge = charts::Merge {
            config,
            there,
            old,
            contents,
            front: &front,
            charts,
            restored,
            time: charts.created.unwrap_or(change.time),
        };
        merge.run(&mut files).take(&mut problems)
    });
    problems.extend(front.ends_jekyll());
    if let Some((path, page)) = front.moved() {
        files.entry(path).or_insert(page);
    }
    if change.charts.is_some() {
        problems.extend(contents.elsewhere.clone());
        files.extend(front.page().filter(|_| files.contains_key(&config.index())));
    }
    let files: Vec<Planned<'a>> =
        files.into_iter().map(|(path, (owner, content))| compare(there, path, owner, content)).collect();
    problems.extend(documentation::in_the_way(tip, &removed, &files));
    let added = files.iter().filter(|file| file.state == State::Added).count();
    let others = (there.len() + added).saturating_sub(removed.len() + files.len());
    problems.extend(limits::too_large(others, &files));
    let base = tip.map(|tip| tip.commit.clone());
    let warnings = verdict(problems)?;
    let message = String::new();
    let mut plan = Plan { base, files, others, removed, replaced, foreign, entries, warnings, message };
    plan.message = message::of(&plan, change);
    Ok(plan)
}

/// Says so where the branch holds a Helm repository at another place than the config has it, with versions that this index
/// lacks: its users see nothing new.
pub fn elsewhere(
    config: &Config,
    there: &BTreeMap<String, Object>,
    mut read: impl FnMut(&Object) -> Option<Vec<u8>>,
    own: &[u8],
) -> Option<Problem> {
    let is_other = |path: &str| {
        let directory = path.strip_suffix(INDEX_NAME)?;
        let is_near = directory.is_empty() || directory.ends_with('/') && directory.matches('/').count() == 1;
        let old = config.before_move().map(|old| [old.index(), old.yanked_index()]);
        let mut known = [config.index(), config.yanked_index()].into_iter().chain(old.into_iter().flatten());
        let is_known = known.any(|known| known == path);
        (is_near && !is_known).then(|| directory.trim_end_matches('/').to_owned())
    };
    let ids = |text: &[u8]| -> BTreeSet<(String, String)> {
        let index = Index::read(text, "").value;
        let versions = index.iter().flat_map(Index::versions);
        versions.map(|one| (one.name.to_string(), one.version.to_string())).collect()
    };
    let others = there.iter().filter_map(|(path, object)| Some((path, object, is_other(path)?)));
    let (theirs, directory) = others.into_iter().find_map(|(path, object, directory)| {
        let is_behind = !ids(&read(object)?).is_subset(&ids(own));
        is_behind.then_some((path, directory))
    })?;
    let message = format!(
        "the branch has {}, and the config has the Helm repository at {}: whoever has added the former sees nothing of what is published now",
        name(theirs),
        name(&config.index())
    );
    let hint = format!(
        "write `.helm_path(\"{directory}\")` in the config to publish there; or `.old_helm_path(\"{directory}\")` to publish to both"
    );
    Some(Problem::warning(message).hint(hint))
}

fn compare<'a>(
    there: &BTreeMap<String, Object>,
    path: String,
    owner: Owner,
    content: Held<'a>,
) -> Planned<'a> {
    let state = there.get(&path).map_or(State::Added, |object| {
        let same = match &content {
            Held::Data(data) => object.is_file(data),
            Held::Id(id) => object.id == *id,
        };
        // An empty file is enough, and whatever somebody wrote into it does no harm.
        if same || path.ends_with(NO_JEKYLL) { State::Same } else { State::Changed }
    });
    Planned { path, owner, content, state }
}
