//! Files that somebody else made: a link, a pipe or a file without an end, where a plain file belongs. None is followed,
//! waited for or read whole.

use std::fs::{self, File};
use std::os::unix::fs::symlink;

use crate::index::put;
use crate::release::chart;
use crate::sandbox::{self, Sandbox};
use crate::whole::{Targets, source};
use expect_test::expect;

const SECRET: &str = "{\"auths\": \"c2VjcmV0\"}";
/// More than anybody wants in memory; it takes no room on the disk.
const HUGE: u64 = 3 << 30;

/// Puts something else in the place of a file.
fn replace(sandbox: &Sandbox, path: &str, kind: &str) {
    let place = sandbox.work().join(path);
    fs::remove_file(&place).expect("a file");
    match kind {
        "link" => symlink(sandbox.work().join("../home/secret"), place).expect("a link"),
        "device" => symlink("/dev/zero", place).expect("a link"),
        "pipe" => drop(sandbox.run(&sandbox::find("mkfifo").expect("mkfifo"), &[path]).ended(0)),
        "huge" => File::create(place).and_then(|file| file.set_len(HUGE)).expect("a file"),
        _ => fs::create_dir(place).expect("a directory"),
    }
}

fn with_secret(sandbox: Sandbox) -> Sandbox {
    sandbox.write("../home/secret", SECRET);
    sandbox
}

/// `dist/` as another job left it.
#[test]
fn a_release_consists_of_plain_files() {
    let sandbox = with_secret(source("1.0.0"));
    sandbox.xtask(&["release", "--offline", "--helm", "never"]).ended(0);
    sandbox.write("dist/web-1.0.0.tgz.prov", "");
    let made = sandbox.snapshot("dist");
    for (file, limit) in [
        ("manifest.json", "5.0 MiB"),
        ("release-notes.md", "5.0 MiB"),
        ("SHA256SUMS", "5.0 MiB"),
        ("web-1.0.0.tgz", "224 B"),
        ("web-1.0.0.tgz.prov", "5.0 MiB"),
    ] {
        for (kind, cause) in [
            ("link", "it is a link, which is not followed".to_owned()),
            ("device", "it is a link, which is not followed".to_owned()),
            ("pipe", "it is not a plain file".to_owned()),
            ("directory", "it is not a plain file".to_owned()),
            ("huge", format!("it has 3072.0 MiB, and the limit is {limit}")),
        ] {
            fs::remove_dir_all(sandbox.work().join("dist")).expect("dist");
            sandbox.restore("dist", &made);
            replace(&sandbox, &format!("dist/{file}"), kind);
            let ran = sandbox.xtask(&["release", "--offline", "--from", "dist"]).ended(1);
            let expected =
                format!("error: dist/{file}: cannot read it: {cause}\nhint: cargo xtask release\n");
            assert_eq!(ran.stderr, expected, "{file}: {kind}");
        }
    }
}

/// The notes are public, and what a link leads to on this machine is not.
#[test]
fn notes_that_are_a_link_are_not_published() {
    let (targets, sandbox) = (Targets::new(), with_secret(source("1.0.0")));
    targets.release(&sandbox, &["--publish=oci,pages", "--helm", "never"]).ended(0);
    replace(&sandbox, "dist/release-notes.md", "link");
    targets.writes();
    targets.release(&sandbox, &["--from", "dist", "--publish=github"]).ended(1);
    assert_eq!(targets.writes(), Vec::<String>::new());
}

