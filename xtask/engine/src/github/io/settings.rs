//! How the repository is set up. Nobody has to tell: what is refused or not answered is not known, and stops nothing.

use serde::de::DeserializeOwned;

use super::Github;
use crate::base::clock::Clock;
use crate::base::http::Response;
use crate::base::url;
use crate::github::settings::{Branch, Build, Pages, Repository, Rule, Ruleset, Settings, stops};
use crate::sys::environment;

impl Github<'_> {
    /// What GitHub says about the repository, and about a branch with whether it is there: four requests, and one for
    /// each ruleset that would stop a push.
    pub fn settings(&self, branch: Option<(&str, bool)>) -> Settings {
        let Some(answer) = self.asked("") else { return Settings::default() };
        let clock =
            answer.date().map(|theirs| Clock { host: self.api.host(), theirs, ours: environment::clock() });
        let repository: Option<Repository> = read(&answer);
        let scopes = answer.header("x-oauth-scopes").map(str::to_owned);
        let of_repository = Settings { repository, scopes, clock, ..Settings::default() };
        // Whoever is not told of the repository is told no more of its parts.
        let (Some(repository), Some((branch, is_there))) = (&of_repository.repository, branch) else {
            return of_repository;
        };
        let has_pages = repository.has_pages != Some(false);
        let branch = url::escape_component(branch);
        let there: Option<Branch> = is_there.then(|| self.told(&format!("/branches/{branch}"))).flatten();
        Settings {
            rules: self.rules(&branch, is_there),
            protection: there.map(|branch| branch.protection),
            pages: has_pages.then(|| self.told::<Pages>("/pages")).flatten(),
            ..of_repository
        }
    }

    /// The newest build of GitHub Pages; `None` where there is none, or GitHub does not tell.
    pub fn build(&self) -> Option<Build> {
        self.told("/pages/builds/latest")
    }

    /// Whether the token is that of a person.
    pub fn is_personal(&self) -> bool {
        self.api.is_personal()
    }

    /// The rules that would stop a push, with who may pass them by.
    fn rules(&self, branch: &str, is_there: bool) -> Vec<(Rule, Option<String>)> {
        let all: Vec<Rule> = self.told(&format!("/rules/branches/{branch}?per_page=100")).unwrap_or_default();
        let mut rules: Vec<(Rule, Option<String>)> = Vec::new();
        for rule in all.into_iter().filter(|rule| stops(&rule.kind, is_there)) {
            let known = rules.iter().find(|(other, _)| other.ruleset_id == rule.ruleset_id);
            let bypass = match known {
                Some((_, bypass)) => bypass.clone(),
                None => self
                    .told(&format!("/rulesets/{}", rule.ruleset_id))
                    .and_then(|ruleset: Ruleset| ruleset.current_user_can_bypass),
            };
            rules.push((rule, bypass));
        }
        rules
    }

    fn asked(&self, path: &str) -> Option<Response> {
        self.api.try_get(path).ok().filter(Response::is_success)
    }

    fn told<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        read(&self.asked(path)?)
    }
}

fn read<T: DeserializeOwned>(answer: &Response) -> Option<T> {
    serde_json::from_slice(&answer.body).ok()
}
