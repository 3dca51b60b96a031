//! Releases on merge: what the default branch holds is tagged and published, without a tag by hand. Real git, a registry and
//! GitHub's API on this machine.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use crate::release::chart;
use crate::sandbox::{Ran, Sandbox};
use crate::server::TOKEN;
use crate::whole::{Targets, assert_same, each, kill};

/// A repository with several charts whose versions stand in Chart.yaml, its clone and its targets.
pub struct Shop {
    pub targets: Targets,
    pub sandbox: Sandbox,
}

/// A chart that embeds the library.
fn embedding(name: &str, version: &str) -> String {
    let dependency =
        "dependencies:\n- name: common\n  version: \">=0.0.0\"\n  repository: file://../common\n";
    chart(name, version) + dependency
}

fn library(version: &str) -> String {
    chart("common", version) + "type: library\n"
}

impl Shop {
    /// These charts at 1.0.0, on `main` of the remote.
    pub fn new(names: &[&str]) -> Self {
        let mut sandbox = Sandbox::with_commit(&[(".gitignore", "/dist/\n/target/\n")]);
        sandbox.set("GITHUB_TOKEN", TOKEN);
        sandbox.set("CONFIG_VERSIONS", "verify");
        sandbox.unset("CARGO_NET_OFFLINE");
        let shop = Self { targets: Targets::empty(), sandbox };
        for name in names {
            shop.bump(name, "1.0.0");
        }
        shop.merge("charts");
        shop
    }

    /// The same with a library that `api` and `web` embed.
    pub fn with_library() -> Self {
        let shop = Self::new(&["cache", "db"]);
        for name in ["api", "web"] {
            shop.sandbox.write(&format!("charts/{name}/Chart.yaml"), &embedding(name, "1.0.0"));
            shop.sandbox.write(&format!("charts/{name}/templates/_x.tpl"), "{{/* x */}}\n");
            let charts = shop.sandbox.work().join(format!("charts/{name}/charts"));
            std::fs::create_dir_all(&charts).expect("a directory");
            std::os::unix::fs::symlink("../../common", charts.join("common")).expect("a link");
        }
        shop.sandbox.write("charts/common/Chart.yaml", &library("1.0.0"));
        shop.sandbox.write("charts/common/templates/_a.tpl", "{{/* a */}}\n");
        shop.merge("a library");
        shop
    }

    pub fn bump(&self, name: &str, version: &str) {
        self.sandbox.write(&format!("charts/{name}/Chart.yaml"), &chart(name, version));
        self.sandbox.write(&format!("charts/{name}/values.yaml"), &format!("for: {version}\n"));
    }

    /// Commits everything, as a merge into `main` of the remote.
    pub fn merge(&self, message: &str) {
        self.sandbox.commit(message);
        self.push("main");
    }

    pub fn push(&self, branch: &str) {
        let remote = self.targets.remote.path().display().to_string();
        self.sandbox.git(&["push", "--quiet", &remote, &format!("HEAD:refs/heads/{branch}")]);
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.any_config_command();
        command.env("GITHUB_API_URL", self.targets.github.url());
        let (remote, oci) = (&self.targets.remote.url, self.targets.registry.url());
        command.args(["release", "--helm", "never", "--remote", remote, "--oci", &oci]).args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        let output = self.command(args).output().expect("a program");
        let left: Vec<_> = std::fs::read_dir(self.sandbox.work().join("../tmp")).expect("tmp").collect();
        assert!(left.is_empty(), "left in the temporary directory: {left:?}");
        self.sandbox.normal(&output)
    }

    #[track_caller]
    pub fn publish(&self) -> Ran {
        self.run(&["--publish"]).ended(0)
    }

