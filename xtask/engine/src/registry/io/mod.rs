//! A client of registries (OCI distribution specification 1.1): what a tag names, pushing, and reading back.

pub mod credentials;
pub mod helm_push;
pub mod inspect;
pub mod login;
mod session;
mod signatures;
mod token;
mod upload;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use self::credentials::Found;
use self::session::{Failure, Session};
use self::upload::DIGEST;
use super::artifact::{Artifact, CHART_ARCHIVE, CHART_PROVENANCE, CREATED};
use super::docker_config::Credentials;
use super::referrers::is_of_referrers;
use super::refusal::{Wish, is_absent};
use crate::base::clock::Clock;
use crate::base::digest::{self, Digest};
use crate::base::host::is_loopback;
use crate::base::http::Response;
use crate::base::oci_reference::Reference;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::sys::http::{CURIOUS, Http};
use crate::sys::{environment, secrets, tls};

/// Registries, with the tokens that they gave.
#[derive(Debug)]
pub struct Registry<'a> {
    http: &'a Http,
    plain_http: bool,
    is_open: bool,
    /// The host that is published to, where this is for reading from others as well.
    own: Option<String>,
    found: RefCell<HashMap<String, Option<Found>>>,
    headers: RefCell<HashMap<String, String>>,
}

/// How many blobs a push had to send, and how many were there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub sent: usize,
    pub there: usize,
    /// Those of which the registry does not say whether they are there.
    pub unknown: usize,
}

/// Who can read what was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Public,
    /// Those who have the credentials for it.
    Private,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Owner,
    /// Without.
    Anyone,
}

/// More pages of tags than a chart has.
const MAX_PAGES: usize = 1000;
/// What may be under a tag: all that a tag can be taken by counts, not only what we push.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
                         application/vnd.docker.distribution.manifest.v2+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json";

#[derive(Deserialize)]
struct Manifest {
    config: Part,
    layers: Vec<Part>,
    #[serde(default)]
    annotations: Value,
}

/// What a tag names.
#[derive(Debug)]
pub struct Tagged {
    pub digest: Digest,
    pub created: Option<String>,
    /// The digest of the archive, if it is that of a chart.
    pub archive: Option<Digest>,
}

/// A chart that was pulled.
#[derive(Debug)]
pub struct Pulled {
    pub archive: Vec<u8>,
    /// Its provenance file, where it has one.
    pub provenance: Option<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    media_type: String,
    digest: String,
}

/// True if a registry says that it has all of these. One that does not answer, or that nobody may ask, has none.
pub fn has_all<'r>(
    places: impl IntoIterator<Item = &'r Reference>,
    limit: Duration,
    plain_http: bool,
) -> bool {
    let http = (!environment::is_offline()).then(|| Http::new(limit, CURIOUS).ok()).flatten();
    let registry = http.as_ref().map(|http| Registry::new(http, plain_http));
    let mut places = places.into_iter();
    registry.is_some_and(|registry| places.all(|at| matches!(registry.digest(at, false), Ok(Some(_)))))
}

impl<'a> Registry<'a> {
    /// Registries on this machine are spoken to without TLS where they do not speak it, others only if `plain_http`.
    pub fn new(http: &'a Http, plain_http: bool) -> Self {
        let (found, headers) = (RefCell::default(), RefCell::default());
        Self { http, plain_http, is_open: false, own: None, found, headers }
    }

    /// Registries that charts are read from. The credentials for publishing go to `own` alone.
    pub fn of_dependencies(http: &'a Http, own: &str) -> Self {
        Self { own: Some(own.to_owned()), ..Self::new(http, false) }
    }

    /// A registry that asks nobody for credentials, such as that of a rehearsal: the real ones are none of its business.
    pub fn open(http: &'a Http) -> Self {
        Self { is_open: true, ..Self::new(http, false) }
    }

    /// Whether a host is spoken to without TLS. What a rehearsal starts speaks none.
    pub fn is_plain(&self, host: &str) -> bool {
        self.plain_http || is_loopback(host) && (self.is_open || !tls::is_spoken_at(host))
    }

    /// What reading is for.
    fn look(&self) -> Wish {
        if self.own.is_some() { Wish::Pull } else { Wish::Look }
    }

