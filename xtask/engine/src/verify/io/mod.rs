//! Looks at each place of a version. Everything is read without the right to write, and only as far as it has to be.

mod github;
mod pages;
mod registry;
pub mod report;
mod signatures;

use std::time::Duration;

use anyhow::Result;

use super::command::VerifyArgs;
use super::evidence::Evidence;
use super::{Says, Wanted};
use crate::base::config::Config;
use crate::base::target::Target;
use crate::github::io::Github;
use crate::signing::io::verify::Gpg;
use crate::sys::environment;
use crate::sys::http::{CURIOUS, Http};

pub use self::pages::Site;
use self::registry::Signed;

/// How places are reached, and signatures checked.
#[derive(Debug)]
pub struct Network {
    /// `None` where no network is to be used.
    http: Option<Http>,
    pub limit: Duration,
    plain_http: bool,
    /// `None` where it is not installed.
    gpg: Option<Gpg>,
}

impl Network {
    pub fn new(args: &VerifyArgs) -> Result<Self> {
        let limit = Duration::from_secs(args.deadline);
        let http = (!environment::is_offline()).then(|| Http::new(limit, CURIOUS)).transpose()?;
        Ok(Self { http, limit, plain_http: args.plain_http, gpg: Gpg::new(args.keyring.as_deref(), limit)? })
    }

    /// The client, with all the time that it may take. The error says why there is none.
    fn http(&self) -> Result<&Http, String> {
        let http = self.http.as_ref().ok_or("offline")?;
        http.extend_deadline();
        Ok(http)
    }
}

/// Looks at all places that a config publishes to.
pub fn published(
    config: &Config,
    site: &mut Site<'_>,
    network: &Network,
    args: &VerifyArgs,
    wanted: Wanted,
) -> Result<Evidence> {
    let mut evidence = Evidence::new(wanted);
    if config.publishes_to(Target::Pages) {
        site.look(network, &mut evidence)?;
    }
    let manifest =
        config.publishes_to(Target::Oci).then(|| registry::look(network, &config.oci, true, &mut evidence));
    let github = network.http().ok().map(|http| Github::new(http, &config.repository)).transpose()?;
    if config.publishes_to(Target::Github) {
        github::look(github.as_ref(), &config.repository, &mut evidence);
    }
    signatures(network, args, manifest.flatten().as_ref(), github.as_ref(), evidence)
}

/// Looks at one repository of anybody: a Helm repository, or a registry.
pub fn elsewhere(url: &str, network: &Network, args: &VerifyArgs, wanted: Wanted) -> Result<Evidence> {
    let mut evidence = Evidence::new(wanted);
    let manifest = if url.starts_with("oci://") {
        registry::look(network, url, false, &mut evidence)
    } else {
        pages::classic(url, network, &mut evidence);
        None
    };
    signatures(network, args, manifest.as_ref(), None, evidence)
}

fn signatures(
    network: &Network,
    args: &VerifyArgs,
    manifest: Option<&Signed>,
    github: Option<&Github<'_>>,
    mut evidence: Evidence,
) -> Result<Evidence> {
    signatures::provenance(network, args, &mut evidence)?;
    signatures::cosign(network, args, manifest, &mut evidence);
    if manifest.is_some() || github.is_some() {
        signatures::attestation(github, manifest, &mut evidence);
    }
    Ok(evidence)
}

/// The state of a place in output for people and programs.
fn state(says: &Says) -> &'static str {
    match says {
        Says::Archive(_) | Says::Agrees => "verified",
        Says::Found => "found",
        Says::Absent => "absent",
        Says::Unseen(_) => "not checked",
        Says::Wrong(_) => "failed",
    }
}
