//! An OCI registry on this machine (opencontainers/distribution-spec, "Endpoints"), with the ways in that registries have:
//! none, a password, or tokens for a password (distribution's "Token Authentication").

use std::collections::{BTreeMap, BTreeSet};

use helm_xtask::internals::digest;
use serde_json::{Value, json};

use crate::fake::{Fake, Service};
use crate::github_form::{decoded, parameter, split};
use crate::http::{Answer, Asked};

pub type OciRegistry = Fake<Oci>;

/// Who may do what.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Door {
    #[default]
    Open,
    /// `Authorization: Basic` with the base64 of `USER:PASSWORD`.
    Basic(String),
    /// A token for the same; anybody gets one to read with, unless the registry is private.
    Bearer(String),
}

/// Repositories.
#[derive(Default)]
pub struct Oci {
    pub door: Door,
    pub is_private: bool,
    /// Uploads are not cancelled, as on GHCR.
    pub never_cancels: bool,
    /// `http://HOST:PORT` that tokens are had from.
    pub tokens_from: String,
    /// What may be done with each token that was given.
    pub tokens: BTreeMap<String, bool>,
    blobs: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// By tag and by digest: media type and content.
    manifests: BTreeMap<String, BTreeMap<String, (String, Vec<u8>)>>,
    uploads: BTreeMap<u64, Vec<u8>>,
    last_upload: u64,
}

impl OciRegistry {
    pub fn new() -> Self {
        let registry = Self::start();
        let other = registry.origins[1].clone();
        registry.with(|oci| oci.tokens_from = other);
        registry
    }

    /// For `--oci`.
    pub fn url(&self) -> String {
        format!("{}/charts", self.origins[0].replacen("http", "oci", 1))
    }

    /// Tags with digests, digests of manifests, and of blobs, of each repository.
    pub fn state(&self) -> Value {
        self.with(|oci| {
            let repository = |(name, manifests): (&String, &BTreeMap<String, (String, Vec<u8>)>)| {
                let (digests, tags): (Vec<_>, Vec<_>) =
                    manifests.iter().partition(|(reference, _)| reference.contains(':'));
                let tags: BTreeMap<_, _> =
                    tags.into_iter().map(|(tag, (_, data))| (tag, digest::digest(data))).collect();
                let digests: BTreeSet<_> = digests.into_iter().map(|(digest, _)| digest).collect();
                let blobs: Vec<_> =
                    oci.blobs.get(name).map(|blobs| blobs.keys().collect()).unwrap_or_default();
                (name.clone(), json!({"tags": tags, "manifests": digests, "blobs": blobs}))
            };
            oci.manifests.iter().map(repository).collect()
        })
    }
}

impl Service for Oci {
    fn answer(&mut self, asked: &Asked) -> Answer {
        self.carry_out(asked).unwrap_or_else(|refused| refused)
    }

    fn refuse(status: u16, message: &str) -> Answer {
        error(status, "UNKNOWN", message)
    }

    fn break_off(&mut self, _: &Asked) {}
}

