//! What charts depend on: fetched for `package`, `release` and `check`, and by `cargo xtask dependency`.

use std::fs;

use expect_test::expect;
use helm_xtask::internals::digest::digest;
use helm_xtask::internals::tgz;

use crate::charts_server::{Charts, Fault, archive, archive_of, entry};
use crate::registry_api::OciRegistry;
use crate::release::chart;
use crate::sandbox::{Ran, Sandbox};

/// The dependencies of a chart as Chart.yaml has them: name, version, repository.
pub fn declaring(dependencies: &[(&str, &str, &str)]) -> String {
    let one = |(name, version, repository): &(&str, &str, &str)| {
        format!("- name: {name}\n  version: {version:?}\n  repository: {repository:?}\n")
    };
    let all: String = dependencies.iter().map(one).collect();
    format!("{}dependencies:\n{all}", chart("web", "1.0.0"))
}

/// A repository with the chart `web`, which depends on these, without a lock.
pub fn web(dependencies: &[(&str, &str, &str)]) -> Sandbox {
    let chart = declaring(dependencies);
    let files = [("charts/web/Chart.yaml", &*chart), (".gitignore", "/dist/\n/target/\n/out/\n")];
    let mut sandbox = Sandbox::with_commit(&files);
    sandbox.unset("CARGO_NET_OFFLINE");
    fs::create_dir(sandbox.work().join("target")).expect("a directory");
    sandbox
}

/// The same with the lock that `cargo xtask dependency --update` writes, and nothing in charts/.
pub fn locked(dependencies: &[(&str, &str, &str)]) -> Sandbox {
    let sandbox = web(dependencies);
    update(&sandbox).ended(0);
    fs::remove_dir_all(sandbox.work().join("charts/web/charts")).expect("archives");
    fs::remove_dir_all(sandbox.work().join("target")).expect("a cache");
    fs::create_dir(sandbox.work().join("target")).expect("a directory");
    sandbox.commit("lock");
    sandbox
}

pub fn update(sandbox: &Sandbox) -> Ran {
    sandbox.xtask(&["dependency", "--update", "charts/web"])
}

pub fn package(sandbox: &Sandbox, further: &[&str]) -> Ran {
    sandbox.xtask(&[&["package", "charts/web", "-d", "out", "--helm", "never"], further].concat())
}

/// The paths in the archive of `web`.
pub fn packaged(sandbox: &Sandbox) -> Vec<String> {
    let entries = tgz::read(&sandbox.read("out/web-1.0.0.tgz"), tgz::MAX_TOTAL).expect("an archive");
    entries.into_iter().map(|entry| entry.path).collect()
}

/// What a run says, without the port of a server.
fn said(ran: &Ran, server: &Charts) -> String {
    let [one, other] = server.origins.each_ref().map(|origin| &origin["http://".len()..]);
    ran.stderr.replace(one, "CHARTS").replace(other, "OTHER")
}

