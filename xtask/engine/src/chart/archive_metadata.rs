//! The metadata in an archive that was made earlier, perhaps by somebody else: taken as Helm takes it.

use super::read::{Author, read_chart_yaml, read_requirements_yaml};
use super::tgz::{self, Entry};
use super::{BOM, Metadata, sanitise_fields, validate};
use crate::base::problem::{Checked, Problem};

/// The files of a chart that its metadata stand in.
const WANTED: [&str; 2] = ["Chart.yaml", "requirements.yaml"];

/// Reads the metadata of a chart from its archive, requirements.yaml laid over Chart.yaml. The whole archive is read,
/// so that a truncated one is found, but neither values nor sub-charts are looked at. There are no metadata with errors;
/// `at` is the archive's path for messages.
pub fn metadata_of(archive: &[u8], at: &str) -> Checked<Option<Metadata>> {
    only_whole(match tgz::select(archive, &WANTED) {
        Ok(files) => read_metadata(&files, at),
        Err(message) => Checked::new(None, [Problem::error(message).at(at, None)]),
    })
}

/// The same from the entries of an archive that has been read.
pub fn metadata_in(entries: &[Entry], at: &str) -> Checked<Option<Metadata>> {
    let is_wanted =
        |file: &&Entry| file.path.split_once('/').is_some_and(|(_, inside)| WANTED.contains(&inside));
    let files: Vec<Entry> = entries.iter().filter(is_wanted).cloned().collect();
    only_whole(read_metadata(&files, at))
}

/// Only errors count, with the one way out that there is.
fn only_whole(read: Checked<Option<Metadata>>) -> Checked<Option<Metadata>> {
    let errors = read.problems.into_iter().filter(Problem::is_error);
    let errors: Vec<_> = errors.map(|error| error.hint("make the archive again, or delete it")).collect();
    Checked::new(read.value.filter(|_| errors.is_empty()), errors)
}

fn read_metadata(files: &[Entry], at: &str) -> Checked<Option<Metadata>> {
    if let [file] = files
        && let Some(metadata) = in_helms_layout(file)
    {
        return Checked::new(Some(metadata), []);
    }
    let mut charts = files.iter().filter(|file| file.path.ends_with("/Chart.yaml"));
    let (Some(chart), None) = (charts.next(), charts.next()) else {
        let message = if files.iter().any(|file| file.path.ends_with("/Chart.yaml")) {
            "it holds more than one chart: Helm mixes them"
        } else {
            "there is no Chart.yaml in its directory"
        };
        return Checked::new(None, [Problem::error(message).at(at, None)]);
    };
    let shown = format!("{at}/{}", chart.path);
    let Checked { value, mut problems } = read_chart_yaml(&chart.data, &shown, Author::Other);
    let Some((mut metadata, lines)) = value else { return Checked::new(None, problems) };
    let requirements = chart.path.replace("/Chart.yaml", "/requirements.yaml");
    if let Some(file) = files.iter().find(|file| file.path == requirements) {
        let data = file.data.strip_prefix(BOM).unwrap_or(&file.data);
        let at = format!("{at}/{requirements}");
        problems.extend(read_requirements_yaml(data, &at, Author::Other, &mut metadata));
    }
    sanitise_fields(&mut metadata);
    problems.extend(validate(&metadata, &shown, |field| lines.get(field).copied()));
    Checked::new(Some(metadata), problems)
}

/// Reads a Chart.yaml that Helm wrote and that has nothing wrong in it.
fn in_helms_layout(file: &Entry) -> Option<Metadata> {
    let is_chart = file.path.ends_with("/Chart.yaml");
    let metadata = helm_xtask_formats::chart::read(&file.data).filter(|_| is_chart)?;
    validate(&metadata, "", |_| None).is_empty().then_some(metadata)
}
