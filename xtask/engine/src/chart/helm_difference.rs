//! Whether our archive and Helm's hold the same.

use super::tgz::Entry;
use crate::base::text::{line_feeds, name};

/// The first difference between our entries and Helm's, or `None`. Sub-charts are compared in the order of their
/// names, since Helm takes them at random.
pub fn first_difference(ours: &[Entry], helms: &[Entry]) -> Option<String> {
    let (ours, helms) = (by_chart(ours), by_chart(helms));
    for (our, helm) in ours.iter().zip(&helms) {
        if our.path != helm.path {
            return Some(format!("{} stands where Helm has {}", name(&our.path), name(&helm.path)));
        }
        // Helm packages what lies there, and on some machines git gives texts other line ends.
        if our.data != helm.data && our.data != line_feeds(&helm.data) {
            return Some(format!("{} differs {}", name(&our.path), first_line(&our.data, &helm.data)));
        }
    }
    let (more, of) = if ours.len() > helms.len() { (&ours, "xtask") } else { (&helms, "Helm") };
    more.get(ours.len().min(helms.len())).map(|entry| format!("only {of} packages {}", name(&entry.path)))
}

/// The entries of each chart together, charts by their path. A chart begins with its Chart.yaml and ends where the
/// next one begins.
fn by_chart(entries: &[Entry]) -> Vec<&Entry> {
    let mut chart = "";
    let mut sorted: Vec<(&str, &Entry)> = Vec::new();
    for entry in entries {
        chart = begun_chart(&entry.path).unwrap_or(chart);
        sorted.push((chart, entry));
    }
    sorted.sort_by_key(|&(chart, _)| chart);
    sorted.into_iter().map(|(_, entry)| entry).collect()
}

/// The directory of a chart, if this is its Chart.yaml: `NAME`, then `charts/NAME` for each level.
fn begun_chart(path: &str) -> Option<&str> {
    let directory = path.strip_suffix("/Chart.yaml")?;
    let mut parts = directory.split('/').skip(1);
    while let Some(part) = parts.next() {
        if part != "charts" || parts.next().is_none() {
            return None;
        }
    }
    Some(directory)
}

fn first_line(ours: &[u8], helms: &[u8]) -> String {
    let (ours, helms) = (String::from_utf8_lossy(ours), String::from_utf8_lossy(helms));
    let mut helm_lines = helms.split('\n');
    for (i, line) in ours.split('\n').enumerate() {
        let helm_line = helm_lines.next().unwrap_or("");
        if line != helm_line {
            let short = |line: &str| name(&line.chars().take(80).collect::<String>());
            return format!("in line {}: {} here, {} in Helm's", i + 1, short(line), short(helm_line));
        }
    }
    format!("in its end: {} bytes here, {} in Helm's", ours.len(), helms.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(list: &[(&str, &str)]) -> Vec<Entry> {
        list.iter().map(|(path, data)| Entry { path: (*path).into(), data: data.as_bytes().into() }).collect()
    }

    #[test]
    fn differences() {
        let ours = entries(&[
            ("c/Chart.yaml", "name: c\nversion: 1\n"),
            ("c/a", ""),
            ("c/charts/d/Chart.yaml", ""),
            ("c/charts/d/x.prov", "1"),
            ("c/charts/e/Chart.yaml", ""),
            ("c/charts/e/x.prov", "2"),
        ]);
        let random = entries(&[
            ("c/Chart.yaml", "name: c\nversion: 1\n"),
            ("c/a", ""),
            ("c/charts/e/Chart.yaml", ""),
            ("c/charts/e/x.prov", "2"),
            ("c/charts/d/Chart.yaml", ""),
            ("c/charts/d/x.prov", "1"),
        ]);
        assert_eq!(first_difference(&ours, &random), None);
        for (helms, difference) in [
            (
                &[("c/Chart.yaml", "name: c\nversion: 2\n")][..],
                "`c/Chart.yaml` differs in line 2: `version: 1` here, `version: 2` in Helm's",
            ),
            (&[("c/Chart.yaml", "name: c\nversion: 1\n"), ("c/b", "")], "`c/a` stands where Helm has `c/b`"),
            (
                &[("c/Chart.yaml", "name: c\nversion: 1\n"), ("c/a", "")],
                "only xtask packages `c/charts/d/Chart.yaml`",
            ),
        ] {
            assert_eq!(first_difference(&ours, &entries(helms)).as_deref(), Some(difference));
        }
    }
}
