//! What opens a repository: a password, or a token that a server of its own gives for it.
//!
//! Credentials go to the registry itself, or to the token server that it names, if nobody can listen on the way there
//! who cannot listen on the way to the registry.

use serde_json::Value;

use super::Who;
use super::session::{Failure, Session};
use crate::base::host;
use crate::base::http::{Response, basic};
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::url::{self, is_http, is_https};
use crate::registry::challenge::{self, Challenge};
use crate::registry::docker_config::Credentials;
use crate::sys::http::Request;

impl Session<'_> {
    /// What an answer wants to see; `None` if we have nothing that it could be.
    pub fn authorize(&self, answer: &Response) -> Result<Option<String>, Failure> {
        let found = match self.who {
            Who::Owner => self.registry.credentials(&self.at.host).map_err(Failure::Problem)?,
            Who::Anyone => None,
        };
        let credentials = found.map(|found| found.credentials);
        let challenges = challenge::of(answer);
        let bearer = challenges.iter().find_map(|challenge| match challenge {
            Challenge::Bearer { realm, service } => Some((realm, service.as_deref())),
            Challenge::Basic => None,
        });
        if let Some((realm, service)) = bearer {
            return self.token(realm, service, credentials.as_ref()).map(Some);
        }
        Ok(match credentials {
            Some(Credentials::Password { username, password }) if !challenges.is_empty() => {
                Some(basic(&username, &password))
            }
            _ => None,
        })
    }

    /// Gets a token (distribution's "Token Authentication Specification", and its OAuth 2 form for identity tokens).
    fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        credentials: Option<&Credentials>,
    ) -> Result<String, Failure> {
        self.check_realm(realm, credentials.is_some()).map_err(Failure::Problem)?;
        let rights = if self.wish.only_reads() { "pull" } else { "pull,push" };
        let scope = format!("repository:{}:{rights}", self.at.repository);
        let mut query: Vec<_> = service.map(|service| parameter("service", service)).into_iter().collect();
        query.push(parameter("scope", &scope));
        let answer = self.ask_token_server(realm, query, credentials);
        let failed = |answer| Failure::Token(realm.to_owned(), answer);
        let answer = answer.map_err(|why| failed(Err(why)))?;
        if !answer.is_success() {
            return Err(failed(Ok(answer)));
        }
        let given: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let token = ["token", "access_token"].iter().find_map(|key| given.get(key)?.as_str());
        let token = token.ok_or_else(|| failed(Err("it gives no token".to_owned())))?;
        Ok(format!("Bearer {token}"))
    }

    /// A password goes there in the header, an identity token in a form: neither is in the URL.
    fn ask_token_server(
        &self,
        realm: &str,
        mut query: Vec<String>,
        credentials: Option<&Credentials>,
    ) -> Result<Response, String> {
        if let Some(Credentials::Identity(token)) = credentials {
            query.extend(["grant_type=refresh_token".to_owned(), "client_id=xtask".to_owned()]);
            query.push(parameter("refresh_token", token));
            let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
            let body = query.join("&");
            let (url, body) = (realm.to_owned(), Some(body.as_bytes()));
            return self.registry.http.ask(&Request { method: "POST", url, headers, body });
        }
        let separator = if realm.contains('?') { '&' } else { '?' };
        let url = format!("{realm}{separator}{}", query.join("&"));
        let mut headers = Vec::new();
        if let Some(Credentials::Password { username, password }) = credentials {
            headers.push(("authorization", basic(username, password)));
        }
        self.registry.http.ask(&Request { method: "GET", url, headers, body: None })
    }

    fn check_realm(&self, realm: &str, has_credentials: bool) -> Result<(), Problem> {
        if may_have_credentials(&self.base(), realm) || is_http(realm) && !has_credentials {
            return Ok(());
        }
        let cause = format!("{} names the token server {}, which is not https", self.at.host, name(realm));
        Err(Problem::error(cause)
            .hint("no credentials were sent there; the registry must name one with https"))
    }
}

fn parameter(name: &str, value: &str) -> String {
    format!("{name}={}", url::escape_component(value))
}

/// Whether a token server may have the credentials of the registry at `base`. One without encryption may only where the
/// registry itself is spoken to like that, on the same host: an encrypted registry could else hand them to any program
/// that listens on this machine.
fn may_have_credentials(base: &str, realm: &str) -> bool {
    is_https(realm) || is_http(realm) && is_http(base) && host::is_same(host::host(realm), host::host(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_have_credentials() {
        for (base, realm) in [
            ("https://ghcr.io", "https://ghcr.io/token"),
            ("https://registry-1.docker.io", "HTTPS://auth.docker.io/token"),
            ("http://registry.local:5000", "https://elsewhere.example/token"),
            ("http://registry.local:5000", "http://Registry.local/token"),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5001/token"),
            ("http://localhost:5000", "http://[::1]/token"),
            ("http://[fd00::1]", "http://[fd00::1]:80/token"),
        ] {
            assert!(may_have_credentials(base, realm), "{base} {realm}");
        }
        for (base, realm) in [
            ("https://ghcr.io", "http://ghcr.io/token"),
            ("https://ghcr.io", "http://127.0.0.1:8080/token"),
            ("https://ghcr.io", "http://localhost/token"),
            ("http://registry.local:5000", "http://localhost:5000/token"),
            ("http://127.0.0.1:5000", "http://registry.local/token"),
            ("http://registry.local", "http://registry.local.example/token"),
            ("http://registry.local", "http://registry.local:80@evil.example/token"),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000@evil.example:80/token"),
            ("http://[fd00::1]", "http://[fd00::2]/token"),
            ("http://registry.local", "ftp://registry.local/token"),
            ("http://registry.local", "registry.local/token"),
        ] {
            assert!(!may_have_credentials(base, realm), "{base} {realm}");
        }
    }
}
