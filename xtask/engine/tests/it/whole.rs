//! A whole publish: one who releases, and the three targets, each of which can stop it at any request.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake;
use crate::github::Github;
use crate::registry_api::{self, OciRegistry};
use crate::release::chart;
use crate::remote::{Layout, Remote};
use crate::sandbox::{Ran, Sandbox, find};
use crate::server::{self, TOKEN};

pub struct Targets {
    pub remote: Remote,
    pub github: Github,
    pub registry: OciRegistry,
}

/// A source repository with the chart `web` and a documentation site.
pub fn source(version: &str) -> Sandbox {
    let mut sandbox = Sandbox::with_commit(&[
        (".gitignore", "/dist/\n/site/\n"),
        ("charts/web/Chart.yaml", &chart("web", version)),
        ("charts/web/values.yaml", "a: 1\n"),
        ("CHANGELOG.md", &changelog(version)),
        ("mkdocs.yml", "site_name: Pulltrace\n"),
        ("docs/index.md", "# Welcome\n\nNew words.\n"),
    ]);
    sandbox.git(&["tag", &format!("v{version}")]);
    sandbox.set("GITHUB_TOKEN", TOKEN);
    sandbox.unset("CARGO_NET_OFFLINE");
    // The index says when an entry was made.
    sandbox.set("SOURCE_DATE_EPOCH", "1704164645");
    sandbox
}

/// The next version in the same repository, with its tag.
pub fn bump(sandbox: &Sandbox, version: &str) {
    sandbox.write("charts/web/Chart.yaml", &chart("web", version));
    sandbox.write("CHANGELOG.md", &changelog(version));
    sandbox.commit(version);
    sandbox.git(&["tag", &format!("v{version}")]);
}

fn changelog(version: &str) -> String {
    format!("# Changelog\n\n## [{version}] - 2024-01-02\n\nWords.\n")
}

impl Targets {
    /// A branch with two charts, and nothing elsewhere.
    pub fn new() -> Self {
        Self::at(Remote::seeded())
    }

    /// The same with another layout.
    pub fn of(layout: Layout) -> Self {
        Self::at(Remote::seeded_as(layout))
    }

    /// Nothing anywhere.
    pub fn empty() -> Self {
        Self::at(Remote::empty())
    }

    fn at(remote: Remote) -> Self {
        let github = Github::new();
        // What GitHub's API knows of tags, git knows too.
        github.with(|api| api.releases.write_tags_to(remote.path()));
        Self { remote, github, registry: OciRegistry::new() }
    }

    /// `git push --tags`, which GitHub's API knows of.
    pub fn push_tags(&self, sandbox: &Sandbox) {
        let remote = self.remote.path().display().to_string();
        sandbox.git(&["push", "--quiet", "--force", &remote, "refs/tags/*:refs/tags/*"]);
        for tag in sandbox.git(&["tag", "--list"]).lines() {
            let commit = sandbox.git(&["rev-parse", &format!("{tag}^{{commit}}")]);
            let is_annotated = sandbox.git(&["cat-file", "-t", tag]) == "tag";
            self.github
                .with(|api| if is_annotated { api.annotate(tag, &commit) } else { api.tag(tag, &commit) });
        }
    }

    /// `cargo xtask release --publish` of what is at HEAD, with these further arguments.
    pub fn publish(&self, sandbox: &Sandbox, args: &[&str]) -> Ran {
        self.release(sandbox, &[&["--publish"], args].concat())
    }

    /// `cargo xtask release` with these targets.
    pub fn release(&self, sandbox: &Sandbox, args: &[&str]) -> Ran {
        self.push_tags(sandbox);
        let mut command = self.command(sandbox, args);
        let output = command.output().expect("xtask");
        let left = std::fs::read_dir(sandbox.work().join("../tmp")).expect("tmp").count();
        assert_eq!(left, 0, "left in the temporary directory");
        sandbox.normal(&output)
    }

    pub fn command(&self, sandbox: &Sandbox, args: &[&str]) -> Command {
        let mut command = self.remote.layout.command(sandbox);
        command.env("GITHUB_API_URL", self.github.url());
        command.args(["release", "--remote", &self.remote.url, "--oci", &self.registry.url()]).args(args);
        command
    }

    pub fn state(&self) -> Value {
        let digests = |(file, entry): (String, crate::remote::Entry)| (file, json!(entry.digest));
        let mut files = self.remote.files();
        // The index says when it was made.
        files.remove(&self.remote.layout.index());
        // The page and the notes name the registry, which has another port each time.
        let here = |text: &str| text.replace(&self.registry.url(), "oci://REGISTRY");
        for page in ["charts/index.html", "charts.html"] {
            if files.contains_key(page) {
                files.insert(page.to_owned(), here(&self.remote.text(page)));
            }
        }
        let github = here(&self.github.state().to_string());
        let index = here(&self.remote.text(&self.remote.layout.index()));
        let lasting: Vec<&str> = index.lines().filter(|line| !line.starts_with("generated: ")).collect();
        json!({
            "oci": self.registry.state(),
            "pages": {
                "commits": self.remote.commits(),
                "files": files,
                "lines": lasting,
                "index": self.remote.entries().into_iter().map(digests).collect::<serde_json::Map<_, _>>(),
            },
            "github": serde_json::from_str::<Value>(&github).expect("JSON"),
        })
    }

