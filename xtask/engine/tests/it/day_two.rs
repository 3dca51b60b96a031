//! The life of a repository after its first release, commit by commit: what `check`, a release and its rehearsal say of each,
//! which must agree, and what is published then.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use helm_xtask::internals::archive;

use crate::consumers::{Consumer, git, text, write};
use crate::release::chart;
use crate::sandbox::{Ran, Sandbox};
use crate::whole::{Targets, source};

/// A repository with a remote of its own, and whatever runs its `cargo xtask`.
struct Life<'a> {
    root: PathBuf,
    remote: PathBuf,
    run: &'a dyn Fn(&[&str]) -> (i32, String),
    steps: usize,
}

impl Life<'_> {
    fn git(&self, args: &[&str]) -> String {
        git(&self.root, args)
    }

    fn write(&self, path: &str, text: &str) {
        write(&self.root.join(path), text);
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    fn tag(&self, tag: &str) {
        self.git(&["tag", tag]);
        self.git(&["push", "--quiet", &self.remote.display().to_string(), tag]);
    }

    fn run(&self, command: &[&str]) -> (i32, String) {
        let remote = self.remote.display().to_string();
        (self.run)(&[command, &["--helm", "never", "--remote", &remote]].concat())
    }

    /// All three are content, and the release holds these archives.
    #[track_caller]
    fn is_fine(&mut self, what: &str, archives: &[&str]) {
        self.steps += 1;
        let nowhere = ["--oci", "oci://127.0.0.1:1/x"];
        let (status, said) = self.run(&[&["check"], &nowhere[..]].concat());
        assert_eq!(status, 0, "{what}: check: {said}");
        let (status, said) = self.run(&[&["release"], &nowhere[..]].concat());
        assert_eq!(status, 0, "{what}: release: {said}");
        assert_eq!(packaged(&said), archives, "{what}: {said}");
        let (status, said) = self.run(&["release", "--rehearse"]);
        assert_eq!(status, 0, "{what}: rehearsal: {said}");
        assert_eq!(packaged(&said), archives, "{what}: {said}");
    }

    /// All three find the same fault.
    #[track_caller]
    fn is_faulty(&mut self, what: &str, fault: &str) {
        self.steps += 1;
        for command in [&["check"][..], &["release"], &["release", "--rehearse"]] {
            let (status, said) = self.run(command);
            assert_eq!(status, 1, "{what}: {command:?}: {said}");
            assert_eq!(said.matches("error: ").count(), 1, "{what}: {command:?}: {said}");
            assert!(said.contains(fault), "{what}: {command:?}: {said}");
            assert!(!said.contains("hint: --replace"), "{what}: {said}");
        }
    }

    /// The release of HEAD, published to the Helm repository.
    #[track_caller]
    fn publishes(&mut self, what: &str, args: &[&str]) -> String {
        self.steps += 1;
        let (status, said) = self.run(&[&["release", "--publish=pages"], args].concat());
        assert_eq!(status, 0, "{what}: {said}");
        said
    }

    /// The digests in the index, by `NAME-VERSION.tgz`.
    fn published(&self) -> BTreeMap<String, String> {
        let index = git(&self.remote, &["show", "gh-pages:charts/index.yaml"]);
        let value: serde_yaml::Value = serde_yaml::from_str(&index).expect("an index");
        let entries = value["entries"].as_mapping().expect("entries").values();
        let versions = entries.flat_map(|versions| versions.as_sequence().expect("versions"));
        let text = |value: &serde_yaml::Value| value.as_str().expect("a text").to_owned();
        versions
            .map(|one| (format!("{}-{}", text(&one["name"]), text(&one["version"])), text(&one["digest"])))
            .collect()
    }
}

/// The archives that were made, without the commit of a snapshot.
fn packaged(said: &str) -> Vec<String> {
    let lines = said.lines().filter_map(|line| line.trim().strip_prefix("Packaged "));
    let names = lines.filter_map(|line| line.split_whitespace().nth(2)?.rsplit('/').next());
    names.map(|name| name.split("-dev.").next().unwrap_or(name).trim_end_matches(".tgz").to_owned()).collect()
}

