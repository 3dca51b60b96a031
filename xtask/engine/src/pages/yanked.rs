//! The index of yanked versions, beside the index of the Helm repository.
//!
//! What Helm's clients do decides the form. They refuse an index in which an entry has a key that they do not know, and
//! `deprecated: true` on an entry changes nothing for them. An entry that is gone from the index is in no search and no
//! range, and whoever has its version in a lock or an exact pin gets an error. So a yanked entry moves to
//! `yanked/index.yaml` with every byte that it has. That is a Helm repository of its own, for those who need the version.
//! The reasons stand in the `annotations` of that index (Helm's `pkg/repo`, `IndexFile`), so that the entry stays as it was.

use std::collections::BTreeMap;

use crate::base::json;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::index::{Format, Index, Level, Merged, NewVersion, Version, merge};

/// What `cargo xtask yank` changes.
#[derive(Clone, Debug)]
pub struct Yank {
    /// The versions, each as `NAME-VERSION`.
    pub ids: Vec<String>,
    /// Why they are yanked; `None` brings them back.
    pub reason: Option<String>,
}

/// The index of yanked versions.
#[derive(Debug)]
pub struct Yanked<'t> {
    index: Index<'t>,
    /// By `NAME-VERSION`.
    reasons: BTreeMap<String, String>,
    /// With the URLs that their entries had in the other index.
    versions: Vec<Version<'t>>,
}

/// The texts of both indexes after a yank.
#[derive(Debug, PartialEq, Eq)]
pub struct Moved {
    pub index: Vec<u8>,
    pub yanked: Vec<u8>,
    /// Name and version of what has moved.
    pub ids: Vec<(String, String)>,
    /// Name and version of what was where it should be.
    pub same: Vec<(String, String)>,
    /// How many versions the index has now.
    pub kept: usize,
}

/// What the annotations of the index begin with.
const ANNOTATION: &str = "yanked/";
const ANNOTATIONS: &str = "annotations:";

impl<'t> Yanked<'t> {
    /// Reads the index; `file` is its name for messages.
    pub fn read(text: &'t [u8], file: &str) -> Checked<Option<Self>> {
        Index::read(text, file).map(|index| {
            let index = index?;
            let of_other = |version: &Version<'t>| Version {
                urls: version.urls.iter().map(|url| Level::Up.of(url).into()).collect(),
                ..version.clone()
            };
            let versions = index.versions().iter().map(of_other).collect();
            let reasons = String::from_utf8_lossy(text).lines().filter_map(reason_in).collect();
            Some(Self { index, reasons, versions })
        })
    }

    /// Its versions, with the URLs that their entries have in the index of the Helm repository.
    pub fn versions(&self) -> &[Version<'t>] {
        &self.versions
    }

    pub fn find(&self, chart: &str, version: &str) -> Option<&Version<'t>> {
        self.versions.iter().find(|one| (&*one.name, &*one.version) == (chart, version))
    }

    /// Why a version was yanked, as it goes after what is said of it: empty, or `: REASON`.
    pub fn reason(&self, version: &Version<'_>) -> String {
        let reason = self.reasons.get(&id(version));
        reason.map_or_else(String::new, |reason| format!(": {}", name(reason)))
    }
}

/// Why an index of yanked versions has one of them.
pub fn reason(text: &[u8], chart: &str, version: &str) -> Option<String> {
    let id = format!("{chart}-{version}");
    let text = String::from_utf8_lossy(text);
    text.lines().filter_map(reason_in).find(|(other, _)| *other == id).map(|(_, reason)| reason)
}

fn id(version: &Version<'_>) -> String {
    format!("{}-{}", version.name, version.version)
}

