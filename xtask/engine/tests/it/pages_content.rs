//! What `cargo xtask pages` puts on the branch: each part its own files and none of the other's, and a release only once.

use crate::release::chart;
use crate::remote::{BRANCH, CHART_PAGE, FOREIGN, INDEX, Remote, bump, publisher};
use crate::sandbox::{Sandbox, helms};

fn both() -> (Remote, Sandbox) {
    (Remote::seeded(), publisher("web", "1.0.0"))
}

/// The ids of what belongs to no build of the site.
fn kept(remote: &Remote) -> Vec<(String, String)> {
    let is_kept = |path: &str| path.starts_with("charts/") || path == "CNAME" || path == ".nojekyll";
    remote.files().into_iter().filter(|(path, _)| is_kept(path)).collect()
}

#[test]
fn a_site_replaces_the_site_and_nothing_else() {
    let (remote, sandbox) = both();
    let before = kept(&remote);
    assert_eq!(before.len(), 5);
    remote.docs(&sandbox).ended(0);
    assert_eq!(kept(&remote), before);
    let files = remote.files();
    assert!(!files.contains_key("stale/index.html") && !files.contains_key("assets/old.js"), "{files:?}");
    assert!(remote.text("index.html").contains("New words."));
    assert_eq!((remote.assert_whole(), remote.commits()), (2, 2));
}

#[test]
fn charts_leave_the_site_as_it_is() {
    let (remote, sandbox) = both();
    let before = remote.files();
    remote.charts(&sandbox).ended(0);
    let mut after = remote.files();
    assert!(after.remove("charts/web-1.0.0.tgz").is_some());
    for path in [INDEX, CHART_PAGE] {
        assert_ne!(after.remove(path), before.get(path).cloned(), "{path}");
    }
    assert!(after.iter().all(|(path, id)| before.get(path) == Some(id)), "{after:?}");
    assert_eq!(after.len() + 1, before.len());
    let served = sandbox.read("dist/web-1.0.0.tgz");
    assert_eq!(remote.read("charts/web-1.0.0.tgz"), served);
}

#[test]
fn both_are_one_commit() {
    let (remote, sandbox) = both();
    let tip = remote.tip();
    remote.publish(&sandbox, &[]).ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 2));
    assert_eq!(remote.git(&["rev-parse", "gh-pages~1"]), tip);
    assert!(!remote.files().contains_key("stale/index.html"));
    let who = remote.git(&["log", "-1", "--format=%an %ae %cn", "gh-pages"]);
    assert!(who.contains("github-actions[bot]"), "{who}");
}

#[test]
fn the_same_again_is_no_commit() {
    let (remote, sandbox) = both();
    for args in [&["--only", "charts"][..], &["--only", "docs"], &[]] {
        remote.publish(&sandbox, args).ended(0);
        let tip = remote.tip();
        remote.server.calls();
        let ran = remote.publish(&sandbox, args).ended(0);
        assert_eq!(remote.tip(), tip, "{args:?}: {}", ran.stdout);
        assert!(ran.stdout.contains("already"), "{args:?}: {}", ran.stdout);
        let pushed = remote.server.calls().iter().any(|request| request.line.contains("receive-pack"));
        assert!(!pushed, "{args:?}");
    }
}

#[test]
fn other_bytes_of_a_published_version_are_refused() {
    let (remote, sandbox) = both();
    remote.charts(&sandbox).ended(0);
    let (tip, entry) = (remote.tip(), remote.entries()["web-1.0.0.tgz"].clone());
    sandbox.write("charts/web/values.yaml", "a: 2\n");
    sandbox.commit("other bytes");
    sandbox.xtask(&["release", "--tag", "v1.0.0"]).ended(0);
    let ran = remote.charts(&sandbox).ended(1);
    assert!(ran.stderr.contains("web") && ran.stderr.contains("1.0.0"), "{}", ran.stderr);
    assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
    assert_eq!(remote.tip(), tip);
    // Another one's name does not allow it.
    let ran = remote.publish(&sandbox, &["--only", "charts", "--replace", "web-0.1.0"]).ended(2);
    assert_eq!(remote.tip(), tip, "{}", ran.stderr);
    remote.publish(&sandbox, &["--only", "charts", "--replace", "web-1.0.0"]).ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 3));
    assert_ne!(remote.entries()["web-1.0.0.tgz"].digest, entry.digest);
    assert_eq!(remote.read("charts/web-1.0.0.tgz"), sandbox.read("dist/web-1.0.0.tgz"));
}

