//! What GitHub Actions takes from a step: outputs, a summary, and groups in the log (docs.github.com, "Workflow commands
//! for GitHub Actions"). Nothing of it happens elsewhere.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::{environment, secrets, terminal};
use crate::base::text::shown;

/// A part of the log that folds, until it is dropped.
#[derive(Debug)]
pub struct Group(());

impl Group {
    pub fn new(title: &str) -> Self {
        if environment::in_github_actions() {
            terminal::note(&format!("::group::{}", shown(title)));
        }
        Self(())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if environment::in_github_actions() {
            terminal::note("::endgroup::");
        }
    }
}

/// Sets outputs of the step; each value is one line.
pub fn outputs(values: &[(&str, String)]) -> Result<()> {
    let Some(file) = environment::github_output() else { return Ok(()) };
    let lines: Vec<String> = values.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect();
    append(&file, &(lines.join("\n") + "\n"))
}

/// Adds Markdown to the summary of the run.
pub fn summary(markdown: &str) -> Result<()> {
    environment::github_summary().map_or(Ok(()), |file| append(&file, markdown))
}

fn append(file: &Path, text: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    let opened = options.append(true).create(true).open(file);
    let written = opened.and_then(|mut file| file.write_all(secrets::scrub(text).as_bytes()));
    written.with_context(|| format!("cannot write `{}`", file.display()))
}