    /// The digest that a tag names. `None` only where the registry says that there is no such tag or repository; every
    /// doubt is an error. Credentials are used where there are some, for the right to push if `writing`.
    pub fn digest(&self, at: &Reference, writing: bool) -> Result<Option<Digest>, Problem> {
        let wish = if writing { Wish::LookToWrite } else { self.look() };
        let session = Session { registry: self, at, wish, who: Who::Owner };
        let head = manifest(session, "HEAD").map_err(|failure| session.failed(failure))?;
        if let Some(digest) = said_digest(&head).filter(|_| head.status == 200) {
            return Ok(Some(digest));
        }
        // What is wrong stands in a body, which only the answer to GET has.
        let answer = manifest(session, "GET").map_err(|failure| session.failed(failure))?;
        match answer.status {
            200 => content(at, &answer).map(Some),
            _ if is_absent(&answer) => Ok(None),
            _ => Err(session.refused(&answer)),
        }
    }

    /// The tags of a repository (OCI distribution specification 1.1, "Listing Tags"), without those of signatures and other
    /// things that lie beside a version; none where there is no such repository.
    pub fn tags(&self, at: &Reference, writing: bool) -> Result<Vec<String>, Problem> {
        let wish = if writing { Wish::LookToWrite } else { self.look() };
        let at = &at.with_tag("");
        let session = Session { registry: self, at, wish, who: Who::Owner };
        let mut tags = Vec::new();
        let mut path = "tags/list?n=1000".to_owned();
        for _ in 0..MAX_PAGES {
            let answer =
                session.look("GET", &path, "application/json").map_err(|failure| session.failed(failure))?;
            if is_absent(&answer) {
                return Ok(tags);
            }
            let list: Option<Tags> =
                serde_json::from_slice(&answer.body).ok().filter(|_| answer.status == 200);
            let list = list.ok_or_else(|| session.refused(&answer))?.tags.unwrap_or_default();
            tags.extend(list.into_iter().filter(|tag| !is_of_referrers(tag)));
            match next_page(&answer, "tags/list") {
                Some(next) => path = next,
                None => return Ok(tags),
            }
        }
        let message = format!("the list of tags of {} has no end", name(&at.to_string()));
        Err(Problem::error(message).hint("mend the registry, or the proxy before it"))
    }

    /// Asks for the right to push to a repository, before anything is pushed. What comes back is the registry's clock.
    pub fn ask_to_push(&self, at: &Reference) -> Result<Option<Clock>, Problem> {
        Session { registry: self, at, wish: Wish::Write, who: Who::Owner }.ask_to_push()
    }

    /// Pushes what is not there yet: blobs first and the tag last. What the tag named before is not looked at.
    pub fn push(&self, at: &Reference, artifact: &Artifact) -> Result<Counted, Problem> {
        let sent = self.send(at, artifact, false)?;
        Session { registry: self, at, wish: Wish::Write, who: Who::Owner }.tag(artifact)?;
        Ok(sent)
    }

    /// Sends the blobs that are not there of an artifact that has its tag.
    pub fn complete(&self, at: &Reference, artifact: &Artifact) -> Result<Counted, Problem> {
        self.send(at, artifact, true)
    }

    fn send(&self, at: &Reference, artifact: &Artifact, is_tagged: bool) -> Result<Counted, Problem> {
        let session = Session { registry: self, at, wish: Wish::Write, who: Who::Owner };
        let mut count = Counted::default();
        for blob in &artifact.blobs {
            *match session.upload(blob, is_tagged)? {
                Some(true) => &mut count.sent,
                Some(false) => &mut count.there,
                None => &mut count.unknown,
            } += 1;
        }
        Ok(count)
    }

    /// Reads what a tag names without credentials, all of it, and compares digests. Where nobody may without, the owner
    /// looks whether it is there.
    pub fn read_back(&self, at: &Reference, digest: &Digest) -> Result<Access, Problem> {
        let session = Session { registry: self, at, wish: Wish::Look, who: Who::Anyone };
        let found = match manifest(session, "GET") {
            Ok(answer) if answer.status == 200 => {
                let found = content(at, &answer)?;
                if found == *digest {
                    parts(session, &answer)?;
                }
                Some(found)
            }
            Ok(answer) | Err(Failure::Token(_, Ok(answer))) if matches!(answer.status, 401 | 403 | 404) => {
                None
            }
            Ok(answer) => return Err(session.refused(&answer)),
            Err(failure) => return Err(session.failed(failure)),
        };
        let access = if found.is_some() { Access::Public } else { Access::Private };
        match found.map_or_else(|| self.digest(at, true), |found| Ok(Some(found)))? {
            Some(found) if found == *digest => Ok(access),
            Some(found) => Err(differs(at, &found, digest)),
            None => {
                Err(Problem::error(format!("{} is not there after it was pushed", name(&at.to_string())))
                    .hint("run it again"))
            }
        }
    }

