//! A new version of an index: its text in YAML and in JSON, as Helm writes it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::chart::{Dependency, Maintainer, Metadata};
use super::super::yaml::{self, Out};

/// How an index is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// What `helm repo index` writes.
    Yaml,
    /// What `helm repo index --json` writes.
    Json,
}

/// A version to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVersion {
    /// What is in its archive's Chart.yaml.
    pub metadata: Metadata,
    /// SHA-256 of its archive, 64 hex digits.
    pub digest: String,
    /// Where its archive is; clients use the first.
    pub urls: Vec<String>,
    /// The time of publication, RFC 3339.
    pub created: String,
}

impl NewVersion {
    /// The lines of YAML, with the `-` in the column `dash`. The error is the message.
    pub(super) fn to_yaml(&self, dash: usize) -> Result<String, String> {
        let entry = self.metadata.entry(&self.created, &self.digest, &self.urls, dash);
        entry.map_err(|error| error.message)
    }

    /// The JSON, on lines of their own where `lines`, each but the first after `indent`.
    pub(super) fn to_json(&self, lines: bool, indent: &str) -> Result<String, String> {
        let text = json(&Entry::of(self), lines)?;
        Ok(text.replace('\n', &format!("\n{indent}")))
    }
}

/// The line of a chart's key in YAML, in the column `column`.
pub(super) fn key_to_yaml(key: &str, column: usize) -> Result<String, String> {
    let versions = Out::Map(vec![(key.to_owned(), Out::List(vec![Out::Null]))]);
    let text = yaml::write_in(&["entries"], versions, 2).map_err(|error| error.message)?;
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default();
    // Helm gives long keys a `?`, which no reader needs below 1024 characters.
    let line = match line.strip_prefix("  ? ") {
        Some(key) if lines.next().is_some_and(|next| next.starts_with("  : ")) => format!("  {key}:\n"),
        Some(_) => return Err("its name cannot be the key of an index".to_owned()),
        None => format!("{line}\n"),
    };
    Ok(format!("{}{}", " ".repeat(column), line.strip_prefix("  ").unwrap_or(&line)))
}

/// A value as JSON with Go's escapes.
pub(super) fn json(value: &impl Serialize, lines: bool) -> Result<String, String> {
    let text = if lines { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    let mut text = text.map_err(|error| error.to_string())?;
    // These characters are only in strings.
    for (c, escape) in [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ] {
        if text.contains(c) {
            text = text.replace(c, escape);
        }
    }
    Ok(text)
}

/// The fields in the order of Helm's structures.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    home: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    sources: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    keywords: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    maintainers: Vec<Person<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    icon: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    condition: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    tags: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    app_version: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    deprecated: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    kube_version: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<Requirement<'a>>,
    #[serde(rename = "type", skip_serializing_if = "str::is_empty")]
    kind: &'a str,
    urls: &'a [String],
    created: &'a str,
    digest: &'a str,
}

#[derive(Serialize)]
struct Person<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    email: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Requirement<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    repository: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    condition: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "is_false")]
    enabled: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    import_values: Vec<serde_json::Value>,
    #[serde(skip_serializing_if = "str::is_empty")]
    alias: &'a str,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl<'a> Entry<'a> {
    fn of(new: &'a NewVersion) -> Self {
        let chart = &new.metadata;
        Self {
            name: &chart.name,
            home: &chart.home,
            sources: &chart.sources,
            version: &chart.version,
            description: &chart.description,
            keywords: &chart.keywords,
            maintainers: chart.maintainers.iter().flatten().map(Person::of).collect(),
            icon: &chart.icon,
            api_version: &chart.api_version,
            condition: &chart.condition,
            tags: &chart.tags,
            app_version: &chart.app_version,
            deprecated: chart.deprecated,
            annotations: chart.annotations.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect(),
            kube_version: &chart.kube_version,
            dependencies: chart.dependencies.iter().flatten().map(Requirement::of).collect(),
            kind: &chart.kind,
            urls: &new.urls,
            created: &new.created,
            digest: &new.digest,
        }
    }
}

impl<'a> Person<'a> {
    fn of(person: &'a Maintainer) -> Self {
        Self { name: &person.name, email: &person.email, url: &person.url }
    }
}

impl<'a> Requirement<'a> {
    fn of(dependency: &'a Dependency) -> Self {
        Self {
            name: &dependency.name,
            version: &dependency.version,
            repository: &dependency.repository,
            condition: &dependency.condition,
            tags: &dependency.tags,
            enabled: dependency.enabled,
            import_values: dependency.import_values.iter().map(value).collect(),
            alias: &dependency.alias,
        }
    }
}

fn value(out: &Out) -> serde_json::Value {
    use serde_json::Value;
    match out {
        Out::Null => Value::Null,
        Out::Bool(flag) => Value::Bool(*flag),
        Out::Text(text) => Value::String(text.clone()),
        Out::Number(number) => serde_json::from_str(number).unwrap_or_else(|_| Value::String(number.clone())),
        Out::List(items) => Value::Array(items.iter().map(value).collect()),
        Out::Map(pairs) => {
            Value::Object(pairs.iter().map(|(key, inner)| (key.clone(), value(inner))).collect())
        }
    }
}
