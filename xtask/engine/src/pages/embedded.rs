//! Charts that have changed under a published version in nothing but a chart that they embed.

/// What stands between that chart and those that embed it, in the problem of each: a library that changes is said once, with
/// all charts that have to be released again.
pub const IN: &str = " has changed, and is embedded in ";

/// The one embedded chart that all changed files are of; `None` if something else has changed, too.
pub fn of(changed: &[String]) -> Option<&str> {
    let mut all = changed.iter().filter(|file| *file != "Chart.lock").map(|file| embedded(file));
    let first = all.next()??;
    all.all(|one| one == Some(first)).then_some(first)
}

/// The chart that a file belongs to: that of `charts/NAME/…`, or of the archive `charts/NAME-VERSION.tgz`.
fn embedded(file: &str) -> Option<&str> {
    let (first, rest) =
        file.strip_prefix("charts/").map(|rest| rest.split_once('/').unwrap_or((rest, "")))?;
    let Some(archive) = first.strip_suffix(".tgz").filter(|_| rest.is_empty()) else { return Some(first) };
    let mut ends = archive.match_indices('-').map(|(at, _)| at);
    let is_version = |at: &usize| {
        archive.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == 'v'))
    };
    ends.find(is_version).and_then(|at| archive.get(..at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_one_embedded_chart() {
        for (changed, expected) in [
            (&["charts/common/values.yaml", "charts/common/templates/_a.tpl"][..], Some("common")),
            (&["charts/common-1.0.0.tgz", "charts/common-1.1.0-rc.1.tgz", "Chart.lock"], Some("common")),
            (&["charts/my-lib-v2.tgz"], Some("my-lib")),
            (&["charts/common/values.yaml", "values.yaml"], None),
            (&["charts/common/values.yaml", "charts/other/values.yaml"], None),
            (&["charts/README.md"], Some("README.md")),
            (&["Chart.lock"], None),
            (&[], None),
        ] {
            let changed: Vec<String> = changed.iter().map(|file| (*file).to_owned()).collect();
            assert_eq!(of(&changed), expected, "{changed:?}");
        }
    }
}
