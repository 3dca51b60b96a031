//! The life of a repository after its first release: what `check`, a release and its rehearsal say at a commit, which must
//! agree, and what is published then.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use helm_xtask::internals::digest;
use helm_xtask::internals::tgz;

use crate::consumers::Consumer;
use crate::release::chart;
use crate::sandbox::{Sandbox, helms};

/// A repository that is released in one of the modes of `Versions`, with a remote of its own.
pub struct Life {
    pub sandbox: Sandbox,
    pub remote: PathBuf,
    pub steps: usize,
    /// What packaged the charts that others published: every Helm that is there, else something like one.
    others: Vec<Option<PathBuf>>,
}

/// A program whose mode and patterns of tags the environment names.
const MAIN: &str = r#"//! The automation of any repository.

use std::process::ExitCode;

use helm_xtask::{Config, Versions};

fn main() -> ExitCode {
    let versions = match std::env::var("VERSIONS").as_deref() {
        Ok("stamp") => Versions::Stamp,
        Ok("stamp version") => Versions::StampVersion,
        _ => Versions::Verify,
    };
    let config = Config::new("acme/shop").versions(versions);
    let config = match std::env::var("TAGS") {
        Ok(patterns) => config.tags(patterns.split(' ')),
        Err(_) => config,
    };
    helm_xtask::app!(config).main()
}
"#;

pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| Consumer::new("any", &[("xtask/src/main.rs", MAIN)]).program())
}

impl Life {
    /// Charts of this version, with a changelog that has its section.
    pub fn new(mode: &str, names: &[&str], version: &str) -> Self {
        let mut sandbox = Sandbox::with_commit(&[
            (".gitignore", "/dist/\n/target/\n"),
            ("CHANGELOG.md", "# Changelog\n\n## [1.0.0]\n\n- First.\n"),
        ]);
        sandbox.set("VERSIONS", mode);
        sandbox.unset("CARGO_NET_OFFLINE");
        sandbox.git(&["init", "--quiet", "--bare", "../remote.git"]);
        let remote = sandbox.work().join("../remote.git");
        let mut others: Vec<Option<PathBuf>> =
            helms("day_two").into_iter().map(|(_, helm)| Some(helm)).collect();
        others.push(None);
        let life = Self { sandbox, remote, steps: 0, others };
        for name in names {
            life.chart(name, version);
            life.sandbox.write(&format!("charts/{name}/values.yaml"), "a: 1\n");
        }
        life.sandbox.commit("charts");
        life
    }

    /// The Chart.yaml of a chart of an application that has another version.
    pub fn chart(&self, name: &str, version: &str) {
        let text = format!("{}appVersion: \"1.27.3\"\n", chart(name, version));
        self.sandbox.write(&format!("charts/{name}/Chart.yaml"), &text);
    }

    pub fn change(&self, path: &str, text: &str) {
        self.sandbox.write(path, text);
        self.sandbox.commit(path);
    }

    /// Commits a changelog with these sections.
    pub fn sections(&self, sections: &[&str]) {
        let sections: Vec<String> =
            sections.iter().map(|section| format!("\n## [{section}]\n\n- Words.\n")).collect();
        self.change("CHANGELOG.md", &format!("# Changelog\n{}", sections.concat()));
    }

    pub fn tag(&self, tag: &str) {
        self.sandbox.git(&["tag", "--force", tag]);
        self.sandbox.git(&["push", "--quiet", "--force", "../remote.git", tag]);
    }

    /// The command on the remote, in a directory.
    pub fn command(&self, directory: &Path, command: &[&str]) -> Command {
        let mut run = self.sandbox.command(program());
        run.current_dir(directory).args(command).args(["--helm", "never", "--remote"]).arg(&self.remote);
        run
    }

    pub fn run(&self, command: &[&str]) -> (i32, String) {
        let output = self.command(&self.sandbox.work(), command).output().expect("xtask");
        let ran = self.sandbox.normal(&output);
        (ran.status, ran.stdout + &ran.stderr)
    }

