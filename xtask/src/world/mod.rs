//! The only code that reads, runs or writes.

pub mod actions;
pub mod archives;
pub mod branch;
pub mod chart_directory;
pub mod charts;
pub mod credentials;
pub mod dist;
pub mod docs;
pub mod environment;
pub mod files;
pub mod git;
pub mod github;
pub mod helm;
pub mod history;
pub mod http;
pub mod link;
pub mod mkdocs;
mod pause;
pub mod process;
pub mod publish;
pub mod registry;
pub mod rehearsal;
pub mod remote;
pub mod scratch;
pub mod secrets;
pub mod served;
pub mod site;
pub mod terminal;
#[cfg_attr(not(feature = "network"), path = "no_transport.rs")]
mod transport;
pub mod tree;
pub mod user;
