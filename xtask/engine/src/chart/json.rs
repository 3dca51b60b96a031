//! The metadata of a chart in JSON, as Helm writes it into an index and into a registry.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Dependency, Maintainer, Metadata};
use crate::base::yaml::Out;

/// The fields of Chart.yaml that are not empty, in the order of Helm's structures.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Json<'a> {
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
}

#[derive(Debug, Serialize)]
struct Person<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    email: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'a str,
}

#[derive(Debug, Serialize)]
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

impl<'a> Json<'a> {
    pub fn of(chart: &'a Metadata) -> Self {
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
        }
    }
}

impl Json<'_> {
    /// Whether there is a number that Go may write in another way: not an integer, or a large one.
    pub fn has_fraction(&self) -> bool {
        fn is_in(value: &serde_json::Value) -> bool {
            match value {
                serde_json::Value::Number(number) => number.is_f64(),
                serde_json::Value::Array(items) => items.iter().any(is_in),
                serde_json::Value::Object(pairs) => pairs.values().any(is_in),
                _ => false,
            }
        }
        self.dependencies.iter().flat_map(|dependency| &dependency.import_values).any(is_in)
    }
}

/// Dependencies in JSON, in the order of Helm's structure; what is hashed for a lock.
pub(super) fn dependencies(of: &[Option<Dependency>]) -> Vec<Option<impl Serialize>> {
    of.iter().map(|one| one.as_ref().map(Requirement::of)).collect()
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
        Out::Number(number) => self::number(number).unwrap_or_else(|| Value::String(number.clone())),
        Out::List(items) => Value::Array(items.iter().map(value).collect()),
        Out::Map(pairs) => {
            Value::Object(pairs.iter().map(|(key, inner)| (key.clone(), value(inner))).collect())
        }
    }
}

/// A number as Helm has it, which knows floating-point numbers alone and writes most integers without an exponent.
fn number(text: &str) -> Option<serde_json::Value> {
    /// From here on Go writes an exponent.
    const LARGE: f64 = 1e21;
    let number = text.parse::<f64>().ok()?;
    let is_integer = number.fract() == 0.0 && number.abs() < LARGE;
    if is_integer { serde_json::from_str(&number.to_string()).ok() } else { Some(number.into()) }
}
