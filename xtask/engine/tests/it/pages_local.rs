//! What fails on this machine: a full disk, no place for temporary files, no release, another git. The branch stays as it is.

use crate::remote::{Remote, publisher};
use crate::sandbox::{self, Ran, Sandbox};

fn both() -> (Remote, Sandbox) {
    (Remote::seeded(), publisher("web", "1.0.0"))
}

/// One error with all of these words, and no request that changes anything.
#[track_caller]
fn stopped(remote: &Remote, ran: Ran, words: &[&str]) {
    let ran = ran.ended(1);
    assert_eq!((remote.assert_whole(), remote.commits()), (2, 1));
    assert!(ran.stderr.lines().any(|line| line.starts_with("error: ")), "{}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "no {word} in: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}

#[test]
fn a_full_disk_is_said() {
    let (remote, sandbox) = both();
    let noise: String = (0..200_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_string()).collect();
    sandbox.write("charts/web/large", &noise);
    sandbox.commit("large");
    sandbox.xtask(&["release", "--tag", "v1.0.0"]).ended(0);
    // A limit on the size of files stands for a full disk, here and in the programs that are started.
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} pages --publish --only charts --remote {}",
        env!("CARGO_BIN_EXE_xtask"),
        remote.url
    );
    let ran = sandbox.leaving_nothing(&sandbox::find("bash").expect("bash"), &["-c", &script]);
    stopped(&remote, ran, &["File too large"]);
    remote.charts(&sandbox).ended(0);
}

#[test]
fn a_result_that_cannot_be_printed_is_an_error() {
    let (remote, sandbox) = both();
    let script = format!(
        "exec {} pages --only charts --remote {} > /dev/full",
        env!("CARGO_BIN_EXE_xtask"),
        remote.url
    );
    let ran = sandbox.leaving_nothing(&sandbox::find("bash").expect("bash"), &["-c", &script]);
    stopped(&remote, ran, &["No space left on device"]);
}

#[test]
fn no_place_for_temporary_files_is_said() {
    let (remote, mut sandbox) = both();
    let file = sandbox.work().join("CHANGELOG.md").display().to_string();
    for directory in [file.as_str(), "/nowhere/at/all", "/proc"] {
        sandbox.set("TMPDIR", directory);
        let ran = remote.charts(&sandbox);
        let shown = if directory == file { "CHANGELOG.md" } else { directory };
        stopped(&remote, ran, &[shown]);
    }
}

#[test]
fn without_a_release_there_is_nothing_to_publish() {
    let (remote, sandbox) = both();
    let manifest = sandbox.text("dist/manifest.json");
    std::fs::remove_dir_all(sandbox.work().join("dist")).expect("dist");
    stopped(&remote, remote.charts(&sandbox), &["`dist`", "hint: cargo xtask release"]);
    sandbox.write("dist/manifest.json", &manifest);
    stopped(&remote, remote.charts(&sandbox), &["web-1.0.0.tgz"]);
    sandbox.write("dist/web-1.0.0.tgz", "other bytes");
    stopped(&remote, remote.charts(&sandbox), &["web-1.0.0.tgz"]);
    sandbox.write("dist/manifest.json", "{");
    stopped(&remote, remote.charts(&sandbox), &["manifest.json"]);
}

#[test]
fn what_no_commit_has_is_not_published() {
    let (remote, sandbox) = both();
    sandbox.write("charts/web/values.yaml", "a: changed\n");
    sandbox.xtask(&["release", "--tag", "v1.0.0"]).ended(0);
    stopped(&remote, remote.charts(&sandbox), &["charts/web/values.yaml"]);
}

#[test]
fn a_git_that_is_too_old_is_said() {
    let (remote, sandbox) = both();
    let git = sandbox::find("git").expect("git");
    // It knows no remote that only the environment names.
    let script = "#!/bin/sh\ncase \"$*\" in\n*version) echo 'git version 2.17.1' ;;\n\
        *fetch*) echo \"fatal: 'o' does not appear to be a git repository\" >&2; exit 128 ;;\n\
        *) exec GIT \"$@\" ;;\nesac\n";
    sandbox.script("git", &script.replace("GIT", &git.display().to_string()));
    stopped(&remote, remote.charts(&sandbox), &["2.17.1"]);
}

#[test]
fn without_publish_nothing_is_pushed() {
    let (remote, sandbox) = both();
    let ran = sandbox.xtask(&["pages", "--only", "charts", "--remote", &remote.url]).ended(0);
    assert!(ran.stdout.contains("Would add charts/web-1.0.0.tgz"), "{}", ran.stdout);
    assert!(ran.stdout.contains("adds web 1.0.0"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\nnothing left this machine"), "{}", ran.stdout);
    assert_eq!((remote.assert_whole(), remote.commits()), (2, 1));
    assert!(!remote.server.calls().iter().any(|request| request.line.contains("receive-pack")));
}

/// `--wait` asks the served site with curl; here curl reads the branch.
#[test]
fn what_is_published_is_waited_for() {
    let (remote, sandbox) = both();
    let git = sandbox::find("git").expect("git").display().to_string();
    let branch = remote.path().display().to_string();
    let script = format!(
        "#!/bin/sh\nfor url; do :; done\nfile=${{url#https://d44b.github.io/pulltrace/}}\n\
         exec {git} -C {branch} cat-file blob gh-pages:${{file:-index.html}}\n"
    );
    sandbox.script("curl", &script);
    let ran = remote.publish(&sandbox, &["--wait", "--json"]).ended(0);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON alone");
    assert_eq!(json["changes"].as_bool(), Some(true));
    assert!(
        ran.stderr.contains("Serves https://d44b.github.io/pulltrace/charts/index.yaml"),
        "{}",
        ran.stderr
    );
    sandbox.script("curl", "#!/bin/sh\necho 'apiVersion: v1'\n");
    let ran = remote.publish(&sandbox, &["--wait", "--deadline", "30"]).ended(1);
    let why = "index.yaml` is published and not served until the deadline: it does not show what was published yet\nhint: ";
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 2));
}

#[test]
fn json_is_all_that_is_on_standard_output() {
    let (remote, sandbox) = both();
    for args in [&["--json"][..], &["--json", "--publish"]] {
        let all = [&["pages", "--only", "charts", "--remote", &remote.url], args].concat();
        let ran = sandbox.xtask(&all).ended(0);
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert!(json.is_object(), "{json}");
    }
    assert_eq!(remote.assert_whole(), 3);
}
