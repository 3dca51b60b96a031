//! A branch of the remote, looked at and written through a private repository in a temporary directory: shallow, with
//! no file's content but what is asked for, and without a work tree. The user's checkout is never touched, and a run
//! that is killed leaves nothing that a later one would see.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, io};

use anyhow::{Context, Result, bail};

use super::remote::{NAME, Remote};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::git::Tip;
use crate::git::object::{Commit, Object, batch, listing};
use crate::sys::process::{self, Output};
use crate::sys::scratch::{Scratch, no_room};

/// The branch in its private repository.
#[derive(Debug)]
pub struct Branch {
    remote: Remote,
    name: String,
    scratch: Scratch,
    deadline: Instant,
    /// Whether the remote may leave out the content of files.
    partial: bool,
    is_deep: bool,
    refusal: Option<Refusal>,
    is_silent: Cell<bool>,
    is_seen: bool,
    tip: Option<Tip>,
}

/// Nobody has looked at the branch.
#[derive(Clone, Copy, Debug)]
pub struct NotSeen;

/// Why the remote did not do what was asked: its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

/// A fetch that says nothing and touches nothing else.
pub(super) const QUIET: [&str; 4] =
    ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
/// Where the newest commit of the remote is kept.
const BASE: &str = "refs/base";
/// The first git that reads `GIT_CONFIG_COUNT`.
const OLDEST: (u32, u32) = (2, 31);
/// More than any history has: git's own word for all of it (git-fetch(1), `--depth`).
const ALL: &str = "--depth=2147483647";

/// Whether a server said that it gives no objects by their ids.
fn is_refused(words: &str) -> bool {
    ["not our ref", "unadvertised object", "filtering not recognized"].iter().any(|sign| words.contains(sign))
}

/// The names of refs in lines of `git ls-remote`, without what they begin with.
pub(super) fn names(listed: &str, beginning: &str) -> Vec<String> {
    listed.lines().filter_map(|line| line.split_once(beginning)).map(|(_, name)| name.to_owned()).collect()
}

impl Branch {
    /// A repository without anything in it. Whatever still runs when the time is over is stopped.
    pub fn new(remote: &Remote, branch: &str, limit: Duration) -> Result<Self> {
        let deadline = Instant::now() + limit;
        let scratch = Scratch::directory()?;
        let branch = Self {
            remote: remote.clone(),
            name: branch.to_owned(),
            scratch,
            deadline,
            partial: true,
            is_deep: false,
            refusal: None,
            is_silent: Cell::new(false),
            is_seen: false,
            tip: None,
        };
        branch.create().map_err(|error| no_room(&error.to_string()))?;
        Ok(branch)
    }

    /// What `git init` would make, without the templates that a user may have set.
    fn create(&self) -> io::Result<()> {
        let directory = self.directory();
        for inner in ["objects", "refs"] {
            fs::create_dir_all(directory.join(inner))?;
        }
        fs::write(directory.join("HEAD"), "ref: refs/heads/none\n")?;
        let promisor =
            format!("[extensions]\n\tpartialClone = {NAME}\n[remote \"{NAME}\"]\n\tpromisor = true\n");
        let format = "[core]\n\trepositoryFormatVersion = 1\n\tbare = true\n";
        fs::write(directory.join("config"), format!("{format}{}", if self.partial { &*promisor } else { "" }))
    }

    /// Older gits do not take settings from the environment, and would look for the remote in vain.
    fn check_version(&self) -> Result<()> {
        let output = self.run(|git| git.arg("version"))?;
        let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let mut numbers =
            printed.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
        if numbers.next().zip(numbers.next()) < Some(OLDEST) {
            let (major, minor) = OLDEST;
            let message = format!("{} is too old: publishing needs {major}.{minor}", name(&printed));
            return Err(Problem::error(message).hint("install a newer git").into());
        }
        Ok(())
    }

