//! Which release GitHub calls the latest: the highest one for everybody, whenever it is published.

use std::cmp::Ordering;

use semver::Version;

use super::{Other, Wanted};

/// Whether no published release of the same family has a higher version. A chart's release never takes the place of an
/// application's `v…` in the same repository: users download that from `releases/latest`. Where the config names a chart,
/// its releases are the latest, and no others.
pub fn is_latest(wanted: &Wanted<'_>, others: &[Other]) -> bool {
    let Some((family, version)) = family(&wanted.tag) else { return false };
    let is_higher = |other: &Other| {
        let of_family = other.tag.strip_prefix(family).and_then(|rest| Version::parse(rest).ok());
        !other.prerelease
            && of_family.is_some_and(|other| other.cmp_precedence(&version) == Ordering::Greater)
    };
    let is_of_latest = |chart: &str| family.strip_suffix('-') == Some(chart);
    let is_of_application = |other: &Other| {
        let version = other.tag.strip_prefix('v').and_then(|rest| Version::parse(rest).ok());
        family != "v" && !other.prerelease && version.is_some_and(|version| version.pre.is_empty())
    };
    let may_be = wanted.latest.map_or_else(|| !others.iter().any(is_of_application), is_of_latest);
    !wanted.prerelease && may_be && !others.iter().any(is_higher)
}

/// Splits a tag into what the tags of its family begin with, `v` or `NAME-`, and its version.
fn family(tag: &str) -> Option<(&str, Version)> {
    let hyphens = tag.match_indices('-').map(|(at, _)| at + 1);
    let ends = tag.starts_with('v').then_some(1).into_iter().chain(hyphens);
    ends.filter_map(|end| tag.split_at_checked(end))
        .find_map(|(family, version)| Some((family, Version::parse(version).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families() {
        for (tag, expected) in [
            ("v1.2.3", Some(("v", "1.2.3"))),
            ("web-1.2.3-rc.1", Some(("web-", "1.2.3-rc.1"))),
            ("web-api-1.2.3+b-1", Some(("web-api-", "1.2.3+b-1"))),
            ("vault-0.1.0", Some(("vault-", "0.1.0"))),
            ("nightly", None),
            ("v1.2", None),
            ("é-1.0.0", Some(("é-", "1.0.0"))),
        ] {
            let found = family(tag).map(|(family, version)| (family, version.to_string()));
            assert_eq!(found, expected.map(|(family, version)| (family, version.to_owned())), "{tag}");
        }
    }

    #[test]
    fn the_highest_for_everybody() {
        let others = |tags: &[&str]| -> Vec<Other> {
            let other = |tag: &&str| Other {
                tag: tag.trim_end_matches('*').to_owned(),
                prerelease: tag.ends_with('*'),
            };
            tags.iter().map(other).collect()
        };
        for (tag, prerelease, published, expected) in [
            ("v0.1.0", false, &[][..], true),
            ("v0.2.0", false, &["v0.1.0", "v0.1.9"], true),
            ("v0.1.9", false, &["v0.2.0", "v0.1.8"], false),
            ("v0.10.0", false, &["v0.9.0"], true),
            ("v0.2.0-rc.1", true, &["v0.1.0"], false),
            ("v0.1.9", false, &["v0.2.0-rc.1*"], true),
            ("v0.2.0", false, &["v0.2.0-rc.1", "v0.2.0-rc.2*"], true),
            ("v0.2.0+b", false, &["v0.2.0+a", "v0.2.0+c"], true),
            ("web-0.2.0", false, &["api-9.0.0", "web-api-9.0.0", "web-0.1.0", "v9.0.0-rc.1", "v8*"], true),
            ("web-0.2.0", false, &["v0.1.0", "web-0.1.0"], false),
            ("v0.1.0", false, &["web-9.0.0"], true),
            ("web-0.2.0", false, &["web-0.3.0"], false),
            ("v0.1.0", false, &["nightly", "v9", "9.0.0"], true),
        ] {
            let mut wanted = Wanted {
                tag: tag.to_owned(),
                notes: "",
                prerelease,
                commit: "",
                latest: None,
                assets: Vec::new(),
            };
            assert_eq!(is_latest(&wanted, &others(published)), expected, "{tag} {published:?}");
            wanted.latest = Some("api");
            assert!(!is_latest(&wanted, &others(published)), "{tag} is none of `api`");
            let higher = others(published).iter().any(|other| other.tag == "web-0.3.0");
            wanted.latest = Some("web");
            let expected = tag == "web-0.2.0" && !higher;
            assert_eq!(is_latest(&wanted, &others(published)), expected, "{tag} {published:?}");
        }
    }
}
