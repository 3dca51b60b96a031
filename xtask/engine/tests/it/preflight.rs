//! What is looked at before the first write: all that is in the way is told at once, nothing is written anywhere, and what
//! nobody tells is in nobody's way.

use serde_json::{Value, json};

use crate::fake::Fault;
use crate::github::Github;
use crate::remote::{Remote, publisher};
use crate::sandbox::{Ran, Sandbox};
use crate::server::{self, LOOK_TO_PUSH};
use crate::whole::{Targets, assert_same, source};

const ARGS: [&str; 2] = ["--helm", "never"];
const FOR_EVER: usize = usize::MAX;
const PUSH: &str = "POST /v2/charts/web/blobs/uploads/";
const BRANCH: &str = "rules/branches/gh-pages";

/// Targets, and somebody whose git shows the token.
fn both() -> (Targets, Sandbox) {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    sandbox.set("GITHUB_SERVER_URL", targets.remote.server.origin());
    (targets, sandbox)
}

/// A rule of ruleset 7, which stops everybody.
fn set_rule(github: &Github, kind: &str) {
    let rule = json!({"type": kind, "ruleset_source_type": "Repository", "ruleset_source": "d44b/pulltrace", "ruleset_id": 7});
    github.with(|api| {
        api.settings.insert(BRANCH, json!([rule]));
        api.settings.insert("rulesets/7", json!({"id": 7, "current_user_can_bypass": "never"}));
    });
}

fn set(github: &Github, path: &'static str, said: Value) {
    github.with(|api| drop(api.settings.insert(path, said)));
}

/// The lines that begin with these words.
fn lines<'a>(ran: &'a Ran, word: &str) -> Vec<&'a str> {
    ran.stderr.lines().filter(|line| line.starts_with(word)).collect()
}

/// Nothing was pushed to git, not even an empty pack, and nothing else was written.
#[track_caller]
fn assert_untouched(targets: &Targets, before: &Value) {
    assert_eq!(targets.writes(), Vec::<String>::new());
    assert_same(&targets.state(), before, "");
    assert_eq!(targets.registry.with(|oci| oci.open_uploads), 0);
}

#[test]
fn all_that_is_in_the_way_is_told_at_once() {
    let (targets, sandbox) = both();
    targets.push_tags(&sandbox);
    let before = targets.state();
    set(&targets.github, "", json!({"has_pages": false}));
    set_rule(&targets.github, "pull_request");
    let checks = json!({"enforcement_level": "everyone", "contexts": ["ci"]});
    let protection = json!({"enabled": true, "required_status_checks": checks});
    set(&targets.github, "branches/gh-pages", json!({"name": "gh-pages", "protection": protection}));
    targets.registry.fail(Fault::Refuse(403, "permission_denied: write_package"), PUSH, FOR_EVER);
    targets.remote.server.fail(server::Fault::status(403), LOOK_TO_PUSH, FOR_EVER);
    let ran = targets.publish(&sandbox, &ARGS).ended(1);
    let told = lines(&ran, "error: ");
    let expected = [
        "error: cannot push to `oci://",
        "error: git may not push to `d44b/pulltrace`: ",
        "error: a ruleset keeps pushes away from `gh-pages`: `pull_request`",
        "error: `gh-pages` takes no push: its protection asks for checks that no new commit has passed: `ci`",
        "error: nobody would find this at `https://d44b.github.io/pulltrace`: GitHub Pages is off for `d44b/pulltrace`",
    ];
    assert_eq!(told.len(), expected.len(), "{}", ran.stderr);
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}");
    }
    let web = format!("{}/d44b/pulltrace/settings", targets.remote.server.origin());
    let at = ["rules/7 -> Bypass list", "branches", "pages -> Source"].map(|at| format!("hint: {web}/{at}"));
    for hint in at.iter().map(String::as_str).chain(["hint: give the job `permissions: contents: write`"]) {
        assert!(lines(&ran, hint).len() == 1, "{hint}: {}", ran.stderr);
    }
    assert_untouched(&targets, &before);
}

