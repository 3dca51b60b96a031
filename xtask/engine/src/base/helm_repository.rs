//! Where the Helm repository lies, by the config: its files on the branch, its addresses, and when a release gets there.

use super::config::{Archives, Config};
use super::target::Target;
use super::url;

/// What Helm reads (helm.sh/docs, "The Chart Repository Guide").
const INDEX: &str = "index.yaml";
const YANKED: &str = "yanked/index.yaml";
/// What Artifact Hub reads beside it.
const HUB_FILE: &str = "artifacthub-repo.yml";
/// The page of the charts, and its name where the documentation has the other.
const PAGE: &str = "index.html";
pub const OTHER_PAGE: &str = "charts.html";

impl Config {
    /// The URL for `helm repo add`.
    pub(crate) fn helm_repository(&self) -> String {
        match &self.helm_url {
            Some(url) => url.clone(),
            None if self.helm_path.is_empty() => self.pages.clone(),
            None => format!("{}/{}", self.pages, self.helm_path),
        }
    }

    /// The path on the branch of a file of the Helm repository.
    pub(crate) fn helm_file(&self, name: &str) -> String {
        in_directory(&self.helm_path, name)
    }

    /// The path of the index on the branch.
    pub(crate) fn index(&self) -> String {
        self.helm_file(INDEX)
    }

    /// The path of the index of yanked versions, which is a Helm repository of its own beside the other.
    pub(crate) fn yanked_index(&self) -> String {
        self.helm_file(YANKED)
    }

    /// The path of the index that the Helm repository had before it moved.
    pub(crate) fn old_index(&self) -> Option<String> {
        self.old_helm_path.as_ref().map(|path| in_directory(path, INDEX))
    }

    /// The config as it was before the Helm repository moved, where the old index is kept alive.
    pub(crate) fn before_move(&self) -> Option<Self> {
        let helm_path = self.old_helm_path.clone()?;
        Some(Self {
            helm_path,
            helm_url: None,
            old_helm_path: None,
            archives: Archives::Branch,
            ..self.clone()
        })
    }

    /// The directory of the branch that GitHub Pages serves as the root of the site: that of the Helm repository, where the
    /// config says that its URL is the site's own.
    pub(crate) fn site_root(&self) -> &str {
        if self.helm_url.as_ref() == Some(&self.pages) { &self.helm_path } else { "" }
    }

    /// The path on the branch of a file at the root of the site.
    pub(crate) fn site_file(&self, name: &str) -> String {
        in_directory(self.site_root(), name)
    }

    /// The path of the page that lists the charts; at the root, where something else is the first page, it has another name.
    pub(crate) fn charts_page(&self, root_is_taken: bool) -> String {
        self.helm_file(if self.helm_path == self.site_root() && root_is_taken { OTHER_PAGE } else { PAGE })
    }

    /// The name of a file of the branch that lies beside the index.
    pub(crate) fn beside_index<'p>(&self, path: &'p str) -> Option<&'p str> {
        let name = match self.helm_path.as_str() {
            "" => path,
            directory => path.strip_prefix(directory)?.strip_prefix('/')?,
        };
        (!name.is_empty() && !name.contains('/')).then_some(name)
    }

    /// True if a path of the branch belongs to the Helm repository, before or after its move. A directory of its own is its
    /// own altogether; at the root some files are.
    pub(crate) fn is_of_helm_repository(&self, path: &str) -> bool {
        let is_in = |directory: &str| match directory {
            "" => !path.contains('/') && is_of_root(path) || path == YANKED,
            _ => path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        is_in(&self.helm_path) || self.old_helm_path.as_deref().is_some_and(is_in)
    }

    pub(crate) fn publishes_to(&self, target: Target) -> bool {
        self.targets.contains(&target)
    }

    /// Targets in the order in which a release goes there. None that is told of a version comes before what it leads to.
    pub(crate) fn in_order(&self, asked: &[Target]) -> Vec<Target> {
        let order = match self.archives {
            Archives::Branch => [Target::Oci, Target::Pages, Target::Github],
            Archives::Releases => [Target::Oci, Target::Github, Target::Pages],
        };
        order.into_iter().filter(|target| asked.contains(target)).collect()
    }

    /// All targets, in their order.
    pub(crate) fn all_targets(&self) -> Vec<Target> {
        self.in_order(&self.targets)
    }

    /// The targets that were asked for, in their order; all where none was named.
    pub(crate) fn asked_or_all(&self, asked: &[Target]) -> Vec<Target> {
        if asked.is_empty() { self.all_targets() } else { self.in_order(asked) }
    }

    /// The URL at which a file beside the index is served.
    pub(crate) fn url_on_branch(&self, file: &str) -> String {
        format!("{}/{}", self.helm_repository(), url::escape(file))
    }

    /// The URL at which an archive will be. For an asset of a release it is the one that GitHub is expected to answer with.
    pub(crate) fn archive_url(&self, tag: &str, file: &str) -> String {
        match self.archives {
            Archives::Branch => self.url_on_branch(file),
            Archives::Releases => {
                let [tag, file] = [tag, &asset_name(file)].map(url::escape_component);
                format!("https://github.com/{}/releases/download/{tag}/{file}", self.repository)
            }
        }
    }
}

fn is_of_root(name: &str) -> bool {
    [INDEX, HUB_FILE, OTHER_PAGE].contains(&name) || name.ends_with(".tgz") || name.ends_with(".prov")
}

fn in_directory(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// The name under which GitHub stores an asset: `+` becomes `.` there, as in the versions of charts with build metadata.
pub fn asset_name(file: &str) -> String {
    file.replace('+', ".")
}
