//! The network as companies have it: proxies, and certificates of their own; and servers that fail or are silent.

use crate::charts_server::Charts;
use crate::dependency::{package, web};
use crate::sandbox::{Ran, Sandbox};
use crate::whole::{Targets, source};
use crate::wire::{AUTHORITY, ForwardProxy, silent_server, tls_before};
use crate::{check, fake, registry_api};

/// A chart that depends on `db` of `https://charts.example/charts`, and these servers for it: one that speaks TLS, and a
/// proxy before that.
fn behind(status: u16) -> (Sandbox, Charts, ForwardProxy) {
    let charts = Charts::new(&[("db", "1.2.0")]);
    let proxy = ForwardProxy::before(tls_before(charts.host().to_owned()), status);
    let mut sandbox = web(&[("db", "1.2.0", "https://charts.example/charts")]);
    sandbox.unset("HTTPS_PROXY");
    sandbox.set("SSL_CERT_FILE", AUTHORITY);
    (sandbox, charts, proxy)
}

#[test]
fn the_proxy_is_the_one_that_helm_would_take() {
    let (mut sandbox, _charts, proxy) = behind(200);
    let through = ["CONNECT charts.example:443"; 2];
    for (variables, is_asked) in [
        (&[("HTTPS_PROXY", &*proxy.origin)][..], true),
        (&[("https_proxy", &proxy.origin["http://".len()..])], true),
        (&[("HTTPS_PROXY", &*proxy.origin), ("https_proxy", "http://127.0.0.1:1")], true),
        (
            &[
                ("HTTPS_PROXY", &*proxy.origin),
                ("NO_PROXY", "other.example, .charts.example,charts.example:80"),
            ],
            true,
        ),
        (&[("HTTPS_PROXY", &*proxy.origin), ("NO_PROXY", "other.example, example")], false),
        (&[("HTTPS_PROXY", &*proxy.origin), ("no_proxy", "*")], false),
        (&[("HTTP_PROXY", &*proxy.origin)], false),
    ] {
        for (name, value) in variables {
            sandbox.set(name, *value);
        }
        let ran = package(&sandbox, &["--deadline", "5"]);
        // Nobody has a host of that name.
        assert_eq!(ran.status, i32::from(!is_asked), "{variables:?}: {}", ran.stderr);
        assert_eq!(proxy.asked(), through[..if is_asked { 2 } else { 0 }], "{variables:?}");
        for (name, _) in variables {
            sandbox.unset(name);
        }
        let _ = std::fs::remove_dir_all(sandbox.work().join("target/helm-xtask"));
    }
}

/// A proxy that does not answer, or refuses, is named, and asked once.
#[test]
fn a_proxy_that_fails_is_named() {
    for (status, expected) in [
        (407, "the proxy http://127.0.0.1:PORT wants a user and a password (407)"),
        (403, "the proxy http://127.0.0.1:PORT answers 403"),
    ] {
        let (mut sandbox, _charts, proxy) = behind(status);
        let with_user = proxy.origin.replacen("http://", "http://me:secret0123@", 1);
        sandbox.set("HTTPS_PROXY", with_user);
        let ran = package(&sandbox, &[]).ended(1);
        let port = proxy.origin.rsplit(':').next().unwrap_or_default();
        assert!(ran.stderr.replace(port, "PORT").contains(expected), "{}", ran.stderr);
        assert!(!ran.stderr.contains("secret0123") && !ran.stderr.contains("bWU6"), "{}", ran.stderr);
        assert_eq!(proxy.asked(), ["CONNECT charts.example:443 bWU6c2VjcmV0MDEyMw=="]);
    }
    let (mut sandbox, _charts, _proxy) = behind(200);
    sandbox.set("HTTPS_PROXY", "http://127.0.0.1:1");
    let ran = package(&sandbox, &[]).ended(1);
    assert!(ran.stderr.contains("the proxy http://127.0.0.1:1 does not answer"), "{}", ran.stderr);
    sandbox.set("HTTPS_PROXY", "http://[nonsense");
    let ran = package(&sandbox, &[]).ended(1);
    assert!(ran.stderr.contains("is no proxy that can be asked"), "{}", ran.stderr);
}

/// A certificate that nobody trusts is named, and the server asked once.
#[test]
fn a_certificate_that_nobody_trusts_is_named() {
    let (mut sandbox, _charts, proxy) = behind(200);
    sandbox.set("HTTPS_PROXY", proxy.origin.clone());
    sandbox.unset("SSL_CERT_FILE");
    let ran = package(&sandbox, &[]).ended(1);
    assert!(ran.stderr.contains("cannot reach charts.example: TLS: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: set SSL_CERT_FILE"), "{}", ran.stderr);
    assert_eq!(proxy.asked().len(), 1);
}

