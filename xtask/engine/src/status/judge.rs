//! What is wrong with what was seen. Only what a place said itself counts: what it did not tell is no finding.

use std::collections::HashSet;

use semver::Version;

use super::finding::{Finding, Fix, Kind};
use super::gaps::{Evidence, Gap, Known, gaps};
use super::releases::{Releases, of_releases};
use super::table::{Row, Table, in_release, on_branch, table};
use super::{Branch, Entry, Listing, Observed, Served};
use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::target::Target;
use crate::base::text::shown;
use crate::base::time;
use crate::git::remote_refs::short;
use crate::release::io::survey::archive_in;
use crate::release::unreleased;

/// All versions, and what is wrong with them.
#[derive(Debug)]
pub struct Judged<'o> {
    pub table: Table<'o>,
    pub findings: Vec<Finding>,
}

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'o> {
    pub config: &'o Config,
    pub observed: &'o Observed,
    pub known: &'o Known,
}

/// How long GitHub Pages may take to build and to serve, in seconds: its caches keep a file for ten minutes.
const BUILD: u64 = 15 * 60;
const RESTORE: &str = "cargo xtask pages --only charts --repair --publish";

/// Judges all that was seen.
pub fn judge<'o>(scene: Scene<'o>, evidence: &Evidence) -> Judged<'o> {
    let Scene { config, observed, known } = scene;
    let facts = known.facts(config, observed.tags.as_deref().unwrap_or_default());
    let tagged = unreleased::read(facts);
    let owed = gaps(known, facts, &tagged, evidence);
    let names: HashSet<&str> = owed.iter().map(|gap| gap.incomplete.remote.name.as_str()).collect();
    let table = table(config, observed, &tagged, &names);
    let mut findings: Vec<Finding> =
        observed.branch.iter().filter_map(|branch| scene.index(branch)).collect();
    for (chart, versions) in &table {
        for (version, row) in versions {
            findings.extend(scene.entries(chart, row));
            findings.extend(scene.strays(chart, row));
            findings.extend(digests(observed, chart, version, row));
            findings.extend(scene.untagged(chart, version, row));
        }
    }
    let releases = Releases::new(observed);
    for gap in &owed {
        for (target, chart) in &gap.lacks {
            let row = table.get(chart).and_then(|rows| rows.get(&gap.incomplete.tag.version));
            // An archive that has no entry is told as that.
            let is_told = *target == Target::Pages && row.is_some_and(Row::is_stray);
            if !is_told && row.is_none_or(|row| !row.is_yanked) {
                findings.push(of_gap(config, gap, *target, chart, &releases));
            }
        }
    }
    findings.extend(of_releases(scene, &owed, &releases));
    findings.extend(scene.served());
    findings.extend(scene.build());
    findings.sort_by_key(|finding| finding.kind);
    Judged { table, findings }
}

/// What a version is called.
pub fn title(chart: &str, version: &str) -> String {
    format!("{chart} {version}")
}

/// A finding about a version.
fn about(
    kind: Kind,
    chart: &str,
    version: &str,
    place: impl Into<String>,
    mend: impl Into<String>,
) -> Finding {
    Finding {
        kind,
        version: Some((chart.to_owned(), version.to_owned())),
        subject: title(chart, version),
        place: place.into(),
        detail: String::new(),
        mend: mend.into(),
        fix: None,
    }
}

/// The command that finishes the release of a tag.
pub fn finish(tag: &str) -> String {
    format!("cargo xtask release --tag {tag} --publish")
}

fn of_gap(config: &Config, gap: &Gap, target: Target, chart: &str, releases: &Releases<'_>) -> Finding {
    let (tag, version) = (&gap.incomplete.remote.name, gap.incomplete.tag.version.to_string());
    let published = releases.of(tag).find(|release| !release.draft);
    let draft = releases.of(tag).find(|release| release.draft);
    let (kind, place) = match (target, published, draft) {
        (Target::Pages, ..) => (Kind::NotIndexed, config.index()),
        (Target::Oci, ..) => (Kind::NotPushed, config.oci.clone()),
        (Target::Github, Some(release), _) => (Kind::ReleaseWithoutArchive, release.html_url.clone()),
        (Target::Github, None, Some(draft)) => (Kind::Draft, draft.html_url.clone()),
        (Target::Github, None, None) => (Kind::NotReleased, tag.clone()),
    };
    let is_closed = kind == Kind::ReleaseWithoutArchive && published.is_some_and(|release| release.immutable);
    let fix = gap.is_owed.then(|| Fix::Finish(gap.incomplete.clone())).filter(|_| !is_closed);
    let detail = if is_closed { "it is immutable" } else { "" }.to_owned();
    let mend = if is_closed {
        "nobody can add to it any more: release another version".to_owned()
    } else {
        finish(tag)
    };
    Finding { detail, fix, ..about(kind, chart, &version, place, mend) }
}