    /// What a tag names, as far as a chart is compared with it.
    pub fn published(&self, at: &Reference) -> Result<Tagged, Problem> {
        let session = Session { registry: self, at, wish: self.look(), who: Who::Owner };
        let answer = manifest(session, "GET").map_err(|failure| session.failed(failure))?;
        if answer.status != 200 {
            return Err(session.refused(&answer));
        }
        let digest = content(at, &answer)?;
        let Ok(Manifest { layers, annotations, .. }) = serde_json::from_slice(&answer.body) else {
            return Ok(Tagged { digest, created: None, archive: None });
        };
        let archive = layers.into_iter().find(|layer| layer.media_type == CHART_ARCHIVE);
        let created = annotations.get(CREATED).and_then(Value::as_str).map(str::to_owned);
        Ok(Tagged { digest, created, archive: archive.and_then(|layer| Digest::parse(&layer.digest)) })
    }

    /// A chart, checked by digest.
    pub fn pull(&self, at: &Reference) -> Result<Pulled, Problem> {
        let session = Session { registry: self, at, wish: self.look(), who: Who::Owner };
        let answer = manifest(session, "GET").map_err(|failure| session.failed(failure))?;
        if answer.status != 200 {
            return Err(session.refused(&answer));
        }
        content(at, &answer)?;
        let mut parts: BTreeMap<String, Vec<u8>> = parts(session, &answer)?.into_iter().collect();
        let no_chart = || Problem::error(format!("{} is no chart", name(&at.to_string())));
        let archive = parts.remove(CHART_ARCHIVE).ok_or_else(no_chart)?;
        Ok(Pulled { archive, provenance: parts.remove(CHART_PROVENANCE) })
    }

    /// The archive of a chart, checked by digest; `known` gives what was pulled before. `None` if the registry says that there
    /// is no such tag or repository.
    pub fn archive(
        &self,
        at: &Reference,
        known: impl FnOnce(&Digest) -> Option<Vec<u8>>,
    ) -> Result<Option<(Vec<u8>, Digest)>, Problem> {
        let session = Session { registry: self, at, wish: self.look(), who: Who::Owner };
        let answer = manifest(session, "GET").map_err(|failure| session.failed(failure))?;
        if is_absent(&answer) {
            return Ok(None);
        }
        if answer.status != 200 {
            return Err(session.refused(&answer));
        }
        content(at, &answer)?;
        let no_chart = |_| Problem::error(format!("{} is no chart", name(&at.to_string())));
        let Manifest { layers, .. } = serde_json::from_slice(&answer.body).map_err(no_chart)?;
        let mut layers = layers.into_iter().filter(|layer| layer.media_type == CHART_ARCHIVE);
        let (Some(layer), None) = (layers.next(), layers.next()) else {
            // Of two, Helm 3 takes the last and Helm 4 the first.
            return Err(Problem::error(format!(
                "{} holds no chart, or more than one",
                name(&at.to_string())
            )));
        };
        let digest = layer.digest(at)?;
        let kept = Digest::parse(digest).and_then(|digest| known(&digest));
        let bytes = kept.map_or_else(|| blob(session, digest), Ok)?;
        let digest = Digest::of(&bytes);
        Ok(Some((bytes, digest)))
    }

    /// The credentials of a host, looked for once.
    pub fn credentials(&self, host: &str) -> Result<Option<Found>, Problem> {
        if self.is_open {
            return Ok(None);
        }
        if let Some(found) = self.found.borrow().get(host) {
            return Ok(found.clone());
        }
        let is_own = self.own.as_ref().is_none_or(|own| own == host);
        let found = credentials::find(host, is_own)?;
        if let Some(Found { credentials, .. }) = &found {
            let (Credentials::Password { password: secret, .. } | Credentials::Identity(secret)) =
                credentials;
            secrets::remember(secret);
        }
        self.found.borrow_mut().insert(host.to_owned(), found.clone());
        Ok(found)
    }

