//! What a run without a tag has to do where Chart.yaml says the versions: which tags it makes, which versions it finishes,
//! and which charts it leaves out.
//!
//! A tag that this program made is the record of what it was going to publish. Its version belongs to its commit: another
//! run finishes it from there, whatever the default branch holds by then.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use semver::Version;

use super::held::Held;
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::tag::{ChartVersion, Tag};
use crate::base::target::Target;
use crate::base::text::{few, name};
use crate::base::version::strict_form;
use crate::git::remote_refs::{RemoteTag, short};

/// What is known before anything is decided.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub config: &'a Config,
    /// The commit that is released.
    pub commit: &'a str,
    /// The charts of the commit.
    pub charts: &'a [ChartVersion],
    /// Those of them whose version is published nowhere.
    pub candidates: &'a [ChartVersion],
    /// The targets that are asked for.
    pub targets: &'a [Target],
    /// All tags of the remote.
    pub tags: &'a [RemoteTag],
    pub there: &'a There,
}

/// What the targets have of the charts.
#[derive(Clone, Debug, Default)]
pub struct There {
    /// What the index and GitHub have, where they told.
    pub listed: BTreeMap<Target, Versions>,
    /// What the registry has of the charts that it was asked for.
    pub registry: Versions,
    /// The tags that GitHub has a release of, each with what keeps others from adding to it, if anything does.
    pub releases: BTreeMap<String, Option<&'static str>>,
}

/// The versions of charts, by name.
pub type Versions = BTreeMap<String, BTreeSet<Version>>;

/// A tag of the remote that releases, and of which a target lacks something.
#[derive(Clone, Debug)]
pub struct Incomplete {
    pub tag: Tag,
    pub remote: RemoteTag,
    pub lacks: Vec<Target>,
}

/// What there is to do besides publishing what is new in the commit.
#[derive(Clone, Debug, Default)]
pub struct Unreleased {
    /// Versions to finish, each from the commit of its tag; the lowest first.
    pub finish: Vec<Incomplete>,
    /// Charts of the commit that are not released from it.
    pub held: Vec<Held>,
    /// Half-released versions of others, by what they lack; the highest first.
    pub others: Vec<Incomplete>,
}

impl There {
    /// What a target has of a chart; `None` if nobody knows.
    fn versions(&self, target: Target, chart: &str) -> Option<&BTreeSet<Version>> {
        static NONE: BTreeSet<Version> = BTreeSet::new();
        match target {
            Target::Oci => self.registry.get(chart),
            Target::Pages | Target::Github => {
                self.listed.get(&target).map(|all| all.get(chart).unwrap_or(&NONE))
            }
        }
    }

    fn lacks(&self, target: Target, chart: &str, version: &Version) -> bool {
        self.versions(target, chart).is_some_and(|all| !all.contains(version))
    }

    /// Whether a target has older versions of a chart, so that a later one is a gap. A target that was added later owes
    /// nobody what was released before.
    fn has_older(&self, target: Target, chart: &str, version: &Version) -> bool {
        self.versions(target, chart).is_some_and(|all| all.iter().any(|one| one < version))
    }
}

/// The tag that a chart is released by, in a repository with so many charts.
pub fn tag_of(config: &Config, chart: &ChartVersion, count: usize) -> String {
    let is_for_all = count == 1 || !config.tags.has_one_for_each();
    let of_all = is_for_all.then(|| config.tags.for_all(&chart.version)).flatten();
    of_all.unwrap_or_else(|| config.tags.for_chart(&chart.name, &chart.version))
}

/// The release tags of the remote of which a target lacks something, by name.
pub fn incomplete(facts: Facts<'_>) -> Vec<Incomplete> {
    let read = |remote: &RemoteTag| {
        let known = facts.config.tags.read_verified(&remote.name, facts.charts).ok();
        // A chart that is gone from here may be known to the commit of its tag.
        let any = || facts.config.tags.read_of_any(&remote.name).filter(|_| remote.object.is_some());
        let tag = known.or_else(any)?;
        let charts = charts_of(facts, &tag);
        let lacks =
            |target: &&Target| charts.iter().any(|chart| facts.there.lacks(**target, chart, &tag.version));
        let lacks: Vec<Target> = facts.targets.iter().filter(lacks).copied().collect();
        (!lacks.is_empty()).then(|| Incomplete { tag, remote: remote.clone(), lacks })
    };
    facts.tags.iter().filter_map(read).collect()
}

/// The charts that a tag releases: of one for all charts those that some target has, if any does.
fn charts_of<'a>(facts: Facts<'a>, tag: &'a Tag) -> Vec<&'a str> {
    if let Some(chart) = &tag.chart {
        return vec![chart];
    }
    let all = || facts.charts.iter().map(|chart| chart.name.as_str());
    let is_somewhere =
        |chart: &&str| facts.targets.iter().any(|target| has(facts, *target, chart, &tag.version));
    let found: Vec<&str> = all().filter(is_somewhere).collect();
    if found.is_empty() { all().collect() } else { found }
}

fn has(facts: Facts<'_>, target: Target, chart: &str, version: &Version) -> bool {
    facts.there.versions(target, chart).is_some_and(|all| all.contains(version))
}

