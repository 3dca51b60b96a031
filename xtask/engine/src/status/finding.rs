//! What can be wrong with a version, with how bad it is and how it is told.

use crate::base::problem::{Problem, Severity};
use crate::base::text::first;
use crate::release::unreleased::Incomplete;

/// A kind of finding, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    IndexGone,
    IndexUnreadable,
    EntryWithoutArchive,
    TwoDigests,
    NotServed,
    PagesBuild,
    DuplicateEntry,
    ArchiveWithoutEntry,
    NotIndexed,
    NotPushed,
    NotReleased,
    ReleaseWithoutArchive,
    ReleaseWithoutTag,
    Draft,
    Latest,
}

/// What is wrong with one version, or with a place.
#[derive(Clone, Debug)]
pub struct Finding {
    pub kind: Kind,
    /// Chart and version, where it is about one.
    pub version: Option<(String, String)>,
    /// What is named: a version, a file or a tag.
    pub subject: String,
    /// The file, URL or tag that it is at.
    pub place: String,
    /// More about it; may be empty.
    pub detail: String,
    /// What mends it: a command, or what to do where no command does.
    pub mend: String,
    /// What `--fix` does about it.
    pub fix: Option<Fix>,
}

/// What loses nothing.
#[derive(Clone, Debug)]
pub enum Fix {
    /// Restore entries and archives from the branch and its history.
    Restore,
    /// Finish the release of a tag that this program made.
    Finish(Incomplete),
    /// Make a release the latest one.
    Latest { id: u64, tag: String },
}

/// So many of a kind are named.
const NAMED: usize = 5;

impl Kind {
    pub fn severity(self) -> Severity {
        if self <= Self::PagesBuild { Severity::Error } else { Severity::Warning }
    }

    /// What `--json` calls it.
    pub fn id(self) -> &'static str {
        self.words().0
    }

    /// What programs and people call it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::IndexGone => ("index-gone", "the index was removed from the branch"),
            Self::IndexUnreadable => ("index-unreadable", "Helm clients refuse the index"),
            Self::EntryWithoutArchive => {
                ("entry-without-archive", "the index leads to archives that are not there")
            }
            Self::TwoDigests => ("two-digests", "one version has two digests"),
            Self::NotServed => ("not-served", "the site does not serve what the branch has"),
            Self::PagesBuild => ("pages-build", "GitHub Pages does not build the site"),
            Self::DuplicateEntry => ("duplicate-entry", "the index has a version twice"),
            Self::ArchiveWithoutEntry => {
                ("archive-without-entry", "archives that no entry of the index leads to")
            }
            Self::NotIndexed => ("not-indexed", "missing in the Helm repository"),
            Self::NotPushed => ("not-pushed", "missing in the OCI registry"),
            Self::NotReleased => ("not-released", "without a GitHub Release"),
            Self::ReleaseWithoutArchive => {
                ("release-without-archive", "the GitHub Release does not have the archive")
            }
            Self::ReleaseWithoutTag => ("release-without-tag", "the tag of a GitHub Release is not there"),
            Self::Draft => ("draft", "the GitHub Release is still a draft"),
            Self::Latest => ("latest", "GitHub shows an older release as the latest"),
        }
    }
}

/// Findings of one kind, as one problem that names the first of them.
pub fn told(findings: &[&Finding]) -> Option<Problem> {
    let one = findings.first()?;
    let subjects: Vec<String> = findings.iter().map(|finding| finding.subject.clone()).collect();
    let detail = if one.detail.is_empty() { String::new() } else { format!(" ({})", one.detail) };
    let message = format!("{}: {}{detail}", one.kind.words().1, first(NAMED, &subjects));
    let is_same = findings.iter().all(|finding| finding.mend == one.mend);
    let others = if is_same { "" } else { "; the others likewise" };
    let problem = Problem { severity: one.kind.severity(), ..Problem::warning(message) };
    Some(problem.hint(format!("{}{others}", one.mend)))
}
