//! Whether a lock belongs to the dependencies of its chart.

use std::collections::BTreeMap;

use super::json::dependencies;
use super::{Dependency, Lock, Metadata};
use crate::base::digest::Digest;
use crate::base::json;

/// What the digest is of where an empty list is locked.
const NONE: &str = "[[],[]]";

impl Lock {
    /// The lock of a chart whose dependencies stand for these (Helm's `resolver.Resolve`). `generated` is an RFC 3339 time;
    /// the error is the message.
    pub fn new(metadata: &Metadata, locked: Vec<Dependency>, generated: String) -> Result<Self, String> {
        let dependencies = Some(locked.into_iter().map(Some).collect());
        let place = (if metadata.is_v1() { "requirements.lock" } else { "Chart.lock" }, None);
        let mut lock = Self { generated, digest: String::new(), dependencies, place };
        let hashed = if metadata.dependencies.is_empty() { NONE.to_owned() } else { lock.hashed(metadata)? };
        lock.digest = Digest::of(hashed.as_bytes()).to_string();
        Ok(lock)
    }

    /// Whether it is the lock of a chart with `dependencies: []`, which Go tells from one that has no such list.
    pub fn is_of_none(&self) -> bool {
        self.dependencies.as_ref().is_some_and(Vec::is_empty)
            && self.digest == Digest::of(NONE.as_bytes()).to_string()
    }

    /// Whether two lock the same, whenever they were made.
    pub fn is_same(&self, other: &Self) -> bool {
        let locked = |lock: &Self| -> Vec<_> {
            let all = lock.dependencies.iter().flatten().flatten();
            all.map(|one| [&one.name, &one.version, &one.repository].map(Clone::clone)).collect()
        };
        self.digest == other.digest && locked(self) == locked(other)
    }

    /// What its digest is of.
    fn hashed(&self, metadata: &Metadata) -> Result<String, String> {
        let declared = metadata.dependencies.iter();
        let resolved: Vec<_> = declared.map(|one| Some(self.resolved(one.as_ref()?))).collect();
        let locked = self.dependencies.as_deref();
        json::text(&(some(&resolved).map(dependencies), locked.map(dependencies)), false)
    }

    /// Whether `helm dependency build` takes this lock for the chart (Helm's `resolver.HashReq`): its digest is that of
    /// the dependencies as they are declared and as they are locked. For a v1 chart the digest of Helm 2 counts too,
    /// which is that of the declared ones (`HashV2Req`).
    pub fn fits(&self, metadata: &Metadata) -> bool {
        let declared = &metadata.dependencies;
        let helm_2 = BTreeMap::from([("dependencies", some(declared).map(dependencies))]);
        let is_its_digest = |json: String| Digest::of(json.as_bytes()).to_string() == self.digest;
        self.hashed(metadata).is_ok_and(is_its_digest)
            || metadata.is_v1() && json::text(&helm_2, false).is_ok_and(is_its_digest)
    }

    /// A dependency with the URL of its repository. Helm hashes that instead of `@NAME` or `alias:NAME`, and the lock has
    /// it.
    fn resolved(&self, declared: &Dependency) -> Dependency {
        let mut locked = self.dependencies.iter().flatten().flatten();
        let by_name = declared.repository.starts_with('@') || declared.repository.starts_with("alias:");
        let url = locked.find(|one| by_name && one.name == declared.name);
        let repository = url.map_or(&declared.repository, |one| &one.repository).clone();
        Dependency { repository, ..declared.clone() }
    }
}

/// A list that is not empty; Go writes `null` for one that is not there.
fn some(list: &[Option<Dependency>]) -> Option<&[Option<Dependency>]> {
    Some(list).filter(|list| !list.is_empty())
}