#[test]
fn what_the_lock_names_is_in_the_archive_and_nowhere_else() {
    let server = Charts::new(&[("db", "1.2.0"), ("cache", "3.0.1"), ("other", "1.0.0")]);
    let url = server.url();
    let sandbox = locked(&[("db", "^1.0.0", &url), ("cache", "3.x", &url)]);
    server.calls();
    let ran = package(&sandbox, &[]).ended(0);
    expect![[r#"
        Fetching `db 1.2.0` from http://CHARTS/charts
        Fetching `cache 3.0.1` from http://CHARTS/charts
    "#]]
    .assert_eq(&said(&ran, &server).replace("    ", ""));
    let there = [
        "Chart.yaml",
        "Chart.lock",
        "charts/cache/Chart.yaml",
        "charts/cache/templates/a.yaml",
        "charts/db/Chart.yaml",
        "charts/db/templates/a.yaml",
    ];
    assert_eq!(packaged(&sandbox), there.map(|path| format!("web/{path}")));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(
        server.asked(),
        ["GET /charts/index.yaml 200", "GET /charts/db-1.2.0.tgz 200", "GET /charts/cache-3.0.1.tgz 200"]
    );
    // Again: only whether the index has changed. Without a network: nothing.
    let first = sandbox.read("out/web-1.0.0.tgz");
    assert_eq!(package(&sandbox, &[]).ended(0).stderr, "");
    assert_eq!(server.asked(), ["GET /charts/index.yaml 304"]);
    assert_eq!(package(&sandbox, &["--offline"]).ended(0).stderr, "");
    assert_eq!(server.asked(), [""; 0]);
    assert_eq!(sandbox.read("out/web-1.0.0.tgz"), first);
    // The cache may vanish, or hold anything.
    for cached in sandbox.files("target/helm-xtask/archives") {
        sandbox.write(&format!("target/helm-xtask/archives/{cached}"), "x");
    }
    package(&sandbox, &[]).ended(0);
    assert_eq!(sandbox.read("out/web-1.0.0.tgz"), first);
    fs::remove_dir_all(sandbox.work().join("target")).expect("a cache");
    fs::remove_file(sandbox.work().join("out/web-1.0.0.tgz")).expect("an archive");
    let ran = package(&sandbox, &["--offline"]).ended(1);
    expect![[r#"
        error: charts/web/Chart.yaml:5: dependency `db 1.2.0` of `http://CHARTS/charts` was not fetched before, and no network is to be used
        hint: run it once with a network
        error: charts/web/Chart.yaml:8: dependency `cache 3.0.1` of `http://CHARTS/charts` was not fetched before, and no network is to be used
        hint: run it once with a network
    "#]]
    .assert_eq(&said(&ran, &server));
    assert_eq!(sandbox.files("out"), [""; 0]);
}

#[test]
fn a_range_needs_a_lock_and_a_lock_has_to_fit() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let url = server.url();
    let sandbox = web(&[("db", "^1.0.0", &url)]);
    let ran = package(&sandbox, &[]).ended(1);
    expect![[r#"
        error: charts/web/Chart.yaml:5: dependency `db` has no locked version: `^1.0.0` may be another one every day
        hint: cargo xtask dependency --update charts/web
    "#]]
    .assert_eq(&said(&ran, &server));
    let ran = update(&sandbox).ended(0);
    let line = format!(
        "       Added charts/web/charts/db-1.2.0.tgz  {} B  {}\n      Locked charts/web/Chart.lock\n",
        archive("db", "1.2.0").len(),
        digest(&archive("db", "1.2.0"))
    );
    assert_eq!(ran.stdout, line);
    assert_eq!(update(&sandbox).ended(0).stdout, "       Fresh charts/web: charts/ holds all dependencies\n");
    // The lock is of other dependencies.
    fs::remove_dir_all(sandbox.work().join("charts/web/charts")).expect("archives");
    sandbox.write("charts/web/Chart.yaml", &declaring(&[("db", "^1.1.0", &url)]));
    for command in [&["package", "charts/web", "-d", "out"][..], &["dependency"]] {
        let ran = sandbox.xtask(command).ended(1);
        expect![[r#"
            error: charts/web/Chart.lock:5: it locks other dependencies than Chart.yaml declares: `helm dependency build` refuses it
            hint: cargo xtask dependency --update charts/web
        "#]]
        .assert_eq(&said(&ran, &server));
    }
    // One exact version needs none.
    fs::remove_file(sandbox.work().join("charts/web/Chart.lock")).expect("a lock");
    sandbox.write("charts/web/Chart.yaml", &declaring(&[("db", "1.2.0", &url)]));
    package(&sandbox, &[]).ended(0);
    assert!(packaged(&sandbox).contains(&"web/charts/db/Chart.yaml".to_owned()));
}

#[test]
fn another_version_in_charts_is_superseded() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let sandbox = locked(&[("db", "^1.0.0", &server.url())]);
    fs::create_dir_all(sandbox.work().join("charts/web/charts")).expect("a directory");
    let old = sandbox.work().join("charts/web/charts/db-1.1.0.tgz");
    fs::write(&old, archive("db", "1.1.0")).expect("an archive");
    package(&sandbox, &[]).ended(0);
    let archive = tgz::read(&sandbox.read("out/web-1.0.0.tgz"), tgz::MAX_TOTAL).expect("an archive");
    let db = archive.iter().find(|entry| entry.path == "web/charts/db/Chart.yaml").expect("a sub-chart");
    assert!(String::from_utf8_lossy(&db.data).contains("version: 1.2.0"));
    assert!(old.exists());
    let ran = sandbox.xtask(&["dependency"]).ended(0);
    assert!(ran.stdout.ends_with("     Removed charts/web/charts/db-1.1.0.tgz\n"), "{}", ran.stdout);
    assert_eq!(sandbox.files("charts/web/charts"), ["db-1.2.0.tgz"]);
    // A rule of .helmignore is for fetched archives, too.
    fs::remove_dir_all(sandbox.work().join("charts/web/charts")).expect("archives");
    sandbox.write("charts/web/.helmignore", "# tools\n*.tgz\n");
    let ran = package(&sandbox, &[]).ended(1);
    expect![[r#"
        error: charts/web/.helmignore:2: this rule drops the dependency `charts/db-1.2.0.tgz` from the archive
        hint: delete the rule
    "#]]
    .assert_eq(&said(&ran, &server));
}

/// What goes wrong at a repository, and what is said of it.
#[test]
fn clear_words_and_nothing_packaged() {
    let good = archive("db", "1.2.0");
    let server = Charts::new(&[("db", "1.2.0")]);
    let sandbox = locked(&[("db", "^1.0.0", &server.url())]);
    let listed = |url: &str, digest: &str| server.index(&entry("db", "1.2.0", url, digest));
    let is = |expected: expect_test::Expect| {
        let _ = fs::remove_dir_all(sandbox.work().join("target/helm-xtask"));
        let ran = package(&sandbox, &["--deadline", "2"]).ended(1);
        let told: Vec<String> = said(&ran, &server)
            .lines()
            .filter(|line| !line.contains("Fetching"))
            .map(|line| format!("{line}\n"))
            .collect();
        expected.assert_eq(&told.concat());
        assert!(!sandbox.work().join("out").exists());
        server.heal();
    };
    server.fail(Fault::status(404), "index.yaml", 9);
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: cannot fetch `http://CHARTS/charts/index.yaml`: it answers 404
        hint: is it a Helm repository? correct `repository` in Chart.yaml
    "#]]);
    server.fail(Fault::status(401), "index.yaml", 9);
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: cannot fetch `http://CHARTS/charts/index.yaml`: it answers 401
        hint: it wants credentials: helm repo add NAME http://CHARTS/charts --username USER --password-stdin
    "#]]);
    server.fail(Fault::Hang, "index.yaml", 9);
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: cannot reach CHARTS: it did not answer in time (global)
        hint: run it again when it answers
    "#]]);
    server.fail(Fault::status(404), "db-1.2.0.tgz", 9);
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: cannot fetch `http://CHARTS/charts/db-1.2.0.tgz`: it answers 404
        hint: its index lists what is not there any more: choose another `version`
    "#]]);
    server.fail(Fault::fields(302, vec![("Location", "ftp://h/db.tgz".to_owned())]), "db-1.2.0.tgz", 9);
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: `http://CHARTS/charts` points to `ftp://h/db.tgz`, which is not https
        hint: tell its publisher
    "#]]);
    server.fail(
        Fault::fields(302, vec![("Location", "/charts/db-1.2.0.tgz".to_owned())]),
        "db-1.2.0.tgz",
        99,
    );
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: `http://CHARTS/charts/db-1.2.0.tgz` redirects without an end
        hint: tell its publisher
    "#]]);
    listed("db-1.2.0.tgz", &digest(b"x"));
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: the archive of `db 1.2.0` at `http://CHARTS/charts` has sha256:f7b8cc6937b41066661025847ad81215942a51909b31fccbd8db84483b12873d, and its index says `sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881`
        hint: ask its publisher: nobody can say which is right
    "#]]);
    server.put("/charts/other.tgz", archive("other", "1.2.0"));
    listed("other.tgz", "");
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: what `http://CHARTS/charts` has as `db 1.2.0` is `other-1.2.0`
        hint: choose another `version`, or tell its publisher
    "#]]);
    server.put("/charts/broken.tgz", &good[..40]);
    listed("broken.tgz", "");
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: what `http://CHARTS/charts` has as `db 1.2.0` cannot be read (40 B): it is not a chart archive: unexpected end of file
        hint: choose another `version`, or tell its publisher
    "#]]);
    server.index(&entry("db", "1.3.0", "db-1.3.0.tgz", ""));
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: cannot take a dependency from `http://CHARTS/charts`: it lists no `db 1.2.0`; it has `1.3.0`
        hint: correct `name` or `version`, then: cargo xtask dependency --update
    "#]]);
    server.index(&entry("dbs", "1.2.0", "db-1.2.0.tgz", ""));
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: cannot take a dependency from `http://CHARTS/charts`: it lists no chart `db`
        hint: correct `name` or `version`, then: cargo xtask dependency --update
    "#]]);
    server.put("/charts/index.yaml", "<html>\n");
    is(expect![[r#"
        error: charts/web/Chart.yaml:5: `http://CHARTS/charts/index.yaml` is no index of a Helm repository: Helm clients refuse this index: it is empty, or not a mapping
        hint: write the URL of a repository: `helm repo add` takes the same
    "#]]);
}

/// Every request meets every fault that passes, and those that last.
#[test]
fn faults_at_each_request() {
    let server = Charts::new(&[("db", "1.2.0"), ("cache", "3.0.1")]);
    let url = server.url();
    let sandbox = locked(&[("db", "^1.0.0", &url), ("cache", "3.x", &url)]);
    server.calls();
    package(&sandbox, &[]).ended(0);
    let (requests, whole) = (server.calls().len(), sandbox.read("out/web-1.0.0.tgz"));
    assert_eq!(requests, 3);
    for n in 1..=requests {
        for fault in [|| Fault::status(503), || Fault::Drop, || Fault::Cut(7), || Fault::Behead] {
            fs::remove_dir_all(sandbox.work().join("target/helm-xtask")).expect("a cache");
            fs::remove_dir_all(sandbox.work().join("out")).expect("an archive");
            server.fail_call(fault(), n);
            package(&sandbox, &[]).ended(0);
            assert_eq!(server.calls().len(), requests + 1, "{n}: the fault met nothing");
            assert_eq!(sandbox.read("out/web-1.0.0.tgz"), whole, "{n}");
        }
    }
}

/// Indexes as they are found: in JSON, in flow style, with a byte order mark, and with charts that lie in a registry.
#[test]
fn indexes_of_all_kinds() {
    let (registry, server) = (OciRegistry::new(), Charts::new(&[("db", "1.0.0")]));
    let db = crate::registry::repository_of(&chart("db", "1.0.0"));
    db.xtask(&["release", "--publish=oci", "--oci", &registry.url(), "--helm", "never"]).ended(0);
    let sandbox = web(&[("db", "1.0.0", &server.url())]);
    let one = |url: &str| format!("{{\"name\": \"db\", \"version\": \"1.0.0\", \"urls\": [\"{url}\"]}}");
    let json = |url: &str| format!("{{\"apiVersion\": \"v1\", \"entries\": {{\"db\": [{}]}}}}", one(url));
    for index in [
        json("db-1.0.0.tgz"),
        json("/charts/db-1.0.0.tgz"),
        json(&format!("{}/db-1.0.0.tgz", server.url())),
        json(&format!("{}/db:1.0.0", registry.url())),
        format!("\u{feff}apiVersion: v1\nentries: {{db: [{}]}}\n", one("db-1.0.0.tgz")),
    ] {
        server.put("/charts/index.yaml", index.clone());
        let ran = package(&sandbox, &[]);
        assert_eq!(ran.status, 0, "{index}: {}", ran.stderr);
        assert!(packaged(&sandbox).contains(&"web/charts/db/Chart.yaml".to_owned()), "{index}");
        fs::remove_dir_all(sandbox.work().join("target/helm-xtask")).expect("a cache");
    }
}

#[test]
fn credentials_are_for_one_origin() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let other = format!("{}/db-1.2.0.tgz", server.origins[1]);
    let mut sandbox = locked(&[("db", "^1.0.0", &server.url())]);
    server.put("/db-1.2.0.tgz", archive("db", "1.2.0"));
    server.index(&entry("db", "1.2.0", &other, ""));
    let known = |further: &str| {
        format!(
            "repositories:\n- {{name: own, url: \"{}/\", username: me, password: secret0123{further}}}\n",
            server.url()
        )
    };
    sandbox.write("../home/repositories.yaml", &known(""));
    sandbox.set(
        "HELM_REPOSITORY_CONFIG",
        sandbox.work().join("../home/repositories.yaml").display().to_string(),
    );
    server.calls();
    package(&sandbox, &[]).ended(0);
    let basic = "Basic bWU6c2VjcmV0MDEyMw==";
    let authorizations = |calls: Vec<crate::fake::Call>| {
        calls.into_iter().map(|call| call.authorizations.concat()).collect::<Vec<_>>()
    };
    assert_eq!(authorizations(server.calls()), [basic, ""]);
    // As for helm, with `--pass-credentials`.
    fs::remove_dir_all(sandbox.work().join("target/helm-xtask")).expect("a cache");
    sandbox.write("../home/repositories.yaml", &known(", pass_credentials_all: true"));
    package(&sandbox, &[]).ended(0);
    assert_eq!(authorizations(server.calls()), [basic, basic]);
    // A repository by the name that helm has for it.
    for repository in ["@own", "alias:own"] {
        sandbox.write("charts/web/Chart.yaml", &declaring(&[("db", "^1.0.0", repository)]));
        update(&sandbox).ended(0);
        assert!(sandbox.text("charts/web/Chart.lock").contains(&format!("repository: {}", server.url())));
    }
    fs::remove_dir_all(sandbox.work().join("charts/web/charts")).expect("archives");
    server.with(|files| files.wants = Some("Basic other".to_owned()));
    fs::remove_dir_all(sandbox.work().join("target/helm-xtask")).expect("a cache");
    let ran = package(&sandbox, &[]).ended(1);
    expect![[r#"
        error: charts/web/Chart.yaml:5: cannot fetch `http://CHARTS/charts/index.yaml`: it answers 401 (who are you?)
        hint: it refuses the user of repositories.yaml: helm repo add --force-update NAME http://CHARTS/charts/ --username USER --password-stdin
    "#]]
    .assert_eq(&said(&ran, &server));
    sandbox.write("../home/repositories.yaml", "");
    sandbox.write("charts/web/Chart.yaml", &declaring(&[("db", "1.2.0", "@own")]));
    fs::remove_file(sandbox.work().join("charts/web/Chart.lock")).expect("a lock");
    let ran = package(&sandbox, &[]).ended(1);
    expect![[r#"
        error: charts/web/Chart.yaml:5: `own` is the name of no repository that helm knows here
        hint: write its URL in Chart.yaml, which is the same everywhere
    "#]]
    .assert_eq(&said(&ran, &server));
}

#[test]
fn a_version_that_changes_is_told() {
    let server = Charts::new(&[("db", "1.2.0")]);
    let sandbox = locked(&[("db", "^1.0.0", &server.url())]);
    package(&sandbox, &[]).ended(0);
    let another = archive_of("db", &chart("db", "1.2.0"), "kind: Secret\n");
    server.index(&entry("db", "1.2.0", "db-1.2.0.tgz", &digest(&another)));
    server.put("/charts/db-1.2.0.tgz", another);
    let ran = package(&sandbox, &[]).ended(0);
    let told = said(&ran, &server);
    assert!(told.contains("warning: charts/web/Chart.yaml:5: `db 1.2.0` is another archive at `http://CHARTS/charts` than before: sha256:"), "{told}");
    assert!(!package(&sandbox, &[]).ended(0).stderr.contains("another archive"));
}
