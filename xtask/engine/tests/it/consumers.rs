//! Repositories that depend on the library by git, as docs/adopting.md tells them to: its four files, and nothing of ours.
//!
//! They depend on a commit of this work tree, uncommitted changes included. All compile into one directory below `target/`,
//! so that only the first compiles everything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use flate2::read::GzDecoder;

use crate::sandbox::find;

/// Cargo compiles into one directory for one of them at a time.
static TURN: Mutex<()> = Mutex::new(());

fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).expect("the repository")
}

fn place() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("consumers")
}

/// A command with what cargo and git need of this machine's environment, and nothing of what cargo tells a test.
fn command(program: &str, directory: &Path) -> Command {
    let mut command = Command::new(find(program).expect("a program"));
    let kept = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "TMPDIR"];
    command.current_dir(directory).env_clear();
    command.envs(kept.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.envs([("LC_ALL", "C.UTF-8"), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")]);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "t").env(format!("GIT_{who}_EMAIL"), "t@example.com");
        command.env(format!("GIT_{who}_DATE"), "1704164645 +0100");
    }
    command.env("CARGO_TARGET_DIR", place().join("target"));
    command
}

pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs a program that must succeed.
#[track_caller]
fn done(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", text(&output));
    text(&output)
}

pub fn git(directory: &Path, args: &[&str]) -> String {
    done(command("git", directory).args(args)).trim_end().to_owned()
}

fn commit_all(directory: &Path) -> String {
    git(directory, &["init", "--quiet", "--initial-branch=main"]);
    git(directory, &["add", "--all"]);
    git(directory, &["commit", "--quiet", "--message", "all"]);
    git(directory, &["rev-parse", "HEAD"])
}

pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// This work tree as a repository of its own, and its commit, which is the same for the same files.
fn engine() -> &'static (PathBuf, String) {
    static ENGINE: OnceLock<(PathBuf, String)> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let to = place().join("engine");
        let _ = fs::remove_dir_all(&to);
        let files = git(&root(), &["ls-files", "--cached", "--others", "--exclude-standard"]);
        for file in files.lines().filter(|file| root().join(file).is_file()) {
            let copy = to.join(file);
            fs::create_dir_all(copy.parent().expect("a parent")).expect("a directory");
            fs::copy(root().join(file), copy).expect("a copy");
        }
        let commit = commit_all(&to);
        git(&to, &["tag", &format!("helm-xtask-{}", version())]);
        (to, commit)
    })
}

fn version() -> String {
    let manifest = fs::read_to_string(root().join("xtask/engine/Cargo.toml")).expect("a manifest");
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    line.expect("a version").trim_matches('"').to_owned()
}

/// The code block of a document that stands below a line with `marker`.
pub fn block(document: &str, marker: &str) -> String {
    let text = fs::read_to_string(root().join("docs").join(document)).expect("a document");
    let (_, below) =
        text.split_once(&format!("\n{marker}")).unwrap_or_else(|| panic!("{document}: {marker}"));
    let (_, below) = below.split_once("\n```").expect("a code block");
    let (_, body) = below.split_once('\n').expect("its text");
    format!("{}\n", body.split("\n```").next().expect("its end"))
}

/// A repository with a chart, documentation and the workflow of docs/ci.md.
pub struct Consumer {
    pub root: PathBuf,
    package: &'static str,
    _turn: MutexGuard<'static, ()>,
}