/// Git reads other variables in other ways, and gets what we found in ours.
#[test]
fn git_goes_the_same_way() {
    let remote = crate::remote::Remote::seeded();
    let proxy = ForwardProxy::before(tls_before(remote.server.host().to_owned()), 200);
    let mut sandbox = crate::remote::publisher("web", "1.0.0");
    let url = "https://git.example/o/r.git";
    let args = ["pages", "--publish", "--only", "charts", "--remote", url];
    sandbox.set("HTTPS_PROXY", proxy.origin.clone());
    sandbox.set("NO_PROXY", "10.0.0.0/8, .git.example");
    // Git's own reading of NO_PROXY would leave the proxy out: `.git.example` is for git.example itself, too.
    let ran = sandbox.xtask(&args).ended(1);
    assert!(
        ran.stderr.contains("certificate") && ran.stderr.contains("hint: set SSL_CERT_FILE"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("Retrying"), "{}", ran.stderr);
    sandbox.set("SSL_CERT_FILE", AUTHORITY);
    sandbox.xtask(&args).ended(0);
    assert_eq!(remote.assert_whole(), 3);
    assert!(proxy.asked().iter().all(|asked| asked == "CONNECT git.example:443"));
    // Git's own setting counts where there is one.
    sandbox.write("../home/.gitconfig", "[http]\n\tsslCAInfo = /nowhere.pem\n");
    sandbox.xtask(&args).ended(1);
}

/// Proxies refuse a tunnel to port 80, and get such requests themselves, as helm sends them.
#[test]
fn plain_http_goes_to_the_proxy_itself() {
    let charts = Charts::new(&[("db", "1.2.0")]);
    let mut sandbox = web(&[("db", "1.2.0", "http://charts.example/charts")]);
    let proxy = ForwardProxy::before(charts.host().to_owned(), 200);
    for (user, sent) in [("", ""), ("me:secret%30123@", " bWU6c2VjcmV0MDEyMw==")] {
        sandbox.set("HTTP_PROXY", proxy.origin.replacen("://", &format!("://{user}"), 1));
        package(&sandbox, &[]).ended(0);
        let line = |file: &str| format!("GET http://charts.example/charts/{file}{sent}");
        assert_eq!(proxy.asked(), [line("index.yaml"), line("db-1.2.0.tgz")]);
        let _ = std::fs::remove_dir_all(sandbox.work().join("target/helm-xtask"));
    }
    assert!(charts.calls().iter().all(|call| call.status == 200));
    // What is sent goes the same way.
    let targets = Targets::new();
    let proxy = ForwardProxy::before(targets.registry.host().to_owned(), 200);
    let mut publisher = source("1.0.0");
    publisher.set("HTTP_PROXY", proxy.origin.clone());
    let ran =
        to_registry(&targets, &publisher, "registry.example", &["--publish=oci", "--plain-http"]).ended(0);
    assert_eq!(targets.registry.state()["charts/web"]["blobs"].as_array().map(Vec::len), Some(2), "{ran:?}");
    let asked = proxy.asked();
    assert!(asked.iter().all(|line| line.contains(" http://registry.example/v2/charts/web/")), "{asked:?}");
    // What the proxy says of a user is not what the server says.
    let refusing = ForwardProxy::before(charts.host().to_owned(), 407);
    sandbox.set("HTTP_PROXY", refusing.origin.clone());
    let ran = package(&sandbox, &[]).ended(1);
    let message = format!("the proxy {} wants a user and a password (407)", refusing.origin);
    assert!(
        ran.stderr.contains(&message) && ran.stderr.contains("hint: correct HTTPS_PROXY or HTTP_PROXY, "),
        "{}",
        ran.stderr
    );
    assert_eq!(refusing.asked().len(), 1);
    sandbox.set("HTTP_PROXY", "http://127.0.0.1:1");
    let ran = package(&sandbox, &[]).ended(1);
    assert!(ran.stderr.contains("the proxy http://127.0.0.1:1 does not answer"), "{}", ran.stderr);
}

/// `release` of the chart to this registry alone.
fn to_registry(targets: &Targets, sandbox: &Sandbox, host: &str, args: &[&str]) -> Ran {
    targets.push_tags(sandbox);
    let mut command = targets.remote.layout.command(sandbox);
    let oci = format!("oci://{host}/charts");
    command.args(["release", "--remote", &targets.remote.url, "--oci", &oci]).args(args);
    sandbox.normal(&command.output().expect("xtask"))
}

/// A registry on this machine may speak TLS. Nobody falls back to plain HTTP where its certificate is not trusted.
#[test]
fn a_registry_on_this_machine_may_speak_tls() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    let host = tls_before(targets.registry.host().to_owned());
    let ran = to_registry(&targets, &sandbox, &host, &["--publish=oci"]).ended(1);
    assert!(ran.stderr.contains(&format!("{host}: TLS: ")), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: set SSL_CERT_FILE"), "{}", ran.stderr);
    sandbox.set("SSL_CERT_FILE", AUTHORITY);
    to_registry(&targets, &sandbox, &host, &["--publish=oci"]).ended(0);
    assert_eq!(targets.registry.state().as_object().map(serde_json::Map::len), Some(1));
    let ran = to_registry(&targets, &sandbox, &host, &["--publish=oci"]).ended(0);
    assert!(
        ran.stdout.contains("nothing is left to do") || ran.stdout.contains("Unchanged"),
        "{}",
        ran.stdout
    );
    // In plain HTTP it is there as well.
    to_registry(&targets, &sandbox, targets.registry.host(), &["--publish=oci"]).ended(0);
}

/// One that says nothing to a greeting is asked in plain HTTP, and greeted once.
#[test]
fn a_registry_that_is_silent_is_greeted_once() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    let (host, greetings) = silent_server(0x16);
    let ran = to_registry(&targets, &sandbox, &host, &["--deadline", "4"]).ended(0);
    assert!(ran.stderr.contains(&format!("{host}: it did not answer in time")), "{}", ran.stderr);
    assert_eq!(*greetings.lock().expect("a count"), 1);
}

