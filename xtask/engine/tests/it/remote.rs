//! A remote repository and those who publish to it: what its branch holds, what others do to it, whether it is whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use helm_xtask::internals::digest;
use serde_yaml::Value;

use crate::release::{chart, manifest};
use crate::sandbox::{Ran, Sandbox, Snapshot, find};
use crate::server::Server;

pub const BRANCH: &str = "refs/heads/gh-pages";
pub const INDEX: &str = "charts/index.yaml";
pub const RECORD: &str = ".helm-xtask.json";
/// What people see of the Helm repository.
pub const CHART_PAGE: &str = "charts/index.html";
/// Who and why, of a commit by somebody else.
pub const FOREIGN: &str = "committer f <f@example.com> 1704164645 +0000\ndata 7\nforeign\n";
/// Where the branch is served: the literal of `main.rs`.
const SERVED: &str = "https://d44b.github.io/pulltrace";
/// Where the archives of the past are, if not on the branch.
const RELEASED: &str = "https://github.com/d44b/pulltrace/releases/download";
/// What a branch begins with: a site with a page that no build makes any more, and what belongs to no build.
pub const SITE: [(&str, &str); 5] = [
    (".nojekyll", ""),
    ("CNAME", "charts.example.com\n"),
    ("index.html", "<title>old</title>\n"),
    ("stale/index.html", "<title>stale</title>\n"),
    ("assets/old.js", "old\n"),
];

/// A server with the repository `o/r.git`.
pub struct Remote {
    pub server: Server,
    pub url: String,
    pub layout: Layout,
}

/// Where a Helm repository lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The directory of the branch, with `/` at its end; empty for the root.
    pub directory: &'static str,
    /// Whether the archives are assets of GitHub Releases.
    pub in_releases: bool,
}

impl Layout {
    /// That of `main.rs`.
    pub const USUAL: Self = Self { directory: "charts/", in_releases: false };
    /// Those that other repositories have.
    pub const OTHERS: [Self; 2] =
        [Self { directory: "", in_releases: false }, Self { directory: "", in_releases: true }];

    pub fn index(self) -> String {
        format!("{}index.yaml", self.directory)
    }

    /// The program with this layout.
    pub fn command(self, sandbox: &Sandbox) -> Command {
        if self == Self::USUAL {
            return sandbox.command(Path::new(env!("CARGO_BIN_EXE_xtask")));
        }
        let mut command = sandbox.any_config_command();
        command.env("CONFIG_HELM_PATH", self.directory.trim_end_matches('/'));
        command.envs(self.in_releases.then_some(("CONFIG_ARCHIVES", "releases")));
        command
    }

    fn url(self, version: &str, file: &str) -> String {
        let Self { directory, in_releases } = self;
        if in_releases {
            format!("{RELEASED}/v{version}/{file}")
        } else {
            format!("{SERVED}/{directory}{file}")
        }
    }
}

/// An entry of the index, as far as these tests look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub digest: String,
    pub created: String,
}

/// A source repository with a documentation site and one chart, whose release is in `dist/`.
pub fn publisher(name: &str, version: &str) -> Sandbox {
    // What nearly every test has is made once.
    static USUAL: OnceLock<Snapshot> = OnceLock::new();
    if (name, version) != ("web", "1.0.0") {
        return released(name, version);
    }
    let mut sandbox = Sandbox::new();
    sandbox.unset("SOURCE_DATE_EPOCH");
    sandbox.restore("", USUAL.get_or_init(|| released(name, version).snapshot("")));
    sandbox
}

fn released(name: &str, version: &str) -> Sandbox {
    let sandbox = Sandbox::with_commit(&[
        (".gitignore", "/dist/\n/site/\n"),
        (&format!("charts/{name}/Chart.yaml"), &chart(name, version)),
        (&format!("charts/{name}/values.yaml"), "a: 1\n"),
        ("CHANGELOG.md", &changelog(version)),
        ("mkdocs.yml", "site_name: Pulltrace\n"),
        ("docs/index.md", "# Welcome\n\nNew words.\n"),
        ("docs/guide/start.md", "# Start\n\nMore words.\n"),
    ]);
    sandbox.xtask(&["release", "--tag", &format!("v{version}")]).ended(0);
    sandbox
}

/// Releases the next version in the same source repository.
pub fn bump(sandbox: &Sandbox, name: &str, version: &str) {
    sandbox.write(&format!("charts/{name}/Chart.yaml"), &chart(name, version));
    sandbox.write("CHANGELOG.md", &changelog(version));
    sandbox.commit(version);
    sandbox.xtask(&["release", "--tag", &format!("v{version}")]).ended(0);
}

fn changelog(version: &str) -> String {
    format!("# Changelog\n\n## [{version}] - 2024-01-02\n\nWords.\n")
}

