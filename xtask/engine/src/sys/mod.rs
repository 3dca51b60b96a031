//! The only code that reads, runs or writes.

pub mod backoff;
pub mod environment;
pub mod files;
#[cfg(feature = "network")]
mod forward;
pub mod github_actions;
pub mod http;
pub mod lock;
pub mod process;
pub mod scratch;
pub mod secrets;
pub mod symlink;
pub mod terminal;
pub mod threads;
pub mod tls;
#[cfg_attr(not(feature = "network"), path = "no_transport.rs")]
mod transport;
