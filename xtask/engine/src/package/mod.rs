//! Chart directories to archives, one by one: `cargo xtask package`.

pub mod command;
