//! A release wherever the Helm repository lies: at the root of the branch, with its archives there or in GitHub Releases, and
//! at two addresses while it moves. What holds for the usual place holds there: nothing is lost in a race or by a kill, and
//! running again finishes what was cut off.

use std::thread;
use std::time::Instant;

use helm_xtask::internals::rehearsal::http::{self, Answer};
use serde_json::{Value, json};

use crate::config;
use crate::life::{as_others_package, digest};
use crate::publish_github::{attach, somebody};
use crate::remote::{Layout, Remote};
use crate::sandbox::{Ran, Sandbox, helms};
use crate::whole::{Targets, assert_same, bump, each, kill, source};

const NATIVE: [&str; 2] = ["--helm", "never"];

fn layouts() -> impl Iterator<Item = Layout> {
    [Layout::USUAL].into_iter().chain(Layout::OTHERS)
}

/// Several who release at once are all published, and what was there stays as it was.
#[test]
fn whoever_releases_at_once_is_published() {
    for layout in layouts() {
        let targets = Targets::of(layout);
        let before = targets.remote.entries();
        let all: Vec<Sandbox> = (1..=5).map(|n| source(&format!("1.{n}.0"))).collect();
        for sandbox in &all {
            targets.push_tags(sandbox);
        }
        let runs: Vec<Ran> = thread::scope(|scope| {
            let runs: Vec<_> = all.iter().map(|one| scope.spawn(|| targets.publish(one, &NATIVE))).collect();
            runs.into_iter().map(|run| run.join().expect("a run")).collect()
        });
        for ran in runs {
            ran.ended(0);
        }
        targets.assert_in_order();
        assert_eq!(targets.remote.assert_whole(), before.len() + 5, "{layout:?}");
        let after = targets.remote.entries();
        assert!(before.iter().all(|(file, entry)| after.get(file) == Some(entry)), "{layout:?}: {after:?}");
    }
}

/// The state after a release without a disturbance, and how many requests it takes.
fn undisturbed(layout: Layout) -> (Value, usize) {
    let (targets, sandbox) = (Targets::of(layout), source("1.0.0"));
    let (was_killed, count) = targets.kill_at(&sandbox, &NATIVE, usize::MAX);
    assert!(!was_killed);
    targets.assert_in_order();
    let state = targets.state();
    assert_eq!((&state["github"]["latest"], &state["pages"]["commits"]), (&"v1.0.0".into(), &2.into()));
    (state, count)
}

/// Killed when a request comes, everywhere between the first and the last; `XTASK_KILLS` tries each.
#[test]
fn stopped_between_two_requests() {
    let every = if std::env::var_os("XTASK_KILLS").is_some() { 1 } else { 3 };
    for layout in Layout::OTHERS {
        let (whole, count) = undisturbed(layout);
        each(count / every, |n| {
            let (targets, sandbox) = (Targets::of(layout), source("1.0.0"));
            assert!(targets.kill_at(&sandbox, &NATIVE, n * every).0);
            targets.assert_in_order();
            let ran = targets.publish(&sandbox, &NATIVE).ended(0);
            assert_same(&targets.state(), &whole, &format!("stopped at {}:\n{}", n * every, ran.stderr));
            targets.writes();
            let ran = targets.publish(&sandbox, &NATIVE).ended(0);
            assert_eq!(targets.writes(), Vec::<String>::new(), "{}", ran.stdout);
        });
    }
}

#[test]
fn killed_at_any_moment() {
    let kills: u32 = std::env::var("XTASK_KILLS").map_or(3, |count| count.parse().expect("a number"));
    for layout in Layout::OTHERS {
        let (whole, _) = undisturbed(layout);
        let begin = || {
            let (targets, sandbox) = (Targets::of(layout), source("1.0.0"));
            targets.push_tags(&sandbox);
            targets.slow_down();
            (targets, sandbox)
        };
        let (targets, sandbox) = begin();
        let started = Instant::now();
        targets.spawn(&sandbox, &NATIVE).wait().expect("an end");
        let typical = started.elapsed();
        for n in 1..=kills {
            let (targets, sandbox) = begin();
            let mut child = targets.spawn(&sandbox, &NATIVE);
            // Multiples of the golden ratio fall everywhere between 0 and 1, most evenly.
            thread::sleep(typical.mul_f64((f64::from(n) * 0.618_034).fract()));
            kill(child.id());
            child.wait().expect("an end");
            targets.heal();
            targets.assert_in_order();
            let ran = targets.publish(&sandbox, &NATIVE).ended(0);
            assert_same(&targets.state(), &whole, &ran.stderr);
        }
    }
}