impl Consumer {
    /// The repository with the four files, and with these in place of them or beside them.
    pub fn new(package: &'static str, files: &[(&str, &str)]) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let root = place().join(package);
        let _ = fs::remove_dir_all(&root);
        let url = format!("file://{}", engine().0.display());
        let manifest =
            block("adopting.md", "**`xtask/Cargo.toml`**").replace("https://github.com/d44b/pulltrace", &url);
        let named = |text: &str| text.replace("name = \"xtask\"", &format!("name = \"{package}\""));
        let config = block("adopting.md", "**`.cargo/config.toml`**")
            .replace("--package xtask", &format!("--package {package}"));
        for (path, text) in [
            ("Cargo.toml", block("adopting.md", "**`Cargo.toml`**").as_str()),
            (".cargo/config.toml", &config),
            ("xtask/Cargo.toml", &named(&manifest)),
            ("xtask/src/main.rs", &block("adopting.md", "**`xtask/src/main.rs`**")),
            (".github/workflows/charts.yml", &block("ci.md", "### The workflow of another repository")),
            (".gitignore", "/target/\n/dist/\n/site/\n"),
            ("CHANGELOG.md", "# Changelog\n\n## [1.0.0] - 2026-01-02\n\n- First.\n"),
            ("mkdocs.yml", "site_name: Shop\n"),
            ("docs/index.md", "# Shop\n"),
            ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: 1.0.0\ndescription: A shop\nicon: https://acme.github.io/shop/icon.svg\n"),
            ("charts/web/values.yaml", "replicas: 1\n"),
            ("charts/web/README.md", "# Web\n"),
            ("charts/web/LICENSE", "Apache-2.0\n"),
            ("charts/web/templates/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"),
        ].iter().chain(files) {
            write(&root.join(path), text);
        }
        write(&root.join("Cargo.lock"), &lock(&url));
        let consumer = Self { root, package, _turn: turn };
        // The packages of the lock are there, since this workspace was compiled from them; only git is asked.
        done(consumer.cargo(&["fetch"]).env_remove("CARGO_NET_OFFLINE"));
        commit_all(&consumer.root);
        consumer
    }

    /// Cargo without a network, and so our commands too.
    pub fn cargo(&self, args: &[&str]) -> Command {
        let mut cargo = command("cargo", &self.root);
        cargo.args(args).env("CARGO_NET_OFFLINE", "true");
        cargo
    }

    pub fn program(&self) -> PathBuf {
        self.xtask("--version");
        place().join("target/xtask").join(self.package)
    }

    #[track_caller]
    fn xtask(&self, line: &str) -> String {
        done(self.cargo(&["xtask"]).args(line.split_whitespace()))
    }

    /// Every command works, and `check` finds nothing.
    #[track_caller]
    fn uses_everything(&self) {
        let found = self.xtask("check --helm never");
        assert!(found.contains("Found nothing"), "{}: {found}", self.package);
        assert_eq!(self.xtask("--version"), format!("helm-xtask {}\n", version()));
        self.xtask("release --helm never");
        self.xtask("index dist");
        self.xtask("package charts/web -d out --helm never");
        self.xtask("pages --only docs --offline");
        self.xtask("release --rehearse --helm never");
        let ci = self.xtask("ci");
        assert!(ci.contains("Passed check") && ci.contains("Passed rehearsal"), "{ci}");
        let below =
            done(self.cargo(&["xtask", "release", "--offline"]).current_dir(self.root.join("charts/web")));
        assert!(below.contains("dist/web-1.0.0.tgz"), "{below}");
        assert!(!below.contains("warning"), "cargo warns: {below}");
        assert_eq!(git(&self.root, &["status", "--porcelain", "Cargo.lock"]), "", "the lock is whole");
    }
}

/// A lock of a consumer with the versions of this workspace, as cargo would write it after downloading an index.
fn lock(url: &str) -> String {
    let own = fs::read_to_string(root().join("Cargo.lock")).expect("a lock");
    let source = format!("source = \"git+{url}?tag=helm-xtask-{}#{}\"\n", version(), engine().1);
    let version = format!("version = \"{}\"\n", version());
    let packages = own.split("\n[[package]]\n").filter(|package| !package.starts_with("name = \"xtask\"\n"));
    let with_source = |package: &str| {
        let is_ours = package.starts_with("name = \"helm-xtask");
        if is_ours {
            package.replacen(&version, &format!("{version}{source}"), 1)
        } else {
            package.to_owned()
        }
    };
    packages.map(with_source).collect::<Vec<_>>().join("\n[[package]]\n")
}

