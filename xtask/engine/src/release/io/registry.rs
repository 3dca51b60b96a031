//! The OCI registry as a target of a release.

use std::cmp::Ordering;
use std::time::Instant;

use anyhow::Result;
use semver::Version;

use super::publish::{Job, Outcome};
use crate::base::clock::Clock;
use crate::base::digest::plain_digest;
use crate::base::problem::{Problem, Problems, problems_of};
use crate::base::reference::Reference;
use crate::base::text::name;
use crate::base::time;
use crate::base::version::precedence;
use crate::chart::same;
use crate::dist::Package;
use crate::registry::artifact::Artifact;
use crate::registry::io::{Access, Registry, helm_push};
use crate::registry::refusal::package_settings;
use crate::release::steps::{Found, Planned, Step, doubt, push};
use crate::sys::terminal;

/// One push.
#[derive(Debug)]
pub struct Push<'a> {
    at: Reference,
    artifact: Artifact,
    /// What the tag names when all is done: the digest of the artifact, or that of a manifest of others with the same chart.
    digest: String,
    /// The chart; `None` for what Artifact Hub reads.
    package: Option<&'a Package>,
    /// How the registry compares.
    pub planned: Planned,
}

/// What the registry has of the release.
pub fn look<'a>(
    job: &'a Job<'_>,
    registry: &Registry<'_>,
    writing: bool,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Push<'a>>> {
    let mut pushes = Vec::new();
    for step in &job.steps {
        let Step::Push { target, archive } = step else { continue };
        let invalid =
            || Problems::from(Problem::error(format!("{} is no place in a registry", name(target))));
        let at = Reference::parse(target).ok_or_else(invalid)?;
        terminal::progress("Looking", &format!("at {target}"));
        let package = job.packages().iter().find(|package| package.file_name == *archive);
        let mut artifact = artifact(job, package, &time::utc(job.manifest.commit.time))?;
        let may_replace = package.is_none_or(|package| job.may_replace(package));
        let there = registry.digest(&at, writing);
        let other = |there: &&String| **there != artifact.digest;
        let same = match (&there, package) {
            (Ok(Some(there)), Some(package)) if other(&there) => compare(job, registry, &at, package)?,
            _ => Compared::Unlike(Vec::new()),
        };
        let (mut digest, mut changed) = (artifact.digest.clone(), Vec::new());
        match same {
            Compared::Made(made) => (digest, artifact) = (made.digest.clone(), made),
            Compared::Same { digest: theirs, said } => {
                problems.extend(said);
                digest = theirs;
            }
            Compared::Unlike(files) => changed = files,
        }
        let (planned, problem) = push(step.clone(), there, &digest, &changed, may_replace);
        // What Artifact Hub reads is an extra, without which charts can be installed.
        let is_must = package.is_some() && (writing || planned.found != Found::Unknown);
        problems.extend(problem.map(|problem| doubt(problem, is_must)));
        pushes.push(Push { at, artifact, digest, package, planned });
    }
    problems.extend(leave_to_newer(registry, writing, &mut pushes));
    Ok(pushes)
}

/// What the registry gets, of which it keeps the digest.
fn artifact(job: &Job<'_>, package: Option<&Package>, created: &str) -> Result<Artifact, Problems> {
    let made = match package {
        Some(Package { metadata, data, provenance, .. }) => {
            Artifact::chart(metadata, data, provenance.as_deref(), created)
        }
        None => Artifact::artifact_hub(job.artifact_hub()),
    };
    made.map_err(|message| Problem::error(format!("cannot make what the registry gets: {message}")).into())
}

/// How a manifest that is not ours compares.
enum Compared {
    /// It is ours, but for its date.
    Made(Artifact),
    /// It holds the same chart.
    Same { digest: String, said: Option<Problem> },
    /// It holds another, which differs in these files as far as that can be told.
    Unlike(Vec<String>),
}

/// Compares a chart with what its tag names in the registry. What counts is the archive; where it is of other bytes, what
/// it holds.
fn compare(job: &Job<'_>, registry: &Registry<'_>, at: &Reference, package: &Package) -> Result<Compared> {
    let Ok(published) = registry.published(at) else { return Ok(Compared::Unlike(Vec::new())) };
    let digest = published.digest;
    if published.archive.as_deref().map(plain_digest) == Some(&package.digest) {
        let created = published.created.unwrap_or_default();
        let made = artifact(job, Some(package), &created)?;
        return Ok(if made.digest == digest {
            Compared::Made(made)
        } else {
            Compared::Same { digest, said: None }
        });
    }
    let differences =
        registry.pull(at).ok().and_then(|theirs| same::differences(&package.data, &theirs.archive).ok());
    Ok(match differences {
        Some(files) if files.is_empty() => {
            let archive = published.archive.unwrap_or_default();
            let message = format!(
                "{} holds the same chart in another archive: {archive} there, sha256:{} here",
                name(&at.to_string()),
                package.digest
            );
            let hint = "nothing is to be done: both are what users install, and neither changes any more";
            Compared::Same { digest, said: Some(Problem::warning(message).hint(hint)) }
        }
        files => Compared::Unlike(files.unwrap_or_default()),
    })
}

