//! `cargo xtask verify`: each place of a release, as it was published and as somebody has changed it since.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect;
use helm_xtask::internals::digest::digest;
use serde_json::{Value, json};

use crate::charts_server::{Charts, archive, archive_of};
use crate::fake;
use crate::life::as_others_package;
use crate::publish_github::{attach, somebody};
use crate::release::chart;
use crate::sandbox::{Ran, Sandbox, find, helms};
use crate::whole::{Targets, bump, source};
use crate::wire::{AUTHORITY, tls_before};

const INDEX: &str = "charts/index.yaml";
const ARCHIVE: &str = "charts/web-1.0.0.tgz";
const PROV: &str = "charts/web-1.0.0.tgz.prov";

/// A gpg with keys of its own; its agent ends with it.
pub struct Keys<'s>(&'s Sandbox);

impl<'s> Keys<'s> {
    /// In a sandbox, with the key of Alice; `None` where the test is passed over.
    pub fn new(test: &str, sandbox: &'s Sandbox) -> Option<Self> {
        let Some(gpg) = find("gpg") else {
            assert!(std::env::var_os("XTASK_REQUIRE_TOOLS").is_none(), "{test} needs gpg");
            eprintln!("passed over: {test}, since there is no gpg");
            return None;
        };
        sandbox.link_program("gpg", &gpg);
        let keys = Self(sandbox);
        keys.key("Alice", &[]);
        keys.export("Alice", "alice.gpg");
        Some(keys)
    }

    fn gpg(&self, args: &[&str], input: &str) -> Ran {
        let home = self.0.work().join("../home/g");
        let _ = std::fs::create_dir(&home);
        let options = ["--batch", "--yes", "--quiet", "--passphrase", "", "--homedir"].map(str::to_owned);
        self.0.write("../home/input", input);
        let mut gpg = self.0.command(Path::new("gpg"));
        let input = std::fs::File::open(self.0.work().join("../home/input")).expect("the input");
        gpg.stdin(input).args(options).arg(&home).args(args);
        self.0.normal(&gpg.output().expect("gpg")).ended(0)
    }

    pub fn key(&self, name: &str, options: &[&str]) {
        let who = format!("{name} <{}@x.co>", name.to_lowercase());
        self.gpg(&[options, &["--quick-gen-key", &who, "ed25519", "sign", "1y"]].concat(), "");
    }

    pub fn export(&self, name: &str, file: &str) {
        let to = self.0.work().join("../home").join(file).display().to_string();
        let armor = if file.ends_with(".asc") { "--armor" } else { "--no-armor" };
        self.gpg(&[armor, "--output", &to, "--export", name], "");
    }

    pub fn keyring(&self, file: &str) -> String {
        self.0.work().join("../home").join(file).display().to_string()
    }

    /// The provenance file of an archive, as Helm writes it.
    pub fn sign(&self, archive: &[u8], name: &str, options: &[&str]) -> String {
        let text = format!("{}\n...\nfiles:\n  web-1.0.0.tgz: {}\n", chart("web", "1.0.0"), digest(archive));
        self.gpg(&[options, &["--local-user", name, "--output", "-", "--clearsign"]].concat(), &text).stdout
    }
}

impl Drop for Keys<'_> {
    fn drop(&mut self) {
        if let Some(gpgconf) = find("gpgconf") {
            let home = self.0.work().join("../home/g");
            let _ = self.0.command(&gpgconf).arg("--homedir").arg(home).args(["--kill", "all"]).status();
        }
    }
}

/// Publishes 1.0.0 everywhere, signed if there are keys.
pub fn publish(targets: &Targets, sandbox: &Sandbox, keys: Option<&Keys<'_>>) {
    let args = ["--helm", "never"];
    if let Some(keys) = keys {
        sandbox.xtask(&["release", "--tag", "v1.0.0", "--offline", "--helm", "never"]).ended(0);
        let prov = keys.sign(&sandbox.read("dist/web-1.0.0.tgz"), "Alice", &[]);
        sandbox.write("dist/web-1.0.0.tgz.prov", &prov);
    }
    targets.publish(sandbox, &args).ended(0);
}

