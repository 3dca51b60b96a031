//! What goes wrong around us: a full disk, a signal, a directory in the way.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::sandbox::{self, Sandbox};
use expect_test::expect;

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

#[test]
fn an_existing_archive_survives_a_failure() {
    let sandbox = Sandbox::with_commit(&[
        ("web/Chart.yaml", CHART),
        ("web/values.schema.json", "{"),
        ("out/web-1.0.0.tgz", "old"),
    ]);
    sandbox.xtask(&["package", "web", "-d", "out"]).ended(1);
    assert_eq!(sandbox.text("out/web-1.0.0.tgz"), "old");
    assert_eq!(sandbox.files("out"), ["web-1.0.0.tgz"]);
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let sandbox = Sandbox::with_commit(&[("web/Chart.yaml", CHART), ("web/values.yaml", "a: 1\n")]);
    sandbox.xtask(&["package", "web", "-d", "out"]).ended(0);
    let before = sandbox.read("out/web-1.0.0.tgz");
    sandbox.write(
        "web/large",
        &(0..200_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_string()).collect::<String>(),
    );
    // A limit on the size of files stands for a full disk; the signal that it sends is ignored, as by Rust programs.
    let script =
        format!("trap '' XFSZ; ulimit -f 8; exec {} package web -d out", env!("CARGO_BIN_EXE_xtask"));
    let ran = sandbox.run(&sandbox::find("bash").expect("bash"), &["-c", &script]).ended(1);
    assert_eq!(ran.stderr, "error: cannot write `out/web-1.0.0.tgz`: File too large (os error 27)\n");
    assert_eq!(sandbox.read("out/web-1.0.0.tgz"), before);
    assert_eq!(sandbox.files("out"), ["web-1.0.0.tgz"]);
}

#[test]
fn one_archive_that_cannot_be_written_stops_all() {
    let sandbox = Sandbox::with_commit(&[
        ("web/Chart.yaml", CHART),
        ("api/Chart.yaml", "apiVersion: v2\nname: api\nversion: 1.0.0\n"),
        ("out/api-1.0.0.tgz", "old"),
        ("out/web-1.0.0.tgz/x", ""),
    ]);
    sandbox.xtask(&["package", "api", "web", "-d", "out"]).ended(1);
    assert_eq!(sandbox.text("out/api-1.0.0.tgz"), "old");
    assert_eq!(sandbox.files("out"), ["api-1.0.0.tgz", "web-1.0.0.tgz/x"]);
}

#[test]
fn a_result_that_cannot_be_printed_is_an_error() {
    let sandbox = Sandbox::with_commit(&[("web/Chart.yaml", CHART)]);
    let script = format!("exec {} package web > /dev/full", env!("CARGO_BIN_EXE_xtask"));
    let ran = sandbox.run(&sandbox::find("bash").expect("bash"), &["-c", &script]).ended(1);
    assert!(
        ran.stderr.starts_with("error: cannot write to standard output: No space left on device"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_in_the_way_is_named() {
    let sandbox =
        Sandbox::with_commit(&[("web/Chart.yaml", CHART), ("out/web-1.0.0.tgz/x", ""), ("file", "")]);
    let ran = sandbox.xtask(&["package", "web", "-d", "out"]).ended(1);
    expect![[r#"
        error: cannot write `out/web-1.0.0.tgz`: there is a directory of that name
        hint: delete or rename it
    "#]]
    .assert_eq(&ran.stderr);
    let ran = sandbox.xtask(&["package", "web", "-d", "file/out"]).ended(1);
    assert!(ran.stderr.starts_with("error: cannot make the directory `file/out`: "), "{}", ran.stderr);
}

/// Interrupted while helm packages: no archive, nothing temporary, and the end that a shell expects of a signal.
#[test]
fn an_interrupt_leaves_nothing() {
    for signal in ["INT", "TERM", "HUP"] {
        let sandbox = Sandbox::with_commit(&[("web/Chart.yaml", CHART)]);
        let sleep = sandbox::find("sleep").expect("sleep");
        let script =
            "#!/bin/sh\n[ \"$1\" = version ] && { printf v4.0.0; exit; }\n: > \"$4/started\"\nexec SLEEP 3\n";
        sandbox.script("helm", &script.replace("SLEEP", &sleep.display().to_string()));
        let mut command = sandbox.command(Path::new(env!("CARGO_BIN_EXE_xtask")));
        command.args(["package", "web", "-d", "out"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("xtask");
        let scratch = sandbox.work().join("../tmp");
        let started = || {
            let mut found = walkdir::WalkDir::new(&scratch).into_iter().filter_map(Result::ok);
            found.any(|entry| entry.file_name() == "started")
        };
        let since = Instant::now();
        while !started() {
            assert!(since.elapsed() < Duration::from_secs(20), "helm was not started");
            std::thread::sleep(Duration::from_millis(5));
        }
        let kill = sandbox::find("kill").expect("kill");
        sandbox.run(&kill, &["-s", signal, &child.id().to_string()]).ended(0);
        let status = child.wait().expect("an end");
        assert!(!status.success() && status.code().is_none(), "{signal}: {status}");
        assert_eq!(std::fs::read_dir(&scratch).expect("tmp").count(), 0, "{signal}");
        assert!(sandbox.files("out").is_empty());
    }
}

/// Killed at any moment: an archive is whole or not there, and the next run works.
#[test]
fn a_kill_leaves_whole_archives() {
    let sandbox = Sandbox::with_commit(&[("web/Chart.yaml", CHART)]);
    sandbox.write(
        "web/large",
        &(0..100_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_string()).collect::<String>(),
    );
    for moment in 0..40 {
        let mut command = sandbox.command(Path::new(env!("CARGO_BIN_EXE_xtask")));
        let mut child =
            command.args(["package", "web", "-d", "out"]).stdout(Stdio::null()).spawn().expect("xtask");
        std::thread::sleep(Duration::from_micros(moment * 2_500));
        child.kill().expect("a kill");
        child.wait().expect("an end");
        for file in sandbox.files("out").into_iter().filter(|file| !file.starts_with('.')) {
            helm_xtask::internals::tgz::read(
                &sandbox.read(&format!("out/{file}")),
                helm_xtask::internals::tgz::MAX_TOTAL,
            )
            .expect("a whole archive");
        }
    }
    sandbox.xtask(&["package", "web", "-d", "out"]).ended(0);
}
