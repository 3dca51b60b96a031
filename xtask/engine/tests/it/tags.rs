//! Tags by the patterns of the config, from the command line to what Helm gets.

use expect_test::expect;

use crate::life::{Life, program};
use crate::registry_server::RegistryServer;
use crate::sandbox::helms;

/// What a release without `--publish` says: the archives, and what goes to standard error.
fn released(life: &Life, args: &[&str]) -> (i32, String) {
    life.run(&[&["release", "--offline"], args].concat())
}

#[test]
fn every_pattern_releases() {
    let mut life = Life::new("verify", &["db", "web"], "1.0.0");
    for (patterns, tag, archives) in [
        ("v{version}", "v1.0.0", &["db-1.0.0.tgz", "web-1.0.0.tgz"][..]),
        ("{version}", "1.0.0", &["db-1.0.0.tgz", "web-1.0.0.tgz"]),
        ("helm-chart-{version}", "helm-chart-1.0.0", &["db-1.0.0.tgz", "web-1.0.0.tgz"]),
        ("v{version} {name}-v{version}", "web-v1.0.0", &["web-1.0.0.tgz"]),
        ("{name}/v{version} {name}-{version}", "db-1.0.0", &["db-1.0.0.tgz"]),
        ("chart/{name}/{version}", "chart/web/1.0.0", &["web-1.0.0.tgz"]),
    ] {
        life.sandbox.set("TAGS", patterns);
        let (status, said) = released(&life, &["--tag", tag]);
        assert_eq!(status, 0, "{patterns}: {said}");
        let listed = life.sandbox.text("dist/SHA256SUMS");
        let made: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(made, archives, "{patterns}");
        assert!(said.contains(&format!("Would create release {tag} of acme/shop")), "{patterns}: {said}");
        life.sandbox.git(&["tag", tag]);
        let (status, said) = released(&life, &[]);
        assert!(status == 0 && said.contains(&format!("release {tag} of")), "at HEAD: {patterns}: {said}");
        life.sandbox.git(&["tag", "--delete", tag]);
    }
}

