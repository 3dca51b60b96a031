//! `cargo xtask yank`: takes a version out of the index of the Helm repository, or brings it back.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, value_parser};
use serde_json::{Value, json};

use super::Step;
use super::io::{Seen, check_token, look as look_at_releases, perform};
use crate::base::config::Config;
use crate::base::oci_reference::Reference;
use crate::base::problem::{Problem, verdict};
use crate::base::tag::ChartVersion;
use crate::base::target::Target;
use crate::base::text::{few, name};
use crate::git::io::branch::Branch;
use crate::git::io::remote::Remote;
use crate::git::io::repository::{Repository, repository};
use crate::index::Index;
use crate::pages::command::{Repair, decide};
use crate::pages::io::publish::{look, publish, short};
use crate::pages::yanked::{Yank, Yanked};
use crate::pages::{Change, Charts, Entries, Held, Plan};
use crate::preflight::io::check_branch;
use crate::rehearsal::io::servers::{self, Rehearsal, Setting};
use crate::sys::http::{Http, PATIENT, Request};
use crate::sys::{environment, files, terminal};

/// `cargo xtask yank`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct YankArgs {
    /// The versions, each as NAME-VERSION, such as web-1.2.3
    #[arg(value_name = "NAME-VERSION", required = true)]
    pub versions: Vec<String>,
    /// Why nobody should install them, in one line for their users
    #[arg(long, value_name = "TEXT", required_unless_present = "undo", conflicts_with = "undo")]
    pub reason: Option<String>,
    /// Bring yanked versions back
    #[arg(long)]
    pub undo: bool,
    /// Do it; without it nothing leaves this machine
    #[arg(long)]
    pub publish: bool,
    /// Do it to a copy of the branch on this machine, and try the result as a user would
    #[arg(long, conflicts_with_all = ["publish", "json"])]
    pub rehearse: bool,
    /// The repository to publish to [default: the one of the config, at `origin` or on GitHub]
    #[arg(long, value_name = "URL")]
    pub remote: Option<String>,
    /// How long all of it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
    /// Print the plan, and what was done, as JSON
    #[arg(long)]
    pub json: bool,
}

/// What is decided, and on what grounds.
struct Scene<'a> {
    config: &'a Config,
    args: &'a YankArgs,
    change: &'a Change<'a>,
    limit: Duration,
}

/// Runs the command.
pub fn run(config: &Config, args: &YankArgs) -> Result<()> {
    check(config, args)?;
    let source = repository()?;
    let yank = Yank { ids: args.versions.clone(), reason: args.reason.clone() };
    let charts = Charts { yank: Some(yank), ..Charts::default() };
    let origin = format!("{} by `cargo xtask yank`", config.repository);
    let change = Change {
        source: origin,
        time: environment::now()?,
        docs: None,
        adopt: Vec::new(),
        charts: Some(charts),
    };
    let scene = Scene { config, args, change: &change, limit: Duration::from_secs(args.deadline) };
    let remote = Remote::find(config, args.remote.as_deref(), &source)?;
    if args.rehearse {
        return scene.rehearse(&source, &remote);
    }
    if args.publish {
        remote.check_named(config)?;
    }
    scene.apply(&remote)
}

fn check(config: &Config, args: &YankArgs) -> Result<()> {
    verdict(config.problems())?;
    let problem = if !config.publishes_to(Target::Pages) {
        Problem::error("there is no Helm repository to yank from: the config has none among its `targets`")
            .hint("publish a higher version: no client of a registry shows that a version is yanked")
    } else if args.publish && environment::is_pull_request() {
        Problem::error("a pull request publishes nothing").hint("leave --publish out")
    } else if args
        .reason
        .as_ref()
        .is_some_and(|reason| reason.trim().is_empty() || reason.contains(['\n', '\r']))
    {
        Problem::usage("--reason has to be one line of text").hint("--reason \"crashes at start\"")
    } else {
        return Ok(());
    };
    Err(problem.into())
}

