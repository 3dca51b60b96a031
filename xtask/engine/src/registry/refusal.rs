//! What the refusal of a registry means, and what to do about it.

use serde_json::Value;

use super::known;
use crate::base::host;
use crate::base::http::Response;
use crate::base::oci_reference::Reference;
use crate::base::problem::Problem;
use crate::base::proxy;
use crate::base::text::{name, shown};

/// What was asked of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Look,
    /// To read a chart of somebody else's, which another one depends on.
    Pull,
    /// The same, by somebody who is to change it.
    LookToWrite,
    Write,
}

impl Wish {
    /// Whether the right to read is enough.
    pub fn only_reads(self) -> bool {
        matches!(self, Self::Look | Self::Pull)
    }
}

/// Whom a registry refused, and where.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub at: &'a Reference,
    pub wish: Wish,
    /// The URL of the token server that answered, or did not, instead of the registry.
    pub token_server: Option<&'a str>,
    /// Where the credentials came from that were shown, if any were.
    pub credentials: Option<&'a str>,
    pub is_github: bool,
    /// Whether a workflow of GitHub Actions asked.
    pub in_workflow: bool,
}

/// The longest part of a registry's words that is repeated, in characters.
const MAX_WORDS: usize = 300;

/// The body of a refusal, as the distribution specification has it, and as token servers do. What is of another kind than
/// that is left out, and nothing else with it.
#[derive(Default)]
struct Body {
    errors: Vec<Reason>,
    /// What is said besides: `message`, `details` and the like.
    more: Vec<String>,
}

struct Reason {
    code: String,
    message: String,
}

/// Whether a registry says that there is no such tag or repository (OCI distribution specification 1.1, "Error codes";
/// Harbor says `NOT_FOUND`). A 404 of something that is no registry does not.
pub fn is_absent(response: &Response) -> bool {
    let is_code = |code: &str| matches!(code, "MANIFEST_UNKNOWN" | "NAME_UNKNOWN" | "NOT_FOUND");
    // The specification's own words for the first two, where the code is missing or of another kind.
    let is_said = |said: &str| matches!(said, "manifest unknown" | "repository name not known to registry");
    let Body { errors, more } = body(response);
    let is_known = |reason: &Reason| {
        is_code(&reason.code.to_ascii_uppercase()) || is_said(&reason.message.to_ascii_lowercase())
    };
    let is_absent =
        errors.iter().any(is_known) || more.iter().any(|said| is_said(&said.to_ascii_lowercase()));
    response.status == 404 && is_absent
}

/// What a registry says about a refusal: its status and its own words.
pub fn words(response: &Response) -> String {
    let Body { errors, more } = body(response);
    let reasons = errors.into_iter().map(|reason| {
        if reason.message.is_empty() { reason.code.to_ascii_lowercase() } else { reason.message }
    });
    let said: Vec<String> = reasons.chain(more).filter(|text| !text.is_empty()).collect();
    let said: String = shown(&said.join("; ")).chars().take(MAX_WORDS).collect();
    if said.is_empty() { response.outcome() } else { format!("{} ({said})", response.status) }
}

fn body(response: &Response) -> Body {
    let Ok(Value::Object(body)) = serde_json::from_slice(&response.body) else { return Body::default() };
    let errors = match body.get("errors") {
        Some(Value::Array(errors)) => errors.iter().collect(),
        Some(error) => vec![error],
        None => Vec::new(),
    };
    let reason = |error: &Value| match error {
        Value::Object(_) => Reason { code: text(error.get("code")), message: text(error.get("message")) },
        error => Reason { code: String::new(), message: text(Some(error)) },
    };
    let more = ["message", "details", "detail", "error_description"].map(|key| text(body.get(key)));
    Body { errors: errors.into_iter().map(reason).collect(), more: more.into() }
}

