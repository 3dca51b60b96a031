//! What GitHub Pages serves, asked with curl: publishing to the branch is one thing, and its deployment another.

use std::process::Command;
use std::time::{Duration, Instant};
use std::{io, thread};

use anyhow::{Context, Result};

use crate::base::problem::Problem;
use crate::base::text::{name, shown};
use crate::sys::{environment, process, secrets, terminal};

/// A file that is to be served.
#[derive(Debug)]
pub struct Expected {
    pub url: String,
    pub contains: Vec<String>,
}

/// The pause between two looks; a deployment takes about half a minute.
const PAUSE: Duration = Duration::from_secs(5);

pub fn check() -> Result<()> {
    if environment::is_in_path("curl") {
        return Ok(());
    }
    let problem = Problem::error("--wait asks the served site with curl, which is not in PATH");
    Err(problem.hint("install curl, or leave out --wait").into())
}

/// Waits until all of it is served, or the deadline has passed.
pub fn wait(expected: &[Expected], deadline: Instant) -> Result<()> {
    for Expected { url, contains } in expected {
        terminal::progress("Waiting", &format!("for {url} to show what was published"));
        loop {
            let why = match get(url, deadline)? {
                Ok(text) if contains.iter().all(|wanted| text.contains(wanted.as_str())) => break,
                Ok(_) => "it does not show what was published yet".to_owned(),
                Err(words) => words,
            };
            if Instant::now() + PAUSE >= deadline {
                let message = format!("{} is published and not served until the deadline: {why}", name(url));
                let hint = "look at Settings -> Pages and at the deployments of the repository";
                return Err(Problem::error(message).hint(hint).into());
            }
            thread::sleep(PAUSE);
        }
        terminal::progress("Serves", url);
    }
    Ok(())
}

/// The text at a URL; the inner error is why there is none, in curl's words.
pub fn get(url: &str, deadline: Instant) -> Result<Result<String, String>> {
    let mut curl = Command::new("curl");
    curl.args(["--disable", "--silent", "--show-error", "--fail", "--location", "--compressed"]);
    curl.args(["--max-time", "30", "--header", "Cache-Control: no-cache", "--", url]);
    secrets::withhold(&mut curl);
    let output = match process::run(curl, Vec::new(), deadline) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            return Ok(Err("it did not answer".to_owned()));
        }
        result => result.context("cannot run curl")?,
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(if output.status.success() { Ok(text) } else { Err(shown(output.stderr.trim())) })
}