impl Scene<'_> {
    /// Prints what yanking does, or does it.
    fn apply(&self, remote: &Remote) -> Result<()> {
        let Self { config, args, change, limit } = *self;
        let mut branch = Branch::new(remote, &config.branch, limit)?;
        terminal::progress("Looking", &format!("at {}", branch.shown()));
        let tip = look(&mut branch)?;
        let plan = decide(config, Repair::No, change, &mut branch, tip.as_ref())?;
        let versions = versions(&plan);
        let seen = match look_at_releases(config, limit) {
            Err(problem) if args.publish => return Err(problem.into()),
            Err(problem) => {
                terminal::problem(&Problem { severity: crate::base::problem::Severity::Warning, ..problem });
                Seen::default()
            }
            Ok(seen) => seen,
        };
        let steps = seen.steps(config, &versions, args.reason.as_deref());
        let archives = archives(config, &plan);
        plan.warnings.iter().for_each(terminal::problem);
        if !args.publish {
            if args.json {
                return self.print_json(&branch, &plan, &steps, &archives);
            }
            self.tell(&plan, ["Would yank", "Would bring back"], &branch)?;
            for step in &steps {
                terminal::result("Would change", &told(step))?;
            }
            self.consequences(&plan, &archives)?;
            return Ok(terminal::line("nothing left this machine; add --publish to publish")?);
        }
        if !steps.is_empty() {
            check_token(config, limit)?;
        }
        if !plan.is_done() {
            verdict(check_branch(config, &branch, limit)?)?.iter().for_each(terminal::problem);
        }
        let again = |branch: &mut Branch, tip: Option<&crate::git::Tip>| {
            decide(config, Repair::No, change, branch, tip)
        };
        let done = publish(&mut branch, change.time, Some(plan), again)?;
        if !args.json {
            self.tell(&done.plan, ["Yanked", "Brought back"], &branch)?;
        }
        for step in &steps {
            perform(config, limit, step)?;
            if !args.json {
                terminal::result("Changed", &told(step))?;
            }
        }
        if args.json {
            return self.print_json(&branch, &done.plan, &steps, &archives);
        }
        if let Some(commit) = &done.commit {
            terminal::result("Published", &format!("{} to {}", short(commit), branch.shown()))?;
        }
        self.consequences(&done.plan, &archives)
    }

    fn tell(&self, plan: &Plan<'_>, [yank, back]: [&str; 2], branch: &Branch) -> Result<()> {
        let Some(entries) = &plan.entries else { return Ok(()) };
        let (index, yanked) = (self.config.index(), self.config.yanked_index());
        for id in &entries.yanked {
            terminal::result(yank, &format!("{id}  from {index} to {yanked} on {}", branch.name()))?;
        }
        for id in &entries.unyanked {
            terminal::result(back, &format!("{id}  from {yanked} to {index} on {}", branch.name()))?;
        }
        let state = if self.args.undo { "is not yanked" } else { "is yanked already" };
        for id in &entries.same {
            terminal::result("Unchanged", &format!("{id}  {state}"))?;
        }
        Ok(())
    }

    /// What users of the version meet, and what stays for them.
    fn consequences(&self, plan: &Plan<'_>, archives: &[(String, String)]) -> Result<()> {
        let Some(entries) = plan.entries.as_ref().filter(|_| !self.args.undo) else { return Ok(()) };
        let ids: Vec<String> = entries.yanked.iter().chain(&entries.same).cloned().collect();
        let what = if ids.len() == 1 { "this version" } else { "one of these versions" };
        terminal::line(&format!(
            "whoever names {what}, by --version or in a Chart.lock, gets an error from then on"
        ))?;
        for (_, url) in archives {
            terminal::line(&format!("  still there: {url}"))?;
        }
        let repository = format!("{}/yanked", self.config.helm_repository());
        terminal::line(&format!(
            "  and listed by helm repo add {}-yanked {repository}",
            self.config.helm_name
        ))?;
        if self.config.publishes_to(Target::Oci) {
            let refs = versions(plan).into_iter();
            let refs: Vec<String> = refs
                .map(|one| Reference::of_chart(&self.config.oci, &one.name, &one.version).to_string())
                .collect();
            terminal::line(&format!("  {} stays as it is: no client shows a mark there", few(&refs)))?;
        }
        Ok(())
    }

    fn print_json(
        &self,
        branch: &Branch,
        plan: &Plan<'_>,
        steps: &[Step<'_>],
        archives: &[(String, String)],
    ) -> Result<()> {
        let none = Entries::default();
        let entries = plan.entries.as_ref().unwrap_or(&none);
        let steps: Vec<Value> = steps
            .iter()
            .map(|step| match step {
                Step::Note { release, .. } => json!({ "action": "note", "release": release.tag_name }),
                Step::Latest { release } => json!({ "action": "latest", "release": release.tag_name }),
            })
            .collect();
        let archives: serde_json::Map<String, Value> =
            archives.iter().map(|(id, url)| (id.clone(), json!(url))).collect();
        let facts = json!({
            "remote": branch.url(),
            "branch": branch.name(),
            "yanked": entries.yanked,
            "unyanked": entries.unyanked,
            "same": entries.same,
            "archives": archives,
            "releases": steps,
            "published": self.args.publish,
        });
        Ok(terminal::line(&serde_json::to_string_pretty(&facts)?)?)
    }

    /// Yanks on a copy of the branch, and looks at it as a user does.
    fn rehearse(&self, source: &Repository, real: &Remote) -> Result<()> {
        let Self { config, change, limit, .. } = *self;
        let (root, _lock) = servers::prepare(source.root())?;
        let head = source.commit()?.map(|commit| commit.id).unwrap_or_default();
        let setting = Setting { config, root, remote: Some(real), tags: &[], commit: &head, source, limit };
        let rehearsal = Rehearsal::start(&setting)?;
        let targets = rehearsal.targets();
        let copy = Remote::find(config, Some(&targets.repository.to_string_lossy()), source)?;
        let mut branch = Branch::new(&copy, &config.branch, limit)?;
        let again = |branch: &mut Branch, tip: Option<&crate::git::Tip>| {
            decide(config, Repair::No, change, branch, tip)
        };
        let done = terminal::hushed(|| publish(&mut branch, change.time, None, again))?;
        self.tell(&done.plan, ["Yanked", "Brought back"], &branch)?;
        let left = terminal::hushed(|| publish(&mut branch, change.time, None, again))?;
        if left.commit.is_some() {
            let problem = Problem::error("yanking again changes something again");
            return Err(problem.hint("please report this").into());
        }
        terminal::result("Unchanged", "all of it: yanking again finds nothing left to do")?;
        rehearsal.deploy()?;
        let http = Http::new(limit, PATIENT)?;
        let (index, gone) = (
            format!("{}/index.yaml", targets.helm_repository(config)),
            targets.directory(&config.yanked_index()),
        );
        for version in versions(&done.plan) {
            self.look_for(&http, [&index, &gone], &version)?;
        }
        terminal::result("Look", &format!("at {}/site", files::shown(Path::new(&targets.root))))?;
        Ok(terminal::line(
            "nothing left this machine; GitHub Releases and the registry are no part of this rehearsal",
        )?)
    }

    /// Finds a version where it has to be, and nowhere else.
    fn look_for(&self, http: &Http, urls: [&str; 2], version: &ChartVersion) -> Result<()> {
        let what = format!("{} {}", version.name, version.version);
        let lists = |url: &str| -> Result<bool> {
            let request = Request { method: "GET", url: url.to_owned(), ..Request::default() };
            let text = http
                .ask(&request)
                .map_err(|words| Problem::error(format!("{} is not answered: {words}", name(url))))?;
            let body = if text.status == 404 { crate::index::EMPTY.to_vec() } else { text.body };
            let index = Index::read(&body, "index.yaml").value;
            let index = index.ok_or_else(|| Problem::error(format!("{} is not an index", name(url))))?;
            Ok(index
                .versions()
                .iter()
                .any(|one| (&*one.name, &*one.version) == (&version.name, &version.version)))
        };
        let wanted = [self.args.undo, !self.args.undo];
        for (url, wanted) in urls.into_iter().zip(wanted) {
            if lists(url)? != wanted {
                let message = format!(
                    "{} {} {}",
                    name(url),
                    if wanted { "does not list" } else { "lists" },
                    name(&what)
                );
                return Err(Problem::error(message).hint("please report this").into());
            }
            terminal::result(if wanted { "Found" } else { "Missing" }, &format!("{what}  in {url}"))?;
        }
        Ok(())
    }
}

