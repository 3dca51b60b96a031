//! `cargo xtask pages`: the documentation site and the Helm repository, on one branch.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum, value_parser};

use super::front::FIRST;
use super::io::observe::observe;
use super::io::publish::{Pushed, look, make, publish, short};
use super::io::{compare, history, report, served, site};
use super::{Change, Charts, Contents, INDEX_NAME, Plan, RECORD, Restored, elsewhere, plan};
use crate::base::config::Config;
use crate::base::helm_repository::OTHER_PAGE;
use crate::base::problem::{Problem, verdict};
use crate::base::text::name;
use crate::git::Tip;
use crate::git::io::branch::Branch;
use crate::git::io::remote::Remote;
use crate::git::io::repository::repository;
use crate::git::object::Object;
use crate::preflight::io::check_branch;
use crate::sys::{environment, terminal};

pub(crate) use super::io::observe::beside_index;

/// `cargo xtask pages`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct PagesArgs {
    /// Publish one part and leave the other as it is
    #[arg(long, value_enum, value_name = "PART")]
    pub only: Option<Part>,
    /// Publish; without it nothing leaves this machine
    #[arg(long)]
    pub publish: bool,
    /// Do not look at what is published: build the documentation alone
    #[arg(long, conflicts_with_all = ["publish", "remote"])]
    pub offline: bool,
    /// Where to write the site as it would be published [default: site/ at the root]
    #[arg(long, value_name = "DIR", conflicts_with = "publish")]
    pub out: Option<PathBuf>,
    /// Where the release is that goes into the Helm repository [default: dist/ at the root]
    #[arg(long, value_name = "DIR")]
    pub dist: Option<PathBuf>,
    /// The repository to publish to [default: the one of the config, at `origin` or on GitHub]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub remote: Option<String>,
    /// Let the archive of this version replace a published one that differs; may be repeated
    #[arg(long, value_name = "NAME-VERSION")]
    pub replace: Vec<String>,
    /// Claim files of the branch that an earlier documentation has written, by their paths; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = NonEmptyStringValueParser::new())]
    pub adopt: Vec<String>,
    /// Restore entries and archives that another program removed from the branch
    #[arg(long)]
    pub repair: bool,
    /// Lead entries whose archives are on the branch to the address of the config, as after a move to another domain
    #[arg(long, requires = "repair")]
    pub readdress: bool,
    /// After publishing, wait until GitHub Pages serves what was published
    #[arg(long, requires = "publish")]
    pub wait: bool,
    /// How long all of it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
    /// Print the plan, and what was done, as JSON
    #[arg(long)]
    pub json: bool,
}

/// What is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    /// Nothing.
    No,
    /// What was lost.
    Lost,
    /// What was lost, and the address of entries whose archives are on the branch.
    Readdress,
}

impl Repair {
    fn of(args: &PagesArgs) -> Self {
        match (args.repair, args.readdress) {
            (false, _) => Self::No,
            (true, false) => Self::Lost,
            (true, true) => Self::Readdress,
        }
    }
}

/// Runs the command.
pub fn run(config: &Config, args: &PagesArgs) -> Result<()> {
    check(config, args)?;
    let source = repository()?;
    let remote = Remote::find(config, args.remote.as_deref(), &source)?;
    let out = if args.publish {
        remote.check_named(config)?;
        None
    } else {
        Some(site::place(args.out.as_deref(), &source)?)
    };
    let mut change = observe(config, args, &source)?;
    if let Some(out) = out.as_deref().filter(|_| args.offline) {
        return without_tip(config, args, &change, out);
    }
    let limit = Duration::from_secs(args.deadline);
    let mut branch = Branch::new(&remote, &config.branch, limit)?;
    terminal::progress("Fetching", &branch.shown());
    let done = perform(config, args, &change, &mut branch, out.as_deref());
    // What somebody else has packaged is not to be told from another content by its digest.
    if done.is_err() && branch.is_there() && adopt(config, &mut branch, &mut change, source.root()) {
        return perform(config, args, &change, &mut branch, out.as_deref());
    }
    done
}

