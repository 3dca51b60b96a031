//! Dependencies that are fetched, in releases and in `check`; and what helm makes of the same charts.

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};
use helm_xtask::internals::tgz::{self, Entry};

use crate::charts_server::{Charts, Fault, archive};
use crate::merges::Shop;
use crate::registry_api::OciRegistry;
use crate::release::chart;
use crate::sandbox::{Ran, Sandbox, helms};

fn depending(version: &str, range: &str, url: &str) -> String {
    format!(
        "{}dependencies:\n- {{name: db, version: {range:?}, repository: {url:?}}}\n",
        chart("web", version)
    )
}

/// A shop whose chart `web` depends on `db` of this server, with a lock.
fn shop(server: &Charts) -> Shop {
    let shop = Shop::new(&["cache"]);
    shop.sandbox.write("charts/web/Chart.yaml", &depending("1.0.0", "^1.0.0", &server.url()));
    lock(&shop.sandbox);
    shop.merge("web");
    shop
}

fn lock(sandbox: &Sandbox) {
    sandbox.any_config(&["dependency", "--update", "web"]).ended(0);
    fs::remove_dir_all(sandbox.work().join("charts/web/charts")).expect("archives");
}

#[test]
fn a_release_fetches_what_is_new() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let shop = shop(&server);
    shop.publish();
    shop.has(&["cache-1.0.0", "web-1.0.0"]);
    let archive = shop.targets.remote.read("charts/web-1.0.0.tgz");
    let entries = tgz::read(&archive, tgz::MAX_TOTAL).expect("an archive");
    assert!(entries.iter().any(|entry| entry.path == "web/charts/db/Chart.yaml"));
    assert_eq!(shop.sandbox.git(&["status", "--porcelain"]), "");
    // What is published is not fetched again, nor does it change with its repository.
    server.calls();
    server.index("  db: []\n");
    let ran = shop.publish();
    assert!(ran.stdout.contains("there is nothing to publish"), "{ran:?}");
    assert_eq!(server.asked(), [""; 0]);
    // One that cannot be fetched keeps back the chart that needs it, and no other.
    shop.bump("cache", "1.1.0");
    shop.sandbox.write("charts/web/Chart.yaml", &depending("1.1.0", "^1.0.0", &server.url()));
    shop.merge("both");
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(ran.stdout.contains("Left out web 1.1.0"), "{ran:?}");
    assert!(ran.stderr.contains("charts/web/Chart.yaml:5: cannot take a dependency from"), "{ran:?}");
    shop.has(&["cache-1.0.0", "cache-1.1.0", "web-1.0.0"]);
}

/// Helm puts the lock that it makes into the archive.
#[test]
fn a_published_version_without_a_lock() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let shop = shop(&server);
    shop.publish();
    shop.sandbox.git(&["rm", "--quiet", "charts/web/Chart.lock"]);
    shop.merge("no lock");
    server.calls();
    let ran = shop.publish();
    assert!(ran.stdout.contains("there is nothing to publish"), "{ran:?}");
    shop.sandbox.write("charts/web/values.yaml", "a: 1\n");
    shop.merge("a change");
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(ran.stderr.contains("`web 1.0.0` is published, and differs in `values.yaml`"), "{ran:?}");
    shop.sandbox.write("charts/web/Chart.yaml", &depending("1.1.0", "^1.0.0", &server.url()));
    shop.merge("a new version");
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(ran.stderr.contains("hint: cargo xtask dependency --update charts/web"), "{ran:?}");
    assert_eq!(server.asked(), [""; 0]);
    shop.has(&["cache-1.0.0", "web-1.0.0"]);
}

/// What `check` says of dependencies, the hints included, without the port of the server.
fn checked(sandbox: &Sandbox, server: &Charts, further: &[&str]) -> String {
    let args = [&["check", "--helm", "never", "--remote", "../remote.git"], further].concat();
    let ran = sandbox.xtask(&args);
    let said = format!("{}{}", ran.stderr, ran.stdout).replace(server.host(), "CHARTS");
    let lines = said.lines().filter(|line| line.contains("dependenc") || line.contains("CHARTS"));
    let lines = lines.filter(|line| !line.contains("Fetching"));
    lines.flat_map(|line| [line.trim_start(), "\n"]).collect()
}