impl Remote {
    pub fn empty() -> Self {
        static EMPTY: OnceLock<Snapshot> = OnceLock::new();
        Self::with(EMPTY.get_or_init(|| {
            let sandbox = Sandbox::new();
            sandbox.git(&["init", "--quiet", "--bare", "--initial-branch=main", "--template=", "."]);
            for (key, value) in [
                ("uploadpack.allowFilter", "true"),
                ("uploadpack.allowAnySHA1InWant", "true"),
                ("gc.auto", "0"),
                ("receive.autogc", "false"),
            ] {
                sandbox.git(&["config", key, value]);
            }
            sandbox.snapshot("")
        }))
    }

    /// Its branch has [`SITE`] and the charts `api` and `web`, all 0.1.0, with dates of the past.
    pub fn seeded() -> Self {
        static SEEDED: OnceLock<Snapshot> = OnceLock::new();
        Self::with(SEEDED.get_or_init(|| Self::seeded_as(Layout::USUAL).server.sandbox().snapshot("o/r.git")))
    }

    /// The same with another layout.
    pub fn seeded_as(layout: Layout) -> Self {
        let remote = Self { layout, ..Self::empty() };
        remote.seed();
        remote
    }

    fn with(repository: &Snapshot) -> Self {
        let server = Server::new();
        server.sandbox().restore("o/r.git", repository);
        Self { url: format!("{}/o/r.git", server.origin()), server, layout: Layout::USUAL }
    }

    /// What says that these files are those of the documentation.
    pub fn record(&self, files: &[(&str, &str)]) -> String {
        let line = |(path, text): &(&str, &str)| {
            self.server.sandbox().write("o/blob", text);
            format!("\"{path}\": \"100644 {}\"", self.git(&["hash-object", "../blob"]))
        };
        let lines: Vec<String> = files.iter().map(line).collect();
        format!("{{\"about\": \"\", \"files\": {{{}}}}}", lines.join(","))
    }

    fn seed(&self) {
        let mut files: Vec<(String, Vec<u8>)> =
            SITE.iter().map(|(path, text)| ((*path).to_owned(), (*text).into())).collect();
        let mut index = String::from("apiVersion: v1\nentries:\n");
        for name in ["api", "web"] {
            let sandbox = publisher(name, "0.1.0");
            let chart = &manifest(&sandbox).charts[0];
            let digest = chart.digest.hex();
            let _ = write!(
                index,
                "  {name}:\n  - apiVersion: v2\n    created: \"2020-01-02T03:04:05.678Z\"\n    digest: {digest}\n    \
                 name: {name}\n    urls:\n    - {}\n    version: 0.1.0\n",
                self.layout.url("0.1.0", &chart.archive)
            );
            let data = sandbox.read(&format!("dist/{}", chart.archive));
            if !self.layout.in_releases {
                files.push((format!("{}{}", self.layout.directory, chart.archive), data));
            }
        }
        files.push((RECORD.into(), self.record(&SITE[2..]).into_bytes()));
        files.push((self.layout.index(), (index + "generated: \"2020-01-02T03:04:05.678Z\"\n").into()));
        let files: Vec<_> = files.iter().map(|(path, data)| (path.as_str(), Some(data.as_slice()))).collect();
        self.write(BRANCH, None, &files);
    }

    /// Publishes from `sandbox` with these further arguments.
    pub fn publish(&self, sandbox: &Sandbox, args: &[&str]) -> Ran {
        sandbox.any_config(&[&["pages", "--publish", "--remote", &self.url], args].concat())
    }

    pub fn charts(&self, sandbox: &Sandbox) -> Ran {
        self.publish(sandbox, &["--only", "charts"])
    }

    pub fn docs(&self, sandbox: &Sandbox) -> Ran {
        self.publish(sandbox, &["--only", "docs"])
    }

    pub fn git(&self, args: &[&str]) -> String {
        self.server.sandbox().git(&[&["-C", "o/r.git"], args].concat())
    }

    pub fn path(&self) -> PathBuf {
        self.server.sandbox().work().join("o/r.git")
    }

    /// The commit of the branch; empty where there is no branch.
    pub fn tip(&self) -> String {
        self.git(&["for-each-ref", "--format=%(objectname)", BRANCH])
    }

    pub fn commits(&self) -> usize {
        if self.tip().is_empty() {
            return 0;
        }
        self.git(&["rev-list", "--count", BRANCH]).parse().expect("a number")
    }

    /// Files of the branch with their object ids.
    pub fn files(&self) -> BTreeMap<String, String> {
        self.files_of(BRANCH)
    }

    fn files_of(&self, commit: &str) -> BTreeMap<String, String> {
        let listed = self.git(&["ls-tree", "-r", "-z", commit]);
        let lines = listed.split('\0').filter_map(|line| line.split_once('\t'));
        lines.map(|(facts, path)| (path.to_owned(), facts[12..].to_owned())).collect()
    }

    pub fn read(&self, path: &str) -> Vec<u8> {
        self.read_of(BRANCH, path)
    }

