//! Each field of the config, changed alone: what a release of one chart does then, and what its users type.

use std::path::Path;

use crate::release::chart;
use crate::sandbox::{Ran, Sandbox};

/// A program whose config is what the environment says.
pub fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_configured"))
}

/// What a repository with one chart says and does with these fields.
fn run(fields: &[(&str, &str)], args: &[&str]) -> (Sandbox, Ran) {
    let mut sandbox = Sandbox::with_commit(&[
        (".gitignore", "/dist/\n/target/\n/site/\n"),
        ("CHANGELOG.md", "# Changelog\n\n## [1.0.0]\n\n- First.\n"),
        ("charts/web/Chart.yaml", &chart("web", "1.0.0")),
        ("deploy/web/Chart.yaml", &chart("web", "1.0.0")),
        ("mkdocs.yml", "site_name: Shop\n"),
        ("docs/index.md", "# Shop\n"),
        ("docs/preview/index.md", "# Preview\n"),
    ]);
    for (field, value) in fields {
        sandbox.set(&format!("CONFIG_{}", field.to_uppercase()), *value);
    }
    let ran = sandbox.leaving_nothing(program(), args);
    (sandbox, ran)
}

/// Rehearses with one field, and finds these words, and not those after `not `.
#[track_caller]
fn rehearsed(fields: &[(&str, &str)], expected: &[&str]) {
    let (sandbox, ran) = run(fields, &["release", "--rehearse", "--offline", "--helm", "never"]);
    let ran = ran.ended(0);
    let read = |path: &str| sandbox.text(&format!("target/rehearsal/dist/{path}"));
    let shown = [ran.stdout, read("release-notes.md"), read("manifest.json")].concat();
    for words in expected {
        let (words, is_there) = words.strip_prefix("not ").map_or((*words, true), |words| (words, false));
        assert_eq!(shown.contains(words), is_there, "{fields:?}: {words}:\n{shown}");
    }
}

#[test]
fn each_field_changes_a_release() {
    rehearsed(
        &[],
        &[
            "charts/index.yaml on gh-pages",
            "Packaged charts/web",
            "helm repo add shop https://acme.github.io/shop/charts\n",
            "  helm install web oci://ghcr.io/acme/charts/web --version 1.0.0",
            "\"url\": \"https://acme.github.io/shop/charts/web-1.0.0.tgz\"",
        ],
    );
    for (field, expected) in [
        (("charts", "deploy"), &["Packaged deploy/web"][..]),
        (("pages", "https://charts.acme.com"), &["helm repo add shop https://charts.acme.com/charts\n"]),
        (("branch", "site"), &["charts/index.yaml on site", "Began site anew"]),
        (
            ("helm_path", ""),
            &["merge index.yaml on gh-pages", "helm repo add shop https://acme.github.io/shop\n"],
        ),
        (
            ("helm_path", "helm/stable"),
            &[
                "helm/stable/index.yaml on gh-pages",
                "\"https://acme.github.io/shop/helm/stable/web-1.0.0.tgz\"",
            ],
        ),
        (
            ("helm_url", "https://charts.acme.com/x"),
            &[
                "charts/index.yaml on gh-pages",
                "helm repo add shop https://charts.acme.com/x\n",
                "\"url\": \"https://charts.acme.com/x/web-1.0.0.tgz\"",
            ],
        ),
        (("helm_name", "acme"), &["helm repo add acme https://", "  helm install web acme/web --version"]),
        (
            ("archives", "releases"),
            &[
                "\"https://github.com/acme/shop/releases/download/v1.0.0/web-1.0.0.tgz\"",
                "/acme/shop/releases/download/v1.0.0/web-1.0.0.tgz  ",
            ],
        ),
        (("targets", "pages"), &["charts/index.yaml on gh-pages", "not oci://", "not release v1.0.0"]),
        (
            ("targets", "oci github"),
            &["oci://ghcr.io/acme", "release v1.0.0", "not helm repo add", "not gh-pages"],
        ),
        (("oci", "oci://quay.io/acme/x"), &["helm install web oci://quay.io/acme/x/web --version 1.0.0"]),
        (
            ("tags", "chart-{version}"),
            &["release chart-1.0.0 of acme/shop", "git tag chart-1.0.0 && git push"],
        ),
        (("versions", "stamp"), &["Packaged charts/web", "web-0.0.1-dev."]),
    ] {
        rehearsed(&[field], expected);
    }
}

#[test]
fn each_field_changes_what_is_refused() {
    let (_, ran) = run(&[("reserved", "preview")], &["pages", "--only", "docs", "--offline"]);
    assert!(
        ran.ended(1).stderr.contains("the documentation has `preview`, which the config keeps for others")
    );
    let (_, ran) = run(&[], &["pages", "--only", "docs", "--offline"]);
    ran.ended(0);
    let (_, ran) = run(&[("latest", "db")], &["release", "--offline", "--helm", "never"]);
    assert!(ran.ended(1).stderr.contains("there is no chart `db`, as `latest` has it"));
    for (fields, args, expected) in [
        (
            &[("targets", "pages")][..],
            &["release", "--publish=oci"][..],
            "error: the config publishes nothing to the OCI registry",
        ),
        (&[("targets", "pages")], &["release", "--oci", "oci://h/p"], "the config publishes to none"),
        (&[("targets", "oci")], &["pages", "--only", "charts"], "the config has no Helm repository among"),
        (&[("targets", "oci pages"), ("archives", "releases")], &["check"], "`targets` lacks"),
        (&[("old_helm_path", "charts")], &["check"], "are the same directory"),
    ] {
        let (_, ran) = run(fields, args);
        assert!(
            ran.stderr.contains(expected) || ran.stdout.contains(expected),
            "{}{}",
            ran.stdout,
            ran.stderr
        );
    }
}
