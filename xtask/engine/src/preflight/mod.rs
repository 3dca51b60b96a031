//! What would make a publishing fail half-way, and can be told before its first write. What is certain is an error, what
//! is likely a warning; what nobody tells is nothing, since GitHub's or git's own words come in time.

mod branch;
pub mod io;
mod pages;
#[cfg(test)]
mod tests;

use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::git::refusal::{self, Access};
use crate::github::settings::{Repository, Settings};

/// All that was seen.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub config: &'a Config,
    /// Its page, such as `https://github.com/OWNER/NAME`.
    pub web: &'a str,
    pub settings: &'a Settings,
    pub writer: Writer,
    pub branch: Option<Branch>,
    /// The words of git's remote, if it refuses the right to push.
    pub refusal: Option<&'a str>,
    pub access: &'a Access,
}

/// Whose rights count.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writer {
    /// Git shows the token that GitHub's API gets.
    pub git_has_token: bool,
    /// The API is written to with it.
    pub releases: bool,
    /// It is that of a person: GitHub says what that person may do, and nothing of the kind of other tokens.
    pub is_personal: bool,
}

/// A branch that is pushed to.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    pub is_there: bool,
}

/// All that is in the way, as far as GitHub and git tell.
pub fn problems(facts: &Facts<'_>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = access(facts).into_iter().collect();
    if let Some(branch) = facts.branch {
        problems.extend(branch::rules(facts, branch));
        problems.extend(branch::protection(facts, branch));
        problems.extend(pages::problem(facts, branch));
    }
    problems
}

/// Why nothing can be written: the first reason that is there, since the others follow from it.
fn access(facts: &Facts<'_>) -> Option<Problem> {
    let (repository, web) = (name(&facts.config.repository), facts.web);
    let seen = facts.settings.repository.clone().unwrap_or_default();
    if seen.archived {
        let message = format!("{repository} is archived: nobody writes to it any more");
        return Some(Problem::error(message).hint(format!("{web}/settings -> Unarchive this repository")));
    }
    if seen.disabled {
        let message = format!("GitHub has disabled {repository}: nobody writes to it");
        return Some(Problem::error(message).hint(format!("{web} says why")));
    }
    if facts.writer.releases || facts.writer.git_has_token {
        if let Some(problem) = missing_scope(facts, &seen) {
            return Some(problem);
        }
        if facts.writer.is_personal && seen.permissions.is_some_and(|permissions| !permissions.push) {
            let message = format!("the user whose token this is may not write to {repository}");
            let hint = format!(
                "{web}/settings/access -> give that user the role Write; or set GITHUB_TOKEN to another token"
            );
            return Some(Problem::error(message).hint(hint));
        }
    }
    let words = facts.refusal.filter(|words| refusal::is_final(words))?;
    let hint = refusal::hint(words, facts.access);
    Some(Problem::error(format!("git may not push to {repository}: {words}")).hint(hint))
}

/// A classic token writes to a public repository with `public_repo`, and to any with `repo`.
fn missing_scope(facts: &Facts<'_>, repository: &Repository) -> Option<Problem> {
    let scopes = facts.settings.scopes.as_deref()?;
    let wanted = if repository.private { "repo" } else { "public_repo" };
    let has = |wanted: &str| scopes.split(',').any(|scope| scope.trim() == wanted);
    let scopes = if scopes.trim().is_empty() { "none".to_owned() } else { name(scopes) };
    let message = format!(
        "the token may not write to {}: its scopes are {scopes}, without `{wanted}`",
        name(&facts.config.repository)
    );
    let hint = format!(
        "https://github.com/settings/tokens -> the token -> {wanted}; gh auth refresh --scopes {wanted}"
    );
    (!has("repo") && !has(wanted)).then(|| Problem::error(message).hint(hint))
}
