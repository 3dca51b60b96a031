//! What one repository is called and where it publishes: the config that its main.rs hands in.

#![warn(missing_docs)]

use super::oci_reference::Reference;
use super::path;
use super::problem::Problem;
use super::text::name;

/// What hints call the place where the config is written. `terminal` puts the path of the program's main.rs there.
pub const THE_CONFIG: &str = "the config";

/// What a repository is called, and where it publishes.
///
/// [`Config::new`] has a default for everything but the name; each setter replaces one of them. Options of the command
/// line replace some for one run. `cargo xtask check` reports a malformed value.
///
/// ```
/// use helm_xtask::{Config, Versions};
///
/// let config = Config::new("acme/shop").charts("deploy/charts").versions(Versions::Stamp);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) repository: String,
    pub(crate) charts: String,
    pub(crate) pages: String,
    pub(crate) branch: String,
    pub(crate) reserved: Vec<String>,
    pub(crate) oci: String,
    pub(crate) versions: Versions,
    pub(crate) latest: Option<String>,
    pub(crate) docs: Builder,
}

/// What builds the documentation that is published: a site from mkdocs.yml and the Markdown beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builder {
    /// This program. It needs nothing else, and refuses a mkdocs.yml that asks for what it cannot do.
    Native,
    /// The `mkdocs` in `PATH`, or the one that `MKDOCS_BIN` names, with the theme and plugins that are installed beside it.
    Mkdocs,
    /// The `zensical` in `PATH`, or the one that `ZENSICAL_BIN` names, which reads mkdocs.yml.
    Zensical,
}

/// What the version of a tag does to Chart.yaml.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Versions {
    /// It becomes `version` and `appVersion` in the archive, whatever Chart.yaml says. Without a tag an archive gets the
    /// version of a snapshot, which is never published.
    Stamp,
    /// It becomes `version` in the archive, as for [`Versions::Stamp`]. `appVersion` stays as it is: that of an
    /// application which is released elsewhere.
    StampVersion,
    /// It must equal `version` in Chart.yaml. `appVersion` stays as it is.
    Verify,
}

/// A repository for tests.
#[cfg(test)]
pub static SHOP: std::sync::LazyLock<Config> =
    std::sync::LazyLock::new(|| Config::new("o/shop").versions(Versions::Stamp));

/// The path below `pages` and on `branch` where the Helm repository lies.
pub const HELM_REPOSITORY: &str = "charts";

impl Config {
    /// The config of the GitHub repository `OWNER/NAME`, with the layout that GitHub and Helm's own documentation suggest:
    /// charts in `charts/`, GitHub Pages at `https://OWNER.github.io/NAME` from the branch `gh-pages`, the registry
    /// `oci://ghcr.io/OWNER/charts`, and [`Versions::Verify`].
    pub fn new(repository: impl Into<String>) -> Self {
        let repository = repository.into();
        let (owner, name) = repository.split_once('/').unwrap_or((&repository, ""));
        let owner = owner.to_lowercase();
        let site = format!("https://{owner}.github.io");
        // The site of a user or an organization lies at the root (docs.github.com, "Types of GitHub Pages sites").
        let is_of_owner = site.ends_with(&format!("//{}", name.to_lowercase()));
        Self {
            charts: "charts".to_owned(),
            pages: if is_of_owner { site } else { format!("{site}/{name}") },
            branch: "gh-pages".to_owned(),
            reserved: Vec::new(),
            oci: format!("oci://ghcr.io/{owner}/charts"),
            versions: Versions::Verify,
            latest: None,
            docs: Builder::Native,
            repository,
        }
    }

    /// The directory whose sub-directories are the charts, a path from the root; `.` for the root itself.
    #[must_use]
    pub fn charts(self, directory: impl Into<String>) -> Self {
        Self { charts: directory.into(), ..self }
    }

    /// The URL at which GitHub Pages serves the root of the branch, without a slash at its end.
    #[must_use]
    pub fn pages(self, url: impl Into<String>) -> Self {
        Self { pages: url.into(), ..self }
    }

    /// The branch that GitHub Pages is built from.
    #[must_use]
    pub fn branch(self, name: impl Into<String>) -> Self {
        Self { branch: name.into(), ..self }
    }

