//! Temporary files: nobody can plant one, a relative directory for them serves as well, and one without room is named.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::release::chart;
use crate::remote::{Remote, publisher};
use crate::sandbox::{self, Sandbox};
use expect_test::expect;

/// A name that can be foreseen: whoever may write into `dist/` would have another file overwritten by a link of it.
#[test]
fn a_planted_link_is_not_written_through() {
    let sandbox = Sandbox::with_commit(&[
        ("charts/web/Chart.yaml", &chart("web", "1.0.0")),
        ("CHANGELOG.md", "# Changelog\n\n## [1.0.0] - 2024-01-02\n\nWords.\n"),
        ("victim", "keep"),
    ]);
    let victim = sandbox.work().join("victim");
    sandbox.write("dist/x", "");
    symlink(&victim, sandbox.work().join("dist/web-1.0.0.tgz")).expect("a link");
    // The process keeps its id.
    let plant = "for i in 0 1 2 3; do ln -s \"$PWD/victim\" dist/.xtask-$$-$i; done";
    let script =
        format!("{plant}; exec {} release --offline --helm never --tag v1.0.0", env!("CARGO_BIN_EXE_xtask"));
    sandbox.link_program("ln", &sandbox::find("ln").expect("ln"));
    sandbox.run(&sandbox::find("bash").expect("bash"), &["-c", &script]).ended(0);
    assert_eq!(sandbox.text("victim"), "keep");
    for file in ["web-1.0.0.tgz", "SHA256SUMS", "release-notes.md", "manifest.json"] {
        let path = sandbox.work().join("dist").join(file);
        assert!(path.symlink_metadata().expect("a file").is_file(), "{file}");
    }
}

/// In place, files have the mode that the user's other files have.
#[test]
fn others_may_read_what_is_in_place() {
    let sandbox = Sandbox::with_commit(&[("web/Chart.yaml", &chart("web", "1.0.0"))]);
    for (umask, mode) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
        let script = format!("umask {umask}; exec {} package web", env!("CARGO_BIN_EXE_xtask"));
        sandbox.run(&sandbox::find("bash").expect("bash"), &["-c", &script]).ended(0);
        let permissions = sandbox.work().join("web-1.0.0.tgz").metadata().expect("an archive").permissions();
        assert_eq!(permissions.mode() & 0o777, mode);
    }
}

/// Git runs in a directory of its own.
#[test]
fn a_relative_directory_will_do() {
    let (remote, mut sandbox) = (Remote::seeded(), publisher("web", "1.0.0"));
    sandbox.write("below/x", "");
    sandbox.set("TMPDIR", "below");
    remote.charts(&sandbox).ended(0);
    assert_eq!(remote.assert_whole(), 3);
    assert_eq!(sandbox.files("below"), ["x"]);
}

#[test]
fn a_directory_that_cannot_hold_anything_is_named() {
    let (remote, mut sandbox) = (Remote::seeded(), publisher("web", "1.0.0"));
    sandbox.set("TMPDIR", "nowhere");
    let ran = remote.charts(&sandbox).ended(1);
    expect![[r#"
        error: cannot write temporary files to `nowhere`: No such file or directory (os error 2)
        hint: set TMPDIR to a directory that has room and may be written to
    "#]]
    .assert_eq(&ran.stderr);
    assert_eq!(remote.commits(), 1);
}

/// Git says it in these words. It is no reason to ask the remote again.
#[test]
fn a_full_directory_is_named() {
    let git = sandbox::find("git").expect("git");
    for (verb, words) in [
        ("fetch", "fatal: write error: No space left on device"),
        ("fetch", "fatal: sha1 file 'x' write error. Out of diskspace"),
        ("fast-import", "fatal: failed to write to x: Disk quota exceeded"),
    ] {
        let (remote, sandbox) = (Remote::seeded(), publisher("web", "1.0.0"));
        let tmp = fs::canonicalize(sandbox.work().join("../tmp")).expect("tmp").display().to_string();
        let script = "#!/bin/sh\ncase \" $* \" in *\" VERB \"*) echo \"WORDS\" >&2; exit 128;; esac\nexec GIT \"$@\"\n";
        let script = script.replace("VERB", verb).replace("WORDS", words);
        sandbox.script("git", &script.replace("GIT", &git.display().to_string()));
        let ran = remote.charts(&sandbox).ended(1);
        let expected = format!(
            "error: cannot write temporary files to `{tmp}`: it is full
hint: set TMPDIR to a directory that has room and may be written to\n"
        );
        let said = ran.stderr.replace("$ROOT/tmp", &tmp);
        assert!(said.ends_with(&expected) && !said.contains("Retrying"), "{verb}: {said}");
        assert_eq!(remote.commits(), 1);
    }
}
