//! What is edited before a tag: the versions, the changelog, what Artifact Hub and the documents say, and locks beside.

pub mod bump;
pub mod changelog;
pub mod changes;
pub mod chart_yaml;
pub mod command;
pub mod io;
mod mentions;
pub mod proposal;

use std::collections::BTreeSet;

use semver::Version;

use self::bump::{Bump, next};
use self::changes::{Change, Kind, changes};
use self::chart_yaml::ChartYaml;
use crate::base::config::Config;
use crate::base::constraint::Constraint;
use crate::base::path;
use crate::base::problem::{Checked, Problem};
use crate::base::tag::{ChartVersion, Tag};
use crate::base::text::{name, nearest};
use crate::base::version::strict_form;
use crate::chart::lacking::is_local;
use crate::chart::source::{Changelog, Source};
use crate::chart::{Dependency, Lock, lock_in};
use crate::check::edit::Edit;

/// What one tag releases.
#[derive(Debug)]
pub struct Unit<'a> {
    pub charts: Vec<&'a Source>,
    /// The chart that the tag is of; `None` where it is for all.
    pub chart: Option<String>,
    /// The version that is in Chart.yaml; where tags decide, that of the last release, or 0.0.0.
    pub current: Version,
    /// The last release of that version or of a lower one.
    pub last: Option<Released>,
}

/// A release tag.
#[derive(Clone, Debug)]
pub struct Released {
    pub tag: Tag,
    pub commit: String,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Asked {
    Bump(Bump),
    Version(Version),
}

/// A unit at its next version.
#[derive(Debug)]
pub struct Next<'a> {
    pub unit: Unit<'a>,
    pub version: Version,
    pub tag: String,
    /// None where all of it is there already.
    pub edits: Vec<Edit>,
}

impl Next<'_> {
    /// Chart and version, for people.
    pub fn title(&self) -> String {
        format!("{} {}", self.unit.title(), self.version)
    }
}

/// The repository as the commit has it.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub config: &'a Config,
    /// All charts that are released.
    pub charts: &'a [Source],
    /// Their names.
    pub names: &'a [String],
    pub changelog: Option<&'a Changelog>,
    /// The date of the new section, as `2024-01-31`.
    pub date: &'a str,
    /// The time of new locks, in RFC 3339: that of the commit at HEAD, so that a second run writes the same.
    pub locked: &'a str,
    pub deprecates: bool,
}

/// The units of the charts that are wanted, by name or path; of all without any. `tags` are those of the repository, each with
/// its commit.
pub fn units<'a>(
    config: &Config,
    charts: &'a [Source],
    wanted: &[String],
    tags: &[(String, String)],
) -> Result<Vec<Unit<'a>>, Problem> {
    let versions: Vec<ChartVersion> = charts.iter().map(Source::chart_version).collect();
    let is_it = |source: &Source, one: &String| source.path == *one || source.name() == *one;
    if let Some(one) = wanted.iter().find(|one| !charts.iter().any(|source| is_it(source, one))) {
        let near = nearest(one, versions.iter().map(|chart| chart.name.as_str()));
        let hint = near.map_or("name a chart of this repository, or its directory".to_owned(), |near| {
            format!("is it {near}?")
        });
        return Err(Problem::usage(format!("there is no chart {}", name(one))).hint(hint));
    }
    let is_alone =
        charts.len() == 1 || !config.tags.has_one_for_each() || config.stamps() && wanted.is_empty();
    let groups: Vec<Vec<&Source>> = if is_alone {
        vec![charts.iter().collect()]
    } else {
        let is_wanted = |source: &&Source| wanted.is_empty() || wanted.iter().any(|one| is_it(source, one));
        charts.iter().filter(is_wanted).map(|source| vec![source]).collect()
    };
    let read: Vec<Released> = tags
        .iter()
        .filter_map(|(tag, commit)| {
            Some(Released { tag: config.tags.read(tag, &versions).ok()?, commit: commit.clone() })
        })
        .collect();
    let unit = |charts: Vec<&'a Source>| {
        let chart = charts.first().filter(|_| !is_alone).map(|source| source.name());
        let own = charts.iter().filter_map(|source| strict_form(&source.chart_version().version)).max();
        let current = if config.stamps() { None } else { own };
        let is_of = |one: &&Released| current.as_ref().is_none_or(|own| one.tag.version <= *own);
        let name = charts.first().filter(|_| charts.len() == 1).map(|source| source.name());
        let all = read.iter().filter(|one| one.tag.chart == chart || name.is_some() && one.tag.chart == name);
        let last = all.filter(is_of).max_by(|a, b| a.tag.version.cmp(&b.tag.version)).cloned();
        let released = last.as_ref().map_or(Version::new(0, 0, 0), |last| last.tag.version.clone());
        Unit { charts, chart, current: current.unwrap_or(released), last }
    };
    Ok(groups.into_iter().map(unit).collect())
}

