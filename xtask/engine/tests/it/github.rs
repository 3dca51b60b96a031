//! The GitHub of a rehearsal: one repository, `d44b/pulltrace`, and its releases. It wants tokens, has settings and stops
//! uploads half way, as its documentation says (docs.github.com, "REST API endpoints for releases" and "for release
//! assets"). As GitHub Enterprise Server has it, the API and uploads are on one host; the content of assets is on another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use helm_xtask::internals::digest::digest;
use helm_xtask::internals::rehearsal::github::Github as Releases;
use helm_xtask::internals::rehearsal::http::{Answer, Request};
use serde_json::{Map, Value, json};

use crate::fake::{self, Fake, Service, request};
use crate::sandbox::Sandbox;
use crate::server::TOKEN;

pub type Github = Fake<Api>;
pub type Fault = fake::Fault<Api>;

const REPOSITORY: &str = "d44b/pulltrace";
/// Where GitHub Enterprise Server has the API and takes uploads.
const API: &str = "/api/v3";
const UPLOADS: &str = "/api/uploads";
/// Where the content of assets is: a server that knows no tokens.
const STORAGE: &str = "/storage/";
/// [`TOKEN`] as requests have it.
const AUTHORIZATION: &str = "Bearer ghs_0123456789abcdefghijABCDEFGHIJ0123";
const BYTES: (&str, &str) = ("accept", "application/octet-stream");
/// What of a release and of its assets lasts, without ids and times.
const LASTING: [&str; 10] =
    ["assets", "body", "digest", "draft", "immutable", "name", "prerelease", "size", "state", "tag_name"];

pub struct Api {
    /// `http://HOST:PORT` of the API, of uploads, and of the content of assets.
    origin: String,
    pub uploads: String,
    pub storage: String,
    /// The token that counts. Any other is refused, and so is none where something is written.
    pub token: String,
    pub reads_only: bool,
    /// Without a token there is no repository.
    pub is_private: bool,
    /// How it is set up: what `GET` of these paths, from the repository on, answers besides; `""` is merged into what it
    /// says of the repository.
    pub settings: BTreeMap<&'static str, Value>,
    /// Assets have no `digest`, as in GitHub Enterprise Server before 3.17.
    pub no_digests: bool,
    /// Their commits, and whether they are annotated.
    tags: BTreeMap<String, (String, bool)>,
    starters: BTreeSet<u64>,
    pub releases: Releases,
    _sandbox: Sandbox,
}

impl Github {
    /// A public repository without tags or releases, which [`TOKEN`] may write to.
    pub fn new() -> Self {
        Self::start(|[origin, storage]| {
            let sandbox = Sandbox::new();
            let api = origin.clone() + API;
            let mut releases = Releases::new(sandbox.work(), &api, REPOSITORY, &[], &"f".repeat(40));
            releases.immutable = false;
            Api {
                origin: origin.clone(),
                uploads: origin.clone(),
                storage: storage.clone(),
                token: TOKEN.into(),
                reads_only: false,
                is_private: false,
                settings: BTreeMap::new(),
                no_digests: false,
                tags: BTreeMap::new(),
                starters: BTreeSet::new(),
                releases,
                _sandbox: sandbox,
            }
        })
    }

    /// For `GITHUB_API_URL`.
    pub fn url(&self) -> String {
        self.origins[0].clone() + API
    }

    /// All that lasts, without ids and times.
    pub fn state(&self) -> Value {
        self.with(|api| api.state())
    }
}

impl Service for Api {
    const KEEPS_CONNECTIONS: bool = true;

    fn answer(service: &Mutex<Self>, asked: &Request) -> Answer {
        fake::lock(service).answer(asked)
    }

    fn refuse(status: u16, message: &str) -> Answer {
        Answer::json(status, &json!({"message": message, "status": status.to_string()}))
    }

    /// Leaves an asset that is none (documentation of "Upload a release asset").
    fn break_off(&mut self, asked: &Request) {
        if is_upload(asked) {
            let asset = value(&self.answer(&Request { body: b"half".to_vec(), ..asked.clone() }));
            self.starters.extend(asset["id"].as_u64());
        }
    }
}

/// A request of somebody who may write, for what is below the repository.
pub fn asked(method: &str, path: &str, content: &Value) -> Request {
    let line = format!("{method} {API}/repos/{REPOSITORY}/{path}");
    request(&line, &[("authorization", AUTHORIZATION)], content.to_string().as_bytes())
}

