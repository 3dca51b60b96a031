//! Jobs that publish documentation need the program that builds it, which no runner of GitHub's has.
//!
//! What a script or an action of others installs is unknown here, so that a job with one is never reported.

use super::{Around, Work};
use crate::base::config::Config;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::ci::run::{Command, Task};
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
const REQUIREMENTS: [&str; 3] = ["-r", "--requirement", "--requirements"];
/// Options that name a file of constraints, which installs nothing.
const CONSTRAINTS: [&str; 3] = ["-c", "--constraint", "--constraints"];
/// How what begins that nobody can look into here.
const OPEN: [&str; 5] = [".", "-e", "--editable", "--group", "--with"];
/// Files of requirements name each other this often.
const MAX_FILES: usize = 8;

/// What a step does for the program that builds the documentation.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Installs {
    No,
    Unknown,
    Yes,
}

/// A job that publishes documentation without its builder, which fails.
pub fn without_builder(config: &Config, around: Around<'_>, work: &Work<'_>) -> Option<Problem> {
    let program = config.docs.and_then(install::program).filter(|_| around.has_docs)?;
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
    let own = work.runs.iter().take_while(|(step, ..)| step.line <= publish.line);
    let is_own = |command: &Command| !matches!(&command.task, Ok(task) if !matches!(task, Task::Own { .. }));
    if before.map(|step| installs(step, program, around)).any(|found| found != Installs::No)
        || own.flat_map(|(.., run)| &run.commands).any(is_own)
    {
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
    let directory = step.directory.as_ref().map_or(Some(String::new()), |own| path::join("", &own.text));
    let request = Request { program, around, depth: 0, directory: directory.as_deref() };
    match (step.action(), &step.run) {
        (Some((action, _)), _) if PLAIN.contains(&action.to_lowercase().as_str()) => {
            step.with("pip-install").map_or(Installs::No, |packages| request.of_words(&packages.text))
        }
        (None, Some(run)) => {
            let joined = run.text.replace("\\\n", " ");
            let lines = joined.split(['\n', ';', '&', '|']).map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.map(|line| request.of_line(line)).max().unwrap_or(Installs::No)
        }
        _ => Installs::Unknown,
    }
}

/// What is looked for among the packages that somebody asks for.
#[derive(Clone, Copy)]
struct Request<'a> {
    program: &'a str,
    around: Around<'a>,
    /// How many files of requirements name this one.
    depth: usize,
    /// The directory that paths start from, if it is known.
    directory: Option<&'a str>,
}

impl Request<'_> {
    fn of_line(self, line: &str) -> Installs {
        let first = line.split_whitespace().next().unwrap_or_default();
        match install::packages(line) {
            Some(packages) => self.of_words(&packages.join(" ")),
            None if OTHERS.contains(&first) => Installs::No,
            None => Installs::Unknown,
        }
    }

    /// What is installed by these arguments of an installer, or this line of a file of requirements.
    fn of_words(self, words: &str) -> Installs {
        let mut words = words.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
        let mut found = Installs::No;
        while let Some(word) = words.next() {
            let (option, value) = word.split_once('=').unwrap_or((word, ""));
            let glued = word.strip_prefix("-r").unwrap_or_default();
            found = found.max(match option {
                _ if REQUIREMENTS.contains(&option) && value.is_empty() => self.of_file(words.next()),
                _ if REQUIREMENTS.contains(&option) => self.of_file(Some(value)),
                _ if !glued.is_empty() => self.of_file(Some(glued)),
                _ if CONSTRAINTS.contains(&option) => {
                    words.by_ref().take(usize::from(value.is_empty())).for_each(drop);
                    Installs::No
                }
                _ if install::installs(word, self.program) => Installs::Yes,
                // The project itself, a directory, an archive or a variable may install anything.
                _ if OPEN.iter().any(|open| word.starts_with(open)) || word.contains(['$', '/']) => {
                    Installs::Unknown
                }
                _ => Installs::No,
            });
        }
        found
    }

    fn of_file(self, file: Option<&str>) -> Installs {
        let path = file.zip(self.directory).and_then(|(file, directory)| path::join(directory, file));
        let of = |(known, _): &&(String, String)| path.as_ref() == Some(known);
        let Some((path, text)) = self.around.requirements.iter().find(of).filter(|_| self.depth < MAX_FILES)
        else {
            return Installs::Unknown;
        };
        let request = Self { directory: Some(path::directory(path)), depth: self.depth + 1, ..self };
        let joined = text.replace("\\\n", " ");
        let plain =
            |line: &str| line.split(" #").next().filter(|line| !line.starts_with('#')).map(str::to_owned);
        let lines = joined.lines().map(str::trim).filter_map(plain);
        lines.map(|line| request.of_words(&line)).max().unwrap_or(Installs::No)
    }
}

