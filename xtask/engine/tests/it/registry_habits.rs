//! The registry of these tests is one to Helm.

use serde_json::json;

use crate::fake::Fault;
use crate::registry_api::{Door, OciRegistry};
use crate::release::repository;
use crate::sandbox::helms;

/// The base64 of `ci:secret`.
const PASSWORD: &str = "Y2k6c2VjcmV0";

#[test]
fn helm_pushes_and_pulls() {
    for (name, helm) in helms("helm_pushes_and_pulls") {
        for door in ["Open", "Basic", "Bearer"] {
            let (registry, sandbox) = (OciRegistry::new(), repository());
            sandbox.run(&helm, &["package", "charts/web"]).ended(0);
            match door {
                "Basic" => registry.with(|oci| oci.door = Door::Basic(PASSWORD.into())),
                "Bearer" => registry.want_tokens(PASSWORD, false),
                _ => {}
            }
            let url = registry.url();
            let push = ["push", "--plain-http", "web-1.2.3.tgz", &url];
            if door != "Open" {
                sandbox.run(&helm, &push).ended(1);
                let host = registry.host().to_owned();
                let config = json!({"auths": {host: {"auth": PASSWORD}}});
                sandbox.write("../home/.config/helm/registry/config.json", &config.to_string());
            }
            let said = sandbox.run(&helm, &push).ended(0);
            let state = registry.state();
            let digest = state["charts/web"]["tags"]["1.2.3"].as_str().expect("a tag");
            assert!((said.stdout + &said.stderr).contains(digest), "{name}");
            assert_eq!(state["charts/web"]["blobs"].as_array().map(Vec::len), Some(2));
            let chart = url + "/web";
            let show = ["show", "chart", "--plain-http", &chart, "--version", "1.2.3"];
            assert!(sandbox.run(&helm, &show).ended(0).stdout.contains("name: web"), "{name}");
        }
    }
}

#[test]
fn faults_are_said_as_registries_say_them() {
    let registry = OciRegistry::new();
    registry.fail(Fault::Refuse(429, "slow down"), "/v2/", 1);
    for (name, helm) in helms("faults_are_said_as_registries_say_them") {
        let sandbox = repository();
        let chart = registry.url() + "/web";
        let ran =
            sandbox.run(&helm, &["show", "chart", "--plain-http", &chart, "--version", "1.0.0"]).ended(1);
        assert!(
            ran.stderr.contains("not found") || ran.stderr.contains("slow down"),
            "{name}: {}",
            ran.stderr
        );
    }
    assert_eq!(registry.state(), json!({}));
}
