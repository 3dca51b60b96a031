//! A commit that may be made, to be looked at before: the tree of another one in a temporary directory, with a HEAD and an
//! index of its own (gitrepository-layout(5), `commondir`). Refs, index and files of the repository stay as they are; it gets
//! objects that nothing refers to, which git removes some day.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use super::repository::Repository;
use crate::git::object::{Object, listing};
use crate::sys::scratch::Scratch;

#[derive(Debug)]
pub struct Worktree {
    repository: Repository,
    base: String,
    _scratch: Scratch,
}

/// A commit that nothing refers to.
#[derive(Clone, Debug)]
pub struct Made {
    pub tree: String,
    /// What it changes, as paths from the root.
    pub files: Vec<String>,
    /// The same as git shows it.
    pub diff: String,
}

impl Worktree {
    /// Checks out a commit.
    pub fn of(source: &Repository, commit: &str) -> Result<Self> {
        let scratch = Scratch::directory()?;
        let (own, tree) = (scratch.path().join("git"), scratch.path().join("tree"));
        let common = source.text(&["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
        let fill = || {
            fs::create_dir(&own)?;
            fs::create_dir(&tree)?;
            fs::write(own.join("HEAD"), format!("{commit}\n"))?;
            fs::write(own.join("commondir"), format!("{common}\n"))?;
            fs::write(own.join("gitdir"), format!("{}\n", tree.join(".git").display()))?;
            fs::write(tree.join(".git"), format!("gitdir: {}\n", own.display()))
        };
        fill().context("cannot make a temporary work tree")?;
        let Some(repository) = Repository::around(&fs::canonicalize(&tree)?) else {
            bail!("git made no work tree")
        };
        git(&repository, &["read-tree", "--reset", "-u", "HEAD"])?;
        Ok(Self { repository, base: commit.to_owned(), _scratch: scratch })
    }

    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Commits what was changed in the files of the tree; `None` where nothing was.
    pub fn commit(&self, message: &str) -> Result<Option<Made>> {
        let git = |args: &[&str]| git(&self.repository, args);
        git(&["add", "--update"])?;
        let tree = git(&["write-tree"])?;
        if tree == git(&["rev-parse", &format!("{}^{{tree}}", self.base)])? {
            return Ok(None);
        }
        let who = [
            "-c",
            "user.name=helm-xtask",
            "-c",
            "user.email=helm-xtask@localhost",
            "-c",
            "user.useConfigOnly=false",
        ];
        let commit = git(&[&who[..], &["commit-tree", "-p", &self.base, "-m", message, &tree]].concat())?;
        git(&["update-ref", "--no-deref", "HEAD", &commit])?;
        let diff = ["diff-tree", "-r", "--no-commit-id", "--no-renames"];
        let files = git(&[&diff[..], &["--name-only", "-z", &self.base, &commit]].concat())?;
        let files = files.split('\0').filter(|file| !file.is_empty()).map(str::to_owned).collect();
        let diff = git(&[&diff[..], &["-p", "--no-color", "--no-ext-diff", &self.base, &commit]].concat())?;
        Ok(Some(Made { tree, files, diff: diff + "\n" }))
    }
}

/// Runs git in a temporary work tree: without hooks, and with all files where the user has only some checked out.
fn git(repository: &Repository, args: &[&str]) -> Result<String> {
    let settings = ["-c", "core.hooksPath=/dev/null", "-c", "core.sparseCheckout=false"];
    repository.text(&[&settings[..], args].concat())
}

impl Repository {
    /// The files of a commit below a directory, by their paths in it.
    pub fn tree(&self, commit: &str, directory: &str) -> Result<BTreeMap<String, Object>> {
        let at = if directory == "." { commit.to_owned() } else { format!("{commit}:{directory}") };
        Ok(listing(&self.read(["ls-tree", "-r", "-z", &at])?).0)
    }
}
