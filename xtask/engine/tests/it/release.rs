//! `cargo xtask release`: the local half of a release.

use std::collections::BTreeMap;
use std::path::Path;

use expect_test::expect;
use helm_xtask::Config;
use helm_xtask::internals::digest;
use helm_xtask::internals::ignore::Rules;
use helm_xtask::internals::manifest::Manifest;
use helm_xtask::internals::publish::{Planned, steps};
use helm_xtask::internals::release::{Changelog, Commit, NewRelease, Observed, Source, Tags, prepare};
use helm_xtask::internals::tgz::{self, Entry};

use crate::sandbox::{self, Sandbox};

pub const CHANGELOG: &str =
    "# Changelog\n\n## [1.2.3] - 2024-01-02\n\n### Added\n\n- Everything.\n\n## 1.0.0\n\nOld.\n";

pub fn chart(name: &str, version: &str) -> String {
    format!("apiVersion: v2\nname: {name}\nversion: {version}\n")
}

/// A repository with the charts `web` and `api`.
pub fn repository() -> Sandbox {
    Sandbox::with_commit(&[
        (".gitignore", "/dist/\n"),
        ("charts/web/Chart.yaml", &chart("web", "1.2.3")),
        ("charts/web/values.yaml", "a: 1\n"),
        ("charts/api/Chart.yaml", &chart("api", "1.0.0")),
        ("CHANGELOG.md", CHANGELOG),
    ])
}

pub fn manifest(sandbox: &Sandbox) -> Manifest {
    Manifest::parse(&sandbox.text("dist/manifest.json")).expect("a manifest")
}

#[test]
fn a_release_is_made_and_shown() {
    let sandbox = repository();
    sandbox.git(&["tag", "v1.2.3"]);
    let ran = sandbox.xtask(&["release"]).ended(0);
    let manifest = manifest(&sandbox);
    let [api, web] = manifest.charts.as_slice() else { panic!("{manifest:?}") };
    assert_eq!(
        ran.stdout,
        format!(
            "    Packaged charts/api -> dist/api-1.2.3.tgz  {} B  {}  (native; helm not found)
    Packaged charts/web -> dist/web-1.2.3.tgz  {} B  {}  (native; helm not found)
       Wrote dist/{{SHA256SUMS,release-notes.md,manifest.json}}
  Would push oci://ghcr.io/d44b/charts/api:1.2.3
  Would push oci://ghcr.io/d44b/charts/web:1.2.3
 Would merge charts/index.yaml on gh-pages  adds api 1.2.3, web 1.2.3
Would create release v1.2.3 of d44b/pulltrace  with api-1.2.3.tgz, web-1.2.3.tgz, SHA256SUMS
nothing left this machine; not compared with what is published
",
            api.size, api.digest, web.size, web.digest
        )
    );
    assert_eq!(ran.stderr, "");
    assert_eq!(
        sandbox.files("dist"),
        ["SHA256SUMS", "api-1.2.3.tgz", "manifest.json", "release-notes.md", "web-1.2.3.tgz"]
    );
    assert_eq!(
        sandbox.text("dist/release-notes.md"),
        format!(
            "### Added

- Everything.

## Install

From the Helm repository:

```console
helm repo add pulltrace https://d44b.github.io/pulltrace/charts
helm install api pulltrace/api --version 1.2.3
helm install web pulltrace/web --version 1.2.3
```

From the OCI registry:

```console
helm install api oci://ghcr.io/d44b/charts/api --version 1.2.3
helm install web oci://ghcr.io/d44b/charts/web --version 1.2.3
```

## Digests

| Archive | SHA-256 |
| --- | --- |
| `api-1.2.3.tgz` | `{}` |
| `web-1.2.3.tgz` | `{}` |
",
            api.digest.hex(),
            web.digest.hex()
        )
    );
}

