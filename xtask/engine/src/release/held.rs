//! Charts that a run without a tag leaves out though their version is not published as they are here.

use crate::base::problem::{Problem, join};
use crate::base::tag::ChartVersion;
use crate::pages::embedded;

/// A chart that is left out.
#[derive(Clone, Debug)]
pub struct Held {
    pub chart: String,
    pub version: String,
    /// Why, after a colon.
    pub why: String,
    /// What somebody has to mend, said once for all charts that it is the same for.
    pub problems: Vec<Problem>,
    /// Whether it is published all the same, by its tag.
    pub is_finished: bool,
}

impl Held {
    pub fn new(chart: &ChartVersion, why: &str, problems: impl IntoIterator<Item = Problem>) -> Self {
        let (name, version) = (chart.name.clone(), chart.version.clone());
        let problems = problems.into_iter().collect();
        Self { chart: name, version, why: why.to_owned(), problems, is_finished: false }
    }

    /// `NAME-VERSION`.
    pub fn id(&self) -> String {
        format!("{}-{}", self.chart, self.version)
    }

    /// Its tag is complete everywhere.
    pub fn published(chart: &ChartVersion) -> Self {
        Self::new(chart, "published already", None)
    }

    /// It is finished from the commit of its tag.
    pub fn finished(chart: &ChartVersion, commit: &str) -> Self {
        Self { is_finished: true, ..Self::new(chart, &format!("finished from {commit}"), None) }
    }
}

/// Those that this run publishes from no other commit either.
pub fn left_out(held: &[Held]) -> impl Iterator<Item = &Held> {
    held.iter().filter(|one| !one.is_finished)
}

/// What has to be mended, said once of all charts for which it is the same.
pub fn problems(held: &[Held]) -> Vec<Problem> {
    join(held.iter().flat_map(|one| one.problems.clone()).collect(), embedded::IN)
}
