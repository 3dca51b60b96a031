//! Looks at the places, tells what was found, and does what loses nothing.

pub mod contents;
pub mod fix;
pub mod look;
pub mod tell;
