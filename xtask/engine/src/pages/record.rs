//! Which files of the branch the documentation has written. It stands in the tree of the branch: commits cannot carry it,
//! since the branch is fetched without its history, and others squash that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::problem::{Checked, Problem};
use crate::git::object::Object;

pub const RECORD: &str = ".helm-xtask.json";
/// What people who find the file have to know.
const ABOUT: &str = "The files that `cargo xtask pages` has written for the documentation, each with its mode and blob. \
                     It removes no other file. Without this file it removes none.";

/// The files that are ours as long as they are what was written.
#[derive(Debug, Default)]
pub struct Record(BTreeMap<String, Object>);

/// How it is written.
#[derive(Deserialize, Serialize)]
struct Text {
    about: String,
    /// By path: the mode and the id of the blob.
    files: BTreeMap<String, String>,
}

impl Record {
    /// Reads what the branch has; a file that nobody can read says nothing.
    pub fn read(text: &[u8]) -> Checked<Self> {
        let Ok(Text { files, .. }) = serde_json::from_slice(text) else {
            let message = "it cannot be read, so that no file of the branch is known to be ours";
            let hint =
                "restore it from the history of the branch, or claim files: cargo xtask pages --adopt GLOB";
            let problem = Problem::warning(message).at(RECORD, None).hint(hint);
            return Checked::new(Self::default(), [problem]);
        };
        let object = |(path, facts): (String, String)| {
            let (mode, id) = facts.split_once(' ')?;
            Some((path, Object { mode: mode.to_owned(), id: id.to_owned() }))
        };
        Checked::new(Self(files.into_iter().filter_map(object).collect()), [])
    }

    pub fn text(&self) -> Vec<u8> {
        let file =
            |(path, object): (&String, &Object)| (path.clone(), format!("{} {}", object.mode, object.id));
        let text = Text { about: ABOUT.to_owned(), files: self.0.iter().map(file).collect() };
        // Texts alone cannot fail to be written.
        (serde_json::to_string_pretty(&text).unwrap_or_default() + "\n").into_bytes()
    }

    /// Whether a file of the branch is what was written there.
    pub fn has(&self, path: &str, object: &Object) -> bool {
        self.0.get(path) == Some(object)
    }

    pub fn add(&mut self, path: &str, object: Object) {
        self.0.insert(path.to_owned(), object);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut record = Record::default();
        let odd = "a \"b\"\n\u{e9}.html";
        record.add(odd, Object::file("1"));
        record.add("index.html", Object::file("2"));
        let text = record.text();
        let Checked { value: read, problems } = Record::read(&text);
        assert!(read.has(odd, &Object::file("1")) && read.has("index.html", &Object::file("2")));
        assert!(!read.has("index.html", &Object::file("1")) && !read.has("other", &Object::file("2")));
        let executable = Object { mode: "100755".to_owned(), ..Object::file("2") };
        assert!(!read.has("index.html", &executable), "somebody changed its mode");
        assert_eq!((read.text(), problems), (text, Vec::new()));
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for text in ["", "[]", "<<<<<<< HEAD\n", "{\"files\": 7}", "{\"about\": \"\", \"files\": {\"a\": 1}}"]
        {
            let Checked { value: read, problems } = Record::read(text.as_bytes());
            assert_eq!((read.text(), problems.len()), (Record::default().text(), 1), "{text}");
        }
        let bare = "{\"about\": \"\", \"files\": {\"a\": \"1\", \"b\": \"100644 2\"}}";
        let Checked { value: read, problems } = Record::read(bare.as_bytes());
        assert!(problems.is_empty() && read.has("b", &Object::file("2")), "{read:?}");
    }
}
