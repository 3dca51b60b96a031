//! `cargo xtask package`: what it writes, and what it says when it cannot.

use std::path::Path;

use expect_test::expect;
use helm_xtask::internals::digest;
use helm_xtask::internals::tgz;

use crate::sandbox::{self, Sandbox};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.2.3\n";

fn web() -> Sandbox {
    Sandbox::with_commit(&[("web/Chart.yaml", CHART), ("web/values.yaml", "a: 1\n")])
}

/// The text of the Chart.yaml in an archive.
fn chart_yaml(sandbox: &Sandbox, path: &str) -> String {
    let entries = tgz::read(&sandbox.read(path), tgz::MAX_TOTAL).expect("an archive");
    String::from_utf8(entries[0].data.clone()).expect("UTF-8")
}

#[test]
fn a_chart_becomes_an_archive() {
    let sandbox = web();
    let ran = sandbox.xtask(&["package", "web", "-d", "out"]).ended(0);
    let bytes = sandbox.read("out/web-1.2.3.tgz");
    let (size, digest) = (bytes.len(), digest::digest(&bytes));
    assert_eq!(
        ran.stdout,
        format!("    Packaged web -> out/web-1.2.3.tgz  {size} B  {digest}  (native; helm not found)\n")
    );
    assert_eq!(ran.stderr, "");
    assert_eq!(sandbox.files("out"), ["web-1.2.3.tgz"]);
}

#[test]
fn versions_are_replaced_as_text() {
    let sandbox = web();
    sandbox.xtask(&["package", "web", "--version", "2.0.0-rc.1+b", "--app-version", "1.10"]).ended(0);
    assert_eq!(
        chart_yaml(&sandbox, "web-2.0.0-rc.1+b.tgz"),
        "apiVersion: v2\nappVersion: \"1.10\"\nname: web\nversion: 2.0.0-rc.1+b\n"
    );
    assert_eq!(sandbox.text("web/Chart.yaml"), CHART);
}

