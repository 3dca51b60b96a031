//! What publishing a GitHub Release says when it cannot, and what it never says.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::github::{Api, Fault, Github, upload};
use crate::publish_github::{ARCHIVE, TAG, both, draft, publish, somebody, writes};
use crate::registry_api::OciRegistry;
use crate::sandbox::Sandbox;
use crate::server::TOKEN;

/// The last words, the host of the server by name.
fn last_words(github: &Github, sandbox: &Sandbox) -> String {
    let ran = publish(sandbox).ended(1);
    assert!(!ran.stderr.contains(TOKEN), "{}", ran.stderr);
    let host = github.url().replace("http://", "").replace("/api/v3", "");
    let (_, words) = ran.stderr.rsplit_once("\nerror: ").unwrap_or_else(|| panic!("{}", ran.stderr));
    words.replace(&host, "HOST")
}

/// An answer for good to the first call that looks, and to the first that writes.
#[test]
fn every_refusal_has_a_cause_and_a_hint() {
    let write = "give the job `permissions: contents: write`, or set GITHUB_TOKEN to a token that may write";
    for (status, said, cause, hint) in [
        (
            401,
            "Bad credentials",
            "Bad credentials (401)",
            "the token is not valid here, or has ended: set GITHUB_TOKEN to another one",
        ),
        (
            403,
            "Resource not accessible by integration",
            "Resource not accessible by integration (403)",
            write,
        ),
        (
            403,
            "Repository was archived so is read-only.",
            "Repository was archived so is read-only. (403)",
            "unarchive `d44b/pulltrace`, or publish elsewhere",
        ),
        (
            403,
            "You have exceeded a secondary rate limit.",
            "too many requests: You have exceeded a secondary rate limit. (403)",
            "run it again in some minutes; what is done already is not repeated",
        ),
        (
            404,
            "Not Found",
            "Not Found (404)",
            "is `d44b/pulltrace` right, and may the token see it and write to it? give the job `permissions: contents: write`, or set GITHUB_TOKEN to a token that may write",
        ),
        (
            422,
            "Validation Failed",
            "Validation Failed (422)",
            "look at the releases of `d44b/pulltrace`, mend what is in the way, and run it again",
        ),
        (
            301,
            "Moved Permanently",
            "the repository has moved (301)",
            "is `d44b/pulltrace` its name? edit `repository` in xtask/src/main.rs",
        ),
        (200, "Hello", "", "is GITHUB_API_URL right?"),
    ] {
        let (github, sandbox) = both();
        github.fail(Fault::Refuse(status, said), "GET", 1);
        let words = last_words(&github, &sandbox);
        let tried = "cannot look at the releases of `d44b/pulltrace`: HOST";
        match status {
            200 => assert!(
                words.starts_with(&format!("{tried} is not what GitHub answers: invalid type"))
                    && words.ends_with(&format!("\nhint: {hint}\n")),
                "{words}"
            ),
            _ => assert_eq!(words, format!("{tried}: {cause}\nhint: {hint}\n")),
        }
        assert_eq!(github.calls().len(), 1);
        if status == 200 {
            continue;
        }
        github.fail(Fault::Refuse(status, said), "POST", 1);
        let words = last_words(&github, &sandbox);
        assert_eq!(words, format!("cannot create the draft of `v1.2.3`: HOST: {cause}\nhint: {hint}\n"));
        assert_eq!(writes(&github.calls()), ["POST /api/v3/repos/d44b/pulltrace/releases"]);
    }
}

/// A limit that lasts longer than the command may is not waited for, and its end is said.
#[test]
fn limits_that_last() {
    for (status, header, value) in
        [(403, "X-RateLimit-Reset", "4102444800"), (429, "Retry-After", "Fri, 01 Jan 2100 00:00:00 GMT")]
    {
        let (github, sandbox) = both();
        let headers = vec![(header, value.to_owned()), ("X-RateLimit-Remaining", "0".to_owned())];
        let body = json!({"message": "API rate limit exceeded"}).to_string();
        github.fail(Fault::Answer(status, headers, body), "POST /api/uploads", 1);
        assert_eq!(
            last_words(&github, &sandbox),
            format!(
                "cannot upload `{ARCHIVE}`: HOST: too many requests: API rate limit exceeded ({status}); the limit ends \
                 at 2100-01-01T00:00:00Z\nhint: run it again after 2100-01-01T00:00:00Z; what is done already is not \
                 repeated\n"
            )
        );
        publish(&sandbox).ended(0);
    }
}

