//! New versions into an index: edits of its text, which leave every byte of what is published.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::new_version::{Format, NewVersion};
use super::write::{self, Edit, Place};
use super::{Chart, Index, REWRITE, Version};
use crate::base::digest::{Digest, without_algorithm};
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::base::version::{helm_accepts, precedence};
use crate::base::yaml::key_before;

/// An index with new versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    pub text: Vec<u8>,
    /// Name and version of what was not there before.
    pub added: Vec<(String, String)>,
    /// What was there with another digest.
    pub replaced: Vec<(String, String)>,
    /// What was there already, and stays as it is.
    pub same: Vec<(String, String)>,
    pub kept: usize,
}

impl Merged {
    /// Whether the text is another than before.
    pub fn changed(&self) -> bool {
        !(self.added.is_empty() && self.replaced.is_empty())
    }
}

/// Puts `new` versions, no two of one name and version, into an index; without an old one into an empty one of the
/// `format`, else the format stays.
///
/// A version is the same if name and version are, to the letter. One that is there with another digest is an error
/// unless it is in `replace`. `generated` is the time that the index gets if anything changes.
pub fn merge(
    old: Option<&Index<'_>>,
    new: &[NewVersion],
    replace: &[(String, String)],
    format: Format,
    generated: &str,
) -> Checked<Option<Merged>> {
    let Some(old) = old else {
        let text = empty(format, generated);
        let Checked { value, problems } = Index::read(text.as_bytes(), "index.yaml");
        let Some(empty) = value else { return Checked::new(None, problems) };
        return merge(Some(&empty), new, replace, format, generated);
    };
    let Checked { value: sorted, problems } = sort(old, new, replace);
    if !problems.is_empty() {
        return Checked::new(None, problems);
    }
    match text(old, &sorted, generated) {
        Ok(text) if old.is_helms || keeps(old, &sorted, &text) => Ok(sorted.into_merged(old, text)),
        Ok(_) => {
            let message = "cannot extend this index: what is in it would be read in another way";
            Err(Problem::error(message).at(&old.file, None).hint(REWRITE))
        }
        Err(message) => Err(Problem::error(message)),
    }
    .into()
}

/// Whether a text has the old versions, each as it was, and the new ones: asked where a layout is not Helm's.
fn keeps(old: &Index<'_>, sorted: &Sorted<'_>, text: &[u8]) -> bool {
    let Some(index) = Index::read(text, &old.file).value else { return false };
    let gone: BTreeSet<usize> = sorted.replaced.iter().flat_map(|(_, found)| found.iter().copied()).collect();
    let mut kept =
        old.versions().iter().enumerate().filter(|(i, _)| !gone.contains(i)).map(|(_, version)| version);
    let mut next = kept.next();
    let mut new = 0;
    for version in index.versions() {
        if next.is_some_and(|old| same(old, version)) {
            next = kept.next();
        } else {
            new += 1;
        }
    }
    next.is_none() && new == sorted.added.len() + gone.len()
}

/// Whether two say the same, wherever they stand.
fn same(a: &Version<'_>, b: &Version<'_>) -> bool {
    let without_place = Version { line: b.line, range: b.range.clone(), ..a.clone() };
    without_place == *b
}

/// An index without versions, as Helm writes it.
fn empty(format: Format, generated: &str) -> String {
    match format {
        Format::Yaml => format!("apiVersion: v1\nentries: {{}}\ngenerated: \"{generated}\"\n"),
        Format::Json => {
            format!(
                "{{\n  \"apiVersion\": \"v1\",\n  \"generated\": \"{generated}\",\n  \"entries\": {{}}\n}}"
            )
        }
    }
}

/// The new versions by what becomes of them.
#[derive(Default)]
struct Sorted<'n> {
    added: Vec<&'n NewVersion>,
    /// With the indices of those that are there.
    replaced: Vec<(&'n NewVersion, Vec<usize>)>,
    same: Vec<&'n NewVersion>,
}

