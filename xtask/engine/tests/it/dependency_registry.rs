//! Dependencies that lie in a registry.

use std::fs;

use expect_test::expect;

use crate::dependency::{declaring, locked, package, packaged, update, web};
use crate::fake;
use crate::registry_api::{Oci, OciRegistry};
use crate::release::chart;

/// A registry that has `db` as 1.0.0.
fn registry() -> OciRegistry {
    let registry = OciRegistry::new();
    let db = crate::registry::repository_of(&chart("db", "1.0.0"));
    db.xtask(&["release", "--publish=oci", "--oci", &registry.url(), "--helm", "never"]).ended(0);
    registry.calls();
    registry
}

#[test]
fn faults_at_each_request_to_a_registry() {
    let registry = registry();
    let sandbox = web(&[("db", "1.0.0", &registry.url())]);
    registry.calls();
    package(&sandbox, &[]).ended(0);
    let (requests, whole) = (registry.calls().len(), sandbox.read("out/web-1.0.0.tgz"));
    assert_eq!(requests, 2);
    for n in 1..=requests {
        for fault in [
            || fake::Fault::<Oci>::status(503),
            || fake::Fault::<Oci>::Drop,
            || fake::Fault::<Oci>::Cut(7),
            || fake::Fault::<Oci>::Behead,
        ] {
            fs::remove_dir_all(sandbox.work().join("target/helm-xtask")).expect("a cache");
            fs::remove_dir_all(sandbox.work().join("out")).expect("an archive");
            registry.fail_call(fault(), n);
            package(&sandbox, &[]).ended(0);
            assert_eq!(registry.heal(), 0, "{n}: the fault met nothing");
            assert_eq!(sandbox.read("out/web-1.0.0.tgz"), whole, "{n}");
        }
    }
}

#[test]
fn registries_have_charts_too() {
    let registry = registry();
    let oci = registry.url();
    let mut sandbox = locked(&[("db", "^1.0.0", &oci)]);
    // Those for the registry that is published to are for no other.
    sandbox.set("XTASK_OCI_USERNAME", "me");
    sandbox.set("XTASK_OCI_PASSWORD", "secret0123");
    registry.calls();
    package(&sandbox, &[]).ended(0);
    assert!(packaged(&sandbox).contains(&"web/charts/db/Chart.yaml".to_owned()));
    assert!(registry.calls().iter().all(|call| call.authorizations.is_empty()));
    package(&sandbox, &[]).ended(0);
    let lines: Vec<String> = registry.calls().into_iter().map(|call| call.line).collect();
    assert_eq!(lines, ["GET /v2/charts/db/manifests/1.0.0"]);
    package(&sandbox, &["--offline"]).ended(0);
    assert_eq!(registry.calls(), []);
    sandbox.write("charts/web/Chart.yaml", &declaring(&[("db", "^2.0.0", &oci)]));
    let ran = update(&sandbox).ended(1);
    let told = ran.stderr.replace(registry.host(), "REGISTRY");
    expect![[r#"
        error: charts/web/Chart.yaml:5: cannot take a dependency from `oci://REGISTRY/charts`: no version of `db` fits `^2.0.0`; it has `1.0.0`
        hint: correct `name` or `version`, then: cargo xtask dependency --update
    "#]]
    .assert_eq(&told);
    fs::remove_file(sandbox.work().join("charts/web/Chart.lock")).expect("a lock");
    sandbox.write("charts/web/Chart.yaml", &declaring(&[("db", "2.0.0", &oci)]));
    let ran = package(&sandbox, &[]).ended(1);
    let told = ran.stderr.replace(registry.host(), "REGISTRY");
    expect![[r#"
        error: charts/web/Chart.yaml:5: cannot take a dependency from `oci://REGISTRY/charts`: it has no `db 2.0.0`
        hint: correct `name` or `version`, then: cargo xtask dependency --update
    "#]]
    .assert_eq(&told);
}

/// Helm takes the tags that are strict versions.
#[test]
fn tags_that_move_are_no_versions() {
    let registry = registry();
    registry.tag_as("charts/db", "1.0.0", &["1.3", "2", "v3.0.0", "latest"]);
    let sandbox = web(&[("db", ">=1", &registry.url())]);
    update(&sandbox).ended(0);
    assert!(sandbox.text("charts/web/Chart.lock").contains("version: 1.0.0\n"));
}
