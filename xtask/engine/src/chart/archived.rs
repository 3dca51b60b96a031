//! The metadata in an archive that was made earlier, perhaps by somebody else: taken as Helm takes it.

use super::archive::{self, Entry};
use super::read::{self, Author};
use super::{BOM, Metadata, sanitise_fields, validate};
use crate::base::problem::Problem;

/// The files of a chart that its metadata stand in.
const WANTED: [&str; 2] = ["Chart.yaml", "requirements.yaml"];

/// Reads the metadata of a chart from its archive, requirements.yaml laid over Chart.yaml. The whole archive is read,
/// so that a truncated one is found, but neither values nor sub-charts are looked at.
///
/// `None` if there is an error among the `problems`; `at` is the archive's path for messages.
pub fn metadata_of(archive: &[u8], at: &str, problems: &mut Vec<Problem>) -> Option<Metadata> {
    judged(problems, |found| match archive::select(archive, &WANTED) {
        Ok(files) => read(&files, at, found),
        Err(message) => {
            found.push(Problem::error(message).at(at, None));
            None
        }
    })
}

/// The same from the entries of an archive that has been read.
pub fn metadata_in(entries: &[Entry], at: &str, problems: &mut Vec<Problem>) -> Option<Metadata> {
    let is_wanted =
        |file: &&Entry| file.path.split_once('/').is_some_and(|(_, inside)| WANTED.contains(&inside));
    let files: Vec<Entry> = entries.iter().filter(is_wanted).cloned().collect();
    judged(problems, |found| read(&files, at, found))
}

/// Only errors count, with the one way out that there is.
fn judged(
    problems: &mut Vec<Problem>,
    read: impl FnOnce(&mut Vec<Problem>) -> Option<Metadata>,
) -> Option<Metadata> {
    let mut found = Vec::new();
    let metadata = read(&mut found);
    found.retain(Problem::is_error);
    let is_good = found.is_empty();
    let hint = "make the archive again, or delete it";
    problems.extend(found.into_iter().map(|problem| Problem { hint: Some(hint.to_owned()), ..problem }));
    metadata.filter(|_| is_good)
}

fn read(files: &[Entry], at: &str, problems: &mut Vec<Problem>) -> Option<Metadata> {
    if let [file] = files
        && let Some(metadata) = in_helms_layout(file)
    {
        return Some(metadata);
    }
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
    sanitise_fields(&mut metadata);
    problems.extend(validate(&metadata, &shown, |field| lines.get(field).copied()));
    Some(metadata)
}

/// Reads a Chart.yaml that Helm wrote and that has nothing wrong in it.
fn in_helms_layout(file: &Entry) -> Option<Metadata> {
    let is_chart = file.path.ends_with("/Chart.yaml");
    let metadata = helm_xtask_formats::chart::read(&file.data).filter(|_| is_chart)?;
    validate(&metadata, "", |_| None).is_empty().then_some(metadata)
}
