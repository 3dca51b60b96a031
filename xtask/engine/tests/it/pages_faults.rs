//! A server that fails: what passes is waited for, what does not is said in the server's words, and nothing is half done.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::remote::{Remote, publisher};
use crate::sandbox::{Ran, Sandbox};
use crate::server::{ANY, FETCH, Fault, LOOK, LOOK_TO_PUSH, PUSH};

const FOR_EVER: usize = usize::MAX;

/// A remote with something on it and one who wants to publish `web-1.0.0.tgz`.
fn both() -> (Remote, Sandbox) {
    (Remote::seeded(), publisher("web", "1.0.0"))
}

#[track_caller]
fn published(remote: &Remote, ran: Ran) {
    let ran = ran.ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 2), "{}", ran.stderr);
    assert!(remote.entries().contains_key("web-1.0.0.tgz"));
}

/// Fails with these words, a hint, and nothing on the remote.
#[track_caller]
fn refused(remote: &Remote, ran: Ran, words: &[&str]) {
    let ran = ran.ended(1);
    assert_eq!((remote.assert_whole(), remote.commits()), (2, 1));
    assert!(ran.stderr.starts_with("error: ") || ran.stderr.contains("\nerror: "), "{}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "no {word} in: {}", ran.stderr);
    }
    assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
}

#[test]
fn servers_that_can_less_are_served_too() {
    let (remote, sandbox) = both();
    remote.git(&["config", "uploadpack.allowFilter", "false"]);
    published(&remote, remote.charts(&sandbox));

    let (remote, sandbox) = both();
    remote.server.with(|git| git.only_protocol_0 = true);
    remote.git(&["config", "uploadpack.allowAnySHA1InWant", "false"]);
    published(&remote, remote.charts(&sandbox));

    let (remote, sandbox) = both();
    for key in ["transfer.fsckObjects", "receive.denyNonFastForwards", "receive.denyDeletes"] {
        remote.git(&["config", key, "true"]);
    }
    published(&remote, remote.charts(&sandbox));
}

#[test]
fn an_acknowledgement_that_is_lost_is_success() {
    let (remote, sandbox) = both();
    remote.server.fail(Fault::DropAfter, PUSH, 1);
    let ran = remote.charts(&sandbox);
    assert!(ran.stdout.contains("Published"), "{}", ran.stdout);
    published(&remote, ran);
}

/// The same where somebody else publishes before we look again: our commit is no longer the tip.
#[test]
fn a_lost_acknowledgement_is_found_below_the_tip() {
    let (remote, sandbox) = both();
    // Only after the push is there anything to merge; the hook stands for somebody who is quick.
    remote.hook(
        "post-receive",
        "#!/bin/sh\nread old new ref\ncommit=$(echo foreign | git -c user.name=t -c user.email=t@example.com \
         commit-tree -p $new $new^{tree})\ngit update-ref $ref $commit\nrm \"$0\"\n",
    );
    remote.server.fail(Fault::DropAfter, PUSH, 1);
    remote.charts(&sandbox).ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 3));
}

#[test]
fn what_passes_is_waited_for() {
    for (status, service) in
        [(500, LOOK), (500, FETCH), (500, LOOK_TO_PUSH), (500, PUSH), (429, LOOK), (502, FETCH), (503, PUSH)]
    {
        let (remote, sandbox) = both();
        remote.server.fail(Fault::status(status), service, 2);
        published(&remote, remote.charts(&sandbox));
    }
}

#[test]
fn answers_that_end_early_are_asked_for_again() {
    for (service, bytes) in [(LOOK, 10), (FETCH, 0), (FETCH, 40), (LOOK_TO_PUSH, 30), (PUSH, 0), (PUSH, 20)] {
        let (remote, sandbox) = both();
        remote.server.fail(Fault::Cut(bytes), service, 1);
        published(&remote, remote.charts(&sandbox));
    }
}

