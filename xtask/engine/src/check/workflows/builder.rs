//! Jobs that publish documentation need the program that builds it, which no runner of GitHub's has.
//!
//! What a script or an action of others installs is unknown here, so that a job with one is never reported.

use super::{Around, Work};
use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::ci::run::Task;
use crate::ci::workflow::{Step, Workflow};
use crate::docs::install;

/// Actions that install no Python package by themselves.
const PLAIN: [&str; 10] = [
    "actions/cache",
    "actions/checkout",
    "actions/download-artifact",
    "actions/setup-python",
    "actions/upload-artifact",
    "astral-sh/setup-uv",
    "azure/setup-helm",
    "dtolnay/rust-toolchain",
    "sigstore/cosign-installer",
    "swatinem/rust-cache",
];
/// Programs of a `run:` that install no Python package.
const OTHERS: [&str; 6] = ["cargo", "echo", "git", "helm", "rustc", "rustup"];
/// Options that name a file of requirements.
const REQUIREMENTS: [&str; 2] = ["-r", "--requirement"];

/// What a step does for the program that builds the documentation.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Installs {
    No,
    Unknown,
    Yes,
}

/// A job that publishes documentation without its builder, which fails.
pub fn without_builder(config: &Config, around: Around<'_>, work: &Work<'_>) -> Option<Problem> {
    let program = install::program(config.docs).filter(|_| around.has_docs)?;
    let (publish, ..) = work.runs.iter().find(|(_, _, run)| {
        run.commands.iter().any(|command| {
            matches!(command.task, Ok(Task::Pages { publish: true, .. }))
                && !command.text.replace('=', " ").contains("--only charts")
        })
    })?;
    let variable = format!("{}_BIN", program.to_uppercase());
    let is_hosted =
        |machine: &str| ["ubuntu-", "macos-", "windows-"].iter().any(|os| machine.starts_with(os));
    let is_plain = !work.job.has_container && work.job.runs_on.as_ref().is_some_and(|on| is_hosted(&on.text));
    if !is_plain || work.workflow.has_env(work.job, publish, &variable) {
        return None;
    }
    let before = work.job.steps.iter().take_while(|step| step.line <= publish.line);
    if before.map(|step| installs(step, program, around)).any(|found| found != Installs::No) {
        return None;
    }
    let message = format!(
        "job {} publishes documentation, and no step before it installs {program}, which builds it",
        name(&work.job.id.text)
    );
    let hint = format!("- run: {}", install::command(program, around.requirements_of_docs));
    Some(work.at(Problem::error(message), publish.line).hint(format!("add a step before it: `{hint}`")))
}

fn installs(step: &Step, program: &str, around: Around<'_>) -> Installs {
    match (step.action(), &step.run) {
        (Some((action, _)), _) if PLAIN.contains(&action.to_lowercase().as_str()) => Installs::No,
        (None, Some(run)) => {
            let joined = run.text.replace("\\\n", " ");
            let lines = joined.split(['\n', ';', '&', '|']).map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.map(|line| line_installs(line, program, around)).max().unwrap_or(Installs::No)
        }
        _ => Installs::Unknown,
    }
}

fn line_installs(line: &str, program: &str, around: Around<'_>) -> Installs {
    let Some(asked) = install::packages(line) else {
        let first = line.split_whitespace().next().unwrap_or_default();
        return if OTHERS.contains(&first) { Installs::No } else { Installs::Unknown };
    };
    let files = requirements(line);
    let text = |file: &&str| Some(&around.requirements.iter().find(|(path, _)| path == file)?.1);
    let texts: Vec<&String> = files.iter().filter_map(text).collect();
    let is_builder = |word: &&str| install::installs(word.trim_matches(['"', '\'']), program);
    if asked.iter().any(is_builder) || texts.iter().any(|text| install::installs(text, program)) {
        return Installs::Yes;
    }
    // A file that cannot be read here, one that names another, and a package that is a directory may install anything.
    let is_open = |text: &&String| text.lines().any(|line| line.trim_start().starts_with("-r"));
    let is_directory = |word: &&str| word.contains(['$', '/']) || word.starts_with('.');
    let mut others = asked.iter().filter(|word| !word.ends_with(".txt"));
    if texts.len() < files.len() || texts.iter().any(is_open) || others.any(is_directory) {
        return Installs::Unknown;
    }
    Installs::No
}

