//! `helm-xtask init`: what it finds in a repository, what it writes there, and that it replaces nothing.

use expect_test::expect;

use crate::config;
use crate::consumers::block;
use crate::release::chart;
use crate::remote::BRANCH;
use crate::sandbox::{Ran, Sandbox};

/// What is in every repository of these tests.
pub const CHANGELOG: &str = "# Changelog\n\n## [1.0.0] - 2024-01-02\n\n- First.\n";

/// A clone of `acme/NAME` on GitHub, which only looks like one: git finds it on this machine.
pub fn clone(name: &str, files: &[(&str, &str)]) -> Sandbox {
    let mut sandbox = Sandbox::with_commit(files);
    sandbox.set("INSTALLED", "1");
    // Whoever locks the packages needs the network.
    sandbox.script("cargo", "#!/bin/sh\necho \"# $*\" > Cargo.lock\n");
    let url = format!("https://github.com/acme/{name}.git");
    let remote = sandbox.work().join("../remote.git");
    let remote = remote.to_str().expect("a path");
    sandbox.git(&["init", "--quiet", "--bare", "--initial-branch=main", remote]);
    sandbox.git(&["config", "--global", &format!("url.{remote}.insteadOf"), &url]);
    sandbox.git(&["remote", "add", "origin", &url]);
    sandbox.git(&["push", "--quiet", "origin", "main"]);
    sandbox.git(&["remote", "set-head", "origin", "main"]);
    sandbox
}

pub fn init(sandbox: &Sandbox, args: &[&str]) -> Ran {
    sandbox.leaving_nothing(config::program(), &[&["init"], args].concat())
}

/// With the network of git alone.
fn online(mut sandbox: Sandbox) -> Sandbox {
    sandbox.unset("CARGO_NET_OFFLINE");
    sandbox
}

/// Puts files on the branch of GitHub Pages.
fn publish(sandbox: &Sandbox, files: &[(&str, &str)]) {
    sandbox.git(&["switch", "--quiet", "--orphan", "gh-pages"]);
    for (path, text) in files {
        sandbox.write(path, text);
    }
    sandbox.commit("pages");
    sandbox.git(&["push", "--quiet", "origin", &format!("HEAD:{BRANCH}")]);
    sandbox.git(&["switch", "--quiet", "main"]);
    sandbox.git(&["branch", "--quiet", "-D", "gh-pages"]);
}

fn index(entries: &[(&str, &str, &str)]) -> String {
    let mut names: Vec<&str> = entries.iter().map(|(name, ..)| *name).collect();
    names.dedup();
    let of = |name: &&str| {
        let versions = entries.iter().filter(|(other, ..)| other == name);
        let version = |(name, version, url): &(&str, &str, &str)| {
            format!("  - apiVersion: v2\n    name: {name}\n    urls:\n    - {url}\n    version: {version}\n")
        };
        format!("  {name}:\n{}", versions.map(version).collect::<String>())
    };
    format!("apiVersion: v1\nentries:\n{}", names.iter().map(of).collect::<String>())
}

pub fn shop() -> Sandbox {
    clone("shop", &[("charts/web/Chart.yaml", &chart("web", "1.0.0")), ("CHANGELOG.md", CHANGELOG)])
}

