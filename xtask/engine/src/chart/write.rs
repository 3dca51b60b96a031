//! Chart.yaml and Chart.lock as Helm writes them into an archive: known fields only, sorted, empty ones left out.

use helm_xtask_formats::chart::{list, map};

use super::{Dependency, Lock, Metadata};
use crate::base::text::name;
use crate::base::yaml::{self, Out};

/// The text of Chart.yaml inside an archive. Charts of `apiVersion: v1` lose their `dependencies` there. The
/// error is the message: text that Helm's YAML library would not write, or keys that it orders at random.
pub fn to_yaml(metadata: &Metadata) -> Result<String, String> {
    text(metadata, !metadata.is_v1())
}

/// The same with all dependencies, whatever the `apiVersion`: the text that Helm signs.
pub fn metadata_to_yaml(metadata: &Metadata) -> Result<String, String> {
    text(metadata, true)
}

fn text(metadata: &Metadata, has_dependencies: bool) -> Result<String, String> {
    let mut annotations = Vec::new();
    for (key, value) in &metadata.annotations {
        annotations.push((key.clone(), Out::Text(value.clone())));
    }
    yaml::sort_keys(&mut annotations).map_err(|(a, b)| {
        format!(
            "the order in which Helm writes the annotations {} and {} is random or unknown",
            name(&a),
            name(&b)
        )
    })?;
    let mut fields = metadata.fields(annotations);
    fields.retain(|(key, _)| has_dependencies || key != "dependencies");
    write_and_read_back(&Out::Map(fields))
}

impl Lock {
    /// The text of Chart.lock inside an archive: always all three fields.
    pub fn to_yaml(&self) -> Result<String, String> {
        let dependencies = self.dependencies.as_ref().map_or(Out::Null, |all| list(all, Dependency::out));
        write_and_read_back(&map([
            ("dependencies", Some(dependencies)),
            ("digest", Some(Out::Text(self.digest.clone()))),
            ("generated", Some(Out::Text(self.generated.clone()))),
        ]))
    }
}

/// Writes, then lets a YAML library that is not ours read it: what we publish must say what we meant, also to
/// readers of YAML 1.2.
fn write_and_read_back(out: &Out) -> Result<String, String> {
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
