//! The Helm repository after the publishing: the archives, the index with their entries merged in, and the page that
//! people see.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use super::front::Front;
use super::missing::{is_beside, missing};
use super::page::is_ours;
use super::published::respelled;
use super::shown::show;
use super::yanked::{self, Moved, Yank, Yanked};
use super::{Charts, Contents, Held, Owner, Restored};
use crate::base::config::Config;
use crate::base::path::scheme;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::base::time;
use crate::base::version::{is_same, precedence};
use crate::chart::{Archive, Metadata};
use crate::git::object::{Object, blob_id};
use crate::index::{Format, Index, Merged, NewVersion, Version, merge};

/// What happens to the index; each as `NAME VERSION`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Entries {
    pub added: Vec<String>,
    /// Those that the index at the old place of the Helm repository gets.
    pub added_to_old: Vec<String>,
    /// Those that lead to another archive now, as was asked for.
    pub replaced: Vec<String>,
    /// Those that were there with this archive already.
    pub same: Vec<String>,
    /// Those that were lost and are there again.
    pub restored: Vec<String>,
    /// How many have the address of the config now.
    pub readdressed: usize,
    /// Those that moved to the index of yanked versions.
    pub yanked: Vec<String>,
    /// Those that came back from there.
    pub unyanked: Vec<String>,
    /// Those of the release that are yanked, and stay so.
    pub left_yanked: Vec<String>,
    /// How many of the old ones stay as they are.
    pub kept: usize,
}

/// What the merge needs.
pub struct Merge<'c, 'a> {
    pub config: &'c Config,
    pub there: &'c BTreeMap<String, Object>,
    pub old: Option<&'c [u8]>,
    pub contents: &'c Contents,
    pub front: &'c Front<'c>,
    pub charts: &'a Charts<'a>,
    pub restored: &'c Restored,
    pub time: u64,
}

/// What is known of the branch after the commit, by path.
pub type Files<'a> = BTreeMap<String, (Owner, Held<'a>)>;
/// One of them.
pub type NewFile<'a> = (String, (Owner, Held<'a>));

