//! One release from observation to publication: the walk of `cargo xtask release`, and of a repository that scripts it.

#![warn(missing_docs)]

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::{Serialize, Serializer};

use super::make::{Made, Making, make};
use super::publish::{self, Outcome, Publication, Transport, hub};
use super::sign::{self, Signed};
use super::survey::Survey;
use super::{report, summary};
use crate::base::config::{Config, beyond_docker_hub, is_oci_base};
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, Problems, Severity, problems_of, verdict};
use crate::base::target::Target;
use crate::base::text::name;
use crate::chart::io::helm::Helm;
use crate::chart::io::helm::agreement::{by, find_helm};
use crate::chart::{Archive, declared};
use crate::dist::manifest::Manifest;
use crate::dist::{self, differs_from_commit, foreign_notes, replaceable};
use crate::docs::File;
use crate::git::io::branch::Branch;
use crate::git::io::checkout::Checkout;
use crate::git::io::remote::Remote;
use crate::git::io::repository::{Repository, repository};
use crate::git::remote_refs::short;
use crate::github::io::Github;
use crate::pages::command::beside_index;
use crate::pages::io::served;
use crate::release::NewRelease;
use crate::release::command::ReleaseArgs;
use crate::release::held::{self, Held};
use crate::release::steps::{Planned, doubt, incomplete, steps, to_fill};
use crate::release::unreleased::Incomplete;
use crate::sys::lock::Lock;
use crate::sys::scratch::Scratch;
use crate::sys::{environment, files, terminal};

/// A release that lies in a directory: its archives, SHA256SUMS, release-notes.md and manifest.json.
///
/// ```no_run
/// # fn release(app: &helm_xtask::App) -> Result<(), helm_xtask::Problems> {
/// use helm_xtask::{Release, Target};
///
/// let release = Release::observe(app, Some("v1.2.3"))?;
/// let plan = release.plan(&[Target::Oci, Target::Github])?;
/// print!("{plan}");
/// let done = plan.publish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Release {
    config: Config,
    args: ReleaseArgs,
    repository: Repository,
    remote: Remote,
    helm: Option<Helm>,
    directory: PathBuf,
    made: dist::Release,
    pub(crate) seen: Seen,
    /// What belongs beside the index.
    others: Vec<File>,
    _kept: Kept,
}

/// What was seen while a release was made; nothing of one that was read.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Where its charts come from, such as `charts/web`, in the order of its archives.
    pub charts: Vec<String>,
    branch: RefCell<Option<Branch>>,
    /// Places of the registry where nothing was.
    absent: Vec<Reference>,
    /// The charts that are not part of it, each as `NAME VERSION`.
    pub left_out: Vec<String>,
    /// The charts that are not part of it though they are not published as they are here.
    pub held: Vec<Held>,
    /// What the remote has, where Chart.yaml says what is released and somebody looked.
    pub survey: Option<Survey>,
    /// What was said.
    pub warnings: Vec<Problem>,
    pub signed: Option<Signed>,
}

/// Temporary directories that a release lies in; they go with it.
#[derive(Debug, Default)]
struct Kept {
    /// The commit of its tag, if that is not the one that is checked out.
    checkout: Option<Checkout>,
    dist: Option<Scratch>,
}

/// Of what a release is made.
struct Scene {
    config: Config,
    args: ReleaseArgs,
    repository: Repository,
    remote: Remote,
    helm: Option<Helm>,
    directory: PathBuf,
}

/// What publishing does, or did: a line for each step in its `Display`, and the `plan` of `cargo xtask release --json` in
/// its `Serialize`.
#[derive(Debug)]
pub struct Plan<'r> {
    release: &'r Release,
    targets: Vec<Target>,
    pub(crate) outcome: Outcome<'r>,
}

impl Release {
    /// Makes the release that a command line asks for, or reads the one that it names.
    pub(crate) fn take(config: &Config, mut args: ReleaseArgs) -> Result<Self> {
        let config = with_registry(config, args.oci.as_deref())?;
        let is_backfill = args.backfill;
        args.publish = args
            .publish
            .map(|asked| to_fill(&config, config.asked_or_all(&asked), is_backfill))
            .transpose()?;
        let repository = repository()?;
        let remote = Remote::find(&config, args.remote.as_deref(), &repository)?;
        if let Some(targets) = &args.publish {
            check_targets(&config, &remote, targets, args.wait)?;
        }
        let helm = find_helm(args.helm, args.deadline, args.offline)?;
        let directory = args.from.clone().or_else(|| args.destination.clone());
        let directory = match directory {
            Some(directory) => directory,
            None => files::at_root(repository.root(), "dist", "--destination").map_err(Problems::from)?,
        };
        verdict(config.problems())?;
        let checkout =
            if args.from.is_some() { None } else { elsewhere(&config, &args, &repository, &remote)? };
        let repository = checkout.as_ref().map_or(Ok(repository), Checkout::repository)?;
        let chart = args.tag.as_ref().filter(|_| checkout.is_some());
        let chart = chart.and_then(|tag| config.tags.read_of_any(tag)?.chart);
        let config = match chart {
            Some(chart) => at_their_place(&config, &chart, repository.root())?,
            None => config,
        };
        let kept = Kept { checkout, dist: None };
        let release = Self::made(Scene { config, args, repository, remote, helm, directory }, kept)?;
        let shown = files::shown(&release.directory);
        if !release.args.json && release.args.from.is_none() {
            report::made(&release, &shown, &by(release.helm.as_ref(), release.args.helm))?;
        } else if !release.args.json {
            report::signed(release.seen.signed.as_ref(), &shown)?;
        }
        Ok(release)
    }

