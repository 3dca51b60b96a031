//! Releases on merge that something is in the way of: each is said with its cause, and nothing is lost.

use std::sync::Arc;

use serde_json::json;

use crate::github::{Fault, asked, upload, value};
use crate::merges::Shop;
use crate::sandbox::Ran;

/// It fails with these words, and no target has anything of it.
#[track_caller]
fn refused(shop: &Shop, args: &[&str], words: &[&str]) -> Ran {
    let ran = shop.run(&[&["--publish"], args].concat()).ended(1);
    assert!(words.iter().all(|words| ran.stderr.contains(words)), "{words:?}\n{}", ran.stderr);
    ran
}

/// GitHub refuses to make a tag.
#[track_caller]
fn github_refuses(status: u16, message: &'static str, words: &[&str]) {
    let shop = Shop::new(&["web"]);
    shop.targets.github.fail(Fault::Refuse(status, message), "POST /api/v3/repos/d44b/pulltrace/git/refs", 9);
    refused(&shop, &[], words);
    shop.has(&[]);
    shop.targets.heal();
    shop.publish();
    let state = shop.targets.state();
    assert_eq!(state["github"]["releases"][0]["tag_name"], "v1.0.0", "{state:#}");
}

#[test]
fn the_right_to_change_workflows_is_missing() {
    github_refuses(
        403,
        "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission",
        &[
            "cannot make tag `v1.0.0`",
            "without `workflows` permission",
            "hint: the commit changes workflow files",
        ],
    );
}

#[test]
fn a_ruleset_forbids_the_tag() {
    github_refuses(
        422,
        "Repository rule violations found\n\nCannot create ref due to creations being restricted.",
        &["cannot make tag `v1.0.0`", "creations being restricted", "Settings -> Rules -> Rulesets"],
    );
}

/// What an earlier run has begun is finished all the same.
#[test]
fn a_refused_tag_keeps_nothing_else_back() {
    let shop = Shop::new(&["api", "web"]);
    shop.publish();
    shop.bump("api", "1.1.0");
    shop.merge("api");
    shop.run(&["--publish=oci"]).ended(0);
    shop.bump("web", "1.1.0");
    shop.merge("web");
    shop.targets.github.fail(Fault::Refuse(403, "no"), "POST /api/v3/repos/d44b/pulltrace/git/refs", 9);
    refused(&shop, &[], &["cannot make tag `web-1.1.0`"]);
    shop.has(&["api-1.0.0", "api-1.1.0", "web-1.0.0"]);
    shop.targets.heal();
    shop.publish();
    shop.has(&["api-1.0.0", "api-1.1.0", "web-1.0.0", "web-1.1.0"]);
}

#[test]
fn the_token_may_only_read() {
    github_refuses(403, "Resource not accessible by integration", &["contents: write"]);
}

/// The same where git pushes the tag.
#[test]
fn a_hook_refuses_the_tag() {
    let mut shop = Shop::new(&["web"]);
    shop.sandbox.set("CONFIG_TARGETS", "pages");
    shop.sandbox.unset("GITHUB_TOKEN");
    let run = |shop: &Shop| {
        let mut command = shop.sandbox.any_config_command();
        command.args(["release", "--helm", "never", "--publish", "--remote", &shop.targets.remote.url]);
        shop.sandbox.normal(&command.output().expect("a program"))
    };
    let hook = "#!/bin/sh\ncase $1 in refs/tags/*) echo 'GH013: Repository rule violations found for refs/tags' >&2; exit 1;; esac\n";
    shop.targets.remote.hook("update", hook);
    let ran = run(&shop).ended(1);
    let words = ["Would tag v1.0.0", "cannot push tags to", "GH013", "hint: let this workflow push there"];
    assert!(words.iter().all(|words| ran.stderr.contains(words)), "{}", ran.stderr);
    assert_eq!((shop.tags().len(), shop.targets.remote.tip()), (0, String::new()));
    shop.targets.remote.hook("update", "#!/bin/sh\n");
    run(&shop).ended(0);
    assert!(shop.targets.remote.entries().contains_key("web-1.0.0.tgz"));
    // A laptop has no tag of this: the remote has.
    assert_eq!(shop.sandbox.git(&["tag", "--list"]), "");
}

