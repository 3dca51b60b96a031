//! Looks at every place once. What a place does not tell is among the unseen, with its words.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Error, Result};

use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::path;
use crate::base::problem::{Problem, problems_of};
use crate::base::tag::ChartVersion;
use crate::base::target::Target;
use crate::chart::declared;
use crate::chart::io::charts::{Place, chart_places};
use crate::git::Tip;
use crate::git::io::branch::{self, Refusal};
use crate::git::io::remote::Remote;
use crate::git::io::repository::Repository;
use crate::git::remote_refs::RemoteTag;
use crate::git::tag_object::is_ours;
use crate::github::io::Github;
use crate::index::listed;
use crate::pages::io::{history, served};
use crate::release::io::survey::tags_in_registry;
use crate::release::unreleased;
use crate::status::gaps::{Declared, Evidence, Known, suspects};
use crate::status::{Branch, Entry, Listing, Observed, Served, Unseen};
use crate::sys::http::{CURIOUS, Http};
use crate::sys::{environment, files, terminal};

/// Where is looked.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub config: &'a Config,
    pub repository: &'a Repository,
    pub remote: &'a Remote,
    pub limit: Duration,
}

/// What was seen, and the branch to read more from.
#[derive(Debug)]
pub struct Look {
    pub observed: Observed,
    /// Where its charts lie, in their order.
    pub places: Vec<Place>,
    pub branch: branch::Branch,
    pub tip: Option<Tip>,
}

/// The most commits of tags whose Chart.yaml is read from the clone.
const MOST_COMMITS: usize = 2000;

/// Looks at all places of the config.
pub fn look(scene: Scene<'_>) -> Result<Look> {
    let Scene { config, repository, remote, limit } = scene;
    let places = chart_places(config, &config.charts, repository.root())?.value;
    let charts = places.into_iter().filter_map(|place| Some((chart(place.directory())?, place)));
    let (charts, places) = charts.unzip();
    let mut observed = Observed { charts, now: environment::clock(), ..Observed::default() };
    let mut git = branch::Branch::new(remote, &config.branch, limit)?;
    terminal::progress("Looking", &format!("at the tags of {}", git.url()));
    match told(git.refs()) {
        Ok(refs) => observed.tags = Some(refs.tags),
        Err(why) => observed.miss("tags", why),
    }
    let mut tip = None;
    if config.publishes_to(Target::Pages) {
        terminal::progress("Fetching", &git.shown());
        match told(git.look()) {
            Ok(found) => {
                match branch_of(config, &mut git, found.as_ref()) {
                    Ok(branch) => observed.branch = Some(branch),
                    Err(error) => observed.miss("index", words(error)),
                }
                tip = found;
            }
            Err(why) => observed.miss("index", why),
        }
    }
    if config.publishes_to(Target::Oci) {
        terminal::progress("Looking", &format!("at {}", config.oci));
        let names: Vec<String> = observed.names().into_iter().map(str::to_owned).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut problems = Vec::new();
        observed.registry = tags_in_registry(config, &names, limit, false).take(&mut problems);
        for problem in problems {
            observed.miss("registry", problem.message);
        }
    }
    if config.publishes_to(Target::Github) {
        terminal::progress("Looking", &format!("at the releases of {}", config.repository));
        if let Err(problem) = github(config, limit, &mut observed) {
            observed.miss("releases", problem.message);
        }
    }
    site(config, limit, &mut observed);
    Ok(Look { observed, places, branch: git, tip })
}

impl Observed {
    pub fn miss(&mut self, what: &'static str, why: impl Into<String>) {
        self.unseen.push(Unseen { what, why: why.into() });
    }
}

/// What git told, or why it told nothing.
fn told<T>(answer: Result<Result<T, Refusal>>) -> Result<T, String> {
    match answer {
        Ok(Ok(told)) => Ok(told),
        Ok(Err(Refusal(words))) => Err(words),
        Err(error) => Err(words(error)),
    }
}

fn words(error: Error) -> String {
    problems_of(error).0.into_iter().next().map(|problem| problem.message).unwrap_or_default()
}

fn chart(directory: &Path) -> Option<ChartVersion> {
    let metadata = declared(&files::read(&directory.join("Chart.yaml")).ok()?)?;
    let (name, version, app_version) = (metadata.name, metadata.version, metadata.app_version);
    Some(ChartVersion { name, version, app_version })
}

/// The Helm repository on the branch. A branch that is not there has none.
fn branch_of(config: &Config, git: &mut branch::Branch, tip: Option<&Tip>) -> Result<Branch> {
    let Some(tip) = tip else { return Ok(Branch::default()) };
    let mut read = |path: Option<String>| -> Result<Option<Vec<u8>>> {
        let object = path.and_then(|path| tip.files.get(&path)).filter(|object| object.is_plain());
        object.map(|object| git.read(object)).transpose()
    };
    let index = read(Some(config.index()))?;
    let yanked = read(Some(config.yanked_index()))?;
    let old = read(config.old_index())?;
    let other = |text: Option<Vec<u8>>| text.and_then(|text| entries(&text).ok()).unwrap_or_default();
    let index = match index {
        Some(text) => entries(&text).map_or_else(Listing::Unreadable, Listing::Read),
        None => history::lost_repository(config, git)?.map_or(Listing::None, Listing::Gone),
    };
    let files = tip.files.keys().cloned().collect();
    Ok(Branch { files, time: git.time()?, index, yanked: other(yanked), old: other(old) })
}

