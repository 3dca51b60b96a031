//! Plays the user of a rehearsed release: finds it, gets it, renders it, and compares all of it with what was published.
//! With helm as users do it; where it is not there, by what helm does on the network.

mod helm;
mod native;
mod release;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;

use self::helm::Player;
use super::servers::Targets;
use crate::base::config::Config;
use crate::base::digest::{Digest, without_algorithm};
use crate::base::problem::{Checked, Problem, verdict};
use crate::base::text::{counted, name, size};
use crate::chart::Archive;
use crate::chart::io::helm::Helm;
use crate::github::Wanted;
use crate::index::{Index, Version, is_of};
use crate::pages::path_of;
use crate::release::io::sign::Signed;
use crate::sys::http::{Http, Request};

pub struct Story<'a> {
    pub config: &'a Config,
    pub targets: &'a Targets,
    pub archives: &'a [Archive],
    /// By the names of charts: values for those that cannot be rendered with their own (chart-testing's
    /// `ci/*-values.yaml`).
    pub values: &'a BTreeMap<String, PathBuf>,
    pub releases: &'a [Wanted<'a>],
    /// The index that the branch had before; `None` where it had none.
    pub before: Option<&'a [u8]>,
    /// The URL that the Helm repository had before it moved, where the branch still has it.
    pub old_url: Option<String>,
    /// What was signed for this rehearsal.
    pub signed: Option<&'a Signed>,
}

/// One thing that the user did, and what came of it.
#[derive(Debug)]
pub struct Step {
    /// Such as `Pulled`.
    pub verb: &'static str,
    pub what: String,
    pub saw: String,
    pub took: Duration,
}

/// Steps as they are made.
struct Steps<'s> {
    tell: &'s mut dyn FnMut(&Step) -> Result<()>,
    problems: Vec<Problem>,
}

impl Steps<'_> {
    /// Makes a step; what goes wrong is kept for the end. Whether it went well comes back.
    fn make(
        &mut self,
        verb: &'static str,
        what: String,
        act: impl FnOnce() -> Result<String, Problem>,
    ) -> Result<bool> {
        self.make_or_not(what, || Ok((verb, act()?)))
    }

    /// The same of what may turn out to be another step, with its verb.
    fn make_or_not(
        &mut self,
        what: String,
        act: impl FnOnce() -> Result<(&'static str, String), Problem>,
    ) -> Result<bool> {
        let begun = Instant::now();
        match act() {
            Ok((verb, saw)) => {
                (self.tell)(&Step { verb, what, saw, took: begun.elapsed() })?;
                Ok(true)
            }
            Err(problem) => {
                self.problems.push(problem);
                Ok(false)
            }
        }
    }
}

/// Plays all of it; each step is told when it is made. All that a user would stumble over is in the error.
pub fn play(
    story: &Story<'_>,
    helm: Option<&Helm>,
    http: &Http,
    tell: &mut dyn FnMut(&Step) -> Result<()>,
) -> Result<()> {
    let mut steps = Steps { tell, problems: Vec::new() };
    match helm {
        Some(helm) => Player::new(story, helm, http.deadline())?.play(&mut steps)?,
        None => native::play(story, http, &mut steps)?,
    }
    keeps(story, http, &mut steps)?;
    is_at_old_place(story, http, &mut steps)?;
    release::verify(story, http, &mut steps)?;
    verdict(steps.problems)?;
    Ok(())
}

impl Story<'_> {
    fn repository(&self) -> String {
        self.targets.helm_repository(self.config)
    }

    fn index(&self, http: &Http) -> Result<Vec<u8>, Problem> {
        get(http, format!("{}/index.yaml", self.repository()))
    }

    /// Where an archive lies that is published elsewhere than in the Helm repository: no rehearsal has that place.
    fn elsewhere(&self, archive: &Archive) -> Option<String> {
        let before = read(self.before?).ok()?;
        let mut versions = before.versions().iter();
        let new = &archive.metadata;
        let version = versions.find(|old| (&*old.name, &*old.version) == (&*new.name, &*new.version))?;
        let url = version.urls.first().filter(|url| path_of(self.config, url).is_none())?;
        Some(url.to_string())
    }

    /// Where the registry has a chart, without its tag.
    fn oci(&self, archive: &Archive) -> String {
        format!("{}/{}", self.targets.oci, archive.metadata.name)
    }
}

fn get(http: &Http, url: String) -> Result<Vec<u8>, Problem> {
    let request = Request { method: "GET", url, ..Request::default() };
    match http.ask(&request) {
        Ok(response) if response.status == 200 => Ok(response.body),
        Ok(response) => Err(broken(format!("{} is answered with {}", name(&request.url), response.status))),
        Err(words) => Err(broken(format!("{} is not answered: {words}", name(&request.url)))),
    }
}

fn broken(message: String) -> Problem {
    Problem::error(message).hint("look into target/rehearsal: all that was published lies there")
}

