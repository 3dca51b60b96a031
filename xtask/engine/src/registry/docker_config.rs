//! The files in which `docker login` and `helm registry login` keep credentials (docs.docker.com, "docker login").

use std::collections::BTreeMap;
use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Deserialize;

use crate::base::host::is_docker_hub;

/// What is shown to a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    Password {
        username: String,
        /// The password, or a token in its place.
        password: String,
    },
    /// A token to get other tokens for (OAuth 2).
    Identity(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The file. What else is in it is of no matter here.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DockerConfig {
    auths: BTreeMap<String, Auth>,
    creds_store: String,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    #[serde(rename = "auth")]
    encoded: String,
    username: String,
    password: String,
    identitytoken: String,
}

/// What a credential helper prints (github.com/docker/docker-credential-helpers).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    username: String,
    secret: String,
}

/// What Docker Hub is called in these files.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

impl DockerConfig {
    /// Reads a file. The error is the message; it has nothing of the content.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(text)
            .map_err(|error| format!("it is not JSON of Docker's: line {}", error.line()))
    }

    /// The program `docker-credential-NAME` that keeps the credentials of a host.
    pub fn helper(&self, host: &str) -> Option<&str> {
        let own = find(&self.cred_helpers, host).unwrap_or(&self.creds_store);
        Some(own.as_str()).filter(|name| !name.is_empty())
    }

    /// The credentials of a host that stand in the file. The error is the message.
    pub fn credentials(&self, host: &str) -> Result<Option<Credentials>, String> {
        find(&self.auths, host).map_or(Ok(None), Auth::credentials)
    }
}

impl Auth {
    fn credentials(&self) -> Result<Option<Credentials>, String> {
        if !self.identitytoken.is_empty() {
            return Ok(Some(Credentials::Identity(self.identitytoken.clone())));
        }
        let decoded = match self.encoded.as_str() {
            "" => None,
            auth => Some(
                BASE64_STANDARD
                    .decode(auth)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .ok_or("`auth` is not base64")?,
            ),
        };
        let (username, password) = match &decoded {
            Some(text) => text.split_once(':').ok_or("`auth` has no `:`")?,
            None => (self.username.as_str(), self.password.as_str()),
        };
        // Older clients fill up with zeros.
        let password = password.trim_end_matches('\0');
        let is_there = !(username.is_empty() && password.is_empty());
        Ok(is_there
            .then(|| Credentials::Password { username: username.to_owned(), password: password.to_owned() }))
    }
}

pub fn server(host: &str) -> &str {
    if is_docker_hub(host) { DOCKER_HUB } else { host }
}

/// What a helper printed: the user `<token>` marks a token. `None` if it is no answer.
pub fn printed(text: &[u8]) -> Option<Credentials> {
    let Printed { username, secret } = serde_json::from_slice(text).ok()?;
    Some(match username.as_str() {
        "<token>" => Credentials::Identity(secret),
        _ => Credentials::Password { username, password: secret },
    })
}

/// The value of a host: keys may be URLs, with a path or not. An equal key goes before others.
fn find<'a, T>(map: &'a BTreeMap<String, T>, host: &str) -> Option<&'a T> {
    let is_same = |key: &str| {
        let after = key.split_once("://").map_or(key, |(_, after)| after);
        let name = after.split('/').next().unwrap_or(after);
        name.eq_ignore_ascii_case(host) || is_docker_hub(name) && is_docker_hub(host)
    };
    map.get(host).or_else(|| map.iter().find(|(key, _)| is_same(key)).map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(username: &str, password: &str) -> Credentials {
        Credentials::Password { username: username.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn hosts() {
        for (key, host, is_found) in [
            ("ghcr.io", "ghcr.io", true),
            ("https://ghcr.io", "ghcr.io", true),
            ("https://ghcr.io/v2/", "ghcr.io", true),
            ("http://h:5000", "h:5000", true),
            ("GHCR.io", "ghcr.io", true),
            ("https://index.docker.io/v1/", "docker.io", true),
            ("docker.io", "registry-1.docker.io", true),
            ("ghcr.io", "ghcr.io:443", false),
            ("h:5000", "h", false),
            ("xghcr.io", "ghcr.io", false),
            ("ghcr.io.example", "ghcr.io", false),
            ("https://example/ghcr.io", "ghcr.io", false),
        ] {
            let text =
                format!(r#"{{"auths":{{"{key}":{{"auth":"dTpwOnE="}}}},"credHelpers":{{"{key}":"x"}}}}"#);
            let config = DockerConfig::parse(text.as_bytes()).expect("a file");
            let expected = is_found.then(|| password("u", "p:q"));
            assert_eq!(config.credentials(host), Ok(expected), "{key} {host}");
            assert_eq!(config.helper(host).is_some(), is_found, "{key} {host}");
        }
    }

    #[test]
    fn forms() {
        for (auth, expected) in [
            ("{}", Ok(None)),
            (r#"{"auth":""}"#, Ok(None)),
            (r#"{"username":"u","password":"p"}"#, Ok(Some(password("u", "p")))),
            (r#"{"auth":"dTpwAAA=","email":"x"}"#, Ok(Some(password("u", "p")))),
            (r#"{"auth":"dTpw","identitytoken":"t"}"#, Ok(Some(Credentials::Identity("t".to_owned())))),
            (r#"{"auth":"%"}"#, Err("`auth` is not base64".to_owned())),
            (r#"{"auth":"dXA="}"#, Err("`auth` has no `:`".to_owned())),
        ] {
            let config =
                DockerConfig::parse(format!(r#"{{"auths":{{"h":{auth}}}}}"#).as_bytes()).expect("a file");
            assert_eq!(config.credentials("h"), expected, "{auth}");
        }
        assert!(DockerConfig::parse(b"\n").is_ok_and(|config| config.credentials("h") == Ok(None)));
        assert!(DockerConfig::parse(b"{").is_err_and(|error| error.contains("line 1")));
    }

    #[test]
    fn helpers() {
        let config =
            DockerConfig::parse(br#"{"credsStore":"desktop","credHelpers":{"ghcr.io":"gh","plain":""}}"#);
        let config = config.expect("a file");
        assert_eq!(
            ["ghcr.io", "quay.io", "plain"].map(|host| config.helper(host)),
            [Some("gh"), Some("desktop"), None]
        );
        assert_eq!(printed(br#"{"ServerURL":"h","Username":"u","Secret":"s"}"#), Some(password("u", "s")));
        let token = printed(br#"{"Username":"<token>","Secret":"s"}"#);
        assert_eq!(token, Some(Credentials::Identity("s".to_owned())));
        assert_eq!(printed(b"no"), None);
        assert_eq!(["docker.io", "ghcr.io"].map(server), ["https://index.docker.io/v1/", "ghcr.io"]);
    }
}
