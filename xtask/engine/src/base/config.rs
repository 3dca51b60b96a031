//! What one repository is called and where it publishes: the config that its main.rs hands in.

#![warn(missing_docs)]

use clap::ValueEnum;

use super::cosign::Cosign;
use super::host::is_docker_hub;
use super::oci_reference::Reference;
use super::path;
use super::problem::Problem;
use super::signing_key;
use super::tag::{self, TagPatterns};
use super::target::Target;
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
/// let config = Config::new("acme/shop").charts(["deploy/charts"]).versions(Versions::Stamp);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) repository: String,
    /// Each is relative to the root, which is `.`; plain unless malformed.
    pub(crate) charts: Vec<String>,
    pub(crate) pages: String,
    pub(crate) branch: String,
    pub(crate) reserved: Vec<String>,
    pub(crate) helm_path: String,
    pub(crate) helm_url: Option<String>,
    pub(crate) helm_name: String,
    pub(crate) old_helm_path: Option<String>,
    pub(crate) archives: Archives,
    pub(crate) targets: Vec<Target>,
    pub(crate) oci: String,
    pub(crate) versions: Versions,
    pub(crate) latest: Option<String>,
    pub(crate) tags: TagPatterns,
    /// A fingerprint in capital digits, or an address; `None` where nothing is signed.
    pub(crate) signing_key: Option<String>,
    /// `None` where this program has nothing to do with documentation.
    pub(crate) docs: Option<Builder>,
    /// `None` where charts in the registry are not signed.
    pub(crate) cosign: Option<Cosign>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Versions {
    /// It must equal `version` in Chart.yaml. `appVersion` stays as it is.
    #[value(help = "Chart.yaml has them")]
    Verify,
    /// It becomes `version` and `appVersion` in the archive, whatever Chart.yaml says. Without a tag an archive gets the
    /// version of a snapshot, which is never published.
    #[value(help = "The tag is `version` and `appVersion`")]
    Stamp,
    /// It becomes `version` in the archive, as for [`Versions::Stamp`]. `appVersion` stays as it is: that of an
    /// application which is released elsewhere.
    #[value(help = "The tag is `version`")]
    StampVersion,
}

/// Where the archives of the Helm repository lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Archives {
    /// On the branch, beside the index. A release goes to the OCI registry, then to the branch, then to GitHub.
    #[value(help = "On the branch, beside the index")]
    Branch,
    /// In GitHub Releases, and the index leads there. A release goes to the OCI registry, then to GitHub, and to the branch
    /// last: no entry leads to an asset that is not there.
    #[value(help = "In GitHub Releases")]
    Releases,
}

/// A repository for tests.
#[cfg(test)]
pub static SHOP: std::sync::LazyLock<Config> =
    std::sync::LazyLock::new(|| Config::new("o/shop").versions(Versions::Stamp));

