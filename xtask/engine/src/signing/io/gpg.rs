//! Runs gpg: the user's own with its agent, or, where the environment has a secret key, one in a private directory that goes
//! away with it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, io};

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::problem::{Checked, Problem, Problems};
use crate::base::text::name;
use crate::signing::keys::{Key, judge};
use crate::signing::provenance;
use crate::sys::process::{self, Output};
use crate::sys::scratch::Scratch;
use crate::sys::{environment, secrets};

/// The longest path of a directory for gpg: a Unix socket in it has a path of at most 103 bytes (unix(7); macOS has the
/// least), of which gpg-agent needs 20 for `/S.gpg-agent.browser`.
const MAX_HOME: usize = 80;
/// How long ending an agent may take.
const MOMENT: Duration = Duration::from_secs(5);

/// A gpg with its keys.
#[derive(Debug)]
pub struct Gpg {
    /// The directory of the key from the environment; `None` for the user's own.
    home: Option<Scratch>,
    passphrase: Option<String>,
    /// How long each run may take, with a person who types a passphrase.
    limit: Duration,
}

impl Gpg {
    /// Takes the key from the environment, if that has one.
    pub fn open(limit: Duration) -> Result<Self, Problems> {
        let [key, passphrase] = environment::gpg_key();
        if let Some(passphrase) = &passphrase {
            secrets::remember(passphrase);
        }
        let mut gpg = Self { home: None, passphrase, limit };
        if let Some(key) = key {
            gpg.home = Some(home()?);
            gpg.import(&key)?;
        }
        Ok(gpg)
    }

    /// The key that signs, with what is wrong with it. `wanted` is a fingerprint or an address.
    pub fn key(&self, wanted: &str, time: u64) -> Result<Checked<Option<Key>>, Problem> {
        Ok(judge(&self.listing(wanted)?, wanted, time))
    }

    /// The secret keys that are called so; empty where there is none.
    pub fn listing(&self, wanted: &str) -> Result<String, Problem> {
        let exact = if wanted.contains('@') { format!("<{wanted}>") } else { wanted.to_owned() };
        let args =
            ["--with-colons", "--fixed-list-mode", "--with-fingerprint", "--list-secret-keys", "--", &exact];
        // It fails where there is no such key.
        Ok(String::from_utf8_lossy(&self.run(&args, Vec::new())?.stdout).into_owned())
    }

    /// Signs a text in the clear. `time` is in seconds since 1970; with it the same key gives the same bytes.
    pub fn sign(&self, key: &Key, text: &str, time: u64) -> Result<Vec<u8>, Problem> {
        let (time, by) = (format!("{}!", time.max(key.created)), format!("{}!", key.fingerprint));
        let mut args = vec!["--faked-system-time", &time, "--digest-algo", "SHA512", "--disable-signer-uid"];
        let mut input = Vec::new();
        if self.home.is_some() || self.passphrase.is_some() {
            // What is read from there first is the passphrase, up to the end of its line.
            args.extend(["--pinentry-mode", "loopback", "--passphrase-fd", "0"]);
            input.extend(self.passphrase.as_deref().unwrap_or_default().as_bytes());
            input.push(b'\n');
        }
        args.extend(["--local-user", &by, "--clear-sign"]);
        input.extend(text.as_bytes());
        let output = self.run(&args, input)?;
        if !output.status.success() {
            return Err(self.unsigned(&output.stderr, key));
        }
        let broken = |why| Problem::error(format!("gpg signs something else: {why}")).hint("shorten it");
        provenance::check(&output.stdout, text).map_err(broken)?;
        Ok(output.stdout)
    }

    /// The public key alone, without subkeys that do not sign, as Helm reads it from a file.
    pub fn public(&self, key: &Key) -> Result<Vec<u8>, Problem> {
        Ok(self.run(&["--export", &format!("{}!", key.fingerprint)], Vec::new())?.stdout)
    }

