//! The OCI registry of a rehearsal, with the ways in that registries have: none, a password, or tokens for a password
//! (distribution's "Token Authentication"); and with other habits of theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use helm_xtask::internals::rehearsal::http::{Answer, Request};
use helm_xtask::internals::rehearsal::registry::Registry;
use serde_json::{Value, json};

use crate::fake::{self, Fake, Service};
use crate::sandbox::Sandbox;
use crate::tokens::{Tokens, denied, error};

pub type OciRegistry = Fake<Oci>;

pub enum Door {
    Open,
    /// `Authorization: Basic` with the base64 of `USER:PASSWORD`.
    Basic(String),
    Bearer(Tokens),
}

pub struct Oci {
    pub door: Door,
    /// Uploads are not cancelled, as on GHCR.
    pub never_cancels: bool,
    /// How many uploads were begun and neither finished nor cancelled.
    pub open_uploads: usize,
    registry: Registry,
    sandbox: Sandbox,
}

impl OciRegistry {
    pub fn new() -> Self {
        Self::start(|_| {
            let sandbox = Sandbox::new();
            let registry = Registry::new(sandbox.work());
            Oci { door: Door::Open, never_cancels: false, open_uploads: 0, registry, sandbox }
        })
    }

    /// From now on tokens are needed, which another host gives for the base64 of `USER:PASSWORD`.
    pub fn want_tokens(&self, password: &str, is_public: bool) {
        let tokens = Tokens::new(&self.origins[1]["http://".len()..], &format!("Basic {password}"));
        self.with(|oci| oci.door = Door::Bearer(Tokens { is_public, ..tokens }));
    }

    /// For `--oci`.
    pub fn url(&self) -> String {
        format!("oci://{}/charts", self.host())
    }

    /// Gives what a tag names other tags as well.
    pub fn tag_as(&self, repository: &str, tag: &str, others: &[&str]) {
        let line = |method: &str, tag: &str| format!("{method} /v2/{repository}/manifests/{tag}");
        self.with(|oci| {
            let manifest = oci.registry.answer(&fake::request(&line("GET", tag), &[], b""));
            let kind = [("content-type", "application/vnd.oci.image.manifest.v1+json")];
            for other in others {
                let put = fake::request(&line("PUT", other), &kind, &manifest.body);
                assert_eq!(oci.registry.answer(&put).status, 201, "{other}");
            }
        });
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
        let basic = "Basic realm=\"registry\"";
        let refusal = match &mut self.door {
            Door::Open => None,
            Door::Basic(password) => (asked.header("authorization") != Some(&format!("Basic {password}")))
                .then(|| denied(401, "UNAUTHORIZED").with("WWW-Authenticate", basic)),
            Door::Bearer(tokens) => tokens.answer(&mut asked.clone()),
        };
        refusal.map_or(Ok(()), Err)?;
        if self.never_cancels && asked.method == "DELETE" {
            return Err(denied(405, "UNSUPPORTED"));
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
}

/// Whether a request begins an upload, or cancels one.
pub fn changes_nothing(line: &str) -> bool {
    line.starts_with("POST ") && line.ends_with("/blobs/uploads/")
        || line.starts_with("DELETE ") && line.contains("/blobs/uploads/")
}
