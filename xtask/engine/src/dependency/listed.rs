//! What the index of somebody else's Helm repository lists.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::base::text::{first, name, nearest};
use crate::base::url;
use crate::base::version::precedence;
use crate::index;

/// The versions that an index lists, by chart, each list with the highest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listed(HashMap<String, Vec<Entry>>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub version: String,
    /// As the index has it; empty where it has none.
    pub digest: String,
    /// The first, which is the one that Helm takes (`ChartDownloader.ResolveChartVersion`).
    pub url: String,
}

/// A longer version is none (Masterminds/semver, `MaxVersionLen`).
const MAX_VERSION: usize = 256;
/// How many names a message has.
const SHOWN: usize = 5;

impl Listed {
    /// Reads an index. The error is the message.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let mut charts: HashMap<String, Vec<Entry>> = HashMap::new();
        for (key, versions) in index::listed(text)? {
            let entry = |one: index::Version<'_>| {
                let url = one.urls.first()?.clone().into_owned();
                let is_short = one.version.len() <= MAX_VERSION;
                let (version, digest) = (one.version.into_owned(), one.digest.into_owned());
                is_short.then_some(Entry { version, digest, url })
            };
            charts.entry(key).or_default().extend(versions.into_iter().filter_map(entry));
        }
        for versions in charts.values_mut() {
            versions.sort_by(|a, b| precedence(&b.version, &a.version));
        }
        Ok(Self(charts))
    }

    /// The versions of a chart. The error is the message.
    pub fn of(&self, chart: &str) -> Result<&[Entry], String> {
        let near = || nearest(chart, self.0.keys().map(String::as_str));
        let meant = || near().map_or_else(String::new, |near| format!("; it has {}", name(near)));
        self.0
            .get(chart)
            .map(Vec::as_slice)
            .ok_or_else(|| format!("it lists no chart {}{}", name(chart), meant()))
    }

    /// A version of a chart; one that is the same for Helm where there is none of that spelling (Helm's `versionEquals`).
    pub fn version(&self, chart: &str, wanted: &str) -> Result<&Entry, String> {
        let all = self.of(chart)?;
        let spelled = all.iter().find(|one| one.version == wanted);
        let same = || all.iter().find(|one| precedence(&one.version, wanted).is_eq());
        spelled.or_else(same).ok_or_else(|| {
            let versions = all.iter().map(|one| one.version.clone());
            format!("it lists no {}; {}", name(&format!("{chart} {wanted}")), some(versions))
        })
    }
}

/// The first of the versions that there are.
pub fn some(versions: impl Iterator<Item = String>) -> String {
    let versions: Vec<String> = versions.collect();
    if versions.is_empty() { "it has none".to_owned() } else { format!("it has {}", first(SHOWN, &versions)) }
}

/// The URL of a file of a repository (Helm's `repo.ResolveReferenceURL`): the query of the repository goes with it.
pub fn file_url(repository: &str, file: &str) -> String {
    let (path, query) = repository.split_once('?').unwrap_or((repository, ""));
    let resolved = url::resolve(&format!("{}/", path.trim_end_matches('/')), file);
    let resolved = utf8_percent_encode(&resolved, NOT_IN_URL).to_string();
    let is_absolute = file.split_once(':').is_some_and(|(scheme, _)| url::is_scheme(scheme));
    if query.is_empty() || is_absolute || url::origin(&resolved) != url::origin(repository) {
        return resolved;
    }
    format!("{}?{query}", resolved.split('?').next().unwrap_or(&resolved))
}

/// What no URL has as it is, and indexes have all the same.
const NOT_IN_URL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_is_wanted() {
        let text = "apiVersion: v1\nentries:\n  db:\n  - {name: db, version: 1.0.0, urls: [a.tgz]}\n  - {name: db, version: v2.0.0, urls: [b.tgz, c.tgz], digest: d}\n  - {name: db, version: 3.0.0}\n  - {name: db, version: 1.0.0+x, urls: [x.tgz]}\n";
        let listed = Listed::read(text.as_bytes()).expect("an index");
        let found = |chart, version| listed.version(chart, version).map(|one| one.url.clone());
        for (version, expected) in
            [("1.0.0", "a.tgz"), ("2.0.0", "b.tgz"), ("v2.0.0", "b.tgz"), ("1.0.0+x", "x.tgz")]
        {
            assert_eq!(found("db", version).as_deref(), Ok(expected), "{version}");
        }
        assert_eq!(
            found("db", "3.0.0"),
            Err("it lists no `db 3.0.0`; it has `v2.0.0`, `1.0.0`, `1.0.0+x`".to_owned())
        );
        assert_eq!(found("dbs", "1.0.0"), Err("it lists no chart `dbs`; it has `db`".to_owned()));
        assert!(Listed::read(b"- a\n").is_err());
    }

    #[test]
    fn urls_of_files() {
        for (repository, file, expected) in [
            ("https://h/charts", "index.yaml", "https://h/charts/index.yaml"),
            ("https://h/charts/", "db-1.tgz", "https://h/charts/db-1.tgz"),
            ("https://h/charts?t=1", "db-1.tgz", "https://h/charts/db-1.tgz?t=1"),
            ("https://h/charts?t=1", "https://other/db-1.tgz", "https://other/db-1.tgz"),
            ("https://h/charts", "../files/db-1.tgz", "https://h/files/db-1.tgz"),
            ("https://h", "/db-1.tgz", "https://h/db-1.tgz"),
            ("https://h?t=1", "//other/db 1.tgz", "https://other/db%201.tgz"),
            ("https://h?t=1", "oci://r/db:1", "oci://r/db:1"),
        ] {
            assert_eq!(file_url(repository, file), expected);
        }
    }
}
