//! What the remote and the targets have of all versions of the charts: a list of each, however many versions there are.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use anyhow::Result;
use semver::Version;

use crate::base::config::Config;
use crate::base::helm_repository::asset_name;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Checked, Problem, problems_of};
use crate::base::tag::{ChartVersion, Tag};
use crate::base::target::Target;
use crate::base::text::name;
use crate::base::version::strict_form;
use crate::git::io::branch::{Branch, Refusal};
use crate::git::remote_refs::RemoteRefs;
use crate::git::tag_object::is_ours;
use crate::github::io::Github;
use crate::github::release::{Asset, Release};
use crate::index::Index;
use crate::registry::io::Registry;
use crate::release::Prepared;
use crate::release::steps::doubt;
use crate::release::unreleased::{
    self, Facts, There, Unreleased, Versions, decide, incomplete, tag_of, versions,
};
use crate::sys::http::{CURIOUS, Http};
use crate::sys::{terminal, threads};

/// What is looked at, and for which release.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub config: &'a Config,
    pub prepared: &'a Prepared,
    /// The names of charts whose version is published, as they are here or not.
    pub published: &'a [&'a str],
    pub targets: &'a [Target],
    pub limit: Duration,
    pub plain_http: bool,
}

/// What was seen, and what follows from it.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    pub refs: RemoteRefs,
    pub unreleased: Unreleased,
}

/// How many clients ask the registry at once.
const CLIENTS: usize = 4;

/// Looks at the tags of the remote, the index, the registry and GitHub. What does not tell is among the problems, as a
/// warning.
pub fn survey(scene: &Scene<'_>, branch: &mut Branch) -> Result<Checked<Survey>> {
    terminal::progress("Looking", &format!("at the tags of {}", branch.url()));
    branch.extend_deadline(scene.limit);
    let refs = match branch.refs()? {
        Ok(refs) => refs,
        Err(Refusal(words)) => {
            let problem =
                Problem::warning(format!("cannot read the tags of {}: {words}", name(branch.url())));
            let hint = "run it again: without them nobody knows what is half released";
            return Ok(Checked::new(Survey::default(), [problem.hint(hint)]));
        }
    };
    let mut problems = Vec::new();
    let candidates = scene.prepared.new_versions(scene.published);
    let there = look(scene, &candidates, branch, &refs)?.take(&mut problems);
    let &Scene { config, prepared, targets, .. } = scene;
    let (commit, charts) = (&*prepared.commit.id, &*prepared.versions);
    let facts =
        Facts { config, commit, charts, candidates: &candidates, targets, tags: &refs.tags, there: &there };
    let tags = unreleased::read(facts);
    let found = incomplete(facts, &tags);
    let annotated: Vec<_> = found.iter().map(|one| &one.remote).collect();
    let texts = branch.tag_texts(&annotated)?.into_iter();
    let ours: HashSet<String> = texts.filter(|(_, text)| is_ours(text)).map(|(tag, _)| tag).collect();
    let unreleased = decide(facts, &tags, found, &ours);
    Ok(Checked::new(Survey { refs, unreleased }, problems))
}

fn look(
    scene: &Scene<'_>,
    candidates: &[ChartVersion],
    branch: &mut Branch,
    refs: &RemoteRefs,
) -> Result<Checked<There>> {
    let (mut there, mut problems) = (There::default(), Vec::new());
    let asks = |target| scene.targets.contains(&target);
    if asks(Target::Pages) {
        there.listed.insert(Target::Pages, in_index(scene.config, branch)?);
    }
    if asks(Target::Oci) {
        there.registry = in_registry(scene, refs).take(&mut problems);
    }
    // A repository without tags has no releases.
    if asks(Target::Github) && !refs.tags.is_empty() {
        match on_github(scene) {
            Ok(releases) => {
                there
                    .listed
                    .insert(Target::Github, released(scene.config, &scene.prepared.versions, &releases));
                let candidate =
                    |release: &Release| (release.tag_name.clone(), is_closed(scene, candidates, release));
                there.releases = releases.iter().map(candidate).collect();
            }
            Err(problem) => problems.push(doubt(problem, false)),
        }
    } else if asks(Target::Github) {
        there.listed.insert(Target::Github, Versions::new());
    }
    Ok(Checked::new(there, problems))
}

/// The versions in the index, in that of before a move, and yanked ones: nothing of them is left to do.
fn in_index(config: &Config, branch: &mut Branch) -> Result<Versions> {
    let Ok(Some(tip)) = branch.last_look() else { return Ok(Versions::new()) };
    let mut all = Versions::new();
    let paths = [Some(config.index()), config.old_index(), Some(config.yanked_index())];
    for path in paths.into_iter().flatten() {
        let Some(object) = tip.files.get(&path) else { continue };
        let text = branch.read(object)?;
        let Some(index) = Index::read(&text, &path).value else { continue };
        for one in index.versions() {
            all.entry(one.name.to_string()).or_default().extend(versions([&*one.version]));
        }
    }
    Ok(all)
}