/// Links inside the directory are Helm's habit; what they lead to elsewhere is not for the index.
#[test]
fn an_index_is_of_the_files_below_its_directory() {
    let sandbox = Sandbox::new();
    let archive = crate::index::archive("apiVersion: v2\nname: web\nversion: 1.0.0\n");
    put(&sandbox, "d/web.tgz", &archive);
    put(&sandbox, "private/own.tgz", &archive);
    symlink("web.tgz", sandbox.work().join("d/same.tgz")).expect("a link");
    let ran = sandbox.xtask(&["index", "d"]).ended(0);
    expect![[r#"
        warning: d/web.tgz: `web 1.0.0` is in `d/same.tgz` too: the index names that one
        hint: delete one of them
    "#]]
    .assert_eq(&ran.stderr);
    symlink("../private/own.tgz", sandbox.work().join("d/out.tgz")).expect("a link");
    symlink("../private", sandbox.work().join("d/below")).expect("a link");
    File::create(sandbox.work().join("d/huge.tgz")).and_then(|file| file.set_len(HUGE)).expect("a file");
    let ran = sandbox.xtask(&["index", "d"]).ended(1);
    expect![[r#"
        error: d/below/own.tgz: this link leaves the directory
        hint: copy what it leads to
        error: d/huge.tgz: cannot read it: it has 3072.0 MiB, and the limit is 100.0 MiB
        hint: move it to another directory
        error: d/out.tgz: this link leaves the directory
        hint: copy what it leads to
        warning: d/web.tgz: `web 1.0.0` is in `d/same.tgz` too: the index names that one
        hint: delete one of them
    "#]]
    .assert_eq(&ran.stderr);
}

#[test]
fn an_index_to_be_merged_is_a_plain_file() {
    let sandbox = with_secret(Sandbox::new());
    put(&sandbox, "d/web.tgz", &crate::index::archive("apiVersion: v2\nname: web\nversion: 1.0.0\n"));
    for (kind, cause) in [
        ("link", "it is a link, which is not followed"),
        ("pipe", "it is not a plain file"),
        ("huge", "it has 3072.0 MiB, and the limit is 256.0 MiB"),
    ] {
        let old = format!("{kind}.yaml");
        sandbox.write(&old, "");
        replace(&sandbox, &old, kind);
        let ran = sandbox.xtask(&["index", "d", "--merge", &old]).ended(1);
        assert_eq!(ran.stderr, format!("error: cannot read `{old}`: {cause}\n"));
    }
}

/// A checkout of somebody else's branch.
#[test]
fn a_workflow_that_leaves_the_repository_is_not_read() {
    let workflow = ".github/workflows/ci.yml";
    let sandbox = with_secret(Sandbox::with_commit(&[
        ("charts/web/Chart.yaml", &chart("web", "1.0.0")),
        (workflow, "on: push\njobs: {}\n"),
    ]));
    fs::remove_file(sandbox.work().join(workflow)).expect("a file");
    symlink("../../../home/secret", sandbox.work().join(workflow)).expect("a link");
    let ran = sandbox.xtask(&["check", "--offline", "--helm", "never"]).ended(1);
    assert!(ran.stderr.contains(&format!("{workflow}: this link leaves the repository")), "{}", ran.stderr);
    assert!(!ran.stdout.contains("auths") && !ran.stderr.contains("auths"), "{}{}", ran.stdout, ran.stderr);
}

/// A commit can make a link of the directory that we write to, or name git's own as the documentation.
#[test]
fn nothing_is_written_or_read_where_a_commit_leads() {
    let sandbox = Sandbox::with_commit(&[
        ("charts/web/Chart.yaml", &chart("web", "1.0.0")),
        ("charts/web/values.yaml", "a: 1\n"),
        ("mkdocs.yml", "site_name: Shop\n"),
        ("docs/index.md", "# Shop\n"),
        ("../outside/SHA256SUMS", "theirs\n"),
    ]);
    for directory in ["dist", "site"] {
        symlink("../outside", sandbox.work().join(directory)).expect("a link");
    }
    let release = sandbox.xtask(&["release", "--offline", "--tag", "v1.0.0"]).ended(1);
    assert!(release.stderr.contains("error: dist: nothing is written there: "), "{release:?}");
    fs::remove_file(sandbox.work().join("../outside/SHA256SUMS")).expect("a file");
    let pages = sandbox.any_config(&["pages", "--only", "docs", "--offline"]).ended(1);
    assert!(pages.stderr.contains("error: site: nothing is written there: "), "{pages:?}");
    assert_eq!(fs::read_dir(sandbox.work().join("../outside")).expect("it").count(), 0);
    sandbox.write("mkdocs.yml", "site_name: Shop\ndocs_dir: sub/../.git\n");
    let pages = sandbox.any_config(&["pages", "--only", "docs", "--offline", "--out", "new"]).ended(1);
    assert!(pages.stderr.contains("mkdocs.yml:2: `docs_dir` `sub/../.git` is not"), "{pages:?}");
}
