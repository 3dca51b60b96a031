//! Runs in one clone at once: each does what it does alone, one after the other where they write to one place.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::thread;

use serde_json::Value;

use crate::release::chart;
use crate::sandbox::{Ran, Sandbox};

/// A repository with two tags at its commit.
fn repository() -> Sandbox {
    let mut sandbox = Sandbox::with_commit(&[
        (".gitignore", "/target/\n/dist/\n/site/\n"),
        ("charts/web/Chart.yaml", &chart("web", "1.0.0")),
        ("charts/web/templates/web.yaml", "kind: ConfigMap\n"),
        ("CHANGELOG.md", "# Changelog\n\n## [2.0.0] - 2024-01-03\n\nB.\n\n## [1.0.0] - 2024-01-02\n\nA.\n"),
        ("mkdocs.yml", "site_name: Pulltrace\n"),
        ("docs/index.md", "# Welcome\n"),
    ]);
    sandbox.set("SOURCE_DATE_EPOCH", "1704164645");
    sandbox
}

/// Runs all of these a few times at once; each must succeed.
fn at_once(sandbox: &Sandbox, lines: &[&str], each: impl Fn(&str, Ran) + Sync) {
    for _ in 0..4 {
        thread::scope(|scope| {
            for line in lines {
                let args: Vec<&str> = line.split(' ').collect();
                let each = &each;
                scope.spawn(move || {
                    let output = sandbox.any_config_command().args(args).output().expect("configured");
                    each(line, sandbox.normal(&output).ended(0));
                });
            }
        });
    }
}

/// Each reads back what it made itself, and what stays is one of both.
#[test]
fn releases() {
    let sandbox = repository();
    let (one, two) = ("release --offline --json --tag v1.0.0", "release --offline --json --tag v2.0.0");
    at_once(&sandbox, &[one, two, one, two, "check --offline"], |line, ran| {
        if let Some((_, tag)) = line.split_once("--tag ") {
            let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
            assert_eq!(json["manifest"]["tag"], tag, "{}", ran.stdout);
        }
    });
    sandbox.xtask(&["release", "--offline", "--from", "dist"]).ended(0);
}

#[test]
fn rehearsals() {
    let sandbox = repository();
    let rehearse = "release --rehearse --offline --helm never --tag v1.0.0";
    at_once(&sandbox, &[rehearse, rehearse, "check --offline"], |_, _| {});
    assert!(sandbox.files("target/rehearsal").contains(&"dist/web-1.0.0.tgz".to_owned()));
}

#[test]
fn previews() {
    let sandbox = repository();
    sandbox.git(&["init", "--quiet", "--bare", "../remote.git"]);
    let preview = "pages --only docs --remote ../remote.git";
    at_once(&sandbox, &[preview, preview, preview], |_, _| {});
    assert!(sandbox.files("site").contains(&"index.html".to_owned()));
}

/// Whoever waits says so, and goes on when the other one has ended.
#[test]
fn a_run_waits_for_the_other_one() {
    let sandbox = repository();
    for (place, line) in [
        ("dist", "release --offline --tag v1.0.0"),
        ("dist", "release --offline --from dist"),
        ("target/rehearsal", "release --rehearse --offline --helm never --tag v1.0.0"),
    ] {
        fs::create_dir_all(sandbox.work().join(place)).expect("a directory");
        let other = File::open(sandbox.work().join(place)).expect("a directory");
        other.lock().expect("a lock");
        let mut command = sandbox.command(Path::new(env!("CARGO_BIN_EXE_xtask")));
        let command = command.args(line.split(' ')).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("xtask");
        let mut said = String::new();
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        stderr.read_line(&mut said).expect("UTF-8");
        assert_eq!(said, format!("     Waiting for another run, which uses `{place}`\n"), "{line}");
        drop(other);
        assert!(child.wait().expect("an end").success(), "{line}");
    }
}
