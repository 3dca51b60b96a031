//! What in an index needs a second look: few versions, found among many.

use std::collections::HashMap;

use super::{Parts, Version};

/// Indices of versions that may be worth a warning.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Not below the key of their own name.
    pub misplaced: Vec<usize>,
    /// Of a version that is not three plain numbers, with a `type`, or with a flaw: maybe not loaded by Helm's clients.
    pub unusual: Vec<usize>,
    /// Of the same name and version as an earlier one, which is the second index.
    pub repeated: Vec<(usize, usize)>,
}

pub fn notes(parts: &Parts<'_>) -> Notes {
    let mut notes = Notes::default();
    let mut seen: HashMap<(&str, &str), usize> = HashMap::with_capacity(parts.versions.len());
    for chart in &parts.charts {
        for i in chart.versions.clone() {
            let Some(version) = parts.versions.get(i) else { continue };
            if version.name != chart.key {
                notes.misplaced.push(i);
            }
            if !is_usual(version) {
                notes.unusual.push(i);
            }
            if let Some(&first) = seen.get(&(&*version.name, &*version.version)) {
                notes.repeated.push((i, first));
            } else {
                seen.insert((&version.name, &version.version), i);
            }
        }
    }
    notes
}

/// Whether Helm's clients surely load it.
fn is_usual(version: &Version<'_>) -> bool {
    let is_number =
        |part: &str| (1..=18).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut numbers = version.version.split('.');
    let three = [numbers.next(), numbers.next(), numbers.next()];
    let is_plain = three.into_iter().all(|part| part.is_some_and(is_number)) && numbers.next().is_none();
    is_plain
        && !version.name.is_empty()
        && !version.name.contains('/')
        && version.flaw.is_empty()
        && matches!(&*version.kind, "" | "application" | "library")
}
