//! What a release consists of: which charts, as which version, with which notes, going where.

pub mod changelog;
mod changes;
pub mod command;
pub mod io;
mod notes;
mod select;
mod snapshot;
pub mod steps;

use semver::Version;

use self::notes::Sections;
use crate::base::config::{Config, THE_CONFIG, Versions, is_oci_component};
use crate::base::digest::digest;
use crate::base::problem::{Problem, Problems, verdict};
use crate::base::reference::oci_target;
use crate::base::text::{few, name};
use crate::base::version::{self, Tag};
use crate::chart::archive;
use crate::chart::package::{Overrides, Package, package};
use crate::chart::source::{Changelog, Source};
use crate::dist::manifest::{self, Manifest};
use crate::dist::{MANIFEST, NOTES, SUMS, sums};
use crate::git::Commit;
use crate::pages::published::Published;

/// What was seen before anything is decided.
#[derive(Debug)]
pub struct Observed {
    /// Every chart of the repository.
    pub charts: Vec<Source>,
    /// What is wrong with the repository besides its charts.
    pub problems: Vec<Problem>,
    /// The charts that were asked for, by name or directory; empty for all.
    pub wanted: Vec<String>,
    /// Whether targets get what they lack of published charts, and nothing is released.
    pub backfill: bool,
    /// Where a tag was found.
    pub tags: Tags,
    /// The commit that is checked out.
    pub commit: Commit,
    /// The changelog at the root.
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
    /// The names of the remote's tags, where somebody asked: a clone may lack some.
    pub remote: Option<Vec<String>>,
}

/// A release, complete in memory.
#[derive(Debug)]
pub struct Release {
    /// One for each chart, by name.
    pub archives: Vec<Archive>,
    /// The charts that are published as they are here, each as `NAME VERSION`; for a backfill those that are not.
    pub left_out: Vec<String>,
    /// What replaced fields of every Chart.yaml, for helm to do the same.
    pub overrides: Overrides,
    /// What else `dist/` gets, by file name, `manifest.json` last: it says that the others are there.
    pub files: Vec<(String, Vec<u8>)>,
    /// The content of `manifest.json`.
    pub manifest: Manifest,
    /// What does not stop the release.
    pub warnings: Vec<Problem>,
}

/// One archive of a release.
#[derive(Debug)]
pub struct Archive {
    /// The directory of its chart.
    pub source: String,
    /// What is in it.
    pub package: Package,
    /// The file.
    pub bytes: Vec<u8>,
    /// Its `sha256:` digest.
    pub digest: String,
    /// Its provenance file, where a published one has one.
    pub provenance: Option<Vec<u8>>,
}

/// The longest tag that a registry accepts (OCI distribution specification 1.1, "Pulling manifests").
const MAX_OCI_TAG: usize = 128;

/// The charts of a release, packaged, before anybody has looked at what is published of them.
#[derive(Debug)]
pub struct Prepared {
    /// The tag of the release.
    pub tag: Option<Tag>,
    /// The charts, by name.
    pub charts: Vec<PreparedChart>,
    /// What replaced fields of every Chart.yaml.
    overrides: Overrides,
    /// Whether only what is published is wanted.
    backfill: bool,
    /// How many charts the repository has.
    all: usize,
    commit: Commit,
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
    /// What its archive holds.
    pub package: Package,
    changelog: Option<Changelog>,
    /// What is wrong with it, if it is released.
    problems: Vec<Problem>,
    /// Whether all of it could be read, so that it can be compared.
    pub is_read: bool,
}

impl PreparedChart {
    /// Whether it cannot be released as it is here.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }
}

/// Selects and packages the charts. Errors that do not concern a single chart are reported at once, all others by [`decide`].
pub fn prepare(config: &Config, observed: Observed) -> Result<Prepared, Problems> {
    let Observed { charts, problems, wanted, backfill, tags, commit, changelog, mut changed } = observed;
    let charts: Vec<(String, Source)> = charts.into_iter().map(|source| (source.name(), source)).collect();
    let names: Vec<String> = charts.iter().map(|(name, _)| name.clone()).collect();
    let tag = if backfill { None } else { tags.choose(&names, &commit.id)? };
    let selected = select::select(charts, &wanted, tag.as_ref(), config)?;
    let version = match &tag {
        Some(tag) => tag.version.to_string(),
        None => snapshot::version(&tags, &names, &commit),
    };
    let overrides = overrides(config, version);
    let mut problems = [config.problems(), problems].concat();
    let (mut prepared, mut locked) = (Vec::new(), Vec::new());
    for source in selected {
        let is_read = source.is_read();
        let mut found = source.problems;
        let Some(package) = package(source.files, &source.path, &overrides, &mut found) else {
            problems.extend(found);
            continue;
        };
        let (of_lock, others) = split_locked(&source.path, &package, source.changed);
        locked.extend(of_lock);
        changed.extend(others);
        check(&package, &source.path, tag.as_ref(), &mut found);
        let (source, changelog) = (source.path, source.changelog);
        prepared.push(PreparedChart { source, package, changelog, problems: found, is_read });
    }
    check_names(&mut prepared, &mut problems);
    problems.extend(unknown_latest(config, &names));
    let all = names.len();
    let charts = prepared;
    Ok(Prepared { tag, charts, overrides, backfill, all, commit, changelog, changed, locked, problems })
}