    /// Entries of the branch's root that others write, such as previews of pull requests: no publishing touches them.
    #[must_use]
    pub fn reserved<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        Self { reserved: names.into_iter().map(Into::into).collect(), ..self }
    }

    /// The OCI registry and the path below which charts are pushed: `oci://HOST/PATH`, in lower case.
    #[must_use]
    pub fn oci(self, url: impl Into<String>) -> Self {
        Self { oci: url.into(), ..self }
    }

    /// What the version of a tag does to Chart.yaml.
    #[must_use]
    pub fn versions(self, versions: Versions) -> Self {
        Self { versions, ..self }
    }

    /// The chart whose highest release is the one that GitHub shows as the latest; no other chart's is then. Without it
    /// the latest is the highest one of whatever was released last, except that a chart never takes the place of an
    /// application that is released by tags `v…`.
    #[must_use]
    pub fn latest(self, chart: impl Into<String>) -> Self {
        Self { latest: Some(chart.into()), ..self }
    }

    /// What builds the documentation that is published. Where that program is not installed, `pages --publish` fails, and
    /// `pages` shows a preview by this program. Without this setter it is [`Builder::Native`].
    #[must_use]
    pub fn docs(self, builder: Builder) -> Self {
        Self { docs: builder, ..self }
    }

    /// The name that users are told to add the Helm repository by.
    pub(crate) fn name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }

    /// The URL for `helm repo add`.
    pub(crate) fn helm_repository(&self) -> String {
        format!("{}/{HELM_REPOSITORY}", self.pages)
    }

    /// Whether a release publishes the chart in a directory, a path from the root.
    pub(crate) fn releases(&self, directory: &str) -> bool {
        path::join("", &self.charts).is_some_and(|charts| charts == path::directory(directory))
    }

    /// Whether tags decide the versions, so that those in Chart.yaml are placeholders.
    pub(crate) fn stamps(&self) -> bool {
        self.versions != Versions::Verify
    }

    /// The fields that are malformed.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let is_name = |part: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !part.is_empty() && part.chars().all(is_plain)
        };
        let parts: Vec<&str> = self.repository.split('/').collect();
        let is_repository = parts.len() == 2 && parts.into_iter().all(is_name);
        let mut require = |holds: bool, field: &str, value: &str, form: &str| {
            if !holds {
                let message = format!("`{field}` {} is not of the form `{form}`", name(value));
                problems.push(Problem::error(message).at(THE_CONFIG, None).hint("edit it there"));
            }
        };
        // The defaults of other fields are made of it.
        require(is_repository, "repository", &self.repository, "OWNER/NAME");
        if !is_repository {
            return problems;
        }
        let is_plain = |path: &str| !path.is_empty() && !path.starts_with(['/', '-']) && !path.ends_with('/');
        let is_inside = path::join("", &self.charts).is_some();
        require(is_plain(&self.charts) && is_inside, "charts", &self.charts, "DIRECTORY");
        require(is_plain(&self.branch) && is_ref(&self.branch), "branch", &self.branch, "BRANCH");
        let https = self.pages.starts_with("https://") && !self.pages.ends_with('/');
        require(https, "pages", &self.pages, "https://HOST/PATH");
        for reserved in &self.reserved {
            require(!reserved.is_empty() && !reserved.contains('/'), "reserved", reserved, "NAME");
        }
        require(is_oci_base(&self.oci), "oci", &self.oci, "oci://host/path");
        problems
    }
}

/// Whether git takes a name for a branch (git-check-ref-format(1)).
fn is_ref(name: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    let is_bad = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    !name.contains(is_odd)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.split('/').any(is_bad)
}

/// Whether charts can be pushed below a URL.
pub fn is_oci_base(url: &str) -> bool {
    Reference::parse(&format!("{url}/chart:1.0.0")).is_some()
}

/// Whether a registry accepts `text` as one part of a repository's name: lower-case letters and digits, separated by
/// `.`, `_`, `__` or any number of `-` (OCI distribution specification 1.1, "Pulling manifests").
pub fn is_oci_component(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = text.split(is_word).filter(|part| !part.is_empty());
    text.starts_with(is_word)
        && text.ends_with(is_word)
        && separators
            .into_iter()
            .all(|part| matches!(part, "." | "_" | "__") || part.bytes().all(|b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oci_components() {
        for text in ["a", "web", "my-chart", "a--b", "a__b", "a.b_c", "0"] {
            assert!(is_oci_component(text), "{text}");
        }
        for text in ["", "-a", "a-", "A", "a..b", "a___b", "a b", "a/b", "é", "a:b"] {
            assert!(!is_oci_component(text), "{text}");
        }
    }

    #[test]
    fn defaults() {
        for (repository, pages, oci) in [
            ("acme/shop", "https://acme.github.io/shop", "oci://ghcr.io/acme/charts"),
            ("Acme/Shop", "https://acme.github.io/Shop", "oci://ghcr.io/acme/charts"),
            ("Acme/acme.github.io", "https://acme.github.io", "oci://ghcr.io/acme/charts"),
        ] {
            let config = Config::new(repository);
            assert_eq!((config.pages.as_str(), config.oci.as_str()), (pages, oci));
            assert_eq!(config.problems(), []);
        }
    }

    #[test]
    fn malformed_fields() {
        assert!(SHOP.releases("charts/web") && !SHOP.releases("charts") && !SHOP.releases("charts/web/sub"));
        let at_root = SHOP.clone().charts(".");
        assert!(at_root.problems().is_empty() && at_root.releases("web") && !at_root.releases("a/web"));
        for bad in [
            Config::new("pulltrace"),
            Config::new("https://github.com/o/shop"),
            Config::new("o /shop"),
            SHOP.clone().branch("gh pages"),
            SHOP.clone().branch("a..b"),
            SHOP.clone().branch(""),
            SHOP.clone().charts("../charts"),
            SHOP.clone().pages("http://d44b.github.io"),
            SHOP.clone().pages("https://d44b.github.io/"),
            SHOP.clone().oci("oci://ghcr.io/D44B/charts"),
            SHOP.clone().oci("ghcr.io/d44b/charts"),
        ] {
            assert_eq!(bad.problems().len(), 1, "{bad:?}");
        }
    }
}