/// Publishes, or writes a preview to `out`.
fn perform(
    config: &Config,
    args: &PagesArgs,
    change: &Change<'_>,
    branch: &mut Branch,
    out: Option<&Path>,
) -> Result<()> {
    let decide =
        |branch: &mut Branch, tip: Option<&Tip>| decide(config, Repair::of(args), change, branch, tip);
    if let Some(out) = out {
        let tip = look(branch).or_else(|error| without_tip(config, args, change, out).and(Err(error)))?;
        let plan = decide(branch, tip.as_ref())?;
        site::write(out, &plan)?;
        return report::preview(config, branch, change, &plan, bytes(branch, change, &plan)?, out, args.json);
    }
    let limit = Duration::from_secs(args.deadline);
    let published = push(config, Repair::of(args), change, branch, limit)?;
    report::published(config, branch, change, &published, args.json)?;
    if args.wait {
        served::wait(&report::expected(config, change), branch.deadline())?;
    }
    Ok(())
}

/// Publishes what follows from the branch, which is asked for the right to before the first write.
fn push<'c>(
    config: &Config,
    repair: Repair,
    change: &'c Change<'_>,
    branch: &mut Branch,
    limit: Duration,
) -> Result<Pushed<'c>> {
    let mut is_checked = false;
    let decide_checked = |branch: &mut Branch, tip: Option<&Tip>| {
        let plan = decide(config, repair, change, branch, tip)?;
        if !is_checked && !plan.is_done() {
            is_checked = true;
            verdict(check_branch(config, branch, limit)?)?.iter().for_each(terminal::problem);
        }
        Ok(plan)
    };
    publish(branch, change.time, None, decide_checked)
}

/// Restores what the branch has lost of the Helm repository, and publishes nothing else. `commit` is the one that is checked
/// out.
pub(crate) fn restore(
    config: &Config,
    commit: &str,
    remote: &Remote,
    limit: Duration,
    is_told: bool,
) -> Result<()> {
    let change = Change {
        source: format!("{}@{commit}", config.repository),
        time: environment::now()?,
        docs: None,
        adopt: Vec::new(),
        charts: Some(Charts::default()),
    };
    let mut branch = Branch::new(remote, &config.branch, limit)?;
    let published = push(config, Repair::Lost, &change, &mut branch, limit)?;
    if is_told { report::published(config, &branch, &change, &published, false) } else { Ok(()) }
}

/// What cannot be, whatever the repository holds.
fn check(config: &Config, args: &PagesArgs) -> Result<()> {
    verdict(config.problems())?;
    let for_charts =
        [("--repair", args.repair), ("--replace", !args.replace.is_empty()), ("--dist", args.dist.is_some())];
    let given = for_charts.into_iter().find(|(_, given)| *given);
    if let (Some((option, _)), Some(Part::Docs)) = (given, args.only) {
        let message = format!("{option} is for the Helm repository, which --only docs leaves as it is");
        return Err(Problem::usage(message).hint(format!("leave out {option}")).into());
    }
    if args.offline && args.only != Some(Part::Docs) {
        let problem = Problem::usage(
            "--offline cannot say what becomes of the Helm repository, whose index is published",
        );
        return Err(problem.hint("add --only docs").into());
    }
    if args.publish && environment::is_pull_request() {
        let problem = Problem::error("a pull request publishes nothing");
        return Err(problem.hint("leave --publish out, or run on pushes and tags").into());
    }
    if args.wait { served::check() } else { Ok(()) }
}

/// Documentation can be looked at without a network, though what publishing it would do cannot be said.
fn without_tip(config: &Config, args: &PagesArgs, change: &Change<'_>, out: &Path) -> Result<()> {
    if change.charts.is_some() {
        return Ok(());
    }
    let plan = plan(config, None, &Contents::default(), change, &Restored::default())?;
    site::write(out, &plan)?;
    if args.json { Ok(()) } else { report::wrote(out, &plan) }
}

/// Takes the published archives that hold what the packages hold, and says whether there is one.
fn adopt(config: &Config, branch: &mut Branch, change: &mut Change<'_>, root: &Path) -> bool {
    let Some(charts) = &mut change.charts else { return false };
    let Ok(Ok(Some(tip))) = branch.look() else { return false };
    compare::adopt(config, branch, &tip, charts.archives.to_mut(), root)
}