/// The files of requirements of a repository: those that are called so, and those that its workflows name.
pub fn requirements<'f>(workflows: &[Workflow], files: &'f [String]) -> Vec<&'f str> {
    let is_named = |file: &str| {
        let name = file.rsplit('/').next().unwrap_or(file);
        let mut lines = workflows.iter().flat_map(|workflow| &workflow.lines);
        [".txt", ".in"].iter().any(|end| name.ends_with(end)) && lines.any(|line| line.contains(name))
    };
    let files = files.iter().map(String::as_str);
    files.filter(|file| install::is_requirements(file) || is_named(file)).collect()
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
            ("docs/all.in".to_owned(), "# all\n--requirement requirements.txt # them\n".to_owned()),
            ("pinned.txt".to_owned(), "-c constraints.txt\nclick==8 \\\n  --hash=sha256:a\n".to_owned()),
            ("local.txt".to_owned(), "click @ git+https://h/x\n".to_owned()),
            ("own.txt".to_owned(), "click\n./plugins/own\n".to_owned()),
            ("loop.txt".to_owned(), "-rloop.txt\n".to_owned()),
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
            "pip install -rall.txt",
            "uv pip install --requirements=docs/all.in",
            "pip install -r local.txt",
            "pip install -r own.txt",
            "pip install -r loop.txt",
            "pip install '.[docs]'",
            "pip install --group docs",
            "pip install -e docs",
            "cargo xtask install-docs",
            "pip install -r all.in\n        working-directory: ./docs",
            "pip install -r other.txt\n        working-directory: docs",
            "cargo fmt\n      - uses: actions/setup-python@v6\n        with: {pip-install: -r all.txt}",
            "pip install .",
            "pip install $PACKAGES",
            "make docs-deps",
            "poetry install",
            "|\n          echo docs\n          pip install click \\\n            zensical",
        ] {
            assert!(!fails(install), "{install}");
        }
        for install in [
            "pip install mkdocs-material",
            "pip install -r other.txt",
            "pip install -r ../other.txt\n        working-directory: docs",
            "pip install -r pinned.txt",
            "pip install -c all.txt click",
            "cargo fmt\n      - uses: actions/setup-python@v6\n        with: {pip-install: -r other.txt}",
            "echo zensical",
            "cargo fmt",
            "cargo xtask check",
        ] {
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
            ("cargo fmt", "cargo xtask own"),
            ("    steps:", "    container: acme/docs\n    steps:"),
            ("    steps:", "    env: {ZENSICAL_BIN: /opt/zensical}\n    steps:"),
            ("--only docs --publish", "--only docs --offline"),
            ("pages --only docs --publish", "check"),
        ] {
            assert_eq!(faults(&zensical, AROUND, &text.replace(from, to)), [""; 0], "{to}");
        }
        let files = [("other.txt".to_owned(), "click\n".to_owned())];
        let around = Around { requirements: &files, ..AROUND };
        let text = text.replace("cargo fmt", "pip install -r other.txt");
        assert_eq!(faults(&zensical, around, &text).len(), 1);
        let elsewhere = text.replace("jobs:", "defaults:\n  run: {working-directory: docs}\njobs:");
        assert_eq!(faults(&zensical, around, &elsewhere), [""; 0]);
        let back = elsewhere.replace("    steps:", "    defaults: {run: {working-directory: .}}\n    steps:");
        assert_eq!(faults(&zensical, around, &back).len(), 1);
        assert_eq!(faults(&SHOP, AROUND, &text), [""; 0]);
        assert_eq!(faults(&zensical, Around { has_docs: false, ..AROUND }, &text), [""; 0]);
    }
}
