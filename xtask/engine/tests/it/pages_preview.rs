//! `cargo xtask pages` without `--publish`: the site is written as it would be published, and to no place that is somebody's.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;

use crate::remote::{Remote, publisher};
use crate::sandbox::{Ran, Sandbox};

fn both() -> (Remote, Sandbox) {
    (Remote::seeded(), publisher("web", "1.0.0"))
}

/// Looks at the charts, with the site at `out`.
fn preview(remote: &Remote, sandbox: &Sandbox, out: &str) -> Ran {
    sandbox.xtask(&["pages", "--only", "charts", "--remote", &remote.url, "--out", out])
}

/// The preview is refused for this reason, before anybody is asked for anything.
#[track_caller]
fn refused(remote: &Remote, ran: Ran, why: &str) {
    let ran = ran.ended(1);
    assert!(ran.stderr.contains("error: the site cannot go to `"), "{}", ran.stderr);
    assert!(ran.stderr.contains(why), "{why}: {}", ran.stderr);
    assert!(ran.stderr.contains("\nhint: choose a new directory with --out"), "{}", ran.stderr);
    assert_eq!(remote.server.calls().len(), 0);
}

#[test]
fn the_site_is_what_the_branch_holds_afterwards() {
    for remote in [Remote::empty(), Remote::seeded()] {
        let mut sandbox = publisher("web", "1.0.0");
        sandbox.set("SOURCE_DATE_EPOCH", "1704164645");
        sandbox.write("artifacthub-repo.yml", "owners: []\n");
        sandbox.write("docs/files/a b.bin", "\r\n\0");
        let before = remote.tip();
        sandbox.any_config(&["pages", "--remote", &remote.url]).ended(0);
        assert_eq!(remote.tip(), before);
        let kept = ["CNAME", "charts/api-0.1.0.tgz", "charts/web-0.1.0.tgz"];
        let is_kept = |path: &&str| !before.is_empty() && kept.contains(path);
        let old = if before.is_empty() { BTreeMap::default() } else { remote.files() };
        remote.publish(&sandbox, &[]).ended(0);
        let (files, site) = (remote.files(), sandbox.files("site"));
        assert!(site.len() > 6, "{site:?}");
        for path in &site {
            assert_eq!(sandbox.read(&format!("site/{path}")), remote.read(path), "{path}");
        }
        // What the branch has besides was there before.
        let others: Vec<&str> =
            files.keys().map(String::as_str).filter(|path| !site.iter().any(|a| a == path)).collect();
        let expected: Vec<&str> = kept.into_iter().filter(is_kept).collect();
        assert_eq!(others, expected);
        assert!(others.iter().all(|path| files.get(*path) == old.get(*path)));
    }
}

#[test]
fn the_site_goes_to_a_new_or_empty_directory() {
    let (remote, sandbox) = both();
    let out = sandbox.work().join("../out");
    fs::create_dir(&out).expect("a directory");
    for place in ["../out", "../new/deep/site", "target/preview"] {
        let ran = preview(&remote, &sandbox, place).ended(0);
        assert!(sandbox.files(place).contains(&"charts/web-1.0.0.tgz".to_owned()), "{}", ran.stdout);
        // Now it has files, and whose they are cannot be seen.
        remote.server.calls();
        sandbox.write(&format!("{place}/mine.txt"), "mine");
        refused(&remote, preview(&remote, &sandbox, place), "it is not empty");
        assert_eq!(sandbox.text(&format!("{place}/mine.txt")), "mine");
    }
    symlink(&out, sandbox.work().join("../link")).expect("a link");
    refused(&remote, preview(&remote, &sandbox, "../link"), "it is not empty");
    refused(&remote, preview(&remote, &sandbox, "../new/deep/site/charts/index.html"), "it is no directory");
}

/// Only what is at the place of every preview is replaced, and only by the site of an earlier one.
#[test]
fn the_usual_place_is_used_again() {
    let (remote, sandbox) = both();
    let run = || sandbox.xtask(&["pages", "--only", "charts", "--remote", &remote.url]);
    run().ended(0);
    sandbox.write("site/stale.html", "stale");
    run().ended(0);
    assert!(!sandbox.files("site").contains(&"stale.html".to_owned()));
    preview(&remote, &sandbox, "site").ended(0);
    remote.server.calls();
    // Another program's site has no `.nojekyll`.
    fs::remove_file(sandbox.work().join("site/.nojekyll")).expect("a file");
    refused(&remote, run(), "it is not empty");
    assert!(sandbox.files("site").contains(&"charts/index.yaml".to_owned()));
}

/// A clone of the branch looks like a site, and may have work that is nowhere else.
#[test]
fn a_checkout_of_the_branch_is_left_alone() {
    let (remote, sandbox) = both();
    let path = remote.path().display().to_string();
    for place in ["../clone", "clone", "site"] {
        sandbox.git(&["clone", "--quiet", "--branch=gh-pages", &path, place]);
        sandbox.write(&format!("{place}/mine.txt"), "mine");
        sandbox.git(&["-C", place, "add", "mine.txt"]);
        sandbox.git(&["-C", place, "commit", "--quiet", "--message=mine"]);
        let before = sandbox.files(place);
        refused(&remote, preview(&remote, &sandbox, place), "it is not empty");
        refused(&remote, preview(&remote, &sandbox, &format!("{place}/charts")), "it is not empty");
        assert_eq!(sandbox.files(place), before);
        sandbox.git(&["-C", place, "fsck"]);
    }
    // In a worktree `.git` is a file.
    fs::remove_dir_all(sandbox.work().join("site")).expect("a clone");
    sandbox.git(&["-C", "clone", "worktree", "add", "--quiet", "--detach", "../site"]);
    assert!(sandbox.work().join("site/.git").is_file());
    let ran = sandbox.xtask(&["pages", "--only", "charts", "--remote", &remote.url]);
    refused(&remote, ran, "it is not empty");
    assert_eq!(sandbox.text("site/mine.txt"), "mine");
}

/// What is written there would be documentation, or a chart, the next time.
#[test]
fn the_site_is_not_written_among_the_sources() {
    let (remote, sandbox) = both();
    for place in ["docs", "docs/new", "docs/guide/../new", "charts/web/new", ".", "..", "../.."] {
        let before = sandbox.files("");
        refused(&remote, preview(&remote, &sandbox, place), "the repository has files there");
        assert_eq!(sandbox.files(""), before, "{place}");
    }
}
