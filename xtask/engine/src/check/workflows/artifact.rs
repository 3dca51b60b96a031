//! How a release comes from the job that makes it to another: the names and the places on both sides.

use super::order::needing;
use super::{Work, edit};
use crate::base::problem::Problem;
use crate::base::text::{few, name};
use crate::check::edit::{Edit, Finding};
use crate::ci::run::Task;
use crate::ci::workflow::{Job, Step, Written};

const UPLOAD: &str = "actions/upload-artifact";
const DOWNLOAD: &str = "actions/download-artifact";
/// What GitHub calls an artifact that has no name.
const UNNAMED: &str = "artifact";

/// What is wrong with where a job takes a release from.
pub fn check_artifacts(work: &Work<'_>, all: &[Work<'_>]) -> Vec<Finding> {
    let finding = |(step, run, from): (&Step, &Written, String)| artifact(work, step, run, &from, all);
    taking(work).filter_map(finding).collect()
}

/// The steps that take a release from a directory.
fn taking<'w>(work: &'w Work<'_>) -> impl Iterator<Item = (&'w Step, &'w Written, String)> {
    work.runs.iter().flat_map(|(step, written, run)| {
        let tasks = run.commands.iter().filter_map(|command| command.task.as_ref().ok());
        tasks.filter_map(move |task| match task {
            Task::Release { from: Some(from), .. } => Some((*step, *written, plain(from))),
            _ => None,
        })
    })
}

/// The artifact that a job downloads a release from.
pub fn source<'w>(work: &'w Work<'_>) -> Option<&'w str> {
    let download = work.job.steps.iter().find(|step| step.is(DOWNLOAD))?;
    download.with("name").map(|name| name.text.as_str())
}

pub fn uploads(work: &Work<'_>, artifact: &str) -> bool {
    uploaded(work.job).any(|(name, _)| name == artifact)
}

/// What a job uploads: the artifact's name, and the step.
fn uploaded(job: &Job) -> impl Iterator<Item = (&str, &Step)> {
    let uploads = job.steps.iter().filter(|step| step.is(UPLOAD));
    uploads.map(|step| (step.with("name").map_or(UNNAMED, |name| name.text.as_str()), step))
}

/// A path as both sides of an artifact see it.
fn plain(path: &str) -> String {
    let path = path.trim().trim_start_matches("./").trim_end_matches("/**").trim_end_matches("/*");
    path.trim_end_matches('/').to_owned()
}

/// What is wrong with how a release comes into the directory that a step takes it from.
fn artifact(work: &Work<'_>, step: &Step, run: &Written, from: &str, all: &[Work<'_>]) -> Option<Finding> {
    let makes = |task: &Task| matches!(task, Task::Release { from: None, to, .. } if plain(to) == from);
    let before = || work.job.steps.iter().take_while(|earlier| earlier.line < step.line);
    if work.tasks().any(makes) {
        return None;
    }
    let Some(download) = before().filter(|earlier| earlier.is(DOWNLOAD)).last() else {
        let message = format!("nothing puts a release into {} before", name(from));
        let hint = "add a step with `actions/download-artifact` and the `name` that the job before uploads";
        return Some(work.at(Problem::error(message), run.line).hint(hint).into());
    };
    if download.with("run-id").is_some() || download.with("pattern").is_some() {
        return None;
    }
    let uses = download.uses.as_ref().map_or(download.line, |uses| uses.line);
    let Some(wanted) = download.with("name") else {
        let message = "without a `name` each artifact goes into a directory of its own";
        return Some(work.at(Problem::error(message), uses).hint("add `name:` to its `with:`").into());
    };
    named(work, wanted, all).or_else(|| placed(work, download, uses, from))
}

