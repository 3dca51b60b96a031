//! The only code that reads, runs or writes.

pub mod chart_directory;
pub mod archives;
pub mod charts;
pub mod environment;
pub mod files;
pub mod git;
pub mod helm;
pub mod link;
pub mod scratch;
pub mod terminal;
