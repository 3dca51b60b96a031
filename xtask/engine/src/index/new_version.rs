//! A new version of an index: its text in YAML and in JSON, as Helm writes it.

use serde::Serialize;

use crate::base::digest::Digest;
use crate::base::json;
use crate::base::yaml::{self, Out};
use crate::chart::{Json, Metadata};

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
    pub metadata: Metadata,
    pub digest: Digest,
    /// Where its archive is; clients use the first.
    pub urls: Vec<String>,
    /// The time of publication, RFC 3339.
    pub created: String,
    /// The entry as it is published in another index, where it comes from one.
    pub lines: Option<Lines>,
}

/// An entry of an index as it is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    pub(super) text: String,
    /// The column of its dash.
    pub(super) dash: usize,
}

impl NewVersion {
    /// The lines of YAML, with the `-` in the column `dash`. The error is the message.
    pub(super) fn to_yaml(&self, dash: usize) -> Result<String, String> {
        if let Some(lines) = &self.lines {
            return lines.at(dash);
        }
        let entry = self.metadata.entry(&self.created, self.digest.hex(), &self.urls, dash);
        entry.map_err(|error| error.message)
    }

    /// The JSON, on lines of their own where `lines`, each but the first after `indent`.
    pub(super) fn to_json(&self, lines: bool, indent: &str) -> Result<String, String> {
        let text = json::text(&Entry::of(self), lines)?;
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

/// What Helm writes of a version: the chart's fields, then those of the index.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    chart: Json<'a>,
    urls: &'a [String],
    created: &'a str,
    digest: &'a str,
}

impl<'a> Entry<'a> {
    fn of(new: &'a NewVersion) -> Self {
        Self {
            chart: Json::of(&new.metadata),
            urls: &new.urls,
            created: &new.created,
            digest: new.digest.hex(),
        }
    }
}
