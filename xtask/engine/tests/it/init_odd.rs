//! `helm-xtask init` where something is in the way, or cannot be.

use crate::init::{CHANGELOG, clone, init, shop};
use crate::release::chart;

/// What is written stays in the repository, and is TOML that cargo reads.
#[test]
fn what_is_in_the_way() {
    let files = |more: &[(&'static str, &'static str)]| {
        let usual = [("charts/web/Chart.yaml", &*chart("web", "1.0.0")), ("CHANGELOG.md", CHANGELOG)];
        clone("shop", &[&usual[..], more].concat())
    };
    for (path, text, expected) in [
        (
            "Cargo.toml",
            "workspace = { members = [\"a\"] }\n",
            "Add to Cargo.toml by hand: it has a workspace already",
        ),
        ("Cargo.toml", "[ workspace ]\n", "Add to Cargo.toml by hand: it has a workspace already"),
        ("Cargo.toml", "workspace.members = []\n", "Add to Cargo.toml by hand"),
        (
            "Cargo.toml",
            "[workspace]\ndefault-members = [\"xtask\"]\nmembers = []\n",
            "Add to Cargo.toml by hand",
        ),
        ("Cargo.toml", "[workspace]\nmembers = [\n  \"a\",\n  \"xtask\",\n]\n", "Unchanged Cargo.toml"),
        (
            ".cargo/config.toml",
            "alias = { b = \"build\" }\n",
            "Add to .cargo/config.toml by hand: it has aliases",
        ),
        (".cargo/config.toml", "alias.b = \"build\"\n", "Add to .cargo/config.toml by hand"),
        (".cargo/config.toml", "[env]\nxtask = \"1\"\n", "Would add 14 lines to .cargo/config.toml"),
        (
            ".cargo/config.toml",
            "[alias]\nxtask = \"run -p other\"\n",
            "its alias `xtask` runs another package",
        ),
        (".cargo/config", "[build]\n", "Add to .cargo/config.toml by hand: cargo prefers .cargo/config"),
        ("xtask", "a file\n", "Add to xtask/src/main.rs by hand: `xtask` is no directory"),
        (
            "xtask/Cargo.toml",
            "[package]\nname = \"xtask\"\n",
            "Add to xtask/src/main.rs by hand: xtask/Cargo.toml is the package of another program",
        ),
        (
            ".github/workflows/release.yml",
            "on: push\njobs: {a: {steps: [{run: cargo xtask release --publish}]}}\n",
            "Unchanged .github/workflows/charts.yml",
        ),
    ] {
        let ran = init(&files(&[(path, text)]), &[]).ended(0);
        assert!(ran.stdout.contains(expected), "{text}: {}", ran.stdout);
    }
    // Packages that were alone stay alone.
    let sandbox = files(&[("cli/Cargo.toml", "[package]\n"), ("cli/macros/Cargo.toml", "[package]\n")]);
    init(&sandbox, &["--write"]).ended(0);
    assert!(sandbox.text("Cargo.toml").contains("members = [\"xtask\"]\nexclude = [\"cli\"]\n"));
    // A link leads elsewhere.
    let sandbox = files(&[]);
    let outside = sandbox.work().join("../outside");
    std::fs::create_dir(&outside).expect("a directory");
    for directory in [".cargo", "xtask", ".github"] {
        std::os::unix::fs::symlink(&outside, sandbox.work().join(directory)).expect("a link");
    }
    let ran = init(&sandbox, &["--write"]).ended(0);
    assert!(
        ran.stdout.contains("Add to xtask/Cargo.toml by hand: `xtask` is no directory"),
        "{}",
        ran.stdout
    );
    assert_eq!(std::fs::read_dir(&outside).expect("outside").count(), 0);
}

/// Values that cannot be are wrong usage where they were asked for, and are left out where they were found.
#[test]
fn what_cannot_be() {
    let sandbox = shop();
    for args in [
        ["--helm-path", "../x"],
        ["--oci", "ghcr.io/x"],
        ["--tags", "v1"],
        ["--branch", ""],
        ["--pages", "http://x"],
        ["--helm-name", "a/b"],
    ] {
        let ran = init(&sandbox, &[&["--write"], &args[..]].concat()).ended(2);
        assert!(ran.stderr.contains("error: ") && ran.stdout.matches("Wrote").count() == 0, "{ran:?}");
    }
    init(&sandbox, &["--versions=stamp", "--release-on=merge"]).ended(2);
    sandbox.git(&["remote", "set-url", "origin", "https://me:secret@github.com/acme/shop.git"]);
    let ran = init(&sandbox, &[]).ended(1);
    assert!(ran.stderr.contains("password") && !ran.stderr.contains("secret"), "{}", ran.stderr);
    sandbox.git(&["remote", "set-url", "origin", "https://github.com/acme/shop.git?private_token=secret"]);
    let ran = init(&sandbox, &[]).ended(0);
    assert!(!format!("{ran:?}").contains("secret"), "{ran:?}");
    sandbox.git(&["remote", "set-url", "origin", "git@gitlab.com:acme/group/shop.git"]);
    let ran = init(&sandbox, &[]).ended(2);
    assert!(ran.stderr.ends_with("hint: --repository OWNER/NAME\n"), "{}", ran.stderr);

    let sandbox = clone(
        "web",
        &[("deploy/-chart/web/Chart.yaml", &chart("web", "1.0.0")), ("CHANGELOG.md", CHANGELOG)],
    );
    let ran = init(&sandbox, &["--branch=a b"]).ended(2);
    assert!(ran.stderr.contains("--branch cannot be: `branch` `a b`"), "{}", ran.stderr);
}
