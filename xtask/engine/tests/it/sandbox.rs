//! A directory of its own for each test, with nothing of this machine's configuration in it.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use crate::config;

/// A temporary directory with an environment to run programs in; it goes when it is dropped.
pub struct Sandbox {
    root: PathBuf,
    variables: Vec<(String, String)>,
}

/// Directories and files, which have content; all by relative paths, parents first.
pub struct Snapshot(Vec<(PathBuf, Option<Vec<u8>>, fs::Permissions)>);

/// What a program did: its exit status and what it printed, paths of the sandbox replaced by `$ROOT`.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    /// An empty directory. Programs find git and nothing else.
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        // A test that failed leaves its directory, and ids of processes come again.
        let root = loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let root = env::temp_dir().join(format!("xtask-test-{}-{count}", std::process::id()));
            match fs::create_dir(&root) {
                Ok(()) => break root,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => panic!("{}: {error}", root.display()),
            }
        };
        for directory in ["bin", "home", "tmp", "work"] {
            fs::create_dir_all(root.join(directory)).expect("a directory for temporary files");
        }
        let root = fs::canonicalize(root).expect("the sandbox");
        let mut sandbox = Self { root, variables: Vec::new() };
        sandbox.set("SOURCE_DATE_EPOCH", "1704164645");
        // Tests look at servers of their own, and never at those of the world.
        sandbox.set("CARGO_NET_OFFLINE", "true");
        sandbox.set("HTTPS_PROXY", "http://127.0.0.1:1");
        sandbox.link_program("git", &find("git").expect("the tests need git"));
        sandbox
    }

    /// A sandbox whose working directory is a git repository with one commit of `files`.
    pub fn with_commit(files: &[(&str, &str)]) -> Self {
        let mut sandbox = Self::new();
        sandbox.unset("SOURCE_DATE_EPOCH");
        for (path, text) in files {
            sandbox.write(path, text);
        }
        sandbox.git(&["init", "--quiet", "--initial-branch=main"]);
        sandbox.commit("first");
        sandbox
    }

    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    pub fn set(&mut self, variable: &str, value: impl Into<String>) {
        self.unset(variable);
        self.variables.push((variable.to_owned(), value.into()));
    }

    pub fn unset(&mut self, variable: &str) {
        self.variables.retain(|(name, _)| name != variable);
    }

    /// Puts a program into the sandbox's PATH.
    pub fn link_program(&self, name: &str, program: &Path) {
        std::os::unix::fs::symlink(program, self.root.join("bin").join(name)).expect("a link");
    }

    /// Writes an executable script into the sandbox's PATH, in place of what has its name there.
    pub fn script(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.root.join("bin").join(name);
        // What is there may be a link to a program of this machine.
        let _ = fs::remove_file(&path);
        fs::write(&path, text).expect("a script");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("an executable");
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    pub fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.work().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).expect("UTF-8")
    }

    /// Files below a directory, sorted, hidden ones too.
    pub fn files(&self, path: &str) -> Vec<String> {
        let directory = self.work().join(path);
        let walk = walkdir::WalkDir::new(&directory).sort_by_file_name().into_iter().filter_map(Result::ok);
        let files = walk.filter(|entry| !entry.file_type().is_dir());
        files
            .map(|entry| entry.path().strip_prefix(&directory).expect("below").display().to_string())
            .collect()
    }

    /// Every file of the sandbox, wherever it lies, by its path.
    pub fn texts(&self) -> impl Iterator<Item = (String, String)> {
        let files = walkdir::WalkDir::new(&self.root).into_iter().filter_map(Result::ok);
        files.filter(|entry| entry.file_type().is_file()).map(|entry| {
            let bytes = fs::read(entry.path()).expect("a file");
            (entry.path().display().to_string(), String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    /// Everything below a directory, to be written again elsewhere.
    pub fn snapshot(&self, path: &str) -> Snapshot {
        let directory = self.work().join(path);
        let walk = walkdir::WalkDir::new(&directory).into_iter().map(|entry| entry.expect("an entry"));
        let facts = |entry: walkdir::DirEntry| {
            let relative = entry.path().strip_prefix(&directory).expect("below").to_owned();
            let content = entry.file_type().is_file().then(|| fs::read(entry.path()).expect("a file"));
            (relative, content, entry.metadata().expect("metadata").permissions())
        };
        Snapshot(walk.map(facts).collect())
    }

    /// Writes a snapshot below a directory.
    pub fn restore(&self, path: &str, Snapshot(entries): &Snapshot) {
        for (relative, content, permissions) in entries {
            let path = self.work().join(path).join(relative);
            match content {
                Some(bytes) => fs::write(&path, bytes).expect("a file"),
                None => fs::create_dir_all(&path).expect("a directory"),
            }
            fs::set_permissions(&path, permissions.clone()).expect("permissions");
        }
    }

    /// `cargo xtask` with these arguments. It must leave nothing in the directory for temporary files.
    pub fn xtask(&self, args: &[&str]) -> Ran {
        self.leaving_nothing(Path::new(env!("CARGO_BIN_EXE_xtask")), args)
    }

    /// The same of a program with the config of this repository, but for the fields that the variables `CONFIG_…` of the
    /// sandbox replace. Its documentation is built natively.
    pub fn any_config(&self, args: &[&str]) -> Ran {
        let output = output(self.any_config_command().args(args)).expect("configured");
        self.left_nothing(self.normal(&output))
    }

    pub fn any_config_command(&self) -> Command {
        let mut command = self.command(config::program());
        let of_this = [("REPOSITORY", "d44b/pulltrace"), ("CONFIG_VERSIONS", "stamp")];
        let is_set = |name: &str| self.variables.iter().any(|(other, _)| other == name);
        command.envs(of_this.into_iter().filter(|(name, _)| !is_set(name)));
        command
    }

    /// A program that must leave nothing in the directory for temporary files.
    pub fn leaving_nothing(&self, program: &Path, args: &[&str]) -> Ran {
        self.left_nothing(self.run_in(&self.work(), program, args))
    }

    fn left_nothing(&self, ran: Ran) -> Ran {
        let left: Vec<_> = fs::read_dir(self.root.join("tmp")).expect("tmp").filter_map(Result::ok).collect();
        assert!(left.is_empty(), "left in the temporary directory: {left:?}");
        ran
    }

    pub fn run(&self, program: &Path, args: &[&str]) -> Ran {
        self.run_in(&self.work(), program, args)
    }

    pub fn run_in(&self, directory: &Path, program: &Path, args: &[&str]) -> Ran {
        let output = output(self.command(program).current_dir(directory).args(args));
        self.normal(&output.unwrap_or_else(|error| panic!("{}: {error}", program.display())))
    }

    /// A command with the sandbox's environment and nothing else.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.work()).env_clear().stdin(Stdio::null());
        command
            .env("PATH", self.root.join("bin"))
            .env("HOME", self.root.join("home"))
            .env("TMPDIR", self.root.join("tmp"));
        command.envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("GIT_CONFIG_NOSYSTEM", "1")]);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn git(&self, args: &[&str]) -> String {
        let who = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"]
            .map(|name| (name, "t@example.com"));
        let when = ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| (name, "1704164645 +0100"));
        let mut git = self.command(&self.root.join("bin/git"));
        let output = output(git.args(args).envs(who).envs(when)).expect("git");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }

    /// Commits everything, at a fixed time.
    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    /// What a program did, with `$ROOT` for the sandbox's directory.
    pub fn normal(&self, output: &Output) -> Ran {
        let root = self.root.display().to_string();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&root, "$ROOT");
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

impl Ran {
    /// The run must have ended with this status.
    #[track_caller]
    pub fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// Runs a program. One that was written a moment ago may still be open for writing in a child of another test.
fn output(command: &mut Command) -> std::io::Result<Output> {
    loop {
        match command.output() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            result => return result,
        }
    }
}

pub fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
}

