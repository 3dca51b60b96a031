//! Which dependencies come from elsewhere: those that charts/ does not hold, or holds in an archive of another version than
//! the one that Chart.lock names.

use super::{Chart, Dependency, Lock, Metadata};
use crate::base::constraint::Constraint;
use crate::base::version::{helm_accepts, is_same};

/// A dependency, as Chart.yaml declares it and as Chart.lock has it.
#[derive(Clone, Debug)]
pub struct Lacking {
    pub declared: Dependency,
    /// `None` where there is no lock, or one that does not fit.
    pub locked: Option<Dependency>,
}

impl Lacking {
    /// Where it comes from. Helm locks the URL of a repository that is declared by its name.
    pub fn repository(&self) -> &str {
        &self.locked.as_ref().unwrap_or(&self.declared).repository
    }

    /// The version that it has at every time; `None` for a range without a lock.
    pub fn version(&self) -> Option<String> {
        let declared = &self.declared.version;
        match &self.locked {
            Some(locked) => Some(locked.version.clone()),
            None => Constraint::parse(declared).ok()?.exact().map(|exact| {
                // A registry has the tag that is written.
                if helm_accepts(declared) { declared.clone() } else { exact.to_string() }
            }),
        }
    }

    /// Whether an archive in charts/ holds it in another version: `helm dependency build` puts the wanted one in its place
    /// (Helm's `Manager.safeMoveDeps`). A directory is left as it is.
    pub(super) fn supersedes(&self, child: &Chart) -> bool {
        let is_it = child.metadata.name == self.declared.name && child.file.ends_with(".tgz");
        let is_other = |version: String| !is_same(&version, &child.metadata.version);
        is_it && !self.repository().is_empty() && self.version().is_some_and(is_other)
    }
}

/// Whether a dependency comes over the network, and not from the repository of its chart.
pub fn is_remote(repository: &str) -> bool {
    !repository.is_empty() && !is_local(repository)
}

/// Whether a dependency is a directory beside its chart.
pub fn is_local(repository: &str) -> bool {
    repository.starts_with("file://")
}

/// All dependencies of a chart, each once, with what the lock says of them. With an alias for each, a chart may be declared
/// more than once.
pub(super) fn wanted(metadata: &Metadata, lock: Option<&Lock>) -> Vec<Lacking> {
    let lock = lock.filter(|lock| lock.fits(metadata)).and_then(|lock| lock.dependencies.as_ref());
    let mut all: Vec<Lacking> = Vec::new();
    for (i, declared) in metadata.dependencies.iter().enumerate() {
        let Some(declared) = declared.clone() else { continue };
        // Helm locks them in their order.
        let locked = lock.and_then(|lock| lock.get(i)?.clone()).filter(|one| one.name == declared.name);
        let new = Lacking { declared, locked };
        let key = |one: &Lacking| {
            let version = one.version().unwrap_or_else(|| one.declared.version.clone());
            (one.declared.name.clone(), version, one.repository().to_owned())
        };
        if all.iter().all(|one| key(one) != key(&new)) {
            all.push(new);
        }
    }
    all
}
