//! Git: its objects, and what the refusals of a remote mean.

pub mod io;
pub mod object;
pub mod refusal;
pub mod remote_refs;
pub mod tag_object;

use std::collections::BTreeMap;

use self::object::Object;

/// The branch as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tip {
    pub commit: String,
    pub files: BTreeMap<String, Object>,
    /// Its files whose paths are not UTF-8.
    pub odd: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub struct Commit {
    pub id: String,
    /// Seconds since 1970.
    pub time: u64,
}
