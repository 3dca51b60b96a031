//! `cargo xtask prepare` and `deprecate`: the commit that a release is tagged at.

use std::path::Path;

use expect_test::expect;
use serde_json::Value;

use crate::config;
use crate::sandbox::{Ran, Sandbox};

const CHART: &str = "apiVersion: v2\n# What it is called.\nname: web\ndescription: A web server.\nversion: 1.2.0 # of the chart\nannotations:\n  artifacthub.io/changes: |\n    - kind: added\n      description: The first one.\n";
const LOG: &str = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A `Service` for metrics.\n\n## [1.2.0] - 2023-05-06\n\n- The first one.\n\n[Unreleased]: https://github.com/acme/shop/compare/v1.2.0...HEAD\n[1.2.0]: https://github.com/acme/shop/releases/tag/v1.2.0\n";
const README: &str = "# Shop\n\n    helm install web oci://ghcr.io/acme/charts/web --version 1.2.0\n";

/// A repository with the chart `web`, released as 1.2.0, and changes since.
pub fn shop() -> Sandbox {
    let old = LOG.replace("### Added\n\n- A `Service` for metrics.\n\n", "");
    let sandbox = with_user(Sandbox::with_commit(&[
        (".gitignore", "/dist/\n"),
        ("CHANGELOG.md", &old),
        ("README.md", README),
        ("charts/web/Chart.yaml", CHART),
        ("charts/web/values.yaml", "port: 80\nold: 1\n"),
        ("charts/web/templates/a.yaml", "kind: ConfigMap\n"),
    ]));
    sandbox.git(&["tag", "v1.2.0"]);
    sandbox.write("CHANGELOG.md", LOG);
    sandbox.write("charts/web/values.yaml", "port: 80\nold: 1\nmetrics: true\n");
    sandbox.commit("Metrics");
    sandbox
}

/// One who commits.
fn with_user(mut sandbox: Sandbox) -> Sandbox {
    for role in ["AUTHOR", "COMMITTER"] {
        sandbox.set(&format!("GIT_{role}_NAME"), "Ann");
        sandbox.set(&format!("GIT_{role}_EMAIL"), "ann@example.com");
    }
    sandbox.set("SOURCE_DATE_EPOCH", "1704164645");
    sandbox
}

fn run(sandbox: &Sandbox, line: &str) -> Ran {
    let args: Vec<&str> = line.split_whitespace().collect();
    sandbox.leaving_nothing(config::program(), &args)
}

fn status(sandbox: &Sandbox) -> String {
    sandbox.git(&["status", "--porcelain"])
}

/// The transcripts of the guide, one after the other in one repository. `UPDATE_EXPECT=1` writes them.
#[test]
fn the_guide_shows_what_is_printed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/prepare.md");
    let (guide, sandbox) = (std::fs::read_to_string(&file).expect("the guide"), shop());
    let mut parts = guide.split("```console\n");
    let mut printed = parts.next().expect("a text").to_owned();
    for part in parts {
        let (block, rest) = part.split_once("```").expect("an end");
        let typed = block.lines().next().expect("a command");
        let ran = run(&sandbox, typed.strip_prefix("$ cargo xtask ").expect("a prompt")).ended(0);
        let lines: Vec<&str> = ran.stdout.lines().map(str::trim_end).collect();
        printed += &["```console\n", typed, "\n", &lines.join("\n"), "\n```", rest].concat();
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &printed).expect("the guide");
    }
    assert_eq!(guide, printed);
}

