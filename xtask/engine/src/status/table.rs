//! All versions that some place has, each with what the places have of it.

use std::collections::{BTreeMap, HashSet};

use semver::Version;

use super::{Entry, Observed};
use crate::base::config::Config;
use crate::base::path::{self, directory, scheme};
use crate::base::url;
use crate::base::version::strict_form;
use crate::git::remote_refs::RemoteTag;
use crate::github::release::Release;
use crate::release::io::survey::archive_in;
use crate::release::unreleased::Tagged;

/// A version, and what the places have of it.
#[derive(Debug, Default)]
pub struct Row<'o> {
    /// As the index has it, else as another place does.
    pub spelled: String,
    pub tag: Option<&'o RemoteTag>,
    /// Its entries in the index, of which there should be one.
    pub entries: Vec<&'o Entry>,
    pub is_yanked: bool,
    /// The archives on the branch, by path.
    pub archives: Vec<&'o str>,
    pub releases: Vec<&'o Release>,
    pub is_pushed: bool,
}

impl Row<'_> {
    /// Whether there is an archive without an entry.
    pub fn is_stray(&self) -> bool {
        self.entries.is_empty() && !self.archives.is_empty()
    }
}

/// The versions of each chart, however they are spelled.
pub type Table<'o> = BTreeMap<String, BTreeMap<Version, Row<'o>>>;

/// Where the branch has what a URL of the index leads to; `None` if that is elsewhere.
pub fn on_branch(config: &Config, url: &str) -> Option<String> {
    let below = |base: &str| url.strip_prefix(base)?.strip_prefix('/');
    let (directory, relative) = match scheme(url) {
        None => (&*config.helm_path, Some(url).filter(|url| !url.is_empty() && !url.starts_with('/'))?),
        Some(_) => match below(&config.helm_repository()) {
            Some(rest) => (&*config.helm_path, rest),
            None => (config.site_root(), below(&config.pages)?),
        },
    };
    let relative = relative.split(['?', '#']).next().unwrap_or(relative);
    path::join(directory, &url::unescape(relative).ok()?).filter(|path| !path.is_empty())
}

/// The tag and the file of an asset in a release of the repository that a URL leads to.
pub fn in_release(config: &Config, url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("https://github.com/")?;
    let at = rest.get(..config.repository.len()).filter(|at| at.eq_ignore_ascii_case(&config.repository))?;
    let rest = rest.strip_prefix(at)?.strip_prefix("/releases/download/")?;
    let (tag, file) = rest.rsplit_once('/')?;
    Some((url::unescape(tag).ok()?, url::unescape(file).ok()?))
}

/// The chart and the version, strict and as spelled, that the name of an archive is of, if the chart is known.
fn of_file(path: &str, known: &HashSet<&str>) -> Option<(String, Version, String)> {
    let stem = path.rsplit('/').next()?.strip_suffix(".tgz")?;
    stem.match_indices('-').find_map(|(at, _)| {
        let (chart, version) = (stem.get(..at)?, stem.get(at + 1..)?);
        let strict = strict_form(version).filter(|_| known.contains(chart))?;
        Some((chart.to_owned(), strict, version.to_owned()))
    })
}

/// The table of all that was seen. `tagged` are the tags that release. A tag that nothing else knows of may be that of
/// something else, and makes no row unless it is one of `owed`.
pub fn table<'o>(
    config: &Config,
    observed: &'o Observed,
    tagged: &[Tagged<'o>],
    owed: &HashSet<&str>,
) -> Table<'o> {
    let known: HashSet<&str> = observed.names().into_iter().collect();
    let mut table = Table::new();
    add_branch(config, observed, &known, &mut table);
    observed.registry.iter().for_each(|(chart, tags)| add_registry(chart, tags, &mut table));
    let of_tag = |chart: Option<&String>| match chart {
        Some(chart) => known.get(chart.as_str()).copied().into_iter().collect(),
        None => known.iter().copied().collect::<Vec<_>>(),
    };
    for release in observed.releases.iter().flatten() {
        let Some(tag) = config.tags.read_of_any(&release.tag_name) else { continue };
        for chart in of_tag(tag.chart.as_ref()) {
            let is_its = archive_in(release, chart, &tag.version).is_some();
            if let Some(row) = row(&mut table, chart, &tag.version, is_its) {
                row.releases.push(release);
            }
        }
    }
    for Tagged { tag, remote } in tagged {
        for chart in of_tag(tag.chart.as_ref()) {
            let is_its = tag.chart.is_some() || known.len() == 1;
            let is_owed = is_its && owed.contains(remote.name.as_str());
            if let Some(row) = row(&mut table, chart, &tag.version, is_owed) {
                row.tag = row.tag.or(Some(*remote));
            }
        }
    }
    table
}

/// The row of a version: a new one only where the version is there for certain.
fn row<'t, 'o>(
    table: &'t mut Table<'o>,
    chart: &str,
    version: &Version,
    is_certain: bool,
) -> Option<&'t mut Row<'o>> {
    if is_certain {
        let rows = table.entry(chart.to_owned()).or_default();
        let row = rows.entry(version.clone()).or_default();
        name(row, &version.to_string());
        return Some(row);
    }
    table.get_mut(chart)?.get_mut(version)
}

fn add_registry(chart: &str, tags: &[String], table: &mut Table<'_>) {
    let tags: HashSet<String> = tags.iter().map(|tag| tag.replace('_', "+")).collect();
    let rows = table.entry(chart.to_owned()).or_default();
    // What is loosely spelled may be a tag that moves, such as `1`.
    let strict = |tag: &String| Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok();
    for (tag, version) in tags.iter().filter_map(|tag| Some((tag, strict(tag)?))) {
        name(rows.entry(version).or_default(), tag);
    }
    for (version, row) in rows {
        row.is_pushed = tags.contains(&row.spelled) || tags.contains(&version.to_string());
    }
}

fn name(row: &mut Row<'_>, spelled: &str) {
    if row.spelled.is_empty() {
        spelled.clone_into(&mut row.spelled);
    }
}

/// What the indexes list, and the archives on the branch: those that an entry leads to, and in the same directories those
/// whose names are of a chart.
fn add_branch<'o>(config: &Config, observed: &'o Observed, known: &HashSet<&str>, table: &mut Table<'o>) {
    let Some(branch) = &observed.branch else { return };
    let mut linked: HashSet<&str> = HashSet::new();
    let mut directories: HashSet<&str> = HashSet::from([config.helm_path.as_str()]);
    let lists = [(branch.entries(), false), (branch.yanked.as_slice(), true)];
    let entries =
        lists.into_iter().flat_map(|(list, is_yanked)| list.iter().map(move |one| (one, is_yanked)));
    for (entry, is_yanked) in entries {
        let Some(version) = strict_form(&entry.version) else { continue };
        let row = table.entry(entry.chart.clone()).or_default().entry(version).or_default();
        name(row, &entry.version);
        if is_yanked {
            row.is_yanked = true;
        } else {
            row.entries.push(entry);
        }
        let path = on_branch(config, &entry.url).and_then(|path| branch.files.get(&path));
        if let Some(path) = path.filter(|path| linked.insert(path)) {
            directories.insert(directory(path));
            row.archives.push(path);
        }
    }
    let strays = branch.files.iter().filter(|path| path.ends_with(".tgz") && !linked.contains(path.as_str()));
    for path in strays.filter(|path| directories.contains(directory(path))) {
        let Some((chart, version, spelled)) = of_file(path, known) else { continue };
        let row = table.entry(chart).or_default().entry(version).or_default();
        name(row, &spelled);
        row.archives.push(path);
    }
}
