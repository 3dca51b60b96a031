//! The only code that reads, runs or writes.

pub mod archives;
pub mod chart_directory;
pub mod charts;
#[allow(dead_code, reason = "until a command publishes the documentation")]
pub mod docs;
pub mod environment;
pub mod files;
pub mod git;
pub mod helm;
pub mod link;
#[allow(dead_code, reason = "until a command publishes the documentation")]
pub mod mkdocs;
pub mod scratch;
pub mod terminal;
#[allow(dead_code, reason = "until a command publishes the documentation")]
pub mod tree;
