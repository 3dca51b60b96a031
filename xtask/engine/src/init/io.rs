//! Looks at a repository and its remote, and writes the files that are not there.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::charts::{Chart, candidates, manifest};
use super::documented::find_addresses;
use super::files::{Change, FILES, OLD_CONFIG, There, WORKFLOW};
use super::published::{self, Index, Listed};
use super::today::{Sourced, Today, find_today, is_releaser_config};
use super::{Asked, Seen};
use crate::base::config::Config;
use crate::base::limits::MAX_GITHUB_FILE;
use crate::base::path;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::base::yaml;
use crate::check::chart_testing::ct_files;
use crate::check::ct_yaml::read_ct_yaml;
use crate::check::document::Document;
use crate::check::io::documents::read_documents;
use crate::ci::io::workflows::{read_actions, read_workflows, workflow_texts};
use crate::git::Tip;
use crate::git::io::branch::{Branch, Refusal};
use crate::git::io::remote::Remote;
use crate::git::io::repository::Repository;
use crate::index;
use crate::sys::process;
use crate::sys::{environment, files, terminal};

/// How many indexes of a branch are read: the repositories of others may lie there by the hundred.
const MOST_INDEXES: usize = 8;

/// Why a branch is taken that nothing names.
const DEFAULT: &str = "the default";
/// What the names of branches have in them that hold a Helm repository.
const PARTS: [&str; 5] = ["chart", "helm", "index", "page", "repo"];

/// Where and for how long to look.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub repository: &'a Repository,
    pub remote: Option<&'a str>,
    pub is_offline: bool,
    pub limit: Duration,
}

/// Looks at all of it. Nobody knows what an offline remote has: that is a problem, and no answer.
pub fn look(scope: Scope<'_>, asked: &Asked, of_origin: Sourced<String>) -> Result<Checked<Seen>> {
    let Scope { repository, .. } = scope;
    let config = Config::new(of_origin.0.clone());
    let paths = repository.files()?;
    let mut problems = Vec::new();
    let mut documents = |wanted: &dyn Fn(&str) -> bool| {
        let paths = paths.iter().map(String::as_str).filter(|path| wanted(path));
        read_documents(repository, paths).take(&mut problems)
    };
    let charts =
        read_charts(&documents(&|path| path == "Chart.yaml" || path.ends_with("/Chart.yaml")), &paths);
    let releasers =
        documents(&is_releaser_config).into_iter().map(|one| (one.path, one.text)).collect::<Vec<_>>();
    let ct = ct_files(&paths);
    let tested = documents(&|path| ct.contains(&path)).iter().flat_map(tested).collect();
    let for_users = |path: &str| {
        path.ends_with(".md")
            && (!path.contains('/') || path.starts_with("docs/") || path.ends_with("/README.md"))
    };
    let texts = documents(&for_users);
    let names: Vec<String> = charts.iter().map(|chart| chart.name.clone()).collect();
    let mut workflows = read_workflows(repository)?.value;
    workflows.extend(read_actions(repository, &workflows));
    let mut today = find_today(&config, &workflows, &releasers);
    let branch_name = branch_name(asked, &today, &config, (repository, &paths))?;
    if branch_name.0 != config.branch {
        today = find_today(&config.branch(branch_name.0.clone()), &workflows, &releasers);
    }
    let mut seen = Seen {
        repository: of_origin,
        default_branch: repository.default_branch()?.unwrap_or_else(|| "main".to_owned()),
        addresses: find_addresses(&texts, &names),
        tags: repository.tags()?.into_iter().map(|(tag, _)| tag).collect(),
        files: paths,
        charts,
        tested,
        today,
        branch_name,
        branch: None,
        at_tags: Vec::new(),
    };
    if let Some(chart) = seen.charts.iter().find(|chart| chart.has_placeholder()) {
        seen.at_tags = at_tags(repository, &manifest(&chart.path))?;
    }
    problems.extend(look_at_remote(scope, &mut seen)?);
    Ok(Checked::new(seen, problems))
}

