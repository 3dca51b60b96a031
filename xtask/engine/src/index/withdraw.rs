//! Takes versions out of an index, and carries their entries over to another one with every byte that they have.

use super::write::{self, Edit};
use super::{Index, Lines, NewVersion, Version};
use crate::base::digest::Digest;
use crate::base::path::scheme;
use crate::chart::Metadata;
use helm_xtask_formats::Style;

/// How the URLs of an entry change when it moves between an index and one in a directory below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Relative URLs get `../`.
    Down,
    /// Relative URLs lose it.
    Up,
}

impl Level {
    /// The URL as the other index has to have it.
    pub fn of(self, url: &str) -> String {
        match self {
            _ if scheme(url).is_some() => url.to_owned(),
            Self::Down => format!("../{url}"),
            Self::Up => url.strip_prefix("../").unwrap_or(url).to_owned(),
        }
    }
}

impl Index<'_> {
    /// The text without some of its versions, given by their place in [`Index::versions`]. A chart that has no other
    /// version goes with them. The error is the message.
    pub fn without(&self, gone: &[usize], generated: &str) -> Result<Vec<u8>, String> {
        if matches!(self.parts.style, Style::Json { .. }) {
            return Err("it is JSON".to_owned());
        }
        let is_gone = |at: &usize| gone.contains(at);
        let mut edits = Vec::new();
        let cut = |range: &std::ops::Range<usize>| Edit { range: range.clone(), text: String::new() };
        for chart in &self.parts.charts {
            if !chart.versions.is_empty() && chart.versions.clone().all(|at| is_gone(&at)) {
                edits.push(cut(&chart.range));
            } else {
                let versions = chart.versions.clone().filter(is_gone);
                edits.extend(versions.filter_map(|at| Some(cut(&self.versions().get(at)?.range))));
            }
        }
        if edits.is_empty() {
            return Ok(write::apply(self.text, self.has_bom, edits));
        }
        let is_empty =
            self.parts.charts.iter().all(|chart| edits.iter().any(|edit| edit.range == chart.range));
        if let Some(first) = self.parts.charts.first().filter(|_| is_empty) {
            let before = self.text.get(..first.range.start).unwrap_or_default().trim_end();
            if before.ends_with("entries:") {
                edits.push(Edit { range: before.len()..before.len(), text: " {}".to_owned() });
            }
        }
        if let Some(range) = &self.parts.generated {
            edits.push(Edit { range: range.clone(), text: format!("\"{generated}\"") });
        }
        Ok(write::apply(self.text, self.has_bom, edits))
    }

    /// A version of this index for another one, with the lines that it has here. The error is the message.
    pub fn carried(&self, version: &Version<'_>, level: Level) -> Result<NewVersion, String> {
        let Style::Block { dash, .. } = self.parts.style else { return Err("it is JSON".to_owned()) };
        let digest = Digest::parse(&version.digest).ok_or("its entry has no SHA-256 digest")?;
        let text = self.text.get(version.range.clone()).unwrap_or_default();
        let text =
            with_urls(text, version, level).ok_or("its URLs stand in a form that cannot be changed")?;
        let text = if text.ends_with('\n') { text } else { text + "\n" };
        let metadata = Metadata {
            name: version.name.to_string(),
            version: version.version.to_string(),
            ..Metadata::default()
        };
        let urls = version.urls.iter().map(|url| level.of(url)).collect();
        let lines = Some(Lines { text: text.replace("\r\n", "\n"), dash });
        Ok(NewVersion { metadata, digest, urls, created: version.created.to_string(), lines })
    }
}

/// The lines of an entry with the URLs of another index. They are looked for after the word `urls`, in their order.
fn with_urls(text: &str, version: &Version<'_>, level: Level) -> Option<String> {
    let mut out = text.to_owned();
    let mut from = out.find("urls")?;
    for url in &version.urls {
        let is_value = |at: usize| {
            let (before, after) = (out.get(..at), out.get(at + url.len()..));
            let begins = before.is_some_and(|before| before.ends_with([' ', '"', '\'', '[', ',']));
            begins
                && after.is_some_and(|after| {
                    after.is_empty() || after.starts_with(['\n', '\r', ' ', '"', '\'', ']', ','])
                })
        };
        let mut found = out.get(from..)?.match_indices(&**url).map(|(at, _)| from + at);
        let at = found.find(|at| is_value(*at))?;
        let new = level.of(url);
        out.replace_range(at..at + url.len(), &new);
        from = at + new.len();
    }
    Some(out)
}

impl Lines {
    /// The lines with their dash in another column. The error is the message.
    pub(super) fn at(&self, dash: usize) -> Result<String, String> {
        let (more, less) = (dash.saturating_sub(self.dash), self.dash.saturating_sub(dash));
        let mut text = String::new();
        for line in self.text.split_inclusive('\n') {
            if line.trim().is_empty() {
                text.push_str(line);
            } else {
                let rest = line.strip_prefix(&" ".repeat(less)).ok_or("its lines cannot be indented less")?;
                text.push_str(&" ".repeat(more));
                text.push_str(rest);
            }
        }
        Ok(text)
    }
}
