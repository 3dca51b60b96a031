//! Where a release is published.

#![warn(missing_docs)]

use std::fmt;

use clap::ValueEnum;

use super::steps::Step;

/// Where a release is published, in the order in which that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Target {
    /// The OCI registry.
    Oci,
    /// The Helm repository on the branch of GitHub Pages.
    Pages,
    /// The GitHub Release.
    Github,
}

impl Target {
    /// All of them, in the order in which they are published to.
    pub const ALL: [Self; 3] = [Self::Oci, Self::Pages, Self::Github];

    /// Where a step goes.
    pub fn of(step: &Step<'_>) -> Self {
        match step {
            Step::Push { .. } => Self::Oci,
            Step::Merge { .. } => Self::Pages,
            Step::Create { .. } => Self::Github,
        }
    }

    /// Those that were asked for, in their order.
    pub fn in_order(mut asked: Vec<Self>) -> Vec<Self> {
        asked.sort();
        asked.dedup();
        asked
    }
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
