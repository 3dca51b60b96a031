//! The credentials of one registry for one program that we run: a configuration of Docker of its own, and a credential
//! helper that prints what is in its environment. They are in no file and no argument.

use std::path::PathBuf;
use std::process::Command;
use std::{fs, io, path::Path};

use anyhow::Result;
use serde_json::json;

use crate::registry::docker_config::{self, Credentials};
use crate::sys::environment;
use crate::sys::files::{self, NewFile};
use crate::sys::scratch::Scratch;

/// What a program is given to log in to a registry.
#[derive(Debug)]
pub struct Login {
    directory: PathBuf,
    answer: Option<String>,
    _scratch: Scratch,
}

/// The credential helper that the program is told to ask, and the variable that it prints.
const HELPER: &str = "xtask";
const ANSWER: &str = "XTASK_CREDENTIALS";
const SCRIPT: &str = "#!/bin/sh\nprintf '%s\\n' \"$XTASK_CREDENTIALS\"\n";

impl Login {
    /// For a registry, and nobody's own configuration besides.
    pub fn new(host: &str, credentials: Option<&Credentials>) -> Result<Self> {
        let scratch = Scratch::directory()?;
        let directory = files::absolute(scratch.path())?;
        let server = docker_config::server(host);
        let config = json!({ "credHelpers": credentials.map(|_| json!({ server: HELPER })) }).to_string();
        let program = format!("docker-credential-{HELPER}");
        let file = |name: &str, data| NewFile { name: name.to_owned(), data, mtime: 0 };
        let all = [file("config.json", config.as_bytes()), file(&program, SCRIPT.as_bytes())];
        files::write_all(&directory, &all, None)?;
        make_executable(&directory.join(program))?;
        let answer = credentials.map(|credentials| {
            let (username, secret) = match credentials {
                Credentials::Password { username, password } => (username.as_str(), password),
                Credentials::Identity(token) => ("<token>", token),
            };
            json!({ "ServerURL": server, "Username": username, "Secret": secret }).to_string()
        });
        Ok(Self { directory, answer, _scratch: scratch })
    }

    /// Gives a program what it needs. It must end before this is dropped.
    pub fn give(&self, command: &mut Command) -> Result<()> {
        let directory = &self.directory;
        command.env("PATH", environment::path_with(directory)?);
        command.env("HELM_REGISTRY_CONFIG", directory.join("config.json")).env("DOCKER_CONFIG", directory);
        command.envs(self.answer.iter().map(|answer| (ANSWER, answer)));
        Ok(())
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}