/// Each alone is enough.
#[test]
fn each_stops_all() {
    let (targets, mut sandbox) = both();
    targets.push_tags(&sandbox);
    let before = targets.state();
    let check = |sandbox: &Sandbox, said: &str| {
        let ran = targets.publish(sandbox, &ARGS).ended(1);
        assert!(matches!(&lines(&ran, "error: ")[..], [one] if one.contains(said)), "{said}: {}", ran.stderr);
        assert_untouched(&targets, &before);
        targets.github.with(|api| api.settings.clear());
        targets.heal();
    };
    set(&targets.github, "", json!({"archived": true}));
    check(&sandbox, "is archived");
    set_rule(&targets.github, "update");
    check(&sandbox, "a ruleset keeps pushes away");
    set(
        &targets.github,
        "pages",
        json!({"build_type": "workflow", "html_url": "https://d44b.github.io/pulltrace/"}),
    );
    check(&sandbox, "a workflow builds GitHub Pages");
    set(
        &targets.github,
        "pages",
        json!({"build_type": "legacy", "source": {"branch": "main", "path": "/docs"}}),
    );
    check(&sandbox, "is built from `/docs` of `main`");
    targets.remote.server.fail(server::Fault::status(403), LOOK_TO_PUSH, FOR_EVER);
    check(&sandbox, "git may not push");
    // Two of them: for the chart, and for nothing else.
    for status in [401, 403, 404, 405] {
        targets.registry.fail(Fault::Refuse(status, "denied"), PUSH, FOR_EVER);
        check(&sandbox, "cannot push to `oci://");
    }
    let date = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned());
    targets.registry.fail(Fault::fields(202, vec![date]), PUSH, 1);
    check(&sandbox, "min fast, by that of 127.0.0.1");
    // The token of a person, who may read.
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ0123";
    sandbox.set("GITHUB_TOKEN", token);
    targets.github.with(|api| (api.token, api.reads_only) = (token.to_owned(), true));
    check(&sandbox, "the user whose token this is may not write to `d44b/pulltrace`");
}

/// What GitHub does not tell is not asked for: a token that may do what it is for is enough.
#[test]
fn what_nobody_tells_is_in_nobodys_way() {
    let faults: [fn() -> Fault<_>; 5] = [
        || Fault::Refuse(403, "Resource not accessible by integration"),
        || Fault::Refuse(404, "Not Found"),
        || Fault::Refuse(503, "no"),
        || Fault::Drop,
        || Fault::Answer(200, Vec::new(), "<html>".to_owned()),
    ];
    for part in ["/rules/", "/rulesets/", "/branches/", "/pages"] {
        for fault in faults {
            let (targets, sandbox) = both();
            if part == "/rulesets/" {
                set_rule(&targets.github, "update");
            }
            targets.github.fail(fault(), part, FOR_EVER);
            let ran = targets.publish(&sandbox, &ARGS).ended(0);
            let warned = lines(&ran, "warning: a ruleset may keep pushes away").len();
            assert_eq!(warned, usize::from(part == "/rulesets/"), "{part}: {}", ran.stderr);
            assert_eq!(lines(&ran, "warning: ").len(), warned, "{part}: {}", ran.stderr);
        }
    }
    // A registry that has trouble of its own is waited for when it counts.
    let (targets, sandbox) = both();
    targets.registry.with(|oci| oci.never_cancels = true);
    targets.publish(&sandbox, &ARGS).ended(0);
    assert_eq!(targets.registry.with(|oci| oci.open_uploads), 1);
}

/// What is asked, in full: GitHub limits requests.
#[test]
fn few_requests() {
    let (targets, sandbox) = both();
    targets.publish(&sandbox, &ARGS).ended(0);
    let calls = targets.github.calls().into_iter().map(|call| call.line);
    let asked: Vec<_> = calls.filter(|line| !line.contains("/releases") && !line.contains("/git/")).collect();
    let expected = ["", "/branches/gh-pages", "/rules/branches/gh-pages?per_page=100", "/pages"]
        .map(|path| format!("GET /api/v3/repos/d44b/pulltrace{path}"));
    assert_eq!(asked, expected);
    let asked: Vec<_> =
        targets.remote.server.calls().into_iter().filter(|one| one.line.contains("receive-pack")).collect();
    // The question, which sends nothing, then the push.
    assert!(asked[0].line.ends_with(LOOK_TO_PUSH) && asked[0].received == 0, "{asked:?}");
    assert_eq!(asked.len(), 3, "{asked:?}");
    targets.registry.calls();
    // Nothing is left to do, and so nothing is in the way.
    targets.publish(&sandbox, &ARGS).ended(0);
    let calls = targets.github.calls().into_iter().map(|call| call.line);
    assert_eq!(calls.filter(|line| !line.contains("/releases") && !line.contains("/git/")).count(), 0);
    assert!(targets.registry.calls().iter().all(|call| !call.line.starts_with("POST")));
    assert!(targets.remote.server.calls().iter().all(|one| !one.line.contains("receive-pack")));
}

