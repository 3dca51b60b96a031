//! `cargo xtask release --rehearse`: the whole publish, by the code that publishes in earnest, to targets on this machine;
//! then what a user would do with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::io::servers::{self, Rehearsal, Setting, Start, Targets};
use super::io::user::{self, Story};
use crate::base::config::Config;
use crate::base::problem::{Problem, docs_page, verdict};
use crate::base::target::Target;
use crate::base::text::name;
use crate::base::version::release_of;
use crate::chart::io::charts;
use crate::chart::io::helm::agreement::{by, find_helm};
use crate::dist::manifest::Manifest;
use crate::dist::{self, Release, next_tags, replaceable, tags};
use crate::git::io::branch::Branch;
use crate::git::io::remote::Remote;
use crate::git::io::repository::{Repository, repository};
use crate::git::tag_object::TagObject;
use crate::github::io::Github;
use crate::pages::command::beside_index;
use crate::pages::io::publish::short;
use crate::release::command::ReleaseArgs;
use crate::release::held::{self, Held};
use crate::release::io::make::{self, Made, Making};
use crate::release::io::publish::{self, Publication, Transport};
use crate::release::io::sign::Signed;
use crate::release::io::tags::missing;
use crate::release::io::{report, tags as making};
use crate::release::steps::{Found, Planned, Step};
use crate::release::{NewRelease, PreparedChart};
use crate::signing::io::cosign;
use crate::sys::http::{Http, PATIENT};
use crate::sys::{environment, files, terminal};

/// How many charts users are told how to install.
const MOST_CHARTS: usize = 3;

/// Runs the rehearsal. Neither a tag nor a clean tree is needed for one.
pub fn run(config: &Config, args: &ReleaseArgs) -> Result<()> {
    verdict(config.problems())?;
    let (config, unsigned) = &signing_here(config);
    let (repository, helm) = (repository()?, find_helm(args.helm, args.deadline, args.offline)?);
    let (root, _lock) = servers::prepare(repository.root())?;
    let mut times = Times::begin();
    let directory = root.join("dist");
    let real = Remote::find(config, args.remote.as_deref(), &repository)?;
    let Made { new, held, signed, .. } = make::make(&Making {
        config,
        args,
        repository: &repository,
        remote: &real,
        helm: helm.as_ref(),
        destination: &directory,
        is_tagged: false,
    })?;
    let charts: Vec<String> = new.charts.iter().map(|chart| chart.source.clone()).collect();
    let by = by(helm.as_ref(), args.helm);
    report::packaged(&charts, &new.release.archives, &files::shown(&directory), &by)?;
    report::signed(signed.as_ref(), &files::shown(&directory))?;
    if dist::unsigned(config, &new.release).is_some() {
        terminal::line("not signed in this rehearsal; with the key at hand, add --sign")?;
    }
    report::left_out(&new.left_out, &held, false)?;
    if held.iter().any(|one| one.is_finished) {
        terminal::line("what is finished from the commit of its tag is not rehearsed")?;
    }
    report::wrote(&new.release.archives, &files::shown(&directory))?;
    let release = &new.release;
    if release.archives.is_empty() {
        terminal::line("nothing left this machine: there is nothing to release, and so nothing to rehearse")?;
        return end_of_held(&held);
    }
    let others = beside_index(&repository)?;
    times.end_of("package");

    if let Some(why) = unsigned {
        terminal::result("Left out", &format!("signatures in the registry: {why}"))?;
    }
    let rehearsal = start(config, args, &repository, root, &release.manifest)?;
    let (targets, before) = (rehearsal.targets(), rehearsal.file(&config.index())?);
    times.end_of("targets");

    let remote = Remote::find(config, Some(&targets.repository.to_string_lossy()), &repository)?;
    let replace = replaceable(&args.replace, &release.archives.iter().map(|archive| &archive.metadata))?;
    let publication =
        Publication::new(config, &targets.oci, release, &others, replace, &config.all_targets())?;
    let transport = Transport {
        helm: helm.as_ref(),
        api: Some(targets.api.clone()),
        ..Transport::new(&remote, args.limit())
    };
    perform(&publication, &transport, &repository, &mut times)?;
    rehearsal.deploy()?;
    let values = ci_values(&repository, &new)?;
    let old_index = config.old_index().map(|index| rehearsal.file(&index)).transpose()?.flatten();
    let old_url = old_index.and(config.old_helm_path.as_deref()).map(|path| targets.directory(path));
    play(&publication, &transport, targets, &values, before.as_deref(), old_url, signed.as_ref())?;
    times.end_of("user");
    end(config, release, &targets.root, &times)?;
    end_of_held(&held)
}

/// The config, by which charts are signed if that can be done without anybody learning of it; else why not.
fn signing_here(config: &Config) -> (Config, Option<String>) {
    let with = config.cosign.as_ref().map(cosign::of_rehearsal).transpose();
    let (cosign, why) = with.map_or_else(|why| (None, Some(why)), |with| (with, None));
    (Config { cosign, ..config.clone() }, why)
}

