//! What a GitHub Release offers to everybody, for those who compare it with other places.

use serde_json::Value;

use super::Github;
use super::api::Answer;
use crate::base::digest::Digest;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::url;
use crate::github::release::{Asset, Release};

impl Github<'_> {
    /// The published release of a tag; `None` if GitHub says that there is none. Where the repository is not to be seen either,
    /// nothing is known.
    pub fn published(&self, tag: &str) -> Result<Option<Release>, Problem> {
        let what = format!("look at release {} of {}", name(tag), name(self.api.repository()));
        self.there(&what, &format!("/releases/tags/{}", url::escape_component(tag)))
            .and_then(|answer| answer.map(|answer| self.api.read(&what, &answer)).transpose())
    }

    /// The content of an asset.
    pub fn content(&self, asset: &Asset) -> Result<Vec<u8>, Problem> {
        let what = format!("download {}", name(&asset.name));
        match self.api.download(&format!("/releases/assets/{}", asset.id)) {
            Ok(response) if response.is_success() => Ok(response.body),
            answer => Err(self.api.problem(&what, &answer)),
        }
    }

    /// How many attestations GitHub has of what has this digest (docs.github.com, "REST API endpoints for artifact
    /// attestations").
    pub fn attestations(&self, digest: &Digest) -> Result<usize, Problem> {
        let what = format!("look at the attestations of {}", name(self.api.repository()));
        let Some(answer) = self.there(&what, &format!("/attestations/{digest}"))? else { return Ok(0) };
        let list: Value = self.api.read(&what, &answer)?;
        Ok(list.get("attestations").and_then(Value::as_array).map_or(0, Vec::len))
    }

    /// An answer other than that there is no such thing in a repository that is to be seen.
    fn there(&self, what: &str, path: &str) -> Result<Option<Answer>, Problem> {
        let answer = self.api.get(path);
        if answer.as_ref().is_ok_and(|response| response.status == 404) {
            self.api.read::<Value>(what, &self.api.get(""))?;
            return Ok(None);
        }
        Ok(Some(answer))
    }
}
