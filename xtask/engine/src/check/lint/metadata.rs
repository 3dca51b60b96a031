//! The rules for Chart.yaml.

use super::{at, links, top};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::version::{helm_accepts, precedence, strict_form};
use crate::base::yaml::{Node, Resolved, Value};
use crate::chart::cluster::newest;
use crate::chart::package::Package;
use crate::check::Chart;
use crate::check::edit::{Edit, Finding};
use crate::check::yaml::File;

const FILE: &str = "Chart.yaml";
/// The least version of all, which Helm refuses.
const LEAST: &str = "0.0.0-0";

/// Judges it, as far as it can be read.
pub fn lint_metadata(chart: &Chart) -> Vec<Finding> {
    let (Some(package), Some(file)) = (&chart.package, File::of(&chart.source, FILE)) else {
        return Vec::new();
    };
    if !file.root.is_null() && !matches!(file.root.value, Value::Mapping(_)) {
        return Vec::new();
    }
    let rules = Rules { chart, package, file };
    let strict = || rules.strict_version().map(Into::into);
    let version = rules.least_version().map(Into::into).or_else(|| rules.text("version")).or_else(strict);
    let is_declared = package.line("dependencies").is_some() && !package.metadata.dependencies.is_empty();
    let in_v2 = [
        rules.only_in_v2("type", !package.metadata.kind.is_empty()),
        rules.only_in_v2("dependencies", is_declared),
    ];
    let links =
        links::maintainers(&rules).into_iter().chain(links::sources(&rules)).chain(links::icon(&rules));
    let links = links.chain(rules.kube_version());
    let found = [rules.api_version(), version, rules.text("appVersion")];
    found.into_iter().flatten().chain(links.chain(in_v2.into_iter().flatten()).map(Into::into)).collect()
}

/// What the rules look at.
pub(super) struct Rules<'a> {
    chart: &'a Chart,
    pub(super) package: &'a Package,
    file: File<'a>,
}