    fn header(&self, session: &Session<'_>) -> Option<String> {
        self.headers.borrow().get(&session.key()).cloned()
    }

    fn remember(&self, session: &Session<'_>, header: &str) {
        secrets::remember(header.split_once(' ').map_or(header, |(_, secret)| secret));
        self.headers.borrow_mut().insert(session.key(), header.to_owned());
    }

    /// Where the credentials of a host came from, if they were asked for.
    fn source(&self, host: &str) -> Option<String> {
        self.found.borrow().get(host)?.as_ref().map(|found| found.source.clone())
    }
}

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

/// Where the next page of a list is, if there is one.
fn next_page(answer: &Response, list: &str) -> Option<String> {
    answer.next()?.split_once('?').map(|(_, query)| format!("{list}?{query}"))
}

fn manifest(session: Session<'_>, method: &'static str) -> Result<Response, Failure> {
    session.look(method, &format!("manifests/{}", session.at.tag), MANIFESTS)
}

fn content(at: &Reference, answer: &Response) -> Result<Digest, Problem> {
    let found = Digest::of(&answer.body);
    let said = answer.header(DIGEST).unwrap_or_default();
    match (digest::is_of(said, &answer.body), Digest::parse(said)) {
        (Some(true), _) => {}
        (_, Some(said)) if said == found => {}
        (_, Some(said)) => return Err(differs(at, &found, &said)),
        (_, None) if said.contains(':') => return Err(unsupported(at, said)),
        _ => {}
    }
    // All kinds of manifests have a version (OCI image specification, "Image Manifest").
    let manifest = serde_json::from_slice::<Value>(&answer.body).ok();
    if manifest.is_none_or(|manifest| manifest.get("schemaVersion").is_none()) {
        let cause = format!("what {} has at {} is no manifest", at.host, name(&at.to_string()));
        return Err(Problem::error(cause).hint("is it a registry? see `oci` in the config"));
    }
    Ok(found)
}

/// The blobs that a manifest names, with their types, checked by digest.
fn parts(session: Session<'_>, manifest: &Response) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let at = session.at;
    let no_artifact = |_| Problem::error(format!("{} is no chart", name(&at.to_string())));
    let Manifest { config, layers, .. } = serde_json::from_slice(&manifest.body).map_err(no_artifact)?;
    let mut parts = Vec::new();
    for part in std::iter::once(config).chain(layers) {
        let bytes = blob(session, part.digest(at)?)?;
        parts.push((part.media_type, bytes));
    }
    Ok(parts)
}

impl Part {
    /// Its digest, which is one that content can be compared with.
    fn digest(&self, at: &Reference) -> Result<&str, Problem> {
        let is_known = digest::is_of(&self.digest, b"").is_some();
        if is_known { Ok(&self.digest) } else { Err(unsupported(at, &self.digest)) }
    }
}

/// A blob, checked by digest.
fn blob(session: Session<'_>, digest: &str) -> Result<Vec<u8>, Problem> {
    let path = format!("blobs/{digest}");
    let answer = session.look("GET", &path, "*/*").map_err(|failure| session.failed(failure))?;
    if answer.status != 200 {
        return Err(session.refused(&answer));
    }
    let is_it = digest::is_of(digest, &answer.body) == Some(true);
    if is_it { Ok(answer.body) } else { Err(differs(session.at, &Digest::of(&answer.body), &digest)) }
}

fn unsupported(at: &Reference, digest: &str) -> Problem {
    let message = format!(
        "the digest {} at {} is not supported: it is none by SHA-256 or SHA-512 of what is there",
        name(digest),
        name(&at.to_string())
    );
    Problem::error(message).hint("push the chart with helm, or mend the proxy before the registry")
}

fn differs(at: &Reference, found: &Digest, expected: &impl Display) -> Problem {
    let message = format!("{} has `{found}`, not {expected}", name(&at.to_string()));
    Problem::error(message).hint("did somebody push at the same time? run it again")
}

/// The digest that a registry says of a manifest.
fn said_digest(answer: &Response) -> Option<Digest> {
    answer.header(DIGEST).and_then(Digest::parse)
}
