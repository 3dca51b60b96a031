//! GitHub's REST API, as far as publishing a release needs it (docs.github.com/rest: Releases, Release assets, Git
//! references, Git tags). It begins without a release, and with the tags of the rehearsal, annotated, at its commit.

mod answers;
mod release;
mod tags;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use self::answers::{Refusal, Urls, asset_json, not_found, release_json, unprocessable};
use self::release::{Asset, Release, Store, Wanted};
use self::tags::Tags;
use super::http::{Answer, Request};
use crate::base::digest::digest;

/// The API. One request is answered at a time.
pub struct Github {
    /// `OWNER/NAME`.
    repository: String,
    tags: Mutex<Tags>,
    commit: String,
    urls: Urls,
    store: Mutex<Store>,
    /// Whether a release is immutable once it is published, as a repository can ask for: whoever is content with that is
    /// content with less.
    pub immutable: bool,
}

type Answered = Result<Answer, Refusal>;

/// How many of a list are given at once, unless asked for, and at most (docs.github.com, "Using pagination").
const PAGE: usize = 30;
const MAX_PAGE: usize = 100;

impl Github {
    /// An API at an origin, whose releases will lie below a directory.
    pub fn new(root: PathBuf, origin: &str, repository: &str, tags: &[String], commit: &str) -> Self {
        Self {
            repository: repository.to_owned(),
            tags: Mutex::new(Tags::new(tags, commit)),
            commit: commit.to_owned(),
            urls: Urls::new(origin, repository),
            store: Mutex::new(Store::new(root)),
            immutable: true,
        }
    }

    /// Lets tags be made, in a bare repository too.
    pub fn write_tags_to(&self, repository: PathBuf) {
        self.tags().repository = Some(repository);
    }