fn verify(targets: &Targets, sandbox: &Sandbox, args: &[&str]) -> Ran {
    let mut command = targets.remote.layout.command(sandbox);
    command.env("GITHUB_API_URL", targets.github.url());
    command.args(["verify", "--remote", &targets.remote.url, "--oci", &targets.registry.url()]).args(args);
    sandbox.normal(&command.output().expect("xtask"))
}

/// What was said, without what differs from run to run.
pub fn plain(targets: &Targets, said: &str) -> String {
    let said = said.replace(&targets.registry.url(), "oci://REGISTRY").replace(&targets.remote.url, "REMOTE");
    let said = said.replace(targets.registry.host(), "HOST").replace(targets.github.host(), "API");
    let words = |line: &str| {
        let word = |word: &str| {
            let (hex, end) = word.strip_suffix(',').map_or((word, ""), |hex| (hex, ","));
            let is_hex = |text: &str| text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            let is_date = hex.len() == 10 && hex.starts_with("20") && hex.matches('-').count() == 2;
            match hex.strip_prefix("sha256:") {
                Some(hex) if is_hex(hex) => format!("SHA256{end}"),
                None if is_hex(hex) => format!("FINGERPRINT{end}"),
                None if is_date => format!("DATE{end}"),
                _ => word.to_owned(),
            }
        };
        line.split(' ').map(word).collect::<Vec<_>>().join(" ")
    };
    said.lines().map(|line| words(line) + "\n").collect()
}

/// The errors of a run that finds something wrong, one a line.
#[track_caller]
fn errors(targets: &Targets, ran: Ran) -> String {
    let ran = ran.ended(1);
    assert!(ran.stdout.contains("      Failed web 1.0.0"), "{}", ran.stdout);
    let said = plain(targets, &ran.stderr);
    let errors: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert!(errors.len() == said.matches("\nhint: ").count(), "{said}");
    errors.join("\n")
}

