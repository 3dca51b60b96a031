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

mod app;
mod cli;
mod command;
#[doc(hidden)]
pub mod internals;
mod model;
mod plan;
mod world;

pub use app::App;
pub use clap;
pub use cli::Command;
pub use command::release::{Plan, Release};
pub use model::config::{Config, Versions};
pub use model::problem::{Place, Problem, Problems, Severity};
pub use plan::ci::Step;
pub use plan::publish::Target;
