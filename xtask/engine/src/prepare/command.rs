//! `cargo xtask prepare` and `cargo xtask deprecate`: the commit that a release is tagged at, shown or made.

use anyhow::Result;
use clap::Args;
use semver::Version;
use serde_json::{Value, json};

use super::bump::{Bump, next};
use super::{Asked, Next, Scene, Unit, edits_beside, io, proposal, units};
use crate::base::problem::{Problem, verdict};
use crate::base::text::{name, shown};
use crate::base::time;
use crate::chart::io::helm::agreement::HelmMode;
use crate::chart::source::Source;
use crate::ci::program::Program;
use crate::git::io::repository::{Repository, repository};
use crate::git::io::worktree::{Made, Worktree};
use crate::git::remote_refs::short;
use crate::release::io::make;
use crate::sys::{environment, terminal};

/// `cargo xtask prepare`.
#[derive(Debug, Args)]
pub struct PrepareArgs {
    /// Charts, by name or directory; without any all that have changed since their last release
    #[arg(value_name = "CHART")]
    pub charts: Vec<String>,
    #[command(flatten)]
    pub how: How,
}

/// `cargo xtask deprecate`.
#[derive(Debug, Args)]
pub struct DeprecateArgs {
    /// The chart, by name or directory
    #[arg(value_name = "CHART")]
    pub chart: String,
    #[command(flatten)]
    pub how: How,
}

/// What both take.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct How {
    /// What is raised of the version [default: a proposal is printed]
    #[arg(long, value_enum)]
    pub bump: Option<Bump>,
    /// The version itself
    #[arg(long, value_name = "VERSION", conflicts_with = "bump")]
    pub version: Option<String>,
    /// Write the files, and commit them and nothing else
    #[arg(long)]
    pub commit: bool,
    /// Make the annotated tag as well, on the default branch
    #[arg(long)]
    pub tag: bool,
    /// Whether helm lints, renders and packages too
    #[arg(long, value_enum, default_value_t)]
    pub helm: HelmMode,
    /// The git repository that the charts are published to [default: the one of the config, at `origin` or on GitHub]
    #[arg(long, value_name = "URL")]
    pub remote: Option<String>,
    /// Do not look at what is published
    #[arg(long)]
    pub offline: bool,
    /// Print the plan as JSON
    #[arg(long)]
    pub json: bool,
}

impl How {
    /// What is asked for; `None` where a proposal is.
    fn asked(&self) -> Result<Option<Asked>, Problem> {
        if let Some(text) = &self.version {
            let plain = text.strip_prefix('v').unwrap_or(text);
            return Version::parse(plain).map(|version| Some(Asked::Version(version))).map_err(|why| {
                let problem =
                    Problem::usage(format!("version {} is not a semantic version: {why}", name(text)));
                problem.hint("name three numbers, as --version 1.3.0")
            });
        }
        if self.bump.is_none() && (self.commit || self.tag) {
            let problem = Problem::usage("--commit and --tag need a version");
            return Err(problem.hint("add --bump minor, or what else is to be raised, or --version VERSION"));
        }
        Ok(self.bump.map(Asked::Bump))
    }
}

