//! Requests to GitHub's REST API: where it is, and the token, which goes there and nowhere else.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::token::{Token, find};
use crate::base::host::{host, is_private};
use crate::base::http::Response;
use crate::base::problem::Problem;
use crate::base::text::{name, shown};
use crate::github::refusal::{self, Attempt};
use crate::sys::environment;
use crate::sys::http::{Http, Request};

/// What came back, or why nothing did.
pub type Answer = Result<Response, String>;

#[derive(Debug)]
pub struct Api<'a> {
    pub http: &'a Http,
    base: String,
    repository: &'a str,
    token: Option<Token>,
}

const JSON: &str = "application/vnd.github+json";
const BYTES: &str = "application/octet-stream";
/// What the documentation that this follows is of.
const VERSION: &str = "2022-11-28";
/// What the tokens of people begin with: classic, fine-grained, and those that gh logs in with.
const PERSONAL: [&str; 3] = ["ghp_", "github_pat_", "gho_"];

impl<'a> Api<'a> {
    /// The API that the environment names, with the token that it has for it.
    pub fn new(http: &'a Http, repository: &'a str) -> Result<Self, Problem> {
        let base = environment::github_api();
        if !is_private(&base) {
            let message = format!("GITHUB_API_URL {} is not of the form `https://HOST/PATH`", name(&base));
            return Err(Problem::usage(message).hint("unset GITHUB_API_URL for github.com"));
        }
        let token = find(&base);
        Ok(Self { http, base, repository, token })
    }

    /// The API at this URL, which has no slash at its end.
    pub fn at(http: &'a Http, repository: &'a str, base: String, token: Option<String>) -> Self {
        Self { http, base, repository, token: token.map(Token) }
    }

    /// `OWNER/NAME`.
    pub fn repository(&self) -> &'a str {
        self.repository
    }

    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Whether the token is that of a person, by what it begins with (docs.github.com, "About authentication to GitHub",
    /// "GitHub's token formats").
    pub fn is_personal(&self) -> bool {
        let begins = |token: &Token| PERSONAL.iter().any(|prefix| token.0.starts_with(prefix));
        self.token.as_ref().is_some_and(begins)
    }

    /// Reads, as often as it takes.
    pub fn get(&self, path: &str) -> Answer {
        self.http.ask(&self.request("GET", self.url(path), JSON))
    }

    /// Reads, once: for what nothing depends on, so that its silence says nothing about the server.
    pub fn try_get(&self, path: &str) -> Answer {
        self.http.send(&self.request("GET", self.url(path), JSON))
    }

    /// Changes something, once.
    pub fn send(&self, method: &'static str, path: &str, content: Option<&impl Serialize>) -> Answer {
        let body = content.map(serde_json::to_vec).transpose().map_err(|error| error.to_string())?;
        let mut request = self.request(method, self.url(path), JSON);
        request.headers.push(("content-type", "application/json".to_owned()));
        self.http.send(&Request { body: body.as_deref(), ..request })
    }

    /// Sends a file, once, to where the API says.
    pub fn upload(&self, url: String, media_type: &str, data: &[u8]) -> Answer {
        if !is_private(&url) {
            return Err(format!("it names {} for uploads, which is not encrypted", name(&url)));
        }
        let mut request = self.request("POST", url, JSON);
        request.headers.push(("content-type", media_type.to_owned()));
        self.http.send(&Request { body: Some(data), ..request })
    }

    /// The content of an asset, wherever it lies; who has it gets no token.
    pub fn download(&self, path: &str) -> Answer {
        self.http.follow(self.request("GET", self.url(path), BYTES))
    }

    pub fn read<T: DeserializeOwned>(&self, what: &str, answer: &Answer) -> Result<T, Problem> {
        let Some(response) = answer.as_ref().ok().filter(|response| response.is_success()) else {
            return Err(self.problem(what, answer));
        };
        serde_json::from_slice(&response.body).map_err(|error| {
            let message = format!("cannot {what}: {} is not what GitHub answers: {error}", self.host());
            Problem::error(message).hint("is GITHUB_API_URL right?")
        })
    }

    /// Why something was not done.
    pub fn problem(&self, what: &str, answer: &Answer) -> Problem {
        let (repository, host, has_token) = (self.repository, host(&self.base), self.has_token());
        refusal::problem(Attempt { what, repository, host, has_token, now: environment::clock() }, answer)
    }

    /// The server, for messages and for pauses.
    pub fn host(&self) -> String {
        shown(host(&self.base))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/repos/{}{path}", self.base, self.repository)
    }

    fn request(&self, method: &'static str, url: String, accept: &str) -> Request<'static> {
        let mut headers = vec![("accept", accept.to_owned()), ("x-github-api-version", VERSION.to_owned())];
        headers.extend(self.token.as_ref().map(|token| ("authorization", format!("Bearer {}", token.0))));
        Request { method, url, headers, body: None }
    }
}
