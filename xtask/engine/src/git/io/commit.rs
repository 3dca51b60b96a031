//! Commits and tags in the user's name: by the user's git, with its hooks, signatures and settings.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::repository::{INHERITED, Repository};
use crate::sys::process::{self, Output, PERSON};

impl Repository {
    /// The branch that is checked out; `None` where HEAD is a commit.
    pub fn branch(&self) -> Result<Option<String>> {
        let output = self.run(["symbolic-ref", "--quiet", "--short", "HEAD"])?;
        Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned()))
    }

    /// A file of a commit as git checks it out here.
    pub fn checked_out(&self, commit: &str, file: &str) -> Result<Vec<u8>> {
        self.read(["cat-file", "--filters", &format!("{commit}:{file}")])
    }

    /// Those of these files that are staged in another form than HEAD has.
    pub fn staged(&self, files: &[String]) -> Result<BTreeSet<String>> {
        let args = ["--literal-pathspecs", "diff-index", "--cached", "--name-only", "-z", "HEAD", "--"];
        let listed = self.read(args.into_iter().chain(files.iter().map(String::as_str)))?;
        let listed = String::from_utf8_lossy(&listed);
        Ok(listed.split('\0').filter(|file| !file.is_empty()).map(str::to_owned).collect())
    }

    /// Commits these files as they lie there; whatever else is staged stays so. `time`, in seconds since 1970, is that of the
    /// commit; without it git takes that of the clock.
    pub fn commit_files(&self, message: &str, files: &[String], time: Option<u64>) -> Result<Output> {
        let args = ["--literal-pathspecs", "commit", "--quiet", "--message", message, "--only", "--"];
        self.by_user(args.into_iter().chain(files.iter().map(String::as_str)), time)
    }

    /// Makes an annotated tag at HEAD, signed where the user signs tags, or commits and says nothing of tags.
    pub fn make_tag(&self, tag: &str, message: &str, time: Option<u64>) -> Result<Output> {
        let setting = |key: &str| -> Result<String> {
            let output = self.run(["config", "--type=bool", "--get", key])?;
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let signs = setting("tag.gpgSign")?.is_empty() && setting("commit.gpgSign")? == "true";
        let sign = if signs { &["--sign"][..] } else { &[] };
        let args = [&["tag", "--annotate"], sign, &["--message", message, tag]].concat();
        self.by_user(args.into_iter(), time)
    }

    fn by_user<'a>(&self, args: impl Iterator<Item = &'a str>, time: Option<u64>) -> Result<Output> {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.root()).args(args);
        for variable in INHERITED {
            git.env_remove(variable);
        }
        let date = time.map(|time| format!("@{time} +0000"));
        git.envs(date.iter().flat_map(|date| [("GIT_AUTHOR_DATE", date), ("GIT_COMMITTER_DATE", date)]));
        process::ask(git, Vec::new(), Instant::now() + PERSON).context("cannot run git: is it installed?")
    }
}
