//! The part of GitHub's REST API that releases need, as its documentation and recorded answers have it
//! (docs.github.com, "REST API endpoints for releases" and "for release assets"; npm, `@octokit/fixtures`).

use std::collections::{BTreeMap, BTreeSet};

use helm_xtask::internals::digest;
use serde_json::{Map, Value, json};

use crate::github_form::{
    Refused, decoded, invalid, invalid_asset, not_found, object, ok, page, parameter, refuse, renamed, split,
};
use helm_xtask::internals::rehearsal::http::{Answer, Request};

/// The repository that all is about, and its other name, which the links between pages have.
const REPOSITORY: &str = "d44b/pulltrace";
const BY_ID: &str = "/repositories/1000/";
/// Where GitHub Enterprise Server has the API and takes uploads.
pub const API: &str = "/api/v3";
const UPLOADS: &str = "/api/uploads";
/// Where the content of assets is: a server that knows no tokens.
pub const STORAGE: &str = "/storage/";
const NO_COMMIT: &str = "ffffffffffffffffffffffffffffffffffffffff";

/// A repository with its releases.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "they are switches")]
pub struct Api {
    /// `http://HOST:PORT` of the API, of uploads, and of the content of assets.
    pub origin: String,
    pub uploads: String,
    pub storage: String,
    /// The token that counts. Any other is refused, and so is none where something is written.
    pub token: String,
    /// The token may only read.
    pub reads_only: bool,
    /// Without a token there is no repository.
    pub is_private: bool,
    /// How it is set up: what `GET` of these paths, from the repository on, answers besides; `""` is merged into what it
    /// says of the repository.
    pub settings: BTreeMap<&'static str, Value>,
    /// Published releases do not change.
    pub immutable: bool,
    /// Assets have no `digest`, as in GitHub Enterprise Server before 3.17.
    pub no_digests: bool,
    tags: BTreeMap<String, Tag>,
    releases: Vec<Release>,
    /// Made the latest on purpose.
    latest: Option<u64>,
    /// Tags of immutable releases, for ever.
    used: BTreeSet<String>,
    last_id: u64,
}

struct Tag {
    commit: String,
    /// The object of an annotated tag.
    object: Option<String>,
}

struct Release {
    id: u64,
    tag: String,
    commitish: String,
    name: Value,
    body: Value,
    draft: bool,
    prerelease: bool,
    immutable: bool,
    assets: Vec<Asset>,
}

struct Asset {
    id: u64,
    name: String,
    content_type: String,
    /// Without it the asset is one that an upload left behind.
    data: Option<Vec<u8>>,
}

impl Api {
    /// Adds a lightweight tag.
    pub fn tag(&mut self, name: &str, commit: &str) {
        self.tags.insert(name.into(), Tag { commit: commit.into(), object: None });
    }

    /// Adds an annotated tag.
    pub fn annotate(&mut self, name: &str, commit: &str) {
        let object = digest::digest(name.as_bytes())["sha256:".len()..][..40].to_owned();
        self.tags.insert(name.into(), Tag { commit: commit.into(), object: Some(object) });
    }

    /// An upload that fails half way leaves this (documentation of "Upload a release asset").
    pub fn leave_starter(&mut self, asked: &Request) {
        let (path, query) = split(&asked.target);
        let id = path.split('/').rev().nth(1).and_then(|id| id.parse().ok());
        let asset = Asset {
            id: self.next_id(),
            name: renamed(&parameter(query, "name").unwrap_or_default()),
            content_type: asked.header("content-type").unwrap_or_default().into(),
            data: None,
        };
        if let Some(release) = self.releases.iter_mut().find(|release| Some(release.id) == id) {
            release.assets.push(asset);
        }
    }

    /// All that lasts, without ids and times: equal for two that hold the same. Releases are sorted by tag.
    pub fn state(&self) -> Value {
        let asset = |asset: &Asset| {
            let digest = asset.data.as_deref().map(digest::digest);
            let size = asset.data.as_ref().map_or(0, Vec::len);
            json!({"name": asset.name, "state": asset.state(), "size": size, "digest": digest})
        };
        let release = |release: &Release| {
            let mut assets: Vec<_> = release.assets.iter().map(asset).collect();
            assets.sort_by_key(|asset| asset["name"].to_string());
            json!({
                "tag_name": release.tag, "name": release.name, "body": release.body, "draft": release.draft,
                "prerelease": release.prerelease, "immutable": release.immutable, "assets": assets,
            })
        };
        let mut releases: Vec<_> = self.releases.iter().map(release).collect();
        releases.sort_by_key(Value::to_string);
        releases.sort_by_key(|release| release["tag_name"].to_string());
        let tags: Map<_, _> = self.tags.iter().map(|(name, tag)| (name.clone(), json!(tag.commit))).collect();
        json!({"tags": tags, "releases": releases, "latest": self.latest().map(|release| &release.tag)})
    }

