//! The cosign program: finding it, and letting it sign. Secrets reach it through its environment.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, io};

use anyhow::Result;

use crate::base::cosign::Cosign;
use crate::base::problem::{Problem, docs_page};
use crate::base::text::{name, shown};
use crate::signing::cosign::{OLDEST, arguments, version};
use crate::sys::process::{self, Output};
use crate::sys::{environment, secrets};

/// A cosign that answered, and what it signs with.
#[derive(Clone, Debug)]
pub struct Program {
    binary: PathBuf,
    /// Its version, such as `v3.1.1`.
    pub version: String,
    major: u64,
    with: Cosign,
}

/// How long it may take to say its version.
const MOMENT: Duration = Duration::from_secs(60);
/// The longest part of its words that is repeated, in characters.
const MAX_WORDS: usize = 400;
/// What would let it write to another place than beside the chart, or in another form.
const ELSEWHERE: [&str; 3] = ["COSIGN_REPOSITORY", "COSIGN_EXPERIMENTAL", "COSIGN_DOCKER_MEDIA_TYPES"];

/// Looks for cosign, `COSIGN_BIN` or the one in PATH, and for what it needs to sign. The problem says what is missing.
pub fn find(with: &Cosign) -> Result<Program, Problem> {
    let named = environment::cosign_binary();
    if named.is_none() && !environment::is_in_path("cosign") {
        let hint = format!(
            "install it from https://docs.sigstore.dev/cosign/system_config/installation, or set COSIGN_BIN; in a workflow: \
             `uses: sigstore/cosign-installer`, as {} shows it",
            docs_page("sigstore")
        );
        return Err(Problem::error("the config has charts signed, and there is no cosign").hint(hint));
    }
    check_inputs(with)?;
    let binary = named.unwrap_or_else(|| "cosign".into());
    let failed = |cause: &str| {
        let message = format!("{} does not answer: {cause}", name(&binary.to_string_lossy()));
        Problem::error(message).hint("type: cosign version --json")
    };
    let mut command = Command::new(&binary);
    command.args(["version", "--json"]);
    secrets::withhold(&mut command);
    let output = process::run(command, Vec::new(), Instant::now() + MOMENT);
    let output = output.map_err(|error| failed(&error.to_string()))?;
    let printed = version(&output.stdout).filter(|_| output.status.success());
    let (version, major) = printed.ok_or_else(|| failed(&words(&output)))?;
    let program = Program { binary, version: shown(&version), major, with: with.clone() };
    if major < OLDEST {
        let message = format!("cosign {} is too old to sign charts", program.version);
        return Err(Problem::error(message).hint(format!("install cosign {OLDEST} or newer")));
    }
    program.check_key()?;
    Ok(program)
}

/// What cosign would ask for when it is too late.
fn check_inputs(with: &Cosign) -> Result<(), Problem> {
    if let Some(variable) = with.variable().filter(|variable| !environment::is_set(variable)) {
        let message = format!("{variable} is not set, and the config has charts signed with the key in it");
        let hint = format!(
            "in a workflow: `{variable}: ${{{{ secrets.{variable} }}}}` and `COSIGN_PASSWORD: ${{{{ secrets.COSIGN_PASSWORD }}}}` \
             below `env:` of the step; else: export {variable}=\"$(cat cosign.key)\""
        );
        return Err(Problem::error(message).hint(hint));
    }
    let may_ask = environment::may_ask_for_identity() || !environment::in_github_actions();
    if *with == Cosign::Keyless && !may_ask {
        let message = "the config has charts signed without a key, and this job may not prove its identity";
        return Err(Problem::error(message).hint("add `id-token: write` to its `permissions:`"));
    }
    Ok(())
}

impl Program {
    /// A cosign with what it signs with, and none of the other secrets here.
    fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments);
        // It may run in another directory, and a relative place for temporary files is not there.
        if let Ok(temporary) = std::path::absolute(env::temp_dir()) {
            command.env("TMPDIR", temporary);
        }
        secrets::withhold(&mut command);
        command.envs(environment::of_cosign(self.with.variable()));
        for variable in ELSEWHERE {
            command.env_remove(variable);
        }
        if let Some(password) = environment::cosign_password() {
            secrets::remember(&password);
        }
        command
    }

    /// Lets cosign open the key: one that it cannot open would stop the release after the first push.
    fn check_key(&self) -> Result<(), Problem> {
        let Cosign::Key { uri, .. } = &self.with else { return Ok(()) };
        let command = self.command(&["public-key", "--key", uri].map(str::to_owned));
        let failed = |cause: &str| {
            let message = format!("cosign {} cannot use the key {}: {cause}", self.version, name(uri));
            Problem::error(message).hint("set COSIGN_PASSWORD to the password of this key")
        };
        match process::run(command, Vec::new(), Instant::now() + MOMENT) {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(failed(&words(&output))),
            Err(error) => Err(failed(&error.to_string())),
        }
    }

    /// Signs a manifest, named as `HOST/REPOSITORY@DIGEST`. `give` gives cosign the credentials of the registry.
    pub fn sign(
        &self,
        at: &str,
        plain_http: bool,
        deadline: Instant,
        give: impl FnOnce(&mut Command) -> Result<()>,
    ) -> Result<()> {
        let mut command = self.command(&arguments(&self.with, self.major, at, plain_http));
        give(&mut command)?;
        let failed = |cause: &str| {
            Problem::error(format!("cosign {} cannot sign {}: {cause}", self.version, name(at)))
                .hint("run it again when that is mended: what is published stays, and is signed then")
        };
        match process::run(command, Vec::new(), deadline) {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(failed(&words(&output)).into()),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(failed("it did not end in time").into())
            }
            Err(error) => Err(failed(&error.to_string()).into()),
        }
    }
}

/// What a rehearsal signs with: a key at hand, without the public log. The error says why it leaves signatures out.
pub fn of_rehearsal(with: &Cosign) -> Result<Cosign, String> {
    let Cosign::Key { uri, .. } = with else {
        return Err("Sigstore would keep what it certifies".to_owned());
    };
    if with.variable().is_none() {
        return Err(format!("the key {} is not on this machine", name(uri)));
    }
    let with = Cosign::Key { uri: uri.clone(), is_logged: false };
    find(&with).map(|_| with).map_err(|problem| problem.message)
}

/// Why it failed, of what it said.
fn words(output: &Output) -> String {
    // Before it is cut: half a secret is not found any more.
    let said = secrets::scrub(&output.stderr);
    let cause = said.rsplit("error during command execution: ").next().unwrap_or(&said).trim();
    let cause = if cause.is_empty() { "it gives no reason" } else { cause };
    shown(&cause.chars().take(MAX_WORDS).collect::<String>())
}
