//! The archives that are published in the Helm repository: on the branch, or where the index says.

use super::branch::Branch;
use super::cache::Cache;
use super::http::{Http, Request};
use crate::model::archive::{digest, plain_digest};
use crate::model::config::Config;
use crate::model::host::{host, is_private};
use crate::model::index::Version;
use crate::model::text::name;
use crate::plan::pages::{Tip, path_of};

/// Gets the archive of a version, which has to be the one that the index names. The error says why there is none.
pub fn archive(
    config: &Config,
    branch: &mut Branch<'_>,
    tip: &Tip,
    http: Option<&Http>,
    cache: &Cache,
    version: &Version<'_>,
) -> Result<Vec<u8>, String> {
    if let Some(data) = cache.get(&version.digest) {
        return Ok(data);
    }
    let Some(url) = version.urls.first() else { return Err("the index has no URL for it".to_owned()) };
    let object = path_of(config, url).and_then(|path| tip.files.get(&path));
    let data = match (object, http) {
        (Some(object), _) => branch.read(object).map_err(|error| format!("{error:#}"))?,
        (None, Some(http)) => download(http, url)?,
        (None, None) => return Err(format!("it is not on the branch but at {}", name(url))),
    };
    let found = digest(&data);
    if plain_digest(&found) == plain_digest(&version.digest) {
        cache.put(&data);
        Ok(data)
    } else {
        Err(format!("the index says {}, and the archive has {found}", name(&version.digest)))
    }
}

fn download(http: &Http, url: &str) -> Result<Vec<u8>, String> {
    if !is_private(url) {
        return Err(format!("nobody asks {} without encryption", name(host(url))));
    }
    let response = http.follow(Request { method: "GET", url: url.to_owned(), ..Request::default() })?;
    if response.is_success() {
        Ok(response.body)
    } else {
        Err(format!("{} answers {}", name(url), response.status))
    }
}
