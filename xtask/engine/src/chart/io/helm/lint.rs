//! `helm lint` and `helm template`: what only the template engine can say.

use std::borrow::Cow;
use std::path::Path;

use anyhow::Result;

use super::{Helm, cause};
use crate::base::problem::Severity;
use crate::base::version::precedence;
use crate::chart::attempt::{Attempt, Doubt, SKIP_SCHEMA, attempt};
use crate::chart::cluster::Clusters;
use crate::chart::helm_lint::{Said, messages};
use crate::chart::helm_words::is_unreachable;
use crate::sys::process::Output;

/// The first Helm whose `lint` takes `--kube-version`.
const LINT_KNOWS_CLUSTERS: &str = "3.14.0";

/// A chart, as helm is asked about it.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub root: &'a Path,
    /// Its directory below `root`.
    pub directory: &'a str,
    /// Where it lies with the dependencies that were fetched.
    pub chart: &'a Path,
    pub clusters: &'a Clusters,
    /// A library is not rendered by itself.
    pub is_library: bool,
}

/// What helm said of a chart, and what it cannot say on this machine.
pub struct Opinion {
    pub said: Vec<Said>,
    pub doubts: Vec<Doubt>,
}

impl Helm {
    /// What helm says of a chart with these values, and, if it finds no error, of rendering it.
    pub fn lint(&self, asked: &Asked<'_>, values: Option<&str>) -> Result<Opinion> {
        let (mut said, mut doubts, mut skip) = (self.lint_alone(asked, values, &[])?, Vec::new(), &[][..]);
        if let Some(unreachable) = said.iter().find(|one| is_unreachable(&one.text)) {
            doubts.push(Doubt::Schema(unreachable.text.clone()));
            skip = &[SKIP_SCHEMA];
            said = self.lint_alone(asked, values, skip)?;
            // A helm that is older than the option, or whose linter looks at values.yaml all the same (3.17).
            said.retain(|one| !one.text.contains("unknown flag") && !is_unreachable(&one.text));
        }
        if asked.is_library || said.iter().any(|one| one.severity == Severity::Error) {
            return Ok(Opinion { said, doubts });
        }
        let Attempt { result, options, doubts: more } = attempt(asked.clusters, |options| {
            let rendered = self.judge(asked, &["template", "check"], &joined(options, skip), values)?;
            let failed = || asked.shown(cause(&rendered.stderr));
            anyhow::Ok(if rendered.status.success() { Ok(()) } else { Err(failed()) })
        })?;
        let command = asked.command("template check", &joined(&options, skip), values);
        said.extend(result.err().map(|words| failed("templates/", &words, command)));
        doubts.extend(more);
        Ok(Opinion { said, doubts })
    }

    fn lint_alone(&self, asked: &Asked<'_>, values: Option<&str>, more: &[&str]) -> Result<Vec<Said>> {
        let cluster = ["--kube-version", &asked.clusters.version];
        let knows = precedence(&self.version, LINT_KNOWS_CLUSTERS).is_ge();
        let options = [if knows { &cluster[..] } else { &[] }, more].concat();
        let linted = self.judge(asked, &["lint", "--strict"], &options, values)?;
        let command = asked.command("lint --strict", &options, values);
        let mut said = messages(&asked.shown(&String::from_utf8_lossy(&linted.stdout)));
        if !linted.status.success() && said.is_empty() {
            said.push(failed("", &asked.shown(cause(&linted.stderr)), String::new()));
        }
        for one in &mut said {
            one.command.clone_from(&command);
        }
        Ok(said)
    }

    fn judge(
        &self,
        asked: &Asked<'_>,
        verb: &[&str],
        options: &[&str],
        values: Option<&str>,
    ) -> Result<Output> {
        let mut command = self.command();
        command.current_dir(asked.root).args(verb).arg(&*asked.given()).args(options);
        command.args(values.iter().flat_map(|values| ["--values", values]));
        self.run_helm(command, asked.directory, values)
    }
}

impl Asked<'_> {
    /// Helm's words name the directory as it is given.
    fn given(&self) -> Cow<'_, str> {
        if self.chart == self.root.join(self.directory) {
            self.directory.into()
        } else {
            self.chart.to_string_lossy()
        }
    }

    fn shown(&self, words: &str) -> String {
        words.replace(&*self.given(), self.directory)
    }

    /// What a user types for the same.
    pub fn command(&self, verb: &str, options: &[&str], values: Option<&str>) -> String {
        let values = values.map_or_else(String::new, |values| format!(" --values {values}"));
        let words = [&["helm", verb, self.directory], options].concat();
        format!("{}{values}", words.join(" "))
    }
}

fn joined<'a>(options: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    options.iter().map(String::as_str).chain(more.iter().copied()).collect()
}

fn failed(place: &str, words: &str, command: String) -> Said {
    let (place, text) = (place.to_owned(), words.to_owned());
    Said { severity: Severity::Error, place, text, command }
}
