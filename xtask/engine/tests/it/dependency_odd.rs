//! Dependencies as they should not be: names that begin alike, versions in several spellings, tags that move, repositories that
//! lead elsewhere, locks that were edited, and what a killed run leaves.

use std::fs;

use crate::charts_server::{Charts, Fault, archive, entry};
use crate::dependency::{declaring, package, packaged, update, web};
use crate::release::chart;
use crate::sandbox::Sandbox;

/// The version of a sub-chart in the archive of `web`.
fn packaged_version(sandbox: &Sandbox, child: &str) -> String {
    use helm_xtask::internals::tgz;
    let entries = tgz::read(&sandbox.read("out/web-1.0.0.tgz"), tgz::MAX_TOTAL).expect("an archive");
    let path = format!("web/charts/{child}/Chart.yaml");
    let entry = entries.into_iter().find(|entry| entry.path == path).expect("a sub-chart");
    let text = String::from_utf8(entry.data).expect("UTF-8");
    let line = text.lines().find_map(|line| line.strip_prefix("version: ")).expect("a version");
    line.to_owned()
}

fn put(sandbox: &Sandbox, name: &str, version: &str) {
    let charts = sandbox.work().join("charts/web/charts");
    fs::create_dir_all(&charts).expect("a directory");
    fs::write(charts.join(format!("{name}-{version}.tgz")), archive(name, version)).expect("an archive");
}

#[test]
fn a_name_that_begins_alike_is_another_chart() {
    let sandbox = web(&[("db", "0.2.0", "file://../db"), ("db-extra", "1.0.0", "")]);
    sandbox.write("charts/db/Chart.yaml", &chart("db", "0.2.0"));
    put(&sandbox, "db-extra", "1.0.0");
    sandbox.commit("charts");
    sandbox.xtask(&["dependency", "web"]).ended(0);
    assert_eq!(sandbox.files("charts/web/charts"), ["db-0.2.0.tgz", "db-extra-1.0.0.tgz"]);
    package(&sandbox, &["--offline"]).ended(0);
}

#[test]
fn the_locked_version_is_packaged_whatever_lies_there() {
    let server = Charts::new(&[("db", "1.0.0+b")]);
    for (repository, locked, there) in
        [(server.url(), "1.0.0+b", "1.0.0+a"), ("file://../db".to_owned(), "0.2.0", "0.1.0")]
    {
        let sandbox = web(&[("db", ">=0.1.0", &repository)]);
        sandbox.write("charts/db/Chart.yaml", &chart("db", "0.2.0"));
        update(&sandbox).ended(0);
        fs::remove_dir_all(sandbox.work().join("charts/web/charts")).expect("archives");
        put(&sandbox, "db", there);
        sandbox.commit("another version");
        package(&sandbox, &[]).ended(0);
        assert_eq!(packaged_version(&sandbox, "db"), locked, "{repository}");
    }
}

#[test]
fn a_chart_that_is_a_link_takes_what_lies_beside_the_link() {
    let sandbox = web(&[]);
    fs::remove_dir_all(sandbox.work().join("charts/web")).expect("a chart");
    sandbox.write("real/web/Chart.yaml", &declaring(&[("db", ">=0", "file://../db")]));
    sandbox.write("real/db/Chart.yaml", &chart("db", "1.0.0"));
    sandbox.write("charts/db/Chart.yaml", &chart("db", "2.0.0"));
    std::os::unix::fs::symlink("../real/web", sandbox.work().join("charts/web")).expect("a link");
    sandbox.commit("a link");
    package(&sandbox, &[]).ended(0);
    assert_eq!(packaged_version(&sandbox, "db"), "2.0.0");
    let dist = sandbox.xtask(&["release", "--offline", "--helm", "never"]).ended(0);
    assert!(dist.stdout.contains("Packaged charts/web"), "{dist:?}");
}

