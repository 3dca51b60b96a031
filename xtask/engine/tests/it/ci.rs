//! `cargo xtask ci`: what CI runs, run by a cargo that does as it is told.

use std::path::{Path, PathBuf};

use crate::sandbox::{Ran, Sandbox};
use expect_test::expect;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// What all six steps print where they pass: as results, and while they run.
const PASSED: &str = "\
      Passed fmt  cargo fmt --check  (N s)
      Passed clippy  cargo clippy --locked --all-targets -- --deny warnings  (N s)
      Passed test  cargo test --locked  (N s)
      Passed check  cargo xtask check  (N s; offline, what is published is not looked at)
      Passed docs  cargo xtask pages --only docs --offline  (N s)
      Passed rehearsal  cargo xtask release --rehearse  (N s; offline, the branch begins anew)
      Passed all 6 steps in N s
";
const RUNNING: &str = "     Running fmt  cargo fmt --check
     Running clippy  cargo clippy --locked --all-targets -- --deny warnings
     Running test  cargo test --locked
     Running check  cargo xtask check
     Running docs  cargo xtask pages --only docs --offline
     Running rehearsal  cargo xtask release --rehearse";

/// The workflow files of this repository.
pub fn workflows() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |name: &str| {
        let path = format!(".github/workflows/{name}");
        let text = std::fs::read_to_string(root.join(&path)).expect("a workflow");
        (path, text)
    };
    ["ci.yml", "docs.yml"].map(read).to_vec()
}

/// A repository with its workflows, and a cargo that says what it was asked, and where, and fails for some words.
fn sandbox(failing: &str) -> Sandbox {
    let files = workflows();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let docs = [("mkdocs.yml", "site_name: Web\n"), ("docs/index.md", "# Web\n")];
    let sandbox = Sandbox::with_commit(&files.into_iter().chain(docs).collect::<Vec<_>>());
    script(&sandbox, failing);
    sandbox
}

fn script(sandbox: &Sandbox, failing: &str) {
    let text = format!(
        "#!/bin/sh\necho \"cargo $* in $PWD\"\ncase \"$*\" in {failing})\n echo \"what is wrong\" >&2\n exit 101;; esac\n"
    );
    sandbox.script("cargo", &text);
}

