//! What the Helm repository has of charts, compared with what is here: one look for `release`, its rehearsal and `check`.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::model::archive::plain_digest;
use crate::model::config::Config;
use crate::model::index::Index;
use crate::model::problem::Problem;
use crate::plan::check::published::{Content, Next};
use crate::plan::pages::{INDEX, Package, Tip, path_of};
use crate::plan::release::Published;
use crate::plan::same::differences;
use crate::world::branch::Branch;
use crate::world::cache::Cache;
use crate::world::http::{CURIOUS, Http};
use crate::world::{publish, published, terminal};

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

/// Looks at the branch and compares. The results are in the order of the charts; none if the branch has no index. Problems
/// of the index itself are added. `root` is that of the repository.
pub fn compare(
    config: &Config,
    branch: &mut Branch<'_>,
    charts: &[Next<'_>],
    limit: Duration,
    root: &Path,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Compared>> {
    terminal::progress("Looking", &format!("at {}", branch.shown()));
    let Some(tip) = publish::look(branch)? else { return Ok(Vec::new()) };
    let Some(object) = tip.files.get(INDEX) else { return Ok(Vec::new()) };
    let text = branch.read(object)?;
    let Some(index) = Index::read(&text, &format!("{INDEX} on {}", config.branch), problems) else {
        return Ok(Vec::new());
    };
    let http = Http::new(limit, CURIOUS).ok();
    let cache = Cache::new(root);
    prefetch(config, branch, &tip, charts, &index, &cache)?;
    let one = |next: &Next<'_>| {
        let archive = next.counterpart(&index).map(|version| {
            let archive = published::archive(config, branch, &tip, http.as_ref(), &cache, version)?;
            let content = next.compare(&archive, &version.version)?;
            Ok((content, archive, path_of(config, version.urls.first().map_or("", |url| url))))
        });
        let (content, archive) = match archive.transpose() {
            Ok(Some((content, archive, path))) => (Ok(Some(content)), Some((archive, path))),
            Ok(None) => (Ok(None), None),
            Err(why) => (Err(why), None),
        };
        let known = content.as_ref().ok().cloned().flatten();
        let mut provenance = |path: Option<String>| {
            let object = tip.files.get(&format!("{}.prov", path?))?;
            branch.read(object).ok()
        };
        let same = archive.filter(|_| known == Some(Content::Same)).map(|(archive, path)| Published {
            name: next.package.metadata.name.clone(),
            archive,
            provenance: provenance(path),
        });
        let problem = content.is_ok().then(|| next.judge(&index, known.as_ref())).flatten();
        Compared { content, same, problem }
    };
    Ok(charts.iter().map(one).collect())
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
        let path = path_of(config, version.urls.first().map_or("", |url| url));
        let object = path.and_then(|path| tip.files.get(&format!("{path}.prov")));
        package.provenance = object.and_then(|object| branch.read(object).ok());
        plain_digest(&version.digest).clone_into(&mut package.digest);
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
    let published = charts.iter().filter_map(|next| next.counterpart(index));
    let published = published.filter(|version| cache.get(&version.digest).is_none());
    let paths = published.filter_map(|version| path_of(config, version.urls.first()?));
    let objects: Vec<_> = paths.filter_map(|path| tip.files.get(&path)).collect();
    branch.prefetch(objects.iter().map(|object| object.id.as_str()))
}
