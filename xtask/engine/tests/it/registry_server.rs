//! Debian's `docker-registry` on this machine, with a password or without.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;

use crate::fake::request;
use crate::proxy::forward;
use crate::sandbox::{self, Sandbox};

/// Who may use a registry that wants a password.
pub const USER: &str = "owner";
pub const PASSWORD: &str = "s3cr:et+0123456789";
/// The two of them as `Authorization` carries them.
pub const BASIC: &str = "Basic b3duZXI6czNjcjpldCswMTIzNDU2Nzg5";
/// And as the registry keeps them, by `htpasswd -Bbn USER PASSWORD`.
const USERS: &str = "owner:$2y$05$gYJwmjSkT2ZMZC.qBjkcIe73YDoNQnkTGk1Iq4QXHCTxl8bTcj4Xa\n";

/// A registry with a directory of its own.
pub struct RegistryServer {
    /// `127.0.0.1:PORT`.
    pub host: String,
    child: Child,
    _sandbox: Sandbox,
}

impl RegistryServer {
    /// Open to everybody; `None` where the test is passed over.
    pub fn open(test: &str) -> Option<Self> {
        Some(Self::start(&sandbox::tool(test, "DOCKER_REGISTRY")?, ""))
    }

    /// For [`USER`] alone.
    pub fn with_password(test: &str) -> Option<Self> {
        Some(Self::start(&sandbox::tool(test, "DOCKER_REGISTRY")?, USERS))
    }

    fn start(program: &Path, users: &str) -> Self {
        let sandbox = Sandbox::new();
        let root = sandbox.work().display().to_string();
        let auth = if users.is_empty() {
            String::new()
        } else {
            sandbox.write("users", users);
            format!("auth: {{htpasswd: {{realm: test, path: {root}/users}}}}\n")
        };
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {root}/data}}}}\n\
             http: {{addr: \"127.0.0.1:0\"}}\n{auth}"
        );
        sandbox.write("config.yml", &config);
        let mut command = sandbox.command(program);
        command.arg("serve").arg("config.yml").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a registry");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("listening on")).expect("a registry that listens");
        let after = line.split("listening on ").nth(1).expect("an address");
        let host = after.split(['"', ' ']).next().expect("an address").to_owned();
        // A full pipe would stop it.
        thread::spawn(move || lines.for_each(drop));
        Self { host, child, _sandbox: sandbox }
    }
}

impl Drop for RegistryServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a tag names, without any of our own clients.
pub fn digest(host: &str, repository: &str, tag: &str) -> Option<String> {
    let headers = [("accept", "application/vnd.oci.image.manifest.v1+json"), ("authorization", BASIC)];
    let asked = request(&format!("HEAD /v2/{repository}/manifests/{tag}"), &headers, b"");
    let mut headers = forward(&asked, host).expect("an answer").headers.into_iter();
    headers.find(|(name, _)| name == "Docker-Content-Digest").map(|(_, value)| value)
}
