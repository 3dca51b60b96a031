//! A release wherever the Helm repository lies: at the root of the branch, with its archives there or in GitHub Releases, and
//! at two addresses while it moves. What holds for the usual place holds there: nothing is lost in a race or by a kill, and
//! running again finishes what was cut off.

use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

use helm_xtask::internals::digest;
use helm_xtask::internals::rehearsal::http::{self, Answer};
use serde_json::Value;

use crate::config;
use crate::release::chart;
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
    targets.assert_in_order();
    assert!(from("--publish=pages").ended(0).stdout.contains("Unchanged index.yaml"));
    let index = targets.remote.text("index.yaml");
    let url = "- https://github.com/d44b/pulltrace/releases/download/v1.0.0/web-1.0.0.tgz\n";
    assert!(index.contains(url), "{index}");
    bump(&sandbox, "1.1.0+b.1");
    targets.publish(&sandbox, &NATIVE).ended(0);
    let index = targets.remote.text("index.yaml");
    assert!(index.contains("/releases/download/v1.1.0%2Bb.1/web-1.1.0.b.1.tgz\n"), "{index}");
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

/// The branch of a repository with documentation and the Helm repository at the root.
fn at_root(files: &[(&str, &str)]) -> (Remote, Sandbox) {
    let remote = Remote::seeded_as(Layout { directory: "", in_releases: false });
    let changed: Vec<_> = files.iter().map(|(path, text)| (*path, Some(text.as_bytes()))).collect();
    remote.overwrite(&changed);
    (remote, publisher())
}

/// What has released `web` 1.0.0.
fn publisher() -> Sandbox {
    let mut sandbox = source("1.0.0");
    for (field, value) in [("helm_path", ""), ("versions", "stamp")] {
        sandbox.set(&format!("CONFIG_{}", field.to_uppercase()), value);
    }
    sandbox.set("REPOSITORY", "d44b/pulltrace");
    sandbox.leaving_nothing(config::program(), &["release", "--offline", "--helm", "never"]).ended(0);
    sandbox
}

fn pages(remote: &Remote, sandbox: &Sandbox, args: &[&str]) -> Ran {
    let all = ["pages", "--publish", "--remote", &remote.url];
    sandbox.leaving_nothing(config::program(), &[&all[..], args].concat()).ended(0)
}

/// The documentation has the first page, whoever comes first.
#[test]
fn documentation_and_charts_share_the_root() {
    let (remote, sandbox) = at_root(&[]);
    pages(&remote, &sandbox, &[]);
    assert!(remote.text("index.html").contains("New words."));
    assert!(remote.text("charts.html").contains("helm repo add pulltrace https://d44b.github.io/pulltrace<"));
    let files = remote.files();
    assert!(files.contains_key("web-0.1.0.tgz") && files.contains_key("web-1.0.0.tgz"), "{files:?}");
    // A branch that had the charts alone.
    let remote = Remote::empty();
    pages(&remote, &sandbox, &["--only", "charts"]);
    assert!(remote.text("index.html").contains("helm repo add pulltrace"));
    assert!(!remote.text("index.html").contains("Read the documentation"));
    let said = pages(&remote, &sandbox, &["--only", "docs"]);
    assert!(!said.stderr.contains("warning"), "{}", said.stderr);
    assert!(remote.text("index.html").contains("New words."));
    bump(&sandbox, "1.1.0");
    sandbox.leaving_nothing(config::program(), &["release", "--offline", "--helm", "never"]).ended(0);
    pages(&remote, &sandbox, &["--only", "charts"]);
    assert!(remote.text("index.html").contains("New words."));
    let page = remote.text("charts.html");
    assert!(page.contains("1.1.0") && page.contains("Read the documentation"), "{page}");
}

/// Who comes to the root finds a page: that of others, or a small one that leads to the charts.
#[test]
fn the_root_is_never_empty() {
    let with = |files: &[(&str, &str)]| {
        let remote = Remote::empty();
        if !files.is_empty() {
            let files: Vec<_> = files.iter().map(|(path, text)| (*path, Some(text.as_bytes()))).collect();
            remote.write(crate::remote::BRANCH, None, &files);
        }
        remote
    };
    let mut sandbox = publisher();
    for (directory, files, expected) in [
        ("charts", &[][..], Some("<a href=\"charts/\">The Helm charts of pulltrace</a>")),
        ("charts", &[("index.html", "<title>Theirs</title>")], Some("Theirs")),
        ("charts", &[("README.md", "# Theirs\n")], None),
        ("", &[("README.md", "# Theirs\n")], None),
        ("", &[("README.md", "# Theirs\n"), (".nojekyll", "")], Some("helm repo add pulltrace")),
    ] {
        let remote = with(files);
        sandbox.set("CONFIG_HELM_PATH", directory);
        pages(&remote, &sandbox, &["--only", "charts"]);
        let files: BTreeMap<String, String> = remote.files();
        let page = files.contains_key("index.html").then(|| remote.text("index.html"));
        assert_eq!(page.is_some(), expected.is_some(), "{directory:?}: {files:?}");
        assert!(page.unwrap_or_default().contains(expected.unwrap_or_default()), "{directory:?}");
        // Jekyll makes a page of what others wrote only without this file.
        assert_eq!(files.contains_key(".nojekyll"), expected.is_some(), "{directory:?}: {files:?}");
    }
}

