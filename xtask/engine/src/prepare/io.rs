//! Reads the repository at a commit, checks another one, and makes commit and tags.

use std::time::Duration;

use anyhow::Result;

use super::command::How;
use super::mentions::mentions;
use super::proposal::Difference;
use super::{Next, Scene, Unit};
use crate::base::config::Config;
use crate::base::path;
use crate::base::problem::{Problem, Problems, verdict};
use crate::base::text::{few, name};
use crate::base::version::strict_form;
use crate::chart::declared;
use crate::chart::io::charts;
use crate::chart::io::helm::agreement::find_helm;
use crate::chart::source::{Changelog, Source};
use crate::check::edit::Edit;
use crate::check::io::documents::read_documents;
use crate::check::io::fix::{apply_edits, replace};
use crate::check::io::look_at_everything;
use crate::check::io::scene::Options;
use crate::ci::program::Program;
use crate::git::io::branch::{Branch, Refusal};
use crate::git::io::remote::Remote;
use crate::git::io::repository::Repository;
use crate::git::io::worktree::{Made, Worktree};
use crate::release::io::make;
use crate::sys::{environment, files, terminal};

/// How long looking at what is published may take, and each run of helm.
const SECONDS: u64 = 60;

/// Reads the charts that are released, and the changelog of the repository.
pub fn read(config: &Config, repository: &Repository) -> Result<(Vec<Source>, Option<Changelog>)> {
    let mut problems = config.problems();
    let places = charts::chart_places(config, &config.charts, repository.root())?.take(&mut problems);
    let sources = make::read(config, places, repository)?;
    problems.extend(sources.problems);
    verdict(problems)?;
    let charts: Vec<Source> =
        sources.charts.into_iter().filter(|source| config.releases(&source.path)).collect();
    if charts.is_empty() {
        return Err(Problem::error("there is no chart to release")
            .hint("name their directories in the config")
            .into());
    }
    Ok((charts, sources.changelog))
}

/// Charts that were asked for by a path, as git has it; a name stays as it is.
pub fn by_path(repository: &Repository, charts: &[Source], wanted: &[String]) -> Vec<String> {
    let path = |one: &String| files::path_below(repository.root(), std::path::Path::new(one));
    let known = |path: &String| charts.iter().any(|source| source.path == *path);
    wanted.iter().map(|one| path(one).filter(known).unwrap_or_else(|| one.clone())).collect()
}

/// How the charts of a unit differ from its last release, if there was one.
pub fn difference(repository: &Repository, unit: &Unit<'_>, head: &str) -> Result<Difference> {
    let mut found = Difference::default();
    for source in &unit.charts {
        // It may have lain elsewhere.
        let old = unit
            .last
            .as_ref()
            .and_then(|last| Some((&last.commit, repository.tree(&last.commit, &source.path).ok()?)));
        let Some((commit, old)) = old else {
            found.has_changed = true;
            continue;
        };
        let file = path::below(&source.path, "values.yaml");
        let values = |commit: &str| anyhow::Ok(repository.file_at(commit, &file)?.unwrap_or_default());
        found.add([&old, &repository.tree(head, &source.path)?], [&values(commit)?, &values(head)?]);
    }
    Ok(found)
}

/// The version that Chart.yaml had before the commit at HEAD.
pub fn version_before(repository: &Repository, unit: &Unit<'_>) -> Option<semver::Version> {
    let file = path::below(&unit.charts.first()?.path, "Chart.yaml");
    let text = repository.file_at("HEAD^", &file).ok()??;
    strict_form(&declared(&text)?.version)
}

/// Makes all edits in a work tree. The error is a file of which two edits touch one another.
pub fn apply(scene: &Scene<'_>, worktree: &Worktree, all: &[Next<'_>], beside: &[Edit]) -> Result<()> {
    let repository = worktree.repository();
    let files = repository.files()?;
    let markdown = files.iter().map(String::as_str).filter(|file| file.ends_with(".md"));
    let documents = read_documents(repository, markdown).value;
    let is_generated =
        |document: &crate::check::document::Document| files.contains(&format!("{}.gotmpl", document.path));
    let mentions = mentions(scene, all, &documents, is_generated);
    let edits: Vec<&Edit> = all.iter().flat_map(|one| &one.edits).chain(beside).chain(&mentions).collect();
    let made = apply_edits(repository.root(), edits.iter().copied())?;
    let Some(left) = edits.iter().find(|edit| !made.contains(edit)) else { return Ok(()) };
    let problem =
        Problem::error("two changes meet there, of which one can be made").at(&left.file, Some(left.line));
    Err(problem.hint("prepare the charts one after the other, or make this change by hand first").into())
}

/// Checks a work tree, and says what was looked at. An error means that nothing is to be written.
pub fn check(program: Program<'_>, how: &How, worktree: &Worktree, tag: Option<&String>) -> Result<String> {
    let helm = find_helm(how.helm, SECONDS, how.offline)?;
    let (helm_mode, remote, limit) = (how.helm, how.remote.as_deref(), Duration::from_secs(SECONDS));
    let options = Options { tag, helm: helm_mode, remote, oci: None, offline: how.offline, limit };
    let report = look_at_everything(program, options, worktree.repository(), helm.as_ref())?;
    let (mut errors, others): (Vec<_>, Vec<_>) = report.folded().into_iter().partition(Problem::is_error);
    if !errors.is_empty() {
        errors.push(
            Problem::error("nothing was written: the commit would not pass the check")
                .hint("cargo xtask check"),
        );
        return Err(Problems(errors).into());
    }
    let warned = if others.is_empty() { "" } else { "; for warnings and notes: cargo xtask check" };
    Ok(format!("{}{warned}", report.checked.join(", ")))
}

