//! The branch of GitHub Pages, looked at and published to.

pub mod compare;
pub mod history;
pub mod observe;
pub mod publish;
pub mod published_archive;
pub mod report;
pub mod served;
pub mod site;
