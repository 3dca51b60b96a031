//! Throw-away targets on this machine, to publish to in earnest: a bare copy of the branch, the site that GitHub Pages
//! would make of it, an OCI registry and GitHub's API, all on loopback. What they hold lies in one directory for people
//! to look at, and is removed by the next rehearsal.

mod branch;
pub mod github;
pub mod http;
pub mod registry;
mod site;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use self::branch::Copy;
use self::github::Github;
use self::registry::Registry;
use self::site::Site;
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::git::io::remote::Remote;
use crate::git::io::repository::Repository;
use crate::sys::files;
use crate::sys::lock::Lock;

pub use self::branch::Start;

/// Where a rehearsal lies, below the root of the repository.
const DIRECTORY: &str = "target/rehearsal";
/// Says that the directory is ours to remove.
const MARKER: &str = ".xtask-rehearsal";
const MARKER_TEXT: &str = "made by `cargo xtask release --rehearse`, and removed by the next one\n";

/// What is rehearsed.
#[derive(Debug)]
pub struct Setting<'a> {
    pub config: &'a Config,
    /// The directory, prepared.
    pub root: PathBuf,
    /// Where the branch comes from; `None` begins without it.
    pub remote: Option<&'a Remote>,
    /// The tags that are there, at the commit.
    pub tags: &'a [String],
    pub commit: &'a str,
    /// The repository that has the commit.
    pub source: &'a Repository,
    /// How long fetching the branch may take.
    pub limit: Duration,
}

/// Where things are while the rehearsal lasts.
#[derive(Debug)]
pub struct Targets {
    pub root: PathBuf,
    /// The URL of the site, in place of `config.pages`.
    pub pages: String,
    /// The registry with the path that charts are pushed below, in place of `config.oci`.
    pub oci: String,
    /// The URL of GitHub's API, as `GITHUB_API_URL`.
    pub api: String,
    /// The bare repository with the branch, as a remote.
    pub repository: PathBuf,
    pub site: PathBuf,
}

impl Targets {
    /// The URL of the Helm repository.
    pub fn helm_repository(&self, config: &Config) -> String {
        self.directory(&config.helm_path)
    }

    /// The URL of another directory of the branch.
    pub fn directory(&self, path: &str) -> String {
        if path.is_empty() { self.pages.clone() } else { format!("{}/{path}", self.pages) }
    }

    /// The URLs of the config, each with the one that is here in its place.
    fn served(&self, config: &Config) -> [(String, String); 2] {
        let of_charts = (config.helm_repository(), self.helm_repository(config));
        [of_charts, (config.pages.clone(), self.pages.clone())]
    }
}

/// Targets that stand and listen, for as long as the process lives.
#[derive(Debug)]
pub struct Rehearsal {
    targets: Targets,
    copy: Copy,
    start: Start,
}

impl Rehearsal {
    /// Builds the targets. An error where the remote did not answer until the deadline.
    pub fn start(scene: &Setting<'_>) -> Result<Self> {
        let root = &scene.root;
        let (site, repository) =
            (root.join("site"), root.join(format!("{}.git", file_name(&scene.config.branch))));
        let copy = Copy::new(repository.clone(), scene.config)?;
        copy.begin(scene.source, scene.commit)?;
        let start = copy.fetch(scene.remote, Instant::now() + scene.limit)?;
        let (config, listen) = (scene.config, || http::listen().context("cannot listen on 127.0.0.1"));
        let (pages, oci, api) = (listen()?, listen()?, listen()?);
        let targets = Targets {
            pages: format!("http://{}{}", address(&pages)?, path_of(&config.pages)),
            oci: format!("oci://{}{}", address(&oci)?, path_of(&config.oci)),
            api: format!("http://{}", address(&api)?),
            repository,
            site: site.clone(),
            root: root.clone(),
        };
        let site = Site::new(site, &targets.pages, targets.served(config));
        http::serve(pages, move |request| site.answer(request));
        let registry = Registry::new(root.join("registry"));
        http::serve(oci, move |request| registry.answer(request));
        let github =
            Github::new(root.join("github"), &targets.api, &config.repository, scene.tags, scene.commit);
        github.write_tags_to(targets.repository.clone());
        http::serve(api, move |request| github.answer(request));
        Ok(Self { targets, copy, start })
    }

    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    pub fn begun_with(&self) -> &Start {
        &self.start
    }

    /// Makes the site from the branch as it is, as GitHub Pages does after each push.
    pub fn deploy(&self) -> Result<()> {
        self.copy.check_out(&self.targets.site)
    }

    /// A file of the branch as it is; `None` where the branch or the file is not there.
    pub fn file(&self, path: &str) -> Result<Option<Vec<u8>>> {
        self.copy.file(path)
    }
}

/// The directory for a rehearsal in a repository, emptied if an earlier one made it; another rehearsal waits until the lock
/// is dropped. An error where something else is in its place.
pub fn prepare(repository: &Path) -> Result<(PathBuf, Lock)> {
    let root = repository.join(DIRECTORY);
    let shown = name(&files::shown(&root));
    let cannot = || format!("cannot make room in {shown}");
    let marker = root.join(MARKER);
    let there = entries(&root).with_context(cannot)?;
    if !there.is_empty() && !there.contains(&marker) {
        let problem = Problem::error(format!("{shown} is in the way: no rehearsal made it"));
        return Err(problem.hint("move it away, or delete it").into());
    }
    fs::create_dir_all(&root).with_context(cannot)?;
    // Both stay, whatever happens meanwhile.
    let kept = [(marker, MARKER_TEXT), (root.join(".gitignore"), "*\n")];
    for (path, text) in &kept {
        begin(path, text).with_context(cannot)?;
    }
    let lock = Lock::of(&root);
    for entry in entries(&root).with_context(cannot)? {
        if kept.iter().all(|(path, _)| *path != entry) {
            let is_directory = fs::symlink_metadata(&entry).with_context(cannot)?.is_dir();
            if is_directory { fs::remove_dir_all(entry) } else { fs::remove_file(entry) }
                .with_context(cannot)?;
        }
    }
    Ok((root, lock))
}

/// What is in a directory; what is in its place, if that is no directory.
fn entries(root: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::symlink_metadata(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Ok(metadata) if metadata.is_dir() => {
            fs::read_dir(root)?.map(|entry| entry.map(|entry| entry.path())).collect()
        }
        other => other.map(|_| vec![root.to_owned()]),
    }
}

/// Writes a file unless something is there.
fn begin(path: &Path, text: &str) -> io::Result<()> {
    match fs::File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        file => file?.write_all(text.as_bytes()),
    }
}

/// The path of a URL: empty, or with a slash before it.
fn path_of(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    after.find('/').and_then(|at| after.get(at..)).unwrap_or_default().trim_end_matches('/')
}

fn address(listener: &TcpListener) -> Result<String> {
    Ok(listener.local_addr().context("cannot listen on 127.0.0.1")?.to_string())
}

fn file_name(branch: &str) -> String {
    branch.replace('/', "-")
}
