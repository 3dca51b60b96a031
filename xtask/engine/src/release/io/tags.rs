//! Makes the tags of a release, before anything of it is published.

use std::time::Duration;

use anyhow::Result;

use crate::base::config::Config;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::dist;
use crate::dist::manifest::Manifest;
use crate::git::io::branch::{Branch, Refusal};
use crate::git::io::remote::Remote;
use crate::git::io::repository::Repository;
use crate::git::io::tags::push;
use crate::git::refusal::{self, Access};
use crate::git::remote_refs::RemoteRefs;
use crate::git::tag_object::TagObject;
use crate::github::io::Github;
use crate::sys::terminal;

/// What came of making tags.
#[derive(Debug, PartialEq, Eq)]
pub enum Made {
    /// All of them are at the commit.
    Here,
    /// Somebody has made one of them at another commit since the look.
    Elsewhere(String),
}

/// The tags of a release that a remote lacks.
pub fn missing(config: &Config, manifest: &Manifest, there: &RemoteRefs) -> Vec<TagObject> {
    let commit = &manifest.commit;
    let tags = dist::tags(config, manifest).into_iter().filter(|tag| there.commit_of(tag).is_none());
    tags.map(|tag| TagObject { tag, commit: commit.id.clone(), time: commit.time }).collect()
}

/// Makes tags at a remote: by the refs API of a GitHub, else by a push from the repository that has their commit.
pub fn make(
    remote: &Remote,
    repository: &Repository,
    github: Option<&Github<'_>>,
    tags: &[TagObject],
    limit: Duration,
) -> Result<Made> {
    if tags.is_empty() {
        return Ok(Made::Here);
    }
    for tag in tags {
        terminal::progress("Tagging", &tag.to_string());
    }
    // The name of a branch is of no matter for a look at tags.
    let look = Branch::new(remote, "none", limit)?;
    let refused: Option<Problem> = match github {
        Some(github) => tags.iter().find_map(|tag| github.make_tag(tag).err()),
        None => push(remote, repository, tags, look.deadline())?.err().map(|Refusal(words)| {
            let message = format!("cannot push tags to {}: {words}", name(&remote.url));
            // The clone's own settings count here.
            let access = Access { unused: Vec::new(), ..remote.access().clone() };
            Problem::error(message).hint(refusal::hint(&words, &access))
        }),
    };
    // What the remote has now counts, whoever made it.
    let (there, refused) = match (look.refs()?, refused) {
        (Ok(there), refused) => (there, refused),
        (Err(_), Some(problem)) => return Err(problem.into()),
        (Err(Refusal(words)), None) => {
            let message = format!("cannot read the tags of {}: {words}", name(&remote.url));
            return Err(Problem::error(message).hint("run it again: it goes on from there").into());
        }
    };
    if let Some(tag) = there.elsewhere(tags) {
        return Ok(Made::Elsewhere(tag.tag.clone()));
    }
    match refused.filter(|_| tags.iter().any(|tag| there.commit_of(&tag.tag).is_none())) {
        Some(problem) => Err(problem.into()),
        None => Ok(Made::Here),
    }
}
