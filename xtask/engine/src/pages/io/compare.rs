//! What is published of charts, compared with what is here: one look for `release`, its rehearsal and `check`.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::cache::Cache;
use super::{publish, published};
use crate::base::config::{Config, HELM_REPOSITORY};
use crate::base::digest::{digest, plain_digest};
use crate::base::problem::Problem;
use crate::base::reference::{Reference, oci_target};
use crate::chart::archive;
use crate::chart::same::differences;
use crate::dist::Package;
use crate::git::Tip;
use crate::git::io::branch::Branch;
use crate::index::{Index, Version};
use crate::pages::INDEX;
use crate::pages::published::{Content, Next, Published};
use crate::registry::io::{Pulled, Registry};
use crate::sys::http::{CURIOUS, Http};
use crate::sys::terminal;

/// An index of nothing.
const EMPTY: &[u8] = b"apiVersion: v1\nentries: {}\n";

/// How a chart compares.
#[derive(Debug)]
pub struct Compared {
    /// How its content compares with the published archive of the same version, where there is one; the error says why
    /// nobody compared them.
    pub content: Result<Option<Content>, String>,
    /// The archive, where it holds the same.
    pub same: Option<Published>,
    /// What is wrong with its version.
    pub problem: Option<Problem>,
}

/// Where published charts are looked for, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The branch and the registry.
    pub config: &'a Config,
    /// The root of the repository.
    pub root: &'a Path,
    /// How long it may take.
    pub limit: Duration,
    /// Whether the registry speaks HTTP.
    pub plain_http: bool,
    /// Whether what is published goes to other targets, with its provenance file.
    pub is_for_targets: bool,
}

/// Looks at the branch, and at the registry for what is not in the index, and compares. The results are in the order of
/// the charts; none if nobody can read the index. Problems of the index itself are added.
pub fn compare(
    scene: &Scene<'_>,
    branch: &mut Branch<'_>,
    charts: &[Next<'_>],
    problems: &mut Vec<Problem>,
) -> Result<Vec<Compared>> {
    let &Scene { config, root, limit, plain_http, is_for_targets } = scene;
    terminal::progress("Looking", &format!("at {}", branch.shown()));
    let tip = publish::look(branch)?.unwrap_or_default();
    let text = tip.files.get(INDEX).map_or_else(|| Ok(EMPTY.to_vec()), |object| branch.read(object))?;
    let Some(index) = Index::read(&text, &format!("{INDEX} on {}", config.branch), problems) else {
        return Ok(Vec::new());
    };
    let http = Http::new(limit, CURIOUS).ok();
    let mut registry = http.as_ref().map(|http| Registry::new(http, plain_http));
    let cache = Cache::new(root);
    prefetch(config, branch, &tip, charts, &index, &cache)?;
    let mut one = |next: &Next<'_>| {
        let Some(version) = next.counterpart(&index) else {
            let found = orphan(branch, &tip, next).or_else(|| pushed(config, &mut registry, next));
            return compared_elsewhere(next, &index, found);
        };
        let archive = published::archive(config, branch, &tip, http.as_ref(), &cache, version);
        let archive = archive.or_else(|why| ours(next, version).ok_or(why));
        let compared = archive.and_then(|archive| Ok((next.compare(&archive, &version.version)?, archive)));
        let (content, archive) = match compared {
            Ok((content, archive)) => (Ok(Some(content)), archive),
            Err(why) => (Err(why), Vec::new()),
        };
        let problem = content.as_ref().ok().and_then(|content| next.judge(&index, content.as_ref()));
        let http = http.as_ref().filter(|_| is_for_targets);
        let same = (content == Ok(Some(Content::Same))).then(|| Published {
            name: next.package.metadata.name.clone(),
            archive,
            provenance: published::provenance(config, branch, &tip, http, version),
        });
        Compared { content, same, problem }
    };
    Ok(charts.iter().map(&mut one).collect())
}

