//! Which release GitHub calls the latest: the highest one for everybody, whenever it is published.

use std::cmp::Ordering;

use super::{Other, Wanted};
use crate::base::tag::strict;

/// Whether no published release of the same family has a higher version. A chart's release never takes the place of an
/// application's `v…` in the same repository, whose tag no pattern reads as one of the family: users download that from
/// `releases/latest`. Where the config names a chart, its releases are the latest, and no others.
pub fn is_latest(wanted: &Wanted<'_>, others: &[Other]) -> bool {
    let Some(family) = &wanted.family else { return false };
    let mut published = others.iter().filter(|other| !other.prerelease);
    let is_higher = |other: &Other| {
        let of_family = family.version(&other.tag);
        of_family.is_some_and(|other| other.cmp_precedence(&family.tag.version) == Ordering::Greater)
    };
    let is_of_application = |other: &Other| {
        let is_stable = strict(&other.tag).is_some_and(|version| version.pre.is_empty());
        is_stable && family.version(&other.tag).is_none()
    };
    let is_of_chart = !(wanted.tag.starts_with('v') && strict(&wanted.tag).is_some());
    let may_be = match (wanted.latest, family.tag.chart.as_deref()) {
        (Some(latest), Some(chart)) => latest == chart,
        (Some(_), None) => is_of_chart,
        (None, _) => !(is_of_chart && published.clone().any(is_of_application)),
    };
    !wanted.prerelease && may_be && !published.any(is_higher)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SHOP;
    use crate::base::tag::ChartVersion;

    fn others(tags: &[&str]) -> Vec<Other> {
        let other =
            |tag: &&str| Other { tag: tag.trim_end_matches('*').to_owned(), prerelease: tag.ends_with('*') };
        tags.iter().map(other).collect()
    }

    fn web(version: &str) -> ChartVersion {
        ChartVersion { name: "web".to_owned(), version: version.to_owned(), ..ChartVersion::default() }
    }

    #[test]
    fn families_are_those_of_the_patterns() {
        for (patterns, tag, published, expected) in [
            (&["{name}/v{version}"][..], "web/v1.1.0", &["web/v1.2.0"][..], false),
            (&["{name}/v{version}"], "web/v1.1.0", &["web/v1.0.0", "db/v2.0.0", "web-2.0.0"], true),
            (&["{name}/v{version}", "{name}-{version}"], "web/v1.1.0", &["web-2.0.0"], false),
            (&["helm-chart-{version}"], "helm-chart-1.1.0", &["helm-chart-1.0.0"], true),
            (&["helm-chart-{version}"], "helm-chart-1.1.0", &["helm-chart-1.2.0"], false),
            (&["helm-chart-{version}"], "helm-chart-1.1.0", &["v0.1.0"], false),
            (&["{version}"], "1.10.0", &["1.9.0", "v1.9.0*"], true),
            (&["{version}"], "1.9.0", &["1.10.0"], false),
            (&["{version}", "v{version}"], "1.2.0", &["v1.1.0"], true),
            (&["{version}", "v{version}"], "1.2.0", &["v1.3.0"], false),
            (&["v{version}"], "v0.9", &["v0.10"], false),
            (&["v{version}"], "v0.10", &["v0.9"], true),
            (&["{name}-{version}"], "web-1.2", &["web-1.10"], false),
            (&["helm-chart-{version}"], "helm-chart-1.1.0", &["2.0.0"], false),
            (&["helm-chart-{version}"], "helm-chart-1.1.0", &["v2.0"], false),
            (&["helm-chart-{version}"], "helm-chart-1.1.0", &["v2"], true),
        ] {
            let config = SHOP.clone().tags(patterns.iter().copied());
            let mut wanted = Wanted {
                tag: tag.to_owned(),
                makes_tag: false,
                notes: "",
                prerelease: false,
                commit: "",
                family: config.tags.family(tag, &[web("1.2"), web("0.9"), web("0.10")]),
                latest: None,
                assets: Vec::new(),
            };
            assert_eq!(is_latest(&wanted, &others(published)), expected, "{tag} {published:?}");
            wanted.latest = Some("web");
            // What stands beside it is the application's.
            let is_beside = matches!(published, ["v0.1.0" | "2.0.0" | "v2.0"]);
            let expected = (expected || is_beside) && !tag.starts_with('v');
            assert_eq!(is_latest(&wanted, &others(published)), expected, "{tag} {published:?}");
        }
    }

    #[test]
    fn the_highest_for_everybody() {
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
                makes_tag: false,
                notes: "",
                prerelease,
                commit: "",
                family: SHOP.tags.family(tag, &[web("0.0.0")]),
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