/// What keeps charts from being released is the error of the rehearsal, too.
fn end_of_held(held: &[Held]) -> Result<()> {
    Ok(verdict(held::problems(held)).map(drop)?)
}

/// Stands up the targets.
fn start(
    config: &Config,
    args: &ReleaseArgs,
    repository: &Repository,
    root: PathBuf,
    manifest: &Manifest,
) -> Result<Rehearsal> {
    let is_online = !args.offline && !environment::is_offline() && config.publishes_to(Target::Pages);
    let find = || Remote::find(config, args.remote.as_deref(), repository);
    let remote = is_online.then(find).transpose()?;
    // Where Chart.yaml says the versions, the run makes its tags.
    let tags = if makes_tags(config, manifest) { Vec::new() } else { tags(config, manifest) };
    let scene = Setting {
        config,
        root,
        remote: remote.as_ref(),
        tags: &tags,
        commit: &manifest.commit.id,
        source: repository,
        limit: args.limit(),
    };
    let rehearsal = Rehearsal::start(&scene)?;
    if config.publishes_to(Target::Pages) {
        begun(config, rehearsal.begun_with())?;
    }
    Ok(rehearsal)
}

/// What the branch begins with.
fn begun(config: &Config, start: &Start) -> Result<()> {
    let empty = |why: &str| terminal::result("Began", &format!("{} anew: {why}", config.branch));
    match start {
        Start::Copied { url, commit } => {
            terminal::result("Copied", &format!("{} of {url} at {}", config.branch, short(commit)))?;
        }
        Start::Absent { url } => empty(&format!("{url} has no such branch"))?,
        Start::Unasked => empty("offline, nobody looks at the real one")?,
        Start::Unread { url, why } => {
            let message = format!("cannot read {} of {}: {why}", name(&config.branch), name(url));
            let hint = "what is published already is not part of this rehearsal";
            terminal::problem(&Problem::warning(message).hint(hint));
            empty("the real one cannot be read")?;
        }
    }
    Ok(())
}

fn makes_tags(config: &Config, manifest: &Manifest) -> bool {
    manifest.tag.is_none() && !config.stamps()
}

/// Looks, tags, publishes, and does all of it once more: nothing may be left to do then.
fn perform(
    publication: &Publication<'_>,
    transport: &Transport<'_>,
    source: &Repository,
    times: &mut Times,
) -> Result<()> {
    let targets = &publication.config.all_targets();
    let seen = terminal::hushed(|| publish::look(publication, transport, targets))?;
    report::plan(&seen.planned)?;
    for tag in terminal::hushed(|| tag(publication, transport, source))? {
        terminal::result("Tagged", &tag.to_string())?;
    }
    let outcome = terminal::hushed(|| publish::publish(publication, transport, targets, &report::done))?;
    verdict(outcome.stopped)?;
    outcome.problems.iter().for_each(terminal::problem);
    times.end_of("publish");
    let tags = terminal::hushed(|| tag(publication, transport, source))?;
    let again = terminal::hushed(|| publish::publish(publication, transport, targets, &|_| Ok(())))?;
    verdict(again.stopped)?;
    let is_left = |planned: &&Planned<'_>| planned.found != Found::Done;
    let left = again.planned.iter().find(is_left).map(|left| left.line().1);
    if let Some(left) = tags.first().map(|tag| tag.tag.clone()).or(left) {
        let message = format!("publishing again does something again: {left}");
        let hint = "a release that was cut off could not be finished by running again; please report this";
        return Err(Problem::error(message).hint(hint).into());
    }
    terminal::result("Unchanged", "all of it: publishing again finds nothing left to do")?;
    times.end_of("again");
    Ok(())
}

/// Makes the tags that the remote lacks, where a run makes its tags.
fn tag(
    publication: &Publication<'_>,
    transport: &Transport<'_>,
    source: &Repository,
) -> Result<Vec<TagObject>> {
    let (config, manifest) = (publication.config, &publication.release.manifest);
    let Some(api) = transport.api.clone().filter(|_| makes_tags(config, manifest)) else {
        return Ok(Vec::new());
    };
    let http = Http::new(transport.limit, PATIENT)?;
    let github = Github::at(&http, &config.repository, api, Some("rehearsal".to_owned()));
    let there = Branch::new(transport.remote, &config.branch, transport.limit)?.refs()?.unwrap_or_default();
    let missing = missing(config, manifest, &there);
    making::make(transport.remote, source, Some(&github), &missing, transport.limit)?;
    Ok(missing)
}

/// The first `ci/*-values.yaml` of each chart that has one.
fn ci_values(repository: &Repository, new: &NewRelease) -> Result<BTreeMap<String, PathBuf>> {
    let (mut values, mut problems) = (BTreeMap::new(), Vec::new());
    for PreparedChart { source, package, .. } in &new.charts {
        let found = charts::test_values(source, repository.root())?.take(&mut problems);
        let path = found.first().map(|file| repository.root().join(file));
        values.extend(path.map(|path| (package.metadata.name.clone(), path)));
    }
    verdict(problems)?;
    Ok(values)
}