/// Our archive, if it is to the byte the one that the index names: then nobody has to see that.
fn ours(next: &Next<'_>, version: &Version<'_>) -> Option<Vec<u8>> {
    let archive = archive::write(&next.package.entries).ok()?;
    (plain_digest(&digest(&archive)) == plain_digest(&version.digest)).then_some(archive)
}

/// How a chart compares with what is published of its version and does not stand in the index.
fn compared_elsewhere(next: &Next<'_>, index: &Index<'_>, found: Option<(Content, Published)>) -> Compared {
    let Some((content, published)) = found else {
        return Compared { content: Ok(None), same: None, problem: next.judge(index, None) };
    };
    let version = next.version().unwrap_or_default();
    match content {
        Content::Same => Compared { content: Ok(Some(content)), same: Some(published), problem: None },
        Content::Differs(ref changed) => {
            let problem = next.not_bumped(&version, changed, &[&version]);
            Compared { content: Ok(Some(content)), same: None, problem: Some(problem) }
        }
    }
}

/// The archive that the branch has under the name of a version without an entry in the index.
fn orphan(branch: &mut Branch<'_>, tip: &Tip, next: &Next<'_>) -> Option<(Content, Published)> {
    let (name, version) = (&next.package.metadata.name, next.version()?);
    let path = format!("{HELM_REPOSITORY}/{name}-{version}.tgz");
    let archive = branch.read(tip.files.get(&path)?).ok()?;
    let provenance = published::provenance_of(branch, tip, &path);
    let content = next.compare(&archive, &version).ok()?;
    Some((content, Published { name: name.clone(), archive, provenance }))
}

/// What the registry has under the version of a chart. A registry that does not answer is asked no more.
fn pushed(
    config: &Config,
    registry: &mut Option<Registry<'_>>,
    next: &Next<'_>,
) -> Option<(Content, Published)> {
    let (name, version) = (&next.package.metadata.name, next.version()?);
    let at = Reference::parse(&oci_target(&config.oci, name, &version))?;
    match registry.as_ref()?.digest(&at, false) {
        Ok(Some(_)) => {}
        Ok(None) => return None,
        Err(_) => {
            *registry = None;
            return None;
        }
    }
    let Pulled { archive, provenance } = registry.as_ref()?.pull(&at).ok()?;
    let content = next.compare(&archive, &version).ok()?;
    Some((content, Published { name: name.clone(), archive, provenance }))
}

/// Takes the published archive of each package that holds the same chart in other bytes, and says whether there is one. What
/// cannot be looked at stays as it is.
pub fn adopt(
    config: &Config,
    branch: &mut Branch<'_>,
    tip: &Tip,
    index: &[u8],
    packages: &mut [Package],
    root: &Path,
) -> bool {
    let Some(index) = Index::read(index, INDEX, &mut Vec::new()) else { return false };
    let cache = Cache::new(root);
    let mut is_any = false;
    for package in packages {
        let id = (package.metadata.name.as_str(), package.metadata.version.as_str());
        let listed = index.versions().iter().find(|version| (&*version.name, &*version.version) == id);
        let Some(version) = listed.filter(|version| plain_digest(&version.digest) != package.digest) else {
            continue;
        };
        let archive = published::archive(config, branch, tip, None, &cache, version);
        let is_same =
            |archive: &Vec<u8>| differences(&package.data, archive).is_ok_and(|files| files.is_empty());
        let Some(archive) = archive.ok().filter(is_same) else { continue };
        package.provenance = published::provenance(config, branch, tip, None, version);
        plain_digest(&digest(&archive)).clone_into(&mut package.digest);
        package.data = archive;
        is_any = true;
    }
    is_any
}

/// Gets all the archives at once that are compared and were not seen before.
fn prefetch(
    config: &Config,
    branch: &Branch<'_>,
    tip: &Tip,
    charts: &[Next<'_>],
    index: &Index<'_>,
    cache: &Cache,
) -> Result<()> {
    let versions = charts.iter().filter_map(|next| next.counterpart(index));
    let unknown = versions.filter(|version| cache.get(&version.digest).is_none());
    let objects = unknown.filter_map(|version| published::place(config, tip, version));
    branch.prefetch(objects.map(|object| object.id.as_str()))
}