/// What fails is the token server, by its own words, and a refusal is not asked for again.
#[test]
fn a_token_server_that_fails_is_named() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    targets.registry.want_tokens("bWU6cGFzcw==", true);
    let host = targets.registry.host();
    let realm = format!("the token server `{}/token` of {host}", targets.registry.origins[1]);
    let plain = || vec![("Content-Type", "text/plain".to_owned())];
    for (status, body, expected) in [
        (403, "users of this plan are\nnot let in", " answers 403 (users of this plan are)"),
        (404, "<html>", " answers 404"),
    ] {
        targets.registry.fail(fake::Fault::Answer(status, plain(), body.to_owned()), "/token", 9);
        let ran = to_registry(&targets, &sandbox, host, &["--publish=oci"]).ended(1);
        assert!(ran.stderr.contains(&format!("{realm}{expected}\n")), "{}", ran.stderr);
        let calls = targets.registry.calls();
        let asked: Vec<&str> =
            calls.iter().map(|call| &*call.line).filter(|line| line.contains("/token")).collect();
        // Once for the right to read, and once for that to push.
        assert!(asked.len() == 2 && asked[0] != asked[1], "{calls:?}");
        targets.registry.heal();
    }
    // Nobody trusts its certificate.
    let tls = tls_before(targets.registry.origins[1]["http://".len()..].to_owned());
    targets.registry.with(|oci| {
        if let registry_api::Door::Bearer(tokens) = &mut oci.door {
            tokens.realm = format!("https://{tls}/token");
        }
    });
    let ran = to_registry(&targets, &sandbox, host, &["--publish=oci"]).ended(1);
    assert!(
        ran.stderr.contains(&format!("the token server `https://{tls}/token` of {host}: TLS: ")),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("hint: set SSL_CERT_FILE"), "{}", ran.stderr);
}

/// What a server says in plain text is a part of the message, without what it was sent.
#[test]
fn words_in_plain_text_are_shown() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    let body = format!("\u{1b}[2Jblocked by the gateway: {}\nmore", crate::server::TOKEN);
    let words = "\\u{1b}[2Jblocked by the gateway: ***";
    let blocked = || (403, vec![("Content-Type", "text/plain; charset=utf-8".to_owned())], body.clone());
    let (status, headers, text) = blocked();
    targets.registry.fail(fake::Fault::Answer(status, headers, text), "", 9);
    let (status, headers, text) = blocked();
    targets.github.fail(fake::Fault::Answer(status, headers, text), "", 9);
    let ran = targets.release(&sandbox, &[]).ended(0);
    assert!(
        ran.stderr.contains(&format!("{} answers 403 ({words})", targets.registry.host())),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains(&format!("{words} (403)")), "{}", ran.stderr);
    let charts = Charts::new(&[("db", "1.2.0")]);
    let sandbox = web(&[("db", "1.2.0", &charts.url())]);
    charts.fail(
        fake::Fault::Answer(403, vec![("Content-Type", "text/plain".to_owned())], "no entry".to_owned()),
        "",
        9,
    );
    let ran = package(&sandbox, &[]).ended(1);
    assert!(ran.stderr.contains("it answers 403 (no entry)"), "{}", ran.stderr);
}