/// The commit that follows the branch as it is.
pub(crate) fn decide<'a>(
    config: &Config,
    repair: Repair,
    change: &'a Change<'_>,
    branch: &mut Branch,
    tip: Option<&Tip>,
) -> Result<Plan<'a>> {
    let Some(tip) = tip else {
        return Ok(plan(config, None, &Contents::default(), change, &Restored::default())?);
    };
    let contents = contents(config, change, branch, tip)?;
    let mut restored = Restored::default();
    if repair != Repair::No && change.charts.is_some() {
        terminal::progress("Searching", &format!("the history of {}", branch.shown()));
        let readdress = repair == Repair::Readdress;
        let limit = branch.deadline().saturating_duration_since(Instant::now());
        let index = contents.index.as_deref();
        restored = history::restore(config, branch, tip, index, change.time, readdress, limit)?;
    } else if change.charts.is_some() {
        let old = config.before_move();
        let places = [(Some(config), &contents.index), (old.as_ref(), &contents.old_index)];
        for config in places.into_iter().filter(|(_, index)| index.is_none()).filter_map(|(config, _)| config)
        {
            not_lost(config, branch)?;
        }
    }
    Ok(plan(config, Some(tip), &contents, change, &restored)?)
}

/// An index that the branch had, and that somebody removed, is not the same as none.
fn not_lost(config: &Config, branch: &mut Branch) -> Result<()> {
    let Some(commit) = history::lost_repository(config, branch)? else { return Ok(()) };
    let message = format!("the branch had {} until commit {}", name(&config.index()), name(&short(&commit)));
    let hint = "cargo xtask pages --only charts --repair --publish; to begin anew, commit an empty index to the branch";
    Err(Problem::error(message).hint(hint).into())
}

/// What has to be read of the branch for what is published.
fn contents(config: &Config, change: &Change<'_>, branch: &mut Branch, tip: &Tip) -> Result<Contents> {
    let docs = change.docs.as_deref().unwrap_or_default();
    let is_index = |path: &str| path.rsplit('/').next() == Some(INDEX_NAME);
    let indexes = docs.iter().filter(|file| is_index(&file.path));
    let indexes: Vec<(&str, &Object)> =
        indexes.filter_map(|file| Some((file.path.as_str(), tip.files.get(&file.path)?))).collect();
    let has_charts = change.charts.is_some();
    let [first, other] = [FIRST, OTHER_PAGE].map(|page| config.site_file(page));
    let pages = [first, other, config.charts_page(false)];
    let old = config.before_move();
    let old = |path: fn(&Config) -> String| old.as_ref().map(path);
    let indexes_of_charts =
        [Some(config.index()), Some(config.yanked_index()), old(Config::index), old(Config::yanked_index)];
    let [index, yanked, old_index, old_yanked] = indexes_of_charts.map(|path| path.filter(|_| has_charts));
    let record = change.docs.as_ref().map(|_| RECORD.to_owned());
    // The page changes with the index, and git sends what changes as the difference to what is there.
    let wanted =
        pages.iter().chain(&index).chain(&yanked).chain(&old_index).chain(&old_yanked).chain(&record);
    let wanted = wanted.filter_map(|path| tip.files.get(path));
    branch
        .prefetch(wanted.chain(indexes.iter().map(|(_, object)| *object)).map(|object| object.id.as_str()))?;
    let mut read = |path: Option<&String>| {
        let object = path.and_then(|path| tip.files.get(path)).filter(|object| object.is_plain());
        object.map(|object| branch.read(object)).transpose()
    };
    let mut contents = Contents {
        index: read(index.as_ref())?,
        old_index: read(old_index.as_ref())?,
        yanked: read(yanked.as_ref())?,
        old_yanked: read(old_yanked.as_ref())?,
        record: read(record.as_ref())?,
        ..Contents::default()
    };
    for path in pages {
        let page = read(Some(&path))?;
        contents.pages.extend(page.map(|page| (path, page)));
    }
    if has_charts {
        let own = contents.index.as_deref().unwrap_or_default();
        contents.elsewhere = elsewhere(config, &tip.files, |object| branch.read(object).ok(), own);
    }
    for (path, object) in indexes {
        if String::from_utf8_lossy(&branch.read(object)?).lines().any(|line| line.starts_with("entries:")) {
            contents.indexes.insert(path.to_owned());
        }
    }
    Ok(contents)
}

/// How much publishing would send.
fn bytes(branch: &Branch, change: &Change<'_>, plan: &Plan<'_>) -> Result<u64> {
    if plan.is_done() {
        return Ok(0);
    }
    branch.pack_size(&make(branch, plan, change.time)?, plan.base.as_deref())
}

/// A part of the branch with an owner of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The documentation site, at the root
    Docs,
    /// The Helm repository
    Charts,
}
