//! An OCI registry (OCI distribution specification 1.1) for anybody, as far as pushing and pulling artifacts needs it.
//! What it holds lies on disk, an OCI image layout for each repository: other tools can look at it too.

mod layout;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use self::layout::Layout;
use super::http::{Answer, Request};
use crate::base::config::is_oci_component;
use crate::base::digest;
use crate::base::oci_reference::is_tag;
use crate::registry::referrers::INDEX;

/// The registry. One request is answered at a time.
pub struct Registry {
    root: PathBuf,
    uploads: Mutex<Uploads>,
}

/// Blobs on their way, by the id of their upload.
#[derive(Default)]
struct Uploads {
    begun: u64,
    open: HashMap<String, Upload>,
}

struct Upload {
    repository: String,
    data: Vec<u8>,
}

/// A refusal: the status, the code of the specification, and why.
struct Refusal(u16, &'static str, String);

/// How many uploads may be open at a time, and how long a manifest may be (specification, "Pushing Manifests").
const MAX_UPLOADS: usize = 256;
const MAX_MANIFEST: usize = 4 * 1024 * 1024;
const DIGEST: &str = "Docker-Content-Digest";
const BLOB: &str = "application/octet-stream";

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self(500, "UNKNOWN", error.to_string())
    }
}

type Answered = Result<Answer, Refusal>;

impl Registry {
    /// An empty registry whose content will lie below a directory.
    pub fn new(root: PathBuf) -> Self {
        Self { root, uploads: Mutex::default() }
    }

    pub fn answer(&self, request: &Request) -> Answer {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = self.route(request, &mut uploads).unwrap_or_else(|Refusal(status, code, message)| {
            Answer::json(status, &json!({ "errors": [{ "code": code, "message": message, "detail": {} }] }))
        });
        answer.with("Docker-Distribution-Api-Version", "registry/2.0")
    }

    fn route(&self, request: &Request, uploads: &mut Uploads) -> Answered {
        let unknown = || Refusal(404, "NAME_UNKNOWN", format!("there is nothing at {}", request.path));
        let Some(path) = request.path.strip_prefix("/v2/") else {
            return if request.path == "/v2" { Ok(Answer::json(200, &json!({}))) } else { Err(unknown()) };
        };
        let method = request.method.as_str();
        if path.is_empty() {
            return Ok(Answer::json(200, &json!({})));
        }
        if let Some((name, id)) = path.split_once("/blobs/uploads/") {
            let repository = self.repository(name)?;
            return match (method, id) {
                ("POST", "") => begin(request, name, &repository, uploads, self),
                (_, "") => Err(unsupported(method)),
                _ => go_on(request, name, id, &repository, uploads),
            };
        }
        let parts: Vec<&str> = path.rsplitn(3, '/').collect();
        match (method, parts.as_slice()) {
            ("GET" | "HEAD", [digest, "blobs", name]) => blob(&self.repository(name)?, digest),
            ("GET" | "HEAD", [reference, "manifests", name]) => manifest(&self.repository(name)?, reference),
            ("PUT", [reference, "manifests", name]) => put(request, name, &self.repository(name)?, reference),
            ("GET" | "HEAD", [digest, "referrers", name]) => referrers(&self.repository(name)?, digest),
            ("GET" | "HEAD", ["list", "tags", name]) => tags(request, name, &self.repository(name)?),
            (_, [_, "blobs" | "manifests", _] | ["list", "tags", _]) => Err(unsupported(method)),
            _ => Err(unknown()),
        }
    }

    fn repository(&self, name: &str) -> Result<Layout, Refusal> {
        let is_good = name.len() <= 255 && name.split('/').all(is_oci_component);
        let refusal =
            || Refusal(400, "NAME_INVALID", "a name is of lower-case letters and digits".to_owned());
        is_good.then(|| Layout::new(self.root.join(name))).ok_or_else(refusal)
    }
}

fn unsupported(method: &str) -> Refusal {
    Refusal(405, "UNSUPPORTED", format!("{method} is not supported here"))
}

/// Begins an upload, or does all of it (specification, "Pushing blobs", "Mounting a blob from another repository").
fn begin(
    request: &Request,
    name: &str,
    repository: &Layout,
    uploads: &mut Uploads,
    registry: &Registry,
) -> Answered {
    if let Some(digest) = request.query("digest") {
        return finish(name, repository, digest, &request.body);
    }
    if let (Some(digest), Some(from)) = (request.query("mount"), request.query("from"))
        && let Some(data) = registry.repository(from).ok().and_then(|from| from.blob(digest))
    {
        return finish(name, repository, digest, &data);
    }
    if uploads.open.len() >= MAX_UPLOADS {
        return Err(Refusal(429, "TOOMANYREQUESTS", "too many uploads are open".to_owned()));
    }
    uploads.begun += 1;
    let id = format!("upload-{}", uploads.begun);
    uploads.open.insert(id.clone(), Upload { repository: name.to_owned(), data: request.body.clone() });
    Ok(progress(202, name, &id, request.body.len()))
}

