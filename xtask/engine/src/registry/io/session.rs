//! What is asked of a registry about one repository. A redirect to another place gets no credentials.

use super::{Registry, Who, credentials};
use crate::base::host::{self, is_docker_hub, is_loopback};
use crate::base::http::Response;
use crate::base::oci_reference::Reference;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::url::{self, is_https, origin};
use crate::registry::refusal::{self, Asked, Wish};
use crate::sys::environment;
use crate::sys::http::{Http, MAX_REDIRECTS, Request};

/// A conversation about one repository.
#[derive(Clone, Copy)]
pub(super) struct Session<'a> {
    pub registry: &'a Registry<'a>,
    pub at: &'a Reference,
    pub wish: Wish,
    pub who: Who,
}

/// Why there is no answer.
pub(super) enum Failure {
    Silent(String),
    /// What the token server at a URL answered instead, or why it did not.
    Token(String, Result<Response, String>),
    /// Something else.
    Problem(Problem),
}

impl Session<'_> {
    /// The URL of something of the repository, such as `blobs/DIGEST`.
    pub fn url(&self, path: &str) -> String {
        format!("{}/v2/{}/{path}", self.base(), self.at.repository)
    }

    /// Asks, and follows where the answer points to; for what changes nothing.
    pub fn look(&self, method: &'static str, path: &str, accept: &str) -> Result<Response, Failure> {
        self.look_with(method, path, &[("accept", accept.to_owned())])
    }

    pub fn look_with(
        &self,
        method: &'static str,
        path: &str,
        headers: &[(&'static str, String)],
    ) -> Result<Response, Failure> {
        let mut url = self.url(path);
        for _ in 0..MAX_REDIRECTS {
            let answer =
                self.ask(Request { method, url: url.clone(), headers: headers.to_vec(), body: None })?;
            match answer.header("location").filter(|_| (300..400).contains(&answer.status)) {
                Some(location) => url = self.next(&url, location)?,
                None => return Ok(answer),
            }
        }
        Err(Failure::Silent("it redirects without an end".to_owned()))
    }

    /// Asks until there is an answer that lasts; for what may be repeated.
    pub fn ask(&self, request: Request<'_>) -> Result<Response, Failure> {
        self.with_authorization(request, Http::ask)
    }

    pub fn send(&self, request: Request<'_>) -> Result<Response, Failure> {
        self.with_authorization(request, Http::send)
    }

    /// Where an answer points to, from the URL that was asked.
    pub fn next(&self, url: &str, location: &str) -> Result<String, Failure> {
        let next = url::location(url, location);
        let is_safe = is_https(&next) || self.registry.plain_http || is_loopback(host::host(&next));
        if !is_safe {
            let cause = format!("{} points to {}, which is not https", self.at.host, name(&next));
            return Err(Failure::Problem(
                Problem::error(cause).hint("mend the registry, or the proxy before it"),
            ));
        }
        Ok(next)
    }

    pub fn failed(&self, failure: Failure) -> Problem {
        match failure {
            Failure::Silent(why) => self.problem(|asked| refusal::silent(asked, &why)),
            Failure::Token(realm, answer) => self.problem(|asked| {
                let asked = Asked { token_server: Some(&realm), ..asked };
                match &answer {
                    Ok(answer) => refusal::refused(asked, answer, environment::clock()),
                    Err(why) => refusal::silent(asked, why),
                }
            }),
            Failure::Problem(problem) => problem,
        }
    }

    pub fn refused(&self, answer: &Response) -> Problem {
        self.problem(|asked| refusal::refused(asked, answer, environment::clock()))
    }

    fn problem(&self, of: impl FnOnce(Asked<'_>) -> Problem) -> Problem {
        let source = self.registry.source(&self.at.host).filter(|_| self.who == Who::Owner);
        of(Asked {
            at: self.at,
            wish: self.wish,
            token_server: None,
            credentials: source.as_deref(),
            is_github: credentials::is_github(&self.at.host),
            in_workflow: environment::in_github_actions(),
        })
    }

    pub fn key(&self) -> String {
        let may_push = !self.wish.only_reads();
        format!("{}/{} {may_push} {:?}", self.at.host, self.at.repository, self.who)
    }

    /// Docker Hub answers elsewhere than its name says.
    pub fn base(&self) -> String {
        let host = if is_docker_hub(&self.at.host) { "registry-1.docker.io" } else { &self.at.host };
        let scheme = if self.registry.is_plain(host) { "http" } else { "https" };
        format!("{scheme}://{host}")
    }

    /// Asks with what opened the repository before; where that does not, with what the answer wants to see.
    fn with_authorization(
        &self,
        mut request: Request<'_>,
        ask: impl Fn(&Http, &Request<'_>) -> Result<Response, String>,
    ) -> Result<Response, Failure> {
        let is_elsewhere = origin(&request.url) != origin(&self.base());
        let known = self.registry.header(self).filter(|_| !is_elsewhere);
        request.headers.extend(known.map(|value| ("authorization", value)));
        let answer = ask(self.registry.http, &request).map_err(Failure::Silent)?;
        if answer.status != 401 || is_elsewhere {
            return Ok(answer);
        }
        let Some(header) = self.authorize(&answer)? else { return Ok(answer) };
        self.registry.remember(self, &header);
        request.headers.retain(|(name, _)| *name != "authorization");
        request.headers.push(("authorization", header));
        ask(self.registry.http, &request).map_err(Failure::Silent)
    }
}
