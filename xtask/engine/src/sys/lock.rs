//! Runs of this program side by side, in a directory that each of them fills: one after the other.
//!
//! The system gives a lock back when its process ends, however it ends. Where a file system has no locks nobody waits.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::{files, terminal};
use crate::base::text::name;

/// A directory that other runs leave alone until this is dropped.
#[derive(Debug)]
pub struct Lock(Option<File>);

impl Lock {
    /// Takes a directory, once no other run has it. Where there is none, there is nothing to wait for.
    pub fn of(directory: &Path) -> Self {
        // What is no directory may be a pipe, whose other end would be waited for.
        let file = directory.is_dir().then(|| File::open(directory).ok()).flatten();
        if let Some(file) = &file
            && let Err(TryLockError::WouldBlock) = file.try_lock()
        {
            let shown = files::shown(directory);
            terminal::progress("Waiting", &format!("for another run, which uses {}", name(&shown)));
            let _ = file.lock();
        }
        Self(file)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            let _ = file.unlock();
        }
    }
}