    /// Carries a request out.
    pub fn answer(&mut self, asked: &Request) -> Answer {
        let answer = self.carry_out(asked).unwrap_or_else(|refused| refused);
        answer
            .with("X-GitHub-Request-Id", "0000:00000:0000000:0000000:00000000")
            .with("X-GitHub-Media-Type", "github.v3; format=json")
            .with("X-RateLimit-Limit", "5000")
            .with("X-RateLimit-Remaining", "4999")
            .with("X-RateLimit-Reset", "4102444800")
            .with("X-RateLimit-Used", "1")
            .with("X-RateLimit-Resource", "core")
    }

    fn carry_out(&mut self, asked: &Request) -> Result<Answer, Refused> {
        let (path, query) = split(&asked.target);
        if let Some(id) = path.strip_prefix(STORAGE) {
            return self.content(asked, id);
        }
        let may_write = self.authorize(asked)?;
        let (is_upload, path) = match path.strip_prefix(UPLOADS) {
            Some(path) => (true, path),
            None => (false, path.strip_prefix(API).ok_or_else(not_found)?),
        };
        let whole = format!("/repos/{REPOSITORY}");
        let rest = path.strip_prefix(&whole).map(|rest| rest.strip_prefix('/').unwrap_or(rest));
        let rest = rest.or_else(|| path.strip_prefix(BY_ID)).ok_or_else(not_found)?;
        let parts: Vec<String> = rest.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let method = asked.method.as_str();
        if let Some(said) = self.settings.get(rest).filter(|_| method == "GET" && !rest.is_empty()) {
            return Ok(ok(200, said));
        }
        if method != "GET" && !may_write {
            let has_token = asked.header("authorization").is_some();
            return Err(if has_token {
                refuse(403, "Resource not accessible by integration")
            } else {
                refuse(401, "Requires authentication")
            });
        }
        match (method, &parts[..]) {
            ("POST", ["releases", id, "assets"]) if is_upload => self.upload(id, query, asked),
            _ if is_upload => Err(not_found()),
            ("GET", []) => Ok(self.repository(may_write)),
            ("GET", ["git", "ref", "tags", name @ ..]) => self.reference(&name.join("/")),
            ("GET", ["git", "tags", object]) => self.tag_object(object),
            ("GET", ["releases"]) => {
                let seen = self.releases.iter().rev().filter(|release| may_write || !release.draft);
                Ok(page(&self.list("releases"), query, seen.map(|release| self.release(release)).collect()))
            }
            ("POST", ["releases"]) => self.create(&asked.body),
            ("GET", ["releases", "latest"]) => {
                self.latest().map(|release| ok(200, &self.release(release))).ok_or_else(not_found)
            }
            ("GET", ["releases", "tags", tag @ ..]) => {
                let tag = tag.join("/");
                let found = self.releases.iter().find(|release| !release.draft && release.tag == tag);
                found.map(|release| ok(200, &self.release(release))).ok_or_else(not_found)
            }
            ("GET", ["releases", "assets", id]) => self.asset(id, asked, may_write),
            ("DELETE", ["releases", "assets", id]) => self.delete_asset(id),
            ("GET", ["releases", id]) => {
                let release = &self.releases[self.place(id, may_write)?];
                Ok(ok(200, &self.release(release)))
            }
            ("GET", ["releases", id, "assets"]) => {
                let release = &self.releases[self.place(id, may_write)?];
                let assets = release.assets.iter().map(|asset| self.asset_json(release, asset));
                Ok(page(&self.list(&format!("releases/{id}/assets")), query, assets.collect()))
            }
            ("PATCH", ["releases", id]) => self.update(id, &asked.body),
            ("DELETE", ["releases", id]) => self.delete(id),
            _ => Err(not_found()),
        }
    }

