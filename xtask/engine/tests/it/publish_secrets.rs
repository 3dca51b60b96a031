//! Tokens and passwords go to the server that each is for, in a header, and nowhere else: not in an argument, a log, an
//! error, a file, or what GitHub Actions is told.

use std::collections::BTreeSet;
use std::path::Path;

use crate::fake::Fault;
use crate::sandbox::{Ran, Sandbox, find, helms};
use crate::server::{self, TOKEN};
use crate::tokens::TOKEN_START;
use crate::whole::{Targets, each, source};

const USER: &str = "ci-user";
const PASSWORD: &str = "Zq7/pass+word?%9xKwV";
/// Its base64 with the user's name, as a registry wants it.
const BASIC: &str = "Y2ktdXNlcjpacTcvcGFzcyt3b3JkPyU5eEt3Vg==";
/// Where programs write what they were started with.
const ARGUMENTS: &str = "../home/arguments";

/// Three targets that want a secret each, and one who has them, with every trace on that programs have.
fn both() -> (Targets, Sandbox) {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    targets.remote.server.with(|git| git.needs_token = true);
    targets.registry.want_tokens(BASIC, false);
    let home = home(&sandbox);
    for (variable, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_OUTPUT", &format!("{home}/output")),
        ("GITHUB_STEP_SUMMARY", &format!("{home}/summary")),
        ("GITHUB_SERVER_URL", &targets.remote.server.origin()),
        ("XTASK_OCI_USERNAME", USER),
        ("XTASK_OCI_PASSWORD", PASSWORD),
        ("HELM_DEBUG", "true"),
        ("RUST_LOG", "trace"),
        ("ACTIONS_STEP_DEBUG", "true"),
        ("RUNNER_DEBUG", "1"),
        ("GIT_TRACE2_EVENT", &format!("{home}/trace2")),
    ] {
        sandbox.set(variable, value);
    }
    for variable in ["GIT_TRACE", "GIT_TRACE_CURL", "GIT_CURL_VERBOSE", "GIT_TRACE_PACKET", "GIT_TRACE_SETUP"]
    {
        sandbox.set(variable, "1");
    }
    log_arguments(&sandbox, "git", &find("git").expect("git"));
    (targets, sandbox)
}

fn home(sandbox: &Sandbox) -> String {
    std::fs::canonicalize(sandbox.work().join("../home")).expect("home").display().to_string()
}

/// Puts a program into PATH that writes down what it is started with.
fn log_arguments(sandbox: &Sandbox, name: &str, program: &Path) {
    let log = format!("{}/arguments", home(sandbox));
    let program = program.display();
    let text = format!("#!/bin/sh\nprintf '%s\\n' '{name}' \"$@\" >> {log}\nexec {program} \"$@\"\n");
    sandbox.script(name, &text);
}

/// The bytes in base64, without padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |n: usize| bytes.get(n / 8).is_some_and(|byte| byte >> (7 - n % 8) & 1 == 1);
    let letter = |n: usize| (0..6).fold(0, |sum, i| sum * 2 + usize::from(bit(n * 6 + i)));
    (0..(bytes.len() * 8).div_ceil(6)).map(|n| char::from(LETTERS[letter(n)])).collect()
}

/// What all base64 has in common that holds these bytes somewhere: one word for each of the three ways they may lie.
fn inside_base64(secret: &str) -> impl Iterator<Item = String> {
    (0..3).map(move |before| {
        let skipped = (3 - before) % 3;
        let whole = &secret.as_bytes()[skipped..];
        base64(&whole[..whole.len() / 3 * 3])
    })
}

