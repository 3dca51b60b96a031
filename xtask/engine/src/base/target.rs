//! Where a release is published.

#![warn(missing_docs)]

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

/// Where a release is published. [`Config::archives_in_releases`](crate::Config::archives_in_releases)
/// decides the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// The OCI registry.
    Oci,
    /// The Helm repository on the branch of GitHub Pages.
    Pages,
    /// The GitHub Release.
    Github,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Oci => "the OCI registry",
            Self::Pages => "the Helm repository",
            Self::Github => "the GitHub Release",
        })
    }
}
