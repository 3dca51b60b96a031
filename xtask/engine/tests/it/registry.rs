//! Pushing to a real registry: with a password, with tokens, and with everything that can go wrong on the way.

use std::thread;

use crate::fake::Call;
use crate::proxy::{Fault, Proxy};
use crate::registry_api;
use crate::registry_server::{self, BASIC, PASSWORD, RegistryServer, USER};
use crate::sandbox::{Ran, Sandbox};
use crate::tokens::{TOKEN_START, Tokens};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const CHANGELOG: &str = "# Changelog\n\n## [1.0.0] - 2024-01-02\n\n- First.\n";
/// The manifest of that chart, whoever pushes it.
const DIGEST: &str = "sha256:4e2beb94c70ef57b8e2a512d077f412745480235592953342c698cd49cb4e66e";

/// A repository that releases one chart.
pub fn repository() -> Sandbox {
    repository_of(CHART)
}

/// A repository that releases the chart of this Chart.yaml.
pub fn repository_of(chart: &str) -> Sandbox {
    let files = [("charts/web/Chart.yaml", chart), ("charts/web/values.yaml", "a: 1\n")];
    let ignored = [("CHANGELOG.md", CHANGELOG), (".gitignore", "/dist/\n")];
    let template =
        [("charts/web/templates/a.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n")];
    let mut sandbox = Sandbox::with_commit(&[&files[..], &ignored, &template].concat());
    let url = "https://github.com/d44b/pulltrace.git";
    sandbox.git(&["remote", "add", "origin", url]);
    sandbox.git(&["tag", "v1.0.0"]);
    // The tag is where everybody can see it.
    let remote = sandbox.work().join("../remote.git").display().to_string();
    sandbox.git(&["init", "--quiet", "--bare", &remote]);
    push_tags(&sandbox);
    sandbox.git(&["config", "--global", &format!("url.{remote}.insteadOf"), url]);
    sandbox.unset("CARGO_NET_OFFLINE");
    sandbox
}

/// Gives the remote the tags of a repository.
pub fn push_tags(sandbox: &Sandbox) {
    sandbox.git(&["push", "--quiet", "../remote.git", "--tags"]);
}

/// Pushes natively to the charts of a registry.
fn publish(sandbox: &Sandbox, host: &str) -> Ran {
    let target = format!("oci://{host}/charts");
    sandbox.xtask(&["release", "--publish=oci", "--oci", &target, "--helm", "never", "--deadline", "20"])
}

/// The last line, without where it went.
fn outcome(ran: &Ran) -> String {
    let line = ran.stdout.lines().last().unwrap_or_default();
    line.split_whitespace().filter(|word| !word.starts_with("oci://")).collect::<Vec<_>>().join(" ")
}

fn writes(seen: &[Call]) -> Vec<&str> {
    let lines = seen.iter().map(|seen| seen.line.as_str());
    let is_write = |line: &&str| !["GET ", "HEAD "].iter().any(|look| line.starts_with(look));
    lines.filter(|line| is_write(line) && !registry_api::changes_nothing(line)).collect()
}

fn digest(host: &str) -> Option<String> {
    registry_server::digest(host, "charts/web", "1.0.0")
}

#[test]
fn what_is_there_is_not_sent_again() {
    let Some(registry) = RegistryServer::open("what_is_there_is_not_sent_again") else { return };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    // The manifest is refused: the blobs are there, and the tag is not.
    proxy.fail_all(Fault::status(400), "PUT /v2/charts/web/manifests/");
    let ran = publish(&sandbox, proxy.host()).ended(1);
    assert!(ran.stderr.contains("answers 400"), "{}", ran.stderr);
    // Two blobs and the manifest.
    assert_eq!(writes(&proxy.calls()).len(), 3);
    proxy.heal();
    let ran = publish(&sandbox, proxy.host()).ended(0);
    assert_eq!(outcome(&ran), format!("Pushed {DIGEST} (2 of 2 blobs were there)"));
    assert_eq!(writes(&proxy.calls()), ["PUT /v2/charts/web/manifests/1.0.0"]);
    let ran = publish(&sandbox, proxy.host()).ended(0);
    assert_eq!(outcome(&ran), format!("Unchanged is there already {DIGEST}"));
    assert_eq!(writes(&proxy.calls()), [""; 0]);
    assert_eq!(digest(&registry.host).as_deref(), Some(DIGEST));
}

