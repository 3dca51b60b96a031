//! Releases whose charts are yanked, as their notes say it: GitHub has no other field for that.

use super::release::Asset;
use crate::base::helm_repository::asset_name;
use crate::base::text::prose;

/// Whether every archive of a release is yanked, by its notes.
pub fn is_withdrawn(assets: &[Asset], notes: &str) -> bool {
    let mut archives = assets.iter().filter(|asset| asset.name.ends_with(".tgz")).peekable();
    let yanked: Vec<String> = notes
        .lines()
        .filter_map(|line| line.strip_prefix(BEGIN)?.strip_suffix(END_OF_MARK))
        .map(|id| asset_name(&format!("{id}.tgz")))
        .collect();
    let has_mark = !yanked.is_empty();
    has_mark && (archives.peek().is_none() || archives.all(|asset: &Asset| yanked.contains(&asset.name)))
}

const BEGIN: &str = "<!-- yanked ";
const END: &str = "<!-- end of yanked ";
const END_OF_MARK: &str = " -->";

/// Notes that say why a version is yanked, or that no longer do; all else in them stays.
pub fn marked(notes: &str, chart: &str, version: &str, reason: Option<&str>) -> String {
    let id = format!("{chart}-{version}");
    let (begin, end) = (format!("{BEGIN}{id}{END_OF_MARK}"), format!("{END}{id}{END_OF_MARK}"));
    let rest = match (notes.find(&begin), notes.find(&end)) {
        (Some(from), Some(to)) if from < to => {
            let after = notes.get(to + end.len()..).unwrap_or_default();
            let after = after.trim_start_matches(['\r', '\n']);
            notes.get(..from).unwrap_or_default().to_owned() + after
        }
        _ => notes.to_owned(),
    };
    let Some(reason) = reason else { return rest };
    let what = format!("{chart} {version}");
    format!(
        "{begin}\n> [!CAUTION]\n> **{what} is yanked**: {}. Install another version.\n{end}\n\n{rest}",
        prose(reason)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_marked_and_come_back() {
        for notes in ["", "Notes\r\n\r\nmore", "<!-- yanked -->\n"] {
            let noted = marked(notes, "web", "1.2.0", Some("a <b> `c`"));
            assert!(noted.contains("**web 1.2.0 is yanked**: "), "{noted}");
            assert_eq!(marked(&noted, "web", "1.2.0", Some("a <b> `c`")), noted);
            assert_eq!(marked(&noted, "web", "1.2.0", None), notes);
            assert_eq!(marked(&noted, "web", "1.2.1", None), noted);
        }
    }
}