#[test]
fn what_does_not_pass_ends() {
    let (github, sandbox) = both();
    github.fail(Fault::Refuse(502, "Server Error"), "PATCH", usize::MAX);
    assert_eq!(
        last_words(&github, &sandbox),
        "cannot publish `v1.2.3`: HOST: Server Error (502)\nhint: nothing was lost: run it again; \
         www.githubstatus.com says how GitHub is\n"
    );
    assert_eq!(github.calls().iter().filter(|call| call.line.starts_with("PATCH")).count(), 5);

    let (github, sandbox) = both();
    github.fail(Fault::Hang, "POST", 1);
    let ran = sandbox.xtask(&["release", "--tag", TAG, "--publish=github", "--deadline", "2"]).ended(1);
    assert!(ran.stderr.contains("error: cannot create the draft of `v1.2.3`: "), "{}", ran.stderr);
    assert!(
        ran.stderr.ends_with("hint: run it again: what is done already is not repeated\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn tags() {
    let (_, sandbox) = both();
    let mut sandbox = sandbox;
    let github = Github::new();
    sandbox.set("GITHUB_API_URL", github.url());
    assert_eq!(last_words(&github, &sandbox), "GitHub has no tag `v1.2.3`\nhint: git push origin v1.2.3\n");
    github.with(|api| api.tag(TAG, "2222222222222222222222222222222222222222"));
    let here = sandbox.git(&["rev-parse", "--short=7", "HEAD"]);
    assert_eq!(
        last_words(&github, &sandbox),
        format!(
            "tag `v1.2.3` on GitHub is at `2222222`, and this release was made from `{here}`\nhint: git fetch --tags \
             --force && git checkout v1.2.3 && cargo xtask release\n"
        )
    );
    assert_eq!(writes(&github.calls()), [""; 0]);
    // Somebody moves the tag while its release is made: it stays a draft.
    let (github, sandbox) = both();
    let act = |api: &mut Api| api.tag(TAG, "2222222222222222222222222222222222222222");
    github.fail(Fault::Meanwhile(Arc::new(act)), "POST /api/v3", 1);
    assert!(last_words(&github, &sandbox).starts_with("tag `v1.2.3` on GitHub is at `2222222`"));
    assert_eq!(github.state()["releases"][0]["draft"], true);
}

#[test]
fn tokens() {
    let (github, mut sandbox) = both();
    sandbox.unset("GITHUB_TOKEN");
    let none = "no token to publish a release of `d44b/pulltrace` with\nhint: set GITHUB_TOKEN (in a workflow: \
                `GITHUB_TOKEN: ${{ github.token }}`), or log in with `gh auth login`\n";
    assert_eq!(last_words(&github, &sandbox), none);
    assert_eq!(github.calls(), []);
    // Only for servers that are spoken to with encryption.
    sandbox.script("gh", &format!("#!/bin/sh\necho \"$@\" >> ../asked\necho {TOKEN}\n"));
    assert_eq!(last_words(&github, &sandbox), none);
    sandbox.set("GITHUB_API_URL", "https://localhost:1/api/v3");
    let ran = sandbox.xtask(&["release", "--tag", TAG, "--publish=github", "--deadline", "1"]).ended(1);
    assert!(
        ran.stderr.contains("error: cannot look at the releases of `d44b/pulltrace`: localhost:1: "),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains(TOKEN) && !ran.stdout.contains(TOKEN));
    assert_eq!(sandbox.text("../asked"), "auth token --hostname localhost:1\n");
    sandbox.script("gh", "#!/bin/sh\necho 'no oauth token' >&2\nexit 1\n");
    assert_eq!(last_words(&github, &sandbox), none);
    // Of the environment, either name.
    sandbox.set("GITHUB_API_URL", github.url());
    sandbox.set("GH_TOKEN", TOKEN);
    publish(&sandbox).ended(0);
    for url in ["http://api.github.com", "ftp://localhost", "http://localhost@example.com", "api.github.com"]
    {
        sandbox.set("GITHUB_API_URL", url);
        let ran = publish(&sandbox).ended(2);
        let words = format!(
            "error: GITHUB_API_URL `{url}` is not of the form `https://HOST/PATH`\nhint: unset GITHUB_API_URL for github.com\n"
        );
        assert!(ran.stderr.ends_with(&words), "{}", ran.stderr);
    }
}

/// The token goes to the API and to where it takes uploads, to those by every call, and is never shown.
#[test]
fn a_token_goes_where_it_belongs() {
    let (github, sandbox) = both();
    github.with(|api| api.no_digests = true);
    publish(&sandbox).ended(0);
    for call in github.calls() {
        let expected = usize::from(!call.line.contains("/storage/"));
        assert_eq!(call.authorizations.len(), expected, "{call:?}");
    }
    // A server may repeat it where its words are cut.
    let (github, sandbox) = both();
    let body = json!({"message": "x".repeat(390) + TOKEN}).to_string();
    github.fail(Fault::Answer(400, Vec::new(), body), "POST", 1);
    let words = last_words(&github, &sandbox);
    assert!(words.contains("xxx") && !words.contains(&TOKEN[..6]), "{words}");
    // And all that it is asked.
    for part in ["GET", "POST", "PATCH"] {
        for status in [200, 400, 422] {
            let (github, sandbox) = both();
            github.fail(Fault::Echo(status), part, 1);
            let ran = publish(&sandbox);
            assert!(!ran.stderr.contains(TOKEN) && !ran.stdout.contains(TOKEN), "{}", ran.stderr);
        }
    }
}

/// A place for uploads that is not encrypted gets nothing.
#[test]
fn an_upload_is_encrypted() {
    let (github, sandbox) = both();
    github.with(|api| api.uploads = "http://uploads.example.com".to_owned());
    let words = last_words(&github, &sandbox);
    let cause = "cannot upload `web-1.2.3.tgz`: HOST: it names `http://uploads.example.com/";
    assert!(words.starts_with(cause), "{words}");
    assert_eq!(writes(&github.calls()), ["POST /api/v3/repos/d44b/pulltrace/releases"]);
}

/// What a server says may hold what a terminal or a CI log would obey.
#[test]
fn the_servers_words_are_only_words() {
    let (github, sandbox) = both();
    let words = "a\u{1b}[31mred\n::error::forged".to_owned() + &"x".repeat(9_000);
    let body = json!({"message": words, "errors": [words]}).to_string();
    github.fail(Fault::Answer(422, Vec::new(), body), "POST", 1);
    let ran = publish(&sandbox).ended(1);
    assert!(
        !ran.stderr.contains('\u{1b}') && !ran.stderr.lines().any(|line| line.starts_with("::")),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("forged") && ran.stderr.len() < 3_000, "{}", ran.stderr);
}

/// Somebody uploads the same file just before, and it differs; GitHub changes a name.
#[test]
fn what_comes_back_is_read() {
    let (github, sandbox) = both();
    let release = draft(&github);
    let other = upload(&release, ARCHIVE, b"other");
    let act = move |api: &mut Api| assert_eq!(api.answer(&other).status, 201);
    github.fail(Fault::Meanwhile(Arc::new(act)), "POST /api/uploads", 1);
    let words = last_words(&github, &sandbox);
    assert!(words.starts_with("the draft of `v1.2.3` has another `web-1.2.3.tgz`: 5 B, sha256:"), "{words}");

    let (github, sandbox) = both();
    let asset = json!({"id": 1, "name": "web.tgz", "size": 9, "state": "uploaded"}).to_string();
    github.fail(Fault::Answer(201, Vec::new(), asset), "POST /api/uploads", 1);
    let words = last_words(&github, &sandbox);
    assert!(
        words.starts_with("GitHub calls the asset `web-1.2.3.tgz` `web.tgz`\nhint: delete it at https://"),
        "{words}"
    );
}

/// Without a token the releases of a public repository can be seen, but no drafts; those of a private one cannot.
#[test]
fn looking_needs_no_token() {
    let (github, mut sandbox) = both();
    let registry = OciRegistry::new();
    draft(&github);
    sandbox.unset("CARGO_NET_OFFLINE");
    sandbox.unset("GITHUB_TOKEN");
    let look = |sandbox: &Sandbox| {
        let targets = ["--oci", &registry.url(), "--remote", "nowhere.git"];
        let ran = sandbox.xtask(&[&["release", "--tag", TAG][..], &targets].concat());
        let line =
            ran.stdout.lines().find(|line| line.contains(" release v1.2.3 ")).unwrap_or_default().to_owned();
        (line, ran.stderr)
    };
    let what = "release v1.2.3 of d44b/pulltrace  with web-1.2.3.tgz, SHA256SUMS  ";
    assert_eq!(
        look(&sandbox).0,
        format!("Would create {what}not published yet; without a token nobody sees drafts")
    );
    sandbox.set("GITHUB_TOKEN", TOKEN);
    assert!(
        look(&sandbox).0.starts_with(&format!("Would finish {what}is a draft with 0 of its assets; upload"))
    );
    sandbox.unset("GITHUB_TOKEN");
    github.with(|api| api.is_private = true);
    let (line, words) = look(&sandbox);
    assert_eq!(line, format!("Would create {what}unknown what is there"));
    assert!(words.contains("Not Found (404)"), "{words}");
    assert!(words.contains("if it is private, set GITHUB_TOKEN to a token that may read it"), "{words}");
    assert_eq!(somebody(&github, "GET", "releases", &Value::Null).as_array().map(Vec::len), Some(1));
    assert_eq!(writes(&github.calls()), [""; 0]);
}
