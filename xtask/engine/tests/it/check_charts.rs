//! `cargo xtask check`: what is said of charts besides helm's lint rules, and real helms on locks.

use std::path::Path;

use crate::check::found;
use crate::sandbox::{Sandbox, helms};

const CHART: &str = "apiVersion: v2
name: web
version: 1.2.3
appVersion: 1.2.3
icon: https://example.com/icon.png
";

/// A repository with the chart `web`, which lacks nothing, and more files in it.
fn repository(more: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::with_commit(&[
        ("CHANGELOG.md", "# Changelog\n\n## 1.2.3\n\nAll of it.\n"),
        ("charts/web/Chart.yaml", CHART),
        ("charts/web/values.yaml", "image: {repository: a/web, tag: \"\"}\n"),
        ("charts/web/README.md", "# web\n"),
        ("charts/web/LICENSE", "MIT\n"),
        ("charts/web/templates/web.yaml", "kind: ConfigMap\n"),
    ]);
    for (path, text) in more {
        sandbox.write(path, text);
    }
    sandbox
}

fn check(sandbox: &Sandbox, status: i32) -> Vec<String> {
    found(&sandbox.xtask(&["check", "--offline", "--helm", "never", "--json"]).ended(status), "charts")
}

#[test]
fn a_chart_that_lacks_nothing() {
    assert_eq!(check(&repository(&[]), 0), [""; 0]);
}

#[test]
fn annotations_that_artifact_hub_refuses() {
    let annotations = "annotations:
  artifacthub.io/changes: |
    - kind: fix
      description: A bug
  artifacthub.io/categories: security
  artifacthub.io/images: |
    - image: a/web:1.2.2
";
    assert_eq!(
        check(&repository(&[("charts/web/Chart.yaml", &format!("{CHART}{annotations}"))]), 1),
        [
            "warning charts/web/Chart.yaml:10 `artifacthub.io/categories` is no annotation that Artifact Hub knows; write `artifacthub.io/category`",
            "warning charts/web/Chart.yaml:12 image `a/web` is fixed at `1.2.2`, while each release makes its own version the tag: Artifact Hub scans another image than runs; delete `artifacthub.io/images`: Artifact Hub finds the images by itself",
            "error charts/web/Chart.yaml:8 `artifacthub.io/changes` has no kind of change called `fix`: Artifact Hub does not list this version of the chart; write `kind: fixed`",
        ]
    );
}

#[test]
fn content_that_does_not_belong_there() {
    let key = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
    let key = format!("-----BEGIN PRIVATE{0}KEY-----\n{key}{key}\n-----END PRIVATE{0}KEY-----\n", " ");
    let sandbox = repository(&[
        ("charts/web/.helmignore", "*.tgz"),
        ("charts/web/ci/default-values.yaml", "a: 1\n"),
        ("charts/web/crds/web.yaml.orig", "kind: ConfigMap\n"),
        ("charts/web/files/tls.pem", &key),
        ("charts/web/files/.npmrc", "registry=x\n"),
    ]);
    std::fs::remove_file(sandbox.work().join("charts/web/README.md")).expect("README.md");
    assert_eq!(
        check(&sandbox, 1),
        [
            "note  no README.md in `charts/web`: `helm show readme` and Artifact Hub show nothing; write charts/web/README.md",
            "note charts/web/ci/default-values.yaml values for chart tests would be published; add `/ci/` to charts/web/.helmignore",
            "warning charts/web/crds/web.yaml.orig an editor or the system left `crds/web.yaml.orig`: it would be published; add `*.orig` to charts/web/.helmignore",
            "warning charts/web/files/.npmrc a file of this name holds secrets, and would be published; take it out of the chart, or name it in .helmignore",
            "error charts/web/files/tls.pem:1 a private key would be published, which cannot be taken back; take it out, and replace it wherever it is in use; if everybody may know it, write `# gitleaks:allow` above",
        ]
    );

    sandbox.xtask(&["check", "--offline", "--helm", "never", "--fix"]).ended(1);
    assert_eq!(
        sandbox.text("charts/web/.helmignore"),
        "*.tgz\n*.orig\n",
        "what is only noted is left to its author"
    );
}

#[test]
fn images_that_are_left_behind() {
    let sandbox = repository(&[("charts/web/values.yaml", "image:\n  repository: a/web\n  tag: 1.2.2\n")]);
    assert_eq!(
        check(&sandbox, 0),
        [
            "warning charts/web/values.yaml:3 `image.tag` stays `1.2.2`, while each release makes its own version the `appVersion`; write `tag: \"\"`, and `{{ .Values.image.tag | default .Chart.AppVersion }}` in the template"
        ]
    );
}

