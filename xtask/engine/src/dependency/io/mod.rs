//! Fetches dependencies: from Helm repositories, from registries, or from the cache.

mod kept;
mod repository;
pub mod update;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use semver::Version;

use self::kept::Kept;
use super::helm_repositories::{HelmRepository, alias};
use super::listed::Listed;
use super::{Wanted, wanted};
use crate::base::digest::Digest;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Checked, Problem};
use crate::base::text::{name, size};
use crate::base::version::is_same;
use crate::chart::io::cache::Cache;
use crate::chart::package::Package;
use crate::chart::{Archive, metadata_of};
use crate::registry::io::Registry;
use crate::sys::http::{Http, PATIENT};
use crate::sys::{environment, files, secrets, terminal};

/// Who fetches. What was asked once is not asked again.
#[derive(Debug)]
pub struct Fetcher<'a> {
    /// `None` where no network is to be used.
    http: Option<&'a Http>,
    registry: Option<Registry<'a>>,
    archives: Cache,
    kept: Kept,
    helm_repositories: Vec<HelmRepository>,
    indexes: RefCell<HashMap<String, Result<Rc<Listed>, Problem>>>,
}

/// The client for a fetcher, unless no network is to be used. All that is fetched has to come within `limit`.
pub fn client(limit: Duration, is_offline: bool) -> Result<Option<Http>> {
    let is_offline = is_offline || environment::is_offline();
    (!is_offline).then(|| Http::new(limit, PATIENT)).transpose()
}

impl<'a> Fetcher<'a> {
    /// A fetcher with the cache of the repository at `root`. `own` is the registry that is published to, as
    /// `oci://HOST/PATH`: credentials for it go nowhere else.
    pub fn new(http: Option<&'a Http>, root: &Path, own: &str) -> Result<Self, Problem> {
        let own = Reference::of_chart(own, "", "").host;
        Ok(Self {
            http,
            registry: http.map(|http| Registry::of_dependencies(http, &own)),
            archives: Cache::new(root),
            kept: Kept(environment::cache(root)),
            helm_repositories: helm_repositories()?,
            indexes: RefCell::default(),
        })
    }

    pub fn has_network(&self) -> bool {
        self.http.is_some()
    }

    /// Adds to a package what charts/ lacks of the chart at `at`. Nothing is added unless all is there.
    pub fn complete(&self, package: &mut Package, at: &str) -> Vec<Problem> {
        let Checked { value: wanted, mut problems } = wanted(package, at);
        let mut archives = Vec::new();
        for one in wanted {
            let found = self.fetch(&one).take(&mut problems);
            archives.extend(found);
        }
        // One repository that does not answer is one problem of the chart.
        let mut told: Vec<String> = Vec::new();
        problems.retain(|problem| {
            let is_new = !told.contains(&problem.message);
            told.push(problem.message.clone());
            is_new
        });
        if !problems.iter().any(Problem::is_error) {
            problems.extend(package.add(archives, at));
        }
        problems
    }

    /// Gets an archive, whose digest is the one that its repository says.
    pub fn fetch(&self, wanted: &Wanted) -> Checked<Option<Archive>> {
        // What a name stands for may change.
        let wanted = &match self.url(&wanted.repository) {
            Ok(repository) => Wanted { repository, ..wanted.clone() },
            Err(problem) => return Checked::new(None, [wanted.at(problem)]),
        };
        let before = self.kept.digest(wanted);
        let found = match self.http {
            None => self.take_kept(wanted, before.as_ref()),
            Some(http) => self.ask_for(http, wanted),
        };
        let found = found.and_then(|(bytes, digest)| checked(wanted, bytes, digest));
        let (archive, digest) = match found {
            Ok(found) => found,
            Err(problem) => return Checked::new(None, [wanted.at(problem)]),
        };
        let replaced = before.as_ref().filter(|before| **before != digest).map(|before| {
            let (what, from) = (title(wanted), name(&wanted.repository));
            let message = format!("{what} is another archive at {from} than before: {digest}, not {before}");
            wanted.at(Problem::warning(message)).hint("ask its publisher: a version should never change")
        });
        if before.is_none() || replaced.is_some() {
            self.kept.put_digest(wanted, &digest);
        }
        Checked::new(Some(archive), replaced)
    }

    fn take_kept(&self, wanted: &Wanted, digest: Option<&Digest>) -> Found {
        let archive = digest.and_then(|digest| Some((self.archives.get(digest)?, digest.clone())));
        archive.ok_or_else(|| {
            let (what, from) = (title(wanted), name(&wanted.repository));
            let message =
                format!("dependency {what} of {from} was not fetched before, and no network is to be used");
            Problem::error(message).hint("run it once with a network")
        })
    }

    fn ask_for(&self, http: &Http, wanted: &Wanted) -> Found {
        let repository = &wanted.repository;
        if repository.starts_with("oci://") {
            return self.pull(repository, wanted);
        }
        let listed = self.index(http, repository)?;
        let known = listed.version(&wanted.name, &wanted.version);
        let version = known.map_err(|why| unlisted(repository, &why))?;
        if let Some(digest) = Digest::parse(&version.digest)
            && let Some(bytes) = self.archives.get(&digest)
        {
            return Ok((bytes, digest));
        }
        let in_registry = Reference::parse(&version.url).zip(self.registry.as_ref());
        let (bytes, digest) = if let Some((at, registry)) = &in_registry {
            // The index of charts that lie in a registry, as that of Bitnami.
            let found = self.pull_at(registry, at, wanted)?;
            found.ok_or_else(|| unlisted(repository, &format!("{} is not there", name(&version.url))))?
        } else {
            terminal::progress("Fetching", &format!("{} from {repository}", title(wanted)));
            let bytes = self.archive(http, repository, &version.url)?;
            let digest = Digest::of(&bytes);
            (bytes, digest)
        };
        let said = &version.digest;
        if !said.is_empty() && !digest.is(&said.to_ascii_lowercase()) {
            let (what, at) = (title(wanted), name(repository));
            let message =
                format!("the archive of {what} at {at} has {digest}, and its index says {}", name(said));
            return Err(Problem::error(message).hint("ask its publisher: nobody can say which is right"));
        }
        if in_registry.is_none() {
            self.archives.put(&digest, &bytes);
        }
        Ok((bytes, digest))
    }

