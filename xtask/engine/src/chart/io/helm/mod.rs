//! The helm program: a second opinion on what we package, and what pushes it.

pub mod agreement;
pub mod lint;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::base::problem::Problem;
use crate::base::text::{name, shown};
use crate::chart::package::Overrides;
use crate::chart::tgz::{self, Entry};
use crate::sys::process::{self, Output};
use crate::sys::scratch::Scratch;
use crate::sys::{environment, secrets};

/// A proxy that nobody listens at: what goes to this machine itself takes none.
const NOWHERE: &str = "http://127.0.0.1:9";

/// The longest `--deadline`.
const MAX_LIMIT: u64 = 86_400;

/// A helm that answered.
#[derive(Clone, Debug)]
pub struct Helm {
    binary: PathBuf,
    /// Its version, such as `v4.1.4`.
    pub version: String,
    /// How long each run of it may take.
    limit: Duration,
    /// Whether it may not use a network.
    is_offline: bool,
}

impl Helm {
    /// Looks for helm: `HELM_BIN`, else the one in PATH. `None` where there is none; one that is there and does not
    /// answer is an error.
    pub fn find(limit: Duration, is_offline: bool) -> Result<Option<Self>> {
        let named = environment::helm_binary();
        if named.is_none() && !environment::is_in_path("helm") {
            return Ok(None);
        }
        let binary = named.unwrap_or_else(|| "helm".into());
        let mut helm = Self { binary, version: String::new(), limit, is_offline };
        let mut command = helm.command();
        command.args(["version", "--template", "{{.Version}}"]);
        let output = helm.run_helm(command, "", None)?;
        if !output.status.success() {
            let cause = output.stderr.trim().lines().next().unwrap_or_default();
            let message = format!("{} does not answer: {cause}", name(&helm.binary.to_string_lossy()));
            return Err(Problem::error(message).hint("add --helm never").into());
        }
        helm.version = shown(String::from_utf8_lossy(&output.stdout).trim());
        Ok(Some(helm))
    }

    /// Helm, to be run by others; it gets no secret.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        // It may run in another directory, and a relative place for temporary files is not there.
        if let Ok(temporary) = std::path::absolute(std::env::temp_dir()) {
            command.env("TMPDIR", temporary);
        }
        if self.is_offline {
            let [http, https, no] = environment::PROXIES;
            command.envs(http.into_iter().chain(https).map(|name| (name, NOWHERE)));
            for name in no {
                command.env_remove(name);
            }
        }
        secrets::withhold(&mut command);
        command
    }

    /// The entries of the archive that helm makes of a chart directory, or its words where it refuses. `at` is how the
    /// directory is shown.
    pub fn package(
        &self,
        directory: &Path,
        at: &str,
        overrides: &Overrides,
    ) -> Result<Result<Vec<Entry>, String>> {
        let scratch = Scratch::directory()?;
        let out = scratch.path();
        let mut command = self.command();
        command.arg("package").arg(directory).arg("--destination").arg(out);
        // Newer helms would write this time into Chart.lock.
        command.env_remove("SOURCE_DATE_EPOCH");
        for (option, value) in [("--version", &overrides.version), ("--app-version", &overrides.app_version)]
        {
            command.args(value.iter().flat_map(|value| [option, value]));
        }
        let output = self.run_helm(command, at, None)?;
        if !output.status.success() {
            return Ok(Err(cause(&output.stderr).to_owned()));
        }
        let made =
            std::fs::read_dir(out)?.next().context("helm says that it made an archive, and made none")??;
        let bytes = std::fs::read(made.path())?;
        let entries = tgz::read(&bytes, tgz::MAX_TOTAL)
            .map_err(|cause| anyhow!("cannot read what helm made: {cause}"))?;
        Ok(Ok(entries))
    }

    /// Runs helm for a chart that is shown as `at`, and with these values: in what is rendered there may be a loop.
    fn run_helm(&self, command: Command, at: &str, values: Option<&str>) -> Result<Output> {
        let verb = command.get_args().next().unwrap_or_default().to_string_lossy().into_owned();
        match process::run(command, Vec::new(), Instant::now() + self.limit) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                let seconds = self.limit.as_secs();
                let with = values.map_or_else(String::new, |values| format!(" with {}", name(values)));
                let problem = Problem::error(format!("`helm {verb}` did not end within {seconds} s{with}"));
                let way_out =
                    if at.is_empty() { "add --helm never" } else { "look for a loop in its templates" };
                let longer = (10 * seconds).min(MAX_LIMIT);
                let hint = format!("{way_out}, or give helm longer: --deadline {longer}");
                let problem = if at.is_empty() { problem } else { problem.at(at, None) };
                Err(problem.hint(hint).into())
            }
            output => output.with_context(|| format!("cannot run {}", name(&self.binary.to_string_lossy()))),
        }
    }
}

/// The end of helm's words, which says why it failed.
pub fn cause(said: &str) -> &str {
    let words = said.rsplit("Error: ").next().unwrap_or(said).trim();
    words.trim_end_matches("Use --debug flag to render out invalid YAML").trim_end()
}
