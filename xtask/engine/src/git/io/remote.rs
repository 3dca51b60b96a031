//! The repository that is published to: its URL, and a token that goes to its host and nowhere else.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::repository::{INHERITED, Repository};
use crate::base::config::{Config, THE_CONFIG};
use crate::base::host::{host, is_loopback, is_private};
use crate::base::problem::{Problem, says_full};
use crate::base::proxy;
use crate::base::text::{name, shown};
use crate::base::url::{is_http, is_https};
use crate::git::refusal::{Access, connecting, login, note};
use crate::sys::process::{self, Output};
use crate::sys::scratch::no_room;
use crate::sys::{environment, secrets};

/// Where to publish to.
#[derive(Clone, Debug)]
pub struct Remote {
    /// A URL without a user, or an absolute path.
    pub url: String,
    /// Where we are, if nobody named the remote and it is another one; empty where we are nowhere.
    instead_of: Option<String>,
    header: Option<String>,
    access: Access,
    /// `SSL_CERT_FILE`, where git was not told what to trust.
    certificates: Option<PathBuf>,
}

/// How long git may take to read its settings.
const CONFIG: Duration = Duration::from_secs(10);

/// What git calls the remote; no user has settings for one of this name.
pub const NAME: &str = "xtask-pages";

/// Settings of the user's that would change what is published or ask a question, and what suits a repository that lives
/// for a moment and has to survive no crash. All others are kept: a proxy, certificates, `insteadOf` and SSH are the
/// user's to set.
const SETTINGS: [(&str, &str); 17] = [
    ("core.askPass", ""),
    ("core.attributesFile", "/dev/null"),
    ("core.fsync", "none"),
    ("core.hooksPath", "/dev/null"),
    ("core.ignoreCase", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fastimport.unpackLimit", "0"),
    ("gc.auto", "0"),
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
    ("maintenance.auto", "false"),
    ("push.followTags", "false"),
    ("push.gpgSign", "false"),
    ("push.pushOption", ""),
    ("push.recurseSubmodules", "no"),
    ("remote.xtask-pages.partialCloneFilter", "blob:none"),
    ("transfer.credentialsInUrl", "die"),
];

impl Remote {
    /// The remote that was asked for; else, in GitHub Actions, the repository that the workflow runs in; else `origin`
    /// where that is the repository of the config; else that repository on GitHub.
    pub fn find(config: &Config, asked: Option<&str>, source: &Repository) -> Result<Self> {
        let mut found = Self::find_named(config, asked, source)?;
        found.access.unused = connecting(source.own_settings()?.lines());
        Ok(found)
    }

    fn find_named(config: &Config, asked: Option<&str>, source: &Repository) -> Result<Self> {
        let server = environment::github_server();
        if let Some(url) = asked {
            let here = std::env::current_dir()?;
            return Ok(Self::with_token(checked("--remote", &here, url)?, &server));
        }
        let is_ours = |here: &String| is_repository(here, &config.repository);
        let here = match environment::github_repository() {
            Some(here) => Some(format!("{server}/{here}.git")),
            None => source.origin()?.map(|url| checked("origin", source.root(), &url)).transpose()?,
        };
        let default = || Self::with_token(format!("{server}/{}.git", config.repository), &server);
        Ok(match here {
            Some(here) if is_ours(&here) => Self::with_token(here, &server),
            here => Self { instead_of: Some(here.unwrap_or_default()), ..default() },
        })
    }

    /// Nobody wants to publish to a repository of others because the config names it: a fork looks and does not touch.
    pub fn check_named(&self, config: &Config) -> Result<()> {
        let Some(here) = &self.instead_of else { return Ok(()) };
        let here = if here.is_empty() { "a repository without `origin`".to_owned() } else { name(here) };
        let message = format!("this is {here}, and {} is what publishes", name(&config.repository));
        let hint = "a fork publishes nothing; to publish there, edit `repository` in the config";
        Err(Problem::error(message).hint(hint).into())
    }

    /// A URL as it may be shown, without a user and without a query. One with a password is refused.
    pub fn shown(whence: &str, base: &Path, url: &str) -> Result<String> {
        let url = checked(whence, base, url)?;
        Ok(if url.contains("://") { url.split(['?', '#']).next().unwrap_or(&url).to_owned() } else { url })
    }

    /// A config that was taken over from another repository. Where no remote is the repository of the config, one of the
    /// same name may be a fork, from which nothing is published; remotes without a host say nothing.
    pub fn of_other(config: &Config, source: &Repository) -> Result<Option<Problem>> {
        let here = match environment::github_repository() {
            Some(here) => vec![format!("{}/{here}", environment::github_server())],
            None => source.remotes()?,
        };
        let here: Vec<&String> = here.iter().filter(|url| is_on_network(url)).collect();
        let is_ours = |url: &&String| is_repository(url, &config.repository);
        let Some(other) = here.first().filter(|_| !here.iter().any(is_ours)) else { return Ok(None) };
        let (ours, named) =
            (name(&config.repository), config.repository.rsplit('/').next().unwrap_or_default());
        let is_fork = other.trim_end_matches(".git").rsplit(['/', ':']).next() == Some(named);
        let message = format!(
            "the config is of {ours}, and this is {}",
            name(&Self::shown("origin", Path::new(""), other)?)
        );
        let problem = if is_fork { Problem::note(message) } else { Problem::error(message) };
        let hint = if is_fork {
            "a fork publishes nothing; to publish there, edit `repository` in the config"
        } else {
            "write this repository into `Config::new` in the config"
        };
        Ok(Some(problem.at(THE_CONFIG, None).hint(hint)))
    }

    /// The token goes along if the remote is on the server that it is for, and the way there is encrypted or short.
    fn with_token(url: String, server: &str) -> Self {
        let at = origin(&url).filter(|at| Some(at) == origin(server).as_ref());
        let token = environment::github_token().zip(at.filter(|at| is_private(at)));
        let header = token.map(|(token, _)| {
            let encoded = BASE64_STANDARD.encode(format!("x-access-token:{token}"));
            secrets::remember(&token);
            secrets::remember(&encoded);
            format!("AUTHORIZATION: basic {encoded}")
        });
        let certificates = certificates(&url);
        let here = origin(&url)
            .filter(|here| (is_http(&url) || is_https(&url)) && Some(here) != origin(server).as_ref());
        let elsewhere = here.map(|here| (server.to_owned(), here.trim_end_matches('/').to_owned()));
        let proxy =
            environment::proxies().of(&url).filter(|_| is_http(&url) || is_https(&url)).map(proxy::shown);
        let ssh = login(&url);
        let access = Access { has_token: header.is_some(), elsewhere, ssh, proxy, unused: Vec::new() };
        Self { url, instead_of: None, header, access, certificates }
    }

    /// Where it is on the network; `None` for a path, a name that SSH knows, or this machine.
    pub fn host(&self) -> Option<&str> {
        let authority = host(&self.url).rsplit('@').next().filter(|_| self.url.contains("://"))?;
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        // GitHub's other name, for SSH through firewalls (docs.github.com, "Using SSH over the HTTPS port").
        let host = if host.eq_ignore_ascii_case("ssh.github.com") { "github.com" } else { host };
        Some(host).filter(|host| !host.is_empty() && !is_loopback(authority))
    }

    /// Whether it is the config's repository on the GitHub whose API is asked; `site` is `None` for one on this machine,
    /// where names say nothing.
    pub fn is_on(&self, site: Option<&str>, config: &Config) -> bool {
        // The form that SSH knows has no scheme: `git@github.com:OWNER/NAME.git`.
        let of_ssh =
            || self.url.split_once(':').filter(|_| !self.url.starts_with('/') && !self.url.contains("://"));
        let host = self.host().or_else(|| of_ssh().map(|(host, _)| host.rsplit('@').next().unwrap_or(host)));
        match (host, site) {
            (Some(host), Some(site)) => {
                host.eq_ignore_ascii_case(site) && is_repository(&self.url, &config.repository)
            }
            (host, site) => host.is_none() && site.is_none(),
        }
    }

    /// What decides how it may be reached.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The problem that it is silent; `more` is what it said before.
    pub fn silent(&self, more: &str) -> Problem {
        let message = format!("{} did not answer until the deadline{more}", name(&self.url));
        let note = note(&self.access.unused);
        Problem::error(message).hint(format!("run it again, or give it a longer --deadline{note}"))
    }

    /// Lets a git command talk to the remote, which it knows as [`NAME`]. All is said by the environment: nothing stands in
    /// an argument, where every process of the machine could read it, or in a file.
    pub fn prepare(&self, git: &mut Command) {
        for variable in INHERITED {
            git.env_remove(variable);
        }
        git.envs([("GIT_TERMINAL_PROMPT", "0"), ("GCM_INTERACTIVE", "Never"), ("LC_ALL", "C")]);
        // Git's own log of its settings would have the header. An empty list would be none, and the user's would count.
        git.envs([("GIT_TRACE2_CONFIG_PARAMS", "none"), ("GIT_TRACE2_ENV_VARS", "none")]);
        git.env("GIT_LITERAL_PATHSPECS", "1");
        self.connect(git);
        let mut settings = SETTINGS.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        settings.push((format!("remote.{NAME}.url"), self.url.clone()));
        if let Some(header) = &self.header {
            // For this URL alone: it wins over what the user has for the whole host. An empty value first, since another
            // such header would make two, which GitHub refuses.
            let key = format!("http.{}.extraHeader", self.url);
            settings.extend([(key.clone(), String::new()), (key, header.clone())]);
            settings.push(("credential.helper".to_owned(), String::new()));
            // Git would take the header along to wherever the server points.
            settings.push((format!("http.{}.followRedirects", self.url), "false".to_owned()));
        }
        // After those that the environment has: the last one counts.
        let before = environment::git_settings();
        git.env("GIT_CONFIG_COUNT", (before + settings.len()).to_string());
        for (i, (key, value)) in (before..).zip(settings) {
            git.env(format!("GIT_CONFIG_KEY_{i}"), key).env(format!("GIT_CONFIG_VALUE_{i}"), value);
        }
    }

    /// Hands git the proxy that Go's programs would take, and the certificates: curl reads the variables in another way.
    fn connect(&self, git: &mut Command) {
        if !is_https(&self.url) && !is_http(&self.url) {
            return;
        }
        if environment::has_proxies() {
            let proxy = environment::proxies().of(&self.url).map(str::to_owned);
            // Where none is asked, one that git's own settings name keeps its exceptions.
            let known = if proxy.is_some() { 3 } else { 2 };
            for name in environment::PROXIES.into_iter().take(known).flatten() {
                git.env_remove(name);
            }
            if let Some(proxy) = proxy {
                // `insteadOf` may lead to the other scheme, of which nothing is known.
                git.env(if is_https(&self.url) { "https_proxy" } else { "http_proxy" }, &proxy);
            }
        }
        if let Some(certificates) = &self.certificates {
            git.env("GIT_SSL_CAINFO", certificates);
        }
    }

    /// Runs a git command that was prepared, until the deadline.
    pub fn run(&self, git: Command, input: Vec<u8>, deadline: Instant) -> Result<Output> {
        match process::ask(git, input, deadline) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(self.silent("").into()),
            Ok(output) => Self::with_room(output),
            result => result.context("cannot run git: is it installed?"),
        }
    }

    /// What git did, unless this machine had no room for it.
    pub fn with_room(output: Output) -> Result<Output> {
        let is_full = !output.status.success() && says_full(&output.stderr);
        if is_full { Err(no_room("it is full").into()) } else { Ok(output) }
    }

    /// What a push says of the refs that were not taken.
    pub fn words_of_push(output: &Output) -> String {
        // On standard output a line with `!` is what became of a ref; the rest repeats what was asked.
        let printed = String::from_utf8_lossy(&output.stdout);
        let outcome = printed.lines().filter(|line| line.starts_with('!'));
        let outcome = outcome.filter_map(|line| line.rsplit('\t').next());
        let said = output.stderr.lines().filter(|line| !line.starts_with("error: failed to push some refs"));
        Self::words(&outcome.chain(said).collect::<Vec<_>>().join("\n"))
    }

    /// Words of git as they may be shown: without control characters, and in one line.
    pub fn words(said: &str) -> String {
        let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(shown).collect::<Vec<_>>().join("; ")
    }
}