impl Oci {
    fn carry_out(&mut self, asked: &Asked) -> Result<Answer, Answer> {
        let (path, query) = split(&asked.line);
        if path == "/token" {
            return self.token(asked, query);
        }
        let rest = path.strip_prefix("/v2/").ok_or_else(|| error(404, "NAME_UNKNOWN", "no such path"))?;
        let method = asked.line.split(' ').next().unwrap_or_default();
        let cut = ["/blobs/", "/manifests/", "/tags/"].iter().filter_map(|part| rest.rfind(part)).max();
        let (name, rest) = rest.split_at(cut.unwrap_or(0));
        self.let_in(asked, name, !["GET", "HEAD"].contains(&method))?;
        let parts: Vec<String> = rest.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match (method, &parts[..]) {
            ("GET", []) => Ok(json_answer(200, &json!({}))),
            ("GET" | "HEAD", ["tags", "list"]) => {
                let known = self.manifests.get(name).ok_or_else(|| error(404, "NAME_UNKNOWN", "unknown"))?;
                let tags: Vec<_> = known.keys().filter(|reference| !reference.contains(':')).collect();
                Ok(json_answer(200, &json!({"name": name, "tags": tags})))
            }
            ("GET" | "HEAD", ["blobs", digest]) => {
                let blob = self.blobs.get(name).and_then(|blobs| blobs.get(*digest));
                let blob = blob.ok_or_else(|| error(404, "BLOB_UNKNOWN", "blob unknown to registry"))?;
                Ok(content("application/octet-stream", blob))
            }
            ("POST", ["blobs", "uploads"]) => self.begin(name, query, asked),
            ("PATCH", ["blobs", "uploads", id]) => self.append(name, id, asked),
            ("DELETE", ["blobs", "uploads", id]) => self.cancel(id),
            ("PUT", ["blobs", "uploads", id]) => self.finish(name, id, query, asked),
            ("GET" | "HEAD", ["manifests", reference]) => {
                let manifest = self.manifests.get(name).and_then(|known| known.get(*reference));
                let (kind, data) =
                    manifest.ok_or_else(|| error(404, "MANIFEST_UNKNOWN", "manifest unknown"))?;
                Ok(content(kind, data))
            }
            ("PUT", ["manifests", reference]) => self.put(name, reference, asked),
            _ => Err(error(405, "UNSUPPORTED", "The operation is unsupported.")),
        }
    }

