//! What the parts of the check look at.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;

use crate::base::config::Config;
use crate::base::tag::Tag;
use crate::chart::Metadata;
use crate::chart::io::helm::Helm;
use crate::chart::io::helm::agreement::HelmMode;
use crate::chart::source::Changelog;
use crate::check::Chart;
use crate::check::ct_yaml::ChartTesting;
use crate::ci::program::Program;
use crate::git::io::branch::Branch;
use crate::git::io::remote::Remote;
use crate::git::io::repository::Repository;
use crate::release::io::make::Head;
use crate::sys::environment;

/// What the command line asks for.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    pub tag: Option<&'a String>,
    pub helm: HelmMode,
    pub remote: Option<&'a str>,
    pub oci: Option<&'a str>,
    pub offline: bool,
    /// How long a look at what is published may take.
    pub limit: Duration,
}

/// What is looked at.
pub struct Scene<'a> {
    pub program: Program<'a>,
    /// The config, but for what options replace.
    pub config: &'a Config,
    pub options: Options<'a>,
    pub repository: &'a Repository,
    pub helm: Option<&'a Helm>,
    /// The files that git tracks or would track, by their paths from the root.
    pub files: Vec<String>,
    /// The commit that is checked out; `None` before the first one, which has been told.
    pub head: Option<Head>,
    /// The tag of the next release, as far as anybody knows it.
    pub tag: Option<Tag>,
    /// What the configurations of chart-testing say.
    pub testing: Vec<ChartTesting>,
    /// Every chart that is published or tested, by its directory.
    pub charts: Vec<Chart>,
    pub changelog: Option<Changelog>,
    /// What is not in the commit as it is here, besides the charts.
    pub changed: Vec<String>,
    /// The branch, once somebody has looked at it.
    pub branch: Mutex<Option<Branch>>,
}

impl Scene<'_> {
    /// Whether nobody may look at what is published.
    pub fn is_offline(&self) -> bool {
        self.options.offline || environment::is_offline()
    }

    pub fn remote(&self) -> Result<Remote> {
        Remote::find(self.config, self.options.remote, self.repository)
    }

    /// Looks at the branch, which all parts share.
    pub fn with_branch<T>(&self, act: impl FnOnce(&mut Branch) -> Result<T>) -> Result<T> {
        let mut branch = self.branch.lock().unwrap_or_else(PoisonError::into_inner);
        let branch = match branch.take() {
            Some(known) => branch.insert(known),
            None => branch.insert(Branch::new(&self.remote()?, &self.config.branch, self.options.limit)?),
        };
        // Another server may have used up its time.
        branch.extend_deadline(self.options.limit);
        act(branch)
    }

    /// Whether a chart is part of the next release.
    pub fn releases(&self, chart: &Chart) -> bool {
        self.config.releases(&chart.source.path) && self.is_for(chart)
    }

    /// Whether the tag, if there is one, releases a chart.
    pub fn is_for(&self, chart: &Chart) -> bool {
        let is_of = |tag: &Tag| tag.chart.as_ref().is_none_or(|one| *one == chart.source.name());
        self.tag.as_ref().is_none_or(is_of)
    }

    /// What the charts say that a release publishes.
    pub fn released(&self) -> impl Iterator<Item = &Metadata> {
        let released = self.charts.iter().filter(|chart| self.config.releases(&chart.source.path));
        released.filter_map(|chart| Some(&chart.package.as_ref()?.metadata))
    }
}
