//! `cargo xtask check`: how the next release compares with what is published, what helm says, and what is mended.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::fake;
use crate::release::chart;
use crate::sandbox::{Ran, Sandbox, tool};
use crate::server;
use crate::whole::{Targets, bump, source};

/// What was found in one area: `SEVERITY FILE:LINE MESSAGE; HINT`.
pub fn found(ran: &Ran, area: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let findings = report["findings"].as_array().expect("findings").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let shown = |finding: &Value| {
        let problem = &finding["problem"];
        let line = problem["line"].as_u64().map_or_else(String::new, |line| format!(":{line}"));
        let [severity, file, message, hint] =
            ["severity", "file", "message", "hint"].map(|field| text(&problem[field]));
        format!("{severity} {file}{line} {message}; {hint}")
    };
    findings.filter(|finding| finding["area"] == area).map(shown).collect()
}

/// Of all that nobody looked at, `what` or `why`.
pub fn left_out(ran: &Ran, field: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let all = report["notChecked"].as_array().expect("a list").iter();
    all.map(|one| one[field].as_str().expect(field).to_owned()).collect()
}

fn check(targets: &Targets, sandbox: &mut Sandbox, args: &[&str]) -> Ran {
    sandbox.set("GITHUB_API_URL", targets.github.url());
    let common = ["check", "--json", "--remote", &targets.remote.url, "--oci", &targets.registry.url()];
    sandbox.xtask(&[&common, args].concat())
}

#[test]
fn a_chart_that_is_published_and_changes_needs_a_new_version() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    let no_tag = "note  GitHub has no tag `v1.0.0`; git push origin v1.0.0";
    assert_eq!(found(&check(&targets, &mut sandbox, &[]).ended(0), "release"), [no_tag]);
    targets.publish(&sandbox, &[]).ended(0);
    targets.writes();
    let ran = check(&targets, &mut sandbox, &[]).ended(0);
    let same = "note charts/web/Chart.yaml:3 `web 1.0.0` is published already, as it is here; publishing it again changes nothing";
    assert_eq!(found(&ran, "release"), [same]);
    assert!(!left_out(&ran, "what").iter().any(|what| what.contains("published")), "{ran:?}");

    sandbox.write("charts/web/values.yaml", "a: 2\n");
    sandbox.commit("change");
    let ran = check(&targets, &mut sandbox, &[]).ended(0);
    let next = "note charts/web/Chart.yaml:3 `web` has changed since 1.0.0, in `values.yaml`; the next tag has to be above 1.0.0, such as v1.0.1";
    assert_eq!(found(&ran, "release"), [next]);

    sandbox.git(&["tag", "--delete", "v1.0.0"]);
    let ran = check(&targets, &mut sandbox, &["--tag", "v1.0.0"]).ended(1);
    let bumped = "error charts/web/Chart.yaml:3 `web 1.0.0` is published, and differs in `values.yaml`: what is published never changes; choose a higher tag, such as v1.0.1";
    let release = found(&ran, "release");
    assert!(release.contains(&bumped.to_owned()), "{release:#?}");
    assert!(
        release.iter().any(|one| one.contains("/charts/web:1.0.0` is published as sha256:")),
        "{release:#?}"
    );

    bump(&sandbox, "1.0.1");
    let no_tag = "note  GitHub has no tag `v1.0.1`; git push origin v1.0.1";
    assert_eq!(found(&check(&targets, &mut sandbox, &[]).ended(0), "release"), [no_tag]);
    assert_eq!(targets.writes(), [""; 0], "looking changes nothing");
}

/// What `pages` would say of the branch is found before the release, too.
#[test]
fn an_entry_without_its_archive_is_found() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    targets.publish(&sandbox, &[]).ended(0);
    targets.remote.overwrite(&[("charts/web-1.0.0.tgz", None)]);
    bump(&sandbox, "1.0.1");
    let found = found(&check(&targets, &mut sandbox, &[]).ended(0), "release");
    let lost = "warning  the index has entries for archives that are not there: `charts/web-1.0.0.tgz`; cargo xtask pages --only charts --repair";
    assert!(found.contains(&lost.to_owned()), "{found:#?}");
}