/// Looks and publishes while one target takes connections and never answers: it is named, and no other.
fn with_one_silent(silent: &str) {
    let (mut targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    targets.push_tags(&sandbox);
    match silent {
        "registry" => targets.registry.fail(fake::Fault::Hang, "", usize::MAX),
        "github" => targets.github.fail(fake::Fault::Hang, "", usize::MAX),
        _ => targets.remote.url = format!("http://{}/o/r.git", silent_server(0).0),
    }
    let names = [targets.registry.host(), &targets.remote.url, targets.github.host()];
    let blamed = |text: &str| -> Vec<&str> {
        let is_late = |line: &&str| line.contains("in time") || line.contains("until the deadline");
        let lines: Vec<&str> = text.lines().filter(is_late).collect();
        let is_blamed = |name: &str| lines.iter().any(|line| line.contains(name));
        let all = names.iter().zip(["registry", "branch", "github"]);
        all.filter(|(name, _)| is_blamed(name)).map(|(_, who)| who).collect()
    };
    for args in [&["--deadline", "3"][..], &["--publish", "--deadline", "3"]] {
        let ran = sandbox.normal(&targets.command(&sandbox, args).output().expect("xtask"));
        assert_eq!(ran.status, i32::from(args.len() == 3), "{}{}", ran.stdout, ran.stderr);
        assert_eq!(blamed(&ran.stderr), [silent], "{}{}", ran.stdout, ran.stderr);
        let looked = ran.stdout.lines().chain(ran.stderr.lines());
        let looked = looked.filter(|line| line.contains("Would ") && !line.contains("unknown"));
        assert_eq!(looked.count(), 2, "{}{}", ran.stdout, ran.stderr);
    }
    sandbox.set("GITHUB_API_URL", targets.github.url());
    let oci = targets.registry.url();
    let places = ["--remote", &targets.remote.url, "--oci", &oci];
    let ran = sandbox.xtask(&[&["check", "--json", "--deadline", "3"], &places[..]].concat());
    assert_eq!(blamed(&check::left_out(&ran.ended(0), "why").join("\n")), [silent]);
}

#[test]
fn a_silent_registry_leaves_the_others_their_time() {
    with_one_silent("registry");
}

#[test]
fn a_silent_branch_leaves_the_others_their_time() {
    with_one_silent("branch");
}

#[test]
fn a_silent_github_leaves_the_others_their_time() {
    with_one_silent("github");
}

/// A remote that is not where the token goes, and settings of the clone that do not count.
#[test]
fn a_remote_elsewhere_is_told_how_to_let_us_in() {
    let remote = crate::remote::Remote::seeded();
    remote.server.with(|git| git.needs_token = true);
    let proxy = ForwardProxy::before(tls_before(remote.server.host().to_owned()), 200);
    let mut sandbox = crate::remote::publisher("web", "1.0.0");
    let args = ["pages", "--publish", "--only", "charts", "--remote", "https://git.example/o/r.git"];
    for (name, value) in [
        ("HTTPS_PROXY", &*proxy.origin),
        ("SSL_CERT_FILE", AUTHORITY),
        ("GITHUB_TOKEN", crate::server::TOKEN),
    ] {
        sandbox.set(name, value);
    }
    sandbox.git(&["config", "url.https://me:secret0123@git.example/.insteadOf", "https://git.example/"]);
    sandbox.git(&["config", "credential.helper", "store"]);
    let ran = sandbox.xtask(&args).ended(1);
    let hint = "hint: GITHUB_TOKEN goes to https://github.com alone: set GITHUB_SERVER_URL=https://git.example for a GitHub, \
                Gitea or Forgejo there, or give git a credential helper or an SSH key for it; of this clone's own git \
                config these are not used here: `credential.helper`, `url.URL.insteadOf`; to make one count: git config \
                --global --add credential.helper …\n";
    assert!(ran.stderr.contains(hint) && !ran.stderr.contains("secret0123"), "{}", ran.stderr);
    assert!(remote.server.calls().iter().all(|call| call.authorizations.is_empty()));
    // Not reached at all.
    sandbox.set("HTTPS_PROXY", "http://127.0.0.1:1");
    let ran = sandbox.xtask(&args).ended(1);
    assert!(ran.stderr.contains("hint: does the proxy http://127.0.0.1:1 answer?"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("of this clone's own git config these are not used here: "),
        "{}",
        ran.stderr
    );
    // The hint lets it in, and then nothing is said of settings.
    sandbox.set("HTTPS_PROXY", proxy.origin.clone());
    sandbox.set("GITHUB_SERVER_URL", "https://git.example");
    let ran = sandbox.xtask(&args).ended(0);
    assert!(!ran.stderr.contains("this clone"), "{}", ran.stderr);
    assert_eq!(remote.assert_whole(), 3);
}
