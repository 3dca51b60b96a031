//! Another commit of the remote in a work tree of its own: what was tagged is released from there, whatever is checked
//! out here.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use super::branch::QUIET;
use super::remote::{NAME, Remote};
use super::repository::Repository;
use crate::base::text::name;
use crate::sys::scratch::Scratch;

/// A work tree in a temporary directory, which goes when this is dropped.
#[derive(Debug)]
pub struct Checkout {
    scratch: Scratch,
}

impl Checkout {
    /// Fetches the commit that a tag of the remote names, without its history.
    pub fn of_tag(remote: &Remote, tag: &str, deadline: Instant) -> Result<Self> {
        let checkout = Self { scratch: Scratch::directory()? };
        let reference = format!("refs/tags/{tag}");
        let refspec = format!("+{reference}:{reference}");
        let run = |args: &[&str]| {
            let mut git = Command::new("git");
            git.arg("-C").arg(checkout.scratch.path()).args(args);
            remote.prepare(&mut git);
            let output = remote.run(git, Vec::new(), deadline)?;
            if !output.status.success() {
                let words = Remote::words(&output.stderr);
                bail!("cannot check out {} of {}: {words}", name(tag), name(&remote.url));
            }
            Ok(())
        };
        run(&["init", "--quiet", "--template="])?;
        run(&[&["fetch", "--depth=1"], &QUIET[..], &[NAME, &refspec]].concat())?;
        run(&["checkout", "--quiet", "--detach", &reference])?;
        Ok(checkout)
    }

    pub fn repository(&self) -> Result<Repository> {
        match Repository::around(self.scratch.path()) {
            Some(repository) => Ok(repository),
            None => bail!("git made no work tree in {}", name(&self.scratch.path().to_string_lossy())),
        }
    }
}
