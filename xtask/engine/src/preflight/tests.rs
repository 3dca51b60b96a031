//! What GitHub and git say, and what comes of it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::base::clock::Clock;
use crate::base::problem::Severity::{self, Error, Warning};
use crate::git::refusal::Access;
use crate::github::settings::{Protection, Rule, Settings, stops};

static CONFIG: LazyLock<Config> = LazyLock::new(|| Config::new("o/r"));
const ACTIONS: Writer = Writer { git_has_token: true, releases: true, is_personal: false };
const PERSON: Writer = Writer { is_personal: true, ..ACTIONS };
const SSH: Writer = Writer { git_has_token: false, releases: false, is_personal: true };
const THERE: Branch = Branch { is_there: true };
const NEW: Branch = Branch { is_there: false };

fn of(repository: Value) -> Settings {
    Settings { repository: serde_json::from_value(repository).ok(), ..Settings::default() }
}

#[track_caller]
fn assert_told(facts: &Facts<'_>, expected: Option<(Severity, &str, &str)>) {
    let found = problems(facts);
    let told: Vec<_> = found.iter().map(|problem| (problem.severity, problem.to_string())).collect();
    let Some((severity, message, hint)) = expected else { return assert_eq!(told, []) };
    assert_eq!(told, [(severity, message.to_owned())]);
    let said = found.into_iter().find_map(|problem| problem.hint).expect("a hint");
    assert!(said.contains(hint), "{said}");
}

fn facts(settings: &Settings, writer: Writer, branch: Option<Branch>) -> Facts<'_> {
    const ACCESS: &Access =
        &Access { has_token: true, elsewhere: None, ssh: None, proxy: None, unused: Vec::new() };
    let web = "https://github.com/o/r";
    Facts { config: &CONFIG, web, settings, writer, branch, refusal: None, access: ACCESS }
}

#[test]
fn access() {
    let scopes = |scopes: &str, private: bool| Settings {
        scopes: Some(scopes.to_owned()),
        ..of(json!({"private": private, "permissions": {"push": true}}))
    };
    let reader = || of(json!({"permissions": {"admin": false, "push": false, "pull": true}}));
    for (settings, writer, expected) in [
        (Settings::default(), PERSON, None),
        (of(json!({})), PERSON, None),
        // The token of a workflow is nobody's, and may nothing as a user.
        (reader(), ACTIONS, None),
        (reader(), SSH, None),
        (
            reader(),
            PERSON,
            Some((
                "the user whose token this is may not write to `o/r`",
                "https://github.com/o/r/settings/access",
            )),
        ),
        (
            of(json!({"archived": true, "disabled": true, "permissions": {"push": false}})),
            PERSON,
            Some(("`o/r` is archived: nobody writes to it any more", "/o/r/settings -> Unarchive")),
        ),
        (
            of(json!({"disabled": true})),
            SSH,
            Some(("GitHub has disabled `o/r`: nobody writes to it", "says why")),
        ),
        (scopes("gist, repo", true), PERSON, None),
        (scopes("public_repo", false), PERSON, None),
        (scopes("repo:status", false), SSH, None),
        (
            scopes("public_repo, write:packages", true),
            PERSON,
            Some((
                "the token may not write to `o/r`: its scopes are `public_repo, write:packages`, without `repo`",
                "https://github.com/settings/tokens",
            )),
        ),
        (
            scopes("", false),
            PERSON,
            Some((
                "the token may not write to `o/r`: its scopes are none, without `public_repo`",
                "public_repo",
            )),
        ),
    ] {
        let expected = expected.map(|(message, hint)| (Error, message, hint));
        assert_told(&facts(&settings, writer, None), expected);
    }
}

#[test]
fn words_of_git() {
    let none = Settings::default();
    for (words, expected) in [
        (
            "remote: Write access to repository not granted.; fatal: unable to access 'u': The requested URL returned \
             error: 403",
            Some("contents: write"),
        ),
        ("ERROR: Permission to o/r.git denied to deploy key", Some("may write")),
        // What may pass is no reason to stop: the push has patience of its own.
        ("fatal: unable to access 'u': The requested URL returned error: 503", None),
        ("No refs in common and none specified; doing nothing.", None),
    ] {
        let message = format!("git may not push to `o/r`: {words}");
        let expected = expected.map(|hint| (Error, message.as_str(), hint));
        assert_told(&Facts { refusal: Some(words), ..facts(&none, ACTIONS, Some(THERE)) }, expected);
    }
    // One reason is enough, and the first one says more.
    let archived = of(json!({"archived": true}));
    let both = Facts { refusal: Some("error: 403"), ..facts(&archived, ACTIONS, None) };
    assert_told(&both, Some((Error, "`o/r` is archived: nobody writes to it any more", "Unarchive")));
}