#[test]
fn a_release_that_is_good_everywhere() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    let Some(keys) = Keys::new("a_release_that_is_good_everywhere", &sandbox) else { return };
    publish(&targets, &sandbox, Some(&keys));
    let alice = keys.keyring("alice.gpg");
    let ran = verify(&targets, &sandbox, &["v1.0.0", "--keyring", &alice]).ended(0);
    expect![[r#"
        it prints:
            Verified charts/index.yaml on gh-pages  web 1.0.0  SHA256
            Verified charts/web-1.0.0.tgz on gh-pages  web 1.0.0  SHA256  224 B
         Not checked https://d44b.github.io/pulltrace/charts/index.yaml  the proxy http://127.0.0.1:1 does not answer: Connection refused (os error 111)
            Verified oci://REGISTRY/web:1.0.0  web 1.0.0  SHA256  manifest SHA256
            Verified metadata of oci://REGISTRY/web:1.0.0
            Verified web-1.0.0.tgz of release v1.0.0  web 1.0.0  SHA256  224 B
            Verified SHA256SUMS of release v1.0.0  web 1.0.0  SHA256
            Verified charts/web-1.0.0.tgz.prov on gh-pages  web 1.0.0  SHA256
            Verified provenance of oci://REGISTRY/web:1.0.0  web 1.0.0  SHA256
            Verified web-1.0.0.tgz.prov of release v1.0.0  web 1.0.0  SHA256
            Verified signature of charts/web-1.0.0.tgz.prov on gh-pages  by Alice <alice@x.co>, key FINGERPRINT, expires DATE
              Absent cosign signature of oci://REGISTRY/web:1.0.0
              Absent attestation of web 1.0.0
                Good web 1.0.0  SHA256  10 checks, 1 not checked
    "#]].assert_eq(&format!("it prints:\n{}", plain(&targets, &ran.stdout)));
    // What nobody has the key of is not checked, and no fault.
    let ran = verify(&targets, &sandbox, &["--rebuild"]).ended(0);
    let said = plain(&targets, &ran.stdout);
    assert!(
        said.contains(" Not checked signature of charts/web-1.0.0.tgz.prov on gh-pages  no public key for "),
        "{said}"
    );
    assert!(said.contains("    Verified rebuild of v1.0.0  web 1.0.0  SHA256  the same bytes\n"), "{said}");
    // As a program reads it.
    let ran = verify(&targets, &sandbox, &["--json", "--keyring", &alice]).ended(0);
    let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(json["charts"][0]["verdict"], "good", "{json:#}");
    assert_eq!(json["charts"][0]["digest"], digest(&targets.remote.read(ARCHIVE)));
    assert_eq!(
        (&json["charts"][0]["checks"][0]["state"], &json["problems"]),
        (&json!("verified"), &json!([]))
    );
    // An attestation, of which GitHub has one.
    let archive = targets.remote.read(ARCHIVE);
    let path: &'static str = format!("attestations/{}", digest(&archive)).leak();
    targets.github.with(|api| api.settings.insert(path, json!({"attestations": [{}]})));
    let said = verify(&targets, &sandbox, &[]).ended(0).stdout;
    assert!(said.contains("       Found attestation of web 1.0.0  1 attestation at GitHub; gh "), "{said}");
    // The same by the Helms, of what lies on the branch.
    sandbox.write("c/web-1.0.0.tgz.prov", &targets.remote.text(PROV));
    std::fs::write(sandbox.work().join("c/web-1.0.0.tgz"), archive).expect("a file");
    for (helm, program) in helms("a_release_that_is_good_everywhere") {
        let ran = sandbox.run(&program, &["verify", "--keyring", &alice, "c/web-1.0.0.tgz"]);
        // 3.17 knows no Ed25519.
        assert!(ran.status == 0 || helm == "helm3", "{helm}: {ran:?}");
    }
    // Whatever is checked out.
    bump(&sandbox, "1.1.0");
    let said = verify(&targets, &sandbox, &["v1.0.0", "--rebuild", "--keyring", &alice]).ended(0).stdout;
    assert!(said.contains("    Verified rebuild of v1.0.0  web 1.0.0  "), "{said}");
    for (tag, status, message) in [
        ("nonsense", 2, "error: tag `nonsense` is not a release tag\nhint: "),
        ("v9.9.9", 1, "couldn't find remote ref refs/tags/v9.9.9\nhint: "),
    ] {
        let ran = verify(&targets, &sandbox, &[tag]).ended(status);
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
    }
}

#[test]
fn what_differs_on_the_branch() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    let Some(keys) = Keys::new("what_differs_on_the_branch", &sandbox) else { return };
    publish(&targets, &sandbox, Some(&keys));
    let alice = keys.keyring("alice.gpg");
    let before: Vec<(&str, Vec<u8>)> =
        [INDEX, ARCHIVE, PROV].map(|path| (path, targets.remote.read(path))).to_vec();
    let (index, prov) = (targets.remote.text(INDEX), targets.remote.text(PROV));
    let other = archive_of("web", &chart("web", "1.0.0"), "kind: Secret\n");
    keys.key("Mallory", &[]);
    keys.export("Mallory", "mallory.gpg");
    let hex = digest(&before[1].1)["sha256:".len()..].to_owned();
    let by_mallory = keys.sign(&before[1].1, "Mallory", &[]);
    let mut found = String::new();
    for (what, path, content, keyring) in [
        ("a tampered archive", ARCHIVE, Some(other.clone()), "alice.gpg"),
        ("another chart", ARCHIVE, Some(archive("web", "2.0.0")), "alice.gpg"),
        ("no archive", ARCHIVE, None, "alice.gpg"),
        ("another digest", INDEX, Some(index.replace(&hex, &"a".repeat(64)).into()), "alice.gpg"),
        ("no digest", INDEX, Some(index.replace(&hex, "abc").into()), "alice.gpg"),
        ("no entry", INDEX, Some(index.replace("1.0.0", "1.0.9").into()), "alice.gpg"),
        ("a broken index", INDEX, Some("<html>".into()), "alice.gpg"),
        ("a tampered text", PROV, Some(prov.replace("name: web", "name: web\nhome: x").into()), "alice.gpg"),
        ("another key", PROV, Some(by_mallory.into()), "alice.gpg"),
        ("another keyring", PROV, Some(prov.clone().into()), "mallory.gpg"),
        ("no provenance", PROV, Some("web".into()), "alice.gpg"),
    ] {
        targets.remote.overwrite(&[(path, content.as_deref())]);
        let ran = verify(&targets, &sandbox, &["v1.0.0", "--keyring", &keys.keyring(keyring)]);
        let _ = writeln!(found, "# {what}\n{}", errors(&targets, ran));
        for (path, content) in &before {
            targets.remote.overwrite(&[(path, Some(content))]);
        }
    }
    expect![[r#"
        # a tampered archive
        `charts/web-1.0.0.tgz on gh-pages`: it has `web 1.0.0` as SHA256, and 7 have it as SHA256
        # another chart
        `charts/web-1.0.0.tgz on gh-pages`: it is of `web 2.0.0`
        # no archive
        `charts/web-1.0.0.tgz on gh-pages`: it is not there, and the index leads to it
        # another digest
        `charts/index.yaml on gh-pages`: it has `web 1.0.0` as SHA256, and 7 have it as SHA256
        # no digest
        `charts/index.yaml on gh-pages`: the digest `abc` of its entry is no SHA-256 digest
        # no entry
        `charts/index.yaml on gh-pages`: it does not list `web 1.0.0`, or is not there
        # a broken index
        `charts/index.yaml on gh-pages`: it cannot be read: Helm clients refuse this index: it is empty, or not a mapping
        # a tampered text
        `charts/web-1.0.0.tgz.prov on gh-pages`: it is another provenance file than provenance of oci://REGISTRY/web:1.0.0
        # another key
        `charts/web-1.0.0.tgz.prov on gh-pages`: it is another provenance file than provenance of oci://REGISTRY/web:1.0.0
        # another keyring
        `signature of charts/web-1.0.0.tgz.prov on gh-pages`: it is made with the key FINGERPRINT, which is not in the keyring
        # no provenance
        `charts/web-1.0.0.tgz.prov on gh-pages`: it is another provenance file than provenance of oci://REGISTRY/web:1.0.0
    "#]].assert_eq(&found);
    verify(&targets, &sandbox, &["v1.0.0", "--keyring", &alice]).ended(0);
    // What helm would have packaged has other bytes, and the same content.
    targets.remote.overwrite(&[(ARCHIVE, Some(&as_others_package(&before[1].1)))]);
    let said = verify(&targets, &sandbox, &["v1.0.0", "--rebuild"]).ended(1).stdout;
    assert!(said.contains("    Verified rebuild of v1.0.0  the same content; other bytes, since "), "{said}");
    targets.remote.overwrite(&[(ARCHIVE, Some(&before[1].1))]);
    // A version that was yanked stands in the second index.
    let reason = "annotations:\n  \"yanked/web-1.0.0\": \"it loses data\"\nentries:\n";
    let yanked = index.replace("entries:\n", reason);
    let gone = index.replace("1.0.0", "1.0.9");
    targets
        .remote
        .overwrite(&[(INDEX, Some(gone.as_bytes())), ("charts/yanked/index.yaml", Some(yanked.as_bytes()))]);
    let said = verify(&targets, &sandbox, &["v1.0.0"]).ended(0).stdout;
    assert!(said.contains("Verified charts/yanked/index.yaml on gh-pages  web 1.0.0  sha256:"), "{said}");
    assert!(said.contains("  yanked: it loses data\n"), "{said}");
}

#[test]
fn what_differs_at_github_and_in_the_registry() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    let Some(keys) = Keys::new("what_differs_at_github_and_in_the_registry", &sandbox) else { return };
    publish(&targets, &sandbox, Some(&keys));
    let alice = keys.keyring("alice.gpg");
    let release = somebody(&targets.github, "GET", "releases/tags/v1.0.0", &Value::Null);
    let asset = |name: &str| {
        let release = somebody(&targets.github, "GET", "releases/tags/v1.0.0", &Value::Null);
        let assets = release["assets"].as_array().expect("assets").iter();
        assets.filter(|asset| asset["name"] == name).map(|asset| asset["id"].to_string()).next().expect(name)
    };
    let replace = |name: &str, content: Option<&[u8]>| {
        let path = format!("releases/assets/{}", asset(name));
        somebody(&targets.github, "DELETE", &path, &Value::Null);
        if let Some(content) = content {
            attach(&targets.github, &release, name, content);
        }
    };
    let other = archive_of("web", &chart("web", "1.0.0"), "kind: Secret\n");
    let mut found = String::new();
    let mut run = |what: &str, args: &[&str]| {
        let ran = verify(&targets, &sandbox, &[&["v1.0.0", "--keyring", &alice], args].concat());
        let _ = writeln!(found, "# {what}\n{}", errors(&targets, ran));
    };
    for (what, file, content) in [
        ("another asset", "web-1.0.0.tgz", Some(&other[..])),
        ("no asset", "web-1.0.0.tgz", None),
        ("other sums", "SHA256SUMS", Some(&format!("{}  web-1.0.0.tgz\n", "b".repeat(64)).into_bytes()[..])),
        ("sums of another", "SHA256SUMS", Some(b"0  api.tgz\n")),
        ("another provenance", "web-1.0.0.tgz.prov", Some(b"x")),
    ] {
        let before = match file {
            "SHA256SUMS" => sandbox.read("dist/SHA256SUMS"),
            file => targets.remote.read(&format!("charts/{file}")),
        };
        replace(file, content);
        run(what, &[]);
        if content.is_some() {
            replace(file, None);
        }
        attach(&targets.github, &release, file, &before);
    }
    verify(&targets, &sandbox, &["v1.0.0"]).ended(0);
    run("no cosign", &["--key", "cosign.pub"]);
    let changed = source("1.0.0");
    changed.write("charts/web/values.yaml", "a: 2\n");
    changed.commit("changed");
    changed.git(&["tag", "--force", "v1.0.0"]);
    let args = ["--helm", "never", "--publish=oci", "--replace", "web-1.0.0"];
    let ran = targets.release(&changed, &args).ended(0);
    assert!(ran.stdout.contains("Replaced"), "{ran:?}");
    targets.push_tags(&sandbox);
    run("another layer", &[]);
    bump(&changed, "1.1.0");
    targets.release(&changed, &["--helm", "never", "--publish=oci"]).ended(0);
    targets.registry.tag_as("charts/web", "1.1.0", &["1.0.0"]);
    run("another version", &["--rebuild"]);
    expect![[r#"
        # another asset
        `web-1.0.0.tgz of release v1.0.0`: it has `web 1.0.0` as SHA256, and 7 have it as SHA256
        # no asset
        `web-1.0.0.tgz of release v1.0.0`: the release has no such asset
        # other sums
        `SHA256SUMS of release v1.0.0`: it has `web 1.0.0` as SHA256, and 7 have it as SHA256
        # sums of another
        `SHA256SUMS of release v1.0.0`: it has no SHA-256 digest of `web-1.0.0.tgz`
        # another provenance
        `web-1.0.0.tgz.prov of release v1.0.0`: it is another provenance file than charts/web-1.0.0.tgz.prov on gh-pages
        # no cosign
        `cosign signature of oci://REGISTRY/web:1.0.0`: there is none, and --key or --identity asks for one
        # another layer
        `oci://REGISTRY/web:1.0.0`: it has `web 1.0.0` as SHA256, and 6 have it as SHA256
        # another version
        `oci://REGISTRY/web:1.0.0`: it is of `web 1.1.0`
        `rebuild of v1.0.0`: charts/web-1.0.0.tgz on gh-pages differs from it in `values.yaml`
    "#]].assert_eq(&found);
}

/// The site as it is served, which may lag behind the branch, with relative URLs; and what the documentation shows.
#[test]
fn what_is_served() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    let Some(keys) = Keys::new("what_is_served", &sandbox) else { return };
    publish(&targets, &sandbox, Some(&keys));
    let alice = keys.keyring("alice.gpg");
    drop(keys);
    let site = Charts::new(&[]);
    let url = format!("https://{}/charts", tls_before(site.host().to_owned()));
    for (variable, value) in
        [("CONFIG_HELM_URL", &*url), ("SSL_CERT_FILE", AUTHORITY), ("NO_PROXY", "127.0.0.1")]
    {
        sandbox.set(variable, value);
    }
    let index = targets.remote.text(INDEX).replace("https://d44b.github.io/pulltrace/charts/", "");
    targets.remote.overwrite(&[(INDEX, Some(index.as_bytes()))]);
    let run = || {
        let mut command = sandbox.any_config_command();
        command.env("GITHUB_API_URL", targets.github.url());
        command.args(["verify", "v1.0.0", "--keyring", &alice, "--remote", &targets.remote.url]);
        command.args(["--oci", &targets.registry.url()]);
        sandbox.normal(&command.output().expect("xtask"))
    };
    site.index("");
    let ran = run().ended(1);
    let message = format!(
        "error: `{url}/index.yaml`: it does not list `web 1.0.0`, or is not there\nhint: GitHub Pages"
    );
    assert!(ran.stderr.contains(&message), "{}", ran.stderr);
    site.put("/charts/index.yaml", index.replace("digest: ", "digest: 0"));
    assert!(run().ended(1).stderr.contains("of its entry is no SHA-256 digest"));
    site.put("/charts/index.yaml", index);
    let printed = run().ended(0).stdout.replace(&url, "https://acme.github.io/shop/charts");
    let page =
        include_str!("../../../../docs/verify.md").split("$ cargo xtask verify v1.0.0 ").nth(1).expect("one");
    let shown = page.split_once('\n').expect("lines").1.split("```").next().expect("an end");
    let shown = shown.replace("oci://ghcr.io/acme/charts", "oci://REGISTRY");
    assert_eq!(plain(&targets, &printed), plain(&targets, &shown));
}

/// What could not be seen is neither right nor absent.
#[test]
fn what_cannot_be_seen() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    publish(&targets, &sandbox, None);
    targets.github.fail(fake::Fault::Refuse(403, "no"), "/releases", usize::MAX);
    targets.github.fail(fake::Fault::Refuse(401, "no"), "/attestations", usize::MAX);
    targets.registry.fail(fake::Fault::Refuse(500, "no"), "/v2/", usize::MAX);
    // Whoever asks for a signature relies on it.
    let ran = verify(&targets, &sandbox, &["v1.0.0", "--key", "k.pub"]).ended(1);
    assert!(ran.stderr.contains("error: `cosign signature`: it cannot be checked, "), "{}", ran.stderr);
    let ran = verify(&targets, &sandbox, &["v1.0.0"]).ended(0);
    expect![[r#"
        it prints:
            Verified charts/index.yaml on gh-pages  web 1.0.0  SHA256
            Verified charts/web-1.0.0.tgz on gh-pages  web 1.0.0  SHA256  224 B
              Absent charts/web-1.0.0.tgz.prov on gh-pages
         Not checked https://d44b.github.io/pulltrace/charts/index.yaml  the proxy http://127.0.0.1:1 does not answer: Connection refused (os error 111)
         Not checked oci://REGISTRY/web:1.0.0  cannot tell what is at `oci://REGISTRY/web:1.0.0`: HOST answers 500 (no)
         Not checked release v1.0.0 of d44b/pulltrace  cannot look at release `v1.0.0` of `d44b/pulltrace`: API: no (403)
         Not checked attestation of web 1.0.0  cannot look at the attestations of `d44b/pulltrace`: API: no (401)
                Good web 1.0.0  SHA256  2 checks, 4 not checked
    "#]].assert_eq(&format!("it prints:\n{}", plain(&targets, &ran.stdout)));
    sandbox.set("CARGO_NET_OFFLINE", "true");
    let ran = verify(&targets, &sandbox, &["v1.0.0"]).ended(1);
    assert!(ran.stdout.contains(" Not checked web 1.0.0: nothing could be looked at\n"), "{}", ran.stdout);
    assert_eq!(ran.stderr.lines().next(), Some("error: nothing could be checked of `web 1.0.0`"));
}
