//! Reading a chart directory: the files that go into its archive, in Helm's order, and what cannot go in.
//!
//! Helm follows every link to wherever it leads. An archive must be the same for everyone who has the commit, so
//! that links which leave the repository, or name a place on this machine, are refused.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::base::lfs;
use crate::base::limits::MAX_HELM_FILE;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::size;
use crate::chart::ignore::{Dropped, Ignored, Kind, Rules};
use crate::chart::repository_root::is_made;
use crate::chart::tgz::{self, Entry, MAX_TOTAL};
use crate::sys::{files, scratch, symlink};

#[derive(Debug, Default)]
pub struct ChartDirectory {
    /// Files relative to the chart, in the order of the walk.
    pub files: Vec<Entry>,
    /// What lies at its top, packaged or not.
    pub top: BTreeMap<String, Kind>,
    /// Where each of them lies, links resolved, and .helmignore.
    pub origins: Vec<PathBuf>,
    /// The links that were followed, each where it lies, and those that they lead to.
    pub links: BTreeSet<PathBuf>,
    /// The directories that were read, without links: the chart's, and those that links lead to.
    pub directories: BTreeSet<PathBuf>,
    /// The rules of its .helmignore.
    pub rules: Rules,
    /// What they drop.
    pub dropped: Vec<Ignored>,
    pub problems: Vec<Problem>,
}

const TOO_MUCH: &str = "name what the chart does not need in .helmignore";
/// Directories of links to directories of links multiply.
const MANY_LINKS: usize = 5_000;

/// Reads the chart at `directory`, shown as `at`. Links may lead anywhere inside `boundary`. Both are absolute and
/// without links.
pub fn read_chart_directory(directory: &Path, boundary: &Path, at: &str) -> ChartDirectory {
    let is_root = directory == boundary && directory.join(".git").exists();
    let read = ChartDirectory::default();
    let mut walk = Walk { directory, boundary, at, is_root, read, links: HashMap::new(), cost: 0 };
    walk.read.directories.insert(directory.to_owned());
    let rules = walk.rules();
    let mut entries = WalkDir::new(directory).follow_links(true).sort_by_file_name().min_depth(1).into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                walk.unreadable(&error);
                continue;
            }
        };
        if !walk.visit(&entry, &rules) && entry.file_type().is_dir() {
            entries.skip_current_dir();
        }
        if walk.links.len() > MANY_LINKS {
            walk.error(directory, "its links lead to links without an end", "copy files instead");
            break;
        }
        if walk.cost > MAX_TOTAL {
            walk.error(
                directory,
                "the files of this chart add up to more than Helm loads (100 MiB)",
                TOO_MUCH,
            );
            break;
        }
    }
    walk.read.rules = rules;
    walk.read
}

struct Walk<'a> {
    directory: &'a Path,
    boundary: &'a Path,
    at: &'a str,
    /// Whether it is the root of a repository.
    is_root: bool,
    read: ChartDirectory,
    /// The links that were followed, by their path in the walk, and where they lead.
    links: HashMap<PathBuf, PathBuf>,
    cost: u64,
}