/// A text or a number; nothing of any other value.
fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// All that tells one refusal from another: codes, words, and whether a token lacks a right (RFC 6750, 3.1). More is known
/// about the rights of GitHub's tokens.
fn signs(response: &Response, is_github: bool) -> String {
    let Body { errors, more } = body(response);
    let reasons = errors.into_iter().flat_map(|reason| [reason.code, reason.message]);
    let challenge =
        response.header("www-authenticate").filter(|text| !is_github && text.contains("insufficient_scope"));
    reasons
        .chain(more)
        .chain(challenge.map(|_| "insufficient_scope".to_owned()))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The problem that a registry's answer is. `now` is in seconds since 1970.
pub fn refused(asked: Asked<'_>, response: &Response, now: u64) -> Problem {
    let who = asked.who();
    let cause = match (response.status, asked.credentials) {
        (401 | 403, None) => format!("without credentials {who} answers {}", words(response)),
        (401 | 403, Some(source)) => {
            format!("to the credentials of {source} {who} answers {}", words(response))
        }
        _ => format!("{who} answers {}", words(response)),
    };
    problem(asked, &cause).hint(hint(asked, response, now))
}

/// The problem that there is no answer for this reason.
pub fn silent(asked: Asked<'_>, why: &str) -> Problem {
    let host = asked.token_server.map_or(&*asked.at.host, host::host);
    let has = |signs: &[&str]| signs.iter().any(|sign| why.contains(sign));
    let hint = if let Some(hint) = proxy::hint(why, host) {
        hint
    } else if has(&["TLS", "ertificate"]) {
        "set SSL_CERT_FILE to the certificates to trust".to_owned()
    } else if asked.wish == Wish::Pull {
        "run it again when it answers".to_owned()
    } else if let Some(realm) = asked.token_server {
        format!("run it again when {} answers: {} names it for tokens", name(realm), asked.at.host)
    } else if has(&["corrupt message"]) {
        format!("does {host} speak HTTP? add --plain-http")
    } else if has(&["no host", "lookup address"]) {
        "is the network there, and `oci` in the config right?".to_owned()
    } else {
        "is the network there? run it again: what is there already is not sent again".to_owned()
    };
    problem(asked, &format!("{}: {}", asked.who(), shown(why))).hint(hint)
}

impl Asked<'_> {
    /// Who answered, or did not.
    fn who(self) -> String {
        let host = &self.at.host;
        self.token_server
            .map_or_else(|| host.clone(), |realm| format!("the token server {} of {host}", name(realm)))
    }
}

fn problem(asked: Asked<'_>, cause: &str) -> Problem {
    let what = match asked.wish {
        Wish::Look | Wish::LookToWrite => "cannot tell what is at",
        Wish::Pull => "cannot pull",
        Wish::Write => "cannot push to",
    };
    Problem::error(format!("{what} {}: {cause}", name(&asked.at.to_string())))
}

fn hint(asked: Asked<'_>, response: &Response, now: u64) -> String {
    let host = &asked.at.host;
    let signs = signs(response, asked.is_github);
    if response.is_rate_limit() {
        return match response.pause(now) {
            Some(pause) => format!("too many requests: run it again in {pause} s"),
            // docs.docker.com, "Docker Hub usage and limits".
            None if signs.contains("pull rate limit") => {
                format!(
                    "too many requests: with an account the limit is higher: helm registry login {host}; or wait some hours"
                )
            }
            None => "too many requests: wait some minutes and run it again".to_owned(),
        };
    }
    let right = if asked.wish.only_reads() { "read" } else { "push to" };
    let known = known::hint(asked.at, &signs, right, asked.credentials);
    if let Some(known) = known.filter(|_| asked.wish != Wish::Pull) {
        return known;
    }
    match (response.status, asked.credentials) {
        (401 | 403, None) => no_credentials(asked, &signs),
        (404 | 405, _) if asked.token_server.is_some() => {
            format!("tell whoever runs {host}: it names a token server that is none")
        }
        (500..=599, _) if asked.token_server.is_some() => {
            "the token server has trouble of its own: run it again later".to_owned()
        }
        (404, _) if asked.wish == Wish::Pull => {
            format!("is {host} a registry? correct `repository` in Chart.yaml")
        }
        (401, Some(source)) if asked.in_workflow && source == "GITHUB_TOKEN" => rights_of_job(asked),
        (401, Some(source)) => format!("have they ended? see {source}, or type: helm registry login {host}"),
        (403, Some(_)) if asked.is_github => rights(asked),
        (403, Some(source)) => {
            format!("let the user of {source} {right} {}", name(&asked.at.repository))
        }
        (404, _) if asked.wish == Wish::Write => {
            let owner = asked.at.repository.split('/').next().unwrap_or_default();
            format!("is there an owner {} at {host}? see `oci` in the config", name(owner))
        }
        (404, _) => format!("is {host} a registry? see `oci` in the config"),
        (405, _) => format!("{host} takes no pushes: it may be a mirror, or read-only for now"),
        (413, _) => format!("{host}, or a proxy before it, takes no uploads of this size: raise its limit"),
        (300..=399, _) => "it sends pushes elsewhere: name that place in `oci` in the config".to_owned(),
        (500..=599, _) => "the registry has trouble of its own: run it again later".to_owned(),
        _ => "what it says is all that is known".to_owned(),
    }
}