    pub fn spawn(&self) -> Child {
        let mut command = self.command(&["--publish"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.env("TMPDIR", self.sandbox.work().join("../home"));
        command.spawn().expect("a program")
    }

    /// What the workflow for `main` runs in a clone of one commit, which may be behind by now.
    #[track_caller]
    fn runs_in_ci(&self, clone: &str) {
        let mut command = self.command(&["--publish"]);
        command.current_dir(self.sandbox.work().join("..").join(clone));
        for (variable, value) in [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_REF", "refs/heads/main"),
            ("GITHUB_REF_TYPE", "branch"),
            ("GITHUB_REPOSITORY", "d44b/pulltrace"),
        ] {
            command.env(variable, value);
        }
        let commit = self.sandbox.git(&["-C", &format!("../{clone}"), "rev-parse", "HEAD"]);
        self.sandbox.normal(&command.env("GITHUB_SHA", commit).output().expect("a program")).ended(0);
    }

    /// A run that is killed when the n-th request comes.
    pub fn killed_at(&self, n: usize) -> (bool, usize) {
        self.targets.kill_program_at(n, || self.spawn())
    }

    /// The tags of the remote, each with the commit that it names.
    pub fn tags(&self) -> BTreeSet<(String, String)> {
        let format = "--format=%(refname:lstrip=2) %(*objectname)%(objectname)";
        let listed = self.targets.remote.git(&["for-each-ref", format, "refs/tags"]);
        let lines = listed.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(tag, ids)| (tag.to_owned(), ids[..40].to_owned())).collect()
    }

    /// The tag that a run makes first, at HEAD, and nothing else of it: the run was killed then.
    pub fn begun(&self, tag: &str) {
        let message = format!("{tag}\n\nThis tag was made by `cargo xtask release`, and so on.");
        self.sandbox.git(&["tag", "--annotate", "--message", &message, tag]);
        self.targets.push_tags(&self.sandbox);
        self.sandbox.git(&["tag", "--delete", tag]);
    }

    /// All that lasts, but for the number of commits that it took.
    pub fn state(&self) -> Value {
        let mut state = self.targets.state();
        state["pages"]["commits"].take();
        state["tags"] = self.tags().into_iter().map(|(tag, commit)| format!("{tag} {commit}")).collect();
        state
    }

    /// All targets have these versions and no others, and each has its tag.
    #[track_caller]
    pub fn has(&self, versions: &[&str]) {
        let expected: BTreeSet<String> = versions.iter().map(|one| (*one).to_owned()).collect();
        if self.targets.remote.tip().is_empty() {
            assert!(expected.is_empty() && self.tags().is_empty(), "{:?}", self.tags());
            return;
        }
        let state = self.targets.state();
        let entries = self.targets.remote.entries().into_keys();
        let index: BTreeSet<String> = entries.map(|file| file.trim_end_matches(".tgz").to_owned()).collect();
        let registry =
            state["oci"].as_object().expect("repositories").iter().flat_map(|(repository, one)| {
                let name = repository.rsplit('/').next().expect("a name").to_owned();
                let tags: Vec<String> = one["tags"].as_object().expect("tags").keys().cloned().collect();
                tags.into_iter().map(move |tag| format!("{name}-{tag}"))
            });
        let releases = state["github"]["releases"].as_array().expect("releases").iter();
        let releases = releases.map(|release| {
            assert_eq!(release["draft"], false, "{release:#}");
            let tag = release["tag_name"].as_str().expect("a tag").to_owned();
            let assets = release["assets"].as_array().expect("assets").iter();
            let assets: Vec<&str> = assets.filter_map(|asset| asset["name"].as_str()).collect();
            assert_eq!(assets, ["SHA256SUMS", &format!("{tag}.tgz")], "{release:#}");
            tag
        });
        let tags: BTreeSet<String> = self.tags().into_iter().map(|(tag, _)| tag).collect();
        assert_eq!(index, expected, "the index");
        assert_eq!(registry.collect::<BTreeSet<_>>(), expected, "the registry");
        assert_eq!(releases.collect::<BTreeSet<_>>(), expected, "GitHub");
        assert_eq!(tags, expected, "tags");
        self.targets.remote.assert_whole();
    }

    /// What the workflow for a tag runs, at its commit.
    pub fn for_tag(&self, tag: &str) -> Command {
        let mut command = self.command(&["--publish"]);
        for (variable, value) in [("GITHUB_REF_TYPE", "tag"), ("GITHUB_REF_NAME", tag)] {
            command.env(variable, value);
        }
        command
    }

    pub fn head(&self) -> String {
        self.sandbox.git(&["rev-parse", "HEAD"])
    }

    /// Another clone of `main` as it is now, as actions/checkout makes it.
    fn clone_beside(&self, name: &str) {
        let remote = format!("file://{}", self.targets.remote.path().display());
        self.sandbox.git(&["clone", "--quiet", "--depth=1", &remote, &format!("../{name}")]);
    }
}

/// Bumps of one, of several and of none; a forgotten bump; killed runs; a revert; a back-port branch; two merges at once.
#[test]
fn five_charts_live_through_twenty_merges() {
    let shop = Shop::with_library();
    let ran = shop.publish();
    // 1: the first release. The library comes before the charts that embed it.
    let pushed: Vec<&str> = ran.stdout.lines().filter(|line| line.contains(" Pushed ")).collect();
    let place = |name: &str| pushed.iter().position(|line| line.contains(&format!("/{name}:"))).expect(name);
    assert!(place("common") < place("api") && place("common") < place("web"), "{pushed:?}");
    let mut all = vec!["api-1.0.0", "cache-1.0.0", "common-1.0.0", "db-1.0.0", "web-1.0.0"];
    shop.has(&all);
    let first = shop.head();
    bumps(&shop, &mut all);
    a_library_and_its_users(&shop, &mut all);
    killed_runs(&shop, &mut all);
    a_back_port(&shop, &mut all, &first);
    two_at_once_and_the_end(&shop, &mut all);
    let state = shop.state();
    shop.publish();
    assert_same(&shop.state(), &state, "once more");
}

/// Merges 2 to 7.
fn bumps(shop: &Shop, all: &mut Vec<&'static str>) {
    // 2, 3: documents, and nothing else.
    for text in ["# Shop\n", "# Shop\n\nMore.\n"] {
        shop.sandbox.write("README.md", text);
        shop.merge("docs");
        let ran = shop.publish();
        assert!(ran.stdout.contains("there is nothing to publish"), "{ran:?}");
    }
    // 4, 5: one bump, then several.
    shop.bump("db", "1.1.0");
    shop.merge("db");
    shop.publish();
    shop.bump("db", "1.2.0");
    shop.bump("cache", "1.1.0");
    shop.merge("db and cache");
    shop.publish();
    all.extend(["db-1.1.0", "db-1.2.0", "cache-1.1.0"]);
    shop.has(all);

    // 6: a forgotten bump beside a good one. The good one is released, and the run says what is missing.
    shop.sandbox.write("charts/db/values.yaml", "forgotten: true\n");
    shop.bump("cache", "1.2.0");
    shop.merge("a forgotten bump");
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(ran.stderr.contains("`db 1.2.0` is published, and differs in `values.yaml`"), "{}", ran.stderr);
    assert!(ran.stdout.contains("Left out db 1.2.0: it has changed since"), "{}", ran.stdout);
    all.push("cache-1.2.0");
    shop.has(all);
    // 7: the bump.
    shop.bump("db", "1.2.1");
    shop.merge("the bump");
    shop.publish();
    all.push("db-1.2.1");
    shop.has(all);
}

/// Merges 8 and 9.
fn a_library_and_its_users(shop: &Shop, all: &mut Vec<&'static str>) {
    // 8: a library that changes without its users: one error for both, and the library is released.
    shop.sandbox.write("charts/common/Chart.yaml", &library("1.1.0"));
    shop.sandbox.write("charts/common/templates/_a.tpl", "{{/* b */}}\n");
    shop.merge("the library");
    let ran = shop.run(&["--publish"]).ended(1);
    let said =
        "`common` has changed, and is embedded in `api 1.0.0`, `web 1.0.0`: what is published never changes";
    assert_eq!(ran.stderr.matches("what is published never changes").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    all.push("common-1.1.0");
    shop.has(all);
    // 9: its users.
    shop.sandbox.write("charts/api/Chart.yaml", &embedding("api", "1.1.0"));
    shop.sandbox.write("charts/web/Chart.yaml", &embedding("web", "1.1.0"));
    shop.merge("its users");
    shop.publish();
    all.extend(["api-1.1.0", "web-1.1.0"]);
    shop.has(all);
}

/// Merges 10 to 14.
fn killed_runs(shop: &Shop, all: &mut Vec<&'static str>) {
    // 10, 11: a run that is killed with its tags made, then documents: the next run finishes it from the commit of the tags.
    shop.bump("db", "1.3.0");
    shop.bump("cache", "1.3.0");
    shop.merge("two bumps");
    let killed = shop.head();
    let (was_killed, _) = shop.killed_at(45);
    assert!(was_killed);
    shop.sandbox.write("README.md", "# Shop\n\nAgain.\n");
    shop.merge("docs after a killed run");
    shop.publish();
    all.extend(["db-1.3.0", "cache-1.3.0"]);
    shop.has(all);
    for tag in ["db-1.3.0", "cache-1.3.0"] {
        assert!(shop.tags().contains(&(tag.to_owned(), killed.clone())), "{tag}: {:?}", shop.tags());
    }
    // 12, 13: a killed run whose change is taken back: the version is out all the same, and the old one is published.
    shop.bump("db", "1.4.0");
    shop.merge("to be reverted");
    assert!(shop.killed_at(40).0);
    shop.bump("db", "1.3.0");
    shop.merge("the revert");
    shop.publish();
    all.push("db-1.4.0");
    shop.has(all);
    // 14: on from there.
    shop.bump("db", "1.5.0");
    shop.merge("after the revert");
    shop.publish();
    all.push("db-1.5.0");
    shop.has(all);
}

/// Merges 15 and 16.
fn a_back_port(shop: &Shop, all: &mut Vec<&'static str>, first: &str) {
    // 15: a back-port: another branch releases nothing by itself, and by its tag.
    shop.sandbox.git(&["checkout", "--quiet", "-b", "release-1", first]);
    shop.bump("cache", "1.0.1");
    shop.sandbox.commit("a back-port");
    shop.push("release-1");
    let ran = shop.run(&["--publish"]).ended(1);
    assert!(ran.stderr.contains("this commit is not on `main` of"), "{}", ran.stderr);
    shop.has(all);
    shop.sandbox.git(&["tag", "cache-1.0.1"]);
    shop.targets.push_tags(&shop.sandbox);
    shop.run(&["--publish", "--tag", "cache-1.0.1"]).ended(0);
    shop.sandbox.git(&["checkout", "--quiet", "main"]);
    all.push("cache-1.0.1");
    shop.has(all);
    // 16: and on `main`.
    shop.bump("cache", "1.4.0");
    shop.merge("after the back-port");
    shop.publish();
    all.push("cache-1.4.0");
    shop.has(all);
}

/// Merges 17 to 20.
fn two_at_once_and_the_end(shop: &Shop, all: &mut Vec<&'static str>) {
    // 17, 18: two merges within a second, whose runs go side by side.
    shop.bump("db", "1.6.0");
    shop.merge("one of two");
    shop.clone_beside("one");
    shop.bump("cache", "1.5.0");
    shop.merge("two of two");
    shop.clone_beside("two");
    thread::scope(|scope| {
        for clone in ["one", "two"] {
            scope.spawn(move || shop.runs_in_ci(clone));
        }
    });
    all.extend(["db-1.6.0", "cache-1.5.0"]);
    shop.has(all);

    // 19: a chart is taken away. 20: all of the others.
    shop.sandbox.git(&["rm", "-r", "--quiet", "charts/db"]);
    shop.merge("without db");
    let ran = shop.publish();
    assert!(ran.stdout.contains("there is nothing to publish"), "{ran:?}");
    for name in ["api", "web"] {
        shop.sandbox.write(&format!("charts/{name}/Chart.yaml"), &embedding(name, "2.0.0"));
    }
    shop.bump("cache", "2.0.0");
    shop.sandbox.write("charts/common/Chart.yaml", &library("2.0.0"));
    shop.merge("all");
    shop.publish();
    all.extend(["api-2.0.0", "cache-2.0.0", "common-2.0.0", "web-2.0.0"]);
    shop.has(all);
}

/// Killed when a request comes: the next run, on a later commit, ends as an undisturbed one. `XTASK_KILLS` tries each.
#[test]
fn the_next_run_finishes_what_a_killed_one_began() {
    let (whole, count) = undisturbed();
    let every = if std::env::var_os("XTASK_KILLS").is_some() { 1 } else { 9 };
    each(count.div_ceil(every), |i| {
        let (n, shop) = ((i - 1) * every + 1, Shop::new(&CHARTS));
        assert!(shop.killed_at(n).0, "{n}");
        next_run_is_whole(&shop, &whole, &format!("killed at request {n}"));
    });
}

/// At any moment, `XTASK_KILLS` of them: the same, where the process alone is killed, or all that it started.
#[test]
fn killed_at_any_moment() {
    let kills: u32 = std::env::var("XTASK_KILLS").map_or(3, |count| count.parse().expect("a number"));
    let (whole, _) = undisturbed();
    let shop = Shop::new(&CHARTS);
    shop.targets.slow_down();
    let started = Instant::now();
    shop.spawn().wait().expect("an end");
    let longest = started.elapsed();
    for n in 1..=kills {
        let shop = Shop::new(&CHARTS);
        shop.targets.slow_down();
        let mut child = shop.spawn();
        // Multiples of the golden ratio fall everywhere between 0 and 1, most evenly.
        let moment = longest.mul_f64((f64::from(n) * 0.618_034).fract());
        thread::sleep(moment);
        if n % 2 == 0 {
            kill(child.id());
        } else {
            child.kill().expect("a kill");
        }
        let was_killed = child.wait().expect("an end").code().is_none();
        shop.targets.heal();
        let seen = shop.targets.writes();
        next_run_is_whole(&shop, &whole, &format!("killed after {moment:?}"));
        // For whoever asks for many.
        println!("KILL\t{n}\t{}\t{was_killed}\t{}", moment.as_millis(), seen.len());
    }
}

pub const CHARTS: [&str; 3] = ["api", "db", "web"];

/// Releases three charts without a disturbance; the state, and how many requests it takes.
fn undisturbed() -> (Value, usize) {
    let shop = Shop::new(&CHARTS);
    let (was_killed, count) = shop.killed_at(usize::MAX);
    assert!(!was_killed);
    shop.has(&["api-1.0.0", "db-1.0.0", "web-1.0.0"]);
    (without_commits(shop.state()), count)
}

/// What a killed run has left is finished by one for the next commit, from the commit of its tags.
#[track_caller]
fn next_run_is_whole(shop: &Shop, whole: &Value, what: &str) {
    let begun = shop.tags();
    shop.sandbox.write("README.md", "# Shop\n");
    shop.merge("main moves on");
    let ran = shop.publish();
    assert!(shop.tags().is_superset(&begun), "{what}: {begun:?} {:?}", shop.tags());
    assert_same(&without_commits(shop.state()), whole, &format!("{what}:\n{}{}", ran.stdout, ran.stderr));
}

/// A version belongs to the commit of its tag, which differs where the run was killed before it.
fn without_commits(mut state: Value) -> Value {
    state["tags"].as_array_mut().expect("tags").iter_mut().for_each(|tag| {
        *tag = tag.as_str().expect("a tag").split(' ').next().expect("a name").into();
    });
    state
}
