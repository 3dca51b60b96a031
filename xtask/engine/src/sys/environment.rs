//! What the environment says. Every variable that is read is named here.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;

use crate::base::problem::Problem;
use crate::base::proxy::Proxies;
use crate::base::text::name;
use crate::base::time::MAX_TIME;

pub fn in_github_actions() -> bool {
    env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// The tag that GitHub Actions runs for.
pub fn github_tag() -> Option<String> {
    let is_tag = env::var("GITHUB_REF_TYPE").is_ok_and(|kind| kind == "tag");
    is_tag.then(|| env::var_os("GITHUB_REF_NAME")).flatten().map(|tag| tag.to_string_lossy().into_owned())
}

/// The branch that a workflow of GitHub Actions runs for.
pub fn github_branch() -> Option<String> {
    let branch = text("GITHUB_REF").filter(|_| in_github_actions())?;
    branch.strip_prefix("refs/heads/").map(str::to_owned)
}

/// The commit that a workflow of GitHub Actions runs for.
pub fn github_commit() -> Option<String> {
    text("GITHUB_SHA").filter(|_| in_github_actions())
}

/// The repository that a workflow of GitHub Actions runs in, as `OWNER/NAME`.
pub fn github_repository() -> Option<String> {
    text("GITHUB_REPOSITORY").filter(|_| in_github_actions())
}

/// Whether a workflow of GitHub Actions runs for a pull request, whose code nobody has accepted yet.
pub fn is_pull_request() -> bool {
    in_github_actions() && text("GITHUB_EVENT_NAME").is_some_and(|event| event.starts_with("pull_request"))
}

/// The GitHub that a workflow runs on: `https://github.com`, unless it is one of a company's own.
pub fn github_server() -> String {
    let server = text("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
    server.trim_end_matches('/').to_owned()
}

/// Where a step of GitHub Actions writes its outputs.
pub fn github_output() -> Option<PathBuf> {
    path("GITHUB_OUTPUT").filter(|_| in_github_actions())
}

/// Where a step of GitHub Actions writes what its run shows.
pub fn github_summary() -> Option<PathBuf> {
    path("GITHUB_STEP_SUMMARY").filter(|_| in_github_actions())
}

/// The cargo that runs us, else the one in PATH (doc.rust-lang.org/cargo, "Environment Variables").
pub fn cargo() -> PathBuf {
    path("CARGO").unwrap_or_else(|| "cargo".into())
}

/// What cargo tells us about our own package, which is none of what it runs for others.
pub fn of_package() -> impl Iterator<Item = OsString> {
    const PREFIXES: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
    env::vars_os().map(|(key, _)| key).filter(|key| {
        let key = key.to_string_lossy();
        PREFIXES.iter().any(|prefix| key.starts_with(prefix))
    })
}

/// The names of the variables that Go reads proxies from, the one that counts first (golang.org/x/net/http/httpproxy).
pub const PROXIES: [[&str; 2]; 3] =
    [["HTTP_PROXY", "http_proxy"], ["HTTPS_PROXY", "https_proxy"], ["NO_PROXY", "no_proxy"]];

/// The proxies of the environment.
pub fn proxies() -> Proxies {
    let [http, https, no] = PROXIES.map(|names| names.into_iter().find_map(text).unwrap_or_default());
    Proxies::new(&http, &https, &no)
}

/// Whether the environment names a proxy.
pub fn has_proxies() -> bool {
    PROXIES.into_iter().take(2).flatten().any(|name| text(name).is_some())
}

/// Whether git has certificates of its own to trust (git-config(1), `http.sslCAInfo`).
pub fn has_git_certificates() -> bool {
    text("GIT_SSL_CAINFO").is_some()
}

/// Whether cargo, and so we, may not use a network (doc.rust-lang.org/cargo, `net.offline`).
pub fn is_offline() -> bool {
    text("CARGO_NET_OFFLINE").is_some_and(|value| value == "true")
}

/// What may hold a secret: a token for that GitHub, the credentials of a registry, or what gpg and cosign sign with. Helm,
/// mkdocs, zensical, curl and credential helpers do not get them; git and gh may need them, and cosign its own.
pub const SECRETS: [&str; 10] = [
    "GH_TOKEN",
    "GITHUB_TOKEN",
    OCI[0],
    OCI[1],
    GPG[0],
    GPG[1],
    "COSIGN_PRIVATE_KEY",
    COSIGN_PASSWORD,
    IDENTITY[0],
    IDENTITY[1],
];

/// The password of a private key of cosign's (docs.sigstore.dev, "Cosign").
const COSIGN_PASSWORD: &str = "COSIGN_PASSWORD";
/// What proves an identity to Sigstore: a token, and what GitHub Actions gives one for (docs.github.com,
/// "Security hardening your deployments").
const IDENTITY: [&str; 2] = ["SIGSTORE_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];

/// The cosign to use instead of the one in PATH.
pub fn cosign_binary() -> Option<PathBuf> {
    path("COSIGN_BIN")
}

pub fn cosign_password() -> Option<String> {
    secret(COSIGN_PASSWORD)
}

/// What cosign gets of the secrets: with `key`, the variable of its private key, that and the password; else what proves an
/// identity.
pub fn of_cosign(key: Option<&str>) -> Vec<(String, OsString)> {
    let names = key.map_or_else(|| IDENTITY.to_vec(), |key| vec![key]);
    let names = names.into_iter().chain([COSIGN_PASSWORD]);
    names.filter_map(|name| Some((name.to_owned(), env::var_os(name)?))).collect()
}

/// Whether something here proves an identity to Sigstore.
pub fn may_ask_for_identity() -> bool {
    IDENTITY.into_iter().any(is_set)
}

/// Whether a variable that the config names has a value.
pub fn is_set(variable: &str) -> bool {
    text(variable).is_some()
}

pub fn github_token() -> Option<String> {
    secret("GITHUB_TOKEN")
}

/// Where GitHub's API is: `https://api.github.com`, unless it is that of a company's own.
pub fn github_api() -> String {
    let api = text("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned());
    api.trim_end_matches('/').to_owned()
}

pub fn github_api_token() -> Option<String> {
    github_token().or_else(|| secret("GH_TOKEN"))
}

/// The credentials of a registry: user and password.
pub const OCI: [&str; 2] = ["XTASK_OCI_USERNAME", "XTASK_OCI_PASSWORD"];

/// The user and the password for the registry that is published to.
pub fn oci_credentials() -> [Option<String>; 2] {
    OCI.map(secret)
}

/// The secret key that signs archives, armoured or in base64, and its passphrase.
pub const GPG: [&str; 2] = ["XTASK_GPG_KEY", "XTASK_GPG_PASSPHRASE"];

/// The secret key that signs archives, and its passphrase.
pub fn gpg_key() -> [Option<String>; 2] {
    GPG.map(secret)
}

/// Where files may lie that go away when the user logs out (XDG Base Directory Specification).
pub fn runtime_directory() -> Option<PathBuf> {
    path("XDG_RUNTIME_DIR")
}

/// The user that a workflow of GitHub Actions runs for.
pub fn github_actor() -> Option<String> {
    text("GITHUB_ACTOR")
}

/// Where what may vanish is kept of the repository at `root`: `helm-xtask/` below cargo's target directory
/// (doc.rust-lang.org/cargo, `CARGO_TARGET_DIR`). `None` where there is no such directory.
pub fn cache(root: &Path) -> Option<PathBuf> {
    let target = root.join(path("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    target.is_dir().then(|| target.join("helm-xtask"))
}

/// The files that hold the credentials of registries: Helm's (helm.sh/docs, `helm help`), then Docker's
/// (docs.docker.com, "docker", `DOCKER_CONFIG`).
pub fn registry_configs() -> Vec<PathBuf> {
    let helm = path("HELM_REGISTRY_CONFIG").or_else(|| Some(helm_config()?.join("registry/config.json")));
    let docker = path("DOCKER_CONFIG").or_else(|| Some(home()?.join(".docker")));
    helm.into_iter().chain(docker.map(|directory| directory.join("config.json"))).collect()
}

/// The file that `helm repo add` writes (helm.sh/docs, `helm help`).
pub fn helm_repositories() -> Option<PathBuf> {
    path("HELM_REPOSITORY_CONFIG").or_else(|| Some(helm_config()?.join("repositories.yaml")))
}

fn helm_config() -> Option<PathBuf> {
    let system = || match () {
        () if cfg!(windows) => path("APPDATA"),
        () if cfg!(target_os = "macos") => Some(home()?.join("Library/Preferences")),
        () => Some(home()?.join(".config")),
    };
    let config = || path("XDG_CONFIG_HOME").or_else(system).map(|base| base.join("helm"));
    path("HELM_CONFIG_HOME").or_else(config)
}

fn home() -> Option<PathBuf> {
    path(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
}

/// How many settings of git the environment holds (git-config(1), `GIT_CONFIG_COUNT`).
pub fn git_settings() -> usize {
    text("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok()).unwrap_or_default()
}

fn text(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
}

/// A secret without the line break that a file had at its end.
fn secret(variable: &str) -> Option<String> {
    text(variable)
        .map(|secret| secret.trim_end_matches(['\r', '\n']).to_owned())
        .filter(|secret| !secret.is_empty())
}

fn path(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|path| !path.is_empty()).map(Into::into)
}

/// `SOURCE_DATE_EPOCH`, in seconds since 1970 (<https://reproducible-builds.org/specs/source-date-epoch/>).
pub fn source_date_epoch() -> Result<Option<u64>> {
    let Some(value) = env::var_os("SOURCE_DATE_EPOCH") else {
        return Ok(None);
    };
    let value = value.to_string_lossy();
    match value.parse::<u64>() {
        Ok(seconds) if seconds <= MAX_TIME => Ok(Some(seconds)),
        _ => {
            let message = format!("SOURCE_DATE_EPOCH {} is not a number of seconds since 1970", name(&value));
            Err(Problem::usage(message).hint("unset SOURCE_DATE_EPOCH").into())
        }
    }
}

/// Seconds since 1970: `SOURCE_DATE_EPOCH`, else the clock.
pub fn now() -> Result<u64> {
    Ok(source_date_epoch()?.unwrap_or_else(clock))
}

/// Seconds since 1970, of the clock: servers know no other.
pub fn clock() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The crate that cargo runs (doc.rust-lang.org/cargo, "Environment Variables", `CARGO_MANIFEST_DIR`).
pub fn crate_directory() -> Option<PathBuf> {
    path("CARGO_MANIFEST_DIR")
}

/// The helm to use instead of the one in PATH: the variable that Helm itself sets for its plugins.
pub fn helm_binary() -> Option<PathBuf> {
    path("HELM_BIN")
}

/// The settings of helm, by the names that they have in its environment (helm.sh/docs, `helm help`).
pub fn of_helm() -> impl Iterator<Item = OsString> {
    env::vars_os().map(|(key, _)| key).filter(|key| key.to_string_lossy().starts_with("HELM_"))
}

/// The mkdocs to use instead of the one in PATH.
pub fn mkdocs_binary() -> Option<PathBuf> {
    path("MKDOCS_BIN")
}

/// The zensical to use instead of the one in PATH.
pub fn zensical_binary() -> Option<PathBuf> {
    path("ZENSICAL_BIN")
}

/// Certificates to trust instead of the machine's: the variable of OpenSSL.
pub fn certificates() -> Option<PathBuf> {
    path("SSL_CERT_FILE")
}

/// Whether a program is in `PATH`.
pub fn is_in_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// `PATH` with a directory before all others.
pub fn path_with(directory: &Path) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(std::iter::once(directory.to_owned()).chain(env::split_paths(&path)))?)
}

/// Whether the user may want colours (no-color.org).
pub fn wants_colour() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The command line, the program first.
pub fn arguments() -> Vec<OsString> {
    env::args_os().collect()
}

/// An argument of the command line with a control character in it, which no message should repeat as it is.
pub fn control_in_arguments() -> Option<String> {
    let arguments = env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    arguments.into_iter().find(|argument| argument.contains(char::is_control))
}
