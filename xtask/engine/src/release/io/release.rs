//! One release from observation to publication: the walk of `cargo xtask release`, and of a repository that scripts it.

#![warn(missing_docs)]

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use serde::{Serialize, Serializer};

use super::make::{Made, make};
use super::publish::{self, Outcome, Publication, Transport, hub};
use super::report;
use crate::base::config::{Config, is_oci_base};
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, Problems, problems_of, verdict};
use crate::base::target::Target;
use crate::base::text::name;
use crate::chart::io::helm::Helm;
use crate::chart::io::helm::agreement::{by, find_helm};
use crate::dist::manifest::Manifest;
use crate::dist::{self, differs_from_commit, foreign_notes, replaceable};
use crate::docs::File;
use crate::git::io::branch::Branch;
use crate::git::io::remote::Remote;
use crate::git::io::repository::{Repository, repository};
use crate::github::io::Github;
use crate::pages::command::beside_index;
use crate::pages::io::served;
use crate::release::command::ReleaseArgs;
use crate::release::steps::{Planned, doubt, incomplete, steps};
use crate::sys::lock::Lock;
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
    /// The branch, where making has looked at it.
    branch: RefCell<Option<Branch>>,
    /// Places of the registry where nothing was while it was made.
    absent: Vec<Reference>,
    /// What belongs beside the index.
    others: Vec<File>,
    /// The charts that are not part of it, each as `NAME VERSION`.
    pub(crate) left_out: Vec<String>,
    /// What was said while it was made.
    pub(crate) warnings: Vec<Problem>,
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
        let helm = find_helm(args.helm, args.deadline)?;
        let directory = args.from.clone().or_else(|| args.destination.clone());
        let directory = match directory {
            Some(directory) => directory,
            None => files::at_root(repository.root(), "dist", "--destination").map_err(Problems::from)?,
        };
        verdict(config.problems())?;
        let (made, left_out, warnings, branch, absent) = if args.from.is_some() {
            let _lock = Lock::of(&directory);
            (read(&config, &directory)?, Vec::new(), Vec::new(), None, Vec::new())
        } else {
            let Made { new, branch, absent, lock: _lock } =
                make(&config, &args, &repository, helm.as_ref(), &directory)?;
            if !args.json {
                report::made(&new, args.backfill, &files::shown(&directory), &by(helm.as_ref(), args.helm))?;
            }
            (new.release, new.left_out, new.warnings, branch, absent)
        };
        let (others, branch) = (beside_index(&repository)?, RefCell::new(branch));
        Ok(Self {
            config,
            args,
            repository,
            remote,
            helm,
            directory,
            made,
            branch,
            absent,
            others,
            left_out,
            warnings,
        })
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
        verdict(plan.outcome.problems.clone())?;
        Ok(plan)
    }

    /// The plan for all targets that it may go to.
    pub(crate) fn look_at_all(&self) -> Result<Plan<'_>> {
        self.look(to_fill(&self.config, self.config.all_targets(), self.args.backfill)?)
    }

    /// The plan for some targets, with what stands in its way.
    pub(crate) fn look(&self, targets: Vec<Target>) -> Result<Plan<'_>> {
        let mut outcome = publish::look(&self.publication(&targets)?, &self.transport(), &targets)?;
        outcome.problems.extend(self.incomplete()?.map(|problem| doubt(problem, false)));
        outcome.problems.extend(self.foreign_notes(&targets));
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
        verdict(problems.chain(self.foreign_notes(&targets)).collect())?;
        let tell = |planned: &Planned<'_>| if self.args.json { Ok(()) } else { report::done(planned) };
        let outcome = publish::publish(&self.publication(&targets)?, &self.transport(), &targets, &tell)?;
        outcome.problems.iter().for_each(terminal::problem);
        // What is published is published, whoever is told.
        if let Err(error) = report::to_actions(&self.config, self.manifest(), &targets, &outcome) {
            terminal::problem(&Problem::warning(format!("{error:#}")));
        }
        Ok(Plan { release: self, targets, outcome })
    }

    /// Why it is not all that its tag releases. With `--from` it was another clone that knew no tag.
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
    fn foreign_notes(&self, targets: &[Target]) -> Option<Problem> {
        foreign_notes(&self.config, &self.made).filter(|_| targets.contains(&Target::Github))
    }

    fn publication(&self, targets: &[Target]) -> Result<Publication<'_>> {
        let replace =
            replaceable(&self.args.replace, &self.made.archives.iter().map(|archive| &archive.metadata))?;
        Publication::new(&self.config, &self.config.oci, &self.made, &self.others, replace, targets)
    }

    /// How the targets are reached. What making has seen of the branch is taken by the first who asks.
    fn transport(&self) -> Transport<'_> {
        Transport {
            branch: RefCell::new(self.branch.take()),
            absent: self.absent.clone(),
            helm: self.helm.as_ref(),
            plain_http: self.args.plain_http,
            wait: self.args.wait,
            ..Transport::new(&self.remote, Duration::from_secs(self.args.deadline))
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

/// The targets that a backfill fills: a GitHub Release is that of a tag.
fn to_fill(config: &Config, mut targets: Vec<Target>, is_backfill: bool) -> Result<Vec<Target>, Problems> {
    targets.retain(|target| !is_backfill || *target != Target::Github);
    if targets.is_empty() {
        let problem = Problem::usage("--backfill makes no GitHub Release: that is made of a tag");
        let tag = config.tags.for_chart("NAME", "1.2.3");
        return Err(problem.hint(format!("cargo xtask release --tag {tag} --publish=github")).into());
    }
    Ok(targets)
}

/// The config with the registry that was asked for.
pub fn with_registry(config: &Config, asked: Option<&str>) -> Result<Config> {
    let Some(oci) = asked else { return Ok(config.clone()) };
    let base = oci.trim_end_matches('/');
    if !is_oci_base(base) {
        let problem = Problem::usage(format!("--oci {} is not of the form `oci://host/path`", name(oci)));
        return Err(problem.hint("lower case, without a tag, as in oci://ghcr.io/owner/charts").into());
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
        let hint = format!("export GITHUB_SERVER_URL=https://{host} GITHUB_API_URL=https://{host}/api/v3");
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

/// The release in a directory.
pub fn read(config: &Config, directory: &Path) -> Result<dist::Release> {
    let missing = || {
        let problem = Problem::error(format!("there is no release in {}", name(&files::shown(directory))));
        Problems::from(problem.hint("cargo xtask release"))
    };
    Ok(dist::io::read(config, directory)?.ok_or_else(missing)?)
}