fn told(step: &Step<'_>) -> String {
    match step {
        Step::Note { release, .. } => {
            format!("the notes of release {}  {}", release.tag_name, release.html_url)
        }
        Step::Latest { release } => {
            format!("the latest release to {}  {}", release.tag_name, release.html_url)
        }
    }
}

/// The versions that were asked for, by name and version.
fn versions(plan: &Plan<'_>) -> Vec<ChartVersion> {
    let entries = plan.entries.iter();
    let ids = entries.flat_map(|entries| entries.yanked.iter().chain(&entries.unyanked).chain(&entries.same));
    let version = |id: &String| {
        let (name, version) = id.split_once(' ')?;
        Some(ChartVersion { name: name.to_owned(), version: version.to_owned(), ..ChartVersion::default() })
    };
    ids.filter_map(version).collect()
}

/// Where the archives of yanked versions are, by `NAME VERSION`.
fn archives(config: &Config, plan: &Plan<'_>) -> Vec<(String, String)> {
    let path = config.yanked_index();
    let Some(Held::Data(text)) = plan.files.iter().find(|file| file.path == path).map(|file| &file.content)
    else {
        return Vec::new();
    };
    let Some(yanked) = Yanked::read(text, &path).value else { return Vec::new() };
    let url = |version: ChartVersion| {
        let url = yanked.find(&version.name, &version.version)?.urls.first()?.to_string();
        let is_relative = crate::base::path::scheme(&url).is_none();
        let url = if is_relative { format!("{}/{url}", config.helm_repository()) } else { url };
        Some((format!("{} {}", version.name, version.version), url))
    };
    versions(plan).into_iter().filter_map(url).collect()
}
