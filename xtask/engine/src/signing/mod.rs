//! Signatures of charts: Helm's provenance files, made and checked by gpg, and those of cosign in a registry.

pub mod cosign;
pub mod io;
pub mod keys;
pub mod provenance;
pub mod read;