/// The page tells of the registry only what was pushed there, and nobody to install a library.
#[test]
fn the_page_speaks_of_what_there_is() {
    let remote = Remote::seeded_as(Layout { directory: "", in_releases: false });
    let index = remote.text("index.yaml");
    let entry = |version| {
        format!(
            "  - apiVersion: v2\n    name: lib\n    type: library\n    urls:\n    - https://h/lib-{version}.tgz\n    version: {version}\n"
        )
    };
    let entries = ["0.9.0", "2.0.0-rc.1", "1.9.0"].map(entry).concat();
    let ascending = index.replacen("entries:\n", &format!("entries:\n  lib:\n{entries}"), 1);
    remote.overwrite(&[("index.yaml", Some(ascending.as_bytes()))]);
    let sandbox = publisher();
    pages(&remote, &sandbox, &["--only", "charts"]);
    let page = remote.text("charts.html");
    assert!(
        page.contains("helm pull pulltrace/lib --version 1.9.0<") && !page.contains("helm install my-lib"),
        "{page}"
    );
    assert!(page.contains("helm install my-web oci://ghcr.io/d44b/charts/web --version 1.0.0<"), "{page}");
    assert!(
        !page.contains("oci://ghcr.io/d44b/charts/lib") && !page.contains("oci://ghcr.io/d44b/charts/api"),
        "{page}"
    );
    // A chart that was pushed by an earlier release stays told.
    sandbox.git(&["rm", "-r", "--quiet", "charts/web"]);
    sandbox.write("charts/api/Chart.yaml", &chart("api", "1.1.0"));
    sandbox.write("CHANGELOG.md", "# Changelog\n\n## 1.1.0\n\nWords.\n");
    sandbox.commit("api");
    sandbox
        .leaving_nothing(config::program(), &["release", "--tag", "v1.1.0", "--offline", "--helm", "never"])
        .ended(0);
    pages(&remote, &sandbox, &["--only", "charts"]);
    let page = remote.text("charts.html");
    assert!(page.contains("oci://ghcr.io/d44b/charts/web --version 1.0.0<"), "{page}");
    assert!(page.contains("oci://ghcr.io/d44b/charts/api --version 1.1.0<"), "{page}");
}

/// Whoever adopts this is told where the branch has its Helm repository.
#[test]
fn another_place_is_told() {
    let remote = Remote::seeded_as(Layout { directory: "", in_releases: false });
    let mut sandbox = publisher();
    sandbox.unset("CONFIG_HELM_PATH");
    let ran =
        sandbox.leaving_nothing(config::program(), &["pages", "--only", "charts", "--remote", &remote.url]);
    let expected = "warning: the branch has `index.yaml`, and the config has the Helm repository at `charts/index.yaml`: whoever \
                    has added the former sees nothing of what is published now\n\
                    hint: write `.helm_path(\"\")` in the config to publish there; or `.old_helm_path(\"\")` to publish to both\n";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
}

/// Entries that led to archives elsewhere are found again in older indexes, unless their archives are gone.
#[test]
fn entries_that_lead_elsewhere_are_restored() {
    let sandbox = publisher();
    let archive = sandbox.read("dist/web-1.0.0.tgz");
    let listener = http::listen().expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let digest = digest::digest(&archive)["sha256:".len()..].to_owned();
    http::serve(listener, move |asked| match asked.path.as_str() {
        "/web-1.0.0.tgz" => Answer::new(200, "application/gzip", archive.clone()),
        _ => Answer::text(404, "no"),
    });
    let entry = |name: &str| {
        format!(
            "  {name}:\n  - apiVersion: v2\n    created: \"2020-01-02T03:04:05Z\"\n    digest: {digest}\n    name: {name}\n    \
             urls:\n    - {origin}/{name}-1.0.0.tgz\n    version: 1.0.0\n"
        )
    };
    let index =
        |entries: &str| format!("apiVersion: v1\nentries:\n{entries}generated: \"2020-01-02T03:04:05Z\"\n");
    let other = entry("kept").replace("1.0.0", "0.5.0").replace(&digest, &"0".repeat(64));
    let remote = Remote::empty();
    let before = index(&[&entry("gone"), &other, &entry("web")].map(String::as_str).concat());
    remote.write(crate::remote::BRANCH, None, &[("index.yaml", Some(before.as_bytes()))]);
    remote.overwrite(&[("index.yaml", Some(index(&other).as_bytes()))]);
    std::fs::remove_dir_all(sandbox.work().join("dist")).expect("dist");
    let said = pages(&remote, &sandbox, &["--only", "charts", "--repair"]).stdout;
    assert!(said.contains("restores web 1.0.0"), "{said}");
    let after = remote.text("index.yaml");
    assert!(after.contains(&format!("- {origin}/web-1.0.0.tgz\n")) && after.contains(&other), "{after}");
    assert!(
        after.contains("created: \"2020-01-02T03:04:05Z\"\n    digest") && !after.contains("gone"),
        "{after}"
    );
}
