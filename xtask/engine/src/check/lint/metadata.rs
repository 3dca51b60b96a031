//! The rules for Chart.yaml.

use super::{By, Message, at, content, links, top};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::version;
use crate::base::yaml::{Node, Resolved, Value};
use crate::chart::Written;
use crate::chart::ignore::Kind;
use crate::check::Chart;
use crate::check::edit::{Edit, Finding};

pub(super) const FILE: &str = "Chart.yaml";
const NO_VERSION: &str = "the chart has no version";
/// The least version of all, which Helm refuses.
const LEAST: &str = "0.0.0-0";

/// Judges it.
pub fn lint(chart: &Chart) -> Vec<Message> {
    if top(chart, FILE) == Some(Kind::Directory) {
        let problem = || at(chart, FILE, None, "it is a directory").hint("replace it by a file");
        let first = Message::error(FILE, "should be a file, not a directory").with(problem());
        return vec![first, Message::error(FILE, "unable to parse YAML ").with(problem())];
    }
    let Some(bytes) = content(chart, FILE) else { return Vec::new() };
    let file = format!("{}/{FILE}", chart.source.path);
    match Written::read(bytes, &file) {
        Ok(written) => {
            let text = String::from_utf8_lossy(bytes);
            Rules { chart, written, file, text: &text }.all()
        }
        Err(problems) => {
            let message = Message::error(FILE, "unable to parse YAML ");
            vec![problems.into_iter().fold(message, Message::with)]
        }
    }
}

/// What the rules look at.
pub(super) struct Rules<'a> {
    pub(super) chart: &'a Chart,
    pub(super) written: Written,
    file: String,
    text: &'a str,
}

