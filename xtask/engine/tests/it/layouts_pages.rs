//! What visitors of the site see, wherever the Helm repository lies: its page, the first page, and that of the documentation.

use std::collections::BTreeMap;

use crate::config;
use crate::registry_api::OciRegistry;
use crate::release::chart;
use crate::remote::{BRANCH, Layout, Remote};
use crate::sandbox::{Ran, Sandbox};
use crate::whole::{bump, source};

const ROOT: Layout = Layout { directory: "", in_releases: false };

/// The branch of a repository with documentation and the Helm repository at the root.
fn at_root(files: &[(&str, &str)]) -> (Remote, Sandbox) {
    let remote = Remote::seeded_as(ROOT);
    let changed: Vec<_> = files.iter().map(|(path, text)| (*path, Some(text.as_bytes()))).collect();
    remote.overwrite(&changed);
    (remote, publisher())
}

/// What has released `web` 1.0.0.
pub fn publisher() -> Sandbox {
    let mut sandbox = source("1.0.0");
    for (field, value) in [("helm_path", ""), ("versions", "stamp")] {
        sandbox.set(&format!("CONFIG_{}", field.to_uppercase()), value);
    }
    sandbox.set("REPOSITORY", "d44b/pulltrace");
    sandbox.leaving_nothing(config::program(), &["release", "--offline", "--helm", "never"]).ended(0);
    sandbox
}

pub fn pages(remote: &Remote, sandbox: &Sandbox, args: &[&str]) -> Ran {
    let all = ["pages", "--publish", "--remote", &remote.url];
    sandbox.leaving_nothing(config::program(), &[&all[..], args].concat()).ended(0)
}

/// The documentation has the first page, whoever comes first.
#[test]
fn documentation_and_charts_share_the_root() {
    let (remote, sandbox) = at_root(&[]);
    pages(&remote, &sandbox, &[]);
    assert!(remote.text("index.html").contains("New words."));
    assert!(remote.text("charts.html").contains("helm repo add pulltrace https://d44b.github.io/pulltrace<"));
    let files = remote.files();
    assert!(files.contains_key("web-0.1.0.tgz") && files.contains_key("web-1.0.0.tgz"), "{files:?}");
    // A branch that had the charts alone.
    let remote = Remote::empty();
    pages(&remote, &sandbox, &["--only", "charts"]);
    assert!(remote.text("index.html").contains("helm repo add pulltrace"));
    assert!(!remote.text("index.html").contains("Read the documentation"));
    let said = pages(&remote, &sandbox, &["--only", "docs"]);
    assert!(!said.stderr.contains("warning"), "{}", said.stderr);
    assert!(remote.text("index.html").contains("New words."));
    bump(&sandbox, "1.1.0");
    sandbox.leaving_nothing(config::program(), &["release", "--offline", "--helm", "never"]).ended(0);
    pages(&remote, &sandbox, &["--only", "charts"]);
    assert!(remote.text("index.html").contains("New words."));
    let page = remote.text("charts.html");
    assert!(page.contains("1.1.0") && page.contains("Read the documentation"), "{page}");
}

/// Who comes to the root finds a page: that of others, or a small one that leads to the charts.
#[test]
fn the_root_is_never_empty() {
    let with = |files: &[(&str, &str)]| {
        let remote = Remote::empty();
        if !files.is_empty() {
            let files: Vec<_> = files.iter().map(|(path, text)| (*path, Some(text.as_bytes()))).collect();
            remote.write(BRANCH, None, &files);
        }
        remote
    };
    let mut sandbox = publisher();
    for (directory, files, expected) in [
        ("charts", &[][..], Some("<a href=\"charts/\">The Helm charts of pulltrace</a>")),
        ("charts", &[("index.html", "<title>Theirs</title>")], Some("Theirs")),
        ("charts", &[("README.md", "# Theirs\n")], None),
        ("charts", &[("Index.markdown", "# Theirs\n")], None),
        ("", &[("README.md", "# Theirs\n")], None),
        ("", &[("README.md", "# Theirs\n"), (".nojekyll", "")], Some("helm repo add pulltrace")),
    ] {
        let remote = with(files);
        sandbox.set("CONFIG_HELM_PATH", directory);
        pages(&remote, &sandbox, &["--only", "charts"]);
        let files: BTreeMap<String, String> = remote.files();
        let page = files.contains_key("index.html").then(|| remote.text("index.html"));
        assert_eq!(page.is_some(), expected.is_some(), "{directory:?}: {files:?}");
        assert!(page.unwrap_or_default().contains(expected.unwrap_or_default()), "{directory:?}");
        // Jekyll makes a page of what others wrote only without this file.
        assert_eq!(files.contains_key(".nojekyll"), expected.is_some(), "{directory:?}: {files:?}");
    }
}

