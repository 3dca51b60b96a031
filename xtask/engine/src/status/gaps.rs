//! Versions that a tag or a place has and a target of the config lacks, by the rules of a release without a tag: a target
//! that was added later owes nobody what was released before.

use std::collections::HashSet;

use super::{Entry, Observed};
use crate::base::config::{Config, Versions as Decided};
use crate::base::tag::{ChartVersion, Tag};
use crate::base::target::Target;
use crate::base::version::strict_form;
use crate::git::remote_refs::RemoteTag;
use crate::release::io::survey::{pushed, released};
use crate::release::unreleased::{Facts, Incomplete, Tagged, There, Versions, charts_of, decide, incomplete};

/// What the targets have, for the rules of a release.
#[derive(Debug)]
pub struct Known {
    charts: Vec<ChartVersion>,
    targets: Vec<Target>,
    pub there: There,
}

/// A tag of which some targets lack something.
#[derive(Debug)]
pub struct Gap {
    pub incomplete: Incomplete,
    /// Whether a run of this program was cut off, which another one finishes.
    pub is_owed: bool,
    /// The targets, each with a chart that it lacks.
    pub lacks: Vec<(Target, String)>,
}

/// What is known of tags besides their names.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The names of those that this program made.
    pub ours: HashSet<String>,
    /// The version of a chart in Chart.yaml at a commit, where this clone has it.
    pub declared: Vec<Declared>,
}

/// A chart's version at a commit.
#[derive(Debug)]
pub struct Declared {
    pub commit: String,
    pub chart: String,
    pub version: String,
}

impl Known {
    pub fn new(config: &Config, observed: &Observed) -> Self {
        let charts = observed.all_charts();
        let mut there = There::default();
        if let Some(branch) = observed.branch.as_ref().filter(|branch| branch.is_read()) {
            let mut listed = Versions::new();
            let all = branch.entries().iter().chain(&branch.yanked).chain(&branch.old);
            for Entry { chart, version, .. } in all {
                listed.entry(chart.clone()).or_default().extend(strict_form(version));
            }
            there.listed.insert(Target::Pages, listed);
        }
        if let Some(releases) = &observed.releases {
            there.listed.insert(Target::Github, released(config, &charts, releases));
        }
        there.registry =
            observed.registry.iter().map(|(chart, tags)| (chart.clone(), pushed(tags))).collect();
        Self { charts, targets: config.all_targets(), there }
    }

    /// What decides about tags. No chart is going to be released.
    pub fn facts<'a>(&'a self, config: &'a Config, tags: &'a [RemoteTag]) -> Facts<'a> {
        let Self { charts, targets, there } = self;
        Facts { config, commit: "", charts, candidates: &[], targets, tags, there }
    }

    /// Whether a target lacks a version that it should have.
    pub fn is_gap(&self, target: Target, chart: &str, version: &semver::Version) -> bool {
        self.there.lacks(target, chart, version) && self.there.has_older(target, chart, version)
    }
}

/// The tags that targets lack something of, and whose evidence counts.
pub fn suspects(facts: Facts<'_>, tagged: &[Tagged<'_>]) -> Vec<(Incomplete, Vec<String>)> {
    let with_charts = |one: Incomplete| {
        let charts = charts_of(facts, &one.tag).into_iter().map(str::to_owned).collect();
        (one, charts)
    };
    incomplete(facts, tagged).into_iter().map(with_charts).collect()
}

/// The gaps that there are for certain.
pub fn gaps(known: &Known, facts: Facts<'_>, tagged: &[Tagged<'_>], evidence: &Evidence) -> Vec<Gap> {
    let found = suspects(facts, tagged);
    let all = found.iter().map(|(one, _)| one.clone()).collect();
    let finish = decide(facts, tagged, all, &evidence.ours).finish;
    let owed: HashSet<&str> = finish.iter().map(|one| one.remote.name.as_str()).collect();
    let declared: HashSet<(&str, &str)> =
        evidence.declared.iter().map(|one| (one.commit.as_str(), one.chart.as_str())).collect();
    let agreeing: HashSet<(&str, &str, String)> = evidence.declared.iter().filter_map(agreed).collect();
    let mut gaps = Vec::new();
    for (one, charts) in &found {
        let (tag, commit) = (&one.tag, one.remote.commit.as_str());
        let is_owed = owed.contains(one.remote.name.as_str());
        let has = |chart: &String| agreeing.contains(&(commit, chart, tag.version.to_string()));
        let is_its = |chart: &&String| match (facts.config.versions, &tag.chart) {
            _ if is_owed => true,
            (Decided::Verify, Some(_)) => !declared.contains(&(commit, chart.as_str())) || has(chart),
            (_, Some(_)) => true,
            // The tag of an application may be a version alone, too.
            (_, None) => is_anywhere(known, chart, tag) || has(chart),
        };
        let charts: Vec<&String> = charts.iter().filter(is_its).collect();
        let lacks =
            one.lacks.iter().flat_map(|target| charts.iter().map(|chart| (*target, (*chart).clone())));
        let is_gap = |(target, chart): &(Target, String)| {
            let has_older = is_owed || known.there.has_older(*target, chart, &tag.version);
            has_older && known.there.lacks(*target, chart, &tag.version)
        };
        let lacks: Vec<(Target, String)> = lacks.filter(is_gap).collect();
        if !lacks.is_empty() {
            gaps.push(Gap { incomplete: one.clone(), is_owed, lacks });
        }
    }
    gaps
}

fn is_anywhere(known: &Known, chart: &str, tag: &Tag) -> bool {
    known.there.is_anywhere(&known.targets, chart, &tag.version)
}

fn agreed(one: &Declared) -> Option<(&str, &str, String)> {
    Some((&one.commit, &one.chart, strict_form(&one.version)?.to_string()))
}
