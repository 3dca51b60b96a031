//! Whether two archives hold the same chart, whoever packaged them: helm, chart-releaser, or an older version of this
//! program. Times, order and compression are none of a chart's content, nor is the layout that some Helm wrote its
//! Chart.yaml in.

use std::collections::BTreeMap;

use super::tgz::{self, Entry};
use super::{Metadata, metadata_in};
use crate::chart;

/// The files in which two archives differ, by their paths in the chart, sorted; none if they hold the same. The error says
/// which cannot be read.
pub fn differences(ours: &[u8], theirs: &[u8]) -> Result<Vec<String>, String> {
    let read = |archive: &[u8]| tgz::read(archive, tgz::MAX_TOTAL);
    differing(&read(ours)?, &read(theirs)?, &|metadata, _| metadata)
}

/// The same for entries. `adapt` may change what our Chart.yaml says, seen what theirs says.
pub fn differing(
    ours: &[Entry],
    theirs: &[Entry],
    adapt: &dyn Fn(Metadata, &Metadata) -> Metadata,
) -> Result<Vec<String>, String> {
    let (ours, theirs) = (by_path(ours), by_path(theirs));
    let mut differing = Vec::new();
    let mut paths: Vec<&str> = ours.keys().chain(theirs.keys()).copied().collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let same = match (ours.get(path), theirs.get(path)) {
            (Some(our), Some(their)) if our == their && path != "Chart.yaml" => true,
            (Some(our), Some(their)) if is_of_chart(path, "Chart.yaml") => {
                let adapt: &dyn Fn(Metadata, &Metadata) -> Metadata =
                    if path == "Chart.yaml" { adapt } else { &|metadata, _| metadata };
                let theirs = metadata(their)?;
                chart::to_yaml(&adapt(metadata(our)?, &theirs)) == chart::to_yaml(&theirs)
            }
            (Some(our), Some(their)) if is_of_chart(path, "Chart.lock") => dateless(our) == dateless(their),
            _ => false,
        };
        if !same {
            differing.push(path.to_owned());
        }
    }
    Ok(differing)
}

fn by_path(entries: &[Entry]) -> BTreeMap<&str, &[u8]> {
    entries.iter().filter_map(|entry| Some((entry.path.split_once('/')?.1, &*entry.data))).collect()
}

/// Whether a path is that of a file at the top of the chart, or of a sub-chart: `charts/NAME` for each level.
fn is_of_chart(path: &str, file: &str) -> bool {
    let mut rest = path;
    while let Some((_, below)) = rest.strip_prefix("charts/").and_then(|below| below.split_once('/')) {
        rest = below;
    }
    rest == file
}

fn metadata(chart_yaml: &[u8]) -> Result<Metadata, String> {
    let entry = Entry { path: "c/Chart.yaml".to_owned(), data: chart_yaml.to_vec() };
    metadata_in(&[entry], "").value.ok_or_else(|| "it holds no chart that Helm reads".to_owned())
}

/// A Chart.lock without the time at which somebody made it.
fn dateless(lock: &[u8]) -> Vec<&[u8]> {
    lock.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"generated:")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive_of(files: &[(&str, &str)]) -> Vec<u8> {
        let entry = |(path, text): &(&str, &str)| Entry { path: format!("web/{path}"), data: (*text).into() };
        tgz::write(&files.iter().map(entry).collect::<Vec<_>>()).expect("an archive")
    }

    #[test]
    fn content_counts_and_nothing_else() {
        let ours = [
            ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
            ("Chart.lock", "dependencies: []\ndigest: sha256:1\ngenerated: \"2024-01-01T00:00:00Z\"\n"),
            ("values.yaml", "a: 1\n"),
            ("charts/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 2.0.0\n"),
            ("charts/db/charts/x/Chart.lock", "generated: a\n"),
        ];
        let with = |path: &str, text: &'static str| {
            let mut files = ours;
            files.iter_mut().filter(|file| file.0 == path).for_each(|file| file.1 = text);
            files
        };
        for (theirs, expected) in [
            (ours, ""),
            (with("Chart.yaml", "version: 1.0.0 # x\nname: web\napiVersion: v2\n"), ""),
            (with("charts/db/Chart.yaml", "name: \"db\"\nversion: 2.0.0\napiVersion: v2\n"), ""),
            (
                with(
                    "Chart.lock",
                    "dependencies: []\ndigest: sha256:1\ngenerated: \"2025-01-01T00:00:00Z\"\n",
                ),
                "",
            ),
            (with("charts/db/charts/x/Chart.lock", "generated: b\n"), ""),
            (with("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.1\n"), "Chart.yaml"),
            (with("Chart.lock", "dependencies: []\ndigest: sha256:2\ngenerated: a\n"), "Chart.lock"),
            (with("values.yaml", "a: 1\n\n"), "values.yaml"),
            (
                with("charts/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 2.0.1\n"),
                "charts/db/Chart.yaml",
            ),
        ] {
            let mut theirs = theirs.to_vec();
            theirs.reverse();
            let found = differences(&archive_of(&ours), &archive_of(&theirs)).expect("charts");
            assert_eq!(found.join(" "), expected);
        }
        let fewer = differences(&archive_of(&ours), &archive_of(&ours[..2])).expect("charts");
        assert_eq!(fewer, ["charts/db/Chart.yaml", "charts/db/charts/x/Chart.lock", "values.yaml"]);
        assert!(differences(&archive_of(&ours), b"no archive").is_err());
    }
}