    /// Makes the release of a tag of the remote, whose version a target lacks.
    pub(crate) fn finishing(&self, unfinished: &Incomplete) -> Result<Self> {
        let tag = &unfinished.remote.name;
        let is_here = unfinished.remote.commit == self.manifest().commit.id;
        let checkout = if is_here {
            None
        } else {
            Some(Checkout::of_tag(&self.remote, tag, Instant::now() + self.limit())?)
        };
        let here = || Repository::around(self.repository.root()).context("the repository is gone");
        let repository = checkout.as_ref().map_or_else(here, Checkout::repository)?;
        let dist = Scratch::directory()?;
        let args = ReleaseArgs {
            charts: Vec::new(),
            only: Vec::new(),
            tag: Some(tag.clone()),
            replace: Vec::new(),
            ..self.args.clone()
        };
        let config = match &unfinished.tag.chart {
            Some(chart) => at_their_place(&self.config, chart, repository.root())?,
            None => self.config.clone(),
        };
        let scene = Scene {
            config,
            args,
            repository,
            remote: self.remote.clone(),
            helm: self.helm.clone(),
            directory: dist.path().to_owned(),
        };
        Self::made(scene, Kept { checkout, dist: Some(dist) })
    }

    /// Makes a release, or reads it.
    fn made(scene: Scene, kept: Kept) -> Result<Self> {
        let Scene { config, args, repository, remote, helm, directory } = scene;
        let is_read = args.from.is_some();
        let (made, seen) = if is_read {
            let signing_key = sign::asked(&config, &args).map_err(Problems::from)?;
            let _lock = Lock::of(&directory);
            let (mut release, mut seen) = (read(&config, &directory)?, Seen::default());
            if let Some(key) = signing_key {
                seen.signed = sign::sign(key, &args, &mut release, &mut seen.warnings)?;
                dist::io::write_provenance(&release, &directory)?;
            }
            (release, seen)
        } else {
            let Made { new, branch, absent, held, survey, signed, lock: _lock } = make(&Making {
                config: &config,
                args: &args,
                repository: &repository,
                remote: &remote,
                helm: helm.as_ref(),
                destination: &directory,
                is_tagged: kept.checkout.is_some() || kept.dist.is_some(),
            })?;
            let NewRelease { release, charts, left_out, warnings, .. } = new;
            let charts = charts.into_iter().map(|chart| chart.source).collect();
            let branch = RefCell::new(branch);
            (release, Seen { charts, branch, absent, left_out, held, survey, warnings, signed })
        };
        let others = beside_index(&repository)?;
        Ok(Self { config, args, repository, remote, helm, directory, made, seen, others, _kept: kept })
    }

    /// Whether Chart.yaml alone says what is released: no tag asks for it.
    pub(crate) fn is_unreleased(&self) -> bool {
        let Self { config, args, made, .. } = self;
        made.manifest.tag.is_none() && !config.stamps() && args.from.is_none() && !args.backfill
    }

    pub(crate) fn args(&self) -> &ReleaseArgs {
        &self.args
    }

    pub(crate) fn archives(&self) -> &[Archive] {
        &self.made.archives
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }

    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    pub(crate) fn limit(&self) -> Duration {
        self.args.limit()
    }

    /// Where it lies.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The targets that the command line names.
    pub(crate) fn asked(&self) -> Option<&[Target]> {
        self.args.publish.as_deref()
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.made.manifest
    }