/// The notes of a release name the address of the Helm repository, wherever the archives are, and nothing else decides.
#[test]
fn notes_of_another_address_are_refused() {
    let [_, layout] = Layout::OTHERS;
    let (targets, mut sandbox) = (Targets::of(layout), source("1.0.0"));
    let link = "https://github.com/d44b/pulltrace/releases/download/v1.0.0/web-1.0.0.tgz";
    sandbox.write("CHANGELOG.md", &format!("# Changelog\n\n## 1.0.0\n\n[The archive]({link})\n"));
    sandbox.commit("a link");
    sandbox.git(&["tag", "--force", "v1.0.0"]);
    targets.publish(&sandbox, &NATIVE).ended(0);
    bump(&sandbox, "1.1.0");
    sandbox.set("CONFIG_HELM_URL", "https://staging.example.com/charts");
    targets.release(&sandbox, &["--helm", "never", "--offline"]).ended(0);
    sandbox.unset("CONFIG_HELM_URL");
    let ran = targets.release(&sandbox, &["--from", "dist", "--helm", "never", "--publish=github"]).ended(1);
    let expected = "error: release-notes.md tells users `https://staging.example.com/charts`, and this config has \
                    `https://d44b.github.io/pulltrace`\nhint: make the notes of this config: cargo xtask release\n";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
}

/// A version that only the old index has is published: its archive is taken, and another content is refused.
#[test]
fn what_the_old_index_has_is_published() {
    let remote = Remote::seeded_as(Layout { directory: "", in_releases: false });
    let mut sandbox = source("1.0.0");
    sandbox.set("CONFIG_OLD_HELM_PATH", "");
    let tags = remote.path().display().to_string();
    sandbox.any_config(&["release", "--offline", "--helm", "never"]).ended(0);
    let theirs = as_others_package(&sandbox.read("dist/web-1.0.0.tgz"));
    let digest = digest(&theirs);
    let entry = format!(
        "  web:\n  - apiVersion: v2\n    digest: {digest}\n    name: web\n    urls:\n    - web-1.0.0.tgz\n    version: 1.0.0\n"
    );
    let index = remote.text("index.yaml").replacen("  web:\n", &entry, 1);
    remote.overwrite(&[("index.yaml", Some(index.as_bytes())), ("web-1.0.0.tgz", Some(&theirs))]);
    sandbox.git(&["push", "--quiet", &tags, "v1.0.0"]);
    let args = ["release", "--publish=pages", "--helm", "never", "--remote", &remote.url];
    sandbox.any_config(&args).ended(0);
    assert!(remote.text("charts/index.yaml").contains(&digest));
    assert_eq!(remote.read("charts/web-1.0.0.tgz"), theirs);
    sandbox.write("charts/web/values.yaml", "a: 2\n");
    sandbox.commit("other values");
    sandbox.git(&["tag", "--force", "v1.0.0"]);
    let ran = sandbox.any_config(&["release", "--helm", "never", "--remote", &remote.url]).ended(1);
    assert!(ran.stderr.contains("`web 1.0.0` is published, and differs in `values.yaml`"), "{}", ran.stderr);
}

/// An index that leads to GitHub Releases is written by a job of its own only when the release is there.
#[test]
fn no_entry_comes_before_its_asset() {
    let [_, layout] = Layout::OTHERS;
    let (targets, sandbox) = (Targets::of(layout), source("1.0.0"));
    targets.release(&sandbox, &["--helm", "never"]).ended(0);
    let from = |to: &str| targets.release(&sandbox, &["--from", "dist", "--helm", "never", to]);
    let early = from("--publish=pages").ended(1);
    let expected = "error: `d44b/pulltrace` has no published release `v1.0.0` with `web-1.0.0.tgz`\n\
                    hint: publish that first: cargo xtask release --publish=github, then --publish=pages\n";
    assert!(early.stderr.contains(expected), "{}", early.stderr);
    let mut pages = layout.command(&sandbox);
    pages.env("GITHUB_API_URL", targets.github.url());
    pages.args(["pages", "--only", "charts", "--publish", "--remote", &targets.remote.url]);
    let early = sandbox.normal(&pages.output().expect("pages")).ended(1);
    assert!(early.stderr.contains(expected), "{}", early.stderr);
    assert_eq!(targets.remote.commits(), 1);
    from("--publish=github").ended(0);
    sandbox.normal(&pages.output().expect("pages")).ended(0);
    assert_eq!(targets.remote.assert_whole(), 3);
    assert!(from("--publish=pages").ended(0).stdout.contains("Unchanged index.yaml"));
    let index = targets.remote.text("index.yaml");
    let url = "- https://github.com/d44b/pulltrace/releases/download/v1.0.0/web-1.0.0.tgz\n";
    assert!(index.contains(url), "{index}");
    bump(&sandbox, "1.1.0+b.1");
    targets.publish(&sandbox, &NATIVE).ended(0);
    let index = targets.remote.text("index.yaml");
    assert!(index.contains("/releases/download/v1.1.0%2Bb.1/web-1.1.0.b.1.tgz\n"), "{index}");
}