    fn read_of(&self, commit: &str, path: &str) -> Vec<u8> {
        let git = find("git").expect("the tests need git");
        let mut command = self.server.sandbox().command(&git);
        let output = command.current_dir(self.path()).args(["cat-file", "blob", &format!("{commit}:{path}")]);
        let output = output.output().expect("git");
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).expect("UTF-8")
    }

    /// What somebody else does: a commit on `reference` that writes these files, or removes those without content. Its
    /// parent is `from`.
    pub fn write(&self, reference: &str, from: Option<&str>, files: &[(&str, Option<&[u8]>)]) {
        let mut stream = format!("commit {reference}\n{FOREIGN}").into_bytes();
        if let Some(from) = from {
            stream.extend(format!("from {from}\n").into_bytes());
        }
        for (path, data) in files {
            match data {
                Some(data) => {
                    stream.extend(format!("M 100644 inline {path}\ndata {}\n", data.len()).into_bytes());
                    stream.extend([data, &b"\n"[..]].concat());
                }
                None => stream.extend(format!("D {path}\n").into_bytes()),
            }
        }
        self.import(&stream);
    }

    /// The same as `git fast-import` reads it.
    pub fn import(&self, stream: &[u8]) {
        let git = find("git").expect("the tests need git");
        let mut command = self.server.sandbox().command(&git);
        command.current_dir(self.path()).args(["fast-import", "--quiet", "--force"]).stdin(Stdio::piped());
        let mut child = command.spawn().expect("git");
        child.stdin.take().expect("a pipe").write_all(stream).expect("git reads");
        assert!(child.wait().expect("an end").success());
    }

    pub fn overwrite(&self, files: &[(&str, Option<&[u8]>)]) {
        self.write(BRANCH, Some(&format!("{BRANCH}^0")), files);
    }

    /// The entries of the index by the file names that their URLs end with.
    pub fn entries(&self) -> BTreeMap<String, Entry> {
        self.entries_of(BRANCH)
    }

    fn entries_of(&self, commit: &str) -> BTreeMap<String, Entry> {
        let index = self.read_of(commit, &self.layout.index());
        let index: Value = serde_yaml::from_slice(&index).expect("an index");
        assert_eq!(index["apiVersion"].as_str(), Some("v1"));
        let mut entries = BTreeMap::new();
        for (name, versions) in index["entries"].as_mapping().expect("entries") {
            for entry in versions.as_sequence().expect("versions") {
                let text = |key: &str| entry[key].as_str().unwrap_or_else(|| panic!("{key}: {entry:?}"));
                assert_eq!(name.as_str(), Some(text("name")));
                let file = format!("{}-{}.tgz", text("name"), text("version"));
                let url = entry["urls"][0].as_str().expect("a URL");
                // The rehearsal's GitHub has another address than the real one.
                let is_there = self.layout.in_releases
                    && url
                        .ends_with(&format!("/d44b/pulltrace/releases/download/v{}/{file}", text("version")));
                assert!(is_there || url == self.layout.url(text("version"), &file), "{url}");
                let known = Entry { digest: text("digest").into(), created: text("created").into() };
                assert_eq!(entries.insert(file, known), None, "an entry twice");
            }
        }
        entries
    }

    /// Index and archives agree, and so do the objects. Returns the number of archives.
    #[track_caller]
    pub fn assert_whole(&self) -> usize {
        // Somebody may still be publishing.
        let commit = self.tip();
        let entries = self.entries_of(&commit);
        let Layout { directory, in_releases } = self.layout;
        let files = self.files_of(&commit).into_keys();
        let archives = files.filter_map(|path| path.strip_prefix(directory).map(str::to_owned));
        let archives: Vec<String> = archives.filter(|name| name.ends_with(".tgz")).collect();
        let on_branch: Vec<String> = if in_releases { Vec::new() } else { entries.keys().cloned().collect() };
        assert_eq!(on_branch, archives, "index and archives");
        for file in &on_branch {
            let digest = digest::digest(&self.read_of(&commit, &format!("{directory}{file}")));
            assert_eq!(digest["sha256:".len()..], entries[file].digest, "{file}");
        }
        self.await_arrivals();
        self.git(&["fsck", "--strict", "--no-dangling"]);
        entries.len()
    }

    /// Waits until git has taken in or thrown away what a killed client has sent: a check of the objects would meet them half
    /// moved (git-receive-pack(1), "Quarantine Environment").
    fn await_arrivals(&self) {
        let objects = self.path().join("objects");
        let is_arriving = || {
            let entries = std::fs::read_dir(&objects).expect("objects").filter_map(Result::ok);
            entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("tmp_objdir"))
        };
        for _ in 0..50 {
            if !is_arriving() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    pub fn hook(&self, name: &str, text: &str) {
        let path = self.path().join("hooks").join(name);
        std::fs::create_dir_all(path.parent().expect("hooks")).expect("a directory");
        std::fs::write(&path, text).expect("a hook");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("an executable");
    }
}