/// The page tells of the registry only what was pushed there, and nobody to install a library.
#[test]
fn the_page_speaks_of_what_there_is() {
    let remote = Remote::seeded_as(ROOT);
    let index = remote.text("index.yaml");
    let entry = |version| {
        format!(
            "  - apiVersion: v2\n    name: lib\n    type: library\n    urls:\n    - https://h/lib-{version}.tgz\n    version: {version}\n"
        )
    };
    let entries = ["0.9.0", "2.0.0-rc.1", "1.9.0"].map(entry).concat();
    let ascending = index.replacen("entries:\n", &format!("entries:\n  lib:\n{entries}"), 1);
    remote.overwrite(&[("index.yaml", Some(ascending.as_bytes()))]);
    let (registry, mut sandbox) = (OciRegistry::new(), publisher());
    sandbox.set("CONFIG_OCI", registry.url());
    sandbox.unset("CARGO_NET_OFFLINE");
    let tags = remote.path().display().to_string();
    let release = |sandbox: &Sandbox, to: &str| {
        sandbox.git(&["push", "--quiet", "--force", &tags, "refs/tags/*:refs/tags/*"]);
        let args = ["release", to, "--helm", "never", "--remote", &remote.url];
        sandbox.leaving_nothing(config::program(), &args).ended(0);
    };
    release(&sandbox, "--publish=oci,pages");
    let page = remote.text("charts.html").replace(&registry.url(), "oci://r");
    assert!(
        page.contains("helm pull pulltrace/lib --version 1.9.0<") && !page.contains("helm install my-lib"),
        "{page}"
    );
    assert!(page.contains("helm install my-web oci://r/web --version 1.0.0<"), "{page}");
    assert!(!page.contains("oci://r/lib") && !page.contains("oci://r/api"), "{page}");
    // A chart that was pushed by an earlier release stays told.
    sandbox.git(&["rm", "-r", "--quiet", "charts/web"]);
    sandbox.write("charts/api/Chart.yaml", &chart("api", "1.1.0"));
    sandbox.write("CHANGELOG.md", "# Changelog\n\n## 1.1.0\n\nWords.\n");
    sandbox.commit("api");
    sandbox.git(&["tag", "v1.1.0"]);
    release(&sandbox, "--publish=pages");
    let page = remote.text("charts.html").replace(&registry.url(), "oci://r");
    assert!(page.contains("oci://r/web --version 1.0.0<") && !page.contains("oci://r/api"), "{page}");
    bump(&sandbox, "1.2.0");
    release(&sandbox, "--publish=oci");
    release(&sandbox, "--publish=pages");
    let page = remote.text("charts.html").replace(&registry.url(), "oci://r");
    assert!(page.contains("oci://r/web --version 1.2.0<"), "the registry has said that it has it: {page}");
}

/// What is called an index and is none says nothing.
#[test]
fn another_index_is_no_helm_repository() {
    let (remote, sandbox) = (Remote::empty(), publisher());
    remote.write(BRANCH, None, &[("api/index.yaml", Some(b"openapi: 3.1.0\n")), (".nojekyll", Some(b""))]);
    let said = pages(&remote, &sandbox, &["--only", "charts"]).stderr;
    assert!(!said.contains("warning"), "{said}");
}

