//! The git repository around a chart: where it begins, which commit is checked out, which tags there are.
//!
//! Plumbing commands only, so that no configuration of the user's changes what they print.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::remote::Remote;
use crate::base::lfs;
use crate::base::problem::{Problem, Problems, verdict};
use crate::base::text::{line_feeds, name, shown};
use crate::base::time::MAX_TIME;
use crate::git::Commit;
use crate::git::object::{Object, batch, blob_id, listing};
use crate::git::refusal::safe_directory;
use crate::sys::files;
use crate::sys::process::{self, Output};

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

/// How long git may take on this machine: as long as a large repository on a slow disk takes it.
pub const LOCAL: Duration = Duration::from_secs(300);
/// What git reads in a directory before it looks at the files there.
const RULES: [&str; 3] = [".gitignore", ".gitattributes", ".gitmodules"];

/// How a work tree differs from its commit, by paths from the root.
#[derive(Debug, Default)]
pub struct Changed {
    /// What is not in the commit as it is on disk.
    pub changed: BTreeSet<String>,
    /// Texts of the commit that have other line ends on disk, as git makes them on some machines (gitattributes(5), `eol`).
    pub converted: BTreeMap<String, Object>,
}

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

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit that is checked out; `None` before the first one.
    pub fn commit(&self) -> Result<Option<Commit>> {
        let line = match self.read(["rev-list", "--timestamp", "--max-count=1", "HEAD", "--"]) {
            Ok(line) => String::from_utf8_lossy(&line).trim_end().to_owned(),
            Err(error) => return if self.is_unborn()? { Ok(None) } else { Err(error) },
        };
        let (time, id) = line.split_once(' ').with_context(|| format!("git printed `{}`", shown(&line)))?;
        match time.parse() {
            Ok(time) if time <= MAX_TIME => Ok(Some(Commit { id: id.to_owned(), time })),
            _ => {
                let problem =
                    Problem::error(format!("an archive cannot hold the time of the commit, {}", name(time)));
                Err(problem.hint("commit again, with the clock set right").into())
            }
        }
    }

    /// Whether HEAD names a branch without a commit.
    fn is_unborn(&self) -> Result<bool> {
        let head = self.run(["symbolic-ref", "--quiet", "HEAD"])?;
        let branch = String::from_utf8_lossy(&head.stdout).trim_end().to_owned();
        let exists = self.run(["show-ref", "--verify", "--quiet", &branch])?;
        Ok(head.status.success() && exists.status.code() == Some(1))
    }

    /// A file at the root as the commit has it that is checked out; `None` if that has none.
    pub fn committed(&self, file: &str) -> Result<Option<Vec<u8>>> {
        self.file_at("HEAD", file)
    }

    /// A file as a commit has it; `None` if that has none.
    pub fn file_at(&self, commit: &str, file: &str) -> Result<Option<Vec<u8>>> {
        let listed = self.read(["ls-tree", "--name-only", commit, "--", file])?;
        if listed.is_empty() {
            return Ok(None);
        }
        self.read(["cat-file", "blob", &format!("{commit}:{file}")]).map(Some)
    }

    /// Files of many commits, each as `COMMIT:PATH`; `None` for one that is not in this clone.
    pub fn files_at(&self, wanted: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
        Ok(batch(&self.read_with(wanted.join("\n").into_bytes(), ["cat-file", "--batch"])?))
    }

    /// The tags that were made last, the newest first.
    pub fn newest_tags(&self) -> Result<Vec<String>> {
        let args = [
            "for-each-ref",
            "--sort=-creatordate",
            "--count=20",
            "--format=%(refname:lstrip=2)",
            "refs/tags",
        ];
        Ok(String::from_utf8_lossy(&self.read(args)?).lines().map(str::to_owned).collect())
    }

    /// How many files are not as the commit has them, new ones included.
    pub fn uncommitted(&self) -> Result<usize> {
        let args = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"];
        self.check_rules()?;
        Ok(self.read(args)?.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()).count())
    }

    /// The URL of `origin`; `None` where there is no such remote.
    pub fn origin(&self) -> Result<Option<String>> {
        let output = self.run(["config", "--get", "remote.origin.url"])?;
        let url = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Some(url).filter(|url| !url.is_empty()))
    }

    /// The URLs of all remotes, as they are written.
    pub fn remotes(&self) -> Result<Vec<String>> {
        let output = self.run(["config", "--get-regexp", r"^remote\..*\.url$"])?;
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(listed.lines().filter_map(|line| line.split_once(' ')).map(|(_, url)| url.to_owned()).collect())
    }

    /// The names of the settings that are of this clone alone, one a line.
    pub fn own_settings(&self) -> Result<String> {
        let output = self.run(["config", "--local", "--name-only", "--list"])?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Whether an absolute path lies among the files that git tracks, or around them: it is the root or above it, or in a
    /// directory of the root that has such files.
    pub fn has(&self, path: &Path) -> Result<bool> {
        let Ok(relative) = path.strip_prefix(&self.root) else { return Ok(self.root.starts_with(path)) };
        let Some(first) = relative.components().next() else { return Ok(true) };
        let args = ["--literal-pathspecs", "ls-files", "-z", "--"].map(OsStr::new);
        let files = self.read(args.into_iter().chain([first.as_os_str()]))?;
        Ok(!files.is_empty())
    }

    /// Whether git tracks a file, by its absolute path without links.
    pub fn tracks(&self, file: &Path) -> bool {
        let args = ["--literal-pathspecs", "ls-files", "-z", "--"].map(OsStr::new);
        let listed = self.read(args.into_iter().chain([file.as_os_str()]));
        listed.is_ok_and(|files| !files.is_empty())
    }

    /// Whether it has a part of the history alone, and so perhaps not all tags.
    pub fn is_shallow(&self) -> Result<bool> {
        Ok(self.read(["rev-parse", "--is-shallow-repository"])?.starts_with(b"true"))
    }

    /// The files of the work tree that git tracks or would track, sorted: all but those that it ignores.
    pub fn files(&self) -> Result<Vec<String>> {
        self.check_rules()?;
        let listed = self.read(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let paths = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        let paths: BTreeSet<String> = paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect();
        Ok(paths.into_iter().filter(|path| self.root.join(path).symlink_metadata().is_ok()).collect())
    }

    /// The branches of a remote that are known here, `HEAD` among them where its default is.
    pub fn branches(&self, remote: &str) -> Result<Vec<String>> {
        let below = format!("refs/remotes/{remote}/");
        let listed = self.read(["for-each-ref", "--format=%(refname)", &below])?;
        let names = String::from_utf8_lossy(&listed);
        Ok(names.lines().filter_map(|name| name.strip_prefix(&below)).map(str::to_owned).collect())
    }

    /// Which of these branches of a remote have a file at a path, as far as they are known here.
    pub fn branches_with(&self, remote: &str, branches: Vec<String>, path: &str) -> Result<Vec<String>> {
        let asked: Vec<String> =
            branches.iter().map(|branch| format!("refs/remotes/{remote}/{branch}:{path}\n")).collect();
        let printed =
            self.read_with(asked.concat().into_bytes(), ["cat-file", "--batch-check=%(objecttype)"])?;
        let printed = String::from_utf8_lossy(&printed).into_owned();
        let found = branches.into_iter().zip(printed.lines());
        Ok(found.filter(|(_, answer)| *answer == "blob").map(|(branch, _)| branch).collect())
    }

    /// The branch that `origin` shows first, as it was cloned; `None` where no clone has said.
    pub fn default_branch(&self) -> Result<Option<String>> {
        let output = self.run(["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"])?;
        let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(name.strip_prefix("refs/remotes/origin/").map(str::to_owned))
    }

    /// Where its objects lie.
    pub fn objects(&self) -> Result<PathBuf> {
        self.git_path("objects")
    }

    /// The commits whose parents it does not have, one per line; `None` where it has the whole history.
    pub fn shallow(&self) -> Result<Option<String>> {
        files::read_text(&self.git_path("shallow")?)
    }

    fn git_path(&self, path: &str) -> Result<PathBuf> {
        let printed = self.read(["rev-parse", "--path-format=absolute", "--git-path", path])?;
        Ok(PathBuf::from(String::from_utf8_lossy(&printed).trim_end()))
    }

    /// Whether a commit is the other one, or among what that comes from, as far as this clone knows.
    pub fn is_ancestor(&self, commit: &str, of: &str) -> Result<bool> {
        Ok(self.run(["merge-base", "--is-ancestor", commit, of])?.status.success())
    }

    /// The annotated tags of the commit that is checked out, each with its message.
    pub fn annotated_here(&self) -> Result<Vec<(String, String)>> {
        let format = "--format=%(objecttype) %(refname:lstrip=2)%00%(contents)%00";
        let printed = self.read(["for-each-ref", "--points-at=HEAD", format, "refs/tags"])?;
        let printed = String::from_utf8_lossy(&printed);
        let mut fields = printed.split('\0').map(|field| field.trim_start_matches('\n'));
        let mut tags = Vec::new();
        while let (Some(head), Some(message)) = (fields.next(), fields.next()) {
            tags.extend(head.strip_prefix("tag ").map(|tag| (tag.to_owned(), message.to_owned())));
        }
        Ok(tags)
    }

    /// All tags, each with the commit that it names.
    pub fn tags(&self) -> Result<Vec<(String, String)>> {
        // Where there is no tag it ends with 1; `rev-list` has shown that git works here.
        let output = self.run(["show-ref", "--tags", "--dereference"])?;
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
    ) -> Result<Changed> {
        let tree = match self.read(["ls-tree", "-r", "-z", "--full-tree", "HEAD"]) {
            Err(error) => return if self.is_unborn()? { Ok(Changed::default()) } else { Err(error) },
            tree => tree?,
        };
        let (committed, _) = listing(&tree);
        let (mut changed, mut converted) = (BTreeSet::new(), BTreeMap::new());
        let mut compare = |path: &Path, is_link: bool, id: &str| {
            let relative = self.relative(path);
            let is_same = |object: &Object| object.is_link() == is_link && object.id == id;
            let object = committed.get(&relative);
            if object.is_some_and(is_same) {
                return;
            }
            let plain = object.filter(|object| object.is_plain() && !is_link);
            let data = plain.and_then(|_| files::read(path).ok());
            match plain.zip(data) {
                Some((object, data)) if object.id == blob_id(lfs::pointer(&data).as_bytes()) => {}
                Some((object, data)) if object.id == blob_id(&line_feeds(&data)) => {
                    drop(converted.insert(relative, object.clone()));
                }
                _ => drop(changed.insert(relative)),
            }
        };
        for (file, id) in files.iter().zip(self.blob_ids(files)?) {
            compare(file, false, &id);
        }
        for link in links {
            let target = std::fs::read_link(link)?.into_os_string().into_encoded_bytes();
            let id = self.read_with(target, ["hash-object", "--stdin"])?;
            compare(link, true, String::from_utf8_lossy(&id).trim_end());
        }
        let is_gone = |path: &str| self.root.join(path).symlink_metadata().is_err();
        let below =
            |path: &str| directories.iter().any(|directory| self.root.join(path).starts_with(directory));
        changed.extend(committed.into_keys().filter(|path| below(path) && is_gone(path)));
        Ok(Changed { changed, converted })
    }

    /// The ids that files would have as git objects, without any filter.
    fn blob_ids(&self, files: &[PathBuf]) -> Result<Vec<String>> {
        // Git takes a path per line; `./` keeps it from reading a leading `"` as a quotation.
        let askable = |file: &PathBuf| {
            let path =
                file.strip_prefix(&self.root).ok()?.to_str().filter(|path| !path.contains(['\n', '\r']));
            path.map(|path| format!("./{path}"))
        };
        let paths: Vec<String> = files.iter().filter_map(askable).collect();
        let asked = ["hash-object", "--no-filters", "--stdin-paths"];
        let printed = String::from_utf8(self.read_with(paths.join("\n").into_bytes(), asked)?)?;
        let mut ids = printed.lines();
        let id = |file| askable(file).and_then(|_| ids.next()).unwrap_or_default().to_owned();
        Ok(files.iter().map(id).collect())
    }

    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Git would wait for ever for what a pipe says that it should ignore.
    fn check_rules(&self) -> Result<()> {
        // A directory without anything that is tracked is listed as one, and nothing is ignored here.
        let listed = self.read(["ls-files", "-z", "--cached", "--others", "--directory"])?;
        let listed = String::from_utf8_lossy(&listed);
        let above = listed
            .split('\0')
            .flat_map(|path| Path::new(path).ancestors().skip(usize::from(!path.ends_with('/'))));
        let directories: BTreeSet<&Path> = above.chain([Path::new("")]).collect();
        let rules = directories.into_iter().flat_map(|directory| RULES.map(|name| directory.join(name)));
        let is_odd = |path: &PathBuf| {
            let found = self.root.join(path).metadata();
            found.is_ok_and(|found| !found.is_file() && !found.is_dir())
        };
        let odd = |path: PathBuf| {
            let problem = Problem::error("git cannot read it: it is not a file");
            problem.at(path.to_string_lossy(), None).hint("delete it")
        };
        Ok(verdict(rules.filter(is_odd).map(odd).collect()).map(drop)?)
    }

    /// What git prints; an error has its words.
    pub(super) fn read(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Vec<u8>> {
        self.read_with(Vec::new(), args)
    }

    fn read_with(
        &self,
        input: Vec<u8>,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<Vec<u8>> {
        let (typed, output) = self.run_with(input, args)?;
        if !output.status.success() {
            if let Some(trust) = safe_directory(&output.stderr) {
                let owner = "git refuses to look into it, since it belongs to another user of this machine";
                let problem =
                    Problem::error(format!("cannot read {}: {owner}", name(&self.root.to_string_lossy())));
                return Err(problem.hint(format!("where you trust it, type: {trust}")).into());
            }
            bail!("{typed} failed: {}", Remote::words(&output.stderr));
        }
        Ok(output.stdout)
    }

    /// The same in one line, as text.
    pub fn text(&self, args: &[&str]) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.read(args)?).trim_end_matches('\n').to_owned())
    }

    pub(super) fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Output> {
        Ok(self.run_with(Vec::new(), args)?.1)
    }

    /// Runs git. What was typed comes back too, for messages.
    fn run_with(
        &self,
        input: Vec<u8>,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<(String, Output)> {
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.root).args(args);
        git.envs([("LC_ALL", "C"), ("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_OPTIONAL_LOCKS", "0")]);
        for variable in INHERITED {
            git.env_remove(variable);
        }
        let words: Vec<_> = git.get_args().map(OsStr::to_string_lossy).collect();
        let typed = name(&format!("git {}", words.join(" ")));
        match process::ask(git, input, Instant::now() + LOCAL) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                let problem = Problem::error(format!("{typed} did not end within {} s", LOCAL.as_secs()));
                Err(problem.hint("type it in a terminal, and see what it waits for").into())
            }
            output => Ok((typed, output.context("cannot run git: is it installed?")?)),
        }
    }
}

/// The repository that the command runs in.
pub fn repository() -> Result<Repository> {
    let here = files::absolute(Path::new("."))?;
    let hint = "cd into the clone of the repository; without one: git clone URL";
    let missing = || Problems::from(Problem::error("this is not a git repository").hint(hint));
    Ok(Repository::around(&here).ok_or_else(missing)?)
}
