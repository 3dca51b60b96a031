//! What publishing a release does, and how each target compares with it now.
//!
//! OCI comes first and the GitHub Release last, so that nobody is told of a version that cannot be installed yet.

use std::fmt;

use semver::Version;
use serde::Serialize;

use crate::base::config::{Config, HELM_REPOSITORY};
use crate::base::problem::{Problem, Severity};
use crate::base::text::{few, name};
use crate::base::version::Tag;
use crate::dist::manifest::{self, Manifest};
use crate::dist::{SUMS, by_tag, next_tags};
use crate::registry::artifact::{HUB_FILE, HUB_TAG};

/// One thing that publishing does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "action")]
pub enum Step {
    /// Push an archive to the OCI registry.
    Push {
        /// `oci://HOST/PATH/NAME:TAG`.
        target: String,
        /// The file in `dist/`.
        archive: String,
    },
    /// Add archives to the Helm repository.
    Merge {
        /// The branch.
        branch: String,
        /// The index on it.
        path: String,
        /// `NAME VERSION` of each new entry.
        adds: Vec<String>,
    },
    /// Create a GitHub Release.
    Create {
        /// `OWNER/NAME`.
        repository: String,
        /// Its tag.
        tag: String,
        /// Whether it is marked as one that is not for everybody.
        prerelease: bool,
        /// The files from `dist/` that it offers.
        assets: Vec<String>,
    },
}

/// Where a release is published, in the order in which that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The OCI registry.
    Oci,
    /// The Helm repository on the branch of GitHub Pages.
    Pages,
    /// The GitHub Release.
    Github,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Oci, Self::Pages, Self::Github];

    /// Where a step goes.
    pub fn of(step: &Step) -> Self {
        match step {
            Step::Push { .. } => Self::Oci,
            Step::Merge { .. } => Self::Pages,
            Step::Create { .. } => Self::Github,
        }
    }

    /// Those that were asked for, in their order.
    pub fn in_order(mut asked: Vec<Self>) -> Vec<Self> {
        asked.sort();
        asked.dedup();
        asked
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Oci => "the OCI registry",
            Self::Pages => "the Helm repository",
            Self::Github => "the GitHub Release",
        })
    }
}

/// How a target compares with the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Found {
    /// Nobody looked.
    NotLookedAt,
    /// It has nothing of it.
    Absent,
    /// It has some of it.
    Partly,
    /// It has all of it.
    Done,
    /// It has something else in its place.
    Other,
    /// It could not be told: that is never the same as absent.
    Unknown,
}

/// A step, and what was seen where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// What publishing does.
    #[serde(flatten)]
    pub step: Step,
    /// How the target compared when it was looked at.
    pub found: Found,
    /// What is there, for people.
    pub there: String,
    /// What is left to do, in order.
    pub todo: Vec<String>,
    /// What was done, in order.
    pub did: Vec<String>,
}

impl Planned {
    /// A step with what was seen, and nothing left to do.
    pub fn new(step: Step, found: Found, there: impl Into<String>) -> Self {
        Self { step, found, there: there.into(), todo: Vec::new(), did: Vec::new() }
    }

    /// A step whose target nobody looked at.
    pub fn unseen(step: Step) -> Self {
        let there = match &step {
            Step::Merge { adds, .. } => format!("adds {}", adds.join(", ")),
            Step::Push { .. } | Step::Create { .. } => String::new(),
        };
        Self::new(step, Found::NotLookedAt, there)
    }

    /// A step whose target did not tell.
    pub fn unknown(step: Step) -> Self {
        Self::new(step, Found::Unknown, "unknown what is there")
    }

    /// A step that cannot be taken, for reasons that are told besides.
    pub fn stopped(step: Step) -> Self {
        Self::new(step, Found::Other, "")
    }

    /// A step that is not for this release to take.
    pub fn left(step: Step) -> Self {
        Self::new(step, Found::Done, "is left as it is")
    }

    /// The step, taken: what is there now, and what was done.
    #[must_use]
    pub fn taken(self, there: String, did: &str) -> Self {
        Self { there, did: vec![did.to_owned()], todo: Vec::new(), ..self }
    }

    /// For what would be done, what was done, and what cannot be done.
    fn verbs(&self) -> [&'static str; 3] {
        match (&self.step, self.found) {
            (Step::Push { .. }, Found::Other) => ["Would replace", "Replaced", "Cannot push"],
            (Step::Push { .. }, _) => ["Would push", "Pushed", "Cannot push"],
            (Step::Merge { .. }, _) => ["Would merge", "Merged", "Cannot merge"],
            (Step::Create { .. }, Found::Partly) => ["Would finish", "Finished", "Cannot finish"],
            (Step::Create { .. }, _) => ["Would create", "Created", "Cannot create"],
        }
    }

    /// The step, with a verb for what would be done or was done.
    pub fn line(&self) -> (&'static str, String) {
        let [would, did, cannot] = self.verbs();
        let verb = match self.found {
            _ if !self.did.is_empty() => did,
            Found::Done => "Unchanged",
            Found::Other if self.todo.is_empty() => cannot,
            _ => would,
        };
        let step = self.step.what();
        let todo = if self.found == Found::Absent { String::new() } else { self.todo.join(", ") };
        let more: Vec<&str> =
            [self.there.as_str(), &todo].into_iter().filter(|text| !text.is_empty()).collect();
        (verb, if more.is_empty() { step } else { format!("{step}  {}", more.join("; ")) })
    }
}

