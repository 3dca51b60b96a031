//! All that a registry has of a chart, as it is: nothing is refused for a digest that does not fit, so that whoever looks
//! can tell a fault from what could not be read.

use super::session::Session;
use super::{Manifest, Registry, Who, manifest};
use crate::base::digest::Digest;
use crate::base::http::Response;
use crate::base::oci_reference::Reference;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::registry::refusal::{Wish, is_absent};
use crate::sys::http::Http;

/// A manifest and what it names, with the bytes that the registry gives for it.
#[derive(Debug)]
pub struct Inspected {
    pub digest: Digest,
    pub config: Content,
    pub layers: Vec<Content>,
}

#[derive(Debug)]
pub struct Content {
    pub media_type: String,
    /// As the manifest has it.
    pub digest: String,
    /// `None` where the registry says that it does not have it.
    pub bytes: Option<Vec<u8>>,
}

impl<'a> Registry<'a> {
    /// Registries of others. The credentials for publishing go to none of them.
    pub fn of_others(http: &'a Http, plain_http: bool) -> Self {
        Self { own: Some(String::new()), ..Self::new(http, plain_http) }
    }

    /// What a tag names; `None` if the registry says that there is no such tag or repository. The error is that it could not
    /// be read.
    pub fn inspect(&self, at: &Reference) -> Result<Option<Inspected>, Problem> {
        let session = Session { registry: self, at, wish: Wish::Look, who: Who::Owner };
        let answer = manifest(session, "GET").map_err(|failure| session.failed(failure))?;
        if is_absent(&answer) {
            return Ok(None);
        }
        let manifest: Manifest = read(session, &answer)?;
        let content = |part: super::Part| {
            let path = format!("blobs/{}", part.digest);
            let answer = session.look("GET", &path, "*/*").map_err(|failure| session.failed(failure))?;
            let bytes = match answer.status {
                200 => Some(answer.body),
                404 => None,
                _ => return Err(session.refused(&answer)),
            };
            Ok(Content { media_type: part.media_type, digest: part.digest, bytes })
        };
        let layers = manifest.layers.into_iter().map(content).collect::<Result<_, _>>()?;
        Ok(Some(Inspected { digest: Digest::of(&answer.body), config: content(manifest.config)?, layers }))
    }
}

/// The manifest in an answer, which has to be one.
fn read<T: serde::de::DeserializeOwned>(session: Session<'_>, answer: &Response) -> Result<T, Problem> {
    if answer.status != 200 {
        return Err(session.refused(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|_| {
        let message =
            format!("what {} has at {} is no manifest", session.at.host, name(&session.at.to_string()));
        Problem::error(message).hint("is it a chart that is there?")
    })
}
