//! The OCI registry as a target of a release.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::time::Instant;

use anyhow::Result;
use semver::Version;

use super::cosign::{self, Signature};
use super::publish::{Look, Outcome, Publication, Transport};
use crate::base::clock::Clock;
use crate::base::cosign::Cosign;
use crate::base::digest::Digest;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Checked, Problem, Problems, problems_of};
use crate::base::target::Target;
use crate::base::text::name;
use crate::base::time;
use crate::base::version::precedence;
use crate::chart::{Archive, same_content};
use crate::registry::artifact::Artifact;
use crate::registry::io::{Access, Counted, Registry, helm_push};
use crate::registry::refusal::package_settings;
use crate::release::steps::{Found, Payload, Planned, Step, doubt, push};
use crate::signing::io::cosign::Program;
use crate::sys::http::Http;
use crate::sys::terminal;

#[derive(Debug)]
pub struct RegistryTarget<'p, 'r> {
    client: Registry<'p>,
    /// What the look has found, in the order of the steps.
    pushes: VecDeque<Push<'r>>,
    signatures: VecDeque<Signature<'r>>,
    /// What signs, once it is known that something is to be signed.
    cosign: Option<Program>,
    absent: Vec<Reference>,
    limit: Instant,
}

#[derive(Debug)]
struct Push<'r> {
    at: Reference,
    artifact: Artifact,
    /// What the tag names when all is done: the digest of the artifact, or that of a manifest of others with the same chart.
    digest: Digest,
    /// The chart; `None` for what Artifact Hub reads.
    archive: Option<&'r Archive>,
    planned: Planned<'r>,
}

impl<'p, 'r> RegistryTarget<'p, 'r> {
    /// The registry of the config, or that of a rehearsal, which asks nobody for credentials.
    pub fn new(transport: &Transport<'_>, http: &'p Http) -> Self {
        let client = match transport.api {
            None => Registry::new(http, transport.plain_http),
            Some(_) => Registry::open(http),
        };
        let (absent, limit) = (transport.absent.clone(), Instant::now() + transport.limit);
        let (pushes, signatures) = (VecDeque::new(), VecDeque::new());
        Self { client, pushes, signatures, cosign: None, absent, limit }
    }

    /// What the registry has of the release.
    pub fn look(&mut self, publication: &Publication<'r>, writing: bool) -> Result<Look<'r>> {
        let mut problems = Vec::new();
        let mut pushes = Vec::new();
        for step in &publication.steps {
            let Step::Push { target, payload } = step else { continue };
            if !target.is_valid() {
                let message = format!("{} is no place in a registry", name(&target.to_string()));
                return Err(Problem::error(message).into());
            }
            terminal::progress("Looking", &format!("at {target}"));
            pushes.push(self.look_at(publication, step, target, *payload, writing)?.take(&mut problems));
        }
        problems.extend(self.leave_to_newer(&mut pushes, writing));
        let mut planned = Vec::new();
        let mut looked = pushes.iter();
        for step in &publication.steps {
            match step {
                Step::Push { .. } => planned.extend(looked.next().map(|push| push.planned.clone())),
                Step::Sign { target, .. } => {
                    let Some(push) = pushes.iter().find(|push| push.at == *target) else { continue };
                    let (signature, problem) =
                        Signature::look(&self.client, &push.planned, target, &push.digest, writing);
                    problems.extend(problem);
                    planned.push(signature.planned.clone());
                    self.signatures.push_back(signature);
                }
                Step::Merge { .. } | Step::Create { .. } => {}
            }
        }
        self.pushes = pushes.into();
        Ok(Look { target: Target::Oci, planned, problems })
    }

    /// Compares one artifact with what its tag names.
    fn look_at(
        &self,
        publication: &Publication<'r>,
        step: &Step<'r>,
        target: &Reference,
        payload: Payload<'r>,
        writing: bool,
    ) -> Result<Checked<Push<'r>>> {
        let mut artifact = artifact(payload, &time::utc(publication.release.manifest.commit.time))?;
        let archive = match payload {
            Payload::Chart(archive) => Some(archive),
            Payload::ArtifactHub(_) => None,
        };
        let there = if !writing && self.absent.contains(target) {
            Ok(None)
        } else {
            self.client.digest(target, writing)
        };
        let compared = match (&there, archive) {
            (Ok(Some(there)), Some(archive)) if *there != artifact.digest => self.compare(target, archive)?,
            _ => Compared::Unlike(Vec::new()),
        };
        let (mut digest, mut changed, mut problems) = (artifact.digest.clone(), Vec::new(), Vec::new());
        match compared {
            Compared::Made(made) => {
                digest = made.digest.clone();
                artifact = made;
            }
            Compared::Same { digest: theirs, said } => {
                problems.extend(said);
                digest = theirs;
            }
            Compared::Unlike(files) => changed = files,
        }
        let may_replace = archive.is_none_or(|archive| publication.may_replace(archive));
        let (planned, problem) = push(step.clone(), there, &digest, &changed, may_replace);
        // What Artifact Hub reads is an extra, without which charts can be installed.
        let is_must = archive.is_some() && (writing || planned.found != Found::Unknown);
        problems.extend(problem.map(|problem| doubt(problem, is_must)));
        Ok(Checked::new(Push { at: target.clone(), artifact, digest, archive, planned }, problems))
    }

