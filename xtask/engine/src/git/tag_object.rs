//! The annotated tag by which this program says what it is going to publish, before it does: a run that is killed leaves it,
//! and the next one finishes what it says.

use std::fmt;

use super::object::{COMMITTER_EMAIL, COMMITTER_NAME};
use super::remote_refs::short;

/// An annotated tag that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagObject {
    pub tag: String,
    pub commit: String,
    /// Seconds since 1970: the time of the commit, so that two runs make the same object.
    pub time: u64,
}

/// What the message of such a tag says, in each version of this program.
const MARK: &str = "made by `cargo xtask release`";

impl TagObject {
    /// Its message, with a line break at its end.
    pub fn message(&self) -> String {
        format!("{}\n\nThis tag was {MARK}, which publishes this version from this commit.\n", self.tag)
    }

    /// The object, as `git hash-object -t tag` reads it (git-mktag(1)).
    pub fn text(&self) -> String {
        let Self { tag, commit, time, .. } = self;
        let message = self.message();
        let tagger = format!("{COMMITTER_NAME} <{COMMITTER_EMAIL}>");
        format!("object {commit}\ntype commit\ntag {tag}\ntagger {tagger} {time} +0000\n\n{message}")
    }
}

/// `TAG at COMMIT`, for people.
impl fmt::Display for TagObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.tag, short(&self.commit))
    }
}

/// Whether the object or the message of an annotated tag says that this program made it.
pub fn is_ours(text: &str) -> bool {
    text.contains(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_says_who_made_it() {
        let tag = TagObject { tag: "web-1.1.0".to_owned(), commit: "c".repeat(40), time: 1_704_164_645 };
        let text = tag.text();
        assert!(
            text.starts_with(&format!("object {}\ntype commit\ntag web-1.1.0\ntagger ", tag.commit)),
            "{text}"
        );
        assert!(text.contains("> 1704164645 +0000\n\nweb-1.1.0\n\nThis tag was made by"), "{text}");
        assert!(is_ours(&text) && is_ours(&tag.message()));
        assert!(!is_ours("web-1.1.0\n\nRelease by hand\n"));
    }
}
