//! The token goes to the server it is for, in a header, and nowhere else: no argument, no output, no file, no other server.

use crate::remote::{Remote, publisher};
use crate::sandbox::{Ran, Sandbox, find};
use crate::server::{ANY, Fault, LOOK, TOKEN, TOKEN_BASE64};

/// A remote that wants the token, and one who has it.
fn both() -> (Remote, Sandbox) {
    let remote = Remote::seeded();
    remote.server.with(|git| git.needs_token = true);
    let mut sandbox = publisher("web", "1.0.0");
    sandbox.set("GITHUB_TOKEN", TOKEN);
    sandbox.set("GITHUB_SERVER_URL", remote.server.origin());
    (remote, sandbox)
}

/// Neither the token nor its other form is in what was printed or in any file of the sandbox.
#[track_caller]
fn assert_kept(sandbox: &Sandbox, ran: &Ran) {
    let printed = [("stdout".to_owned(), ran.stdout.clone()), ("stderr".to_owned(), ran.stderr.clone())];
    for (place, text) in sandbox.texts().chain(printed) {
        for secret in [TOKEN, TOKEN_BASE64] {
            assert!(!text.contains(secret), "{place} has {secret}: {text}");
        }
    }
}

#[test]
fn the_token_is_in_a_header_once() {
    let (remote, sandbox) = both();
    let ran = remote.charts(&sandbox).ended(0);
    assert_eq!(remote.assert_whole(), 3);
    assert_kept(&sandbox, &ran);
    let requests = remote.server.calls();
    assert!(requests.iter().any(|request| !request.authorizations.is_empty()), "{requests:?}");
    assert!(requests.iter().all(|request| request.authorizations.len() <= 1), "{requests:?}");
}

/// What each program is started with, git's own helpers too.
#[test]
fn no_argument_and_no_trace_has_the_token() {
    let (remote, mut sandbox) = both();
    let git = find("git").expect("git").display().to_string();
    let log = sandbox.work().join("../home/arguments").display().to_string();
    sandbox.script("git", &format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >> {log}\nexec {git} \"$@\"\n"));
    let home = sandbox.work().join("../home").display().to_string();
    for variable in ["GIT_TRACE", "GIT_TRACE_CURL", "GIT_CURL_VERBOSE", "GIT_TRACE_PACKET", "GIT_TRACE_SETUP"]
    {
        sandbox.set(variable, "1");
    }
    for variable in ["GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_TRACE2_PERF"] {
        sandbox.set(variable, format!("{home}/{variable}"));
    }
    let ran = remote.charts(&sandbox).ended(0);
    assert_eq!(remote.assert_whole(), 3);
    assert!(std::fs::read_to_string(&log).expect("a log").contains("push"));
    assert_kept(&sandbox, &ran);
}

/// Git logs its settings and its environment where its user asks for it in a file.
#[test]
fn no_log_that_a_configuration_asks_for_has_the_token() {
    let (remote, sandbox) = both();
    let home = std::fs::canonicalize(sandbox.work().join("../home")).expect("home").display().to_string();
    let values: Vec<String> = (0..40).map(|n| format!("GIT_CONFIG_VALUE_{n}")).collect();
    let targets =
        ["eventTarget", "normalTarget", "perfTarget"].map(|key| format!("\t{key} = {home}/{key}\n"));
    let settings = format!("\tconfigParams = *\n\tenvVars = {}\n", values.join(","));
    sandbox.write("../home/.gitconfig", &format!("[trace2]\n{}{settings}", targets.concat()));
    let ran = remote.charts(&sandbox).ended(0);
    assert_eq!(remote.assert_whole(), 3);
    let log = std::fs::read_to_string(format!("{home}/eventTarget")).expect("a log");
    assert!(log.contains("push"), "{log}");
    assert_kept(&sandbox, &ran);
}

/// A failure shows what git said, and the traces that a debug run asks for are part of that.
#[test]
fn failures_with_traces_do_not_show_it() {
    for redact in ["1", "0"] {
        let (remote, mut sandbox) = both();
        for variable in ["GIT_TRACE", "GIT_TRACE_CURL", "GIT_CURL_VERBOSE"] {
            sandbox.set(variable, "1");
        }
        sandbox.set("GIT_TRACE_REDACT", redact);
        if redact == "0" {
            let file = sandbox.work().join("../home/trace").display().to_string();
            sandbox.set("GIT_TRACE_CURL", file);
        }
        sandbox.set("GIT_TRACE2_CONFIG_PARAMS", "http.*");
        remote.hook("pre-receive", "#!/bin/sh\necho no >&2\nexit 1\n");
        let ran = remote.charts(&sandbox).ended(1);
        assert_kept(&sandbox, &ran);
        remote.server.fail(Fault::status(403), ANY, usize::MAX);
        let ran = remote.charts(&sandbox).ended(1);
        assert_kept(&sandbox, &ran);
    }
}