    /// Looks at targets and decides what publishing there would do; nothing is written.
    ///
    /// # Errors
    ///
    /// A target has another content under one of these versions, or the release cannot be published for another reason.
    pub fn plan(&self, targets: &[Target]) -> Result<Plan<'_>, Problems> {
        let plan = self.look(self.config.in_order(targets)).map_err(problems_of)?;
        let held = held::problems(&self.seen.held);
        verdict(plan.outcome.problems.iter().cloned().chain(held).collect())?;
        Ok(plan)
    }

    /// The plan for all targets that it may go to.
    pub(crate) fn look_at_all(&self) -> Result<Plan<'_>> {
        self.look(to_fill(&self.config, self.config.all_targets(), self.args.backfill)?)
    }

    /// The plan for some targets, with what stands in its way.
    pub(crate) fn look(&self, targets: Vec<Target>) -> Result<Plan<'_>> {
        let mut outcome = publish::look(&self.publication(&targets)?, &self.transport(), &targets)?;
        // A run that is for no tag makes those that it needs.
        if !self.is_unreleased() {
            outcome.problems.extend(self.incomplete()?.map(|problem| doubt(problem, false)));
        }
        outcome.problems.extend(self.foreign_notes(&targets));
        outcome.problems.extend(self.unsigned().map(|problem| doubt(problem, false)));
        Ok(Plan { release: self, targets, outcome })
    }

    /// The plan for all targets, of which none was asked.
    pub(crate) fn unseen(&self) -> Plan<'_> {
        let steps = steps(&self.config, &self.config.oci, &self.made, hub(&self.others));
        let planned = steps.into_iter().map(Planned::unseen).collect();
        let outcome = Outcome { planned, ..Outcome::default() };
        Plan { release: self, targets: self.config.all_targets(), outcome }
    }

    /// Publishes to targets.
    pub(crate) fn publish(&self, targets: Vec<Target>) -> Result<Plan<'_>> {
        let problems = self.incomplete()?.into_iter().chain(differs_from_commit(self.manifest()));
        verdict(problems.chain(self.foreign_notes(&targets)).chain(self.unsigned()).collect())?;
        let tell = |planned: &Planned<'_>| if self.args.json { Ok(()) } else { report::done(planned) };
        let outcome = publish::publish(&self.publication(&targets)?, &self.transport(), &targets, &tell)?;
        outcome.problems.iter().for_each(terminal::problem);
        // What is published is published, whoever is told.
        if let Err(error) = summary::of_release(self, &targets, &outcome) {
            terminal::problem(&Problem::warning(format!("{error:#}")));
        }
        Ok(Plan { release: self, targets, outcome })
    }

    /// Why it is not all that its tag releases, or why there is none. With `--from` it was another clone that knew no tag.
    fn incomplete(&self) -> Result<Option<Problem>> {
        let manifest = self.manifest();
        if self.args.backfill {
            return Ok(None);
        }
        let is_shallow =
            manifest.tag.is_none() && self.args.from.is_none() && self.repository.is_shallow()?;
        let tags = if manifest.tag.is_none() { self.repository.tags()? } else { Vec::new() };
        let here = tags.into_iter().filter(|(_, commit)| *commit == manifest.commit.id);
        Ok(incomplete(&self.config, manifest, is_shallow, &here.map(|(tag, _)| tag).collect::<Vec<_>>()))
    }

    /// Why GitHub cannot have the notes, if it is among the targets.
    pub(crate) fn foreign_notes(&self, targets: &[Target]) -> Option<Problem> {
        foreign_notes(&self.config, &self.made).filter(|_| targets.contains(&Target::Github))
    }

    /// Why it cannot be published as the config wants it: archives lack the signature.
    pub(crate) fn unsigned(&self) -> Option<Problem> {
        dist::unsigned(&self.config, &self.made)
    }

    pub(crate) fn publication(&self, targets: &[Target]) -> Result<Publication<'_>> {
        let replace =
            replaceable(&self.args.replace, &self.made.archives.iter().map(|archive| &archive.metadata))?;
        Publication::new(&self.config, &self.config.oci, &self.made, &self.others, replace, targets)
    }

    /// How the targets are reached. What making has seen of the branch is taken by the first who asks.
    pub(crate) fn transport(&self) -> Transport<'_> {
        Transport {
            branch: RefCell::new(self.seen.branch.take()),
            absent: self.seen.absent.clone(),
            helm: self.helm.as_ref(),
            plain_http: self.args.plain_http,
            wait: self.args.wait,
            ..Transport::new(&self.remote, self.limit())
        }
    }
}

impl<'r> Plan<'r> {
    /// Publishes what is planned: to the OCI registry, then the Helm repository, then GitHub. Nothing is written unless
    /// every target can take its part, and running it again finishes what was cut off.
    ///
    /// # Errors
    ///
    /// What stopped it. The steps before that stand.
    pub fn publish(&self) -> Result<Plan<'r>, Problems> {
        let release = self.release;
        let publish = || {
            check_targets(&release.config, &release.remote, &self.targets, false)?;
            release.publish(self.targets.clone())
        };
        let done = publish().map_err(problems_of)?;
        verdict(done.outcome.stopped.clone())?;
        Ok(done)
    }
}

impl fmt::Display for Plan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.outcome.planned.iter().try_for_each(|planned| {
            let (verb, what) = planned.line();
            writeln!(f, "{verb:>12} {what}")
        })
    }
}

