//! Pauses before something is tried again: longer each time, and not the same for two that failed together.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// The longest pause after so many tries: `first` doubled each time, `most` at the most.
pub fn longest(first: Duration, most: Duration, tries: u32) -> Duration {
    most.min(first * 2_u32.saturating_pow(tries.min(16)))
}

/// A random time below another one, in whole milliseconds.
pub fn random(below: Duration) -> Duration {
    let range = u64::try_from(below.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(RandomState::new().build_hasher().finish() % range)
}
