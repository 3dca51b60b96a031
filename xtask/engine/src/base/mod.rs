//! Formats: text and bytes to types and back. No I/O.

pub mod clock;
pub mod config;
pub mod constraint;
pub mod cosign;
pub mod digest;
pub mod helm_repository;
pub mod host;
pub mod html;
pub mod http;
pub mod json;
pub mod lfs;
pub mod limits;
pub mod oci_reference;
pub mod path;
mod printable;
pub mod problem;
pub mod proxy;
pub mod signing_key;
pub mod tag;
pub mod target;
pub mod text;
pub mod time;
pub mod url;
pub mod version;

pub use helm_xtask_formats::yaml;
