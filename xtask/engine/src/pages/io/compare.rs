//! What is published of charts, compared with what is here: one look for `release`, its rehearsal and `check`.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::{publish, published_archive};
use crate::base::config::{Archives, Config};
use crate::base::digest::Digest;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Checked, Problem};
use crate::base::target::Target;
use crate::chart::io::cache::Cache;
use crate::chart::same_content::differences;
use crate::chart::{Archive, metadata_of, tgz};
use crate::git::Tip;
use crate::git::io::branch::Branch;
use crate::index::{EMPTY, Index, Version};
use crate::pages::published::{Content, Next};
use crate::pages::yanked::{self, Yanked};
use crate::pages::{elsewhere, missing};
use crate::registry::io::{Pulled, Registry};
use crate::sys::http::{CURIOUS, Http};
use crate::sys::{environment, terminal};

/// How a chart compares.
#[derive(Debug)]
pub struct Compared {
    /// How its content compares with the published archive of the same version, where there is one; the error says why
    /// nobody compared them.
    pub content: Result<Option<Content>, String>,
    pub same: Option<Archive>,
    pub problem: Option<Problem>,
    /// Its place in the registry, which said that there is nothing.
    pub absent: Option<Reference>,
}

/// Where published charts are looked for, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    pub config: &'a Config,
    pub root: &'a Path,
    pub limit: Duration,
    pub plain_http: bool,
    /// Whether what is published goes to other targets, with its provenance file.
    pub is_for_targets: bool,
}

/// Looks at the branch, and at the registry for what is not in the index, and compares. The results are in the order of
/// the charts; none if nobody can read the index. The problems are those of the index itself.
pub fn compare(
    scene: &Places<'_>,
    branch: &mut Branch,
    charts: &[Next<'_>],
) -> Result<Checked<Vec<Compared>>> {
    let &Places { config, root, limit, plain_http, is_for_targets } = scene;
    terminal::progress("Looking", &format!("at {}", branch.shown()));
    let has_index = config.publishes_to(Target::Pages);
    let tip = if has_index { publish::look_once(branch)?.unwrap_or_default() } else { Tip::default() };
    let text = index_of(config, branch, &tip)?;
    let Checked { value, mut problems } =
        Index::read(&text, &format!("{} on {}", config.index(), config.branch));
    let Some(index) = value else {
        return Ok(Checked::new(Vec::new(), problems));
    };
    let gone_text = yanked_of(config, branch, &tip)?;
    let gone_file = format!("{} on {}", config.yanked_index(), config.branch);
    let Some(gone) = Yanked::read(&gone_text, &gone_file).take(&mut problems) else {
        return Ok(Checked::new(Vec::new(), problems));
    };
    if !is_for_targets {
        // Whoever publishes is told by that.
        let files = tip.files.keys().map(String::as_str);
        let versions = index.versions().iter().chain(gone.versions());
        problems.extend(missing(config, versions, files).warnings(config, false));
    }
    problems.extend(elsewhere(config, &tip.files, |object| branch.read(object).ok(), &text));
    // What was published before a move is published still.
    let before = config.before_move();
    let old_text = before.as_ref().map(|old| index_of(old, branch, &tip)).transpose()?;
    let old_index = old_text.as_deref().and_then(|text| Index::read(text, "").value);
    let old = before.as_ref().zip(old_index.as_ref().map(Index::versions));
    let http = Http::new(limit, CURIOUS).ok();
    let mut registry = http.as_ref().map(|http| Registry::new(http, plain_http));
    let cache = Cache::new(root);
    prefetch(config, branch, &tip, charts, &index, &cache)?;
    let mut one = |next: &Next<'_>| {
        let listed = |(config, all)| Some((config, all, next.counterpart(all)?));
        let listed = listed((config, index.versions())).or_else(|| old.and_then(listed));
        let listed = listed.or_else(|| Some((config, index.versions(), next.counterpart(gone.versions())?)));
        let Some((config, all, version)) = listed else {
            let lies_there = orphan(config, branch, &tip, next);
            let found = match lies_there.or_else(|| released(config, http.as_ref(), next)) {
                Some((content, archive)) => Elsewhere::There(content, Box::new(archive)),
                None if !config.publishes_to(Target::Oci) => Elsewhere::Unknown,
                None => {
                    let found = pushed(config, &mut registry, next);
                    // A silent registry leaves the branch and GitHub their time.
                    branch.extend_deadline(limit);
                    http.iter().for_each(Http::extend_deadline);
                    found
                }
            };
            return compared_elsewhere(next, (index.versions(), gone.versions()), found);
        };
        if next.version().is_some_and(|own| own != version.version) {
            let problem = Some(next.respelled(all, &version.version));
            return Compared { content: Ok(None), same: None, problem, absent: None };
        }
        let archive = published_archive::archive(config, branch, &tip, http.as_ref(), &cache, version);
        let archive = archive.or_else(|why| ours(next, version).ok_or(why));
        let compared = archive.and_then(|(bytes, _)| held(next, bytes, &version.version));
        let (content, archive) = match compared {
            Ok(compared) => compared,
            Err(why) => return Compared { content: Err(why), same: None, problem: None, absent: None },
        };
        let yanked = gone.find(&version.name, &version.version).filter(|_| content == Content::Same);
        let problem = yanked.map(|version| next.at(yanked::left(&gone, version)));
        let problem = problem.or_else(|| next.judge(all, gone.versions(), Some(&content)));
        let mut same = None;
        if content == Content::Same {
            let http = http.as_ref().filter(|_| is_for_targets);
            match known(config, published_archive::provenance(config, branch, &tip, http, version)) {
                Ok(provenance) => same = Some(Archive { provenance, ..archive }),
                Err(why) => return Compared { content: Err(why), same: None, problem: None, absent: None },
            }
        }
        Compared { content: Ok(Some(content)), same, problem, absent: None }
    };
    let compared = charts.iter().map(&mut one).collect();
    Ok(Checked::new(compared, problems))
}

