//! A chart directory as it was read: its files, and what goes with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ignore::{Ignored, Kind, Rules};
use super::package::{Overrides, Package, package};
use super::tgz::Entry;
use crate::base::problem::{Checked, Problem};
use crate::base::tag::ChartVersion;
use crate::chart::{self, Archive};

/// One chart directory.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path for messages and for helm, such as `charts/web`.
    pub path: String,
    /// What it packages, in the order of the walk, relative to it.
    pub files: Vec<Entry>,
    /// What lies at its top, packaged or not.
    pub top: BTreeMap<String, Kind>,
    /// The rules of its .helmignore.
    pub rules: Rules,
    /// What they drop.
    pub dropped: Vec<Ignored>,
    pub problems: Vec<Problem>,
    /// What is not in the commit as it is here, by its path from the root.
    pub changed: Vec<String>,
    pub changelog: Option<Changelog>,
    /// The dependencies that were packaged from directories beside it.
    pub local: Vec<Archive>,
    /// What packaging it has given, where somebody has packaged it already.
    pub packaged: Option<Checked<Option<Arc<Package>>>>,
}

#[derive(Clone, Debug)]
pub struct Changelog {
    pub path: String,
    pub text: String,
}

pub const CHANGELOG: &str = "CHANGELOG.md";
/// The names that it may have: what a file system that ignores case finds by the first has to be found on all.
pub const CHANGELOGS: [&str; 3] = [CHANGELOG, "Changelog.md", "changelog.md"];

impl Source {
    /// What the archive of the chart holds, but for dependencies from elsewhere.
    pub fn package(&self) -> Checked<Option<Package>> {
        let Checked { mut value, mut problems } =
            package(self.files.clone(), &self.path, &Overrides::default());
        if let Some(package) = &mut value {
            problems.extend(package.add(self.local.iter().cloned(), &self.path));
        }
        Checked::new(value, problems)
    }

    /// Whether all of it could be read, so that it can be compared.
    pub fn is_read(&self) -> bool {
        !self.problems.iter().any(Problem::is_error)
    }

    /// The name that Chart.yaml gives the chart, else that of its directory: what a tag may begin with.
    pub fn name(&self) -> String {
        self.chart_version().name
    }

    /// What Chart.yaml says that tags speak of, with that name.
    pub fn chart_version(&self) -> ChartVersion {
        let chart_yaml = self.files.iter().find(|file| file.path == "Chart.yaml");
        let declared = chart_yaml.and_then(|file| chart::declared(&file.data)).unwrap_or_default();
        let directory = || self.path.rsplit('/').next().unwrap_or(&self.path).to_owned();
        let name = Some(declared.name).filter(|name| !name.is_empty()).unwrap_or_else(directory);
        ChartVersion { name, version: declared.version, app_version: declared.app_version }
    }
}
