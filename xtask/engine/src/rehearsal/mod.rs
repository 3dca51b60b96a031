//! The rehearsal of a release: servers of its own, and a user who uses what they serve.

pub mod command;
pub mod io;