/// A tool that a test needs and that not every machine has: the path in `variable`. Without it the test says so and is
/// passed over, or fails if `XTASK_REQUIRE_TOOLS=1`.
pub fn tool(test: &str, variable: &str) -> Option<PathBuf> {
    let path = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    if path.is_none() {
        assert!(
            env::var_os("XTASK_REQUIRE_TOOLS").is_none_or(|value| value != "1"),
            "{test} needs {variable}"
        );
        // Not `eprintln!`, which the test runner would swallow.
        let _ = writeln!(std::io::stderr(), "passed over: {test}, since {variable} names no program");
    }
    path
}

/// The Helms that judge, each with the variable that names it: the oldest and the newest of both majors that are tried. A new
/// one is a line here and `XTASK_RECORD=1 cargo test recorded`. Those that CI does not have come last, and may be missing.
pub const HELMS: [(&str, &str); 4] = [
    ("helm3", "HELM3"),
    ("helm4", "HELM4"),
    ("helm3-current", "HELM3_CURRENT"),
    ("helm4-current", "HELM4_CURRENT"),
];

/// The Helms that are there, by name.
pub fn helms(test: &str) -> Vec<(&'static str, PathBuf)> {
    let is_wanted = |variable: &str| !variable.ends_with("_CURRENT") || env::var_os(variable).is_some();
    let wanted = HELMS.into_iter().filter(|(_, variable)| is_wanted(variable));
    wanted.filter_map(|(name, variable)| Some((name, tool(test, variable)?))).collect()
}
