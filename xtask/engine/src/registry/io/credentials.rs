//! Where the credentials of a registry come from: the environment, then the files of Helm and Docker, and the programs
//! that those name.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::base::host;
use crate::base::problem::Problem;
use crate::base::text::{name, shown};
use crate::registry::docker_config::{self, Credentials, DockerConfig};
use crate::sys::{environment, files, process, secrets};

/// Credentials, and who gave them.
#[derive(Clone, Debug)]
pub struct Found {
    pub credentials: Credentials,
    /// A variable, a file or a program, for messages.
    pub source: String,
}

/// The longest part of its words that is repeated, in characters.
const MAX_WORDS: usize = 200;

/// The credentials of a registry: `XTASK_OCI_USERNAME` and `XTASK_OCI_PASSWORD` where it `is_own`, the one that is published
/// to; else `GITHUB_TOKEN` for the registry of the GitHub that it belongs to, else those that `helm registry login` or
/// `docker login` left.
pub fn find(host: &str, is_own: bool) -> Result<Option<Found>, Problem> {
    match environment::oci_credentials() {
        _ if !is_own => {}
        [Some(username), Some(password)] => {
            let source = environment::OCI.join(" and ");
            return Ok(Some(Found { credentials: Credentials::Password { username, password }, source }));
        }
        [None, None] => {}
        _ => {
            let [username, password] = environment::OCI;
            return Err(
                Problem::usage(format!("{username} and {password} go together")).hint("set both, or none")
            );
        }
    }
    if let Some(password) = environment::github_token().filter(|_| is_github(host)) {
        // GitHub looks at the token alone.
        let username = environment::github_actor().unwrap_or_else(|| "x-access-token".to_owned());
        let source = "GITHUB_TOKEN".to_owned();
        return Ok(Some(Found { credentials: Credentials::Password { username, password }, source }));
    }
    for path in environment::registry_configs() {
        if let Some(found) = in_file(&path, host)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether a host is the registry of the GitHub that `GITHUB_TOKEN` belongs to (docs.github.com, "Working with the
/// Container registry").
pub fn is_github(host: &str) -> bool {
    let server = environment::github_server();
    match host::host(&server) {
        "github.com" => host == "ghcr.io",
        own => host.strip_prefix("containers.") == Some(own),
    }
}

fn in_file(path: &Path, host: &str) -> Result<Option<Found>, Problem> {
    let shown = files::shown(path);
    let broken = |cause: String| Problem::error(cause).at(shown.clone(), None);
    let login = format!("type: helm registry login {host}");
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(path).map_err(|error| broken(format!("cannot read it: {error}")))?;
    let config = DockerConfig::parse(&text).map_err(|cause| broken(cause).hint(&login))?;
    if let Some(helper) = config.helper(host)
        && let Some(credentials) = ask(helper, host)?
    {
        return Ok(Some(Found { credentials, source: name(&format!("docker-credential-{helper}")) }));
    }
    let credentials =
        config.credentials(host).map_err(|cause| broken(format!("{}: {cause}", name(host))).hint(login))?;
    Ok(credentials.map(|credentials| Found { credentials, source: name(&shown) }))
}

/// Asks the program that keeps the credentials (github.com/docker/docker-credential-helpers). `None` if it has none.
fn ask(helper: &str, host: &str) -> Result<Option<Credentials>, Problem> {
    let program = format!("docker-credential-{helper}");
    let failed = |cause: &str| {
        let hint = format!("type: echo {} | {program} get", docker_config::server(host));
        Problem::error(format!("{} failed: {cause}", name(&program))).hint(hint)
    };
    if helper.contains(['/', '\\']) {
        return Err(Problem::error(format!("{} is no name of a credential helper", name(helper))));
    }
    let mut command = Command::new(&program);
    command.arg("get");
    secrets::withhold(&mut command);
    let input = format!("{}\n", docker_config::server(host)).into_bytes();
    // It may ask a person to unlock them.
    let output = process::ask(command, input, Instant::now() + process::PERSON)
        .map_err(|error| failed(&error.to_string()))?;
    if output.status.success() {
        return docker_config::printed(&output.stdout)
            .map(Some)
            .ok_or_else(|| failed("it printed no credentials"));
    }
    // It says so on standard output.
    let words = String::from_utf8_lossy(&output.stdout);
    if words.contains("credentials not found") {
        return Ok(None);
    }
    let words = if words.trim().is_empty() { output.stderr.trim() } else { words.trim() };
    Err(failed(&shown(&words.chars().take(MAX_WORDS).collect::<String>())))
}
