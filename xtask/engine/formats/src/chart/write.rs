//! Metadata as Helm writes it: fields by their names, empty ones left out.

use super::super::yaml::{self, Error, Out};
use super::{Dependency, Maintainer, Metadata};

impl Metadata {
    /// The fields of Chart.yaml that are not empty; annotations are given in their order.
    pub fn fields(&self, annotations: Vec<(String, Out)>) -> Vec<(String, Out)> {
        self.fields_with(annotations, "", "", None)
    }

    /// All in the order of their names, with those that an index has besides.
    fn fields_with(
        &self,
        annotations: Vec<(String, Out)>,
        created: &str,
        digest: &str,
        urls: Option<Out>,
    ) -> Vec<(String, Out)> {
        filled([
            ("annotations", some(Out::Map(annotations))),
            ("apiVersion", text(&self.api_version)),
            ("appVersion", text(&self.app_version)),
            ("condition", text(&self.condition)),
            ("created", text(created)),
            ("dependencies", some(list(&self.dependencies, Dependency::out))),
            ("deprecated", flag(self.deprecated)),
            ("description", text(&self.description)),
            ("digest", text(digest)),
            ("home", text(&self.home)),
            ("icon", text(&self.icon)),
            ("keywords", texts(&self.keywords)),
            ("kubeVersion", text(&self.kube_version)),
            ("maintainers", some(list(&self.maintainers, Maintainer::out))),
            ("name", text(&self.name)),
            ("sources", texts(&self.sources)),
            ("tags", text(&self.tags)),
            ("type", text(&self.kind)),
            ("urls", urls),
            ("version", text(&self.version)),
        ])
    }

    /// The lines of a version of an index, with the `-` in the column `dash`.
    pub fn entry(&self, created: &str, digest: &str, urls: &[String], dash: usize) -> Result<String, Error> {
        let mut annotations: Vec<(String, Out)> = Vec::with_capacity(self.annotations.len());
        for (key, value) in &self.annotations {
            // What Helm's way through JSON makes of this line break.
            let value = value.replace('\u{85}', " ");
            let before = |(other, _): &&(String, Out)| yaml::key_before(key, other);
            let later = annotations.iter().rev().take_while(before).count();
            annotations.insert(annotations.len() - later, (key.clone(), Out::Text(value)));
        }
        let urls = Out::List(urls.iter().cloned().map(Out::Text).collect());
        let fields = self.fields_with(annotations, created, digest, Some(urls));
        yaml::write_in(&["entries", "chart"], Out::List(vec![Out::Map(fields)]), dash)
    }
}

impl Dependency {
    /// `name` and `repository` are always written.
    pub fn out(&self) -> Out {
        map([
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
        map([("email", text(&self.email)), ("name", text(&self.name)), ("url", text(&self.url))])
    }
}

pub fn map<const N: usize>(fields: [(&str, Option<Out>); N]) -> Out {
    Out::Map(filled(fields))
}

fn filled<const N: usize>(fields: [(&str, Option<Out>); N]) -> Vec<(String, Out)> {
    fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// A list whose empty items are `null`.
pub fn list<T>(items: &[Option<T>], out: impl Fn(&T) -> Out) -> Out {
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