/// Pages cannot be built from a branch that is not there.
#[test]
fn the_first_publishing_says_what_comes_next() {
    let targets = Targets { remote: Remote::empty(), ..Targets::new() };
    let mut sandbox = source("1.0.0");
    sandbox.set("GITHUB_SERVER_URL", targets.remote.server.origin());
    set(&targets.github, "", json!({"has_pages": false}));
    let ran = targets.publish(&sandbox, &ARGS).ended(0);
    assert!(
        lines(&ran, "warning: ")[0].ends_with("GitHub Pages is off for `d44b/pulltrace`"),
        "{}",
        ran.stderr
    );
    assert!(
        lines(&ran, "hint: ")[0].starts_with("hint: once this has made the branch: http"),
        "{}",
        ran.stderr
    );
}

/// The part that is not published is nobody's concern.
#[test]
fn only_what_is_published_is_looked_at() {
    let (targets, sandbox) = both();
    set(&targets.github, "", json!({"has_pages": false}));
    set_rule(&targets.github, "update");
    targets.release(&sandbox, &["--publish=oci", "--helm", "never"]).ended(0);
    assert_eq!(targets.github.calls(), []);
    // Releases need what a push needs, whoever else may not push to the branch.
    targets.remote.server.fail(server::Fault::status(403), LOOK_TO_PUSH, 1);
    let ran = targets.release(&sandbox, &["--publish=github", "--helm", "never"]).ended(1);
    assert_eq!(lines(&ran, "error: ").len(), 1, "{}", ran.stderr);
    targets.release(&sandbox, &["--publish=github", "--helm", "never"]).ended(0);
}

#[test]
fn a_shallow_clone_may_not_know_its_tag() {
    let (targets, sandbox) = both();
    sandbox.git(&["tag", "--delete", "v1.0.0"]);
    let before = targets.state();
    let ran = targets.publish(&sandbox, &ARGS).ended(1);
    assert!(lines(&ran, "error: ") == ["error: this release has no tag"], "{}", ran.stderr);
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.write(".git/shallow", &format!("{head}\n"));
    let ran = targets.publish(&sandbox, &ARGS).ended(1);
    assert_eq!(
        lines(&ran, "error: "),
        ["error: this release has no tag, as far as this clone knows: it is shallow"]
    );
    assert!(ran.stderr.contains("git fetch --unshallow --tags"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`fetch-depth: 0`"), "{}", ran.stderr);
    assert_untouched(&targets, &before);
    let ran = targets.release(&sandbox, &ARGS).ended(0);
    assert!(!lines(&ran, "warning: this release has no tag, as far").is_empty(), "{}", ran.stderr);
}

/// The same for the branch alone.
#[test]
fn pages_are_looked_at_too() {
    let (remote, github, mut sandbox) = (Remote::seeded(), Github::new(), publisher("web", "1.0.0"));
    sandbox.unset("CARGO_NET_OFFLINE");
    sandbox.set("GITHUB_API_URL", github.url());
    let tip = remote.tip();
    set(&github, "", json!({"has_pages": false}));
    remote.server.fail(server::Fault::status(403), LOOK_TO_PUSH, 1);
    let ran = remote.publish(&sandbox, &[]).ended(1);
    let told = lines(&ran, "error: ");
    assert!(
        told[0].contains("git may not push") && told[1].contains("GitHub Pages is off"),
        "{}",
        ran.stderr
    );
    assert_eq!((told.len(), remote.tip()), (2, tip));
    assert!(remote.server.calls().iter().all(|one| !one.line.starts_with("POST /o/r.git/git-receive-pack")));
    github.with(|api| api.settings.clear());
    remote.publish(&sandbox, &[]).ended(0);
    github.calls();
    // Nothing is left to do.
    remote.publish(&sandbox, &[]).ended(0);
    assert_eq!(github.calls(), []);
}

/// A GitHub that does not answer is in nobody's way.
#[test]
fn pages_need_no_api() {
    let (remote, github, mut sandbox) = (Remote::seeded(), Github::new(), publisher("web", "1.0.0"));
    sandbox.unset("CARGO_NET_OFFLINE");
    sandbox.set("GITHUB_API_URL", github.url());
    github.fail(Fault::Refuse(503, "no"), "", FOR_EVER);
    let ran = remote.charts(&sandbox).ended(0);
    assert_eq!(github.calls().len(), 1, "{}", ran.stderr);
    assert!(lines(&ran, "warning: ").is_empty(), "{}", ran.stderr);
}
