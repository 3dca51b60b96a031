//! Temporary directories that go away: when they are dropped, and when the process is told to stop.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{env, fs, io, thread};

use crate::base::problem::{Problem, Problems};
use crate::base::text::name;

static PRESENT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

const PREFIX: &str = ".xtask-";

/// A directory that nobody else can look into. It is removed when this is dropped, whatever is in it by then.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes a new one below the system's directory for temporary files.
    pub fn directory() -> Result<Self, Problems> {
        Self::below(&env::temp_dir()).map_err(|error| no_room(&error.to_string()))
    }

    /// Makes a new one in a directory. Its name cannot be foreseen, and what is there already is never taken for it.
    pub fn below(directory: &Path) -> io::Result<Self> {
        // The standard library's source of random numbers is the seed of its hash maps.
        let unique = format!("{PREFIX}{:016x}", RandomState::new().hash_one(()));
        // Programs that write into it run in directories of their own.
        let path = std::path::absolute(directory)?.join(unique);
        let mut present = present();
        make_private(&path)?;
        present.push(path.clone());
        Ok(Self(path))
    }

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

/// Whether a path is that of a directory that a run left when it was killed.
pub fn is_left(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_prefix(PREFIX).is_some_and(|unique| unique.len() == 16)
}

/// Why there can be no temporary files.
pub fn no_room(cause: &str) -> Problems {
    let place = env::temp_dir();
    let message = format!("cannot write temporary files to {}: {cause}", name(&place.to_string_lossy()));
    Problem::error(message).hint("set TMPDIR to a directory that has room and may be written to").into()
}

fn present() -> MutexGuard<'static, Vec<PathBuf>> {
    PRESENT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(path: &Path) {
    // What a program started that was killed may write for a moment longer.
    for _ in 0..10 {
        match fs::remove_dir_all(path) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_private_and_goes() {
        let above = Scratch::directory().expect("a directory");
        let [one, two] = [(); 2].map(|()| Scratch::below(above.path()).expect("a directory"));
        assert_ne!(one.path(), two.path());
        assert!(one.path().is_absolute());
        fs::write(one.path().join("file"), "x").expect("a file");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let permissions = fs::metadata(one.path()).expect("a directory").permissions();
            assert_eq!(permissions.mode() & 0o777, 0o700);
        }
        drop((one, two));
        assert_eq!(fs::read_dir(above.path()).expect("a directory").count(), 0);
    }
}