/// What a workflow needs to push to GitHub's registry (docs.github.com, "Publishing and installing a package with GitHub
/// Actions").
const RIGHTS: &str = "give the job `permissions: packages: write`; if the package is there already, add this repository \
                      with the role Write in its settings -> Manage Actions access";

/// Where a package of GHCR is set up; `None` for other registries.
pub fn package_settings(at: &Reference) -> Option<String> {
    let (owner, package) = at.repository.split_once('/').filter(|_| at.host == "ghcr.io")?;
    let package = package.replace('/', "%2F");
    Some(format!(
        "https://github.com/users/{owner}/packages/container/{package}/settings (of an organisation: /orgs/{owner}/…)"
    ))
}

/// [`RIGHTS`], and where.
fn rights_of_job(asked: Asked<'_>) -> String {
    package_settings(asked.at).map_or_else(|| RIGHTS.to_owned(), |settings| format!("{RIGHTS}: {settings}"))
}

fn no_credentials(asked: Asked<'_>, signs: &str) -> String {
    let host = &asked.at.host;
    // Quay's words.
    let is_hidden = signs.contains("access to the requested resource is not authorized");
    match (asked.is_github, asked.in_workflow) {
        (true, true) if asked.wish == Wish::Pull => {
            "if it is private, give the step `env: GITHUB_TOKEN: ${{ github.token }}` and the job `permissions: packages: read`".to_owned()
        }
        _ if asked.wish == Wish::Pull => format!("if it is private, type: helm registry login {host}"),
        (true, true) => format!("give the step `env: GITHUB_TOKEN: ${{{{ github.token }}}}` and {RIGHTS}"),
        (true, false) => format!(
            "a package that is private and one that is not there look the same from outside; type: \
             helm registry login {host}, with a token that has `write:packages`"
        ),
        _ if is_hidden => format!(
            "a repository that is private and one that is not there look the same from outside; type: helm registry login {host}"
        ),
        _ => format!("type: helm registry login {host}; or set XTASK_OCI_USERNAME and XTASK_OCI_PASSWORD"),
    }
}

