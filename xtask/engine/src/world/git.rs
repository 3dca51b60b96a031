//! The git repository around a chart: where it begins, which commit is checked out, which tags there are.
//!
//! Plumbing commands only, so that no configuration of the user's changes what they print.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Cmd, Shell, cmd};

use crate::model::archive::MAX_TIME;
use crate::model::git::{Object, listing};
use crate::model::problem::{Problem, Problems};
use crate::model::text::{name, shown};
use crate::plan::release::Commit;

/// What git reads from its environment about repositories: a hook that runs us sets some of it, and git would then look
/// at another repository (`git rev-parse --local-env-vars`). The rest asks people, shows secrets, or changes what paths
/// mean.
pub const INHERITED: [&str; 28] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ASKPASS",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DEFAULT_HASH",
    "GIT_DEFAULT_REF_FORMAT",
    "GIT_DIR",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_NO_LAZY_FETCH",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_PUSH_OPTION_COUNT",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_TRACE_REDACT",
    "GIT_WORK_TREE",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
];

/// A work tree.
#[derive(Debug)]
pub struct Repository {
    root: PathBuf,
}

impl Repository {
    /// The work tree that a directory lies in; `path` is absolute. It costs no process where there is none.
    pub fn around(path: &Path) -> Option<Self> {
        let is_root = |path: &&Path| path.join(".git").is_file() || path.join(".git/HEAD").exists();
        let root = path.ancestors().find(is_root)?;
        Some(Self { root: root.to_owned() })
    }

    /// Its top directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit that is checked out; `None` before the first one.
    pub fn commit(&self) -> Result<Option<Commit>> {
        let sh = Shell::new()?;
        let line = match read(self.git(&sh).args(["rev-list", "--timestamp", "--max-count=1", "HEAD", "--"]))
        {
            Ok(line) => String::from_utf8_lossy(&line).trim_end().to_owned(),
            Err(error) => return if self.is_unborn(&sh)? { Ok(None) } else { Err(error) },
        };
        let (time, id) = line.split_once(' ').with_context(|| format!("git printed `{}`", shown(&line)))?;
        match time.parse() {
            Ok(time) if time <= MAX_TIME => Ok(Some(Commit { id: id.to_owned(), time })),
            _ => {
                let problem =
                    Problem::error(format!("an archive cannot hold the time of the commit, {}", name(time)));
                Err(Problems::from(problem.hint("commit again, with the clock set right")).into())
            }
        }
    }

    /// Whether HEAD names a branch without a commit.
    fn is_unborn(&self, sh: &Shell) -> Result<bool> {
        let head = self.git(sh).args(["symbolic-ref", "--quiet", "HEAD"]).quiet().ignore_status().output()?;
        let branch = String::from_utf8_lossy(&head.stdout).trim_end().to_owned();
        let exists = self.git(sh).args(["show-ref", "--verify", "--quiet", &branch]);
        Ok(head.status.success() && exists.quiet().ignore_status().output()?.status.code() == Some(1))
    }

    /// A file at the root as the commit has it that is checked out; `None` if that has none.
    pub fn committed(&self, file: &str) -> Result<Option<Vec<u8>>> {
        let sh = Shell::new()?;
        let listed = read(self.git(&sh).args(["ls-tree", "--name-only", "HEAD", "--", file]))?;
        if listed.is_empty() {
            return Ok(None);
        }
        read(self.git(&sh).args(["cat-file", "blob", &format!("HEAD:{file}")])).map(Some)
    }

