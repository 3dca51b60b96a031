//! The clusters that a chart is rendered for. Without a cluster helm pretends one whose version is a constant of its build: a
//! chart that needs a newer Kubernetes fails with an older helm, and one that does not take it yet fails with a newer one.

use std::collections::BTreeSet;

use super::tgz::{self, Entry};
use crate::base::constraint::Constraint;
use crate::base::version::is_prerelease;

/// The minor version of the newest Kubernetes 1.
const NEWEST: u64 = 37;
/// No minor version of Kubernetes has had more patches, by far.
const MAX_PATCH: u64 = 99;
/// A version above all that there are, for templates that ask for one that is newer than [`NEWEST`].
const FUTURE: &str = "1.999.0";

/// Options of helm for a chart, each list for one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clusters {
    /// The version that helm pretends: the newest Kubernetes that `kubeVersion` allows.
    pub version: String,
    /// Other clusters, for templates that ask what cluster it is and refuse this one. The first has all APIs that the
    /// templates name. None where no template asks.
    pub others: Vec<Vec<String>>,
}

impl Clusters {
    /// Those for a chart with this `kubeVersion`, and the entries of its archive. `kubeVersion` is an error elsewhere where no
    /// version fits.
    pub fn of(kube_version: &str, entries: &[Entry]) -> Self {
        let constraint = Constraint::parse(kube_version).ok();
        let fits = |version: &str| constraint.as_ref().is_none_or(|one| one.allows(version));
        let version = newest(kube_version).ok().flatten().unwrap_or_else(|| format!("1.{NEWEST}.0"));
        let Some(apis) = apis(entries) else { return Self { version, others: Vec::new() } };
        let oldest = (0..=NEWEST).flat_map(patches).find(|version| fits(version));
        let future = Some(FUTURE.to_owned()).filter(|version| fits(version));
        let others = [Some(version.clone()), oldest, future].into_iter().flatten();
        let options = |version: String| {
            let mut options = vec!["--kube-version".to_owned(), version];
            options.extend(apis.iter().flat_map(|api| ["--api-versions".to_owned(), api.clone()]));
            options
        };
        Self { version, others: others.map(options).collect() }
    }
}

/// The newest Kubernetes that `kubeVersion` allows, with the lowest patch that fits, `None` where none does. Above the newest
/// that there is, the next one counts. The error says what is wrong with the constraint.
pub fn newest(kube_version: &str) -> Result<Option<String>, String> {
    if kube_version.is_empty() {
        return Ok(Some(format!("1.{NEWEST}.0")));
    }
    let constraint = Constraint::parse(kube_version)?;
    let minors = (0..=NEWEST).rev().chain(NEWEST + 1..1000);
    // One with a suffix, such as `=1.27.3-gke.100`, is known by its name alone.
    let suffixed =
        constraint.versions().filter(|version| version.starts_with("1.") && is_prerelease(version));
    Ok(minors.flat_map(patches).chain(suffixed).find(|version| constraint.allows(version)))
}

fn patches(minor: u64) -> impl Iterator<Item = String> {
    (0..=MAX_PATCH).map(move |patch| format!("1.{minor}.{patch}"))
}

/// The APIs that the templates of a chart and of its sub-charts name, by what is quoted there; `None` where no template
/// asks what cluster it is.
fn apis(entries: &[Entry]) -> Option<BTreeSet<String>> {
    let (mut named, mut asks) = (BTreeSet::new(), false);
    for entry in entries {
        if entry.path.contains("/charts/") && entry.path.ends_with(".tgz") {
            let inner = tgz::read(&entry.data, tgz::MAX_TOTAL).ok().and_then(|inner| apis(&inner));
            asks |= inner.is_some();
            named.extend(inner.unwrap_or_default());
        } else if entry.path.contains("/templates/") {
            let text = String::from_utf8_lossy(&entry.data);
            asks |= text.contains(".Capabilities");
            named.extend(text.split(['"', '`']).filter(|text| is_api(text)).map(str::to_owned));
        }
    }
    asks.then_some(named)
}

/// `GROUP/VERSION`, `GROUP/VERSION/KIND` or `v1/KIND`.
fn is_api(text: &str) -> bool {
    let is_version = |part: &str| {
        part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            && part.bytes().all(|c| c.is_ascii_alphanumeric())
    };
    let is_group = |part: &str| {
        !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'.' || c == b'-')
    };
    let is_kind = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase()) && part.bytes().all(|c| c.is_ascii_alphanumeric())
    };
    match text.split('/').collect::<Vec<_>>().as_slice() {
        [version, kind] if is_version(version) => is_kind(kind),
        [group, version] => is_group(group) && is_version(version),
        [group, version, kind] => is_group(group) && is_version(version) && is_kind(kind),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_that_is_allowed() {
        for (constraint, version) in [
            ("", "1.37.0"),
            ("*", "1.37.0"),
            (">=1.25.0-0", "1.37.0"),
            (">=v1.17.0-0", "1.37.0"),
            ("^1.20", "1.37.0"),
            ("1.27.x", "1.27.0"),
            ("<1.30", "1.29.0"),
            ("<=1.30", "1.30.0"),
            ("~1.28.3", "1.28.3"),
            (">1.28.3 <1.29", "1.28.4"),
            ("1.28.3", "1.28.3"),
            (">= 1.19-0 < 1.26-0", "1.25.0"),
            (">=1.19.0-0 <1.22.0-0 || ~1.24.2", "1.24.2"),
            (">= 1.40", "1.40.0"),
            ("=1.27.3-gke.100", "1.27.3-gke.100"),
        ] {
            assert_eq!(newest(constraint), Ok(Some(version.to_owned())), "{constraint}");
        }
        for constraint in [">1", "^2", "<1.20 >1.25", "<1.0.0", "0.9.0 - 0.9.9"] {
            assert_eq!(newest(constraint), Ok(None), "{constraint}");
        }
        for constraint in ["latest", ">=1.25.0.1", "1.25+", "v1.25 or newer"] {
            assert!(newest(constraint).is_err(), "{constraint}");
        }
    }

    #[test]
    fn other_clusters_have_the_apis_that_templates_name() {
        let entry = |path: &str, text: &str| Entry { path: path.to_owned(), data: text.as_bytes().to_vec() };
        let asks = "{{ if .Capabilities.APIVersions.Has \"a.io/v1\" }}`b.io/v1beta1/Kind` \"v1/Pod\" \"a/b\" \"1/2\"";
        let of = |entries: &[Entry]| Clusters::of("<1.26", entries).others;
        assert_eq!(of(&[entry("c/values.yaml", asks), entry("c/templates/a", "\"a.io/v1\"")]), [[""; 0]; 0]);
        let apis = "--api-versions a.io/v1 --api-versions b.io/v1beta1/Kind --api-versions v1/Pod";
        let expected = ["1.25.0", "1.0.0"].map(|version| format!("--kube-version {version} {apis}"));
        let inner = tgz::write(&[entry("d/templates/a", asks)]).unwrap();
        let archive = Entry { path: "c/charts/d.tgz".to_owned(), data: inner };
        for entries in [[entry("c/templates/a", asks)], [entry("c/charts/d/templates/a", asks)], [archive]] {
            assert_eq!(of(&entries).iter().map(|one| one.join(" ")).collect::<Vec<_>>(), expected);
        }
        assert_eq!(Clusters::of("", &[entry("c/templates/a", asks)]).others.len(), 3);
    }
}
