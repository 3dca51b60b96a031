//! How a repository is set up, as far as GitHub's REST API tells those who publish to it (docs.github.com, version
//! 2022-11-28). Whoever may see less gets less: what may be left out has a default.

use serde::Deserialize;

use crate::base::clock::Clock;

/// The repository ("REST API endpoints for repositories", "Get a repository").
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Repository {
    pub archived: bool,
    pub disabled: bool,
    pub private: bool,
    pub has_pages: Option<bool>,
    pub permissions: Option<Permissions>,
}

/// What a user may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Permissions {
    pub push: bool,
}

/// A rule that is in force for a branch ("REST API endpoints for rules", "Get rules for a branch").
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Rule {
    /// Such as `pull_request`.
    #[serde(rename = "type")]
    pub kind: String,
    pub ruleset_id: u64,
    /// `Repository`, `Organization` or `Enterprise`.
    #[serde(default)]
    pub ruleset_source_type: String,
    #[serde(default)]
    pub ruleset_source: String,
}

/// A ruleset ("REST API endpoints for rules", "Get a repository ruleset").
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Ruleset {
    /// `always`, `exempt`, `pull_requests_only` or `never`.
    pub current_user_can_bypass: Option<String>,
}

/// A branch ("REST API endpoints for branches", "Get a branch").
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Branch {
    pub protection: Protection,
}

/// What everybody may know of a classic branch protection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Protection {
    pub enabled: bool,
    pub required_status_checks: StatusChecks,
}

/// What a commit has to pass before it comes to a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatusChecks {
    /// `off`, `non_admins` or `everyone`.
    pub enforcement_level: String,
    pub contexts: Vec<String>,
}

/// A site ("REST API endpoints for GitHub Pages", "Get a GitHub Pages site").
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pages {
    /// `legacy`, which is from a branch, or `workflow`.
    pub build_type: Option<String>,
    pub source: Option<Source>,
    pub html_url: Option<String>,
    pub public: Option<bool>,
}

/// What a site is built from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Source {
    pub branch: String,
    /// `/` or `/docs`.
    pub path: String,
}

/// A build of a site ("REST API endpoints for GitHub Pages", "Get latest Pages build").
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Build {
    /// `built`, `errored`, or another one while it is not done.
    pub status: String,
    /// Why it failed.
    pub error: BuildError,
    /// When it changed last.
    pub updated_at: String,
}

/// Why a build failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BuildError {
    pub message: Option<String>,
}

/// What GitHub says about the repository; `None` where it did not say.
#[derive(Debug, Default)]
pub struct Settings {
    pub repository: Option<Repository>,
    /// The scopes of the token, which only classic tokens have (docs.github.com, "Scopes for OAuth apps").
    pub scopes: Option<String>,
    /// The rules of the branch that [`stops`] names, each with who may pass it by.
    pub rules: Vec<(Rule, Option<String>)>,
    /// The classic protection of the branch.
    pub protection: Option<Protection>,
    pub pages: Option<Pages>,
    pub clock: Option<Clock>,
}

/// Whether a kind of rule keeps a push away that is neither forced nor a merge (docs.github.com, "Available rules for
/// rulesets"). Those that look at what is in a commit may let ours pass, and say themselves which part they refuse.
pub fn stops(kind: &str, is_there: bool) -> bool {
    match kind {
        "creation" => !is_there,
        "update" => is_there,
        "pull_request"
        | "required_status_checks"
        | "required_signatures"
        | "required_deployments"
        | "workflows"
        | "merge_queue"
        | "code_scanning"
        | "code_quality" => true,
        _ => false,
    }
}