fn rights(asked: Asked<'_>) -> String {
    if asked.in_workflow {
        return rights_of_job(asked);
    }
    let owner = asked.at.repository.split('/').next().unwrap_or_default();
    let right = if asked.wish.only_reads() { "read:packages" } else { "write:packages" };
    format!("the token needs `{right}`, and its user that right for packages of {}", name(owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        Response { status, headers: Vec::new(), body: body.into() }
    }

    fn asked(at: &Reference) -> Asked<'_> {
        let (credentials, token_server) = (None, None);
        Asked { at, wish: Wish::Look, token_server, credentials, is_github: false, in_workflow: false }
    }

    #[test]
    fn a_token_server_is_named_as_what_failed() {
        let at = Reference::parse("oci://h/o/web:1").expect("a reference");
        let asked = Asked { token_server: Some("https://auth.example/token"), ..asked(&at) };
        let who = "cannot tell what is at `oci://h/o/web:1`: ";
        for (status, message, hint) in [
            (
                403,
                "without credentials the token server `https://auth.example/token` of h answers 403",
                "helm registry login h",
            ),
            (404, "the token server `https://auth.example/token` of h answers 404", "names a token server"),
            (
                503,
                "the token server `https://auth.example/token` of h answers 503",
                "the token server has trouble",
            ),
        ] {
            let problem = refused(asked, &response(status, ""), 0);
            assert_eq!(problem.message, format!("{who}{message}"));
            assert!(problem.hint.expect("a hint").contains(hint), "{status}");
        }
        for (why, hint) in [
            ("TLS: invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
            ("the proxy http://p:1 answers 403", "name auth.example in NO_PROXY"),
            ("there is no host of that name", "when `https://auth.example/token` answers"),
        ] {
            let problem = silent(asked, why);
            assert_eq!(
                problem.message,
                format!("{who}the token server `https://auth.example/token` of h: {why}")
            );
            assert!(problem.hint.expect("a hint").contains(hint), "{why}");
        }
    }

    #[test]
    fn absence_is_said_in_so_many_words() {
        for (status, body, expected) in [
            (404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#, true),
            (404, r#"{"errors":[{"code":"name_unknown","detail":{"name":"x"}}]}"#, true),
            (404, r#"{"errors":[{"code":"NOT_FOUND","message":"artifact o/web:1 not found"}]}"#, true),
            (404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":null,"detail":[1]}]}"#, true),
            (
                404,
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":{"en":"x"}}],"details":{"tag":"1"}}"#,
                true,
            ),
            (404, r#"{"errors":[{"code":null},7,{"code":"MANIFEST_UNKNOWN"}],"message":{"a":1}}"#, true),
            (404, r#"{"errors":{"code":"MANIFEST_UNKNOWN"}}"#, true),
            (404, r#"{"errors":[{"code":404,"message":"manifest unknown"}]}"#, true),
            (404, r#"{"errors":null,"message":"manifest unknown"}"#, true),
            (404, r#"{"errors":[{"status":404,"message":"Not Found"}]}"#, false),
            (404, r#"[{"code":"MANIFEST_UNKNOWN"}]"#, false),
            (404, r#"{"errors":[{"code":"DENIED"}]}"#, false),
            (404, r#"{"errors":[]}"#, false),
            (404, "<html>not found</html>", false),
            (404, "", false),
            (403, r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#, false),
            (500, r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#, false),
        ] {
            assert_eq!(is_absent(&response(status, body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_registrys_words_are_printable_and_short() {
        for (body, expected) in [
            (
                r#"{"errors":[{"code":"DENIED","message":"denied\u001b[2J"},{"code":"X"}]}"#,
                "403 (denied\\u{1b}[2J; x)",
            ),
            (r#"{"details":"incorrect username or password"}"#, "403 (incorrect username or password)"),
            (r#"{"message":"no"}"#, "403 (no)"),
            (
                r#"{"errors":[{"code":"DENIED","message":null},{"message":5}],"detail":[1]}"#,
                "403 (denied; 5)",
            ),
            (r#"{"error":"x","error_description":"no such realm"}"#, "403 (no such realm)"),
            ("::error::x", "403 (::error::x)"),
            ("<html>no", "403"),
            ("", "403"),
        ] {
            assert_eq!(words(&response(403, body)), expected);
        }
        let long = format!(r#"{{"message":"{}"}}"#, "é".repeat(1000));
        assert_eq!(words(&response(500, &long)).chars().count(), "500 ()".len() + MAX_WORDS);
    }

    #[test]
    fn every_refusal_has_its_hint() {
        let at = Reference::parse("oci://ghcr.io/o/web:1").expect("a reference");
        let (nobody, token, user) = (None, Some("GITHUB_TOKEN"), Some("`~/.docker/config.json`"));
        for (status, credentials, is_github, in_workflow, hint) in [
            (401, nobody, true, true, "env: GITHUB_TOKEN: ${{ github.token }}"),
            (403, nobody, true, false, "look the same from outside"),
            (401, nobody, false, false, "XTASK_OCI_USERNAME"),
            (401, token, true, true, "packages: write"),
            (401, user, true, false, "have they ended?"),
            (403, token, true, true, "Manage Actions access"),
            (403, user, true, false, "`write:packages`"),
            (403, user, false, false, "let the user of"),
            (404, user, true, false, "an owner `o`"),
            (405, user, false, false, "takes no pushes"),
            (413, user, false, false, "raise its limit"),
            (429, nobody, false, false, "wait some minutes"),
            (307, nobody, false, false, "sends pushes elsewhere"),
            (502, nobody, false, false, "run it again later"),
        ] {
            let asked = Asked { wish: Wish::Write, credentials, is_github, in_workflow, ..asked(&at) };
            let problem = refused(asked, &response(status, ""), 0);
            assert!(problem.message.starts_with("cannot push to `oci://ghcr.io/o/web:1`: "), "{problem}");
            assert!(problem.message.contains(&status.to_string()), "{problem}");
            let said = problem.hint.expect("a hint");
            assert!(said.contains(hint), "{status} {said}");
        }
    }

    /// What a registry says in words of its own comes before what its status says, where somebody was let in.
    #[test]
    fn words_come_before_the_status() {
        let at = Reference::parse("oci://quay.io/o/web:1").expect("a reference");
        let body = r#"{"errors":[{"code":"UNAUTHORIZED","detail":{},"message":"access to the requested resource is not authorized"}]}"#;
        let of = |credentials, wish| {
            let asked = Asked { wish, credentials, ..asked(&at) };
            refused(asked, &response(401, body), 0).hint.unwrap_or_default()
        };
        assert!(of(Some("`S`"), Wish::LookToWrite).contains("create `o/web` and let `S` write"));
        assert!(
            of(None, Wish::Write).contains("look the same from outside; type: helm registry login quay.io")
        );
        assert!(of(Some("`S`"), Wish::Pull).contains("have they ended?"));
        let scope = "Bearer realm=\"https://h/t\",error=\"insufficient_scope\"".to_owned();
        let refusal = Response { headers: vec![("www-authenticate".to_owned(), scope)], ..response(401, "") };
        let asked = Asked { credentials: Some("`S`"), wish: Wish::Write, ..asked(&at) };
        assert!(
            refused(asked, &refusal, 0).hint.is_some_and(|hint| hint.contains("valid and has no such right"))
        );
        let hub =
            r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}"#;
        assert!(
            refused(asked, &response(429, hub), 0)
                .hint
                .is_some_and(|hint| hint.contains("helm registry login"))
        );
    }

    #[test]
    fn a_rate_limit_says_when_it_ends() {
        let at = Reference::parse("oci://ghcr.io/o/web:1").expect("a reference");
        let asked = Asked { is_github: true, ..asked(&at) };
        let mut limited = response(429, "");
        limited.headers.push(("retry-after".to_owned(), "90".to_owned()));
        let hint = refused(asked, &limited, 0).hint;
        assert_eq!(hint.as_deref(), Some("too many requests: run it again in 90 s"));
    }

    #[test]
    fn silence_has_a_cause() {
        let at = Reference::parse("oci://h/o/web:1").expect("a reference");
        let asked = asked(&at);
        for (why, hint) in [
            ("TLS: invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
            ("received corrupt message of type InvalidContentType", "--plain-http"),
            ("there is no host of that name", "is the network there, and"),
            ("failed to lookup address information: Name or service not known", "is the network there, and"),
            ("it did not answer in time (global)", "run it again"),
        ] {
            let problem = silent(asked, why);
            assert_eq!(problem.message, format!("cannot tell what is at `oci://h/o/web:1`: h: {why}"));
            assert!(problem.hint.expect("a hint").contains(hint), "{why}");
        }
    }
}