/// A tag that somebody has put elsewhere keeps its own chart back, and no other one.
#[test]
fn a_tag_at_another_commit() {
    let shop = Shop::new(&["api", "web"]);
    shop.publish();
    shop.sandbox.git(&["tag", "web-1.1.0"]);
    shop.targets.push_tags(&shop.sandbox);
    shop.sandbox.git(&["tag", "--delete", "web-1.1.0"]);
    shop.bump("api", "1.1.0");
    shop.bump("web", "1.1.0");
    shop.merge("bumps");
    let ran = shop.run(&["--publish"]).ended(1);
    let words =
        "and this program did not make it: `web 1.1.0` belongs to that commit, and is published nowhere";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    assert!(ran.stderr.contains("cargo xtask release --tag web-1.1.0 --publish"), "{}", ran.stderr);
    assert!(ran.stdout.contains("Left out web 1.1.0: tag web-1.1.0 is at"), "{}", ran.stdout);
    let entries = shop.targets.remote.entries();
    assert!(entries.contains_key("api-1.1.0.tgz") && !entries.contains_key("web-1.1.0.tgz"), "{entries:?}");
    // The version of the tag is not that of its commit.
    let ran = shop.run(&["--publish", "--tag", "web-1.1.0"]).ended(1);
    let words = ["tag `web-1.1.0` does not agree with version `1.0.0`", "its commit never had that version"];
    assert!(words.iter().all(|words| ran.stderr.contains(words)), "{}", ran.stderr);
    // Another version is the way out.
    shop.bump("web", "1.1.1");
    shop.merge("another version");
    shop.publish();
}

/// The tag of a person at the commit of the version, whose release was cut off: told, and finished by the command that is told.
#[test]
fn what_others_have_half_released() {
    let shop = Shop::new(&["api", "web"]);
    shop.publish();
    shop.bump("web", "1.1.0");
    shop.merge("web");
    shop.sandbox.git(&["tag", "web-1.1.0"]);
    shop.targets.push_tags(&shop.sandbox);
    shop.run(&["--publish=oci", "--tag", "web-1.1.0"]).ended(0);
    shop.sandbox.git(&["tag", "--delete", "web-1.1.0"]);
    shop.bump("web", "1.2.0");
    shop.merge("web again");
    let ran = shop.publish();
    let words = "`web-1.1.0` is half released: missing in the Helm repository and the GitHub Release";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    shop.run(&["--publish", "--tag", "web-1.1.0"]).ended(0);
    shop.has(&["api-1.0.0", "web-1.0.0", "web-1.1.0", "web-1.2.0"]);
}

#[test]
fn a_release_that_somebody_made_by_hand() {
    let shop = Shop::new(&["api", "web"]);
    shop.publish();
    let make = |tag: &str| {
        let release = json!({ "tag_name": tag, "draft": false });
        shop.targets.github.with(|api| value(&api.answer(&asked("POST", "releases", &release))))
    };
    // At an earlier commit.
    shop.sandbox.git(&["tag", "web-1.1.0"]);
    shop.targets.push_tags(&shop.sandbox);
    shop.sandbox.git(&["tag", "--delete", "web-1.1.0"]);
    make("web-1.1.0");
    shop.bump("web", "1.1.0");
    shop.merge("web");
    let words = "release `web-1.1.0` was made by hand, with its tag at";
    refused(&shop, &[], &[words]);
    // At this one, and nobody can add to it.
    shop.bump("web", "1.2.0");
    shop.bump("api", "1.2.0");
    shop.merge("both");
    shop.sandbox.git(&["tag", "web-1.2.0"]);
    shop.targets.push_tags(&shop.sandbox);
    shop.sandbox.git(&["tag", "--delete", "web-1.2.0"]);
    shop.targets.github.with(|api| api.releases.immutable = true);
    make("web-1.2.0");
    shop.targets.github.with(|api| api.releases.immutable = false);
    let ran = refused(&shop, &[], &["release `web-1.2.0` was made by hand and is immutable"]);
    assert!(ran.stdout.contains("Left out web 1.2.0: its release can get no archive"), "{}", ran.stdout);
    assert!(shop.targets.remote.entries().contains_key("api-1.2.0.tgz"));
    // At this one, and it can be completed.
    shop.bump("web", "1.3.0");
    shop.merge("web");
    shop.sandbox.git(&["tag", "web-1.3.0"]);
    shop.targets.push_tags(&shop.sandbox);
    shop.sandbox.git(&["tag", "--delete", "web-1.3.0"]);
    let release = make("web-1.3.0");
    shop.targets.github.with(|api| api.answer(&upload(&release, "by-hand.txt", b"x")));
    shop.publish();
    assert!(shop.targets.remote.entries().contains_key("web-1.3.0.tgz"));
}