/// The certificates of `SSL_CERT_FILE` for git, which does not read it, unless git's settings have some.
fn certificates(url: &str) -> Option<PathBuf> {
    let named =
        environment::certificates().filter(|_| is_https(url) && !environment::has_git_certificates())?;
    let mut git = Command::new("git");
    git.args(["config", "--get-urlmatch", "http.sslCAInfo", url]);
    let configured = process::run(git, Vec::new(), Instant::now() + CONFIG).ok()?;
    let path = std::path::absolute(named).ok()?;
    (!configured.status.success()).then_some(path)
}

/// A URL without a user; a path becomes absolute, since git runs elsewhere. A password is refused: it would be shown.
fn checked(whence: &str, base: &Path, url: &str) -> Result<String> {
    let url = url.trim_end_matches('/');
    let is_path = !url.contains("://") && (!url.contains(':') || url.starts_with(['/', '.']));
    if is_path {
        let path = base.join(url);
        return Ok(path.canonicalize().unwrap_or(path).to_string_lossy().into_owned());
    }
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| scheme.starts_with("http")) else {
        return Ok(url.to_owned());
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => {
            let problem = Problem::error(format!("the URL of {whence} has a password in it"));
            Err(problem.hint("give the URL without it, and the token as GITHUB_TOKEN").into())
        }
        Some((_, host)) => Ok(format!("{scheme}://{host}/{path}")),
        None => Ok(url.to_owned()),
    }
}

