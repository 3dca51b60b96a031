//! Runs git: in the repository around us, and against the remote that is published to.

pub mod branch;
pub mod checkout;
mod commit;
pub mod patterns;
pub mod remote;
pub mod repository;
pub mod tags;
pub mod worktree;