    fn pull(&self, base: &str, wanted: &Wanted) -> Found {
        let (at, registry) = self.place(base, &wanted.name, &wanted.version)?;
        let found = self.pull_at(registry, &at, wanted)?;
        found.ok_or_else(|| unlisted(base, &format!("it has no {}", title(wanted))))
    }

    fn pull_at(
        &self,
        registry: &Registry<'_>,
        at: &Reference,
        wanted: &Wanted,
    ) -> Result<Option<Content>, Problem> {
        let mut is_new = false;
        let known = |digest: &Digest| {
            let known = self.archives.get(digest);
            is_new = known.is_none();
            if is_new {
                terminal::progress("Fetching", &format!("{} from {}", title(wanted), at.host));
            }
            known
        };
        let found = registry.archive(at, known)?;
        if let Some((bytes, digest)) = found.as_ref().filter(|_| is_new) {
            self.archives.put(digest, bytes);
        }
        Ok(found)
    }

    /// The tags that a registry has of a chart, as versions: `+` cannot be in a tag (helm.sh/docs, "Helm Charts in OCI
    /// registries").
    fn tags(&self, base: &str, chart: &str) -> Result<Vec<String>, Problem> {
        let (at, registry) = self.place(base, chart, "0.0.0")?;
        let tags = registry.tags(&at, false)?;
        let versions = tags.into_iter().map(|tag| tag.replace('_', "+"));
        // Others, such as `1.3`, move.
        Ok(versions.filter(|version| Version::parse(version).is_ok()).collect())
    }

    fn place(&self, base: &str, chart: &str, version: &str) -> Result<(Reference, &Registry<'a>), Problem> {
        let at = Reference::of_chart(base, chart, version);
        if !at.is_valid() {
            let message = format!("{} cannot be in a registry", name(&at.to_string()));
            return Err(Problem::error(message).hint("write `repository: oci://HOST/PATH`"));
        }
        self.registry.as_ref().map(|registry| (at, registry)).ok_or_else(no_network)
    }

    /// The URL of a repository, which may be declared by the name that helm has for it.
    fn url(&self, repository: &str) -> Result<String, Problem> {
        if let Some(alias) = alias(repository) {
            let known = self.helm_repositories.iter().find(|one| one.name == alias);
            return known.map(|known| known.url.clone()).ok_or_else(|| {
                let message = format!("{} is the name of no repository that helm knows here", name(alias));
                let hint = "write its URL in Chart.yaml, which is the same everywhere";
                Problem::error(message).hint(hint)
            });
        }
        Ok(repository.to_owned())
    }
}

/// The content of an archive, with its digest.
type Content = (Vec<u8>, Digest);

type Found = Result<Content, Problem>;

/// An archive that holds what was asked for.
fn checked(wanted: &Wanted, bytes: Vec<u8>, digest: Digest) -> Result<(Archive, Digest), Problem> {
    let shown = format!("{}-{}.tgz", wanted.name, wanted.version);
    let Checked { value, problems } = metadata_of(&bytes, &shown);
    let wrong = |why: String| {
        let message = format!("what {} has as {} {why}", name(&wanted.repository), title(wanted));
        Problem::error(message).hint("choose another `version`, or tell its publisher")
    };
    let Some(metadata) = value else {
        let why = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        return Err(wrong(format!("cannot be read ({}): {why}", size(bytes.len() as u64))));
    };
    if metadata.name != wanted.name || !is_same(&metadata.version, &wanted.version) {
        return Err(wrong(format!("is {}", name(&metadata.id()))));
    }
    Ok((Archive::new(metadata, bytes, None), digest))
}

fn title(wanted: &Wanted) -> String {
    name(&format!("{} {}", wanted.name, wanted.version))
}

fn unlisted(repository: &str, why: &str) -> Problem {
    let message = format!("cannot take a dependency from {}: {why}", name(repository));
    Problem::error(message).hint("correct `name` or `version`, then: cargo xtask dependency --update")
}

fn no_network() -> Problem {
    Problem::error("no network is to be used").hint("unset CARGO_NET_OFFLINE")
}

/// What `helm repo add` has written.
fn helm_repositories() -> Result<Vec<HelmRepository>, Problem> {
    let Some(path) = environment::helm_repositories().filter(|path| path.is_file()) else {
        return Ok(Vec::new());
    };
    let broken = |cause: String| {
        let problem = Problem::error(cause).at(files::shown(&path), None);
        problem.hint("mend it, or delete it: helm repo add writes it")
    };
    let text = std::fs::read(&path).map_err(|error| broken(format!("cannot read it: {error}")))?;
    let known = HelmRepository::read(&text).map_err(broken)?;
    for one in &known {
        secrets::remember(&one.password);
    }
    Ok(known)
}