fn sort<'n>(old: &Index<'_>, new: &'n [NewVersion], replace: &[(String, String)]) -> Checked<Sorted<'n>> {
    // Nothing is looked for in an empty index.
    let sought = if old.versions().is_empty() { &[] } else { new };
    let mut published: HashMap<(&str, &str), Vec<usize>> = sought
        .iter()
        .map(|new| ((new.metadata.name.as_str(), new.metadata.version.as_str()), Vec::new()))
        .collect();
    // Most charts of a large index are none of the new ones.
    let names: HashSet<&str> = sought.iter().map(|new| new.metadata.name.as_str()).collect();
    let concerned = old.parts.charts.iter().filter(|chart| names.contains(&*chart.key));
    let concerned = concerned.flat_map(|chart| chart.versions.clone());
    let elsewhere = old.notes.misplaced.iter().copied();
    for i in concerned.chain(elsewhere).collect::<BTreeSet<usize>>() {
        let Some(version) = old.versions().get(i) else { continue };
        if let Some(found) = published.get_mut(&(&*version.name, &*version.version)) {
            found.push(i);
        }
    }
    let mut sorted = Sorted::default();
    let mut problems = Vec::new();
    let mut unused: Vec<&(String, String)> = replace.iter().collect();
    for new in new {
        let key = (new.metadata.name.as_str(), new.metadata.version.as_str());
        let found = published.remove(&key).unwrap_or_default();
        let versions = || found.iter().filter_map(|&i| old.versions().get(i));
        if found.is_empty() {
            sorted.added.push(new);
        } else if let Some(other) = versions().find(|version| !is_of(version, &new.digest)) {
            let before = unused.len();
            unused.retain(|(chart, version)| (chart.as_str(), version.as_str()) != key);
            if unused.len() == before {
                problems.push(conflict(old, other, new));
            }
            sorted.replaced.push((new, found));
        } else {
            sorted.same.push(new);
        }
    }
    for (chart, version) in unused {
        let what = name(&format!("{chart}-{version}"));
        let message = format!("--replace {what}: it is not in the index with another digest");
        problems.push(Problem::usage(message).hint("leave it out"));
    }
    Checked::new(sorted, problems)
}

/// Whether an entry may be that of an archive with this digest. One without any says nothing, and Helm asks for none.
pub fn is_of(version: &Version<'_>, digest: &Digest) -> bool {
    version.digest.is_empty() || digest.is(&version.digest)
}

fn conflict(old: &Index<'_>, published: &Version<'_>, new: &NewVersion) -> Problem {
    let (chart, version) = (&new.metadata.name, &new.metadata.version);
    let digest = without_algorithm(&published.digest);
    let message = format!(
        "{} is published with digest {}, the new archive has {}",
        name(&format!("{chart} {version}")),
        if digest.is_empty() { "none".to_owned() } else { name(digest) },
        name(new.digest.hex())
    );
    let hint = format!("release it as a new version; or, on purpose: --replace {chart}-{version}");
    Problem::error(message).at(&old.file, Some(published.line)).hint(hint)
}

impl Sorted<'_> {
    fn into_merged(self, old: &Index<'_>, text: Vec<u8>) -> Merged {
        let key = |new: &NewVersion| (new.metadata.name.clone(), new.metadata.version.clone());
        let gone: usize = self.replaced.iter().map(|(_, found)| found.len()).sum();
        Merged {
            text,
            added: self.added.into_iter().map(key).collect(),
            replaced: self.replaced.into_iter().map(|(new, _)| key(new)).collect(),
            same: self.same.into_iter().map(key).collect(),
            kept: old.versions().len() - gone,
        }
    }
}

