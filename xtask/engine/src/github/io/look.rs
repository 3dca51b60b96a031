//! What is there: the tag, its releases, and the published releases of other tags.

use std::collections::BTreeMap;

use super::Github;
use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::helm_repository::asset_name;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::url;
use crate::chart::Archive;
use crate::chart::same_content::differences;
use crate::dist::{self, by_tag};
use crate::github::release::{Asset, Named, Release};
use crate::github::{File, Other, Seen, Wanted};

/// As many pages of releases as GitHub lists.
const MAX_PAGES: usize = 100;
/// The longest chain of annotated tags that is followed.
const MAX_TAGS: usize = 8;

impl Github<'_> {
    /// Everything. `made` are releases that this run created.
    pub(super) fn look_at(&self, wanted: &Wanted<'_>, made: &[u64]) -> Result<Seen, Problem> {
        let tag = &*wanted.tag;
        let (own, others): (Vec<_>, Vec<_>) =
            self.releases()?.into_iter().partition(|release| release.tag_name == tag);
        let mut releases = Vec::new();
        for listed in &own {
            releases.extend(self.listed(listed.id)?);
        }
        for &id in made.iter().filter(|id| own.iter().all(|listed| listed.id != **id)) {
            releases.extend(self.release(id)?);
        }
        let others = others.into_iter().filter(|release| !release.draft && !release.is_withdrawn());
        releases.retain(|release| release.tag_name == tag);
        Ok(Seen {
            tag_commit: self.tag_commit(tag)?,
            same: self.same_charts(wanted, &releases),
            releases,
            others: others.map(|one| Other { tag: one.tag_name, prerelease: one.prerelease }).collect(),
            with_drafts: self.api.has_token(),
        })
    }

    /// The release that counts, again; all else as it was seen.
    pub(super) fn look_at_release(&self, wanted: &Wanted<'_>, mut seen: Seen) -> Result<Seen, Problem> {
        let Some(id) = seen.current().map(|release| release.id) else { return Ok(seen) };
        let release = self.release(id)?;
        seen.releases.retain(|other| other.id != id);
        seen.releases.extend(release);
        seen.same = self.same_charts(wanted, &seen.releases);
        Ok(seen)
    }

    /// The assets that others packaged, and that hold the charts of the wanted archives. What cannot be read is none.
    fn same_charts(&self, wanted: &Wanted<'_>, releases: &[Release]) -> Vec<u64> {
        let assets = releases.iter().flat_map(|release| &release.assets).filter(|asset| asset.is_whole());
        let holds_the_same = |asset: &&Asset| {
            let file = wanted.file(&asset.name).filter(|file| file.name.ends_with(".tgz"));
            file.is_some_and(|file| asset.digest.as_ref() != Some(&file.digest) && self.is_same(asset, file))
        };
        assets.filter(holds_the_same).map(|asset| asset.id).collect()
    }

    fn is_same(&self, asset: &Asset, file: &File<'_>) -> bool {
        if let Some(&known) = self.same.borrow().get(&asset.id) {
            return known;
        }
        let Ok(answer) = self.api.download(&format!("/releases/assets/{}", asset.id)) else { return false };
        let differing = differences(file.data, &answer.body);
        let is_same = answer.is_success() && differing.is_ok_and(|files| files.is_empty());
        self.same.borrow_mut().insert(asset.id, is_same);
        is_same
    }

    /// Where everybody gets the archives of a release, by their file names. An error unless GitHub has published each with
    /// these bytes: what leads there must never lead to nothing.
    pub fn addresses(
        &self,
        config: &Config,
        release: &dist::Release,
    ) -> Result<BTreeMap<String, String>, Problem> {
        let mut addresses = BTreeMap::new();
        for (tag, charts) in by_tag(config, &release.manifest) {
            let is_in = |archive: &&Archive| charts.iter().any(|chart| chart.archive == archive.file_name());
            let archives: Vec<&Archive> = release.archives.iter().filter(is_in).collect();
            addresses.extend(self.addresses_of_tag(&tag, &archives)?);
        }
        Ok(addresses)
    }

    fn addresses_of_tag(
        &self,
        tag: &str,
        archives: &[&Archive],
    ) -> Result<BTreeMap<String, String>, Problem> {
        let repository = self.api.repository();
        let what = format!("look at release {} of {}", name(tag), name(repository));
        let answer = self.api.get(&format!("/releases/tags/{}", url::escape_component(tag)));
        let lacks = |file: &str| {
            let message =
                format!("{} has no published release {} with {}", name(repository), name(tag), name(file));
            Problem::error(message)
                .hint("publish that first: cargo xtask release --publish=github, then --publish=pages")
        };
        let first = archives.first().map(|archive| archive.file_name()).unwrap_or_default();
        if answer.as_ref().is_ok_and(|response| response.status == 404) {
            return Err(lacks(&first));
        }
        let release: Release = self.api.read(&what, &answer)?;
        let mut addresses = BTreeMap::new();
        for archive in archives {
            let file = archive.file_name();
            let stored = asset_name(&file);
            let asset = release.assets.iter().find(|asset| asset.name == stored && asset.is_whole());
            let asset = asset.filter(|_| !release.draft).ok_or_else(|| lacks(&file))?;
            let digest = asset.digest.clone().map_or_else(|| self.digest(asset), Ok)?;
            if digest != archive.digest {
                let message = format!(
                    "release {} has {} with the digest {digest}, and here it has {}: what is published never changes",
                    name(tag),
                    name(&file),
                    archive.digest
                );
                return Err(Problem::error(message).hint("publish a new version"));
            }
            addresses.insert(file, asset.browser_download_url.clone());
        }
        Ok(addresses)
    }

    /// All releases, drafts among them for those who may write.
    pub fn releases(&self) -> Result<Vec<Release>, Problem> {
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
            if release.is_some() || self.releases()?.iter().all(|listed| listed.id != id) {
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
    fn digest(&self, asset: &Asset) -> Result<Digest, Problem> {
        if let Some(known) = self.digests.borrow().get(&asset.id) {
            return Ok(known.clone());
        }
        let what = format!("download {}", name(&asset.name));
        let answer = self.api.download(&format!("/releases/assets/{}", asset.id));
        let digest = match &answer {
            Ok(response) if response.is_success() => Digest::of(&response.body),
            _ => return Err(self.api.problem(&what, &answer)),
        };
        self.digests.borrow_mut().insert(asset.id, digest.clone());
        Ok(digest)
    }

    /// The commit that a tag names. The repository is there, since its releases were listed: what is not found is the
    /// tag.
    fn tag_commit(&self, tag: &str) -> Result<Option<String>, Problem> {
        let what = format!("look at tag {} of {}", name(tag), name(self.api.repository()));
        let answer = self.api.get(&format!("/git/ref/tags/{}", url::escape_component(tag)));
        // 409: a repository without any commit.
        if answer.as_ref().is_ok_and(|response| matches!(response.status, 404 | 409)) {
            return Ok(None);
        }
        let mut object = self.api.read::<Named>(&what, &answer)?.object;
        for _ in 0..MAX_TAGS {
            if object.kind != "tag" {
                break;
            }
            let answer = self.api.get(&format!("/git/tags/{}", url::escape_component(&object.sha)));
            object = self.api.read::<Named>(&what, &answer)?.object;
        }
        Ok(Some(object.sha))
    }
}