impl Walk<'_> {
    fn shown(&self, path: &Path) -> String {
        files::shown_below(self.at, self.directory, path)
    }

    fn error(&mut self, path: &Path, message: impl Into<String>, hint: &str) {
        let problem = Problem::error(message).at(self.shown(path), None);
        self.read.problems.push(problem.hint(hint));
    }

    /// The rules of .helmignore; where they cannot be read, those that every chart has.
    fn rules(&mut self) -> Rules {
        let path = self.directory.join(".helmignore");
        // What a link leads to, and a link that leads nowhere, is judged by the walk.
        let resolved = || symlink::follow(&path, self.boundary).ok().map(|followed| followed.real);
        let real = if path.is_symlink() { resolved() } else { Some(path.clone()) };
        let Some(real) = real.filter(|real| real.exists()) else { return Rules::default() };
        let bytes = match files::read(&real) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.error(&path, format!("{error:#}"), "make it a readable file");
                return Rules::default();
            }
        };
        self.read.origins.push(real);
        let Ok(text) = String::from_utf8(bytes) else {
            self.error(&path, "it is not UTF-8", "save it as UTF-8");
            return Rules::default();
        };
        let (rules, bad) = Rules::parse(&text);
        for rule in bad {
            let problem = Problem::error(rule.message).at(self.shown(&path), Some(rule.line));
            self.read.problems.push(problem.hint(rule.hint));
        }
        rules
    }

    /// Reads a file, or says whether a directory is to be entered.
    fn visit(&mut self, entry: &DirEntry, rules: &Rules) -> bool {
        let path = entry.path();
        let Some(relative) = self.relative(path) else {
            return false;
        };
        let kind = if entry.file_type().is_dir() { Kind::Directory } else { Kind::File };
        if entry.depth() == 1 {
            self.read.top.insert(relative.clone(), kind);
            // The caller judges by the rules whether it would be packaged.
            if self.is_root && is_made(&relative, kind) {
                return false;
            }
        }
        if let Some(dropped) = rules.dropped_by(&relative, kind) {
            if relative != "Chart.yaml" {
                self.read.dropped.push(Ignored { path: relative, kind, line: dropped.line });
                return false;
            }
            self.dropped_chart_yaml(&dropped);
        }
        if entry.path_is_symlink() && !self.may_follow(path) {
            return false;
        }
        if scratch::is_left(&relative) && kind == Kind::Directory {
            self.error(path, "a run that was killed has left it", &format!("rm -r {}", self.shown(path)));
            return false;
        }
        if entry.file_name() == ".git" {
            self.error(path, "git's own files would be packaged", "name `.git` in .helmignore");
            return false;
        }
        if kind == Kind::File {
            self.file(entry, relative);
        }
        true
    }

    /// The path below the chart, with `/`.
    fn relative(&mut self, path: &Path) -> Option<String> {
        let mut parts = Vec::new();
        for component in path.strip_prefix(self.directory).ok()?.components() {
            match component {
                Component::Normal(part) => parts.push(part.to_str()),
                _ => return None,
            }
        }
        let relative = parts.into_iter().collect::<Option<Vec<_>>>().map(|parts| parts.join("/"));
        if relative.is_none() {
            self.error(path, "its name is not UTF-8, as a tar archive needs it", "rename it");
        }
        relative
    }

    /// Whether a link leads to the same content in every clone.
    fn may_follow(&mut self, path: &Path) -> bool {
        match symlink::follow(path, self.boundary) {
            Ok(followed) => {
                if followed.real.is_dir() {
                    self.read.directories.insert(followed.real.clone());
                }
                self.read.links.extend(followed.links);
                self.links.insert(path.to_owned(), followed.real);
                true
            }
            Err(refused) => {
                self.read.problems.push(refused.at(self.shown(path), None));
                false
            }
        }
    }

    /// Where a file lies, links resolved.
    fn origin(&self, path: &Path) -> PathBuf {
        let below = |link: &Path| {
            let (real, rest) = (self.links.get(link)?, path.strip_prefix(link).ok()?);
            Some(if rest.as_os_str().is_empty() { real.clone() } else { real.join(rest) })
        };
        path.ancestors().find_map(below).unwrap_or_else(|| path.to_owned())
    }

    /// The chart has no name without Chart.yaml; it is read in spite of the rule, so that its mistakes are found too.
    fn dropped_chart_yaml(&mut self, dropped: &Dropped) {
        let message = if dropped.by_negation {
            "this rule drops Chart.yaml: in .helmignore, `!` drops every file that does not match"
        } else {
            "this rule drops Chart.yaml"
        };
        let problem = Problem::error(message).at(path::below(self.at, ".helmignore"), Some(dropped.line));
        self.read.problems.push(problem.hint("delete the rule"));
    }

    fn file(&mut self, entry: &DirEntry, relative: String) {
        let path = entry.path();
        if !entry.file_type().is_file() {
            return self.error(
                path,
                "it is neither a file nor a directory",
                "delete it, or name it in .helmignore",
            );
        }
        let length = entry.metadata().map_or(0, |metadata| metadata.len());
        if length > MAX_HELM_FILE {
            let message = format!("it has {}: Helm packages no file above 5 MiB", size(length));
            return self.error(path, message, "name it in .helmignore, or move it out of the chart");
        }
        let origin = self.origin(path);
        match files::read_up_to(&origin, MAX_HELM_FILE) {
            Ok(data) => {
                // The loader judges what lies in charts/.
                let is_archive = relative.starts_with("charts/") && relative.ends_with(".tgz");
                if lfs::is_pointer(&data) && !is_archive {
                    self.read.problems.push(lfs::problem().at(self.shown(path), None));
                }
                let file = Entry { path: relative, data };
                self.cost += tgz::cost(&file);
                self.read.files.push(file);
                self.read.origins.push(origin);
            }
            Err(error) => self.error(path, format!("cannot read it: {error}"), "make it readable"),
        }
    }

    fn unreadable(&mut self, error: &walkdir::Error) {
        let path = error.path().unwrap_or(self.directory).to_owned();
        let is_link = path.is_symlink();
        let cause = files::walk_error(error);
        if is_link {
            self.error(&path, format!("cannot follow this link: {cause}"), "mend or delete it");
        } else {
            self.error(&path, format!("cannot read it: {cause}"), "make it readable");
        }
    }
}
