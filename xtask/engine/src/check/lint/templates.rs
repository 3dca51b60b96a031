//! The rules for the sources of templates. What they render is judged by helm alone.

use super::{By, Message, at, top};
use crate::base::text::{line_at, name};
use crate::chart::ignore::Kind;
use crate::chart::tgz::Entry;
use crate::check::Chart;

const DIRECTORY: &str = "templates/";
const EXTENSIONS: [&str; 4] = [".yaml", ".yml", ".tpl", ".txt"];

/// Judges them.
pub fn lint(chart: &Chart) -> Vec<Message> {
    match top(chart, "templates") {
        Some(Kind::Directory) => {
            let files = chart.source.files.iter().filter(|file| file.path.starts_with(DIRECTORY));
            let rules = [extension, crd_hook, release_time];
            files.flat_map(|file| rules.iter().filter_map(|rule| rule(chart, file))).collect()
        }
        Some(Kind::File) => not_a_directory(chart).into(),
        None => {
            let message =
                "there is no templates/: `helm lint` of Helm 4 warns of a chart that installs nothing itself";
            let problem = at(chart, "", None, message).hint("write a `templates/NOTES.txt`, if nothing else");
            vec![Message::warning(DIRECTORY, "directory does not exist").only(By::Helm4).with(problem)]
        }
    }
}

fn not_a_directory(chart: &Chart) -> [Message; 2] {
    let problem = || {
        let problem = at(chart, "templates", None, "it is a file: Helm looks for templates in a directory");
        problem.hint("rename it, and put the templates into a directory `templates`")
    };
    let text = "not a directory";
    [
        Message::error(DIRECTORY, text).only(By::Helm4).with(problem()),
        Message::warning(DIRECTORY, text).only(By::Helm3).with(problem()),
    ]
}

fn extension(chart: &Chart, file: &Entry) -> Option<Message> {
    let base = file.path.rsplit('/').next().unwrap_or_default();
    let extension = base.rfind('.').and_then(|dot| base.get(dot..)).unwrap_or_default();
    if EXTENSIONS.contains(&extension) {
        return None;
    }
    let what = if extension.is_empty() { "none".to_owned() } else { name(extension) };
    let allowed = "`.yaml`, `.yml`, `.tpl` or `.txt`";
    let message = format!(
        "Helm renders every file of templates/, and its linter wants {allowed} as extension, not {what}"
    );
    let hint = format!("move it out of templates/, or write `{}` in .helmignore", file.path);
    let problem = at(chart, &file.path, None, message).hint(hint);
    let text =
        format!("file extension '{extension}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt");
    Some(Message::error(&file.path, text).with(problem))
}

/// The annotation of Helm 2, as the regular expression `"?helm\.sh/hook"?:\s+crd-install` finds it.
fn crd_hook(chart: &Chart, file: &Entry) -> Option<Message> {
    let source = String::from_utf8_lossy(&file.data);
    let (start, _) = source.match_indices("helm.sh/hook").find(|(start, key)| {
        let after = source.get(start + key.len()..).unwrap_or_default();
        let value = after.strip_prefix('"').unwrap_or(after).strip_prefix(':').unwrap_or_default();
        value.starts_with(is_blank) && value.trim_start_matches(is_blank).starts_with("crd-install")
    })?;
    let message = "Helm knows no hook `crd-install` since version 3, and `helm lint` of Helm 3 warns";
    let problem = at(chart, &file.path, line_at(&source, start), message);
    let problem = problem.hint("move the definition to a file of crds/, without this annotation");
    let text = "manifest is a crd-install hook. This hook is no longer supported in v3 and all CRDs should also \
                exist the crds/ directory at the top level of the chart";
    Some(Message::warning(&file.path, text).only(By::Helm3).with(problem))
}

fn release_time(chart: &Chart, file: &Entry) -> Option<Message> {
    let source = String::from_utf8_lossy(&file.data);
    let start = source.find(".Release.Time")?;
    let message =
        "there is no `.Release.Time` since Helm 3, whose `helm lint` fails even for one in a comment";
    let problem = at(chart, &file.path, line_at(&source, start), message).hint("write `now` instead");
    let text =
        ".Release.Time has been removed in v3, please replace with the `now` function in your templates";
    Some(Message::error(&file.path, text).only(By::Helm3).with(problem))
}

/// White space of a regular expression.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}
