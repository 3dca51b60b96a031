//! The patterns of the tags that a repository has released charts by.

use std::collections::BTreeMap;

use super::published::Listed;
use crate::base::tag;

/// A pattern, and how many of the versions that were looked for have a tag of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    pub pattern: String,
    pub count: usize,
    pub example: String,
}

/// How many versions of each chart are looked for: patterns change in the course of time, and the last one counts.
const NEWEST: usize = 5;
/// What stands around a name.
const SEPARATORS: [char; 4] = ['-', '_', '/', '@'];

/// The pattern that most of the newest published versions are tagged by, at least a third of them. One with the name of
/// the chart comes before one for all of as many versions.
pub fn find_pattern(tags: &[String], versions: &[Listed]) -> Option<Known> {
    let mut of_chart: BTreeMap<&str, usize> = BTreeMap::new();
    let newest: Vec<&Listed> = versions
        .iter()
        .filter(|one| {
            let count = of_chart.entry(&one.name).or_default();
            *count += 1;
            *count <= NEWEST
        })
        .collect();
    let mut found: BTreeMap<String, (usize, &String)> = BTreeMap::new();
    for tag in tags {
        let readings = newest.iter().filter_map(|one| pattern(tag, one));
        // Of two names that fit, one begins with the other.
        let Some((named, text)) = readings.max_by_key(|(named, _)| *named) else { continue };
        let place = found.entry(text).or_insert((0, tag));
        // A name in it cannot be by chance.
        place.0 += if named > 0 { 2 } else { 1 };
    }
    let (pattern, (score, example)) = found.into_iter().max_by_key(|(_, (score, _))| *score)?;
    let count = if tag::is_for_one(&pattern) { score / 2 } else { score };
    (count * 3 >= newest.len()).then(|| Known { pattern, count, example: example.clone() })
}

/// The pattern of a tag that has a version at its end, and how long the name of the chart in it is.
fn pattern(tag: &str, of: &Listed) -> Option<(usize, String)> {
    let version = of.version.strip_prefix('v').unwrap_or(&of.version);
    let before = tag.strip_suffix(version)?;
    // What else a tag may hold has a meaning in the filters of a workflow.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '@' | '.');
    if before.ends_with(|c: char| c.is_ascii_digit() || c == '.') || !before.chars().all(is_plain) {
        return None;
    }
    let is_end = |text: &str| text.is_empty() || text.ends_with(SEPARATORS) || text.starts_with(SEPARATORS);
    let mut places = before.match_indices(of.name.as_str()).filter_map(|(at, name)| {
        let (left, rest) = before.split_at_checked(at)?;
        Some((left, rest.get(name.len()..)?))
    });
    Some(match places.find(|(left, right)| is_end(left) && is_end(right)) {
        Some((left, right)) => (of.name.len(), format!("{left}{{name}}{right}{{version}}")),
        None => (0, format!("{before}{{version}}")),
    })
}

/// The pattern of chart-releaser's `release-name-template`, which is Go's: `{{ .Name }}-{{ .Version }}`.
pub fn of_template(template: &str) -> Option<String> {
    let plain = template.replace(' ', "").replace("{{.Name}}", "{name}").replace("{{.Version}}", "{version}");
    (tag::is_pattern(&plain) && !plain.contains("{{")).then_some(plain)
}

/// Whether there are tags of a version alone, which the patterns of a config that names none take for releases.
pub fn application(tags: &[String]) -> Option<&String> {
    let is_version = |tag: &&String| tag.strip_prefix('v').and_then(tag::strict).is_some();
    tags.iter().rev().find(is_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(tags: &str, versions: &[(&str, &str)]) -> Option<String> {
        let tags: Vec<String> = tags.split(' ').map(str::to_owned).collect();
        let listed = |(name, version): &(&str, &str)| Listed {
            name: (*name).to_owned(),
            version: (*version).to_owned(),
            url: String::new(),
        };
        let versions: Vec<Listed> = versions.iter().map(listed).collect();
        find_pattern(&tags, &versions).map(|known| known.pattern)
    }

    #[test]
    fn patterns() {
        let shop = [("web", "1.1.0"), ("web", "1.0.0"), ("db", "0.1.0")];
        for (tags, expected) in [
            ("web-1.1.0 web-1.0.0 db-0.1.0 v1.1.0", Some("{name}-{version}")),
            ("web/v1.1.0 db/v0.1.0", Some("{name}/v{version}")),
            ("helm-web-1.1.0 helm-db-0.1.0", Some("helm-{name}-{version}")),
            ("web-chart-1.1.0 web-chart-1.0.0", Some("{name}-chart-{version}")),
            ("web-ui-1.1.0 web-ui-1.0.0", Some("{name}-ui-{version}")),
            ("v1.1.0 v1.0.0", Some("v{version}")),
            ("1.1.0", Some("{version}")),
            ("helm-chart-1.1.0 v9.0.0 v8.0.0", Some("helm-chart-{version}")),
            ("v11.1.0 v9.0.0", None),
            ("v9.0.0", None),
        ] {
            assert_eq!(known(tags, &shop).as_deref(), expected, "{tags}");
        }
        let both = [("web", "1.0.0"), ("web-ui", "1.0.0")];
        assert_eq!(known("web-1.0.0 web-ui-1.0.0", &both).as_deref(), Some("{name}-{version}"));
    }

    #[test]
    fn templates() {
        assert_eq!(of_template("{{ .Name }}-{{ .Version }}").as_deref(), Some("{name}-{version}"));
        assert_eq!(of_template("v{{.Version}}").as_deref(), Some("v{version}"));
        assert_eq!(of_template("{{ .Name | lower }}-{{ .Version }}"), None);
    }
}