    /// Compares a chart with what its tag names in the registry. What counts is the archive; where it is of other bytes, what
    /// it holds.
    fn compare(&self, at: &Reference, archive: &Archive) -> Result<Compared> {
        let Ok(published) = self.client.published(at) else { return Ok(Compared::Unlike(Vec::new())) };
        let digest = published.digest;
        if published.archive.as_ref() == Some(&archive.digest) {
            let made = artifact(Payload::Chart(archive), &published.created.unwrap_or_default())?;
            return Ok(if made.digest == digest {
                Compared::Made(made)
            } else {
                Compared::Same { digest, said: None }
            });
        }
        let pulled = self.client.pull(at).ok();
        let differences =
            pulled.and_then(|theirs| same_content::differences(&archive.bytes, &theirs.archive).ok());
        Ok(match differences {
            Some(files) if files.is_empty() => {
                let theirs = published.archive.map(|digest| digest.to_string()).unwrap_or_default();
                let message = format!(
                    "{} holds the same chart in another archive: {theirs} there, {} here",
                    name(&at.to_string()),
                    archive.digest
                );
                let hint = "nothing is to be done: both are what users install, and neither changes any more";
                Compared::Same { digest, said: Some(Problem::warning(message).hint(hint)) }
            }
            files => Compared::Unlike(files.unwrap_or_default()),
        })
    }