/// Whoever adopts this is told where the branch has its Helm repository.
#[test]
fn another_place_is_told() {
    let remote = Remote::seeded_as(ROOT);
    let mut sandbox = publisher();
    sandbox.unset("CONFIG_HELM_PATH");
    let ran =
        sandbox.leaving_nothing(config::program(), &["pages", "--only", "charts", "--remote", &remote.url]);
    let expected = "warning: the branch has `index.yaml`, and the config has the Helm repository at `charts/index.yaml`: whoever \
                    has added the former sees nothing of what is published now\n\
                    hint: write `.helm_path(\"\")` in xtask/engine/tests/program/main.rs to publish there; or `.old_helm_path(\"\")` to publish to both\n";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
}

/// Documentation that takes the first page leaves that of the charts another place, and a move leaves no stale one.
#[test]
fn the_page_of_the_charts_moves() {
    let (remote, mut sandbox) = (Remote::empty(), publisher());
    pages(&remote, &sandbox, &["--only", "charts"]);
    let page = remote.text("index.html");
    pages(&remote, &sandbox, &["--only", "docs"]);
    assert_eq!(remote.text("charts.html"), page);
    sandbox.set("CONFIG_HELM_PATH", "charts");
    sandbox.set("CONFIG_OLD_HELM_PATH", "");
    bump(&sandbox, "1.1.0");
    sandbox.leaving_nothing(config::program(), &["release", "--offline", "--helm", "never"]).ended(0);
    pages(&remote, &sandbox, &["--only", "charts"]);
    assert!(remote.text("charts.html").contains("url=charts/"), "{}", remote.text("charts.html"));
}

/// A page of the documentation that speaks of a Helm repository is no page of this program.
#[test]
fn documentation_is_not_taken_for_the_page_of_the_charts() {
    for directory in ["", "charts"] {
        let (remote, mut sandbox) = (Remote::empty(), publisher());
        sandbox.set("CONFIG_HELM_PATH", directory);
        sandbox.write(
            "mkdocs.yml",
            "site_name: Shop\nsite_description: \"Helm repository: the charts of shop\"\n",
        );
        sandbox.commit("words");
        pages(&remote, &sandbox, &["--only", "docs"]);
        let home = remote.text("index.html");
        pages(&remote, &sandbox, &["--only", "charts"]);
        assert_eq!(remote.text("index.html"), home, "{directory:?}");
    }
}

/// A site that GitHub Pages builds from a directory with the Helm repository in it has its first page there.
#[test]
fn a_site_below_the_root() {
    let (remote, mut sandbox) = (Remote::empty(), publisher());
    remote.write(BRANCH, None, &[("README.md", Some(b"# Source\n")), ("docs/README.md", Some(b"# Site\n"))]);
    sandbox.set("CONFIG_HELM_PATH", "docs");
    sandbox.set("CONFIG_HELM_URL", "https://d44b.github.io/pulltrace");
    pages(&remote, &sandbox, &["--only", "charts"]);
    let files: Vec<String> = remote.files().into_keys().collect();
    let expected =
        ["README.md", "docs/README.md", "docs/charts.html", "docs/index.yaml", "docs/web-1.0.0.tgz"];
    assert_eq!(files, expected);
    let site = ["pages", "--only", "charts", "--remote", &remote.url];
    for _ in 0..2 {
        sandbox.leaving_nothing(config::program(), &site).ended(0);
    }
}

/// What is published to the Helm repository alone was pushed nowhere.
#[test]
fn the_registry_is_told_of_where_it_has_the_chart() {
    let (remote, sandbox) = (Remote::empty(), publisher());
    sandbox.git(&["push", "--quiet", &remote.path().display().to_string(), "v1.0.0"]);
    let args = ["release", "--publish=pages", "--helm", "never", "--remote", &remote.url];
    sandbox.leaving_nothing(config::program(), &args).ended(0);
    assert!(!remote.text("index.html").contains("oci://"));
}
