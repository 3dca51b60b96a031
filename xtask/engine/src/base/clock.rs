//! The clock of this machine, held against that of a server.

use super::problem::Problem;

/// How many seconds a clock may be off.
const TOLERANCE: u64 = 300;

/// Two clocks at one moment, in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    pub host: String,
    pub theirs: u64,
    pub ours: u64,
}

impl Clock {
    /// Times in the index and in commits are for ever, and with a wrong clock certificates and tokens fail in odd ways.
    pub fn problem(&self) -> Option<Problem> {
        let Self { host, theirs, ours } = self;
        let off = theirs.abs_diff(*ours);
        let how = if ours < theirs { "slow" } else { "fast" };
        let message = format!("the clock of this machine is {} min {how}, by that of {host}", off / 60);
        let hint = if cfg!(windows) {
            "type: w32tm /resync"
        } else if cfg!(target_os = "macos") {
            "type: sudo sntp -sS time.apple.com"
        } else {
            "type: sudo timedatectl set-ntp true"
        };
        (off > TOLERANCE).then(|| Problem::error(message).hint(hint))
    }
}
