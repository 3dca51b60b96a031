//! What the API says: releases, assets and refusals as GitHub writes them.

use std::io;

use serde_json::{Value, json};

use super::release::{Asset, Release};
use crate::base::url;

/// A refusal: the status and what it says.
#[derive(Debug)]
pub struct Refusal(pub u16, pub Value);

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self(500, json!({ "message": error.to_string() }))
    }
}

pub fn not_found() -> Refusal {
    Refusal(404, said(404, "Not Found"))
}

/// What cannot be done, and which field says so (docs.github.com, "Troubleshooting the REST API", "Validation Failed").
pub fn unprocessable(resource: &str, code: &str, field: &str) -> Refusal {
    let mut body = said(422, "Validation Failed");
    if let Some(fields) = body.as_object_mut() {
        fields.insert("errors".to_owned(), json!([{ "resource": resource, "code": code, "field": field }]));
    }
    Refusal(422, body)
}

pub fn said(status: u16, message: &str) -> Value {
    json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() })
}

/// Where things are.
pub struct Urls {
    api: String,
    html: String,
}

impl Urls {
    /// Those of a repository whose API and pages are at one origin.
    pub fn new(origin: &str, repository: &str) -> Self {
        Self { api: format!("{origin}/repos/{repository}"), html: format!("{origin}/{repository}") }
    }

    pub fn api(&self, path: &str) -> String {
        format!("{}/{path}", self.api)
    }

    pub fn repository(&self, repository: &str) -> Value {
        let (owner, name) = repository.split_once('/').unwrap_or((repository, ""));
        json!({
            "id": 1,
            "name": name,
            "full_name": repository,
            "private": false,
            "owner": { "login": owner, "type": "User" },
            "url": self.api,
            "html_url": self.html,
            "permissions": { "admin": false, "push": true, "pull": true },
        })
    }
}

/// A release. Nobody can tell the page of a draft by its tag.
pub fn release_json(urls: &Urls, release: &Release) -> Value {
    let at = urls.api(&format!("releases/{}", release.id));
    let page = if release.draft { format!("untagged-{:020x}", release.id) } else { release.tag_name.clone() };
    let uploads = format!("{at}/assets{{?name,label}}");
    json!({
        "id": release.id,
        "node_id": "",
        "url": at,
        "assets_url": format!("{at}/assets"),
        "upload_url": uploads,
        "html_url": format!("{}/releases/tag/{page}", urls.html),
        "tag_name": release.tag_name,
        "target_commitish": release.target_commitish,
        "name": release.name,
        "body": release.body,
        "draft": release.draft,
        "prerelease": release.prerelease,
        "immutable": release.immutable,
        "created_at": release.created_at,
        "published_at": release.published_at,
        "assets": release.assets.iter().map(|asset| asset_json(urls, release, asset)).collect::<Vec<_>>(),
    })
}

pub fn asset_json(urls: &Urls, release: &Release, asset: &Asset) -> Value {
    let page = if release.draft { format!("untagged-{:020x}", release.id) } else { release.tag_name.clone() };
    json!({
        "id": asset.id,
        "node_id": "",
        "url": urls.api(&format!("releases/assets/{}", asset.id)),
        "name": asset.name,
        "label": asset.label,
        "state": "uploaded",
        "content_type": asset.content_type,
        "size": asset.size,
        "digest": asset.digest,
        "download_count": 0,
        "created_at": release.created_at,
        "updated_at": release.created_at,
        "browser_download_url":
            format!("{}/releases/download/{}/{}", urls.html, url::escape_component(&page), asset.name),
    })
}
