//! Git's formats, as far as publishing needs them: ids of blobs, listings of trees, and the stream from which
//! `git fast-import` makes a commit.

use std::collections::BTreeMap;
use std::io::BufRead;

use sha1::{Digest, Sha1};

use crate::base::digest::hex;

/// The mode of a plain file; every file that is published has it.
const FILE: &str = "100644";
const EXECUTABLE: &str = "100755";
const LINK: &str = "120000";

/// A file, link or submodule of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub mode: String,
    pub id: String,
}

impl Object {
    pub fn file(id: &str) -> Self {
        Self { mode: FILE.to_owned(), id: id.to_owned() }
    }

    /// Whether it is a file: no link and no submodule.
    pub fn is_plain(&self) -> bool {
        [FILE, EXECUTABLE].contains(&self.mode.as_str())
    }

    pub fn is_link(&self) -> bool {
        self.mode == LINK
    }

    /// Whether it is what publishing this content makes.
    pub fn is_file(&self, data: &[u8]) -> bool {
        self.mode == FILE && self.id == blob_id(data)
    }
}

/// A commit to be made: the base with some files removed, then some written.
#[derive(Debug)]
pub struct Commit<'a> {
    pub reference: &'a str,
    /// Its only parent; `None` makes the first commit of a branch.
    pub base: Option<&'a str>,
    pub message: &'a str,
    /// Seconds since 1970.
    pub time: u64,
    pub removed: &'a [Vec<u8>],
    pub written: Vec<(&'a str, Content<'a>)>,
}

/// What a path of a commit gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// These bytes.
    Data(&'a [u8]),
    /// An object that the repository has, or can get.
    Id(&'a str),
}

/// Who publishes: the account that GitHub shows for its own workflows. The user's name is neither needed nor asked for.
pub const COMMITTER_NAME: &str = "github-actions[bot]";
pub const COMMITTER_EMAIL: &str = "41898282+github-actions[bot]@users.noreply.github.com";

/// The id that git gives to a file's content (SHA-1 repositories; GitHub has no others).
pub fn blob_id(data: &[u8]) -> String {
    object_id("blob", data)
}

/// The id that git gives to an object of a kind, such as `tag`.
pub fn object_id(kind: &str, data: &[u8]) -> String {
    hex(&Sha1::new().chain_update(format!("{kind} {}\0", data.len())).chain_update(data).finalize())
}

/// The files that `git ls-tree -r -z` prints, by path; and the paths that are not UTF-8.
pub fn listing(printed: &[u8]) -> (BTreeMap<String, Object>, Vec<Vec<u8>>) {
    let (mut files, mut odd) = (BTreeMap::new(), Vec::new());
    for line in BufRead::split(printed, 0).map_while(Result::ok) {
        match String::from_utf8(line) {
            Ok(line) => files.extend(file(&line)),
            Err(error) => {
                odd.extend(error.as_bytes().splitn(2, |&byte| byte == b'\t').nth(1).map(<[u8]>::to_vec));
            }
        }
    }
    (files, odd)
}

/// The objects that `git cat-file --batch` prints, in the order in which they were asked for; `None` for one that is not there.
pub fn batch(printed: &[u8]) -> Vec<Option<Vec<u8>>> {
    let (mut rest, mut objects) = (printed, Vec::new());
    while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
        let (head, after) = rest.split_at(end);
        let after = after.get(1..).unwrap_or_default();
        let size = str::from_utf8(head).ok().and_then(|head| head.rsplit(' ').next()?.parse::<usize>().ok());
        let object = size.and_then(|size| after.get(..size));
        rest = object.map_or(after, |object| after.get(object.len() + 1..).unwrap_or_default());
        objects.push(object.map(<[u8]>::to_vec));
    }
    objects
}

/// `MODE TYPE ID<TAB>PATH`.
fn file(line: &str) -> Option<(String, Object)> {
    let (facts, path) = line.split_once('\t')?;
    let (mode, facts) = facts.split_once(' ')?;
    let (_, id) = facts.split_once(' ')?;
    Some((path.to_owned(), Object { mode: mode.to_owned(), id: id.to_owned() }))
}

impl Commit<'_> {
    /// The stream for `git fast-import --done`. Removals come first, so that a directory can take a file's place.
    pub fn stream(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = |text: String, rest: &[u8]| {
            out.extend_from_slice(text.as_bytes());
            out.extend_from_slice(rest);
            out.push(b'\n');
        };
        line(
            format!(
                "commit {}\ncommitter {COMMITTER_NAME} <{COMMITTER_EMAIL}> {} +0000",
                self.reference, self.time
            ),
            &[],
        );
        line(format!("data {}\n", self.message.len()), self.message.as_bytes());
        if let Some(base) = self.base {
            line(format!("from {base}"), &[]);
        }
        for path in self.removed {
            line("D ".to_owned(), &quoted(path));
        }
        for (path, content) in &self.written {
            let path = quoted(path.as_bytes());
            match content {
                Content::Id(id) => line(format!("M {FILE} {id} "), &path),
                Content::Data(data) => {
                    line(format!("M {FILE} inline "), &path);
                    line(format!("data {}\n", data.len()), data);
                }
            }
        }
        out.extend_from_slice(b"done\n");
        out
    }
}

/// A path as `git fast-import` reads it, whatever is in it (git-fast-import(1), "filemodify").
fn quoted(path: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in path {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_gits() {
        assert_eq!(blob_id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(blob_id(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    }

    #[test]
    fn listings() {
        let printed = b"100644 blob aa\tcharts/a b.tgz\x00120000 blob bb\tlink\x00100644 blob cc\tn\xff\x00";
        let object = |mode: &str, id: &str| Object { mode: mode.into(), id: id.into() };
        let expected = [("charts/a b.tgz", object("100644", "aa")), ("link", object("120000", "bb"))];
        let expected = expected.map(|(path, object)| (path.to_owned(), object)).into();
        assert_eq!(listing(printed), (expected, vec![b"n\xff".to_vec()]));
    }

    #[test]
    fn batches() {
        let printed = b"aa blob 3\na\nb\nbb missing\ncc:d e missing\ndd tag 0\n\nee blob 1\nx\n";
        let expected = [Some(&b"a\nb"[..]), None, None, Some(b""), Some(b"x")];
        assert_eq!(batch(printed), expected.map(|object| object.map(<[u8]>::to_vec)));
    }

    #[test]
    fn streams() {
        let commit = Commit {
            reference: "refs/next",
            base: Some("b"),
            message: "Publish\n",
            time: 7,
            removed: &[b"old".to_vec()],
            written: vec![("a\"\\\nb", Content::Data(b"x")), ("c", Content::Id("i"))],
        };
        let expected = "commit refs/next\ncommitter github-actions[bot] \
            <41898282+github-actions[bot]@users.noreply.github.com> 7 +0000\ndata 8\nPublish\n\nfrom b\nD \"old\"\n\
            M 100644 inline \"a\\\"\\\\\\nb\"\ndata 1\nx\nM 100644 i \"c\"\ndone\n";
        assert_eq!(String::from_utf8_lossy(&commit.stream()), expected);
    }
}
