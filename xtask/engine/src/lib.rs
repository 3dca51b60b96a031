//! Release automation for repositories that publish Helm charts: the `cargo xtask` of such a repository.
//!
//! A repository depends on this library from a package of its own, whose `main.rs` is its config:
//!
//! ```ignore
#![doc = include_str!("../examples/smallest/main.rs")]
//! ```
//!
//! Commands and CI steps of its own stand beside those of this library:
//!
//! ```ignore
#![doc = include_str!("../examples/own_command/main.rs")]
//! ```
//!
//! [`Release`] is for a repository that scripts a release of its own.
//!
//! # Stability
//!
//! What is exported here follows semantic versioning, and so does the output of `--json`. The major version of clap is
//! part of it. Rust 1.89 or newer compiles it; a new minor version may raise that to a release of Rust at least half a
//! year old.

// The face alone needs a comment on each item: its files ask for them.
#![allow(missing_docs)]
// Some parts of other rooms serve these commands alone.
#![cfg_attr(not(feature = "lifecycle"), allow(dead_code))]

mod app;
mod base;
mod chart;
mod check;
mod ci;
mod cli;
mod dependency;
mod dist;
mod docs;
mod git;
mod github;
mod index;
mod init;
#[doc(hidden)]
pub mod internals;
mod package;
mod pages;
mod preflight;
#[cfg(feature = "lifecycle")]
mod prepare;
mod registry;
mod rehearsal;
mod release;
mod signing;
#[cfg(feature = "lifecycle")]
mod status;
mod sys;
#[cfg(feature = "lifecycle")]
mod verify;
mod yank;

pub use crate::app::App;
pub use crate::base::config::{Builder, Config, Versions};
pub use crate::base::problem::{Place, Problem, Problems, Severity};
pub use crate::base::target::Target;
pub use crate::ci::Step;
pub use crate::cli::Command;
pub use crate::release::command::{Plan, Release};
pub use clap;
