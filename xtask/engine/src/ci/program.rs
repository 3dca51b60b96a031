//! The program that all of this is part of, as far as `ci` and `check` depend on it.

use std::fmt;

use super::Step;
use super::run::Task;
use crate::base::config::Config;

/// A repository's `cargo xtask`.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    pub config: &'a Config,
    /// What `cargo xtask ci` stands for.
    pub steps: &'a [Step],
    /// The name of the package that it is compiled from.
    pub package: &'a str,
    /// The path of its main.rs from the root of the workspace.
    pub file: &'a str,
    /// What a `cargo xtask` command does; the error is one line.
    pub task: &'a (dyn Fn(&str) -> Result<Task, String> + Sync),
    /// Why a command line is refused; `None` for one that can be typed, and for a command that is spoken of by its name
    /// alone.
    pub refusal: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// The options of the repository's own that a command line needs here: those that it has, which may choose a config, then
    /// those that this program was run with.
    pub options: &'a (dyn Fn(&str) -> Vec<String> + Sync),
}

impl fmt::Debug for Program<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("config", &self.config)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}
