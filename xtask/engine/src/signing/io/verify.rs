//! Checks signatures with gpg and cosign. Neither changes anything of the user's.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::base::limits::MAX_HELM_FILE;
use crate::base::oci_reference::Reference;
use crate::base::problem::Problem;
use crate::base::text::shown;
use crate::signing::read::{Signature, expiry, status};
use crate::sys::scratch::Scratch;
use crate::sys::{environment, files, process, secrets};

/// gpg with a keyring.
#[derive(Debug)]
pub struct Gpg {
    /// Where its own files go, unless the keyring is the user's.
    home: Option<Scratch>,
    /// A keybox, which gpg opens and does not import.
    keybox: Option<PathBuf>,
    limit: Duration,
}

/// What cosign found.
#[derive(Debug, PartialEq, Eq)]
pub enum Cosigned {
    Good,
    /// Its words.
    Bad(String),
    /// Why it could not tell.
    Unknown(String),
}

/// The longest part of cosign's words that is repeated, in characters.
const MAX_WORDS: usize = 300;

impl Gpg {
    /// gpg with the keys of a file, binary or armoured, or a keybox; else with the user's keyring. `None` where gpg is not
    /// installed.
    pub fn new(keyring: Option<&Path>, limit: Duration) -> Result<Option<Self>> {
        let Some(keyring) = keyring else {
            let gpg = Self { home: None, keybox: None, limit };
            return Ok(environment::is_in_path("gpg").then_some(gpg));
        };
        let cannot =
            |why: String| Problem::usage(format!("cannot read the keyring {}: {why}", keyring.display()));
        let hint = "name a file of public keys: gpg --export KEY > FILE";
        let path = files::absolute(keyring).map_err(|error| cannot(format!("{error:#}")).hint(hint))?;
        let keys =
            files::read_up_to(&path, MAX_HELM_FILE).map_err(|error| cannot(error.to_string()).hint(hint))?;
        if !environment::is_in_path("gpg") {
            return Ok(None);
        }
        let is_keybox = keys.get(8..12) == Some(b"KBXf");
        let gpg = Self { home: Some(Scratch::directory()?), keybox: is_keybox.then_some(path), limit };
        if !is_keybox {
            // A secret key in it is not imported, and makes gpg say that it failed.
            if !gpg.run(&["--import"], keys)?.contains("[GNUPG:] IMPORT_OK") {
                return Err(cannot("gpg finds no public key in it".to_owned()).hint(hint).into());
            }
        }
        Ok(Some(gpg))
    }

    /// Checks the signature of a clear-signed message.
    pub fn verify(&self, message: &[u8]) -> Result<Signature> {
        let mut found = status(&self.run(&["--verify"], message.to_vec())?);
        if let Some(signer) = found.signer_mut() {
            let list = ["--with-colons", "--list-keys", &signer.fingerprint];
            signer.expires = expiry(&self.run(&list, Vec::new())?);
        }
        Ok(found)
    }

    /// What it prints, status lines among it.
    fn run(&self, arguments: &[&str], input: Vec<u8>) -> Result<String> {
        let mut gpg = Command::new("gpg");
        secrets::withhold(&mut gpg);
        gpg.env("LC_ALL", "C");
        gpg.args([
            "--batch",
            "--no-tty",
            "--no-autostart",
            "--no-auto-key-retrieve",
            "--trust-model",
            "always",
        ]);
        gpg.args(["--status-fd", "1"]);
        if let Some(home) = &self.home {
            gpg.arg("--homedir").arg(home.path()).arg("--no-options");
        }
        if let Some(keybox) = &self.keybox {
            gpg.arg("--no-default-keyring").arg("--keyring").arg(keybox);
        }
        gpg.args(arguments);
        let output = process::run(gpg, input, Instant::now() + self.limit).context("cannot run gpg")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Lets cosign check the signature of what a registry has by this digest. `options` say by whom it has to be. `None` where
/// cosign is not installed.
pub fn cosign(
    at: &Reference,
    digest: &str,
    options: &[&str],
    is_plain: bool,
    limit: Duration,
) -> Option<Cosigned> {
    let in_path = || environment::is_in_path("cosign").then(|| "cosign".into());
    let mut cosign = Command::new(environment::cosign_binary().or_else(in_path)?);
    secrets::withhold(&mut cosign);
    cosign.args(["verify", "--output", "text"]).args(options);
    if is_plain {
        cosign.arg("--allow-http-registry");
    }
    cosign.arg(format!("{}/{}@{digest}", at.host, at.repository));
    Some(match process::run(cosign, Vec::new(), Instant::now() + limit) {
        Err(error) => Cosigned::Unknown(error.to_string()),
        Ok(output) if output.status.success() => Cosigned::Good,
        Ok(output) => judged(output.status.code(), &output.stderr),
    })
}

/// Whether a failure of cosign is about the signature: by its exit status (sigstore/cosign, `doc/cosign_verify`, "exit
/// codes" 10 to 13) or its words. Everything else, such as a registry that does not answer, says nothing of it.
fn judged(code: Option<i32>, said: &str) -> Cosigned {
    let mut lines =
        said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("WARNING"));
    let words: String = shown(lines.next_back().unwrap_or_default()).chars().take(MAX_WORDS).collect();
    let signs = [
        "no matching signatures",
        "invalid signature",
        "no signatures found",
        "none of the expected identities",
    ];
    let is_bad = matches!(code, Some(10..=13)) || signs.iter().any(|sign| said.contains(sign));
    if is_bad { Cosigned::Bad(words) } else { Cosigned::Unknown(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cosign_says() {
        for (code, said, is_bad) in [
            (
                12,
                "Error: no matching signatures: invalid signature when validating ASN.1 encoded signature\n",
                true,
            ),
            (1, "main.go:69: error during command execution: no matching signatures\n", true),
            (10, "Error: no signatures found\n", true),
            (1, "Error: GET http://127.0.0.1:1/v2/: connect: connection refused\n", false),
            (1, "", false),
        ] {
            assert_eq!(matches!(judged(Some(code), said), Cosigned::Bad(_)), is_bad, "{said}");
        }
    }
}
