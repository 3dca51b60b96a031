//! What publishing looks at before its first write, besides its targets: whether it may write, and whether somebody
//! would find what it writes.

use std::time::Duration;

use anyhow::Result;

use super::{Facts, Writer};
use crate::base::clock::Clock;
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::git::io::branch::{Branch, Refusal};
use crate::github::io::Github;
use crate::preflight;
use crate::sys::environment;
use crate::sys::http::{CURIOUS, Http};

/// What is going to be written, and who can say something about it.
#[derive(Debug)]
pub struct Writes<'a> {
    pub config: &'a Config,
    pub branch: &'a Branch,
    pub github: Option<&'a Github<'a>>,
    /// The site that it belongs to; `None` for one on this machine.
    pub site: Option<String>,
    pub pushes: bool,
    pub releases: bool,
}

/// What is in the way, as far as git and GitHub tell, and GitHub's clock.
pub fn check(scene: &Writes<'_>) -> Result<(Vec<Problem>, Option<Clock>)> {
    let Writes { config, branch, pushes, releases, .. } = *scene;
    let is_on_github = branch.remote().is_on(scene.site.as_deref(), config);
    let seen = (pushes && is_on_github).then_some(preflight::Branch { is_there: branch.is_there() });
    let github = scene.github.filter(|_| is_on_github || releases);
    let ask = |github: &Github<'_>| github.settings(seen.map(|seen| (config.branch.as_str(), seen.is_there)));
    let settings = github.map(ask).unwrap_or_default();
    // What lets git push lets the same token write releases: `contents: write`. A remote that cannot be read has told why.
    let tells_of_releases = releases && is_on_github && branch.has_token() && !branch.was_refused();
    let refusal = if pushes || tells_of_releases { branch.ask_to_push()?.err() } else { None };
    let problems = preflight::problems(&Facts {
        config,
        web: &format!("{}/{}", environment::github_server(), config.repository),
        settings: &settings,
        writer: Writer {
            git_has_token: branch.has_token(),
            releases,
            is_personal: github.is_some_and(Github::is_personal),
        },
        branch: seen,
        refusal: refusal.as_ref().map(|Refusal(words)| words.as_str()),
        access: branch.remote().access(),
    });
    Ok((problems, settings.clock))
}

/// The same for the branch alone, where nothing else speaks to GitHub's API: its answers are worth a try, and not needed.
pub fn check_branch(config: &Config, branch: &Branch, limit: Duration) -> Result<Vec<Problem>> {
    let site = Github::site();
    let asks = branch.remote().is_on(site.as_deref(), config) && !environment::is_offline();
    let http = asks.then(|| Http::new(limit, CURIOUS).ok()).flatten();
    let github = http.as_ref().and_then(|http| Github::new(http, &config.repository).ok());
    let scene = Writes { config, branch, github: github.as_ref(), site, pushes: true, releases: false };
    let (mut problems, clock) = check(&scene)?;
    problems.extend(clock.and_then(|clock| clock.problem()));
    Ok(problems)
}
