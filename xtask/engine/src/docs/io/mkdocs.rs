//! The mkdocs program, which builds the documentation where it is there.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::tree::{Hidden, read_tree};
use crate::base::problem::{Checked, Problem, verdict};
use crate::base::text::{name, shown};
use crate::docs::{File, words};
use crate::sys::scratch::Scratch;
use crate::sys::{environment, process, secrets};

/// A plugin that waits for the network would wait for ever.
const LIMIT: Duration = Duration::from_secs(600);

/// A mkdocs that answered.
#[derive(Debug)]
pub struct Mkdocs {
    binary: PathBuf,
    /// Its version, such as `1.6.1`.
    pub version: String,
}

impl Mkdocs {
    /// Looks for mkdocs: `MKDOCS_BIN`, else the one in PATH. `None` where there is none; one that is there and does not
    /// answer is an error.
    pub fn find() -> Result<Option<Self>> {
        let named = environment::mkdocs_binary();
        let in_path = named.is_some() || environment::is_in_path("mkdocs");
        if in_path { Self::answering(named.unwrap_or_else(|| "mkdocs".into())).map(Some) } else { Ok(None) }
    }

    /// The mkdocs at a path, if it answers.
    pub fn answering(binary: PathBuf) -> Result<Self> {
        let mut command = Command::new(&binary);
        command.arg("--version");
        secrets::withhold(&mut command);
        match process::run(command, Vec::new(), Instant::now() + LIMIT) {
            Ok(output) if output.status.success() => {
                let words = String::from_utf8_lossy(&output.stdout).into_owned();
                let version = words.split_whitespace().skip_while(|word| *word != "version").nth(1);
                Ok(Self { binary, version: shown(version.unwrap_or_default()) })
            }
            Ok(output) => {
                let last = output.stderr.trim().lines().last().unwrap_or_default();
                let message = format!("{} does not answer: {last}", name(&binary.to_string_lossy()));
                Err(Problem::error(message).hint("install it again, or add --docs native").into())
            }
            Err(error) => Err(error).context("cannot run mkdocs"),
        }
    }

    /// The site that mkdocs makes of the project at `root`, or what it says against it. Nothing is written into the
    /// repository. `time` stands for the clock, in seconds since 1970.
    pub fn build(&self, root: &Path, config: &Path, time: u64) -> Result<Result<Vec<File>, Vec<Problem>>> {
        let scratch = Scratch::directory()?;
        let boundary = crate::sys::files::absolute(scratch.path())?;
        let site = boundary.join("site");
        let mut command = Command::new(&self.binary);
        command.current_dir(root).args(["build", "--strict", "--clean", "--site-dir"]).arg(&site);
        command.arg("--config-file").arg(config);
        command.env("SOURCE_DATE_EPOCH", time.to_string());
        command.envs([("PYTHONDONTWRITEBYTECODE", "1"), ("NO_COLOR", "1"), ("NO_MKDOCS_2_WARNING", "1")]);
        // Its plugins are the code of others.
        secrets::withhold(&mut command);
        let output = match process::run(command, Vec::new(), Instant::now() + LIMIT) {
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                let problem = Problem::error(format!("mkdocs did not end within {} s", LIMIT.as_secs()));
                return Ok(Err(vec![
                    problem.hint("look at what its plugins wait for, or add --docs native"),
                ]));
            }
            output => output.context("cannot run mkdocs")?,
        };
        if !output.status.success() {
            return Ok(Err(words::mkdocs_problems(&output.stderr)));
        }
        let Checked { value: tree, problems } = read_tree(&site, &site, "site", Hidden::Take);
        verdict(problems)?;
        let mut files = tree.files;
        // The same text as `sitemap.xml`, in bytes that depend on Python's zlib.
        files.retain(|file| file.path != "sitemap.xml.gz");
        files.iter_mut().filter(|file| file.path == "sitemap.xml").for_each(undate);
        Ok(Ok(files))
    }
}

/// Takes the day of the build out of a sitemap, where it stands for each page: what did not change need not be
/// published again.
fn undate(sitemap: &mut File) {
    let text = String::from_utf8_lossy(&sitemap.data);
    let kept = text.split_inclusive('\n').filter(|line| !line.trim_start().starts_with("<lastmod>"));
    sitemap.data = kept.collect::<String>().into_bytes();
}