impl Rules<'_> {
    fn all(&self) -> Vec<Message> {
        let rules = [
            self.strict_fields(),
            self.name(),
            self.api_version(),
            self.text("version"),
            self.version(),
            self.text("appVersion"),
            links::maintainers(self),
            links::sources(self),
            links::icon(self),
            self.only_in_v2("type", !self.written.metadata.kind.is_empty()),
            self.only_in_v2("dependencies", !self.written.metadata.dependencies.is_empty()),
            self.strict_version(),
        ];
        rules.into_iter().flatten().collect()
    }

    /// What is wrong with a field.
    pub(super) fn bad(&self, field: &str, message: impl Into<String>) -> Problem {
        at(self.chart, FILE, self.written.line(field), message)
    }

    /// Another text in the line of a field.
    fn replace(&self, field: &str, from: &str, to: &str) -> Option<Edit> {
        Edit::within(&self.file, self.text, self.written.line(field)?, from, to)
    }

    fn strict_fields(&self) -> Option<Message> {
        let said = |words: &str| {
            let text = format!("failed to strictly parse chart metadata file {words}");
            Message::warning(FILE, text).only(By::Helm4)
        };
        if let Some((key, line)) = self.written.repeated.first() {
            let message = format!("{} is given twice: `helm lint` of Helm 4 warns", name(key));
            let problem = at(self.chart, FILE, Some(*line), message).hint("delete one of them");
            return Some(said("error converting YAML to JSON: yaml: unmarshal errors: ").with(problem));
        }
        let (key, line) = self.written.unknown()?;
        let message = format!("Helm does not know the field {}: `helm lint` of Helm 4 warns", name(key));
        let problem =
            at(self.chart, FILE, Some(line), message).hint("delete it, or move it to `annotations`");
        let words = format!("error unmarshaling JSON: while decoding JSON: json: unknown field {key:?}");
        Some(said(&words).with(problem))
    }

    fn name(&self) -> Option<Message> {
        let given = &self.written.metadata.name;
        let (text, message) = match given.as_str() {
            "" => ("name is required".to_owned(), "the chart has no name".to_owned()),
            "/" => return None,
            _ if given.contains('/') => (
                format!("chart name {given:?} is invalid"),
                format!("name {} has a slash in it", name(given)),
            ),
            _ => return None,
        };
        let problem =
            self.bad("name", message).hint("write `name: NAME`, with the name of the chart's directory");
        Some(Message::error(FILE, text).with(problem))
    }

    fn api_version(&self) -> Option<Message> {
        let allowed = r#"The value must be either "v1" or "v2""#;
        let hint = "write `apiVersion: v2`";
        match self.written.metadata.api_version.as_str() {
            "v1" | "v2" => None,
            "" => {
                let message =
                    "`apiVersion` is missing: Helm takes this for a chart of Helm 2, and `helm lint` fails";
                let finding =
                    Finding::new(self.bad("apiVersion", message).hint(hint), self.insert_api_version());
                Some(Message::error(FILE, format!("apiVersion is required. {allowed}")).with(finding))
            }
            other => {
                let message = format!("apiVersion {} is neither `v1` nor `v2`", name(other));
                let problem = self.bad("apiVersion", message).hint(hint);
                Some(
                    Message::error(FILE, format!("apiVersion '{other}' is not valid. {allowed}"))
                        .with(problem),
                )
            }
        }
    }

    /// Before the first field, unless requirements.yaml would mean something else then.
    fn insert_api_version(&self) -> Option<Edit> {
        let line = self.written.first_line()?;
        let first = self.text.lines().nth(line.checked_sub(1)?)?;
        let is_block = first.starts_with(|c: char| c.is_ascii_alphabetic());
        let is_plain = is_block && self.written.line("apiVersion").is_none() && !self.has_requirements();
        let insert = vec!["apiVersion: v2".to_owned()];
        is_plain.then(|| Edit { file: self.file.clone(), line, remove: Vec::new(), insert })
    }

    fn has_requirements(&self) -> bool {
        ["requirements.yaml", "requirements.lock"].into_iter().any(|file| top(self.chart, file).is_some())
    }

    /// A field that is text for Helm and something else for YAML, which may write it in another way.
    fn text(&self, field: &str) -> Option<Message> {
        let Some(Node { value: Value::Scalar(scalar), .. }) = self.written.value(field) else { return None };
        let (kind, is) = match scalar.resolved {
            Resolved::Text(_) => return None,
            // Helm's reader for this rule fails, and it says nothing.
            Resolved::Float(number) if !number.is_finite() => return None,
            Resolved::Null => ("<nil>", "empty"),
            Resolved::Bool(_) => ("bool", "not text: YAML reads a truth value"),
            Resolved::Int(_) | Resolved::Float(_) => ("float64", "not text: YAML reads a number"),
        };
        let problem = self.bad(field, format!("`{field}` is {is}, and `helm lint` fails"));
        let written = &scalar.written;
        let strict = version::strict_form(written).filter(|_| field == "version");
        let instead = strict.map_or_else(|| format!("\"{written}\""), |version| version.to_string());
        let finding = if kind == "<nil>" {
            problem.hint(format!("write `{field}: \"1.0.0\"`, with the version that it is")).into()
        } else {
            let edit = self.replace(field, written, &instead);
            Finding::new(problem.hint(format!("write `{field}: {instead}`")), edit)
        };
        let text = format!("{field} should be of type string but it's of type {kind}");
        Some(Message::error(FILE, text).with(finding))
    }

    fn version(&self) -> Option<Message> {
        let given = &self.written.metadata.version;
        let (text, message) = if given.is_empty() {
            ("version is required".to_owned(), NO_VERSION.to_owned())
        } else if !version::helm_accepts(given) {
            let message = format!("version {} is not a semantic version", name(given));
            (format!("version '{given}' is not a valid SemVer"), message)
        } else if version::precedence(given, LEAST).is_le() {
            let message = format!(
                "version {} is the least that there is, and `helm lint` wants a greater one",
                name(given)
            );
            let shown =
                version::strict_form(given).map_or_else(|| given.clone(), |version| version.to_string());
            (format!("version {shown} is less than or equal to {LEAST}"), message)
        } else {
            return None;
        };
        let problem = self.bad("version", message).hint("write three numbers, as in `version: 0.1.0`");
        Some(Message::error(FILE, text).with(problem))
    }

    /// What Helm packages, and neither a release nor a registry of semantic versions takes.
    fn strict_version(&self) -> Option<Message> {
        let given = &self.written.metadata.version;
        if semver::Version::parse(given).is_ok() {
            return None;
        }
        let message = match given.as_str() {
            "" => NO_VERSION.to_owned(),
            _ => format!(
                "version {} is not a strict semantic version: `helm lint` of Helm 4 warns",
                name(given)
            ),
        };
        let problem = self.bad("version", message);
        let finding = match version::strict_form(given).map(|version| version.to_string()) {
            Some(strict) => {
                let edit = self.replace("version", given, &strict);
                Finding::new(problem.hint(format!("write `version: {strict}`")), edit)
            }
            None => problem.hint("write three numbers, as in `version: 0.1.0`").into(),
        };
        let text = format!("version '{given}' is not a valid SemVerV2");
        Some(Message::warning(FILE, text).only(By::Helm4).with(finding))
    }

    fn only_in_v2(&self, field: &str, is_there: bool) -> Option<Message> {
        let api_version = &self.written.metadata.api_version;
        if !is_there || api_version == "v2" {
            return None;
        }
        let (what, verb) = match field {
            "type" => ("chart type is not valid in", "It is"),
            _ => ("dependencies are not valid in the Chart file with", "They are"),
        };
        let text = format!("{what} apiVersion '{api_version}'. {verb} valid in apiVersion 'v2'");
        let message = format!("`{field}` is a field of charts of `apiVersion: v2`, and this is none");
        let problem = self.bad(field, message).hint("write `apiVersion: v2`");
        Some(Message::error(FILE, text).with(problem))
    }
}