fn percent_encoded(secret: &str) -> String {
    secret
        .bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

fn secrets() -> BTreeSet<String> {
    let forms = |secret: &str| {
        let quoted = secret.replace('/', "\\/");
        let forms = [secret.to_owned(), percent_encoded(secret), quoted];
        inside_base64(secret).chain(forms).collect::<Vec<_>>()
    };
    [TOKEN, PASSWORD].into_iter().flat_map(forms).chain([TOKEN_START.to_owned()]).collect()
}

/// What the log of GitHub Actions shows: not the commands that hide something.
fn shown(ran: &Ran) -> String {
    let lines = ran.stdout.lines().chain(ran.stderr.lines());
    lines.filter(|line| !line.starts_with("::add-mask::")).collect::<Vec<_>>().join("\n")
}

/// No form of a secret is in what was printed, where it is not to be hidden by that, or in any file of the sandbox.
#[track_caller]
fn assert_kept(sandbox: &Sandbox, ran: &Ran) {
    let printed = [("the output".to_owned(), shown(ran))];
    let secrets = secrets();
    for (place, text) in sandbox.texts().chain(printed) {
        for secret in &secrets {
            let at = text.find(secret.as_str());
            let around = at.map(|at| text.get(at.saturating_sub(200)..at + secret.len()));
            assert!(at.is_none(), "{place} has {secret}: …{around:?}");
        }
    }
    assert!(std::fs::exists(sandbox.work().join(ARGUMENTS)).expect("a file"), "git was not run");
}

#[test]
fn the_forms_are_those_that_base64_has() {
    assert_eq!(base64(b"x-access-token:ghs"), "eC1hY2Nlc3MtdG9rZW46Z2hz");
    assert!(inside_base64(TOKEN).any(|word| server::TOKEN_BASE64.contains(&word)));
    assert!(inside_base64(PASSWORD).any(|word| BASIC.contains(&word)));
}

#[test]
fn a_whole_publish_keeps_them() {
    let (targets, sandbox) = both();
    let ran = targets.publish(&sandbox, &["--helm", "never"]).ended(0);
    assert_kept(&sandbox, &ran);
    assert_eq!(targets.state()["github"]["latest"], "v1.0.0");
    assert!(targets.registry.calls().iter().any(|call| !call.authorizations.is_empty()));
    assert!(targets.github.calls().iter().any(|call| !call.authorizations.is_empty()));
    // Each server gets its own.
    let sent = |calls: Vec<crate::fake::Call>| calls.into_iter().flat_map(|call| call.authorizations);
    let ran = targets.publish(&sandbox, &["--helm", "never"]).ended(0);
    assert_kept(&sandbox, &ran);
    let token = base64(TOKEN.as_bytes());
    assert!(sent(targets.registry.calls()).all(|value| !value.contains(TOKEN) && !value.contains(&token)));
    assert!(sent(targets.github.calls()).all(|value| value.contains(TOKEN)));
}

#[test]
fn helm_gets_none_in_an_argument() {
    for (_, helm) in helms("helm_gets_none_in_an_argument") {
        let (targets, sandbox) = both();
        log_arguments(&sandbox, "helm", &helm);
        let ran = targets.publish(&sandbox, &["--helm", "require"]).ended(0);
        assert_kept(&sandbox, &ran);
        assert!(sandbox.text(ARGUMENTS).lines().any(|line| line == "helm"));
        assert!(targets.registry.state()["charts/web"]["tags"]["1.0.0"].is_string());
    }
}

/// A server says back what it was sent, as proxies that are debugged do: at the look, at a token, and at a write.
#[test]
fn what_a_registry_says_is_scrubbed() {
    for_all_echoes(&["", "/v2/", "/token", "POST ", "PUT "], |targets, status, part| {
        targets.registry.fail(Fault::Echo(status), part, usize::MAX);
    });
}

#[test]
fn what_github_says_is_scrubbed() {
    for_all_echoes(&["GET ", "POST ", "/api/uploads", "PATCH "], |targets, status, part| {
        targets.github.fail(Fault::Echo(status), part, usize::MAX);
    });
}

/// The servers fail with each status at each of these parts of a publish.
fn for_all_echoes(parts: &[&'static str], fail: impl Fn(&Targets, u16, &'static str) + Sync) {
    let statuses = [400, 401, 403, 404, 422, 500];
    each(statuses.len() * parts.len(), |n| {
        let (status, part) = (statuses[(n - 1) % statuses.len()], parts[(n - 1) / statuses.len()]);
        let (targets, sandbox) = both();
        fail(&targets, status, part);
        let ran = targets.publish(&sandbox, &["--helm", "never", "--deadline", "3"]);
        assert_kept(&sandbox, &ran);
        assert_ne!(ran.status, 0, "{status} {part}: {}", ran.stdout);
    });
}

/// The same of helm, which prints what it gets.
#[test]
fn what_servers_say_to_helm_is_scrubbed() {
    for (_, helm) in helms("what_servers_say_to_helm_is_scrubbed") {
        for part in ["POST ", "PUT "] {
            let (targets, sandbox) = both();
            log_arguments(&sandbox, "helm", &helm);
            targets.registry.fail(Fault::Echo(403), part, usize::MAX);
            let ran = targets.publish(&sandbox, &["--helm", "require"]).ended(1);
            assert_kept(&sandbox, &ran);
        }
    }
}

/// Credential helpers are given the name of a server, and print a secret for us alone.
#[test]
fn a_credential_helper_is_asked_by_the_way_in() {
    let (targets, mut sandbox) = both();
    sandbox.unset("XTASK_OCI_USERNAME");
    sandbox.unset("XTASK_OCI_PASSWORD");
    let log = format!("{}/arguments", home(&sandbox));
    // The helper puts the password together, so that no file has it.
    let (one, two) = PASSWORD.split_at(9);
    sandbox.script(
        "docker-credential-xtasktest",
        &format!(
            "#!/bin/sh\nprintf '%s\\n' docker-credential \"$@\" >> {log}\ncat >/dev/null\nprintf '{{\"ServerURL\":\"x\",\
             \"Username\":\"{USER}\",\"Secret\":\"%s%s\"}}' '{one}' '{two}'\n"
        ),
    );
    sandbox.link_program("cat", &find("cat").expect("cat"));
    let host = targets.registry.host().to_owned();
    let config = format!("{{\"credHelpers\": {{\"{host}\": \"xtasktest\"}}}}");
    sandbox.write("../home/docker/config.json", &config);
    let directory = home(&sandbox) + "/docker";
    sandbox.set("DOCKER_CONFIG", directory);
    let ran = targets.publish(&sandbox, &["--helm", "never"]).ended(0);
    assert_kept(&sandbox, &ran);
    assert!(sandbox.text(ARGUMENTS).contains("docker-credential\nget\n"));
    assert!(targets.registry.state()["charts/web"]["tags"]["1.0.0"].is_string());
}

/// The runner decodes what a command has: a password is hidden only if that gives it back (actions/toolkit, `escapeData`).
#[test]
fn odd_passwords_are_hidden_whole() {
    for password in ["a%25b%0Ac-secret", "two\nlines-secret", "carriage\rreturn-secret"] {
        let (targets, mut sandbox) = both();
        sandbox.set("XTASK_OCI_PASSWORD", password);
        let ran = targets.publish(&sandbox, &["--helm", "never"]).ended(1);
        assert!(!shown(&ran).contains("-secret"), "{}", ran.stderr);
        let hidden = ran.stdout.lines().chain(ran.stderr.lines());
        let hidden = hidden.filter_map(|line| line.strip_prefix("::add-mask::"));
        let decode = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
        assert!(hidden.map(decode).any(|secret| secret == password), "{}", ran.stderr);
    }
}

/// The content of assets is with another server, and so may tokens be, or uploads.
#[test]
fn redirects_take_none_along() {
    let (targets, sandbox) = both();
    targets.github.with(|api| api.no_digests = true);
    let ran = targets.publish(&sandbox, &["--helm", "never"]).ended(0);
    assert_kept(&sandbox, &ran);
    let calls = targets.github.calls();
    let stored = calls.iter().filter(|call| call.line.contains("/storage/"));
    assert!(stored.clone().all(|call| call.authorizations.is_empty()), "{calls:?}");

    for (status, part) in [(301, "GET "), (302, "GET "), (307, "POST "), (308, "POST ")] {
        let (targets, sandbox) = both();
        let other = Targets::new();
        let to = other.github.origins[0].clone() + "/elsewhere";
        targets.github.fail(Fault::fields(status, vec![("Location", to)]), part, usize::MAX);
        let ran = targets.publish(&sandbox, &["--helm", "never"]).ended(1);
        assert_kept(&sandbox, &ran);
        assert!(other.github.calls().iter().all(|call| call.authorizations.is_empty()), "{status}");
    }
}

/// A registry may name any place for its tokens and uploads.
#[test]
fn a_registry_cannot_send_them_elsewhere() {
    let (targets, sandbox) = both();
    let other = Targets::new();
    let elsewhere = other.registry.origins[0].clone();
    let to = elsewhere.clone() + "/v2/charts/web/blobs/uploads/1";
    targets.registry.fail(Fault::fields(202, vec![("Location", to)]), "POST ", usize::MAX);
    let ran = targets.publish(&sandbox, &["--helm", "never"]);
    assert_kept(&sandbox, &ran);
    assert!(other.registry.calls().iter().all(|call| call.authorizations.is_empty()), "{}", ran.stderr);
}

/// With a token that is no good there is an error that says which, and does not show it.
#[test]
fn a_bad_one_is_named_by_its_variable() {
    let (targets, mut sandbox) = both();
    sandbox.set("XTASK_OCI_PASSWORD", "Wr0ng-pass-w0rd");
    let ran = targets.publish(&sandbox, &["--helm", "never"]).ended(1);
    assert!(!shown(&ran).contains("Wr0ng"), "{}", ran.stderr);
    assert!(ran.stderr.contains("XTASK_OCI_"), "{}", ran.stderr);
    let (targets, mut sandbox) = both();
    sandbox.set("GITHUB_TOKEN", "ghs_Wr0ng");
    // Outside of GitHub Actions nothing hides what its commands have.
    sandbox.unset("GITHUB_ACTIONS");
    let ran = targets.publish(&sandbox, &["--helm", "never"]).ended(1);
    assert!(!ran.stderr.contains("Wr0ng") && !ran.stderr.contains("::"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("Wr0ng") && !ran.stdout.contains("::"), "{}", ran.stdout);
    assert!(ran.stderr.contains("GITHUB_TOKEN"), "{}", ran.stderr);
    assert_eq!(targets.state()["oci"], serde_json::json!({}), "nothing is written where one target refuses");
}
