//! `verify --repo`: a chart of a Helm repository or of a registry of anybody, by the installed program.

use helm_xtask::internals::digest::digest;
use serde_json::json;

use crate::charts_server::{Charts, Fault, archive, archive_of, entry};
use crate::fake;
use crate::registry_api::Door;
use crate::release::chart;
use crate::sandbox::{Ran, Sandbox};
use crate::verify::{Keys, plain, publish};
use crate::whole::{Targets, source};

/// What is in a registry beside a chart: signatures of cosign, and attestations.
#[test]
fn what_refers_to_a_chart() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    publish(&targets, &sandbox, None);
    sandbox.set("INSTALLED", "1");
    let run = |args: &[&str]| {
        let url = targets.registry.url();
        let ran = sandbox.any_config(&[&["verify", "--repo", &url, "web", "1.0.0"], args].concat());
        plain(&targets, &format!("{}{}", ran.stdout, ran.stderr))
    };
    let bundle = |predicate: &str| {
        let kind = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let annotations = json!({"dev.sigstore.bundle.predicateType": predicate});
        json!({"digest": digest(predicate.as_bytes()), "artifactType": kind, "annotations": annotations})
    };
    let all = [bundle("https://sigstore.dev/cosign/sign/v1"), bundle("https://slsa.dev/provenance/v1")];
    let index = json!({"schemaVersion": 2, "manifests": all}).to_string();
    for part in ["/referrers/", "/manifests/sha256-"] {
        if part != "/referrers/" {
            // A registry without the API has a tag in its place (OCI distribution spec, "Referrers Tag Schema").
            targets.registry.fail(fake::Fault::Refuse(404, "no such API"), "/referrers/", usize::MAX);
        }
        targets.registry.fail(fake::Fault::Answer(200, Vec::new(), index.clone()), part, 1);
        let found = run(&[]);
        assert!(
            found.contains(" Not checked cosign signature of oci://REGISTRY/web:1.0.0  it is there; "),
            "{found}"
        );
        assert!(found.contains("       Found attestation of web 1.0.0  1 in the registry; "), "{found}");
    }
    // The tag that older versions of cosign make.
    let hex =
        targets.registry.state()["charts/web"]["tags"]["1.0.0"].as_str().expect("a tag").replace(':', "-");
    targets.registry.tag_as("charts/web", "1.0.0", &[&format!("{hex}.sig")]);
    let found = run(&["--key", "k.pub"]);
    assert!(found.contains("and an option asks for it: cosign is not installed\nhint: "), "{found}");
    let log = sandbox.work().join("../home/log").display().to_string();
    for (code, words, expected) in [
        (
            0,
            "",
            "    Verified cosign signature of oci://REGISTRY/web:1.0.0  --insecure-ignore-tlog=true --key k.pub\n",
        ),
        (
            12,
            "Error: no matching signatures",
            "error: `cosign signature of oci://REGISTRY/web:1.0.0`: Error: no matching signatures\nhint: ",
        ),
        (
            1,
            "Error: no such host",
            "error: `cosign signature of oci://REGISTRY/web:1.0.0`: it cannot be checked, and an option asks for it: cosign cannot tell: Error: no such host\nhint: ",
        ),
    ] {
        sandbox
            .script("cosign", &format!("#!/bin/sh\necho \"$@\" > {log}\necho '{words}' >&2\nexit {code}\n"));
        let found = run(&["--key", "k.pub"]);
        assert!(found.contains(expected), "{found}");
    }
    let asked = std::fs::read_to_string(&log).expect("what cosign was asked");
    let digest = hex.replacen('-', ":", 1);
    let host = targets.registry.host();
    let expected =
        format!("--insecure-ignore-tlog=true --key k.pub --allow-http-registry {host}/charts/web@{digest}\n");
    assert_eq!(asked, format!("verify --output text {expected}"));
    assert!(run(&["--identity", "x"]).contains("--issuer <URL>"));
}

