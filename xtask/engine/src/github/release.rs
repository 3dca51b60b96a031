//! Releases, as GitHub's REST API has them (docs.github.com, "REST API endpoints for releases", version 2022-11-28).

use serde::{Deserialize, Deserializer};

use super::withdrawn::is_withdrawn;
use crate::base::digest::Digest;
use crate::base::http::Response;
use crate::base::text::shown;

/// A release or the draft of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// Later ones have higher ones.
    pub id: u64,
    /// The tag; several drafts may have the same, published releases not.
    pub tag_name: String,
    pub name: Option<String>,
    pub body: Option<String>,
    pub draft: bool,
    pub prerelease: bool,
    /// Nothing of it can change once it is published. Older servers do not say.
    #[serde(default)]
    pub immutable: bool,
    pub html_url: String,
    /// A template (RFC 6570) of the URL that takes assets.
    pub upload_url: String,
    #[serde(default)]
    pub assets: Vec<Asset>,
}

/// A file of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Asset {
    /// What its URL in the API ends with.
    pub id: u64,
    /// The file name, no other asset of the release has it.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// `uploaded`; another one, such as `starter`, while it is not whole.
    pub state: String,
    /// The digest of the content. Older servers do not say.
    #[serde(default, deserialize_with = "if_sha256")]
    pub digest: Option<Digest>,
    /// Where everybody gets it, as long as the release is no draft.
    #[serde(default)]
    pub browser_download_url: String,
}

/// A digest; `None` for one by another algorithm.
fn if_sha256<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Digest>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| Digest::parse(&text)))
}

impl Release {
    /// Whether every chart of it is yanked: nobody gets it as the latest.
    pub fn is_withdrawn(&self) -> bool {
        is_withdrawn(&self.assets, self.body.as_deref().unwrap_or_default())
    }
}

impl Asset {
    pub fn is_whole(&self) -> bool {
        self.state == "uploaded"
    }
}

/// What a ref or an annotated tag names.
#[derive(Clone, Debug, Deserialize)]
pub struct Named {
    pub object: Object,
}

/// An object of git.
#[derive(Clone, Debug, Deserialize)]
pub struct Object {
    /// `commit`, `tag` or another one.
    #[serde(rename = "type")]
    pub kind: String,
    pub sha: String,
}

/// Why a request was refused.
#[derive(Debug, Default, Deserialize)]
pub struct Refusal {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Detail>,
}

/// Some endpoints answer objects, others texts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Detail {
    Object { field: Option<String>, code: Option<String>, message: Option<String> },
    Text(String),
}

/// As much as is shown of what a server says.
const MAX_WORDS: usize = 400;

impl Refusal {
    /// Reads the content of an answer; what is neither JSON nor plain text says nothing.
    pub fn of(response: &Response) -> Self {
        let plain = || Self { message: response.words(), errors: Vec::new() };
        serde_json::from_slice(&response.body).unwrap_or_else(|_| plain())
    }

    /// Whether there is one of that name already.
    pub fn is_duplicate(&self) -> bool {
        let is = |detail: &Detail| matches!(detail, Detail::Object { code: Some(code), .. } if code == "already_exists");
        self.errors.iter().any(is)
    }

    /// Whether there is a ref of that name already ("REST API endpoints for Git references", "Create a reference").
    pub fn is_there(&self) -> bool {
        self.message.to_ascii_lowercase().contains("reference already exists")
    }

    /// What it says, printable and not too long; empty if it says nothing.
    pub fn words(&self) -> String {
        let details = self.errors.iter().map(|detail| match detail {
            Detail::Text(text) | Detail::Object { message: Some(text), .. } => text.clone(),
            Detail::Object { field, code, .. } => {
                [field, code].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(": ")
            }
        });
        let parts: Vec<String> = std::iter::once(self.message.clone()).chain(details).collect();
        let parts: Vec<&str> = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
        let words: String = parts.join("; ").chars().take(MAX_WORDS).collect();
        shown(&words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Response {
        Response { status: 422, headers: Vec::new(), body: body.into() }
    }

    #[test]
    fn words_of_refusals() {
        for (body, words, duplicate) in [
            (r#"{"message":"Not Found"}"#, "Not Found", false),
            (
                r#"{"message":"Validation Failed","errors":[{"resource":"ReleaseAsset","code":"already_exists","field":"name"}]}"#,
                "Validation Failed; name: already_exists",
                true,
            ),
            (
                r#"{"message":"Validation Failed","errors":[{"resource":"Release","code":"custom","field":"tag_name","message":"tag_name was used by an immutable release"}]}"#,
                "Validation Failed; tag_name was used by an immutable release",
                false,
            ),
            (r#"{"message":"a\u001b[2J","errors":["b\n::error::c"]}"#, r"a\u{1b}[2J; b\n::error::c", false),
            ("<html>502</html>", "", false),
        ] {
            let refusal = Refusal::of(&answer(body));
            assert_eq!((refusal.words().as_str(), refusal.is_duplicate()), (words, duplicate), "{body}");
        }
        let long = Refusal { message: "é".repeat(9_000), errors: Vec::new() };
        assert_eq!(long.words().chars().count(), MAX_WORDS);
    }
}
