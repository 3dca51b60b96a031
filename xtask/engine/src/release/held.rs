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
    pub problem: Option<Problem>,
}

impl Held {
    pub fn new(chart: &ChartVersion, why: &str, problem: Option<Problem>) -> Self {
        Self { chart: chart.name.clone(), version: chart.version.clone(), why: why.to_owned(), problem }
    }

    /// Its tag is complete everywhere.
    pub fn published(chart: &ChartVersion) -> Self {
        Self::new(chart, "published already", None)
    }

    /// It is finished from the commit of its tag.
    pub fn finished(chart: &ChartVersion, commit: &str) -> Self {
        Self::new(chart, &format!("finished from {commit}"), None)
    }
}

/// What has to be mended, said once of all charts for which it is the same.
pub fn problems(held: &[Held]) -> Vec<Problem> {
    join(held.iter().filter_map(|one| one.problem.clone()).collect(), embedded::IN)
}
