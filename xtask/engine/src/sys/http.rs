//! Requests to servers, with patience: what may pass is tried again, and a server that asks for a pause gets it.
//!
//! Redirects are answers like others, since whoever follows one has to decide who gets the credentials.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::transport::Transport;
use super::{backoff, environment, secrets, terminal};
use crate::base::host::{host, is_private};
use crate::base::http::Response;
use crate::base::url::location;

/// A client with a deadline for all that it does.
#[derive(Debug)]
pub struct Http {
    transport: Transport,
    limit: Duration,
    deadline: Cell<Instant>,
    max_tries: u32,
    /// Hosts, and single URLs, that did not answer however often they were asked, or never will, and why.
    silent: RefCell<BTreeMap<String, String>>,
    /// What the user was told last of a host that is waited for.
    told: RefCell<BTreeMap<String, String>>,
}

#[derive(Debug, Default)]
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only a transport reads all of it"))]
pub struct Request<'a> {
    /// Such as `GET`.
    pub method: &'static str,
    pub url: String,
    /// Without those that every request has.
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<&'a [u8]>,
}

/// Why there is no answer.
#[derive(Debug)]
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only a transport makes one"))]
pub struct Silence {
    pub why: String,
    /// What will be as silent when it is asked again: the whole host, this URL alone, or nothing that is known.
    pub of: Option<Scope>,
}

/// What does not answer, whoever asks and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only a transport makes one"))]
pub enum Scope {
    Host,
    Url,
}

/// How often something is tried where all depends on it, and where somebody only wants to know.
pub const PATIENT: u32 = 5;
pub const CURIOUS: u32 = 2;
/// How often a file may lie elsewhere.
pub const MAX_REDIRECTS: usize = 5;
/// The shortest and the longest of the longest pauses that nobody asked for.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const MAX_PAUSE: Duration = Duration::from_secs(8);

impl Http {
    /// A client that gives up after `limit`, and a request after so many tries without a reason that a server gives.
    pub fn new(limit: Duration, max_tries: u32) -> Result<Self> {
        let deadline = Cell::new(Instant::now() + limit);
        Ok(Self {
            transport: Transport::new()?,
            limit,
            deadline,
            max_tries,
            silent: RefCell::default(),
            told: RefCell::default(),
        })
    }

    pub fn deadline(&self) -> Instant {
        self.deadline.get()
    }

    /// Gives what follows all the time that there was at first: another server has used it up.
    pub fn extend_deadline(&self) {
        self.deadline.set(Instant::now() + self.limit);
    }

    /// Sends a request that may be repeated, until its answer is one that lasts. The error says why there is none.
    pub fn ask(&self, request: &Request<'_>) -> Result<Response, String> {
        let mut tries = 0;
        loop {
            let answer = self.send(request);
            tries += 1;
            if !self.should_repeat(tries, &answer, &request.url) {
                if let Err(why) = &answer {
                    self.silent.borrow_mut().insert(host(&request.url).to_owned(), why.clone());
                }
                return answer;
            }
        }
    }

    /// The same for a file, wherever it lies in the end; who has it there gets nothing but the question.
    pub fn follow(&self, mut request: Request<'_>) -> Result<Response, String> {
        for _ in 0..MAX_REDIRECTS {
            let response = self.ask(&request)?;
            let field = response.header("location").filter(|_| matches!(response.status, 301..=308));
            let Some(url) = field.map(|field| location(&request.url, field)) else { return Ok(response) };
            if !is_private(&url) {
                return Err("it names a place for the file that is not encrypted".to_owned());
            }
            request = Request { method: "GET", url, ..Request::default() };
        }
        Err("there are too many redirects".to_owned())
    }

    fn why_silent(&self, url: &str) -> Option<String> {
        let silent = self.silent.borrow();
        silent.get(host(url)).or_else(|| silent.get(url)).cloned()
    }

    /// Sends a request once: for what must not be done twice.
    pub fn send(&self, request: &Request<'_>) -> Result<Response, String> {
        if let Some(why) = self.why_silent(&request.url) {
            return Err(why);
        }
        let mut response = self.transport.send(request, self.deadline()).map_err(|Silence { why, of }| {
            let silent = of.map(|of| if of == Scope::Host { host(&request.url) } else { &request.url });
            self.silent.borrow_mut().extend(silent.map(|silent| (silent.to_owned(), why.clone())));
            why
        })?;
        if !response.is_success() {
            // What becomes part of a message: it may repeat what it was sent.
            response.body = secrets::scrub(&String::from_utf8_lossy(&response.body)).into_bytes();
        }
        Ok(response)
    }

    /// Whether to try again what ended like this, after the pause that this call makes.
    pub fn should_repeat(&self, tries: u32, answer: &Result<Response, String>, url: &str) -> bool {
        let asked = match answer {
            Ok(response) if !response.is_temporary() => return false,
            Err(_) if self.why_silent(url).is_some() => return false,
            Ok(response) => response.pause(environment::clock()).map(Duration::from_secs),
            Err(_) => None,
        };
        let pause = asked.unwrap_or_else(|| {
            let half = backoff::longest(FIRST_PAUSE, MAX_PAUSE, tries) / 2;
            half + backoff::random(half)
        });
        let left = self.deadline().saturating_duration_since(Instant::now());
        // A server may ask for longer than any clock goes.
        if tries >= self.max_tries || pause >= left {
            return false;
        }
        if pause >= Duration::from_secs(1) {
            let why =
                answer.as_ref().map_or_else(Clone::clone, |response| format!("it says {}", response.status));
            let (host, said) = (host(url).to_owned(), format!(": {why}"));
            let is_known = self.told.borrow_mut().insert(host.clone(), why.clone()) == Some(why);
            let why = if is_known { "" } else { &said };
            terminal::progress("Waiting", &format!("{} s for {host}{why}", pause.as_secs()));
        }
        thread::sleep(pause);
        true
    }
}
