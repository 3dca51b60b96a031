//! What the page of the charts shows of an index: what there is, and nothing else.

use std::collections::BTreeMap;

use super::Charts;
use super::front::Front;
use super::page::{Chart, Facts, Row, page};
use crate::base::config::Config;
use crate::base::target::Target;
use crate::base::version::precedence;
use crate::index::{Index, Version};

/// The page of an index. What the page on the branch told to be in the registry is there still.
pub fn show(config: &Config, index: &Index<'_>, charts: &Charts<'_>, front: &Front<'_>) -> String {
    let old: String = front.contents.pages.values().map(|page| String::from_utf8_lossy(page)).collect();
    let is_pushed = |version: &Version<'_>| {
        let (name, version) = (&*version.name, &*version.version);
        let mut new = charts.archives.iter().map(|archive| &archive.metadata);
        config.publishes_to(Target::Oci)
            && (charts.is_pushed && new.any(|new| (&*new.name, &*new.version) == (name, version))
                || old.contains(&format!("{}/{name} --version {version}<", config.oci)))
    };
    let mut all: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for version in index.versions() {
        all.entry(&version.name).or_default().push(Row {
            version: &version.version,
            app_version: &version.app_version,
            description: &version.description,
            created: &version.created,
            digest: &version.digest,
            url: version.urls.first().map_or("", |url| url),
            deprecated: version.deprecated,
            is_library: version.kind == "library",
            is_pushed: is_pushed(version),
        });
    }
    // An index may have its versions in any order.
    for versions in all.values_mut() {
        versions.sort_by(|a, b| precedence(b.version, a.version));
    }
    let list: Vec<Chart<'_>> = all.into_iter().map(|(name, versions)| Chart { name, versions }).collect();
    let facts = Facts {
        name: &config.helm_name,
        title: &format!("{} charts", config.helm_name),
        url: &config.helm_repository(),
        oci: &config.oci,
        docs_url: front.is_taken().then_some(&*config.pages),
    };
    page(&facts, &list)
}
