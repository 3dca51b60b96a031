//! An archive is what the commit says: the same bytes from every clone, and a word about whatever differs.

use crate::release::{CHANGELOG, chart, manifest, repository};
use crate::sandbox::{self, Sandbox};
use expect_test::expect;

#[test]
fn what_is_not_in_the_commit_is_named() {
    let sandbox = repository();
    sandbox.write(".gitignore", "/dist/\n*.swp\n");
    sandbox.write("charts/web/values.yaml", "a: 2\n");
    sandbox.write("charts/web/x.swp", "ignored by git, packaged by Helm");
    sandbox.write("charts/api/new", "untracked");
    let ran = sandbox.xtask(&["release"]).ended(0);
    expect![[r#"
        warning: not in the commit as it is here: `charts/api/new`, `charts/web/values.yaml`, `charts/web/x.swp`
        hint: commit or undo these changes: CI packages the commit
    "#]]
    .assert_eq(&ran.stderr);
    assert_eq!(manifest(&sandbox).commit.changed.len(), 3);
}

/// What a look at the packaged files alone does not show.
#[test]
fn what_is_missing_or_only_linked_is_named_too() {
    let sandbox = repository();
    let noticed = |what: &str| {
        let ran = sandbox.xtask(&["release"]).ended(0);
        assert!(ran.stderr.contains(what), "{what}: {}", ran.stderr);
        sandbox.git(&["reset", "--hard", "--quiet"]);
        sandbox.git(&["clean", "-fdq"]);
        assert_eq!(sandbox.xtask(&["release"]).ended(0).stderr, "");
    };
    std::fs::remove_file(sandbox.work().join("charts/web/values.yaml")).expect("a file");
    noticed("`charts/web/values.yaml`");
    std::os::unix::fs::symlink("values.yaml", sandbox.work().join("charts/web/link.yaml")).expect("a link");
    noticed("`charts/web/link.yaml`");
    sandbox.write("charts/web/.helmignore", ".helmignore\nvalues.yaml\n");
    noticed("`charts/web/.helmignore`");
    sandbox.write("CHANGELOG.md", &format!("{CHANGELOG}\nmore\n"));
    noticed("`CHANGELOG.md`");
}

/// What a look at the charts that are there does not show, and what has the same bytes and is something else.
#[test]
fn links_files_and_charts_are_what_the_commit_has() {
    let sandbox = repository();
    let link = |target: &str, path: &str| {
        std::os::unix::fs::symlink(target, sandbox.work().join(path)).expect("a link");
    };
    let remove = |path: &str| std::fs::remove_file(sandbox.work().join(path)).expect("a file");
    sandbox.write("shared/x", "x");
    sandbox.write("shared/y", "y");
    sandbox.write("other/one/Chart.yaml", &chart("one", "1.2.3"));
    sandbox.write("other/two/Chart.yaml", &chart("two", "1.2.3"));
    sandbox.write("other/log.md", CHANGELOG);
    link("../../shared", "charts/web/shared");
    link("../../shared/x", "charts/web/x");
    link("../other/one", "charts/linked");
    sandbox.commit("links");
    assert_eq!(sandbox.xtask(&["release"]).ended(0).stderr, "");
    let noticed = |what: &str| {
        let ran = sandbox.xtask(&["release"]).ended(0);
        assert!(ran.stderr.contains(what), "{what}: {}", ran.stderr);
        sandbox.git(&["reset", "--hard", "--quiet"]);
    };
    remove("charts/linked");
    link("../other/two", "charts/linked");
    noticed("`charts/linked`");
    remove("charts/web/x");
    sandbox.write("charts/web/x", "../../shared/x");
    noticed("`charts/web/x`");
    remove("shared/y");
    noticed("`shared/y`");
    remove("CHANGELOG.md");
    link("other/log.md", "CHANGELOG.md");
    noticed("`CHANGELOG.md`");
    std::fs::remove_dir_all(sandbox.work().join("charts/api")).expect("a chart");
    let ran = sandbox.xtask(&["release"]).ended(0);
    assert!(ran.stderr.contains("`charts/api/Chart.yaml`"), "{}", ran.stderr);
}

/// Links to links and links in linked directories lie where the commit has them, not where the walk meets them.
#[test]
fn committed_links_are_in_the_commit() {
    let sandbox = repository();
    let link = |target: &str, path: &str| {
        std::os::unix::fs::symlink(target, sandbox.work().join(path)).expect("a link");
    };
    sandbox.write("shared/f", "x");
    link("f", "shared/g");
    link("../shared", "charts/shared");
    link("../../CHANGELOG.md", "charts/web/CHANGELOG.md");
    link("../shared", "charts/web/shared");
    sandbox.commit("links");
    let ran = sandbox.xtask(&["release", "web"]).ended(0);
    assert!(!ran.stderr.contains("not in the commit"), "{}", ran.stderr);
    std::fs::remove_file(sandbox.work().join("shared/g")).expect("a link");
    link("./f", "shared/g");
    let ran = sandbox.xtask(&["release", "web"]).ended(0);
    assert!(ran.stderr.contains("not in the commit as it is here: `shared/g`"), "{}", ran.stderr);
    // The chart's changelog is the repository's, and is named once.
    sandbox.git(&["reset", "--hard", "--quiet"]);
    sandbox.write("CHANGELOG.md", &format!("{CHANGELOG}\nmore\n"));
    sandbox.xtask(&["release"]).ended(0);
    assert_eq!(manifest(&sandbox).commit.changed, ["CHANGELOG.md"]);
}

/// Names that git allows and that a careless reading of its output stumbles over.
#[test]
fn odd_names_in_the_repository_stop_nothing() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = repository();
    sandbox.write("HEAD", "x");
    sandbox.write("charts/web/Icon\r", "x");
    sandbox.write("charts/web/\"quoted\"", "x");
    let name = std::ffi::OsStr::from_bytes(b"not-utf-8-\xff");
    std::fs::write(sandbox.work().join(name), "x").expect("a file");
    sandbox.commit("names");
    sandbox.git(&["tag", "--annotate", "--message", "x", "inner"]);
    sandbox.git(&["tag", "--annotate", "--message", "x", "web-1.2.3", "inner"]);
    let ran = sandbox.xtask(&["release"]).ended(0);
    assert!(!ran.stderr.contains("quoted"), "{}", ran.stderr);
    assert_eq!(manifest(&sandbox).tag.as_deref(), Some("web-1.2.3"));
}

#[test]
fn a_commit_whose_time_no_archive_holds_is_refused() {
    let sandbox = repository();
    let object = format!(
        "tree {}\nauthor a <a@b> 1 +0000\ncommitter a <a@b> -5 +0000\n\nm\n",
        sandbox.git(&["write-tree"])
    );
    sandbox.write("../commit", &object);
    let commit = sandbox.git(&["hash-object", "-t", "commit", "-w", "--literally", "../commit"]);
    sandbox.git(&["update-ref", "HEAD", &commit]);
    let ran = sandbox.xtask(&["release"]).ended(1);
    assert!(ran.stderr.starts_with("error: an archive cannot hold the time of the commit"), "{}", ran.stderr);
}

#[test]
fn a_checkout_that_rewrites_lines_has_the_text_of_the_commit() {
    let sandbox = repository();
    sandbox.xtask(&["release", "--tag", "v1.2.3"]).ended(0);
    let first = sandbox.read("dist/web-1.2.3.tgz");
    sandbox.git(&["config", "core.autocrlf", "true"]);
    std::fs::remove_file(sandbox.work().join("charts/web/values.yaml")).expect("a file");
    sandbox.git(&["checkout", "--", "charts/web/values.yaml"]);
    assert_eq!(sandbox.text("charts/web/values.yaml"), "a: 1\r\n");
    for (_, helm) in sandbox::helms("a_checkout_that_rewrites_lines, with helm") {
        let helm = helm.display().to_string();
        let mut run = sandbox.command(std::path::Path::new(env!("CARGO_BIN_EXE_xtask")));
        let ran = sandbox
            .normal(&run.args(["release", "--tag", "v1.2.3"]).env("HELM_BIN", helm).output().expect("xtask"))
            .ended(0);
        assert!(ran.stdout.contains("agrees with helm"), "{ran:?}");
    }
    let ran = sandbox.xtask(&["release", "--tag", "v1.2.3"]).ended(0);
    assert!(!ran.stderr.contains("not in the commit"), "{}", ran.stderr);
    assert_eq!(sandbox.read("dist/web-1.2.3.tgz"), first);
}

/// The same commit in two clones, at other times, in other places, with other settings, with and without helm.
#[test]
fn the_same_commit_gives_the_same_bytes() {
    let origin = repository();
    origin.write("charts/web/charts/d/Chart.yaml", &chart("d", "1.0.0"));
    origin.write("charts/web/charts/e/Chart.yaml", &chart("e", "1.0.0"));
    origin.write("charts/web/Chart.lock", "dependencies: []\ndigest: x\ngenerated: 2024-01-01T00:00:00Z\n");
    origin.commit("more");
    origin.xtask(&["release"]).ended(0);
    let helm = sandbox::helms("the_same_commit_gives_the_same_bytes, with helm");
    for (umask, locale, zone, helm) in
        [("077", "de_DE.UTF-8", "Asia/Tokyo", None), ("000", "C", "America/New_York", helm.last())]
    {
        let mut clone = Sandbox::new();
        clone.unset("SOURCE_DATE_EPOCH");
        clone.set("LC_ALL", locale);
        clone.set("TZ", zone);
        if let Some((_, binary)) = helm {
            clone.set("HELM_BIN", binary.display().to_string());
        }
        let from = origin.work().display().to_string();
        clone.git(&["clone", "--quiet", &from, "deeper/clone"]);
        let here = clone.work().join("deeper/clone");
        let shell = sandbox::find("sh").expect("sh");
        let xtask = env!("CARGO_BIN_EXE_xtask");
        let ran =
            clone.run_in(&here, &shell, &["-c", &format!("umask {umask}; exec {xtask} release")]).ended(0);
        assert_eq!(ran.stdout.contains("agrees with helm"), helm.is_some(), "{}", ran.stdout);
        let dist = |sandbox: &Sandbox, path: &str| {
            let read = |file: String| (file.clone(), sandbox.read(&format!("{path}/{file}")));
            sandbox.files(path).into_iter().map(read).collect::<Vec<_>>()
        };
        assert!(dist(&origin, "dist") == dist(&clone, "deeper/clone/dist"), "{umask} {locale} {zone}");
    }
}

#[test]
fn the_time_is_the_commits_or_source_date_epoch() {
    let mut sandbox = repository();
    let time = |sandbox: &Sandbox| {
        sandbox.xtask(&["release", "web", "--tag", "v1.2.3"]).ended(0);
        let modified =
            std::fs::metadata(sandbox.work().join("dist/web-1.2.3.tgz")).and_then(|m| m.modified());
        let since = modified.expect("a time").duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        (manifest(sandbox).commit.time, since.as_secs())
    };
    assert_eq!(time(&sandbox), (1_704_164_645, 1_704_164_645));
    sandbox.set("SOURCE_DATE_EPOCH", "1000000000");
    assert_eq!(time(&sandbox), (1_000_000_000, 1_000_000_000));
}