#[test]
fn without_commit_nothing_is_written() {
    let sandbox = shop();
    let state = || {
        (
            sandbox.git(&["for-each-ref"]),
            sandbox.git(&["write-tree"]),
            status(&sandbox),
            sandbox.git(&["worktree", "list"]),
        )
    };
    let before = state();
    let ran = run(&sandbox, "prepare --bump patch --json").ended(0);
    assert_eq!(state(), before);
    let plan: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(plan["charts"][0]["to"], "1.2.1");
    assert_eq!(plan["next"], "cargo xtask prepare --version 1.2.1 --commit");
    assert_eq!(plan["commit"], Value::Null);
    // What it prints can be applied, and is what it commits.
    sandbox.write("../plan.diff", plan["diff"].as_str().expect("a diff"));
    sandbox.git(&["apply", "--index", "../plan.diff"]);
    let tree = sandbox.git(&["write-tree"]);
    sandbox.git(&["reset", "--quiet", "--hard"]);
    let ran = run(&sandbox, "prepare --bump patch --commit --json").ended(0);
    let plan: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(plan["commit"], sandbox.git(&["rev-parse", "HEAD"]));
    assert_eq!(sandbox.git(&["rev-parse", "HEAD^{tree}"]), tree);
    assert_eq!(plan["files"].as_array().expect("files").len(), 3);
}

#[test]
fn a_bump_is_proposed() {
    let sandbox = shop();
    let proposed = |text: &str| {
        let ran = run(&sandbox, "prepare").ended(0);
        assert!(ran.stdout.contains(text), "{ran:?}");
    };
    proposed("    Proposed web 1.2.0 -> 1.3.0  (minor)\n");
    sandbox.write("charts/web/values.yaml", "port: 80\nmetrics: true\n");
    sandbox.commit("old");
    proposed(
        "    Proposed web 1.2.0 -> 2.0.0  (major)\n     Because values.yaml no longer has `old`\nnext: cargo xtask prepare --version 2.0.0\n",
    );
    sandbox.write("charts/web/Chart.yaml", &CHART.replace("1.2.0", "2.0.0"));
    sandbox.commit("raised");
    proposed("    Proposed web 2.0.0  (major)\n");
    assert!(run(&sandbox, "prepare --json").ended(0).stdout.contains("\"to\": \"2.0.0\""));
}

/// Whatever a run that was killed has written, the next one makes the same commit of it, and the one after that nothing.
#[test]
fn what_was_begun_is_finished() {
    let sandbox = shop();
    run(&sandbox, "prepare --bump minor --commit").ended(0);
    let done = sandbox.git(&["rev-parse", "HEAD"]);
    let files = ["CHANGELOG.md", "README.md", "charts/web/Chart.yaml"];
    let texts = files.map(|file| sandbox.text(file));
    for written in 0..8 {
        sandbox.git(&["reset", "--quiet", "--hard", "HEAD^"]);
        let those = files.iter().zip(&texts).enumerate().filter(|(i, _)| written & (1 << i) != 0);
        those.for_each(|(_, (file, text))| sandbox.write(file, text));
        run(&sandbox, "prepare --bump minor --commit").ended(0);
        assert_eq!((sandbox.git(&["rev-parse", "HEAD"]), status(&sandbox)), (done.clone(), String::new()));
    }
    let again = run(&sandbox, "prepare --bump minor --commit").ended(0);
    assert!(again.stdout.starts_with("   Unchanged web 1.3.0  (tag v1.3.0)\n"), "{again:?}");
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), done);
    // A chart that has no tags yet.
    sandbox.git(&["tag", "--delete", "v1.2.0"]);
    assert!(run(&sandbox, "prepare --bump minor").ended(0).stdout.contains("Unchanged web 1.3.0"));
}