/// The text of the index; an empty one where the branch has none.
fn index_of(config: &Config, branch: &mut Branch, tip: &Tip) -> Result<Vec<u8>> {
    tip.files.get(&config.index()).map_or_else(|| Ok(EMPTY.to_vec()), |object| branch.read(object))
}

/// The name and version of each yanked version of the branch, as this run has seen it.
pub fn yanked(config: &Config, branch: &mut Branch) -> Result<Vec<(String, String)>> {
    let Ok(Some(tip)) = branch.last_look() else { return Ok(Vec::new()) };
    let text = yanked_of(config, branch, &tip)?;
    let yanked = Yanked::read(&text, "").value;
    let id = |one: &Version<'_>| (one.name.to_string(), one.version.to_string());
    Ok(yanked.iter().flat_map(Yanked::versions).map(id).collect())
}

/// The text of the index of yanked versions, likewise.
fn yanked_of(config: &Config, branch: &mut Branch, tip: &Tip) -> Result<Vec<u8>> {
    tip.files.get(&config.yanked_index()).map_or_else(|| Ok(EMPTY.to_vec()), |object| branch.read(object))
}

/// The provenance file of an archive. Where nothing is to be signed, one that cannot be read is none: there may be a server
/// that refuses what it does not have.
fn known(config: &Config, found: Result<Option<Vec<u8>>, String>) -> Result<Option<Vec<u8>>, String> {
    if config.signing_key.is_some() { found } else { Ok(found.unwrap_or_default()) }
}

/// How a chart compares with a published archive, and that archive with the metadata that it holds.
fn held(next: &Next<'_>, bytes: Vec<u8>, version: &str) -> Result<(Content, Archive), String> {
    let content = next.compare(&bytes, version)?;
    let metadata = metadata_of(&bytes, version);
    let why = || metadata.problems.first().map(ToString::to_string).unwrap_or_default();
    let metadata = metadata.value.clone().ok_or_else(why)?;
    Ok((content, Archive::new(metadata, bytes, None)))
}

/// Our archive, if it is to the byte the one that the index names: then nobody has to see that.
fn ours(next: &Next<'_>, version: &Version<'_>) -> Option<(Vec<u8>, Digest)> {
    let bytes = tgz::write(&next.package.entries).ok()?;
    let digest = Digest::of(&bytes);
    digest.is(&version.digest).then_some((bytes, digest))
}

/// What is published of a version that does not stand in the index.
enum Elsewhere {
    There(Content, Box<Archive>),
    /// The registry says that there is nothing.
    Absent(Reference),
    Unknown,
}

/// How a chart compares with what is published of its version and does not stand in the index.
fn compared_elsewhere(
    next: &Next<'_>,
    (all, yanked): (&[Version<'_>], &[Version<'_>]),
    found: Elsewhere,
) -> Compared {
    let nothing =
        |absent| Compared { content: Ok(None), same: None, problem: next.judge(all, yanked, None), absent };
    let (content, published) = match found {
        Elsewhere::There(content, published) => (content, published),
        Elsewhere::Absent(at) => return nothing(Some(at)),
        Elsewhere::Unknown => return nothing(None),
    };
    let version = next.version().unwrap_or_default();
    let problem = match &content {
        Content::Same => None,
        Content::Differs(changed) => Some(next.not_bumped(&version, changed, &[&version])),
    };
    let same = (content == Content::Same).then_some(*published);
    Compared { content: Ok(Some(content)), same, problem, absent: None }
}

