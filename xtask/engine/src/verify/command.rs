//! `cargo xtask verify`: whether all places that publish a version hold the same archive, and who signed it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Args, value_parser};

use super::evidence::Evidence;
use super::io::{Network, Site, elsewhere, published, report};
use super::{Judged, Wanted, wanted};
use crate::base::config::{Config, is_oci_base};
use crate::base::problem::{Checked, Problem, problems_of, verdict};
use crate::base::tag::ChartVersion;
use crate::base::text::name;
use crate::base::url::{is_http, is_https};
use crate::chart::declared;
use crate::chart::io::charts::chart_places;
use crate::git::io::checkout::Checkout;
use crate::git::io::remote::Remote;
use crate::git::io::repository::{Repository, repository};
use crate::release::command::with_registry;
use crate::release::io::make::head;
use crate::release::io::rebuild::rebuild;
use crate::sys::{environment, files, terminal};

/// `cargo xtask verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The tag of a release [default: the one at HEAD, else the versions in Chart.yaml]; with --repo the name and version of a chart
    #[arg(value_name = "TAG | NAME VERSION")]
    what: Vec<String>,
    /// Verify a chart of this repository, `https://…` or `oci://HOST/PATH`; neither a checkout nor a config is needed
    #[arg(long, value_name = "URL", conflicts_with_all = ["rebuild", "remote", "oci"])]
    repo: Option<String>,
    /// The public keys that provenance files are signed with [default: those that gpg has]
    #[arg(long, value_name = "FILE")]
    pub keyring: Option<PathBuf>,
    /// The public key that cosign has signed with
    #[arg(long, value_name = "FILE", conflicts_with = "identity")]
    pub key: Option<String>,
    /// The identity in the certificate of a cosign signature, such as the URL of a workflow
    #[arg(long, value_name = "ID", requires = "issuer")]
    pub identity: Option<String>,
    /// Who vouches for the identity
    #[arg(long, value_name = "URL", requires = "identity")]
    pub issuer: Option<String>,
    /// Package the tag's commit again, and compare
    #[arg(long)]
    rebuild: bool,
    /// The git repository to look at [default: as for release]
    #[arg(long, value_name = "URL")]
    remote: Option<String>,
    /// The registry to look at [default: the one of the config]
    #[arg(long, value_name = "URL")]
    oci: Option<String>,
    /// Speak HTTP to the registry; to one on this machine that is spoken anyway
    #[arg(long)]
    pub plain_http: bool,
    /// How long each place may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command, of a repository that has a config or without one.
pub fn run(config: Option<&Config>, args: &VerifyArgs) -> Result<()> {
    let network = Network::new(args)?;
    let all = match (&args.repo, config) {
        (Some(url), _) => {
            vec![told(args, elsewhere(url, &network, args, named(url, &args.what)?)?)?]
        }
        (None, Some(config)) => {
            let config = with_registry(config, args.oci.as_deref())?;
            verdict(config.problems())?;
            of_release(&config, args, &network)?
        }
        (None, None) => {
            let problem = Problem::usage(
                "verify needs --repo: without a config nobody knows where a chart is published",
            );
            return Err(problem
                .hint("verify --repo URL NAME VERSION; in a repository: cargo xtask verify")
                .into());
        }
    };
    let problems: Vec<Problem> = all.iter().flat_map(Judged::problems).collect();
    if args.json {
        report::json(&all, &problems)?;
    }
    Ok(verdict(problems).map(drop)?)
}

/// Judges what was found of a version, and says so.
fn told(args: &VerifyArgs, evidence: Evidence) -> Result<Judged> {
    let judged = evidence.judged();
    if !args.json {
        report::lines(&judged)?;
    }
    Ok(judged)
}

/// The chart that is named for --repo.
fn named(url: &str, what: &[String]) -> Result<Wanted, Problem> {
    let (is_oci, is_classic) = (is_oci_base(url.trim_end_matches('/')), is_https(url) || is_http(url));
    if !is_oci && !is_classic {
        let problem =
            Problem::usage(format!("--repo {} is neither `https://…` nor `oci://host/path`", name(url)));
        return Err(problem.hint(
            "as `helm repo add` takes it, or as before the name of a chart: oci://ghcr.io/owner/charts",
        ));
    }
    let [chart, version] = what else {
        let problem = Problem::usage("--repo needs the name and the version of one chart");
        return Err(problem.hint(format!("verify --repo {url} NAME VERSION")));
    };
    Ok(Wanted { chart: chart.clone(), version: version.clone(), tags: Vec::new() })
}