/// Writes what the commit changes into the user's files, and commits just these. A refusal puts them back.
pub fn commit(
    repository: &Repository,
    base: &str,
    worktree: &Worktree,
    made: &Made,
    message: &str,
) -> Result<()> {
    let (staged, mut changes, mut problems) = (repository.staged(&made.files)?, Vec::new(), Vec::new());
    for file in &made.files {
        let old = repository.checked_out(base, file)?;
        let new = files::read(&worktree.repository().root().join(file))?;
        let there = files::read(&repository.root().join(file)).unwrap_or_default();
        // A run that was killed has left what is written here.
        if there != new && (there != old || staged.contains(file)) {
            let problem =
                Problem::error("it has changes that are not committed, which this commit would take along");
            problems.push(
                problem.at(file, None).hint(format!("commit or stash them first: git stash push -- {file}")),
            );
        }
        changes.push((file, old, new));
    }
    verdict(problems)?;
    for (file, _, new) in &changes {
        replace(&repository.root().join(file), new)?;
    }
    let output = repository.commit_files(message, &made.files, environment::source_date_epoch()?)?;
    terminal::output(&String::from_utf8_lossy(&output.stdout));
    terminal::output(&output.stderr);
    if !output.status.success() {
        let mut left = Vec::new();
        for (file, old, new) in &changes {
            let place = repository.root().join(file);
            if files::read(&place).is_ok_and(|there| there == *new) {
                replace(&place, old)?;
            } else {
                left.push((*file).clone());
            }
        }
        let rest = if left.is_empty() {
            "the files are as they were".to_owned()
        } else {
            format!("what a hook has changed stays: {}", few(&left))
        };
        let problem = Problem::error(format!("`git commit` made no commit; {rest}"));
        return Err(problem.hint("it says above why; run it again after that").into());
    }
    if repository.text(&["rev-parse", "HEAD^{tree}"])? != made.tree {
        terminal::problem(
            &Problem::warning("a hook has changed what was committed").hint("look at it: git show"),
        );
    }
    Ok(())
}

/// Says what keeps tags from being made at HEAD, or at a commit on top of it. `known` are those that are there already: at
/// HEAD, where nothing is to be committed.
pub fn check_tags(
    config: &Config,
    how: &How,
    repository: &Repository,
    tags: &[String],
    head: &str,
    again: &str,
) -> Result<Vec<String>> {
    if how.offline || environment::is_offline() {
        let problem = Problem::error("nobody may look whether the remote has the tag already");
        return Err(problem.hint("leave out --offline and CARGO_NET_OFFLINE, or leave out --tag").into());
    }
    let remote = Remote::find(config, how.remote.as_deref(), repository)?;
    remote.check_named(config)?;
    let refs = match Branch::new(&remote, "none", Duration::from_secs(SECONDS))?.refs()? {
        Ok(refs) => refs,
        Err(Refusal(words)) => {
            let message = format!("cannot read the tags of {}: {words}", name(&remote.url));
            return Err(Problem::error(message)
                .hint("run it again when it answers, or leave out --tag")
                .into());
        }
    };
    let Some((default, tip)) = refs.default_branch.clone() else {
        let message = format!("{} has no default branch yet", name(&remote.url));
        return Err(Problem::error(message).hint("push the branch first, and tag then").into());
    };
    let branch = repository.branch()?;
    if branch.as_ref() != Some(&default) {
        let here = branch
            .map_or("no branch is checked out".to_owned(), |branch| format!("this is {}", name(&branch)));
        let message = format!(
            "a tag is made on the default branch, {}, and {here}: a merge may make other commits of it",
            name(&default)
        );
        return Err(Problem::error(message)
            .hint(format!("merge it, then: git switch {default} && git pull && {again}"))
            .into());
    }
    if !repository.is_ancestor(&tip, head)? {
        let message = format!("{} lacks commits that the remote has", name(&default));
        return Err(Problem::error(message).hint("git pull --rebase, then run it again").into());
    }
    let here = repository.tags()?;
    let (mut there, mut problems) = (Vec::new(), Vec::new());
    for tag in tags {
        let local = here.iter().find(|(known, _)| known == tag).map(|(_, commit)| (commit.as_str(), "here"));
        let at = local.or(refs.commit_of(tag).map(|commit| (commit, "at the remote")));
        match at {
            Some((commit, _)) if commit == head => there.push(tag.clone()),
            Some((commit, place)) => {
                let short = commit.get(..7).unwrap_or(commit);
                let problem = Problem::error(format!("tag {} exists {place}, at {short}", name(tag)));
                problems.push(problem.hint("a tag that is pushed never moves: prepare another version"));
            }
            None => {}
        }
    }
    verdict(problems)?;
    Ok(there)
}

/// Makes a tag at HEAD.
pub fn tag(repository: &Repository, tag: &str, message: &str) -> Result<()> {
    let output = repository.make_tag(tag, message, environment::source_date_epoch()?)?;
    terminal::output(&output.stderr);
    if output.status.success() {
        return Ok(());
    }
    let problem = Problem::error(format!("`git tag` did not make {}; what was committed stays", name(tag)));
    Err(problem.hint("it says above why; run it again after that").into())
}