/// The archive that the branch has under the name of a version without an entry in the index.
fn orphan(config: &Config, branch: &mut Branch, tip: &Tip, next: &Next<'_>) -> Option<(Content, Archive)> {
    let (name, version) = (&next.package.metadata.name, next.version()?);
    let path = config.helm_file(&format!("{name}-{version}.tgz"));
    let bytes = branch.read(tip.files.get(&path)?).ok()?;
    let provenance = known(config, published_archive::provenance_of(branch, tip, &path)).ok()?;
    let (content, archive) = held(next, bytes, &version).ok()?;
    Some((content, Archive { provenance, ..archive }))
}

/// The archive that a GitHub Release has of a version without an entry, where the archives lie there.
fn released(config: &Config, http: Option<&Http>, next: &Next<'_>) -> Option<(Content, Archive)> {
    let http = http.filter(|_| config.archives == Archives::Releases)?;
    let (name, version) = (&next.package.metadata.name, next.version()?);
    let file = format!("{name}-{version}.tgz");
    let tags = config.tags.for_all(&version).into_iter().chain([config.tags.for_chart(name, &version)]);
    let here = |url: String| url.replacen("https://github.com", &environment::github_server(), 1);
    let url = |tag: String| here(config.archive_url(&tag, &file));
    let mut found = tags.filter_map(|tag| {
        let url = url(tag);
        Some((published_archive::download(http, &url).ok().flatten()?, url))
    });
    let (bytes, url) = found.next()?;
    let provenance = known(config, published_archive::download(http, &format!("{url}.prov"))).ok()?;
    let (content, archive) = held(next, bytes, &version).ok()?;
    Some((content, Archive { provenance, ..archive }))
}

/// What the registry has under the version of a chart. A registry that does not answer is asked no more.
fn pushed(config: &Config, registry: &mut Option<Registry<'_>>, next: &Next<'_>) -> Elsewhere {
    let (Some(client), Some(version)) = (registry.as_ref(), next.version()) else {
        return Elsewhere::Unknown;
    };
    let at = Reference::of_chart(&config.oci, &next.package.metadata.name, &version);
    match client.digest(&at, false) {
        Ok(Some(_)) => {}
        Ok(None) => return Elsewhere::Absent(at),
        Err(_) => {
            *registry = None;
            return Elsewhere::Unknown;
        }
    }
    let compared = client.pull(&at).map_err(drop).and_then(|Pulled { archive, provenance }| {
        let (content, archive) = held(next, archive, &version).map_err(drop)?;
        Ok((content, Archive { provenance, ..archive }))
    });
    compared.map_or(Elsewhere::Unknown, |(content, archive)| Elsewhere::There(content, Box::new(archive)))
}

/// Takes the published archive in place of each that holds the same chart in other bytes, and says whether there is one.
/// What cannot be looked at stays as it is.
pub fn adopt(config: &Config, branch: &mut Branch, tip: &Tip, archives: &mut [Archive], root: &Path) -> bool {
    let places = [Some(config.clone()), config.before_move()];
    let adopt = |config: Config| adopt_from(&config, branch, tip, archives, root);
    places.into_iter().flatten().map(adopt).fold(false, |all, one| all | one)
}

/// Takes what one index has.
fn adopt_from(
    config: &Config,
    branch: &mut Branch,
    tip: &Tip,
    archives: &mut [Archive],
    root: &Path,
) -> bool {
    let text = index_of(config, branch, tip).unwrap_or_default();
    let Some(index) = Index::read(&text, "").value else { return false };
    let cache = Cache::new(root);
    let mut is_any = false;
    for archive in archives {
        let id = (archive.metadata.name.as_str(), archive.metadata.version.as_str());
        let listed = index.versions().iter().find(|version| (&*version.name, &*version.version) == id);
        let Some(version) = listed.filter(|version| !archive.digest.is(&version.digest)) else {
            continue;
        };
        let published = published_archive::archive(config, branch, tip, None, &cache, version);
        let Ok((bytes, digest)) = published else { continue };
        if differences(&archive.bytes, &bytes).is_ok_and(|files| files.is_empty()) {
            archive.provenance =
                published_archive::provenance(config, branch, tip, None, version).ok().flatten();
            (archive.bytes, archive.digest) = (bytes, digest);
            is_any = true;
        }
    }
    is_any
}

/// Gets all the archives at once that are compared and were not seen before.
fn prefetch(
    config: &Config,
    branch: &Branch,
    tip: &Tip,
    charts: &[Next<'_>],
    index: &Index<'_>,
    cache: &Cache,
) -> Result<()> {
    let versions = charts.iter().filter_map(|next| next.counterpart(index.versions()));
    let unknown =
        versions.filter(|version| !Digest::parse(&version.digest).is_some_and(|digest| cache.has(&digest)));
    let objects = unknown.filter_map(|version| published_archive::place(config, tip, version));
    branch.prefetch(objects.map(|object| object.id.as_str()))
}