#[test]
fn the_smallest() {
    let sandbox = shop();
    let ran = init(&sandbox, &[]).ended(0);
    expect![[r#"
               Found repository acme/shop  (origin is https://github.com/acme/shop.git)
               Found 1 chart in `charts`  (each Chart.yaml outside of other charts, tests and examples)
               Found branch gh-pages  (the default)
               Found Helm repository at charts/ of gh-pages  (the branch has no index.yaml)
               Found archives beside index.yaml  (the default)
               Found targets: the OCI registry, the Helm repository, the GitHub Release  (nothing is seen to publish charts)
               Found registry oci://ghcr.io/acme/charts  (the default)
               Found versions as Chart.yaml has them  (no step of a workflow is seen to change them)
               Found tags `v{version}`, `{name}-{version}`  (the default)
               Found releases by tags that are pushed  (one tag releases all charts)

            Config::new("acme/shop")

         Would write xtask/Cargo.toml
         Would write xtask/src/main.rs
         Would write .cargo/config.toml
           Would add 3 lines to .gitignore
         Would write .github/workflows/charts.yml
         Would write Cargo.toml
        nothing was written; add --write to write, check and rehearse
    "#]].assert_eq(&ran.stdout);
    expect![[r#"
        warning: what is published was not looked at: offline
        hint: give the answers as options, such as --helm-path and --archives: helm-xtask init --help
    "#]]
    .assert_eq(&ran.stderr);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "nothing is written");

    let ran = init(&sandbox, &["--write"]).ended(0);
    let (written, tried) = ran.stdout.split_once("     Running cargo xtask check\n").expect("a check");
    let (_, written) = written.split_once("shop\")\n\n").expect("the config");
    expect![[r#"
        $
               Wrote xtask/Cargo.toml
               Wrote xtask/src/main.rs
               Wrote .cargo/config.toml
               Added 3 lines to .gitignore
               Wrote .github/workflows/charts.yml
               Wrote Cargo.toml
               Wrote Cargo.lock
    "#]]
    .assert_eq(&format!("$\n{written}"));
    assert!(tried.contains("   Rehearsed v1.0.0 in "), "{tried}");
    for (path, document, marker) in [
        ("Cargo.toml", "adopting.md", "**`Cargo.toml`**"),
        (".cargo/config.toml", "adopting.md", "**`.cargo/config.toml`**"),
        ("xtask/Cargo.toml", "adopting.md", "**`xtask/Cargo.toml`**"),
        ("xtask/src/main.rs", "adopting.md", "**`xtask/src/main.rs`**"),
        (".github/workflows/charts.yml", "ci.md", "### The workflow of another repository"),
    ] {
        assert_eq!(sandbox.text(path), block(document, marker), "{path}");
    }
    assert_eq!(sandbox.text(".gitignore"), "/target/\n/dist/\n/site/\n");
    assert_eq!(sandbox.text("Cargo.lock"), "# generate-lockfile --quiet --offline\n");

    // Once more, and after somebody has changed the config.
    sandbox.commit("adopt");
    let ran = init(&sandbox, &["--write"]).ended(0);
    assert_eq!(ran.stdout.matches("   Unchanged ").count(), 7, "{}", ran.stdout);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let main = sandbox.text("xtask/src/main.rs");
    sandbox.write("xtask/src/main.rs", &main.replace("acme/shop\")", "acme/other\").branch(\"pages\")"));
    let ran = init(&sandbox, &["--write", "--helm-path", "."]).ended(0);
    expect![[r#"
        warning: what is published was not looked at: offline
        hint: give the answers as options, such as --helm-path and --archives: helm-xtask init --help
        note: xtask/src/main.rs: lacks `.helm_path("")`: Helm repository at the root of gh-pages (--helm-path); has `.branch(…)`, for which nothing was found in the repository; does not name acme/shop
        hint: it stays as it is; edit it where it is not what you want
    "#]].assert_eq(&ran.stderr);
    assert!(ran.stdout.ends_with(
        "see to xtask/src/main.rs first, then try it: cargo xtask check && cargo xtask release --rehearse\n"
    ));
}

#[test]
fn coming_from_chart_releaser() {
    let workflow = "on:\n  push:\n    branches: [main]\njobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n      \
                    - uses: helm/chart-releaser-action@v1.7.0\n";
    let sandbox = online(clone(
        "charts",
        &[
            ("charts/web/Chart.yaml", &chart("web", "1.0.0")),
            ("charts/db/Chart.yaml", &chart("db", "0.2.0")),
            ("CHANGELOG.md", CHANGELOG),
            (
                "README.md",
                "# Charts\n\n`helm repo add shop https://charts.acme.example`, `helm install web shop/web`\n",
            ),
            (".github/workflows/release.yml", workflow),
        ],
    ));
    let url = |tag: &str| format!("https://github.com/acme/charts/releases/download/{tag}/{tag}.tgz");
    let (web, db) = (url("web-1.0.0"), url("db-0.1.0"));
    let entries = [("db", "0.1.0", db.as_str()), ("web", "1.0.0", web.as_str())];
    publish(&sandbox, &[("index.yaml", &index(&entries)), ("CNAME", "charts.acme.example\n")]);
    for tag in ["web-1.0.0", "db-0.1.0"] {
        sandbox.git(&["tag", tag]);
        sandbox.git(&["push", "--quiet", "origin", tag]);
    }
    let ran = init(&sandbox, &[]).ended(0);
    expect![[r#"
               Found repository acme/charts  (origin is https://github.com/acme/charts.git)
               Found 2 charts in `charts`  (the default of helm/chart-releaser-action at .github/workflows/release.yml:8)
               Found branch gh-pages  (it is at origin)
               Found Helm repository at the root of gh-pages  (index.yaml lists 2 versions)
               Found pages at https://charts.acme.example  (CNAME on gh-pages)
               Found name shop for `helm repo add`  (`helm repo add` at README.md:3)
               Found archives in GitHub Releases  (the newest versions of index.yaml lead there)
               Found targets: the Helm repository, the GitHub Release  (index.yaml; archives are there)
               Found versions as Chart.yaml has them  (chart-releaser takes them from there)
               Found tags `{name}-{version}`  (2 of them, such as db-0.1.0)
               Found releases on merge into main  (.github/workflows/release.yml:2 does so)

            Config::new("acme/charts")
                .helm_path("")
                .pages("https://charts.acme.example")
                .helm_name("shop")
                .archives_in_releases()
                .targets([Target::Pages, Target::Github])
                .tags(["{name}-{version}"])

         Would write xtask/Cargo.toml
         Would write xtask/src/main.rs
         Would write .cargo/config.toml
           Would add 3 lines to .gitignore
         Would write .github/workflows/charts.yml
         Would write Cargo.toml
              Remove `helm/chart-releaser-action` at .github/workflows/release.yml:8: it publishes the same
        nothing was written; add --write to write, check and rehearse
    "#]].assert_eq(&ran.stdout);
}

#[test]
fn nothing_is_replaced() {
    let files = [
        ("charts/web/Chart.yaml", &*chart("web", "1.0.0")),
        ("CHANGELOG.md", CHANGELOG),
        ("Cargo.toml", "[workspace]\nmembers = [\"app\"]\n"),
        (".cargo/config.toml", "[alias]\nb = \"build\"\n"),
        ("xtask/Cargo.toml", "[package]\nname = \"xtask\"\n"),
        ("xtask/src/main.rs", "fn main() {}\n"),
        (".gitignore", "target\nnode_modules/"),
        (".github/workflows/charts.yml", "on: push\njobs:\n  lint:\n    steps: []\n"),
    ];
    let sandbox = clone("shop", &files);
    let ran = init(&sandbox, &["--write"]).ended(0);
    expect![[r#"
        warning: what is published was not looked at: offline
        hint: give the answers as options, such as --helm-path and --archives: helm-xtask init --help
    "#]]
    .assert_eq(&ran.stderr);
    for (path, text) in files.iter().filter(|(path, _)| *path != ".gitignore") {
        assert_eq!(sandbox.text(path), *text, "{path}");
    }
    assert_eq!(sandbox.text(".gitignore"), "target\nnode_modules/\n/dist/\n/site/\n");
    assert!(!sandbox.work().join("Cargo.lock").exists());
    // A package becomes the root of a workspace, and a file without aliases gets one.
    sandbox.write("Cargo.toml", "[package]\nname = \"app\"\n");
    sandbox.write(".cargo/config.toml", "[build]\njobs = 2\n");
    init(&sandbox, &["--write"]).ended(0);
    assert_eq!(
        sandbox.text("Cargo.toml"),
        "[package]\nname = \"app\"\n\n[workspace]\nmembers = [\"xtask\"]\n"
    );
    assert!(sandbox.text(".cargo/config.toml").starts_with("[build]\njobs = 2\n\n[alias]\nxtask = "));
}

#[test]
fn what_cannot_be_seen_is_asked_for() {
    let sandbox = shop();
    sandbox.git(&["remote", "remove", "origin"]);
    let ran = init(&sandbox, &["--write"]).ended(2);
    assert_eq!(ran.stderr, "error: there is no `origin`\nhint: --repository OWNER/NAME\n");
    let answers = [
        "--repository=acme/shop",
        "--charts=charts/web",
        "--branch=pages",
        "--helm-path=.",
        "--pages=https://acme.example",
        "--helm-url=https://charts.acme.example",
        "--helm-name=acme",
        "--archives=releases",
        "--targets=pages,github,oci",
        "--oci=oci://registry.acme.example/charts",
        "--versions=stamp-version",
        "--tags={version},v{version}",
    ];
    let ran = init(&sandbox, &[&["--write"], &answers[..]].concat()).ended(0);
    expect![[r#"
        //! The automation of this repository: `cargo xtask`.

        use std::process::ExitCode;

        use helm_xtask::{Config, Versions};

        fn main() -> ExitCode {
            let config = Config::new("acme/shop")
                .charts(["charts/web"])
                .branch("pages")
                .helm_path("")
                .pages("https://acme.example")
                .helm_url("https://charts.acme.example")
                .helm_name("acme")
                .archives_in_releases()
                .oci("oci://registry.acme.example/charts")
                .versions(Versions::StampVersion)
                .tags(["{version}", "v{version}"]);
            helm_xtask::app!(config).main()
        }
    "#]]
    .assert_eq(&sandbox.text("xtask/src/main.rs"));
    assert!(ran.stdout.contains("Rehearsed 0.0.1-dev."), "{}", ran.stdout);
    let workflow = sandbox.text(".github/workflows/charts.yml");
    for line in [
        "    tags: [\"[0-9]*\", \"v*\"]\n",
        "      group: deploy-pages\n",
        "          XTASK_OCI_PASSWORD: ${{ secrets.OCI_PASSWORD }}\n",
    ] {
        assert!(workflow.contains(line), "{line}{workflow}");
    }
    assert!(!workflow.contains("packages: write"), "{workflow}");

    let empty = clone("empty", &[("README.md", "# Empty\n")]);
    let ran = init(&empty, &["--write"]).ended(1);
    expect![[r#"
        error: there is no chart that could be released
        hint: name the directory of the charts: --charts DIRECTORY
        warning: what is published was not looked at: offline
        hint: give the answers as options, such as --helm-path and --archives: helm-xtask init --help
    "#]]
    .assert_eq(&ran.stderr);
    assert_eq!(empty.git(&["status", "--porcelain"]), "");
}

/// A release on merge, and a chart at the root.
#[test]
fn on_merge() {
    let two = [("a/Chart.yaml", &*chart("a", "1.0.0")), ("b/Chart.yaml", &*chart("b", "2.0.0"))];
    let sandbox = clone("shop", &two);
    init(&sandbox, &[]).ended(0);
    init(&sandbox, &["--write", "--release-on=merge"]).ended(0);
    assert_eq!(sandbox.text(".github/workflows/charts.yml"), block("several-charts.md", "## The workflow"));
    assert!(sandbox.text("xtask/src/main.rs").contains(".charts([\".\"])"));

    let sandbox = clone("web", &[("Chart.yaml", &chart("web", "1.0.0")), (".helmignore", "*.md")]);
    init(&sandbox, &["--write"]).ended(0);
    let ignored = sandbox.text(".helmignore");
    assert!(ignored.starts_with("*.md\n/target/\n") && ignored.ends_with("/xtask/\n"), "{ignored}");
}

/// The old workflows of the guides lead to the configs of the guides, and to a release.
#[test]
fn the_guides() {
    let chart_at = |version: &str| chart("shop", version);
    for (name, guide, config, url, versions, archives) in [
        (
            "charts",
            "from-chart-releaser.md",
            ".helm_path(\"\").archives_in_releases().tags([\"{name}-{version}\"])",
            "https://github.com/acme/charts/releases/download/shop-0.9.0/shop-0.9.0.tgz",
            ["1.0.0", "v1.0.0", "verify"],
            "releases",
        ),
        (
            "shop",
            "from-gh-pages-actions.md",
            ".helm_path(\"\").versions(Versions::Stamp)",
            "shop-0.9.0.tgz",
            ["0.0.0", "v0.9.1-dev.", "stamp"],
            "branch",
        ),
    ] {
        let old = block(guide, "## Old and new");
        let sandbox = online(clone(
            name,
            &[
                ("charts/shop/Chart.yaml", &chart_at(versions[0])),
                ("CHANGELOG.md", CHANGELOG),
                (".github/workflows/release.yml", &old),
            ],
        ));
        publish(&sandbox, &[("index.yaml", &index(&[("shop", "0.9.0", url)]))]);
        sandbox.git(&["tag", if name == "charts" { "shop-0.9.0" } else { "v0.9.0" }]);
        sandbox.commit("since then");
        sandbox.git(&["push", "--quiet", "--tags", "origin", "main"]);
        // The guide of chart-releaser publishes to a registry as well.
        let targets = "--targets=oci,pages,github";
        let found = init(&sandbox, &[targets]).ended(0).stdout;
        assert!(found.contains("Remove ") || found.contains("Look at "), "{found}");
        let plain = found.replace(char::is_whitespace, "");
        assert!(plain.contains(&config.replace(' ', "")), "{guide}: {found}");
        // The last step: the old workflow goes in the same commit. Registry and API of GitHub are not there for tests.
        let mut sandbox = sandbox;
        sandbox.set("CARGO_NET_OFFLINE", "true");
        sandbox.git(&["rm", "--quiet", ".github/workflows/release.yml"]);
        let answers =
            ["--write", targets, "--helm-path=.", "--archives", archives, "--versions", versions[2]];
        let ran = init(&sandbox, &answers).ended(0);
        assert!(ran.stdout.contains(&format!("   Rehearsed {}", versions[1])), "{}", ran.stdout);
        assert!(!ran.stderr.contains("as well as `cargo xtask`"), "{}", ran.stderr);
    }
}

/// What was taken over from another repository would publish there.
#[test]
fn a_config_of_another_repository() {
    let mut sandbox = shop();
    sandbox.unset("INSTALLED");
    for (repository, status, expected) in [
        (
            "acme/other",
            1,
            "error: xtask/src/main.rs: the config is of `acme/other`, and this is `https://github.com/acme/shop.git`\nhint: write this repository into `Config::new` in xtask/src/main.rs\n",
        ),
        (
            "upstream/shop",
            0,
            "note: xtask/src/main.rs: the config is of `upstream/shop`, and this is `https://github.com/acme/shop.git`\nhint: a fork publishes nothing; to publish there, edit `repository` in xtask/src/main.rs\n",
        ),
        ("Acme/Shop", 0, ""),
    ] {
        sandbox.set("REPOSITORY", repository);
        let ran = sandbox.any_config(&["check", "--offline", "--helm", "never"]).ended(status);
        let told = ran.stderr.replace("xtask/engine/tests/program/main.rs", "xtask/src/main.rs");
        assert!(
            told.contains(expected) && told.contains("the config is of") != expected.is_empty(),
            "{told}"
        );
    }
    // A clone of a fork that knows where it is from.
    sandbox.set("REPOSITORY", "upstream/shop");
    sandbox.git(&["remote", "add", "upstream", "git@github.com:upstream/shop.git"]);
    let ran = sandbox.any_config(&["check", "--offline", "--helm", "never"]).ended(0);
    assert!(!ran.stderr.contains("the config is of"), "{}", ran.stderr);
    // A secret in a URL is not shown, and hides nothing that is found elsewhere.
    sandbox.git(&["remote", "remove", "upstream"]);
    for (url, expected) in [
        (
            "https://github.com/acme/web?token=SECRET",
            "the config is of `upstream/shop`, and this is `https://github.com/acme/web`\n",
        ),
        ("https://me:SECRET@github.com/acme/web", "error: the URL of origin has a password in it\n"),
    ] {
        sandbox.git(&["remote", "set-url", "origin", url]);
        let ran = sandbox.any_config(&["check", "--offline", "--helm", "never"]).ended(1);
        let told = &ran.stderr;
        assert!(told.matches(expected).count() == 1 && !told.contains("SECRET"), "{told}");
        assert!(ran.stdout.contains("Checked 1 chart"), "{}", ran.stdout);
    }
}