/// The new text. The error is the message.
fn text(old: &Index<'_>, sorted: &Sorted<'_>, generated: &str) -> Result<Vec<u8>, String> {
    let mut edits = Vec::new();
    let mut by_chart: HashMap<&str, Vec<&NewVersion>> = HashMap::new();
    for &new in &sorted.added {
        by_chart.entry(&new.metadata.name).or_default().push(new);
    }
    for versions in by_chart.values_mut() {
        versions.sort_by(|a, b| precedence(&b.metadata.version, &a.metadata.version));
    }
    let writer = write::Writer { text: old.text, style: old.parts.style };
    for chart in &old.parts.charts {
        if let Some(versions) = by_chart.remove(&*chart.key) {
            add_versions(old, chart, &versions, &writer, &mut edits)?;
        }
    }
    add_charts(old, by_chart.into_iter().collect(), &writer, &mut edits)?;
    for (new, found) in &sorted.replaced {
        for version in found.iter().filter_map(|&i| old.versions().get(i)) {
            edits.push(writer.replaced(&version.range, new)?);
        }
    }
    if !edits.is_empty()
        && let Some(range) = &old.parts.generated
    {
        edits.push(Edit { range: range.clone(), text: format!("\"{generated}\"") });
    }
    Ok(write::apply(old.text, old.has_bom, edits))
}

/// Puts versions, newest first, before the first that is not newer.
fn add_versions(
    old: &Index<'_>,
    chart: &Chart<'_>,
    new: &[&NewVersion],
    writer: &write::Writer<'_>,
    edits: &mut Vec<Edit>,
) -> Result<(), String> {
    let published = old.versions().get(chart.versions.clone()).unwrap_or_default();
    let mut at = 0;
    for group in new.chunk_by(|a, b| place_of(published, a) == place_of(published, b)) {
        at = group.first().map_or(at, |first| place_of(published, first).max(at));
        let place = match (published.get(at), published.last(), &chart.hole) {
            (Some(next), ..) => Place::Before(&next.range),
            (None, Some(last), _) => Place::After(&last.range),
            (None, None, Some(hole)) => Place::In(hole),
            (None, None, None) => return Err("its layout is not known".to_owned()),
        };
        writer.versions(place, group, edits)?;
    }
    Ok(())
}

/// How many of the published versions stand before the first that is not newer.
fn place_of(published: &[Version<'_>], new: &NewVersion) -> usize {
    let not_newer = |old: &Version<'_>| {
        helm_accepts(&old.version) && precedence(&old.version, &new.metadata.version) != Ordering::Greater
    };
    published.iter().position(not_newer).unwrap_or(published.len())
}

/// Puts charts before the first whose name comes later in Helm's order.
fn add_charts(
    old: &Index<'_>,
    mut new: Vec<(&str, Vec<&NewVersion>)>,
    writer: &write::Writer<'_>,
    edits: &mut Vec<Edit>,
) -> Result<(), String> {
    let is_before: fn(&str, &str) -> bool = match writer.format() {
        Format::Yaml => key_before,
        Format::Json => |a, b| a < b,
    };
    new.sort_by_key(|(chart, _)| *chart);
    let mut sorted: Vec<(&str, Vec<&NewVersion>)> = Vec::with_capacity(new.len());
    for (chart, versions) in new {
        // Helm's order need not be one, so that no sorting of the library may be asked.
        let later = sorted.iter().rev().take_while(|(other, _)| is_before(chart, other)).count();
        sorted.insert(sorted.len() - later, (chart, versions));
    }
    let charts = &old.parts.charts;
    let place_of =
        |name: &str| charts.iter().position(|chart| is_before(name, &chart.key)).unwrap_or(charts.len());
    for group in sorted.chunk_by(|(a, _), (b, _)| place_of(a) == place_of(b)) {
        let Some((first, _)) = group.first() else { continue };
        let place = match (charts.get(place_of(first)), charts.last(), &old.parts.hole) {
            (Some(next), ..) => Place::Before(&next.range),
            (None, Some(last), _) => Place::After(&last.range),
            (None, None, Some(hole)) => Place::In(hole),
            (None, None, None) => return Err("its layout is not known".to_owned()),
        };
        writer.charts(place, group, edits)?;
    }
    Ok(())
}
