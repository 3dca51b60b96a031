//! The archives that are published in the Helm repository: on the branch, or where the index says.

use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::host::{host, is_private};
use crate::base::text::name;
use crate::chart::io::cache::Cache;
use crate::git::Tip;
use crate::git::io::branch::Branch;
use crate::git::object::Object;
use crate::index::{Version, is_of};
use crate::pages::path_of;
use crate::sys::http::{Http, Request};

/// Gets the archive of a version with its digest, which has to be the one that the index names, where it names one. The
/// error says why there is none.
pub fn archive(
    config: &Config,
    branch: &mut Branch,
    tip: &Tip,
    http: Option<&Http>,
    cache: &Cache,
    version: &Version<'_>,
) -> Result<(Vec<u8>, Digest), String> {
    if let Some(digest) = Digest::parse(&version.digest)
        && let Some(data) = cache.get(&digest)
    {
        return Ok((data, digest));
    }
    let Some(url) = version.urls.first() else { return Err("the index has no URL for it".to_owned()) };
    let on_branch = place(config, tip, version).map(|object| branch.read(object));
    let is_ours = path_of(config, url).is_some();
    let data = match (on_branch, http) {
        (Some(data), _) if is_ours => data.map_err(|error| format!("{error:#}"))?,
        (Some(Ok(data)), _) if Digest::of(&data).is(&version.digest) => data,
        (None, _) if is_ours => return Err(format!("the branch does not have {}", name(url))),
        (_, Some(http)) => {
            download(http, url)?.ok_or_else(|| format!("{} is not there any more", name(url)))?
        }
        (_, None) => return Err(format!("it is not on the branch but at {}", name(url))),
    };
    let digest = Digest::of(&data);
    if is_of(version, &digest) {
        cache.put(&digest, &data);
        Ok((data, digest))
    } else {
        Err(format!("the index says {}, and the archive has {digest}", name(&version.digest)))
    }
}

/// The archive of a version on the branch, by its address. That may be the one of the site before it moved: then it is
/// that of its name, if the digest is right.
pub fn place<'t>(config: &Config, tip: &'t Tip, version: &Version<'_>) -> Option<&'t Object> {
    let url = version.urls.first()?;
    let namesake = || Some(config.helm_file(url.rsplit('/').next()?));
    tip.files.get(&path_of(config, url).or_else(namesake)?)
}

/// Gets the provenance file of a version, which lies beside its archive; `None` where there is none. The error says why nobody
/// knows.
pub fn provenance(
    config: &Config,
    branch: &mut Branch,
    tip: &Tip,
    http: Option<&Http>,
    version: &Version<'_>,
) -> Result<Option<Vec<u8>>, String> {
    let Some(url) = version.urls.first() else { return Ok(None) };
    match (path_of(config, url), http) {
        (Some(path), _) => provenance_of(branch, tip, &path),
        (None, Some(http)) => download(http, &format!("{url}.prov")),
        (None, None) => Ok(None),
    }
}

/// The provenance file that lies beside an archive of the branch.
pub fn provenance_of(branch: &mut Branch, tip: &Tip, archive: &str) -> Result<Option<Vec<u8>>, String> {
    let object = tip.files.get(&format!("{archive}.prov"));
    object.map(|object| branch.read(object)).transpose().map_err(|error| format!("{error:#}"))
}

/// Gets a published file over an encrypted connection, or from this machine; `None` where the server says that there is none.
pub fn download(http: &Http, url: &str) -> Result<Option<Vec<u8>>, String> {
    if !is_private(url) {
        return Err(format!("nobody asks {} without encryption", name(host(url))));
    }
    let response = http.follow(Request { method: "GET", url: url.to_owned(), ..Request::default() })?;
    match response.status {
        200..=299 => Ok(Some(response.body)),
        404 | 410 => Ok(None),
        _ => Err(format!("{} answers {}", name(url), response.outcome())),
    }
}