impl Rules<'_> {
    pub(super) fn bad(&self, field: &str, message: impl Into<String>) -> Problem {
        at(self.chart, FILE, self.package.line(field), message)
    }

    /// What is wrong with an item of a list.
    pub(super) fn bad_item(&self, field: &str, index: usize, message: String) -> Problem {
        let item = self.value(field).and_then(|list| list.items().get(index)).map(|item| item.line);
        at(self.chart, FILE, item.or(self.package.line(field)), message)
    }

    /// The value of a field that is spelled exactly like this.
    fn value(&self, field: &str) -> Option<&Node> {
        self.file.root.get(field).map(|pair| &pair.value)
    }

    /// Another text in the line of a field.
    fn replace(&self, field: &str, from: &str, to: &str) -> Option<Edit> {
        Edit::within(&self.file.path, self.file.text, self.package.line(field)?, from, to)
    }

    /// Without one Helm reads `v1`.
    fn api_version(&self) -> Option<Finding> {
        let is_empty = |node: &Node| node.text().unwrap_or_default().is_empty();
        if self.package.line("apiVersion").is_some() && !self.value("apiVersion").is_some_and(is_empty) {
            return None;
        }
        let message = "`apiVersion` is missing: Helm takes this for a chart of Helm 2, and `helm lint` fails";
        let problem = self.bad("apiVersion", message).hint("write `apiVersion: v2`");
        Some(Finding::new(problem, self.insert_api_version()))
    }

    /// Before the first field, unless requirements.yaml would mean something else then.
    fn insert_api_version(&self) -> Option<Edit> {
        let line = self.file.root.pairs().iter().map(|pair| pair.line).min()?;
        let first = self.file.text.lines().nth(line.checked_sub(1)?)?;
        let is_block = first.starts_with(|c: char| c.is_ascii_alphabetic());
        let has_requirements = ["requirements.yaml", "requirements.lock"]
            .into_iter()
            .any(|file| top(self.chart, file).is_some());
        let is_plain = is_block && self.package.line("apiVersion").is_none() && !has_requirements;
        let insert = vec!["apiVersion: v2".to_owned()];
        is_plain.then(|| Edit { file: self.file.path.clone(), line, remove: Vec::new(), insert })
    }

    /// A field that is text for Helm and something else for YAML. Packaging refuses what Helm reads as another text, and
    /// what is no version.
    fn text(&self, field: &str) -> Option<Finding> {
        let Value::Scalar(scalar) = &self.value(field)?.value else { return None };
        let is = match scalar.resolved {
            Resolved::Text(_) => return None,
            Resolved::Null => "empty",
            Resolved::Bool(_) => "not text: YAML reads a truth value",
            Resolved::Int(_) | Resolved::Float(_) => "not text: YAML reads a number",
        };
        let written = &scalar.written;
        let is_read_otherwise =
            scalar.text().map_or(true, |text| text.is_some_and(|text| text.helm != *written));
        if is_read_otherwise || field == "version" && !helm_accepts(written) {
            return None;
        }
        let problem = self.bad(field, format!("`{field}` is {is}, and `helm lint` fails"));
        if scalar.is_null() {
            let hint = format!("write `{field}: \"1.0.0\"`, with the version that it is");
            return Some(problem.hint(hint).into());
        }
        let instead = format!("\"{written}\"");
        let problem = problem.hint(format!("write `{field}: {instead}`"));
        Some(Finding::new(problem, self.replace(field, written, &instead)))
    }

    fn least_version(&self) -> Option<Problem> {
        let given = &self.package.metadata.version;
        let message = format!(
            "version {} is the least that there is, and `helm lint` wants a greater one",
            name(given)
        );
        let is_least = helm_accepts(given) && precedence(given, LEAST).is_le();
        is_least.then(|| self.bad("version", message).hint("write three numbers, as in `version: 0.1.0`"))
    }

    /// What Helm packages, pushes and pulls by this very version. Of the tags of a registry it takes the strict ones alone
    /// where a range or no version is asked for. Whoever writes a `v` may have users who know the version by it.
    fn strict_version(&self) -> Option<Problem> {
        let given = &self.package.metadata.version;
        // Packaging refuses what Helm reads as another text.
        if self.value("version").is_some_and(|node| node.text() != Some(given)) {
            return None;
        }
        let strict = strict_form(given).filter(|_| semver::Version::parse(given).is_err())?.to_string();
        let message = format!(
            "version {} is not a strict semantic version: Helm finds it in a registry only by `--version {given}`, and `helm lint` of Helm 4 warns",
            name(given)
        );
        let problem = self.bad("version", message).only_warns();
        // Once it is published, Helm takes the strict one for the same version.
        let hint =
            format!("write `version: {strict}`, unless {} is published: then the next version", name(given));
        Some(problem.hint(hint))
    }

    /// Helm looks at it when it installs alone, and refuses each cluster where it does not understand it.
    fn kube_version(&self) -> Option<Problem> {
        let given = &self.package.metadata.kube_version;
        let why = match newest(given) {
            Ok(Some(_)) => return None,
            Ok(None) => "there is no such version of Kubernetes".to_owned(),
            Err(why) => why,
        };
        let message =
            format!("`kubeVersion` {} allows no cluster, and Helm refuses to install: {why}", name(given));
        let hint = "write what the chart runs on, such as `kubeVersion: \">=1.25.0-0\"`, where `-0` lets the versions of vendors in";
        Some(self.bad("kubeVersion", message).hint(hint))
    }

    fn only_in_v2(&self, field: &str, is_there: bool) -> Option<Problem> {
        let message = format!("`{field}` is a field of charts of `apiVersion: v2`, and this is none");
        let is_bad = is_there && !self.package.metadata.is_v2();
        is_bad.then(|| self.bad(field, message).hint("write `apiVersion: v2`"))
    }
}