/// Names of repositories that say what they hold and not whose it is.
const GENERIC_NAMES: [&str; 4] = ["charts", "helm", "helm-chart", "helm-charts"];

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
            charts: vec!["charts".to_owned()],
            pages: if is_of_owner { site } else { format!("{site}/{name}") },
            branch: "gh-pages".to_owned(),
            reserved: Vec::new(),
            helm_path: "charts".to_owned(),
            helm_url: None,
            helm_name: if GENERIC_NAMES.contains(&name) { owner.clone() } else { name.to_owned() },
            old_helm_path: None,
            archives: Archives::Branch,
            targets: vec![Target::Oci, Target::Pages, Target::Github],
            oci: format!("oci://ghcr.io/{owner}/charts"),
            versions: Versions::Verify,
            latest: None,
            tags: TagPatterns(tag::DEFAULT.map(str::to_owned).to_vec()),
            signing_key: None,
            docs: Some(Builder::Native),
            cosign: None,
            repository,
        }
    }

    /// Where the charts are: directories whose sub-directories are charts, or that are charts themselves, as paths from
    /// the root. `.` is the root: the chart whose Chart.yaml lies there, else the charts in its directories.
    #[must_use]
    pub fn charts(self, directories: impl IntoIterator<Item: Into<String>>) -> Self {
        let plain = |directory: String| match path::join("", &directory) {
            Some(root) if root.is_empty() && !directory.is_empty() => ".".to_owned(),
            Some(plain) if !directory.starts_with('/') => plain,
            _ => directory,
        };
        Self { charts: directories.into_iter().map(Into::into).map(plain).collect(), ..self }
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

    /// The directory of the branch that holds the Helm repository: `index.yaml` and what lies beside it. `""` for the root,
    /// where chart-releaser keeps it.
    #[must_use]
    pub fn helm_path(self, path: impl Into<String>) -> Self {
        Self { helm_path: path.into(), ..self }
    }

    /// The URL for `helm repo add`, without a slash at its end. Without it: that of [`Config::helm_path`] below
    /// [`Config::pages`].
    #[must_use]
    pub fn helm_url(self, url: impl Into<String>) -> Self {
        Self { helm_url: Some(url.into()), ..self }
    }

    /// The name that users are told to add the Helm repository by: `helm repo add NAME URL`.
    #[must_use]
    pub fn helm_name(self, name: impl Into<String>) -> Self {
        Self { helm_name: name.into(), ..self }
    }

    /// The directory of the branch that held the Helm repository before, `""` for the root. Its index gets every new entry,
    /// too, with the same URLs, in the same commit. What it holds already stays.
    #[must_use]
    pub fn old_helm_path(self, path: impl Into<String>) -> Self {
        Self { old_helm_path: Some(path.into()), ..self }
    }

    /// Lets the archives of the Helm repository be assets of GitHub Releases, as chart-releaser has them, in place of files
    /// beside the index. A release then goes to GitHub before the index leads there.
    #[must_use]
    pub fn archives_in_releases(self) -> Self {
        Self { archives: Archives::Releases, ..self }
    }

    /// Where a release is published, in place of all three.
    #[must_use]
    pub fn targets(self, targets: impl IntoIterator<Item = Target>) -> Self {
        Self { targets: targets.into_iter().collect(), ..self }
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

    /// The patterns of the tags that release: `{version}` is the version, `{name}` the name of the one chart that the tag
    /// releases, and a tag without it releases all charts. All are read; the first of each kind is the one that is written.
    #[must_use]
    pub fn tags<T: Into<String>>(self, patterns: impl IntoIterator<Item = T>) -> Self {
        Self { tags: TagPatterns(patterns.into_iter().map(Into::into).collect()), ..self }
    }

    /// What builds the documentation that is published. Where that program is not installed, `pages --publish` fails, and
    /// `pages` shows a preview by this program. Without this setter it is [`Builder::Native`].
    #[must_use]
    pub fn docs(self, builder: Builder) -> Self {
        Self { docs: Some(builder), ..self }
    }

    /// Leaves documentation alone: the repository's mkdocs.yml is for another tool, such as Backstage or Read the Docs.
    /// `check` and `ci` do not build it, and `pages` publishes the charts alone.
    #[must_use]
    pub fn without_docs(self) -> Self {
        Self { docs: None, ..self }
    }

    /// Whether a release publishes a chart that lies at a path from the root.
    pub(crate) fn releases(&self, chart: &str) -> bool {
        let above = match path::directory(chart) {
            "" => ".",
            above => above,
        };
        self.charts.iter().any(|directory| directory == above || directory == chart)
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
        require(!self.charts.is_empty(), "charts", "", "DIRECTORY");
        for directory in &self.charts {
            let is_inside = path::join("", directory).is_some();
            require(is_plain(directory) && is_inside, "charts", directory, "DIRECTORY");
        }
        require(is_plain(&self.branch) && is_ref(&self.branch), "branch", &self.branch, "BRANCH");
        let https = self.pages.starts_with("https://") && !self.pages.ends_with('/');
        require(https, "pages", &self.pages, "https://HOST/PATH");
        for reserved in &self.reserved {
            require(!reserved.is_empty() && !reserved.contains('/'), "reserved", reserved, "NAME");
        }
        for (field, path) in
            [("helm_path", Some(&self.helm_path)), ("old_helm_path", self.old_helm_path.as_ref())]
        {
            let shown = path.map_or("", String::as_str);
            require(path.is_none_or(|path| is_directory(path)), field, shown, "DIRECTORY");
        }
        let helm_url = self.helm_repository();
        let https = helm_url.starts_with("https://") && !helm_url.ends_with('/');
        require(self.helm_url.is_none() || https, "helm_url", &helm_url, "https://HOST/PATH");
        require(is_name(&self.helm_name), "helm_name", &self.helm_name, "NAME");
        let has_oci = self.targets.contains(&Target::Oci);
        require(!has_oci || is_oci_base(&self.oci), "oci", &self.oci, "oci://host/path");
        require(!self.tags.0.is_empty(), "tags", "", "v{version}");
        for pattern in &self.tags.0 {
            let is_tag = !pattern.starts_with('-') && is_ref(&tag::example(pattern));
            require(tag::is_pattern(pattern) && is_tag, "tags", pattern, "v{version}` or `{name}-{version}");
        }
        let (key, cosign) = (self.signing_key.as_deref(), self.cosign.as_ref());
        let form = "FINGERPRINT` or `NAME@HOST";
        require(key.is_none_or(signing_key::is_key), "signing_key", key.unwrap_or_default(), form);
        let uri = cosign.map_or("", Cosign::uri);
        require(cosign.is_none_or(Cosign::is_well_formed), "cosign_key", uri, "env://VARIABLE");
        if has_oci {
            problems.extend(beyond_docker_hub(&self.oci).map(|problem| problem.at(THE_CONFIG, None)));
        }
        problems.extend(self.contradiction());
        problems
    }

    /// Fields that are well-formed, and that cannot both be as they are.
    fn contradiction(&self) -> Option<Problem> {
        let has = |target| self.targets.contains(&target);
        let (message, hint) = if self.targets.is_empty() {
            ("`targets` is empty: a release would go nowhere", "name at least one, or leave `targets` out")
        } else if self.archives == Archives::Releases && !(has(Target::Pages) && has(Target::Github)) {
            (
                "`archives_in_releases` needs `Target::Pages` and `Target::Github`, and `targets` lacks one of them",
                "add both to `targets`, or leave `archives_in_releases` out",
            )
        } else if self.cosign.is_some() && !has(Target::Oci) {
            (
                "cosign signs charts in the OCI registry, and `targets` lacks `Target::Oci`",
                "add it to `targets`, or leave out what says how cosign signs",
            )
        } else if self.reserved.iter().any(|one| self.helm_path.split('/').next() == Some(one)) {
            ("`helm_path` is one of the `reserved`, which no publishing touches", "take it out of `reserved`")
        } else if self.old_helm_path.as_ref() == Some(&self.helm_path) {
            ("`old_helm_path` and `helm_path` are the same directory", "leave `old_helm_path` out")
        } else {
            return None;
        };
        Some(Problem::error(message).at(THE_CONFIG, None).hint(hint))
    }
}

/// Whether a path is that of a directory of the branch, written as git has it; the empty one is the root.
fn is_directory(path: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty()
            && !matches!(part, "." | "..")
            && !part.eq_ignore_ascii_case(".git")
            && !part.contains(['\\', ' ', '?', '#', '%'])
            && !part.starts_with('-')
    };
    path.is_empty() || path.split('/').all(is_plain)
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

/// Why no chart can be pushed below a URL of Docker Hub, whose repositories have two levels: `NAMESPACE/NAME`.
pub fn beyond_docker_hub(url: &str) -> Option<Problem> {
    let path = url.strip_prefix("oci://")?;
    let (host, path) = path.split_once('/').unwrap_or((path, ""));
    let (namespace, rest) = path.split_once('/').unwrap_or((path, ""));
    if !is_docker_hub(host) || !namespace.is_empty() && rest.is_empty() {
        return None;
    }
    let namespace = if namespace.is_empty() { "NAMESPACE" } else { namespace };
    let message = format!(
        "{} has no place for charts: a repository of Docker Hub is `NAMESPACE/NAME`, and the name is that of the chart",
        name(url)
    );
    Some(
        Problem::error(message)
            .hint(format!("name the namespace alone: `oci://registry-1.docker.io/{namespace}`")),
    )
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
        for (repository, name) in
            [("acme/Shop", "Shop"), ("Jenkinsci/helm-charts", "jenkinsci"), ("a/charts", "a")]
        {
            assert_eq!(Config::new(repository).helm_name, name);
        }
    }

    #[test]
    fn malformed_fields() {
        assert!(SHOP.releases("charts/web") && SHOP.releases("charts") && !SHOP.releases("charts/web/sub"));
        let several = SHOP.clone().charts(["./charts/", "library", "deploy/helm/web"]);
        assert_eq!(
            (several.charts.join(" "), several.problems()),
            ("charts library deploy/helm/web".into(), vec![])
        );
        assert!(
            several.releases("charts/a") && several.releases("library/b") && !several.releases("deploy/helm")
        );
        assert!(several.releases("deploy/helm/web") && !several.releases("web"));
        let at_root = SHOP.clone().charts(["./"]);
        assert!(at_root.releases("."));
        assert!(at_root.problems().is_empty() && at_root.releases("web") && !at_root.releases("a/web"));
        let without_oci = SHOP.clone().targets([Target::Pages]).oci("");
        assert_eq!(without_oci.helm_path("").old_helm_path("stable/x").helm_url("https://h").problems(), []);
        for bad in [
            Config::new("pulltrace"),
            Config::new("https://github.com/o/shop"),
            Config::new("o /shop"),
            SHOP.clone().branch("gh pages"),
            SHOP.clone().branch("a..b"),
            SHOP.clone().branch(""),
            SHOP.clone().charts(["charts", "../charts"]),
            SHOP.clone().charts(["/charts"]),
            SHOP.clone().charts(["-charts"]),
            SHOP.clone().charts([""]),
            SHOP.clone().charts(Vec::<String>::new()),
            SHOP.clone().pages("http://d44b.github.io"),
            SHOP.clone().pages("https://d44b.github.io/"),
            SHOP.clone().oci("oci://ghcr.io/D44B/charts"),
            SHOP.clone().oci("ghcr.io/d44b/charts"),
            SHOP.clone().oci("oci://docker.io/a/b"),
            SHOP.clone().oci("oci://registry-1.docker.io/a/b/c"),
            SHOP.clone().helm_path("/charts"),
            SHOP.clone().helm_path("charts/"),
            SHOP.clone().helm_path("../charts"),
            SHOP.clone().helm_url("https://example.com/"),
            SHOP.clone().helm_name("my shop"),
            SHOP.clone().old_helm_path("."),
            SHOP.clone().old_helm_path("charts"),
            SHOP.clone().targets([]),
            SHOP.clone().targets([Target::Oci, Target::Pages]).archives_in_releases(),
            SHOP.clone().signing_key("A4C34093"),
            SHOP.clone().signing_key("charts@"),
            SHOP.clone().targets([Target::Pages]).cosign_keyless(),
            SHOP.clone().tags([""; 0]),
            SHOP.clone().tags(["v{version}", "{name}"]),
            SHOP.clone().tags(["v {version}"]),
            SHOP.clone().tags(["-{version}"]),
            SHOP.clone().tags(["{version}.lock"]),
        ] {
            assert_eq!(bad.problems().len(), 1, "{bad:?}");
        }
    }
}