#[test]
fn what_does_not_answer_is_named_as_not_checked() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    targets.registry.fail(fake::Fault::Drop, "", usize::MAX);
    targets.remote.server.fail(server::Fault::status(503), server::ANY, usize::MAX);
    let ran = check(&targets, &mut sandbox, &[]).ended(0);
    let expected = [
        "what the templates render, and whether values.yaml fits values.schema.json",
        "what the Helm repository has of the charts",
        "what is at the OCI registry",
        "the documentation site",
    ];
    assert_eq!(left_out(&ran, "what"), expected);
}

#[test]
fn what_is_mended_is_told_once_and_stays_mended() {
    let sandbox = source("1.0.0");
    sandbox.write("charts/web/Chart.yaml", "apiVersion: v2\r\nname: web\r\nversion: 1.0 # the first\r\n");
    let path = sandbox.work().join("charts/web/Chart.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("permissions");
    let ran = sandbox.xtask(&["check", "--offline", "--helm", "never", "--fix"]).ended(0);
    assert_eq!(path.metadata().expect("Chart.yaml").permissions().mode() & 0o777, 0o600);
    assert!(
        ran.stdout.starts_with("      Mended charts/web/Chart.yaml:3  version: \"1.0\" # the first\n"),
        "{ran:?}"
    );
    assert_eq!(
        sandbox.text("charts/web/Chart.yaml"),
        "apiVersion: v2\r\nname: web\r\nversion: \"1.0\" # the first\r\n"
    );
    let ran = sandbox.xtask(&["check", "--offline", "--helm", "never", "--fix"]).ended(0);
    assert!(!ran.stdout.contains("Mended"), "{ran:?}");
}

#[test]
fn what_fails_in_one_area_hides_nothing_of_another() {
    let sandbox = source("1.0.0");
    sandbox.write("charts/web/Chart.yaml", &chart("web", "v1"));
    std::os::unix::fs::symlink("nowhere", sandbox.work().join("docs/dangling.md")).expect("a link");
    std::fs::create_dir_all(sandbox.work().join(".github/workflows")).expect("a directory");
    std::fs::write(sandbox.work().join(".github/workflows/bad.yml"), b"\xff").expect("a file");
    let ran = sandbox.xtask(&["check", "--json", "--offline", "--helm", "never"]).ended(1);
    for area in ["charts", "workflows", "documentation"] {
        assert!(!found(&ran, area).is_empty(), "{area}: {ran:?}");
    }
}

#[test]
fn helm_says_what_templates_render() {
    for variable in ["HELM3", "HELM4"] {
        let Some(helm) = tool("helm_says_what_templates_render", variable) else { continue };
        let mut sandbox = source("1.0.0");
        sandbox.set("HELM_BIN", helm.display().to_string());
        sandbox.write("charts/web/templates/a.yaml", "metadata: {name: a}\nb: {{ .Values.a.b.c }}\n");
        sandbox.write("charts/web/ci/one-values.yaml", "a: {b: {c: 1}}\n");
        sandbox.write("charts/web/ci/two-values.yaml", "a: {b: null}\n");
        sandbox.commit("templates");
        let ran = sandbox.xtask(&["check", "--json", "--offline"]).ended(1);
        let found = found(&ran, "helm");
        let [error] = found.as_slice() else { panic!("{found:#?}") };
        assert!(error.starts_with("error charts/web/templates/a.yaml:2 helm v"), "{error}");
        assert!(error.contains(" says with `ci/two-values.yaml`: "), "{error}");
        assert!(
            error.ends_with(
                "look again: helm lint --strict charts/web --kube-version 1.37.0 --values charts/web/ci/two-values.yaml"
            ),
            "{error}"
        );
    }
}
