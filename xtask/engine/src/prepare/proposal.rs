//! Which bump the changes ask for, with the reasons.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::bump::Bump;
use super::changes::{Change, Kind};
use crate::base::text::few;
use crate::base::yaml::{self, Node, Value};
use crate::git::object::Object;

/// How charts differ from their last release.
#[derive(Debug, Default)]
pub struct Difference {
    pub has_changed: bool,
    /// Keys that values.yaml has no longer, as `a.b`, without what is below them.
    pub values: Vec<String>,
    /// Templates that went, and did not get another name.
    pub templates: Vec<String>,
}

impl Difference {
    /// Adds what differs between the files of a chart, by their paths in it, and between its values.yaml.
    pub fn add(&mut self, [old, new]: [&BTreeMap<String, Object>; 2], [values, new_values]: [&[u8]; 2]) {
        let is_template = |path: &&String| path.starts_with("templates/") && path.ends_with(".yaml");
        let is_gone = |path: &&String| {
            let is_moved = |id: &String| new.values().any(|object| object.id == *id);
            !new.contains_key(*path) && !old.get(*path).is_some_and(|object| is_moved(&object.id))
        };
        self.has_changed |= old != new;
        self.templates.extend(old.keys().filter(is_template).filter(is_gone).cloned());
        let (old, new) = (keys(values), keys(new_values));
        let is_missing = |key: &&String| {
            // A mapping without keys may hold any.
            let above = key.rsplit_once('.').map(|(above, _)| new.get(above));
            !new.contains_key(*key) && above.is_none_or(|above| above == Some(&false))
        };
        self.values.extend(old.keys().filter(is_missing).cloned());
    }
}

/// The keys of a values.yaml, each with whether it is a mapping without keys.
fn keys(text: &[u8]) -> BTreeMap<String, bool> {
    fn collect(node: &Node, above: &str, keys: &mut BTreeMap<String, bool>) {
        for pair in node.pairs() {
            let key = format!("{above}{}", pair.key.written);
            collect(&pair.value, &format!("{key}."), keys);
            keys.insert(key, matches!(&pair.value.value, Value::Mapping(pairs) if pairs.is_empty()));
        }
    }
    let mut keys = BTreeMap::new();
    if let Ok(document) = yaml::read(text) {
        collect(&document.root, "", &mut keys);
    }
    keys
}

/// What the unreleased entries of a changelog and the difference from the last release ask for, and why; no bump where nothing
/// has changed.
pub fn propose(current: &Version, entries: &[Change], found: &Difference) -> (Option<Bump>, Vec<String>) {
    let breaking = entries.iter().filter(|change| change.is_breaking || change.kind == Some(Kind::Removed));
    let breaking: Vec<String> = breaking.map(|change| change.text.chars().take(60).collect()).collect();
    let kinds: BTreeSet<&str> =
        entries.iter().map(|change| change.kind.map_or("other", Kind::name)).collect();
    let (small, large): (Vec<&str>, Vec<&str>) =
        kinds.into_iter().partition(|kind| ["fixed", "security"].contains(kind));
    let listed = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>();
    let asks = [
        (Bump::Major, "the changelog has what breaks or is removed:", breaking),
        (Bump::Major, "values.yaml no longer has", found.values.clone()),
        (Bump::Major, "there are no longer the templates", found.templates.clone()),
        (Bump::Minor, "the changelog has entries of the kind", listed(&large)),
        (Bump::Patch, "the changelog has entries of the kind", listed(&small)),
    ];
    let asks: Vec<_> = asks.into_iter().filter(|(.., names)| !names.is_empty()).collect();
    let Some(highest) = asks.iter().map(|(bump, ..)| *bump).max() else {
        let why = "files have changed, and no changelog says how".to_owned();
        return if found.has_changed { (Some(Bump::Patch), vec![why]) } else { (None, Vec::new()) };
    };
    let asks = asks.iter().filter(|(bump, ..)| *bump == highest);
    let mut reasons: Vec<String> = asks.map(|(_, what, names)| format!("{what} {}", few(names))).collect();
    // Below 1.0.0 ranges such as `^0.1.0` end at the next minor version (semver.org, 4; Masterminds/semver, "Caret").
    if current.major > 0 || highest == Bump::Patch {
        return (Some(highest), reasons);
    }
    reasons.push("below 1.0.0 what breaks raises the minor version, and all else the patch".to_owned());
    (Some(if highest == Bump::Major { Bump::Minor } else { Bump::Patch }), reasons)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::changes::changes;

    #[test]
    fn what_the_changelog_asks_for() {
        for (section, bump, below_one) in [
            ("### Removed\n- a\n### Added\n- b\n", Some(Bump::Major), Some(Bump::Minor)),
            ("### Changed\n- **Breaking:** a\n", Some(Bump::Major), Some(Bump::Minor)),
            ("### Added\n- a\n### Fixed\n- b\n", Some(Bump::Minor), Some(Bump::Patch)),
            ("### Deprecated\n- a\n", Some(Bump::Minor), Some(Bump::Patch)),
            ("- a\n", Some(Bump::Minor), Some(Bump::Patch)),
            ("### Fixed\n- a\n### Security\n- b\n", Some(Bump::Patch), Some(Bump::Patch)),
            ("", None, None),
        ] {
            for (major, expected) in [(1, bump), (0, below_one)] {
                let found = propose(&Version::new(major, 2, 3), &changes(section), &Difference::default());
                assert_eq!(found.0, expected, "{major} {section}");
            }
        }
    }

    #[test]
    fn what_the_files_ask_for() {
        let files = |paths: &[(&str, &str)]| -> BTreeMap<String, Object> {
            let object = |id: &str| Object { mode: "100644".to_owned(), id: id.to_owned() };
            paths.iter().map(|(path, id)| ((*path).to_owned(), object(id))).collect()
        };
        let names = ["templates/a.yaml", "templates/b.yaml", "templates/_h.tpl", "templates/c.yaml"];
        let old = files(&names.map(|name| (name, name)));
        let new = files(&[(names[0], "9"), ("templates/new.yaml", names[1])]);
        let values = "a: {b: 1, c: 2}\nd: {e: 1}\nf: [1]\n";
        let mut found = Difference::default();
        found.add([&old, &new], [values.as_bytes(), b"a: {b: 2, x: 1}\nd: {}\n"]);
        assert_eq!((found.values.join(" "), found.templates.join(" ")), ("a.c f".into(), names[3].into()));
        let asked = |found: &Difference| propose(&Version::new(1, 0, 0), &[], found).0;
        assert_eq!(asked(&found), Some(Bump::Major));
        assert_eq!(asked(&Difference { has_changed: true, ..Difference::default() }), Some(Bump::Patch));
    }
}
