//! Decisions: what is there -> what to do, as data. No I/O.

pub mod chart_page;
pub mod check;
pub mod ci;
pub mod compare;
pub mod docs;
pub mod github;
pub mod index;
pub mod lint;
pub mod package;
pub mod pages;
pub mod preflight;
pub mod publish;
pub mod refusal;
pub mod registry;
pub mod release;
pub mod run;
pub mod same;