fn read_charts(documents: &[Document], paths: &[String]) -> Vec<Chart> {
    let chart = |path: String| {
        let text = documents.iter().find(|document| document.path == manifest(&path))?;
        let field = |key| read_field(text.text.as_bytes(), key);
        Some(Chart { name: field("name")?, version: field("version").unwrap_or_default(), path })
    };
    candidates(paths).into_iter().filter_map(chart).collect()
}

/// The versions in a Chart.yaml at the newest tags.
fn at_tags(repository: &Repository, manifest: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for tag in repository.newest_tags()? {
        let text = repository.file_at(&format!("refs/tags/{tag}"), manifest)?;
        let version = text.and_then(|text| read_field(&text, "version"));
        found.extend(version.map(|version| (tag, version)));
    }
    Ok(found)
}

/// A scalar of a YAML file.
fn read_field(text: &[u8], key: &str) -> Option<String> {
    yaml::read(text).ok()?.root.get(key).and_then(|pair| pair.value.text().map(str::to_owned))
}

fn tested(document: &Document) -> Vec<Sourced<String>> {
    let read = read_ct_yaml(document.text.as_bytes(), &document.path).value;
    let places = read.and_then(|read| read.chart_dirs).unwrap_or_default();
    places.into_iter().map(|(place, line)| (place, format!("{}:{line}", document.path))).collect()
}

/// The branch of GitHub Pages: the one that is named anywhere, `gh-pages`, or one that has an index.
fn branch_name(
    asked: &Asked,
    today: &Today,
    usual: &Config,
    (repository, paths): (&Repository, &[String]),
) -> Result<Sourced<String>> {
    if let Some(asked) = &asked.branch {
        return Ok((asked.clone(), "--branch".to_owned()));
    }
    for key in ["pages_branch", "publish_branch"] {
        if let Some((branch, source)) = today.settings.get(key).filter(|(branch, _)| !branch.is_empty()) {
            return Ok((branch.clone(), format!("`{}` at {source}", key.replace('_', "-"))));
        }
    }
    let branches = repository.branches("origin")?;
    if branches.contains(&usual.branch) {
        return Ok((usual.branch.clone(), "it is at origin".to_owned()));
    }
    let default = repository.default_branch()?;
    if let (Some(default), Some(path)) = (&default, own_index(repository, paths)) {
        return Ok((default.clone(), format!("{path} lists charts")));
    }
    let others = branches.into_iter().filter(|branch| Some(branch) != default.as_ref() && branch != "HEAD");
    let with_index = repository.branches_with("origin", others.collect(), "index.yaml")?;
    let found = with_index.into_iter().next().map(|branch| (branch, "it has an index.yaml".to_owned()));
    Ok(found.unwrap_or_else(|| (usual.branch.clone(), DEFAULT.to_owned())))
}

/// An index in the work tree, at the root or in `docs/`, where GitHub Pages may be built from, with archives that are files.
fn own_index<'p>(repository: &Repository, paths: &'p [String]) -> Option<&'p String> {
    let is_index = |path: &&String| matches!(path.as_str(), "index.yaml" | "docs/index.yaml");
    let has_archives = |path: &&String| {
        let text = files::read_up_to(&repository.root().join(path.as_str()), MAX_GITHUB_FILE).ok();
        let listed = text.as_deref().and_then(|text| index::listed(text).ok()).unwrap_or_default();
        let mut urls = listed.iter().flat_map(|(_, versions)| versions).filter_map(|one| one.urls.first());
        urls.any(|url| !url.starts_with("oci://"))
    };
    paths.iter().filter(is_index).find(has_archives)
}