/// The digests that places say or that were read, where they differ.
fn digests(observed: &Observed, chart: &str, version: &Version, row: &Row<'_>) -> Option<Finding> {
    let of_entries = row.entries.iter().filter_map(|entry| Some(("index", entry.digest.clone()?)));
    let assets = row.releases.iter().filter_map(|release| archive_in(release, chart, version));
    let assets = assets.filter_map(|asset| Some(("release", asset.digest.clone()?)));
    let own = |place: &&super::Content| place.chart == chart && place.version == row.spelled;
    let read = observed.contents.get(chart).into_iter().flatten().filter(own);
    let read = read.map(|content| (content.place, content.digest.clone()));
    let all: Vec<(&str, Digest)> = of_entries.chain(assets).chain(read).collect();
    let (_, first) = all.first()?;
    if all.iter().all(|(_, digest)| digest == first) {
        return None;
    }
    let said: Vec<String> = all
        .iter()
        .map(|(place, digest)| format!("{place} {}", digest.hex().get(..12).unwrap_or_default()))
        .collect();
    let mend = match row.tag {
        Some(tag) => format!(
            "cargo xtask release --tag {} says which one its commit makes; give what differs a new version",
            tag.name
        ),
        None => "find out which one users have, and give the other content a new version".to_owned(),
    };
    let place = row.entries.first().map_or_else(String::new, |entry| entry.url.clone());
    Some(Finding { detail: said.join(", "), ..about(Kind::TwoDigests, chart, &row.spelled, place, mend) })
}