#[test]
fn the_smallest() {
    let main = block("adopting.md", "**`xtask/src/main.rs`**");
    assert!(main.lines().count() <= 15 && block("adopting.md", "**`Cargo.toml`**").lines().count() == 3);
    let consumer = Consumer::new("xtask", &[]);
    consumer.uses_everything();
    git(&consumer.root, &["rm", "--quiet", "--cached", "Cargo.lock"]);
    write(&consumer.root.join(".gitignore"), "/target/\n/dist/\n/site/\n*.lock\n");
    let ignored = consumer.cargo(&["xtask", "check", "--helm", "never"]).output().expect("check");
    assert_eq!(ignored.status.code(), Some(1));
    assert!(text(&ignored).contains("Cargo.lock: git ignores it"), "{}", text(&ignored));
}

#[test]
fn with_a_command_and_a_step_of_its_own() {
    let own = block("adopting.md", "## Commands and CI steps of your own");
    let workflow = block("ci.md", "### The workflow of another repository").replace(
        "      - run: cargo xtask ci\n",
        "      - run: cargo xtask ci\n      - run: cargo xtask dashboards\n",
    );
    let consumer = Consumer::new(
        "shop-xtask",
        &[
            ("xtask/src/main.rs", &own),
            ("dashboards/a.json", "{}\n"),
            (".github/workflows/charts.yml", &workflow),
            ("README.md", "# Shop\n\n`cargo xtask dashboards` and `cargo xtask check`\n"),
        ],
    );
    consumer.uses_everything();
    let help = consumer.xtask("--help");
    assert!(
        help.contains("dashboards  Lint the Grafana dashboards") && help.contains("rehearse")
            || help.contains("release")
    );
    let ci = consumer.xtask("ci");
    assert!(ci.contains("Passed dashboards  cargo xtask dashboards"), "{ci}");
    assert_eq!(ci.matches("Passed dashboards").count(), 1, "{ci}");
    write(&consumer.root.join("README.md"), "# Shop\n\n`cargo xtask dashbords`\n");
    let check = consumer.xtask("check --helm never");
    assert!(check.contains("README.md:3: `cargo xtask dashbords` is no command"), "{check}");
    write(&consumer.root.join("dashboards/a.json"), "no\n");
    let broken = consumer.cargo(&["xtask", "dashboards"]).output().expect("dashboards");
    let expected = "error: dashboards/a.json:1: it is no JSON\nhint: export it from Grafana again\n";
    assert_eq!((broken.status.code(), text(&broken).as_str()), (Some(1), expected));
}

/// A release scripted by the repository, to the Helm repository alone.
const SCRIPTED: &str = r#"//! A release of our own.

use std::process::ExitCode;

use helm_xtask::clap::{self, Parser};
use helm_xtask::{App, Config, Problems, Release, Target};

#[derive(Parser)]
enum Cli {
    /// Publish the Helm repository alone
    Ship,
    #[command(flatten)]
    Charts(helm_xtask::Command),
}

fn main() -> ExitCode {
    helm_xtask::app!(Config::new("acme/shop")).run(|cli, app| match cli {
        Cli::Ship => ship(app),
        Cli::Charts(command) => app.command(&command),
    })
}

fn ship(app: &App) -> Result<(), Problems> {
    let release = Release::observe(app, Some("v1.0.0"))?;
    let plan = release.plan(&[Target::Pages])?;
    print!("{plan}");
    print!("{}", plan.publish()?);
    Ok(())
}
"#;

#[test]
fn with_a_release_scripted_by_itself() {
    let consumer = Consumer::new("scripted", &[("xtask/src/main.rs", SCRIPTED)]);
    let origin = consumer.root.join("dist/acme/shop.git");
    git(&consumer.root, &["init", "--quiet", "--bare", &origin.display().to_string()]);
    git(&consumer.root, &["remote", "add", "origin", &origin.display().to_string()]);
    git(&consumer.root, &["tag", "v1.0.0"]);
    git(&consumer.root, &["push", "--quiet", "origin", "v1.0.0"]);
    let shipped = done(consumer.cargo(&["xtask", "ship"]).env_remove("CARGO_NET_OFFLINE"));
    for line in [" Would merge", "      Merged"] {
        let line = format!("{line} charts/index.yaml on gh-pages  adds web 1.0.0; ");
        assert!(shipped.lines().any(|shown| shown.starts_with(&line)), "{line}: {shipped}");
    }
    assert!(git(&origin, &["show", "gh-pages:charts/index.yaml"]).contains("web-1.0.0.tgz"));
    let again = done(consumer.cargo(&["xtask", "ship"]).env_remove("CARGO_NET_OFFLINE"));
    assert!(again.contains("Unchanged charts/index.yaml") && !again.contains("erge"), "{again}");
}

