//! The rules for the files of a chart besides Chart.yaml. What templates render, and whether values fit their schema, is
//! judged by helm alone.

use super::{at, top};
use crate::base::problem::Problem;
use crate::base::text::{line_at, name};
use crate::chart::ignore::Kind;
use crate::chart::package::Child;
use crate::chart::tgz::Entry;
use crate::check::Chart;

const EXTENSIONS: [&str; 4] = [".yaml", ".yml", ".tpl", ".txt"];

pub fn lint_files(chart: &Chart) -> Vec<Problem> {
    [no_values(chart).into_iter().collect(), templates(chart), undeclared(chart)].concat()
}

fn no_values(chart: &Chart) -> Option<Problem> {
    let problem = Problem::note("there is no values.yaml: users see nothing that they can set");
    let problem = problem.at(&chart.source.path, None).hint("write one, with a comment above each value");
    top(chart, "values.yaml").is_none().then_some(problem)
}

fn templates(chart: &Chart) -> Vec<Problem> {
    match top(chart, "templates") {
        Some(Kind::Directory) => {
            let files = chart.source.files.iter().filter(|file| file.path.starts_with("templates/"));
            files.flat_map(|file| [extension(chart, file), release_time(chart, file)]).flatten().collect()
        }
        Some(Kind::File) => {
            let problem =
                at(chart, "templates", None, "it is a file: Helm looks for templates in a directory");
            vec![problem.hint("rename it, and put the templates into a directory `templates`")]
        }
        None => {
            let message =
                "there is no templates/: `helm lint` of Helm 4 warns of a chart that installs nothing itself";
            let problem = Problem::warning(message).at(&chart.source.path, None);
            vec![problem.hint("write a `templates/NOTES.txt`, if nothing else")]
        }
    }
}

fn extension(chart: &Chart, file: &Entry) -> Option<Problem> {
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
    Some(at(chart, &file.path, None, message).hint(hint))
}

fn release_time(chart: &Chart, file: &Entry) -> Option<Problem> {
    let source = String::from_utf8_lossy(&file.data);
    let start = source.find(".Release.Time")?;
    let message =
        "there is no `.Release.Time` since Helm 3, whose `helm lint` fails even for one in a comment";
    Some(at(chart, &file.path, line_at(&source, start), message).hint("write `now` instead"))
}

fn undeclared(chart: &Chart) -> Vec<Problem> {
    let Some(package) = &chart.package else { return Vec::new() };
    let declared = || package.metadata.dependencies.iter().flatten();
    let extra = package.children.iter().filter(|child| !declared().any(|one| one.name == child.name));
    let file = if package.metadata.is_v1() { "requirements.yaml" } else { "Chart.yaml" };
    let problem = |Child { name: child, version, .. }: &Child| {
        let message = format!("{} is in charts/ and no dependency in {file}: `helm lint` fails", name(child));
        let hint = format!("write `- {{name: {child}, version: {version}}}` below `dependencies:` in {file}");
        at(chart, &format!("charts/{child}"), None, message).hint(hint)
    };
    extra.map(problem).collect()
}