/// Moves the versions of a yank out of an index and into that of yanked versions, or back. Both are `None` where the branch
/// has no such file. A version that has moved before stays where it is.
pub fn apply(
    index: Option<&Index<'_>>,
    yanked: Option<&Yanked<'_>>,
    yank: &Yank,
    now: &str,
) -> Checked<Option<Moved>> {
    let empty: &[Version<'_>] = &[];
    let listed = index.map_or(empty, Index::versions);
    let gone = yanked.map_or(empty, |yanked| yanked.index.versions());
    let (from, to) = if yank.reason.is_some() { (listed, gone) } else { (gone, listed) };
    let mut problems = Vec::new();
    let (mut taken, mut same) = (Vec::new(), Vec::new());
    for wanted in &yank.ids {
        let found: Vec<usize> =
            (0..from.len()).filter(|at| from.get(*at).is_some_and(|one| id(one) == *wanted)).collect();
        let there = to.iter().find(|one| id(one) == *wanted);
        match (found.as_slice(), there) {
            ([], Some(there)) => same.push((there.name.to_string(), there.version.to_string())),
            ([one], _) => taken.push(*one),
            ([], None) => problems.push(not_there(wanted, listed, gone)),
            _ => {
                let message = format!("the index has {} more than once", name(wanted));
                problems
                    .push(Problem::error(message).hint("delete the entry that is wrong, then run it again"));
            }
        }
    }
    if !problems.is_empty() {
        return Checked::new(None, problems);
    }
    carry(index, yanked, yank, (&taken, same), now)
}

/// Moves versions, given by their place in the index that they leave.
fn carry(
    index: Option<&Index<'_>>,
    yanked: Option<&Yanked<'_>>,
    yank: &Yank,
    (taken, same): (&[usize], Vec<(String, String)>),
    now: &str,
) -> Checked<Option<Moved>> {
    let of_yanked = yanked.map(|yanked| &yanked.index);
    let (from, to, level) = match yank.reason {
        Some(_) => (index, of_yanked, Level::Down),
        None => (of_yanked, index, Level::Up),
    };
    let mut problems = Vec::new();
    let mut news = Vec::new();
    for version in from.into_iter().flat_map(|from| taken.iter().filter_map(|at| from.versions().get(*at))) {
        match from.map(|from| from.carried(version, level)) {
            Some(Ok(new)) => news.push(new),
            why => problems.push(immovable(from, version, &why.and_then(Result::err).unwrap_or_default())),
        }
    }
    if !problems.is_empty() {
        return Checked::new(None, problems);
    }
    let rest = from.map(|from| from.without(taken, now)).transpose();
    let rest = rest.map_err(|why| problems.extend(from.map(|from| cannot_move(from, &why))));
    let merged = merge(to, &news, &[], Format::Yaml, now).take(&mut problems);
    let (Ok(rest), Some(Merged { text, kept, added, .. })) = (rest, merged) else {
        return Checked::new(None, problems);
    };
    if !problems.is_empty() {
        return Checked::new(None, problems);
    }
    let rest = rest.unwrap_or_default();
    problems.extend(from.and_then(|from| lost(&text, &rest, &news, from)));
    let ids = news.iter().map(|new| (new.metadata.name.clone(), new.metadata.version.clone())).collect();
    let (index, gone, kept) = match yank.reason {
        Some(_) => (rest, text, from.map_or(0, |from| from.versions().len() - taken.len())),
        None => (text, rest, kept + added.len()),
    };
    let gone = String::from_utf8(gone).unwrap_or_default();
    let annotate = |text: String, id: &String| annotated(&text, id, yank.reason.as_deref());
    let yanked = if gone.is_empty() { gone } else { yank.ids.iter().fold(gone, annotate) };
    let is_whole = problems.is_empty();
    Checked::new(is_whole.then(|| Moved { index, yanked: yanked.into_bytes(), ids, same, kept }), problems)
}

/// The error of texts that would not have every version once, each with its digest and the URLs that lead to its archive.
fn lost(to: &[u8], rest: &[u8], news: &[NewVersion], from: &Index<'_>) -> Option<Problem> {
    let (to, rest) = (Index::read(to, "").value, Index::read(rest, "").value);
    let has = |new: &NewVersion| {
        let is_it = |one: &Version<'_>| {
            one.name == new.metadata.name
                && one.version == new.metadata.version
                && new.digest.is(&one.digest)
                && one.urls.iter().eq(new.urls.iter())
        };
        to.as_ref().is_some_and(|to| to.versions().iter().any(is_it))
    };
    let left = rest.as_ref().map(|rest| rest.versions().len());
    let is_whole = news.iter().all(has) && left == Some(from.versions().len() - news.len());
    (!is_whole).then(|| cannot_move(from, "an entry would not be the same there"))
}

fn cannot_move(from: &Index<'_>, why: &str) -> Problem {
    let message = format!("cannot move an entry out of this index: {why}");
    let hint = "write it in Helm's layout, such as by `yq -P`, and commit that to the branch";
    Problem::error(message).at(from.file(), None).hint(hint)
}

fn immovable(from: Option<&Index<'_>>, version: &Version<'_>, why: &str) -> Problem {
    let what = name(&format!("{} {}", version.name, version.version));
    let problem = Problem::error(format!("cannot move {what}: {why}"));
    let problem = problem.hint("mend the entry on the branch, then run it again");
    match from {
        Some(from) => problem.at(from.file(), Some(version.line)),
        None => problem,
    }
}

