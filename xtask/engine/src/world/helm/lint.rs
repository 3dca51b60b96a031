//! `helm lint` and `helm template`: what only the template engine can say.

use std::path::Path;

use anyhow::Result;
use xshell::{Shell, cmd};

use super::super::secrets;
use super::{Helm, cause};
use crate::model::problem::Severity;
use crate::plan::check::helm::{Said, messages};

impl Helm {
    /// What helm says of a chart directory below `root` with these values, and, if it finds no error, of rendering it,
    /// which a library does not do by itself.
    pub fn lint(
        &self,
        root: &Path,
        directory: &str,
        values: Option<&str>,
        is_library: bool,
    ) -> Result<Vec<Said>> {
        let linted = self.run(root, &["lint", "--strict", directory], values)?;
        let mut said = messages(&linted.stdout);
        if said.iter().all(|one| one.severity != Severity::Error) {
            if !linted.succeeded && said.is_empty() {
                said.push(failed("", &linted.stderr));
            }
            if is_library {
                return Ok(said);
            }
            let rendered = self.run(root, &["template", "check", directory], values)?;
            said.extend((!rendered.succeeded).then(|| failed("templates/", &rendered.stderr)));
        }
        Ok(said)
    }

    fn run(&self, root: &Path, arguments: &[&str], values: Option<&str>) -> Result<Printed> {
        let sh = Shell::new()?;
        sh.change_dir(root);
        let binary = &self.binary;
        let values = values.iter().flat_map(|values| ["--values", values]);
        let command = secrets::without(cmd!(sh, "{binary} {arguments...} {values...}"));
        let output = command.quiet().ignore_status().output()?;
        Ok(Printed {
            succeeded: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// What helm printed.
struct Printed {
    succeeded: bool,
    stdout: String,
    stderr: String,
}

fn failed(place: &str, words: &str) -> Said {
    let text = cause(words).trim_end_matches("Use --debug flag to render out invalid YAML").trim_end();
    Said { severity: Severity::Error, place: place.to_owned(), text: text.to_owned() }
}
