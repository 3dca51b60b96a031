//! The branch, copied from the real one into a bare repository that answers as GitHub does, and checked out as a site.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{fs, io};

use anyhow::{Context, Result, bail};

use crate::base::config::Config;
use crate::base::text::{name, shown};
use crate::git::io::remote::{NAME, Remote};
use crate::git::io::repository::{INHERITED, LOCAL, Repository};
use crate::sys::process::{self, Output};

/// A bare repository with one branch, or none.
#[derive(Debug)]
pub struct Copy {
    directory: PathBuf,
    reference: String,
    /// The path of the index on it.
    index: String,
}

/// What the branch begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    Copied {
        url: String,
        commit: String,
    },
    /// Nothing, as the real one: the remote was asked and has no such branch.
    Absent {
        url: String,
    },
    /// Nothing, whatever the real one has: the remote cannot be read.
    Unread {
        url: String,
        why: String,
    },
    /// Nothing: the remote was not asked.
    Unasked,
}

/// What GitHub lets one fetch, and no work in the background.
const CONFIG: &str = "[core]
\trepositoryFormatVersion = 0
\tbare = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[receive]
\tautogc = false
[gc]
\tauto = 0
";
/// More than any history has (git-fetch(1), `--depth`).
const ALL: &str = "--depth=2147483647";

impl Copy {
    /// An empty repository in a new directory.
    pub fn new(directory: PathBuf, config: &Config) -> Result<Self> {
        let cannot = || format!("cannot make {}", name(&directory.to_string_lossy()));
        let reference = format!("refs/heads/{}", config.branch);
        for inner in ["objects", "refs"] {
            fs::create_dir_all(directory.join(inner)).with_context(cannot)?;
        }
        fs::write(directory.join("HEAD"), format!("ref: {reference}\n")).with_context(cannot)?;
        fs::write(directory.join("config"), CONFIG).with_context(cannot)?;
        Ok(Self { directory, reference, index: config.index() })
    }

    /// Gives it a default branch with the commit of a repository, whose objects it borrows.
    pub fn begin(&self, source: &Repository, commit: &str) -> Result<()> {
        let cannot = || format!("cannot write to {}", name(&self.directory.to_string_lossy()));
        let branch =
            if self.reference == "refs/heads/main" { "refs/heads/source" } else { "refs/heads/main" };
        let write = |path: &str, text: String| {
            let path = self.directory.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&self.directory))?;
            fs::write(path, text)
        };
        let objects = source.objects()?;
        if let Some(shallow) = source.shallow()? {
            write("shallow", shallow).with_context(cannot)?;
        }
        write("objects/info/alternates", format!("{}\n", objects.display())).with_context(cannot)?;
        write(branch, format!("{commit}\n")).with_context(cannot)?;
        write("HEAD", format!("ref: {branch}\n")).with_context(cannot)
    }

    /// Copies the branch of a remote. Without an index its history says whether there was one, as publishing asks.
    pub fn fetch(&self, remote: Option<&Remote>, deadline: Instant) -> Result<Start> {
        let Some(remote) = remote else { return Ok(Start::Unasked) };
        let url = remote.url.clone();
        let fetched = self.fetch_to("--depth=1", remote, deadline)?;
        if fetched.status.success() {
            if self.file(&self.index)?.is_none() {
                self.fetch_to(ALL, remote, deadline)?;
            }
            let commit = self.local(|git| git.args(["rev-parse", "--verify", &self.reference]))?;
            let commit = String::from_utf8_lossy(&checked(commit)?).trim().to_owned();
            return Ok(Start::Copied { url, commit });
        }
        let list =
            self.remote(remote, deadline, |git| git.args(["ls-remote", "--quiet", NAME, &self.reference]))?;
        if list.status.success() && list.stdout.is_empty() {
            return Ok(Start::Absent { url });
        }
        let said = if list.status.success() { fetched.stderr } else { list.stderr };
        Ok(Start::Unread { url, why: Remote::words(&said) })
    }

    fn fetch_to(&self, depth: &str, remote: &Remote, deadline: Instant) -> Result<Output> {
        let refspec = format!("+{0}:{0}", self.reference);
        let quiet = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
        self.remote(remote, deadline, |git| git.args(quiet).args([depth, "--no-filter", NAME, &refspec]))
    }

    fn exists(&self) -> Result<bool> {
        let found = self.local(|git| git.args(["show-ref", "--verify", "--quiet", &self.reference]))?;
        Ok(found.status.success())
    }

    /// The content of a file; `None` where the branch or the file is not there.
    pub fn file(&self, path: &str) -> Result<Option<Vec<u8>>> {
        if !self.exists()? {
            return Ok(None);
        }
        let listed =
            checked(self.local(|git| git.args(["ls-tree", "--name-only", &self.reference, "--", path]))?)?;
        if listed.is_empty() {
            return Ok(None);
        }
        let object = format!("{}:{path}", self.reference);
        checked(self.local(|git| git.args(["cat-file", "blob", &object]))?).map(Some)
    }

    /// Makes a directory hold the files of the branch and nothing else, if there is a branch.
    pub fn check_out(&self, directory: &Path) -> Result<()> {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", name(&directory.to_string_lossy())))?;
        if !self.exists()? {
            return Ok(());
        }
        let read = ["read-tree", "--reset", "-u", &self.reference];
        checked(self.local(|git| git.arg("--work-tree").arg(directory).args(read))?).map(drop)
    }

    fn git(&self) -> Command {
        let mut git = Command::new("git");
        git.arg("--git-dir").arg(&self.directory).current_dir(&self.directory);
        git
    }

    fn local(&self, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<Output> {
        let mut git = self.git();
        for variable in INHERITED {
            git.env_remove(variable);
        }
        // Nothing of the user's: neither filters nor line ends.
        git.envs([("LC_ALL", "C"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
        arguments(&mut git);
        process::ask(git, Vec::new(), Instant::now() + LOCAL).context("cannot run git: is it installed?")
    }

    fn remote(
        &self,
        remote: &Remote,
        deadline: Instant,
        arguments: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<Output> {
        let mut git = self.git();
        remote.prepare(&mut git);
        arguments(&mut git);
        match process::ask(git, Vec::new(), deadline) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                bail!("{} did not answer until the deadline", name(&remote.url))
            }
            result => result.context("cannot run git: is it installed?"),
        }
    }
}

fn checked(output: Output) -> Result<Vec<u8>> {
    if !output.status.success() {
        bail!("git failed: {}", shown(output.stderr.trim()));
    }
    Ok(output.stdout)
}