/// The error of a version that neither index has.
fn not_there(wanted: &str, listed: &[Version<'_>], gone: &[Version<'_>]) -> Problem {
    let message = format!("the Helm repository has no {}", name(wanted));
    let is_of =
        |one: &&Version<'_>| wanted.strip_prefix(&*one.name).is_some_and(|rest| rest.starts_with('-'));
    let known: Vec<String> = listed.iter().chain(gone).filter(is_of).map(id).take(5).collect();
    Problem::error(message).hint(if known.is_empty() {
        "name it as NAME-VERSION, such as web-1.2.3".to_owned()
    } else {
        format!("the newest that it has: {}", known.join(", "))
    })
}

/// Whether one of the indexes lists a version.
pub fn is_known(wanted: &str, index: Option<&Index<'_>>, yanked: Option<&Yanked<'_>>) -> bool {
    let listed = index.into_iter().flat_map(Index::versions);
    let gone = yanked.into_iter().flat_map(|yanked| yanked.index.versions());
    listed.chain(gone).any(|one| id(one) == wanted)
}

/// Says that a version is yanked, where its chart has it again.
pub fn left(yanked: &Yanked<'_>, version: &Version<'_>) -> Problem {
    let what = name(&format!("{} {}", version.name, version.version));
    let message = format!("{what} is yanked{}", yanked.reason(version));
    let hint = format!("release a higher version; or bring it back: cargo xtask yank {} --undo", id(version));
    Problem::warning(message).hint(hint)
}

/// The reason in a line that [`annotated`] has written, by `NAME-VERSION`.
fn reason_in(line: &str) -> Option<(String, String)> {
    let line = line.strip_prefix("  \"")?;
    let (key, value) = line.split_once("\": ")?;
    Some((key.strip_prefix(ANNOTATION)?.to_owned(), serde_json::from_str(value).ok()?))
}

