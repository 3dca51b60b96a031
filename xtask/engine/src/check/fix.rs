//! The edits that mend findings, made in the text of a file.

use std::cmp::Reverse;

use super::edit::Edit;
use crate::base::yaml;

/// A text with edits made in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Mended<'e> {
    pub text: String,
    /// The edits that were made. Those are left out whose lines are no longer there, or that touch another one.
    pub made: Vec<&'e Edit>,
}

/// Makes edits of one file, none if the file would be YAML that nobody can read any more. Lines keep the ends that they have; new ones end as the first line does.
pub fn make_edits<'e>(text: &str, edits: &[&'e Edit]) -> Mended<'e> {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let end = if lines.first().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
    let mut edits = edits.to_vec();
    // From the last to the first, so that the numbers of the lines before stay.
    edits.sort_by_key(|edit| Reverse(edit.line));
    let (mut made, mut free) = (Vec::new(), usize::MAX);
    for edit in edits {
        let begin = edit.line.saturating_sub(1);
        let stop = begin + edit.remove.len();
        let there = lines.get(begin..stop).unwrap_or_default();
        let is_there = there.len() == edit.remove.len()
            && there
                .iter()
                .zip(&edit.remove)
                .all(|(line, removed)| line.trim_end_matches(['\r', '\n']) == removed);
        // Rules of a list may come one before another; what comes twice into one place of a YAML file is seldom right.
        let is_second = stop == free && begin == free && is_yaml(edit);
        if !is_there || begin > lines.len() || stop > free || is_second {
            continue;
        }
        if let Some(before) =
            begin.checked_sub(1).and_then(|before| lines.get_mut(before)).filter(|line| !line.ends_with('\n'))
        {
            before.push_str(end);
        }
        lines.splice(begin..stop, edit.insert.iter().map(|line| format!("{line}{end}")));
        free = begin;
        made.push(edit);
    }
    made.reverse();
    let mended = lines.concat();
    // An error is worse than any number of keys that stand twice.
    let broken =
        |text: &str| yaml::read(text.as_bytes()).map_or(usize::MAX, |document| document.repeated.len());
    if made.first().is_some_and(|edit| is_yaml(edit)) && broken(&mended) > broken(text) {
        return Mended { text: text.to_owned(), made: Vec::new() };
    }
    Mended { text: mended, made }
}

fn is_yaml(edit: &Edit) -> bool {
    edit.file.ends_with(".yaml") || edit.file.ends_with(".yml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(line: usize, remove: &[&str], insert: &[&str]) -> Edit {
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Edit { file: "f".to_owned(), line, remove: owned(remove), insert: owned(insert) }
    }

    #[test]
    fn edits_are_made_from_the_end() {
        let edits = [
            edit(3, &["c"], &["C", "D"]),
            edit(1, &["a"], &[]),
            edit(2, &["not b"], &["x"]),
            edit(3, &["c"], &["again"]),
            edit(9, &[], &["beyond"]),
        ];
        let mended = make_edits("a\nb\nc\n", &edits.iter().collect::<Vec<_>>());
        assert_eq!(mended.text, "b\nC\nD\n");
        assert_eq!(mended.made.len(), 2);
    }

    #[test]
    fn yaml_stays_readable() {
        let bad = Edit { file: "f.yaml".to_owned(), ..edit(2, &[], &["   b: 1"]) };
        let twice = Edit { file: "f.yaml".to_owned(), ..edit(2, &[], &["a: 2"]) };
        for edit in [&bad, &twice] {
            assert_eq!(
                make_edits("a: 1\nc: 2\n", &[edit]),
                Mended { text: "a: 1\nc: 2\n".to_owned(), made: vec![] }
            );
        }
    }

    #[test]
    fn lines_are_added_to_a_list() {
        let rules = [edit(2, &[], &["x", "y"]), edit(2, &[], &["z"])];
        assert_eq!(make_edits("a\n", &rules.iter().collect::<Vec<_>>()).text, "a\nz\nx\ny\n");
    }

    #[test]
    fn ends_of_lines_stay() {
        for (text, line, insert, expected) in
            [("a\r\nb\r\n", 2, "x", "a\r\nx\r\nb\r\n"), ("a", 2, "x", "a\nx\n"), ("", 1, "x", "x\n")]
        {
            let edit = edit(line, &[], &[insert]);
            assert_eq!(make_edits(text, &[&edit]).text, expected, "{text:?}");
        }
    }
}