/// The same chart as another program packages it: other times, another order, and another Chart.yaml.
fn as_others_package(archive: &[u8]) -> Vec<u8> {
    let mut entries = archive::read(archive, archive::MAX_TOTAL).expect("an archive");
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

fn digest(archive: &[u8]) -> String {
    archive::plain_digest(&archive::digest(archive)).to_owned()
}

const FILES: [(&str, &str); 2] = [(".gitignore", "/dist/\n/target/\n"), ("charts/web/values.yaml", "a: 1\n")];

#[test]
fn tags_decide_the_version() {
    let sandbox = {
        let mut sandbox = Sandbox::with_commit(&FILES);
        sandbox.write("charts/web/Chart.yaml", &chart("web", "0.0.0"));
        sandbox.commit("a placeholder");
        sandbox.unset("CARGO_NET_OFFLINE");
        sandbox
    };
    sandbox.git(&["init", "--quiet", "--bare", "../remote.git"]);
    let run = |args: &[&str]| {
        let Ran { status, stdout, stderr } = sandbox.xtask(args);
        (status, stdout + &stderr)
    };
    let remote = sandbox.work().join("../remote.git");
    let mut life = Life { root: sandbox.work(), remote, run: &run, steps: 0 };
    life.is_fine("before the first release", &["web-0.0.1"]);
    life.tag("v0.1.0");
    life.is_fine("at its tag", &["web-0.1.0"]);
    life.publishes("the first release", &[]);
    let first = life.published();
    life.is_fine("published", &["web-0.1.0"]);
    let again = life.publishes("again", &[]);
    assert!(again.contains("Unchanged charts/index.yaml"), "{again}");
    life.write("README.md", "# Shop\n");
    life.commit("a document");
    life.is_fine("a document", &["web-0.1.1"]);
    life.write("charts/web/values.yaml", "a: 2\n");
    life.commit("a change");
    life.is_fine("a change", &["web-0.1.1"]);
    let (status, said) = life.run(&["release", "--publish=pages"]);
    assert!(status == 1 && said.contains("hint: git tag v0.1.1 && git push origin v0.1.1"), "{said}");
    let (status, said) = life.run(&["release", "--publish=pages", "--tag", "v0.1.0"]);
    assert!(status == 1 && said.contains("tag `v0.1.0` exists, but not at HEAD"), "{said}");
    life.write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n- Soon.\n\n## [0.1.0]\n\n- First.\n");
    life.commit("a changelog");
    life.is_fine("a changelog", &["web-0.1.1"]);
    life.tag("v0.2.0-rc.1");
    life.is_fine("a prerelease", &["web-0.2.0-rc.1"]);
    life.publishes("a prerelease", &[]);
    life.write("README.md", "# Shop 2\n");
    life.commit("after a prerelease");
    life.is_fine("after a prerelease", &["web-0.1.1"]);
    life.write("CHANGELOG.md", "# Changelog\n\n## [0.2.0]\n\n- Second.\n\n## [0.1.0]\n\n- First.\n");
    life.commit("a section");
    life.tag("v0.2.0");
    life.publishes("the second release", &[]);
    life.git(&["checkout", "--quiet", "-b", "old", "v0.1.0"]);
    life.write("charts/web/values.yaml", "a: 3\n");
    life.commit("a back-port");
    life.is_fine("a back-port", &["web-0.2.1"]);
    life.tag("v0.1.1");
    life.publishes("a back-port", &[]);
    life.git(&["checkout", "--quiet", "v0.1.0"]);
    let old = life.publishes("an old tag once more", &["--tag", "v0.1.0"]);
    assert!(old.contains("Unchanged charts/index.yaml"), "{old}");
    let all = life.published();
    assert_eq!(all.keys().collect::<Vec<_>>(), ["web-0.1.0", "web-0.1.1", "web-0.2.0", "web-0.2.0-rc.1"]);
    assert_eq!(all["web-0.1.0"], first["web-0.1.0"]);
    assert!(life.steps >= 15, "{} steps", life.steps);

    life.git(&["checkout", "--quiet", "main"]);
    life.write("README.md", "# Shop 3\n");
    life.commit("after all");
    // A clone of one commit knows no tag, and a fork's pull request has no token.
    let clone = sandbox.work().join("../shallow");
    let from = format!("file://{}", sandbox.work().display());
    sandbox.git(&["clone", "--quiet", "--depth=1", "--branch=main", &from, &clone.display().to_string()]);
    let program = Path::new(env!("CARGO_BIN_EXE_xtask"));
    let remote = sandbox.work().join("../remote.git").display().to_string();
    for command in [&["check"][..], &["release"], &["release", "--rehearse"]] {
        let args = [command, &["--helm", "never", "--remote", &remote]].concat();
        let mut run = sandbox.command(program);
        run.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "pull_request");
        let output = run.env("GITHUB_REPOSITORY", "d44b/pulltrace").current_dir(&clone).args(args).output();
        let ran = sandbox.normal(&output.expect("xtask")).ended(0);
        let is_next = packaged(&ran.stdout).iter().all(|name| name == "web-0.2.1");
        assert!(is_next, "{command:?}: {}", ran.stdout);
    }
}

