//! The first publish, and what must not be taken for it: an index that cannot be read, a branch that cannot be looked at.

use crate::remote::{BRANCH, CHART_PAGE, INDEX, Remote, publisher};
use crate::sandbox::Sandbox;
use crate::server::{LOOK_TO_PUSH, PUSH};

#[test]
fn an_empty_repository_gets_its_branch() {
    let remote = Remote::empty();
    let sandbox = publisher("web", "1.0.0");
    remote.publish(&sandbox, &[]).ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (1, 1));
    assert!(remote.files().contains_key(".nojekyll"), "{:?}", remote.files());
    assert_eq!(remote.git(&["for-each-ref", "--format=%(refname)"]), BRANCH);
}

#[test]
fn the_branch_begins_on_its_own() {
    let remote = Remote::empty();
    remote.write("refs/heads/main", None, &[("README.md", Some(b"source\n"))]);
    let sandbox = publisher("web", "1.0.0");
    remote.charts(&sandbox).ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (1, 1));
    assert_eq!(
        remote.files().keys().collect::<Vec<_>>(),
        [".nojekyll", CHART_PAGE, INDEX, "charts/web-1.0.0.tgz", "index.html"]
    );
}

/// The index is absent, and there are other things on the branch.
#[test]
fn a_site_gets_its_helm_repository() {
    let remote = Remote::empty();
    remote.write(BRANCH, None, &[("index.html", Some(b"site")), ("CNAME", Some(b"example.com"))]);
    let sandbox = publisher("web", "1.0.0");
    let before = remote.files();
    remote.charts(&sandbox).ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (1, 2));
    let after = remote.files();
    assert!(before.iter().all(|(path, id)| after.get(path) == Some(id)), "{after:?}");
}

#[test]
fn a_repository_that_is_not_there_is_an_error() {
    let remote = Remote::seeded();
    let sandbox = publisher("web", "1.0.0");
    let url = remote.url.replace("/o/r.git", "/o/absent.git");
    let ran = sandbox.xtask(&["pages", "--publish", "--only", "charts", "--remote", &url]).ended(1);
    assert!(ran.stderr.contains("o/absent.git") && ran.stderr.contains("\nhint: "), "{}", ran.stderr);
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    let sandbox = publisher("web", "1.0.0");
    // No program of a user's may listen there.
    let url = "http://127.0.0.1:1/o/r.git";
    let args = ["pages", "--publish", "--only", "charts", "--remote", url];
    let ran = sandbox.xtask(&args).ended(1);
    assert!(ran.stderr.contains(url) && ran.stderr.contains("\nhint: "), "{}", ran.stderr);
}

#[test]
fn an_index_that_cannot_be_read_stops_everything() {
    let broken: [&[u8]; 8] = [
        b"",
        b"\n",
        b"# nothing\n",
        b"{}\n",
        b"entries: {}\n",
        b"apiVersion: v1\nentries:\n  web:\n  - apiVersion: v2\n    created: \"2020",
        b"<!doctype html>\n<title>404</title>\n",
        b"apiVersion: v1\nentries:\n  web: \xff\xfe\n",
    ];
    let sandbox = publisher("web", "1.0.0");
    for index in broken {
        let remote = Remote::seeded();
        remote.overwrite(&[(INDEX, Some(index))]);
        let tip = remote.tip();
        let ran = remote.charts(&sandbox).ended(1);
        assert!(ran.stderr.contains("error: ") && ran.stderr.contains(INDEX), "{}", ran.stderr);
        assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
        assert_eq!(remote.tip(), tip, "{}", String::from_utf8_lossy(index));
    }
}

/// A directory, or a link, where the index should be.
#[test]
fn an_index_that_is_no_file_stops_everything() {
    let sandbox = publisher("web", "1.0.0");
    let remote = Remote::seeded();
    remote.overwrite(&[(INDEX, None), ("charts/index.yaml/x", Some(b"x"))]);
    let tip = remote.tip();
    remote.charts(&sandbox).ended(1);
    assert_eq!(remote.tip(), tip);
    let remote = Remote::seeded();
    remote.overwrite(&[("charts", None), ("charts", Some(b"a file"))]);
    let tip = remote.tip();
    remote.charts(&sandbox).ended(1);
    assert_eq!(remote.tip(), tip);
}

#[test]
fn a_repository_of_another_object_format_is_an_error() {
    let remote = Remote::empty();
    remote.server.sandbox().git(&["init", "--quiet", "--bare", "--object-format=sha256", "o/new.git"]);
    let sandbox = publisher("web", "1.0.0");
    let url = remote.url.replace("/o/r.git", "/o/new.git");
    let ran = sandbox.xtask(&["pages", "--publish", "--only", "charts", "--remote", &url]).ended(1);
    assert!(ran.stderr.contains("hash algorithm"), "{}", ran.stderr);
}

/// Somebody is quicker, between the fetch and the push and within the push: both releases stay.
#[test]
fn somebody_is_quicker() {
    for service in [LOOK_TO_PUSH, PUSH] {
        let (remote, sandbox) = quick(&[("quick.html", Some(b"quick"))]);
        let take = remote.server.somebody(&["-C", "o/r.git", "update-ref", BRANCH, "refs/heads/quick"]);
        remote.server.fail(take, service, 1);
        remote.charts(&sandbox).ended(0);
        assert_eq!((remote.assert_whole(), remote.commits()), (3, 3), "{service}");
        assert_eq!(remote.text("quick.html"), "quick");
    }
}

fn quick(files: &[(&str, Option<&[u8]>)]) -> (Remote, Sandbox) {
    let remote = Remote::seeded();
    remote.write("refs/heads/quick", Some(BRANCH), files);
    (remote, publisher("web", "1.0.0"))
}

/// The branch is moved back: what was taken off stays off, and what is published is published. For a repair git has the
/// whole history, and would take what was taken off for the beginning of what it pushes.
#[test]
fn a_branch_that_is_moved_back_is_followed() {
    for args in [&["--only", "charts"][..], &["--only", "charts", "--repair"]] {
        for service in [LOOK_TO_PUSH, PUSH] {
            let remote = Remote::seeded();
            remote.git(&["update-ref", "refs/heads/back", BRANCH]);
            remote.overwrite(&[("mistake.html", Some(b"mistake"))]);
            let sandbox = publisher("web", "1.0.0");
            let back = remote.server.somebody(&["-C", "o/r.git", "update-ref", BRANCH, "refs/heads/back"]);
            remote.server.fail(back, service, 1);
            remote.publish(&sandbox, args).ended(0);
            assert_eq!((remote.assert_whole(), remote.commits()), (3, 2), "{args:?} {service}");
            assert!(!remote.files().contains_key("mistake.html"), "{args:?} {service}");
        }
    }
}

/// The branch is deleted while we publish. A branch that was there a moment ago is no first publish.
#[test]
fn a_branch_that_is_deleted_is_not_brought_back_in_part() {
    for service in [LOOK_TO_PUSH, PUSH] {
        let remote = Remote::seeded();
        let sandbox = publisher("web", "1.0.0");
        remote.server.fail(
            remote.server.somebody(&["-C", "o/r.git", "update-ref", "-d", BRANCH]),
            service,
            1,
        );
        // A repair has what a new branch would begin with.
        let ran = remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(1);
        assert!(ran.stderr.contains("error: somebody deleted the branch `gh-pages`"), "{}", ran.stderr);
        assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
        assert_eq!(remote.tip(), "");
    }
}