#[test]
fn the_commit_takes_nothing_else_along() {
    let sandbox = shop();
    let before = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.write("README.md", "# Mine\n");
    let ran = run(&sandbox, "prepare --bump minor --commit").ended(1);
    expect![[r#"
        note: files are not as the commit has them: what is prepared is the commit
        hint: what is to be in the release: git add, then git commit
        error: README.md: it has changes that are not committed, which this commit would take along
        hint: commit or stash them first: git stash push -- README.md
    "#]]
    .assert_eq(&ran.stderr);
    assert_eq!((sandbox.text("README.md").as_str(), status(&sandbox).as_str()), ("# Mine\n", " M README.md"));
    // The same where it is staged and the file is as before.
    sandbox.git(&["add", "README.md"]);
    sandbox.write("README.md", README);
    run(&sandbox, "prepare --bump minor --commit").ended(1);
    assert_eq!(status(&sandbox), "MM README.md");
    sandbox.git(&["reset", "--quiet", "--hard"]);

    sandbox.write("other", "staged\n");
    sandbox.git(&["add", "other"]);
    let hook = sandbox.work().join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().expect("a directory")).expect("a directory");
    let write_hook = |text: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(&hook, format!("#!/bin/sh\n{text}\n")).expect("a hook");
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("a hook");
    };
    write_hook("echo no >&2; exit 1");
    let ran = run(&sandbox, "prepare --bump minor --commit").ended(1);
    assert!(
        ran.stderr.contains("no\nerror: `git commit` made no commit; the files are as they were\n"),
        "{ran:?}"
    );
    assert_eq!(
        (status(&sandbox).as_str(), sandbox.git(&["rev-parse", "HEAD"])),
        ("A  other", before.clone())
    );
    write_hook("echo more >> README.md; exit 1");
    let ran = run(&sandbox, "prepare --bump minor --commit").ended(1);
    assert!(ran.stderr.contains("made no commit; what a hook has changed stays: `README.md`\n"), "{ran:?}");
    assert_eq!(status(&sandbox), " M README.md\nA  other");
    sandbox.git(&["checkout", "README.md"]);
    write_hook("exit 0");
    run(&sandbox, "prepare --bump minor --commit").ended(0);
    assert_eq!((status(&sandbox).as_str(), sandbox.git(&["rev-parse", "HEAD^"])), ("A  other", before));
}

#[test]
fn errors_of_check_stop_it() {
    let sandbox = shop();
    sandbox.write("mkdocs.yml", "site_name: Shop\n");
    sandbox.write("docs/index.md", "# Shop\n\n[x](no.md)\n");
    sandbox.commit("docs");
    let ran = run(&sandbox, "prepare --bump minor --commit").ended(1);
    assert!(ran.stderr.contains("error: docs/index.md:3: `no.md` leads nowhere"), "{ran:?}");
    assert!(
        ran.stderr.contains("error: nothing was written: the commit would not pass the check\n"),
        "{ran:?}"
    );
    assert_eq!(status(&sandbox), "");
    for (line, code, words) in [
        ("prepare --version 1.1.0", 2, "error: version 1.1.0 is below 1.2.0, which `web` has"),
        ("prepare --version 1.x", 2, "error: version `1.x` is not a semantic version"),
        ("prepare --commit", 2, "error: --commit and --tag need a version"),
        ("prepare --bump minor --tag", 2, "error: there is something to commit before the tag"),
        ("prepare wab --bump minor", 2, "error: there is no chart `wab`\nhint: is it web?"),
        ("prepare --bump minor --version 1.3.0", 2, "cannot be used with"),
    ] {
        let ran = run(&sandbox, line).ended(code);
        assert!(ran.stderr.contains(words), "{line}: {ran:?}");
    }
    sandbox.write("CHANGELOG.md", &LOG.replace("### Added\n\n- A `Service` for metrics.\n\n", ""));
    sandbox.commit("nothing");
    let ran = run(&sandbox, "prepare --bump minor").ended(1);
    assert_eq!(
        ran.stderr,
        "error: CHANGELOG.md:3: the section of `Unreleased` is empty\nhint: write below it what changed for users\n"
    );
}