    /// Whether the one who asks may write.
    fn authorize(&self, asked: &Request) -> Result<bool, Refused> {
        if asked.header("user-agent").is_none() {
            let message = "Request forbidden by administrative rules. Please make sure your request has a \
                           User-Agent header.";
            return Err(refuse(403, message));
        }
        let Some(header) = asked.header("authorization") else {
            return if self.is_private { Err(not_found()) } else { Ok(false) };
        };
        let (scheme, token) = header.split_once(' ').unwrap_or_default();
        if !["bearer", "token"].contains(&scheme.to_ascii_lowercase().as_str()) || token != self.token {
            return Err(refuse(401, "Bad credentials"));
        }
        Ok(!self.reads_only)
    }

    fn repository(&self, may_write: bool) -> Answer {
        let (owner, name) = REPOSITORY.split_once('/').unwrap_or_default();
        let mut said = json!({
                "id": 1000, "name": name, "full_name": REPOSITORY, "owner": {"login": owner, "type": "User"},
                "private": self.is_private, "html_url": format!("https://github.com/{REPOSITORY}"),
                "default_branch": "main", "archived": false,
                "permissions": {"admin": false, "push": may_write, "pull": true},
        });
        for (key, value) in self.settings.get("").and_then(Value::as_object).into_iter().flatten() {
            said[key] = value.clone();
        }
        ok(200, &said)
    }

    fn reference(&self, name: &str) -> Result<Answer, Refused> {
        let tag = self.tags.get(name).ok_or_else(not_found)?;
        let (sha, kind) = tag.object.as_ref().map_or((&tag.commit, "commit"), |object| (object, "tag"));
        let url = format!("{}/git/{kind}s/{sha}", self.url());
        Ok(ok(
            200,
            &json!({
                "ref": format!("refs/tags/{name}"), "node_id": "MDA6RW50aXR5MQ==",
                "url": format!("{}/git/refs/tags/{name}", self.url()),
                "object": {"sha": sha, "type": kind, "url": url},
            }),
        ))
    }

    fn tag_object(&self, object: &str) -> Result<Answer, Refused> {
        let mut tags = self.tags.iter();
        let found = tags.find(|(_, tag)| tag.object.as_deref() == Some(object)).ok_or_else(not_found)?;
        let commit = json!({"sha": found.1.commit, "type": "commit"});
        Ok(ok(200, &json!({"tag": found.0, "sha": object, "message": "a tag\n", "object": commit})))
    }

    fn create(&mut self, body: &[u8]) -> Result<Answer, Refused> {
        let wanted = object(body)?;
        let Some(tag) = wanted.get("tag_name").and_then(Value::as_str) else {
            return Err(refuse(422, "Invalid request.\n\n\"tag_name\" wasn't supplied."));
        };
        let id = self.next_id();
        let release = Release {
            id,
            tag: tag.into(),
            commitish: "main".into(),
            name: Value::Null,
            body: Value::Null,
            draft: true,
            prerelease: false,
            immutable: false,
            assets: Vec::new(),
        };
        self.releases.push(release);
        let mut wanted = wanted;
        wanted.entry("draft").or_insert(json!(false));
        if let Err(refused) = self.change(id, &wanted) {
            self.releases.pop();
            return Err(refused);
        }
        let release = self.releases.last().expect("just made");
        Ok(ok(201, &self.release(release)).with("Location", format!("{}/releases/{id}", self.url())))
    }

    fn update(&mut self, id: &str, body: &[u8]) -> Result<Answer, Refused> {
        let place = self.place(id, true)?;
        let id = self.releases[place].id;
        self.change(id, &object(body)?)?;
        Ok(ok(200, &self.release(&self.releases[place])))
    }