/// What the remote has: tags that this clone lacks, the default branch, and the branch of GitHub Pages.
fn look_at_remote(scope: Scope<'_>, seen: &mut Seen) -> Result<Vec<Problem>> {
    let hint = "give the answers as options, such as --helm-path and --archives: helm-xtask init --help";
    let unseen =
        |why: &str| Problem::warning(format!("what is published was not looked at: {why}")).hint(hint);
    if scope.is_offline {
        return Ok(vec![unseen("offline")]);
    }
    let config = Config::new(seen.repository.0.clone());
    let remote = Remote::find(&config, scope.remote, scope.repository)?;
    terminal::progress("Looking", &format!("at {} of {}", seen.branch_name.0, remote.url));
    let mut branch = Branch::new(&remote, &seen.branch_name.0, scope.limit)?;
    let refs = match branch.refs() {
        Ok(Ok(refs)) => refs,
        Ok(Err(Refusal(words))) => return Ok(vec![unseen(&words)]),
        Err(error) => return Ok(vec![unseen(&format!("{error:#}"))]),
    };
    seen.tags = refs.tags.into_iter().map(|tag| tag.name).collect();
    seen.default_branch = refs.default_branch.map_or_else(|| seen.default_branch.clone(), |(name, _)| name);
    match branch.look()? {
        Ok(Some(tip)) => {
            let read = read_branch(&mut branch, &tip);
            seen.branch = Some(read);
            Ok(Vec::new())
        }
        Ok(None) => {
            let is_open = seen.branch_name.1 == DEFAULT;
            let found = if is_open {
                branch_with_index(scope, &remote, &branch, &seen.default_branch)?
            } else {
                None
            };
            if let Some(read) = found {
                seen.branch_name = (read.name.clone(), "it has an index.yaml".to_owned());
                seen.branch = Some(read);
            }
            Ok(Vec::new())
        }
        Err(Refusal(words)) => Ok(vec![unseen(&words)]),
    }
}

/// A branch of the remote that this clone does not know, called after what it may hold, with an index.
fn branch_with_index(
    scope: Scope<'_>,
    remote: &Remote,
    branch: &Branch,
    default: &str,
) -> Result<Option<published::Branch>> {
    let heads = branch.heads()?.unwrap_or_default();
    let may_be = |head: &&String| **head != default && PARTS.iter().any(|part| head.contains(part));
    for head in heads.iter().filter(may_be).take(MOST_INDEXES) {
        let mut other = Branch::new(remote, head, scope.limit)?;
        let Ok(Some(tip)) = other.look()? else { continue };
        let read = read_branch(&mut other, &tip);
        if !read.indexes.is_empty() {
            return Ok(Some(read));
        }
    }
    Ok(None)
}

fn read_branch(branch: &mut Branch, tip: &Tip) -> published::Branch {
    // What was yanked is no Helm repository that users are told of.
    let is_index = |path: &&String| {
        path.rsplit('/').next() == Some("index.yaml")
            && path::directory(path).rsplit('/').next() != Some("yanked")
    };
    let mut places: Vec<&String> = tip.files.keys().filter(is_index).collect();
    places.sort_by_key(|path| (path.matches('/').count(), path.len()));
    let text = |branch: &mut Branch, path: &str| branch.read(tip.files.get(path)?).ok();
    let mut indexes = Vec::new();
    for path in places.into_iter().take(MOST_INDEXES) {
        let Some(text) = text(branch, path) else { continue };
        // What is no index of Helm's may have the same name.
        let Ok(listed) = index::listed(&text) else { continue };
        let version = |one: index::Version<'_>| Listed {
            name: one.name.to_string(),
            version: one.version.to_string(),
            url: one.urls.first().map(ToString::to_string).unwrap_or_default(),
        };
        let versions = listed.into_iter().flat_map(|(_, versions)| versions).map(version).collect();
        indexes.push(Index { path: path.clone(), versions });
    }
    let domain = text(branch, "CNAME").map(|text| String::from_utf8_lossy(&text).trim().to_owned());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let domain = domain.filter(|domain| !domain.is_empty() && domain.chars().all(is_plain));
    published::Branch { name: branch.name().to_owned(), indexes, domain }
}

/// `OWNER/NAME` of a URL, however git has it. On a server a repository has these two parts alone.
pub fn repository_of(url: &str) -> Option<String> {
    let url = url.trim_end_matches('/').trim_end_matches(".git");
    let (path, is_on_server) = match url.split_once("://") {
        Some(("file", path)) => (path, false),
        Some((_, rest)) => (rest.split_once('/')?.1, true),
        None if url.starts_with(['/', '.']) => (url, false),
        None => (url.split_once(':')?.1.trim_start_matches('/'), true),
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [.., owner, repository] if parts.len() == 2 || !is_on_server => Some(format!("{owner}/{repository}")),
        _ => None,
    }
}

