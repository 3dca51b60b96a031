//! Charts in the registry are signed by cosign where the config asks for it: once, by digest, and with nothing else changed.

use std::path::{Path, PathBuf};

use expect_test::expect;
use helm_xtask::internals::digest::digest as digest_of;
use serde_json::{Value, json};

use crate::fake::Fault;
use crate::merges::Shop;
use crate::registry_api::Door;
use crate::registry_server::{BASIC, PASSWORD, RegistryServer, USER};
use crate::release::chart;
use crate::sandbox::{self, Ran, Sandbox, find};

const KEY: &str = "env://COSIGN_PRIVATE_KEY";
const SECRET: &str = "the-private-key-0123456789";
const WORD: &str = "the-password-of-the-key";

/// A stand-in for cosign, which records what it is given and puts a signature where cosign 2 puts it.
fn script(log: &Path, version: &str, user: &str) -> String {
    let curl = find("curl").expect("the tests need curl");
    let curl = format!("{} --silent --fail {user}", curl.display());
    format!(
        "#!/bin/sh\n[ \"$1\" = version ] && echo '{{\"gitVersion\":\"{version}\"}}' && exit\n[ \"$1\" = public-key ] && exit\n\
         {{ echo \"cosign $*\"; export -p; docker-credential-xtask; }} >> {} 2>&1\n\
         for at; do :; done\nhost=${{at%%/*}} rest=${{at#*/}}\n\
         url=http://$host/v2/${{rest%@*}}/manifests kind=application/vnd.oci.image.manifest.v1+json\n\
         {curl} $url/${{rest#*@}} -H \"Accept: $kind\" |\n\
         {curl} -X PUT $url/sha256-${{rest##*:}}.sig -H \"Content-Type: $kind\" --data-binary @-\n",
        log.display()
    )
}

/// A repository with the chart `web` that signs with a key, and the stand-in.
fn shop() -> Shop {
    let mut shop = Shop::new(&["web"]);
    for (name, value) in
        [("CONFIG_COSIGN_WITHOUT_LOG", KEY), ("COSIGN_PRIVATE_KEY", SECRET), ("COSIGN_PASSWORD", WORD)]
    {
        shop.sandbox.set(name, value);
    }
    shop.sandbox.script("cosign", &script(&log(&shop.sandbox), "v3.1.1", ""));
    shop
}

fn log(sandbox: &Sandbox) -> PathBuf {
    sandbox.work().join("../home/cosign.log")
}

/// What cosign was told so far.
fn told(sandbox: &Sandbox) -> Vec<String> {
    let text = std::fs::read_to_string(log(sandbox)).unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix("cosign ")).map(str::to_owned).collect()
}

/// The digest that a version has, of which there is one signature and no more.
#[track_caller]
fn signed(state: &Value, version: &str) -> String {
    let tags = state["charts/web"]["tags"].as_object().expect("tags");
    let digest = tags[version].as_str().expect("a digest").to_owned();
    let tag = format!("{}.sig", digest.replace(':', "-"));
    assert!(tags.contains_key(&tag), "{tags:#?}");
    digest
}

/// Lines of output about the registry, without what changes from run to run, nor what aligns them.
fn lines(ran: &Ran, oci: &str) -> String {
    let lines = ran.stdout.lines().filter(|line| line.contains(oci));
    let word = |word: &str| match word.split_once("sha256:") {
        Some((before, _)) => format!("{before}DIGEST"),
        None => word.replace(oci, "oci://HERE"),
    };
    let line =
        |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ").replace(oci, "oci://HERE");
    lines.map(|text| line(text.trim_start()) + "\n").collect()
}