/// A server could say the token back.
#[test]
fn what_the_server_says_is_scrubbed() {
    let (remote, sandbox) = both();
    remote.hook("pre-receive", &format!("#!/bin/sh\necho 'you are {TOKEN} {TOKEN_BASE64}' >&2\nexit 1\n"));
    let ran = remote.charts(&sandbox).ended(1);
    assert!(ran.stderr.contains("you are "), "{}", ran.stderr);
    assert_kept(&sandbox, &ran);
}

#[test]
fn a_wrong_token_and_none_are_named() {
    let (remote, mut sandbox) = both();
    sandbox.set("GITHUB_TOKEN", "ghs_wrong");
    let ran = remote.charts(&sandbox).ended(1);
    assert!(ran.stderr.contains("error: 403"), "{}", ran.stderr);
    assert!(ran.stderr.contains("contents: write") && !ran.stderr.contains("ghs_wrong"), "{}", ran.stderr);
    sandbox.unset("GITHUB_TOKEN");
    let ran = remote.charts(&sandbox).ended(1);
    assert!(ran.stderr.contains("GITHUB_TOKEN"), "{}", ran.stderr);
    assert_eq!((remote.assert_whole(), remote.commits()), (2, 1));
}

/// A line break in a token puts no second header into the request: what is sent is base64, in one line.
#[test]
fn a_token_with_odd_characters_is_one_header() {
    let (remote, mut sandbox) = both();
    for token in ["ghs_a\nX-Other: 1", "ghs_a\r", "ghs_\u{e9}", " "] {
        sandbox.set("GITHUB_TOKEN", token);
        let ran = remote.charts(&sandbox).ended(1);
        assert!(!ran.stderr.contains("X-Other"), "{}", ran.stderr);
        let requests = remote.server.calls();
        let sent: Vec<&String> = requests.iter().flat_map(|request| &request.authorizations).collect();
        let is_word = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
        let is_one =
            |value: &&String| value.strip_prefix("basic ").is_some_and(|word| word.chars().all(is_word));
        assert!(!sent.is_empty() && sent.iter().all(is_one), "{token:?}: {sent:?}");
        assert!(requests.iter().all(|request| request.status == 403), "{requests:?}");
    }
    assert_eq!(remote.commits(), 1);
}

#[test]
fn another_server_does_not_get_it() {
    let (remote, mut sandbox) = both();
    sandbox.set("GITHUB_SERVER_URL", "https://github.com");
    remote.charts(&sandbox).ended(1);
    assert_asked_without(&remote);
    // The same host on another port is another server.
    sandbox.set("GITHUB_SERVER_URL", Remote::empty().server.origin());
    remote.charts(&sandbox).ended(1);
    assert_asked_without(&remote);
}

/// The server was asked, and no request had a token.
#[track_caller]
fn assert_asked_without(remote: &Remote) {
    let requests = remote.server.calls();
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|request| request.authorizations.is_empty()), "{requests:?}");
}

/// GitHub answers 301 for a repository that was renamed. Nobody is followed with a token, or asked again.
#[test]
fn a_redirection_does_not_take_it_along() {
    for status in [301, 302, 307, 308] {
        let (remote, sandbox) = both();
        // What the user has set does not count.
        let own = format!(
            "[http]\n\tfollowRedirects = true\n[http \"{}\"]\n\tfollowRedirects = true\n",
            remote.url
        );
        sandbox.write("../home/.gitconfig", &own);
        let other = Remote::seeded();
        let target = format!("{}/info/refs?service=git-upload-pack", other.url);
        remote.server.fail(Fault::fields(status, vec![("Location", target)]), LOOK, usize::MAX);
        let ran = remote.charts(&sandbox).ended(1);
        assert!(ran.stderr.contains("\nhint: the repository has moved: edit `repository`"), "{}", ran.stderr);
        assert_kept(&sandbox, &ran);
        assert_eq!(remote.server.calls().len(), 2, "{status}: asked again");
        assert_eq!(other.server.calls().len(), 0, "{status}");
    }
}

/// What actions/checkout leaves in the user's configuration would be a second header, or an old token in place of ours.
#[test]
fn credentials_that_lie_about_are_not_added() {
    let (remote, sandbox) = both();
    let origin = remote.server.origin();
    let old = "AUTHORIZATION: basic b2xkOm9sZA==";
    sandbox.write(
        "../home/.gitconfig",
        &format!("[http]\n\textraheader = {old}\n[http \"{origin}/\"]\n\textraheader = {old}\n[http \"{origin}/o\"]\n\textraheader = {old}\n"),
    );
    remote.charts(&sandbox).ended(0);
    assert_eq!(remote.assert_whole(), 3);
}

#[test]
fn a_token_in_the_url_is_refused() {
    let (remote, sandbox) = both();
    let url = remote.url.replace("http://", &format!("http://x-access-token:{TOKEN}@"));
    let ran = sandbox.xtask(&["pages", "--publish", "--only", "charts", "--remote", &url]).ended(1);
    assert!(!ran.stderr.contains(TOKEN) && ran.stderr.contains("GITHUB_TOKEN"), "{}", ran.stderr);
    assert_eq!(remote.commits(), 1);
}