impl Step {
    fn what(&self) -> String {
        match self {
            Self::Push { target, .. } => target.clone(),
            Self::Merge { branch, path, .. } => format!("{path} on {branch}"),
            Self::Create { repository, tag, prerelease, assets } => {
                let kind = if *prerelease { "prerelease" } else { "release" };
                format!("{kind} {tag} of {repository}  with {}", assets.join(", "))
            }
        }
    }
}

/// What could not be told stops a publishing, and nothing else.
pub fn doubt(problem: Problem, is_publishing: bool) -> Problem {
    let severity = if is_publishing { problem.severity } else { Severity::Warning };
    Problem { severity, ..problem }
}

/// Decides a push. `there` is the digest that the tag has now, `None` for none; `changed` are files that differ there.
pub fn push(
    step: Step,
    there: Result<Option<String>, Problem>,
    digest: &str,
    changed: &[String],
    may_replace: bool,
) -> (Planned, Option<Problem>) {
    let Step::Push { target, archive } = &step else { return (Planned::unseen(step), None) };
    let (found, there, todo, problem) = match there {
        Err(problem) => return (Planned::unknown(step), Some(problem)),
        Ok(None) => (Found::Absent, "not there yet".to_owned(), Some("push"), None),
        Ok(Some(there)) if there == digest => {
            (Found::Done, format!("is there already  {digest}"), None, None)
        }
        Ok(Some(there)) if may_replace => (Found::Other, format!("is {there} now"), Some("replace"), None),
        Ok(Some(there)) => {
            let files =
                if changed.is_empty() { String::new() } else { format!(" and differs in {}", few(changed)) };
            let message = format!(
                "{} is published as {there}, and this is {digest}{files}: what is published never changes",
                name(target)
            );
            let allow = format!("--replace {}", archive.trim_end_matches(".tgz"));
            let hint = format!("publish a new version, or allow it for this one: {allow}");
            (Found::Other, format!("is {there} now"), None, Some(Problem::error(message).hint(hint)))
        }
    };
    let todo = todo.map(str::to_owned).into_iter().collect();
    (Planned { todo, ..Planned::new(step, found, there) }, problem)
}

/// A release is of its tag: there has to be one, and all that it releases. What was left out could never be added. A
/// shallow clone may just not have its tag (git-clone(1), `--depth`; actions/checkout fetches one commit and no tags).
///
/// `here` are the tags of its commit: charts that were bumped together have a tag each, and each is a release.
pub fn incomplete(manifest: &Manifest, is_shallow: bool, here: &[String]) -> Option<Problem> {
    if manifest.charts.is_empty() {
        return None;
    }
    let charts: Vec<String> = manifest.charts.iter().map(|chart| chart.name.clone()).collect();
    let is_of_one = |tag: &str| matches!(Tag::parse(tag, &charts), Ok(Tag { chart: Some(_), .. }));
    let Some(tag) = &manifest.tag else {
        if let Some(first) = here.iter().find(|tag| is_of_one(tag)) {
            let message = format!("each tag of this commit is a release of its own: {}", few(here));
            let hint = format!("cargo xtask release --tag {first}, and the others likewise");
            return Some(Problem::error(message).hint(hint));
        }
        let tag = next_tags(manifest).into_iter().next().unwrap_or_default();
        if is_shallow {
            let message = "this release has no tag, as far as this clone knows: it is shallow";
            let hint = format!(
                "git fetch --unshallow --tags (in a workflow: give actions/checkout `fetch-depth: 0`), or add --tag {tag}"
            );
            return Some(Problem::error(message).hint(hint));
        }
        let hint = format!("git tag {tag} && git push origin {tag}, or add --tag {tag}");
        return Some(Problem::error("this release has no tag").hint(hint));
    };
    let message = format!("tag {} releases all charts, and here are {} alone", name(tag), few(&charts));
    (!manifest.complete && !is_of_one(tag)).then(|| {
        Problem::error(message).hint("name no CHART, or release each with a tag of its own: NAME-VERSION")
    })
}

/// OCI first and the GitHub Release last, so that nobody is told of a version that cannot be installed yet.
///
/// `has_hub`: whether there is something for Artifact Hub. It comes before the chart that it belongs to, so that a chart
/// which is there says that it is there, too.
pub fn steps(config: &Config, manifest: &Manifest, has_hub: bool) -> Vec<Step> {
    let push = |target: String, file: &str| Step::Push { target, archive: file.to_owned() };
    let mut steps = Vec::new();
    if manifest.charts.is_empty() {
        return steps;
    }
    for chart in &manifest.charts {
        let repository = chart.oci.rsplit_once(':').map_or(&*chart.oci, |(repository, _)| repository);
        steps.extend(has_hub.then(|| push(format!("{repository}:{HUB_TAG}"), HUB_FILE)));
        steps.push(push(chart.oci.clone(), &chart.archive));
    }
    steps.push(Step::Merge {
        branch: config.branch.clone(),
        path: format!("{HELM_REPOSITORY}/index.yaml"),
        adds: manifest.charts.iter().map(|chart| format!("{} {}", chart.name, chart.version)).collect(),
    });
    let tags = by_tag(manifest);
    // The sums are those of all archives, so that no one of several releases can offer them.
    let sums = (tags.len() == 1).then(|| SUMS.to_owned());
    for (tag, charts) in tags {
        let prerelease =
            |chart: &&manifest::Chart| Version::parse(&chart.version).is_ok_and(|v| !v.pre.is_empty());
        let archives = charts.iter().map(|chart| chart.archive.clone());
        steps.push(Step::Create {
            repository: config.repository.clone(),
            tag,
            prerelease: charts.iter().any(prerelease),
            assets: archives.chain(sums.clone()).collect(),
        });
    }
    steps
}
