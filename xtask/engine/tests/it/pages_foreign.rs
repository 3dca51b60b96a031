//! Others write to the branch too, by means that know nothing of the index: what they broke is said, and mended on request.

use std::collections::BTreeMap;

use crate::remote::{BRANCH, Entry, FOREIGN, INDEX, Remote, bump, publisher};

/// Two releases, then a writer whose clone is from before the second: its index replaces the newer one.
fn with_a_stale_index() -> (Remote, crate::sandbox::Sandbox, BTreeMap<String, Entry>) {
    let remote = Remote::seeded();
    let sandbox = publisher("web", "1.0.0");
    let stale = remote.read(INDEX);
    remote.charts(&sandbox).ended(0);
    bump(&sandbox, "web", "1.1.0");
    remote.charts(&sandbox).ended(0);
    let entries = remote.entries();
    remote.overwrite(&[(INDEX, Some(&stale)), ("index.html", Some(b"foreign"))]);
    (remote, sandbox, entries)
}

#[test]
fn a_package_without_entry_is_said() {
    let (remote, sandbox, _) = with_a_stale_index();
    bump(&sandbox, "web", "1.2.0");
    let ran = remote.charts(&sandbox).ended(0);
    assert!(ran.stderr.contains("warning: "), "{}", ran.stderr);
    for file in ["web-1.0.0.tgz", "web-1.1.0.tgz"] {
        assert!(ran.stderr.contains(file), "{file}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("0.1.0") && !ran.stderr.contains("web-1.2.0"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--repair"), "{}", ran.stderr);
    assert_eq!(
        remote.entries().keys().collect::<Vec<_>>(),
        ["api-0.1.0.tgz", "web-0.1.0.tgz", "web-1.2.0.tgz"]
    );
}

#[test]
fn a_lost_entry_comes_back_as_it_was() {
    let (remote, sandbox, entries) = with_a_stale_index();
    remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    assert_eq!(remote.entries(), entries);
    assert_eq!(remote.assert_whole(), 4);
    assert_eq!(remote.text("index.html"), "foreign", "a repair of the charts leaves the site alone");
    let commits = remote.commits();
    let again = remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    assert_eq!(remote.commits(), commits, "{}", again.stdout);
}

/// One version in two files: one entry, and the other file is named.
#[test]
fn two_archives_of_one_version_are_one_entry() {
    let (remote, sandbox, entries) = with_a_stale_index();
    let archive = remote.read("charts/web-1.1.0.tgz");
    remote.overwrite(&[("charts/a-copy.tgz", Some(&archive))]);
    let ran = remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    assert_eq!(remote.entries(), entries);
    let warned =
        ran.stderr.lines().filter(|line| line.contains("another place for `web 1.1.0`")).collect::<Vec<_>>();
    assert!(matches!(warned[..], [line] if line.contains("charts/a-copy.tgz")), "{}", ran.stderr);
    assert!(remote.files().contains_key("charts/a-copy.tgz"), "nothing is removed");
}

/// A link among the archives is no archive that could be restored.
#[test]
fn links_are_not_restored() {
    let remote = Remote::seeded();
    let (tip, blob) = (remote.tip(), remote.files()["CNAME"].clone());
    let odd = format!(
        "commit {BRANCH}\n{FOREIGN}from {tip}\nM 120000 {blob} charts/link.tgz\nM 160000 {tip} charts/module\n"
    );
    remote.import(odd.as_bytes());
    let before = remote.entries();
    remote.overwrite(&[("charts", None)]);
    remote.publish(&publisher("web", "1.0.0"), &["--only", "charts", "--repair"]).ended(0);
    assert_eq!(remote.assert_whole(), 3);
    let after = remote.entries();
    assert!(before.iter().all(|(file, entry)| after.get(file) == Some(entry)), "{after:?}");
    let files = remote.files();
    assert!(!files.contains_key("charts/link.tgz") && !files.contains_key("charts/module"), "{files:?}");
}

#[test]
fn an_entry_without_package_is_said_and_mended() {
    let remote = Remote::seeded();
    let (sandbox, before) = (publisher("web", "1.0.0"), remote.entries());
    let id = remote.files()["charts/api-0.1.0.tgz"].clone();
    remote.overwrite(&[("charts/api-0.1.0.tgz", None)]);
    let ran = remote.charts(&sandbox).ended(0);
    assert!(ran.stderr.contains("warning: ") && ran.stderr.contains("api-0.1.0"), "{}", ran.stderr);
    remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    assert_eq!(remote.assert_whole(), 3);
    assert_eq!(remote.files()["charts/api-0.1.0.tgz"], id);
    assert_eq!(remote.entries()["api-0.1.0.tgz"], before["api-0.1.0.tgz"]);
}

/// A site deployed over everything: the Helm repository is in the branch's history and nowhere else.
#[test]
fn a_removed_helm_repository_comes_back_from_history() {
    let remote = Remote::seeded();
    let sandbox = publisher("web", "1.0.0");
    remote.charts(&sandbox).ended(0);
    let (entries, files) = (remote.entries(), remote.files());
    remote.overwrite(&[("charts", None), ("index.html", Some(b"foreign"))]);
    remote.overwrite(&[("more.html", Some(b"foreign"))]);
    bump(&sandbox, "web", "1.1.0");
    let before = remote.tip();
    let ran = remote.charts(&sandbox).ended(1);
    assert!(
        ran.stderr.contains("`charts/index.yaml` until commit") && ran.stderr.contains("--repair"),
        "{}",
        ran.stderr
    );
    assert_eq!(remote.tip(), before);
    remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    assert_eq!(remote.assert_whole(), 4);
    let (mended, now) = (remote.entries(), remote.files());
    for (file, entry) in &entries {
        assert_eq!(mended.get(file), Some(entry), "{file}");
        assert_eq!(now[&format!("charts/{file}")], files[&format!("charts/{file}")]);
    }
}