    /// Imports the secret key, which may be armoured, or all of it in base64.
    fn import(&self, key: &str) -> Result<(), Problem> {
        let bytes = if key.trim_start().starts_with("-----BEGIN ") {
            Ok(key.as_bytes().to_vec())
        } else {
            STANDARD.decode(key.split_whitespace().collect::<String>())
        };
        let bytes = bytes.map_err(|_| unreadable("it is neither an armoured key nor base64"))?;
        for text in [key, &String::from_utf8_lossy(&bytes)] {
            // Lines of it may be repeated alone; its first and its last are no secret.
            text.lines()
                .filter(|line| line.len() > 40 && !line.starts_with("-----"))
                .for_each(secrets::remember);
        }
        let imported = self.run(&["--import"], bytes)?;
        let counts = imported.stderr.lines().find_map(|line| line.strip_prefix("[GNUPG:] IMPORT_RES "));
        let counts: Vec<&str> = counts.unwrap_or_default().split(' ').collect();
        // The first counts the keys, the tenth the secret ones (GnuPG, `doc/DETAILS`, "IMPORT_RES").
        match (counts.first(), counts.get(9)) {
            (_, Some(&secret)) if secret != "0" => Ok(()),
            (Some(&keys), Some(_)) if keys != "0" => Err(unreadable("it is a public key")),
            _ => Err(unreadable("gpg finds no key in it")),
        }
    }

    /// Runs gpg with `input`, without the options of a configuration file: they would change what is signed.
    fn run(&self, args: &[&str], input: Vec<u8>) -> Result<Output, Problem> {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--no-options", "--status-fd", "2"]).args(args).env("LC_ALL", "C");
        secrets::withhold(&mut command);
        let deadline = Instant::now() + self.limit;
        let ran = match &self.home {
            Some(home) => {
                command.env("GNUPGHOME", home.path());
                process::run(command, input, deadline)
            }
            // Its agent may ask for a passphrase at the terminal.
            None => process::ask(command, input, deadline),
        };
        ran.map_err(|error| not_run(&error))
    }

    /// Why nothing is signed, from what gpg says.
    fn unsigned(&self, stderr: &str, key: &Key) -> Problem {
        let why = said(stderr).unwrap_or_else(|| "it does not say why".to_owned());
        let problem = Problem::error(format!("gpg does not sign with {}: {why}", name(&key.primary)));
        let is_own = self.home.is_none();
        problem.hint(if !why.contains("passphrase") && !is_own {
            "try the key by itself: gpg --import, then gpg --clear-sign FILE".to_owned()
        } else if self.passphrase.is_some() {
            "XTASK_GPG_PASSPHRASE is not the passphrase of this key: set it again".to_owned()
        } else if !is_own {
            "the key has a passphrase: set XTASK_GPG_PASSPHRASE".to_owned()
        } else {
            format!(
                "unlock the key first: export GPG_TTY=$(tty); echo | gpg --local-user {} --clear-sign",
                key.primary
            )
        })
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        if let Some(home) = &self.home {
            let mut command = Command::new("gpgconf");
            command.arg("--homedir").arg(home.path()).args(["--kill", "all"]);
            secrets::withhold(&mut command);
            let _ = process::run(command, Vec::new(), Instant::now() + MOMENT);
        }
    }
}

/// A private directory for a secret key: in memory where there is such a place, and with a short path.
fn home() -> Result<Scratch, Problems> {
    let places = [Some(PathBuf::from("/dev/shm")), environment::runtime_directory(), Some(env::temp_dir())];
    let is_short = |path: &Path| path.as_os_str().len() + "/.xtask-0123456789abcdef".len() <= MAX_HOME;
    let places = places.into_iter().flatten().chain([PathBuf::from("/tmp")]);
    let mut places = places.filter(|path| is_short(path) && path.is_dir());
    places.find_map(|path| Scratch::below(&path).ok()).map_or_else(Scratch::directory, Ok)
}

fn unreadable(why: &str) -> Problem {
    let problem = Problem::error(format!("cannot read the key in XTASK_GPG_KEY: {why}"));
    problem
        .hint("it is to hold what `gpg --armor --export-secret-keys FINGERPRINT` prints, or that in base64")
}

fn not_run(error: &io::Error) -> Problem {
    match error.kind() {
        ErrorKind::NotFound => Problem::error("`gpg` is not in PATH, and nothing else signs archives")
            .hint("install GnuPG 2, such as by apt-get install gnupg or brew install gnupg"),
        ErrorKind::TimedOut => Problem::error("gpg does not end, or nobody types the passphrase")
            .hint("run it again, and give it longer: --deadline SECONDS"),
        _ => Problem::error(format!("cannot run gpg: {error}")),
    }
}

/// The last words of gpg, without what it says of every run.
fn said(stderr: &str) -> Option<String> {
    let mut words = stderr.lines().filter_map(|line| line.strip_prefix("gpg: "));
    let last = words.rfind(|line| !line.starts_with("WARNING: "))?;
    Some(last.strip_prefix("[stdin]: clear-sign failed: ").unwrap_or(last).to_owned())
}
