//! The only code that reads, runs or writes.

pub mod archives;
pub mod chart_directory;
pub mod charts;
pub mod environment;
pub mod files;
pub mod git;
pub mod helm;
pub mod link;
pub mod scratch;
pub mod terminal;
