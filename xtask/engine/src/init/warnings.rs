//! What the config that follows cannot say, or what nobody can know from the repository.

use super::charts::{Chart, manifest};
use super::published::Index;
use super::today::When;
use super::{Asked, Seen};
use crate::base::problem::Problem;
use crate::base::target::Target;
use crate::base::text::name;

/// What was decided.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    pub charts: &'a [&'a Chart],
    pub index: Option<&'a Index>,
    pub targets: &'a [Target],
    pub when: When,
}

/// All that the author should know before the first release.
pub fn warnings(seen: &Seen, asked: &Asked, outcome: &Outcome<'_>) -> Vec<Problem> {
    let Outcome { charts, index, targets, when } = *outcome;
    let none = || {
        let problem = Problem::error("there is no chart that could be released");
        problem.hint("name the directory of the charts: --charts DIRECTORY")
    };
    let is_asked = asked.targets.is_some();
    let found = [
        charts.is_empty().then(none),
        if index.is_some() || targets.contains(&Target::Pages) { None } else { elsewhere(seen) },
        if targets.contains(&Target::Oci) || is_asked { None } else { unknown_registry(seen) },
        index.and_then(|_| default_branch(seen)),
        index.filter(|_| when == When::Merge).and_then(|index| first_pre_release(charts, index)),
    ];
    found.into_iter().flatten().collect()
}

/// Users get the charts from a Helm repository that is not here.
fn elsewhere(seen: &Seen) -> Option<Problem> {
    let ((_, url), source) = seen.addresses.repository.as_ref()?;
    let branch = name(&seen.branch_name.0);
    let message = format!(
        "users are told to add {}, and {branch} of this repository has no Helm repository",
        name(url)
    );
    let (file, line) = source.rsplit_once(':').unwrap_or((source, ""));
    let hint = "what publishes there stays as it is; to have one here, too: --targets oci,pages,github";
    Some(Problem::note(message).at(file, line.parse().ok()).hint(hint))
}

/// Charts are pushed to an address that only the run of a workflow knows.
fn unknown_registry(seen: &Seen) -> Option<Problem> {
    let one = seen.today.publishers.iter().find(|one| one.targets.contains(&Target::Oci))?;
    let message =
        format!("the registry that {} pushes to is not written here, and so it is left out", name(&one.what));
    let problem = Problem::warning(message).at(&one.file, Some(one.line));
    Some(problem.hint("name the registry: --oci oci://HOST/PATH"))
}

/// Each release is a commit to the branch that people work on.
fn default_branch(seen: &Seen) -> Option<Problem> {
    let branch = Some(&seen.branch_name.0).filter(|branch| **branch == seen.default_branch)?;
    let message = format!(
        "the Helm repository is on the default branch, {}: each release is a commit to it",
        name(branch)
    );
    let hint = "a protected branch refuses such commits: allow those who publish to push, or choose another branch: --branch gh-pages";
    Some(Problem::warning(message).hint(hint))
}

/// A release on merge would publish a pre-release of a chart that never had one.
fn first_pre_release(charts: &[&Chart], index: &Index) -> Option<Problem> {
    let is_pre = |version: &str| version.contains('-');
    let has_one = |name: &str| index.versions.iter().any(|one| one.name == name && is_pre(&one.version));
    let chart = charts.iter().find(|chart| is_pre(&chart.version) && !has_one(&chart.name))?;
    let message = format!("{} {} would be its first pre-release", name(&chart.name), chart.version);
    let problem = Problem::note(message).at(manifest(&chart.path), None);
    Some(problem.hint("if releases come from other branches, release by tags: --release-on tag"))
}