/// Adds to an upload, ends it, or says how far it is.
fn go_on(request: &Request, name: &str, id: &str, repository: &Layout, uploads: &mut Uploads) -> Answered {
    let unknown = || Refusal(404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload".to_owned());
    let upload = uploads.open.get_mut(id).filter(|upload| upload.repository == name).ok_or_else(unknown)?;
    let from = request.header("content-range").and_then(|range| range.split('-').next());
    if from.is_some_and(|from| from.parse() != Ok(upload.data.len())) {
        return Ok(progress(416, name, id, upload.data.len()));
    }
    match request.method.as_str() {
        "GET" => Ok(progress(204, name, id, upload.data.len())),
        "PATCH" => {
            upload.data.extend_from_slice(&request.body);
            Ok(progress(202, name, id, upload.data.len()))
        }
        "PUT" => {
            let missing = || Refusal(400, "DIGEST_INVALID", "there is no digest in the query".to_owned());
            let digest = request.query("digest").ok_or_else(missing)?;
            let mut upload = uploads.open.remove(id).ok_or_else(unknown)?;
            upload.data.extend_from_slice(&request.body);
            finish(name, repository, digest, &upload.data)
        }
        "DELETE" => Ok(uploads.open.remove(id).map_or_else(|| Answer::empty(404), |_| Answer::empty(204))),
        method => Err(unsupported(method)),
    }
}

fn progress(status: u16, name: &str, id: &str, length: usize) -> Answer {
    let answer = Answer::empty(status).with("Location", format!("/v2/{name}/blobs/uploads/{id}"));
    let answer = answer.with("Docker-Upload-UUID", id);
    answer.with("Range", format!("0-{}", length.saturating_sub(1)))
}

fn finish(name: &str, repository: &Layout, digest: &str, data: &[u8]) -> Answered {
    if digest::digest(data) != digest {
        let message = "the content has another digest, or it is no sha256".to_owned();
        return Err(Refusal(400, "DIGEST_INVALID", message));
    }
    repository.write(digest, data)?;
    Ok(Answer::empty(201).with("Location", format!("/v2/{name}/blobs/{digest}")).with(DIGEST, digest))
}

fn blob(repository: &Layout, digest: &str) -> Answered {
    let unknown = || Refusal(404, "BLOB_UNKNOWN", "there is no such blob".to_owned());
    let data = repository.blob(digest).ok_or_else(unknown)?;
    Ok(Answer::new(200, BLOB, data).with(DIGEST, digest))
}

fn manifest(repository: &Layout, reference: &str) -> Answered {
    let unknown = || Refusal(404, "MANIFEST_UNKNOWN", "there is no such tag or manifest".to_owned());
    let found = repository.manifest(reference)?.ok_or_else(unknown)?;
    let data = repository.blob(&found.digest).ok_or_else(unknown)?;
    Ok(Answer::new(200, &found.media_type, data).with(DIGEST, found.digest))
}

/// Takes a manifest whose blobs are all there (specification, "Pushing Manifests").
fn put(request: &Request, name: &str, repository: &Layout, reference: &str) -> Answered {
    let invalid = |why: &str| Refusal(400, "MANIFEST_INVALID", why.to_owned());
    if request.body.len() > MAX_MANIFEST {
        return Err(Refusal(413, "SIZE_INVALID", "the manifest is too long".to_owned()));
    }
    let digest = digest::digest(&request.body);
    let is_digest = reference.contains(':');
    if is_digest && reference != digest {
        return Err(Refusal(400, "DIGEST_INVALID", "the manifest has another digest".to_owned()));
    }
    if !is_digest && !is_tag(reference) {
        return Err(invalid("this cannot be a tag"));
    }
    let manifest: Value = serde_json::from_slice(&request.body).map_err(|_| invalid("it is not JSON"))?;
    let media_type = request.header("content-type").unwrap_or_default();
    if media_type.is_empty() || manifest.get("mediaType").is_some_and(|its| its != media_type) {
        return Err(invalid("the content type is not the manifest's `mediaType`"));
    }
    let layers =
        manifest.get("layers").and_then(Value::as_array).ok_or_else(|| invalid("it has no layers"))?;
    let config = manifest.get("config").ok_or_else(|| invalid("it has no config"))?;
    for blob in [config].into_iter().chain(layers) {
        let digest = blob.get("digest").and_then(Value::as_str).unwrap_or_default();
        let length = repository.blob(digest).map(|data| data.len() as u64);
        if length.is_none() {
            let message = format!("the registry has no blob {digest}");
            return Err(Refusal(404, "MANIFEST_BLOB_UNKNOWN", message));
        }
        if blob.get("size").and_then(Value::as_u64) != length {
            return Err(invalid("it gives a blob another size"));
        }
    }
    repository.write(&digest, &request.body)?;
    repository.list(&digest, media_type, request.body.len(), (!is_digest).then_some(reference))?;
    Ok(Answer::empty(201).with("Location", format!("/v2/{name}/manifests/{digest}")).with(DIGEST, digest))
}

/// The manifests that refer to another, such as signatures (specification, "Listing Referrers").
fn referrers(repository: &Layout, digest: &str) -> Answered {
    let mut found = BTreeMap::new();
    for listed in repository.manifests()? {
        let data = repository.blob(&listed.digest).unwrap_or_default();
        let manifest: Value = serde_json::from_slice(&data).unwrap_or_default();
        let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str);
        if text("/subject/digest") == Some(digest) {
            let descriptor = json!({
                "mediaType": listed.media_type,
                "digest": listed.digest,
                "size": data.len(),
                "artifactType": text("/artifactType").or_else(|| text("/config/mediaType")),
                "annotations": manifest.get("annotations"),
            });
            found.insert(listed.digest, descriptor);
        }
    }
    let all: Vec<Value> = found.into_values().collect();
    let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": all });
    Ok(Answer::new(200, INDEX, list.to_string().into_bytes()))
}

/// The tags in their order, all or some of them (specification, "Listing Tags").
fn tags(request: &Request, name: &str, repository: &Layout) -> Answered {
    let unknown = || Refusal(404, "NAME_UNKNOWN", "there is no such repository".to_owned());
    let all = repository.tags()?.ok_or_else(unknown)?;
    let after = all.into_iter().filter(|tag| request.query("last").is_none_or(|last| tag.as_str() > last));
    let most = request.query("n").and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    Ok(Answer::json(200, &json!({ "name": name, "tags": after.take(most).collect::<Vec<_>>() })))
}
