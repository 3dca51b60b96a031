//! `dist/manifest.json`: what a release consists of and where each part goes. Later steps read it instead of
//! guessing from file names.

use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::tag::ChartVersion;
use crate::base::text::name;
use crate::base::time::MAX_TIME;

/// The format's version; a reader refuses others.
pub const FORMAT: u32 = 2;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The tag of the release; `None` for a local run without one.
    pub tag: Option<String>,
    /// The commit that the archives were made from.
    pub commit: Commit,
    /// The URL for `helm repo add`; `None` where the release goes to no Helm repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm_repository: Option<String>,
    /// Whether these are all charts of the repository.
    pub complete: bool,
    /// One for each archive, by name.
    pub charts: Vec<Chart>,
}

/// A commit and how the archives differ from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    pub id: String,
    /// Time of every entry, in seconds since 1970.
    pub time: u64,
    /// Packaged files that are not in the commit as they were packaged. Such archives are not to be published.
    pub changed: Vec<String>,
    /// Sub-charts that are not in the commit, whose versions its Chart.lock names.
    pub locked: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Chart {
    pub name: String,
    pub version: String,
    /// appVersion in the archive's Chart.yaml; may be empty.
    pub app_version: String,
    /// File name in `dist/`.
    pub archive: String,
    /// Size of the archive in bytes.
    pub size: u64,
    pub digest: Digest,
    /// Whether the archive is one that is published already: what has no signature then gets none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub published: bool,
    /// `oci://HOST/PATH/NAME:TAG`; `None` where the release goes to no registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oci: Option<String>,
    /// Where the index of the Helm repository leads to; `None` where the release goes to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Chart {
    /// `NAME-VERSION`, as in the name of the archive.
    pub fn id(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

/// Whether git may call an object so, by SHA-1 or SHA-256.
fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Manifest {
    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Its charts, as tags speak of them.
    pub fn chart_versions(&self) -> Vec<ChartVersion> {
        let version = |chart: &Chart| ChartVersion {
            name: chart.name.clone(),
            version: chart.version.clone(),
            app_version: chart.app_version.clone(),
        };
        self.charts.iter().map(version).collect()
    }

    /// Reads the file; the error is the message.
    pub fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self =
            serde_json::from_str(text).map_err(|error| format!("it is not a manifest: {error}"))?;
        match manifest.format {
            FORMAT if !is_object_id(&manifest.commit.id) => {
                Err(format!("its commit {} is none", name(&manifest.commit.id)))
            }
            FORMAT if manifest.commit.time > MAX_TIME => {
                Err(format!("its commit has the time {}, which no archive can hold", manifest.commit.time))
            }
            FORMAT => Ok(manifest),
            other => Err(format!("its format is {other}, this xtask reads {FORMAT}")),
        }
    }
}