    /// Nobody is told of a version that cannot be installed, and what is there is whole.
    #[track_caller]
    pub fn assert_in_order(&self) {
        self.remote.assert_whole();
        let state = self.state();
        let releases = state["github"]["releases"].as_array().expect("releases");
        if self.remote.layout.in_releases {
            for (file, entry) in
                self.remote.entries().iter().filter(|(file, _)| !file.ends_with("-0.1.0.tgz"))
            {
                let published = releases.iter().filter(|release| release["draft"] == false);
                let mut assets = published.flat_map(|release| release["assets"].as_array().expect("assets"));
                let digest = format!("sha256:{}", entry.digest);
                let is_it =
                    |asset: &Value| asset["name"] == file.as_str() && asset["digest"] == digest.as_str();
                assert!(assets.any(is_it), "an entry without its asset: {file}: {state:#}");
            }
        }
        for release in releases.iter().filter(|_| !self.remote.layout.in_releases) {
            let version = release["tag_name"].as_str().expect("a tag").trim_start_matches('v').to_owned();
            if release["draft"] == false {
                assert!(self.remote.entries().contains_key(&format!("web-{version}.tgz")), "{state:#}");
            }
        }
        for file in self.remote.entries().keys().filter(|file| !file.ends_with("-0.1.0.tgz")) {
            let version = file.trim_start_matches("web-").trim_end_matches(".tgz");
            assert!(state["oci"]["charts/web"]["tags"][version].is_string(), "{file}: {state:#}");
        }
    }

    /// Requests since the last call that may change something. To begin an upload, or to cancel it, changes nothing.
    pub fn writes(&self) -> Vec<String> {
        let is_look = |line: &str| line.starts_with("GET ") || line.starts_with("HEAD ");
        let is_write = |line: &String| !is_look(line) && !registry_api::changes_nothing(line);
        let git = self.remote.server.calls().into_iter().map(|request| request.line);
        let git = git.filter(|line| line.contains(server::PUSH));
        let [oci, github] = [self.registry.calls(), self.github.calls()]
            .map(|calls| calls.into_iter().map(|call| call.line).filter(is_write));
        oci.chain(git).chain(github).collect()
    }

    /// Runs a publish that is killed, with all that it started, when the n-th request comes, from 1. Returns whether so many
    /// came, and how many came.
    pub fn kill_at(&self, sandbox: &Sandbox, args: &[&str], n: usize) -> (bool, usize) {
        self.push_tags(sandbox);
        self.kill_program_at(n, || self.spawn(sandbox, args))
    }

    /// The same for a program in a process group of its own.
    pub fn kill_program_at(&self, n: usize, spawn: impl FnOnce() -> Child) -> (bool, usize) {
        let killer = Arc::new(Killer::default());
        let gate = killer.clone();
        self.gate(move || gate.opens(n));
        let mut child = spawn();
        killer.aim(child.id());
        let status = child.wait().expect("an end");
        self.heal();
        (status.code().is_none(), killer.count.load(Ordering::SeqCst))
    }

    /// A publish in a process group of its own, which may leave something in HOME.
    pub fn spawn(&self, sandbox: &Sandbox, args: &[&str]) -> Child {
        let mut command = self.command(sandbox, &[&["--publish"], args].concat());
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.env("TMPDIR", sandbox.work().join("../home"));
        command.spawn().expect("xtask")
    }

    /// Each request takes a while from now on, as it does on a network: no part of a publish is over in no time.
    pub fn slow_down(&self) {
        self.gate(|| {
            thread::sleep(Duration::from_millis(20));
            true
        });
    }

    fn gate(&self, opens: impl Fn() -> bool + Clone + Send + Sync + 'static) {
        self.remote.server.fail(server::Fault::Gate(Arc::new(opens.clone())), server::ANY, usize::MAX);
        self.github.fail(fake::Fault::Gate(Arc::new(opens.clone())), "", usize::MAX);
        self.registry.fail(fake::Fault::Gate(Arc::new(opens)), "", usize::MAX);
    }

    pub fn heal(&self) {
        self.remote.server.heal();
        let _ = (self.github.heal(), self.registry.heal());
    }
}

/// Counts requests, and ends a process group at one of them.
#[derive(Default)]
struct Killer {
    count: AtomicUsize,
    target: Mutex<Option<u32>>,
    aimed: Condvar,
}

impl Killer {
    fn aim(&self, process: u32) {
        *self.target.lock().expect("a lock") = Some(process);
        self.aimed.notify_all();
    }

    /// Whether this request comes before the last.
    fn opens(&self, n: usize) -> bool {
        let place = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if place == n {
            let target = self.target.lock().expect("a lock");
            let target = self.aimed.wait_while(target, |target| target.is_none()).expect("a lock");
            kill(target.expect("a process"));
        }
        place < n
    }
}

/// Does something for each number from 1 to `count`, several at a time: most of it is waiting.
pub fn each(count: usize, act: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(1);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::SeqCst));
                numbers.take_while(|n| *n <= count).for_each(&act);
            });
        }
    });
}

/// `kill -9` of a process group.
pub fn kill(group: u32) {
    let kill = find("kill").expect("the tests need kill");
    let status = Command::new(kill).args(["-s", "KILL", "--", &format!("-{group}")]).status();
    assert!(status.expect("kill").success());
}

/// Two states must be equal; says where they are not, and the context.
#[track_caller]
pub fn assert_same(seen: &Value, expected: &Value, context: &str) {
    let [seen, expected] = [seen, expected].map(|state| format!("{state:#}"));
    let without = |text: &str, other: &str| {
        let other: Vec<&str> = other.lines().collect();
        text.lines().filter(|line| !other.contains(line)).collect::<Vec<_>>().join("\n")
    };
    assert!(
        seen == expected,
        "there is\n{}\nand there should be\n{}\n{context}",
        without(&seen, &expected),
        without(&expected, &seen)
    );
}
