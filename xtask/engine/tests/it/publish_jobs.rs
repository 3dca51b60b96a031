//! A publish in parts and in company: two jobs that share `dist/`, and several publishes at once.

use std::sync::{Arc, OnceLock};
use std::thread;

use helm_xtask::internals::rehearsal::http::Request;
use serde_json::{Value, json};

use crate::config::program;
use crate::fake::Fault;
use crate::github::{Api, asked, upload, value};
use crate::remote::Remote;
use crate::sandbox::{Ran, Sandbox};
use crate::server::TOKEN;
use crate::whole::{Targets, assert_same, bump, each, source};

const ARGS: [&str; 2] = ["--helm", "never"];

/// What an undisturbed publish leaves.
fn whole() -> Value {
    static WHOLE: OnceLock<Value> = OnceLock::new();
    let publish = || {
        let (targets, sandbox) = (Targets::new(), source("1.0.0"));
        targets.publish(&sandbox, &ARGS).ended(0);
        targets.state()
    };
    WHOLE.get_or_init(publish).clone()
}

/// What actions/checkout and actions/download-artifact leave in a second job: the repository without its charts, and `dist/`
/// with the time of the download.
fn second_job(first: &Sandbox) -> Sandbox {
    let mut second = Sandbox::new();
    second.unset("SOURCE_DATE_EPOCH");
    second.set("GITHUB_TOKEN", TOKEN);
    second.restore("", &first.snapshot(""));
    std::fs::remove_dir_all(second.work().join("charts")).expect("a directory");
    std::fs::rename(second.work().join("dist"), second.work().join("artifact")).expect("a directory");
    for path in second.files("artifact") {
        let path = second.work().join("artifact").join(path);
        // The artifact has no permissions and no times.
        let data = std::fs::read(&path).expect("a file");
        std::fs::remove_file(&path).expect("a file");
        std::fs::write(&path, data).expect("a file");
    }
    second
}

#[test]
fn two_jobs_are_one_publish() {
    let (targets, first) = (Targets::new(), source("1.0.0"));
    let ran = targets.release(&first, &["--publish=oci,pages", "--helm", "never"]).ended(0);
    let state = targets.state();
    assert_eq!(state["github"]["releases"], serde_json::json!([]), "{}", ran.stdout);
    let second = second_job(&first);
    targets.writes();
    let ran = targets.release(&second, &["--from", "artifact", "--publish=github"]).ended(0);
    assert!(!ran.stdout.contains("Packaged"), "{}", ran.stdout);
    let lines = targets.writes();
    assert!(lines.iter().all(|line| line.contains("/releases")), "{lines:?}");
    assert_same(&targets.state(), &whole(), "");
    // Nothing else is written: no `dist/` of its own.
    assert!(second.files("dist").is_empty());
    let ran = targets.release(&second, &["--from", "artifact", "--publish"]).ended(0);
    assert_eq!(targets.writes(), Vec::<String>::new(), "{}", ran.stdout);
    assert_same(&targets.state(), &whole(), &ran.stdout);
}

/// What a job hands on may have been changed on the way.
#[test]
fn what_is_not_what_was_made_is_refused() {
    let (targets, first) = (Targets::new(), source("1.0.0"));
    targets.release(&first, &["--publish=oci", "--helm", "never"]).ended(0);
    let second = second_job(&first);
    let state = targets.state();
    let archive = second.read("artifact/web-1.0.0.tgz");
    let break_and_try = |path: &str, data: &[u8]| {
        let old = second.read(path);
        std::fs::write(second.work().join(path), data).expect("a file");
        targets.writes();
        let ran = targets.release(&second, &["--from", "artifact", "--publish"]).ended(1);
        assert_eq!(targets.writes(), Vec::<String>::new(), "{path}");
        assert_same(&targets.state(), &state, path);
        assert!(ran.stderr.contains("error: ") && ran.stderr.contains("hint: "), "{}", ran.stderr);
        std::fs::write(second.work().join(path), old).expect("a file");
    };
    break_and_try("artifact/web-1.0.0.tgz", &[&archive[..], b"x"].concat());
    break_and_try("artifact/manifest.json", b"{}");
    std::fs::remove_file(second.work().join("artifact/web-1.0.0.tgz")).expect("a file");
    targets.release(&second, &["--from", "artifact", "--publish"]).ended(1);
    targets.release(&second, &["--from", "nowhere", "--publish"]).ended(1);
    assert_same(&targets.state(), &state, "");
}

/// Archives have the same bytes wherever they go; the notes of a GitHub Release tell where that is.
#[test]
fn what_was_made_for_staging_goes_to_production() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    let made = ["release", "--offline", "--helm", "never", "--oci", "oci://staging.example.com/charts"];
    sandbox.xtask(&made).ended(0);
    let notes = sandbox.text("dist/release-notes.md");
    let error = format!(
        "error: release-notes.md tells users `oci://staging.example.com/charts/web`, and this config has `{}/web`\n\
         hint: make the notes of this config: cargo xtask release\n",
        targets.registry.url()
    );
    let refused = |args: &[&str]| {
        let ran = targets.release(&sandbox, &[&["--from", "dist"], args].concat()).ended(1);
        assert!(ran.stderr.ends_with(&error), "{}", ran.stderr);
    };
    refused(&["--publish"]);
    refused(&[]);
    assert_eq!(targets.writes(), [""; 0]);
    targets.release(&sandbox, &["--from", "dist", "--publish=oci,pages"]).ended(0);
    let state = targets.state();
    assert_eq!([&state["oci"], &state["pages"]], [&whole()["oci"], &whole()["pages"]]);
    refused(&["--publish=github"]);
    // Notes that name no place are the same everywhere.
    sandbox.write("dist/release-notes.md", "Words.\n");
    targets.release(&sandbox, &["--from", "dist", "--publish=github"]).ended(0);

    sandbox.write("dist/release-notes.md", &notes);
    sandbox.set("CONFIG_PAGES", "https://staging.example.com");
    let pages =
        ["pages", "--only", "charts", "--dist", "dist", "--publish", "--remote", &Remote::seeded().url];
    sandbox.run(program(), &pages).ended(0);
}