    /// How many files are not as the commit has them, new ones included.
    pub fn uncommitted(&self) -> Result<usize> {
        let sh = Shell::new()?;
        let args = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"];
        Ok(read(self.git(&sh).args(args))?.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()).count())
    }

    /// The URL of `origin`; `None` where there is no such remote.
    pub fn origin(&self) -> Result<Option<String>> {
        let sh = Shell::new()?;
        let output =
            self.git(&sh).args(["config", "--get", "remote.origin.url"]).quiet().ignore_status().output()?;
        let url = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Some(url).filter(|url| !url.is_empty()))
    }

    /// Whether an absolute path lies among the files that git tracks, or around them: it is the root or above it, or in a
    /// directory of the root that has such files.
    pub fn has(&self, path: &Path) -> Result<bool> {
        let Ok(relative) = path.strip_prefix(&self.root) else { return Ok(self.root.starts_with(path)) };
        let Some(first) = relative.components().next() else { return Ok(true) };
        let sh = Shell::new()?;
        let files = read(self.git(&sh).args(["--literal-pathspecs", "ls-files", "-z", "--"]).arg(first))?;
        Ok(!files.is_empty())
    }

    /// Whether it has a part of the history alone, and so perhaps not all tags.
    pub fn is_shallow(&self) -> Result<bool> {
        let sh = Shell::new()?;
        Ok(read(self.git(&sh).args(["rev-parse", "--is-shallow-repository"]))?.starts_with(b"true"))
    }

    /// The files of the work tree that git tracks or would track, sorted: all but those that it ignores.
    pub fn files(&self) -> Result<Vec<String>> {
        let sh = Shell::new()?;
        let listed = self.git(&sh).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listed = read(listed)?;
        let paths = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        let paths: BTreeSet<String> = paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect();
        Ok(paths.into_iter().filter(|path| self.root.join(path).symlink_metadata().is_ok()).collect())
    }

    /// The branches of a remote that are known here, `HEAD` among them where its default is.
    pub fn branches(&self, remote: &str) -> Result<Vec<String>> {
        let sh = Shell::new()?;
        let below = format!("refs/remotes/{remote}/");
        let listed = read(self.git(&sh).args(["for-each-ref", "--format=%(refname)", &below]))?;
        let names = String::from_utf8_lossy(&listed);
        Ok(names.lines().filter_map(|name| name.strip_prefix(&below)).map(str::to_owned).collect())
    }

    /// The branch that `origin` shows first, as it was cloned; `None` where no clone has said.
    pub fn default_branch(&self) -> Result<Option<String>> {
        let sh = Shell::new()?;
        let head = self.git(&sh).args(["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]);
        let output = head.quiet().ignore_status().output()?;
        let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(name.strip_prefix("refs/remotes/origin/").map(str::to_owned))
    }

    /// All tags, each with the commit that it names.
    pub fn tags(&self) -> Result<Vec<(String, String)>> {
        let sh = Shell::new()?;
        // Where there is no tag it ends with 1; `rev-list` has shown that git works here.
        let output =
            self.git(&sh).args(["show-ref", "--tags", "--dereference"]).quiet().ignore_status().output()?;
        let mut tags = BTreeMap::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            if let Some((id, tag)) = line.split_once(" refs/tags/") {
                // `TAG^{}`, the object that an annotated tag names, follows the tag itself.
                tags.insert(tag.trim_end_matches("^{}").to_owned(), id.to_owned());
            }
        }
        Ok(tags.into_iter().collect())
    }

    /// What is not in the commit as it is on disk: files (absolute, without links) that are changed, untracked,
    /// ignored or rewritten on checkout; links that are not committed as they are; and what the commit has below
    /// `directories` that is not on disk. Paths come back relative to the root; none before the first commit.
    pub fn changed(
        &self,
        files: &[PathBuf],
        links: &BTreeSet<PathBuf>,
        directories: &BTreeSet<PathBuf>,
    ) -> Result<BTreeSet<String>> {
        let sh = Shell::new()?;
        let tree = match read(self.git(&sh).args(["ls-tree", "-r", "-z", "--full-tree", "HEAD"])) {
            Err(error) => return if self.is_unborn(&sh)? { Ok(BTreeSet::new()) } else { Err(error) },
            tree => tree?,
        };
        let (committed, _) = listing(&tree);
        let mut changed = BTreeSet::new();
        let mut compare = |path: &Path, is_link: bool, id: &str| {
            let relative = self.relative(path);
            let is_same = |object: &Object| object.is_link() == is_link && object.id == id;
            if !committed.get(&relative).is_some_and(is_same) {
                changed.insert(relative);
            }
        };
        for (file, id) in files.iter().zip(self.blob_ids(&sh, files)?) {
            compare(file, false, &id);
        }
        for link in links {
            let target = std::fs::read_link(link)?.into_os_string().into_encoded_bytes();
            let id = read(self.git(&sh).args(["hash-object", "--stdin"]).stdin(target))?;
            compare(link, true, String::from_utf8_lossy(&id).trim_end());
        }
        let is_gone = |path: &str| self.root.join(path).symlink_metadata().is_err();
        let below =
            |path: &str| directories.iter().any(|directory| self.root.join(path).starts_with(directory));
        changed.extend(committed.into_keys().filter(|path| below(path) && is_gone(path)));
        Ok(changed)
    }

    /// The ids that files would have as git objects, without any filter.
    fn blob_ids(&self, sh: &Shell, files: &[PathBuf]) -> Result<Vec<String>> {
        // Git takes a path per line; `./` keeps it from reading a leading `"` as a quotation.
        let askable = |file: &PathBuf| {
            let path =
                file.strip_prefix(&self.root).ok()?.to_str().filter(|path| !path.contains(['\n', '\r']));
            path.map(|path| format!("./{path}"))
        };
        let paths: Vec<String> = files.iter().filter_map(askable).collect();
        let asked = self.git(sh).args(["hash-object", "--no-filters", "--stdin-paths"]);
        let printed = String::from_utf8(read(asked.stdin(paths.join("\n")))?)?;
        let mut ids = printed.lines();
        let id = |file| askable(file).and_then(|_| ids.next()).unwrap_or_default().to_owned();
        Ok(files.iter().map(id).collect())
    }

    /// A path below the root as git has it.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned()
    }

    fn git<'sh>(&self, sh: &'sh Shell) -> Cmd<'sh> {
        let root = &self.root;
        let git = cmd!(sh, "git -C {root}")
            .env("LC_ALL", "C")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_OPTIONAL_LOCKS", "0");
        INHERITED.into_iter().fold(git, Cmd::env_remove)
    }
}

/// Runs a command and returns what it printed; an error has its words.
fn read(command: Cmd<'_>) -> Result<Vec<u8>> {
    let shown_command = command.to_string();
    let output = command.quiet().ignore_status().output().context("cannot run git: is it installed?")?;
    if !output.status.success() {
        bail!("`{shown_command}` failed: {}", shown(String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(output.stdout)
}
