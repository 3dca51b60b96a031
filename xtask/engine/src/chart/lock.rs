//! Whether a lock belongs to the dependencies of its chart.

use std::collections::BTreeMap;

use super::json::dependencies;
use super::{Dependency, Lock, Metadata};
use crate::base::digest::Digest;
use crate::base::json;

impl Lock {
    /// Whether `helm dependency build` takes this lock for the chart (Helm's `resolver.HashReq`): its digest is that of
    /// the dependencies as they are declared and as they are locked. For a v1 chart the digest of Helm 2 counts too,
    /// which is that of the declared ones (`HashV2Req`).
    pub fn fits(&self, metadata: &Metadata) -> bool {
        let declared = &metadata.dependencies;
        let resolved: Vec<_> = declared.iter().map(|one| Some(self.resolved(one.as_ref()?))).collect();
        let locked = self.dependencies.as_deref();
        let pair = (some(&resolved).map(dependencies), locked.map(dependencies));
        let helm_2 = BTreeMap::from([("dependencies", some(declared).map(dependencies))]);
        let is_its_digest = |json: String| Digest::of(json.as_bytes()).to_string() == self.digest;
        json::text(&pair, false).is_ok_and(is_its_digest)
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
