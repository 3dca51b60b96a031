//! Tags of another version than the charts: what is to be done about it, which never lowers a version.

use crate::base::config::Config;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::tag::{self, ChartVersion, Tag};
use crate::base::text::{few, name};
use crate::chart::package::Package;

/// A tag for all of several charts whose versions differ, none of which it has and one of which is above it: it is of
/// something else.
pub fn of_others(config: &Config, tag: &Tag, charts: &[ChartVersion]) -> Option<Problem> {
    let first = charts.first()?;
    let differ = charts.iter().any(|chart| chart.version != first.version);
    let agrees = charts.iter().any(|chart| tag.agrees_with(&chart.version));
    let is_below = charts.iter().any(|chart| is_above(&chart.version, tag));
    if tag.chart.is_some() || !differ || agrees || !is_below {
        return None;
    }
    let titles: Vec<String> =
        charts.iter().map(|chart| format!("{} {}", chart.name, chart.version)).collect();
    let message = format!("tag {} is the version of no chart: {}", name(&tag.text), few(&titles));
    Some(Problem::error(message).hint(instead(config, tag, Some(&first.name), &first.name, &first.version)))
}

fn is_above(version: &str, tag: &Tag) -> bool {
    tag::strict(version).is_some_and(|own| own > tag.version)
}

/// The tag of a version that is above that of another tag.
fn instead(config: &Config, tag: &Tag, of: Option<&String>, chart: &str, version: &str) -> String {
    let own =
        of.map_or_else(|| config.tags.for_all(version), |chart| Some(config.tags.for_chart(chart, version)));
    format!(
        "tag {} would release {}; if tags such as {} are not for charts, leave their pattern out of `tags` in the config",
        name(&own.unwrap_or_default()),
        name(&format!("{chart} {version}")),
        name(&tag.text)
    )
}

/// A tag is of another version than the chart.
pub fn disagreement(
    config: &Config,
    package: &Package,
    path: &str,
    tag: Option<&Tag>,
    is_tagged: bool,
) -> Option<Problem> {
    let version = &package.metadata.version;
    let tag = tag.filter(|tag| !tag.agrees_with(version))?;
    let message = format!("tag {} does not agree with version {}", name(&tag.text), name(version));
    let problem = Problem::error(message).at(path::below(path, "Chart.yaml"), package.line("version"));
    Some(problem.hint(if is_tagged {
        "its commit never had that version: give what is on the default branch another one".to_owned()
    } else if is_above(version, tag) {
        instead(config, tag, tag.chart.as_ref(), &package.metadata.name, version)
    } else {
        format!("write `version: {}`, commit, and tag that", tag.version)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::package::{Overrides, package};
    use crate::chart::tgz::Entry;

    #[test]
    fn no_hint_lowers_a_version() {
        let yaml = "apiVersion: v2\nname: web\nversion: 1.2.3\n";
        let files = vec![Entry { path: "Chart.yaml".to_owned(), data: yaml.into() }];
        let package = package(files, "web", &Overrides::default()).value.expect("a chart");
        let config = Config::new("o/shop");
        for (tag, expected) in [
            ("v1.2.3", None),
            ("v1.3.0", Some("write `version: 1.3.0`, commit, and tag that")),
            (
                "v0.9.0",
                Some(
                    "tag `v1.2.3` would release `web 1.2.3`; if tags such as `v0.9.0` are not for charts, leave their pattern out of `tags` in the config",
                ),
            ),
        ] {
            let tag = config.tags.read_of_any(tag);
            let told = disagreement(&config, &package, "web", tag.as_ref(), false);
            assert_eq!(told.and_then(|one| one.hint).as_deref(), expected);
        }
    }

    #[test]
    fn a_tag_of_something_else() {
        let chart = |name: &str, version: &str| ChartVersion {
            name: name.to_owned(),
            version: version.to_owned(),
            ..ChartVersion::default()
        };
        let config = Config::new("o/shop");
        let charts = [chart("db", "1.0.0"), chart("web", "v0.0.1")];
        let told = |tag: &str, charts: &[ChartVersion]| {
            let tag = config.tags.read_of_any(tag).expect("a tag");
            let told = of_others(&config, &tag, charts);
            told.map(|one| format!("{one} | {}", one.hint.as_deref().unwrap_or_default()))
        };
        let expected = "tag `v0.0.2` is the version of no chart: `db 1.0.0`, `web v0.0.1` | tag `db-1.0.0` would release \
                        `db 1.0.0`; if tags such as `v0.0.2` are not for charts, leave their pattern out of `tags` in the config";
        assert_eq!(told("v0.0.2", &charts).as_deref(), Some(expected));
        for tag in ["v2.0.0", "v1.0.0", "web-0.0.1"] {
            assert_eq!(told(tag, &charts), None, "{tag}");
        }
        assert_eq!(told("v0.0.2", &charts[..1]), None);
    }
}