    /// Gives a release these properties, all or none of them.
    fn change(&mut self, id: u64, wanted: &Map<String, Value>) -> Result<(), Refused> {
        let place = self.place(&id.to_string(), true)?;
        let old = &self.releases[place];
        let text = |key: &str| wanted.get(key).and_then(Value::as_str);
        let flag = |key: &str, old: bool| wanted.get(key).and_then(Value::as_bool).unwrap_or(old);
        let tag = text("tag_name").unwrap_or(&old.tag).to_owned();
        let (draft, prerelease) = (flag("draft", old.draft), flag("prerelease", old.prerelease));
        let publishes = old.draft && !draft;
        if old.immutable && (draft || tag != old.tag) {
            return Err(invalid(&json!({"message": "state cannot be changed when release is immutable"})));
        }
        let same = |other: &&Release| other.id != id && !other.draft && other.tag == tag;
        if !draft && self.releases.iter().find(same).is_some() {
            return Err(invalid(&json!({"code": "already_exists", "field": "tag_name"})));
        }
        if publishes && self.used.contains(&tag) {
            let message = "tag_name was used by an immutable release";
            return Err(invalid(&json!({"code": "custom", "field": "tag_name", "message": message})));
        }
        let make_latest = match wanted.get("make_latest") {
            None => None,
            Some(Value::String(word)) if ["true", "false", "legacy"].contains(&word.as_str()) => Some(word),
            Some(_) => return Err(refuse(422, "Invalid request.\n\nInvalid input for `make_latest`.")),
        };
        if make_latest.is_some_and(|word| word == "true") && (draft || prerelease) {
            let message = "Latest release cannot be draft or prerelease.";
            return Err(invalid(&json!({"code": "custom", "message": message})));
        }
        let commitish = text("target_commitish").unwrap_or(&old.commitish).to_owned();
        let release = &mut self.releases[place];
        for (key, field) in [("name", &mut release.name), ("body", &mut release.body)] {
            if let Some(value) = wanted.get(key) {
                *field = value.clone();
            }
        }
        (release.tag, release.commitish) = (tag, commitish);
        (release.draft, release.prerelease) = (draft, prerelease);
        if publishes {
            release.immutable = self.immutable;
            if self.immutable {
                self.used.insert(release.tag.clone());
            }
            let commit = if release.commitish.len() == 40 { &release.commitish } else { NO_COMMIT };
            let made = Tag { commit: commit.to_owned(), object: None };
            self.tags.entry(release.tag.clone()).or_insert(made);
        }
        match make_latest.map(String::as_str) {
            Some("true") => self.latest = Some(id),
            // The default is for releases that are just published.
            None if publishes && !prerelease => self.latest = Some(id),
            Some("false") if self.latest == Some(id) => self.latest = None,
            _ => {}
        }
        Ok(())
    }

    /// The one that was made it, else the youngest of those that can be.
    fn latest(&self) -> Option<&Release> {
        let mut can_be = self.releases.iter().rev().filter(|release| !release.draft && !release.prerelease);
        let chosen = can_be.clone().find(|release| Some(release.id) == self.latest);
        chosen.or_else(|| can_be.next())
    }

    fn delete(&mut self, id: &str) -> Result<Answer, Refused> {
        let place = self.place(id, true)?;
        self.releases.remove(place);
        Ok(Answer::empty(204))
    }

    fn upload(&mut self, id: &str, query: &str, asked: &Request) -> Result<Answer, Refused> {
        let (place, asset_id) = (self.place(id, true)?, self.next_id());
        let release = &self.releases[place];
        let name = parameter(query, "name").filter(|name| !name.is_empty());
        let name = renamed(&name.ok_or_else(|| refuse(400, "Multipart form data required"))?);
        if release.immutable {
            return Err(refuse(422, "Cannot upload assets to an immutable release."));
        }
        let Some(content_type) = asked.header("content-type") else {
            return Err(invalid_asset(&json!({"code": "missing_field", "field": "content_type"})));
        };
        if asked.header("content-length").is_none() || asked.body.is_empty() {
            return Err(refuse(400, "Bad Content-Length: "));
        }
        if release.assets.iter().any(|asset| asset.name == name) {
            return Err(invalid_asset(&json!({"code": "already_exists", "field": "name"})));
        }
        let (content_type, data) = (content_type.to_owned(), Some(asked.body.clone()));
        self.releases[place].assets.push(Asset { id: asset_id, name, content_type, data });
        let release = &self.releases[place];
        Ok(ok(201, &self.asset_json(release, release.assets.last().expect("just made"))))
    }

    fn asset(&self, id: &str, asked: &Request, may_write: bool) -> Result<Answer, Refused> {
        let (place, at) = self.asset_place(id)?;
        let release = &self.releases[place];
        if release.draft && !may_write {
            return Err(not_found());
        }
        let asset = &release.assets[at];
        if !asked.headers("accept").any(|accept| accept.contains("application/octet-stream")) {
            return Ok(ok(200, &self.asset_json(release, asset)));
        }
        asset.data.as_ref().ok_or_else(not_found)?;
        let url = format!("{}{STORAGE}{}?sp=r&sig=signed", self.storage, asset.id);
        Ok(Answer { status: 302, headers: vec![("Location".into(), url)], body: Vec::new() })
    }

