//! The programs that build documentation, mkdocs and zensical: where they are, and how they are run.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::tree::{Hidden, read_tree};
use crate::base::config::Builder;
use crate::base::problem::{Checked, Problem, verdict};
use crate::base::text::{name, shown};
use crate::docs::{File, install};
use crate::git::io::repository::Repository;
use crate::sys::process::{self, Output};
use crate::sys::{environment, files, secrets};

/// A plugin that waits for the network would wait for ever.
const LIMIT: Duration = Duration::from_secs(600);

/// What builds the site on this machine.
#[derive(Debug)]
pub enum By {
    /// This program, as the config says.
    Native,
    /// The program of the config.
    Program(Program),
    /// This program, for a preview, since the program of the config is not installed.
    Preview(Problem),
}

/// A program that answered.
#[derive(Debug)]
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    binary: PathBuf,
    /// Its version, such as `1.6.1`.
    pub version: String,
}

impl By {
    /// Looks for the builder of the config: the program that `MKDOCS_BIN` or `ZENSICAL_BIN` names, else the one in PATH.
    /// One that is there and does not answer is an error.
    pub fn find(root: &Path, builder: Builder) -> Result<Self> {
        let Some(program) = install::program(builder) else { return Ok(Self::Native) };
        let (variable, named) = match builder {
            Builder::Zensical => ("ZENSICAL_BIN", environment::zensical_binary()),
            Builder::Native | Builder::Mkdocs => ("MKDOCS_BIN", environment::mkdocs_binary()),
        };
        if named.is_none() && !environment::is_in_path(program) {
            let message = format!("{program}, which builds the documentation, is not in PATH");
            let hint = format!("{}, or set {variable}", how_to_install(root, program)?);
            return Ok(Self::Preview(Problem::error(message).hint(hint)));
        }
        let binary = named.unwrap_or_else(|| program.into());
        Ok(Self::Program(Program::answering(root, program, binary)?))
    }
}

/// The command that installs a program in the repository at `root`.
fn how_to_install(root: &Path, program: &str) -> Result<String> {
    Ok(install::command(program, requirements_of(root, program)?.as_deref()))
}

/// The file of requirements of the repository at `root` that installs a program: the one nearest to the root.
pub fn requirements_of(root: &Path, program: &str) -> Result<Option<String>> {
    let Some(repository) = Repository::around(root) else { return Ok(None) };
    let mut found = repository.files()?;
    found.retain(|path| {
        let text = install::is_requirements(path).then(|| files::read(&repository.root().join(path)).ok());
        text.flatten().is_some_and(|text| install::installs(&String::from_utf8_lossy(&text), program))
    });
    Ok(found.into_iter().min_by_key(|path| path.split('/').count()))
}

impl Program {
    /// The program at a path, if it answers.
    fn answering(root: &Path, name_of_it: &'static str, binary: PathBuf) -> Result<Self> {
        let mut program = Self { name: name_of_it, binary, version: String::new() };
        let mut command = program.command();
        command.arg("--version");
        let output = match program.run(command)? {
            Ok(output) if output.status.success() => output,
            Ok(output) => {
                let last = output.stderr.trim().lines().last().unwrap_or_default();
                let message = format!("{} does not answer: {last}", name(&program.binary.to_string_lossy()));
                let hint = format!("install it again: {}", how_to_install(root, program.name)?);
                return Err(Problem::error(message).hint(hint).into());
            }
            Err(problem) => return Err(problem.into()),
        };
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        // `mkdocs, version 1.6.1 from …`, or the version alone.
        let mut words = words
            .split_whitespace()
            .skip_while(|word| word.starts_with(char::is_alphabetic) || *word == "mkdocs,");
        program.version = shown(words.next().unwrap_or_default());
        Ok(program)
    }

    /// A command line of it that gets no secret: its plugins are the code of others.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.envs([("PYTHONDONTWRITEBYTECODE", "1"), ("NO_COLOR", "1"), ("NO_MKDOCS_2_WARNING", "1")]);
        secrets::withhold(&mut command);
        command
    }

    /// Runs it; the inner error says that it did not end.
    pub fn run(&self, command: Command) -> Result<Result<Output, Problem>> {
        match process::run(command, Vec::new(), Instant::now() + LIMIT) {
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                let message = format!("{} did not end within {} s", self.name, LIMIT.as_secs());
                Ok(Err(Problem::error(message).hint("look at what its plugins wait for")))
            }
            output => Ok(Ok(output.with_context(|| format!("cannot run {}", self.name))?)),
        }
    }
}

/// The files of a site that a program built.
pub fn read_site(site: &Path) -> Result<Vec<File>> {
    let Checked { value: tree, problems } = read_tree(site, site, "site", Hidden::Take);
    verdict(problems)?;
    let mut files = tree.files;
    // The same text as `sitemap.xml`, in bytes that depend on Python's zlib.
    files.retain(|file| file.path != "sitemap.xml.gz");
    files.iter_mut().filter(|file| file.path == "sitemap.xml").for_each(undate);
    Ok(files)
}

/// Takes the day of the build out of a sitemap, where it stands for each page: what did not change need not be
/// published again.
fn undate(sitemap: &mut File) {
    let text = String::from_utf8_lossy(&sitemap.data);
    let kept = text.split_inclusive('\n').filter(|line| !line.trim_start().starts_with("<lastmod>"));
    sitemap.data = kept.collect::<String>().into_bytes();
}