/// What was printed, on both streams, without times and without the first line's indent.
fn printed(ran: &Ran) -> String {
    let timeless = |line: &str| {
        let words = line.split(' ').map(|word| {
            let number = word.trim_start_matches('(');
            if number.parse::<f64>().is_ok() && number.contains('.') {
                word.replace(number, "N")
            } else {
                word.to_owned()
            }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let text = |text: &str| text.lines().map(timeless).collect::<Vec<_>>().join("\n");
    format!("{}\n---\n{}", text(ran.stdout.trim_start()), text(&ran.stderr))
}

#[test]
fn jobs_and_what_becomes_of_them_are_listed() {
    let ran = sandbox("*").xtask(&["ci", "--list"]).ended(0);
    expect![[r#"
        .github/workflows/ci.yml
          check
            pip install --no-deps --require-hashes --requirement .github/docs-requirements.txt  (not run here: it installs Python packages, which are for the runner)
            cargo xtask ci
              fmt       cargo fmt --check
              clippy    cargo clippy --locked --all-targets -- --deny warnings
              test      cargo test --locked
              check     cargo xtask check
              docs      cargo xtask pages --only docs --offline
              rehearsal cargo xtask release --rehearse
            not here: the machine ubuntu-latest with its tools
            not here: what actions do: actions/checkout, Swatinem/rust-cache, azure/setup-helm, actions/setup-python
          helm-release
            cargo xtask release --publish=oci,pages
              rehearsal as above
            not here: the machine ubuntu-latest with its tools
            not here: what actions do: actions/checkout, Swatinem/rust-cache, azure/setup-helm, actions/upload-artifact
            not here: a token that may write contents and packages
          github-release
            cargo xtask release --from dist --publish=github
              rehearsal as above
            not here: the machine ubuntu-latest with its tools
            not here: what actions do: actions/checkout, Swatinem/rust-cache, actions/download-artifact
            not here: a token that may write contents
          attest
            not here: the machine ubuntu-latest with its tools
            not here: what actions do: actions/download-artifact, docker/login-action, actions/attest, actions/attest
            not here: a token that may write attestations and artifact-metadata and packages
            not here: GitHub's word for who runs (OIDC, `id-token`)
        .github/workflows/docs.yml
          docs
            pip install --no-deps --require-hashes --requirement .github/docs-requirements.txt  (not run here: it installs Python packages, which are for the runner)
            cargo xtask pages --only docs --publish
              docs      as above
            not here: the machine ubuntu-latest with its tools
            not here: what actions do: actions/checkout, Swatinem/rust-cache, actions/setup-python
            not here: a token that may write contents
    "#]]
    .assert_eq(&ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_step_that_passes_is_a_line() {
    let ran = sandbox("nothing").xtask(&["ci"]).ended(0);
    assert_eq!(printed(&ran), format!("{PASSED}---\n{RUNNING}"));
}

#[test]
fn a_step_that_fails_shows_all_of_it_and_the_others_still_run() {
    let ran = sandbox("clippy*|*check").xtask(&["ci"]).ended(1);
    assert_eq!(
        printed(&ran),
        "\
      Passed test  cargo test --locked  (N s)
      Passed docs  cargo xtask pages --only docs --offline  (N s)
      Passed rehearsal  cargo xtask release --rehearse  (N s; offline, the branch begins anew)
---
     Running fmt  cargo fmt --check
cargo fmt --check in $ROOT/work
what is wrong
error: `cargo fmt --check` failed after N s: exit status: 101
hint: the code is not laid out as rustfmt does it: run `cargo fmt`
     Running clippy  cargo clippy --locked --all-targets -- --deny warnings
cargo clippy --locked --all-targets -- --deny warnings in $ROOT/work
what is wrong
error: `cargo clippy --locked --all-targets -- --deny warnings` failed after N s: exit status: 101
hint: the compiler or clippy warns, and CI lets no warning pass: mend each at its line
     Running test  cargo test --locked
     Running check  cargo xtask check
cargo xtask check in $ROOT/work
what is wrong
error: `cargo xtask check` failed after N s: exit status: 101
hint: the next release would fail: each error says what mends it, and `cargo xtask check --fix` mends what is mechanical
     Running docs  cargo xtask pages --only docs --offline
     Running rehearsal  cargo xtask release --rehearse
error: 3 of 6 steps failed: fmt, clippy, check
hint: each says above what it means"
    );
}

#[test]
fn one_job_runs_alone() {
    let sandbox = sandbox("nothing");
    let ran = sandbox.xtask(&["ci", "--job", "docs"]).ended(0);
    assert_eq!(
        printed(&ran),
        "\
      Passed docs  cargo xtask pages --only docs --offline  (N s)
      Passed 1 step in N s
---
     Running docs  cargo xtask pages --only docs --offline"
    );
    let ran = sandbox.xtask(&["ci", "--job", "doc"]).ended(2);
    expect![[r#"
        error: no workflow that runs `cargo xtask` has a job `doc`
        hint: the jobs are check, helm-release, github-release, attest, docs
    "#]]
    .assert_eq(&ran.stderr);
}

#[test]
fn without_workflows_it_is_what_the_command_stands_for() {
    let sandbox = Sandbox::with_commit(&[("mkdocs.yml", "")]);
    script(&sandbox, "nothing");
    let ran = sandbox.xtask(&["ci"]).ended(0);
    assert_eq!(
        printed(&ran),
        format!(
            "{PASSED}---\n\
             note: no workflow runs `cargo xtask`: this is what `cargo xtask ci` stands for\n\
             hint: add the workflows of https://d44b.github.io/pulltrace/ci/\n{RUNNING}"
        )
    );
    let ran = sandbox.xtask(&["ci", "--list"]).ended(0);
    expect![[r#"
        no workflow runs `cargo xtask`; this is what `cargo xtask ci` stands for
          fmt       cargo fmt --check
          clippy    cargo clippy --locked --all-targets -- --deny warnings
          test      cargo test --locked
          check     cargo xtask check
          docs      cargo xtask pages --only docs --offline
          rehearsal cargo xtask release --rehearse
        ---
    "#]]
    .assert_eq(&printed(&ran));
}

#[test]
fn a_dirty_tree_is_named_and_steps_run_at_the_root() {
    let sandbox = sandbox("--rehearse");
    sandbox.write("charts/web/new", "");
    sandbox.write("changed", "");
    let ran = sandbox
        .run_in(&sandbox.work().join("charts/web"), &PathBuf::from(XTASK), &["ci", "--job", "docs"])
        .ended(0);
    assert_eq!(
        printed(&ran),
        "\
      Passed docs  cargo xtask pages --only docs --offline  (N s)
      Passed 1 step in N s
---
note: 2 files differ from the commit, which is what CI runs
hint: git status
     Running docs  cargo xtask pages --only docs --offline"
    );
}

#[test]
fn nothing_is_needed_of_a_repository_without_a_commit() {
    let sandbox = Sandbox::new();
    script(&sandbox, "*rehearse");
    sandbox.git(&["init", "--quiet"]);
    let ran = sandbox.xtask(&["ci"]).ended(1);
    assert_eq!(
        printed(&ran),
        "\
      Passed fmt  cargo fmt --check  (N s)
      Passed clippy  cargo clippy --locked --all-targets -- --deny warnings  (N s)
      Passed test  cargo test --locked  (N s)
      Passed check  cargo xtask check  (N s; offline, what is published is not looked at)
---
note: no workflow runs `cargo xtask`: this is what `cargo xtask ci` stands for
hint: add the workflows of https://d44b.github.io/pulltrace/ci/
     Running fmt  cargo fmt --check
     Running clippy  cargo clippy --locked --all-targets -- --deny warnings
     Running test  cargo test --locked
     Running check  cargo xtask check
     Running rehearsal  cargo xtask release --rehearse
cargo xtask release --rehearse in $ROOT/work
what is wrong
error: `cargo xtask release --rehearse` failed after N s: exit status: 101
hint: a release would fail, or its users would: mend what is named, and run `cargo xtask release --rehearse`
error: 1 of 5 steps failed: rehearsal
hint: each says above what it means"
    );
}

#[test]
fn github_actions_gets_groups_and_a_summary() {
    let mut sandbox = sandbox("test*");
    sandbox.set("GITHUB_ACTIONS", "true");
    let summary = sandbox.work().join("summary.md").display().to_string();
    sandbox.set("GITHUB_STEP_SUMMARY", &summary);
    let ran = sandbox.xtask(&["ci"]).ended(1);
    assert_eq!(
        printed(&ran),
        "\
      Passed fmt  cargo fmt --check  (N s)
      Passed clippy  cargo clippy --locked --all-targets -- --deny warnings  (N s)
      Passed check  cargo xtask check  (N s; offline, what is published is not looked at)
      Passed docs  cargo xtask pages --only docs --offline  (N s)
      Passed rehearsal  cargo xtask release --rehearse  (N s; offline, the branch begins anew)
---
::group::fmt  cargo fmt --check
     Running fmt  cargo fmt --check
cargo fmt --check in $ROOT/work
::endgroup::
::group::clippy  cargo clippy --locked --all-targets -- --deny warnings
     Running clippy  cargo clippy --locked --all-targets -- --deny warnings
cargo clippy --locked --all-targets -- --deny warnings in $ROOT/work
::endgroup::
::group::test  cargo test --locked
     Running test  cargo test --locked
cargo test --locked in $ROOT/work
what is wrong
::endgroup::
::error::`cargo test --locked` failed after N s: exit status: 101%0Ahint: a test fails: run it alone with `cargo test --locked NAME`
::group::check  cargo xtask check
     Running check  cargo xtask check
cargo xtask check in $ROOT/work
::endgroup::
::group::docs  cargo xtask pages --only docs --offline
     Running docs  cargo xtask pages --only docs --offline
cargo xtask pages --only docs --offline in $ROOT/work
::endgroup::
::group::rehearsal  cargo xtask release --rehearse
     Running rehearsal  cargo xtask release --rehearse
cargo xtask release --rehearse in $ROOT/work
::endgroup::
::error::1 of 6 steps failed: test%0Ahint: each says above what it means"
    );
    let table = Ran { status: 0, stdout: sandbox.text("summary.md"), stderr: String::new() };
    expect![[r#"
        | Step | | Time | Command |
        | --- | --- | --- | --- |
        | fmt | passed | N s | `cargo fmt --check` |
        | clippy | passed | N s | `cargo clippy --locked --all-targets -- --deny warnings` |
        | test | failed | N s | `cargo test --locked` |
        | check | passed | N s | `cargo xtask check` |
        | docs | passed | N s | `cargo xtask pages --only docs --offline` |
        | rehearsal | passed | N s | `cargo xtask release --rehearse` |
        ---
    "#]]
    .assert_eq(&printed(&table));
}

#[test]
fn secrets_are_for_those_who_need_them() {
    let mut sandbox = sandbox("nothing");
    sandbox.script(
        "cargo",
        "#!/bin/sh\necho \"$1 ${GITHUB_TOKEN:-none} ${CARGO_MANIFEST_DIR:-none}\" >> $PWD/seen\n",
    );
    sandbox.set("GITHUB_TOKEN", "ghs_0123456789");
    sandbox.set("CARGO_MANIFEST_DIR", "/elsewhere");
    sandbox.xtask(&["ci"]).ended(0);
    let token = "xtask ghs_0123456789 none\n".repeat(3);
    assert_eq!(sandbox.text("seen"), format!("fmt none none\nclippy none none\ntest none none\n{token}"));
}

#[test]
fn the_cargo_that_runs_us_is_the_one_that_is_run() {
    let mut sandbox = sandbox("nothing");
    sandbox.script("other", "#!/bin/sh\nexit 7\n");
    let other = sandbox.work().join("../bin/other");
    sandbox.set("CARGO", other.display().to_string());
    let ran = sandbox.xtask(&["ci", "--job", "docs"]).ended(1);
    assert!(ran.stderr.contains("exit status: 7"), "{}", ran.stderr);
    sandbox.set("CARGO", "/nowhere/cargo");
    let ran = sandbox.xtask(&["ci", "--job", "docs"]).ended(1);
    let last =
        "error: cannot run `cargo xtask pages --only docs --offline`: No such file or directory (os error 2)";
    assert_eq!(ran.stderr.lines().last(), Some(last));
}

#[test]
fn who_is_interrupted_runs_nothing_more() {
    let sandbox = sandbox("nothing");
    sandbox.script("cargo", "#!/bin/sh\necho $1 >> $PWD/seen\nkill -INT $$\n");
    let ran = sandbox.xtask(&["ci"]).ended(1);
    assert!(
        ran.stderr.ends_with("error: cannot run `cargo fmt --check`: operation interrupted\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(sandbox.text("seen"), "fmt\n");
}

#[test]
fn nothing_is_run_that_may_send_something() {
    let workflow = "\
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: helm push web-1.0.0.tgz oci://ghcr.io/d44b/charts
      - run: |
          cargo xtask release --publish
          echo done
      - run: cargo xtask package charts/web
";
    let sandbox = Sandbox::with_commit(&[(".github/workflows/a.yaml", workflow)]);
    script(&sandbox, "nothing");
    for tool in ["helm", "echo"] {
        sandbox.script(tool, "#!/bin/sh\ntouch $PWD/sent\n");
    }
    let ran = sandbox.xtask(&["ci"]).ended(0);
    assert_eq!(
        printed(&ran),
        "\
      Passed package  cargo xtask package charts/web  (N s)
      Passed 1 step in N s
---
note: `helm push web-1.0.0.tgz oci://ghcr.io/d44b/charts` is not run: nobody knows what `helm` sends where
hint: make it a `cargo xtask` command to run it here, too
note: `cargo xtask release --publish` is not run: a script for the shell of the runner: it has more than one line
hint: make it a `cargo xtask` command to run it here, too
     Running package  cargo xtask package charts/web"
    );
    let ran = sandbox.xtask(&["ci", "--list"]).ended(0);
    expect![[r#"
        .github/workflows/a.yaml
          a
            helm push web-1.0.0.tgz oci://ghcr.io/d44b/charts  (not run here: nobody knows what `helm` sends where)
            cargo xtask release --publish  (not run here: a script for the shell of the runner: it has more than one line)
            cargo xtask package charts/web
              package   cargo xtask package charts/web
            not here: the machine ubuntu-latest with its tools
        ---
    "#]]
    .assert_eq(&printed(&ran));
    assert!(!sandbox.files(".").contains(&"sent".to_owned()));
}