impl Unit<'_> {
    /// The chart, or all.
    pub fn title(&self) -> String {
        match &*self.charts {
            [one] => one.name(),
            _ => "all charts".to_owned(),
        }
    }

    /// The version that is asked for. A bump that was made already, of the last release or of the version `before` the commit at
    /// HEAD, is not made again; nor is one of a version whose tag is at HEAD.
    pub fn next(
        &self,
        asked: &Asked,
        before: Option<&Version>,
        head: &str,
        stamps: bool,
    ) -> Result<Version, Problem> {
        let bump = match asked {
            Asked::Version(version) if *version < self.current && !stamps => {
                let message =
                    format!("version {version} is below {}, which {} has", self.current, name(&self.title()));
                return Err(Problem::usage(message).hint("name a higher one"));
            }
            Asked::Version(version) => return Ok(version.clone()),
            Asked::Bump(bump) => *bump,
        };
        let last = self.last.as_ref();
        let is_at_head = last.is_some_and(|last| last.commit == head && last.tag.version == self.current);
        let is_bumped = |from: &Version| *from < self.current && next(from, bump) == self.current;
        // A version with a tag elsewhere is released.
        let is_open = !stamps && last.is_none_or(|last| last.tag.version < self.current);
        let is_made = is_open && last.map(|last| &last.tag.version).into_iter().chain(before).any(is_bumped);
        Ok(if is_at_head || is_made { self.current.clone() } else { next(&self.current, bump) })
    }

    /// The tag of a version, in the form of the last one.
    pub fn tag(&self, config: &Config, version: &Version) -> String {
        let spelled = self.charts.first().map(|source| source.chart_version()).unwrap_or_default();
        let is_v = spelled.version.starts_with('v') && !config.stamps();
        let written = if is_v { format!("v{version}") } else { version.to_string() };
        let is_of_one =
            self.chart.is_some() || self.last.as_ref().is_some_and(|last| last.tag.chart.is_some());
        let of_all = config.tags.for_all(&written).filter(|_| !is_of_one);
        of_all.unwrap_or_else(|| config.tags.for_chart(&spelled.name, &written))
    }

    /// The changelogs that its notes come from, each with the chart that its section is of.
    fn logs<'s>(&'s self, scene: &Scene<'s>) -> Vec<(&'s Changelog, Option<&'s str>)> {
        let mut logs: Vec<(&Changelog, Option<&str>)> = Vec::new();
        for source in &self.charts {
            let of_root = scene.changelog.map(|log| (log, self.chart.as_deref()));
            let log = source.changelog.as_ref().map(|log| (log, None)).or(of_root);
            logs.extend(log.filter(|(log, _)| logs.iter().all(|(known, _)| known.path != log.path)));
        }
        logs
    }

    /// The unreleased entries of its changelogs.
    pub fn unreleased(&self, scene: &Scene<'_>) -> Vec<Change> {
        let charts: Vec<&str> = scene.names.iter().map(String::as_str).collect();
        let logs = self.logs(scene).into_iter();
        logs.flat_map(|(log, chart)| changes(&changelog::unreleased(log, &charts, chart))).collect()
    }

    /// The edits of its changelogs and charts; none where all of it is there already.
    pub fn edits(&self, scene: &Scene<'_>, version: &Version, tag: &str) -> Checked<Vec<Edit>> {
        let charts: Vec<&str> = scene.names.iter().map(String::as_str).collect();
        let (mut edits, mut problems, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        let yamls = self
            .charts
            .iter()
            .map(|source| (*source, path::below(&source.path, "Chart.yaml")))
            .collect::<Vec<_>>();
        let yamls: Vec<(&Source, ChartYaml<'_>)> = yamls
            .iter()
            .filter_map(|(source, file)| {
                Some((*source, read(source, "Chart.yaml", file).map_err(|one| problems.push(one)).ok()?))
            })
            .collect();
        let deprecated = scene.deprecates && yamls.iter().any(|(_, yaml)| yaml.deprecated().is_some());
        let entry = format!("The chart `{}` is deprecated.", self.title());
        let (plain, date) = (version.to_string(), scene.date);
        for (log, chart) in self.logs(scene) {
            let deprecated = deprecated.then_some(entry.as_str());
            let asked =
                changelog::Asked { log, charts: &charts, chart, version: &plain, date, tag, deprecated };
            match changelog::write(asked) {
                Ok(written) => {
                    edits.extend(written.edits);
                    entries.push((&log.path, changes(&written.section)));
                }
                Err(problem) => problems.push(problem),
            }
        }
        for (source, yaml) in &yamls {
            let own = source.chart_version().version;
            let new = if own.starts_with('v') { format!("v{version}") } else { plain.clone() };
            if !scene.config.stamps() && own != new {
                match yaml.version(&new) {
                    Ok(edit) => edits.push(edit),
                    Err(problem) => problems.push(problem),
                }
            }
            edits.extend(yaml.deprecated().filter(|_| deprecated));
        }
        if edits.is_empty() {
            return Checked::new(edits, problems);
        }
        for (source, yaml) in &yamls {
            let log = source.changelog.as_ref().or(scene.changelog).map(|log| &log.path);
            let own = entries.iter().find(|(path, _)| Some(*path) == log).map(|(_, entries)| entries.clone());
            let mut own = own.unwrap_or_default();
            if deprecated {
                own.insert(
                    0,
                    Change { kind: Some(Kind::Deprecated), text: entry.clone(), is_breaking: false },
                );
            }
            match yaml.changes(&own) {
                Ok(edit) => edits.extend(edit.filter(|_| !own.is_empty())),
                Err(problem) => problems.push(problem),
            }
        }
        Checked::new(edits, problems)
    }
}

fn read<'s>(source: &'s Source, file: &str, at: &'s str) -> Result<ChartYaml<'s>, Problem> {
    let text = text_of(source, file).ok_or_else(|| Problem::error("it cannot be read").at(at, None))?;
    ChartYaml::read(at, text)
}

fn text_of<'s>(source: &'s Source, file: &str) -> Option<&'s str> {
    let entry = source.files.iter().find(|entry| entry.path == file)?;
    std::str::from_utf8(&entry.data).ok()
}

