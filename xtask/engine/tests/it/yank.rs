//! Versions that nobody should install any more: what users meet, what stays, and that nothing brings them back by accident.

use std::os::unix::process::CommandExt;
use std::process::Stdio;

use expect_test::expect;
use serde_json::{Value, json};

use crate::charts_server::Charts;
use crate::check::found;
use crate::remote::{Layout, Remote};
use crate::sandbox::{Ran, Sandbox, helms};
use crate::whole::{Targets, bump, source};

pub const YANK: [&str; 4] = ["yank", "web-1.1.0", "--reason", "it crashes at start"];
const NATIVE: [&str; 2] = ["--helm", "never"];

/// Two versions of `web` are published.
pub fn released(layout: Layout) -> (Targets, Sandbox) {
    let (targets, sandbox) = (Targets::of(layout), source("1.0.0"));
    targets.publish(&sandbox, &NATIVE).ended(0);
    bump(&sandbox, "1.1.0");
    targets.publish(&sandbox, &NATIVE).ended(0);
    (targets, sandbox)
}

fn run(targets: &Targets, sandbox: &Sandbox, args: &[&str]) -> Ran {
    let mut command = targets.remote.layout.command(sandbox);
    command.env("GITHUB_API_URL", targets.github.url()).args(args).args(["--remote", &targets.remote.url]);
    sandbox.normal(&command.output().expect("xtask"))
}

/// The output with what differs from run to run written in words.
fn plain(targets: &Targets, text: &str) -> String {
    let text = text.replace(&targets.remote.tip()[..10], "COMMIT").replace(&targets.remote.url, "REMOTE");
    text.replace(&targets.github.url(), "GITHUB")
}

