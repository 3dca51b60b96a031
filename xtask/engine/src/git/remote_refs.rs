//! The default branch and the tags of a remote, as `git ls-remote --symref` prints them (git-ls-remote(1)).

use std::collections::BTreeMap;

use super::tag_object::TagObject;

/// What a remote has, besides its branches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteRefs {
    /// The branch that its HEAD names, with the commit of that.
    pub default_branch: Option<(String, String)>,
    /// By name.
    pub tags: Vec<RemoteTag>,
}

/// A tag of a remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteTag {
    pub name: String,
    /// The commit that it names.
    pub commit: String,
    /// The id of its own object, if it is annotated.
    pub object: Option<String>,
}

/// The first seven digits of a commit.
pub fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

impl RemoteRefs {
    /// Reads what `git ls-remote --symref REMOTE HEAD 'refs/tags/*'` prints.
    pub fn read(listed: &str) -> Self {
        let (mut branch, mut tip) = (None, None);
        let mut tags: BTreeMap<&str, RemoteTag> = BTreeMap::new();
        for (id, name) in listed.lines().filter_map(|line| line.split_once('\t')) {
            if name == "HEAD" {
                match id.strip_prefix("ref: ") {
                    Some(reference) => branch = reference.strip_prefix("refs/heads/"),
                    None => tip = Some(id),
                }
            } else if let Some(tag) = name.strip_prefix("refs/tags/") {
                // `TAG^{}`, the object that an annotated tag names, follows the tag itself.
                if let Some(tag) = tag.strip_suffix("^{}").and_then(|tag| tags.get_mut(tag)) {
                    tag.object = Some(std::mem::replace(&mut tag.commit, id.to_owned()));
                } else {
                    let new = RemoteTag { name: tag.to_owned(), commit: id.to_owned(), object: None };
                    tags.insert(tag, new);
                }
            }
        }
        let default_branch = branch.zip(tip).map(|(branch, tip)| (branch.to_owned(), tip.to_owned()));
        Self { default_branch, tags: tags.into_values().collect() }
    }

    /// The commit that a tag names; `None` if there is no such tag.
    pub fn commit_of(&self, tag: &str) -> Option<&str> {
        self.tags.iter().find(|one| one.name == tag).map(|one| one.commit.as_str())
    }

    /// The first of these tags that is at another commit here.
    pub fn elsewhere<'t>(&self, tags: &'t [TagObject]) -> Option<&'t TagObject> {
        tags.iter().find(|tag| self.commit_of(&tag.tag).is_some_and(|commit| commit != tag.commit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings() {
        let listed = "ref: refs/heads/main\tHEAD\naa\tHEAD\nbb\trefs/tags/a-1.0.0\ncc\trefs/tags/a-1.0.0^{}\ndd\trefs/tags/v1\n";
        let refs = RemoteRefs::read(listed);
        assert_eq!(refs.default_branch, Some(("main".to_owned(), "aa".to_owned())));
        let tag = |name: &str, commit: &str, object: Option<&str>| RemoteTag {
            name: name.to_owned(),
            commit: commit.to_owned(),
            object: object.map(str::to_owned),
        };
        assert_eq!(refs.tags, [tag("a-1.0.0", "cc", Some("bb")), tag("v1", "dd", None)]);
        assert_eq!((refs.commit_of("v1"), refs.commit_of("v2")), (Some("dd"), None));
        assert_eq!(RemoteRefs::read(""), RemoteRefs::default());
    }
}