#[test]
fn rules() {
    let of_kind = |kind: &str, bypass: Option<&str>| {
        let rule = json!({"type": kind, "ruleset_id": 7, "ruleset_source_type": "Repository", "ruleset_source": "o/r"});
        (serde_json::from_value(rule).expect("a rule"), bypass.map(str::to_owned))
    };
    let at = "https://github.com/o/r/settings/rules/7 -> Bypass list";
    for (kind, bypass, writer, branch, expected) in [
        ("pull_request", Some("never"), ACTIONS, THERE, Some((Error, "keeps"))),
        ("required_signatures", Some("pull_requests_only"), ACTIONS, THERE, Some((Error, "keeps"))),
        ("update", Some("always"), ACTIONS, THERE, None),
        ("update", Some("exempt"), PERSON, THERE, None),
        // Nobody knows whether a key may.
        ("update", Some("always"), SSH, THERE, Some((Warning, "may keep"))),
        ("update", Some("never"), SSH, THERE, Some((Warning, "may keep"))),
        ("update", None, ACTIONS, THERE, Some((Warning, "may keep"))),
        ("creation", Some("never"), ACTIONS, NEW, Some((Error, "keeps"))),
        ("pull_request", Some("never"), ACTIONS, NEW, Some((Warning, "may keep"))),
    ] {
        let settings = Settings { rules: vec![of_kind(kind, bypass)], ..Settings::default() };
        let message = |verb: &str| format!("a ruleset {verb} pushes away from `gh-pages`: `{kind}`");
        let message = expected.map(|(severity, verb)| (severity, message(verb)));
        let expected = message.as_ref().map(|(severity, message)| (*severity, message.as_str(), at));
        assert_told(&facts(&settings, writer, Some(branch)), expected);
    }
    for (kind, there, new) in [
        ("creation", false, true),
        ("update", true, false),
        ("merge_queue", true, true),
        ("non_fast_forward", false, false),
        ("deletion", false, false),
        ("required_linear_history", false, false),
        ("max_file_size", false, false),
        ("invented_tomorrow", false, false),
    ] {
        assert_eq!((stops(kind, true), stops(kind, false)), (there, new), "{kind}");
    }
}

#[test]
fn rules_are_told_by_ruleset() {
    let rule = |kind: &str, id: u64, source: &str| Rule {
        kind: kind.to_owned(),
        ruleset_id: id,
        ruleset_source_type: source.to_owned(),
        ruleset_source: "acme".to_owned(),
    };
    let never = || Some("never".to_owned());
    let rules = vec![
        (rule("update", 9, "Organization"), never()),
        (rule("pull_request", 7, "Repository"), never()),
        (rule("workflows", 9, "Organization"), never()),
        (rule("update", 11, "Enterprise"), None),
    ];
    let settings = Settings { rules, ..Settings::default() };
    let found = problems(&facts(&settings, ACTIONS, Some(THERE)));
    let told = found.iter().map(|problem| (problem.to_string(), problem.hint.clone().unwrap_or_default()));
    let expected = [
        ("keeps pushes away from `gh-pages`: `pull_request`", "https://github.com/o/r/settings/rules/7 "),
        (
            "keeps pushes away from `gh-pages`: `update`, `workflows`",
            "https://github.com/organizations/acme/settings/rules/9 ",
        ),
        ("may keep pushes away from `gh-pages`: `update`", "https://github.com/enterprises/acme/settings "),
    ];
    for ((message, hint), (expected, at)) in told.zip(expected) {
        assert_eq!(message, format!("a ruleset {expected}"));
        assert!(hint.starts_with(at), "{hint}");
    }
    assert_eq!(found.len(), 3);
}

#[test]
fn classic_protection() {
    let at = "https://github.com/o/r/settings/branches";
    for (level, contexts, enabled, branch, expected) in [
        (
            "everyone",
            json!(["ci"]),
            true,
            THERE,
            Some((
                Error,
                "takes no push: its protection asks for checks that no new commit has passed: `ci`",
            )),
        ),
        (
            "non_admins",
            json!(["ci"]),
            true,
            THERE,
            Some((
                Warning,
                "takes pushes of administrators alone: its protection asks for checks that no new commit has passed: `ci`",
            )),
        ),
        (
            "everyone",
            json!([]),
            true,
            THERE,
            Some((Warning, "is protected, and GitHub does not say against whom")),
        ),
        (
            "off",
            json!([]),
            true,
            THERE,
            Some((Warning, "is protected, and GitHub does not say against whom")),
        ),
        ("off", json!([]), false, THERE, None),
        ("everyone", json!(["ci"]), true, NEW, None),
    ] {
        let said = json!({"enabled": enabled, "required_status_checks": {"enforcement_level": level, "contexts": contexts}});
        let settings = Settings { protection: serde_json::from_value(said).ok(), ..Settings::default() };
        let message = expected.map(|(severity, message)| (severity, format!("`gh-pages` {message}")));
        let expected = message.as_ref().map(|(severity, message)| (*severity, message.as_str(), at));
        assert_told(&facts(&settings, ACTIONS, Some(branch)), expected);
    }
}