#[test]
fn one_chart_from_two_places_is_an_error() {
    let [one, two] = [(); 2].map(|()| Charts::new(&[("db", "1.0.0")]));
    let sandbox = web(&[("db", "1.0.0", &one.url()), ("db", "1.0.0", &two.url())]);
    let with_aliases = sandbox.text("charts/web/Chart.yaml").replacen("- name", "- alias: first\n  name", 1);
    sandbox.write("charts/web/Chart.yaml", &with_aliases);
    let ran = package(&sandbox, &[]).ended(1);
    assert!(ran.stderr.contains("dependency `db` is wanted more than once"), "{}", ran.stderr);
    // Two ranges that one version fits are one dependency.
    let both = [("db", "^1.0.0", &*one.url()), ("db", "1.x", &one.url())];
    let text = declaring(&both).replacen("- name", "- alias: first\n  name", 1);
    sandbox.write("charts/web/Chart.yaml", &text);
    update(&sandbox).ended(0);
    package(&sandbox, &[]).ended(0);
}

#[test]
fn a_lock_that_was_edited_is_made_anew() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let sandbox = web(&[("db", "^1.0.0", &server.url())]);
    update(&sandbox).ended(0);
    let lock = sandbox.text("charts/web/Chart.lock");
    for edited in [lock.replace("1.2.0", "1.1.0"), format!("<<<<<<< HEAD\n{lock}=======\n>>>>>>> x\n")] {
        sandbox.write("charts/web/Chart.lock", &edited);
        let ran = update(&sandbox).ended(0);
        assert!(ran.stdout.contains("Locked charts/web/Chart.lock"), "{ran:?}");
        assert!(sandbox.text("charts/web/Chart.lock").contains("version: 1.2.0"));
    }
}

#[test]
fn a_redirect_gets_no_password() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let mut sandbox = web(&[("db", "1.2.0", &server.url())]);
    let known = format!(
        "repositories:\n- {{name: own, url: \"{}\", username: me, password: secret0123, pass_credentials_all: true}}\n",
        server.url()
    );
    sandbox.write("../home/repositories.yaml", &known);
    let file = sandbox.work().join("../home/repositories.yaml");
    sandbox.set("HELM_REPOSITORY_CONFIG", file.display().to_string());
    let there = format!("{}/charts/db-1.2.0.tgz", server.origins[1]);
    server.fail(Fault::fields(302, vec![("Location", there)]), "/charts/db-1.2.0.tgz", 1);
    package(&sandbox, &[]).ended(0);
    let sent: Vec<bool> = server.calls().iter().map(|call| !call.authorizations.is_empty()).collect();
    assert_eq!(sent, [true, true, false]);
}

#[test]
fn a_digest_that_is_none_is_an_error() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let sandbox = web(&[("db", "1.2.0", &server.url())]);
    for digest in ["sha512:abc", "abc", " "] {
        server.index(&entry("db", "1.2.0", "db-1.2.0.tgz", digest));
        let ran = package(&sandbox, &[]).ended(1);
        assert!(ran.stderr.contains(", and its index says"), "{digest}: {}", ran.stderr);
    }
}

#[test]
fn what_a_killed_run_leaves_is_not_packaged() {
    let sandbox = web(&[]);
    sandbox.write("charts/web/.xtask-0123456789abcdef/0", "half\n");
    let ran = package(&sandbox, &[]).ended(1);
    assert_eq!(
        ran.stderr,
        "error: charts/web/.xtask-0123456789abcdef: a run that was killed has left it\n\
         hint: rm -r charts/web/.xtask-0123456789abcdef\n"
    );
    sandbox.git(&["clean", "-xfdq", "charts"]);
    package(&sandbox, &[]).ended(0);
    assert_eq!(packaged(&sandbox), ["web/Chart.yaml"]);
}

/// Nothing is written of any chart where something is in the way of one.
#[test]
fn all_charts_or_none() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let sandbox = web(&[("db", "1.2.0", &server.url())]);
    sandbox.write("charts/xyz/Chart.yaml", &sandbox.text("charts/web/Chart.yaml").replace("web", "xyz"));
    std::os::unix::fs::symlink("../web", sandbox.work().join("charts/xyz/charts")).expect("a link");
    let ran = sandbox.xtask(&["dependency"]).ended(1);
    assert!(ran.stderr.contains("charts/xyz"), "{}", ran.stderr);
    assert!(!sandbox.work().join("charts/web/charts").exists());
}