    /// The content of an asset. The storage takes the signature in the URL, and nothing besides it.
    fn content(&self, asked: &Request, id: &str) -> Result<Answer, Refused> {
        if asked.header("authorization").is_some() {
            let words = "<Error><Code>InvalidAuthenticationInfo</Code></Error>";
            return Err(Answer::text(400, words));
        }
        let (place, at) = self.asset_place(id)?;
        let body = self.releases[place].assets[at].data.clone().ok_or_else(not_found)?;
        let headers = vec![("Content-Type".into(), "application/octet-stream".into())];
        Ok(Answer { status: 200, headers, body })
    }

    fn delete_asset(&mut self, id: &str) -> Result<Answer, Refused> {
        let (place, at) = self.asset_place(id)?;
        if self.releases[place].immutable {
            return Err(refuse(422, "Cannot delete asset from an immutable release."));
        }
        self.releases[place].assets.remove(at);
        Ok(Answer::empty(204))
    }

    fn place(&self, id: &str, may_write: bool) -> Result<usize, Refused> {
        let seen = |release: &Release| release.id.to_string() == id && (may_write || !release.draft);
        self.releases.iter().position(seen).ok_or_else(not_found)
    }

    fn asset_place(&self, id: &str) -> Result<(usize, usize), Refused> {
        let is_it = |asset: &Asset| asset.id.to_string() == id;
        let mut releases = self.releases.iter().enumerate();
        let found = releases.find_map(|(n, release)| Some((n, release.assets.iter().position(is_it)?)));
        found.ok_or_else(not_found)
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        999 + self.last_id
    }

    fn url(&self) -> String {
        format!("{}{API}/repos/{REPOSITORY}", self.origin)
    }

    fn list(&self, path: &str) -> String {
        format!("{}{API}{BY_ID}{path}", self.origin)
    }

    fn release(&self, release: &Release) -> Value {
        let (id, tag) = (release.id, &release.tag);
        let shown = if release.draft { format!("untagged-{id:020x}") } else { tag.clone() };
        let assets: Vec<_> = release.assets.iter().map(|asset| self.asset_json(release, asset)).collect();
        let time = format!("2017-10-10T{:02}:{:02}:00Z", id / 60 % 24, id % 60);
        json!({
            "url": format!("{}/releases/{id}", self.url()),
            "assets_url": format!("{}/releases/{id}/assets", self.url()),
            "upload_url":
                format!("{}{UPLOADS}/repos/{REPOSITORY}/releases/{id}/assets{{?name,label}}", self.uploads),
            "html_url": format!("https://github.com/{REPOSITORY}/releases/tag/{shown}"),
            "id": id, "node_id": "MDA6RW50aXR5MQ==", "author": {"login": "octocat", "id": 1},
            "tag_name": tag, "target_commitish": release.commitish, "name": release.name,
            "draft": release.draft, "immutable": release.immutable, "prerelease": release.prerelease,
            "created_at": time, "published_at": if release.draft { Value::Null } else { json!(time) },
            "tarball_url": Value::Null, "zipball_url": Value::Null, "body": release.body, "assets": assets,
        })
    }

    fn asset_json(&self, release: &Release, asset: &Asset) -> Value {
        let shown = if release.draft { format!("untagged-{:020x}", release.id) } else { release.tag.clone() };
        let name = &asset.name;
        let mut answer = json!({
            "url": format!("{}/releases/assets/{}", self.url(), asset.id),
            "id": asset.id, "node_id": "MDA6RW50aXR5MQ==", "name": name, "label": "",
            "uploader": {"login": "octocat", "id": 1}, "content_type": asset.content_type,
            "state": asset.state(), "size": asset.data.as_ref().map_or(0, Vec::len),
            "digest": asset.data.as_deref().map(digest::digest), "download_count": 0,
            "created_at": "2017-10-10T16:00:00Z", "updated_at": "2017-10-10T16:00:00Z",
            "browser_download_url": format!("https://github.com/{REPOSITORY}/releases/download/{shown}/{name}"),
        });
        if self.no_digests {
            answer.as_object_mut().expect("an object").remove("digest");
        }
        answer
    }
}

impl Asset {
    fn state(&self) -> &'static str {
        if self.data.is_some() { "uploaded" } else { "starter" }
    }
}