/// Whether a URL leads to another machine, by a scheme or as SSH has it.
fn is_on_network(url: &str) -> bool {
    match url.split_once("://") {
        Some((scheme, rest)) => scheme != "file" && !is_loopback(rest.split('/').next().unwrap_or_default()),
        None => url.contains(':') && !url.starts_with(['/', '.']),
    }
}

/// Whether a URL or path ends with `OWNER/NAME` or `OWNER/NAME.git`.
fn is_repository(url: &str, repository: &str) -> bool {
    let path = url.trim_end_matches(".git").to_ascii_lowercase();
    let before = path.strip_suffix(&repository.to_ascii_lowercase());
    before.is_some_and(|before| before.ends_with(['/', ':']))
}

fn authority(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    Some((scheme, rest.split('/').next().unwrap_or(rest)))
}

/// `SCHEME://HOST[:PORT]/` in lower case.
fn origin(url: &str) -> Option<String> {
    let (scheme, authority) = authority(url)?;
    let host = authority.rsplit('@').next().unwrap_or(authority);
    Some(format!("{scheme}://{host}/").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_go_and_passwords_are_refused() {
        let base = Path::new("/nowhere");
        for (url, expected) in [
            ("https://me@github.com/o/r/", "https://github.com/o/r"),
            ("git@github.com:o/r.git", "git@github.com:o/r.git"),
            ("ssh://git@github.com/o/r.git", "ssh://git@github.com/o/r.git"),
            ("../r.git", "/nowhere/../r.git"),
        ] {
            assert_eq!(checked("origin", base, url).expect(url), expected);
        }
        assert!(checked("origin", base, "https://me:secret@github.com/o/r").is_err());
        assert!(is_repository("git@github.com:O/R.git", "o/r") && is_repository("/srv/o/r", "o/r"));
        assert!(!is_repository("https://github.com/foo/r", "o/r"));
    }

    #[test]
    fn sites() {
        let config = Config::new("o/r");
        let github = Some("github.com");
        for (url, site, expected) in [
            ("https://GitHub.com/O/r.git", github, true),
            ("git@github.com:o/r.git", github, true),
            ("ssh://git@ssh.github.com:443/o/r", github, true),
            ("https://github.com/o/other", github, false),
            ("https://ghe.example.com/o/r", github, false),
            ("git@ghe.example.com:o/r.git", github, false),
            ("/srv/o/r.git", github, false),
            ("http://127.0.0.1:80/o/r", github, false),
            ("http://127.0.0.1:80/x", None, true),
            ("/srv/c:/x", None, true),
            ("https://github.com/o/r", None, false),
        ] {
            let (url, access) = (url.to_owned(), Access::default());
            let remote = Remote { url, instead_of: None, header: None, access, certificates: None };
            assert_eq!(remote.is_on(site, &config), expected, "{}", remote.url);
        }
    }

    #[test]
    fn origins() {
        assert_eq!(origin("https://GitHub.com/o/r.git").as_deref(), Some("https://github.com/"));
        assert_eq!(origin("http://u@127.0.0.1:80/r").as_deref(), Some("http://127.0.0.1:80/"));
        assert_eq!(origin("git@github.com:o/r.git"), None);
    }
}
