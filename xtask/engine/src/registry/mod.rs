//! OCI registries: artifacts, credentials, and what a refusal means.

pub mod artifact;
pub mod challenge;
pub mod docker_config;
pub mod io;
mod known;
pub mod referrers;
pub mod refusal;