/// The chart `c` asks for the chart `d`, which lies beside it.
fn with_dependency(chart: &str) -> Sandbox {
    Sandbox::with_commit(&[
        ("charts/c/Chart.yaml", chart),
        ("charts/d/Chart.yaml", "apiVersion: v2\nname: d\nversion: 1.2.3\n"),
        ("charts/e/Chart.yaml", "apiVersion: v2\nname: e\nversion: 0.1.0\n"),
    ])
}

fn edit(sandbox: &Sandbox, file: &str, from: &str, to: &str) {
    let path = format!("charts/c/{file}");
    let text = sandbox.text(&path);
    assert!(text.contains(from), "{file}: {text}");
    sandbox.write(&path, &text.replacen(from, to, 1));
}

/// Whether helm and we say that the lock is for other dependencies.
fn refusals(sandbox: &Sandbox, helm: &Path) -> (bool, bool) {
    let ran = sandbox.run(helm, &["dependency", "build", "charts/c"]);
    let ours = found(&sandbox.xtask(&["check", "--offline", "--helm", "never", "--json"]), "charts");
    (
        ran.stderr.contains("is out of sync"),
        ours.iter().any(|line| line.contains("`helm dependency build` refuses it")),
    )
}

/// Each lock is made by helm; then a text in a file is replaced by another.
#[test]
fn a_lock_is_out_of_sync_where_helm_says_so() {
    let chart = "apiVersion: v2
name: c
version: 1.0.0
dependencies:
- name: d
  version: ^1.0.0
  repository: file://../d
  tags: [a, b]
  import-values:
  - {child: <a>, parent: b, more: [1, 2.5, 1e30, null]}
";
    for (helm_name, helm) in helms("a_lock_is_out_of_sync_where_helm_says_so") {
        for (file, from, to, expected) in [
            ("Chart.yaml", "", "", false),
            ("Chart.yaml", "name: c", "name: c # other", false),
            ("Chart.yaml", "tags: [a, b]", "tags:\n  - a\n  - b", false),
            ("Chart.yaml", "^1.0.0", "^1.0.1", true),
            ("Chart.yaml", "tags: [a, b]", "tags: [b, a]", true),
            ("Chart.yaml", "parent: b", "parent: c", true),
            ("Chart.yaml", "tags: [a, b]", "tags: [a, b]\n  condition: \"d.enabled &\\tmore\"", true),
            ("Chart.yaml", "tags: [a, b]", "tags: [a, b]\n  alias: x", true),
            (
                "Chart.yaml",
                "- name: d",
                "- name: e\n  version: 0.1.0\n  repository: file://../e\n- name: d",
                true,
            ),
            ("Chart.lock", "1.2.3", "1.2.4", true),
            ("Chart.lock", "name: d", "name: d\n  alias: x", true),
            ("Chart.lock", "digest: sha256:", "digest: ", true),
            ("Chart.lock", "digest: sha256:", "digest: \"\" #", true),
        ] {
            let sandbox = with_dependency(chart);
            sandbox.run(&helm, &["dependency", "update", "charts/c"]).ended(0);
            edit(&sandbox, file, from, to);
            assert_eq!(refusals(&sandbox, &helm), (expected, expected), "{helm_name} {file}: {from} -> {to}");
        }
        let sandbox = with_dependency(chart);
        sandbox.run(&helm, &["dependency", "update", "charts/c"]).ended(0);
        sandbox.write("charts/c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
        assert_eq!(refusals(&sandbox, &helm), (true, true), "{helm_name}: no dependencies");
    }
}

/// A chart of Helm 2's layout, with a lock of Helm 3 and one of Helm 2.
#[test]
fn a_lock_of_helm_2_is_one_too() {
    let digest = helm_xtask::internals::digest::digest(
        br#"{"dependencies":[{"name":"d","version":"^1.0.0","repository":"file://../d"}]}"#,
    );
    for (helm_name, helm) in helms("a_lock_of_helm_2_is_one_too") {
        for (file, from, to, expected) in [
            ("requirements.yaml", "", "", false),
            ("requirements.yaml", "^1.0.0", "^1.0.1", true),
            ("requirements.lock", "digest: ", &format!("digest: {digest} #"), false),
            ("requirements.lock", "digest: sha256:", "digest: ", true),
        ] {
            let sandbox = with_dependency("apiVersion: v1\nname: c\nversion: 1.0.0\n");
            let requirements = "dependencies:\n- name: d\n  version: ^1.0.0\n  repository: file://../d\n";
            sandbox.write("charts/c/requirements.yaml", requirements);
            sandbox.run(&helm, &["dependency", "update", "charts/c"]).ended(0);
            edit(&sandbox, file, from, to);
            assert_eq!(refusals(&sandbox, &helm), (expected, expected), "{helm_name} {file}: {from} -> {to}");
        }
    }
}

/// `dependencies: []` has a lock, and no `dependencies` at all has none.
#[test]
fn an_empty_list_is_locked_as_helm_locks_it() {
    let chart = "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: []\n";
    for (helm_name, helm) in helms("an_empty_list_is_locked_as_helm_locks_it") {
        let (theirs, ours) = (with_dependency(chart), with_dependency(chart));
        theirs.run(&helm, &["dependency", "update", "charts/c"]).ended(0);
        ours.xtask(&["dependency", "--update", "charts/c"]).ended(0);
        let lines = |sandbox: &Sandbox| -> Vec<String> {
            sandbox.text("charts/c/Chart.lock").lines().take(2).map(str::to_owned).collect()
        };
        assert_eq!(lines(&theirs), lines(&ours), "{helm_name}");
        assert_eq!(refusals(&ours, &helm), (false, false), "{helm_name}");
    }
}

/// What `check` says of charts with these words.
fn told(sandbox: &Sandbox, words: &str) -> Vec<String> {
    let ran = sandbox.xtask(&["check", "--offline", "--helm", "never", "--json"]);
    let mut told: Vec<String> =
        found(&ran, "charts").into_iter().filter(|line| line.contains(words)).collect();
    told.sort();
    told
}

#[test]
fn copies_of_what_lies_beside_a_chart() {
    let chart = "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {name: d, version: ^1.0.0, repository: \"file://../d\"}\n";
    let version = |version: &str| format!("apiVersion: v2\nname: d\nversion: {version}\n");
    let sandbox = with_dependency(chart);
    sandbox.write("charts/c/charts/d/Chart.yaml", &version("1.2.3"));
    sandbox.commit("copy");
    assert_eq!(told(&sandbox, "warning charts/c/Chart.yaml:5"), [""; 0]);
    let differs = |what: &str| {
        format!(
            "warning charts/c/Chart.yaml:5 `charts/c/charts/d` is not what `charts/d` holds: {what}; the archive gets the former; copy what is new into charts/c/charts/d, or take that directory out: charts/d is packaged where it is not there"
        )
    };
    sandbox.write("charts/d/templates/_a.tpl", "{{/* a */}}\n");
    assert_eq!(told(&sandbox, "warning charts/c/Chart.yaml:5"), [differs("`templates/_a.tpl`")]);
    sandbox.write("charts/d/Chart.yaml", &version("1.3.0"));
    assert_eq!(told(&sandbox, "warning charts/c/Chart.yaml:5"), [differs("version 1.2.3 instead of 1.3.0")]);
    sandbox.write("charts/d/Chart.yaml", &version("2.0.0"));
    assert_eq!(
        told(&sandbox, "warning charts/c/Chart.yaml:5"),
        [
            "warning charts/c/Chart.yaml:5 this asks for `d ^1.0.0`, and `charts/d` is `d-2.0.0`; write `version: 2.0.0`, or a range that it is in"
        ]
    );
    std::fs::remove_dir_all(sandbox.work().join("charts/d")).expect("charts/d");
    assert_eq!(
        told(&sandbox, "warning charts/c/Chart.yaml:5"),
        [
            "warning charts/c/Chart.yaml:5 dependency `d` is packaged from `charts/c/charts/d`, and cannot be packaged anew: there is no directory `charts/d`; write the path of a chart, from this chart's directory"
        ]
    );
}

#[test]
fn archives_that_are_there_and_of_no_use() {
    let chart = "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {name: d, version: 1.0.0, repository: \"https://example.com\"}\n";
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nsize 3\n";
    let lfs = "it is a Git LFS pointer and not the file itself; git lfs pull; in a workflow, give actions/checkout `with: {lfs: true}`";
    let sandbox = with_dependency(chart);
    sandbox.write("charts/c/charts/d-1.0.0.tgz", pointer);
    sandbox.write("charts/c/files/logo.png", pointer);
    sandbox.commit("pointers");
    assert_eq!(
        told(&sandbox, "error"),
        [format!("error charts/c/charts/d-1.0.0.tgz {lfs}"), format!("error charts/c/files/logo.png {lfs}")]
    );
    // What git-lfs puts in their place is what the commit means.
    sandbox.write("charts/c/files/logo.png", "abc");
    let ran = sandbox.xtask(&["check", "--offline", "--helm", "never"]);
    assert!(!ran.stderr.contains("logo.png"), "{}", ran.stderr);
    sandbox.write("charts/c/files/logo.png", "abd");
    let ran = sandbox.xtask(&["check", "--offline", "--helm", "never"]);
    assert!(ran.stderr.contains("logo.png"), "{}", ran.stderr);
    sandbox.write("charts/c/.helmignore", "*.tgz\n");
    assert_eq!(
        told(&sandbox, "charts/c/.helmignore"),
        [
            "error charts/c/.helmignore:1 this rule drops the dependency `charts/d-1.0.0.tgz` from the archive; delete the rule"
        ]
    );
}
