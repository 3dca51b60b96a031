//! The programs that sign and check signatures.

pub mod cosign;
pub mod gpg;
pub mod verify;
