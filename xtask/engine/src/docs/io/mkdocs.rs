//! The site that mkdocs makes.

use std::path::Path;

use anyhow::Result;

use super::program::{Program, read_site};
use crate::base::problem::Problem;
use crate::docs::{File, words};
use crate::sys::scratch::Scratch;

/// The site that mkdocs makes of the project at `root`, or what it says against it. Nothing is written into the
/// repository. `time` stands for the clock, in seconds since 1970.
pub fn build(
    mkdocs: &Program,
    root: &Path,
    config: &str,
    time: u64,
) -> Result<Result<Vec<File>, Vec<Problem>>> {
    let scratch = Scratch::directory()?;
    let site = crate::sys::files::absolute(scratch.path())?.join("site");
    let mut command = mkdocs.command();
    command.current_dir(root).args(["build", "--strict", "--clean", "--site-dir"]).arg(&site);
    command.arg("--config-file").arg(root.join(config)).env("SOURCE_DATE_EPOCH", time.to_string());
    match mkdocs.run(command)? {
        Err(problem) => Ok(Err(vec![problem])),
        Ok(output) if !output.status.success() => Ok(Err(words::mkdocs_problems(&output.stderr))),
        Ok(_) => read_site(&site).map(Ok),
    }
}
