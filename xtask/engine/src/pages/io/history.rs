//! What somebody destroyed in the Helm repository, found again in the history of the branch.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use anyhow::{Result, bail};

use super::published_archive::download;
use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::base::time;
use crate::chart::metadata_of;
use crate::git::Tip;
use crate::git::io::branch::Branch;
use crate::git::object::Object;
use crate::index::{EMPTY, Index, NewVersion, Version};
use crate::pages::yanked::Yanked;
use crate::pages::{Elsewhere, Lost, Missing, Restored, missing, path_of};
use crate::sys::http::{CURIOUS, Http};

/// How many old indexes are read to learn when lost entries were created.
const OLD_INDEXES: usize = 100;

/// The commit that took the Helm repository from the branch, which has none; `None` if it never had one.
pub fn lost_repository(config: &Config, branch: &mut Branch) -> Result<Option<String>> {
    branch.deepen()?;
    Ok(branch.commits(&config.index())?.into_iter().next())
}

/// Finds again what is missing on the branch: the whole index, entries, and archives.
pub fn restore(
    config: &Config,
    branch: &mut Branch,
    tip: &Tip,
    index: Option<&[u8]>,
    time: u64,
    readdress: bool,
    limit: Duration,
) -> Result<Restored> {
    branch.deepen()?;
    let commits = branch.commits(&config.index())?;
    let mut restored = Restored { is_asked: true, ..Restored::default() };
    whole(config, branch, &commits, tip, &mut restored)?;
    if let Some(old) = config.before_move() {
        let mut before = Restored::default();
        let commits = branch.commits(&old.index())?;
        whole(&old, branch, &commits, tip, &mut before)?;
        (restored.old_index, restored.files) = (before.index, [restored.files, before.files].concat());
    }
    let text = restored.index.clone().or_else(|| index.map(<[u8]>::to_vec)).unwrap_or_else(|| EMPTY.to_vec());
    // What is wrong with the index is reported when it is merged into.
    let Some(index) = Index::read(&text, &config.index()).value else { return Ok(restored) };
    let mut files = tip.files.clone();
    for (path, id) in &restored.files {
        files.insert(path.clone(), Object::file(id));
    }
    let yanked = files.get(&config.yanked_index()).map(|object| branch.read(object)).transpose()?;
    // One that cannot be read is an error of the merge.
    let yanked = yanked.as_deref().and_then(|text| Yanked::read(text, "").value);
    let versions = || index.versions().iter().chain(yanked.iter().flat_map(Yanked::versions));
    let known: HashSet<(String, String)> = versions().map(id_of).collect();
    let Missing { entries, packages, elsewhere } =
        missing(config, versions(), files.keys().map(String::as_str));
    for lost in packages {
        if let Some(id) = archive_of(branch, &lost)? {
            restored.files.push((lost.path, id));
        }
    }
    branch.prefetch(entries.iter().filter_map(|path| Some(files.get(path)?.id.as_str())))?;
    let mut found = Vec::new();
    for path in entries {
        let Some(object) = files.get(&path) else { continue };
        match entry(config, &path, &branch.read(object)?, time) {
            Ok(entry) => found.push((path, entry)),
            Err(problem) => restored.problems.push(problem),
        }
    }
    let texts = old_texts(config, branch, &commits)?;
    let old = OldIndexes::read(&texts, &config.index());
    found.extend(old.lost_elsewhere(config, known.clone(), limit)?.take(&mut restored.problems));
    one_a_version(known, &old, found, &mut restored);
    old.as_they_were(&mut restored.entries);
    if readdress && !elsewhere.is_empty() {
        let (text, count) = readdressed(config, branch, &index, &files, &elsewhere, &text)?;
        (restored.index, restored.readdressed) = (Some(text), count);
    }
    restored.problems.extend(nothing(&restored));
    Ok(restored)
}

/// Says so where the search was in vain.
fn nothing(restored: &Restored) -> Option<Problem> {
    let has_index = restored.index.is_some() || restored.old_index.is_some();
    let found = has_index || !restored.entries.is_empty() || !restored.files.is_empty();
    let message = "nothing was lost that the branch or its history still has: there is nothing to restore";
    (!found && restored.problems.is_empty()).then(|| Problem::note(message))
}