/// A blob of which nobody may ask by HEAD is asked for in another way; what is there is not sent again.
#[test]
fn a_refused_question_about_a_blob_is_no_absence() {
    let Some(registry) = RegistryServer::open("a_refused_question_about_a_blob_is_no_absence") else {
        return;
    };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    for status in [403, 405] {
        proxy.heal();
        proxy.fail_all(Fault::status(status), "HEAD /v2/charts/web/blobs/");
        let ran = publish(&sandbox, proxy.host()).ended(0);
        let expected = if status == 403 { "Pushed" } else { "Unchanged is there already" };
        assert!(outcome(&ran).starts_with(&format!("{expected} {DIGEST}")), "{}", ran.stdout);
        let calls = proxy.calls();
        assert_eq!(writes(&calls).len(), if status == 403 { 3 } else { 0 });
        assert!(calls.iter().any(|call| call.line.starts_with("GET /v2/charts/web/blobs/")));
    }
    assert_eq!(digest(&registry.host).as_deref(), Some(DIGEST));
}

/// A place of an upload is one as RFC 3986 has it.
#[test]
fn the_place_of_an_upload_may_be_written_in_any_way() {
    let Some(registry) = RegistryServer::open("the_place_of_an_upload_may_be_written_in_any_way") else {
        return;
    };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    let host = proxy.host().to_owned();
    for (place, expected) in [
        (format!("//{host}/v2/u/1#x"), "PUT /v2/u/1?digest="),
        ("a b?_state=c d".to_owned(), "PUT /v2/charts/web/blobs/uploads/a%20b?_state=c%20d&digest="),
    ] {
        proxy.heal();
        proxy.fail_all(Fault::fields(202, vec![("Location", place)]), "POST ");
        publish(&sandbox, &host).ended(1);
        let calls = proxy.calls();
        assert!(writes(&calls).iter().any(|line| line.starts_with(expected)), "{:?}", writes(&calls));
    }
}

/// Every request of a push meets every fault that passes.
#[test]
fn what_passes_is_waited_out() {
    let Some(calm) = RegistryServer::open("what_passes_is_waited_out") else { return };
    let proxy = Proxy::before(&calm.host);
    publish(&repository(), proxy.host()).ended(0);
    let seen = proxy.calls();
    let requests = seen.len();
    assert!(requests > 8, "{requests}");
    // Nothing depends on the end of the upload that was a question, and nobody tries it again.
    let once = seen.iter().position(|seen| seen.line.starts_with("DELETE ")).expect("an end") + 1;
    let faults: [fn() -> Fault; 6] = [
        || Fault::status(500),
        || Fault::status(503),
        || Fault::fields(429, vec![("Retry-After", "0".to_owned())]),
        || Fault::Drop,
        || Fault::DropAfter,
        || Fault::Behead,
    ];
    thread::scope(|scope| {
        for fault in faults {
            scope.spawn(move || {
                for n in (1..=requests).filter(|n| *n != once) {
                    meets(fault(), n, requests);
                }
            });
        }
    });
}

/// A push whose n-th request meets a fault needs more requests, and ends as every other.
fn meets(fault: Fault, n: usize, requests: usize) {
    let Some(registry) = RegistryServer::open("what_passes_is_waited_out") else { return };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    proxy.fail_call(fault, n);
    let ran = publish(&sandbox, proxy.host()).ended(0);
    assert!(outcome(&ran).starts_with(&format!("Pushed {DIGEST}")), "{n}: {}", ran.stdout);
    assert!(proxy.calls().len() > requests, "{n}: the fault met nothing");
    assert_eq!(digest(&registry.host).as_deref(), Some(DIGEST), "{n}");
}