#[test]
fn chart_yaml_has_the_version() {
    let chart_of = |name: &str, version: &str| format!("{}appVersion: \"1.27.3\"\n", chart(name, version));
    let names = ["api", "db", "lib", "web", "worker"];
    let mut files: Vec<(String, String)> =
        names.iter().map(|name| (format!("charts/{name}/Chart.yaml"), chart_of(name, "1.0.0"))).collect();
    files.extend(names.iter().map(|name| (format!("charts/{name}/values.yaml"), "a: 1\n".to_owned())));
    files.push(("CHANGELOG.md".to_owned(), "# Changelog\n\n## [1.0.0]\n\n- First.\n".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let consumer = Consumer::new("day-two", &files);
    let remote = consumer.root.join("target/remote.git");
    git(&consumer.root, &["init", "--quiet", "--bare", &remote.display().to_string()]);
    let run = |args: &[&str]| {
        let output = consumer.cargo(&[&["xtask"], args].concat()).env_remove("CARGO_NET_OFFLINE").output();
        let output = output.expect("cargo");
        (output.status.code().unwrap_or(-1), text(&output))
    };
    let mut life = Life { root: consumer.root.clone(), remote, run: &run, steps: 0 };
    let all = ["api-1.0.0", "db-1.0.0", "lib-1.0.0", "web-1.0.0", "worker-1.0.0"];
    life.is_fine("nothing is published", &all);
    // Helm takes the version of this one, and a release does not: it is published, and that is that.
    life.write("charts/odd/Chart.yaml", &chart_of("odd", "v1.0.0"));
    life.write("charts/odd/values.yaml", "a: 1\n");
    life.commit("an odd one");
    adopt(
        &life,
        &[("api", "1.0.0"), ("db", "1.0.0"), ("lib", "1.0.0"), ("odd", "v1.0.0"), ("worker", "1.0.0")],
    );
    life.is_fine("adoption day", &["web-1.0.0"]);
    life.tag("web-1.0.0");
    life.publishes("the first of ours", &[]);
    life.is_fine("at a tag that is published", &["web-1.0.0"]);
    life.write("README.md", "# Shop\n");
    life.commit("a document");
    life.is_fine("a document", &[]);
    let nothing = life.publishes("all are published", &[]);
    assert!(nothing.contains("nothing to publish"), "{nothing}");
    let branch = life.root.join("target/gh-pages");
    git(&branch, &["pull", "--quiet", &life.remote.display().to_string(), "gh-pages"]);
    put(&branch.join("preview/index.html"), b"mine");
    git(&branch, &["add", "--all"]);
    git(&branch, &["commit", "--quiet", "--message", "by a colleague"]);
    git(&branch, &["push", "--quiet", &life.remote.display().to_string(), "gh-pages"]);
    life.is_fine("a colleague's commit on the branch", &[]);
    life.write("charts/db/values.yaml", "a: 2\n");
    life.commit("a forgotten bump");
    let fault = "`db 1.0.0` is published, and differs in `values.yaml`";
    life.is_faulty("a forgotten bump", fault);
    life.write("charts/db/Chart.yaml", &chart_of("db", "1.0.1"));
    life.commit("a bump");
    life.is_faulty("a bump without a section", "## [db-1.0.1]");
    life.write("CHANGELOG.md", "# Changelog\n\n## [db-1.0.1]\n\n- Two.\n\n## [1.0.0]\n\n- First.\n");
    life.commit("a section");
    life.is_fine("a bump", &["db-1.0.1"]);
    life.tag("db-1.0.1");
    life.publishes("a bump", &[]);
    life.is_fine("one of five", &["db-1.0.1"]);
    life.write("CHANGELOG.md", "# Changelog\n\n## [db-1.0.1]\n\n- Two.\n");
    life.commit("a shorter changelog");
    life.is_fine("what is published needs no section", &[]);
    let (status, said) = (life.run)(&["release", "lib", "--offline", "--helm", "never"]);
    assert!(status == 0 && said.contains("warning: CHANGELOG.md: there is no section for"), "{said}");
    life.write("CHANGELOG.md", "# Changelog\n\n## [lib-1.0.0]\n\n- x\n\n## [api-1.0.0]\n\n- x\n");
    life.commit("sections for the tags below");
    // What was made without a look at the branch is the same chart there, too.
    let (status, said) = (life.run)(&["release", "--tag", "lib-1.0.0", "--offline", "--helm", "never"]);
    assert_eq!(status, 0, "{said}");
    let (status, said) = (life.run)(&[
        "pages",
        "--only",
        "charts",
        "--publish",
        "--remote",
        &life.remote.display().to_string(),
    ]);
    assert!(status == 0 && said.contains("already"), "{said}");
    for (name, value) in [("web", "a: 5\n"), ("worker", "a: 6\n")] {
        life.write(&format!("charts/{name}/Chart.yaml"), &chart_of(name, "1.2.0"));
        life.write(&format!("charts/{name}/values.yaml"), value);
    }
    life.write(
        "CHANGELOG.md",
        "# Changelog\n\n## [1.2.0]\n\n- x\n\n## [lib-1.0.0]\n\n- x\n\n## [api-1.0.0]\n\n- x\n",
    );
    life.commit("two bumps");
    life.tag("web-1.2.0");
    life.tag("worker-1.2.0");
    life.is_fine("two tags at one commit", &["web-1.2.0", "worker-1.2.0"]);
    life.publishes("one of them", &["--tag", "web-1.2.0"]);
    life.publishes("the other", &["--tag", "worker-1.2.0"]);
    life.is_fine("both are published", &[]);
    // The tag of what helm has published: its bytes are what every target gets.
    let before = life.published();
    life.git(&["tag", "api-1.0.0"]);
    life.git(&["push", "--quiet", &life.remote.display().to_string(), "api-1.0.0"]);
    let adopted = life.publishes("a tag for what others have published", &["--tag", "api-1.0.0"]);
    assert!(adopted.contains("Unchanged charts/index.yaml"), "{adopted}");
    let bytes = std::fs::read(consumer.root.join("dist/api-1.0.0.tgz")).expect("an archive");
    assert_eq!(digest(&bytes), before["api-1.0.0"], "the published bytes");
    let sums = std::fs::read_to_string(consumer.root.join("dist/SHA256SUMS")).expect("sums");
    assert_eq!(sums, format!("{}  api-1.0.0.tgz\n", before["api-1.0.0"]));
    assert_eq!(life.published(), before);
    assert!(life.steps >= 13, "{} steps", life.steps);
}

/// Publishes charts as helm or chart-releaser would have, long ago.
fn adopt(life: &Life<'_>, charts: &[(&str, &str)]) {
    let branch = life.root.join("target/gh-pages");
    let mut index = "apiVersion: v1\nentries:\n".to_owned();
    for (name, version) in charts {
        let (status, said) =
            (life.run)(&["package", &format!("charts/{name}"), "-d", "target/old", "--helm", "never"]);
        assert_eq!(status, 0, "{said}");
        let ours =
            std::fs::read(life.root.join(format!("target/old/{name}-{version}.tgz"))).expect("an archive");
        let theirs = as_others_package(&ours);
        let digest = digest(&theirs);
        let _ = write!(
            index,
            "  {name}:\n  - apiVersion: v2\n    name: {name}\n    version: {version}\n    digest: {digest}\n    urls:\n    - {name}-{version}.tgz\n",
        );
        put(&branch.join(format!("charts/{name}-{version}.tgz")), &theirs);
    }
    put(&branch.join("charts/index.yaml"), index.as_bytes());
    git(&branch, &["init", "--quiet", "--initial-branch=gh-pages"]);
    git(&branch, &["add", "--all"]);
    git(&branch, &["commit", "--quiet", "--message", "by others"]);
    git(&branch, &["push", "--quiet", &life.remote.display().to_string(), "gh-pages"]);
}

fn put(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    std::fs::write(path, bytes).expect("a file");
}

/// The same tree has the same archives at every commit and in every checkout.
#[test]
fn the_same_chart_is_the_same_archive_at_every_commit() {
    let sandbox = Sandbox::with_commit(&[("charts/web/Chart.yaml", &chart("web", "1.0.0")), FILES[1]]);
    let mut digests = Vec::new();
    for day in 0..10 {
        sandbox.write("README.md", &format!("day {day}\n"));
        sandbox.git(&["add", "--all"]);
        let date = format!("{} +0100", 1_704_164_645 + day * 86_400);
        sandbox.git(&["-c", "user.name=t", "commit", "--quiet", "--message", "day", "--date", &date]);
        sandbox.xtask(&["release", "--tag", "v1.0.0", "--offline"]).ended(0);
        sandbox.xtask(&["package", "charts/web", "-d", "out"]).ended(0);
        digests.push(digest(&sandbox.read("dist/web-1.0.0.tgz")));
    }
    digests.dedup();
    assert_eq!(digests.len(), 1, "{digests:?}");
}

/// A manifest that differs in its date alone, or in bytes of the same content, is the chart that is there.
#[test]
fn a_registry_is_compared_by_what_it_holds() {
    let (targets, mut sandbox) = (Targets::new(), source("1.0.0"));
    let publish =
        |sandbox: &Sandbox| targets.release(sandbox, &["--publish=oci", "--helm", "never"]).ended(0);
    assert!(publish(&sandbox).stdout.contains("      Pushed oci://"));
    sandbox.write("README.md", "# Later\n");
    sandbox.set("SOURCE_DATE_EPOCH", "1704251045");
    sandbox.commit("another date");
    sandbox.git(&["tag", "--force", "v1.0.0"]);
    targets.writes();
    let ran = publish(&sandbox);
    assert!(ran.stdout.contains("   Unchanged oci://") && !ran.stderr.contains("warning"), "{ran:?}");
    assert_eq!(targets.writes(), [""; 0]);

    // As another program has pushed it.
    let targets = Targets::new();
    let publish =
        |args: &[&str]| targets.release(&sandbox, &[args, &["--publish=oci", "--helm", "never"]].concat());
    sandbox.xtask(&["release", "--helm", "never", "--offline", "--oci", &targets.registry.url()]).ended(0);
    let ours = sandbox.read("dist/web-1.0.0.tgz");
    let theirs = as_others_package(&ours);
    for file in ["SHA256SUMS", "manifest.json"] {
        let text = sandbox.text(&format!("dist/{file}")).replace(&digest(&ours), &digest(&theirs));
        let size = |bytes: &[u8]| format!("\"size\": {}", bytes.len());
        sandbox.write(&format!("dist/{file}"), &text.replace(&size(&ours), &size(&theirs)));
    }
    put(&sandbox.work().join("dist/web-1.0.0.tgz"), &theirs);
    publish(&["--from", "dist"]).ended(0);
    targets.writes();
    let ran = publish(&[]).ended(0);
    let said = format!("holds the same chart in another archive: sha256:{} there", digest(&theirs));
    assert!(ran.stdout.contains("   Unchanged oci://") && ran.stderr.contains(&said), "{ran:?}");
    assert_eq!(targets.writes(), [""; 0]);

    sandbox.write("charts/web/values.yaml", "a: 2\n");
    sandbox.commit("other content");
    sandbox.git(&["tag", "--force", "v1.0.0"]);
    let ran = publish(&[]).ended(1);
    assert!(ran.stderr.contains(" and differs in `values.yaml`: what is published never changes"), "{ran:?}");
}
