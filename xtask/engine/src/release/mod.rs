//! What a release consists of: which charts, as which version, with which notes, going where.

pub mod changelog;
mod changes;
pub mod command;
mod disagreement;
pub mod heading;
pub mod held;
pub mod io;
pub mod notes;
mod order;
pub mod outline;
mod select;
mod snapshot;
pub mod steps;
pub mod unreleased;

use std::collections::HashMap;
use std::sync::Arc;

use self::disagreement::{disagreement, of_others};
use self::held::Held;
use self::notes::Sections;
use crate::base::config::{Config, THE_CONFIG, Versions, is_oci_component};
use crate::base::path;
use crate::base::problem::{Checked, Problem, Problems, verdict};
use crate::base::tag::{ChartVersion, Tag};
use crate::base::target::Target;
use crate::base::text::{few, name};
use crate::base::version::helm_accepts;
use crate::chart::package::{Overrides, Package};
use crate::chart::source::{Changelog, Source};
use crate::chart::{Archive, Metadata, tgz};
use crate::dist::manifest::{self, Manifest};
use crate::dist::{self, Release};
use crate::git::Commit;
use crate::pages::published::Published;

/// What was seen before anything is decided.
#[derive(Debug)]
pub struct Observed {
    pub charts: Vec<Source>,
    /// What is wrong with the repository besides its charts.
    pub problems: Vec<Problem>,
    /// The charts that were asked for, by name or directory; empty for all.
    pub wanted: Vec<String>,
    /// Whether targets get what they lack of published charts, and nothing is released.
    pub backfill: bool,
    /// Whether the commit is tagged and nobody can change it any more: what a changelog lacks stops nothing.
    pub is_tagged: bool,
    pub tags: Tags,
    pub commit: Commit,
    pub changelog: Option<Changelog>,
    /// What else is not in the commit as it is here.
    pub changed: Vec<String>,
}

/// Tags, by where they come from; the first that is there counts.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    /// `--tag`.
    pub flag: Option<String>,
    /// The tag that GitHub runs a workflow for.
    pub github: Option<String>,
    /// All tags of the repository, each with the commit that it names.
    pub git: Vec<(String, String)>,
    /// Those at the commit that ask for nothing where Chart.yaml says the versions: a tag that this program made says what
    /// a run was going to publish, and a run for a branch is for all of it.
    pub unasked: Vec<String>,
    /// The names of the remote's tags, where somebody asked: a clone may lack some.
    pub remote: Option<Vec<String>>,
}

/// A release of which all is decided, and nothing compressed.
#[derive(Debug)]
pub struct Decided {
    tag: Option<Tag>,
    /// The charts that are released, each after those of them that it depends on, else by name.
    pub charts: Vec<PreparedChart>,
    /// Published archives to take, by the name of the chart.
    published: HashMap<String, Archive>,
    left_out: Vec<String>,
    overrides: Overrides,
    commit: manifest::Commit,
    is_complete: bool,
    sections: Vec<notes::Found>,
    /// What does not stop the release.
    pub warnings: Vec<Problem>,
}

/// A release that was made from charts, complete in memory.
#[derive(Debug)]
pub struct NewRelease {
    /// What goes into `dist/`.
    pub release: Release,
    /// Its charts, in the order of its archives.
    pub charts: Vec<PreparedChart>,
    /// The charts that are published as they are here, each as `NAME VERSION`; for a backfill those that are not.
    pub left_out: Vec<String>,
    /// What replaced fields of every Chart.yaml, for helm to do the same.
    pub overrides: Overrides,
    /// What does not stop the release.
    pub warnings: Vec<Problem>,
}

/// The longest tag that a registry accepts (OCI distribution specification 1.1, "Pulling manifests").
const MAX_OCI_TAG: usize = 128;

/// The charts of a release, packaged, before anybody has looked at what is published of them.
#[derive(Debug)]
pub struct Prepared {
    pub tag: Option<Tag>,
    pub charts: Vec<PreparedChart>,
    /// What replaced fields of every Chart.yaml.
    overrides: Overrides,
    /// Whether only what is published is wanted.
    backfill: bool,
    is_tagged: bool,
    /// All charts of the commit.
    pub versions: Vec<ChartVersion>,
    pub commit: Commit,
    changelog: Option<Changelog>,
    changed: Vec<String>,
    locked: Vec<String>,
    problems: Vec<Problem>,
}

/// A chart of a release.
#[derive(Debug)]
pub struct PreparedChart {
    /// Where it comes from, such as `charts/web`.
    pub source: String,
    pub package: Arc<Package>,
    changelog: Option<Changelog>,
    /// What the changelogs say of it alone.
    sections: Vec<notes::Found>,
    /// What is wrong with it, if it is released.
    problems: Vec<Problem>,
    /// Whether all of it could be read, so that it can be compared.
    pub is_read: bool,
}

