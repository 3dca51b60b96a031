//! `helm push`, told the time of the commit, so that the manifest should be the one that we computed.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::login::Login;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, Problems};
use crate::base::text::{name, shown};
use crate::chart::io::helm::{Helm, cause};
use crate::registry::docker_config::Credentials;
use crate::sys::files::{self, NewFile};
use crate::sys::scratch::Scratch;
use crate::sys::{process, secrets};

#[derive(Debug)]
pub struct Push<'a> {
    /// Where to; its repository ends in the chart's name, and its tag is that of the chart's version.
    pub at: &'a Reference,
    pub archive: &'a [u8],
    pub provenance: Option<&'a [u8]>,
    /// Seconds since 1970, of the commit.
    pub created: u64,
    /// Whether to speak HTTP to a registry on another machine.
    pub plain_http: bool,
    pub credentials: Option<&'a Credentials>,
}

/// The longest part of Helm's words that is repeated, in characters.
const MAX_WORDS: usize = 400;

impl Helm {
    /// Pushes a chart with helm. What the tag names then is for the registry to say.
    pub fn push(&self, push: &Push<'_>, deadline: Instant) -> Result<()> {
        let scratch = Scratch::directory()?;
        let directory = files::absolute(scratch.path())?;
        let file = |name: &str, data| NewFile { name: name.to_owned(), data, mtime: push.created };
        // Helm publishes the time of the archive's file.
        let mut all = vec![file("chart.tgz", push.archive)];
        all.extend(push.provenance.map(|data| file("chart.tgz.prov", data)));
        files::write_all(&directory, &all, None)?;
        let login = Login::new(&push.at.host, push.credentials)?;
        let output = process::run(self.push_command(push, &directory, &login)?, Vec::new(), deadline);
        let failed = |cause: &str| {
            let problem =
                Problem::error(format!("helm cannot push to {}: {cause}", name(&push.at.to_string())));
            Problems::from(problem.hint("add --helm never to push without helm, which says more"))
        };
        match output {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(failed("it did not end in time").into())
            }
            Err(error) => Err(error).context("cannot run helm"),
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(failed(&words(&output.stderr)).into()),
        }
    }

    fn push_command(&self, push: &Push<'_>, directory: &Path, login: &Login) -> Result<Command> {
        let (above, _) = push.at.repository.rsplit_once('/').unwrap_or_default();
        let target = format!("oci://{}/{above}", push.at.host);
        let mut command = self.command();
        command.arg("push").arg(directory.join("chart.tgz")).arg(target.trim_end_matches('/'));
        if push.plain_http {
            command.arg("--plain-http");
        }
        // Its debug log may show what the registry is shown.
        command.env_remove("HELM_DEBUG");
        command.env("TZ", "UTC");
        login.give(&mut command)?;
        Ok(command)
    }
}

fn words(said: &str) -> String {
    // Before it is cut: half a secret is not found any more.
    let said = secrets::scrub(said);
    shown(&cause(&said).chars().take(MAX_WORDS).collect::<String>())
}