/// What is at the places of the files.
pub fn find_there(repository: &Repository, paths: &[String]) -> Result<There> {
    let root = repository.root();
    let mut there = There { has_old_config: root.join(OLD_CONFIG).exists(), ..There::default() };
    for path in FILES {
        match read_place(root, path) {
            Ok(text) => there.texts.extend(text.map(|text| (path.to_owned(), text))),
            Err(why) => drop(there.barred.insert(path.to_owned(), why)),
        }
    }
    let is_other = |path: &&String| path.ends_with("/Cargo.toml") && !path.starts_with("xtask/");
    for path in paths.iter().filter(is_other) {
        let directory = path::directory(path).to_owned();
        if !there.packages.iter().any(|above| path::strip(above, &directory).is_some()) {
            there.packages.push(directory);
        }
    }
    let releases = |text: &str| text.contains("cargo xtask release");
    let other = workflow_texts(root)?.into_iter().find(|(path, text)| path != WORKFLOW && releases(text));
    there.releasing = other.map(|(path, _)| path);
    Ok(there)
}

/// The text of a file that may be added to; `None` where nothing is. The error says why nobody should write there.
fn read_place(root: &Path, path: &str) -> Result<Option<String>, String> {
    let (mut place, whole) = (root.to_owned(), root.join(path));
    for part in path.split('/') {
        place.push(part);
        let Ok(metadata) = place.symlink_metadata() else { return Ok(None) };
        let shown = name(&place.strip_prefix(root).unwrap_or(&place).to_string_lossy());
        let (is_right, kind) =
            if place == whole { (metadata.is_file(), "file") } else { (metadata.is_dir(), "directory") };
        if !is_right {
            return Err(format!("{shown} is no {kind}"));
        }
    }
    files::read_text(&whole).map_err(|error| format!("{error:#}"))
}

/// Writes what is new. A file that has come to be there in the meantime stays as it is.
pub fn write(root: &Path, path: &str, change: &Change, old: &str) -> Result<()> {
    let place = root.join(path);
    match change {
        Change::Write(text) => {
            place.parent().map_or(Ok(()), files::make_directory)?;
            files::create(&place, text)
        }
        Change::Append(text) => {
            let text = &if old.contains("\r\n") { text.replace('\n', "\r\n") } else { text.clone() };
            let gap = if old.is_empty() || old.ends_with('\n') { "" } else { "\n" };
            let gap = if old.is_empty() || path.starts_with('.') && !path.contains('/') {
                gap.to_owned()
            } else {
                format!("{gap}\n")
            };
            files::append(&place, &format!("{gap}{text}"))
        }
        _ => Ok(()),
    }
}

/// Lets cargo choose the versions of everything.
pub fn lock(scope: &Scope<'_>) -> Result<(), Problem> {
    terminal::progress("Locking", "Cargo.lock");
    let mut cargo = Command::new(environment::cargo());
    cargo.args(["generate-lockfile", "--quiet"]).current_dir(scope.repository.root());
    cargo.args(scope.is_offline.then_some("--offline"));
    for variable in environment::of_package() {
        cargo.env_remove(variable);
    }
    let failed = |why: &str| {
        let cause = why.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "Caused by:");
        let cause = cause.collect::<Vec<_>>().join(": ");
        let problem = Problem::warning(format!("cargo wrote no {}: {cause}", name("Cargo.lock")));
        Err(problem.hint("cargo generate-lockfile"))
    };
    match process::ask(cargo, Vec::new(), Instant::now() + scope.limit) {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => failed(&output.stderr),
        Err(error) => failed(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories() {
        for (url, expected) in [
            ("https://github.com/acme/shop.git", Some("acme/shop")),
            ("https://gitlab.com/acme/group/shop.git", None),
            ("https://github.com/shop", None),
            ("ssh://git@host:2222/shop.git", None),
            ("git@github.com:acme/shop", Some("acme/shop")),
            ("ssh://git@ghe.example:22/acme/shop.git/", Some("acme/shop")),
            ("/srv/acme/shop.git", Some("acme/shop")),
            ("shop", None),
        ] {
            assert_eq!(repository_of(url).as_deref(), expected, "{url}");
        }
    }
}
