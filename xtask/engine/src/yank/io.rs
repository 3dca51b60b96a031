//! The GitHub Releases of yanked versions.

use std::time::Duration;

use serde_json::json;

use super::{Step, steps};
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::tag::ChartVersion;
use crate::base::target::Target;
use crate::github::io::Github;
use crate::github::release::Release;
use crate::sys::http::{Http, PATIENT};

/// What GitHub has.
#[derive(Debug, Default)]
pub struct Seen {
    pub releases: Vec<Release>,
    latest: Option<String>,
}

/// Looks at the releases; nothing where the config does not publish there.
pub fn look(config: &Config, limit: Duration) -> Result<Seen, Problem> {
    if !config.publishes_to(Target::Github) {
        return Ok(Seen::default());
    }
    with_github(config, limit, |github| {
        let releases = github.releases()?;
        let latest = if releases.is_empty() { None } else { github.latest()? };
        Ok(Seen { releases, latest })
    })
}

impl Seen {
    pub fn steps(&self, config: &Config, versions: &[ChartVersion], reason: Option<&str>) -> Vec<Step<'_>> {
        steps(config, &self.releases, self.latest.as_deref(), versions, reason)
    }
}

/// Fails where a step could not be taken for want of a token.
pub fn check_token(config: &Config, limit: Duration) -> Result<(), Problem> {
    with_github(config, limit, |github| if github.has_token() { Ok(()) } else { Err(github.no_token()) })
}

/// Takes a step. Taking it once more changes nothing.
pub fn perform(config: &Config, limit: Duration, step: &Step<'_>) -> Result<(), Problem> {
    with_github(config, limit, |github| match step {
        Step::Note { release, notes } => {
            github.change(release.id, &release.tag_name, &json!({ "body": notes }))
        }
        Step::Latest { release } => {
            github.change(release.id, &release.tag_name, &json!({ "make_latest": "true" }))
        }
    })
}

fn with_github<T>(
    config: &Config,
    limit: Duration,
    act: impl FnOnce(&Github<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let http = Http::new(limit, PATIENT).map_err(|error| Problem::error(format!("{error:#}")))?;
    act(&Github::new(&http, &config.repository)?)
}