/// Lets a user find, get and render what was published.
fn play(
    publication: &Publication<'_>,
    transport: &Transport<'_>,
    targets: &Targets,
    values: &BTreeMap<String, PathBuf>,
    before: Option<&[u8]>,
    old_url: Option<String>,
    signed: Option<&Signed>,
) -> Result<()> {
    let http = Http::new(transport.limit, PATIENT)?;
    let steps = publication.steps.iter();
    let releases = steps.filter_map(|step| match step {
        Step::Create { wanted, .. } => Some(wanted.clone()),
        Step::Push { .. } | Step::Sign { .. } | Step::Merge { .. } => None,
    });
    let releases: Vec<_> = releases.collect();
    let (config, archives) = (publication.config, &publication.release.archives);
    let story = Story { config, targets, archives, values, releases: &releases, before, old_url, signed };
    user::play(&story, transport.helm, &http, &mut |step| {
        let saw = if step.saw.is_empty() { String::new() } else { format!("  {}", step.saw) };
        Ok(terminal::result(step.verb, &format!("{}{saw}  ({:.2} s)", step.what, step.took.as_secs_f64()))?)
    })
}

/// How long it took, where it lies, and what users get to read.
fn end(config: &Config, release: &Release, root: &Path, times: &Times) -> Result<()> {
    let rehearsed = tags(config, &release.manifest).join(", ");
    terminal::result("Rehearsed", &format!("{rehearsed} in {}", times.shown()))?;
    let branch = format!("site,{}.git", config.branch);
    let places = [(Target::Pages, branch.as_str()), (Target::Oci, "registry"), (Target::Github, "github")];
    let places =
        places.into_iter().filter(|(target, _)| config.publishes_to(*target)).map(|(_, place)| place);
    let lies = std::iter::once("dist").chain(places).collect::<Vec<_>>().join(",");
    terminal::result("Look", &format!("at {}/{{{lies}}}", files::shown(root)))?;
    users_will_type(config, release)?;
    Ok(terminal::line(&format!("nothing left this machine; {}", how_to_release(config, &release.manifest)))?)
}

/// What releases in earnest what was rehearsed.
fn how_to_release(config: &Config, manifest: &Manifest) -> String {
    let tags = next_tags(config, manifest);
    let first = tags.first().map_or("", String::as_str);
    let push = format!("git tag {first} && git push origin {first}");
    // GitHub starts no workflow for tags of which more than three are pushed at once (docs.github.com, "Events that trigger
    // workflows", `push`).
    let by_tag = match tags.len() {
        1 => format!("a pushed tag releases it: {push}"),
        _ => format!("each pushed tag releases its chart, at most three at once: {push}"),
    };
    if !makes_tags(config, manifest) {
        return by_tag;
    }
    let page = docs_page("several-charts");
    format!(
        "on the default branch `cargo xtask release --publish` does all of it, whatever the number of tags ({page}); or {by_tag}"
    )
}

/// The commands by which users get the release, from where it is.
fn users_will_type(config: &Config, release: &Release) -> Result<()> {
    let has = |target| config.publishes_to(target);
    if !has(Target::Pages) && !has(Target::Oci) {
        return Ok(());
    }
    terminal::line("users will type")?;
    let name = &config.helm_name;
    if has(Target::Pages) {
        terminal::line(&format!("  helm repo add {name} {}", config.helm_repository()))?;
    }
    let charts =
        release.archives.iter().map(|archive| &archive.metadata).filter(|chart| chart.kind != "library");
    for chart in charts.take(MOST_CHARTS) {
        let version = release_of(&chart.version).map_or_else(|| chart.version.clone(), |one| one.to_string());
        let chart = &chart.name;
        for (target, place) in [(Target::Pages, name), (Target::Oci, &config.oci)] {
            if has(target) {
                terminal::line(&format!("  helm install {chart} {place}/{chart} --version {version}"))?;
            }
        }
    }
    Ok(())
}

/// How long each part took.
struct Times {
    last: Instant,
    parts: Vec<(&'static str, Duration)>,
}

impl Times {
    fn begin() -> Self {
        Self { last: Instant::now(), parts: Vec::new() }
    }

    fn end_of(&mut self, part: &'static str) {
        let now = Instant::now();
        self.parts.push((part, now - self.last));
        self.last = now;
    }

    fn shown(&self) -> String {
        let total: Duration = self.parts.iter().map(|(_, took)| *took).sum();
        let part = |(part, took): &(&str, Duration)| format!("{part} {:.1} s", took.as_secs_f64());
        let parts: Vec<String> = self.parts.iter().map(part).collect();
        format!("{:.1} s: {}", total.as_secs_f64(), parts.join(", "))
    }
}
