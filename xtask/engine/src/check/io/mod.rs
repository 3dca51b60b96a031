//! Looks at the repository, area by area.

pub mod cargo;
pub mod chart_testing;
pub mod charts;
pub mod documentation;
pub mod documents;
pub mod helm;
pub mod mend;
pub mod release;
pub mod report;
pub mod workflows;
