//! Stands in for the transport where the feature `network` is off.

use std::time::Instant;

use anyhow::Result;

use super::http::{Request, Silence};
use crate::base::http::Response;
use crate::base::problem::Problem;

#[derive(Debug)]
pub enum Transport {}

impl Transport {
    pub fn new() -> Result<Self> {
        let problem = Problem::error("this xtask was compiled without its feature `network`");
        Err(problem.hint("leave out `--no-default-features`").into())
    }

    /// Never called, since there is no transport.
    pub fn send(&self, _: &Request<'_>, _: Instant) -> Result<Response, Silence> {
        match *self {}
    }
}