impl<'a> Merge<'_, 'a> {
    /// Adds the files of the Helm repository.
    pub fn run(&self, files: &mut Files<'a>) -> Checked<Option<Entries>> {
        let mut problems: Vec<Problem> = self.misplaced_index().into_iter().collect();
        let old = self.old.map(|text| Index::read(text, &self.config.index()).take(&mut problems));
        if let Some(None) = old {
            return Checked::new(None, problems);
        }
        let old = old.flatten();
        let yanked = self.contents.yanked.as_deref();
        let yanked = yanked.map(|text| Yanked::read(text, &self.config.yanked_index()).take(&mut problems));
        if let Some(None) = yanked {
            return Checked::new(None, problems);
        }
        let yanked = yanked.flatten();
        if let Some(yank) = &self.charts.yank {
            return Checked::new(
                self.yank(yank, old.as_ref(), yanked.as_ref(), files).take(&mut problems),
                problems,
            );
        }
        problems.extend(self.restored.problems.iter().cloned());
        let all = self.new_versions(yanked.as_ref()).take(&mut problems);
        if old.is_none() && all.is_empty() {
            return Checked::new(Some(Entries::default()), problems);
        }
        let (replace, now) = (self.replaced(old.as_ref()), time::utc(self.time));
        let merged = merge(old.as_ref(), &all, &replace, Format::Yaml, &now).take(&mut problems);
        problems.extend(merged.iter().flat_map(|merged| self.conflicts(old.as_ref(), merged)));
        problems.extend(old.iter().flat_map(|old| self.respelled(old)));
        let Some(merged) = merged.filter(|_| !problems.iter().any(Problem::is_error)) else {
            return Checked::new(None, problems);
        };
        let mut entries = self.entries(&merged);
        problems.extend(self.charts.missing.clone().filter(|_| !merged.added.is_empty()));
        entries.left_yanked = self.left_yanked(yanked.as_ref()).take(&mut problems);
        problems.extend(self.add_files(merged, yanked.as_ref(), files));
        if let Some(added) = self.add_to_old(&all, &now, files).take(&mut problems) {
            entries.added_to_old = added;
        }
        Checked::new(Some(entries), problems)
    }

    /// What stands where the index belongs and is no file is not the same as nothing.
    fn misplaced_index(&self) -> Option<Problem> {
        let index = self.config.index();
        let in_the_way = |(path, object): &(&String, &Object)| {
            if **path == index {
                return !object.is_plain();
            }
            **path == self.config.helm_path
                || path.strip_prefix(&index).is_some_and(|rest| rest.starts_with('/'))
        };
        let (path, _) = self.there.iter().find(in_the_way)?;
        let message = format!("the branch has {} where the index belongs, and it is no file", name(path));
        let hint = "put the index there, from the history of the branch if need be";
        Some(Problem::error(message).hint(hint))
    }

    /// What the index must have: what was lost, as it was, and the archives of the release, but for yanked ones.
    fn new_versions(&self, yanked: Option<&Yanked<'_>>) -> Checked<Vec<NewVersion>> {
        let mut problems = Vec::new();
        let mut all = self.restored.entries.clone();
        for archive in self.charts.archives.iter() {
            let id = (&archive.metadata.name, &archive.metadata.version);
            if let Some(gone) = yanked.and_then(|yanked| yanked.find(id.0, id.1)) {
                problems.extend(
                    (!archive.digest.is(&gone.digest)).then(|| differs(&archive.file_name(), archive)),
                );
                continue;
            }
            match all.iter().find(|entry| (&entry.metadata.name, &entry.metadata.version) == id) {
                None => all.push(self.entry(archive)),
                Some(lost) if lost.digest == archive.digest => {}
                Some(_) => problems.push(differs(&archive.file_name(), archive)),
            }
        }
        Checked::new(all, problems)
    }

    fn entry(&self, archive: &Archive) -> NewVersion {
        NewVersion {
            metadata: archive.metadata.clone(),
            digest: archive.digest.clone(),
            urls: vec![self.url(archive)],
            created: time::utc(self.time),
            lines: None,
        }
    }

    fn url(&self, archive: &Archive) -> String {
        let file = archive.file_name();
        self.charts.urls.get(&file).cloned().unwrap_or_else(|| self.config.url_on_branch(&file))
    }

    /// The versions of the release that are yanked: an old job that runs again does not bring them back.
    fn left_yanked(&self, yanked: Option<&Yanked<'_>>) -> Checked<Vec<String>> {
        let (mut ids, mut problems) = (Vec::new(), Vec::new());
        for metadata in self.charts.archives.iter().map(|archive| &archive.metadata) {
            let found =
                yanked.and_then(|yanked| Some((yanked, yanked.find(&metadata.name, &metadata.version)?)));
            let Some((yanked, version)) = found else { continue };
            problems.push(yanked::left(yanked, version));
            ids.push(format!("{} {}", metadata.name, metadata.version));
        }
        Checked::new(ids, problems)
    }

    /// Moves entries between the index and that of yanked versions, also where the Helm repository was before it moved.
    fn yank(
        &self,
        yank: &Yank,
        index: Option<&Index<'_>>,
        yanked: Option<&Yanked<'_>>,
        files: &mut Files<'a>,
    ) -> Checked<Option<Entries>> {
        let mut problems = Vec::new();
        let now = time::utc(self.time);
        let Some(moved) = yanked::apply(index, yanked, yank, &now).take(&mut problems) else {
            return Checked::new(None, problems);
        };
        if let Some(old) = self.config.before_move() {
            problems.extend(self.yank_at(&old, yank, &now, files));
        }
        let shown = |(chart, version): &(String, String)| format!("{chart} {version}");
        let ids: Vec<String> = moved.ids.iter().map(shown).collect();
        let (yanked, unyanked) = if yank.reason.is_some() { (ids, Vec::new()) } else { (Vec::new(), ids) };
        let same = moved.same.iter().map(shown).collect();
        let entries = Entries { yanked, unyanked, same, kept: moved.kept, ..Entries::default() };
        if !moved.index.is_empty() {
            let Checked { value, problems: of_index } = Index::read(&moved.index, &self.config.index());
            match value.filter(|_| !moved.ids.is_empty()) {
                Some(index) => problems.extend(self.add_page(&index, files)),
                None => problems.extend(of_index.into_iter().filter(Problem::is_error)),
            }
        }
        add_moved(self.config, moved, files);
        Checked::new(Some(entries), problems)
    }

    /// The same at the old place, for those of the versions that its index lists.
    fn yank_at(&self, old: &Config, yank: &Yank, now: &str, files: &mut Files<'a>) -> Vec<Problem> {
        let mut problems = Vec::new();
        let index = self.contents.old_index.as_deref();
        let index = index.and_then(|text| Index::read(text, &old.index()).take(&mut problems));
        let yanked = self.contents.old_yanked.as_deref();
        let yanked = yanked.and_then(|text| Yanked::read(text, &old.yanked_index()).take(&mut problems));
        let ids = yank.ids.iter().filter(|id| yanked::is_known(id, index.as_ref(), yanked.as_ref())).cloned();
        let yank = Yank { ids: ids.collect(), ..yank.clone() };
        if !yank.ids.is_empty() {
            let moved = yanked::apply(index.as_ref(), yanked.as_ref(), &yank, now).take(&mut problems);
            if let Some(moved) = moved {
                add_moved(old, moved, files);
            }
        }
        problems
    }

    /// The index at the old place of the Helm repository gets the same entries, with the same URLs. Nothing else of it
    /// changes. What was added comes back.
    fn add_to_old(
        &self,
        all: &[NewVersion],
        now: &str,
        files: &mut Files<'a>,
    ) -> Checked<Option<Vec<String>>> {
        let Some(path) = self.config.old_index() else { return Checked::default() };
        let Some(text) = self.restored.old_index.as_ref().or(self.contents.old_index.as_ref()) else {
            let message = format!("the branch has no {}, which `old_helm_path` keeps alive", name(&path));
            let hint = "leave `old_helm_path` out of the config";
            return Checked::new(None, [Problem::warning(message).hint(hint)]);
        };
        let mut problems = Vec::new();
        let Some(old) = Index::read(text, &path).take(&mut problems) else {
            return Checked::new(None, problems);
        };
        let listed = |new: &NewVersion| {
            let new = &new.metadata;
            old.versions().iter().find(|one| (&*one.name, &*one.version) == (&*new.name, &*new.version))
        };
        // What it has keeps every byte, also where the other index was allowed to get another archive.
        let all: Vec<NewVersion> = all
            .iter()
            .filter(|new| listed(new).is_none_or(|one| new.digest.is(&one.digest)))
            .map(|new| NewVersion { urls: self.absolute(&new.urls), ..new.clone() })
            .collect();
        let merged = merge(Some(&old), &all, &[], Format::Yaml, now).take(&mut problems);
        let Some(merged) = merged else { return Checked::new(None, problems) };
        let added = merged.added.iter().map(|(chart, version)| format!("{chart} {version}")).collect();
        files.insert(path, (Owner::HelmRepository, Held::Data(Cow::Owned(merged.text))));
        Checked::new(Some(added), problems)
    }

    /// URLs that lead to the same place from wherever an index lies.
    fn absolute(&self, urls: &[String]) -> Vec<String> {
        let absolute = |url: &String| match scheme(url) {
            Some(_) => url.clone(),
            None => format!("{}/{}", self.config.helm_repository(), url.trim_start_matches("./")),
        };
        urls.iter().map(absolute).collect()
    }

    /// What may be replaced and still has to be.
    fn replaced(&self, old: Option<&Index<'_>>) -> Vec<(String, String)> {
        let versions = old.map_or(&[][..], |old| old.versions());
        let differs = |(chart, version): &&(String, String)| {
            let mut archives = self.charts.archives.iter();
            let archive = archives
                .find(|archive| archive.metadata.name == *chart && archive.metadata.version == *version);
            let mut published =
                versions.iter().filter(|other| other.name == *chart && other.version == *version);
            archive.is_some_and(|archive| published.any(|other| !archive.digest.is(&other.digest)))
        };
        self.charts.replace.iter().filter(differs).cloned().collect()
    }

    fn entries(&self, merged: &Merged) -> Entries {
        let shown = |(chart, version): &(String, String)| format!("{chart} {version}");
        let all = |ids: &[(String, String)]| ids.iter().map(shown).collect();
        let lost = self.restored.entries.iter().map(|entry| &entry.metadata);
        let lost: HashSet<_> = lost.map(|metadata| (&metadata.name, &metadata.version)).collect();
        let is_restored = |(chart, version): &&(String, String)| lost.contains(&(chart, version));
        let (restored, added): (Vec<_>, Vec<_>) = merged.added.iter().partition(is_restored);
        Entries {
            added: added.into_iter().map(shown).collect(),
            replaced: all(&merged.replaced),
            same: all(&merged.same),
            restored: restored.into_iter().map(shown).collect(),
            readdressed: self.restored.readdressed,
            kept: merged.kept,
            ..Entries::default()
        }
    }

    /// An archive that is there must be the one that is published, also where no entry speaks of it.
    fn conflicts(&self, old: Option<&Index<'_>>, merged: &Merged) -> Vec<Problem> {
        let mut problems = Vec::new();
        for archive in self.charts.archives.iter() {
            let (id, file_name) =
                ((&*archive.metadata.name, &*archive.metadata.version), archive.file_name());
            let changed = archive
                .files()
                .map(|(name, data)| (self.config.helm_file(&name), data))
                .filter(|(path, data)| self.there.get(path).is_some_and(|object| object.id != blob_id(data)));
            let changed: Vec<String> = changed.map(|(path, _)| path).collect();
            let leads_here = |other: &&Version<'_>| {
                (&*other.name, &*other.version) != id
                    && other.urls.first().is_some_and(|url| is_beside(self.config, url, &file_name))
            };
            let versions = old.filter(|_| !changed.is_empty()).map_or(&[][..], Index::versions);
            if let Some(other) = versions.iter().find(leads_here) {
                let other = name(&format!("{} {}", other.name, other.version));
                let message =
                    format!("{} is the archive of {other}", name(&self.config.helm_file(&file_name)));
                problems.push(
                    Problem::error(message).hint("publish another version: this one has the same file name"),
                );
                continue;
            }
            let allowed = merged.replaced.iter().chain(&self.charts.replace);
            if !allowed.into_iter().any(|(chart, version)| (chart.as_str(), version.as_str()) == id) {
                problems.extend(changed.iter().map(|path| differs(path, archive)));
                continue;
            }
            let stale = self.config.helm_file(&format!("{file_name}.prov"));
            if archive.provenance.is_none() && self.there.contains_key(&stale) {
                let message = format!("the branch has {}, which would not fit the new archive", name(&stale));
                problems
                    .push(Problem::error(message).hint("sign the new archive, or remove that file first"));
            }
        }
        problems
    }

    /// What is published in another spelling of its version, and not in this one: Helm would take either for both.
    fn respelled(&self, old: &Index<'_>) -> Vec<Problem> {
        let archives = self.charts.archives.iter().map(|archive| &archive.metadata);
        let published = |metadata: &Metadata| {
            let of_chart = || old.versions().iter().filter(|other| other.name == metadata.name);
            let is_listed = of_chart().any(|other| other.version == metadata.version);
            let other = of_chart().find(|other| is_same(&other.version, &metadata.version));
            other.filter(|_| !is_listed).map(|other| respelled(&metadata.name, &other.version))
        };
        archives.filter_map(published).collect()
    }

    fn is_here(&self, index: &Index<'_>, archive: &Archive) -> bool {
        let (metadata, file_name) = (&archive.metadata, archive.file_name());
        let mut versions = index.versions().iter();
        versions.any(|version| {
            version.name == metadata.name
                && version.version == metadata.version
                && version.urls.first().is_some_and(|url| is_beside(self.config, url, &file_name))
        })
    }

    /// Whether a chart has a higher version than that of the release.
    fn is_old(&self, index: &Index<'_>) -> bool {
        let is_higher = |version: &Version<'_>, metadata: &Metadata| {
            version.name == metadata.name
                && precedence(&version.version, &metadata.version) == Ordering::Greater
        };
        let mut archives = self.charts.archives.iter();
        archives.any(|archive| index.versions().iter().any(|version| is_higher(version, &archive.metadata)))
    }

    /// Adds the files. What is published is read as its users read it: once more, from its text.
    fn add_files(&self, merged: Merged, yanked: Option<&Yanked<'_>>, files: &mut Files<'a>) -> Vec<Problem> {
        let Checked { value, mut problems } = Index::read(&merged.text, &self.config.index());
        let Some(index) = value else { return problems };
        problems.clear();
        let mut add = |path: String, content| drop(files.insert(path, (Owner::HelmRepository, content)));
        for (path, id) in &self.restored.files {
            add(path.clone(), Held::Id(id.clone()));
        }
        // An entry that was there before may lead elsewhere, such as to a GitHub Release.
        for archive in self.charts.archives.iter().filter(|archive| self.is_here(&index, archive)) {
            for (name, data) in archive.files() {
                add(self.config.helm_file(&name), Held::Data(Cow::Borrowed(data)));
            }
        }
        let is_old = self.is_old(&index);
        // What belongs to the newest release is not for an old one to change.
        for file in &self.charts.others {
            let path = self.config.helm_file(&file.path);
            if !is_old || !self.there.contains_key(&path) {
                add(path, Held::Data(Cow::Borrowed(&*file.data)));
            }
        }
        problems.extend(self.add_page(&index, files));
        let paths = self.there.keys().map(String::as_str);
        let gone = yanked.into_iter().flat_map(Yanked::versions);
        let versions = index.versions().iter().chain(gone);
        let missing = missing(self.config, versions, paths.chain(files.keys().map(String::as_str)));
        problems.extend(missing.warnings(self.config, self.restored.is_asked));
        let index = Held::Data(Cow::Owned(merged.text));
        files.insert(self.config.index(), (Owner::HelmRepository, index));
        problems
    }

    /// Adds the page that shows the charts, unless somebody else's is in its place.
    fn add_page(&self, index: &Index<'_>, files: &mut Files<'a>) -> Option<Problem> {
        let path = self.config.charts_page(self.front.is_taken());
        let pages = &self.contents.pages;
        if self.there.contains_key(&path) && !pages.get(&path).is_some_and(|page| is_ours(page)) {
            return Some(foreign_page(&path));
        }
        let page = show(self.config, index, self.charts, self.front);
        files.insert(path, (Owner::HelmRepository, Held::Data(Cow::Owned(page.into_bytes()))));
        None
    }
}

/// Adds both indexes of a yank. Neither is begun without an entry.
fn add_moved(config: &Config, moved: Moved, files: &mut Files<'_>) {
    for (path, text) in [(config.index(), moved.index), (config.yanked_index(), moved.yanked)] {
        if !text.is_empty() {
            files.insert(path, (Owner::HelmRepository, Held::Data(Cow::Owned(text))));
        }
    }
}

fn foreign_page(path: &str) -> Problem {
    let message = format!("{path} on the branch is not a page of this program, and stays");
    Problem::note(message).hint("delete it from the branch to get a page that lists the charts")
}

/// The branch has another archive for this version.
fn differs(file: &str, archive: &Archive) -> Problem {
    let message = format!("the branch has another {}, and what is published never changes", name(file));
    let allow = format!("--replace {}", archive.metadata.id());
    Problem::error(message).hint(format!("publish a new version, or allow it for this one: {allow}"))
}