/// What the registry has of the charts that have tags, where some tag may be one of ours: it takes a request for each chart.
fn in_registry(scene: &Scene<'_>, refs: &RemoteRefs) -> Checked<Versions> {
    let is_tagged = |chart: &&ChartVersion| refs.tags.iter().any(|tag| tag.name.contains(&chart.name));
    let has_one_chart = scene.prepared.versions.len() == 1 && !refs.tags.is_empty();
    let charts = scene.prepared.versions.iter().filter(|chart| has_one_chart || is_tagged(chart));
    let annotated = refs.tags.iter().filter(|tag| tag.object.is_some());
    let annotated: Vec<Tag> = annotated.filter_map(|tag| scene.config.tags.read_of_any(&tag.name)).collect();
    if annotated.is_empty() {
        return Checked::default();
    }
    let gone = annotated.into_iter().filter_map(|tag| tag.chart);
    let names: BTreeSet<String> = charts.map(|chart| chart.name.clone()).chain(gone).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let Checked { value: found, problems } =
        tags_in_registry(scene.config, &names, scene.limit, scene.plain_http);
    let (mut all, mut problems) = (Versions::new(), problems);
    for (chart, tags) in found {
        let mut versions = pushed(&tags);
        match unsigned(scene, &chart) {
            Ok(unsigned) => versions.retain(|version| Some(version) != unsigned.as_ref()),
            Err(error) => problems.extend(problems_of(error).0),
        }
        all.insert(chart, versions);
    }
    Checked::new(all, problems.into_iter().map(|problem| doubt(problem, false)))
}

/// The versions that tags of a registry are of.
pub fn pushed(tags: &[String]) -> BTreeSet<Version> {
    let tags: Vec<String> = tags.iter().map(|tag| tag.replace('_', "+")).collect();
    versions(tags.iter().map(String::as_str))
}

/// The tags that the registry has of charts, by their names: a request for each. A registry that does not answer is asked
/// no more, and its charts are missing; why is told once.
pub fn tags_in_registry(
    config: &Config,
    names: &[&str],
    limit: Duration,
    plain_http: bool,
) -> Checked<BTreeMap<String, Vec<String>>> {
    let parts: Vec<&[&str]> = names.chunks(names.len().div_ceil(CLIENTS).max(1)).collect();
    let ask = |names: &&[&str]| {
        let mut found = BTreeMap::new();
        let mut ask_all = || -> Result<()> {
            let http = Http::new(limit, CURIOUS)?;
            let registry = Registry::new(&http, plain_http);
            for name in *names {
                let tags = registry.tags(&Reference::of_chart(&config.oci, name, ""), false)?;
                found.insert((*name).to_owned(), tags);
            }
            Ok(())
        };
        let failed = ask_all().err();
        Checked::new(found, failed.into_iter().flat_map(|error| problems_of(error).0))
    };
    let mut problems = Vec::new();
    let all = threads::map(&parts, ask).into_iter().flat_map(|told| told.take(&mut problems)).collect();
    problems.truncate(1);
    Checked::new(all, problems)
}

/// The version of a chart here, if it is in the registry without a signature that the config asks for. Where the registry is
/// the last target, nothing else shows that a run ended before it signed.
fn unsigned(scene: &Scene<'_>, chart: &str) -> Result<Option<Version>> {
    let is_asked = scene.config.cosign.is_some() && scene.targets == [Target::Oci];
    let here = scene.prepared.versions.iter().find(|one| is_asked && one.name == chart);
    let Some(version) = here.map(|one| &one.version) else { return Ok(None) };
    let http = Http::new(scene.limit, CURIOUS)?;
    let registry = Registry::new(&http, scene.plain_http);
    let at = Reference::of_chart(&scene.config.oci, chart, version);
    let Some(digest) = registry.digest(&at, false)? else { return Ok(None) };
    let is_signed = registry.is_signed(&at, &digest, false)?;
    Ok(strict_form(version).filter(|_| !is_signed))
}

fn on_github(scene: &Scene<'_>) -> Result<Vec<Release>, Problem> {
    let http = Http::new(scene.limit, CURIOUS).map_err(|error| Problem::error(format!("{error:#}")))?;
    Github::new(&http, &scene.config.repository)?.releases()
}

/// The versions that GitHub has published releases of, with their archives.
pub fn released(config: &Config, charts: &[ChartVersion], releases: &[Release]) -> Versions {
    let mut all = Versions::new();
    for release in releases.iter().filter(|release| !release.draft) {
        let tags = &config.tags;
        let known = tags.read_verified(&release.tag_name, charts).ok();
        let Some(tag) = known.or_else(|| tags.read_of_any(&release.tag_name)) else { continue };
        let charts = match &tag.chart {
            Some(chart) => vec![chart],
            None => charts.iter().map(|chart| &chart.name).collect(),
        };
        let has_it = |chart: &&String| archive_in(release, chart, &tag.version).is_some();
        for chart in charts.into_iter().filter(has_it) {
            all.entry(chart.clone()).or_default().insert(tag.version.clone());
        }
    }
    all
}

/// The asset of a release that is the archive of a version, however that is spelled.
pub fn archive_in<'r>(release: &'r Release, chart: &str, version: &Version) -> Option<&'r Asset> {
    let plain = asset_name(&format!("{chart}-{version}.tgz"));
    let is_it = |file: &str| {
        let rest = file.strip_prefix(chart).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".tgz"));
        file == plain || rest.and_then(strict_form).as_ref() == Some(version)
    };
    release.assets.iter().find(|asset| asset.is_whole() && is_it(&asset.name))
}

/// What keeps everybody from adding the archive of a chart to a release that lacks it.
fn is_closed(scene: &Scene<'_>, candidates: &[ChartVersion], release: &Release) -> Option<&'static str> {
    let is_its = |chart: &&ChartVersion| {
        tag_of(scene.config, chart, scene.prepared.versions.len()) == release.tag_name
    };
    let chart = candidates.iter().find(is_its)?;
    let archive = asset_name(&format!("{}-{}.tgz", chart.name, chart.version));
    let has_it = release.assets.iter().any(|asset| asset.name == archive);
    (release.immutable && !release.draft && !has_it).then_some("is immutable")
}
