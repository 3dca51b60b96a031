//! Runs the steps of CI. Their cargo is the one that runs us.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{environment, secrets};

/// What it did.
#[derive(Debug)]
pub struct Ran {
    /// How it ended, where it failed.
    pub failure: Option<String>,
    /// What it printed, on both streams, in its order.
    pub output: String,
    /// How long it took.
    pub took: Duration,
}

/// Runs a command in a directory and waits. It belongs to the same job of the terminal, so that Ctrl-C ends it too: an
/// error of the kind `Interrupted`. Secrets are for `cargo xtask` alone.
pub fn run(command: &[String], directory: &Path, with_secrets: bool) -> io::Result<Ran> {
    let begin = Instant::now();
    let (mut reader, writer) = io::pipe()?;
    let (program, args) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let program = if program == "cargo" { environment::cargo() } else { program.into() };
    let mut command = Command::new(program);
    command.args(args).current_dir(directory).stdin(Stdio::null());
    command.stdout(writer.try_clone()?).stderr(writer);
    for variable in environment::of_package() {
        command.env_remove(variable);
    }
    if !with_secrets {
        secrets::withhold(&mut command);
    }
    let mut child = command.spawn()?;
    // It holds the other end of the pipe.
    drop(command);
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    let status = child.wait()?;
    if is_interrupted(status) {
        return Err(io::ErrorKind::Interrupted.into());
    }
    Ok(Ran {
        failure: (!status.success()).then(|| status.to_string()),
        output: String::from_utf8_lossy(&output).into_owned(),
        took: begin.elapsed(),
    })
}

/// Whether somebody ended it.
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
