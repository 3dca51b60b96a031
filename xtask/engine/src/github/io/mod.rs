//! A GitHub Release, looked at and completed. What was done and what is left to do is read from GitHub alone, so that
//! a run which was cut off goes on where it was.

mod api;
mod change;
mod look;
mod perform;
pub mod published;
mod settings;
mod tags;
mod token;

use std::cell::RefCell;
use std::collections::BTreeMap;

use self::api::Api;
use self::perform::created;
use super::{Action, Seen, Wanted, check_tag, plan};
use crate::base::digest::Digest;
use crate::base::host::is_loopback;
use crate::base::http::Response;
use crate::base::problem::{Problem, Problems};
use crate::base::text::name;
use crate::sys::environment;
use crate::sys::http::Http;

/// The releases of a repository.
#[derive(Debug)]
pub struct Github<'a> {
    api: Api<'a>,
    /// By the asset's number, whose content never changes.
    digests: RefCell<BTreeMap<u64, Digest>>,
    /// Whether an asset holds the chart of the file of its name, by its number.
    same: RefCell<BTreeMap<u64, bool>>,
}

#[derive(Debug)]
pub struct Completed {
    pub done: Vec<Action>,
    pub url: String,
}

impl<'a> Github<'a> {
    pub fn new(http: &'a Http, repository: &'a str) -> Result<Self, Problem> {
        Ok(Self { api: Api::new(http, repository)?, digests: RefCell::default(), same: RefCell::default() })
    }

    /// The site that the API belongs to, such as `github.com`; `None` for one on this machine.
    pub fn site() -> Option<String> {
        token::web_host(&environment::github_api()).filter(|host| !is_loopback(host)).map(str::to_owned)
    }

    pub fn at(http: &'a Http, repository: &'a str, url: String, token: Option<String>) -> Self {
        Self {
            api: Api::at(http, repository, url, token),
            digests: RefCell::default(),
            same: RefCell::default(),
        }
    }

    pub fn has_token(&self) -> bool {
        self.api.has_token()
    }

    /// What is there. Reading a public repository needs no token, and shows no drafts.
    pub fn look(&self, wanted: &Wanted<'_>, writing: bool) -> Result<Seen, Problem> {
        if writing && !self.api.has_token() {
            return Err(self.no_token());
        }
        self.look_at(wanted, &[])
    }

    /// The error of a run that is to write without a token.
    pub fn no_token(&self) -> Problem {
        let message = format!("no token to publish a release of {} with", name(self.api.repository()));
        Problem::error(message).hint(
            "set GITHUB_TOKEN (in a workflow: `GITHUB_TOKEN: ${{ github.token }}`), or log in with `gh auth login`",
        )
    }

    /// Completes a release, whatever is there of it: the first step of the plan, then a look at what is there now,
    /// until nothing is left to do.
    ///
    /// `seen` is what a look has found before, which is not repeated.
    pub fn publish(&self, wanted: &Wanted<'_>, seen: Option<Seen>) -> Result<Completed, Problems> {
        let mut seen = seen.map_or_else(|| self.look(wanted, true), Ok)?;
        let (mut done, mut made, mut failures) = (Vec::new(), Vec::new(), 0);
        let mut tried = None;
        // Each asset is deleted and uploaded at most, unless somebody else is at work here, too.
        for _ in 0..4 * wanted.assets.len() + 16 {
            check_tag(wanted, &seen)?;
            let left = plan(wanted, &seen)?.actions;
            done.extend(tried.take().filter(|action| !left.contains(action)));
            let Some(action) = left.first() else {
                let url = seen.current().map(|release| release.html_url.clone()).unwrap_or_default();
                return Ok(Completed { done, url });
            };
            let answer = self.perform(action, wanted, &seen)?;
            if answer.as_ref().is_ok_and(Response::is_success) {
                failures = 0;
                made.extend(created(action, &answer));
            } else {
                failures += 1;
                self.pause(failures, action, &answer)?;
            }
            // The list is long, and between two assets nothing else can change what is done next.
            let is_between = action.is_of_asset() && left.get(1).is_some_and(Action::is_of_asset);
            seen =
                if is_between { self.look_at_release(wanted, seen)? } else { self.look_at(wanted, &made)? };
            // An answer that was lost may have been a good one.
            let may_be_done = answer.as_ref().map_or(true, Response::is_success);
            tried = may_be_done.then(|| action.clone());
        }
        Err(self.unsettled(wanted).into())
    }

    fn unsettled(&self, wanted: &Wanted<'_>) -> Problem {
        let repository = name(self.api.repository());
        let message = format!("release {} of {repository} changes while it is published", name(&wanted.tag));
        Problem::error(message).hint("does something else publish it, too? run it again when that is done")
    }
}