    fn directory(&self) -> PathBuf {
        self.scratch.path().join("git")
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> &str {
        &self.remote.url
    }

    /// It and its remote, for people.
    pub fn shown(&self) -> String {
        format!("{} of {}", self.name, self.remote.url)
    }

    /// Gives what follows so long from now on.
    pub fn extend_deadline(&mut self, limit: Duration) {
        self.deadline = Instant::now() + limit;
    }

    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Whether the remote had it when it was looked at.
    pub fn is_there(&self) -> bool {
        self.tip.is_some()
    }

    /// Whether the remote refused to show it, or is silent.
    pub fn was_refused(&self) -> bool {
        self.refusal.is_some() || self.is_silent.get()
    }

    pub fn has_token(&self) -> bool {
        self.remote.access().has_token
    }

    /// What the last look has found, no branch or its tip; `Err` before the first.
    pub fn last_look(&self) -> Result<Option<Tip>, NotSeen> {
        if self.is_seen { Ok(self.tip.clone()) } else { Err(NotSeen) }
    }

    /// Looks at the branch. `Ok(None)` means that the remote was asked and has no such branch; everything else that
    /// gives no answer is a refusal.
    pub fn look(&mut self) -> Result<Result<Option<Tip>, Refusal>> {
        // A second look sends what is new in full: with the old objects at hand it comes as small differences.
        let filter = if self.partial && self.tip.is_none() { "--filter=blob:none" } else { "--no-filter" };
        let fetch = self.fetch("--depth=1", filter)?;
        if fetch.status.success() {
            let output = self.run(|git| git.args(["ls-tree", "-r", "-z", "--full-tree", BASE]))?;
            let (files, odd) = listing(&Self::checked("ls-tree", output)?);
            let tip = Some(Tip { commit: self.reference(BASE)?, files, odd });
            (self.is_seen, self.tip) = (true, tip.clone());
            return Ok(Ok(tip));
        }
        self.check_version()?;
        let reference = format!("refs/heads/{}", self.name);
        let list = self.run(|git| git.args(["ls-remote", "--quiet", NAME, &reference]))?;
        if list.status.success() && list.stdout.is_empty() {
            (self.is_seen, self.tip) = (true, None);
            return Ok(Ok(None));
        }
        let said = if list.status.success() { fetch.stderr } else { list.stderr };
        let refusal = Refusal(Remote::words(&said));
        self.refusal = Some(refusal.clone());
        Ok(Err(refusal))
    }

    /// The commit that a tag of the remote names; `None` if it has no such tag.
    pub fn tag(&self, tag: &str) -> Result<Result<Option<String>, Refusal>> {
        let tag = format!("refs/tags/{tag}");
        // An annotated tag is an object of its own, and `^{}` what it is for.
        let peeled = format!("{tag}^{{}}");
        let found = |listed: String| {
            // A pattern fits the end of a name, too.
            let named = |name: &str| {
                listed.lines().filter_map(|line| line.split_once('\t')).find(|(_, other)| *other == name)
            };
            named(&peeled).or_else(|| named(&tag)).map(|(id, _)| id.to_owned())
        };
        Ok(self.list(&[NAME, &tag, &peeled])?.map(found))
    }

    pub fn tags(&self) -> Result<Result<Vec<String>, Refusal>> {
        Ok(self.list(&["--tags", "--refs", NAME])?.map(|listed| names(&listed, "\trefs/tags/")))
    }

    /// What the remote lists of its refs, in lines.
    pub(super) fn list(&self, arguments: &[&str]) -> Result<Result<String, Refusal>> {
        let list = self.run(|git| git.args(["ls-remote", "--quiet"]).args(arguments))?;
        if !list.status.success() {
            return Ok(Err(Refusal(Remote::words(&list.stderr))));
        }
        Ok(Ok(String::from_utf8_lossy(&list.stdout).into_owned()))
    }

    /// The files of a commit that are at a path or below it. Their sizes are not asked for: that would fetch each of
    /// them.
    pub fn files(&self, commit: &str, path: &str) -> Result<BTreeMap<String, Object>> {
        // The empty path is the root, which git has no name for.
        let path = Some(path).filter(|path| !path.is_empty());
        let output = self.run(|git| git.args(["ls-tree", "-r", "-z", "--full-tree", commit]).args(path))?;
        Ok(listing(&Self::checked("ls-tree", output)?).0)
    }

    /// When the newest commit was made, in seconds since 1970.
    pub fn time(&self) -> Result<u64> {
        let output = self.run(|git| git.args(["log", "-1", "--format=%ct", BASE]))?;
        let printed = Self::checked("log", output)?;
        String::from_utf8_lossy(&printed).trim().parse().context("git says no time")
    }

    /// Gets the whole history of the branch, without the content of files where the remote can leave that out.
    pub fn deepen(&mut self) -> Result<()> {
        let filter = if self.partial { "--filter=blob:none" } else { "--no-filter" };
        let output = self.fetch(ALL, filter)?;
        self.is_deep = true;
        Self::checked("fetch", output).map(drop)
    }

    fn fetch(&self, depth: &str, filter: &str) -> Result<Output> {
        let refspec = format!("+refs/heads/{}:{BASE}", self.name);
        self.run(|git| git.arg("fetch").args(QUIET).args([depth, filter, NAME, &refspec]))
    }

    /// The commits that changed a path, newest first.
    pub fn commits(&self, path: &str) -> Result<Vec<String>> {
        let output = self.run(|git| git.args(["rev-list", "--full-history", BASE, "--", path]))?;
        let printed = Self::checked("rev-list", output)?;
        Ok(String::from_utf8_lossy(&printed).lines().map(str::to_owned).collect())
    }

    /// The content of a file of the branch. A server that gives no single files makes this fetch all of them once.
    pub fn read(&mut self, object: &Object) -> Result<Vec<u8>> {
        let mut output = self.run(|git| git.args(["cat-file", "blob", &object.id]))?;
        if !output.status.success() && self.partial && is_refused(&output.stderr) {
            self.begin_whole()?;
            output = self.run(|git| git.args(["cat-file", "blob", &object.id]))?;
        }
        Self::checked("cat-file", output)
    }

    /// The content of many files, which were fetched at once; `None` for one that the remote did not give.
    pub fn read_all(&self, ids: &[&str]) -> Result<Vec<Option<Vec<u8>>>> {
        let output = self.run_with(ids.join("\n").into_bytes(), |git| git.args(["cat-file", "--batch"]))?;
        Ok(batch(&Self::checked("cat-file", output)?))
    }

    /// Begins anew, with the content of all files.
    fn begin_whole(&mut self) -> Result<()> {
        self.partial = false;
        fs::remove_dir_all(self.directory())
            .and_then(|()| self.create())
            .map_err(|error| no_room(&error.to_string()))?;
        if self.is_deep {
            return self.deepen();
        }
        match self.look()? {
            Ok(_) => Ok(()),
            Err(Refusal(words)) => bail!("cannot read {}: {words}", name(&self.shown())),
        }
    }

    /// Gets the content of many files at once, which one by one would take a request for each. A server that gives no
    /// single files is asked again when they are read.
    pub fn prefetch<'o>(&self, objects: impl Iterator<Item = &'o str>) -> Result<()> {
        let ids: Vec<&str> = objects.collect();
        if !self.partial || ids.is_empty() {
            return Ok(());
        }
        self.run_with(ids.join("\n").into_bytes(), |git| {
            git.args(["-c", "fetch.negotiationAlgorithm=noop", "fetch"]).args(QUIET);
            git.args(["--filter=blob:none", "--stdin", NAME])
        })?;
        Ok(())
    }