#[test]
fn the_manifest_says_what_is_in_dist() {
    let sandbox = repository();
    sandbox.xtask(&["release", "--tag", "web-1.2.3"]).ended(0);
    let bytes = sandbox.read("dist/web-1.2.3.tgz");
    let commit = sandbox.git(&["rev-parse", "HEAD"]);
    assert_eq!(
        sandbox.text("dist/manifest.json"),
        format!(
            r#"{{
  "format": 2,
  "tag": "web-1.2.3",
  "commit": {{
    "id": "{commit}",
    "time": 1704164645,
    "changed": [],
    "locked": []
  }},
  "helmRepository": "https://d44b.github.io/pulltrace/charts",
  "complete": false,
  "charts": [
    {{
      "name": "web",
      "version": "1.2.3",
      "appVersion": "1.2.3",
      "archive": "web-1.2.3.tgz",
      "size": {},
      "digest": "{}",
      "oci": "oci://ghcr.io/d44b/charts/web:1.2.3",
      "url": "https://d44b.github.io/pulltrace/charts/web-1.2.3.tgz"
    }}
  ]
}}
"#,
            bytes.len(),
            digest::digest(&bytes)
        )
    );
    if let Some(sha256sum) = sandbox::find("sha256sum") {
        sandbox.run_in(&sandbox.work().join("dist"), &sha256sum, &["--check", "SHA256SUMS"]).ended(0);
    }
}

#[test]
fn json_is_all_that_is_on_standard_output() {
    let sandbox = repository();
    let ran = sandbox.xtask(&["release", "--tag", "web-1.2.3", "--json"]).ended(0);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(json["manifest"]["charts"][0]["name"], "web");
    assert_eq!(json["plan"][0]["action"], "push");
    assert_eq!(json["plan"][2]["tag"], "web-1.2.3");
    assert_eq!(json["plan"][2]["assets"][0], "web-1.2.3.tgz");
}

/// Every way to say which version is released, the strongest first.
#[test]
fn the_version_comes_from_the_tag_that_counts() {
    let mut sandbox = repository();
    let versions = |sandbox: &Sandbox, args: &[&str]| {
        sandbox.xtask(&[&["release"], args].concat()).ended(0);
        let manifest = manifest(sandbox);
        manifest
            .charts
            .into_iter()
            .map(|chart| format!("{} {}", chart.name, chart.version))
            .collect::<Vec<_>>()
    };
    let commit = sandbox.git(&["rev-parse", "--short=12", "HEAD"]);
    let snapshot = format!("0.0.1-dev.20240102030405.g{commit}");
    assert_eq!(versions(&sandbox, &[]), [format!("api {snapshot}"), format!("web {snapshot}")]);
    sandbox.git(&["tag", "not-a-release"]);
    sandbox.git(&["tag", "--annotate", "--message", "x", "api-1.2.3"]);
    assert_eq!(versions(&sandbox, &[]), ["api 1.2.3"]);
    sandbox.set("GITHUB_REF_TYPE", "branch");
    sandbox.set("GITHUB_REF_NAME", "v1.0.0");
    assert_eq!(versions(&sandbox, &[]), ["api 1.2.3"]);
    sandbox.set("GITHUB_REF_TYPE", "tag");
    assert_eq!(versions(&sandbox, &[]), ["api 1.0.0", "web 1.0.0"]);
    sandbox.set("GITHUB_REF_NAME", "other-1.0.0");
    assert_eq!(versions(&sandbox, &[]), ["api 1.2.3"], "the version of something else");
    assert_eq!(versions(&sandbox, &["--tag", "web-1.2.3"]), ["web 1.2.3"]);
    assert_eq!(versions(&sandbox, &["--tag", "v1.2.3", "charts/api/"]), ["api 1.2.3"]);
}

