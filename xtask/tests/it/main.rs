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
mod index;
mod index_property;
mod package;
mod plain;
mod property;
mod readers;
mod release;
mod safety;
mod sandbox;
mod tidy;
