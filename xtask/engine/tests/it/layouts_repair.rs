//! What was lost of a Helm repository comes back, wherever it lies.

use helm_xtask::internals::digest;
use helm_xtask::internals::rehearsal::http::{self, Answer};

use crate::config;
use crate::layouts_pages::{pages, publisher};
use crate::release::chart;
use crate::remote::{BRANCH, Remote};

/// Entries that led to archives elsewhere are found again in older indexes, unless their archives are gone.
#[test]
fn entries_that_lead_elsewhere_are_restored() {
    let sandbox = publisher();
    let archive = sandbox.read("dist/web-1.0.0.tgz");
    let listener = http::listen().expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let digest = digest::digest(&archive)["sha256:".len()..].to_owned();
    http::serve(listener, move |asked| match asked.path.as_str() {
        "/web-1.0.0.tgz" => Answer::new(200, "application/gzip", archive.clone()),
        _ => Answer::text(404, "no"),
    });
    let entry = |name: &str| {
        format!(
            "  {name}:\n  - apiVersion: v2\n    created: \"2020-01-02T03:04:05Z\"\n    digest: {digest}\n    name: {name}\n    \
             urls:\n    - {origin}/{name}-1.0.0.tgz\n    version: 1.0.0\n"
        )
    };
    let index =
        |entries: &str| format!("apiVersion: v1\nentries:\n{entries}generated: \"2020-01-02T03:04:05Z\"\n");
    let other = entry("kept").replace("1.0.0", "0.5.0").replace(&digest, &"0".repeat(64));
    let remote = Remote::empty();
    let before = index(&[&entry("gone"), &other, &entry("web")].map(String::as_str).concat());
    remote.write(BRANCH, None, &[("index.yaml", Some(before.as_bytes()))]);
    remote.overwrite(&[("index.yaml", Some(index(&other).as_bytes()))]);
    std::fs::remove_dir_all(sandbox.work().join("dist")).expect("dist");
    let said = pages(&remote, &sandbox, &["--only", "charts", "--repair"]).stdout;
    assert!(said.contains("restores web 1.0.0"), "{said}");
    let after = remote.text("index.yaml");
    assert!(after.contains(&format!("- {origin}/web-1.0.0.tgz\n")) && after.contains(&other), "{after}");
    assert!(
        after.contains("created: \"2020-01-02T03:04:05Z\"\n    digest") && !after.contains("gone"),
        "{after}"
    );
}

const REPAIR: [&str; 3] = ["--only", "charts", "--repair"];

/// Everything was removed from the root: publishing stops, and a repair brings it back.
#[test]
fn a_repository_at_the_root_comes_back() {
    let (remote, sandbox) = (Remote::empty(), publisher());
    pages(&remote, &sandbox, &["--only", "charts"]);
    let index = remote.text("index.yaml");
    remote.overwrite(&[("index.yaml", None), ("web-1.0.0.tgz", None)]);
    let args = ["pages", "--publish", "--only", "charts", "--remote", &remote.url];
    let ran = sandbox.leaving_nothing(config::program(), &args).ended(1);
    assert!(ran.stderr.contains("the branch had `index.yaml` until commit"), "{}", ran.stderr);
    std::fs::remove_dir_all(sandbox.work().join("dist")).expect("dist");
    pages(&remote, &sandbox, &REPAIR);
    assert_eq!(remote.text("index.yaml"), index);
    assert!(remote.files().contains_key("web-1.0.0.tgz"));
}

/// Of two archives of one version the published one is it, whatever they are called.
#[test]
fn a_repair_changes_no_published_digest() {
    let (remote, sandbox) = (Remote::empty(), publisher());
    pages(&remote, &sandbox, &["--only", "charts"]);
    let index = remote.text("index.yaml");
    sandbox.write("charts/web/values.yaml", "a: 2\n");
    sandbox
        .leaving_nothing(config::program(), &["package", "charts/web", "-d", "other", "--helm", "never"])
        .ended(0);
    let other = sandbox.read("other/web-1.0.0.tgz");
    let empty = b"apiVersion: v1\nentries: {}\n";
    remote.overwrite(&[("index.yaml", Some(empty)), ("web-1.0.0-draft.tgz", Some(&other))]);
    sandbox.git(&["checkout", "--quiet", "."]);
    std::fs::remove_dir_all(sandbox.work().join("dist")).expect("dist");
    pages(&remote, &sandbox, &REPAIR);
    let digest = index.lines().find(|line| line.contains("digest:")).expect("a digest");
    assert!(remote.text("index.yaml").contains(digest), "{}", remote.text("index.yaml"));
}

/// What nobody can read is not taken for gone.
#[test]
fn an_archive_that_cannot_be_read_is_named() {
    let (remote, sandbox) = (Remote::empty(), publisher());
    let listener = http::listen().expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    http::serve(listener, |_| Answer::text(403, "no"));
    let entry = format!(
        "apiVersion: v1\nentries:\n  web:\n  - apiVersion: v2\n    digest: {}\n    name: web\n    urls:\n    - {origin}/web-1.0.0.tgz\n    \
         version: 1.0.0\n",
        "a".repeat(64)
    );
    remote.write(BRANCH, None, &[("index.yaml", Some(entry.as_bytes()))]);
    remote.overwrite(&[("index.yaml", Some(b"apiVersion: v1\nentries: {}\n"))]);
    std::fs::remove_dir_all(sandbox.work().join("dist")).expect("dist");
    let said = pages(&remote, &sandbox, &REPAIR).stderr;
    assert!(said.contains("an older index has `web 1.0.0`, and its archive could not be read"), "{said}");
    assert!(!said.contains("nothing was lost"), "{said}");
}

/// The index at the old place is guarded like the other one, and its entries lead to the same place.
#[test]
fn an_old_index_comes_back() {
    let (remote, mut sandbox) = (Remote::empty(), publisher());
    pages(&remote, &sandbox, &["--only", "charts"]);
    let before = remote.text("index.yaml");
    sandbox.set("CONFIG_HELM_PATH", "charts");
    sandbox.set("CONFIG_OLD_HELM_PATH", "");
    pages(&remote, &sandbox, &["--only", "charts"]);
    remote.overwrite(&[("index.yaml", None)]);
    sandbox.write("charts/web/Chart.yaml", &chart("web", "1.1.0"));
    sandbox.commit("1.1.0");
    let release = ["release", "--tag", "v1.1.0", "--offline", "--helm", "never"];
    sandbox.write("CHANGELOG.md", "# Changelog\n\n## 1.1.0\n\nWords.\n");
    sandbox.commit("changes");
    sandbox.leaving_nothing(config::program(), &release).ended(0);
    let args = ["pages", "--publish", "--only", "charts", "--remote", &remote.url];
    let ran = sandbox.leaving_nothing(config::program(), &args).ended(1);
    assert!(ran.stderr.contains("the branch had `index.yaml` until commit"), "{}", ran.stderr);
    pages(&remote, &sandbox, &REPAIR);
    let after = remote.text("index.yaml");
    let kept: Vec<&str> = before.lines().filter(|line| !line.starts_with("generated")).collect();
    assert!(kept.iter().all(|line| after.contains(line)), "{before}{after}");
    assert!(after.contains("https://d44b.github.io/pulltrace/charts/web-1.1.0.tgz"), "{after}");
}