/// What another program has published of a version before its index: the same chart in other bytes is taken as it is, and where
/// it cannot be looked at nothing is written.
#[test]
fn an_asset_of_others_is_taken() {
    let [_, layout] = Layout::OTHERS;
    for is_served in [true, false] {
        let (targets, mut sandbox) = (Targets::of(layout), source("1.0.0"));
        targets.release(&sandbox, &["--helm", "never", "--offline"]).ended(0);
        let theirs = as_others_package(&sandbox.read("dist/web-1.0.0.tgz"));
        let release = somebody(&targets.github, "POST", "releases", &json!({"tag_name": "v1.0.0"}));
        attach(&targets.github, &release, "web-1.0.0.tgz", &theirs);
        let listener = http::listen().expect("a port");
        sandbox.set("GITHUB_SERVER_URL", format!("http://{}", listener.local_addr().expect("an address")));
        let digest = digest(&theirs);
        http::serve(listener, move |asked| match asked.path.as_str() {
            "/d44b/pulltrace/releases/download/v1.0.0/web-1.0.0.tgz" if is_served => {
                Answer::new(200, "application/gzip", theirs.clone())
            }
            _ => Answer::text(404, "no"),
        });
        let ran = targets.publish(&sandbox, &NATIVE);
        if is_served {
            ran.ended(0);
            assert_eq!(targets.remote.entries()["web-1.0.0.tgz"].digest, digest);
        } else {
            assert!(ran.ended(1).stderr.contains("what is published never changes"));
            assert_eq!(targets.state()["oci"], json!({}), "nothing is written before that is seen");
        }
    }
}

/// A repository that moves: the old index gets each new entry, with the same URL, and keeps every byte that it had.
#[test]
fn two_addresses_while_it_moves() {
    let old = Layout { directory: "", in_releases: false };
    let remote = Remote::seeded_as(old);
    let before = remote.text("index.yaml");
    let mut sandbox = source("1.0.0");
    for (field, value) in [("old_helm_path", ""), ("versions", "stamp")] {
        sandbox.set(&format!("CONFIG_{}", field.to_uppercase()), value);
    }
    sandbox.set("REPOSITORY", "d44b/pulltrace");
    let publish = || {
        let args = ["release", "--publish=pages", "--helm", "never", "--remote", &remote.url];
        sandbox.leaving_nothing(config::program(), &args).ended(0)
    };
    sandbox.git(&["push", "--quiet", &remote.path().display().to_string(), "v1.0.0"]);
    let said = publish().stdout;
    assert!(said.contains("adds web 1.0.0; adds to the old index web 1.0.0"), "{said}");
    let url = "https://d44b.github.io/pulltrace/charts/web-1.0.0.tgz\n";
    let (new, after) = (remote.text("charts/index.yaml"), remote.text("index.yaml"));
    assert!(new.contains(url) && after.contains(url), "{new}\n{after}");
    let kept: Vec<&str> = before.lines().filter(|line| !line.starts_with("generated:")).collect();
    let mut lines = after.lines();
    assert!(kept.iter().all(|line| lines.any(|one| one == *line)), "{before}\n{after}");
    let files = remote.files();
    assert!(files.contains_key("web-0.1.0.tgz") && files.contains_key("charts/web-1.0.0.tgz"), "{files:?}");
    assert!(publish().stdout.contains("Unchanged charts/index.yaml"));
    assert_eq!(remote.commits(), 2);
    bump(&sandbox, "1.1.0");
    for (name, helm) in helms("two_addresses_while_it_moves") {
        sandbox.set("HELM_BIN", helm.display().to_string());
        let args = ["release", "--rehearse", "--tag", "v1.1.0", "--remote", &remote.url];
        let ran = sandbox.run(config::program(), &args).ended(0);
        for step in ["Pulled helm pull pulltrace/web", "Pulled helm pull pulltrace-old/web", "Kept what"] {
            assert!(ran.stdout.contains(step), "{name}: {step}: {}", ran.stdout);
        }
    }
}
