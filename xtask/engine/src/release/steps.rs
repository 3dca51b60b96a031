//! What publishing a release does, and how each target compares with it now.
//!
//! OCI comes first, and what leads to something comes after it: the index after the archives, and the GitHub Release last where
//! it holds none. Nobody is told of a version that cannot be installed yet.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::base::config::Config;
use crate::base::digest::Digest;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, Problems, Severity};
use crate::base::target::Target;
use crate::base::text::{few, name};
use crate::base::version::is_prerelease;
use crate::chart::Archive;
use crate::dist::manifest::{self, Manifest};
use crate::dist::{Release, SUMS, by_tag, next_tags};
use crate::github::{File, Wanted};
use crate::registry::artifact::{HUB_FILE, HUB_TAG};
use crate::signing::provenance::signed_by;

/// One thing that publishing does.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "action")]
pub enum Step<'r> {
    /// Push an artifact to the OCI registry.
    Push {
        #[serde(serialize_with = "as_text")]
        target: Reference,
        #[serde(rename = "archive", serialize_with = "as_text")]
        payload: Payload<'r>,
    },
    /// Sign the manifest of a chart that is in the registry.
    Sign {
        /// The chart.
        #[serde(serialize_with = "as_text")]
        target: Reference,
        /// That of the manifest; `None` where nobody looked.
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
    },
    Merge {
        branch: String,
        path: String,
        /// `NAME VERSION` of each new entry.
        adds: Vec<String>,
    },
    Create {
        /// `OWNER/NAME`.
        repository: String,
        #[serde(flatten, serialize_with = "as_release")]
        wanted: Wanted<'r>,
    },
}

/// What is pushed to a registry.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'r> {
    Chart(&'r Archive),
    ArtifactHub(&'r [u8]),
}

impl fmt::Display for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chart(archive) => f.write_str(&archive.file_name()),
            Self::ArtifactHub(_) => f.write_str(HUB_FILE),
        }
    }
}

impl Payload<'_> {
    /// Whose signature goes with it.
    fn signed_by(&self) -> Option<String> {
        match self {
            Self::Chart(archive) => signed_by(archive.provenance.as_deref()),
            Self::ArtifactHub(_) => None,
        }
    }
}

fn as_text<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn as_release<S: Serializer>(wanted: &Wanted<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut fields = serializer.serialize_struct("Wanted", 3)?;
    fields.serialize_field("tag", &wanted.tag)?;
    fields.serialize_field("prerelease", &wanted.prerelease)?;
    fields.serialize_field("assets", &offered(wanted))?;
    fields.end()
}

/// The assets that people look for, without the provenance files beside them.
fn offered<'w>(wanted: &'w Wanted<'_>) -> Vec<&'w str> {
    let names = wanted.assets.iter().map(|file| file.name.as_str());
    names.filter(|name| !name.ends_with(".prov")).collect()
}

/// How a target compares with the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Found {
    /// Nobody looked.
    NotLookedAt,
    Absent,
    Partly,
    Done,
    /// It has something else in its place.
    Other,
    /// It could not be told: that is never the same as absent.
    Unknown,
}

/// A step, and what was seen where it goes.
#[derive(Clone, Debug, Serialize)]
pub struct Planned<'r> {
    #[serde(flatten)]
    pub step: Step<'r>,
    /// How the target compared when it was looked at.
    pub found: Found,
    pub there: String,
    /// What is left to do, in order.
    pub todo: Vec<String>,
    /// What was done, in order.
    pub did: Vec<String>,
}

impl<'r> Planned<'r> {
    /// A step with what was seen, and nothing left to do.
    pub fn new(step: Step<'r>, found: Found, there: impl Into<String>) -> Self {
        Self { step, found, there: there.into(), todo: Vec::new(), did: Vec::new() }
    }

    /// A step whose target nobody looked at.
    pub fn unseen(step: Step<'r>) -> Self {
        let there = match &step {
            Step::Merge { adds, .. } => format!("adds {}", adds.join(", ")),
            Step::Push { .. } | Step::Sign { .. } | Step::Create { .. } => String::new(),
        };
        Self::new(step, Found::NotLookedAt, there)
    }

    /// A step whose target did not tell.
    pub fn unknown(step: Step<'r>) -> Self {
        Self::new(step, Found::Unknown, "unknown what is there")
    }