/// Decides. `ours` are the names of the tags that this program made.
pub fn decide(facts: Facts<'_>, incomplete: Vec<Incomplete>, ours: &HashSet<String>) -> Unreleased {
    let tag_of = |chart: &ChartVersion| tag_of(facts.config, chart, facts.charts.len());
    let mut held = without_own_tags(facts);
    for chart in facts.candidates {
        let text = tag_of(chart);
        let Some(tag) = facts.tags.iter().find(|tag| tag.name == text) else { continue };
        let is_incomplete = incomplete.iter().any(|one| one.remote.name == text);
        held.extend(if tag.commit == facts.commit {
            cannot_complete(chart, &text, facts.there)
        } else if !is_incomplete {
            Some(Held::published(chart))
        } else if ours.contains(&text) {
            Some(Held::finished(chart, short(&tag.commit)))
        } else {
            Some(of_others(chart, tag, facts.there))
        });
    }
    let is_candidate =
        |one: &Incomplete| facts.candidates.iter().any(|chart| tag_of(chart) == one.remote.name);
    let (ours, others): (Vec<_>, Vec<_>) =
        incomplete.into_iter().partition(|one| ours.contains(&one.remote.name));
    // What is new at this commit is published with all else that is new here.
    let is_elsewhere = |one: &Incomplete| one.remote.commit != facts.commit || !is_candidate(one);
    let mut finish: Vec<Incomplete> = ours.into_iter().filter(is_elsewhere).collect();
    finish.sort_by(|a, b| a.tag.version.cmp(&b.tag.version).then(a.remote.name.cmp(&b.remote.name)));
    let others = others.into_iter().filter(|one| !is_candidate(one) && is_gap(facts, one));
    let mut others: Vec<Incomplete> = others.collect();
    others.sort_by(|a, b| a.lacks.cmp(&b.lacks).then(b.tag.version.cmp(&a.tag.version)));
    Unreleased { finish, held, others }
}

/// Whether a tag of somebody else has published a part of its version.
fn is_gap(facts: Facts<'_>, one: &Incomplete) -> bool {
    let version = &one.tag.version;
    let charts = charts_of(facts, &one.tag);
    let is_here = |chart: &&str| facts.charts.iter().any(|here| here.name == **chart);
    let has_older =
        |target: &Target| charts.iter().any(|chart| facts.there.has_older(*target, chart, version));
    let is_anywhere = || {
        let mut all =
            facts.targets.iter().flat_map(|target| charts.iter().map(move |chart| (*target, *chart)));
        all.any(|(target, chart)| has(facts, target, chart, version))
    };
    // A version of which nothing is anywhere may be that of something else, where its tag names no chart.
    charts.iter().all(is_here)
        && one.lacks.iter().any(has_older)
        && (one.tag.chart.is_some() || is_anywhere())
}

/// Charts that have no tag of their own, where they do not share a version.
fn without_own_tags(facts: Facts<'_>) -> Vec<Held> {
    let Facts { config, charts, candidates, .. } = facts;
    let is_same = candidates.windows(2).all(|pair| matches!(pair, [a, b] if a.version == b.version));
    if charts.len() == 1 || config.tags.has_one_for_each() || candidates.len() == charts.len() && is_same {
        return Vec::new();
    }
    let names: Vec<String> =
        candidates.iter().map(|chart| format!("{} {}", chart.name, chart.version)).collect();
    let message =
        format!("each tag of the config is for all charts, and {} alone would be released", few(&names));
    let hint = "add `{name}-{version}` to `tags` in the config, or give all charts the same new version";
    let mut problem = Some(Problem::error(message).hint(hint));
    candidates.iter().map(|chart| Held::new(chart, "no tag is for it alone", problem.take())).collect()
}

/// A release that somebody made by hand, and that nobody can add to any more.
fn cannot_complete(chart: &ChartVersion, tag: &str, there: &There) -> Option<Held> {
    let why = there.releases.get(tag)?.as_ref()?;
    let archive = name(&format!("{}-{}.tgz", chart.name, chart.version));
    let message = format!("release {} was made by hand and {why}: nobody can add {archive} to it", name(tag));
    let problem = Problem::error(message).hint(format!("give chart {} another version", name(&chart.name)));
    Some(Held::new(chart, "its release can get no archive", Some(problem)))
}

/// A tag of somebody else at another commit: whatever is published under this version has to come from there.
fn of_others(chart: &ChartVersion, tag: &RemoteTag, there: &There) -> Held {
    let (text, commit) = (&tag.name, short(&tag.commit));
    let what = if there.releases.contains_key(text) {
        format!("release {} was made by hand, with its tag at {}", name(text), name(commit))
    } else {
        format!("tag {} is at {}, and this program did not make it", name(text), name(commit))
    };
    let version = name(&format!("{} {}", chart.name, chart.version));
    let message = format!("{what}: {version} belongs to that commit, and is published nowhere");
    let problem = Problem::error(message).hint(format!(
        "publish it from there: cargo xtask release --tag {text} --publish; or give what is here another version"
    ));
    Held::new(chart, &format!("tag {text} is at {commit}"), Some(problem))
}

/// What others have half released, with the command that finishes one of them.
pub fn half_released(others: &[Incomplete]) -> Vec<Problem> {
    let told = |tags: &[Incomplete]| {
        let names: Vec<String> = tags.iter().map(|one| one.remote.name.clone()).collect();
        let first = names.first().map_or("", String::as_str);
        let places = tags.first().map(Incomplete::places).unwrap_or_default();
        let are = if names.len() == 1 { "is" } else { "are" };
        let message = format!("{} {are} half released: missing in {places}", few(&names));
        let hint = format!("to finish one, such as the first: cargo xtask release --tag {first} --publish");
        Problem::warning(message).hint(hint)
    };
    others.chunk_by(|a, b| a.lacks == b.lacks).map(told).collect()
}

impl Incomplete {
    /// The targets that lack it, for people.
    pub fn places(&self) -> String {
        self.lacks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
    }
}

/// The versions that texts are, such as the tags of a registry.
pub fn versions<'t>(texts: impl IntoIterator<Item = &'t str>) -> BTreeSet<Version> {
    texts.into_iter().filter_map(strict_form).collect()
}

#[cfg(test)]
mod tests;