    fn let_in(&self, asked: &Asked, name: &str, writes: bool) -> Result<(), Answer> {
        let given: Vec<&str> = asked.all("authorization").collect();
        let (challenge, allowed) = match &self.door {
            Door::Open => return Ok(()),
            Door::Basic(password) => {
                let allowed = given == [format!("Basic {password}")];
                ("Basic realm=\"registry\"".to_owned(), allowed || (!self.is_private && !writes))
            }
            Door::Bearer(_) => {
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

    fn token(&mut self, asked: &Asked, query: &str) -> Result<Answer, Answer> {
        let Door::Bearer(password) = &self.door else { return Err(error(404, "NAME_UNKNOWN", "no tokens")) };
        // OAuth 2 would use POST; clients fall back.
        if !asked.line.starts_with("GET ") {
            return Err(error(405, "UNSUPPORTED", "The operation is unsupported."));
        }
        let is_owner = match asked.all("authorization").next() {
            Some(given) if given == format!("Basic {password}") => true,
            Some(_) => return Err(error(401, "UNAUTHORIZED", "authentication required")),
            None => false,
        };
        if self.is_private && !is_owner {
            return Err(error(403, "DENIED", "requested access to the resource is denied"));
        }
        let token = format!("{TOKEN_START}{:04}", self.tokens.len());
        self.tokens.insert(token.clone(), is_owner && decoded(query).contains("push"));
        Ok(json_answer(200, &json!({"token": token, "expires_in": 300})))
    }

    fn begin(&mut self, name: &str, query: &str, asked: &Asked) -> Result<Answer, Answer> {
        if let Some(digest) = parameter(query, "mount") {
            let from = parameter(query, "from").and_then(|from| self.blobs.get(&from)?.get(&digest).cloned());
            if let Some(data) = from {
                return self.store(name, &digest, data);
            }
        }
        if let Some(digest) = parameter(query, "digest") {
            return self.store(name, &digest, asked.body.clone());
        }
        self.last_upload += 1;
        self.uploads.insert(self.last_upload, Vec::new());
        Ok(accepted(name, self.last_upload, 0))
    }

    fn cancel(&mut self, id: &str) -> Result<Answer, Answer> {
        if self.never_cancels {
            return Err(error(405, "UNSUPPORTED", "The operation is unsupported."));
        }
        self.uploads.remove(&id.parse().unwrap_or_default()).ok_or_else(unknown_upload)?;
        Ok(Answer { status: 204, headers: Vec::new(), body: Vec::new() })
    }

    /// How many uploads were begun and neither finished nor cancelled.
    pub fn open_uploads(&self) -> usize {
        self.uploads.len()
    }

    fn append(&mut self, name: &str, id: &str, asked: &Asked) -> Result<Answer, Answer> {
        let id = id.parse().unwrap_or_default();
        let upload = self.uploads.get_mut(&id).ok_or_else(unknown_upload)?;
        upload.extend(&asked.body);
        Ok(accepted(name, id, upload.len()))
    }

    fn finish(&mut self, name: &str, id: &str, query: &str, asked: &Asked) -> Result<Answer, Answer> {
        let mut data = self.uploads.remove(&id.parse().unwrap_or_default()).ok_or_else(unknown_upload)?;
        data.extend(&asked.body);
        self.store(name, &parameter(query, "digest").unwrap_or_default(), data)
    }

    fn store(&mut self, name: &str, digest: &str, data: Vec<u8>) -> Result<Answer, Answer> {
        if digest::digest(&data) != digest {
            return Err(error(400, "DIGEST_INVALID", "provided digest did not match uploaded content"));
        }
        self.blobs.entry(name.to_owned()).or_default().insert(digest.to_owned(), data);
        Ok(created(&format!("/v2/{name}/blobs/{digest}"), digest))
    }

    fn put(&mut self, name: &str, reference: &str, asked: &Asked) -> Result<Answer, Answer> {
        let invalid = |message: &str| error(400, "MANIFEST_INVALID", message);
        let manifest: Value = serde_json::from_slice(&asked.body).map_err(|_| invalid("no JSON"))?;
        let kind = asked.all("content-type").next().ok_or_else(|| invalid("no content type"))?;
        let blobs = self.blobs.entry(name.to_owned()).or_default();
        let layers = manifest["layers"].as_array().ok_or_else(|| invalid("no layers"))?;
        for blob in layers.iter().chain([&manifest["config"]]) {
            let digest = blob["digest"].as_str().unwrap_or_default();
            let there = blobs.get(digest).ok_or_else(|| {
                error(404, "MANIFEST_BLOB_UNKNOWN", &format!("blob {digest} unknown to registry"))
            })?;
            if blob["size"] != json!(there.len()) {
                return Err(invalid("size"));
            }
        }
        let digest = digest::digest(&asked.body);
        if reference.contains(':') && reference != digest {
            return Err(error(400, "DIGEST_INVALID", "provided digest did not match uploaded content"));
        }
        let known = self.manifests.entry(name.to_owned()).or_default();
        for reference in [reference, &digest] {
            known.insert(reference.to_owned(), (kind.to_owned(), asked.body.clone()));
        }
        Ok(created(&format!("/v2/{name}/manifests/{digest}"), &digest))
    }
}

/// Whether a request begins an upload, or cancels one.
pub fn changes_nothing(line: &str) -> bool {
    line.starts_with("POST ") && line.ends_with("/blobs/uploads/")
        || line.starts_with("DELETE ") && line.contains("/blobs/uploads/")
}

/// What all tokens of the registry begin with.
pub const TOKEN_START: &str = "registry-bearer-0123456789abcdef-";

fn content(kind: &str, data: &[u8]) -> Answer {
    let headers = vec![("Content-Type".into(), kind.into())];
    Answer { status: 200, headers, body: data.to_vec() }.with("Docker-Content-Digest", digest::digest(data))
}

fn created(location: &str, digest: &str) -> Answer {
    let answer = Answer { status: 201, headers: Vec::new(), body: Vec::new() };
    answer.with("Location", location.into()).with("Docker-Content-Digest", digest.into())
}

fn accepted(name: &str, id: u64, length: usize) -> Answer {
    let answer = Answer { status: 202, headers: Vec::new(), body: Vec::new() };
    let answer = answer.with("Location", format!("/v2/{name}/blobs/uploads/{id}?_state=s"));
    answer.with("Range", format!("0-{}", length.saturating_sub(1)))
}

fn json_answer(status: u16, body: &Value) -> Answer {
    let headers = vec![("Content-Type".into(), "application/json".into())];
    Answer { status, headers, body: body.to_string().into_bytes() }
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    json_answer(status, &json!({"errors": [{"code": code, "message": message, "detail": null}]}))
}

fn unknown_upload() -> Answer {
    error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
}