#[test]
fn a_slow_server_is_slow() {
    let (remote, sandbox) = both();
    let slow = || {
        thread::sleep(Duration::from_millis(100));
        true
    };
    remote.server.fail(Fault::Gate(Arc::new(slow)), ANY, FOR_EVER);
    published(&remote, remote.charts(&sandbox));
}

/// What a server says for good is asked for once, and what might pass a few times.
#[test]
fn what_does_not_pass_ends() {
    for (status, words, tries) in
        [(401, "GITHUB_TOKEN", 1), (403, "GITHUB_TOKEN", 1), (404, "name right", 1), (500, "500", 3)]
    {
        let (remote, sandbox) = both();
        remote.server.fail(Fault::status(status), LOOK, FOR_EVER);
        refused(&remote, remote.charts(&sandbox), &[words]);
        // The fetch, and the question whether there is a branch.
        assert_eq!(remote.server.calls().len(), 2 * tries, "{status}");

        let (remote, sandbox) = both();
        remote.server.fail(Fault::status(status), PUSH, FOR_EVER);
        refused(&remote, remote.charts(&sandbox), &[words]);
        let requests = remote.server.calls();
        let pushes = requests.iter().filter(|request| request.line.ends_with(&format!("/o/r.git{PUSH}")));
        assert_eq!(pushes.count(), tries, "{status}: {requests:?}");
    }
}

/// Failures count as long as the branch stays where it is: once somebody was first, the server takes pushes again.
#[test]
fn failures_before_a_lost_race_do_not_count() {
    let (remote, sandbox) = both();
    remote.write("refs/heads/quick", Some(crate::remote::BRANCH), &[("quick.html", Some(b"quick"))]);
    let quick =
        remote.server.somebody(&["-C", "o/r.git", "update-ref", crate::remote::BRANCH, "refs/heads/quick"]);
    remote.server.fail(Fault::status(500), PUSH, 2);
    remote.server.fail(quick, PUSH, 1);
    remote.server.fail(Fault::status(500), PUSH, 2);
    remote.charts(&sandbox).ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 3));
}

/// Whatever it is that takes too long.
#[test]
fn what_never_ends_is_ended() {
    for service in [LOOK, FETCH, PUSH] {
        let (remote, sandbox) = both();
        remote.server.fail(Fault::Hang, service, FOR_EVER);
        let ran = remote.publish(&sandbox, &["--only", "charts", "--deadline", "2"]);
        refused(&remote, ran, &["until the deadline", "--deadline"]);
    }
}

#[test]
fn a_protected_branch_is_said_in_the_servers_words() {
    let (remote, sandbox) = both();
    remote.hook("pre-receive", "#!/bin/sh\necho 'GH006: Protected branch update failed' >&2\nexit 1\n");
    let ran = remote.charts(&sandbox);
    refused(&remote, ran, &["GH006: Protected branch update failed", "pre-receive hook declined"]);
}

#[test]
fn a_push_that_is_too_large_is_said_in_the_servers_words() {
    let (remote, sandbox) = both();
    remote.git(&["config", "receive.maxInputSize", "100"]);
    refused(&remote, remote.charts(&sandbox), &["maximum allowed size"]);
}

/// Words of a server may hold what a terminal or a CI log would obey.
#[test]
fn the_servers_words_are_only_words() {
    let (remote, sandbox) = both();
    let hook = "#!/bin/sh\nprintf 'a\\033[31mred\\n::error::forged\\n' >&2\nexit 1\n";
    remote.hook("pre-receive", hook);
    let ran = remote.charts(&sandbox).ended(1);
    assert!(!ran.stderr.contains('\u{1b}') && !ran.stdout.contains('\u{1b}'), "{}", ran.stderr);
    assert!(!ran.stderr.lines().any(|line| line.starts_with("::")), "{}", ran.stderr);
    assert!(ran.stderr.contains("forged"), "{}", ran.stderr);
}
