//! `helm lint` and `helm template`: what only the template engine can say.

use std::path::Path;

use anyhow::Result;

use super::{Helm, cause};
use crate::base::problem::Severity;
use crate::chart::helm_lint::{Said, messages};
use crate::sys::process::Output;

impl Helm {
    /// What helm says of a chart, whose directory is `directory` below `root`, with these values, and, if it finds no error,
    /// of rendering it, which a library does not do by itself. `chart` has the dependencies that were fetched, too.
    pub fn lint(
        &self,
        root: &Path,
        directory: &str,
        chart: &Path,
        values: Option<&str>,
        is_library: bool,
    ) -> Result<Vec<Said>> {
        // Its words name the directory as it is given.
        let given = if chart == root.join(directory) { directory } else { &*chart.to_string_lossy() };
        let mut said = self.hear(root, given, directory, values, is_library)?;
        for one in &mut said {
            one.text = one.text.replace(given, directory);
        }
        Ok(said)
    }

    fn hear(
        &self,
        root: &Path,
        given: &str,
        directory: &str,
        values: Option<&str>,
        is_library: bool,
    ) -> Result<Vec<Said>> {
        let linted = self.judge(root, &["lint", "--strict", given], directory, values)?;
        let mut said = messages(&String::from_utf8_lossy(&linted.stdout));
        if said.iter().all(|one| one.severity != Severity::Error) {
            if !linted.status.success() && said.is_empty() {
                said.push(failed("", &linted.stderr));
            }
            if is_library {
                return Ok(said);
            }
            let rendered = self.judge(root, &["template", "check", given], directory, values)?;
            said.extend((!rendered.status.success()).then(|| failed("templates/", &rendered.stderr)));
        }
        Ok(said)
    }

    fn judge(&self, root: &Path, arguments: &[&str], at: &str, values: Option<&str>) -> Result<Output> {
        let mut command = self.command();
        command.current_dir(root).args(arguments).args(values.iter().flat_map(|values| ["--values", values]));
        self.run_helm(command, at, values)
    }
}

fn failed(place: &str, words: &str) -> Said {
    let text = cause(words).trim_end_matches("Use --debug flag to render out invalid YAML").trim_end();
    Said { severity: Severity::Error, place: place.to_owned(), text: text.to_owned() }
}
