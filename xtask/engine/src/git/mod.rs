//! Git: its objects, and what the refusals of a remote mean.

pub mod io;
pub mod object;
pub mod refusal;