/// What a user sees of an archive, which must be the published one.
fn same(data: &[u8], archive: &Archive) -> Result<String, Problem> {
    let found = Digest::of(data);
    if found == archive.digest {
        return Ok(format!("{}, the published digest", size(data.len() as u64)));
    }
    let (chart, version) = (&archive.metadata.name, &archive.metadata.version);
    let what = name(&format!("{chart} {version}"));
    Err(broken(format!(
        "the user gets {what} with the digest {}, and it was published as {}",
        found.hex(),
        archive.digest.hex()
    )))
}

fn id(archive: &Archive) -> String {
    format!("{} {}", archive.metadata.name, archive.metadata.version)
}

/// Whoever added the Helm repository before it moved finds the new versions, too.
fn is_at_old_place(story: &Story<'_>, http: &Http, steps: &mut Steps<'_>) -> Result<()> {
    let Some(url) = &story.old_url else { return Ok(()) };
    steps.make("Found", format!("{url}/index.yaml"), || {
        let text = get(http, format!("{url}/index.yaml"))?;
        let index = read(&text)?;
        let is_listed = |archive: &&Archive| {
            let new = &archive.metadata;
            let mut listed = index.versions().iter();
            listed.any(|one| {
                (&*one.name, &*one.version) == (&new.name, &new.version) && is_of(one, &archive.digest)
            })
        };
        match story.archives.iter().find(|archive| !is_listed(archive)) {
            None => Ok(story.archives.iter().map(id).collect::<Vec<_>>().join(", ")),
            Some(archive) => Err(broken(format!("the old index does not list {}", name(&id(archive))))),
        }
    })?;
    Ok(())
}

/// What was listed before is listed still.
fn keeps(story: &Story<'_>, http: &Http, steps: &mut Steps<'_>) -> Result<()> {
    let Some(before) = story.before.and_then(|text| read(text).ok()) else { return Ok(()) };
    let is_new = |old: &Version<'_>| {
        let new = story.archives.iter().map(|archive| &archive.metadata);
        new.into_iter().any(|new| (&*new.name, &*new.version) == (&*old.name, &*old.version))
    };
    let old: Vec<&Version<'_>> = before.versions().iter().filter(|version| !is_new(version)).collect();
    if old.is_empty() {
        return Ok(());
    }
    let what = "what the index listed before".to_owned();
    steps.make("Kept", what, || kept(&old, read(&story.index(http)?)?.versions())).map(drop)
}

/// Whether all of these are listed now, each with the digest that it had.
fn kept(old: &[&Version<'_>], now: &[Version<'_>]) -> Result<String, Problem> {
    let now: HashSet<_> = now.iter().map(identity).collect();
    match old.iter().find(|one| !now.contains(&identity(one))) {
        None => Ok(counted(old.len(), "version")),
        Some(lost) => {
            let lost = name(&format!("{} {}", lost.name, lost.version));
            Err(broken(format!("the index does not list {lost} as it did")))
        }
    }
}

fn identity<'v>(version: &'v Version<'_>) -> (&'v str, &'v str, &'v str) {
    (&version.name, &version.version, without_algorithm(&version.digest))
}

fn read(text: &[u8]) -> Result<Index<'_>, Problem> {
    let Checked { value: index, problems } = Index::read(text, "index.yaml");
    index.ok_or_else(|| {
        let first = problems.into_iter().find(Problem::is_error);
        first.unwrap_or_else(|| broken("the index cannot be read".to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Metadata;

    /// An archive of which the content is the name of its chart.
    pub fn archive(chart: &str, version: &str) -> Archive {
        let metadata =
            Metadata { name: chart.to_owned(), version: version.to_owned(), ..Metadata::default() };
        Archive::new(metadata, chart.as_bytes().to_vec(), None)
    }

    #[test]
    fn archives_are_compared() {
        let web = archive("web", "1.0.0");
        assert_eq!(same(b"web", &web).as_deref(), Ok("3 B, the published digest"));
        let problem = same(b"Web", &web).expect_err("another archive");
        assert!(problem.message.starts_with("the user gets `web 1.0.0` with the digest "), "{problem}");
    }

    #[test]
    fn indexes_are_compared() {
        let entry = |version: &str, digest: &str| {
            format!("  - {{name: web, version: {version}, digest: {digest}, urls: [x]}}\n")
        };
        let index = |entries: &[String]| format!("apiVersion: v1\nentries:\n  web:\n{}", entries.concat());
        let (first, second) = (entry("1.0.0", "sha256:aa"), entry("1.1.0", "bb"));
        let before = index(&[first.clone(), second.clone()]);
        let before = read(before.as_bytes()).expect("an index");
        let old: Vec<_> = before.versions().iter().collect();
        for (now, is_kept) in [
            (index(&[entry("2.0.0", "cc"), second.clone(), entry("1.0.0", "aa")]), true),
            (index(&[entry("2.0.0", "cc"), second.clone()]), false),
            (index(&[first, entry("1.1.0", "cc")]), false),
        ] {
            let listed = read(now.as_bytes()).expect("an index");
            assert_eq!(kept(&old, listed.versions()).is_ok(), is_kept, "{now}");
        }
        assert!(read(b"<!doctype html>").is_err());
    }
}
