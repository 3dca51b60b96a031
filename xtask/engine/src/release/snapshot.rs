//! The version of a release without a tag, where tags decide the versions: a snapshot, which is made, rehearsed and looked
//! at, and never published.

use semver::Version;

use super::Tags;
use crate::base::config::Config;
use crate::base::tag::ChartVersion;
use crate::base::time;
use crate::git::Commit;

/// `X.Y.Z-dev.TIME.gCOMMIT`: the next patch above the highest stable release, the time of the commit in UTC, and the first
/// twelve digits of its id. Nothing is counted, since CI's clone has one commit, and no `+` is in it: registries, labels
/// and tags of images take none.
pub fn version(config: &Config, tags: &Tags, charts: &[ChartVersion], commit: &Commit) -> String {
    let base = next(config, tags, charts);
    let time: String = time::utc(commit.time).chars().filter(char::is_ascii_digit).collect();
    let id = commit.id.get(..12).unwrap_or(&commit.id);
    format!("{base}-dev.{time}.g{id}")
}

/// The next patch above the highest stable release of the remote, else of this clone.
fn next(config: &Config, tags: &Tags, charts: &[ChartVersion]) -> Version {
    let version = |tag: &String| Some(config.tags.read(tag, charts).ok()?.version);
    let is_stable = |version: &Version| version.pre.is_empty();
    let remote = tags.remote.iter().flatten().filter_map(version).filter(is_stable).max();
    let local = || tags.git.iter().filter_map(|(tag, _)| version(tag)).filter(is_stable).max();
    remote.or_else(local).map_or_else(
        || Version::new(0, 0, 1),
        |one| Version::new(one.major, one.minor, one.patch.saturating_add(1)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SHOP;
    use crate::base::version::release_of;

    #[test]
    fn the_next_patch_of_the_highest_release() {
        let web = ChartVersion { name: "web".to_owned(), ..ChartVersion::default() };
        let commit = Commit { id: "0123456789abcdef".to_owned(), time: 1_704_164_645 };
        let names = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        for (git, remote, expected) in [
            (&[][..], None, "0.0.1"),
            (&["v0.9.0", "v0.10.0", "v1.0.0-rc.1", "nightly", "other-9.0.0"], None, "0.10.1"),
            (&["v0.1.0"], Some(&["v2.0.0", "web-2.1.0"][..]), "2.1.1"),
            (&["v0.1.0"], Some(&["nightly"]), "0.1.1"),
        ] {
            let git = git.iter().map(|tag| ((*tag).to_owned(), String::new())).collect();
            let tags = Tags { git, remote: remote.map(names), ..Tags::default() };
            let version = version(&SHOP, &tags, std::slice::from_ref(&web), &commit);
            assert_eq!(version, format!("{expected}-dev.20240102030405.g0123456789ab"));
            assert_eq!(release_of(&version).map(|version| version.to_string()).as_deref(), Some(expected));
            assert!(Version::parse(&version).is_ok());
        }
        assert_eq!(release_of("1.0.0-rc.1"), None);
    }
}
