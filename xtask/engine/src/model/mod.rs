//! Formats: text and bytes to types and back. No I/O.

pub mod archive;
pub mod base64;
pub mod challenge;
pub mod changelog;
pub mod chart;
pub mod chart_testing;
pub mod config;
pub mod docker_config;
pub mod git;
pub mod github;
pub mod host;
pub mod html;
pub mod http;
pub mod ignore;
pub mod image;
pub mod index;
pub mod json;
pub mod manifest;
pub mod markdown;
pub mod mkdocs;
pub mod oci;
pub mod percent;
mod printable;
pub mod problem;
pub mod reference;
pub mod settings;
pub mod text;
pub mod time;
pub mod url;
pub mod version;
pub mod workflow;

pub use helm_xtask_formats::yaml;