    /// A step that cannot be taken, for reasons that are told besides.
    pub fn stopped(step: Step<'r>) -> Self {
        Self::new(step, Found::Other, "")
    }

    /// A step that is not for this release to take.
    pub fn left(step: Step<'r>) -> Self {
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
            (Step::Sign { .. }, _) => ["Would sign", "Signed", "Cannot sign"],
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

impl Step<'_> {
    /// Where it goes.
    pub fn target(&self) -> Target {
        match self {
            Self::Push { .. } | Self::Sign { .. } => Target::Oci,
            Self::Merge { .. } => Target::Pages,
            Self::Create { .. } => Target::Github,
        }
    }

    fn what(&self) -> String {
        match self {
            Self::Push { target, payload } => match payload.signed_by() {
                Some(signed) => format!("{target}  {signed}"),
                None => target.to_string(),
            },
            Self::Sign { target, digest: None } => target.to_string(),
            Self::Sign { target, digest: Some(digest) } => format!("{}@{digest}", target.with_tag("")),
            Self::Merge { branch, path, .. } => format!("{path} on {branch}"),
            Self::Create { repository, wanted } => {
                let kind = if wanted.prerelease { "prerelease" } else { "release" };
                format!("{kind} {} of {repository}  with {}", wanted.tag, offered(wanted).join(", "))
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
pub fn push<'r>(
    step: Step<'r>,
    there: Result<Option<Digest>, Problem>,
    digest: &Digest,
    changed: &[String],
    may_replace: bool,
) -> (Planned<'r>, Option<Problem>) {
    let (found, there, todo) = match there {
        Err(problem) => return (Planned::unknown(step), Some(problem)),
        Ok(None) => (Found::Absent, "not there yet".to_owned(), Some("push")),
        Ok(Some(there)) if there == *digest => (Found::Done, format!("is there already  {digest}"), None),
        Ok(Some(there)) if may_replace => (Found::Other, format!("is {there} now"), Some("replace")),
        Ok(Some(there)) => {
            let problem = conflict(&step, &there, digest, changed);
            return (Planned::new(step, Found::Other, format!("is {there} now")), problem);
        }
    };
    let todo = todo.map(str::to_owned).into_iter().collect();
    (Planned { todo, ..Planned::new(step, found, there) }, None)
}

/// Decides a signature, by whether there is one.
pub fn sign(step: Step<'_>, is_there: Result<bool, Problem>) -> (Planned<'_>, Option<Problem>) {
    match is_there {
        Err(problem) => (Planned::unknown(step), Some(problem)),
        Ok(true) => (Planned::new(step, Found::Done, "is signed"), None),
        Ok(false) => {
            let planned = Planned::new(step, Found::Absent, "not signed yet");
            (Planned { todo: vec!["sign".to_owned()], ..planned }, None)
        }
    }
}

/// The registry has something else under the tag.
fn conflict(step: &Step<'_>, there: &Digest, digest: &Digest, changed: &[String]) -> Option<Problem> {
    let Step::Push { target, payload } = step else { return None };
    let files = if changed.is_empty() { String::new() } else { format!(" and differs in {}", few(changed)) };
    let message = format!(
        "{} is published as {there}, and this is {digest}{files}: what is published never changes",
        name(&target.to_string())
    );
    let allow = format!("--replace {}", payload.to_string().trim_end_matches(".tgz"));
    let hint = format!("publish a new version, or allow it for this one: {allow}");
    Some(Problem::error(message).hint(hint))
}

/// A release is of its tag: there has to be one, and all that it releases. What was left out could never be added. A
/// shallow clone may just not have its tag (git-clone(1), `--depth`; actions/checkout fetches one commit and no tags).
///
/// `here` are the tags of its commit: charts that were bumped together have a tag each, and each is a release.
pub fn incomplete(
    config: &Config,
    manifest: &Manifest,
    is_shallow: bool,
    here: &[String],
) -> Option<Problem> {
    if manifest.charts.is_empty() {
        return None;
    }
    let charts: Vec<String> = manifest.charts.iter().map(|chart| chart.name.clone()).collect();
    let versions = manifest.chart_versions();
    let is_of_one = |tag: &str| config.tags.read(tag, &versions).is_ok_and(|tag| tag.chart.is_some());
    let Some(tag) = &manifest.tag else {
        if let Some(first) = here.iter().find(|tag| is_of_one(tag)) {
            let message = format!("each tag of this commit is a release of its own: {}", few(here));
            let hint = format!("cargo xtask release --tag {first}, and the others likewise");
            return Some(Problem::error(message).hint(hint));
        }
        let tag = next_tags(config, manifest).into_iter().next().unwrap_or_default();
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
        let own = config.tags.for_chart("NAME", "VERSION");
        Problem::error(message).hint(format!("name no CHART, or release each with a tag of its own: {own}"))
    })
}

/// The steps to the targets of the config, in their order.
///
/// `oci` is the registry, as `oci://HOST/PATH`. `hub` is what Artifact Hub reads. It comes before the chart that it belongs
/// to, so that a chart which is there says that it is there, too.
pub fn steps<'r>(
    config: &'r Config,
    oci: &str,
    release: &'r Release,
    hub: Option<&'r [u8]>,
) -> Vec<Step<'r>> {
    let targets = config.all_targets();
    let mut steps = Vec::new();
    for archive in &release.archives {
        let target = Reference::of_chart(oci, &archive.metadata.name, &archive.metadata.version);
        let of_hub =
            |data| Step::Push { target: target.with_tag(HUB_TAG), payload: Payload::ArtifactHub(data) };
        steps.extend(hub.map(of_hub));
        steps.push(Step::Push { target: target.clone(), payload: Payload::Chart(archive) });
        steps.extend(config.cosign.is_some().then_some(Step::Sign { target, digest: None }));
    }
    if !release.archives.is_empty() {
        let id = |Archive { metadata, .. }: &Archive| format!("{} {}", metadata.name, metadata.version);
        let adds = release.archives.iter().map(id).collect();
        steps.push(Step::Merge { branch: config.branch.clone(), path: config.index(), adds });
        steps.extend(github_releases(config, release));
    }
    let place = |step: &Step<'_>| targets.iter().position(|target| *target == step.target());
    steps.retain(|step| place(step).is_some());
    steps.sort_by_key(place);
    steps
}

/// The targets that a backfill fills: a GitHub Release is that of a tag.
pub fn to_fill(
    config: &Config,
    mut targets: Vec<Target>,
    is_backfill: bool,
) -> Result<Vec<Target>, Problems> {
    targets.retain(|target| !is_backfill || *target != Target::Github);
    if targets.is_empty() {
        let problem = Problem::usage("--backfill makes no GitHub Release: that is made of a tag");
        let tag = config.tags.for_chart("NAME", "1.2.3");
        return Err(problem.hint(format!("cargo xtask release --tag {tag} --publish=github")).into());
    }
    Ok(targets)
}

fn github_releases<'r>(config: &'r Config, release: &'r Release) -> Vec<Step<'r>> {
    let tags = by_tag(config, &release.manifest);
    let has_one_tag = tags.len() == 1;
    let create = |(tag, charts): (String, Vec<&manifest::Chart>)| {
        let is_in = |archive: &&Archive| charts.iter().any(|chart| chart.archive == archive.file_name());
        let archives: Vec<&Archive> = release.archives.iter().filter(is_in).collect();
        let is_before = |archive: &&Archive| is_prerelease(&archive.metadata.version);
        let alone = charts.first().and_then(|chart| release.alone.get(&chart.archive));
        let (notes, sums) = match alone.filter(|_| !has_one_tag) {
            Some(alone) => (&alone.notes, &alone.asset_sums),
            None => (&release.notes, &release.asset_sums),
        };
        let wanted = Wanted {
            family: config.tags.family(&tag, &release.manifest.chart_versions()),
            tag,
            makes_tag: release.manifest.tag.is_none() && !config.stamps(),
            notes,
            prerelease: archives.iter().any(is_before),
            commit: &release.manifest.commit.id,
            latest: config.latest.as_deref(),
            assets: archives
                .into_iter()
                .flat_map(File::of_archive)
                .chain([File::new(SUMS, sums.as_bytes())])
                .collect(),
        };
        Step::Create { repository: config.repository.clone(), wanted }
    };
    tags.into_iter().map(create).collect()
}
