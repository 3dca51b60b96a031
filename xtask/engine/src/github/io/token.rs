//! The token for GitHub's API: the environment's, else that of a `gh` which is logged in.

use std::fmt;
use std::process::Command;
use std::time::Instant;

use crate::base::host::host;
use crate::sys::{environment, process, secrets};

pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

pub fn find(api: &str) -> Option<Token> {
    let token = environment::github_api_token().or_else(|| of_gh(api))?;
    secrets::remember(&token);
    Some(Token(token))
}

fn of_gh(api: &str) -> Option<String> {
    let host = web_host(api).filter(|_| environment::is_in_path("gh"))?;
    let mut gh = Command::new("gh");
    gh.args(["auth", "token", "--hostname", host]);
    // Its keyring may ask a person.
    let output = process::ask(gh, Vec::new(), Instant::now() + process::PERSON).ok()?;
    let token = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(token.trim().to_owned()).filter(|token| !token.is_empty())
}

/// What gh calls the server of this API: `github.com`, `TENANT.ghe.com` for `https://api.TENANT.ghe.com`, else the host.
/// It knows none that is spoken to without encryption.
pub fn web_host(api: &str) -> Option<&str> {
    let host = host(api.strip_prefix("https://")?);
    Some(host.strip_prefix("api.").unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_as_gh_calls_them() {
        for (api, host) in [
            ("https://api.github.com", Some("github.com")),
            ("https://api.acme.ghe.com", Some("acme.ghe.com")),
            ("https://ghe.example.com/api/v3", Some("ghe.example.com")),
            ("http://127.0.0.1:80", None),
        ] {
            assert_eq!(web_host(api), host, "{api}");
        }
        assert_eq!(format!("{:?}", Token("ghp_x".to_owned())), "Token(***)");
    }
}