/// The archive is there without an entry, with other bytes: not ours to overwrite either.
#[test]
fn other_bytes_of_a_file_without_entry_are_refused() {
    let (remote, sandbox) = both();
    remote.overwrite(&[("charts/web-1.0.0.tgz", Some(b"other bytes"))]);
    let tip = remote.tip();
    remote.charts(&sandbox).ended(1);
    assert_eq!(remote.tip(), tip);
}

/// The versions for which `helm repo index --merge` loses one of the two.
#[test]
fn versions_that_helm_takes_for_one_stay_two() {
    for (name, one, two) in [
        ("web", "1.0.0+a", "1.0.0+b"),
        ("api", "2.0.0-alpha.1", "2.0.0-alpha.1+1"),
        ("new", "1.2.0-0", "1.2.0"),
    ] {
        let (remote, sandbox) = (Remote::seeded(), publisher(name, one));
        remote.charts(&sandbox).ended(0);
        bump(&sandbox, name, two);
        remote.charts(&sandbox).ended(0);
        assert_eq!(remote.assert_whole(), 4, "{name}");
    }
}

#[test]
fn several_charts_are_one_commit() {
    let (remote, sandbox) = both();
    sandbox.write("charts/api/Chart.yaml", &chart("api", "1.0.0"));
    sandbox.commit("api");
    sandbox.xtask(&["release", "--tag", "v1.0.0"]).ended(0);
    remote.charts(&sandbox).ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (4, 2));
}

/// A site that has a page where the Helm repository is would hide one of the two.
#[test]
fn a_site_cannot_take_the_place_of_the_charts() {
    let (remote, sandbox) = both();
    sandbox.write("docs/charts/index.md", "# Charts\n");
    sandbox.commit("a page");
    let ran = remote.docs(&sandbox).ended(1);
    assert!(ran.stderr.contains("charts"), "{}", ran.stderr);
    assert_eq!(remote.commits(), 1);
}

/// A name that is no text, a link and a submodule are none that a build of documentation makes.
#[test]
fn entries_of_every_kind_stay() {
    let (remote, sandbox) = both();
    let (blob, commit) = (remote.files()["CNAME"].clone(), remote.tip());
    let odd = format!(
        "commit {BRANCH}\n{FOREIGN}from {commit}\nM 100644 {blob} \"stale/\\377.html\"\nM 120000 {blob} link\n\
         M 160000 {commit} module\n"
    );
    remote.import(odd.as_bytes());
    remote.docs(&sandbox).ended(0);
    let listed = remote.git(&["ls-tree", "-r", "gh-pages"]);
    assert!(
        listed.contains("stale/\\377.html") && listed.contains("link") && listed.contains("module"),
        "{listed}"
    );
    assert!(!listed.contains("stale/index.html"), "{listed}");
    let tip = remote.tip();
    let ran = remote.docs(&sandbox).ended(0);
    assert_eq!(remote.tip(), tip, "{}", ran.stdout);
}

/// Git LFS would make GitHub Pages serve pointers.
#[test]
fn no_filter_comes_onto_the_branch() {
    let (remote, sandbox) = both();
    sandbox.write("docs/.gitattributes", "*.png filter=lfs diff=lfs merge=lfs -text\n");
    sandbox.write("docs/files/a.png", "no pointer");
    remote.docs(&sandbox).ended(0);
    assert!(!remote.files().contains_key(".gitattributes"), "{:?}", remote.files());
    assert_eq!(remote.text("files/a.png"), "no pointer");
}

#[test]
fn names_that_differ_only_in_case_are_said() {
    let (remote, sandbox) = both();
    sandbox.write("docs/files/Name.txt", "1");
    sandbox.write("docs/files/name.txt", "2");
    let ran = remote.docs(&sandbox).ended(0);
    assert!(ran.stderr.contains("warning: ") && ran.stderr.contains("`files/Name.txt`"), "{}", ran.stderr);
    assert!(remote.files().contains_key("files/Name.txt") && remote.files().contains_key("files/name.txt"));
}

