//! Blobs and manifests on their way into a registry (OCI distribution specification 1.1, "Push").

use super::session::{Failure, Session};
use super::{differs, said_digest};
use crate::base::clock::Clock;
use crate::base::http::Response;
use crate::base::problem::Problem;
use crate::base::url;
use crate::registry::artifact::{Artifact, Blob, MANIFEST};
use crate::registry::refusal::words;
use crate::sys::environment;
use crate::sys::http::Request;

/// How the digest of a manifest is named in an answer.
pub(super) const DIGEST: &str = "docker-content-digest";

impl Session<'_> {
    /// Uploads a blob, unless it is there already: whether it had to be sent. `None` where nobody says whether it is there,
    /// and it has to be: the tag is. Else it is sent, and a registry that refuses it says why.
    pub fn upload(&self, blob: &Blob, is_tagged: bool) -> Result<Option<bool>, Problem> {
        let mut tries = 0;
        loop {
            match self.has(blob)? {
                Some(true) => return Ok(Some(tries > 0)),
                None if is_tagged => return Ok(None),
                Some(false) | None => {}
            }
            let answer = match self.send_blob(blob) {
                Ok(answer) if answer.is_success() => return Ok(Some(true)),
                Ok(answer) => Ok(answer),
                Err(Failure::Silent(why)) => Err(why),
                Err(failure) => return Err(self.failed(failure)),
            };
            tries += 1;
            if !self.registry.http.should_repeat(tries, &answer, &self.url("blobs")) {
                return Err(match answer {
                    Ok(answer) => self.refused(&answer),
                    Err(why) => self.failed(Failure::Silent(why)),
                });
            }
        }
    }

    /// Asks for the right to push, and pushes nothing: an upload is begun and cancelled, which leaves neither a blob nor a
    /// tag nor a repository. Registries that cannot cancel (GHCR says 405) forget it. What is no refusal is no answer.
    pub fn ask_to_push(&self) -> Result<Option<Clock>, Problem> {
        let url = self.url("blobs/uploads/");
        let request = Request { method: "POST", url: url.clone(), body: Some(&[]), ..Request::default() };
        let begun = match self.ask(request) {
            Ok(answer) => answer,
            Err(Failure::Token(_, Ok(answer))) if answer.is_temporary() => return Ok(None),
            Err(Failure::Silent(_) | Failure::Token(_, Err(_))) => return Ok(None),
            Err(failure) => return Err(self.failed(failure)),
        };
        if matches!(begun.status, 401 | 403 | 404 | 405) && !begun.is_temporary() {
            return Err(self.refused(&begun));
        }
        if let Some(location) = begun.header("location").filter(|_| begun.is_success())
            && let Ok(url) = self.next(&url, location)
        {
            let _ = self.send(Request { method: "DELETE", url, ..Request::default() });
        }
        let clock = |theirs| Clock { host: self.at.host.clone(), theirs, ours: environment::clock() };
        Ok(begun.date().map(clock))
    }

    /// Whether a blob is there; `None` where the registry does not say so. A place that it leads to may be for GET alone, and a
    /// proxy may refuse HEAD.
    fn has(&self, blob: &Blob) -> Result<Option<bool>, Problem> {
        let path = format!("blobs/{}", blob.digest);
        let said = |answer: Result<Response, Failure>| {
            let answer = answer.map_err(|failure| self.failed(failure))?;
            match answer.status {
                // There is no first byte in an empty one.
                200 | 206 | 416 => Ok(Some(true)),
                404 => Ok(Some(false)),
                _ if answer.is_temporary() => Err(self.refused(&answer)),
                _ => Ok(None),
            }
        };
        match said(self.look("HEAD", &path, "*/*"))? {
            None => {
                let first_byte = [("accept", "*/*".to_owned()), ("range", "bytes=0-0".to_owned())];
                said(self.look_with("GET", &path, &first_byte))
            }
            said => Ok(said),
        }
    }

    /// One upload from its start to its end. One that broke off is not continued: nobody knows how much of it arrived.
    fn send_blob(&self, blob: &Blob) -> Result<Response, Failure> {
        let url = self.url("blobs/uploads/");
        let begun =
            self.send(Request { method: "POST", url: url.clone(), body: Some(&[]), ..Request::default() })?;
        let Some(location) = begun.header("location").filter(|_| begun.is_success()) else {
            let nowhere = "it begins an upload and names no place for it".to_owned();
            return if begun.is_success() { Err(Failure::Silent(nowhere)) } else { Ok(begun) };
        };
        let location = self.next(&url, location)?;
        let separator = if location.contains('?') { '&' } else { '?' };
        let url = format!("{location}{separator}digest={}", url::escape_component(&blob.digest.to_string()));
        let headers = vec![("content-type", "application/octet-stream".to_owned())];
        let answer = self.send(Request { method: "PUT", url, headers, body: Some(&blob.data) })?;
        // What was begun on one machine of a registry may be unknown to the next.
        let is_forgotten = answer.status == 404;
        if is_forgotten {
            Err(Failure::Silent(format!("it forgot the upload: {}", words(&answer))))
        } else {
            Ok(answer)
        }
    }

    /// Gives an artifact, whose blobs are there, its tag.
    pub fn tag(&self, artifact: &Artifact) -> Result<(), Problem> {
        let url = self.url(&format!("manifests/{}", self.at.tag));
        let headers = vec![("content-type", MANIFEST.to_owned())];
        let request = Request { method: "PUT", url, headers, body: Some(&artifact.manifest) };
        let answer = self.ask(request).map_err(|failure| self.failed(failure))?;
        if !answer.is_success() {
            return Err(self.refused(&answer));
        }
        match said_digest(&answer) {
            Some(digest) if digest != artifact.digest => Err(differs(self.at, &digest, &artifact.digest)),
            _ => Ok(()),
        }
    }
}
