//! What we push is what Helm pushes, and Helm takes what we push.

use std::path::Path;

use helm_xtask::internals::digest::digest as digest_of;

use crate::registry::{push_tags, repository_of};
use crate::registry_server::{PASSWORD, RegistryServer, USER, digest};
use crate::sandbox::{Ran, Sandbox, helms};

const PLAIN: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
/// Every field, text that JSON and Go escape, and annotations that Helm takes and that it does not take.
const FULL: &str = r#"apiVersion: v2
name: web
version: 1.0.0
appVersion: "1.10"
description: "a <b> & ü \"q\" \\ 日本 \U0001F600"
home: https://example.org/?a=1&b=2
icon: https://example.org/i.png
type: application
kubeVersion: ">=1.20.0-0"
deprecated: true
keywords: [a, "<b>", "c d"]
sources: ["https://example.org/1", "https://example.org/2"]
maintainers:
- name: A <a>
  email: a@example.org
- name: B
- name: C
  email: c@example.org
  url: https://example.org/c
annotations:
  a/b: "1\n2\t\u2028\u2029<>&'\""
  empty: ""
  org.opencontainers.image.authors: somebody else
  org.opencontainers.image.created: never
  org.opencontainers.image.source: ""
  org.opencontainers.image.title: another
  org.opencontainers.image.version: "2"
"#;
/// The oldest layout, and nothing but blanks where annotations come from.
const OLD: &str = "apiVersion: v1\nname: web\nversion: 1.0.0\ndescription: '  '\nhome: ' '\nsources: [' ']\nmaintainers: []\n";

/// A signature of an archive, whose digest is before the archive's or after it: that is the order in a manifest.
fn provenance(archive: &[u8], is_before: bool) -> String {
    let own = digest_of(archive);
    let text = |n| format!("-----BEGIN PGP SIGNED MESSAGE-----\nn: {n}\nfiles:\n  web-1.0.0.tgz: {own}\n");
    (0..1_000).map(text).find(|text| (digest_of(text.as_bytes()) < own) == is_before).expect("a signature")
}

fn push(sandbox: &Sandbox, host: &str, path: &str, helm: &str) -> Ran {
    let target = format!("oci://{host}/{path}");
    sandbox.xtask(&["release", "--publish=oci", "--oci", &target, "--helm", helm]).ended(0)
}

#[test]
fn helm_and_we_push_the_same() {
    let test = "helm_and_we_push_the_same";
    let Some(registry) = RegistryServer::open(test) else { return };
    let mut digests = Vec::new();
    for (i, (chart, signed)) in
        [(PLAIN, None), (PLAIN, Some(true)), (PLAIN, Some(false)), (FULL, Some(true)), (OLD, None)]
            .into_iter()
            .enumerate()
    {
        let mut sandbox = repository_of(chart);
        sandbox.xtask(&["release", "--helm", "never", "--offline"]).ended(0);
        if let Some(is_before) = signed {
            let signature = provenance(&sandbox.read("dist/web-1.0.0.tgz"), is_before);
            sandbox.write("dist/web-1.0.0.tgz.prov", &signature);
        }
        push(&sandbox, &registry.host, &format!("native{i}"), "never");
        let native = digest(&registry.host, &format!("native{i}/web"), "1.0.0");
        assert!(native.is_some() && !digests.contains(&native), "{native:?}");
        for (name, helm) in helms(test) {
            let target = format!("oci://{}/{name}{i}", registry.host);
            sandbox.run(&helm, &["push", "dist/web-1.0.0.tgz", &target, "--plain-http"]).ended(0);
            assert_eq!(digest(&registry.host, &format!("{name}{i}/web"), "1.0.0"), native, "{name} {i}");
            sandbox.set("HELM_BIN", helm.display().to_string());
            let ran = push(&sandbox, &registry.host, &format!("by-{name}{i}"), "require");
            assert!(ran.stdout.contains("(by helm v"), "{}", ran.stdout);
            assert_eq!(digest(&registry.host, &format!("by-{name}{i}/web"), "1.0.0"), native, "{name} {i}");
            takes(&sandbox, &helm, &format!("oci://{}/native{i}/web", registry.host), signed.is_some());
        }
        digests.push(native);
    }
}

