//! What `cargo xtask check` says of documents, and of the charts that chart-testing tests.

use crate::check::found;
use crate::sandbox::{Ran, Sandbox};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.2.3\n";
const CHANGELOG: &str = "# Changelog\n\n## [1.2.3] - 2024-01-02\n\n- a\n";
const README: &str = "# Shop\n\n[Install](docs/instal.md), [how](#how), [more](docs/install.md#more)\n\n## How\n\n\
    ```sh\nhelm repo add pulltrace https://d44b.github.io/pulltrace\n\
    helm install web pulltrace/web \\\n  --version 1.2.2\ncargo xtask chek\n```\n";

/// A repository with one chart and these files besides.
fn repository(files: &[(&str, &str)]) -> Sandbox {
    let chart =
        [("charts/web/Chart.yaml", CHART), ("charts/web/values.yaml", "a: 1\n"), ("CHANGELOG.md", CHANGELOG)];
    Sandbox::with_commit(&[&chart, files].concat())
}

fn check(sandbox: &Sandbox) -> Ran {
    sandbox.xtask(&["check", "--offline", "--helm", "never", "--json"])
}

#[test]
fn documents() {
    let sandbox = repository(&[
        ("README.md", README),
        ("CONTRIBUTING.md", "[that is not about charts](dist/x.md)\n"),
        (".gitignore", "/dist/\n"),
        ("mkdocs.yml", "site_name: Shop\n"),
        ("docs/index.md", "# Shop\n\n[a](install.md#mor)\n"),
        ("docs/install.md", "# Install\n\n## More\n\n    helm pull oci://ghcr.io/d44b/web\n"),
        ("charts/web/README.md", "[all](../../README.md#how)\n"),
    ]);
    sandbox.git(&["tag", "v1.2.3"]);
    sandbox.write("dist/x.md", "git ignores it");
    sandbox.write("notes.md", "not committed yet");
    assert_eq!(
        found(&check(&sandbox), "documentation"),
        [
            "warning README.md:3 `docs/instal.md` leads nowhere: there is no `docs/instal.md`, or git ignores it; docs/install.md",
            "warning README.md:8 `https://d44b.github.io/pulltrace` is not where the Helm repository is published; write `https://d44b.github.io/pulltrace/charts`",
            "warning README.md:10 `--version 1.2.2` is not the version that is released, `1.2.3`; write `--version 1.2.3`",
            "warning README.md:11 `cargo xtask chek` is no command: unrecognized subcommand 'chek'; a similar subcommand exists: 'check'",
            "warning docs/install.md:5 `oci://ghcr.io/d44b/web` is not where the chart is pushed; write `oci://ghcr.io/d44b/charts/web`",
            "error docs/index.md:3 `install.md#mor` leads nowhere: `docs/install.md` has no heading with that id; #more",
        ]
    );
    sandbox.xtask(&["check", "--offline", "--helm", "never", "--fix"]).ended(1);
    let mended = README
        .replace("pulltrace\nhelm install", "pulltrace/charts\nhelm install")
        .replace("--version 1.2.2", "--version 1.2.3");
    assert_eq!(sandbox.text("README.md"), mended);
}

#[test]
fn chart_testing() {
    let sandbox = repository(&[
        (".github/ct.yaml", "target-branch: master\nchart-dirs: [charts, test/charts]\n"),
        ("ct-lint.yaml", "chart-dirs: none\n"),
        ("test/charts/stub/Chart.yaml", "name: stub\n"),
        ("charts/other/notes.txt", "no chart\n"),
    ]);
    let mut found = found(&check(&sandbox), "charts");
    let about = ["chart-testing", "charts/other", "the chart has no version"];
    found.retain(|line| about.iter().any(|words| line.contains(words)));
    assert_eq!(
        found,
        [
            "note .github/ct.yaml:2 chart-testing tests the charts in `test/charts`, and a release publishes those in `charts` alone; move those that are for users to `charts`, or name `test/charts` in xtask/src/main.rs",
            "warning charts/other there is no Chart.yaml, so that it is not released; write one, or move the directory",
            "warning ct-lint.yaml:1 chart-testing looks for charts in `none`, which is not there; write `charts`",
            "error test/charts/stub/Chart.yaml the chart has no version; write `version: 0.1.0`",
        ]
    );
}

/// Addresses of other artifacts, prose and what a recorded session printed are neither found nor edited.
#[test]
fn what_is_no_helm_command() {
    let readme = "# W\n\n```sh\ntimoni apply web oci://ghcr.io/d44b/modules/web\nhelm install web oci://ghcr.io/d44b/charts/web\n\
        cosign verify ghcr.io/d44b/web\nflux push artifact oci://ghcr.io/d44b/web:1.0.0\nhelm pull oci://ghcr.io/other/charts/web\n```\n\n\
        Image: oci://ghcr.io/d44b/web\n\n```console\n$ helm list\n  helm install web pulltrace/web --version 1.2.2\n\
        helm pull oci://ghcr.io/d44b/web\n```\n\n    helm install web pulltrace/web --version 1.3.0\n";
    let sandbox = repository(&[("README.md", readme)]);
    sandbox.git(&["tag", "v1.2.3"]);
    assert_eq!(found(&check(&sandbox), "documentation"), [""; 0]);
    sandbox.xtask(&["check", "--offline", "--helm", "never", "--fix"]);
    assert_eq!(sandbox.text("README.md"), readme);
}
