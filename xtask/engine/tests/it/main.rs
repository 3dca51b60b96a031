//! The whole program, as its users run it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that fails panics"
)]

mod agreement;
mod browser;
mod cases;
mod chart;
mod chart_places;
mod charts_server;
mod check;
mod check_charts;
mod check_docs;
mod check_lint;
mod check_workflows;
mod ci;
mod commit;
mod config;
mod consumers;
mod cosign;
mod day_two;
mod dependency;
mod dependency_local;
mod dependency_odd;
mod dependency_registry;
mod dependency_release;
mod docs;
mod docs_builder;
mod fake;
mod github;
mod github_habits;
mod index;
mod index_property;
mod init;
mod init_odd;
mod kills;
mod layouts;
mod layouts_pages;
mod layouts_repair;
mod life;
mod merges;
mod merges_odd;
mod merges_refused;
mod network;
mod package;
mod pages_content;
mod pages_faults;
mod pages_first;
mod pages_foreign;
mod pages_hostile;
mod pages_local;
mod pages_options;
mod pages_ownership;
mod pages_preview;
mod pages_race;
mod pages_secrets;
mod plain;
mod preflight;
mod prepare;
mod programs;
mod property;
mod proxy;
mod publish_actions;
mod publish_faults;
mod publish_github;
mod publish_github_faults;
mod publish_github_words;
mod publish_jobs;
mod publish_resume;
mod publish_secrets;
mod readers;
mod registry;
mod registry_api;
mod registry_habits;
mod registry_helm;
mod registry_server;
mod rehearsal;
mod release;
mod remote;
mod rooms;
mod safety;
mod sandbox;
mod server;
mod side_by_side;
mod signing;
mod signing_stopped;
mod status;
mod strange_files;
mod tags;
mod temporary;
mod tidy;
mod tokens;
mod verdicts;
mod verify;
mod verify_elsewhere;
mod whole;
mod wire;
mod yank;