impl PreparedChart {
    /// Why it cannot be released as it is here.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.is_error())
    }
}

/// Selects and packages the charts. Errors that do not concern a single chart are reported at once, all others by [`Prepared::decide`].
pub fn prepare(config: &Config, observed: Observed) -> Result<Prepared, Problems> {
    let Observed { charts, problems, wanted, backfill, is_tagged, tags, commit, changelog, mut changed } =
        observed;
    let versions: Vec<ChartVersion> = charts.iter().map(Source::chart_version).collect();
    let names: Vec<String> = versions.iter().map(|chart| chart.name.clone()).collect();
    let charts = names.iter().cloned().zip(charts).collect();
    let mut problems = [config.problems(), problems].concat();
    let tag = if backfill { None } else { tags.choose(config, &versions, &commit.id)?.take(&mut problems) };
    let selected = select::select(charts, &wanted, tag.as_ref(), config)?;
    let version = match &tag {
        Some(tag) => tag.version.to_string(),
        None => snapshot::version(config, &tags, &versions, &commit),
    };
    let overrides = overrides(config, version);
    let (mut prepared, mut locked, mut disagreeing) = (Vec::new(), Vec::new(), Vec::new());
    for source in selected {
        let is_read = source.is_read();
        let mut found = source.problems.clone();
        let packaged = source.packaged.clone();
        let packaged = packaged.unwrap_or_else(|| source.package().map(|package| package.map(Arc::new)));
        let Some(mut package) = packaged.take(&mut found) else {
            problems.extend(found);
            continue;
        };
        if overrides != Overrides::default() {
            found.extend(Arc::make_mut(&mut package).stamp(&overrides, &source.path));
        }
        let (of_lock, others) = split_locked(&source.path, &package, source.changed);
        locked.extend(of_lock);
        changed.extend(others);
        // Its version may be published, and is none of this tag all the same.
        disagreeing.extend(disagreement(config, &package, &source.path, tag.as_ref(), is_tagged));
        if config.publishes_to(Target::Oci) {
            found.extend(unpushable(&package, &source.path));
        }
        let (source, changelog) = (source.path, source.changelog);
        let sections = Vec::new();
        prepared.push(PreparedChart { source, package, changelog, sections, problems: found, is_read });
    }
    if !disagreeing.is_empty() {
        // Nothing else that is found would be of the version that the tag names.
        let disagreeing =
            tag.and_then(|tag| of_others(config, &tag, &versions)).map_or(disagreeing, |one| vec![one]);
        return Err(Problems([problems, disagreeing].concat()));
    }
    prepared.sort_by(|a, b| a.package.metadata.name.cmp(&b.package.metadata.name));
    problems.extend(equal_names(&prepared));
    problems.extend(unknown_latest(config, &names));
    let charts = prepared;
    Ok(Prepared {
        tag,
        charts,
        overrides,
        backfill,
        is_tagged,
        versions,
        commit,
        changelog,
        changed,
        locked,
        problems,
    })
}

impl Prepared {
    /// Decides the release. A chart that is published as it is here is left out of a release without a tag; one with a tag
    /// takes the published archive, so that every target gets those bytes. `published` is `None` where nobody looked: then a
    /// missing section of a changelog is a warning, since the chart may well be published. All that is wrong with any chart
    /// is reported at once. `held` are charts to leave out besides.
    pub fn decide(
        mut self,
        config: &Config,
        published: Option<Vec<Published>>,
        held: &[Held],
    ) -> Result<Decided, Problems> {
        let is_unknown = self.tag.is_none() && published.is_none();
        let published: HashMap<String, Option<Archive>> =
            published.into_iter().flatten().map(|one| (one.name, one.archive)).collect();
        let is_published = |chart: &PreparedChart| published.contains_key(&chart.package.metadata.name);
        let is_left_out = |chart: &PreparedChart| self.tag.is_none() && is_published(chart) != self.backfill;
        let is_held = |chart: &PreparedChart| held.iter().any(|one| one.chart == chart.package.metadata.name);
        let charts = std::mem::take(&mut self.charts).into_iter().filter(|chart| !is_held(chart));
        let (left_out, charts): (Vec<_>, Vec<_>) = charts.partition(is_left_out);
        let mut charts = order::libraries_first(charts);
        let mut problems = std::mem::take(&mut self.problems);
        // What is published as it is here is no matter of this release, whatever is wrong with it.
        for chart in &charts {
            let only_warns = is_published(chart);
            let found = chart.problems.iter().cloned();
            problems.extend(found.map(|problem| if only_warns { problem.only_warns() } else { problem }));
        }
        let sections = self.sections(config, &charts, is_unknown).take(&mut problems);
        for chart in &mut charts {
            chart.sections = self.sections(config, std::slice::from_ref(chart), is_unknown).value;
        }
        // Two charts may share a file through a link.
        self.changed.sort();
        self.changed.dedup();
        problems.extend(not_in_commit(&self.changed));
        problems.extend(only_locked(&self.locked));
        let warnings = verdict(problems)?;
        let commit = manifest::Commit {
            id: self.commit.id,
            time: self.commit.time,
            changed: self.changed,
            locked: self.locked,
        };
        Ok(Decided {
            tag: self.tag,
            is_complete: charts.len() == self.versions.len(),
            charts,
            published: published.into_iter().filter_map(|(name, archive)| Some((name, archive?))).collect(),
            left_out: left_out.iter().map(|chart| title(&chart.package.metadata)).collect(),
            overrides: self.overrides,
            commit,
            sections,
            warnings,
        })
    }