/// Of a Helm repository of anybody, by the installed program.
#[test]
fn a_helm_repository_without_a_checkout() {
    let charts = Charts::new(&[("web", "1.0.0"), ("api", "1.0.0")]);
    let mut sandbox = Sandbox::new();
    let Some(keys) = Keys::new("a_helm_repository_without_a_checkout", &sandbox) else { return };
    let web = archive("web", "1.0.0");
    let old = ["--faked-system-time", "20200101T000000!"];
    keys.key("Old", &old);
    keys.export("Old", "old.asc");
    let (good, expired) = (keys.sign(&web, "Alice", &[]), keys.sign(&web, "Old", &old));
    let (alice, old) = (keys.keyring("alice.gpg"), keys.keyring("old.asc"));
    drop(keys);
    for (variable, value) in [("INSTALLED", "1"), ("CARGO_NET_OFFLINE", "false")] {
        sandbox.set(variable, value);
    }
    let run = |args: &[&str]| {
        let url = charts.url();
        let ran = sandbox.any_config(&[&["verify", "--repo", &url], args].concat());
        Ran { stdout: ran.stdout.replace(&url, "URL"), stderr: ran.stderr.replace(&url, "URL"), ..ran }
    };
    let said = run(&["web", "1.0.0"]).ended(0).stdout;
    let expected = digest(&web);
    assert_eq!(
        said,
        format!(
            "    Verified URL/index.yaml  web 1.0.0  {expected}
    Verified URL/web-1.0.0.tgz  web 1.0.0  {expected}  {} B
      Absent URL/web-1.0.0.tgz.prov
        Good web 1.0.0  {expected}  2 checks\n",
            web.len()
        )
    );
    let elsewhere = format!("{}/elsewhere/web.tgz", charts.origins[1]);
    let (hex, other) = (&expected["sha256:".len()..], archive_of("web", &chart("web", "1.0.0"), "a: 1\n"));
    let prov = "/charts/web-1.0.0.tgz.prov";
    let (tgz, signed) = ("/charts/web-1.0.0.tgz", good.clone().into_bytes());
    for (path, content, args, status, said) in [
        (prov, signed.clone(), &["--keyring", &alice][..], 0, "by Alice <alice@x.co>, key "),
        (prov, expired.into_bytes(), &["--keyring", &old], 1, "the key has expired: by Old <old@x.co>"),
        (prov, signed, &[], 0, "no public key for "),
        (prov, Vec::new(), &["--keyring", "nowhere.gpg"], 2, "cannot read the keyring nowhere.gpg"),
        (tgz, other, &[], 1, "another place has it as sha256:"),
        ("/charts/index.yaml", index(&elsewhere, hex), &[], 1, "it is not there, and the index leads to it"),
        ("/elsewhere/web.tgz", web.clone(), &[], 0, "/elsewhere/web.tgz  web 1.0.0  sha256:"),
        ("/charts/yanked/index.yaml", index("../web-1.0.0.tgz", hex), &["x"], 2, "one chart"),
    ] {
        charts.put(path, content);
        let ran = run(&[&["web", "1.0.0"], args].concat());
        let all = ran.stdout.clone() + &ran.stderr;
        assert!(ran.status == status && all.contains(said), "{said}: {all}");
    }
    charts.put(prov, good);
    charts.put(tgz, web);
    // Files may lie elsewhere, as assets of GitHub do.
    let location = vec![("Location", format!("{}/elsewhere/web.tgz", charts.origins[0]))];
    charts.put("/charts/index.yaml", index("moved.tgz", hex));
    charts.fail(Fault::fields(302, location), "/charts/moved.tgz", 1);
    run(&["web", "1.0.0"]).ended(0);
    charts.index("");
    let said = run(&["web", "1.0.0"]).ended(0).stdout;
    assert!(said.contains("    Verified URL/yanked/index.yaml  web 1.0.0  sha256:"), "{said}");
    let ran = run(&["web", "2.0.0"]).ended(1);
    assert!(
        ran.stderr.contains("error: `URL/index.yaml`: it does not list `web 2.0.0`, or is not there\nhint: "),
        "{}",
        ran.stderr
    );
    charts.fail(fake::Fault::Refuse(401, "no"), "", usize::MAX);
    let ran = run(&["web", "1.0.0"]).ended(1);
    assert!(ran.stdout.starts_with(" Not checked URL/index.yaml  "), "{}", ran.stdout);
}

fn index(url: &str, hex: &str) -> Vec<u8> {
    format!("apiVersion: v1\nentries:\n{}", entry("web", "1.0.0", url, hex)).into()
}

#[test]
fn wrong_usage() {
    let mut sandbox = Sandbox::new();
    sandbox.set("INSTALLED", "1");
    for (args, said) in [
        (&["verify"][..], "verify needs --repo"),
        (&["verify", "--repo", "ftp://x", "web", "1.0.0"], "is neither `https://…` nor `oci://host/path`"),
    ] {
        let ran = sandbox.any_config(args).ended(2);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

/// The credentials for publishing are for one's own registry.
#[test]
fn registries_of_others_get_no_credentials() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    publish(&targets, &sandbox, None);
    targets.registry.with(|oci| oci.door = Door::Basic("b3duZXI6c2VjcmV0".to_owned()));
    targets.registry.calls();
    for (variable, value) in
        [("INSTALLED", "1"), ("XTASK_OCI_USERNAME", "owner"), ("XTASK_OCI_PASSWORD", "secret")]
    {
        sandbox.set(variable, value);
    }
    let ran = sandbox.any_config(&["verify", "--repo", &targets.registry.url(), "web", "1.0.0"]).ended(1);
    assert!(ran.stdout.starts_with(" Not checked oci://") && ran.stdout.contains(" 401 "), "{}", ran.stdout);
    assert!(targets.registry.calls().iter().all(|call| call.authorizations.is_empty()));
}