/// Decides the release. A chart that is published as it is here is left out of a release without a tag; one with a tag
/// takes the published archive, so that every target gets those bytes. `None` where nobody looked: then a missing section of a
/// changelog is a warning, since the chart may well be published. All that is wrong with any chart is reported at once.
pub fn decide(
    config: &Config,
    prepared: Prepared,
    published: Option<&[Published]>,
) -> Result<Release, Problems> {
    let Prepared {
        tag,
        charts,
        overrides,
        backfill,
        all,
        commit,
        changelog,
        mut changed,
        locked,
        mut problems,
    } = prepared;
    let is_unknown = tag.is_none() && published.is_none();
    let is_snapshot = tag.is_none() && config.stamps();
    let published = published.unwrap_or_default();
    let find = |chart: &PreparedChart| published.iter().find(|one| one.name == chart.package.metadata.name);
    let (left_out, charts): (Vec<_>, Vec<_>) =
        charts.into_iter().partition(|chart| tag.is_none() && find(chart).is_some() != backfill);
    // What is published as it is here is no matter of this release, whatever is wrong with it.
    for chart in &charts {
        let is_published = find(chart).is_some();
        let found = chart.problems.iter().cloned();
        problems.extend(found.map(|problem| if is_published { problem.only_warns() } else { problem }));
    }
    let mut sections = Sections::new(changelog.as_ref(), tag.as_ref(), is_snapshot, all == 1);
    let mut silent = Vec::new();
    for PreparedChart { package, changelog, .. } in &charts {
        if tag.is_some() || !backfill && Version::parse(&package.metadata.version).is_ok() {
            sections.find(&package.metadata, changelog.as_ref(), &mut silent);
        }
    }
    problems.extend(silent.into_iter().map(|one| if is_unknown { one.only_warns() } else { one }));
    problems.extend(sections.silence().filter(|_| !backfill));
    // Two charts may share a file through a link.
    changed.sort();
    changed.dedup();
    problems.extend(not_in_commit(&changed));
    problems.extend(only_locked(&locked));
    let warnings = verdict(problems)?;
    let archive = |chart: PreparedChart| Archive::new(find(&chart), chart);
    let archives = charts.into_iter().map(archive).collect::<Result<Vec<_>, _>>()?;
    let left_out = left_out.iter().map(|chart| id(&chart.package)).collect();
    let commit = manifest::Commit { id: commit.id, time: commit.time, changed, locked };
    let manifest = manifest(config, tag.as_ref(), commit, &archives, archives.len() == all);
    let json =
        manifest.to_json().map_err(|error| Problem::error(format!("cannot write {MANIFEST}: {error}")))?;
    let files = vec![
        (SUMS.to_owned(), sums(&manifest).into_bytes()),
        (NOTES.to_owned(), notes::text(config, &archives, &sections).into_bytes()),
        (MANIFEST.to_owned(), json.into_bytes()),
    ];
    Ok(Release { archives, left_out, overrides, files, manifest, warnings })
}

/// A chart that is to be GitHub's latest has to be one of these.
fn unknown_latest(config: &Config, charts: &[String]) -> Option<Problem> {
    let latest = config.latest.as_ref().filter(|latest| !charts.contains(latest))?;
    let message = format!("there is no chart {}, as `latest` has it", name(latest));
    let hint = format!("the charts are {}", few(charts));
    Some(Problem::error(message).at(THE_CONFIG, None).hint(hint))
}

/// A version of a chart, for people.
fn id(package: &Package) -> String {
    format!("{} {}", package.metadata.name, package.metadata.version)
}

/// What a version writes into Chart.yaml.
fn overrides(config: &Config, version: String) -> Overrides {
    match config.versions {
        Versions::Stamp => Overrides { app_version: Some(version.clone()), version: Some(version) },
        Versions::StampVersion => Overrides { app_version: None, version: Some(version) },
        Versions::Verify => Overrides::default(),
    }
}

