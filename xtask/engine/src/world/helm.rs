//! The helm program: a second opinion on what we package, and what pushes it.

mod lint;
mod push;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use xshell::{Shell, cmd};

use super::scratch::Scratch;
use super::{environment, secrets};
use crate::model::archive::{self, Entry};
use crate::model::problem::{Problem, Problems};
use crate::model::text::{name, shown};
use crate::plan::package::Overrides;

pub use push::Push;

/// A helm that answered.
#[derive(Debug)]
pub struct Helm {
    binary: PathBuf,
    /// Its version, such as `v4.1.4`.
    pub version: String,
}

impl Helm {
    /// Looks for helm: `HELM_BIN`, else the one in PATH. `None` where there is none; one that is there and does not
    /// answer is an error.
    pub fn find() -> Result<Option<Self>> {
        let named = environment::helm_binary();
        let binary = named.clone().unwrap_or_else(|| "helm".into());
        let sh = Shell::new()?;
        let template = "{{.Version}}";
        match secrets::without(cmd!(sh, "{binary} version --template {template}"))
            .quiet()
            .ignore_status()
            .output()
        {
            Ok(output) if output.status.success() => {
                Ok(Some(Self { binary, version: shown(String::from_utf8_lossy(&output.stdout).trim()) }))
            }
            Ok(output) => {
                let words = String::from_utf8_lossy(&output.stderr).into_owned();
                let cause = words.trim().lines().next().unwrap_or_default();
                let message = format!("{} does not answer: {cause}", name(&binary.to_string_lossy()));
                Err(Problems::from(Problem::error(message).hint("add --helm never")).into())
            }
            Err(_) if named.is_none() && !environment::is_in_path("helm") => Ok(None),
            Err(error) => Err(error).context("cannot run helm"),
        }
    }

    /// Helm, to be run by others; it gets no secret.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        secrets::withhold(&mut command);
        command
    }

    /// The entries of the archive that helm makes of a chart directory, or its words where it refuses.
    pub fn package(&self, directory: &Path, overrides: &Overrides) -> Result<Result<Vec<Entry>, String>> {
        let (sh, scratch) = (Shell::new()?, Scratch::directory()?);
        let (binary, out) = (&self.binary, scratch.path());
        let command = cmd!(sh, "{binary} package {directory} --destination {out}");
        // Newer helms would write this time into Chart.lock.
        let mut command = secrets::without(command).env_remove("SOURCE_DATE_EPOCH");
        if let Some(version) = &overrides.version {
            command = command.args(["--version", version]);
        }
        if let Some(app_version) = &overrides.app_version {
            command = command.args(["--app-version", app_version]);
        }
        let output = command.quiet().ignore_status().output()?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            return Ok(Err(cause(&words).to_owned()));
        }
        let made =
            std::fs::read_dir(out)?.next().context("helm says that it made an archive, and made none")??;
        let bytes = std::fs::read(made.path())?;
        let entries = archive::read(&bytes, archive::MAX_TOTAL)
            .map_err(|cause| anyhow!("cannot read what helm made: {cause}"))?;
        Ok(Ok(entries))
    }
}

/// The end of helm's words, which says why it failed.
pub fn cause(said: &str) -> &str {
    said.rsplit("Error: ").next().unwrap_or(said).trim()
}