impl Serialize for Plan<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.outcome.planned.serialize(serializer)
    }
}

/// The config with the registry that was asked for.
pub fn with_registry(config: &Config, asked: Option<&str>) -> Result<Config> {
    let Some(oci) = asked else { return Ok(config.clone()) };
    let base = oci.trim_end_matches('/');
    if !is_oci_base(base) {
        let problem = Problem::usage(format!("--oci {} is not of the form `oci://host/path`", name(oci)));
        return Err(problem.hint("lower case, without a tag, as in oci://ghcr.io/owner/charts").into());
    }
    if let Some(problem) = beyond_docker_hub(base) {
        return Err(Problem { severity: Severity::Usage, ..problem }.into());
    }
    if !config.publishes_to(Target::Oci) {
        let problem = Problem::usage("--oci names a registry, and the config publishes to none");
        return Err(problem.hint("leave out --oci, or add `Target::Oci` to `targets` in the config").into());
    }
    Ok(config.clone().oci(base))
}

/// Rejects targets that contradict each other, the options, or where this runs.
fn check_targets(config: &Config, remote: &Remote, targets: &[Target], wait: bool) -> Result<()> {
    if environment::is_pull_request() {
        let problem = Problem::error("a pull request publishes nothing");
        return Err(problem.hint("leave --publish out, or run on tags").into());
    }
    if let (Some(host), Some(site)) = (remote.host(), Github::site())
        && targets.contains(&Target::Github)
        && !host.eq_ignore_ascii_case(&site)
    {
        let message = format!("the branch is at {}, and the release would go to {}", name(host), name(&site));
        let hint = format!(
            "export GITHUB_SERVER_URL=https://{host} GITHUB_API_URL=https://{host}/api/v3; without GitHub's API there, leave \
             `Target::Github` out of `targets` in the config"
        );
        return Err(Problem::usage(message).hint(hint).into());
    }
    if let Some(target) = targets.iter().find(|target| !config.publishes_to(**target)) {
        let problem = Problem::usage(format!("the config publishes nothing to {target}"));
        return Err(problem.hint("leave it out of --publish, or add it to `targets` in the config").into());
    }
    remote.check_named(config)?;
    if wait && !targets.contains(&Target::Pages) {
        let problem = Problem::usage("--wait waits for the Helm repository, which is not published");
        return Err(problem.hint("leave out --wait, or add `pages` to --publish").into());
    }
    if wait { served::check() } else { Ok(()) }
}

/// The config with the place of a chart, if that lies elsewhere in this work tree than it does today.
pub(super) fn at_their_place(config: &Config, chart: &str, root: &Path) -> Result<Config> {
    let is_it = |directory: &str| {
        let text = files::read(&root.join(directory).join("Chart.yaml")).unwrap_or_default();
        declared(&text).is_some_and(|declared| declared.name == chart)
    };
    let tracked = Repository::around(root).context("the repository is gone")?.files()?;
    let charts = tracked.iter().filter_map(|file| match file.as_str() {
        "Chart.yaml" => Some("."),
        file => file.strip_suffix("/Chart.yaml"),
    });
    let places: Vec<&str> = charts.filter(|directory| is_it(directory)).collect();
    match places.as_slice() {
        [place] if !config.releases(place) => Ok(config.clone().charts([*place])),
        _ => Ok(config.clone()),
    }
}

/// The commit of the tag that is asked for, where the remote has it and another one is checked out here.
fn elsewhere(
    config: &Config,
    args: &ReleaseArgs,
    repository: &Repository,
    remote: &Remote,
) -> Result<Option<Checkout>> {
    let is_online = !args.offline && !environment::is_offline();
    let Some(tag) = args.tag.as_ref().filter(|_| is_online) else { return Ok(None) };
    let head = repository.commit()?.map(|commit| commit.id).unwrap_or_default();
    if repository.tags()?.iter().any(|(name, commit)| name == tag && *commit == head) {
        return Ok(None);
    }
    let limit = args.limit();
    match Branch::new(remote, &config.branch, limit)?.tag(tag)? {
        Ok(Some(commit)) if commit != head => {
            terminal::progress("Fetching", &format!("{tag} of {} at {}", remote.url, short(&commit)));
            Ok(Some(Checkout::of_tag(remote, tag, Instant::now() + limit)?))
        }
        _ => Ok(None),
    }
}

/// The release in a directory.
pub fn read(config: &Config, directory: &Path) -> Result<dist::Release> {
    let missing = || {
        let problem = Problem::error(format!("there is no release in {}", name(&files::shown(directory))));
        Problems::from(problem.hint("cargo xtask release"))
    };
    Ok(dist::io::read(config, directory)?.ok_or_else(missing)?)
}
