//! Makes a release, and takes it to its targets.

mod cosign;
pub mod github;
pub mod make;
pub mod pages;
pub mod preflight;
pub mod publish;
pub mod rebuild;
pub mod registry;
pub mod release;
pub mod report;
pub mod sign;
mod summary;
pub mod survey;
pub mod tags;
pub mod unreleased;