/// However much was removed, the server is asked for all of it at once.
#[test]
fn a_repair_is_few_requests() {
    let remote = Remote::seeded();
    let extra: Vec<String> = (0..20).map(|n| format!("charts/extra-{n}.tgz.prov")).collect();
    let files: Vec<_> = extra.iter().map(|path| (path.as_str(), Some(path.as_bytes()))).collect();
    remote.overwrite(&files);
    let before = remote.files();
    remote.overwrite(&[("charts", None)]);
    let sandbox = publisher("web", "1.0.0");
    remote.server.calls();
    remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    let requests = remote.server.calls();
    assert!(requests.len() <= 15, "{} requests", requests.len());
    let after = remote.files();
    for path in &extra {
        assert_eq!(after.get(path), before.get(path), "{path}");
    }
    assert_eq!(remote.assert_whole(), 3);
}

/// What others keep in the index, and entries whose archives lie elsewhere, are theirs.
#[test]
fn what_the_index_says_else_is_kept() {
    let remote = Remote::seeded();
    let elsewhere = "  far:\n  - created: \"2020-01-02T03:04:05Z\"\n    name: far\n    urls:\n    - \
                     https://github.com/o/r/releases/download/v1/far-1.0.0.tgz\n    version: 1.0.0\n";
    let index = remote.text(INDEX).replace("  web:\n", &format!("{elsewhere}  web:\n"))
        + "annotations:\n  keep: this\nserverInfo:\n  contextPath: /x\n";
    remote.overwrite(&[(INDEX, Some(index.as_bytes()))]);
    let ran = remote.charts(&publisher("web", "1.0.0")).ended(0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    let after: serde_yaml::Value = serde_yaml::from_str(&remote.text(INDEX)).expect("an index");
    assert_eq!(after["annotations"]["keep"].as_str(), Some("this"));
    assert_eq!(after["serverInfo"]["contextPath"].as_str(), Some("/x"));
    let url = after["entries"]["far"][0]["urls"][0].as_str().expect("a URL");
    assert!(url.ends_with("/releases/download/v1/far-1.0.0.tgz"), "{url}");
}

/// A site that got a domain of its own: its entries still lead to the old address, where users find them.
#[test]
fn another_address_of_the_same_archives_is_no_loss() {
    let remote = Remote::seeded();
    let (sandbox, ours) = (publisher("web", "1.0.0"), remote.text(INDEX));
    let old = ours.replace("https://d44b.github.io/pulltrace/charts/", "https://charts.example.com/");
    remote.overwrite(&[(INDEX, Some(old.as_bytes())), ("charts/other-0.1.0.tgz", Some(b"no archive"))]);
    let said = "warning: the index has another address than the config for archives on the branch, for 2 of them, such as \
                `https://charts.example.com/api-0.1.0.tgz`\n";
    let ran = remote.publish(&sandbox, &["--only", "charts"]).ended(0);
    assert!(ran.stderr.contains(said) && ran.stderr.contains("--repair --readdress\n"), "{}", ran.stderr);
    let before = remote.text(INDEX);
    let repaired = remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    assert!(!repaired.stderr.contains("remove"), "{}", repaired.stderr);
    assert_eq!(remote.text(INDEX), before, "nothing was lost");
    let files = remote.files();
    let moved = remote.publish(&sandbox, &["--only", "charts", "--repair", "--readdress"]).ended(0);
    assert!(
        moved.stdout.contains("readdresses 2 entries; has already web 1.0.0; keeps 3 entries"),
        "{moved:?}"
    );
    assert_eq!(
        remote.text(INDEX),
        before.replace("https://charts.example.com/", "https://d44b.github.io/pulltrace/charts/")
    );
    let mut after = remote.files();
    for file in [INDEX, "charts/index.html"] {
        after.insert(file.to_owned(), files[file].clone());
    }
    assert_eq!(after, files, "no archive was touched");
    // An archive that is another than its entry says keeps its address.
    let odd = before.replace("digest: ", "digest: 0");
    remote.overwrite(&[(INDEX, Some(odd.as_bytes()))]);
    let ran = remote.publish(&sandbox, &["--only", "charts", "--repair", "--readdress"]);
    assert!(!ran.stdout.contains("readdresses"), "{ran:?}");
}

#[test]
fn a_repair_in_vain_says_so() {
    let (remote, sandbox) = (Remote::seeded(), publisher("web", "1.0.0"));
    let ran = remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    let said =
        "note: nothing was lost that the branch or its history still has: there is nothing to restore\n";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let index = remote.text(INDEX).replacen("digest: ", "digest: 0", 1);
    remote.overwrite(&[(INDEX, Some(index.as_bytes())), ("charts/api-0.1.0.tgz", None)]);
    let ran = remote.publish(&sandbox, &["--only", "charts", "--repair"]).ended(0);
    let hint = "hint: the history of the branch does not help: release that version again from its tag\n";
    assert!(ran.stderr.contains(said) && ran.stderr.contains(hint), "{}", ran.stderr);
}

/// Without `--publish` a repair is said and not done.
#[test]
fn a_repair_is_shown_first() {
    let (remote, sandbox, _) = with_a_stale_index();
    let tip = remote.tip();
    let ran = sandbox.xtask(&["pages", "--only", "charts", "--repair", "--remote", &remote.url]).ended(0);
    assert!(ran.stdout.contains("1.1.0"), "{}", ran.stdout);
    assert_eq!(remote.git(&["rev-parse", BRANCH]), tip);
}
