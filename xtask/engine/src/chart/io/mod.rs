//! Charts on disk, and the helm program.

pub mod cache;
pub mod charts;
pub mod directory;
pub mod helm;
pub mod local;
pub mod overlay;
pub mod vendored;
