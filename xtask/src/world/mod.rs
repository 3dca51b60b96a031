//! The only code that reads, runs or writes.

pub mod archives;
pub mod branch;
pub mod chart_directory;
pub mod charts;
pub mod dist;
pub mod docs;
pub mod environment;
pub mod files;
pub mod git;
pub mod helm;
pub mod history;
pub mod link;
pub mod mkdocs;
pub mod process;
pub mod publish;
pub mod remote;
pub mod scratch;
pub mod served;
pub mod site;
pub mod terminal;
pub mod tree;
