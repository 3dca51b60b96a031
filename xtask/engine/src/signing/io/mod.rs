//! The programs that sign and check signatures.

pub mod verify;
