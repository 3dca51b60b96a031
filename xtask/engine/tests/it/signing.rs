//! Signatures: made by a real gpg, judged by real Helms, and published with what they sign or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;

use helm_xtask::internals::digest::digest as digest_of;

use crate::charts_server::{Charts, entry};
use crate::consumers::block;
use crate::registry::repository_of;
use crate::registry_server::RegistryServer;
use crate::sandbox::{Ran, Sandbox, find, helms};
use crate::whole::{Targets, assert_same, bump, source};

pub const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const ADDRESS: &str = "charts@example.com";
pub const PASSPHRASE: &str = "correct horse battery";
/// What the guide shows in place of the key that a test makes.
const SHOWN: &str = "8EAF20E2FEA4517109489D9F6F3086E2A4C34093";

pub struct Key {
    pub secret: String,
    public: Vec<u8>,
    pub fingerprint: String,
}

pub struct Keys {
    pub rsa: Key,
    pub other: Key,
    pub ed25519: Key,
    pub expired: Key,
    pub locked: Key,
}

/// The keys of the tests, older than the commits of the sandbox; `None` where the test is passed over.
pub fn keys(test: &str) -> Option<&'static Keys> {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    if find("gpg").is_none() || find("gpgconf").is_none() {
        assert!(std::env::var_os("XTASK_REQUIRE_TOOLS").is_none_or(|value| value != "1"), "{test} needs gpg");
        let _ = writeln!(std::io::stderr(), "passed over: {test}, since gpg is not in PATH");
        return None;
    }
    Some(KEYS.get_or_init(|| {
        let sandbox = with_gpg(Sandbox::new());
        let key = |kind: &str, passphrase: &str, end: &str| {
            // Each has a directory of its own, so that there is one key.
            let home = sandbox.work().join(format!("{kind}{}{end}", passphrase.len()));
            fs::create_dir(&home).expect("a directory");
            run(&sandbox, Path::new("/bin/chmod"), &["700", &home.display().to_string()]);
            let gpg = |args: &[&str]| {
                let mut command = sandbox.command(&find("gpg").expect("gpg"));
                command.env("GNUPGHOME", &home).args([
                    "--batch",
                    "--pinentry-mode",
                    "loopback",
                    "--passphrase",
                ]);
                let output = command.arg(passphrase).args(args).output().expect("gpg");
                assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
                output.stdout
            };
            let user = format!("Shop <{ADDRESS}>");
            gpg(&["--faked-system-time", "20231201T000000", "--quick-gen-key", &user, kind, "sign", end]);
            let listing = String::from_utf8(gpg(&["--with-colons", "--list-keys"])).expect("a listing");
            let fingerprint =
                listing.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).expect("a key");
            let fingerprint = fingerprint.trim_end_matches(':').to_owned();
            let key = Key {
                secret: String::from_utf8(gpg(&["--armor", "--export-secret-keys"])).expect("a key"),
                public: gpg(&["--export", &format!("{fingerprint}!")]),
                fingerprint,
            };
            let mut kill = sandbox.command(&find("gpgconf").expect("gpgconf"));
            kill.env("GNUPGHOME", &home).args(["--kill", "all"]).status().expect("gpgconf");
            key
        };
        Keys {
            rsa: key("rsa2048", "", "never"),
            other: key("nistp256", "", "never"),
            ed25519: key("ed25519", "", "never"),
            expired: key("rsa2048", "", "2023-12-20"),
            locked: key("rsa2048", PASSPHRASE, "never"),
        }
    }))
}

pub fn run(sandbox: &Sandbox, program: &Path, args: &[&str]) -> Ran {
    sandbox.run(program, args).ended(0)
}

/// Lets the sandbox's programs find gpg.
fn with_gpg(sandbox: Sandbox) -> Sandbox {
    for program in ["gpg", "gpgconf"] {
        sandbox.link_program(program, &find(program).expect("gpg"));
    }
    sandbox
}

/// A repository whose config names a key, and an environment with the secret key.
pub fn signing(sandbox: Sandbox, key: &Key) -> Sandbox {
    let mut sandbox = with_gpg(sandbox);
    sandbox.set("CONFIG_SIGNING_KEY", ADDRESS);
    sandbox.set("XTASK_GPG_KEY", &key.secret);
    sandbox
}

