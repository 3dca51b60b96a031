//! What the command line of `cargo xtask pages` can mean, and which remote it leads to.

use std::fs;

use crate::remote::{Remote, publisher};
use crate::sandbox::{Ran, Sandbox};
use crate::whole::source;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

fn both() -> (Remote, Sandbox) {
    (Remote::seeded(), publisher("web", "1.0.0"))
}

/// The repository of the config, by a link, on the server of `remote`; and a source repository that has it as `origin`,
/// with this in front of the host.
fn with_origin(user: &str) -> (Remote, Sandbox) {
    let (remote, sandbox) = both();
    let place = remote.server.sandbox().work();
    fs::create_dir(place.join("d44b")).expect("a directory");
    std::os::unix::fs::symlink("../o/r.git", place.join("d44b/pulltrace.git")).expect("a link");
    let origin = remote.server.origin().replace("http://", &format!("http://{user}"));
    sandbox.git(&["remote", "add", "origin", &format!("{origin}/d44b/pulltrace.git")]);
    (remote, sandbox)
}

/// A wrong command line, which costs no request.
#[track_caller]
fn usage(remote: &Remote, ran: Ran, words: &str) {
    let ran = ran.ended(2);
    assert!(ran.stderr.contains("error: ") && ran.stderr.contains(words), "{words}: {}", ran.stderr);
    assert_eq!((remote.server.calls().len(), remote.commits()), (0, 1));
}

#[test]
fn a_deadline_is_a_number_of_seconds() {
    let (remote, sandbox) = both();
    for deadline in ["0", "86401", "18446744073709551615", "18446744073709551616", "-1", "", "1.5"] {
        let ran = remote.publish(&sandbox, &[&format!("--deadline={deadline}")]);
        usage(&remote, ran, "--deadline");
    }
    remote.publish(&sandbox, &["--only", "charts", "--deadline", "86400"]).ended(0);
}

#[test]
fn options_that_would_do_nothing_are_refused() {
    let (remote, sandbox) = both();
    for (args, words) in [
        (&["--only", "docs", "--repair"][..], "--repair is for the Helm repository"),
        (&["--only", "docs", "--replace", "web-1.0.0"], "--replace is for the Helm repository"),
        (&["--only", "docs", "--dist", "dist"], "--dist is for the Helm repository"),
        (&["--out", "../out"], "cannot be used with"),
        (&["--only", "docs", "--offline"], "cannot be used with"),
    ] {
        usage(&remote, remote.publish(&sandbox, args), words);
    }
    let ran = sandbox.xtask(&["pages", "--wait", "--remote", &remote.url]);
    usage(&remote, ran, "--publish");
}

/// What builds the documentation needs nobody, wherever it would be published.
#[test]
fn documentation_is_built_without_a_look_at_the_branch() {
    let sandbox = source("1.0.0");
    sandbox.git(&["remote", "add", "origin", "https://nobody.invalid/d44b/pulltrace"]);
    let ran = sandbox.any_config(&["pages", "--only", "docs", "--offline"]).ended(0);
    assert!(ran.stdout.starts_with("       Wrote site/  "), "{}", ran.stdout);
    assert!(sandbox.files("site").contains(&"index.html".to_owned()));
    let ran = sandbox.xtask(&["pages", "--offline"]).ended(2);
    let words = "error: --offline cannot say what becomes of the Helm repository, whose index is published\n\
                 hint: add --only docs\n";
    assert_eq!(ran.stderr, words);
}

/// A name in front of the host is no secret; many tools leave it there.
#[test]
fn an_origin_with_a_user_is_published_to() {
    let (remote, sandbox) = with_origin("me@");
    let ran = sandbox.xtask(&["pages", "--publish", "--only", "charts"]).ended(0);
    assert!(
        ran.stdout.contains(&format!("gh-pages of {}/d44b/pulltrace.git", remote.server.origin())),
        "{}",
        ran.stdout
    );
    assert!(remote.server.calls().iter().all(|request| request.authorizations.is_empty()));
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 2));
}

#[test]
fn an_origin_with_a_password_is_refused() {
    let (remote, sandbox) = with_origin("me:geheim@");
    let ran = sandbox.xtask(&["pages", "--publish", "--only", "charts"]).ended(1);
    assert!(ran.stderr.contains("error: the URL of origin has a password in it\nhint: "), "{}", ran.stderr);
    assert!(!ran.stderr.contains("geheim"), "{}", ran.stderr);
    assert_eq!(remote.server.calls().len(), 0);
}

/// `--remote` counts from where one stands, as `--out` and `--dist` do; `origin` from the root, as for git.
#[test]
fn a_relative_remote_is_found_from_a_directory_below() {
    let (remote, sandbox) = both();
    let bare = remote.server.sandbox().snapshot("o/r.git");
    sandbox.restore("../asked.git", &bare);
    sandbox.restore("../d44b/pulltrace.git", &bare);
    let below = sandbox.work().join("docs/guide");
    let publish = ["pages", "--publish", "--only", "charts"];
    let count = |place: &str| sandbox.git(&["-C", place, "rev-list", "--count", "gh-pages"]);
    let asked = [&publish[..], &["--remote", "../../../asked.git"]].concat();
    let ran = sandbox.run_in(&below, XTASK.as_ref(), &asked).ended(0);
    assert!(ran.stdout.contains("gh-pages of $ROOT/asked.git"), "{}", ran.stdout);
    assert_eq!((count("../asked.git"), count("../d44b/pulltrace.git")), ("2".into(), "1".into()));
    sandbox.git(&["remote", "add", "origin", "../d44b/pulltrace.git"]);
    sandbox.run_in(&below, XTASK.as_ref(), &publish).ended(0);
    assert_eq!(count("../d44b/pulltrace.git"), "2");
}

/// A fork looks at what it would do to the repository of the config, and does not do it.
#[test]
fn a_fork_previews_and_does_not_publish() {
    for place in ["workflow", "clone", "no origin"] {
        let (remote, mut sandbox) = with_origin("");
        sandbox.set("GITHUB_SERVER_URL", remote.server.origin());
        let shown = match place {
            "workflow" => {
                sandbox.set("GITHUB_ACTIONS", "true");
                sandbox.set("GITHUB_REPOSITORY", "me/pulltrace");
                "/me/pulltrace.git`"
            }
            "clone" => {
                let fork = format!("{}/me/pulltrace.git", remote.server.origin());
                sandbox.git(&["remote", "set-url", "origin", &fork]);
                "/me/pulltrace.git`"
            }
            _ => {
                sandbox.git(&["remote", "remove", "origin"]);
                "a repository without `origin`"
            }
        };
        let ran = sandbox.xtask(&["pages", "--only", "charts"]).ended(0);
        assert!(ran.stdout.contains("/d44b/pulltrace.git is at "), "{place}: {}", ran.stdout);
        assert!(ran.stdout.contains("Would add charts/web-1.0.0.tgz"), "{place}: {}", ran.stdout);
        remote.server.calls();
        let ran = sandbox.xtask(&["pages", "--publish", "--only", "charts"]).ended(1);
        assert!(ran.stderr.contains(shown), "{place}: {}", ran.stderr);
        assert!(ran.stderr.contains("`d44b/pulltrace` is what publishes"), "{place}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint: a fork publishes nothing"), "{place}: {}", ran.stderr);
        assert_eq!((remote.server.calls().len(), remote.commits()), (0, 1), "{place}");
        // Who names it means it.
        remote.charts(&sandbox).ended(0);
        assert_eq!(remote.commits(), 2, "{place}");
    }
}
