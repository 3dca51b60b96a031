//! Commands that are killed at any moment: the next run ends as an undisturbed one. `.ci/kills COMMAND` does that many times.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::config;
use crate::prepare;
use crate::remote::Layout;
use crate::sandbox::Sandbox;
use crate::status;
use crate::whole::kill;
use crate::yank;

/// How one command is killed.
struct Scene<'s, S> {
    /// What it changes, before that.
    made: &'s dyn Fn() -> S,
    command: &'s dyn Fn(&S) -> Command,
    /// What it changes, as it is now.
    state: &'s dyn Fn(&S) -> Value,
    /// Whether what the command has started is killed as well, each second time.
    groups: bool,
}

impl<S> Scene<'_, S> {
    /// Kills it `XTASK_KILLS` times, or twice.
    fn play(&self, name: &str) {
        let kills: u32 = std::env::var("XTASK_KILLS").map_or(2, |count| count.parse().expect("a number"));
        let (whole, begun) = ((self.made)(), Instant::now());
        assert!(self.start(&whole).wait().expect("an end").success(), "{name}");
        let (longest, expected) = (begun.elapsed(), (self.state)(&whole));
        for n in 1..=kills {
            let scene = (self.made)();
            let mut child = self.start(&scene);
            // Multiples of the golden ratio fall everywhere between 0 and 1, most evenly.
            let moment = longest.mul_f64((f64::from(n) * 0.618_034).fract());
            thread::sleep(moment);
            if self.groups && n % 2 == 0 {
                kill(child.id());
            } else {
                child.kill().expect("a kill");
            }
            let was_killed = child.wait().expect("an end").code().is_none();
            // What it has started may live a moment longer.
            thread::sleep(Duration::from_millis(300));
            assert!(self.start(&scene).wait().expect("an end").success(), "{name}, killed after {moment:?}");
            assert_eq!((self.state)(&scene), expected, "{name}, killed after {moment:?}");
            println!("KILL\t{name}\t{n}\t{}\t{was_killed}\tright", moment.as_millis());
        }
    }

    fn start(&self, scene: &S) -> Child {
        let mut command = (self.command)(scene);
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.spawn().expect("a program")
    }
}

/// The temporary directory of a killed run stays, and is none of the others.
fn elsewhere(sandbox: &Sandbox, mut command: Command) -> Command {
    command.env("TMPDIR", sandbox.work().join("../home"));
    command
}

#[test]
fn yank() {
    let command = |(targets, sandbox): &(crate::whole::Targets, Sandbox)| {
        let mut command = Layout::USUAL.command(sandbox);
        command.env("GITHUB_API_URL", targets.github.url()).args(yank::YANK);
        command.args(["--publish", "--remote", &targets.remote.url]);
        elsewhere(sandbox, command)
    };
    let scene = Scene {
        made: &|| yank::released(Layout::USUAL),
        command: &command,
        state: &|(targets, _)| targets.state(),
        groups: true,
    };
    scene.play("yank");
}

#[test]
fn status_fix() {
    let scene = Scene {
        made: &status::broken,
        command: &|shop| elsewhere(&shop.sandbox, status::command(shop, &["--fix", "--publish"])),
        state: &|shop| json!(shop.state()),
        groups: true,
    };
    scene.play("status --fix");
}

#[test]
fn prepare() {
    let command = |sandbox: &Sandbox| {
        let mut command = sandbox.command(config::program());
        command.args(["prepare", "--bump", "minor", "--commit"]);
        elsewhere(sandbox, command)
    };
    let state = |sandbox: &Sandbox| {
        json!([sandbox.git(&["rev-parse", "HEAD"]), sandbox.git(&["status", "--porcelain"])])
    };
    // A git that is killed leaves its lock, and says so to the next.
    let scene = Scene { made: &prepare::shop, command: &command, state: &state, groups: false };
    scene.play("prepare --commit");
}
