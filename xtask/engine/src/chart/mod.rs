//! What a chart is: the metadata of Chart.yaml, the lock, the files and the sub-charts.
//!
//! The field names are Helm's, and so are the rules of [`validate`] (`pkg/chart/metadata.go`).

mod archive;
mod archive_metadata;
pub mod attempt;
pub mod cluster;
pub mod helm_difference;
pub mod helm_lint;
pub mod helm_words;
pub mod ignore;
pub mod io;
mod json;
pub mod lacking;
mod load;
mod lock;
pub mod package;
mod read;
pub mod repository_root;
pub mod same_content;
pub mod source;
pub mod tgz;
mod values;
mod write;

use self::lacking::Lacking;
use self::tgz::Entry;
use crate::base::problem::Problem;
use crate::base::text::{name, sanitise};
use crate::base::version;

pub use self::archive::Archive;
pub use self::archive_metadata::{metadata_in, metadata_of};
pub use self::json::Json;
pub use self::load::{load_chart, load_sub_chart};
pub use self::read::{Lines, NO_QUOTES, QUOTE_IT, declared, lock_in};
pub use self::write::{metadata_to_yaml, to_yaml};
pub use helm_xtask_formats::chart::{Dependency, Maintainer, Metadata};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Chart.lock, or requirements.lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "see `Metadata`")]
pub struct Lock {
    pub generated: String,
    pub digest: String,
    pub dependencies: Option<Vec<Option<Dependency>>>,
    /// The file that it stands in, and the line of its digest.
    pub place: (&'static str, Option<usize>),
}

/// A chart with all that its archive will hold.
#[derive(Debug)]
pub struct Chart {
    /// Chart.yaml, requirements.yaml laid over it.
    pub metadata: Metadata,
    /// Chart.lock, or requirements.lock, parsed.
    pub lock: Option<Lock>,
    /// values.yaml, values.schema.json, then `templates/`, then the others, each in the order of the walk; paths
    /// are relative to the chart.
    pub files: Vec<Entry>,
    pub lines: Lines,
    /// The charts below `charts/`, by the byte order of their [`Chart::file`].
    pub children: Vec<Chart>,
    /// The directory or archive that it is in the `charts/` around it; empty for a chart that is no sub-chart.
    pub file: String,
    /// The dependencies that `charts/` lacks; not looked for in sub-charts, as Helm does not.
    pub lacking: Vec<Lacking>,
    /// Archives in `charts/` that a dependency of another version takes the place of.
    pub superseded: Vec<String>,
}

/// Brings the text into the form that Helm stores. `version`, `apiVersion`, `type`, annotations and aliases
/// stay as they are.
pub(super) fn sanitise_fields(metadata: &mut Metadata) {
    let texts = [
        &mut metadata.name,
        &mut metadata.description,
        &mut metadata.home,
        &mut metadata.icon,
        &mut metadata.condition,
        &mut metadata.tags,
        &mut metadata.app_version,
        &mut metadata.kube_version,
    ];
    let lists = metadata.sources.iter_mut().chain(&mut metadata.keywords);
    let people = metadata.maintainers.iter_mut().flatten();
    let people = people.flat_map(|person| [&mut person.name, &mut person.email, &mut person.url]);
    let dependencies = metadata.dependencies.iter_mut().flatten().flat_map(|dependency| {
        let texts = [
            &mut dependency.name,
            &mut dependency.version,
            &mut dependency.repository,
            &mut dependency.condition,
        ];
        texts.into_iter().chain(&mut dependency.tags)
    });
    for text in texts.into_iter().chain(lists).chain(people).chain(dependencies) {
        *text = sanitise(text);
    }
}

/// Helm 3 packages any `apiVersion`, Helm 4 looks at that of the chart itself, not at those of sub-charts.
pub(super) fn validate_api_version(metadata: &Metadata, file: &str, line: Option<usize>) -> Option<Problem> {
    let message =
        format!("apiVersion {} is neither `v1` nor `v2`: Helm 4 refuses it", name(&metadata.api_version));
    let known = matches!(metadata.api_version.as_str(), "v1" | "v2");
    (!known).then(|| Problem::error(message).at(file, line).hint("write `apiVersion: v2`"))
}

/// Checks what Helm checks before it packages. `line` gives the line of a field.
pub(super) fn validate(
    metadata: &Metadata,
    file: &str,
    line: impl Fn(&str) -> Option<usize>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut bad = |field: &str, message: String, hint: &str| {
        problems.push(Problem::error(message).at(file, line(field)).hint(hint));
    };
    if let Some(why) = bad_name(&metadata.name) {
        bad("name", why, "write `name: NAME`, with the name of the chart's directory");
    }
    if metadata.version.is_empty() {
        bad("version", "the chart has no version".to_owned(), "write `version: 0.1.0`");
    } else if !version::helm_accepts(&metadata.version) {
        let message = format!("version {} is not a semantic version", name(&metadata.version));
        bad("version", message, "write three numbers, as in `version: 0.1.0`");
    }
    if !matches!(metadata.kind.as_str(), "" | "application" | "library") {
        let message = format!("type {} is neither `application` nor `library`", name(&metadata.kind));
        bad("type", message, "write `type: application`");
    }
    if metadata.maintainers.contains(&None) {
        bad("maintainers", "a maintainer is empty".to_owned(), "give it a `name`, or delete the entry");
    }
    problems.extend(validate_dependencies(metadata, file, &line));
    problems
}

fn validate_dependencies(
    metadata: &Metadata,
    file: &str,
    line: impl Fn(&str) -> Option<usize>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen = Vec::new();
    for dependency in &metadata.dependencies {
        let Some(dependency) = dependency else {
            let problem = Problem::error("a dependency is empty").at(file, line("dependencies"));
            problems.push(problem.hint("give it a `name`, or delete the entry"));
            continue;
        };
        let here = |message: String| Problem::error(message).at(file, Some(dependency.line));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !dependency.alias.chars().all(is_plain) {
            let message = format!(
                "alias {} of dependency {} has other characters than letters, digits, `-` and `_`",
                name(&dependency.alias),
                name(&dependency.name)
            );
            problems.push(here(message).hint("write a plain alias"));
        }
        let key = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
        if seen.contains(&key) {
            let message = format!("more than one dependency has the name or alias {}", name(key));
            problems.push(here(message).hint("give one of them an `alias`"));
        }
        seen.push(key);
    }
    problems
}

/// Why Helm cannot make or cannot read an archive of a chart of this name. Helm packages the names `.` (3.17 only)
/// and `/`, and names with a backslash, into archives that it then cannot load.
fn bad_name(chart: &str) -> Option<String> {
    match chart {
        "" => Some("the chart has no name".to_owned()),
        "." | ".." => Some(format!("{} cannot be the name of a chart", name(chart))),
        _ if chart.contains(['/', '\\']) => Some(format!("name {} has a slash in it", name(chart))),
        _ => None,
    }
}