#[test]
fn a_push_that_hangs_ends_and_is_finished_later() {
    let Some(registry) = RegistryServer::open("a_push_that_hangs_ends_and_is_finished_later") else { return };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    proxy.fail_all(Fault::Hang, "PUT ");
    let target = format!("oci://{}/charts", proxy.host());
    let args = ["release", "--publish=oci", "--oci", &target, "--helm", "never", "--deadline", "2"];
    let ran = sandbox.xtask(&args).ended(1);
    assert!(ran.stderr.contains("did not answer in time"), "{}", ran.stderr);
    proxy.heal();
    publish(&sandbox, proxy.host()).ended(0);
    assert_eq!(digest(&registry.host).as_deref(), Some(DIGEST));
}

/// What a look cannot tell is not taken for absent: nothing is written.
#[test]
fn unknown_is_not_absent() {
    let Some(registry) = RegistryServer::open("unknown_is_not_absent") else { return };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    let later = vec![("Retry-After", "3600".to_owned())];
    for (fault, cause, hint) in [
        (Fault::status(401), "without credentials", "helm registry login"),
        (Fault::status(403), "answers 403", "helm registry login"),
        (Fault::Answer(404, Vec::new(), "<html>".into()), "answers 404", "a registry?"),
        (
            Fault::Answer(404, Vec::new(), r#"{"errors":[{"code":"DENIED"}]}"#.into()),
            "404 (denied)",
            "a registry?",
        ),
        (Fault::Answer(200, Vec::new(), "<html>".into()), "is no manifest", "a registry?"),
        (Fault::Answer(200, Vec::new(), "[{}]".into()), "is no manifest", "a registry?"),
        (Fault::fields(429, later.clone()), "answers 429", "run it again in 3600 s"),
        (Fault::fields(503, later), "answers 503", "trouble of its own"),
        (Fault::Hang, "did not answer in time", "run it again"),
        (Fault::fields(302, vec![("Location", "http://h.example/".to_owned())]), "not https", "mend"),
    ] {
        proxy.heal();
        proxy.fail_all(fault, "/manifests/");
        let target = format!("oci://{}/charts", proxy.host());
        let args = ["release", "--publish=oci", "--oci", &target, "--helm", "never", "--deadline", "3"];
        let ran = sandbox.xtask(&args).ended(1);
        let (error, said) = ran.stderr.split_once("\nhint: ").unwrap_or((&ran.stderr, ""));
        assert!(error.contains(cause) && said.contains(hint), "{cause}: {}", ran.stderr);
        assert_eq!(writes(&proxy.calls()), [""; 0], "{cause}");
    }
}

/// What will not pass stops the push with its cause; the next run goes on.
#[test]
fn refusals_have_their_cause() {
    let Some(registry) = RegistryServer::open("refusals_have_their_cause") else { return };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    let unknown = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no such owner"}]}"#;
    for (status, body, part, cause, hint) in [
        (401, "", "POST ", "without credentials", "XTASK_OCI_USERNAME"),
        (
            403,
            "{\"errors\":[{\"message\":\"no\\u001b[2J\"}]}",
            "POST ",
            "403 (no\\u{1b}[2J)",
            "helm registry login",
        ),
        (404, unknown, "POST ", "404 (no such owner)", "an owner `charts`"),
        (405, "", "POST ", "answers 405", "takes no pushes"),
        (413, "", "PUT /v2/charts/web/blobs/", "answers 413", "raise its limit"),
        (307, "", "POST ", "answers 307", "sends pushes elsewhere"),
        (400, "", "PUT /v2/charts/web/manifests/", "answers 400", "all that is known"),
    ] {
        proxy.heal();
        proxy.fail_all(Fault::Answer(status, Vec::new(), body.into()), part);
        let ran = publish(&sandbox, proxy.host()).ended(1);
        let (error, said) = ran.stderr.split_once("\nhint: ").unwrap_or((&ran.stderr, ""));
        assert!(error.contains(cause) && said.contains(hint), "{status}: {}", ran.stderr);
        assert_eq!(digest(&registry.host), None, "{status}");
    }
    proxy.heal();
    publish(&sandbox, proxy.host()).ended(0);
    assert_eq!(digest(&registry.host).as_deref(), Some(DIGEST));
}

#[test]
fn another_object_under_the_tag_is_no_absence() {
    let Some(registry) = RegistryServer::open("another_object_under_the_tag_is_no_absence") else { return };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    let index = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    proxy.fail_all(Fault::Answer(200, Vec::new(), index.into()), "/manifests/");
    let ran = publish(&sandbox, proxy.host()).ended(1);
    let other = helm_xtask::internals::digest::digest(index.as_bytes());
    assert!(ran.stderr.contains(&other), "{}", ran.stderr);
    assert_eq!(writes(&proxy.calls()), [""; 0]);
}

/// Registries need not name the digest; what they name has to be that of the content.
#[test]
fn digests_are_computed_and_compared() {
    let Some(registry) = RegistryServer::open("digests_are_computed_and_compared") else { return };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    proxy.fail_all(Fault::Without("docker-content-digest"), "");
    publish(&sandbox, proxy.host()).ended(0);
    let ran = publish(&sandbox, proxy.host()).ended(0);
    assert_eq!(outcome(&ran), format!("Unchanged is there already {DIGEST}"));
    proxy.heal();
    for (said, expected) in [
        (format!("sha256:{}", "1".repeat(64)), "not sha256:1111"),
        (format!("sha512:{}", "1".repeat(128)), "the digest `sha512:1111"),
    ] {
        proxy.heal();
        let wrong = vec![("Docker-Content-Digest", said)];
        proxy.fail_all(Fault::Answer(200, wrong, "{}".into()), "GET /v2/charts/web/manifests/");
        let ran = publish(&sandbox, proxy.host()).ended(1);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        assert_eq!(ran.stderr.contains("did somebody push"), expected.contains("sha256"), "{}", ran.stderr);
    }
}

#[test]
fn a_password_opens_what_is_closed() {
    let Some(registry) = RegistryServer::with_password("a_password_opens_what_is_closed") else { return };
    let mut sandbox = repository();
    let ran = publish(&sandbox, &registry.host).ended(1);
    assert!(ran.stderr.contains("without credentials"), "{}", ran.stderr);
    sandbox.set("XTASK_OCI_USERNAME", USER);
    let ran = publish(&sandbox, &registry.host).ended(2);
    assert!(ran.stderr.contains("go together"), "{}", ran.stderr);
    sandbox.set("XTASK_OCI_PASSWORD", "wrong-0123456789");
    let ran = publish(&sandbox, &registry.host).ended(1);
    assert!(ran.stderr.contains("to the credentials of XTASK_OCI_USERNAME"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("wrong-0123456789"), "{}", ran.stderr);
    sandbox.set("XTASK_OCI_PASSWORD", PASSWORD);
    let ran = publish(&sandbox, &registry.host).ended(0);
    assert!(ran.stderr.contains("is private: nobody can install it without credentials"), "{}", ran.stderr);
    assert_eq!(digest(&registry.host).as_deref(), Some(DIGEST));
    // Blobs that nobody may ask about are neither there nor missing.
    let proxy = Proxy::before(&registry.host);
    proxy.fail_all(Fault::status(403), "/v2/charts/web/blobs/");
    let ran = publish(&sandbox, proxy.host()).ended(0);
    assert!(ran.stderr.contains("cannot tell whether `oci://"), "{}", ran.stderr);
    assert_eq!(writes(&proxy.calls()), [""; 0]);
}

#[test]
fn files_and_programs_have_passwords() {
    let Some(registry) = RegistryServer::with_password("files_and_programs_have_passwords") else { return };
    let auth = BASIC.trim_start_matches("Basic ");
    let (host, wrong) = (&registry.host, "bm9ib2R5Om5vYm9keQ==");
    let auths = |auth: &str| format!(r#"{{"auths":{{"https://{host}":{{"auth":"{auth}"}}}}}}"#);
    let helper = |name: &str| format!(r#"{{"credHelpers":{{"{host}":"{name}"}},"credsStore":"none"}}"#);
    let found = format!("read host; echo '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'");
    for (helm, docker, source) in [
        (auths(auth), auths(wrong), None),
        (helper("none"), auths(auth), None),
        (String::new(), helper("found"), None),
        (auths(wrong), auths(auth), Some("`$ROOT/home/.config/helm/registry/config.json`")),
        (helper("broken"), auths(auth), Some("`docker-credential-broken` failed: the store is locked")),
        (helper("missing"), auths(auth), Some("`docker-credential-missing` failed")),
        (helper("../found"), auths(auth), Some("no name of a credential helper")),
        ("{".to_owned(), auths(auth), Some("not JSON of Docker's: line 1")),
    ] {
        let sandbox = repository();
        sandbox.script("docker-credential-found", &format!("#!/bin/sh\n{found}\n"));
        sandbox.script(
            "docker-credential-none",
            "#!/bin/sh\necho credentials not found in native keychain\nexit 1\n",
        );
        sandbox.script("docker-credential-broken", "#!/bin/sh\necho the store is locked >&2\nexit 1\n");
        for (path, text) in [(".config/helm/registry/config.json", helm), (".docker/config.json", docker)] {
            if !text.is_empty() {
                sandbox.write(&format!("../home/{path}"), &text);
            }
        }
        let ran = publish(&sandbox, host);
        match source {
            None => assert_eq!(ran.status, 0, "{}", ran.stderr),
            Some(words) => assert!(ran.status == 1 && ran.stderr.contains(words), "{words}: {}", ran.stderr),
        }
        assert!(!ran.stderr.contains(PASSWORD) && !ran.stderr.contains(auth), "{}", ran.stderr);
    }
}

#[test]
fn tokens_are_got_and_got_again() {
    let Some(registry) = RegistryServer::open("tokens_are_got_and_got_again") else { return };
    for (uses, is_public) in [(usize::MAX, true), (2, true), (1, false)] {
        let (mut sandbox, proxy) = (repository(), Proxy::before(&registry.host));
        proxy.want_tokens(Tokens { is_public, uses, ..Tokens::new(proxy.host(), BASIC) });
        sandbox.set("XTASK_OCI_USERNAME", USER);
        sandbox.set("XTASK_OCI_PASSWORD", PASSWORD);
        let target = format!("oci://{}/t{uses}", proxy.host());
        let ran = sandbox.xtask(&["release", "--publish=oci", "--oci", &target, "--helm", "never"]).ended(0);
        assert!(outcome(&ran).starts_with(&format!("Pushed {DIGEST}")), "{}", ran.stdout);
        assert_eq!(ran.stderr.contains("is private"), !is_public, "{}", ran.stderr);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!all.contains(TOKEN_START) && !all.contains(PASSWORD), "{all}");
        for Call { line, authorizations, .. } in proxy.calls() {
            let is_basic = authorizations.iter().any(|value| value.starts_with("Basic "));
            assert!(authorizations.len() < 2 && (!is_basic || line.starts_with("GET /token")), "{line}");
        }
    }
}

#[test]
fn an_identity_token_is_exchanged() {
    let Some(registry) = RegistryServer::open("an_identity_token_is_exchanged") else { return };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    let tokens = Tokens::new(proxy.host(), BASIC);
    let auth = format!(r#"{{"auths":{{"{}":{{"identitytoken":"{}"}}}}}}"#, proxy.host(), tokens.identity);
    sandbox.write("../home/.docker/config.json", &auth);
    proxy.want_tokens(tokens);
    publish(&sandbox, proxy.host()).ended(0);
    assert!(proxy.calls().iter().all(|seen| !seen.line.contains("identity-")), "the token is in a URL");
}

/// GHCR says the same of what is private and of what is not there.
#[test]
fn without_credentials_nothing_is_known_to_be_absent() {
    let test = "without_credentials_nothing_is_known_to_be_absent";
    let Some(registry) = RegistryServer::open(test) else { return };
    let (sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    proxy.want_tokens(Tokens { is_public: false, ..Tokens::new(proxy.host(), BASIC) });
    let ran = publish(&sandbox, proxy.host()).ended(1);
    let words = "answers 403 (requested access to the resource is denied)";
    assert!(ran.stderr.contains("cannot tell what is at") && ran.stderr.contains(words), "{}", ran.stderr);
}

/// A registry may send us anywhere: our credentials do not come along.
#[test]
fn credentials_stay_with_the_registry() {
    let Some(registry) = RegistryServer::open("credentials_stay_with_the_registry") else { return };
    let (mut sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    let stranger = Proxy::before(&registry.host);
    sandbox.set("XTASK_OCI_USERNAME", USER);
    sandbox.set("XTASK_OCI_PASSWORD", PASSWORD);
    proxy.want_tokens(Tokens::new(proxy.host(), BASIC));
    publish(&sandbox, proxy.host()).ended(0);
    let location = format!("http://{}/v2/charts/web/manifests/1.0.0", stranger.host());
    proxy.fail_all(Fault::fields(307, vec![("Location", location)]), "/manifests/");
    let ran = publish(&sandbox, proxy.host()).ended(0);
    assert_eq!(outcome(&ran), format!("Unchanged is there already {DIGEST}"));
    stranger.fail_all(Fault::fields(401, vec![("WWW-Authenticate", "Basic realm=\"x\"".to_owned())]), "/v2/");
    publish(&sandbox, proxy.host()).ended(1);
    let seen = stranger.calls();
    assert!(seen.len() >= 3 && seen.iter().all(|seen| seen.authorizations.is_empty()), "{seen:?}");

    proxy.heal();
    let realm = "http://tokens.example/".to_owned();
    proxy.want_tokens(Tokens { realm, ..Tokens::new(proxy.host(), BASIC) });
    let ran = publish(&sandbox, proxy.host()).ended(1);
    assert!(
        ran.stderr.contains("names the token server `http://tokens.example/`, which is not https"),
        "{}",
        ran.stderr
    );
}

/// A token of GitHub's opens nobody else's registry.
#[test]
fn githubs_token_stays_with_github() {
    let Some(registry) = RegistryServer::with_password("githubs_token_stays_with_github") else { return };
    let (mut sandbox, proxy) = (repository(), Proxy::before(&registry.host));
    sandbox.set("GITHUB_TOKEN", PASSWORD);
    sandbox.set("GITHUB_ACTOR", USER);
    publish(&sandbox, proxy.host()).ended(1);
    let seen = proxy.calls();
    assert!(!seen.is_empty() && seen.iter().all(|seen| seen.authorizations.is_empty()), "{seen:?}");
}

/// No proxy hears what is said to this machine.
#[test]
fn this_machine_is_asked_directly() {
    let Some(registry) = RegistryServer::open("this_machine_is_asked_directly") else { return };
    let (mut sandbox, proxy) = (repository(), Proxy::before("127.0.0.1:1"));
    for variable in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "http_proxy"] {
        sandbox.set(variable, format!("http://{}", proxy.host()));
    }
    publish(&sandbox, &registry.host).ended(0);
    assert_eq!(proxy.calls().len(), 0);
}
