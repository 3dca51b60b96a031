//! The metadata of a chart: the fields of Chart.yaml, read in Helm's layout and written for an index.

mod read;
mod write;

use super::yaml::Out;

pub use read::read;
pub use write::{list, map};

/// The fields of Chart.yaml that Helm keeps. Empty text stands for an absent field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of Chart.yaml, described in Helm's documentation")]
pub struct Metadata {
    pub name: String,
    pub home: String,
    pub sources: Vec<String>,
    pub version: String,
    pub description: String,
    pub keywords: Vec<String>,
    pub maintainers: Vec<Option<Maintainer>>,
    pub icon: String,
    pub api_version: String,
    pub condition: String,
    pub tags: String,
    pub app_version: String,
    pub deprecated: bool,
    pub annotations: Vec<(String, String)>,
    pub kube_version: String,
    pub dependencies: Vec<Option<Dependency>>,
    pub kind: String,
}

/// One of `maintainers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "see `Metadata`")]
pub struct Maintainer {
    pub name: String,
    pub email: String,
    pub url: String,
}

/// One of `dependencies`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "see `Metadata`")]
pub struct Dependency {
    pub name: String,
    pub version: String,
    pub repository: String,
    pub condition: String,
    pub tags: Vec<String>,
    pub enabled: bool,
    pub import_values: Vec<Out>,
    pub alias: String,
    /// Line in the file, from 1.
    pub line: usize,
}

impl Metadata {
    /// Whether this is a chart of Helm 2's layout, which keeps requirements.yaml and has no `dependencies`.
    pub fn is_v1(&self) -> bool {
        self.api_version == "v1"
    }

    /// `NAME-VERSION`, as in tags and in the name of the archive.
    pub fn id(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// The file name that Helm gives the archive.
    pub fn file_name(&self) -> String {
        format!("{}.tgz", self.id())
    }

    /// Whether this is a chart of today's layout.
    pub fn is_v2(&self) -> bool {
        self.api_version == "v2"
    }
}