/// GitHub Pages serves no links and knows no executables.
#[test]
fn links_become_files() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (remote, sandbox) = both();
    sandbox.write("docs/files/target.txt", "target");
    let files = sandbox.work().join("docs/files");
    symlink("target.txt", files.join("link.txt")).expect("a link");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(files.join("target.txt"), executable).expect("a mode");
    remote.docs(&sandbox).ended(0);
    assert_eq!(remote.text("files/link.txt"), "target");
    let listed = remote.git(&["ls-tree", "-r", "gh-pages"]);
    assert!(listed.lines().all(|line| line.starts_with("100644 blob ")), "{listed}");
    let before = remote.tip();
    symlink("/etc/passwd", files.join("passwd.txt")).expect("a link");
    let ran = remote.docs(&sandbox).ended(1);
    assert!(ran.stderr.contains("passwd.txt"), "{}", ran.stderr);
    assert_eq!(remote.tip(), before);
}

/// A repository within the documentation is not its own to publish; its files are.
#[test]
fn a_repository_within_the_site_is_no_link() {
    let (remote, sandbox) = both();
    sandbox.write("docs/inner/page.txt", "inner");
    sandbox.git(&["init", "--quiet", "docs/inner"]);
    remote.docs(&sandbox).ended(0);
    assert_eq!(remote.text("inner/page.txt"), "inner");
    assert!(!remote.files().keys().any(|path| path.contains(".git/")), "{:?}", remote.files());
}

/// What users of Helm do with the result: it reads the whole index, strictly.
#[test]
fn helm_reads_what_is_published() {
    let remote = Remote::seeded();
    let sandbox = publisher("web", "1.0.0");
    remote.charts(&sandbox).ended(0);
    bump(&sandbox, "web", "1.1.0-rc.1+build.5");
    remote.charts(&sandbox).ended(0);
    sandbox.write("index.yaml", &remote.text(INDEX));
    sandbox.write("none/.keep", "");
    for (name, helm) in helms("helm_reads_what_is_published") {
        sandbox.run(&helm, &["repo", "index", "none", "--merge", "index.yaml"]).ended(0);
        let read = sandbox.text("none/index.yaml");
        for version in ["version: 0.1.0\n", "version: 1.0.0\n", "version: 1.1.0-rc.1+build.5\n"] {
            assert!(read.contains(version), "{name}: {read}");
        }
    }
}

/// Ignored, oddly named, large or empty: what the directory has is what is published.
#[test]
fn every_file_of_the_site_is_published() {
    let (remote, sandbox) = both();
    let names = ["a b.txt", "é.txt", "quote\".txt", "tab\t.txt", "#hash.txt", "_under.txt", "x.swp"];
    for name in names {
        sandbox.write(&format!("docs/files/{name}"), name);
    }
    sandbox.write("docs/files/.gitignore", "*\n");
    sandbox.write("docs/.gitattributes", "* text eol=crlf\n");
    remote.docs(&sandbox).ended(0);
    let files = remote.files();
    for name in names {
        assert!(files.contains_key(&format!("files/{name}")), "{name}: {files:?}");
    }
}

#[test]
fn nojekyll_is_always_at_the_root() {
    for args in [&["--only", "charts"][..], &["--only", "docs"]] {
        let (remote, sandbox) = both();
        remote.overwrite(&[(".nojekyll", None)]);
        remote.publish(&sandbox, args).ended(0);
        assert!(remote.files().contains_key(".nojekyll"), "{args:?}");
    }
}

/// What is on the branch already does not travel: neither archives nor pages, however many there are.
#[test]
fn a_chart_costs_what_a_chart_is() {
    let (remote, sandbox) = both();
    let noise =
        |n: u32| (0..8_000_u32).map(|i| (i ^ n).wrapping_mul(2_654_435_761).to_string()).collect::<String>();
    let large: Vec<_> = (0..20).map(|n| (format!("pages/{n}.html"), noise(n))).collect();
    let large: Vec<_> = large.iter().map(|(path, text)| (path.as_str(), Some(text.as_bytes()))).collect();
    remote.overwrite(&large);
    // The second time there is a page of the charts to change as well.
    for version in ["2.0.0", "3.0.0"] {
        bump(&sandbox, "web", version);
        remote.charts(&sandbox).ended(0);
        let requests = remote.server.calls();
        assert!(requests.iter().all(|request| request.status == 200), "{requests:?}");
        assert!(requests.len() <= 8, "{requests:?}");
        let (received, sent) = requests.iter().fold((0, 0), |(a, b), one| (a + one.received, b + one.sent));
        assert!(received < 20_000 && sent < 20_000, "{requests:?}");
    }
    assert_eq!(remote.assert_whole(), 4);
}
