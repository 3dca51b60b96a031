//! The tags of a remote: a look at all of them, and making some where no API does.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::branch::{Branch, QUIET, Refusal, names};
use super::remote::{NAME, Remote};
use super::repository::Repository;
use crate::git::object::batch;
use crate::git::remote_refs::{RemoteRefs, RemoteTag};
use crate::git::tag_object::TagObject;
use crate::sys::process::Output;
use crate::sys::scratch::Scratch;

impl Branch {
    /// The default branch and all tags of the remote.
    pub fn refs(&self) -> Result<Result<RemoteRefs, Refusal>> {
        let listed = self.list(&["--symref", NAME, "HEAD", "refs/tags/*"])?;
        Ok(listed.map(|listed| RemoteRefs::read(&listed)))
    }

    /// The branches of the remote.
    pub fn heads(&self) -> Result<Result<Vec<String>, Refusal>> {
        Ok(self.list(&["--heads", NAME])?.map(|listed| names(&listed, "\trefs/heads/")))
    }

    /// The texts of annotated tags, which say who made them; those of lightweight tags are none.
    pub fn tag_texts(&self, tags: &[&RemoteTag]) -> Result<Vec<(String, String)>> {
        let annotated: Vec<(&str, &str)> =
            tags.iter().filter_map(|tag| Some((tag.name.as_str(), tag.object.as_deref()?))).collect();
        if annotated.is_empty() {
            return Ok(Vec::new());
        }
        let refs: Vec<String> = annotated.iter().map(|(name, _)| format!("refs/tags/{name}")).collect();
        let fetch = ["--depth=1", "--filter=tree:0", "--stdin", NAME];
        let output =
            self.run_with(refs.join("\n").into_bytes(), |git| git.arg("fetch").args(QUIET).args(fetch))?;
        Self::checked("fetch", output)?;
        let ids: Vec<&str> = annotated.iter().map(|(_, object)| *object).collect();
        let output = self.run_with(ids.join("\n").into_bytes(), |git| git.args(["cat-file", "--batch"]))?;
        let texts = batch(&Self::checked("cat-file", output)?);
        let text = |((name, object), text): ((&str, &str), Option<Vec<u8>>)| {
            let text = text.with_context(|| format!("git has no object {object}"))?;
            Ok((name.to_owned(), String::from_utf8_lossy(&text).into_owned()))
        };
        annotated.into_iter().zip(texts).map(text).collect()
    }
}

/// Makes tags by a push from the repository that has their commits, whose work tree and refs stay as they are. The refusal
/// is of one of them or of all; those that the remote took are there.
pub fn push(
    remote: &Remote,
    repository: &Repository,
    tags: &[TagObject],
    deadline: Instant,
) -> Result<Result<(), Refusal>> {
    let scratch = Scratch::directory()?;
    let objects = scratch.path().join("objects");
    std::fs::create_dir(&objects).context("cannot make a directory for tags")?;
    let theirs = repository.objects()?;
    let git = || {
        let mut git = Command::new("git");
        git.arg("-C").arg(repository.root());
        git
    };
    let mut refspecs = Vec::new();
    for tag in tags {
        let mut make = git();
        make.args(["hash-object", "-t", "tag", "-w", "--stdin"]);
        let output = in_objects(remote, make, tag.text().into_bytes(), &objects, &theirs, deadline)?;
        if !output.status.success() {
            bail!("`git hash-object` failed: {}", Remote::words(&output.stderr));
        }
        let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        refspecs.push(format!("{id}:refs/tags/{}", tag.tag));
    }
    let mut push = git();
    push.args(["push", "--porcelain", "--no-verify", NAME]).args(&refspecs);
    let output = in_objects(remote, push, Vec::new(), &objects, &theirs, deadline)?;
    if output.status.success() {
        return Ok(Ok(()));
    }
    Ok(Err(Refusal(Remote::words_of_push(&output))))
}

/// Runs git on the objects of a repository, with a place of its own for new ones.
fn in_objects(
    remote: &Remote,
    mut git: Command,
    input: Vec<u8>,
    own: &Path,
    theirs: &Path,
    deadline: Instant,
) -> Result<Output> {
    remote.prepare(&mut git);
    git.env("GIT_OBJECT_DIRECTORY", own).env("GIT_ALTERNATE_OBJECT_DIRECTORIES", theirs);
    remote.run(git, input, deadline)
}