#[test]
fn every_problem_is_reported_at_once_and_nothing_is_written() {
    let sandbox = Sandbox::with_commit(&[
        ("good/Chart.yaml", "apiVersion: v2\nname: good\nversion: 1.0.0\n"),
        (
            "bad/Chart.yaml",
            "apiVersion: v2\nname: a/b\nversion: v0.9.x\nappVersion: 1.10\ntype: App\nengine: gotpl\n",
        ),
        ("bad/values.yaml", "- a\n"),
        ("bad/values.schema.json", "{\n  \"a\": 1,\n}\n"),
        ("bad/.helmignore", "docs/**\n"),
    ]);
    let ran = sandbox.xtask(&["package", "good", "bad", "missing", "-d", "out"]).ended(1);
    expect![[r#"
        error: bad/.helmignore:1: Helm has no `**`
        hint: write one rule for each level: `a/*`, `a/*/*`
        error: bad/Chart.yaml:2: name `a/b` has a slash in it
        hint: write `name: NAME`, with the name of the chart's directory
        error: bad/Chart.yaml:3: version `v0.9.x` is not a semantic version
        hint: write three numbers, as in `version: 0.1.0`
        error: bad/Chart.yaml:4: Helm reads `appVersion` `1.10` as `1.1`
        hint: quote it: "1.10"
        error: bad/Chart.yaml:5: type `App` is neither `application` nor `library`
        hint: write `type: application`
        error: bad/values.schema.json:3: it is not JSON: key must be a string
        hint: JSON has no comments and no trailing commas
        error: bad/values.yaml:1: the values are a list, not a mapping
        hint: write `key: value` lines
        error: missing: there is no such directory
        hint: name the directory that holds Chart.yaml
        warning: bad/Chart.yaml:6: Helm does not know the field `engine` and leaves it out
        hint: delete it, or move it to `annotations`
    "#]]
    .assert_eq(&ran.stderr);
    assert_eq!((ran.stdout.as_str(), sandbox.files("out").len()), ("", 0));
}

#[test]
fn what_helm_leaves_out_is_said() {
    let sandbox = Sandbox::with_commit(&[
        (
            "web/Chart.yaml",
            "apiVersion: v1\nname: web\nversion: 1.0.0\nname: web\ndependencies:\n- name: d\n---\nmore: 1\n",
        ),
        ("web/charts/d/Chart.yaml", "apiVersion: v2\nname: d\nversion: 1.0.0\n"),
        ("web/charts/_old/Chart.yaml", "broken: ["),
        ("web/Chart.lock", "dependencies: []\ndigest: x\n"),
    ]);
    let ran = sandbox.xtask(&["package", "web"]).ended(0);
    expect![[r#"
        warning: web/Chart.lock: Helm leaves this file out of the archive of a chart of `apiVersion: v1`
        hint: write `apiVersion: v2` in Chart.yaml, or delete this file
        warning: web/Chart.yaml: Helm reads the first YAML document and ignores the rest of this file
        hint: delete the rest
        warning: web/Chart.yaml: Helm leaves `dependencies` out of the archive of a chart of `apiVersion: v1`
        hint: write `apiVersion: v2`
        warning: web/Chart.yaml:4: `name` is given twice: Helm takes this one
        hint: delete one of them
        warning: web/charts/_old: Helm skips this sub-chart, since its name begins with `_` or `.`
        hint: rename it, or move it out of charts/
    "#]]
    .assert_eq(&ran.stderr);
}

#[test]
fn links_that_differ_between_clones_are_refused() {
    let sandbox = Sandbox::with_commit(&[("web/Chart.yaml", CHART), ("shared/f", "shared")]);
    let link = |target: &str, path: &str| {
        std::os::unix::fs::symlink(target, sandbox.work().join(path)).expect("a link");
    };
    link("../shared/f", "web/inside");
    link("../../outside", "web/outside");
    link("/etc/passwd", "web/absolute");
    link("inside", "web/chain");
    link("absolute", "web/chained");
    link(".", "web/loop");
    link("../.git/config", "web/secret");
    link("/etc", "shared/etc");
    link("../shared/etc/passwd", "web/through");
    std::fs::write(sandbox.work().join("../outside"), "x").expect("a file");
    let ran = sandbox.xtask(&["package", "web"]).ended(1);
    expect![[r#"
        error: web/absolute: this link leads to a place on this machine, `/etc/passwd`
        hint: link to a relative path, or copy what it leads to
        error: web/chained: this link leads to a place on this machine, `/etc/passwd`
        hint: link to a relative path, or copy what it leads to
        error: web/loop: cannot follow this link: it leads back to a directory above it
        hint: mend or delete it
        error: web/outside: this link leaves the repository
        hint: copy what it leads to
        error: web/secret: this link leads to git's own files
        hint: delete it
        error: web/through: this link leads to a place on this machine, `/etc`
        hint: link to a relative path, or copy what it leads to
    "#]]
    .assert_eq(&ran.stderr);
    for path in ["absolute", "chained", "loop", "outside", "secret", "through"] {
        std::fs::remove_file(sandbox.work().join("web").join(path)).expect("a link");
    }
    sandbox.xtask(&["package", "web"]).ended(0);
    let entries = tgz::read(&sandbox.read("web-1.2.3.tgz"), tgz::MAX_TOTAL).expect("an archive");
    assert_eq!(entries.iter().filter(|entry| entry.data == b"shared").count(), 2);
}

#[test]
fn a_chart_without_api_version_is_one_of_v1() {
    let sandbox = Sandbox::with_commit(&[
        ("web/Chart.yaml", "name: web\nversion: 1.0.0\ndependencies:\n- name: d\n"),
        ("web/charts/d/Chart.yaml", "name: d\nversion: 1.0.0\n"),
        ("web/requirements.yaml", "{}\n"),
    ]);
    let ran = sandbox.xtask(&["package", "web"]).ended(0);
    expect![[r#"
        warning: web/Chart.yaml: Helm leaves `dependencies` out of the archive of a chart of `apiVersion: v1`
        hint: write `apiVersion: v2`
    "#]]
    .assert_eq(&ran.stderr);
    sandbox.write("web/requirements.yaml", "dependencies:\n");
    let ran = sandbox.xtask(&["package", "web"]).ended(1);
    assert!(
        ran.stderr.contains("error: web/requirements.yaml:1: Helm merges the dependencies"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_rule_that_drops_chart_yaml_is_named_and_hides_nothing() {
    let sandbox = web();
    sandbox.write("web/.helmignore", "docs/**\n*.yaml\n");
    sandbox.write("web/values.schema.json", "{");
    let ran = sandbox.xtask(&["package", "web"]).ended(1);
    expect![[r#"
        error: web/.helmignore:1: Helm has no `**`
        hint: write one rule for each level: `a/*`, `a/*/*`
        error: web/.helmignore:2: this rule drops Chart.yaml
        hint: delete the rule
        error: web/values.schema.json:1: it is not JSON: EOF while parsing an object
        hint: JSON has no comments and no trailing commas
    "#]]
    .assert_eq(&ran.stderr);
}

/// Neither a path nor an argument can write a line of its own into a CI log.
#[test]
fn nothing_that_is_printed_begins_a_workflow_command() {
    let mut sandbox = Sandbox::new();
    sandbox.set("GITHUB_ACTIONS", "true");
    sandbox.write("b\n::error::x/Chart.yaml", CHART);
    for args in [
        &["package", "b\n::error::x"][..],
        &["package", ".", "-d", "o\n::error::y"],
        &["release", "--x\n::error::y"],
    ] {
        let ran = sandbox.xtask(args).ended(2);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
    sandbox.write("charts/b\n::error::x/Chart.yaml", CHART);
    sandbox.write("CHANGELOG.md", "## 1.2.3\n\nx\n");
    sandbox.git(&["init", "--quiet"]);
    sandbox.commit("a hostile name");
    let ran = sandbox.xtask(&["release"]).ended(0);
    assert!(!ran.stdout.contains("\n::") && !ran.stderr.contains("\n::"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_pipe_or_device_is_not_read() {
    let sandbox = web();
    std::os::unix::fs::symlink("/dev/zero", sandbox.work().join("web/.helmignore")).expect("a link");
    let ran = sandbox.xtask(&["package", "web"]).ended(1);
    assert!(
        ran.stderr.contains("web/.helmignore: this link leads to a place on this machine"),
        "{}",
        ran.stderr
    );
    std::fs::remove_file(sandbox.work().join("web/.helmignore")).expect("a link");
    sandbox.run(&sandbox::find("mkfifo").expect("mkfifo"), &["web/.helmignore"]).ended(0);
    let ran = sandbox.xtask(&["package", "web"]).ended(1);
    assert!(ran.stderr.contains("it is not a plain file"), "{}", ran.stderr);
}

#[test]
fn gits_own_files_stay_out() {
    let sandbox = Sandbox::with_commit(&[("Chart.yaml", CHART)]);
    let ran = sandbox.xtask(&["package", ".", "-d", "../out"]).ended(1);
    expect![[r#"
        error: .helmignore: what git, cargo and this program write into the repository would be packaged
        hint: add to .helmignore, a line each: /.git
    "#]]
    .assert_eq(&ran.stderr);
    sandbox.write(".helmignore", ".git\n");
    sandbox.xtask(&["package", ".", "-d", "../out"]).ended(0);
}

#[test]
fn without_a_commit_the_time_is_fixed() {
    let mut sandbox = Sandbox::new();
    sandbox.write("web/Chart.yaml", CHART);
    sandbox.unset("SOURCE_DATE_EPOCH");
    let ran = sandbox.xtask(&["package", "web", "-d", "out"]).ended(0);
    assert_eq!(ran.stderr, "");
    let modified = std::fs::metadata(sandbox.work().join("out").join(&sandbox.files("out")[0]))
        .and_then(|file| file.modified());
    let since = modified.expect("a time").duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    assert_eq!(since.as_secs(), tgz::ENTRY_TIME);
    sandbox.set("SOURCE_DATE_EPOCH", "yesterday");
    let ran = sandbox.xtask(&["package", "web", "-d", "out"]).ended(2);
    expect![[r#"
        error: SOURCE_DATE_EPOCH `yesterday` is not a number of seconds since 1970
        hint: unset SOURCE_DATE_EPOCH
    "#]]
    .assert_eq(&ran.stderr);
}

#[test]
fn wrong_usage_ends_with_2() {
    let sandbox = web();
    for args in [
        &["package"][..],
        &["package", "web", "--version", ""],
        &["package", "web", "--helm", "maybe"],
        &["publish"],
        &[],
    ] {
        sandbox.xtask(args).ended(2);
    }
    let ran = sandbox.xtask(&["package", "web", "--version", "latest"]).ended(2);
    expect![[r#"
        error: --version `latest` is not a semantic version
        hint: --version 1.2.3
    "#]]
    .assert_eq(&ran.stderr);
}

#[test]
fn helm_is_found_required_or_left_alone() {
    let mut sandbox = web();
    let ran = sandbox.xtask(&["package", "web", "--helm", "require"]).ended(1);
    assert!(ran.stderr.starts_with("error: helm is not in PATH\nhint: install it"), "{}", ran.stderr);
    sandbox.script("helm", "#!/bin/sh\necho broken >&2; exit 3\n");
    let ran = sandbox.xtask(&["package", "web"]).ended(1);
    expect![[r#"
        error: `helm` does not answer: broken
        hint: add --helm never
    "#]]
    .assert_eq(&ran.stderr);
    sandbox.xtask(&["package", "web", "--helm", "never"]).ended(0);
    sandbox.set("HELM_BIN", "/nowhere/helm");
    let ran = sandbox.xtask(&["package", "web"]).ended(1);
    assert!(ran.stderr.contains("/nowhere/helm"), "{}", ran.stderr);
}

#[test]
fn a_helm_that_packages_something_else_is_an_error() {
    let sandbox = web();
    sandbox.xtask(&["package", "web", "-d", "other", "--version", "9.9.9"]).ended(0);
    let other = sandbox.work().join("other/web-9.9.9.tgz");
    let copy = sandbox::find("cp").expect("cp");
    sandbox.script(
        "helm",
        &format!(
            "#!/bin/sh\n[ \"$1\" = version ] && {{ printf v4.0.0; exit; }}\n{} {} \"$4\"\n",
            copy.display(),
            other.display()
        ),
    );
    let ran = sandbox.xtask(&["package", "web", "-d", "out"]).ended(1);
    expect![[r#"
           Comparing web with helm v4.0.0
        error: web: helm v4.0.0 packages this chart differently: `web/Chart.yaml` differs in line 3: `version: 1.2.3` here, `version: 9.9.9` in Helm's
        hint: nothing was written; please report this, or add `--helm never`
    "#]]
    .assert_eq(&ran.stderr);
    assert!(sandbox.files("out").is_empty());
}

#[test]
fn both_helms_read_what_is_packaged() {
    for (name, helm) in sandbox::helms("both_helms_read_what_is_packaged") {
        let mut sandbox = Sandbox::new();
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/pulltrace"),
            &sandbox.work().join("pulltrace"),
        );
        sandbox.set("HELM_BIN", helm.display().to_string());
        let ran = sandbox.xtask(&["package", "pulltrace", "--helm", "require"]).ended(0);
        assert!(ran.stdout.contains("agrees with helm v"), "{name}: {}", ran.stdout);
        let archive = sandbox.files("").into_iter().find(|path| path.ends_with(".tgz")).expect("an archive");
        sandbox.run(&helm, &["lint", "--strict", &archive]).ended(0);
        sandbox.run(&helm, &["template", "x", &archive]).ended(0);
        let shown = sandbox.run(&helm, &["show", "chart", &archive]).ended(0).stdout;
        assert_eq!(shown.trim_end(), chart_yaml(&sandbox, &archive).trim_end());
    }
}

pub fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.path().strip_prefix(from).expect("below"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).expect("a directory");
        } else {
            std::fs::copy(entry.path(), target).expect("a file");
        }
    }
}