/// Verifies the release of a tag, or what Chart.yaml says.
fn of_release(config: &Config, args: &VerifyArgs, network: &Network) -> Result<Vec<Judged>> {
    let source = repository()?;
    let remote = Remote::find(config, args.remote.as_deref(), &source)?;
    if args.what.len() > 1 {
        let problem = Problem::usage("verify takes one tag; a name and a version go with --repo");
        return Err(problem.hint("cargo xtask verify TAG").into());
    }
    let mut site = Site::new(config, &remote, network)?;
    let one = |wanted| {
        let mut evidence = published(config, &mut site, network, args, wanted)?;
        if args.rebuild {
            again(config, &remote, network, &mut evidence);
        }
        told(args, evidence)
    };
    releases(config, args.what.first(), &source, &remote, network.limit)?.into_iter().map(one).collect()
}

/// The versions of a tag, by the charts of its commit.
fn releases(
    config: &Config,
    asked: Option<&String>,
    source: &Repository,
    remote: &Remote,
    limit: Duration,
) -> Result<Vec<Wanted>> {
    let head = head(config, asked, source)?;
    let is_here = |tag: &str| head.tags.git.iter().any(|(known, id)| known == tag && *id == head.commit.id);
    if let Some(tag) = asked.filter(|tag| !is_here(tag)) {
        if config.tags.read_of_any(tag).is_none() {
            let problem = Problem::usage(format!("tag {} is not a release tag", name(tag)));
            return Err(problem.hint(config.tags.described()).into());
        }
        if environment::is_offline() {
            let problem =
                Problem::error(format!("tag {} is not at HEAD, and nothing is fetched offline", name(tag)));
            return Err(problem.hint(format!("git checkout {tag}")).into());
        }
        terminal::progress("Fetching", &format!("{tag} of {}", remote.url));
        let missing = |error: anyhow::Error| {
            let hint = "is that the tag of a release? git ls-remote --tags lists what the remote has";
            Problem::error(problems_of(error).to_string()).hint(hint)
        };
        let checkout = Checkout::of_tag(remote, tag, Instant::now() + limit).map_err(missing)?;
        let charts = charts(config, checkout.repository()?.root())?;
        return Ok(wanted(config, Some(tag), &charts)?);
    }
    let charts = charts(config, source.root())?;
    let Checked { value: chosen, problems } = head.tags.choose(config, &charts, &head.commit.id)?;
    problems.iter().for_each(terminal::problem);
    if chosen.is_none() && config.stamps() {
        let problem = Problem::usage("no release tag at HEAD, and Chart.yaml does not say the version");
        return Err(problem.hint("cargo xtask verify TAG").into());
    }
    Ok(wanted(config, chosen.as_ref().map(|tag| tag.text.as_str()), &charts)?)
}

/// What each Chart.yaml says of its chart.
fn charts(config: &Config, root: &Path) -> Result<Vec<ChartVersion>> {
    let mut problems = Vec::new();
    let places = chart_places(config, &config.charts, root)?.take(&mut problems);
    verdict(problems)?;
    let mut charts = Vec::new();
    for place in places {
        let text = files::read(&place.directory().join("Chart.yaml"))?;
        let Some(found) = declared(&text) else { continue };
        let (name, version, app_version) = (found.name, found.version, found.app_version);
        charts.push(ChartVersion { name, version, app_version });
    }
    charts.sort_by(|a, b| a.name.cmp(&b.name));
    if charts.is_empty() {
        return Err(Problem::error("there is no chart to verify").hint("see `charts` in the config").into());
    }
    Ok(charts)
}

/// Packages the commit of the tag again, and compares.
fn again(config: &Config, remote: &Remote, network: &Network, evidence: &mut Evidence) {
    let mut why = "offline".to_owned();
    for tag in evidence.wanted.tags.clone().into_iter().filter(|_| !environment::is_offline()) {
        terminal::progress("Packaging", &tag);
        match rebuild(config, remote, &tag, network.limit) {
            Err(error) => why = problems_of(error).to_string(),
            Ok(archives) => {
                let (place, file) = (format!("rebuild of {tag}"), evidence.wanted.file_name());
                return match archives.iter().find(|archive| archive.file_name() == file) {
                    Some(ours) => evidence.rebuilt(&place, &ours.bytes),
                    None => evidence.wrong(
                        &place,
                        &format!("it has no {}", name(&file)),
                        "name the tag of the release",
                    ),
                };
            }
        }
    }
    evidence.unseen("rebuild", why);
}