/// What an index lists; the error is why Helm's clients refuse it.
fn entries(text: &[u8]) -> Result<Vec<Entry>, String> {
    let versions = listed(text)?.into_iter().flat_map(|(_, versions)| versions);
    let entry = |version: crate::index::Version<'_>| Entry {
        chart: version.name.into_owned(),
        version: version.version.into_owned(),
        digest: Digest::parse(&version.digest),
        url: version.urls.into_iter().next().unwrap_or_default().into_owned(),
        line: version.line,
    };
    Ok(versions.map(entry).collect())
}

fn github(config: &Config, limit: Duration, observed: &mut Observed) -> Result<(), Problem> {
    let http = Http::new(limit, CURIOUS).map_err(|error| Problem::error(format!("{error:#}")))?;
    let github = Github::new(&http, &config.repository)?;
    observed.releases = Some(github.releases()?);
    // Who may not write is shown no drafts.
    let permissions = github.has_token().then(|| github.settings(None).repository?.permissions).flatten();
    if !permissions.is_some_and(|permissions| permissions.push) {
        observed.miss("drafts", "only a token that may write sees them");
    }
    match github.latest() {
        Ok(latest) => observed.latest = latest,
        Err(problem) => observed.miss("latest", problem.message),
    }
    if config.publishes_to(Target::Pages) && github.has_token() {
        observed.build = github.build();
    }
    Ok(())
}

/// The index that users get, where the branch has one.
fn site(config: &Config, limit: Duration, observed: &mut Observed) {
    if observed.branch.as_ref().is_none_or(|branch| branch.entries().is_empty()) {
        return;
    }
    if !environment::is_in_path("curl") {
        return observed.miss("site", "curl, which asks it, is not in PATH");
    }
    let url = format!("{}/index.yaml", config.helm_repository());
    terminal::progress("Looking", &format!("at {url}"));
    match served::get(&url, Instant::now() + limit) {
        Err(error) => observed.miss("site", words(error)),
        // curl's words for the status, which it says with `--fail`.
        Ok(Err(words)) if words.ends_with("error: 404") => observed.served = Some(Served::Missing),
        Ok(Err(words)) => observed.miss("site", words),
        Ok(Ok(text)) => match entries(text.as_bytes()) {
            Ok(entries) => observed.served = Some(Served::Index(entries)),
            Err(why) => observed.miss("site", format!("what it serves is no index: {why}")),
        },
    }
}

/// Who made the tags of which something is missing, and which version their commits declare.
pub fn evidence(scene: Scene<'_>, look: &mut Look, known: &Known) -> Result<Evidence> {
    let Look { observed, places, branch, .. } = look;
    let Some(tags) = &observed.tags else { return Ok(Evidence::default()) };
    let facts = known.facts(scene.config, tags);
    let tagged = unreleased::read(facts);
    let found = suspects(facts, &tagged);
    let annotated: Vec<&RemoteTag> = found.iter().map(|(one, _)| &one.remote).collect();
    branch.extend_deadline(scene.limit);
    let mut evidence = Evidence::default();
    match branch.tag_texts(&annotated) {
        Ok(texts) => {
            let ours = texts.into_iter().filter(|(_, text)| is_ours(text));
            evidence.ours = ours.map(|(tag, _)| tag).collect();
        }
        Err(error) => observed.miss("authors of tags", words(error)),
    }
    let with_path = |(chart, place): (&'_ ChartVersion, &'_ Place)| (chart.name.clone(), place.path.clone());
    let paths: BTreeMap<String, String> = observed.charts.iter().zip(&*places).map(with_path).collect();
    let mut asked: Vec<(String, String, String)> = Vec::new();
    for (one, charts) in found.iter().take(MOST_COMMITS) {
        let commit = &one.remote.commit;
        let of_chart = |chart: &String| {
            let file = path::below(paths.get(chart)?, "Chart.yaml");
            Some((format!("{commit}:{file}"), commit.clone(), chart.clone()))
        };
        asked.extend(charts.iter().filter_map(of_chart));
    }
    if asked.is_empty() {
        return Ok(evidence);
    }
    let wanted: Vec<String> = asked.iter().map(|(object, ..)| object.clone()).collect();
    let texts = scene.repository.files_at(&wanted)?;
    for ((_, commit, chart), text) in asked.into_iter().zip(texts) {
        let Some(metadata) = text.and_then(|text| declared(&text)).filter(|one| one.name == chart) else {
            continue;
        };
        evidence.declared.push(Declared { commit, chart, version: metadata.version });
    }
    Ok(evidence)
}
