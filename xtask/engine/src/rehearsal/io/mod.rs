//! The servers of a rehearsal, and its user.

pub mod servers;
pub mod user;