/// A second registry and second pages, as an option of the repository's own or the environment chooses.
#[test]
fn with_staging_and_production() {
    let by_option = block("adopting.md", "## Staging and production");
    let by_environment = block("adopting.md", "Or by an environment variable");
    let workflow = block("ci.md", "### The workflow of another repository");
    let (_, checkout) = workflow.split_once("      - uses: actions/checkout").expect("a checkout");
    let checkout = checkout.split("\n      - ").next().expect("its end");
    let staging = format!(
        "\n  staging:\n    if: startsWith(github.ref, 'refs/tags/')\n    needs: check\n    runs-on: ubuntu-latest\n    \
         permissions:\n      contents: read\n    steps:\n      - uses: actions/checkout{checkout}\n      \
         - run: cargo xtask --staging release --publish=oci\n        env:\n          \
         XTASK_OCI_PASSWORD: ${{{{ secrets.STAGING }}}}\n\n  release:\n"
    );
    let workflow = workflow.replace("\n  release:\n", &staging);
    let consumer = Consumer::new(
        "staging",
        &[
            ("xtask/src/main.rs", &by_option),
            (".github/workflows/charts.yml", &workflow),
            (
                "README.md",
                "# Shop\n\n`cargo xtask --staging release` and `cargo xtask package --staging charts/web`\n",
            ),
        ],
    );
    let oci = |line: &str| {
        consumer.xtask(line);
        let manifest = fs::read_to_string(consumer.root.join("dist/manifest.json")).expect("a manifest");
        let oci =
            manifest.lines().find_map(|line| line.trim().strip_prefix("\"oci\": \"")).expect("a reference");
        oci.trim_end_matches("\",").to_owned()
    };
    consumer.uses_everything();
    assert_eq!(oci("release --offline"), "oci://ghcr.io/acme/charts/web:1.0.0");
    assert_eq!(oci("--staging release --offline"), "oci://registry.example.com/staging/web:1.0.0");
    assert_eq!(oci("release --staging --offline"), "oci://registry.example.com/staging/web:1.0.0");
    let ci = consumer.xtask("--staging ci");
    assert!(ci.contains("Passed rehearsal  cargo xtask --staging release --rehearse"), "{ci}");
    let ci = consumer.xtask("ci");
    assert!(ci.contains("Passed rehearsal  cargo xtask --staging release --rehearse"), "{ci}");
    assert!(ci.contains("Passed rehearsal  cargo xtask release --rehearse"), "{ci}");

    write(&consumer.root.join("xtask/src/main.rs"), &by_environment);
    assert_eq!(oci("release --offline"), "oci://ghcr.io/acme/charts/web:1.0.0");
    done(consumer.cargo(&["xtask", "release", "--offline"]).env("STAGE", "staging"));
    let manifest = fs::read_to_string(consumer.root.join("dist/manifest.json")).expect("a manifest");
    assert!(manifest.contains("oci://registry.example.com/staging/web:1.0.0"), "{manifest}");
    // The pages are those of production.
    assert!(manifest.contains("https://acme.github.io/shop/charts/"), "{manifest}");
    let commands = block("adopting.md", "Archives have the same bytes everywhere");
    assert!(commands.starts_with("STAGE=staging cargo xtask release --publish=oci\n"), "{commands}");
}

#[test]
fn in_a_workspace_with_other_members() {
    let consumer = Consumer::new(
        "tools",
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"app\", \"xtask\"]\nresolver = \"3\"\n"),
            ("app/Cargo.toml", "[package]\nname = \"app\"\nedition = \"2024\"\n"),
            ("app/src/main.rs", "fn main() {\n    println!(\"{}\", cfg!(debug_assertions));\n}\n"),
        ],
    );
    consumer.uses_everything();
    assert_eq!(done(&mut consumer.cargo(&["run", "--quiet", "--package", "app"])), "true\n");
}