/// The index with our address for each archive that is on the branch with the digest of its entry; all else keeps every
/// byte.
fn readdressed(
    config: &Config,
    branch: &mut Branch,
    index: &Index<'_>,
    files: &BTreeMap<String, Object>,
    elsewhere: &[Elsewhere],
    text: &[u8],
) -> Result<(Vec<u8>, usize)> {
    branch.prefetch(elsewhere.iter().filter_map(|one| Some(files.get(&one.path)?.id.as_str())))?;
    let (mut out, mut new) = (text.to_vec(), BTreeSet::new());
    // From the end, so that what is before keeps its place.
    for version in index.versions().iter().rev() {
        let Some(url) = version.urls.first() else { continue };
        let Some(one) = elsewhere.iter().find(|one| one.url == **url) else { continue };
        let Some(object) = files.get(&one.path) else { continue };
        if !Digest::of(&branch.read(object)?).is(&version.digest) {
            continue;
        }
        let entry = text.get(version.range.clone()).unwrap_or_default();
        // The same address may stand in other fields before.
        let find = |from: usize, words: &[u8]| {
            let rest = entry.get(from..)?;
            rest.windows(words.len()).position(|bytes| bytes == words).map(|at| from + at)
        };
        let at = find(find(0, b"urls").unwrap_or(0), url.as_bytes());
        let Some(at) = at.map(|at| version.range.start + at) else { continue };
        let address = config.url_on_branch(one.path.rsplit('/').next().unwrap_or(&one.path));
        out.splice(at..at + url.len(), address.bytes());
        new.insert(address);
    }
    let again = Index::read(&out, &config.index()).value;
    let is_new = |version: &&Version<'_>| version.urls.first().is_some_and(|url| new.contains(&**url));
    let count = again.map_or(0, |again| again.versions().iter().filter(is_new).count());
    if count < new.len() {
        bail!(
            "{} has the addresses of its entries in other places, too: they cannot be changed by themselves",
            config.index()
        );
    }
    Ok((out, count))
}

/// The id of a lost archive, if the history has one of its digest.
fn archive_of(branch: &mut Branch, lost: &Lost) -> Result<Option<String>> {
    for commit in branch.commits(&lost.path)? {
        let Some(object) = branch.files(&commit, &lost.path)?.remove(&lost.path) else { continue };
        if Some(Digest::of(&branch.read(&object)?)) == lost.digest {
            return Ok(Some(object.id));
        }
    }
    Ok(None)
}

/// Takes the entries of versions that are not known. Of several archives of one version, the one that an older index
/// names is it, else that of the usual name.
fn one_a_version(
    mut taken: HashSet<(String, String)>,
    old: &OldIndexes<'_>,
    mut found: Vec<(String, NewVersion)>,
    restored: &mut Restored,
) {
    let published = old.published();
    let id = |entry: &NewVersion| (entry.metadata.name.clone(), entry.metadata.version.clone());
    let is_usual =
        |path: &str, entry: &NewVersion| path.rsplit('/').next() == Some(&entry.metadata.file_name());
    found.sort_by_key(|(path, entry)| (!published.contains(&key_of(entry)), !is_usual(path, entry)));
    for (path, entry) in found {
        if taken.insert(id(&entry)) {
            restored.entries.push(entry);
        } else {
            restored.problems.push(stray(&path, &entry));
        }
    }
}

/// What the branch had before somebody removed the whole Helm repository: its files and, unless there is a new one, its
/// index.
fn whole(
    config: &Config,
    branch: &mut Branch,
    commits: &[String],
    tip: &Tip,
    restored: &mut Restored,
) -> Result<()> {
    let index_path = config.index();
    for commit in commits {
        if branch.files(commit, &index_path)?.contains_key(&index_path) {
            continue;
        }
        let mut files = branch.files(&format!("{commit}^"), &config.helm_path)?;
        files.retain(|path, _| config.is_of_helm_repository(path));
        let is_lost = |path: &String| *path != index_path && !tip.files.contains_key(path);
        let lost = files.iter().filter(|(path, object)| is_lost(path) && object.is_plain());
        restored.files.extend(lost.map(|(path, object)| (path.clone(), object.id.clone())));
        if let Some(index) = files.get(&index_path).filter(|_| !tip.files.contains_key(&index_path)) {
            restored.index = Some(branch.read(index)?);
        }
        break;
    }
    branch.prefetch(restored.files.iter().map(|(_, id)| id.as_str()))
}

