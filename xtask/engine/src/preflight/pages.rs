//! Whether GitHub Pages serves what is pushed, where users are told that it is.

use super::{Branch, Facts};
use crate::base::host::host;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::github::settings::Pages;

/// What the hosts of all sites end with that have no domain of their own.
const SITES: &str = ".github.io";

/// Why nobody would find what is published; `None` where it is served, or GitHub does not say.
pub(super) fn problem(facts: &Facts<'_>, branch: Branch) -> Option<Problem> {
    let (config, settings) = (facts.config, format!("{}/settings/pages", facts.web));
    let site = facts.settings.pages.as_ref();
    let url = site.and_then(|site| site.html_url.as_deref());
    // A site at another address may come from elsewhere.
    let is_of_pages = is_of_github(&config.pages) || url.is_some_and(|url| is_same(url, &config.pages));
    let (is_certain, cause, hint) = if let Some(cause) = source(facts) {
        // Pages cannot be built from a branch before it is there.
        let when = if branch.is_there { "" } else { "once this has made the branch: " };
        let choose = format!("Source: Deploy from a branch -> {} / (root)", config.branch);
        (branch.is_there && is_of_pages, cause, format!("{when}{settings} -> {choose}"))
    } else if let Some(url) = url.filter(|url| !is_same(url, &config.pages) && !redirects(facts)) {
        let hint = format!("edit `pages` in the config, or {settings} -> Custom domain");
        (
            branch.is_there && is_of_github(&config.pages) && is_of_github(url),
            format!("GitHub Pages serves the branch at {}", name(url)),
            hint,
        )
    } else if site.and_then(|site| site.public) == Some(false) {
        let cause = "GitHub Pages serves it to members alone, and helm logs in nowhere".to_owned();
        (false, cause, format!("{settings} -> GitHub Pages visibility -> Public"))
    } else {
        return None;
    };
    let message = format!("nobody would find this at {}: {cause}", name(&config.pages));
    let problem = if is_certain { Problem::error(message) } else { Problem::warning(message) };
    Some(problem.hint(hint))
}

/// Why the site is not built from the root of the branch, if GitHub says so.
fn source(facts: &Facts<'_>) -> Option<String> {
    if facts.settings.repository.as_ref().is_some_and(|repository| repository.has_pages == Some(false)) {
        return Some(format!("GitHub Pages is off for {}", name(&facts.config.repository)));
    }
    let Pages { build_type, source, .. } = facts.settings.pages.as_ref()?;
    if build_type.as_deref() == Some("workflow") {
        return Some(format!("a workflow builds GitHub Pages, and not {}", name(&facts.config.branch)));
    }
    let source = source.as_ref()?;
    // GitHub Pages may be built from a directory, which then holds the Helm repository.
    let directory = source.path.trim_matches('/');
    let below = facts.config.helm_path.strip_prefix(directory);
    let holds_charts = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_served = directory.is_empty() || holds_charts;
    (source.branch != facts.config.branch || !is_served)
        .then(|| format!("GitHub Pages is built from {} of {}", name(&source.path), name(&source.branch)))
}

/// Whether users are told the site's own address: a domain of the site's is where GitHub then sends them
/// (docs.github.com, "About custom domains and GitHub Pages").
fn redirects(facts: &Facts<'_>) -> bool {
    let repository = &facts.config.repository;
    let (owner, project) = repository.split_once('/').unwrap_or((repository, ""));
    let at = format!("https://{owner}{SITES}");
    let is_of_owner = project.eq_ignore_ascii_case(&format!("{owner}{SITES}"));
    is_same(&facts.config.pages, &if is_of_owner { at } else { format!("{at}/{project}") })
}

fn is_of_github(url: &str) -> bool {
    host(url).to_ascii_lowercase().ends_with(SITES)
}

/// Whether two URLs are of one site, whatever the scheme.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |url: &str| {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.trim_end_matches('/').to_ascii_lowercase()
    };
    plain(one) == plain(other)
}
