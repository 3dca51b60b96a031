//! The user of a GitHub Release: reads its notes, downloads what it offers, and runs `sha256sum --check`.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Steps, Story, broken, get};
use crate::base::digest::Digest;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::url;
use crate::dist::SUMS;
use crate::github::Wanted;
use crate::github::release::Release;
use crate::sys::http::Http;

pub fn verify(story: &Story<'_>, http: &Http, steps: &mut Steps<'_>) -> Result<()> {
    for wanted in story.releases {
        let what = format!("release {} of {}", wanted.tag, story.config.repository);
        steps.make("Verified", what, || look(story, http, wanted))?;
    }
    Ok(())
}

fn look(story: &Story<'_>, http: &Http, wanted: &Wanted<'_>) -> Result<String, Problem> {
    let tag = url::escape_component(&wanted.tag);
    let (api, repository) = (&story.targets.api, &story.config.repository);
    let answer = get(http, format!("{api}/repos/{repository}/releases/tags/{tag}"))?;
    let release: Release = serde_json::from_slice(&answer)
        .map_err(|error| broken(format!("release {} is not JSON: {error}", name(&wanted.tag))))?;
    let mut files = BTreeMap::new();
    for asset in &release.assets {
        let file = url::escape_component(&asset.name);
        let data = get(http, format!("{api}/{repository}/releases/download/{tag}/{file}"))?;
        files.insert(asset.name.as_str(), data);
    }
    compare(wanted, &release, &files)
}

/// What people read and get must be what was made.
fn compare(
    wanted: &Wanted<'_>,
    release: &Release,
    files: &BTreeMap<&str, Vec<u8>>,
) -> Result<String, Problem> {
    let differs = |what: &str| Err(broken(format!("release {} {what}", name(&wanted.tag))));
    if release.body.as_deref().unwrap_or_default() != wanted.notes {
        return differs("has other notes");
    }
    if release.draft || release.prerelease != wanted.prerelease {
        return differs("is a draft, or a prerelease where it should be none");
    }
    for file in &wanted.assets {
        if files.get(file.name.as_str()).is_none_or(|data| Digest::of(data) != file.digest) {
            return differs(&format!("has no {} as it was made", name(&file.name)));
        }
    }
    let agree = files.get(SUMS).map(|sums| check(sums, files)).transpose()?.unwrap_or_default();
    Ok(format!("notes, {}{agree}", files.keys().copied().collect::<Vec<_>>().join(", ")))
}

/// What `sha256sum --check` does.
fn check(sums: &[u8], files: &BTreeMap<&str, Vec<u8>>) -> Result<&'static str, Problem> {
    for line in String::from_utf8_lossy(sums).lines() {
        let (sum, file) = line.split_once("  ").unwrap_or_default();
        let is_same = files.get(file).is_some_and(|data| Digest::of(data).hex() == sum);
        if !is_same {
            return Err(broken(format!(
                "{SUMS} does not agree with what the release offers: {}",
                name(line)
            )));
        }
    }
    Ok("; the sums agree")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::File;

    #[test]
    fn releases_are_compared() {
        let sums = format!("{}  web.tgz\n", Digest::of(b"web").hex());
        let file = |name: &str, data| File { name: name.to_owned(), data, digest: Digest::of(data) };
        let assets = vec![file("web.tgz", b"web"), file(SUMS, sums.as_bytes())];
        let wanted = Wanted {
            tag: "v1".to_owned(),
            makes_tag: false,
            notes: "Words.",
            prerelease: false,
            commit: "0",
            family: None,
            latest: None,
            assets,
        };
        let release = Release { body: Some("Words.".into()), ..Release::default() };
        let files = BTreeMap::from([("web.tgz", b"web".to_vec()), (SUMS, sums.clone().into_bytes())]);
        let saw = "notes, SHA256SUMS, web.tgz; the sums agree".to_owned();
        assert_eq!(compare(&wanted, &release, &files), Ok(saw));
        for bad in [
            Release { body: None, ..release.clone() },
            Release { draft: true, ..release.clone() },
            Release { prerelease: true, ..release.clone() },
        ] {
            assert!(compare(&wanted, &bad, &files).is_err(), "{bad:?}");
        }
        for (name, data) in [("web.tgz", &b"other"[..]), (SUMS, b"")] {
            let mut files = files.clone();
            files.insert(name, data.to_vec());
            assert!(compare(&wanted, &release, &files).is_err(), "{name}");
        }
        assert!(compare(&wanted, &release, &BTreeMap::new()).is_err());
    }

    #[test]
    fn sums() {
        let files = BTreeMap::from([("a", b"a".to_vec())]);
        let sum = Digest::of(b"a");
        let sum = sum.hex();
        assert!(check(format!("{sum}  a\n").as_bytes(), &files).is_ok());
        for bad in [format!("{sum}  b"), format!("{sum} a"), format!("0{sum}  a"), "\n".to_owned()] {
            assert!(check(bad.as_bytes(), &files).is_err(), "{bad}");
        }
    }
}
