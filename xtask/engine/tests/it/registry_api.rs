//! The OCI registry of a rehearsal, with the ways in that registries have: none, a password, or tokens for a password
//! (distribution's "Token Authentication"); and with other habits of theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use helm_xtask::internals::rehearsal::http::{Answer, Request};
use helm_xtask::internals::rehearsal::registry::Registry;
use serde_json::{Value, json};

use crate::fake::{self, Fake, Service};
use crate::sandbox::Sandbox;

pub type OciRegistry = Fake<Oci>;

/// Who may do what.
#[derive(Clone, PartialEq, Eq)]
pub enum Door {
    Open,
    /// `Authorization: Basic` with the base64 of `USER:PASSWORD`.
    Basic(String),
    /// A token for the same; anybody gets one to read with, unless the registry is private.
    Bearer(String),
}

/// Repositories.
pub struct Oci {
    pub door: Door,
    pub is_private: bool,
    /// Uploads are not cancelled, as on GHCR.
    pub never_cancels: bool,
    /// How many uploads were begun and neither finished nor cancelled.
    pub open_uploads: usize,
    /// `http://HOST:PORT` that tokens are had from.
    tokens_from: String,
    /// What may be done with each token that was given.
    tokens: BTreeMap<String, bool>,
    registry: Registry,
    /// Where that keeps what it holds.
    sandbox: Sandbox,
}

impl OciRegistry {
    pub fn new() -> Self {
        Self::start(|[_, other]| {
            let sandbox = Sandbox::new();
            Oci {
                door: Door::Open,
                is_private: false,
                never_cancels: false,
                open_uploads: 0,
                tokens_from: other.clone(),
                tokens: BTreeMap::new(),
                registry: Registry::new(sandbox.work()),
                sandbox,
            }
        })
    }

    /// For `--oci`.
    pub fn url(&self) -> String {
        format!("oci://{}/charts", self.host())
    }

    /// Tags with digests, digests of manifests, and of blobs, of each repository that has a manifest.
    pub fn state(&self) -> Value {
        self.with(|oci| {
            let files = oci.sandbox.files("");
            let repositories = files.iter().filter_map(|path| path.strip_suffix("/index.json"));
            repositories.map(|name| (name.to_owned(), oci.repository(name, &files))).collect()
        })
    }
}

impl Service for Oci {
    const KEEPS_CONNECTIONS: bool = true;

    fn answer(service: &Mutex<Self>, asked: &Request) -> Answer {
        fake::lock(service).carry_out(asked).unwrap_or_else(|refused| refused)
    }

    fn refuse(status: u16, message: &str) -> Answer {
        error(status, "UNKNOWN", message)
    }
}

impl Oci {
    /// What an image layout holds.
    fn repository(&self, name: &str, files: &[String]) -> Value {
        let index: Value =
            serde_json::from_str(&self.sandbox.text(&format!("{name}/index.json"))).expect("JSON");
        let (mut tags, mut manifests) = (BTreeMap::new(), BTreeSet::new());
        for listed in index["manifests"].as_array().expect("manifests") {
            let digest = listed["digest"].as_str().expect("a digest").to_owned();
            if let Some(tag) = listed["annotations"]["org.opencontainers.image.ref.name"].as_str() {
                tags.insert(tag.to_owned(), digest.clone());
            }
            manifests.insert(digest);
        }
        let blobs = files.iter().filter_map(|path| path.strip_prefix(&format!("{name}/blobs/sha256/")));
        let blobs = blobs.map(|hex| format!("sha256:{hex}")).filter(|digest| !manifests.contains(digest));
        json!({"tags": tags, "manifests": manifests, "blobs": blobs.collect::<Vec<_>>()})
    }

    fn carry_out(&mut self, asked: &Request) -> Result<Answer, Answer> {
        if asked.path == "/token" {
            return self.token(asked);
        }
        self.let_in(asked)?;
        if self.never_cancels && asked.method == "DELETE" {
            return Err(error(405, "UNSUPPORTED", "The operation is unsupported."));
        }
        let mut answer = self.registry.answer(asked);
        match (asked.method.as_str(), answer.status) {
            ("POST", 202) => self.open_uploads += 1,
            ("DELETE", 204) => self.open_uploads -= 1,
            ("PUT", 201) if asked.path.contains("/blobs/") => self.open_uploads -= 1,
            _ => {}
        }
        // The place of an upload has a state of the registry's in its query, as distribution has it.
        let locations = answer.headers.iter_mut().filter(|(name, _)| name == "Location");
        let uploads = locations.filter(|(_, place)| place.contains("/blobs/uploads/"));
        uploads.for_each(|(_, place)| place.push_str("?_state=s"));
        Ok(answer)
    }

    fn let_in(&self, asked: &Request) -> Result<(), Answer> {
        let writes = !matches!(asked.method.as_str(), "GET" | "HEAD");
        let given: Vec<&str> = asked.headers("authorization").collect();
        let (challenge, allowed) = match &self.door {
            Door::Open => return Ok(()),
            Door::Basic(password) => {
                let allowed = given == [format!("Basic {password}")];
                ("Basic realm=\"registry\"".to_owned(), allowed || (!self.is_private && !writes))
            }
            Door::Bearer(_) => {
                let path = asked.path.strip_prefix("/v2/").unwrap_or_default();
                let ends = ["/blobs/", "/manifests/", "/tags/"].iter().filter_map(|part| path.find(part));
                let name = &path[..ends.min().unwrap_or_default()];
                let scope = format!("repository:{name}:{}", if writes { "pull,push" } else { "pull" });
                let token = given.first().and_then(|value| value.strip_prefix("Bearer "));
                let allowed = token.and_then(|token| self.tokens.get(token));
                let realm = format!("{}/token", self.tokens_from);
                let challenge = format!("Bearer realm=\"{realm}\",service=\"registry\",scope=\"{scope}\"");
                (challenge, allowed.is_some_and(|may_write| *may_write || !writes))
            }
        };
        if allowed {
            return Ok(());
        }
        Err(error(401, "UNAUTHORIZED", "authentication required").with("WWW-Authenticate", challenge))
    }

    fn token(&mut self, asked: &Request) -> Result<Answer, Answer> {
        let Door::Bearer(password) = &self.door else { return Err(error(404, "NAME_UNKNOWN", "no tokens")) };
        // OAuth 2 would use POST; clients fall back.
        if asked.method != "GET" {
            return Err(error(405, "UNSUPPORTED", "The operation is unsupported."));
        }
        let is_owner = match asked.header("authorization") {
            Some(given) if given == format!("Basic {password}") => true,
            Some(_) => return Err(error(401, "UNAUTHORIZED", "authentication required")),
            None => false,
        };
        if self.is_private && !is_owner {
            return Err(error(403, "DENIED", "requested access to the resource is denied"));
        }
        let token = format!("{TOKEN_START}{:04}", self.tokens.len());
        // There may be a scope for each repository.
        let is_to_push = asked.query.iter().any(|(_, scope)| scope.contains("push"));
        self.tokens.insert(token.clone(), is_owner && is_to_push);
        Ok(Answer::json(200, &json!({"token": token, "expires_in": 300})))
    }
}

/// Whether a request begins an upload, or cancels one.
pub fn changes_nothing(line: &str) -> bool {
    line.starts_with("POST ") && line.ends_with("/blobs/uploads/")
        || line.starts_with("DELETE ") && line.contains("/blobs/uploads/")
}

/// What all tokens of the registry begin with.
pub const TOKEN_START: &str = "registry-bearer-0123456789abcdef-";

fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"errors": [{"code": code, "message": message, "detail": null}]}))
}