/// A tag is made where no merge can leave it behind, and where none of its name is.
#[test]
fn tags() {
    let mut sandbox = shop();
    sandbox.unset("CARGO_NET_OFFLINE");
    sandbox.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../acme/shop.git"]);
    let remote = sandbox.work().join("../acme/shop.git");
    sandbox.git(&[
        "remote",
        "add",
        "origin",
        &std::fs::canonicalize(remote).expect("a remote").display().to_string(),
    ]);
    let refused = |line: &str, words: &str| {
        let ran = run(&sandbox, line).ended(1);
        assert!(ran.stderr.contains(words), "{line}: {ran:?}");
        assert_eq!(sandbox.git(&["tag"]), "v1.2.0");
    };
    refused("prepare --bump minor --commit --tag", "has no default branch yet");
    sandbox.git(&["push", "--quiet", "origin", "main"]);
    sandbox.git(&["switch", "--quiet", "--create", "topic"]);
    refused(
        "prepare --bump minor --commit --tag",
        "error: a tag is made on the default branch, `main`, and this is `topic`",
    );
    refused(
        "prepare --bump minor --commit --tag --offline",
        "error: nobody may look whether the remote has the tag already",
    );
    sandbox.git(&["switch", "--quiet", "main"]);
    sandbox.git(&["push", "--quiet", "origin", "HEAD^:refs/tags/v1.3.0"]);
    refused("prepare --bump minor --commit --tag", "error: tag `v1.3.0` exists at the remote, at ");
    sandbox.git(&["push", "--quiet", "origin", ":refs/tags/v1.3.0"]);
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let ran = run(&sandbox, "prepare --bump minor --commit --tag").ended(0);
    assert!(
        ran.stdout.ends_with("      Tagged v1.3.0\nnext: git push --atomic origin main v1.3.0\n"),
        "{ran:?}"
    );
    assert_eq!(
        sandbox.git(&[
            "for-each-ref",
            "--format=%(objecttype) %(contents:subject) %(*objectname)",
            "refs/tags/v1.3.0"
        ]),
        format!("tag web 1.3.0 {}", sandbox.git(&["rev-parse", "HEAD"]))
    );
    assert_eq!(sandbox.git(&["ls-remote", "origin", "refs/heads/main"]), format!("{head}\trefs/heads/main"));
    // Again, and where only the tag is left to be made.
    let state = sandbox.git(&["for-each-ref"]);
    run(&sandbox, "prepare --bump minor --commit --tag").ended(0);
    assert_eq!(sandbox.git(&["for-each-ref"]), state);
    sandbox.git(&["tag", "--delete", "v1.3.0"]);
    run(&sandbox, "prepare --version 1.3.0 --tag").ended(0);
    assert_eq!(
        sandbox.git(&["for-each-ref", "--format=%(*objectname)", "refs/tags/v1.3.0"]),
        sandbox.git(&["rev-parse", "HEAD"])
    );
    sandbox.git(&["reset", "--quiet", "--hard", "HEAD^"]);
    let ran = run(&sandbox, "prepare --version 1.3.0 --commit").ended(1);
    assert!(ran.stderr.contains("error: tag `v1.3.0` exists already: that version is released"), "{ran:?}");
}

/// What tags decide is not written into Chart.yaml, and a candidate leaves the changelog to the release.
#[test]
fn other_versions() {
    let mut sandbox = shop();
    let files = |ran: &Ran| -> Vec<String> {
        let diff = ran.stdout.lines().filter_map(|line| line.strip_prefix("+++ b/"));
        diff.map(str::to_owned).collect()
    };
    let ran = run(&sandbox, "prepare --bump rc").ended(0);
    assert!(ran.stdout.starts_with("Would prepare web 1.2.0 -> 1.2.1-rc.1  (tag v1.2.1-rc.1)\n"), "{ran:?}");
    assert_eq!(files(&ran), ["charts/web/Chart.yaml"]);
    sandbox.set("CONFIG_VERSIONS", "stamp");
    sandbox.write(
        "charts/web/Chart.yaml",
        &CHART.replace("1.2.0", "0.0.0").replace("annotations", "#").replace("\n  ", "\n#  "),
    );
    sandbox.commit("placeholder");
    let ran = run(&sandbox, "prepare --bump minor --commit").ended(0);
    assert_eq!(files(&ran), ["CHANGELOG.md", "README.md"]);
    assert!(
        run(&sandbox, "prepare --bump minor --commit")
            .ended(0)
            .stdout
            .contains("Unchanged web 1.2.0 -> 1.3.0")
    );
    sandbox.set("CONFIG_VERSIONS", "verify");
    sandbox.git(&["reset", "--quiet", "--hard", "HEAD^^"]);
    let ran = run(&sandbox, "deprecate web --bump minor --commit").ended(0);
    assert!(ran.stdout.contains("  Deprecate web 1.3.0\n"), "{ran:?}");
    let [chart, log] = ["charts/web/Chart.yaml", "CHANGELOG.md"].map(|file| sandbox.text(file));
    assert!(chart.contains("version: 1.3.0 # of the chart\ndeprecated: true\n"), "{chart}");
    assert!(
        chart.contains("    - kind: deprecated\n      description: \"The chart `web` is deprecated.\"\n"),
        "{chart}"
    );
    assert!(
        log.contains(
            "## [1.3.0] - 2024-01-02\n\n### Deprecated\n\n- The chart `web` is deprecated.\n\n### Added\n"
        ),
        "{log}"
    );
    assert!(
        run(&sandbox, "deprecate web --bump minor --commit").ended(0).stdout.contains("Unchanged web 1.3.0")
    );
}