pub fn offline(sandbox: &Sandbox, args: &[&str]) -> Ran {
    sandbox.any_config(&[&["release", "--offline", "--helm", "never"], args].concat())
}

pub fn release(targets: &Targets, sandbox: &Sandbox, args: &[&str]) -> Ran {
    targets.push_tags(sandbox);
    let to =
        ["release", "--helm", "never", "--remote", &targets.remote.url, "--oci", &targets.registry.url()];
    let mut command = sandbox.any_config_command();
    command.env("GITHUB_API_URL", targets.github.url()).args(to).args(args);
    sandbox.normal(&command.output().expect("xtask"))
}

/// What is signed, without the digest of the archive.
fn signed_text(provenance: &str) -> String {
    let text = provenance.split("-----BEGIN PGP SIGNATURE").next().expect("a text");
    text.lines().filter(|line| !line.contains(": sha256:")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_text_is_helms() {
    let test = "the_text_is_helms";
    let Some(keys) = keys(test) else { return };
    let long = format!(
        "{CHART}description: \"{}\"\nannotations: {{b: \"- x\\n- y \\n\", a: \"-\"}}\n",
        "word ".repeat(60)
    );
    let dependencies = "dependencies:\n- {name: db, version: 1.0.0, repository: \"\"}\n";
    let db = "apiVersion: v2\nname: db\nversion: 1.0.0\n";
    for (chart, files) in [
        (CHART.to_owned(), vec![]),
        (long, vec![]),
        (format!("{CHART}{dependencies}"), vec![("charts/web/charts/db/Chart.yaml", db)]),
        (
            CHART.replace("v2", "v1"),
            vec![("charts/web/charts/db/Chart.yaml", db), ("charts/web/requirements.yaml", dependencies)],
        ),
    ] {
        let sandbox = signing(repository_of(&chart), &keys.rsa);
        for (path, text) in files {
            sandbox.write(path, text);
        }
        sandbox.commit("more");
        sandbox.git(&["tag", "--force", "v1.0.0"]);
        offline(&sandbox, &["--sign"]).ended(0);
        let ours = sandbox.text("dist/web-1.0.0.tgz.prov");
        assert!(ours.contains(&format!(": {}\n", digest_of(&sandbox.read("dist/web-1.0.0.tgz")))), "{ours}");
        sandbox.write("secret.asc", &keys.rsa.secret);
        let dearmour = ["--batch", "--yes", "--output", "secret.gpg", "--dearmor", "secret.asc"];
        run(&sandbox, &find("gpg").expect("gpg"), &dearmour);
        // The tag stamps `appVersion`, and helm does the same.
        let sign =
            ["package", "charts/web", "-d", "helm", "--sign", "--key", "Shop", "--keyring", "secret.gpg"];
        for (name, helm) in helms(test) {
            run(&sandbox, &helm, &[&sign[..], &["--app-version", "1.0.0"]].concat());
            let theirs = sandbox.text("helm/web-1.0.0.tgz.prov");
            let theirs = signed_text(&theirs);
            assert_eq!(signed_text(&ours).trim_end(), theirs.trim_end(), "{name}");
        }
    }
}

/// Helm with an empty cache: Helm 4 passes an unsigned chart whose provenance file it has there.
fn helm(sandbox: &Sandbox, helm: &Path, args: &[&str]) -> Ran {
    let home = sandbox.work().join("user");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(home.join("pulled")).expect("a directory");
    let mut command = sandbox.command(helm);
    for (variable, directory) in
        [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")]
    {
        command.env(variable, home.join(directory));
    }
    sandbox.normal(&command.args(args).output().expect("helm"))
}

#[test]
fn every_helm_verifies() {
    let test = "every_helm_verifies";
    let Some(keys) = keys(test) else { return };
    let Some(registry) = RegistryServer::open(test) else { return };
    let classic = Charts::new(&[]);
    for (kind, key) in [("rsa", &keys.rsa), ("p256", &keys.other), ("ed25519", &keys.ed25519)] {
        let sandbox = signing(repository_of(CHART), key);
        let target = format!("oci://{}/{kind}", registry.host);
        let to = ["--publish=oci", "--oci", &target, "--helm", "never"];
        let ran = sandbox.any_config(&[&["release", "--sign"], &to[..]].concat()).ended(0);
        assert_eq!(ran.stderr.contains("Helm 3.17 refuses"), kind == "ed25519", "{}", ran.stderr);
        let [archive, provenance] =
            ["", ".prov"].map(|end| sandbox.read(&format!("dist/web-1.0.0.tgz{end}")));
        let serve = |archive: &[u8]| {
            classic.put("/charts/web-1.0.0.tgz", archive);
            classic.put("/charts/web-1.0.0.tgz.prov", &*provenance);
            classic.index(&entry("web", "1.0.0", "web-1.0.0.tgz", &digest_of(archive)));
        };
        serve(&archive);
        fs::write(sandbox.work().join("keyring.gpg"), &key.public).expect("a keyring");
        fs::write(sandbox.work().join("other.gpg"), &keys.locked.public).expect("a keyring");
        let (chart, url) = (format!("{target}/web"), classic.url());
        let (of_oci, of_classic) = ([&*chart, "--plain-http"], ["web", "--repo", &url]);
        let ways: [(&[&str], &[&str]); 5] = [
            (&["verify"], &["dist/web-1.0.0.tgz"]),
            (&["pull", "--verify", "--version", "1.0.0", "-d", "user/pulled"], &of_oci),
            (&["pull", "--verify", "--version", "1.0.0", "-d", "user/pulled"], &of_classic),
            (&["template", "x", "--verify", "--version", "1.0.0"], &of_oci),
            (&["template", "x", "--verify", "--version", "1.0.0"], &of_classic),
        ];
        for (name, program) in helms(test) {
            let all = |keyring: &str| {
                let try_it = |(words, place): &(&[&str], &[&str])| {
                    let (first, rest) = words.split_at(if words[0] == "template" { 2 } else { 1 });
                    let args = [first, place, rest, &["--keyring", keyring]].concat();
                    helm(&sandbox, &program, &args).status == 0
                };
                ways.iter().map(try_it).collect::<Vec<_>>()
            };
            // 3.17 reads no keyring with a key of that kind.
            assert_eq!(all("keyring.gpg"), [kind != "ed25519" || name != "helm3"; 5], "{name} {kind}");
            assert_eq!(all("other.gpg"), [false; 5], "{name} {kind}");
            // Other bytes under the same signature.
            let broken = [&archive[..], b"x"].concat();
            fs::write(sandbox.work().join("dist/web-1.0.0.tgz"), &broken).expect("a file");
            serve(&broken);
            let all = all("keyring.gpg");
            assert_eq!([all[0], all[2], all[4]], [false; 3], "{name} {kind}");
            fs::write(sandbox.work().join("dist/web-1.0.0.tgz"), &archive).expect("a file");
            serve(&archive);
        }
        // The rehearsal's user verifies as well.
        if let Some((_, newest)) = helms(test).into_iter().last() {
            let mut sandbox = signing(repository_of(CHART), key);
            sandbox.set("HELM_BIN", newest.display().to_string());
            let ran = sandbox.any_config(&["release", "--rehearse", "--sign", "--offline"]).ended(0);
            assert_eq!(ran.stdout.matches("--verify --keyring").count(), 2, "{}", ran.stdout);
        }
    }
}

#[test]
fn a_signature_is_made_once_and_lands_with_its_entry() {
    let Some(keys) = keys("a_signature_is_made_once_and_lands_with_its_entry") else { return };
    let (targets, mut sandbox) = (Targets::new(), signing(source("1.0.0"), &keys.rsa));
    let before = targets.remote.commits();
    let refused = release(&targets, &sandbox, &["--publish"]).ended(1);
    assert!(
        refused.stderr.contains("there is no signature of `web-1.0.0.tgz`\nhint: cargo xtask release --sign"),
        "{}",
        refused.stderr
    );
    let pages = ["pages", "--only", "charts", "--publish", "--remote", &targets.remote.url];
    assert!(sandbox.any_config(&pages).ended(1).stderr.contains("there is no signature of `web-1.0.0.tgz`"));
    assert_eq!(targets.writes(), [""; 0]);
    let plan = release(&targets, &sandbox, &[]).ended(0);
    assert!(plan.stderr.contains("warning: the config names a signing key"), "{}", plan.stderr);

    let ran = release(&targets, &sandbox, &["--sign", "--publish"]).ended(0);
    assert!(ran.stdout.contains(&format!("signed by {}", keys.rsa.fingerprint)), "{}", ran.stdout);
    assert_eq!(targets.remote.commits(), before + 1, "entry and signature come in one commit");
    let [here, there] =
        [sandbox.text("dist/web-1.0.0.tgz.prov"), targets.remote.text("charts/web-1.0.0.tgz.prov")];
    assert_eq!(here, there);
    let state = targets.state();
    assert!(state["github"].to_string().contains("web-1.0.0.tgz.prov"), "{:#}", state["github"]);

    // Again, without the key, and in a clone that has never seen the signature.
    sandbox.unset("XTASK_GPG_KEY");
    fs::remove_dir_all(sandbox.work().join("dist")).expect("a directory");
    targets.writes();
    for args in [&["--publish"][..], &["--sign", "--publish"]] {
        let ran = release(&targets, &sandbox, args).ended(0);
        assert_eq!(targets.writes(), [""; 0], "{}", ran.stdout);
        assert_same(&targets.state(), &state, "");
        assert_eq!(sandbox.text("dist/web-1.0.0.tgz.prov"), here);
    }
    // The same key gives the same bytes in another clone, and another key would not change what is published.
    let (others, clone) = (Targets::new(), signing(source("1.0.0"), &keys.rsa));
    release(&others, &clone, &["--sign", "--publish"]).ended(0);
    assert_same(&others.state(), &state, "");
    sandbox.set("XTASK_GPG_KEY", &keys.other.secret);
    release(&targets, &sandbox, &["--sign", "--publish"]).ended(0);
    assert_same(&targets.state(), &state, "");
    bump(&sandbox, "1.1.0");
    let ran = release(&targets, &sandbox, &["--sign", "--publish"]).ended(0);
    assert!(ran.stdout.contains(&format!("signed by {}", keys.other.fingerprint)), "{}", ran.stdout);
    assert_eq!(targets.remote.text("charts/web-1.0.0.tgz.prov"), here);
}

#[test]
fn what_is_published_unsigned_stays_so() {
    let Some(keys) = keys("what_is_published_unsigned_stays_so") else { return };
    for part in ["--publish", "--publish=oci", "--publish=pages"] {
        let (targets, sandbox) = (Targets::new(), source("1.0.0"));
        release(&targets, &sandbox, &[part]).ended(0);
        // A signature that somebody made meanwhile is not published either.
        let sandbox = signing(sandbox, &keys.rsa);
        offline(&sandbox, &["--sign"]).ended(0);
        let ran = release(&targets, &sandbox, &["--sign", "--publish"]).ended(0);
        let note = "note: published without a signature, and kept so: `web-1.0.0.tgz`\n";
        assert!(ran.stderr.contains(note) && !ran.stdout.contains("Signed"), "{}{}", ran.stderr, ran.stdout);
        assert!(!targets.state().to_string().contains(".prov"), "{part}");
        let plain = Targets::new();
        release(&plain, &source("1.0.0"), &["--publish"]).ended(0);
        assert_eq!(targets.state()["oci"], plain.state()["oci"], "{part}");
        let (dist, state) = (sandbox.files("dist"), targets.state());
        assert!(!dist.iter().any(|file| file.ends_with(".prov")), "{dist:?}");
        release(&targets, &sandbox, &["--from", "dist", "--sign", "--publish"]).ended(0);
        assert_same(&targets.state(), &state, part);
    }
}

/// One job packages, one has the key, and one publishes.
#[test]
fn a_job_of_its_own_signs() {
    let Some(keys) = keys("a_job_of_its_own_signs") else { return };
    let (targets, mut sandbox) = (Targets::new(), with_gpg(source("1.0.0")));
    sandbox.set("CONFIG_SIGNING_KEY", &keys.locked.fingerprint);
    release(&targets, &sandbox, &[]).ended(0);
    let dist = sandbox.snapshot("dist");
    sandbox.set("XTASK_GPG_KEY", &keys.locked.secret);
    sandbox.set("XTASK_GPG_PASSPHRASE", format!("{PASSPHRASE}\n"));
    let ran = release(&targets, &sandbox, &["--from", "dist", "--sign", "--offline"]).ended(0);
    let line = format!("Signed dist/web-1.0.0.tgz.prov  by {}  Shop <{ADDRESS}>\n", keys.locked.fingerprint);
    assert!(ran.stdout.contains(&line), "{}", ran.stdout);
    let Ran { stdout, .. } =
        release(&targets, &sandbox, &["--from", "dist", "--sign", "--offline", "--json"]).ended(0);
    let json: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(
        json["signed"],
        serde_json::json!({"key": keys.locked.fingerprint, "archives": ["web-1.0.0.tgz"]})
    );
    let provenance = sandbox.text("dist/web-1.0.0.tgz.prov");
    let unsigned = sandbox.files("dist").len() - 1;
    sandbox.restore("dist", &dist);
    assert_eq!(sandbox.files("dist").len(), unsigned + 1, "nothing else is written");
    sandbox.unset("XTASK_GPG_KEY");
    sandbox.unset("XTASK_GPG_PASSPHRASE");
    release(&targets, &sandbox, &["--from", "dist", "--publish"]).ended(0);
    assert_eq!(targets.remote.text("charts/web-1.0.0.tgz.prov"), provenance);
    targets.assert_in_order();
}

type Break<'a> = &'a dyn Fn(&mut Sandbox);

/// What goes wrong leaves `dist/` without a signature, and the targets alone.
#[test]
fn what_keeps_a_release_from_being_signed() {
    let Some(keys) = keys("what_keeps_a_release_from_being_signed") else { return };
    let public = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDM=\n-----END PGP PUBLIC KEY BLOCK-----\n";
    let set = |sandbox: &mut Sandbox, variable: &str, value: &str| sandbox.set(variable, value);
    let cases: [(Break<'_>, i32, &str); 9] = [
        (
            &|sandbox| fs::remove_file(sandbox.work().join("../bin/gpg")).expect("a link"),
            1,
            "error: `gpg` is not in PATH",
        ),
        (
            &|sandbox| sandbox.unset("CONFIG_SIGNING_KEY"),
            2,
            "error: --sign needs a key, and the config names none",
        ),
        (
            &|sandbox| set(sandbox, "CONFIG_SIGNING_KEY", "nobody@example.com"),
            1,
            "error: gpg has no secret key `nobody@example.com`",
        ),
        (
            &|sandbox| set(sandbox, "XTASK_GPG_KEY", &keys.expired.secret),
            1,
            "error: key `charts@example.com` expired on 2023-12-20",
        ),
        (
            &|sandbox| set(sandbox, "XTASK_GPG_KEY", &keys.locked.secret),
            1,
            "hint: the key has a passphrase: set XTASK_GPG_PASSPHRASE",
        ),
        (
            &|sandbox| {
                set(sandbox, "XTASK_GPG_KEY", &keys.locked.secret);
                set(sandbox, "XTASK_GPG_PASSPHRASE", "wrong passphrase");
            },
            1,
            "Bad passphrase\nhint: XTASK_GPG_PASSPHRASE is not the passphrase of this key",
        ),
        (
            &|sandbox| set(sandbox, "XTASK_GPG_KEY", "no key"),
            1,
            "error: cannot read the key in XTASK_GPG_KEY: it is neither",
        ),
        (
            &|sandbox| set(sandbox, "XTASK_GPG_KEY", public),
            1,
            "error: cannot read the key in XTASK_GPG_KEY: ",
        ),
        // The user's own gpg, whose agent has nobody to ask.
        (
            &|sandbox| {
                sandbox.unset("XTASK_GPG_KEY");
                let mut import = sandbox.command(&find("gpg").expect("gpg"));
                import.args(["--batch", "--import"]).stdin(Stdio::piped()).stderr(Stdio::null());
                let mut import = import.spawn().expect("gpg");
                import.stdin.take().expect("a pipe").write_all(keys.locked.secret.as_bytes()).expect("a key");
                assert!(import.wait().expect("an end").success());
            },
            1,
            "hint: unlock the key first: export GPG_TTY=$(tty)",
        ),
    ];
    for (act, status, words) in cases {
        let (targets, mut sandbox) = (Targets::new(), signing(source("1.0.0"), &keys.rsa));
        act(&mut sandbox);
        let ran = release(&targets, &sandbox, &["--sign", "--publish"]).ended(status);
        assert!(ran.stderr.contains(words) && ran.stderr.contains("hint: "), "{words}: {}", ran.stderr);
        assert_eq!(targets.writes(), [""; 0], "{words}");
        assert!(!sandbox.files("dist").iter().any(|file| file.ends_with(".prov")), "{words}");
        sandbox.run(&find("gpgconf").expect("gpgconf"), &["--kill", "all"]);
    }
    // Half of a release is finished with the signature that the other half has.
    let (targets, mut sandbox) = (Targets::new(), signing(source("1.0.0"), &keys.rsa));
    release(&targets, &sandbox, &["--sign", "--publish=oci"]).ended(0);
    let provenance = sandbox.text("dist/web-1.0.0.tgz.prov");
    fs::remove_dir_all(sandbox.work().join("dist")).expect("a directory");
    sandbox.unset("XTASK_GPG_KEY");
    release(&targets, &sandbox, &["--publish"]).ended(0);
    assert_eq!(targets.remote.text("charts/web-1.0.0.tgz.prov"), provenance);
    targets.assert_in_order();
}

#[test]
fn the_guide_shows_what_happens() {
    let Some(keys) = keys("the_guide_shows_what_happens") else { return };
    let sandbox = signing(repository_of(CHART), &keys.rsa);
    let ran = offline(&sandbox, &["--sign"]).ended(0);
    let seen = format!("$ cargo xtask release --sign --offline --helm never\n{}", ran.stdout);
    let seen = seen.replace(&keys.rsa.fingerprint, SHOWN);
    assert_eq!(block("signing.md", "## Signing a release"), seen);
}

/// A key that the config names by an address is one key.
#[test]
fn two_keys_of_one_address() {
    let Some(keys) = keys("two_keys_of_one_address") else { return };
    let mut sandbox = signing(repository_of(CHART), &keys.rsa);
    sandbox.set("XTASK_GPG_KEY", format!("{}\n{}", keys.rsa.secret, keys.other.secret));
    let ran = offline(&sandbox, &["--sign"]).ended(1);
    assert!(ran.stderr.contains("error: gpg has 2 secret keys `charts@example.com`: "), "{}", ran.stderr);
    sandbox.set("CONFIG_SIGNING_KEY", &keys.other.fingerprint);
    let ran = offline(&sandbox, &["--sign"]).ended(0);
    assert!(ran.stdout.contains(&keys.other.fingerprint), "{}", ran.stdout);
}

#[test]
fn check_judges_the_key_and_the_keyring() {
    let Some(keys) = keys("check_judges_the_key_and_the_keyring") else { return };
    let mut sandbox = signing(repository_of(CHART), &keys.ed25519);
    sandbox.write("keyring.gpg", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n");
    sandbox.commit("a keyring");
    let mut check = |key: Option<&Key>| {
        match key {
            Some(key) => sandbox.set("XTASK_GPG_KEY", &key.secret),
            None => sandbox.unset("XTASK_GPG_KEY"),
        }
        sandbox.any_config(&["check", "--offline", "--helm", "never"])
    };
    let ran = check(Some(&keys.ed25519));
    assert!(
        ran.stderr.contains("keyring.gpg: it is armoured: Helm before 4.3 reads a binary keyring alone"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("is one of `ed25519`: Helm 3.17 refuses"), "{}", ran.stderr);
    assert!(check(Some(&keys.expired)).ended(1).stderr.contains("error: key `charts@example.com` expired"));
    for key in [None, Some(&keys.rsa)] {
        let ran = check(key);
        assert!(!ran.stderr.contains("charts@example.com"), "{}", ran.stderr);
    }
}
