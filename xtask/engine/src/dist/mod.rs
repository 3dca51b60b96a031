//! What `cargo xtask release` leaves in `dist/`, which other jobs publish.

pub mod io;
pub mod manifest;
