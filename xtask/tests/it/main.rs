//! The whole program, as its users run it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that fails panics"
)]

mod agreement;
mod browser;
mod cases;
mod chart;
mod commit;
mod docs;
mod http;
mod index;
mod index_property;
mod package;
mod pages_content;
mod pages_faults;
mod pages_first;
mod pages_foreign;
mod pages_hostile;
mod pages_local;
mod pages_options;
mod pages_preview;
mod pages_race;
mod pages_secrets;
mod plain;
mod property;
mod readers;
mod release;
mod remote;
mod safety;
mod sandbox;
mod server;
mod tidy;