#[test]
fn sites() {
    let site =
        |said: Value| Settings { pages: serde_json::from_value(said).ok(), ..of(json!({"has_pages": true})) };
    let from = |branch: &str, path: &str| json!({"build_type": "legacy", "source": {"branch": branch, "path": path}, "html_url": "https://o.github.io/r/", "public": true});
    let off = || of(json!({"has_pages": false}));
    let deploy = "https://github.com/o/r/settings/pages -> Source: Deploy from a branch -> gh-pages / (root)";
    let own = CONFIG.pages.as_str();
    let custom = "https://charts.example.com";
    for (settings, pages, branch, expected) in [
        (site(from("gh-pages", "/")), own, THERE, None),
        (Settings::default(), own, THERE, None),
        (of(json!({"has_pages": true})), own, THERE, None),
        (of(json!({})), own, THERE, None),
        (off(), own, THERE, Some((Error, "GitHub Pages is off for `o/r`", deploy))),
        (
            off(),
            own,
            NEW,
            Some((Warning, "GitHub Pages is off for `o/r`", "once this has made the branch: https://")),
        ),
        // Another may serve the branch.
        (off(), custom, THERE, Some((Warning, "GitHub Pages is off for `o/r`", deploy))),
        (
            site(from("main", "/")),
            own,
            THERE,
            Some((Error, "GitHub Pages is built from `/` of `main`", deploy)),
        ),
        (
            site(from("gh-pages", "/docs")),
            own,
            THERE,
            Some((Error, "GitHub Pages is built from `/docs` of `gh-pages`", deploy)),
        ),
        (
            site(json!({"build_type": "workflow", "source": {"branch": "gh-pages", "path": "/"}})),
            own,
            THERE,
            Some((Error, "a workflow builds GitHub Pages, and not `gh-pages`", deploy)),
        ),
        // A domain of the site's own: GitHub sends users there, and Helm follows.
        (site(json!({"html_url": "http://charts.example.com/"})), own, THERE, None),
        (site(json!({"html_url": "http://Charts.example.com/"})), custom, THERE, None),
        (
            site(json!({"build_type": "workflow", "html_url": "https://charts.example.com/"})),
            custom,
            THERE,
            Some((Error, "a workflow builds GitHub Pages, and not `gh-pages`", deploy)),
        ),
        (
            site(from("gh-pages", "/")),
            "https://o.github.io/other",
            THERE,
            Some((
                Error,
                "GitHub Pages serves the branch at `https://o.github.io/r/`",
                "edit `pages` in the config",
            )),
        ),
        (
            site(from("gh-pages", "/")),
            custom,
            THERE,
            Some((Warning, "GitHub Pages serves the branch at `https://o.github.io/r/`", "-> Custom domain")),
        ),
        (
            site(
                json!({"source": {"branch": "gh-pages", "path": "/"}, "html_url": "https://x.pages.github.io/", "public": false}),
            ),
            own,
            THERE,
            Some((
                Warning,
                "GitHub Pages serves it to members alone, and helm logs in nowhere",
                "visibility -> Public",
            )),
        ),
    ] {
        let config = CONFIG.clone().pages(pages);
        let message = expected.map(|(severity, cause, hint)| {
            (severity, format!("nobody would find this at `{pages}`: {cause}"), hint)
        });
        let expected = message.as_ref().map(|(severity, message, hint)| (*severity, message.as_str(), *hint));
        let facts = facts(&settings, ACTIONS, Some(branch));
        assert_told(&Facts { config: &config, ..facts }, expected);
        assert_told(&Facts { config: &config, branch: None, ..facts }, None);
    }
}

#[test]
fn all_at_once() {
    let settings = Settings {
        scopes: Some(String::new()),
        rules: vec![(Rule { kind: "update".to_owned(), ..Rule::default() }, Some("never".to_owned()))],
        protection: Some(Protection { enabled: true, ..Protection::default() }),
        ..of(json!({"has_pages": false}))
    };
    assert_eq!(problems(&facts(&settings, PERSON, Some(THERE))).len(), 4);
}

#[test]
fn clocks() {
    for (theirs, ours, expected) in [
        (1000, 1000, None),
        (1000, 1300, None),
        (1300, 1000, None),
        (1000, 1301, Some("the clock of this machine is 5 min fast, by that of h")),
        (8200, 1000, Some("the clock of this machine is 120 min slow, by that of h")),
    ] {
        let problem = Clock { host: "h".to_owned(), theirs, ours }.problem();
        assert_eq!(problem.map(|problem| problem.to_string()).as_deref(), expected);
    }
}
