//! The only code that reads, runs or writes.

pub mod actions;
pub mod environment;
pub mod files;
pub mod http;
pub mod link;
pub mod lock;
pub mod pause;
pub mod process;
pub mod scratch;
pub mod secrets;
pub mod terminal;
pub mod threads;
#[cfg_attr(not(feature = "network"), path = "no_transport.rs")]
mod transport;