#[test]
fn the_version_is_stamped_into_the_archive_alone() {
    let sandbox = repository();
    sandbox.write("CHANGELOG.md", "## 2.0.0-rc.1+b.5\n\nx\n");
    sandbox.commit("notes");
    sandbox.xtask(&["release", "web", "--tag", "v2.0.0-rc.1+b.5"]).ended(0);
    let entries =
        tgz::read(&sandbox.read("dist/web-2.0.0-rc.1+b.5.tgz"), tgz::MAX_TOTAL).expect("an archive");
    let text = String::from_utf8_lossy(&entries[0].data);
    assert_eq!(text, "apiVersion: v2\nappVersion: 2.0.0-rc.1+b.5\nname: web\nversion: 2.0.0-rc.1+b.5\n");
    assert_eq!(
        manifest(&sandbox).charts[0].oci.as_deref().expect("a reference"),
        "oci://ghcr.io/d44b/charts/web:2.0.0-rc.1_b.5"
    );
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

#[test]
fn tags_that_cannot_release_are_refused() {
    let mut sandbox = repository();
    for (tag, message) in [
        ("v1.2", "tag `v1.2` is not a release tag: unexpected end of input"),
        (
            "../../x",
            "tag `../../x` is not a release tag\nhint: release tags are `v1.2.3` for all charts and `NAME-1.2.3` for one",
        ),
        ("v1.2.3\n::error::x", "argument `--tag=v1.2.3\\n::error::x` has a control character"),
        ("$(touch x)-1.2.3", "tag `$(touch x)-1.2.3` is not a release tag: there is no chart `$(touch x)`"),
    ] {
        let ran = sandbox.xtask(&["release", &format!("--tag={tag}")]).ended(2);
        assert!(ran.stderr.starts_with(&format!("error: {message}")), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
    }
    sandbox.git(&["tag", "v1.0.0"]);
    sandbox.git(&["tag", "v1.2.3"]);
    let ran = sandbox.xtask(&["release"]).ended(1);
    expect![[r#"
        error: HEAD has more than one release tag: `v1.0.0`, `v1.2.3`
        hint: cargo xtask release --tag v1.0.0
    "#]]
    .assert_eq(&ran.stderr);
    sandbox.commit("more");
    let ran = sandbox.xtask(&["release", "--tag", "v1.2.3"]).ended(1);
    expect![[r#"
        error: tag `v1.2.3` exists, but not at HEAD
        hint: git checkout v1.2.3
    "#]]
    .assert_eq(&ran.stderr);
    let ran = sandbox.xtask(&["release", "--tag", "api-1.0.0", "web"]).ended(2);
    assert!(ran.stderr.contains("tag `api-1.0.0` does not release chart `web`"), "{}", ran.stderr);
    sandbox.set("GITHUB_REF_TYPE", "tag");
    sandbox.set("GITHUB_REF_NAME", "nightly");
    let ran = sandbox.xtask(&["release"]).ended(1);
    assert!(ran.stderr.contains("tag `nightly` is not a release tag"), "{}", ran.stderr);
    assert!(sandbox.files("dist").is_empty());
}

#[test]
fn all_that_stops_a_release_is_said_at_once() {
    let sandbox = Sandbox::with_commit(&[
        ("charts/Web/Chart.yaml", &chart("Web", "v1.2")),
        ("charts/api/Chart.yaml", &chart("api", "latest")),
        ("charts/lib/Chart.yaml", &chart("Web", "1.0.0")),
    ]);
    let ran = sandbox.xtask(&["release"]).ended(1);
    expect![[r#"
        error: charts/Web/Chart.yaml:2: an OCI registry accepts no repository called `Web`
        hint: use lower-case letters, digits and `-` for the chart's name
        error: charts/api/Chart.yaml:3: version `latest` is not a semantic version
        hint: write three numbers, as in `version: 0.1.0`
        error: charts/lib/Chart.yaml: `Web` is also the name of `charts/Web`
        hint: rename one of them
        error: charts/lib/Chart.yaml:2: an OCI registry accepts no repository called `Web`
        hint: use lower-case letters, digits and `-` for the chart's name
    "#]]
    .assert_eq(&ran.stderr);
}

#[test]
fn notes_come_from_the_charts_own_changelog_if_it_has_one() {
    let sandbox = repository();
    sandbox
        .write("charts/api/CHANGELOG.md", "## [api-1.0.0]\n\nOf the tag.\n\n## 1.0.0\n\nOf the version.\n");
    sandbox.commit("notes");
    sandbox.xtask(&["release", "--tag", "api-1.0.0"]).ended(0);
    assert!(sandbox.text("dist/release-notes.md").starts_with("Of the tag.\n\n## Install"));
    let release = decided(&config(), &[("api", "1.0.0"), ("web", "1.2.3")], None).expect("a release");
    let notes = release.release.notes;
    assert!(notes.starts_with("## api 1.0.0\n\nx\n\n## web 1.2.3\n\nx\n\n## Install"), "{notes}");
}

#[test]
fn without_a_changelog_the_annotation_speaks() {
    let changes = "annotations:\n  artifacthub.io/changes: |\n    - kind: added\n      description: Speed\n";
    let sandbox = Sandbox::with_commit(&[
        ("charts/api/Chart.yaml", &(chart("api", "1.0.0") + changes)),
        ("charts/web/Chart.yaml", &chart("web", "2.0.0")),
    ]);
    let ran = sandbox.xtask(&["release", "--offline", "--tag", "v2.0.0"]).ended(0);
    expect![[r#"
        warning: nothing says what changed in `web-2.0.0`: the release notes only tell how to install
        hint: write `## [web-2.0.0] - YYYY-MM-DD` into CHANGELOG.md, or `artifacthub.io/changes` into Chart.yaml
    "#]]
    .assert_eq(&ran.stderr);
    assert!(sandbox.text("dist/release-notes.md").starts_with("- added: Speed\n\n## Install"));

    sandbox.write("charts/web/Changelog.md", "## 1.0.0\n\nOld.\n");
    let ran = sandbox.xtask(&["release", "--offline"]).ended(0);
    assert!(
        !ran.stderr.contains("changed"),
        "a snapshot says what is unreleased, or nothing: {}",
        ran.stderr
    );
    let ran = sandbox.xtask(&["release", "--offline", "--tag", "web-2.0.0"]).ended(1);
    assert!(
        ran.stderr.starts_with("error: charts/web/Changelog.md: there is no section for `2.0.0`"),
        "{}",
        ran.stderr
    );
    sandbox.write("CHANGELOG.md", "## [2.0.0]\n\nOf another.\n\n## [web-2.0.0]\n\nNew.\n");
    sandbox.commit("notes");
    sandbox.xtask(&["release", "--offline", "--tag", "v2.0.0"]).ended(0);
    let notes = sandbox.text("dist/release-notes.md");
    assert!(notes.starts_with("## 2.0.0\n\nOf another.\n\n## web-2.0.0\n\nNew."), "{notes}");
    sandbox.write("CHANGELOG.md", "## [Unreleased]\n\nSoon.\n\n## [2.0.0]\n\nOld.\n");
    sandbox.commit("unreleased");
    for args in [&["release", "--offline"][..], &["release", "--offline", "--tag", "v2.1.0-rc.1", "web"]] {
        std::fs::remove_file(sandbox.work().join("charts/web/Changelog.md")).unwrap_or_default();
        sandbox.xtask(args).ended(0);
        let notes = sandbox.text("dist/release-notes.md");
        assert!(notes.starts_with("Soon.\n\n## Install"), "{args:?}: {notes}");
    }
}

#[test]
fn a_missing_section_is_an_error_with_the_line_to_write() {
    let sandbox = repository();
    let ran = sandbox.xtask(&["release", "--tag", "v1.3.0"]).ended(1);
    expect![[r#"
        error: CHANGELOG.md: there is no section for `1.3.0`
        hint: write `## [1.3.0] - YYYY-MM-DD` and below it what changed for users
    "#]]
    .assert_eq(&ran.stderr);
    for (text, expected) in [
        ("# Log\n\n## 1.3\n\n- a\n", "CHANGELOG.md: there is no section for `1.3.0`; line 3 has `1.3`"),
        (
            "## 1.3.0\n\n- a\n\n<!-- b\n\n## 1.2.0\n\n- c\n",
            "CHANGELOG.md:5: what begins here has no end in the section of `1.3.0`, and would hide what follows\n\
             hint: write `-->` where it ends",
        ),
    ] {
        sandbox.write("CHANGELOG.md", text);
        let ran = sandbox.xtask(&["release", "--tag", "v1.3.0"]).ended(1);
        assert!(ran.stderr.starts_with(&format!("error: {expected}\n")), "{}", ran.stderr);
    }
}

#[test]
fn directories_that_are_no_charts_are_named() {
    let sandbox = repository();
    sandbox.write("charts/docs/README.md", "x");
    let ran = sandbox.xtask(&["release"]).ended(0);
    assert!(
        ran.stderr.starts_with("warning: charts/docs: there is no Chart.yaml, so that it is not released\n"),
        "{}",
        ran.stderr
    );
    std::os::unix::fs::symlink("nowhere", sandbox.work().join("charts/.#lock")).expect("a link");
    std::os::unix::fs::symlink("nowhere", sandbox.work().join("charts/gone")).expect("a link");
    let ran = sandbox.xtask(&["release"]).ended(1);
    assert!(ran.stderr.starts_with("error: charts/gone: cannot follow this link"), "{}", ran.stderr);
    std::fs::remove_file(sandbox.work().join("charts/gone")).expect("a link");
    std::os::unix::fs::symlink("nowhere", sandbox.work().join("charts/docs/Chart.yaml")).expect("a link");
    let ran = sandbox.xtask(&["release"]).ended(1);
    assert!(ran.stderr.contains("error: charts/docs/Chart.yaml: cannot follow this link"), "{}", ran.stderr);
    std::fs::remove_file(sandbox.work().join("charts/docs/Chart.yaml")).expect("a link");
    sandbox.write("charts/docs/Chart.yml", "x");
    let ran = sandbox.xtask(&["release"]).ended(1);
    assert!(ran.stderr.contains("hint: rename `Chart.yml` to `Chart.yaml`"), "{}", ran.stderr);
}

#[test]
fn a_release_works_from_a_sub_directory() {
    let sandbox = repository();
    let xtask = Path::new(env!("CARGO_BIN_EXE_xtask"));
    sandbox.run_in(&sandbox.work().join("charts/web"), xtask, &["release"]).ended(0);
    assert_eq!(sandbox.files("dist").len(), 5);
}

#[test]
fn without_a_repository_commit_or_chart_there_is_a_hint() {
    let sandbox = Sandbox::new();
    let said = |sandbox: &Sandbox| sandbox.xtask(&["release"]).ended(1).stderr;
    expect![[r#"
        error: this is not a git repository
        hint: cd into the clone of the repository; without one: git clone URL
    "#]]
    .assert_eq(&said(&sandbox));
    sandbox.git(&["init", "--quiet"]);
    expect![[r#"
        error: there is no commit to release
        hint: git add --all && git commit
    "#]]
    .assert_eq(&said(&sandbox));
    sandbox.commit("empty");
    expect![[r#"
        error: there is no chart in `charts/`
        hint: mkdir -p charts && helm create charts/NAME
    "#]]
    .assert_eq(&said(&sandbox));
    sandbox.write("charts/web/Chart.yaml", &chart("web", "1.0.0"));
    sandbox.commit("a chart");
    let ran = sandbox.xtask(&["release", "wbe"]).ended(2);
    expect![[r#"
        error: there is no chart `wbe`
        hint: the charts are `web`
    "#]]
    .assert_eq(&ran.stderr);
}

#[test]
fn on_github_problems_become_annotations() {
    let mut sandbox =
        Sandbox::with_commit(&[("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.10\n")]);
    sandbox.set("GITHUB_ACTIONS", "true");
    let ran = sandbox.xtask(&["release"]).ended(1);
    assert!(
        ran.stderr.contains("::error file=charts/web/Chart.yaml,line=3::charts/web/Chart.yaml:3: Helm reads `version` `1.10` as `1.1`%0Ahint: quote it: \"1.10\"\n"),
        "{}",
        ran.stderr
    );
}

fn config() -> Config {
    Config::new("o/charts")
}

/// The plan for charts of these names and versions, without a machine around it.
fn planned(config: &Config, charts: &[(&str, &str)], tag: Option<&str>) -> Result<String, String> {
    let release = decided(config, charts, tag)?.release;
    let steps = steps(config, "oci://ghcr.io/o/charts", &release, None).into_iter().map(Planned::unseen);
    Ok(steps.map(|planned| planned.line().1 + "\n").collect())
}

/// A release, decided without a machine around it.
fn decided(config: &Config, charts: &[(&str, &str)], tag: Option<&str>) -> Result<NewRelease, String> {
    let source = |(name, version): &(&str, &str)| Source {
        path: format!("charts/{name}"),
        files: vec![Entry { path: "Chart.yaml".into(), data: chart(name, version).into_bytes() }],
        top: BTreeMap::new(),
        problems: Vec::new(),
        changed: Vec::new(),
        changelog: Some(Changelog { path: "CHANGELOG.md".to_owned(), text: format!("## {version}\n\nx\n") }),
        rules: Rules::default(),
        dropped: Vec::new(),
        local: Vec::new(),
        packaged: None,
    };
    let observed = Observed {
        charts: charts.iter().map(source).collect(),
        wanted: Vec::new(),
        is_tagged: false,
        tags: Tags { flag: tag.map(String::from), ..Tags::default() },
        commit: Commit { id: "1".repeat(40), time: 0 },
        changelog: None,
        changed: Vec::new(),
        problems: Vec::new(),
        backfill: false,
    };
    let release = prepare(config, observed)
        .and_then(|prepared| prepared.decide(config, Some(Vec::new()), &[]))
        .and_then(|decided| decided.make(config));
    release.map_err(|problems| problems.to_string())
}

#[test]
fn a_tag_may_have_to_agree_with_chart_yaml() {
    assert!(planned(&config(), &[("web", "1.2.3")], Some("v1.2.3")).is_ok());
    let error =
        planned(&config(), &[("web", "1.2.3"), ("api", "1.2.4")], Some("v1.2.4")).expect_err("they differ");
    assert!(
        error.contains("charts/web/Chart.yaml:3: tag `v1.2.4` does not agree with version `1.2.3`"),
        "{error}"
    );
}

#[test]
fn each_chart_has_a_tag_of_its_own_where_versions_differ() {
    let steps = planned(&config(), &[("web", "1.2.3"), ("api", "2.0.0-rc.1")], None).expect("a plan");
    let releases = "prerelease api-2.0.0-rc.1 of o/charts  with api-2.0.0-rc.1.tgz, SHA256SUMS\n\
        release web-1.2.3 of o/charts  with web-1.2.3.tgz, SHA256SUMS\n";
    assert!(steps.ends_with(releases), "{steps}");
}

#[test]
fn a_bad_literal_is_named() {
    let config = config().oci("oci://ghcr.io/Owner/charts");
    let error = planned(&config, &[("web", "1.2.3")], None).expect_err("upper case");
    assert_eq!(error, "the config: `oci` `oci://ghcr.io/Owner/charts` is not of the form `oci://host/path`");
}
