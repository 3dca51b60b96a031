//! Temporary files and directories that go away: when they are dropped, and when the process is told to stop.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use std::{fs, io};

static PRESENT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A path that is removed when this is dropped, whatever is there by then.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes a new file.
    pub fn file(path: PathBuf) -> io::Result<(Self, File)> {
        let mut present = present();
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        present.push(path.clone());
        Ok((Self(path), file))
    }

    /// Makes a new directory that only this user can read, below the system's directory for temporary files.
    pub fn directory() -> io::Result<Self> {
        let mut present = present();
        for attempt in 0..1000 {
            let path = std::env::temp_dir().join(format!("xtask-{}-{attempt}", std::process::id()));
            match make_private(&path) {
                Ok(()) => {
                    present.push(path.clone());
                    return Ok(Self(path));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    let place = std::env::temp_dir();
                    let message = format!("cannot make a directory in `{}`: {error}", place.display());
                    return Err(io::Error::new(error.kind(), message));
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut present = present();
        remove(&self.0);
        present.retain(|path| *path != self.0);
    }
}

fn present() -> MutexGuard<'static, Vec<PathBuf>> {
    PRESENT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(path: &Path) {
    // What a program started that was killed may write for a moment longer.
    for _ in 0..10 {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => thread::sleep(Duration::from_millis(20)),
            _ => return,
        }
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

/// From here on, being interrupted or terminated ends what we run and removes what is temporary first, and then ends the
/// process as the signal would have. What is temporary is made under the same lock, so that nothing new appears after that.
#[cfg(unix)]
pub fn remove_on_signals() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            super::process::end_all();
            let present = present();
            present.iter().for_each(|path| remove(path));
            // A program that was writing there ends with us, but not in the same moment.
            thread::sleep(Duration::from_millis(50));
            present.iter().for_each(|path| remove(path));
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
    Ok(())
}

/// Elsewhere the system's own handling has to do.
#[cfg(not(unix))]
pub fn remove_on_signals() -> io::Result<()> {
    Ok(())
}