fn at_once(targets: &Targets, sandboxes: &[&Sandbox]) -> Vec<Ran> {
    for sandbox in sandboxes {
        targets.push_tags(sandbox);
    }
    thread::scope(|scope| {
        let start = |sandbox| scope.spawn(move || targets.publish(sandbox, &ARGS));
        let threads: Vec<_> = sandboxes.iter().map(|sandbox| start(*sandbox)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// GitHub does not know that two drafts are for one tag: whoever comes second has to see it.
#[test]
fn the_same_tag_twice_at_once_is_one_release() {
    for _ in 0..2 {
        let targets = Targets::new();
        let (one, two) = (source("1.0.0"), source("1.0.0"));
        let ran = at_once(&targets, &[&one, &two]);
        targets.assert_in_order();
        assert!(ran.iter().any(|ran| ran.status == 0), "{ran:?}");
        // One of them may have been told that somebody else is at it; again, and it is done.
        for ran in ran.iter().filter(|ran| ran.status != 0) {
            assert!(ran.status == 1 && ran.stderr.contains("hint: "), "{}", ran.stderr);
        }
        targets.publish(&one, &ARGS).ended(0);
        assert_same(&targets.state(), &whole(), "");
    }
}

#[test]
fn two_tags_at_once_are_two_releases() {
    let targets = Targets::new();
    let (one, two) = (source("1.0.0"), source("1.0.0"));
    bump(&two, "1.1.0");
    for ran in at_once(&targets, &[&one, &two]) {
        ran.ended(0);
    }
    targets.assert_in_order();
    let state = targets.state();
    assert_eq!(state["github"]["releases"].as_array().map(Vec::len), Some(2));
    assert_eq!(state["oci"]["charts/web"]["tags"].as_object().map(serde_json::Map::len), Some(2));
    assert_eq!(state["pages"]["index"].as_object().map(serde_json::Map::len), Some(4));
    assert_eq!(state["github"]["latest"], "v1.1.0", "{state:#}");
}

/// A release of the same tag, by somebody else, with these assets; published or not.
fn other_release(api: &mut Api, assets: &[(&str, Vec<u8>)], publishes: bool) {
    let ask = |asked: &Request| {
        let answer = api.answer(asked);
        assert!(answer.status < 300, "{asked:?}: {}", String::from_utf8_lossy(&answer.body));
        value(&answer)
    };
    let draft = json!({"tag_name": "v1.0.0", "name": "v1.0.0", "draft": true});
    let release = ask(&asked("POST", "releases", &draft));
    for (name, data) in assets {
        ask(&upload(&release, name, data));
    }
    if publishes {
        ask(&asked("PATCH", &format!("releases/{}", release["id"]), &json!({"draft": false})));
    }
}

/// Somebody else does the same between our look and our write: it ends as one release, and nothing is left over.
#[test]
fn somebody_else_may_be_quicker_at_each_call() {
    let made = source("1.0.0");
    made.xtask(&["release", "--offline"]).ended(0);
    let assets = || ["web-1.0.0.tgz", "SHA256SUMS"].map(|name| (name, made.read(&format!("dist/{name}"))));
    let parts = ["POST /api/v3", "POST /api/uploads", "PATCH /api/v3"];
    let stages = [(0, false), (1, false), (2, false), (2, true)];
    each(parts.len() * stages.len(), |n| {
        let (part, (count, publishes)) = (parts[(n - 1) / stages.len()], stages[(n - 1) % stages.len()]);
        let (targets, sandbox, assets) = (Targets::new(), source("1.0.0"), assets());
        let act = move |api: &mut Api| other_release(api, &assets[..count], publishes);
        targets.github.fail(Fault::Meanwhile(Arc::new(act)), part, 1);
        let context = format!("before {part}: {count} assets, published: {publishes}");
        let ran = targets.publish(&sandbox, &ARGS);
        assert_eq!(targets.github.heal(), 0, "{context}");
        assert!(ran.status == 0 || ran.stderr.contains("hint: "), "{context}: {}", ran.stderr);
        let ran = targets.publish(&sandbox, &ARGS).ended(0);
        let (mut state, mut expected) = (targets.state(), whole());
        if publishes {
            // Notes are theirs who published.
            for state in [&mut state, &mut expected] {
                state["github"]["releases"][0]["body"] = Value::Null;
            }
        }
        assert_same(&state, &expected, &format!("{context}\n{}{}", ran.stdout, ran.stderr));
    });
}

/// Other bytes under a name that we are about to use are an error, and are left.
#[test]
fn other_bytes_of_somebody_else_stay() {
    for publishes in [false, true] {
        let (targets, sandbox) = (Targets::new(), source("1.0.0"));
        let act = move |api: &mut Api| other_release(api, &[("web-1.0.0.tgz", b"other".to_vec())], publishes);
        targets.github.with(act);
        targets.push_tags(&sandbox);
        let before = targets.state();
        let ran = targets.publish(&sandbox, &ARGS).ended(1);
        assert!(ran.stderr.contains("web-1.0.0.tgz") && ran.stderr.contains("hint: "), "{}", ran.stderr);
        assert_same(&targets.state(), &before, &ran.stderr);
    }
}
