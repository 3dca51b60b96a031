//! What the environment says. Every variable that is read is named here.

use std::env;
use std::time::SystemTime;

use anyhow::Result;

use crate::model::archive::MAX_TIME;
use crate::model::problem::{Problem, Problems};
use crate::model::text::name;

/// The time that entries get where there is neither a commit nor `SOURCE_DATE_EPOCH`: 1980-01-01, the first that
/// every archive format can hold.
pub const NO_TIME: u64 = 315_532_800;

/// Whether this is a job of GitHub Actions.
pub fn in_github_actions() -> bool {
    env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// The tag that GitHub Actions runs for.
pub fn github_tag() -> Option<String> {
    let is_tag = env::var("GITHUB_REF_TYPE").is_ok_and(|kind| kind == "tag");
    is_tag.then(|| env::var_os("GITHUB_REF_NAME")).flatten().map(|tag| tag.to_string_lossy().into_owned())
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

/// What may hold a token for that GitHub: no other program gets them from us.
pub const TOKENS: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];

/// The token for that GitHub.
pub fn github_token() -> Option<String> {
    text("GITHUB_TOKEN")
}

/// How many settings of git the environment holds (git-config(1), `GIT_CONFIG_COUNT`).
pub fn git_settings() -> usize {
    text("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok()).unwrap_or_default()
}

fn text(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
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
            Err(Problems::from(Problem::usage(message).hint("unset SOURCE_DATE_EPOCH")).into())
        }
    }
}

/// Seconds since 1970: `SOURCE_DATE_EPOCH`, else the clock.
pub fn now() -> Result<u64> {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    Ok(source_date_epoch()?.unwrap_or(clock))
}

/// The helm to use instead of the one in PATH: the variable that Helm itself sets for its plugins.
pub fn helm_binary() -> Option<std::path::PathBuf> {
    env::var_os("HELM_BIN").filter(|path| !path.is_empty()).map(Into::into)
}

/// The mkdocs to use instead of the one in PATH.
pub fn mkdocs_binary() -> Option<std::path::PathBuf> {
    env::var_os("MKDOCS_BIN").filter(|path| !path.is_empty()).map(Into::into)
}

/// Whether a program is in `PATH`.
pub fn is_in_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Whether the user may want colours (no-color.org).
pub fn wants_colour() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// An argument of the command line with a control character in it, which no message should repeat as it is.
pub fn control_in_arguments() -> Option<String> {
    let arguments = env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    arguments.into_iter().find(|argument| argument.contains(char::is_control))
}
