//! What is wrong with GitHub Releases: drafts that were left, tags that are gone, and the wrong one as the latest.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::Observed;
use super::finding::{Finding, Fix, Kind};
use super::gaps::Gap;
use super::judge::{Scene, finish};
use crate::base::tag::Tag;
use crate::base::target::Target;
use crate::github::latest::is_latest;
use crate::github::release::Release;
use crate::github::{Other, Wanted};

/// The releases by tag.
#[derive(Debug)]
pub struct Releases<'o> {
    by_tag: HashMap<&'o str, Vec<&'o Release>>,
}

impl<'o> Releases<'o> {
    pub fn new(observed: &'o Observed) -> Self {
        let mut by_tag: HashMap<&str, Vec<&Release>> = HashMap::new();
        for release in observed.releases.iter().flatten() {
            by_tag.entry(&release.tag_name).or_default().push(release);
        }
        Self { by_tag }
    }

    pub fn of(&self, tag: &str) -> impl Iterator<Item = &'o Release> + use<'_, 'o> {
        self.by_tag.get(tag).into_iter().flatten().copied()
    }
}

/// What is wrong with the releases of charts, besides what the gaps tell.
pub fn of_releases(scene: Scene<'_>, gaps: &[Gap], releases: &Releases<'_>) -> Vec<Finding> {
    let Scene { config, observed, .. } = scene;
    let names = observed.names();
    let tags: Option<HashSet<&str>> =
        observed.tags.as_ref().map(|tags| tags.iter().map(|tag| tag.name.as_str()).collect());
    let told: HashSet<&str> = gaps
        .iter()
        .filter(|gap| gap.lacks.iter().any(|(target, _)| *target == Target::Github))
        .map(|gap| gap.incomplete.remote.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for release in observed.releases.iter().flatten() {
        let text = release.tag_name.as_str();
        let Some(tag) = config.tags.read_of_any(text) else { continue };
        let has_archive = release.assets.iter().any(|asset| asset.name.ends_with(".tgz"));
        let is_of_chart = tag.chart.as_ref().map_or(has_archive, |chart| names.contains(chart.as_str()));
        let Some(tags) = tags.as_ref().filter(|_| is_of_chart) else { continue };
        let is_tagged = tags.contains(text);
        let is_other = || releases.of(text).any(|other| !other.draft);
        // A draft without a tag and an archive is that of what comes next.
        let (kind, mend) = match (release.draft, is_tagged) {
            (true, _) if told.contains(text) => continue,
            (true, true) if !is_other() => (Kind::Draft, finish(text)),
            (true, _) if is_tagged || has_archive => {
                (Kind::Draft, format!("delete it at {} if nobody needs it", release.html_url))
            }
            (false, false) => (Kind::ReleaseWithoutTag, format!("push the tag: git push origin {text}")),
            _ => continue,
        };
        findings.push(of(kind, release, &tag, mend));
    }
    findings.extend(latest(scene));
    findings
}

fn of(kind: Kind, release: &Release, tag: &Tag, mend: String) -> Finding {
    Finding {
        kind,
        version: tag.chart.clone().map(|chart| (chart, tag.version.to_string())),
        subject: release.tag_name.clone(),
        place: release.html_url.clone(),
        detail: String::new(),
        mend,
        fix: None,
    }
}

/// The release that GitHub shows as the latest, if a higher one of the same tags should be. One that is of no chart is that
/// of an application.
fn latest(scene: Scene<'_>) -> Option<Finding> {
    let Scene { config, observed, .. } = scene;
    let shown = observed.latest.as_ref()?;
    let charts = observed.all_charts();
    let published: Vec<&Release> = observed
        .releases
        .iter()
        .flatten()
        .filter(|release| !release.draft && !release.is_withdrawn())
        .collect();
    let other = |release: &&Release| Other { tag: release.tag_name.clone(), prerelease: release.prerelease };
    let others: Vec<Other> = published.iter().map(other).collect();
    let is_right = |tag: &str, prerelease| {
        let wanted = Wanted {
            tag: tag.to_owned(),
            makes_tag: false,
            notes: "",
            prerelease,
            commit: "",
            family: config.tags.family(tag, &charts),
            latest: config.latest.as_deref(),
            assets: Vec::new(),
        };
        is_latest(&wanted, &others)
    };
    let family = match &config.latest {
        Some(chart) => {
            let is_its = |release: &&Release| {
                let family = config.tags.family(&release.tag_name, &charts);
                family.is_some_and(|family| family.tag.chart.as_ref().is_none_or(|one| one == chart))
            };
            let one = published.iter().copied().find(is_its)?;
            config.tags.family(&one.tag_name, &charts)?
        }
        None => config.tags.family(shown, &charts)?,
    };
    if is_right(shown, false) {
        return None;
    }
    let of_family = published.iter().filter(|release| !release.prerelease);
    let of_family = of_family.filter_map(|release| Some((family.version(&release.tag_name)?, *release)));
    let (_, best) = of_family.max_by(|(a, _), (b, _)| match a.cmp_precedence(b) {
        Ordering::Equal => a.cmp(b),
        order => order,
    })?;
    if !is_right(&best.tag_name, false) || best.tag_name == *shown {
        return None;
    }
    let tag = config.tags.read_of_any(&best.tag_name)?;
    let mend = format!("gh release edit {} --latest", best.tag_name);
    let fix = (!best.immutable).then(|| Fix::Latest { id: best.id, tag: best.tag_name.clone() });
    let detail = format!("instead of {}", best.tag_name);
    let mut finding = of(Kind::Latest, best, &tag, mend);
    finding.subject.clone_from(shown);
    Some(Finding { detail, fix, ..finding })
}
