//! Does what loses nothing: restores what was lost, finishes what a run has begun, and sets the latest release. Each step is
//! none where its result stands already, so that another run goes on where this one was stopped.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::base::config::Config;
use crate::base::problem::{Problem, problems_of, verdict};
use crate::git::io::remote::Remote;
use crate::git::io::repository::Repository;
use crate::git::remote_refs::short;
use crate::github::io::Github;
use crate::pages::command::restore;
use crate::release::command::{Release, ReleaseArgs};
use crate::status::finding::{Finding, Fix};
use crate::sys::http::{CURIOUS, Http};
use crate::sys::scratch::Scratch;
use crate::sys::terminal;

/// What a run does, in order.
#[derive(Debug, Default)]
pub struct Plan<'f> {
    restores: bool,
    /// The releases to finish, the lowest first.
    finishes: Vec<&'f Fix>,
    latest: Option<&'f Fix>,
}

/// How what is fixed is reached.
#[derive(Clone, Copy, Debug)]
pub struct Fixing<'a> {
    pub config: &'a Config,
    pub repository: &'a Repository,
    pub remote: &'a Remote,
    /// `--remote`.
    pub asked: Option<&'a str>,
    pub limit: Duration,
    pub is_json: bool,
}

impl<'f> Plan<'f> {
    pub fn new(findings: impl Iterator<Item = &'f Finding>) -> Self {
        let mut plan = Self::default();
        for fix in findings.filter_map(|finding| finding.fix.as_ref()) {
            match fix {
                Fix::Restore => plan.restores = true,
                Fix::Finish(_) => plan.finishes.push(fix),
                Fix::Latest { .. } => plan.latest = Some(fix),
            }
        }
        plan.finishes.sort_by(|a, b| order(a).cmp(&order(b)));
        plan.finishes.dedup_by(|a, b| order(a) == order(b));
        plan
    }

    /// A line for each step.
    pub fn lines(&self, config: &Config) -> Vec<(&'static str, String)> {
        let restores = self.restores.then(|| {
            let what = format!("what {} has lost of the Helm repository, from its history", config.branch);
            ("Would restore", what)
        });
        let steps = self.latest.iter().chain(&self.finishes).filter_map(|fix| match fix {
            Fix::Restore => None,
            Fix::Finish(one) => {
                let (tag, commit) = (&one.remote.name, short(&one.remote.commit));
                Some(("Would finish", format!("{tag} from {commit}: missing in {}", one.places())))
            }
            Fix::Latest { tag, .. } => Some(("Would mark", format!("release {tag} as the latest"))),
        });
        restores.into_iter().chain(steps).collect()
    }

    /// Performs all steps. One that fails keeps no other back; what came in its way comes back.
    pub fn perform(&self, fixing: Fixing<'_>) -> Vec<Problem> {
        let Fixing { config, repository, remote, limit, is_json, .. } = fixing;
        let mut problems = Vec::new();
        let mut note =
            |done: Result<()>| problems.extend(done.err().into_iter().flat_map(|error| problems_of(error).0));
        if self.restores {
            let head =
                || repository.commit().map(|commit| commit.map(|commit| commit.id).unwrap_or_default());
            note(head().and_then(|head| restore(config, &head, remote, limit, !is_json)));
        }
        // A release that is finished may be the latest.
        if let Some(Fix::Latest { id, tag }) = self.latest {
            note(mark_latest(fixing, *id, tag));
        }
        for fix in &self.finishes {
            if let Fix::Finish(one) = fix {
                note(finish(fixing, &one.remote.name));
            }
        }
        problems
    }
}

/// By version, then by tag.
fn order(fix: &Fix) -> Option<(&semver::Version, &str)> {
    match fix {
        Fix::Finish(one) => Some((&one.tag.version, &one.remote.name)),
        _ => None,
    }
}

/// Finishes the release of a tag, from its commit.
fn finish(fixing: Fixing<'_>, tag: &str) -> Result<()> {
    let Fixing { config, asked, limit, is_json, .. } = fixing;
    let scratch = Scratch::directory()?;
    let args = ReleaseArgs {
        destination: Some(scratch.path().to_owned()),
        remote: asked.map(str::to_owned),
        deadline: limit.as_secs(),
        json: is_json,
        ..ReleaseArgs::of_words(["--tag", tag, "--publish"])?
    };
    let release = Release::take(config, args)?;
    let done = release.publish(config.all_targets())?;
    Ok(verdict(done.outcome.stopped.clone()).map(drop)?)
}

fn mark_latest(fixing: Fixing<'_>, id: u64, tag: &str) -> Result<()> {
    let http = Http::new(fixing.limit, CURIOUS)?;
    Github::new(&http, &fixing.config.repository)?.change(id, tag, &json!({ "make_latest": "true" }))?;
    if fixing.is_json {
        Ok(())
    } else {
        Ok(terminal::result("Marked", &format!("release {tag} as the latest"))?)
    }
}
