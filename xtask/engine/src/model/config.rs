//! What one repository is called and where it publishes: the literal in `main.rs`.

use super::oci::Reference;
use super::problem::Problem;
use super::reference;
use super::text::name;

/// Where the literal stands, for messages about it.
const FILE: &str = "xtask/src/main.rs";

/// The facts of one repository. URLs have no slash at their end. Options replace some of them.
#[derive(Clone, Copy, Debug)]
pub struct Config<'a> {
    /// `OWNER/NAME` on GitHub.
    pub repository: &'a str,
    /// The directory whose sub-directories are the charts; `.` where they lie at the root.
    pub charts: &'a str,
    /// Where GitHub Pages serves the root of `branch`.
    pub pages: &'a str,
    /// The branch that GitHub Pages is built from.
    pub branch: &'a str,
    /// Entries of the branch's root that belong neither to the documentation nor to the Helm repository, such as
    /// previews: no publishing touches them.
    pub reserved: &'a [&'a str],
    /// The OCI registry and path that charts are pushed below: `oci://HOST/PATH`, lower case.
    pub oci: &'a str,
    /// What a tag's version does to Chart.yaml.
    pub versions: Versions,
}

/// What a tag's version does to Chart.yaml.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// It becomes `version` and `appVersion` of the archive's Chart.yaml, whatever the work tree says.
    Stamp,
    /// It must be the `version` that Chart.yaml has; `appVersion` stays as it is.
    Verify,
}

/// A repository for tests.
#[cfg(test)]
pub const SHOP: Config<'static> = Config {
    repository: "o/shop",
    charts: "charts",
    pages: "https://o.github.io/shop",
    branch: "gh-pages",
    reserved: &[],
    oci: "oci://ghcr.io/o/charts",
    versions: Versions::Stamp,
};

/// The path below `pages` and on `branch` where the Helm repository lies.
pub const HELM_REPOSITORY: &str = "charts";

impl<'a> Config<'a> {
    /// The name that users are told to add the Helm repository by.
    pub fn name(&self) -> &'a str {
        self.repository.rsplit('/').next().unwrap_or(self.repository)
    }

    /// The URL for `helm repo add`.
    pub fn helm_repository(&self) -> String {
        format!("{}/{HELM_REPOSITORY}", self.pages)
    }

    /// Whether a release publishes the chart in a directory, a path from the root.
    pub fn releases(&self, directory: &str) -> bool {
        reference::join("", self.charts).is_some_and(|charts| charts == reference::directory(directory))
    }

    /// What is wrong with the literal.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut require = |holds: bool, field: &str, value: &str, form: &str| {
            if !holds {
                let message = format!("`{field}` {} is not of the form `{form}`", name(value));
                problems.push(Problem::error(message).at(FILE, None).hint("edit the literal"));
            }
        };
        let is_plain = |path: &str| !path.is_empty() && !path.starts_with(['/', '-']) && !path.ends_with('/');
        let is_inside = reference::join("", self.charts).is_some();
        require(is_plain(self.charts) && is_inside, "charts", self.charts, "DIRECTORY");
        require(is_plain(self.branch), "branch", self.branch, "BRANCH");
        let parts: Vec<&str> = self.repository.split('/').collect();
        require(parts.len() == 2 && !parts.contains(&""), "repository", self.repository, "OWNER/NAME");
        let https = self.pages.starts_with("https://") && !self.pages.ends_with('/');
        require(https, "pages", self.pages, "https://HOST/PATH");
        for reserved in self.reserved {
            require(!reserved.is_empty() && !reserved.contains('/'), "reserved", reserved, "NAME");
        }
        require(is_oci_base(self.oci), "oci", self.oci, "oci://host/path");
        problems
    }
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
    fn literals() {
        assert_eq!(SHOP.problems(), []);
        assert!(SHOP.releases("charts/web") && !SHOP.releases("charts") && !SHOP.releases("charts/web/sub"));
        let at_root = Config { charts: ".", ..SHOP };
        assert!(at_root.problems().is_empty() && at_root.releases("web") && !at_root.releases("a/web"));
        for bad in [
            Config { repository: "pulltrace", ..SHOP },
            Config { charts: "../charts", ..SHOP },
            Config { pages: "http://d44b.github.io", ..SHOP },
            Config { pages: "https://d44b.github.io/", ..SHOP },
            Config { oci: "oci://ghcr.io/D44B/charts", ..SHOP },
            Config { oci: "ghcr.io/d44b/charts", ..SHOP },
        ] {
            assert_eq!(bad.problems().len(), 1, "{bad:?}");
        }
    }
}
