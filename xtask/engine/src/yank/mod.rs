//! Yanking a version: nobody gets it by accident any more, and whoever needs it can still have it.
//!
//! The entry moves to a second index ([`crate::pages::yanked`]). The archive stays at its URL, and so does the tag of the
//! registry: no client shows a mark there, another manifest would be another digest, and registries refuse to delete by tag.
//! The notes of the GitHub Release say it, and the release stops being the latest.

pub mod command;
mod io;

use std::cmp::Ordering;

use crate::base::config::Config;
use crate::base::helm_repository::asset_name;
use crate::base::tag::ChartVersion;
use crate::github::release::Release;
use crate::github::withdrawn::{is_withdrawn, marked};

/// A change of GitHub Releases.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'r> {
    /// Give a release these notes.
    Note { release: &'r Release, notes: String },
    /// Make a release the latest.
    Latest { release: &'r Release },
}

/// What there is to do to the releases of these versions: their notes say that they are yanked, or no longer do, and a release
/// of which every chart is yanked is not the latest. `latest` is the tag of the one that is; `reason` is `None` where the
/// versions come back.
pub fn steps<'r>(
    config: &Config,
    releases: &'r [Release],
    latest: Option<&str>,
    versions: &[ChartVersion],
    reason: Option<&str>,
) -> Vec<Step<'r>> {
    let published: Vec<&Release> = releases.iter().filter(|release| !release.draft).collect();
    let (mut steps, mut after) = (Vec::new(), Vec::new());
    for &release in &published {
        let old = release.body.clone().unwrap_or_default();
        let of_release = versions.iter().filter(|version| is_of(config, release, version));
        let notes = of_release
            .fold(old.clone(), |notes, version| marked(&notes, &version.name, &version.version, reason));
        after.push((release, notes.clone()));
        if notes != old {
            steps.push(Step::Note { release, notes });
        }
    }
    let touched = versions.iter().flat_map(|version| {
        let of_version = published.iter().filter(|release| is_of(config, release, version));
        of_version.map(move |release| (&release.tag_name, version))
    });
    for (tag, version) in touched {
        let Some(family) = config.tags.family(tag, std::slice::from_ref(version)) else { continue };
        let Some(latest) = latest.filter(|latest| family.version(latest).is_some()) else { continue };
        let stable = after
            .iter()
            .filter(|(release, notes)| !release.prerelease && !is_withdrawn(&release.assets, notes));
        let of_family =
            stable.filter_map(|(release, _)| Some((family.version(&release.tag_name)?, *release)));
        let highest = of_family.reduce(|a, b| if a.0.cmp_precedence(&b.0) == Ordering::Less { b } else { a });
        let step = highest.map(|(_, release)| Step::Latest { release });
        steps.extend(step.filter(|step| !steps.contains(step) && !is_at(step, latest)));
    }
    steps
}

fn is_at(step: &Step<'_>, tag: &str) -> bool {
    matches!(step, Step::Latest { release } if release.tag_name == tag)
}

/// Whether a release is that of a version: its tag says so in one of the patterns, and it offers no other archive alone.
fn is_of(config: &Config, release: &Release, version: &ChartVersion) -> bool {
    let archive = asset_name(&format!("{}-{}.tgz", version.name, version.version));
    let mut archives = release.assets.iter().filter(|asset| asset.name.ends_with(".tgz")).peekable();
    let has_it = archives.peek().is_none() || archives.any(|asset| asset.name == archive);
    let is_its_tag = || {
        let tag = config.tags.read(&release.tag_name, std::slice::from_ref(version)).ok()?;
        let is_its_chart = tag.chart.as_ref().is_none_or(|chart| *chart == version.name);
        (is_its_chart && is_version(&tag.version, &version.version)).then_some(())
    };
    has_it && is_its_tag().is_some()
}

fn is_version(of_tag: &semver::Version, version: &str) -> bool {
    crate::base::version::strict_form(version).as_ref() == Some(of_tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SHOP;
    use crate::github::release::Asset;

    fn release(id: u64, tag: &str, charts: &[&str], body: &str) -> Release {
        let asset = |name: &&str| Asset { name: format!("{name}.tgz"), ..Asset::default() };
        let assets = charts.iter().map(asset).collect();
        Release { id, tag_name: tag.to_owned(), body: Some(body.to_owned()), assets, ..Release::default() }
    }

    fn web(version: &str) -> ChartVersion {
        ChartVersion { name: "web".to_owned(), version: version.to_owned(), ..ChartVersion::default() }
    }

    /// The steps, each in a word or two.
    fn told(
        releases: &[Release],
        latest: &str,
        versions: &[ChartVersion],
        reason: Option<&str>,
    ) -> Vec<String> {
        let steps = steps(&SHOP, releases, Some(latest), versions, reason);
        let tell = |step: &Step<'_>| match step {
            Step::Note { release, .. } => format!("note {}", release.tag_name),
            Step::Latest { release } => format!("latest {}", release.tag_name),
        };
        steps.iter().map(tell).collect()
    }

    #[test]
    fn a_yanked_release_is_noted_and_not_the_latest() {
        let one = [
            release(3, "web-1.2.0", &["web-1.2.0"], "Notes"),
            release(2, "web-1.10.0-rc.1", &["web-1.10.0-rc.1"], ""),
            release(1, "web-1.1.0", &["web-1.1.0"], ""),
            release(4, "db-9.0.0", &["db-9.0.0"], ""),
        ];
        let mut one = one.to_vec();
        one[1].prerelease = true;
        assert_eq!(
            told(&one, "web-1.2.0", &[web("1.2.0")], Some("x")),
            ["note web-1.2.0", "latest web-1.1.0"]
        );
        assert_eq!(told(&one, "web-1.2.0", &[web("1.1.0")], Some("x")), ["note web-1.1.0"]);
        assert_eq!(told(&one, "db-9.0.0", &[web("1.2.0")], Some("x")), ["note web-1.2.0"]);
        assert_eq!(told(&one, "web-1.2.0", &[web("3.0.0")], Some("x")), [""; 0]);
        one[0].body = Some(marked("Notes", "web", "1.2.0", Some("x")));
        assert_eq!(told(&one, "web-1.1.0", &[web("1.2.0")], Some("x")), [""; 0]);
        assert_eq!(told(&one, "web-1.1.0", &[web("1.2.0")], None), ["note web-1.2.0", "latest web-1.2.0"]);
    }

    #[test]
    fn a_release_of_several_charts_stays_the_latest_while_one_is_left() {
        let all = [
            release(2, "v1.2.0", &["web-1.2.0", "db-1.2.0"], ""),
            release(1, "v1.1.0", &["web-1.1.0", "db-1.1.0"], ""),
        ];
        assert_eq!(told(&all, "v1.2.0", &[web("1.2.0")], Some("x")), ["note v1.2.0"]);
        let db = ChartVersion { name: "db".to_owned(), ..web("1.2.0") };
        assert_eq!(told(&all, "v1.2.0", &[web("1.2.0"), db], Some("x")), ["note v1.2.0", "latest v1.1.0"]);
    }
}