    /// All three are content, and the release holds these archives.
    #[track_caller]
    pub fn is_fine<T: AsRef<str>>(&mut self, what: &str, archives: &[T]) {
        self.steps += 1;
        let archives: Vec<&str> = archives.iter().map(AsRef::as_ref).collect();
        let nowhere = ["--oci", "oci://127.0.0.1:1/x"];
        let (status, said) = self.run(&[&["check"], &nowhere[..]].concat());
        assert_eq!(status, 0, "{what}: check: {said}");
        for command in [&[&["release"], &nowhere[..]].concat()[..], &["release", "--rehearse"]] {
            let (status, said) = self.run(command);
            assert_eq!(status, 0, "{what}: {command:?}: {said}");
            assert_eq!(packaged(&said), archives, "{what}: {command:?}: {said}");
        }
    }

    /// All three find the same fault.
    #[track_caller]
    pub fn is_faulty(&mut self, what: &str, fault: &str) {
        self.steps += 1;
        for command in [&["check"][..], &["release"], &["release", "--rehearse"]] {
            let (status, said) = self.run(command);
            assert_eq!(status, 1, "{what}: {command:?}: {said}");
            assert!(said.contains(fault), "{what}: {command:?}: {said}");
            assert!(!said.contains("hint: --replace"), "{what}: {said}");
        }
    }

    /// The release of HEAD, published to the Helm repository.
    #[track_caller]
    pub fn publishes(&mut self, what: &str, args: &[&str]) -> String {
        self.steps += 1;
        let (status, said) = self.run(&[&["release", "--publish=pages"], args].concat());
        assert_eq!(status, 0, "{what}: {said}");
        said
    }

    /// Nothing is published, for this reason.
    #[track_caller]
    pub fn publishes_nothing(&mut self, args: &[&str], reason: &str) {
        self.steps += 1;
        let before = self.published();
        let (status, said) = self.run(&[&["release", "--publish=pages"], args].concat());
        assert!(status == 1 && said.contains(reason), "{said}");
        assert_eq!(self.published(), before);
    }