impl Scene<'_> {
    fn index(&self, branch: &Branch) -> Option<Finding> {
        let finding = |kind, detail, mend: String, fix| Finding {
            kind,
            version: None,
            subject: self.config.index(),
            place: self.config.index(),
            detail,
            mend,
            fix,
        };
        match &branch.index {
            Listing::None | Listing::Read(_) => None,
            Listing::Gone(commit) => {
                let detail = format!("by commit {}", short(commit));
                Some(finding(Kind::IndexGone, detail, RESTORE.to_owned(), Some(Fix::Restore)))
            }
            Listing::Unreadable(why) => {
                let mend = "mend it, or take an older one from the history of the branch".to_owned();
                Some(finding(Kind::IndexUnreadable, shown(why), mend, None))
            }
        }
    }

    /// What is wrong with the entries of a version: there are two, or one leads to nothing.
    fn entries(&self, chart: &str, row: &Row<'_>) -> Vec<Finding> {
        let lost = |entry: &&&Entry| self.leads_to_nothing(entry).is_some();
        let told = |entry: &&Entry| {
            let (place, fix) = self.leads_to_nothing(entry)?;
            let mend = match (&fix, row.tag) {
                (Some(_), _) => RESTORE.to_owned(),
                (None, Some(tag)) => finish(&tag.name),
                (None, None) => "restore the archive from the history of where it was".to_owned(),
            };
            let finding = about(Kind::EntryWithoutArchive, chart, &entry.version, place, mend);
            Some(Finding { fix, ..finding })
        };
        let lost: Vec<Finding> = row.entries.iter().find(lost).and_then(told).into_iter().collect();
        let mut spelled = HashSet::new();
        let twice = row.entries.iter().find(|entry| !spelled.insert(&entry.version));
        let twice = twice.map(|entry| {
            let place = format!("{}:{}", self.config.index(), entry.line);
            let mend =
                "delete the entry whose digest is not that of the file at its URL, in a commit to the branch";
            about(Kind::DuplicateEntry, chart, &entry.version, place, mend)
        });
        lost.into_iter().chain(twice).collect()
    }

    /// Where an entry leads, if nothing is there, and what restores it.
    fn leads_to_nothing(&self, entry: &Entry) -> Option<(String, Option<Fix>)> {
        let branch = self.observed.branch.as_ref()?;
        if let Some(path) = on_branch(self.config, &entry.url) {
            let fix = self.config.beside_index(&path).map(|_| Fix::Restore);
            return (!branch.files.contains(&path)).then_some((path, fix));
        }
        let (tag, file) = in_release(self.config, &entry.url)?;
        let releases = self.observed.releases.as_ref()?;
        let has_it = releases.iter().filter(|release| release.tag_name == tag && !release.draft);
        let has_it =
            has_it.flat_map(|release| &release.assets).any(|asset| asset.name == file && asset.is_whole());
        (!has_it).then(|| (entry.url.clone(), None))
    }

    /// An archive of a version that the index does not list.
    fn strays(&self, chart: &str, row: &Row<'_>) -> Option<Finding> {
        let is_read = self.observed.branch.as_ref().is_some_and(Branch::is_read);
        let path = row.archives.first().filter(|_| is_read && row.entries.is_empty() && !row.is_yanked)?;
        let is_in_old = self.observed.branch.iter().flat_map(|branch| &branch.old);
        if is_in_old.into_iter().any(|entry| entry.chart == chart && entry.version == row.spelled) {
            return None;
        }
        let is_beside = self.config.beside_index(path).is_some();
        let mend = if is_beside {
            RESTORE
        } else {
            "add an entry for it to the index, or remove it from the branch"
        };
        let finding = about(Kind::ArchiveWithoutEntry, chart, &row.spelled, *path, mend);
        Some(Finding { fix: is_beside.then_some(Fix::Restore), ..finding })
    }

    /// What the Helm repository or the registry lacks of a version that has no tag.
    fn untagged(&self, chart: &str, version: &Version, row: &Row<'_>) -> Vec<Finding> {
        if row.tag.is_some() || row.is_yanked {
            return Vec::new();
        }
        let lacks = |target: &Target| {
            let is_elsewhere = if *target == Target::Pages { row.is_pushed } else { !row.entries.is_empty() };
            let is_wanted =
                self.config.publishes_to(*target) && !(*target == Target::Pages && row.is_stray());
            is_elsewhere && is_wanted && self.known.is_gap(*target, chart, version)
        };
        let tag = self.config.tags.for_chart(chart, &row.spelled);
        let is_here = self.observed.charts.iter().any(|one| one.name == chart && one.version == row.spelled);
        let mend = if is_here && !self.config.stamps() {
            format!("cargo xtask release {chart} --backfill --publish")
        } else if self.observed.tags.is_some() {
            format!("tag the commit that it was made from as {tag}, then: {}", finish(&tag))
        } else {
            finish(&tag)
        };
        let told = |target| match target {
            Target::Pages => about(Kind::NotIndexed, chart, &row.spelled, self.config.index(), mend.clone()),
            _ => about(Kind::NotPushed, chart, &row.spelled, self.config.oci.clone(), mend.clone()),
        };
        [Target::Pages, Target::Oci].into_iter().filter(lacks).map(told).collect()
    }

    /// What the branch has and the site does not serve, once it had the time.
    fn served(&self) -> Option<Finding> {
        let branch = self.observed.branch.as_ref().filter(|branch| !branch.entries().is_empty())?;
        if branch.time.saturating_add(BUILD) > self.observed.now {
            return None;
        }
        let url = format!("{}/index.yaml", self.config.helm_repository());
        let detail = match self.observed.served.as_ref()? {
            Served::Missing => "there is no such file".to_owned(),
            Served::Index(served) => {
                let served: HashSet<_> = served.iter().map(identity).collect();
                let missing: Vec<&Entry> =
                    branch.entries().iter().filter(|entry| !served.contains(&identity(entry))).collect();
                let first = missing.first()?;
                let (count, all) = (missing.len(), branch.entries().len());
                format!(
                    "{count} of {all} entries are not served, such as {}",
                    title(&first.chart, &first.version)
                )
            }
        };
        let (subject, place) = (url.clone(), url);
        let mend = "look at Settings -> Pages and at the deployments of the repository".to_owned();
        Some(Finding { kind: Kind::NotServed, version: None, subject, place, detail, mend, fix: None })
    }

    fn build(&self) -> Option<Finding> {
        let build = self.observed.build.as_ref()?;
        let detail = match build.status.as_str() {
            "built" | "" => return None,
            "errored" => format!(
                "the last build failed: {}",
                shown(build.error.message.as_deref().unwrap_or("no reason"))
            ),
            status if build.updated_at < time::utc(self.observed.now.saturating_sub(BUILD)) => {
                format!("the last build is `{}` since {}", shown(status), shown(&build.updated_at))
            }
            _ => return None,
        };
        let repository = &self.config.repository;
        Some(Finding {
            kind: Kind::PagesBuild,
            version: None,
            subject: self.config.pages.clone(),
            place: self.config.branch.clone(),
            detail,
            mend: format!("start it again: gh api --method POST repos/{repository}/pages/builds"),
            fix: None,
        })
    }
}

/// What makes an entry another one for users.
fn identity(entry: &Entry) -> (&str, &str, Option<&Digest>) {
    (&entry.chart, &entry.version, entry.digest.as_ref())
}