/// Charts beside the one that is prepared name its version, too.
#[test]
fn several_charts() {
    let chart = |name: &str, version: &str, more: &str| {
        format!("apiVersion: v2\nname: {name}\nversion: {version}\n{more}")
    };
    let dependency = |range: &str| {
        format!(
            "dependencies:\n  - name: lib\n    version: {range} # of lib\n    repository: file://../lib\n"
        )
    };
    let sandbox = with_user(Sandbox::with_commit(&[
        ("charts/lib/Chart.yaml", &chart("lib", "1.0.0", "type: library\n")),
        (
            "charts/lib/README.md",
            "![Version: 1.0.0](https://img.shields.io/badge/Version-1.0.0-informational?style=flat-square)\n",
        ),
        ("charts/web/Chart.yaml", &chart("web", "1.0.0", &dependency("1.0.0"))),
        ("charts/db/Chart.yaml", &chart("db", "1.0.0", "")),
    ]));
    run(&sandbox, "dependency --update web").ended(0);
    sandbox.git(&["clean", "--quiet", "--force", "-d", "charts/web/charts"]);
    sandbox.commit("lock");
    for tag in ["lib-1.0.0", "web-1.0.0", "db-1.0.0"] {
        sandbox.git(&["tag", tag]);
    }
    let ran = run(&sandbox, "prepare --bump minor --commit").ended(0);
    assert_eq!(ran.stdout, "no chart has changed since its last release\n");
    sandbox.write("charts/lib/templates/_a.tpl", "{{- define \"a\" }}{{ end }}\n");
    sandbox.commit("a");
    let ran = run(&sandbox, "prepare --bump minor --commit").ended(0);
    assert!(
        ran.stderr.contains("Unchanged db 1.0.0\n") && ran.stderr.contains("Unchanged web 1.0.0\n"),
        "{ran:?}"
    );
    let changed = sandbox.git(&["show", "--unified=0", "--format=%s", "HEAD"]);
    let changed: Vec<&str> = changed.lines().filter(|line| !line.starts_with(['-', '@', 'i', 'd'])).collect();
    let lock = sandbox.text("charts/web/Chart.lock");
    let digest = lock.lines().find(|line| line.starts_with("digest")).expect("a digest");
    assert_eq!(
        changed,
        [
            "Release lib 1.1.0",
            "",
            "+++ b/charts/lib/Chart.yaml",
            "+version: 1.1.0",
            "+++ b/charts/lib/README.md",
            "+![Version: 1.1.0](https://img.shields.io/badge/Version-1.1.0-informational?style=flat-square)",
            "+++ b/charts/web/Chart.lock",
            "+  version: 1.1.0",
            &format!("+{digest}"),
            "+generated: \"2024-01-02T03:04:05Z\"",
            "+++ b/charts/web/Chart.yaml",
            "+    version: 1.1.0 # of lib",
        ]
    );
    // The lock is the one that a look at the charts makes.
    run(&sandbox, "dependency --update web").ended(0);
    assert_eq!(sandbox.text("charts/web/Chart.lock"), lock);
}