    /// Whether Chart.yaml alone says what is released: no tag asks for it.
    pub fn is_unreleased(&self, config: &Config) -> bool {
        self.tag.is_none() && !config.stamps() && !self.backfill
    }

    /// The charts whose version is published nowhere. `published` are the names of the others.
    pub fn new_versions(&self, published: &[&str]) -> Vec<ChartVersion> {
        let all = self.charts.iter().map(|chart| version_of(&chart.package));
        all.filter(|chart| !published.contains(&chart.name.as_str())).collect()
    }

    /// What the changelogs say of the charts.
    fn sections(
        &self,
        config: &Config,
        charts: &[PreparedChart],
        is_unknown: bool,
    ) -> Checked<Vec<notes::Found>> {
        let is_snapshot = self.tag.is_none() && config.stamps();
        let tag = self.tag.as_ref().filter(|_| !self.is_tagged);
        let mut sections = Sections::new(self.changelog.as_ref(), tag, is_snapshot, &self.versions);
        let mut missing = Vec::new();
        for PreparedChart { package, changelog, .. } in charts {
            if self.tag.is_some() || !self.backfill && helm_accepts(&package.metadata.version) {
                missing.extend(sections.find(&package.metadata, changelog.as_ref()));
            }
        }
        let only_warns = is_unknown || self.is_tagged;
        let missing = missing.into_iter().map(|one: Problem| if only_warns { one.only_warns() } else { one });
        let silence = sections.silence().filter(|_| !self.backfill);
        let problems: Vec<Problem> = missing.chain(silence).collect();
        Checked::new(sections.found, problems)
    }
}

impl Decided {
    pub fn has_tag(&self) -> bool {
        self.tag.is_some()
    }

    /// Makes the archives, of which published ones are taken as they are.
    pub fn make(mut self, config: &Config) -> Result<NewRelease, Problems> {
        let (mut archives, mut charts) = (Vec::new(), Vec::new());
        for PreparedChart { package, .. } in &self.charts {
            let published = self.published.remove(&package.metadata.name);
            let is_published = published.is_some();
            let archive = published.map_or_else(|| new_archive(package), Ok)?;
            charts.push(manifest::Chart { published: is_published, ..listed(&archive) });
            archives.push(archive);
        }
        let mut manifest = Manifest {
            format: manifest::FORMAT,
            tag: self.tag.map(|tag| tag.text),
            commit: self.commit,
            helm_repository: None,
            complete: self.is_complete,
            charts,
        };
        dist::address(config, &mut manifest);
        let notes = notes::text(config, &archives, &self.sections);
        let mut release = Release::new(manifest, archives, notes);
        for (archive, chart) in release.archives.iter().zip(&self.charts) {
            if let Some(alone) = release.alone.get_mut(&archive.file_name()) {
                alone.notes = notes::text(config, std::slice::from_ref(archive), &chart.sections);
            }
        }
        self.warnings.extend(dist::kept_unsigned(config, &release));
        Ok(NewRelease {
            release,
            charts: self.charts,
            left_out: self.left_out,
            overrides: self.overrides,
            warnings: self.warnings,
        })
    }
}

fn new_archive(package: &Package) -> Result<Archive, Problem> {
    if let Some(one) = package.lacking.first() {
        let archive = name(&package.metadata.file_name());
        return Err(Problem::error(format!("{archive} lacks its dependency {}", name(&one.declared.name))));
    }
    let failed = |error: std::io::Error| {
        Problem::error(format!("cannot make {}: {error}", name(&package.metadata.file_name())))
    };
    Ok(Archive::new(package.metadata.clone(), tgz::write(&package.entries).map_err(failed)?, None))
}

