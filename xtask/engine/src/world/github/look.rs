//! What is there: the tag, its releases, and the published releases of other tags.

use super::Github;
use crate::model::archive::digest;
use crate::model::github::{Asset, Named, Release};
use crate::model::percent;
use crate::model::problem::Problem;
use crate::model::text::name;
use crate::plan::github::{Other, Seen};

/// As many pages of releases as GitHub lists.
const MAX_PAGES: usize = 100;
/// The longest chain of annotated tags that is followed.
const MAX_TAGS: usize = 8;

impl Github<'_> {
    /// Everything. `made` are releases that this run created.
    pub(super) fn look_at(&self, tag: &str, made: &[u64]) -> Result<Seen, Problem> {
        let (own, others): (Vec<_>, Vec<_>) =
            self.list()?.into_iter().partition(|release| release.tag_name == tag);
        let mut releases = Vec::new();
        for listed in &own {
            releases.extend(self.listed(listed.id)?);
        }
        for &id in made.iter().filter(|id| own.iter().all(|listed| listed.id != **id)) {
            releases.extend(self.release(id)?);
        }
        let others = others.into_iter().filter(|release| !release.draft);
        Ok(Seen {
            tag_commit: self.tag_commit(tag)?,
            releases: releases.into_iter().filter(|release| release.tag_name == tag).collect(),
            others: others.map(|one| Other { tag: one.tag_name, prerelease: one.prerelease }).collect(),
            with_drafts: self.api.has_token(),
        })
    }

    /// The release that counts, again; all else as it was seen.
    pub(super) fn look_at_release(&self, mut seen: Seen) -> Result<Seen, Problem> {
        let Some(id) = seen.current().map(|release| release.id) else { return Ok(seen) };
        let release = self.release(id)?;
        seen.releases.retain(|other| other.id != id);
        seen.releases.extend(release);
        Ok(seen)
    }

    /// All releases.
    fn list(&self) -> Result<Vec<Release>, Problem> {
        let what = format!("look at the releases of {}", name(self.api.repository()));
        let mut releases: Vec<Release> = Vec::new();
        for page in 1..=MAX_PAGES {
            let answer = self.api.get(&format!("/releases?per_page=100&page={page}"));
            releases.extend(self.api.read::<Vec<Release>>(&what, &answer)?);
            if !answer.as_ref().is_ok_and(|response| response.next().is_some()) {
                break;
            }
        }
        Ok(releases)
    }

    /// One release of the list, which may be some seconds old; what is said of one release is not. `None` if it was
    /// deleted. One that stays in the list and is not found is no deleted one.
    fn listed(&self, id: u64) -> Result<Option<Release>, Problem> {
        let silence = Err(format!("release {id} is in the list and is not found"));
        for tries in 1.. {
            let release = self.release(id)?;
            if release.is_some() || self.list()?.iter().all(|listed| listed.id != id) {
                return Ok(release);
            }
            if !self.api.http.should_repeat(tries, &silence, &self.api.host()) {
                break;
            }
        }
        Err(self.api.problem(&format!("look at release {id} of {}", name(self.api.repository())), &silence))
    }

    /// One release; `None` if it was deleted.
    pub(super) fn release(&self, id: u64) -> Result<Option<Release>, Problem> {
        let what = format!("look at release {id} of {}", name(self.api.repository()));
        let answer = self.api.get(&format!("/releases/{id}"));
        if answer.as_ref().is_ok_and(|response| response.status == 404) {
            return Ok(None);
        }
        let mut release: Release = self.api.read(&what, &answer)?;
        for asset in release.assets.iter_mut().filter(|asset| asset.is_whole() && asset.digest.is_none()) {
            asset.digest = Some(self.digest(asset)?);
        }
        Ok(Some(release))
    }

    /// The digest of what a server has that does not say it.
    fn digest(&self, asset: &Asset) -> Result<String, Problem> {
        if let Some(known) = self.digests.borrow().get(&asset.id) {
            return Ok(known.clone());
        }
        let what = format!("download {}", name(&asset.name));
        let answer = self.api.download(&format!("/releases/assets/{}", asset.id));
        let digest = match &answer {
            Ok(response) if response.is_success() => digest(&response.body),
            _ => return Err(self.api.problem(&what, &answer)),
        };
        self.digests.borrow_mut().insert(asset.id, digest.clone());
        Ok(digest)
    }

    /// The commit that a tag names. The repository is there, since its releases were listed: what is not found is the
    /// tag.
    fn tag_commit(&self, tag: &str) -> Result<Option<String>, Problem> {
        let what = format!("look at tag {} of {}", name(tag), name(self.api.repository()));
        let answer = self.api.get(&format!("/git/ref/tags/{}", percent::encode(tag, b"-._~")));
        // 409: a repository without any commit.
        if answer.as_ref().is_ok_and(|response| matches!(response.status, 404 | 409)) {
            return Ok(None);
        }
        let mut object = self.api.read::<Named>(&what, &answer)?.object;
        for _ in 0..MAX_TAGS {
            if object.kind != "tag" {
                break;
            }
            let answer = self.api.get(&format!("/git/tags/{}", percent::encode(&object.sha, b"")));
            object = self.api.read::<Named>(&what, &answer)?.object;
        }
        Ok(Some(object.sha))
    }
}
