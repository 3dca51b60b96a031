//! The metadata in an archive that was made earlier, perhaps by somebody else: taken as Helm takes it.

use super::super::archive::{self, MAX_TOTAL};
use super::super::problem::{Problem, Severity};
use super::read::{self, Author};
use super::{BOM, Metadata};

/// Reads the metadata of a chart from its archive, requirements.yaml laid over Chart.yaml. The whole archive is read,
/// so that a truncated one is found, but neither values nor sub-charts are looked at.
///
/// `None` if there is an error among the `problems`; `at` is the archive's path for messages.
pub fn metadata_of(archive: &[u8], at: &str, problems: &mut Vec<Problem>) -> Option<Metadata> {
    let mut found = Vec::new();
    let metadata = read(archive, at, &mut found);
    found.retain(|problem| problem.severity != Severity::Warning);
    let is_good = found.is_empty();
    let hint = "make the archive again, or delete it";
    problems.extend(found.into_iter().map(|problem| Problem { hint: Some(hint.to_owned()), ..problem }));
    metadata.filter(|_| is_good)
}

fn read(bytes: &[u8], at: &str, problems: &mut Vec<Problem>) -> Option<Metadata> {
    let is_wanted = |path: &str| {
        let inside = path.split_once('/').map(|(_, inside)| inside);
        matches!(inside, Some("Chart.yaml" | "requirements.yaml"))
    };
    let files = match archive::select(bytes, MAX_TOTAL, is_wanted) {
        Ok(files) => files,
        Err(message) => {
            problems.push(Problem::error(message).at(at, None));
            return None;
        }
    };
    let mut charts = files.iter().filter(|file| file.path.ends_with("/Chart.yaml"));
    let (Some(chart), None) = (charts.next(), charts.next()) else {
        let message = if files.iter().any(|file| file.path.ends_with("/Chart.yaml")) {
            "it holds more than one chart: Helm mixes them"
        } else {
            "there is no Chart.yaml in its directory"
        };
        problems.push(Problem::error(message).at(at, None));
        return None;
    };
    let (top, _) = chart.path.split_once('/')?;
    let shown = format!("{at}/{}", chart.path);
    let (mut metadata, lines) = read::chart_yaml(&chart.data, &shown, Author::Other, problems)?;
    let requirements = format!("{top}/requirements.yaml");
    if let Some(file) = files.iter().find(|file| file.path == requirements) {
        let data = file.data.strip_prefix(BOM).unwrap_or(&file.data);
        read::requirements(data, &format!("{at}/{requirements}"), Author::Other, &mut metadata, problems);
    }
    metadata.sanitise();
    problems.extend(metadata.validate(&shown, |field| lines.get(field).copied()));
    Some(metadata)
}