/// The index with this reason for a version, or without any. Keys and values are JSON on lines of their own, which is YAML.
fn annotated(text: &str, id: &str, reason: Option<&str>) -> String {
    let quoted = |text: &str| json::text(&text, false).unwrap_or_default();
    let key = format!("  {}: ", quoted(&format!("{ANNOTATION}{id}")));
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with(&key)).collect();
    let new = reason.map(|reason| format!("{key}{}", quoted(reason)));
    let header = lines.iter().position(|line| *line == ANNOTATIONS);
    if let Some(new) = &new {
        let header = header.unwrap_or_else(|| {
            let at = lines.iter().position(|line| line.starts_with("apiVersion:")).map_or(0, |at| at + 1);
            lines.insert(at, ANNOTATIONS);
            at
        });
        lines.insert(header + 1, new);
    } else if let Some(header) =
        header.filter(|at| !lines.get(at + 1).is_some_and(|line| line.starts_with(' ')))
    {
        lines.remove(header);
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "apiVersion: v1\nentries:\n  db:\n  - digest: \"0000000000000000000000000000000000000000000000000000000000000003\"\n    name: db\n    urls:\n    - db-1.0.0.tgz\n    version: 1.0.0\n  web:\n  - digest: \"0000000000000000000000000000000000000000000000000000000000000002\"\n    description: |\n      db-1.0.0.tgz\n\n      urls\n    name: web\n    urls:\n    - https://o.github.io/r/charts/web-1.1.0.tgz\n    - web-1.1.0.tgz\n    version: 1.1.0 # the second\n  - digest: \"0000000000000000000000000000000000000000000000000000000000000001\"\n    name: web\n    urls:\n    - web-1.0.0.tgz\n    version: 1.0.0\ngenerated: \"2024-01-02T03:04:05Z\"\n";
    const NOW: &str = "2025-01-02T03:04:05Z";

    /// Both texts after a yank of these, or its undoing; else what stands in its way.
    fn moved(
        index: &str,
        yanked: &str,
        ids: &[&str],
        reason: Option<&str>,
    ) -> Result<(String, String), String> {
        let yank =
            Yank { ids: ids.iter().map(|id| (*id).to_owned()).collect(), reason: reason.map(str::to_owned) };
        let index = Index::read(index.as_bytes(), "index.yaml").value.expect("an index");
        let gone = (!yanked.is_empty()).then(|| Yanked::read(yanked.as_bytes(), "").value.expect("an index"));
        let Checked { value, problems } = apply(Some(&index), gone.as_ref(), &yank, NOW);
        let text = |bytes| String::from_utf8(bytes).expect("text");
        value
            .map(|all| (text(all.index), text(all.yanked)))
            .ok_or_else(|| problems.iter().map(ToString::to_string).collect())
    }

    fn without_time(text: &str) -> String {
        text.lines().filter(|line| !line.starts_with("generated:")).collect::<Vec<_>>().join("\n") + "\n"
    }

    #[test]
    fn an_entry_moves_with_every_byte_and_comes_back() {
        let crlf = INDEX.replace('\n', "\r\n");
        let deep = INDEX
            .replace("\n  ", "\n      ")
            .replace("\n      db:", "\n    db:")
            .replace("\n      web:", "\n    web:");
        for index in [INDEX, &crlf, &deep] {
            for ids in [
                &["web-1.1.0"][..],
                &["web-1.0.0"],
                &["db-1.0.0"],
                &["web-1.1.0", "web-1.0.0"],
                &["web-1.0.0", "db-1.0.0", "web-1.1.0"],
            ] {
                let (rest, yanked) = moved(index, "", ids, Some("it \"crashes\": 1")).expect("a yank");
                let left = Index::read(rest.as_bytes(), "").value.expect("an index");
                assert_eq!(left.versions().len(), 3 - ids.len(), "{rest}");
                let there = Yanked::read(yanked.as_bytes(), "").value.expect("an index");
                for id in ids {
                    let (name, version) = id.split_once('-').expect("an id");
                    let version = there.find(name, version).expect("it is there");
                    assert_eq!(there.reason(version), ": `it \"crashes\": 1`", "{yanked}");
                    assert_eq!(version.urls.last().map(|url| &**url), Some(&*format!("{id}.tgz")));
                }
                assert!(!ids.contains(&"web-1.1.0") || yanked.contains("- ../web-1.1.0.tgz"), "{yanked}");
                let again = moved(&rest, &yanked, ids, Some("it \"crashes\": 1")).expect("a yank");
                assert_eq!(again, (rest.clone(), yanked.clone()), "a second yank changes nothing");
                let (back, empty) = moved(&rest, &yanked, ids, None).expect("its undoing");
                if ids.len() < 3 || index != deep {
                    assert_eq!(without_time(&back), without_time(index), "{ids:?}");
                }
                assert_eq!(without_time(&empty), "apiVersion: v1\nentries: {}\n");
            }
        }
    }

    #[test]
    fn the_bytes_of_the_entry_are_the_same() {
        let (_, yanked) = moved(INDEX, "", &["web-1.1.0"], Some("x")).expect("a yank");
        let entry = INDEX
            .split("  web:\n")
            .nth(1)
            .and_then(|rest| rest.split("  - digest").nth(1))
            .expect("an entry");
        assert!(yanked.contains(&entry.replace("- web-1.1.0.tgz", "- ../web-1.1.0.tgz")), "{yanked}");
        assert!(
            yanked.starts_with(
                "apiVersion: v1\nannotations:\n  \"yanked/web-1.1.0\": \"x\"\nentries:\n  web:\n"
            ),
            "{yanked}"
        );
    }

    #[test]
    fn what_cannot_be_moved_is_refused() {
        let json = "{\"apiVersion\":\"v1\",\"entries\":{\"web\":[{\"name\":\"web\",\"version\":\"1.0.0\",\"digest\":\"0000000000000000000000000000000000000000000000000000000000000001\",\"urls\":[\"a\"]}]}}";
        let twice = INDEX.replace("version: 1.1.0 # the second", "version: 1.0.0");
        let bare = "apiVersion: v1\nentries:\n  web:\n  - name: web\n    version: 1.0.0\n    urls: [a]\n";
        for (index, ids, expected) in [
            (INDEX, "web-2.0.0", "the Helm repository has no `web-2.0.0`"),
            (INDEX, "x", "the Helm repository has no `x`"),
            (json, "web-1.0.0", "index.yaml:1: cannot move `web 1.0.0`: it is JSON"),
            (&twice, "web-1.0.0", "the index has `web-1.0.0` more than once"),
            (bare, "web-1.0.0", "index.yaml:4: cannot move `web 1.0.0`: its entry has no SHA-256 digest"),
        ] {
            let said = moved(index, "", &[ids], Some("x")).expect_err("a refusal");
            assert!(said.starts_with(expected), "{said}");
        }
    }
}
