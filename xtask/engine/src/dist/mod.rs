//! What `cargo xtask release` leaves in `dist/`, which other jobs publish.

pub mod io;
pub mod manifest;

use std::collections::BTreeMap;

use self::manifest::Manifest;
use crate::base::config::Config;
use crate::base::helm_repository::asset_name;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, Problems};
use crate::base::target::Target;
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
    /// The same as an asset, by the names that GitHub gives the archives.
    pub asset_sums: String,
    /// What a GitHub Release of one chart alone has, by the name of its archive.
    pub alone: BTreeMap<String, Alone>,
}

/// What a GitHub Release says of one chart. It is the same whatever is released in the same run.
#[derive(Clone, Debug)]
pub struct Alone {
    pub notes: String,
    /// The asset [`SUMS`].
    pub asset_sums: String,
}

impl Release {
    pub fn new(manifest: Manifest, archives: Vec<Archive>, notes: String) -> Self {
        let sums = sums(&manifest);
        let alone = |chart: &manifest::Chart| {
            (chart.archive.clone(), Alone { notes: notes.clone(), asset_sums: asset_name(&sum(chart)) })
        };
        let alone = manifest.charts.iter().map(alone).collect();
        Self { asset_sums: asset_name(&sums), sums, manifest, archives, notes, alone }
    }
}

/// The file in `dist/` that speaks of the others.
pub const MANIFEST: &str = "manifest.json";
/// Checksums of the archives, in `dist/` and as an asset.
pub const SUMS: &str = "SHA256SUMS";
/// The text of the GitHub Release, in `dist/`.
pub const NOTES: &str = "release-notes.md";

/// What no release of a repository writes into a manifest. `dist/` may come from a job that may do less, or from elsewhere:
/// it decides neither what is published under our name nor, whatever addresses it names, where.
pub fn foreign(config: &Config, manifest: &Manifest) -> Vec<String> {
    let is_other = |chart: &&manifest::Chart| chart.archive != format!("{}.tgz", chart.id());
    let others = manifest.charts.iter().filter(is_other);
    let mut found: Vec<String> = others
        .map(|chart| format!("{} is not the archive of {}", name(&chart.archive), name(&chart.id())))
        .collect();
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

/// Writes where each archive will be, by the config.
pub fn address(config: &Config, manifest: &mut Manifest) {
    let urls = urls(config, manifest);
    manifest.helm_repository = config.publishes_to(Target::Pages).then(|| config.helm_repository());
    for chart in &mut manifest.charts {
        let reference = || Reference::of_chart(&config.oci, &chart.name, &chart.version).to_string();
        chart.oci = config.publishes_to(Target::Oci).then(reference);
        chart.url = urls.get(&chart.archive).filter(|_| config.publishes_to(Target::Pages)).cloned();
    }
}

/// Where the index of the Helm repository will lead to, by the names of the archives.
pub fn urls(config: &Config, manifest: &Manifest) -> BTreeMap<String, String> {
    let url =
        |tag: &str, chart: &manifest::Chart| (chart.archive.clone(), config.archive_url(tag, &chart.archive));
    let charts = by_tag(config, manifest).into_iter();
    charts.flat_map(|(tag, charts)| charts.into_iter().map(move |chart| url(&tag, chart))).collect()
}

/// Why the notes are not those of this config: they tell users to get a chart from where it is made for, such as staging.
/// Archives have the same bytes everywhere.
pub fn foreign_notes(config: &Config, release: &Release) -> Option<Problem> {
    let without_tag = |reference: &str| reference.rsplit_once(':').map_or("", |(base, _)| base).to_owned();
    let in_registry = |chart: &manifest::Chart| {
        let own = Reference::of_chart(&config.oci, &chart.name, &chart.version).to_string();
        (without_tag(chart.oci.as_deref().unwrap_or_default()), without_tag(&own))
    };
    let repository = release.manifest.helm_repository.clone().unwrap_or_default();
    let repository = std::iter::once((repository, config.helm_repository()));
    let mut told = repository.chain(release.manifest.charts.iter().map(in_registry));
    let is_told =
        |(said, own): &(String, String)| !said.is_empty() && said != own && release.notes.contains(said);
    let (said, own) = told.find(is_told)?;
    let message = format!("{NOTES} tells users {}, and this config has {}", name(&said), name(&own));
    Some(Problem::error(message).hint("make the notes of this config: cargo xtask release"))
}

/// The format of `sha256sum`.
pub fn sums(manifest: &Manifest) -> String {
    manifest.charts.iter().map(sum).collect()
}

fn sum(chart: &manifest::Chart) -> String {
    format!("{}  {}\n", chart.digest.hex(), chart.archive)
}

/// Nobody else can make archives again that hold what is not in the commit.
pub fn differs_from_commit(manifest: &Manifest) -> Option<Problem> {
    let changed = &manifest.commit.changed;
    let message = format!("the archives hold what is not in the commit: {}", few(changed));
    (!changed.is_empty()).then(|| Problem::error(message).hint("git commit, then cargo xtask release"))
}

/// The config names a key, and these archives lack its signature.
pub fn unsigned(config: &Config, release: &Release) -> Option<Problem> {
    let lacking = lacking(config, release, false);
    let message = format!("the config names a signing key, and there is no signature of {}", few(&lacking));
    let hint = "cargo xtask release --sign --publish; in two jobs: cargo xtask release --from dist --sign, then --publish";
    (!lacking.is_empty()).then(|| Problem::error(message).hint(hint))
}

/// What is published without a signature stays so: with one the registry's manifest would have another digest.
pub fn kept_unsigned(config: &Config, release: &Release) -> Option<Problem> {
    let kept = lacking(config, release, true);
    let message = format!("published without a signature, and kept so: {}", few(&kept));
    let hint = "the next version is signed: a signature would change the digest of what is published";
    (!kept.is_empty()).then(|| Problem::note(message).hint(hint))
}

/// The archives without a signature, if there is to be one; those that are published already, or the others.
fn lacking(config: &Config, release: &Release, is_published: bool) -> Vec<String> {
    let archives = release.archives.iter().zip(&release.manifest.charts);
    let is_it = |(archive, chart): &(&Archive, &manifest::Chart)| {
        config.signing_key.is_some() && archive.provenance.is_none() && chart.published == is_published
    };
    archives.filter(is_it).map(|(_, chart)| chart.archive.clone()).collect()
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

/// The charts by the tag that releases them. Without a tag: by the one that would. Where Chart.yaml says the version, each
/// of several charts has its own, if the config has a pattern for one chart; else it is the tag for all charts, if it would
/// release just these.
pub fn by_tag<'m>(config: &Config, manifest: &'m Manifest) -> Vec<(String, Vec<&'m manifest::Chart>)> {
    let charts: Vec<&manifest::Chart> = manifest.charts.iter().collect();
    let same = charts.windows(2).all(|pair| matches!(pair, [a, b] if a.version == b.version));
    let is_for_all = charts.len() == 1 || config.stamps() || !config.tags.has_one_for_each();
    let first = charts.first().filter(|_| same && manifest.complete && is_for_all);
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