#[test]
fn check_says_what_would_go_wrong() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let sandbox = crate::registry::repository_of(&depending("1.0.0", "^1.0.0", &server.url()));
    let is = |further: &[&str], expected: Expect| expected.assert_eq(&checked(&sandbox, &server, further));
    is(
        &[],
        expect![[r#"
        error: charts/web/Chart.yaml:5: dependency `db` has no locked version: `^1.0.0` may be another one every day
        hint: cargo xtask dependency --update charts/web
    "#]],
    );
    sandbox.xtask(&["dependency", "--update"]).ended(0);
    fs::remove_dir_all(sandbox.work().join("charts/web/charts")).expect("archives");
    sandbox.commit("lock");
    is(&[], expect![""]);
    is(
        &["--offline"],
        expect![[r#"
             Not checked `charts/web` with its dependencies: dependency `db 1.2.0` of `http://CHARTS/charts` was not fetched before, and no network is to be used (run it once with a network)
        "#]],
    );
    server.fail(Fault::status(403), "index.yaml", 9);
    is(
        &[],
        expect![[r#"
            error: charts/web/Chart.yaml:5: cannot fetch `http://CHARTS/charts/index.yaml`: it answers 403
            hint: it wants credentials: helm repo add NAME http://CHARTS/charts --username USER --password-stdin
        "#]],
    );
}

/// The entries of an archive, without the time of a lock.
fn entries(archive: &[u8]) -> Vec<(String, String)> {
    let dateless = |text: &str| {
        text.lines().filter(|line| !line.starts_with("generated:")).collect::<Vec<_>>().join("\n")
    };
    let entry = |Entry { path, data }: Entry| (path, dateless(&String::from_utf8_lossy(&data)));
    let mut entries: Vec<_> =
        tgz::read(archive, tgz::MAX_TOTAL).expect("an archive").into_iter().map(entry).collect();
    entries.sort();
    entries
}

/// A repository whose chart depends on all kinds of places, and the registry among them.
fn all_kinds(server: &Charts, registry: &OciRegistry) -> Sandbox {
    let oci = registry.url();
    let url = server.url();
    let dependencies = [
        ("db", "^1.0.0", url.as_str()),
        ("cache", "~2.0", &oci),
        ("common", ">=0.1.0", "file://../common"),
        ("inner", "0.x.x", ""),
    ];
    let list = dependencies.map(|(name, range, repository)| {
        format!("- name: {name}\n  version: {range:?}\n  repository: {repository:?}\n  condition: {name}.enabled\n")
    });
    // The same once more, under another name.
    let alias = format!("- {{name: db, version: ^1.0.0, repository: {url:?}, alias: second, tags: [a]}}\n");
    let chart_yaml = format!("{}dependencies:\n{}{alias}", chart("web", "1.0.0"), list.concat());
    let mut sandbox = Sandbox::with_commit(&[
        ("charts/web/Chart.yaml", &chart_yaml),
        ("charts/web/charts/inner/Chart.yaml", &chart("inner", "0.3.0")),
        ("charts/common/Chart.yaml", &chart("common", "0.4.0")),
        ("charts/common/templates/_a.tpl", "{{/* a */}}\n"),
    ]);
    sandbox.unset("CARGO_NET_OFFLINE");
    sandbox.unset("HTTPS_PROXY");
    sandbox
}

#[test]
fn helm_builds_updates_and_packages_the_same() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let registry = OciRegistry::new();
    for (name, helm) in helms("helm_builds_updates_and_packages_the_same") {
        let [ours, theirs] = [(); 2].map(|()| all_kinds(&server, &registry));
        for version in ["2.0.3", "2.1.0"] {
            let file = format!("cache-{version}.tgz");
            fs::write(theirs.work().join(&file), archive("cache", version)).expect("an archive");
            theirs.run(&helm, &["push", &file, &registry.url(), "--plain-http"]).ended(0);
        }
        let run = |args: &[&str]| theirs.run(&helm, args).ended(0);
        run(&["dependency", "update", "charts/web", "--plain-http"]);
        ours.xtask(&["dependency", "--update", "web"]).ended(0);
        let lock = |sandbox: &Sandbox| {
            let text = sandbox.text("charts/web/Chart.lock");
            text.lines().filter(|line| !line.starts_with("generated:")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(lock(&ours), lock(&theirs), "{name}");
        assert_eq!(ours.files("charts/web/charts"), theirs.files("charts/web/charts"), "{name}");
        for file in ours.files("charts/web/charts").iter().filter(|file| file.ends_with(".tgz")) {
            let path = format!("charts/web/charts/{file}");
            let is_local = file.starts_with("common");
            assert!(is_local || ours.read(&path) == theirs.read(&path), "{name}: {file}");
            assert_eq!(entries(&ours.read(&path)), entries(&theirs.read(&path)), "{name}: {file}");
        }
        run(&["package", "charts/web", "-d", "out"]);
        // The same from a tree without the archives, and helm agrees with what is fetched.
        ours.git(&["clean", "-xfdq", "charts/web/charts"]);
        packaged(&ours, &helm).ended(0);
        assert_eq!(
            entries(&ours.read("out/web-1.0.0.tgz")),
            entries(&theirs.read("out/web-1.0.0.tgz")),
            "{name}"
        );
    }
}

fn packaged(sandbox: &Sandbox, helm: &Path) -> Ran {
    let mut command = sandbox.command(Path::new(env!("CARGO_BIN_EXE_xtask")));
    command.args(["package", "charts/web", "-d", "out", "--helm", "require"]).env("HELM_BIN", helm);
    sandbox.normal(&command.output().expect("xtask"))
}