/// What Artifact Hub reads belongs to the newest release: it does not replace what came with a higher version of its
/// chart, or with one that is there already, or may have.
fn leave_to_newer(registry: &Registry<'_>, writing: bool, pushes: &mut [Push<'_>]) -> Vec<Problem> {
    let charts: Vec<(String, &str)> = pushes
        .iter()
        .filter(|push| !push.planned.todo.is_empty())
        .filter_map(|push| Some((push.at.repository.clone(), push.package?.metadata.version.as_str())))
        .collect();
    let mut problems = Vec::new();
    for push in pushes.iter_mut().filter(|push| push.package.is_none() && push.planned.found == Found::Other)
    {
        let chart = charts.iter().find(|(repository, _)| *repository == push.at.repository);
        let tags = chart.map(|(_, version)| registry.tags(&push.at, writing).map(|tags| (tags, version)));
        let is_newest = match tags {
            Some(Ok((tags, version))) => !tags.iter().any(|tag| is_higher(tag, version)),
            Some(Err(problem)) => {
                problems.push(doubt(problem, false));
                false
            }
            None => false,
        };
        if !is_newest {
            push.planned = Planned::left(push.planned.step.clone());
        }
    }
    problems
}

/// Whether a tag is that of a higher version.
fn is_higher(tag: &str, version: &str) -> bool {
    let other = tag.replace('_', "+");
    Version::parse(&other).is_ok() && precedence(&other, version) == Ordering::Greater
}

/// Asks for the right to push each chart that is not there, and for the registry's clock. Each has a repository of its own,
/// and GHCR gives rights for each. What Artifact Hub reads goes where its chart goes.
pub fn ask_to_push(registry: &Registry<'_>, pushes: &[Push<'_>]) -> (Vec<Problem>, Option<Clock>) {
    let (mut problems, mut clock) = (Vec::new(), None);
    for push in pushes.iter().filter(|push| push.package.is_some() && !push.planned.todo.is_empty()) {
        match registry.ask_to_push(&push.at) {
            Ok(said) => clock = said.or(clock),
            Err(problem) => problems.push(problem),
        }
    }
    (problems, clock)
}

/// Pushes, unless it is there already, and looks at it as a stranger would.
pub fn publish(
    job: &Job<'_>,
    registry: &Registry<'_>,
    push: &Push<'_>,
    deadline: Instant,
    outcome: &mut Outcome,
) -> Result<Planned> {
    let Push { at, artifact, digest, package, planned } = push;
    let mut planned = planned.clone();
    if planned.found == Found::Unknown {
        return Ok(Planned::stopped(planned.step));
    }
    if !planned.todo.is_empty() {
        terminal::progress("Pushing", &at.to_string());
        let how = match send(job, registry, push, deadline) {
            Err(error) if package.is_none() => {
                let problems = problems_of(error).0.into_iter();
                outcome.problems.extend(problems.map(|problem| doubt(problem, false)));
                return Ok(Planned::stopped(planned.step));
            }
            how => how?,
        };
        planned = planned.taken(format!("{}{how}", artifact.digest), "pushed");
    } else if package.is_some() && artifact.digest == *digest {
        // A registry may have lost what a tag leads to.
        let sent = registry.complete(at, artifact).map_err(Problems::from)?.sent;
        if sent > 0 {
            let there = format!("{sent} of its blobs, which were missing");
            planned = Planned { found: Found::Partly, ..planned }.taken(there, "sent missing blobs");
        }
    }
    if package.is_none() {
        return Ok(planned);
    }
    outcome.pushed.push(format!("{}/{}@{digest}", at.host, at.repository));
    if let Access::Private = registry.read_back(at, digest).map_err(Problems::from)? {
        outcome.problems.push(private(at));
    }
    Ok(planned)
}

/// Pushes with helm where it is there, else natively; says how. Both have to end in the digest that we know.
fn send(job: &Job<'_>, registry: &Registry<'_>, push: &Push<'_>, deadline: Instant) -> Result<String> {
    let Push { at, artifact, package, .. } = push;
    if let (Some(helm), Some(package)) = (job.helm, package) {
        let credentials = registry.credentials(&at.host).map_err(Problems::from)?;
        let pushed = helm.push(
            &helm_push::Push {
                at,
                archive: &package.data,
                provenance: package.provenance.as_deref(),
                created: job.manifest.commit.time,
                plain_http: job.plain_http,
                credentials: credentials.as_ref().map(|found| &found.credentials),
            },
            // Half of it, so that there is time left for another way.
            Instant::now() + deadline.saturating_duration_since(Instant::now()) / 2,
        );
        match pushed {
            Ok(())
                if registry.digest(at, true).map_err(Problems::from)?.as_ref() == Some(&artifact.digest) =>
            {
                return Ok(format!("  (by helm {})", helm.version));
            }
            Ok(()) => terminal::progress(
                "Correcting",
                &format!("{at}: helm {} pushed something else", helm.version),
            ),
            Err(error) => terminal::progress("Repeating", &format!("natively: {error:#}")),
        }
    }
    let sent = registry.push(at, artifact).map_err(Problems::from)?;
    let all = sent.there + sent.sent;
    Ok(if sent.there > 0 { format!("  ({} of {all} blobs were there)", sent.there) } else { String::new() })
}

/// A new package of GHCR is private, and only a person can change that (docs.github.com, "Configuring a package's access
/// control and visibility").
fn private(at: &Reference) -> Problem {
    let message = format!("{} is private: nobody can install it without credentials", name(&at.to_string()));
    Problem::warning(message).hint(match package_settings(at) {
        Some(settings) => format!("{settings} -> Change visibility -> Public"),
        None => "let the registry give it to everybody, if it is meant for everybody".to_owned(),
    })
}