#[test]
fn a_chart_is_signed_once_and_by_digest() {
    let shop = shop();
    let oci = shop.targets.registry.url();
    let ran = shop.run(&[]).ended(0);
    expect![[r#"
          Would push oci://HERE/web:1.0.0  not there yet
          Would sign oci://HERE/web@DIGEST  not signed yet
    "#]]
    .assert_eq(&lines(&ran, &oci));
    let ran = shop.publish();
    expect![[r#"
              Pushed oci://HERE/web:1.0.0  DIGEST
              Signed oci://HERE/web@DIGEST  by cosign v3.1.1
    "#]]
    .assert_eq(&lines(&ran, &oci));
    let digest = signed(&shop.targets.registry.state(), "1.0.0");
    let at = format!("{}/web@{digest}", oci.replace("oci://", ""));
    let expected = format!(
        "sign --yes --key {KEY} --tlog-upload=false --use-signing-config=false --allow-http-registry {at}"
    );
    assert_eq!(told(&shop.sandbox), [expected]);
    // Nothing changes any more, whoever runs it: cosign is not even looked for.
    let state = shop.state();
    shop.targets.writes();
    shop.sandbox.script("cosign", "#!/bin/sh\nexit 1\n");
    let ran = shop.for_tag("v1.0.0").output().expect("a program");
    let ran = shop.sandbox.normal(&ran).ended(0);
    expect![[r#"
           Unchanged oci://HERE/web:1.0.0  is there already  DIGEST
           Unchanged oci://HERE/web@DIGEST  is signed
    "#]]
    .assert_eq(&lines(&ran, &oci));
    assert_eq!((shop.targets.writes(), shop.state()), (Vec::new(), state));
    // A later version is signed beside it; what lies under `sha256-` is no version.
    shop.sandbox.script("cosign", &script(&log(&shop.sandbox), "v2.6.5", ""));
    shop.bump("web", "1.1.0");
    shop.merge("web");
    shop.publish();
    signed(&shop.targets.registry.state(), "1.1.0");
    assert!(
        told(&shop.sandbox)[1]
            .starts_with(&format!("sign --yes --key {KEY} --tlog-upload=false --allow-http"))
    );
    let json = shop.run(&["--tag", "v1.1.0", "--json"]).ended(0).stdout;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let step = &json["plan"][1];
    assert_eq!(
        (&step["action"], &step["found"], &step["todo"]),
        (&json!("sign"), &json!("done"), &json!([]))
    );
    assert!(step["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")), "{step:#}");
}

/// What signing lacks is said before the first write, all at once with the rest.
#[test]
fn what_is_missing_stops_before_the_first_write() {
    let nothing: &[(&str, &str)] = &[];
    for (config, version, unset, set, expected) in [
        (("_WITHOUT_LOG", KEY), "", "", nothing, "there is no cosign\nhint: install it from https://"),
        (
            ("_WITHOUT_LOG", KEY),
            "v1.13.6",
            "",
            nothing,
            "cosign v1.13.6 is too old to sign charts\nhint: install cosign 2 or",
        ),
        (("_WITHOUT_LOG", KEY), "v\"", "", nothing, "`cosign` does not answer: "),
        (
            ("", KEY),
            "v3.1.1",
            "COSIGN_PRIVATE_KEY",
            nothing,
            "COSIGN_PRIVATE_KEY is not set, and the config has",
        ),
        (
            ("", "keyless"),
            "v3.1.1",
            "",
            &[("GITHUB_ACTIONS", "true")],
            "`id-token: write` to its `permissions:`",
        ),
        (
            ("", "cosign.key"),
            "v3.1.1",
            "",
            nothing,
            "`cosign_key` `cosign.key` is not of the form `env://VARIABLE`",
        ),
    ] {
        let mut shop = shop();
        shop.sandbox.unset("CONFIG_COSIGN_WITHOUT_LOG");
        shop.sandbox.set(&format!("CONFIG_COSIGN{}", config.0), config.1);
        shop.sandbox.unset(unset);
        for (name, value) in set {
            shop.sandbox.set(name, *value);
        }
        shop.sandbox.script("cosign", &script(&log(&shop.sandbox), version, ""));
        if version.is_empty() {
            std::fs::remove_file(shop.sandbox.work().join("../bin/cosign")).expect("a program");
        }
        shop.targets.writes();
        let ran = shop.run(&["--publish"]).ended(1);
        assert!(ran.stderr.contains(expected), "{expected}: {}", ran.stderr);
        assert_eq!((shop.targets.writes(), told(&shop.sandbox)), (Vec::new(), Vec::new()), "{expected}");
    }
}

#[test]
fn nothing_is_signed_that_the_config_does_not_ask_for() {
    let mut shop = shop();
    shop.sandbox.unset("CONFIG_COSIGN_WITHOUT_LOG");
    let ran = shop.publish();
    assert!(!ran.stdout.contains("ign"), "{}", ran.stdout);
    assert_eq!(told(&shop.sandbox), [""; 0]);
    let tags = shop.targets.registry.state()["charts/web"]["tags"].clone();
    assert_eq!(tags.as_object().expect("tags").len(), 1, "{tags}");
}

/// A run that ends at any request, also between a push and its signature, is finished by the next one. Where the registry is
/// the only target, the signature alone shows that.
#[test]
fn a_killed_run_is_finished() {
    let mut shop = shop();
    shop.sandbox.set("CONFIG_TARGETS", "oci");
    for n in 1.. {
        let version = format!("1.{n}.0");
        shop.bump("web", &version);
        shop.merge(&version);
        let (was_killed, _) = shop.killed_at(n);
        shop.publish();
        let digest = signed(&shop.targets.registry.state(), &version);
        let times = told(&shop.sandbox).iter().filter(|line| line.ends_with(&digest)).count();
        // What was told to sign may have been killed as well.
        assert!(times == 1 || times == 2 && was_killed, "{n}: {times}");
        if !was_killed {
            assert!(n > 15, "{n}");
            break;
        }
    }
}

/// Cosign fails after the push: its words are told, nothing after it is taken, and the next run signs.
#[test]
fn a_failed_signature_is_made_by_the_next_run() {
    let shop = shop();
    let fails = "#!/bin/sh\n[ \"$1\" = version ] && echo '{\"gitVersion\":\"v3.1.1\"}' && exit\n[ \"$1\" = public-key ] && exit\n\
                 echo \"Error: signing [x]: no $COSIGN_PASSWORD\" >&2\necho 'error during command execution: signing [x]: '\"no $COSIGN_PASSWORD\" >&2\nexit 1\n";
    shop.sandbox.script("cosign", fails);
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(
        ran.stderr.contains(": signing [x]: no ***\nhint: run it again when that is mended"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains(WORD) && shop.targets.remote.tip().is_empty());
    // A key that it cannot open is found before anything is pushed.
    shop.targets.writes();
    shop.sandbox.script("cosign", &fails.replace("[ \"$1\" = public-key ] && exit\n", ""));
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(ran.stderr.contains(": signing [x]: no ***\nhint: set COSIGN_PASSWORD to"), "{}", ran.stderr);
    assert_eq!(shop.targets.writes(), [""; 0]);
    // It says that it has signed, and has not.
    shop.sandbox.script("cosign", &fails.replace("exit 1", "exit 0"));
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(
        ran.stderr.contains("and the registry shows no signature of it\nhint: run it again"),
        "{}",
        ran.stderr
    );
    shop.sandbox.script("cosign", &script(&log(&shop.sandbox), "v3.1.1", ""));
    let ran = shop.publish();
    assert!(
        ran.stdout.contains(" Unchanged oci://") && ran.stdout.contains("by cosign v3.1.1"),
        "{}",
        ran.stdout
    );
    assert_eq!(told(&shop.sandbox).len(), 1);
}

/// Where the registry does not say what is there, nothing is taken for absent.
#[test]
fn a_signature_that_nobody_could_look_for_is_not_made_again() {
    let shop = shop();
    shop.publish();
    for (status, line) in [(403, "/referrers/"), (500, "/manifests/sha256-"), (429, ".sig")] {
        shop.targets.registry.fail(Fault::Refuse(status, "no"), line, usize::MAX);
        if line != "/referrers/" {
            shop.targets.registry.fail(Fault::Refuse(404, "no such thing"), "/referrers/", usize::MAX);
        }
        let ran = shop.run(&["--tag", "v1.0.0", "--deadline", "3"]).ended(0);
        assert!(ran.stdout.contains("unknown what is there") && ran.stderr.contains("warning: "), "{ran:?}");
        let ran = shop.run(&["--tag", "v1.0.0", "--publish=oci", "--deadline", "3"]).ended(1);
        assert!(ran.stderr.contains(&format!("answers {status}")), "{}", ran.stderr);
        shop.targets.heal();
    }
    assert_eq!(told(&shop.sandbox).len(), 1);
}

/// An attestation of GitHub's is no signature.
#[test]
fn an_attestation_is_no_signature() {
    let shop = shop();
    for (predicate, expected) in [
        ("https://slsa.dev/provenance/v1", "Would sign"),
        ("https://sigstore.dev/cosign/sign/v1", "is signed"),
    ] {
        let list = json!({"schemaVersion": 2, "manifests": [{
            "digest": format!("sha256:{}", "0".repeat(64)),
            "artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "annotations": {"dev.sigstore.bundle.predicateType": predicate},
        }]});
        let mut other = Shop::new(&["web"]);
        other.publish();
        other.sandbox.set("CONFIG_COSIGN", "keyless");
        let answer = Fault::Answer(200, Vec::new(), list.to_string());
        other.targets.registry.fail(answer, "/referrers/", usize::MAX);
        let ran = other.run(&["--tag", "v1.0.0"]).ended(0);
        assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    }
    assert_eq!(told(&shop.sandbox), [""; 0]);
}

/// The credentials of the registry, the key and its password reach cosign in its environment, and no other program.
#[test]
fn secrets_are_in_no_argument_and_no_file() {
    let mut shop = shop();
    shop.targets.registry.with(|oci| oci.door = Door::Basic(BASIC["Basic ".len()..].to_owned()));
    for (name, value) in [("XTASK_OCI_USERNAME", USER), ("XTASK_OCI_PASSWORD", PASSWORD)] {
        shop.sandbox.set(name, value);
    }
    shop.sandbox
        .script("cosign", &script(&log(&shop.sandbox), "v3.1.1", &format!("--user {USER}:{PASSWORD}")));
    let ran = shop.publish();
    let log = std::fs::read_to_string(log(&shop.sandbox)).expect("a log");
    let arguments = told(&shop.sandbox).join("\n");
    for secret in [PASSWORD, SECRET, WORD] {
        assert!(log.contains(secret) && !arguments.contains(secret), "{secret}: {log}");
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{ran:?}");
    }
    // The helper answers, and what else the environment has is not for cosign.
    assert!(log.contains(&format!("\"Secret\":\"{PASSWORD}\"")), "{log}");
    assert!(!log.contains("GITHUB_TOKEN") && !log.contains("XTASK_OCI_PASSWORD"), "{log}");
    signed(&shop.targets.registry.state(), "1.0.0");
}

/// The cosigns that judge, where they are there.
fn cosigns(test: &str) -> Vec<PathBuf> {
    let is_there = |variable: &&str| std::env::var_os(variable).is_some();
    let found: Vec<PathBuf> = ["COSIGN2", "COSIGN3"]
        .into_iter()
        .filter(is_there)
        .filter_map(|one| sandbox::tool(test, one))
        .collect();
    if found.is_empty() {
        eprintln!("passed over: {test}, since neither COSIGN2 nor COSIGN3 names a program");
    }
    found
}

/// A key of cosign's own in the environment, and its public part in `../home/cosign.pub`.
fn make_key(sandbox: &mut Sandbox, cosign: &Path) {
    sandbox.set("COSIGN_PASSWORD", WORD);
    let _ = std::fs::remove_file(sandbox.work().join("../home/cosign.key"));
    sandbox.run_in(&sandbox.work().join("../home"), cosign, &["generate-key-pair"]).ended(0);
    let key = sandbox.text("../home/cosign.key");
    sandbox.set("COSIGN_PRIVATE_KEY", key);
    sandbox.set("COSIGN_BIN", cosign.display().to_string());
}

/// Publishing again pushes nothing and changes no digest, and what cosign has signed verifies before and after that: where
/// the registry lists what refers to a manifest, as that of a rehearsal does, and where a tag stands for the list.
#[test]
fn a_real_cosign_verifies_what_was_signed() {
    let test = "a_real_cosign_verifies_what_was_signed";
    for cosign in cosigns(test) {
        let lists = shop();
        let fallback = RegistryServer::open(test);
        let hosts = fallback.iter().map(|server| server.host.clone()).chain([lists
            .targets
            .registry
            .host()
            .to_owned()]);
        for host in hosts.collect::<Vec<_>>() {
            let mut shop = shop();
            make_key(&mut shop.sandbox, &cosign);
            let oci = format!("oci://{host}/charts");
            let remote = shop.targets.remote.url.clone();
            let publish = |sandbox: &Sandbox, args: &[&str]| {
                let usual =
                    ["release", "--publish=oci", "--helm", "never", "--oci", &oci, "--remote", &remote];
                sandbox.any_config(&[&usual[..], args].concat()).ended(0)
            };
            let ran = publish(&shop.sandbox, &[]);
            assert!(ran.stdout.contains("Signed ") && !ran.stdout.contains(WORD), "{}", ran.stdout);
            let first = digest_of(get(&shop.sandbox, &host, "manifests/1.0.0").as_bytes());
            let verify = || {
                let at = format!("{host}/charts/web@{first}");
                let args = ["verify", "--key", "../home/cosign.pub", "--private-infrastructure=true"];
                let ran = shop.sandbox.run(&cosign, &[&args[..], &["--allow-http-registry", &at]].concat());
                assert_eq!(ran.status, 0, "{} at {host}: {}", cosign.display(), ran.stderr);
                assert!(ran.stdout.contains(&first["sha256:".len()..]), "{}", ran.stdout);
                let args = ["verify", "--repo", &oci, "web", "1.0.0", "--key", "../home/cosign.pub"];
                let ran = shop.sandbox.any_config(&args).ended(0);
                assert!(ran.stdout.contains("Verified cosign signature of oci://"), "{}", ran.stdout);
            };
            verify();
            let state = || {
                (
                    digest_of(get(&shop.sandbox, &host, "manifests/1.0.0").as_bytes()),
                    get(&shop.sandbox, &host, "tags/list"),
                )
            };
            let before = state();
            let ran = publish(&shop.sandbox, &["--tag", "v1.0.0"]);
            expect![[r#"
                Unchanged oci://HERE/web:1.0.0  is there already  DIGEST
                Unchanged oci://HERE/web@DIGEST  is signed
            "#]]
            .assert_eq(&lines(&ran, &oci));
            assert_eq!(state(), before);
            verify();
            shop.bump("web", "1.1.0");
            shop.merge("web");
            let ran = publish(&shop.sandbox, &[]);
            assert!(ran.stdout.contains("Signed ") && !ran.stdout.contains("1.0.0"), "{}", ran.stdout);
            verify();
        }
    }
}

/// What the registry answers about the chart.
fn get(sandbox: &Sandbox, host: &str, path: &str) -> String {
    let url = format!("http://{host}/v2/charts/web/{path}");
    let accept = "Accept: application/vnd.oci.image.manifest.v1+json";
    sandbox.run(&find("curl").expect("curl"), &["--silent", "--fail", &url, "-H", accept]).ended(0).stdout
}

/// A rehearsal signs with a key at hand, and asks no service.
#[test]
fn a_rehearsal_signs_with_a_key_alone() {
    let mut sandbox = Sandbox::with_commit(&[
        (".gitignore", "/target/\n/dist/\n"),
        ("charts/web/Chart.yaml", &chart("web", "1.0.0")),
        ("CHANGELOG.md", "# Changelog\n\n## [1.0.0] - 2024-01-02\n\nWords.\n"),
    ]);
    let rehearse =
        |sandbox: &Sandbox| sandbox.any_config(&["release", "--rehearse", "--offline", "--helm", "never"]);
    for (config, expected) in [
        ("keyless", "Left out signatures in the registry: Sigstore would keep what it certifies"),
        (
            "awskms:///alias/a",
            "Left out signatures in the registry: the key `awskms:///alias/a` is not on this machine",
        ),
        (KEY, "Left out signatures in the registry: the config has charts signed, and there is no cosign"),
    ] {
        sandbox.set("CONFIG_COSIGN", config);
        let ran = rehearse(&sandbox).ended(0);
        assert!(ran.stdout.contains(expected) && !ran.stdout.contains("sign oci://"), "{}", ran.stdout);
    }
    sandbox.set("COSIGN_PRIVATE_KEY", SECRET);
    sandbox.script("cosign", &script(&log(&sandbox), "v3.1.1", ""));
    let ran = rehearse(&sandbox).ended(0);
    assert!(
        ran.stdout.contains("Signed oci://") && told(&sandbox)[0].contains("--tlog-upload=false"),
        "{}",
        ran.stdout
    );
    for cosign in cosigns("a_rehearsal_signs_with_a_key_alone") {
        make_key(&mut sandbox, &cosign);
        let ran = rehearse(&sandbox).ended(0);
        assert!(
            ran.stdout.contains("Signed oci://") && ran.stdout.contains("nothing left to do"),
            "{}",
            ran.stdout
        );
    }
}

/// The guide page shows what is printed.
#[test]
fn the_transcript_is_what_is_printed() {
    let shop = shop();
    let ran = shop.run(&["--publish=oci"]).ended(0);
    let oci = shop.targets.registry.url();
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/sigstore.md")).expect("a page");
    let shown =
        page.split("$ cargo xtask release --publish=oci\n").nth(1).and_then(|rest| rest.split("```").next());
    let shown = shown.expect("a transcript").replace("oci://ghcr.io/acme/charts", &oci);
    let shown = Ran { status: 0, stdout: shown, stderr: String::new() };
    assert_eq!(lines(&shown, &oci), lines(&ran, &oci), "{}", ran.stdout);
}
