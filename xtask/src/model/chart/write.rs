//! Chart.yaml and Chart.lock as Helm writes them into an archive: known fields only, sorted, empty ones left out.

use super::super::text::name;
use super::super::yaml::{self, Out};
use super::{Dependency, Lock, Maintainer, Metadata};

impl Metadata {
    /// The text of Chart.yaml inside an archive. Charts of `apiVersion: v1` lose their `dependencies` there. The
    /// error is the message: text that Helm's YAML library would not write, or keys that it orders at random.
    pub fn to_yaml(&self) -> Result<String, String> {
        let mut annotations = Vec::new();
        for (key, value) in &self.annotations {
            annotations.push((key.clone(), Out::Text(value.clone())));
        }
        yaml::sort_keys(&mut annotations).map_err(|(a, b)| {
            format!(
                "the order in which Helm writes the annotations {} and {} is random or unknown",
                name(&a),
                name(&b)
            )
        })?;
        let mut fields = self.fields(annotations);
        if self.is_v1() {
            fields.retain(|(key, _)| *key != "dependencies");
        }
        write(&map(fields))
    }

    /// All fields that are not empty and `extra` ones, by their names: what a version is in an index.
    pub(in super::super) fn fields_with<const N: usize>(
        &self,
        extra: [(&'static str, Out); N],
    ) -> Vec<(String, Out)> {
        let mut annotations: Vec<(String, Out)> = Vec::with_capacity(self.annotations.len());
        for (key, value) in &self.annotations {
            // What Helm's way through JSON makes of this line break.
            let value = value.replace('\u{85}', " ");
            let before = |(other, _): &&(String, Out)| yaml::key_before(key, other);
            let later = annotations.iter().rev().take_while(before).count();
            annotations.insert(annotations.len() - later, (key.clone(), Out::Text(value)));
        }
        let mut fields = self.fields(annotations);
        fields.extend(extra.map(|(key, value)| (key, Some(value))));
        fields.sort_by_key(|(key, _)| *key);
        fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    fn fields(&self, annotations: Vec<(String, Out)>) -> Vec<(&'static str, Option<Out>)> {
        vec![
            ("annotations", some(Out::Map(annotations))),
            ("apiVersion", text(&self.api_version)),
            ("appVersion", text(&self.app_version)),
            ("condition", text(&self.condition)),
            ("dependencies", some(list(&self.dependencies, Dependency::out))),
            ("deprecated", flag(self.deprecated)),
            ("description", text(&self.description)),
            ("home", text(&self.home)),
            ("icon", text(&self.icon)),
            ("keywords", texts(&self.keywords)),
            ("kubeVersion", text(&self.kube_version)),
            ("maintainers", some(list(&self.maintainers, Maintainer::out))),
            ("name", text(&self.name)),
            ("sources", texts(&self.sources)),
            ("tags", text(&self.tags)),
            ("type", text(&self.kind)),
            ("version", text(&self.version)),
        ]
    }
}

impl Lock {
    /// The text of Chart.lock inside an archive: always all three fields.
    pub fn to_yaml(&self) -> Result<String, String> {
        let dependencies = self.dependencies.as_ref().map_or(Out::Null, |all| list(all, Dependency::out));
        write(&map(vec![
            ("dependencies", Some(dependencies)),
            ("digest", Some(Out::Text(self.digest.clone()))),
            ("generated", Some(Out::Text(self.generated.clone()))),
        ]))
    }
}

impl Dependency {
    /// `name` and `repository` are always written.
    fn out(&self) -> Out {
        map(vec![
            ("alias", text(&self.alias)),
            ("condition", text(&self.condition)),
            ("enabled", flag(self.enabled)),
            ("import-values", some(Out::List(self.import_values.clone()))),
            ("name", Some(Out::Text(self.name.clone()))),
            ("repository", Some(Out::Text(self.repository.clone()))),
            ("tags", texts(&self.tags)),
            ("version", text(&self.version)),
        ])
    }
}

impl Maintainer {
    fn out(&self) -> Out {
        map(vec![("email", text(&self.email)), ("name", text(&self.name)), ("url", text(&self.url))])
    }
}

fn map(fields: Vec<(&str, Option<Out>)>) -> Out {
    Out::Map(fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
}

fn list<T>(items: &[Option<T>], out: impl Fn(&T) -> Out) -> Out {
    Out::List(items.iter().map(|item| item.as_ref().map_or(Out::Null, &out)).collect())
}

fn text(value: &str) -> Option<Out> {
    (!value.is_empty()).then(|| Out::Text(value.to_owned()))
}

fn texts(values: &[String]) -> Option<Out> {
    some(Out::List(values.iter().cloned().map(Out::Text).collect()))
}

fn flag(value: bool) -> Option<Out> {
    value.then_some(Out::Bool(true))
}

/// A list or map unless it is empty.
fn some(value: Out) -> Option<Out> {
    let empty = matches!(&value, Out::List(items) if items.is_empty())
        || matches!(&value, Out::Map(fields) if fields.is_empty());
    (!empty).then_some(value)
}

/// Writes, then lets a YAML library that is not ours read it: what we publish must say what we meant, also to
/// readers of YAML 1.2.
fn write(out: &Out) -> Result<String, String> {
    let text = yaml::write(out).map_err(|error| error.message)?;
    let read: serde_yaml::Value =
        serde_yaml::from_str(&text).map_err(|error| format!("it would not read back: {error}"))?;
    if same(out, &read) { Ok(text) } else { Err("it would not read back as the same data".to_owned()) }
}

fn same(out: &Out, read: &serde_yaml::Value) -> bool {
    use serde_yaml::Value;
    match (out, read) {
        (Out::Null, Value::Null) => true,
        (Out::Number(a), Value::Number(b)) => a.parse().ok() == b.as_f64(),
        (Out::Text(a), Value::String(b)) => a == b,
        (Out::Bool(a), Value::Bool(b)) => a == b,
        (Out::List(a), Value::Sequence(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Out::Map(a), Value::Mapping(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key.as_str()).is_some_and(|read| same(value, read)))
        }
        _ => false,
    }
}
