//! A chart against what is published of it: who changes a chart gives it a new version, since a published one never
//! changes. What counts is the content of the published archive and not a history, which may be shallow or rewritten.

use std::cmp::Ordering;

use semver::Version;

use super::embedded;
use crate::base::config::Versions;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::tag::TagPatterns;
use crate::base::text::{few, name};
use crate::base::version::{helm_accepts, is_same, precedence, strict_form};
use crate::chart::package::Package;
use crate::chart::same_content::differing;
use crate::chart::{Archive, Metadata, tgz};
use crate::index::Version as Listed;

/// What the next release makes of a chart.
#[derive(Clone, Copy, Debug)]
pub struct Next<'a> {
    pub path: &'a str,
    pub package: &'a Package,
    pub tag: Option<&'a Version>,
    /// Whether a tag decides the version.
    pub versions: Versions,
    pub tags: &'a TagPatterns,
}

/// How a chart compares with the archive that is published of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Same,
    Differs(Vec<String>),
}

impl Next<'_> {
    /// The version that it will have; `None` where only a tag will tell.
    pub fn version(&self) -> Option<String> {
        match self.versions {
            Versions::Verify => Some(self.package.metadata.version.clone()),
            _ => self.tag.map(Version::to_string),
        }
    }

    /// The published version that it has to be compared with: the same one, perhaps in another spelling, else, where a tag
    /// will decide, the newest.
    pub fn counterpart<'v, 't>(&self, all: &'v [Listed<'t>]) -> Option<&'v Listed<'t>> {
        let mut listed = self.listed(all);
        match self.version() {
            Some(version) => {
                let exact = self.listed(all).find(|one| one.version == version);
                exact.or_else(|| listed.find(|one| is_same(&one.version, &version)))
            }
            None => listed.max_by(|a, b| precedence(&a.version, &b.version)),
        }
    }

    fn listed<'v, 't: 'v>(&self, all: &'v [Listed<'t>]) -> impl Iterator<Item = &'v Listed<'t>> {
        let own = &self.package.metadata.name;
        all.iter().filter(move |one| one.name == *own && helm_accepts(&one.version))
    }

    pub fn compare(&self, archive: &[u8], counterpart: &str) -> Result<Content, String> {
        let theirs = tgz::read(archive, tgz::MAX_TOTAL)?;
        let adapt = |mut own: Metadata, published: &Metadata| {
            if self.versions != Versions::Verify {
                counterpart.clone_into(&mut own.version);
                if self.versions == Versions::Stamp {
                    let stamped = if self.tag.is_some() { counterpart } else { &published.app_version };
                    stamped.clone_into(&mut own.app_version);
                }
            }
            own
        };
        let mut changed = differing(&self.package.entries, &theirs, &adapt)?;
        changed.retain(|path| !self.package.is_fetched(path));
        Ok(if changed.is_empty() { Content::Same } else { Content::Differs(changed) })
    }

    /// The error of a version that is published in another spelling.
    pub fn respelled(&self, all: &[Listed<'_>], published: &str) -> Problem {
        let listed: Vec<&str> = self.listed(all).map(|one| &*one.version).collect();
        self.higher(respelled(&self.package.metadata.name, published), published, &listed)
    }

    /// What is wrong with its version, seen what is published. `content` is the comparison with the counterpart. No version of
    /// `yanked` is free, and none is what users get.
    pub fn judge(
        &self,
        all: &[Listed<'_>],
        yanked: &[Listed<'_>],
        content: Option<&Content>,
    ) -> Option<Problem> {
        let mut listed: Vec<&str> = self.listed(all).map(|one| &*one.version).collect();
        let newest = listed.iter().copied().max_by(|a, b| precedence(a, b));
        listed.extend(self.listed(yanked).map(|one| &*one.version));
        let newest = newest.or_else(|| listed.iter().copied().max_by(|a, b| precedence(a, b)))?;
        let chart = &self.package.metadata.name;
        match (self.version().as_deref(), content) {
            (None, Some(Content::Differs(changed))) => {
                let message = format!("{} has changed since {newest}, in {}", name(chart), few(changed));
                let next = self.next_tag(&above(newest, &listed)?);
                let hint = format!("the next tag has to be above {newest}, such as {next}");
                Some(self.at(Problem::note(message)).hint(hint))
            }
            (Some(version), Some(Content::Differs(changed))) => {
                Some(self.not_bumped(version, changed, &listed))
            }
            (Some(version), Some(Content::Same)) if self.tag.is_some() => {
                let message =
                    format!("{} is published already, as it is here", name(&format!("{chart} {version}")));
                Some(self.at(Problem::note(message)).hint("publishing it again changes nothing"))
            }
            (Some(version), None)
                if helm_accepts(version)
                    && precedence(version, newest) == Ordering::Less
                    && !listed.iter().any(|one| is_same(one, version)) =>
            {
                let message = format!(
                    "version {} is below {newest}, which is published: whoever names no version gets that one",
                    name(version)
                );
                let above = above(newest, &listed)?;
                let write = if self.versions == Versions::Verify {
                    format!("write `version: {above}`")
                } else {
                    format!("choose a tag such as `{}`", self.next_tag(&above))
                };
                let hint = format!("{write}, unless it is for those who stay on the old one");
                Some(self.at(Problem::warning(message)).hint(hint))
            }
            _ => None,
        }
    }

    /// The error of a chart that has changed under a published version.
    pub fn not_bumped(&self, version: &str, changed: &[String], listed: &[&str]) -> Problem {
        let chart = &self.package.metadata.name;
        let title = name(&format!("{chart} {version}"));
        let what = match embedded::of(changed) {
            Some(part) => format!("{}{}{title}", name(part), embedded::IN),
            None => format!("{title} is published, and differs in {}", few(changed)),
        };
        let message = format!("{what}: what is published never changes");
        self.higher(Problem::error(message), version, listed)
    }

    /// The way out of a version that is taken.
    fn higher(&self, problem: Problem, version: &str, listed: &[&str]) -> Problem {
        let problem = self.at(problem);
        let Some(next) = above(version, listed) else {
            return problem.hint("give it a higher version");
        };
        if self.versions != Versions::Verify {
            return problem.hint(format!("choose a higher tag, such as {}", self.next_tag(&next)));
        }
        problem.hint(format!("write `version: {next}`"))
    }

    /// The tag that would give it a version: that of all charts, where there is one.
    fn next_tag(&self, version: &str) -> String {
        let version = version.strip_prefix('v').unwrap_or(version);
        let of_one = || self.tags.for_chart(&self.package.metadata.name, version);
        self.tags.for_all(version).unwrap_or_else(of_one)
    }

    /// A problem of its version, at the line of Chart.yaml.
    pub fn at(&self, problem: Problem) -> Problem {
        problem.at(path::below(self.path, "Chart.yaml"), self.package.line("version"))
    }
}

/// The error of a chart that is published in another spelling of its version.
pub fn respelled(chart: &str, published: &str) -> Problem {
    let message =
        format!("{} is published, and is the same version for Helm", name(&format!("{chart} {published}")));
    Problem::error(message).hint("give it a higher version")
}

/// The next patch that is not listed, with a `v` where the version has one; `None` after a pre-release, whose successor only its author knows.
fn above(version: &str, listed: &[&str]) -> Option<String> {
    let mut next = strict_form(version).filter(|version| version.pre.is_empty())?;
    next.build = semver::BuildMetadata::EMPTY;
    loop {
        next = Version::new(next.major, next.minor, next.patch.checked_add(1)?);
        let v = if version.starts_with('v') { "v" } else { "" };
        let text = format!("{v}{next}");
        if !listed.iter().any(|one| is_same(one, &text)) {
            return Some(text);
        }
    }
}

/// A chart whose version is published with the content that it has here.
#[derive(Debug)]
pub struct Published {
    pub name: String,
    /// The published archive: nothing else may become that version any more. `None` if it is of no matter, since the chart
    /// is left out whatever the archive holds.
    pub archive: Option<Archive>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SHOP;
    use crate::chart::package::{Overrides, package};
    use crate::chart::tgz::Entry;
    use crate::index::Index;

    const INDEX: &str = "apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.1.0, urls: [web-1.1.0.tgz], digest: a}\n  - {name: web, version: 1.0.0, urls: [web-1.0.0.tgz], digest: b}\n";

    fn made(version: &str, values: &str) -> Package {
        stamped(version, values, None)
    }

    fn stamped(version: &str, values: &str, app_version: Option<&str>) -> Package {
        let chart = format!("apiVersion: v2\nname: web\nversion: {version}\n");
        let file = |path: &str, text: &str| Entry { path: path.to_owned(), data: text.as_bytes().to_vec() };
        let files = vec![file("Chart.yaml", &chart), file("values.yaml", values)];
        let overrides = Overrides { app_version: app_version.map(str::to_owned), version: None };
        package(files, "charts/web", &overrides).value.expect("a package")
    }

    /// What is said of a chart of this version with changed values, or the same.
    fn said(version: &str, tag: Option<&str>, versions: Versions, is_changed: bool) -> Option<String> {
        let package = made(version, if is_changed { "a: 2\n" } else { "a: 1\n" });
        let tag = tag.map(|tag| Version::parse(tag).expect("a version"));
        let next =
            Next { path: "charts/web", package: &package, tag: tag.as_ref(), versions, tags: &SHOP.tags };
        let index = Index::read(INDEX.as_bytes(), "index.yaml").value.expect("an index");
        let counterpart = next.counterpart(index.versions()).map(|one| one.version.clone().into_owned());
        let content = counterpart.map(|version| {
            let app_version = (versions == Versions::Stamp).then_some(version.as_str());
            let published = stamped(&version, "a: 1\n", app_version);
            let published = tgz::write(&published.entries).expect("an archive");
            next.compare(&published, &version).expect("a comparison")
        });
        let problem = next.judge(index.versions(), &[], content.as_ref())?;
        Some(format!("{:?} {problem}", problem.severity))
    }

    #[test]
    fn what_has_changed_needs_a_new_version() {
        let (stamp, verify) = (Versions::Stamp, Versions::Verify);
        for (version, tag, versions, is_changed, expected) in [
            ("1.1.0", None, verify, false, ""),
            (
                "1.1.0",
                None,
                verify,
                true,
                "Error charts/web/Chart.yaml:3: `web 1.1.0` is published, and differs in `values.yaml`: what is published never changes",
            ),
            (
                "1.0.0",
                None,
                verify,
                true,
                "Error charts/web/Chart.yaml:3: `web 1.0.0` is published, and differs in `values.yaml`: what is published never changes",
            ),
            ("1.2.0", None, verify, true, ""),
            (
                "1.0.5",
                None,
                verify,
                true,
                "Warning charts/web/Chart.yaml:3: version `1.0.5` is below 1.1.0, which is published: whoever names no version gets that one",
            ),
            ("0.0.0", None, stamp, false, ""),
            (
                "0.0.0",
                None,
                stamp,
                true,
                "Note charts/web/Chart.yaml:3: `web` has changed since 1.1.0, in `values.yaml`",
            ),
            (
                "0.0.0",
                Some("1.1.0"),
                stamp,
                true,
                "Error charts/web/Chart.yaml:3: `web 1.1.0` is published, and differs in `values.yaml`: what is published never changes",
            ),
            (
                "0.0.0",
                Some("1.1.0"),
                stamp,
                false,
                "Note charts/web/Chart.yaml:3: `web 1.1.0` is published already, as it is here",
            ),
            ("0.0.0", Some("1.2.0"), stamp, true, ""),
        ] {
            let said = said(version, tag, versions, is_changed).unwrap_or_default();
            assert_eq!(said, expected, "{version} {tag:?} {versions:?} {is_changed}");
        }
    }

    #[test]
    fn the_next_version_is_free() {
        let listed = ["1.0.0", "1.0.1", "v1.0.3"];
        for (version, next) in [
            ("1.0.0", Some("1.0.2")),
            ("1.0.2", Some("1.0.4")),
            ("1.0.0-rc.1", None),
            ("v1.0.0", Some("v1.0.2")),
        ] {
            assert_eq!(above(version, &listed).as_deref(), next, "{version}");
        }
    }
}