/// A chart that is to be GitHub's latest has to be one of these.
fn unknown_latest(config: &Config, charts: &[String]) -> Option<Problem> {
    let latest = config.latest.as_ref().filter(|latest| !charts.contains(latest))?;
    let message = format!("there is no chart {}, as `latest` has it", name(latest));
    let hint = format!("the charts are {}", few(charts));
    Some(Problem::error(message).at(THE_CONFIG, None).hint(hint))
}

/// A version of a chart, for people.
fn title(metadata: &Metadata) -> String {
    format!("{} {}", metadata.name, metadata.version)
}

/// What a version writes into Chart.yaml.
fn overrides(config: &Config, version: String) -> Overrides {
    match config.versions {
        Versions::Stamp => Overrides { app_version: Some(version.clone()), version: Some(version) },
        Versions::StampVersion => Overrides { app_version: None, version: Some(version) },
        Versions::Verify => Overrides::default(),
    }
}

/// A packaged chart, as far as tags are concerned.
pub fn version_of(package: &Package) -> ChartVersion {
    let Metadata { name, version, app_version, .. } = &package.metadata;
    ChartVersion { name: name.clone(), version: version.clone(), app_version: app_version.clone() }
}

/// What no OCI registry takes.
fn unpushable(package: &Package, path: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let metadata = &package.metadata;
    let mut bad = |field: &str, message: String, hint: &str| {
        let problem = Problem::error(message).at(format!("{path}/Chart.yaml"), package.line(field));
        problems.push(problem.hint(hint));
    };
    if metadata.version.len() > MAX_OCI_TAG {
        let shown = name(&metadata.version);
        let message =
            format!("version {shown} is longer than a tag of an OCI registry can be ({MAX_OCI_TAG})");
        bad("version", message, "shorten it");
    }
    if !metadata.name.is_empty() && !is_oci_component(&metadata.name) {
        let message = format!("an OCI registry accepts no repository called {}", name(&metadata.name));
        bad("name", message, "use lower-case letters, digits and `-` for the chart's name");
    }
    problems
}

/// Two charts of one name would be one file. The charts are sorted by name.
fn equal_names(charts: &[PreparedChart]) -> Vec<Problem> {
    let pairs = charts.windows(2).filter_map(|pair| match pair {
        [first, second] if first.package.metadata.name == second.package.metadata.name => {
            Some((first, second))
        }
        _ => None,
    });
    let problem = |(first, second): (&PreparedChart, &PreparedChart)| {
        let name_of_both = name(&first.package.metadata.name);
        let message = format!("{name_of_both} is also the name of {}", name(&first.source));
        let problem = Problem::error(message).at(path::below(&second.source, "Chart.yaml"), None);
        problem.hint("rename one of them")
    };
    pairs.map(problem).collect()
}

/// Splits what is not in the commit: sub-charts that the commit's Chart.lock names, which `helm dependency build` has
/// fetched, and all else.
fn split_locked(path: &str, package: &Package, changed: Vec<String>) -> (Vec<String>, Vec<String>) {
    let in_chart = |file: &str| path::below(path, file);
    if changed.contains(&in_chart("Chart.lock")) {
        return (Vec::new(), changed);
    }
    // One that another version takes the place of is not packaged.
    let is_packaged = |one: &String| {
        let superseded = package.superseded.iter();
        superseded.map(|file| in_chart(&format!("charts/{file}"))).all(|file| file != *one)
    };
    let changed = changed.into_iter().filter(is_packaged);
    changed.partition(|one| package.locked.iter().any(|file| *one == in_chart(file)))
}

/// The commit says which versions these are, and others what is in them.
fn only_locked(locked: &[String]) -> Option<Problem> {
    let message = format!("sub-charts that only Chart.lock names in the commit: {}", few(locked));
    let hint = "delete them: what Chart.lock names is fetched, and checked; or commit them";
    (!locked.is_empty()).then(|| Problem::warning(message).hint(hint))
}

/// Nobody else can make these archives from the commit.
fn not_in_commit(changed: &[String]) -> Option<Problem> {
    let message = format!("not in the commit as it is here: {}", few(changed));
    let is_sub_chart = |one: &String| one.ends_with(".tgz") && one.rsplit('/').nth(1) == Some("charts");
    let hint = if changed.iter().all(is_sub_chart) {
        "commit them, or a Chart.lock that names their versions: cargo xtask dependency --update"
    } else {
        "commit or undo these changes: CI packages the commit"
    };
    (!changed.is_empty()).then(|| Problem::warning(message).hint(hint))
}

fn listed(archive: &Archive) -> manifest::Chart {
    let metadata = &archive.metadata;
    manifest::Chart {
        name: metadata.name.clone(),
        version: metadata.version.clone(),
        app_version: metadata.app_version.clone(),
        size: archive.bytes.len() as u64,
        digest: archive.digest.clone(),
        archive: archive.file_name(),
        published: false,
        oci: None,
        url: None,
    }
}
