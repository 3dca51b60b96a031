//! What a release consists of: which charts, as which version, with which notes, going where.

mod changes;
mod notes;
mod select;

use std::collections::BTreeMap;

use semver::Version;

use self::notes::Sections;
use super::package::{Overrides, Package, package};
use super::publish::{NOTES, SUMS, oci_target, sums};
use crate::model::archive::{self, Entry};
use crate::model::config::{Config, Versions, is_oci_component};
use crate::model::ignore::Kind;
use crate::model::manifest::{self, Manifest};
use crate::model::problem::{Problem, Problems, verdict};
use crate::model::text::{few, name};
use crate::model::version::{self, Tag};

/// What was seen before anything is decided.
#[derive(Debug)]
pub struct Observed {
    /// Every chart of the repository.
    pub charts: Vec<Source>,
    /// What is wrong with the repository besides its charts.
    pub problems: Vec<Problem>,
    /// The charts that were asked for, by name or directory; empty for all.
    pub wanted: Vec<String>,
    /// Where a tag was found.
    pub tags: Tags,
    /// The commit that is checked out, and the time that every entry gets.
    pub commit: Commit,
    /// The changelog at the root.
    pub changelog: Option<Changelog>,
    /// What else is not in the commit as it is here.
    pub changed: Vec<String>,
}

/// One chart directory.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path for messages and for helm, such as `charts/web`.
    pub path: String,
    /// What it packages, in the order of the walk, relative to it.
    pub files: Vec<Entry>,
    /// What lies at its top, packaged or not.
    pub top: BTreeMap<String, Kind>,
    /// What was wrong while it was read.
    pub problems: Vec<Problem>,
    /// What is not in the commit as it is here, by its path from the root.
    pub changed: Vec<String>,
    /// Its own changelog.
    pub changelog: Option<Changelog>,
}

/// A changelog.
#[derive(Clone, Debug)]
pub struct Changelog {
    /// Its path from the root.
    pub path: String,
    /// Its text.
    pub text: String,
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
}

/// A commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The full object id.
    pub id: String,
    /// Seconds since 1970.
    pub time: u64,
}

/// A release, complete in memory.
#[derive(Debug)]
pub struct Release {
    /// One for each chart, by name.
    pub archives: Vec<Archive>,
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
}

/// The name of a changelog.
pub const CHANGELOG: &str = "CHANGELOG.md";
/// The names that it may have: what a file system that ignores case finds by the first has to be found on all.
pub const CHANGELOGS: [&str; 3] = [CHANGELOG, "Changelog.md", "changelog.md"];
/// The file in `dist/` that speaks of the others.
pub const MANIFEST: &str = "manifest.json";
/// The longest tag that a registry accepts (OCI distribution specification 1.1, "Pulling manifests").
const MAX_OCI_TAG: usize = 128;

/// Decides the release. All that is wrong with any of its charts is reported at once.
pub fn plan(config: &Config, observed: Observed) -> Result<Release, Problems> {
    let Observed { charts, problems, wanted, tags, commit, changelog, mut changed } = observed;
    let charts: Vec<(String, Source)> = charts.into_iter().map(|source| (source.name(), source)).collect();
    let names: Vec<String> = charts.iter().map(|(name, _)| name.clone()).collect();
    let tag = tags.choose(&names, &commit.id)?;
    let selected = select::select(charts, &wanted, tag.as_ref(), config)?;
    let overrides = overrides(config, tag.as_ref());
    let mut problems = [config.problems(), problems].concat();
    let mut sections = Sections::new(changelog.as_ref(), tag.as_ref());
    let (mut packages, mut locked) = (Vec::new(), Vec::new());
    for source in selected {
        problems.extend(source.problems);
        let Some(package) = package(source.files, &source.path, &overrides, &mut problems) else {
            continue;
        };
        let (of_lock, others) = split_locked(&source.path, &package, source.changed);
        locked.extend(of_lock);
        changed.extend(others);
        check(&package, &source.path, tag.as_ref(), &mut problems);
        if tag.is_some() || Version::parse(&package.metadata.version).is_ok() {
            sections.find(&package.metadata, source.changelog.as_ref(), &mut problems);
        }
        packages.push((source.path, package));
    }
    problems.extend(sections.silence());
    // Two charts may share a file through a link.
    changed.sort();
    changed.dedup();
    check_names(&mut packages, &mut problems);
    problems.extend(not_in_commit(&changed));
    problems.extend(only_locked(&locked));
    let warnings = verdict(problems)?;
    let archives = packages.into_iter().map(|(source, package)| Archive::new(source, package, commit.time));
    let archives = archives.collect::<Result<Vec<_>, _>>()?;
    let commit = manifest::Commit { id: commit.id, time: commit.time, changed, locked };
    let complete = archives.len() == names.len();
    let manifest = manifest(config, tag.as_ref(), commit, &archives, complete);
    let json =
        manifest.to_json().map_err(|error| Problem::error(format!("cannot write {MANIFEST}: {error}")))?;
    let files = vec![
        (SUMS.to_owned(), sums(&manifest).into_bytes()),
        (NOTES.to_owned(), notes::text(config, &archives, &sections).into_bytes()),
        (MANIFEST.to_owned(), json.into_bytes()),
    ];
    Ok(Release { archives, overrides, files, manifest, warnings })
}

/// What a tag writes into Chart.yaml.
fn overrides(config: &Config, tag: Option<&Tag>) -> Overrides {
    let version = tag.filter(|_| config.versions == Versions::Stamp).map(|tag| tag.version.to_string());
    Overrides { app_version: version.clone(), version }
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
fn check_names(packages: &mut [(String, Package)], problems: &mut Vec<Problem>) {
    packages.sort_by(|(_, a), (_, b)| a.metadata.name.cmp(&b.metadata.name));
    for pair in packages.windows(2) {
        if let [(first, a), (second, b)] = pair
            && a.metadata.name == b.metadata.name
        {
            let message = format!("{} is also the name of {}", name(&a.metadata.name), name(first));
            problems.push(
                Problem::error(message).at(format!("{second}/Chart.yaml"), None).hint("rename one of them"),
            );
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
    fn new(source: String, package: Package, time: u64) -> Result<Self, Problem> {
        let failed = |error: std::io::Error| {
            Problem::error(format!("cannot make {}: {error}", name(&package.file_name())))
        };
        let bytes = archive::write(&package.entries, time).map_err(failed)?;
        let digest = archive::digest(&bytes);
        Ok(Self { source, package, bytes, digest })
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