/// Runs either command.
pub fn run(program: Program<'_>, charts: &[String], how: &How, deprecates: bool) -> Result<()> {
    let asked = how.asked()?;
    let (config, repository) = (program.config, repository()?);
    let head = make::head(config, None, &repository)?;
    let base = head.commit.id.as_str();
    let worktree = Worktree::of(&repository, base)?;
    let (sources, changelog) = io::read(config, worktree.repository())?;
    if repository.uncommitted()? > 0 {
        let note = Problem::note("files are not as the commit has them: what is prepared is the commit");
        terminal::problem(&note.hint("what is to be in the release: git add, then git commit"));
    }
    let [now, locked] = [environment::now()?, head.commit.time].map(time::utc);
    let (date, locked) = (now.split('T').next().unwrap_or_default(), locked.as_str());
    let names: Vec<String> = sources.iter().map(Source::name).collect();
    let changelog = changelog.as_ref();
    let scene = Scene { config, charts: &sources, names: &names, changelog, date, locked, deprecates };
    let mut units = units(config, &sources, &io::by_path(&repository, &sources, charts), &head.tags.git)?;
    let Some(asked) = asked else { return propose(&scene, &repository, &units, base, how.json) };
    if charts.is_empty() && units.len() > 1 {
        let mut changed = Vec::new();
        for unit in units {
            if io::difference(&repository, &unit, base)?.has_changed {
                changed.push(unit);
            } else {
                terminal::progress("Unchanged", &format!("{} {}", unit.title(), unit.current));
            }
        }
        units = changed;
    }
    if units.is_empty() && !how.json {
        return Ok(terminal::line("no chart has changed since its last release")?);
    }
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for unit in units {
        let before = io::version_before(&repository, &unit);
        let version = unit.next(&asked, before.as_ref(), base, config.stamps())?;
        let tag = unit.tag(config, &version);
        let at = head.tags.git.iter().find(|(known, _)| *known == tag).map(|(_, commit)| commit.as_str());
        let edits = if at == Some(base) {
            Vec::new()
        } else {
            unit.edits(&scene, &version, &tag).take(&mut problems)
        };
        if at.is_some_and(|at| at != base) {
            let problem =
                Problem::error(format!("tag {} exists already: that version is released", name(&tag)));
            problems.push(problem.hint("prepare another version"));
        }
        all.push(Next { unit, version, tag, edits });
    }
    let beside = edits_beside(&scene, &all).take(&mut problems);
    verdict(problems)?;
    io::apply(&scene, &worktree, &all, &beside)?;
    let titles: Vec<String> = all.iter().map(Next::title).collect();
    let message = format!("{} {}", if deprecates { "Deprecate" } else { "Release" }, titles.join(", "));
    let made = worktree.commit(&message)?;
    let plan = Plan { program, how, repository: &repository, base, deprecates, all: &all, message };
    plan.perform(&worktree, made.as_ref())
}

/// Prints which versions the changes ask for, and why.
fn propose(
    scene: &Scene<'_>,
    repository: &Repository,
    units: &[Unit<'_>],
    head: &str,
    is_json: bool,
) -> Result<()> {
    let mut proposals = Vec::new();
    for unit in units {
        let (current, title) = (&unit.current, unit.title());
        let difference = io::difference(repository, unit, head)?;
        let (bump, mut reasons) = proposal::propose(current, &unit.unreleased(scene), &difference);
        let Some(bump) = bump.or(scene.deprecates.then_some(Bump::Minor)) else {
            terminal::progress("Unchanged", &format!("{title} {current}"));
            continue;
        };
        let last = unit.last.as_ref().map(|last| &last.tag.version);
        let raised = last.filter(|last| *last < current && next(last, bump) <= *current);
        reasons.extend(
            raised.map(|last| format!("{current} is that far above {last}, the last release, already")),
        );
        let version = if raised.is_some() { current.clone() } else { next(current, bump) };
        let command = command(scene.deprecates, &[unit], &version);
        if !is_json {
            let from = if raised.is_some() { String::new() } else { format!("{current} -> ") };
            terminal::result("Proposed", &format!("{title} {from}{version}  ({})", bump.name()))?;
            reasons.iter().try_for_each(|reason| terminal::result("Because", reason))?;
            terminal::line(&format!("next: {command}"))?;
        }
        proposals.push(json!({
            "chart": title,
            "from": current.to_string(),
            "to": version.to_string(),
            "bump": bump.name(),
            "reasons": reasons,
            "next": command,
        }));
    }
    if is_json { tell_json(&json!({ "proposals": proposals })) } else { Ok(()) }
}

fn tell_json(value: &Value) -> Result<()> {
    Ok(terminal::line(&serde_json::to_string_pretty(value)?)?)
}

/// The command line that prepares these.
fn command(deprecates: bool, units: &[&Unit<'_>], version: &Version) -> String {
    let named = units.iter().filter(|unit| unit.chart.is_some() || deprecates);
    let verb = if deprecates { "deprecate" } else { "prepare" };
    let charts: Vec<String> = [verb.to_owned()].into_iter().chain(named.map(|unit| unit.title())).collect();
    format!("cargo xtask {} --version {version}", charts.join(" "))
}

/// All that is to be done.
struct Plan<'a> {
    program: Program<'a>,
    how: &'a How,
    repository: &'a Repository,
    /// The commit at HEAD.
    base: &'a str,
    deprecates: bool,
    all: &'a [Next<'a>],
    message: String,
}

