//! Decisions: what is there -> what to do, as data. No I/O.

pub mod compare;
pub mod index;
pub mod package;
pub mod release;
