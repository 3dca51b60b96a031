//! Runs the steps of CI. Their cargo is the one that runs us.

use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::sys::{environment, process, secrets};

#[derive(Debug)]
pub struct Ran {
    /// How it ended, where it failed.
    pub failure: Option<String>,
    /// What it printed, on both streams, in its order.
    pub output: String,
    pub took: Duration,
}

/// Runs a command at the root and waits, as long as `limit`. One that somebody ended is an error of the kind
/// `Interrupted`. Secrets are for `cargo xtask` alone.
pub fn run_step(command: &[String], root: &Path, with_secrets: bool, limit: Duration) -> io::Result<Ran> {
    let begin = Instant::now();
    let (program, args) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let program = if program == "cargo" { environment::cargo() } else { program.into() };
    let mut command = Command::new(program);
    command.args(args).current_dir(root);
    for variable in environment::of_package() {
        command.env_remove(variable);
    }
    if !with_secrets {
        secrets::withhold(&mut command);
    }
    let output = process::run_merged(command, begin + limit)?;
    if is_interrupted(output.status) {
        return Err(io::ErrorKind::Interrupted.into());
    }
    Ok(Ran {
        failure: (!output.status.success()).then(|| output.status.to_string()),
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        took: begin.elapsed(),
    })
}

#[cfg(unix)]
fn is_interrupted(status: ExitStatus) -> bool {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use std::os::unix::process::ExitStatusExt;
    matches!(status.signal(), Some(SIGHUP | SIGINT | SIGTERM))
}

#[cfg(not(unix))]
fn is_interrupted(_: ExitStatus) -> bool {
    false
}
