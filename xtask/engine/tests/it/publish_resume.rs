//! A publish that is stopped goes on where it was: the same command again ends as if nothing had happened.

use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::release::chart;
use crate::sandbox::{Ran, Sandbox};
use crate::whole::{Targets, assert_same, bump, each, kill, source};

const DOCS: [&str; 2] = ["--helm", "never"];

/// Publishes without a disturbance; the state, and how many requests it takes.
fn undisturbed() -> (Value, usize) {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    let (was_killed, count) = targets.kill_at(&sandbox, &DOCS, usize::MAX);
    assert!(!was_killed);
    targets.assert_in_order();
    let state = targets.state();
    assert_eq!(state["github"]["latest"], "v1.0.0", "{state:#}");
    assert_eq!(state["pages"]["commits"], 2, "{state:#}");
    (state, count)
}

/// Killed when the n-th request comes: what is there is in order, running again completes it, and running a third time
/// changes nothing.
fn stopped_at(n: usize, whole: &Value) {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    let (was_killed, _) = targets.kill_at(&sandbox, &DOCS, n);
    assert!(was_killed, "{n}");
    targets.assert_in_order();
    let left = targets.state();
    let ran = targets.publish(&sandbox, &DOCS).ended(0);
    assert_says(&ran, "oci://", !left["oci"]["charts/web"]["tags"]["1.0.0"].is_null());
    assert_says(&ran, "charts/index.yaml", !left["pages"]["index"]["web-1.0.0.tgz"].is_null());
    assert_says(&ran, "release v1.0.0", left["github"]["releases"][0]["draft"] == false);
    let draft = &left["github"]["releases"][0];
    assert_eq!(ran.stderr.contains("is a draft with "), draft["draft"] == true, "{}", ran.stderr);
    assert_same(&targets.state(), whole, &format!("stopped at request {n}:\n{}{}", ran.stdout, ran.stderr));
    if n % 4 == 1 {
        targets.writes();
        let ran = targets.publish(&sandbox, &DOCS).ended(0);
        assert_eq!(targets.writes(), Vec::<String>::new(), "{n}: {}", ran.stdout);
        assert_same(&targets.state(), whole, &ran.stdout);
    }
}

/// The output says of a target that all is done already, and only where it is.
#[track_caller]
fn assert_says(ran: &Ran, target: &str, is_done: bool) {
    let says = |line: &str| line.trim_start().starts_with("Unchanged") && line.contains(target);
    assert_eq!(ran.stdout.lines().any(says), is_done, "{target}:\n{}", ran.stdout);
}

/// All pairs of neighbouring requests of all targets.
#[test]
fn stopped_between_any_two_requests() {
    let (whole, count) = undisturbed();
    each(count, |n| stopped_at(n, &whole));
}

/// Two charts with Artifact Hub's file, a prerelease with build metadata and an annotated tag, immutable releases, assets
/// without digests, uploads to another host, a registry and a GitHub that want secrets.
fn hard() -> (Targets, Sandbox) {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    sandbox.write("charts/api/Chart.yaml", &chart("api", "1.0.0"));
    sandbox.write("artifacthub-repo.yml", "repositoryID: 2fbd1f6f-ec8a-4e3b-9c4e-9e9b6d0d0a55\n");
    bump(&sandbox, HARD);
    sandbox.git(&["tag", "--delete", &format!("v{HARD}")]);
    sandbox.git(&["tag", "--annotate", "--message", "x", &format!("v{HARD}")]);
    sandbox.set("XTASK_OCI_USERNAME", "ci");
    sandbox.set("XTASK_OCI_PASSWORD", "secret");
    targets.registry.want_tokens("Y2k6c2VjcmV0", true);
    targets.github.with(|api| {
        api.uploads = api.storage.clone();
        (api.releases.immutable, api.no_digests) = (true, true);
    });
    (targets, sandbox)
}

const HARD: &str = "1.1.0-rc.1+b.5";

#[test]
fn stopped_between_requests_of_a_hard_one() {
    let (targets, sandbox) = hard();
    let (was_killed, count) = targets.kill_at(&sandbox, &DOCS, usize::MAX);
    assert!(!was_killed);
    let whole = targets.state();
    let release = &whole["github"]["releases"][0];
    let assets = release["assets"].as_array().expect("assets").iter().map(|asset| &asset["name"]);
    assert!(whole["oci"]["charts/api"]["tags"]["artifacthub.io"].is_string(), "{whole:#}");
    // GitHub writes `+` as `.` in the names of assets.
    let archives = ["api", "web"].map(|name| format!("{name}-{}.tgz", HARD.replace('+', ".")));
    assert_eq!(assets.collect::<Vec<_>>(), ["SHA256SUMS", &archives[0], &archives[1]]);
    assert_eq!(
        (&release["draft"], &release["prerelease"], &whole["github"]["latest"]),
        (&json!(false), &json!(true), &json!(null))
    );
    let every = if std::env::var_os("XTASK_KILLS").is_some() { 1 } else { 5 };
    each(count / every, |n| {
        let (targets, sandbox) = hard();
        assert!(targets.kill_at(&sandbox, &DOCS, n * every).0);
        targets.remote.assert_whole();
        let ran = targets.publish(&sandbox, &DOCS).ended(0);
        assert_same(&targets.state(), &whole, &format!("stopped at {}:\n{}", n * every, ran.stderr));
        targets.writes();
        let ran = targets.publish(&sandbox, &DOCS).ended(0);
        assert_eq!(targets.writes(), Vec::<String>::new(), "{}", ran.stdout);
    });
}

