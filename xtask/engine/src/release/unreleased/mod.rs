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
    /// The targets that are asked for, in the order in which they are published to.
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
    /// Half-released versions that no run was going to finish, by what they lack; the highest first.
    pub others: Vec<Incomplete>,
}

impl There {
    /// What a target has of a chart; `None` if nobody knows.
    pub fn versions(&self, target: Target, chart: &str) -> Option<&BTreeSet<Version>> {
        static NONE: BTreeSet<Version> = BTreeSet::new();
        match target {
            Target::Oci => self.registry.get(chart),
            Target::Pages | Target::Github => {
                self.listed.get(&target).map(|all| all.get(chart).unwrap_or(&NONE))
            }
        }
    }

    /// Whether some of these targets have a version.
    pub fn is_anywhere(&self, targets: &[Target], chart: &str, version: &Version) -> bool {
        let has = |target: &Target| self.versions(*target, chart).is_some_and(|all| all.contains(version));
        targets.iter().any(has)
    }

    /// Whether all of these targets have a version, as far as they tell.
    fn lists(&self, targets: &[Target], chart: &str, version: &Version) -> bool {
        targets.iter().all(|target| !self.lacks(*target, chart, version))
    }

    /// Whether some of these targets have any version of a chart.
    fn knows(&self, targets: &[Target], chart: &str) -> bool {
        targets.iter().any(|target| self.versions(*target, chart).is_some_and(|all| !all.is_empty()))
    }

    pub fn lacks(&self, target: Target, chart: &str, version: &Version) -> bool {
        self.versions(target, chart).is_some_and(|all| !all.contains(version))
    }

    /// Whether a target has older versions of a chart, so that a later one is a gap. A target that was added later owes
    /// nobody what was released before.
    pub fn has_older(&self, target: Target, chart: &str, version: &Version) -> bool {
        self.versions(target, chart).is_some_and(|all| all.iter().any(|one| one < version))
    }
}

/// The tag that a chart is released by, in a repository with so many charts.
pub fn tag_of(config: &Config, chart: &ChartVersion, count: usize) -> String {
    let is_for_all = count == 1 || !config.tags.has_one_for_each();
    let of_all = is_for_all.then(|| config.tags.for_all(&chart.version)).flatten();
    of_all.unwrap_or_else(|| config.tags.for_chart(&chart.name, &chart.version))
}

/// A tag of the remote that releases.
#[derive(Debug)]
pub struct Tagged<'a> {
    pub tag: Tag,
    pub remote: &'a RemoteTag,
}

/// The release tags of the remote, by name.
pub fn read<'a>(facts: Facts<'a>) -> Vec<Tagged<'a>> {
    let read = |remote: &'a RemoteTag| {
        let known = facts.config.tags.read_verified(&remote.name, facts.charts).ok();
        // A chart that is gone from here, and a version in the spelling of its time, are known to the commit of their tag.
        let any = || facts.config.tags.read_of_any(&remote.name).filter(|_| remote.object.is_some());
        Some(Tagged { tag: known.or_else(any)?, remote })
    };
    facts.tags.iter().filter_map(read).collect()
}

/// The release tags of the remote of which a target lacks something, by name.
pub fn incomplete(facts: Facts<'_>, tags: &[Tagged<'_>]) -> Vec<Incomplete> {
    let lacking = |&Tagged { ref tag, remote }: &Tagged<'_>| {
        let charts = charts_of(facts, tag);
        let lacks =
            |target: &&Target| charts.iter().any(|chart| facts.there.lacks(**target, chart, &tag.version));
        let lacks: Vec<Target> = facts.targets.iter().filter(lacks).copied().collect();
        (!lacks.is_empty()).then(|| Incomplete { tag: tag.clone(), remote: remote.clone(), lacks })
    };
    tags.iter().filter_map(lacking).collect()
}

/// The charts that a tag releases: of one for all charts those that some target has, if any does.
pub fn charts_of<'a>(facts: Facts<'a>, tag: &'a Tag) -> Vec<&'a str> {
    if let Some(chart) = &tag.chart {
        return vec![chart];
    }
    let all = || facts.charts.iter().map(|chart| chart.name.as_str());
    let found: Vec<&str> =
        all().filter(|chart| facts.there.is_anywhere(facts.targets, chart, &tag.version)).collect();
    if found.is_empty() { all().collect() } else { found }
}