    fn tags(&self) -> MutexGuard<'_, Tags> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn answer(&self, request: &Request) -> Answer {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        self.route(request, &mut store).unwrap_or_else(|Refusal(status, body)| Answer::json(status, &body))
    }

    fn route(&self, request: &Request, store: &mut Store) -> Answered {
        if request.header("user-agent").is_none() {
            return Err(Refusal(403, json!({ "message": "every request needs a User-Agent header" })));
        }
        let method = request.method.as_str();
        let parts: Vec<&str> = request.path.split('/').skip(1).collect();
        if let [owner, name, "releases", "download", tag @ .., file] = parts.as_slice()
            && method == "GET"
            && format!("{owner}/{name}") == self.repository
        {
            return download(store, &tag.join("/"), file);
        }
        let ["repos", owner, name, rest @ ..] = parts.as_slice() else { return Err(not_found()) };
        if !format!("{owner}/{name}").eq_ignore_ascii_case(&self.repository) {
            return Err(not_found());
        }
        match (method, rest) {
            ("GET", []) => Ok(Answer::json(200, &self.urls.repository(&self.repository))),
            // No ruleset, no protection and no site: nothing is in the way here.
            ("GET", ["rules", "branches", ..]) => Ok(Answer::json(200, &json!([]))),
            ("GET", ["git", "ref", "tags", tag @ ..]) => self.tag(store, &tag.join("/")),
            ("GET", ["git", "tags", id]) => self.tags().annotated(&self.urls, id),
            ("POST", ["git", "tags"]) => self.tags().create(&self.urls, &request.body),
            ("POST", ["git", "refs"]) => self.tags().name(&self.urls, &request.body),
            ("GET", ["releases"]) => Ok(self.list(store, request)),
            ("POST", ["releases"]) => self.create(store, request),
            ("GET", ["releases", "latest"]) => self.shown(200, store.latest()),
            ("GET", ["releases", "tags", tag @ ..]) => self.shown(200, store.published(&tag.join("/"))),
            ("GET", ["releases", "assets", id]) => self.asset(store, request, id),
            ("DELETE", ["releases", "assets", id]) => delete_asset(store, id),
            ("GET", ["releases", id]) => self.shown(200, store.find(id)),
            ("PATCH", ["releases", id]) => self.edit(store, request, id),
            ("DELETE", ["releases", id]) => delete(store, id),
            ("GET", ["releases", id, "assets"]) => self.assets(store, request, id),
            ("POST", ["releases", id, "assets"]) => self.upload(store, request, id),
            _ => Err(not_found()),
        }
    }

    fn tag(&self, store: &Store, tag: &str) -> Answered {
        let object = if let Some(id) = self.tags().id(tag) {
            json!({ "type": "tag", "sha": id, "url": self.urls.api(&format!("git/tags/{id}")) })
        } else if store.published(tag).is_some() {
            // Publishing a release makes the tag that is missing.
            json!({ "type": "commit", "sha": self.commit, "url": self.urls.api(&format!("git/commits/{}", self.commit)) })
        } else {
            return Err(not_found());
        };
        let url = self.urls.api(&format!("git/refs/tags/{tag}"));
        Ok(Answer::json(
            200,
            &json!({ "ref": format!("refs/tags/{tag}"), "node_id": "", "url": url, "object": object }),
        ))
    }

    fn shown(&self, status: u16, release: Option<&Release>) -> Answered {
        release.map(|release| Answer::json(status, &release_json(&self.urls, release))).ok_or_else(not_found)
    }

    /// The newest first.
    fn list(&self, store: &Store, request: &Request) -> Answer {
        let all = store.releases.iter().rev().map(|release| release_json(&self.urls, release));
        self.page(request, "releases", all.collect())
    }

    fn assets(&self, store: &Store, request: &Request, id: &str) -> Answered {
        let release = store.find(id).ok_or_else(not_found)?;
        let all = release.assets.iter().map(|asset| asset_json(&self.urls, release, asset)).collect();
        Ok(self.page(request, &format!("releases/{id}/assets"), all))
    }

    /// One page of a list, with links to the others.
    fn page(&self, request: &Request, path: &str, all: Vec<Value>) -> Answer {
        let number =
            |name: &str| request.query(name).and_then(|text| text.parse::<usize>().ok()).filter(|&n| n > 0);
        let (size, page) = (number("per_page").unwrap_or(PAGE).min(MAX_PAGE), number("page").unwrap_or(1));
        let last = all.len().div_ceil(size).max(1);
        let here: Vec<Value> = all.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
        let answer = Answer::json(200, &here.into());
        let link = |(page, relation): (usize, &str)| {
            let url = self.urls.api(&format!("{path}?per_page={size}&page={page}"));
            format!("<{url}>; rel=\"{relation}\"")
        };
        let before = [(page - 1, "prev"), (1, "first")].into_iter().filter(|_| page > 1);
        let after = [(page.saturating_add(1), "next"), (last, "last")].into_iter().filter(|_| page < last);
        let links: Vec<String> = before.chain(after).map(link).collect();
        if links.is_empty() { answer } else { answer.with("Link", links.join(", ")) }
    }

    fn create(&self, store: &mut Store, request: &Request) -> Answered {
        let wanted = Wanted::parse(&request.body)?;
        if wanted.tag_name.as_deref().unwrap_or_default().is_empty() {
            return Err(unprocessable("Release", "missing_field", "tag_name"));
        }
        store.check(&wanted, None)?;
        let mut release = store.new_release(&self.commit);
        let makes_latest = release.apply(wanted, self.immutable);
        let id = store.keep(release, makes_latest)?;
        self.shown(201, store.find(&id.to_string()))
    }

    fn edit(&self, store: &mut Store, request: &Request, id: &str) -> Answered {
        let mut release = store.find(id).ok_or_else(not_found)?.clone();
        let wanted = Wanted::parse(&request.body)?;
        store.check(&wanted, Some(&release))?;
        let makes_latest = release.apply(wanted, self.immutable);
        store.keep(release, makes_latest)?;
        self.shown(200, store.find(id))
    }

    fn upload(&self, store: &mut Store, request: &Request, id: &str) -> Answered {
        let mut release = store.find(id).ok_or_else(not_found)?.clone();
        let name = request.query("name").map(release::asset_name).unwrap_or_default();
        if request.header("content-length").is_none() || request.body.is_empty() {
            return Err(Refusal(400, json!({ "message": "Bad Content-Length" })));
        }
        let Some(content_type) = request.header("content-type") else {
            return Err(unprocessable("ReleaseAsset", "missing_field", "content_type"));
        };
        if name.is_empty() {
            return Err(unprocessable("ReleaseAsset", "missing_field", "name"));
        }
        release.check_mutable("Cannot upload assets to an immutable release.")?;
        if release.assets.iter().any(|asset| asset.name == name) {
            return Err(unprocessable("ReleaseAsset", "already_exists", "name"));
        }
        let asset = Asset {
            id: store.next_id(),
            name,
            label: request.query("label").map(str::to_owned),
            content_type: content_type.to_owned(),
            size: request.body.len(),
            digest: digest(&request.body),
        };
        store.write(&release, &asset.name, &request.body)?;
        let answer = Answer::json(201, &asset_json(&self.urls, &release, &asset));
        release.assets.push(asset);
        store.keep(release, None)?;
        Ok(answer)
    }

    /// What is known of an asset, or its content.
    fn asset(&self, store: &Store, request: &Request, id: &str) -> Answered {
        let (release, asset) = store.asset(id).ok_or_else(not_found)?;
        if request.header("accept").is_some_and(|accept| accept.contains("application/octet-stream")) {
            return content(store, release, asset);
        }
        Ok(Answer::json(200, &asset_json(&self.urls, release, asset)))
    }
}

fn content(store: &Store, release: &Release, asset: &Asset) -> Answered {
    let data = store.read(release, &asset.name)?;
    let name = format!("attachment; filename={}", asset.name);
    Ok(Answer::new(200, "application/octet-stream", data).with("Content-Disposition", name))
}

/// What people get by the link beside an asset.
fn download(store: &Store, tag: &str, name: &str) -> Answered {
    let release = store.published(tag).ok_or_else(not_found)?;
    let asset = release.assets.iter().find(|asset| asset.name == name).ok_or_else(not_found)?;
    content(store, release, asset)
}

fn delete(store: &mut Store, id: &str) -> Answered {
    let id = store.find(id).ok_or_else(not_found)?.id;
    store.remove(id)?;
    Ok(Answer::empty(204))
}

fn delete_asset(store: &mut Store, id: &str) -> Answered {
    let (release, asset) = store.asset(id).ok_or_else(not_found)?;
    release.check_mutable("Cannot delete assets from an immutable release.")?;
    let (mut release, asset) = (release.clone(), asset.clone());
    release.assets.retain(|other| other.id != asset.id);
    store.unlink(&release, &asset.name)?;
    store.keep(release, None)?;
    Ok(Answer::empty(204))
}