/// The same for an upload to a release.
pub fn upload(release: &Value, name: &str, data: &[u8]) -> Request {
    let line = format!("POST {UPLOADS}/repos/{REPOSITORY}/releases/{}/assets?name={name}", release["id"]);
    request(&line, &[("authorization", AUTHORIZATION), ("content-type", "text/plain")], data)
}

fn is_upload(asked: &Request) -> bool {
    asked.method == "POST" && asked.path.ends_with("/assets")
}

/// The id of the object of an annotated tag.
fn object_id(tag: &str) -> String {
    digest(tag.as_bytes())["sha256:".len()..][..40].to_owned()
}

fn not_found() -> Answer {
    Api::refuse(404, "Not Found")
}

pub fn value(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

impl Api {
    pub fn tag(&mut self, name: &str, commit: &str) {
        self.tags.insert(name.into(), (commit.into(), false));
    }

    pub fn annotate(&mut self, name: &str, commit: &str) {
        self.tags.insert(name.into(), (commit.into(), true));
    }

    /// All that lasts, without ids and times: equal for two that hold the same. Releases are sorted by tag.
    fn state(&self) -> Value {
        let pages = (1..).map(|page| value(&self.ask(&format!("releases?per_page=100&page={page}"), &[])));
        let pages = pages.map(|page| page.as_array().expect("releases").clone());
        let mut releases: Vec<Value> = pages.take_while(|page| !page.is_empty()).flatten().collect();
        for release in &mut releases {
            self.mend(release, false);
            keep_lasting(release);
            let assets = release["assets"].as_array_mut().expect("assets");
            assets.iter_mut().for_each(keep_lasting);
            assets.sort_by_key(|asset| asset["name"].to_string());
        }
        releases.sort_by_key(Value::to_string);
        releases.sort_by_key(|release| release["tag_name"].to_string());
        let tags: Map<_, _> = self.tags.iter().map(|(name, tag)| (name.clone(), json!(tag.0))).collect();
        let latest = &value(&self.ask("releases/latest", &[]))["tag_name"];
        json!({"tags": tags, "releases": releases, "latest": latest})
    }

    /// What the releases say of themselves.
    fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.releases.answer(&request(&format!("GET /repos/{REPOSITORY}/{path}"), headers, b""))
    }

    pub fn answer(&self, asked: &Request) -> Answer {
        let answer = self.carry_out(asked).unwrap_or_else(|refused| refused);
        let answer = answer.with("X-RateLimit-Limit", "5000").with("X-RateLimit-Remaining", "4999");
        answer.with("X-RateLimit-Reset", "4102444800").with("X-RateLimit-Used", "1")
    }

    fn carry_out(&self, asked: &Request) -> Result<Answer, Answer> {
        if let Some(id) = asked.path.strip_prefix(STORAGE) {
            return self.content(asked, id);
        }
        let may_write = self.authorize(asked)?;
        let base = if is_upload(asked) { UPLOADS } else { API };
        let path = asked.path.strip_prefix(base).ok_or_else(not_found)?;
        let rest = path.strip_prefix(&format!("/repos/{REPOSITORY}")).ok_or_else(not_found)?;
        let rest = rest.trim_start_matches('/');
        if let Some(said) = self.setting(rest).filter(|_| asked.method == "GET") {
            return Ok(Answer::json(200, &said));
        }
        let mut plain = Request { path: path.to_owned(), ..asked.clone() };
        plain.headers.retain(|(name, _)| name != "accept");
        let answer = self.releases.answer(&plain);
        if answer.status >= 300 || answer.body.is_empty() {
            return Ok(answer);
        }
        let said = self.say(rest, &answer, may_write)?;
        let id = rest.strip_prefix("releases/assets/").filter(|_| asked.header(BYTES.0) == Some(BYTES.1));
        let Some(id) = id else { return Ok(Answer { body: said.to_string().into(), ..answer }) };
        if said["state"] != "uploaded" {
            return Err(not_found());
        }
        Ok(Answer::empty(302).with("Location", format!("{}{STORAGE}{id}?sp=r&sig=signed", self.storage)))
    }

    /// Whether the one who asks may write; what is written needs that.
    fn authorize(&self, asked: &Request) -> Result<bool, Answer> {
        if asked.header("user-agent").is_none() {
            return Err(Self::refuse(403, "Request forbidden by administrative rules."));
        }
        let is_write = asked.method != "GET";
        let Some(header) = asked.header("authorization") else {
            return match (self.is_private, is_write) {
                (true, _) => Err(not_found()),
                (false, true) => Err(Self::refuse(401, "Requires authentication")),
                (false, false) => Ok(false),
            };
        };
        let (scheme, token) = header.split_once(' ').unwrap_or_default();
        if !["bearer", "token"].contains(&scheme.to_ascii_lowercase().as_str()) || token != self.token {
            return Err(Self::refuse(401, "Bad credentials"));
        }
        if is_write && self.reads_only {
            return Err(Self::refuse(403, "Resource not accessible by integration"));
        }
        Ok(!self.reads_only)
    }

    /// A tag, or how the repository is set up.
    fn setting(&self, path: &str) -> Option<Value> {
        if let Some(name) = path.strip_prefix("git/ref/tags/") {
            let (commit, is_annotated) = self.tags.get(name)?;
            let (kind, sha) =
                if *is_annotated { ("tag", object_id(name)) } else { ("commit", commit.clone()) };
            return Some(json!({"ref": format!("refs/tags/{name}"), "object": {"type": kind, "sha": sha}}));
        }
        if let Some(object) = path.strip_prefix("git/tags/") {
            let (_, (commit, _)) = self.tags.iter().find(|(name, _)| object_id(name) == object)?;
            return Some(json!({"sha": object, "object": {"type": "commit", "sha": commit}}));
        }
        self.settings.get(path).filter(|_| !path.is_empty()).cloned()
    }

    /// What an answer says to the one who asks, with the hosts that GitHub has.
    fn say(&self, path: &str, answer: &Answer, may_write: bool) -> Result<Value, Answer> {
        let api = format!("{}{API}/", self.origin);
        let upload = "\"upload_url\":\"";
        let text = String::from_utf8_lossy(&answer.body)
            .replace(&format!("{api}{REPOSITORY}/"), &format!("https://github.com/{REPOSITORY}/"))
            .replace(&format!("{upload}{api}"), &format!("{upload}{}{UPLOADS}/", self.uploads));
        let mut said: Value = serde_json::from_str(&text).expect("JSON");
        self.mend(&mut said, self.no_digests);
        let is_draft = |said: &Value| {
            said["draft"] == true || said["browser_download_url"].to_string().contains("/untagged-")
        };
        match &mut said {
            Value::Array(all) => all.retain(|said| may_write || !is_draft(said)),
            said if !may_write && is_draft(said) => return Err(not_found()),
            said if path.is_empty() => {
                said["private"] = json!(self.is_private);
                said["permissions"]["push"] = json!(may_write);
                for (key, value) in self.settings.get("").and_then(Value::as_object).into_iter().flatten() {
                    said[key] = value.clone();
                }
            }
            _ => {}
        }
        Ok(said)
    }

    /// Makes assets what they are here, where the releases have whole ones with their digests.
    fn mend(&self, said: &mut Value, no_digests: bool) {
        match said {
            Value::Array(all) => all.iter_mut().for_each(|said| self.mend(said, no_digests)),
            Value::Object(object) => {
                if object.get("id").and_then(Value::as_u64).is_some_and(|id| self.starters.contains(&id)) {
                    let starter = json!({"state": "starter", "size": 0, "digest": null});
                    object.extend(starter.as_object().expect("an object").clone());
                }
                if no_digests {
                    object.remove("digest");
                }
                object.get_mut("assets").into_iter().for_each(|assets| self.mend(assets, no_digests));
            }
            _ => {}
        }
    }

    /// The content of an asset. The storage takes the signature in the URL, and nothing besides it.
    fn content(&self, asked: &Request, id: &str) -> Result<Answer, Answer> {
        if asked.header("authorization").is_some() {
            return Err(Answer::text(400, "<Error><Code>InvalidAuthenticationInfo</Code></Error>"));
        }
        Ok(self.ask(&format!("releases/assets/{id}"), &[BYTES]))
    }
}

/// Takes from a release or an asset what differs each time.
fn keep_lasting(said: &mut Value) {
    said.as_object_mut().expect("an object").retain(|key, _| LASTING.contains(&&**key));
}