/// Decides. `ours` are the names of the tags that this program made.
pub fn decide(
    facts: Facts<'_>,
    tags: &[Tagged<'_>],
    incomplete: Vec<Incomplete>,
    ours: &HashSet<String>,
) -> Unreleased {
    let mut held = Vec::new();
    // The tags of versions that belong to another commit, or to a release that is cut off here.
    let mut wanted: Vec<&Tagged<'_>> = Vec::new();
    let mut without: Vec<&ChartVersion> = Vec::new();
    let mut here: HashSet<&str> = HashSet::new();
    for chart in facts.candidates {
        match own_tag(facts, tags, ours, chart) {
            None => without.push(chart),
            Some(tagged) => match whose(facts, tagged, ours, chart) {
                Whose::ThisCommit => {
                    here.insert(&tagged.remote.name);
                    held.extend(cannot_complete(chart, &tagged.remote.name, facts.there));
                }
                Whose::ItsCommit => {
                    wanted.push(tagged);
                    held.push(Held::finished(chart, short(&tagged.remote.commit)));
                }
                Whose::Done => held.push(Held::published(chart)),
                Whose::Others => held.push(of_others(chart, tagged.remote, facts.there)),
            },
        }
    }
    held.extend(without_own_tags(facts, &without));
    let (ours, others): (Vec<_>, Vec<_>) =
        incomplete.into_iter().partition(|one| ours.contains(&one.remote.name));
    let is_wanted = |one: &Incomplete| wanted.iter().any(|tagged| tagged.remote == &one.remote);
    let is_here = |one: &Incomplete| here.contains(one.remote.name.as_str());
    let is_cut_off = |one: &Incomplete| is_wanted(one) || is_owed(facts, one) && !is_here(one);
    let (mut finish, changed): (Vec<_>, Vec<_>) = ours.into_iter().partition(is_cut_off);
    for tagged in &wanted {
        if !finish.iter().any(|one| one.remote == *tagged.remote) {
            let (tag, remote) = (tagged.tag.clone(), tagged.remote.clone());
            finish.push(Incomplete { tag, remote, lacks: facts.targets.to_vec() });
        }
    }
    finish.sort_by(|a, b| a.tag.version.cmp(&b.tag.version).then(a.remote.name.cmp(&b.remote.name)));
    let is_told = |one: &Incomplete| !is_here(one) && !is_wanted(one) && is_gap(facts, one);
    let mut others: Vec<Incomplete> = others.into_iter().chain(changed).filter(is_told).collect();
    others.retain(|one| !facts.candidates.iter().any(|chart| is_of(&one.tag, chart)));
    others.sort_by(|a, b| a.lacks.cmp(&b.lacks).then(b.tag.version.cmp(&a.tag.version)));
    Unreleased { finish, held, others }
}

/// What a new version and its tag mean for each other.
enum Whose {
    /// It is published from this commit, with all else that is new here.
    ThisCommit,
    /// It is finished by its tag.
    ItsCommit,
    /// All targets have it, as far as they tell.
    Done,
    Others,
}

fn whose(facts: Facts<'_>, tagged: &Tagged<'_>, ours: &HashSet<String>, chart: &ChartVersion) -> Whose {
    let is_own = tagged.remote.name == tag_of(facts.config, chart, facts.charts.len());
    let is_shared = tagged.tag.chart.is_none() && facts.charts.len() > 1;
    // A part of what shares a tag would be another release than all of it.
    let is_part = is_shared && facts.candidates.len() < facts.charts.len();
    if tagged.remote.commit == facts.commit && is_own && !is_part {
        Whose::ThisCommit
    } else if facts.targets == [Target::Github]
        && facts.there.lists(facts.targets, &chart.name, &tagged.tag.version)
    {
        Whose::Done
    } else if ours.contains(&tagged.remote.name) {
        Whose::ItsCommit
    } else {
        Whose::Others
    }
}

/// The tag that a new version has already, in whatever pattern: the one that this program would make, else one of ours,
/// else one that names the chart. A tag of somebody else without the name of a chart may be that of an application.
fn own_tag<'t, 'a>(
    facts: Facts<'a>,
    tags: &'t [Tagged<'a>],
    ours: &HashSet<String>,
    chart: &ChartVersion,
) -> Option<&'t Tagged<'a>> {
    let own = tag_of(facts.config, chart, facts.charts.len());
    let is_ours = |one: &&Tagged<'_>| ours.contains(&one.remote.name);
    // What was a tag for all charts before there were others says nothing of those.
    let is_known = facts.charts.len() == 1 || facts.there.knows(facts.targets, &chart.name);
    let rank = |one: &&Tagged<'_>| match &one.tag.chart {
        _ if one.remote.name == own => Some(0),
        Some(name) if *name == chart.name => Some(if is_ours(one) { 1 } else { 2 }),
        None if is_ours(one) && is_known => Some(1),
        _ => None,
    };
    let of_version = tags.iter().filter(|one| one.tag.agrees_with(&chart.version));
    of_version.filter(|one| rank(one).is_some()).min_by_key(rank)
}

fn is_of(tag: &Tag, chart: &ChartVersion) -> bool {
    tag.agrees_with(&chart.version) && tag.chart.as_ref().is_none_or(|name| *name == chart.name)
}

/// Whether a tag of ours is that of a run that was cut off. The last target is what it had left: where that has the version,
/// somebody took it out of another one since. A target that was added later owes nobody what was released before.
fn is_owed(facts: Facts<'_>, one: &Incomplete) -> bool {
    let Some(last) = facts.targets.last().filter(|last| one.lacks.contains(last)) else { return false };
    let version = &one.tag.version;
    let owes = |chart: &&str| {
        let versions =
            facts.targets.iter().filter_map(|target| facts.there.versions(*target, chart)).flatten();
        let mut others = versions.filter(|other| *other != version);
        facts.there.has_older(*last, chart, version)
            || others.all(|other| !facts.there.lacks(*last, chart, other))
    };
    charts_of(facts, &one.tag).iter().any(owes)
}

/// Whether a tag has published a part of its version, and no run of this program was going to publish the rest.
fn is_gap(facts: Facts<'_>, one: &Incomplete) -> bool {
    let version = &one.tag.version;
    let charts = charts_of(facts, &one.tag);
    let is_here = |chart: &&str| facts.charts.iter().any(|here| here.name == **chart);
    let has_older =
        |target: &Target| charts.iter().any(|chart| facts.there.has_older(*target, chart, version));
    let is_anywhere = || charts.iter().any(|chart| facts.there.is_anywhere(facts.targets, chart, version));
    // A version of which nothing is anywhere may be that of something else, where its tag names no chart.
    charts.iter().all(is_here)
        && one.lacks.iter().any(has_older)
        && (one.tag.chart.is_some() || is_anywhere())
}

/// Charts that have no tag of their own, where they do not share a version.
fn without_own_tags(facts: Facts<'_>, candidates: &[&ChartVersion]) -> Vec<Held> {
    let Facts { config, charts, .. } = facts;
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

/// What is half released and stays so, with the command that finishes one of them.
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