    /// What Artifact Hub reads belongs to the newest release: it does not replace what came with a higher version of its
    /// chart, or with one that is there already, or may have.
    fn leave_to_newer(&self, pushes: &mut [Push<'_>], writing: bool) -> Vec<Problem> {
        let charts: Vec<(String, &str)> = pushes
            .iter()
            .filter(|push| !push.planned.todo.is_empty())
            .filter_map(|push| Some((push.at.repository.clone(), push.archive?.metadata.version.as_str())))
            .collect();
        let mut problems = Vec::new();
        for push in
            pushes.iter_mut().filter(|push| push.archive.is_none() && push.planned.found == Found::Other)
        {
            let chart = charts.iter().find(|(repository, _)| *repository == push.at.repository);
            let tags =
                chart.map(|(_, version)| self.client.tags(&push.at, writing).map(|tags| (tags, version)));
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

    /// Asks for the right to push each chart that is not there or not signed, and for the registry's clock; and looks for what
    /// signs. Each chart has a repository of its own, and GHCR gives rights for each. What Artifact Hub reads goes where its
    /// chart goes.
    pub fn preflight(&mut self, with: Option<&Cosign>) -> Checked<Option<Clock>> {
        let (mut problems, mut clock) = (Vec::new(), None);
        let pushes =
            self.pushes.iter().filter(|push| push.archive.is_some() && !push.planned.todo.is_empty());
        let mut places: Vec<&Reference> = pushes.map(|push| &push.at).collect();
        let signatures = self.signatures.make_contiguous();
        let unsigned = signatures.iter().filter(|one| one.is_left()).map(|one| &one.at);
        let others: Vec<&Reference> = unsigned.filter(|at| !places.contains(at)).collect();
        places.extend(others);
        for at in places {
            match self.client.ask_to_push(at) {
                Ok(said) => clock = said.or(clock),
                Err(problem) => problems.push(problem),
            }
        }
        match cosign::program(with, signatures) {
            Ok(program) => self.cosign = program,
            Err(problem) => problems.push(problem),
        }
        Checked::new(clock, problems)
    }

    /// Takes the next push or signature, unless it is there already, and looks at what was pushed as a stranger would.
    pub fn publish(
        &mut self,
        publication: &Publication<'_>,
        transport: &Transport<'_>,
        planned: Planned<'r>,
        outcome: &mut Outcome<'_>,
    ) -> Result<Planned<'r>> {
        if let Step::Sign { .. } = planned.step {
            let Some(signature) = self.signatures.pop_front() else { return Ok(planned) };
            return signature.make(&self.client, self.cosign.as_ref(), planned, self.limit);
        }
        let Some(push) = self.pushes.pop_front() else { return Ok(planned) };
        let Push { at, artifact, digest, archive, .. } = &push;
        if planned.found == Found::Unknown {
            return Ok(Planned::stopped(planned.step));
        }
        let (mut planned, mut is_unknown) = (planned, false);
        if !planned.todo.is_empty() {
            terminal::progress("Pushing", &at.to_string());
            let how = match self.send(publication, transport, &push) {
                Err(error) if archive.is_none() => {
                    let problems = problems_of(error).0.into_iter();
                    outcome.problems.extend(problems.map(|problem| doubt(problem, false)));
                    return Ok(Planned::stopped(planned.step));
                }
                how => how?,
            };
            planned = planned.taken(format!("{}{how}", artifact.digest), "pushed");
        } else if archive.is_some() && artifact.digest == *digest {
            // A registry may have lost what a tag leads to.
            let Counted { sent, unknown, .. } = self.client.complete(at, artifact).map_err(Problems::from)?;
            is_unknown = unknown > 0;
            if sent > 0 {
                let there = format!("{sent} of its blobs, which were missing");
                planned = Planned { found: Found::Partly, ..planned }.taken(there, "sent missing blobs");
            }
        }
        if archive.is_none() {
            return Ok(planned);
        }
        outcome.pushed.push(format!("{}/{}@{digest}", at.host, at.repository));
        if let Access::Private = self.client.read_back(at, digest).map_err(Problems::from)? {
            outcome.problems.push(private(at));
            outcome.problems.extend(is_unknown.then(|| unseen(at)));
        }
        Ok(planned)
    }

    /// Pushes with helm where it is there, else natively; says how. Both have to end in the digest that we know.
    fn send(
        &self,
        publication: &Publication<'_>,
        transport: &Transport<'_>,
        push: &Push<'_>,
    ) -> Result<String> {
        let Push { at, artifact, archive, .. } = push;
        if let (Some(helm), Some(archive)) = (transport.helm, archive) {
            let credentials = self.client.credentials(&at.host).map_err(Problems::from)?;
            let pushed = helm.push(
                &helm_push::Push {
                    at,
                    archive: &archive.bytes,
                    provenance: archive.provenance.as_deref(),
                    created: publication.release.manifest.commit.time,
                    plain_http: self.client.is_plain(&at.host),
                    credentials: credentials.as_ref().map(|found| &found.credentials),
                },
                // Half of it, so that there is time left for another way.
                Instant::now() + self.limit.saturating_duration_since(Instant::now()) / 2,
            );
            match pushed {
                Ok(())
                    if self.client.digest(at, true).map_err(Problems::from)?.as_ref()
                        == Some(&artifact.digest) =>
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
        let sent = self.client.push(at, artifact).map_err(Problems::from)?;
        let all = sent.there + sent.sent;
        Ok(if sent.there > 0 {
            format!("  ({} of {all} blobs were there)", sent.there)
        } else {
            String::new()
        })
    }
}

/// What the registry gets, of which it keeps the digest.
fn artifact(payload: Payload<'_>, created: &str) -> Result<Artifact, Problems> {
    let made = match payload {
        Payload::Chart(archive) => {
            Artifact::chart(&archive.metadata, &archive.bytes, archive.provenance.as_deref(), created)
        }
        Payload::ArtifactHub(data) => Artifact::artifact_hub(data),
    };
    made.map_err(|message| Problem::error(format!("cannot make what the registry gets: {message}")).into())
}

/// How a manifest that is not ours compares.
enum Compared {
    /// It is ours, but for its date.
    Made(Artifact),
    Same {
        digest: Digest,
        said: Option<Problem>,
    },
    /// It holds another, which differs in these files as far as that can be told.
    Unlike(Vec<String>),
}

fn is_higher(tag: &str, version: &str) -> bool {
    let other = tag.replace('_', "+");
    Version::parse(other.strip_prefix('v').unwrap_or(&other)).is_ok()
        && precedence(&other, version) == Ordering::Greater
}

/// Neither the owner nor a stranger may see the blobs.
fn unseen(at: &Reference) -> Problem {
    let message = format!(
        "cannot tell whether {} is whole: {} does not show what it has of it",
        name(&at.to_string()),
        at.host
    );
    let (chart, version) = (format!("oci://{}/{}", at.host, at.repository), at.tag.replace('_', "+"));
    Problem::warning(message).hint(format!("try it: helm pull {chart} --version {version}"))
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