/// At any moment, `XTASK_KILLS` of them: the same, where the process alone is killed, or all that it started.
#[test]
fn killed_at_any_moment() {
    let kills: u32 = std::env::var("XTASK_KILLS").map_or(4, |count| count.parse().expect("a number"));
    let (whole, _) = undisturbed();
    let time = |_| {
        let (targets, sandbox) = (Targets::new(), source("1.0.0"));
        targets.push_tags(&sandbox);
        targets.slow_down();
        let started = Instant::now();
        targets.spawn(&sandbox, &DOCS).wait().expect("an end");
        started.elapsed()
    };
    let longest = (0..3).map(time).max().expect("a time");
    for n in 1..=kills {
        let (targets, sandbox) = (Targets::new(), source("1.0.0"));
        targets.push_tags(&sandbox);
        targets.slow_down();
        let mut child = targets.spawn(&sandbox, &DOCS);
        // Multiples of the golden ratio fall everywhere between 0 and 1, most evenly.
        let moment = longest.mul_f64((f64::from(n) * 0.618_034).fract());
        thread::sleep(moment);
        if n % 2 == 0 {
            kill(child.id());
        } else {
            child.kill().expect("a kill");
        }
        let was_killed = child.wait().expect("an end").code().is_none();
        targets.heal();
        targets.assert_in_order();
        let seen = targets.writes();
        let ran = targets.publish(&sandbox, &DOCS).ended(0);
        assert_same(
            &targets.state(),
            &whole,
            &format!("killed after {moment:?}:\n{}{}", ran.stdout, ran.stderr),
        );
        // For whoever asks for many.
        println!(
            "KILL\t{n}\t{}\t{was_killed}\t{}\t{}",
            moment.as_millis(),
            seen.len(),
            seen.last().map_or("-", String::as_str)
        );
    }
}

/// An old tag, run again after newer ones, changes nothing for those.
#[test]
fn an_old_tag_again_changes_nothing() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    targets.publish(&sandbox, &DOCS).ended(0);
    // What is of no version, the older release has in another form.
    sandbox.write("artifacthub-repo.yml", "repositoryID: 2fbd1f6f-ec8a-4e3b-9c4e-9e9b6d0d0a55\n");
    bump(&sandbox, "1.1.0");
    targets.publish(&sandbox, &DOCS).ended(0);
    sandbox.write("artifacthub-repo.yml", "repositoryID: 88888888-ec8a-4e3b-9c4e-9e9b6d0d0a55\n");
    bump(&sandbox, "1.2.0");
    targets.publish(&sandbox, &DOCS).ended(0);
    // A newer version of the program draws the page in its own way.
    targets.remote.overwrite(&[("charts/index.html", Some(b"<!doctype html><title>New</title>"))]);
    let state = targets.state();
    assert_eq!(state["github"]["latest"], "v1.2.0");
    targets.writes();
    for old in ["v1.0.0", "v1.1.0"] {
        sandbox.git(&["checkout", "--quiet", old]);
        let ran = targets.publish(&sandbox, &DOCS).ended(0);
        assert_same(&targets.state(), &state, &ran.stdout);
    }
    assert_eq!(targets.writes(), Vec::<String>::new());
}

/// A back-port is published after newer versions, and one that was cut off is finished after them: they stay the latest.
#[test]
fn an_older_version_is_not_the_latest() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    let (was_killed, count) = targets.kill_at(&sandbox, &DOCS, usize::MAX);
    assert!(!was_killed);
    for n in [count, count - 2, count - 4] {
        let (targets, old) = (Targets::new(), source("1.0.0"));
        assert!(targets.kill_at(&old, &DOCS, n).0);
        let new = source("1.0.0");
        bump(&new, "1.1.0");
        targets.publish(&new, &DOCS).ended(0);
        targets.publish(&old, &DOCS).ended(0);
        // 1.0.0 is a tag of its own commit, of which this is a back-port.
        bump(&old, "1.0.1");
        targets.publish(&old, &DOCS).ended(0);
        let state = targets.state();
        assert_eq!(state["github"]["latest"], "v1.1.0", "{state:#}");
        let tags = state["oci"]["charts/web"]["tags"].as_object().expect("tags").keys().collect::<Vec<_>>();
        assert_eq!(tags, ["1.0.0", "1.0.1", "1.1.0"]);
        let releases = state["github"]["releases"].as_array().expect("releases");
        assert!(releases.len() == 3 && releases.iter().all(|release| release["draft"] == false), "{state:#}");
        assert_eq!(targets.remote.assert_whole(), 5);
    }
}