/// An entry for an archive, as if it were published now; or why there is none.
fn entry(config: &Config, path: &str, data: &[u8], time: u64) -> std::result::Result<NewVersion, Problem> {
    let Checked { value, problems } = metadata_of(data, path);
    let Some(metadata) = value else {
        let why = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        let message = format!("there can be no entry for this archive: {why}");
        let hint = "nothing leads to it: look at it in the branch";
        return Err(Problem::warning(message).at(path, None).hint(hint));
    };
    let digest = Digest::of(data);
    let urls = vec![config.url_on_branch(path.rsplit('/').next().unwrap_or(path))];
    Ok(NewVersion { metadata, digest, urls, created: time::utc(time), lines: None })
}

fn stray(path: &str, entry: &NewVersion) -> Problem {
    let version = name(&format!("{} {}", entry.metadata.name, entry.metadata.version));
    let message = format!("the index has another place for {version}");
    Problem::warning(message).at(path, None).hint("whoever knows its URL can still install it: leave it")
}

/// Name, version and digest of an archive.
type Key = (String, String, Digest);

fn key(version: &Version<'_>) -> Option<Key> {
    Some((version.name.to_string(), version.version.to_string(), Digest::parse(&version.digest)?))
}

fn key_of(entry: &NewVersion) -> Key {
    (entry.metadata.name.clone(), entry.metadata.version.clone(), entry.digest.clone())
}

/// The texts of the newest of the indexes that the branch had.
fn old_texts(config: &Config, branch: &mut Branch, commits: &[String]) -> Result<Vec<Vec<u8>>> {
    let path = config.index();
    let mut ids = BTreeSet::new();
    let mut objects = Vec::new();
    for commit in commits.iter().take(OLD_INDEXES) {
        let object = branch.files(commit, &path)?.remove(&path);
        objects.extend(object.filter(|object| ids.insert(object.id.clone())));
    }
    branch.prefetch(objects.iter().map(|object| object.id.as_str()))?;
    objects.iter().map(|object| branch.read(object)).collect()
}

/// The old indexes that can be read, the newest first.
struct OldIndexes<'t>(Vec<Index<'t>>);

impl<'t> OldIndexes<'t> {
    fn read(texts: &'t [Vec<u8>], file: &str) -> Self {
        Self(texts.iter().filter_map(|text| Index::read(text, file).value).collect())
    }

    /// Entries that an older index had and that are not `known`, and whose archives lie elsewhere, such as in GitHub Releases. One
    /// of which the archive is gone, too, was taken away on purpose.
    fn lost_elsewhere(
        &self,
        config: &Config,
        mut known: HashSet<(String, String)>,
        limit: Duration,
    ) -> Result<Checked<Vec<(String, NewVersion)>>> {
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for old in &self.0 {
            for version in old.versions() {
                let url = version.urls.first().filter(|url| path_of(config, url).is_none());
                let (Some(url), Some(digest)) = (url, Digest::parse(&version.digest)) else { continue };
                if !known.insert(id_of(version)) {
                    continue;
                }
                let http = Http::new(limit, CURIOUS)?;
                match download(&http, url) {
                    Ok(Some(data)) if Digest::of(&data) == digest => match entry(config, url, &data, 0) {
                        Ok(entry) => found.push((url.to_string(), entry)),
                        Err(problem) => problems.push(problem),
                    },
                    Ok(_) => {}
                    Err(why) => problems.push(unread(version, &why)),
                }
            }
        }
        Ok(Checked::new(found, problems))
    }

    /// All that was ever published.
    fn published(&self) -> HashSet<Key> {
        self.0.iter().flat_map(|index| index.versions().iter().filter_map(key)).collect()
    }

    /// Gives entries the time and the URLs that they had.
    fn as_they_were(&self, entries: &mut [NewVersion]) {
        let mut wanted: BTreeMap<Key, &mut NewVersion> =
            entries.iter_mut().map(|entry| (key_of(entry), entry)).collect();
        for index in &self.0 {
            for version in index.versions() {
                if let Some(entry) = key(version).and_then(|key| wanted.remove(&key)) {
                    entry.created = version.created.to_string();
                    entry.urls = version.urls.iter().map(ToString::to_string).collect();
                }
            }
        }
    }
}

/// A lost entry of which nobody could tell whether its archive is still there.
fn unread(version: &Version<'_>, why: &str) -> Problem {
    let id = name(&format!("{} {}", version.name, version.version));
    let message = format!("an older index has {id}, and its archive could not be read: {why}");
    Problem::warning(message).hint("run it again when that can be read")
}

fn id_of(version: &Version<'_>) -> (String, String) {
    (version.name.to_string(), version.version.to_string())
}