/// Another run makes the tag after the look at all tags: at another commit its version is finished from there.
#[test]
fn the_tag_is_made_meanwhile() {
    for when in
        ["GET /api/v3/repos/d44b/pulltrace/git/ref/tags/web", "POST /api/v3/repos/d44b/pulltrace/git/tags"]
    {
        let shop = Shop::new(&["api", "web"]);
        let elsewhere = shop.sandbox.git(&["rev-parse", "HEAD"]);
        let text = "web-1.0.0\n\nThis tag was made by `cargo xtask release`, and so on.\n";
        let object = json!({ "tag": "web-1.0.0", "message": text, "object": elsewhere, "type": "commit" });
        shop.sandbox.write("README.md", "# Shop\n");
        shop.merge("docs");
        let meanwhile = move |api: &mut crate::github::Api| {
            let made = value(&api.answer(&asked("POST", "git/tags", &object)));
            let name = json!({ "ref": "refs/tags/web-1.0.0", "sha": made["sha"] });
            api.answer(&asked("POST", "git/refs", &name));
        };
        shop.targets.github.fail(Fault::Meanwhile(Arc::new(meanwhile)), when, 1);
        let ran = shop.publish();
        let words = "Repeating all of it: another run has made web-1.0.0";
        assert!(ran.stderr.contains(words), "{when}: {}", ran.stderr);
        shop.has(&["api-1.0.0", "web-1.0.0"]);
    }
}

#[test]
fn many_new_versions_ask_for_a_number() {
    let names: Vec<String> = (1..=12).map(|i| format!("chart{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let shop = Shop::new(&names);
    let words = [
        "12 versions are new, and a run without a tag publishes at most 10",
        "--max 12; else some of them: --only",
    ];
    refused(&shop, &[], &words);
    shop.has(&[]);
    let ran = shop.run(&[]).ended(0);
    assert!(ran.stderr.contains(&format!("warning: {}", words[0])), "{}", ran.stderr);
    assert_eq!(ran.stdout.matches("Would tag").count(), 12, "{}", ran.stdout);
    shop.run(&["--publish", "--only", "chart3", "charts/chart4"]).ended(0);
    shop.has(&["chart3-1.0.0", "chart4-1.0.0"]);
    shop.run(&["--publish", "--max", "10"]).ended(0);
    let all: Vec<String> = names.iter().map(|name| format!("{name}-1.0.0")).collect();
    shop.has(&all.iter().map(String::as_str).collect::<Vec<_>>());
}

/// What a pull request from a fork shows: no token, and the commit that merging would make.
#[test]
fn a_pull_request_says_what_merging_publishes() {
    let mut shop = Shop::new(&["api", "db", "web"]);
    shop.publish();
    shop.bump("web", "1.1.0");
    shop.sandbox.write("charts/db/values.yaml", "forgotten: true\n");
    shop.sandbox.commit("a contribution");
    let summary = shop.sandbox.work().join("../home/summary.md");
    shop.sandbox.unset("GITHUB_TOKEN");
    for (variable, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_REF", "refs/pull/1/merge"),
        ("GITHUB_REPOSITORY", "d44b/pulltrace"),
        ("GITHUB_STEP_SUMMARY", &summary.display().to_string()),
    ] {
        shop.sandbox.set(variable, value);
    }
    let ran = shop.run(&[]).ended(1);
    assert!(ran.stdout.contains("Would tag web-1.1.0 at"), "{}", ran.stdout);
    let text = std::fs::read_to_string(&summary).expect("a summary");
    let expected = "### What merging publishes\n\n| Chart | Version | Tag |\n| --- | --- | --- |\n| `web` | `1.1.0` | `web-1.1.0` |\n\n- `db 1.0.0` is left out: `it has changed since this version was published`\n\n> [!CAUTION]\n> ";
    assert!(text.starts_with(expected), "{text}");
    shop.run(&["--publish"]).ended(1);
    shop.has(&["api-1.0.0", "db-1.0.0", "web-1.0.0"]);
}