    /// Makes a commit; its parent is the commit that was looked at last. The id comes back.
    pub fn commit(&self, commit: &Commit<'_>) -> Result<String> {
        // No differences between the new files: the push looks for better ones, to what the remote has.
        let fast = ["-c", "pack.compression=1", "fast-import", "--quiet", "--done", "--force", "--depth=0"];
        let output = self.run_with(commit.stream(), |git| git.args(fast))?;
        Self::checked("fast-import", output)?;
        self.reference(commit.reference)
    }

    /// How many bytes a push of the commit would send.
    pub fn pack_size(&self, commit: &str, base: Option<&str>) -> Result<u64> {
        let revisions = format!("{commit}\n{}", base.map_or_else(String::new, |base| format!("^{base}\n")));
        let pack = ["pack-objects", "--stdout", "--revs", "--thin", "--delta-base-offset", "--quiet"];
        let output = self.run_with(revisions.into_bytes(), |git| git.args(pack))?;
        Ok(Self::checked("pack-objects", output)?.len() as u64)
    }

    /// Moves the branch of the remote from `base`, which must still be its tip, to a commit that has it as its parent.
    pub fn push(&self, commit: &str, base: Option<&str>) -> Result<Result<(), Refusal>> {
        let reference = format!("refs/heads/{}", self.name);
        let lease = format!("--force-with-lease={reference}:{}", base.unwrap_or_default());
        let refspec = format!("{commit}:{reference}");
        let output =
            self.run(|git| git.args(["push", "--porcelain", "--no-verify", &lease, NAME, &refspec]))?;
        if output.status.success() {
            return Ok(Ok(()));
        }
        Ok(Err(Refusal(Remote::words_of_push(&output))))
    }

    /// Asks for the right to push, and pushes nothing: a push begins with a look at the remote's branches for which it
    /// takes the right to write (gitprotocol-http(5), "Smart Server Response"), and `--dry-run` ends there. No branch is
    /// named and none is here, so that none could be pushed.
    pub fn ask_to_push(&self) -> Result<Result<(), Refusal>> {
        let output =
            self.run(|git| git.args(["push", "--dry-run", "--porcelain", "--no-verify", NAME, ":"]))?;
        Ok(if output.status.success() { Ok(()) } else { Err(Refusal(Remote::words(&output.stderr))) })
    }

    /// The commit that a ref names; git writes it as a file.
    fn reference(&self, reference: &str) -> Result<String> {
        let text = fs::read_to_string(self.directory().join(reference));
        Ok(text.with_context(|| format!("git made no {}", name(reference)))?.trim_end().to_owned())
    }

    fn git(&self) -> Command {
        let mut git = Command::new("git");
        self.remote.prepare(&mut git);
        git.arg("--git-dir").arg(self.directory()).current_dir(self.scratch.path());
        git
    }

    pub(super) fn run(&self, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<Output> {
        self.run_with(Vec::new(), arguments)
    }

    pub(super) fn run_with(
        &self,
        input: Vec<u8>,
        arguments: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<Output> {
        let mut git = self.git();
        arguments(&mut git);
        match process::ask(git, input, self.deadline) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.is_silent.set(true);
                let words =
                    self.refusal.as_ref().map(|Refusal(words)| format!("; before that it said: {words}"));
                Err(self.remote.silent(&words.unwrap_or_default()).into())
            }
            Ok(output) => Remote::with_room(output),
            result => result.context("cannot run git: is it installed?"),
        }
    }

    pub(super) fn checked(verb: &str, output: Output) -> Result<Vec<u8>> {
        if !output.status.success() {
            bail!("`git {verb}` failed: {}", Remote::words(&output.stderr));
        }
        Ok(output.stdout)
    }
}