#[test]
fn a_version_is_yanked_and_comes_back() {
    let (targets, sandbox) = released(Layout::USUAL);
    let (index, entries) = (targets.remote.text("charts/index.yaml"), targets.remote.entries());
    let seen = run(&targets, &sandbox, &YANK).ended(0);
    expect![[r#"
          Would yank web 1.1.0  from charts/index.yaml to charts/yanked/index.yaml on gh-pages
        Would change the notes of release v1.1.0  https://github.com/d44b/pulltrace/releases/tag/v1.1.0
        Would change the latest release to v1.0.0  https://github.com/d44b/pulltrace/releases/tag/v1.0.0
        whoever names this version, by --version or in a Chart.lock, gets an error from then on
          still there: https://d44b.github.io/pulltrace/charts/web-1.1.0.tgz
          and listed by helm repo add pulltrace-yanked https://d44b.github.io/pulltrace/charts/yanked
          `oci://ghcr.io/d44b/charts/web:1.1.0` stays as it is: no client shows a mark there
        nothing left this machine; add --publish to publish
    "#]]
    .assert_eq(&plain(&targets, &seen.stdout));
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/bad-release.md"));
    assert!(guide.expect("the guide").contains(&seen.stdout), "the guide shows something else");
    assert_eq!(targets.remote.text("charts/index.yaml"), index);
    let done = run(&targets, &sandbox, &[&YANK[..], &["--publish"]].concat()).ended(0);
    expect![[r#"
              Yanked web 1.1.0  from charts/index.yaml to charts/yanked/index.yaml on gh-pages
             Changed the notes of release v1.1.0  https://github.com/d44b/pulltrace/releases/tag/v1.1.0
             Changed the latest release to v1.0.0  https://github.com/d44b/pulltrace/releases/tag/v1.0.0
           Published COMMIT to gh-pages of REMOTE
        whoever names this version, by --version or in a Chart.lock, gets an error from then on
          still there: https://d44b.github.io/pulltrace/charts/web-1.1.0.tgz
          and listed by helm repo add pulltrace-yanked https://d44b.github.io/pulltrace/charts/yanked
          `oci://ghcr.io/d44b/charts/web:1.1.0` stays as it is: no client shows a mark there
    "#]]
    .assert_eq(&plain(&targets, &done.stdout));
    let mut left = entries.clone();
    let gone = left.remove("web-1.1.0.tgz").expect("an entry");
    assert_eq!(targets.remote.entries(), left);
    let yanked = targets.remote.text("charts/yanked/index.yaml");
    assert!(
        yanked.contains(&gone.digest) && yanked.contains("\"yanked/web-1.1.0\": \"it crashes at start\""),
        "{yanked}"
    );
    assert!(targets.remote.files().contains_key("charts/web-1.1.0.tgz"));
    assert!(!targets.remote.text("charts/index.html").contains("1.1.0"));
    let github = targets.github.state();
    assert_eq!(github["latest"], "v1.0.0");
    let state = targets.state();
    let again = run(&targets, &sandbox, &[&YANK[..], &["--publish"]].concat()).ended(0);
    assert!(again.stdout.contains("Unchanged web 1.1.0  is yanked already"), "{}", again.stdout);
    assert_eq!(targets.state(), state);
    let back = run(&targets, &sandbox, &["yank", "web-1.1.0", "--undo", "--publish"]).ended(0);
    assert!(back.stdout.contains("Brought back web 1.1.0  from charts/yanked/index.yaml"), "{}", back.stdout);
    let lasting = |text: String| {
        text.lines().filter(|line| !line.starts_with("generated")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(lasting(targets.remote.text("charts/index.yaml")), lasting(index));
    assert_eq!(targets.github.state()["latest"], "v1.1.0");
    assert!(!targets.github.state().to_string().contains("yanked"), "{:#}", targets.github.state());
}

/// An old job that runs again, a repair, and another release leave it yanked; `check` and `release` know it.
#[test]
fn nothing_brings_it_back_by_accident() {
    for layout in [Layout::USUAL, Layout::OTHERS[0], Layout::OTHERS[1]] {
        let (targets, sandbox) = released(layout);
        run(&targets, &sandbox, &[&YANK[..], &["--publish"]].concat()).ended(0);
        let index = targets.remote.text(&layout.index());
        let again = targets.publish(&sandbox, &NATIVE).ended(0);
        assert!(again.stderr.contains("`web 1.1.0` is yanked: `it crashes at start`"), "{}", again.stderr);
        assert_eq!(targets.remote.text(&layout.index()), index, "{}", again.stdout);
        run(&targets, &sandbox, &["pages", "--only", "charts", "--publish"]).ended(0);
        run(&targets, &sandbox, &["pages", "--only", "charts", "--repair", "--publish"]).ended(0);
        assert_eq!(targets.remote.text(&layout.index()), index);
        bump(&sandbox, "1.2.0");
        targets.publish(&sandbox, &NATIVE).ended(0);
        let entries: Vec<String> =
            targets.remote.entries().into_keys().filter(|file| file.starts_with("web")).collect();
        assert_eq!(entries, ["web-0.1.0.tgz", "web-1.0.0.tgz", "web-1.2.0.tgz"]);
    }
}

/// The chart of a yanked version is published: it is no candidate of a release, and a change needs a version that is free.
#[test]
fn check_and_release_know_it() {
    let (remote, mut sandbox) = (Remote::empty(), source("1.1.0"));
    sandbox.set("CONFIG_VERSIONS", "verify");
    sandbox.set("CONFIG_TARGETS", "pages");
    let any = |args: &[&str]| sandbox.any_config(&[args, &["--remote", &remote.url]].concat());
    any(&["release", "--tag", "v1.1.0", "--helm", "never"]).ended(0);
    any(&["pages", "--only", "charts", "--publish"]).ended(0);
    any(&[&YANK[..], &["--publish"]].concat()).ended(0);
    sandbox.git(&["tag", "--delete", "v1.1.0"]);
    let check = any(&["check", "--json", "--helm", "never"]).ended(0);
    let told: Vec<String> =
        found(&check, "release").into_iter().filter(|one| one.contains("web 1.1.0")).collect();
    assert_eq!(
        told,
        [
            "warning charts/web/Chart.yaml:3 `web 1.1.0` is yanked: `it crashes at start`; release a higher version; or bring it back: cargo xtask yank web-1.1.0 --undo"
        ]
    );
    let release = any(&["release", "--helm", "never"]).ended(0);
    assert!(release.stdout.contains("Unchanged web 1.1.0: published already"), "{}", release.stdout);
    sandbox.write("charts/web/values.yaml", "a: 2\n");
    sandbox.commit("a change");
    let check = any(&["check", "--json", "--helm", "never"]).ended(1);
    let told = found(&check, "release").join("\n");
    assert!(
        told.contains("`web 1.1.0` is published, and differs") && told.contains("write `version: 1.1.1`"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_yanked_is_said() {
    let (targets, sandbox) = released(Layout::USUAL);
    let state = targets.state();
    for (args, status, expected) in [
        (&["yank", "web-9.9.9", "--reason", "x"][..], 1, "the Helm repository has no `web-9.9.9`"),
        (&["yank", "web-1.1.0"], 2, "--reason"),
        (&["yank", "web-1.1.0", "--reason", " "], 2, "--reason has to be one line of text"),
        (&["yank", "--reason", "x"], 2, "NAME-VERSION"),
        (
            &["yank", "web-1.0.0", "web-9.9.9", "--reason", "x", "--publish"],
            1,
            "the Helm repository has no `web-9.9.9`",
        ),
    ] {
        let ran = run(&targets, &sandbox, args).ended(status);
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
    let mut without = sandbox;
    without.unset("GITHUB_TOKEN");
    let ran = run(&targets, &without, &[&YANK[..], &["--publish"]].concat()).ended(1);
    assert!(ran.stderr.contains("no token to publish"), "{}", ran.stderr);
    assert_eq!(targets.state(), state);
}

/// Killed at each request: the branch is whole, and the next run ends as an undisturbed one.
#[test]
fn killed_at_each_request() {
    let whole = {
        let (targets, sandbox) = released(Layout::USUAL);
        run(&targets, &sandbox, &[&YANK[..], &["--publish"]].concat()).ended(0);
        targets.state()
    };
    let mut n = 1;
    loop {
        let (targets, sandbox) = released(Layout::USUAL);
        let (was_killed, _) = targets.kill_program_at(n, || {
            let mut command = targets.remote.layout.command(&sandbox);
            command.env("GITHUB_API_URL", targets.github.url()).args(YANK).args(["--publish", "--remote"]);
            command.arg(&targets.remote.url).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
            command.env("TMPDIR", sandbox.work().join("../home")).spawn().expect("xtask")
        });
        let mut listed: Vec<String> = targets.remote.entries().into_keys().collect();
        let gone = targets.remote.files().contains_key("charts/yanked/index.yaml");
        listed.extend(gone.then(|| "web-1.1.0.tgz".to_owned()));
        assert_eq!(
            listed,
            ["api-0.1.0.tgz", "web-0.1.0.tgz", "web-1.0.0.tgz", "web-1.1.0.tgz"],
            "killed at {n}"
        );
        run(&targets, &sandbox, &[&YANK[..], &["--publish"]].concat()).ended(0);
        assert_eq!(targets.state(), whole, "killed at request {n}");
        if !was_killed {
            break;
        }
        n += 2;
    }
    assert!(n > 5, "{n}");
}

#[test]
fn a_yank_is_rehearsed_and_told_as_json() {
    let (targets, sandbox) = released(Layout::USUAL);
    let state = targets.state();
    let told = run(&targets, &sandbox, &[&YANK[..], &["--json"]].concat()).ended(0);
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    assert_eq!(
        told,
        json!({
            "remote": targets.remote.url,
            "branch": "gh-pages",
            "yanked": ["web 1.1.0"],
            "unyanked": [],
            "same": [],
            "archives": { "web 1.1.0": "https://d44b.github.io/pulltrace/charts/web-1.1.0.tgz" },
            "releases": [{ "action": "note", "release": "v1.1.0" }, { "action": "latest", "release": "v1.0.0" }],
            "published": false,
        })
    );
    let ran = run(&targets, &sandbox, &[&YANK[..], &["--rehearse"]].concat()).ended(0);
    let lines: Vec<&str> = ran.stdout.lines().map(|line| line.split("http").next().unwrap_or(line)).collect();
    expect![[r#"
              Yanked web 1.1.0  from charts/index.yaml to charts/yanked/index.yaml on gh-pages
           Unchanged all of it: yanking again finds nothing left to do
             Missing web 1.1.0  in 
               Found web 1.1.0  in 
                Look at target/rehearsal/site
        nothing left this machine; GitHub Releases and the registry are no part of this rehearsal"#]]
    .assert_eq(&lines.join("\n"));
    assert_eq!(targets.state(), state);
}

/// The Helm repository as GitHub Pages serves it.
fn served(targets: &Targets) -> Charts {
    let site = Charts::new(&[]);
    for path in targets.remote.files().into_keys().filter(|path| path.starts_with("charts/")) {
        let data = targets.remote.read(&path);
        let here = |text: &str| text.replace("https://d44b.github.io/pulltrace", &site.origins[0]);
        let data = if path.ends_with(".yaml") { here(&String::from_utf8_lossy(&data)).into() } else { data };
        site.put(&format!("/{path}"), data);
    }
    site
}

/// What each Helm makes of both indexes.
#[test]
fn helm_finds_a_yanked_version_only_where_it_is_listed() {
    for (name, helm) in helms("yank") {
        let (targets, sandbox) = released(Layout::USUAL);
        run(&targets, &sandbox, &[&YANK[..], &["--publish"]].concat()).ended(0);
        let site = served(&targets);
        let pull = |url: &str, version: &str| {
            let out = sandbox.work().join("../home/pulled");
            let mut command = sandbox.command(&helm);
            command.args(["pull", "web", "--repo", url, "--version", version, "--destination"]).arg(&out);
            std::fs::create_dir_all(&out).expect("a directory");
            command.output().expect("helm").status.success()
        };
        assert!(pull(&site.url(), "1.0.0"), "{name}");
        assert!(!pull(&site.url(), "1.1.0"), "{name}");
        assert!(pull(&format!("{}/yanked", site.url()), "1.1.0"), "{name}");
    }
}

/// Artifact Hub lists what the registry has, unless it is told not to.
#[test]
fn artifact_hub_is_told() {
    let (remote, mut sandbox) = (Remote::empty(), source("1.1.0"));
    sandbox.set("CONFIG_VERSIONS", "verify");
    sandbox.set("CONFIG_TARGETS", "oci pages");
    let any = |args: &[&str]| sandbox.any_config(&[args, &["--remote", &remote.url]].concat());
    any(&["release", "--tag", "v1.1.0", "--helm", "never", "--offline"]).ended(0);
    any(&["pages", "--only", "charts", "--publish"]).ended(0);
    any(&[&YANK[..], &["--publish"]].concat()).ended(0);
    let id = "repositoryID: 2fbd1f6f-ec8a-4e3b-9c4e-9e9b6d0d0a55\n";
    sandbox.write("artifacthub-repo.yml", id);
    sandbox.commit("a file for Artifact Hub");
    let check = any(&["check", "--fix", "--helm", "never"]);
    assert!(check.stdout.contains("artifacthub-repo.yml"), "{}{}", check.stderr, check.stdout);
    let ignored = format!("{id}ignore:\n  - name: web\n    version: '^1\\.1\\.0$'\n");
    assert_eq!(sandbox.text("artifacthub-repo.yml"), ignored);
}