impl Plan<'_> {
    /// Checks the commit, and shows or makes it.
    fn perform(&self, worktree: &Worktree, made: Option<&Made>) -> Result<()> {
        let &Self { program, how, repository, base, all, .. } = self;
        if how.tag && !how.commit && made.is_some() {
            let problem = Problem::usage("there is something to commit before the tag");
            return Err(problem.hint("add --commit, or look at it first without --tag").into());
        }
        let tags: Vec<String> = all.iter().map(|one| one.tag.clone()).collect();
        let again = self.commands(false, " --tag");
        let look = || io::check_tags(program.config, how, repository, &tags, base, &again);
        let there = if how.tag { look()? } else { Vec::new() };
        let missing: Vec<&Next<'_>> = all.iter().filter(|one| how.tag && !there.contains(&one.tag)).collect();
        if !how.json {
            self.tell(made)?;
        }
        if made.is_some() || !missing.is_empty() {
            let tag = tags.first().filter(|_| program.config.stamps() && tags.len() == 1);
            let checked = io::check(program, how, worktree, tag)?;
            if !how.json {
                terminal::result("Checked", &checked)?;
            }
        }
        let mut commit = None;
        if let Some(made) = made.filter(|_| how.commit) {
            io::commit(repository, base, worktree, made, &self.message)?;
            commit = repository.commit()?.map(|commit| commit.id);
        }
        let done = |verb: &str, what: &str| if how.json { Ok(()) } else { terminal::result(verb, what) };
        commit.iter().try_for_each(|id| done("Committed", &format!("{}  {}", short(id), self.message)))?;
        for one in missing {
            io::tag(repository, &one.tag, &one.title())?;
            done("Tagged", &one.tag)?;
        }
        let next = self.next(made.is_some() && !how.commit)?;
        if how.json {
            return tell_json(&self.as_value(made, commit.as_deref(), &next));
        }
        let said = if made.is_some() && !how.commit { "nothing was written; next" } else { "next" };
        Ok(terminal::line(&format!("{said}: {next}"))?)
    }

    /// Prints the versions and the diff.
    fn tell(&self, made: Option<&Made>) -> Result<()> {
        for one @ Next { unit, version, tag, edits } in self.all {
            let is_raised = unit.current != *version;
            let from = if is_raised { format!("{} -> {version}", unit.current) } else { version.to_string() };
            let verb = if self.how.commit { "Prepared" } else { "Would prepare" };
            let verb = if edits.is_empty() { "Unchanged" } else { verb };
            terminal::result(verb, &format!("{} {from}  (tag {tag})", one.unit.title()))?;
        }
        for line in made.iter().flat_map(|made| made.diff.lines()) {
            terminal::line(&line.split('\t').map(shown).collect::<Vec<_>>().join("\t"))?;
        }
        Ok(())
    }

    /// The command lines that do the same, one for all charts of one version.
    fn commands(&self, deprecates: bool, more: &str) -> String {
        let groups = self.all.chunk_by(|a, b| a.version == b.version);
        let line = |group: &[Next<'_>]| {
            let units: Vec<&Unit<'_>> = group.iter().map(|one| &one.unit).collect();
            let version = group.first().map(|one| &one.version);
            version.map(|version| format!("{}{more}", command(deprecates, &units, version)))
        };
        groups.filter_map(line).collect::<Vec<_>>().join(" && ")
    }

    /// What to type next.
    fn next(&self, is_uncommitted: bool) -> Result<String> {
        if is_uncommitted {
            return Ok(self.commands(self.deprecates, " --commit"));
        }
        let branch = self.repository.branch()?.unwrap_or_else(|| "HEAD".to_owned());
        let here = self.repository.tags()?;
        let is_here = |one: &&Next<'_>| here.iter().any(|(known, _)| *known == one.tag);
        let tags: Vec<&str> = self.all.iter().filter(is_here).map(|one| one.tag.as_str()).collect();
        Ok(match tags.len() {
            0 => {
                let tag = self.commands(false, " --tag");
                format!("git push origin {branch}, and once it is on the default branch: {tag}")
            }
            1..=3 => format!("git push --atomic origin {branch} {}", tags.join(" ")),
            // More than three tags of one push start no workflow (docs.github.com, "Events that trigger workflows", `push`).
            _ => format!("git push origin {branch} && git push origin {}", tags.join(" && git push origin ")),
        })
    }

    fn as_value(&self, made: Option<&Made>, commit: Option<&str>, next: &str) -> Value {
        let one = |one: &Next<'_>| {
            json!({
                "chart": one.unit.title(),
                "paths": one.unit.charts.iter().map(|source| &source.path).collect::<Vec<_>>(),
                "from": one.unit.current.to_string(),
                "to": one.version.to_string(),
                "tag": one.tag,
            })
        };
        let charts: Vec<Value> = self.all.iter().map(one).collect();
        let (files, diff) = made.map(|made| (&made.files, &made.diff)).unzip();
        json!({ "charts": charts, "files": files, "diff": diff, "commit": commit, "next": next })
    }
}