/// The files of requirements that a command line names.
fn requirements(line: &str) -> Vec<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = words.windows(2).filter_map(|pair| match pair {
        [option, file] if REQUIREMENTS.contains(option) => Some(*file),
        _ => None,
    });
    let inside = words.iter().filter_map(|word| {
        let (option, file) = word.split_once('=')?;
        REQUIREMENTS.contains(&option).then_some(file)
    });
    after.chain(inside).map(|file| file.trim_start_matches("./")).collect()
}

/// The files of requirements that the workflows name, by their paths from the root.
pub fn named_requirements(workflows: &[Workflow]) -> Vec<&str> {
    let steps = workflows.iter().flat_map(|workflow| &workflow.jobs).flat_map(|job| &job.steps);
    steps
        .filter_map(|step| step.run.as_ref())
        .flat_map(|run| run.text.lines())
        .flat_map(requirements)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::{Builder, SHOP};
    use crate::check::workflows::check_workflows;
    use crate::check::workflows::tests::{AROUND, parse};
    use crate::ci::workflow::read_workflow;

    const JOB: &str = "\
on: push
jobs:
  docs:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - run: INSTALL
      - run: cargo xtask pages --only docs --publish
";

    fn faults(config: &Config, around: Around<'_>, text: &str) -> Vec<String> {
        let workflow = read_workflow(text, "docs.yml").expect("a workflow");
        let found = check_workflows(config, around, &[workflow], &parse).into_iter().map(|one| one.problem);
        let ours = found.filter(|one| one.message.contains("which builds it"));
        ours.map(|one| format!("{one} | {}", one.hint.as_deref().unwrap_or_default())).collect()
    }

    #[test]
    fn the_builder_is_installed() {
        let files = [
            ("docs/requirements.txt".to_owned(), "zensical==0.0.73\n".to_owned()),
            ("other.txt".to_owned(), "click==8\n".to_owned()),
            ("all.txt".to_owned(), "-r docs/requirements.txt\n".to_owned()),
        ];
        let around = Around { requirements: &files, ..AROUND };
        let zensical = SHOP.clone().docs(Builder::Zensical);
        let fails = |install: &str| !faults(&zensical, around, &JOB.replace("INSTALL", install)).is_empty();
        for install in [
            "pip install zensical",
            "pip3 install --quiet 'zensical==0.0.73'",
            "python -m pip install -r docs/requirements.txt",
            "pip install --require-hashes --requirement=./docs/requirements.txt",
            "pipx install zensical",
            "uv tool install zensical",
            "uv pip install --system -r docs/requirements.txt",
            "pip install -r gone.txt",
            "pip install -r all.txt",
            "pip install .",
            "pip install $PACKAGES",
            "make docs-deps",
            "poetry install",
            "|\n          echo docs\n          pip install click \\\n            zensical",
        ] {
            assert!(!fails(install), "{install}");
        }
        for install in
            ["pip install mkdocs-material", "pip install -r other.txt", "echo zensical", "cargo fmt"]
        {
            assert!(fails(install), "{install}");
        }
        let text = JOB.replace("INSTALL", "cargo fmt");
        let expected = "docs.yml:8: job `docs` publishes documentation, and no step before it installs zensical, which builds it \
                        | add a step before it: `- run: pip install zensical`";
        assert_eq!(faults(&zensical, around, &text), [expected]);
        let mkdocs = SHOP.clone().docs(Builder::Mkdocs);
        let pinned = Around { requirements_of_docs: Some("docs/requirements.txt"), ..around };
        assert!(
            faults(&mkdocs, pinned, &text)[0]
                .ends_with("`- run: pip install --requirement docs/requirements.txt`")
        );
    }

    #[test]
    fn what_nobody_can_judge_is_silent() {
        let zensical = SHOP.clone().docs(Builder::Zensical);
        let text = JOB.replace("INSTALL", "cargo fmt");
        assert_eq!(faults(&zensical, AROUND, &text).len(), 1);
        for (from, to) in [
            ("actions/checkout@v7", "acme/setup-docs@v1"),
            ("ubuntu-latest", "self-hosted"),
            ("    steps:", "    container: acme/docs\n    steps:"),
            ("    steps:", "    env: {ZENSICAL_BIN: /opt/zensical}\n    steps:"),
            ("--only docs --publish", "--only docs --offline"),
            ("pages --only docs --publish", "check"),
        ] {
            assert_eq!(faults(&zensical, AROUND, &text.replace(from, to)), [""; 0], "{to}");
        }
        assert_eq!(faults(&SHOP, AROUND, &text), [""; 0]);
        assert_eq!(faults(&zensical, Around { has_docs: false, ..AROUND }, &text), [""; 0]);
    }
}