#[test]
fn below_a_root_that_is_a_package() {
    let table = block("adopting.md", "**The root is a package**");
    let manifest = format!("[package]\nname = \"app\"\nedition = \"2024\"\n\n{table}");
    let consumer =
        Consumer::new("charts-xtask", &[("Cargo.toml", &manifest), ("src/main.rs", "fn main() {}\n")]);
    consumer.uses_everything();
}

#[test]
fn it_is_installed_and_packaged() {
    let consumer = Consumer::new("installed", &[]);
    let (engine, _) = engine();
    let (url, tag) = (format!("file://{}", engine.display()), format!("helm-xtask-{}", version()));
    let to = consumer.root.join("installed");
    forget_what_is_installed();
    let install =
        ["install", "--quiet", "--locked", "--git", &url, "--tag", &tag, "--profile", "xtask", "helm-xtask"];
    done(
        consumer
            .cargo(&install)
            .args(["--config", ".cargo/config.toml", "--root"])
            .arg(&to)
            .env_remove("CARGO_NET_OFFLINE"),
    );
    let program = to.join("bin/helm-xtask");
    assert_eq!(done(Command::new(&program).arg("--version")), format!("helm-xtask {}\n", version()));
    done(Command::new(&program).current_dir(&consumer.root).args(["package", "charts/web", "-d", "out"]));

    // Cargo compiles with the profile that has compiled everything else.
    let profile = block("adopting.md", "**`.cargo/config.toml`**").replace("profile.xtask", "profile.dev");
    let profile = profile.replace("inherits = \"dev\"\n", "").replace("[alias]\nxtask", "[alias]\nx");
    write(&place().join("dev.toml"), &profile);
    let mut build = command("cargo", &unpack(&cargo_package(engine)));
    build.args(["build", "--quiet", "--config"]).arg(place().join("dev.toml"));
    done(build.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", root().join("target")));
}

/// `cargo install` takes for fresh what it compiled of an older checkout that is still there, whatever this one holds.
fn forget_what_is_installed() {
    let Ok(compiled) = fs::read_dir(place().join("target/xtask/.fingerprint")) else { return };
    let names = compiled.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    for name in names.filter(|name| name.starts_with("helm-xtask")) {
        let _ = fs::remove_dir_all(place().join("target/xtask/.fingerprint").join(name));
    }
}

/// What `cargo publish` would upload, with the version in each name.
fn cargo_package(engine: &Path) -> [String; 2] {
    let mut package = command("cargo", engine);
    // Cargo's own verification would take what it has compiled of `helm-xtask-formats` under the same version before,
    // whatever that held.
    package.args(["package", "--quiet", "--locked", "--no-verify"]);
    package.args(["--package", "helm-xtask-formats", "--package", "helm-xtask"]);
    done(package.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", place().join("target")));
    ["helm-xtask-formats", "helm-xtask"].map(|name| format!("{name}-{}", version()))
}

/// A workspace of the packages without the files that lie beside them in the repository.
fn unpack(packages: &[String; 2]) -> PathBuf {
    let to = place().join("packaged");
    let _ = fs::remove_dir_all(&to);
    for package in packages {
        let file =
            fs::File::open(place().join(format!("target/package/{package}.crate"))).expect("a package");
        let mut archive = tar::Archive::new(GzDecoder::new(file));
        // Cargo compiles again what is newer than what it has compiled, and packages have an old time.
        archive.set_preserve_mtime(false);
        archive.unpack(&to).expect("its files");
    }
    let [formats, engine] = packages;
    let patch = format!("[patch.crates-io]\nhelm-xtask-formats = {{ path = \"{formats}\" }}\n");
    let members = format!("[workspace]\nmembers = [\"{formats}\", \"{engine}\"]\nresolver = \"3\"\n");
    write(&to.join("Cargo.toml"), &format!("{members}\n{patch}"));
    fs::copy(root().join("Cargo.lock"), to.join("Cargo.lock")).expect("a lock");
    to
}