/// Helm pulls and renders what is there.
fn takes(sandbox: &Sandbox, helm: &Path, chart: &str, is_signed: bool) {
    let pull = ["pull", chart, "--version", "1.0.0", "--plain-http", "-d", "pulled"];
    std::fs::create_dir_all(sandbox.work().join("pulled")).expect("a directory");
    let args: &[&str] = if is_signed { &["--prov"] } else { &[] };
    sandbox.run(helm, &[&pull[..], args].concat()).ended(0);
    assert_eq!(sandbox.read("pulled/web-1.0.0.tgz"), sandbox.read("dist/web-1.0.0.tgz"));
    if is_signed {
        assert_eq!(sandbox.text("pulled/web-1.0.0.tgz.prov"), sandbox.text("dist/web-1.0.0.tgz.prov"));
    }
    std::fs::remove_dir_all(sandbox.work().join("pulled")).expect("a directory");
    let ran = sandbox.run(helm, &["template", "x", chart, "--version", "1.0.0", "--plain-http"]).ended(0);
    assert!(ran.stdout.contains("kind: ConfigMap"), "{}", ran.stdout);
}

#[test]
fn a_version_with_a_plus_gets_a_tag() {
    let test = "a_version_with_a_plus_gets_a_tag";
    let Some(registry) = RegistryServer::open(test) else { return };
    let mut sandbox = repository_of(PLAIN);
    let changelog = sandbox.text("CHANGELOG.md").replace("1.0.0", "1.0.0-rc.1+b.2");
    sandbox.write("CHANGELOG.md", &changelog);
    sandbox.commit("second");
    sandbox.git(&["tag", "v1.0.0-rc.1+b.2"]);
    push_tags(&sandbox);
    sandbox.xtask(&["release", "--helm", "never", "--offline"]).ended(0);
    push(&sandbox, &registry.host, "native", "never");
    let native = digest(&registry.host, "native/web", "1.0.0-rc.1_b.2");
    assert!(native.is_some());
    for (name, helm) in helms(test) {
        sandbox.set("HELM_BIN", helm.display().to_string());
        push(&sandbox, &registry.host, name, "require");
        assert_eq!(digest(&registry.host, &format!("{name}/web"), "1.0.0-rc.1_b.2"), native, "{name}");
        let chart = format!("oci://{}/native/web", registry.host);
        let ran =
            sandbox.run(&helm, &["template", "x", &chart, "--version", "1.0.0-rc.1+b.2", "--plain-http"]);
        assert!(ran.ended(0).stdout.contains("kind: ConfigMap"));
    }
}

/// Helm gets a password from us, in no file and no argument, and neither our variables nor the user's own files.
#[test]
fn helm_gets_the_password_and_nothing_else() {
    let test = "helm_gets_the_password_and_nothing_else";
    for (name, helm) in helms(test) {
        let Some(registry) = RegistryServer::with_password(test) else { return };
        let mut sandbox = repository_of(PLAIN);
        sandbox.set("XTASK_OCI_USERNAME", USER);
        sandbox.set("XTASK_OCI_PASSWORD", PASSWORD);
        sandbox.set("GITHUB_TOKEN", "ghs_0123456789");
        sandbox.set("HELM_DEBUG", "true");
        let log = sandbox.work().join("log").display().to_string();
        let dump = format!("{{ echo \"$@\"; cat \"$HELM_REGISTRY_CONFIG\"; export -p; }} >> {log}");
        let script = format!("#!/bin/sh\n[ \"$1\" = push ] && {dump}\nexec {} \"$@\"\n", helm.display());
        sandbox.script("helm", &script);
        for program in ["sh", "cat"] {
            sandbox.link_program(program, &crate::sandbox::find(program).expect("a shell"));
        }
        sandbox.xtask(&["release", "--helm", "never", "--offline"]).ended(0);
        let ran = push(&sandbox, &registry.host, "charts", "require");
        assert!(ran.stdout.contains("(by helm v"), "{name}: {}{}", ran.stdout, ran.stderr);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(PASSWORD), "{name}");
        let log = sandbox.text("log");
        let with_password: Vec<&str> = log.lines().filter(|line| line.contains(PASSWORD)).collect();
        assert!(
            matches!(with_password[..], [line] if line.contains("XTASK_CREDENTIALS=")),
            "{with_password:?}"
        );
        for other in ["GITHUB_TOKEN", "XTASK_OCI", "HELM_DEBUG"] {
            assert!(!log.contains(other), "{name} {other}: {log}");
        }
    }
}