/// What else speaks of the new versions: charts that depend on one beside them, and the documents.
pub fn edits_beside(scene: &Scene<'_>, all: &[Next<'_>]) -> Checked<Vec<Edit>> {
    let (mut edits, mut problems) = (Vec::new(), Vec::new());
    let changed = || all.iter().filter(|one| !one.edits.is_empty());
    let bumped: Vec<(&Source, String)> = changed()
        .flat_map(|one| one.unit.charts.iter().map(|source| (*source, one.version.to_string())))
        .collect();
    for source in scene.charts.iter().filter(|_| !scene.config.stamps() && !bumped.is_empty()) {
        edits.extend(relocked(scene, source, &bumped).take(&mut problems));
    }
    Checked::new(edits, problems)
}

/// A chart whose dependencies in directories beside it have new versions: exact versions in Chart.yaml, and its lock.
fn relocked(scene: &Scene<'_>, source: &Source, bumped: &[(&Source, String)]) -> Checked<Vec<Edit>> {
    let Some(package) = source.package().value else { return Checked::default() };
    let mut metadata = package.metadata.clone();
    let version_of = |one: &Dependency| {
        let directory = path::join(
            &source.path,
            one.repository.strip_prefix("file://").filter(|_| is_local(&one.repository))?,
        );
        bumped
            .iter()
            .find(|(other, _)| Some(&other.path) == directory.as_ref())
            .map(|(_, version)| version.clone())
    };
    let (mut edits, mut problems) = (Vec::new(), Vec::new());
    let mut beside = BTreeSet::new();
    for one in metadata.dependencies.iter_mut().flatten() {
        let Some(version) = version_of(one) else { continue };
        beside.insert(one.name.clone());
        if Constraint::parse(&one.version).is_ok_and(|range| range.allows(&version)) {
            continue;
        }
        let (file, line) = package.place(one, &source.path);
        let declares = file.rsplit('/').next().unwrap_or(&file);
        let edit =
            read(source, declares, &file).ok().and_then(|yaml| yaml.dependency(line, &one.version, &version));
        let is_exact = strict_form(&one.version).is_some();
        if edit.is_none() || !is_exact {
            let (range, chart) = (name(&one.version), name(&one.name));
            let problem = Problem::error(format!("{range} does not allow {version} of dependency {chart}"));
            problems
                .push(problem.at(&file, Some(line)).hint(format!("write `version: {version}`, or a range")));
        }
        edits.extend(edit.filter(|_| is_exact));
        one.version = version;
    }
    let old = ["Chart.lock", "requirements.lock"].into_iter().find_map(|file| {
        let text = text_of(source, file)?;
        Some((file, text, lock_in(text.as_bytes())?))
    });
    let Some((file, text, lock)) =
        old.filter(|(.., lock)| !beside.is_empty() && lock.fits(&package.metadata))
    else {
        return Checked::new(edits, problems);
    };
    let locked = lock.dependencies.iter().flatten().flatten().cloned().map(|one| {
        let version = version_of(&one).unwrap_or_else(|| one.version.clone());
        Dependency { version, ..one }
    });
    match Lock::new(&metadata, locked.collect(), scene.locked.to_owned())
        .and_then(|new| Ok((new.is_same(&lock), new.to_yaml()?)))
    {
        Ok((true, _)) => {}
        Ok((false, new)) => edits.push(Edit {
            file: path::below(&source.path, file),
            line: 1,
            remove: text.lines().map(str::to_owned).collect(),
            insert: new.lines().map(str::to_owned).collect(),
        }),
        Err(why) => problems.push(Problem::error(why).at(path::below(&source.path, file), None)),
    }
    Checked::new(edits, problems)
}