/// What Helm would package and a release cannot use.
fn check(package: &Package, path: &str, tag: Option<&Tag>, problems: &mut Vec<Problem>) {
    let metadata = &package.metadata;
    let mut bad = |field: &str, message: String, hint: Option<String>| {
        let problem = Problem::error(message).at(format!("{path}/Chart.yaml"), package.line(field));
        problems.push(Problem { hint, ..problem });
    };
    let shown = name(&metadata.version);
    if Version::parse(&metadata.version).is_err() && version::helm_accepts(&metadata.version) {
        let message = format!("version {shown} is not a strict semantic version, as a release needs it");
        bad(
            "version",
            message,
            version::strict_form(&metadata.version).map(|v| format!("write `version: {v}`")),
        );
    }
    if let Some(tag) = tag.filter(|tag| tag.version.to_string() != metadata.version) {
        let message = format!("tag {} does not agree with version {shown}", name(&tag.text));
        bad("version", message, Some(format!("write `version: {}`, commit, and tag that", tag.version)));
    }
    if metadata.version.len() > MAX_OCI_TAG {
        let message =
            format!("version {shown} is longer than a tag of an OCI registry can be ({MAX_OCI_TAG})");
        bad("version", message, Some("shorten it".to_owned()));
    }
    if !metadata.name.is_empty() && !is_oci_component(&metadata.name) {
        let message = format!("an OCI registry accepts no repository called {}", name(&metadata.name));
        bad("name", message, Some("use lower-case letters, digits and `-` for the chart's name".to_owned()));
    }
}

/// Sorts by name; two charts of one name would be one file.
fn check_names(charts: &mut [PreparedChart], problems: &mut Vec<Problem>) {
    charts.sort_by(|a, b| a.package.metadata.name.cmp(&b.package.metadata.name));
    for pair in charts.windows(2) {
        if let [first, second] = pair
            && first.package.metadata.name == second.package.metadata.name
        {
            let name_of_both = name(&first.package.metadata.name);
            let message = format!("{name_of_both} is also the name of {}", name(&first.source));
            let problem = Problem::error(message).at(format!("{}/Chart.yaml", second.source), None);
            problems.push(problem.hint("rename one of them"));
        }
    }
}

/// Splits what is not in the commit: sub-charts that the commit's Chart.lock names, which `helm dependency build` has
/// fetched, and all else.
fn split_locked(path: &str, package: &Package, changed: Vec<String>) -> (Vec<String>, Vec<String>) {
    let in_chart = |file: &str| format!("{path}/{file}");
    if changed.contains(&in_chart("Chart.lock")) {
        return (Vec::new(), changed);
    }
    changed.into_iter().partition(|one| package.locked.iter().any(|file| *one == in_chart(file)))
}

/// The commit says which versions these are, and others what is in them.
fn only_locked(locked: &[String]) -> Option<Problem> {
    let message = format!("sub-charts that only Chart.lock names in the commit: {}", few(locked));
    let hint = "commit them to make the archives depend on the commit alone";
    (!locked.is_empty()).then(|| Problem::warning(message).hint(hint))
}

/// Nobody else can make these archives from the commit.
fn not_in_commit(changed: &[String]) -> Option<Problem> {
    let message = format!("not in the commit as it is here: {}", few(changed));
    let hint = if changed.iter().all(|one| one.ends_with(".tgz")) {
        "commit them, or a Chart.lock that names their versions (helm dependency update)"
    } else {
        "commit or undo these changes: CI packages the commit"
    };
    (!changed.is_empty()).then(|| Problem::warning(message).hint(hint))
}

impl Archive {
    /// The published archive, or a new one.
    fn new(published: Option<&Published>, chart: PreparedChart) -> Result<Self, Problem> {
        let PreparedChart { source, package, .. } = chart;
        let failed = |error: std::io::Error| {
            Problem::error(format!("cannot make {}: {error}", name(&package.file_name())))
        };
        let bytes = match published {
            Some(published) => published.archive.clone(),
            None => archive::write(&package.entries).map_err(failed)?,
        };
        let provenance = published.and_then(|published| published.provenance.clone());
        let digest = digest(&bytes);
        Ok(Self { source, package, bytes, digest, provenance })
    }
}

fn manifest(
    config: &Config,
    tag: Option<&Tag>,
    commit: manifest::Commit,
    archives: &[Archive],
    complete: bool,
) -> Manifest {
    let charts = archives.iter().map(|archive| listed(config, archive)).collect();
    Manifest { format: manifest::FORMAT, tag: tag.map(|tag| tag.text.clone()), commit, complete, charts }
}

fn listed(config: &Config, archive: &Archive) -> manifest::Chart {
    let metadata = &archive.package.metadata;
    let file_name = archive.package.file_name();
    manifest::Chart {
        name: metadata.name.clone(),
        version: metadata.version.clone(),
        app_version: metadata.app_version.clone(),
        size: archive.bytes.len() as u64,
        digest: archive.digest.clone(),
        oci: oci_target(&config.oci, &metadata.name, &metadata.version),
        url: format!("{}/{file_name}", config.helm_repository()),
        archive: file_name,
    }
}
