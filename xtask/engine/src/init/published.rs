//! What a branch of GitHub Pages says of the Helm repository on it: where its index lies, and where its archives.

use std::collections::BTreeSet;

use crate::base::path::directory;

/// A version that an index lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub version: String,
    /// Where its archive is; empty where the entry has no URL.
    pub url: String,
}

/// An `index.yaml` of the branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its path from the root of the branch.
    pub path: String,
    /// Its versions, in its order.
    pub versions: Vec<Listed>,
}

/// A branch that has been looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branch {
    pub name: String,
    pub indexes: Vec<Index>,
    /// The domain in its `CNAME`.
    pub domain: Option<String>,
}

impl Branch {
    /// The index that users are told to add, by the URL below which the branch is served; else the one that lists most
    /// of these charts, and of those the one with the most versions.
    pub fn index_of(&self, charts: &[String], told: Option<&str>, pages: &str) -> Option<&Index> {
        let of_ours = |index: &Index| {
            let names: BTreeSet<&String> = index.versions.iter().map(|one| &one.name).collect();
            charts.iter().filter(|chart| names.contains(chart)).count()
        };
        let is_told = |index: &Index| told.is_some_and(|told| told == below_url(pages, index.place()));
        let filled = self.indexes.iter().filter(|index| !index.versions.is_empty());
        let best = filled.max_by_key(|index| (is_told(index), of_ours(index), index.versions.len()));
        best.filter(|index| of_ours(index) > 0 || self.indexes.len() == 1)
    }
}

/// A URL with a directory below it, which may be the root.
pub fn below_url(url: &str, directory: &str) -> String {
    if directory.is_empty() { url.to_owned() } else { format!("{url}/{directory}") }
}

impl Index {
    /// The directory of the branch that it lies in, empty for the root.
    pub fn place(&self) -> &str {
        directory(&self.path)
    }

    /// Whether the newest version of most charts is an asset of a GitHub Release.
    pub fn has_archives_in_releases(&self) -> bool {
        let mut seen = BTreeSet::new();
        let newest: Vec<&Listed> = self.versions.iter().filter(|one| seen.insert(&one.name)).collect();
        let released = newest.iter().filter(|one| one.url.contains("/releases/download/")).count();
        released * 2 > newest.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(path: &str, versions: &[(&str, &str)]) -> Index {
        let listed = |(name, url): &(&str, &str)| Listed {
            name: (*name).to_owned(),
            version: "1.0.0".to_owned(),
            url: (*url).to_owned(),
        };
        Index { path: path.to_owned(), versions: versions.iter().map(listed).collect() }
    }

    #[test]
    fn the_index_of_our_charts() {
        let (other, ours) =
            (index("old/index.yaml", &[("x", ""), ("y", "")]), index("index.yaml", &[("web", "")]));
        let branch = Branch { indexes: vec![other.clone(), ours], ..Branch::default() };
        let charts = ["web".to_owned()];
        let of = |branch: &Branch, told| {
            branch.index_of(&charts, told, "https://p").map(|index| index.place().to_owned())
        };
        assert_eq!(of(&branch, None).as_deref(), Some(""));
        let alone = Branch { indexes: vec![other], ..Branch::default() };
        assert_eq!(of(&alone, None).as_deref(), Some("old"));
        assert_eq!(of(&Branch::default(), None), None);
        let two = ["charts/index.yaml", "index.yaml"].map(|path| index(path, &[("web", "")])).to_vec();
        let branch = Branch { indexes: two, ..Branch::default() };
        for (told, expected) in [("https://p", ""), ("https://p/charts", "charts")] {
            assert_eq!(of(&branch, Some(told)).as_deref(), Some(expected));
        }
    }

    #[test]
    fn archives() {
        let release = "https://github.com/o/r/releases/download/a-1.0.0/a-1.0.0.tgz";
        for (urls, expected) in [
            (vec![("a", release), ("a", "a.tgz"), ("a", "a.tgz")], true),
            (vec![("a", release), ("b", "b.tgz")], false),
            (vec![("a", release), ("b", release), ("c", "c.tgz")], true),
            (vec![], false),
        ] {
            let versions: Vec<(&str, &str)> = urls.clone();
            assert_eq!(index("index.yaml", &versions).has_archives_in_releases(), expected, "{urls:?}");
        }
    }
}
