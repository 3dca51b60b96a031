//! What `cargo xtask release` leaves in `dist/`, which other jobs publish.

pub mod io;
pub mod manifest;

use self::manifest::Manifest;
use crate::base::config::Config;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, Problems};
use crate::base::text::{few, name};
use crate::base::version::release_of;
use crate::chart::{Archive, Metadata};

/// A release, as it lies in `dist/`.
#[derive(Clone, Debug)]
pub struct Release {
    /// What it consists of, and where each part goes.
    pub manifest: Manifest,
    /// Its archives, in the order of the manifest.
    pub archives: Vec<Archive>,
    pub notes: String,
    /// The text of [`SUMS`].
    pub sums: String,
}

impl Release {
    pub fn new(manifest: Manifest, archives: Vec<Archive>, notes: String) -> Self {
        Self { sums: sums(&manifest), manifest, archives, notes }
    }
}

/// The file in `dist/` that speaks of the others.
pub const MANIFEST: &str = "manifest.json";
/// Checksums of the archives, in `dist/` and as an asset.
pub const SUMS: &str = "SHA256SUMS";
/// The text of the GitHub Release, in `dist/`.
pub const NOTES: &str = "release-notes.md";

/// What this repository would not have written into a manifest. `dist/` may come from a job that may do less, or from
/// elsewhere: it decides neither who gets credentials nor what is published under our name.
pub fn foreign(config: &Config, manifest: &Manifest) -> Vec<String> {
    let mut found = Vec::new();
    for chart in &manifest.charts {
        for (said, own) in [
            (&chart.oci, Reference::of_chart(&config.oci, &chart.name, &chart.version).to_string()),
            (&chart.url, format!("{}/{}", config.helm_repository(), chart.archive)),
            (&chart.archive, format!("{}.tgz", chart.id())),
        ] {
            if *said != own {
                found.push(format!("{} is not {}, as this repository has it", name(said), name(&own)));
            }
        }
    }
    match manifest.tag.as_ref().map(|text| config.tags.read(text, &manifest.chart_versions())) {
        Some(Err(bad)) => found.push(bad.message),
        Some(Ok(tag)) => {
            let is_of = |chart: &&manifest::Chart| {
                tag.agrees_with(&chart.version) && tag.chart.as_ref().is_none_or(|one| *one == chart.name)
            };
            let others = manifest.charts.iter().filter(|chart| !is_of(chart));
            let other = |chart: &manifest::Chart| {
                format!("tag {} does not release {}", name(&tag.text), name(&chart.archive))
            };
            found.extend(others.map(other));
        }
        None => {}
    }
    found
}

/// The format of `sha256sum`.
pub fn sums(manifest: &Manifest) -> String {
    let line = |chart: &manifest::Chart| format!("{}  {}\n", chart.digest.hex(), chart.archive);
    manifest.charts.iter().map(line).collect()
}

/// Nobody else can make archives again that hold what is not in the commit.
pub fn differs_from_commit(manifest: &Manifest) -> Option<Problem> {
    let changed = &manifest.commit.changed;
    let message = format!("the archives hold what is not in the commit: {}", few(changed));
    (!changed.is_empty()).then(|| Problem::error(message).hint("git commit, then cargo xtask release"))
}

pub fn tags(config: &Config, manifest: &Manifest) -> Vec<String> {
    by_tag(config, manifest).into_iter().map(|(tag, _)| tag).collect()
}

/// The tags that would release the charts: for a snapshot that of the release which follows it.
pub fn next_tags(config: &Config, manifest: &Manifest) -> Vec<String> {
    let mut release = manifest.clone();
    for chart in &mut release.charts {
        if let Some(version) = release_of(&chart.version).filter(|_| release.tag.is_none()) {
            chart.version = version.to_string();
        }
    }
    tags(config, &release)
}

/// The charts by the tag that releases them. Without a tag: by the one that would, which is that for all charts if it
/// would release just these charts.
pub fn by_tag<'m>(config: &Config, manifest: &'m Manifest) -> Vec<(String, Vec<&'m manifest::Chart>)> {
    let charts: Vec<&manifest::Chart> = manifest.charts.iter().collect();
    let same = charts.windows(2).all(|pair| matches!(pair, [a, b] if a.version == b.version));
    let first = charts.first().filter(|_| same && manifest.complete);
    if let Some(tag) = manifest.tag.clone().or_else(|| config.tags.for_all(&first?.version)) {
        return vec![(tag, charts)];
    }
    let tag = |chart: &manifest::Chart| config.tags.for_chart(&chart.name, &chart.version);
    charts.into_iter().map(|chart| (tag(chart), vec![chart])).collect()
}

/// Names and versions whose published archive may be replaced, as `NAME-VERSION` asks for them.
pub fn replaceable<'m>(
    asked: &[String],
    charts: &(impl Iterator<Item = &'m Metadata> + Clone),
) -> anyhow::Result<Vec<(String, String)>> {
    let find = |asked: &String| {
        let found = charts.clone().find(|chart| *asked == chart.id());
        found.map(|chart| (chart.name.clone(), chart.version.clone())).ok_or_else(|| not_replaced(asked))
    };
    asked.iter().map(find).collect()
}

pub fn not_replaced(asked: &str) -> anyhow::Error {
    let problem = Problem::usage(format!("--replace {}: the release has no such archive", name(asked)));
    Problems::from(problem.hint("name one as in `web-1.2.3`")).into()
}