    /// A clone of one commit, which knows no tag, and a pull request of a fork, which has no token: all three are content.
    #[track_caller]
    pub fn is_fine_elsewhere<T: AsRef<str>>(&mut self, archives: &[T]) {
        self.steps += 2;
        let archives: Vec<&str> = archives.iter().map(AsRef::as_ref).collect();
        let clone = self.sandbox.work().join("../shallow");
        let from = format!("file://{}", self.sandbox.work().display());
        let to = clone.display().to_string();
        self.sandbox.git(&["clone", "--quiet", "--depth=1", "--branch=main", &from, &to]);
        for command in [&["check"][..], &["release"], &["release", "--rehearse"]] {
            let mut run = self.command(&clone, command);
            run.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "pull_request");
            run.env("GITHUB_REPOSITORY", "acme/shop");
            let ran = self.sandbox.normal(&run.output().expect("xtask")).ended(0);
            if command != ["check"] {
                assert_eq!(packaged(&ran.stdout), archives, "{command:?}: {ran:?}");
            }
        }
    }

    /// The digests and `appVersion`s in the index by `NAME-VERSION`; each archive that it names is there.
    #[track_caller]
    pub fn published(&self) -> BTreeMap<String, (String, String)> {
        let has_branch = self.sandbox.git(&["ls-remote", "../remote.git", "gh-pages"]);
        if has_branch.is_empty() {
            return BTreeMap::new();
        }
        let show = |path: &str| {
            let mut git = self.sandbox.command(Path::new("git"));
            git.args(["-C", "../remote.git", "show", &format!("gh-pages:charts/{path}")]);
            git.output().expect("git").stdout
        };
        let value: serde_yaml::Value = serde_yaml::from_slice(&show("index.yaml")).expect("an index");
        let entries = value["entries"].as_mapping().expect("entries").values();
        let text = |value: &serde_yaml::Value| value.as_str().unwrap_or_default().to_owned();
        let one = |one: &serde_yaml::Value| {
            let id = format!("{}-{}", text(&one["name"]), text(&one["version"]));
            assert_eq!(digest(&show(&format!("{id}.tgz"))), text(&one["digest"]), "{id}");
            (id, (text(&one["digest"]), text(&one["appVersion"])))
        };
        entries.flat_map(|versions| versions.as_sequence().expect("versions")).map(one).collect()
    }

    /// Somebody else's commit on the branch.
    pub fn colleague(&self, files: &[(String, Vec<u8>)]) {
        let branch = self.branch();
        for (path, data) in files {
            put(&branch.join(path), data);
        }
        for args in [
            &["add", "--all"][..],
            &["commit", "--quiet", "--message", "by a colleague"],
            &["push", "--quiet", "../remote.git", "gh-pages"],
        ] {
            self.sandbox.git(&[&["-C", "../colleague"], args].concat());
        }
    }

    /// A colleague's clone of the branch as it is now.
    fn branch(&self) -> PathBuf {
        let branch = self.sandbox.work().join("../colleague");
        if !branch.exists() {
            self.sandbox.git(&["init", "--quiet", "--initial-branch=gh-pages", "../colleague"]);
        }
        if !self.sandbox.git(&["ls-remote", "../remote.git", "gh-pages"]).is_empty() {
            self.sandbox.git(&["-C", "../colleague", "pull", "--quiet", "../remote.git", "gh-pages"]);
        }
        branch
    }

    /// Publishes charts as Helm and others do, each by another one, and returns the digests.
    pub fn others_publish(&self, charts: &[(&str, &str)], with: &[&str]) -> Vec<String> {
        let index = std::fs::read_to_string(self.branch().join("charts/index.yaml"));
        let mut index = index.unwrap_or_else(|_| "apiVersion: v1\nentries:\n".to_owned());
        let (mut files, mut digests) = (Vec::new(), Vec::new());
        for ((name, version), other) in charts.iter().zip(self.others.iter().cycle()) {
            let archive = self.packaged_by(other.as_deref(), name, version, with);
            let key = format!("\n  {name}:\n");
            if !index.contains(&key) {
                index = index.replacen("\nentries:\n", &format!("\nentries:{key}"), 1);
            }
            let entry = format!(
                "{key}  - apiVersion: v2\n    name: {name}\n    version: {version}\n    digest: {}\n    urls:\n    - {name}-{version}.tgz\n",
                digest(&archive),
            );
            index = index.replacen(&key, &entry, 1);
            digests.push(digest(&archive));
            files.push((format!("charts/{name}-{version}.tgz"), archive));
        }
        files.push(("charts/index.yaml".to_owned(), index.into_bytes()));
        self.colleague(&files);
        digests
    }

    fn packaged_by(&self, helm: Option<&Path>, name: &str, version: &str, with: &[&str]) -> Vec<u8> {
        let chart = format!("charts/{name}");
        let args = [&["package", &chart, "-d", "target/old"], with].concat();
        match helm {
            Some(helm) => drop(self.sandbox.run(helm, &args).ended(0)),
            None if with.is_empty() => {
                drop(self.sandbox.run(program(), &[&args[..], &["--helm", "never"]].concat()));
            }
            None => {
                let tag = format!("{name}-{version}");
                let args = ["release", "--offline", "--helm", "never", "-d", "target/old", "--tag", &tag];
                self.sandbox.run(program(), &args).ended(0);
            }
        }
        let archive = self.sandbox.read(&format!("target/old/{name}-{version}.tgz"));
        if helm.is_some() { archive } else { as_others_package(&archive) }
    }
}

/// The archives that were made, without the commit of a snapshot.
fn packaged(said: &str) -> Vec<String> {
    let lines = said.lines().filter_map(|line| line.trim().strip_prefix("Packaged "));
    let names = lines.filter_map(|line| line.split_whitespace().nth(2)?.rsplit('/').next());
    names.map(|name| name.split("-dev.").next().unwrap_or(name).trim_end_matches(".tgz").to_owned()).collect()
}

/// The same chart as another program packages it: other times, another order, and another Chart.yaml.
pub fn as_others_package(archive: &[u8]) -> Vec<u8> {
    let mut entries = tgz::read(archive, tgz::MAX_TOTAL).expect("an archive");
    entries.reverse();
    let mut tar = tar::Builder::new(Vec::new());
    for entry in entries {
        let mut data = entry.data;
        if entry.path.ends_with("/Chart.yaml") {
            data.splice(0..0, b"# by others\n".iter().copied());
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_600_000_000);
        tar.append_data(&mut header, &entry.path, data.as_slice()).expect("an entry");
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar.into_inner().expect("a tar")).expect("bytes");
    gzip.finish().expect("an archive")
}

pub fn digest(archive: &[u8]) -> String {
    digest::Digest::of(archive).hex().to_owned()
}

pub fn put(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    std::fs::write(path, bytes).expect("a file");
}
