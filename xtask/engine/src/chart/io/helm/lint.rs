//! `helm lint` and `helm template`: what only the template engine can say.

use std::path::Path;

use anyhow::Result;

use super::{Helm, cause};
use crate::base::problem::Severity;
use crate::chart::helm_lint::{Said, messages};
use crate::sys::process::Output;

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
        let linted = self.judge(root, &["lint", "--strict", directory], values)?;
        let mut said = messages(&String::from_utf8_lossy(&linted.stdout));
        if said.iter().all(|one| one.severity != Severity::Error) {
            if !linted.status.success() && said.is_empty() {
                said.push(failed("", &linted.stderr));
            }
            if is_library {
                return Ok(said);
            }
            let rendered = self.judge(root, &["template", "check", directory], values)?;
            said.extend((!rendered.status.success()).then(|| failed("templates/", &rendered.stderr)));
        }
        Ok(said)
    }

    /// The last of the arguments is the chart.
    fn judge(&self, root: &Path, arguments: &[&str], values: Option<&str>) -> Result<Output> {
        let mut command = self.command();
        command.current_dir(root).args(arguments).args(values.iter().flat_map(|values| ["--values", values]));
        self.run_helm(command, arguments.last().unwrap_or(&""), values)
    }
}

fn failed(place: &str, words: &str) -> Said {
    let text = cause(words).trim_end_matches("Use --debug flag to render out invalid YAML").trim_end();
    Said { severity: Severity::Error, place: place.to_owned(), text: text.to_owned() }
}