/// The hints are made of the patterns, the first of the kind that is needed.
#[test]
fn hints_name_the_tag_to_make() {
    let mut life = Life::new("verify", &["db", "web"], "1.0.0");
    for (patterns, versions, tags) in [
        ("{version} v{version} {name}/{version}", "1.0.0", "db/1.0.0"),
        ("{version} {name}/v{version} {name}-{version}", "1.1.0", "db/v1.1.0"),
        ("{name}@{version}", "1.0.0", "db@1.0.0"),
    ] {
        life.sandbox.set("TAGS", patterns);
        life.chart("db", versions);
        life.sections(&["1.0.0", "1.1.0"]);
        let (status, said) = life.run(&["release", "--publish=pages"]);
        let hint = format!("; or release by a tag: git tag {tags} && git push origin {tags}\n");
        assert!(status == 1 && said.contains(&hint), "{patterns}: {said}");
        let (status, said) = life.run(&["release", "--rehearse", "--offline"]);
        assert!(
            status == 0 && said.contains(&format!(": git tag {tags} && git push origin {tags}\n")),
            "{said}"
        );
    }
    life.sandbox.set("TAGS", "helm-chart-{version}");
    let (status, said) = released(&life, &["--tag", "nightly"]);
    assert_eq!(status, 2);
    expect![[r#"
        error: tag `nightly` is not a release tag
        hint: release tags are `helm-chart-1.2.3` for all charts
    "#]]
    .assert_eq(&said);
}

#[test]
fn malformed_patterns_and_two_readings() {
    let mut life = Life::new("verify", &["web"], "1.0.0");
    life.sandbox.set("TAGS", "v{version} release");
    let (status, said) = released(&life, &[]);
    assert_eq!(status, 1);
    expect![[r#"
        error: xtask/src/main.rs: `tags` `release` is not of the form `v{version}` or `{name}-{version}`
        hint: edit it there
    "#]]
    .assert_eq(&said);
    life.sandbox.set("TAGS", "web-{version} {name}-{version}");
    let (status, said) = released(&life, &["--tag", "web-1.0.0"]);
    assert_eq!(status, 2);
    expect![[r#"
        error: tag `web-1.0.0` can be read in more than one way: all charts at 1.0.0, or chart `web` at 1.0.0
        hint: use another tag, or change `tags` in xtask/src/main.rs
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_near_miss_at_head_is_named() {
    let life = Life::new("stamp", &["web"], "1.0.0");
    life.sections(&["1.0.0", "Unreleased"]);
    for (tag, expected) in [
        (
            "1.0.0",
            expect![[r#"
                warning: tag `1.0.0` is not a release tag
                hint: git tag v1.0.0 && git push origin v1.0.0, or add `{version}` to `tags` in xtask/src/main.rs
            "#]],
        ),
        (
            "v1.0",
            expect![[r#"
                warning: tag `v1.0` is not a release tag: unexpected end of input while parsing minor version number
                hint: git tag v1.0.0 && git push origin v1.0.0
            "#]],
        ),
        (
            "web/v1.0.0",
            expect![[r#"
                warning: tag `web/v1.0.0` is not a release tag
                hint: git tag web-1.0.0 && git push origin web-1.0.0, or add `{name}/v{version}` to `tags` in xtask/src/main.rs
            "#]],
        ),
        ("helm-xtask-0.2.0", expect![[""]]),
        ("nightly", expect![[""]]),
        ("other/v1.0.0", expect![[""]]),
    ] {
        life.sandbox.git(&["tag", tag]);
        let (status, said) = released(&life, &[]);
        assert_eq!(status, 0, "{said}");
        let warned: Vec<&str> =
            said.lines().filter(|line| line.starts_with("warning") || line.starts_with("hint")).collect();
        expected.assert_eq(&warned.iter().flat_map(|line| [line, "\n"]).collect::<String>());
        let (_, said) = life.run(&["check", "--offline"]);
        assert_eq!(said.contains("is not a release tag"), !warned.is_empty(), "{said}");
        life.sandbox.git(&["tag", "--delete", tag]);
    }
    life.sandbox.git(&["tag", "1.0.0"]);
    life.sandbox.git(&["tag", "v1.0.0"]);
    let (status, said) = released(&life, &[]);
    assert!(status == 0 && !said.contains("warning"), "{said}");
}

/// The application has a version of its own, and its tags are none of the chart's.
#[test]
fn the_tag_of_the_application_releases_no_chart() {
    let mut life = Life::new("verify", &["web"], "3.13.1");
    life.sandbox.set("TAGS", "v{version} helm-chart-{version}");
    life.sections(&["3.13.1"]);
    let (status, said) = released(&life, &["--tag", "v1.27.3"]);
    assert_eq!(status, 2);
    expect![[r#"
        error: tag `v1.27.3` is that of the application: it is the `appVersion` of chart `web`, whose version is 3.13.1
        hint: the tag that releases the chart: git tag helm-chart-3.13.1 && git push origin helm-chart-3.13.1
    "#]]
    .assert_eq(&said);
    life.sandbox.git(&["tag", "v1.27.3"]);
    let (status, said) = released(&life, &[]);
    assert!(status == 0 && said.contains("Would create release v3.13.1 of"), "{said}");
    life.sandbox.set("GITHUB_REF_TYPE", "tag");
    life.sandbox.set("GITHUB_REF_NAME", "v1.27.3");
    let (status, said) = released(&life, &[]);
    assert!(status == 0 && said.contains("dist/web-3.13.1.tgz"), "passed over: {said}");
    life.sandbox.git(&["tag", "helm-chart-3.13.1"]);
    let (status, said) = released(&life, &[]);
    assert!(status == 0 && said.contains("Would create release helm-chart-3.13.1 of"), "{said}");
    life.sandbox.set("GITHUB_REF_NAME", "v3.13.2");
    let (status, said) = released(&life, &[]);
    assert!(status == 1 && said.contains("tag `v3.13.2` does not agree with version `3.13.1`"), "{said}");
    // Its next version may be tagged before `appVersion` says so.
    life.sandbox.set("TAGS", "helm-chart-{version}");
    life.sandbox.set("GITHUB_REF_NAME", "v1.28.0");
    let (status, said) = released(&life, &[]);
    assert!(status == 0 && said.contains("Would create release helm-chart-3.13.1 of"), "{said}");
    let (_, said) = life.run(&["check", "--offline"]);
    assert!(!said.contains("v1.28.0"), "{said}");
}

/// Whatever Helm packages is released under the name that Helm gives it, and both Helms find it by its version.
#[test]
fn versions_that_helm_takes() {
    let test = "versions_that_helm_takes";
    let Some(registry) = RegistryServer::open(test) else { return };
    let oci = format!("oci://{}/charts", registry.host);
    for (version, tag) in [
        ("v1.15.0", "v1.15.0"),
        ("v0.9", "web-v0.9"),
        ("1.2", "web-1.2.0"),
        ("v1.0.0-rc.1+b", "web-1.0.0-rc.1+b"),
    ] {
        let mut life = Life::new("verify", &["web"], &format!("\"{version}\""));
        life.change(
            "charts/web/templates/a.yaml",
            "kind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n",
        );
        life.sections(&[version]);
        life.tag(tag);
        let said = life.run(&["release", "--publish=oci,pages", "--oci", &oci]);
        assert_eq!(said.0, 0, "{version}: {}", said.1);
        assert_eq!(life.published().into_keys().collect::<Vec<_>>(), [format!("web-{version}")]);
        let name = format!("web-{version}.tgz");
        let ours = life.sandbox.read(&format!("dist/{name}"));
        for (helm, path) in helms(test) {
            let chart = format!("{oci}/web");
            let args = ["pull", &chart, "--version", version, "--plain-http", "-d", "target"];
            life.sandbox.write("target/.keep", "");
            life.sandbox.run(&path, &args).ended(0);
            assert_eq!(life.sandbox.read(&format!("target/{name}")), ours, "{helm}");
            std::fs::remove_file(life.sandbox.work().join(format!("target/{name}"))).expect("an archive");
            life.sandbox.set("HELM_BIN", path.display().to_string());
            let args = ["release", "--rehearse", "--offline", "--helm", "require"];
            let ran = life.sandbox.run(program(), &args).ended(0);
            assert!(ran.stdout.contains(&format!("{name} ")), "{}", ran.stdout);
        }
        let again = life.run(&["release", "--publish=oci,pages", "--oci", &oci]);
        assert!(again.0 == 0 && again.1.contains("Unchanged"), "{}", again.1);
        life.change("charts/web/values.yaml", "a: 2\n");
        let (status, said) = life.run(&["check", "--oci", &oci]);
        assert!(
            status == 1 && said.contains(&format!("`web {version}` is published, and differs")),
            "{said}"
        );
    }
}

/// For Helm these are one version each: the second is never published beside the first, nor taken for it.
#[test]
fn a_published_version_in_another_spelling() {
    for (published, tag, mode, again, hint) in [
        ("v1.15.0", "v1.15.0", "stamp", "0.0.0", "choose a higher tag, such as v1.15.1"),
        ("1.2", "v1.2.0", "verify", "1.2.0", "write `version: 1.2.1`"),
        ("1.2.0", "v1.2.0", "verify", "v1.2", "write `version: 1.2.1`"),
    ] {
        let mut life = Life::new("verify", &["web"], &format!("\"{published}\""));
        life.sections(&["v1.15.0", "1.2", "1.2.0"]);
        life.tag(tag);
        let first = life.run(&["release", "--publish=pages"]);
        assert_eq!(first.0, 0, "{}", first.1);
        let before = life.published();
        life.sandbox.set("VERSIONS", mode);
        life.chart("web", again);
        life.sandbox.commit("spelled");
        life.tag(tag);
        let message = format!("`web {published}` is published, and is the same version for Helm\nhint: ");
        for command in [&["check"][..], &["release"], &["release", "--publish=pages"]] {
            let (status, said) = life.run(command);
            assert!(status == 1 && said.contains(&(message.clone() + hint)), "{command:?}: {said}");
        }
        assert_eq!(released(&life, &[]).0, 0);
        let (status, said) = life.run(&["release", "--from", "dist", "--publish=pages"]);
        assert!(status == 1 && said.contains(&message), "{said}");
        assert_eq!(life.published(), before);
    }
}

/// A workflow that no tag of the charts starts is found, and `--fix` adds the filter.
#[test]
fn tags_that_start_no_workflow() {
    let mut life = Life::new("verify", &["web"], "1.0.0");
    life.sections(&["1.0.0"]);
    let workflow = |tags: &str, prefix: &str| {
        format!(
            "name: charts\non:\n  push:\n    tags: {tags}\njobs:\n  release:\n    if: startsWith(github.ref, 'refs/tags/{prefix}')\n    \
             runs-on: ubuntu-latest\n    steps:\n      - run: cargo xtask release --publish\n"
        )
    };
    let file = ".github/workflows/charts.yml";
    life.change(file, &workflow("[\"[0-9]+.[0-9]+.[0-9]+\"]", ""));
    let found = |life: &Life, args: &[&str]| {
        let (_, said) = life.run(&[&["check", "--offline"], args].concat());
        let lines: Vec<&str> = said.lines().collect();
        let at = lines.iter().position(|line| line.contains("release charts"));
        at.map_or_else(String::new, |at| format!("{}\n{}\n", lines[at], lines[at + 1]))
    };
    expect![[r#"
        error: .github/workflows/charts.yml:4: tags such as `v1.0.0` release charts, and do not start this workflow
        hint: tags: ["[0-9]+.[0-9]+.[0-9]+", v*]
    "#]]
    .assert_eq(&found(&life, &[]));
    assert_eq!(found(&life, &["--fix"]), "");
    assert!(life.sandbox.text(file).contains("    tags: [\"[0-9]+.[0-9]+.[0-9]+\", v*]\n"));
    life.sandbox.set("TAGS", "helm-chart-{version}");
    life.change(file, &workflow("['*']", "v"));
    expect![[r#"
        error: .github/workflows/charts.yml:7: tags such as `helm-chart-1.0.0` release charts, and job `release` does not run for them
        hint: if: startsWith(github.ref, 'refs/tags/helm-chart-')
    "#]]
    .assert_eq(&found(&life, &[]));
}