/// The artifact has to come from a job that is done.
fn named(work: &Work<'_>, wanted: &Written, all: &[Work<'_>]) -> Option<Finding> {
    let here = || all.iter().filter(|other| other.workflow.file == work.workflow.file);
    let Some((maker, upload)) =
        here().find_map(|other| Some((other, uploaded(other.job).find(|(name, _)| *name == wanted.text)?.1)))
    else {
        let known: Vec<String> =
            here().flat_map(|other| uploaded(other.job)).map(|(name, _)| name.to_owned()).collect();
        let message = format!("no job of this workflow uploads an artifact {}", name(&wanted.text));
        let hint = match known.as_slice() {
            [] => "add a step with `actions/upload-artifact` to the job that makes the release".to_owned(),
            known => format!("what is uploaded is {}", few(known)),
        };
        let only = known.first().filter(|_| known.len() == 1);
        let edit = only.and_then(|only| edit::set(work.workflow, wanted.line, only));
        return Some(Finding::new(work.at(Problem::error(message), wanted.line).hint(hint), edit));
    };
    let other = &maker.job.id.text;
    if *other != work.job.id.text && !work.workflow.waits_for(work.job, other) {
        let is_told = work.job.needs.iter().any(|needed| work.workflow.job(&needed.text).is_none());
        let why = format!("it may download {} before that is uploaded", name(&wanted.text));
        return (!is_told).then(|| needing(work, Problem::error, maker, &why));
    }
    let directory = |task: &Task| match task {
        Task::Release { from: None, to, .. } => Some(plain(to)),
        Task::Release { from: Some(from), signs: true, .. } => Some(plain(from)),
        _ => None,
    };
    let (to, path) = (maker.tasks().find_map(directory)?, upload.with("path")?);
    let is_elsewhere = plain(&path.text) != to;
    is_elsewhere.then(|| {
        let message = format!("uploads {}, and the release lies in {}", name(&path.text), name(&to));
        let problem = maker.at(Problem::error(message), path.line).hint(format!("path: {to}/"));
        Finding::new(problem, edit::set(maker.workflow, path.line, &format!("{to}/")))
    })
}

/// The download has to lie where it is taken from.
fn placed(work: &Work<'_>, download: &Step, uses: usize, from: &str) -> Option<Finding> {
    let path = download.with("path");
    if path.map_or_else(|| ".".to_owned(), |path| plain(&path.text)) == from {
        return None;
    }
    let place = path.map_or_else(|| "the working directory".to_owned(), |path| name(&path.text));
    let message = format!("downloads into {place}, and the release is taken from {}", name(from));
    let line = path.map_or(uses, |path| path.line);
    let edit: Option<Edit> = match path {
        Some(path) => edit::set(work.workflow, path.line, &format!("{from}/")),
        None => download.with.first().and_then(|(key, first)| {
            edit::before(work.workflow, first.line, key, &[&format!("path: {from}/")])
        }),
    };
    Some(Finding::new(work.at(Problem::error(message), line).hint(format!("path: {from}/")), edit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SHOP;
    use crate::check::workflows::check_workflows;
    use crate::check::workflows::tests::{AROUND, GOOD, parse};
    use crate::ci::workflow::read_workflow;

    /// The artifact may be that of a job without a command of ours.
    #[test]
    fn whoever_uploads_it() {
        let build = "  build:\n    steps:\n      - uses: actions/upload-artifact@v7\n        with: {name: made, path: dist/}\n";
        let text = GOOD.replace(
            "  github-release:\n    needs: helm-release\n",
            &format!("{build}  github-release:\n    needs: [helm-release, build]\n"),
        );
        let (before, after) = text.rsplit_once("name: dist").expect("a download");
        let text = format!("{before}name: made{after}");
        let workflow = read_workflow(&text, "ci.yml").expect("a workflow");
        assert_eq!(check_workflows(&SHOP, AROUND, &[workflow], &parse), []);
    }

    #[test]
    fn both_sides_name_the_same_directory() {
        for path in ["dist", "./dist", "dist/", "dist/*", "./dist/**"] {
            assert_eq!(plain(path), "dist");
        }
    }
}
