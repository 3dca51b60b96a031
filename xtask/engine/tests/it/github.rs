//! A GitHub on this machine: one repository, `d44b/pulltrace`, and its releases. As GitHub Enterprise Server has it, the API
//! and uploads are on one host; the content of assets is on another one.

use std::sync::Mutex;

use helm_xtask::internals::rehearsal::http::{Answer, Request};
use serde_json::Value;

use crate::fake::{self, Fake, Service};
use crate::github_api::{API, Api};
use crate::github_form::refuse;
use crate::server::TOKEN;

pub type Github = Fake<Api>;
pub type Fault = fake::Fault<Api>;

impl Github {
    /// A public repository without tags or releases, which [`TOKEN`] may write to.
    pub fn new() -> Self {
        let github = Self::start(|_| Api::default());
        let [origin, storage] = github.origins.clone();
        github.with(|api| {
            (api.uploads, api.origin, api.storage) = (origin.clone(), origin, storage);
            api.token = TOKEN.into();
        });
        github
    }

    /// For `GITHUB_API_URL`.
    pub fn url(&self) -> String {
        self.origins[0].clone() + API
    }

    /// Uploads go to another host from now on, as on github.com.
    pub fn upload_elsewhere(&self) {
        self.with(|api| api.uploads = api.storage.clone());
    }

    /// All that lasts, without ids and times.
    pub fn state(&self) -> Value {
        self.with(|api| api.state())
    }
}

impl Service for Api {
    const KEEPS_CONNECTIONS: bool = true;

    fn answer(service: &Mutex<Self>, asked: &Request) -> Answer {
        fake::lock(service).answer(asked)
    }

    fn refuse(status: u16, message: &str) -> Answer {
        refuse(status, message)
    }

    fn break_off(&mut self, asked: &Request) {
        self.leave_starter(asked);
    }
}
