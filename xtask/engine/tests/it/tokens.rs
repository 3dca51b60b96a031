//! A token server as registries name one (distribution's "Token Authentication Specification"), with the habits of GHCR.

use std::collections::BTreeMap;

use helm_xtask::internals::rehearsal::http::{Answer, Request};
use serde_json::json;

pub const TOKEN_START: &str = "registry-bearer-0123456789abcdef-";

pub struct Tokens {
    /// What a challenge names as the place of this server.
    pub realm: String,
    /// What opens it, as `Authorization` carries it.
    pub authorization: String,
    /// The token that stands for a user and a password.
    pub identity: String,
    /// Whether those without credentials get a token to read.
    pub is_public: bool,
    /// How many requests a token is good for.
    pub uses: usize,
    /// The tokens that were given: whether they may push, and for how many requests they are good.
    pub given: BTreeMap<String, (bool, usize)>,
}

impl Tokens {
    /// A server that gives tokens at `HOST:PORT`.
    pub fn new(host: &str, authorization: &str) -> Self {
        Self {
            realm: format!("http://{host}/token"),
            authorization: authorization.to_owned(),
            identity: "identity-0123456789".to_owned(),
            is_public: true,
            uses: usize::MAX,
            given: BTreeMap::new(),
        }
    }

    /// The answer to a request that is not for the registry, or not yet.
    pub fn answer(&mut self, asked: &mut Request) -> Option<Answer> {
        if asked.path == "/token" {
            return Some(self.token(asked));
        }
        let is_write = !matches!(asked.method.as_str(), "GET" | "HEAD");
        let token = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let (may_push, uses) = match token.and_then(|token| self.given.get_mut(token)) {
            Some((may_push, uses)) if *uses > 0 => (may_push, uses),
            _ => {
                let challenge = format!("Bearer realm=\"{}\",service=\"test\",scope=\"x\"", self.realm);
                return Some(denied(401, "UNAUTHORIZED").with("WWW-Authenticate", challenge));
            }
        };
        *uses -= 1;
        if is_write && !*may_push {
            return Some(denied(403, "DENIED"));
        }
        asked.headers.retain(|(name, _)| name != "authorization");
        None
    }

    fn token(&mut self, asked: &Request) -> Answer {
        let form = String::from_utf8_lossy(&asked.body).into_owned();
        let is_identity = form.contains("refresh_token");
        // OAuth 2 would take passwords, too; clients fall back.
        if asked.method == "POST" && !is_identity {
            return denied(405, "UNSUPPORTED");
        }
        let parameters = if is_identity { form } else { asked.target.clone() };
        let is_owner = asked.header("authorization").map_or_else(
            || parameters.contains(&format!("refresh_token={}", self.identity)),
            |given| given == self.authorization,
        );
        let is_anyone = asked.header("authorization").is_none() && !is_identity;
        assert!(parameters.contains("service=test"), "{parameters}");
        assert!(parameters.contains("scope=repository%3A"), "{parameters}");
        if !is_owner && !is_anyone {
            return denied(401, "UNAUTHORIZED");
        }
        if !is_owner && !self.is_public {
            return denied(403, "DENIED");
        }
        let token = format!("{TOKEN_START}{}", self.given.len());
        self.given.insert(token.clone(), (is_owner && parameters.contains("pull%2Cpush"), self.uses));
        Answer::json(200, &json!({if is_identity { "access_token" } else { "token" }: token}))
    }
}

/// What a registry says to those who may not.
pub fn denied(status: u16, code: &str) -> Answer {
    error(status, code, "requested access to the resource is denied")
}

pub fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"errors": [{"code": code, "message": message, "detail": null}]}))
}
