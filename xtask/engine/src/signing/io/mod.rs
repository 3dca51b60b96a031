//! The programs that sign and check signatures.

pub mod gpg;
pub mod verify;
