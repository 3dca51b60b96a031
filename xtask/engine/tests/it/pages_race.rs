//! `cargo xtask pages` by several at once, and by one that is killed: nothing is lost, and the branch is whole throughout.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::remote::{BRANCH, INDEX, Remote, bump, publisher};
use crate::sandbox::{Ran, Sandbox, find};
use crate::server::{Fault, LOOK, LOOK_TO_PUSH};

fn at_once(runs: Vec<Box<dyn FnOnce() -> Ran + Send + '_>>) -> Vec<Ran> {
    thread::scope(|scope| {
        let threads: Vec<_> = runs.into_iter().map(|run| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a run")).collect()
    })
}

#[test]
fn whoever_publishes_at_once_is_published() {
    let remote = Remote::seeded();
    let publishers: Vec<Sandbox> =
        (0..6).map(|n| publisher(["web", "api", "new"][n % 3], &format!("1.{n}.0"))).collect();
    let writer = publisher("web", "9.9.9");
    let (before, commits) = (remote.entries(), remote.commits());
    let mut runs: Vec<Box<dyn FnOnce() -> Ran + Send + '_>> = vec![Box::new(|| remote.docs(&writer))];
    for sandbox in &publishers {
        runs.push(Box::new(|| remote.charts(sandbox)));
    }
    for ran in at_once(runs) {
        ran.ended(0);
    }
    assert_eq!(remote.assert_whole(), 2 + 6);
    assert_eq!(remote.commits(), commits + 7);
    let after = remote.entries();
    for (file, entry) in before {
        assert_eq!(after.get(&file), Some(&entry), "{file}");
    }
    let files = remote.files();
    assert!(files.contains_key("CNAME") && files.contains_key(".nojekyll"));
    assert!(!files.keys().any(|path| path.contains("stale")));
    assert!(remote.text("index.html").contains("New words."));
}

/// Whoever comes second fetches what came in between, and not the branch once more.
#[test]
fn a_second_round_costs_what_came_in_between() {
    let (remote, sandbox) = (Remote::seeded(), publisher("web", "1.0.0"));
    // An index as of many releases, in bytes that do not compress.
    let noise =
        |n: u32| (0..3_000_u32).map(|i| (i ^ n).wrapping_mul(2_654_435_761).to_string()).collect::<String>();
    let index = format!("{}# {}\n", remote.text(INDEX), noise(1));
    remote.overwrite(&[(INDEX, Some(index.as_bytes()))]);
    remote.write("refs/heads/quick", Some(BRANCH), &[(INDEX, Some(format!("{index}# quick\n").as_bytes()))]);
    let quick = remote.server.somebody(&["-C", "o/r.git", "update-ref", BRANCH, "refs/heads/quick"]);
    remote.server.fail(quick, LOOK_TO_PUSH, 1);
    remote.charts(&sandbox).ended(0);
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 4));
    assert!(remote.text(INDEX).contains("# quick"));
    let requests = remote.server.calls();
    let sent: usize = requests.iter().map(|request| request.sent).sum();
    assert!(requests.len() <= 12 && sent < index.len(), "{sent} bytes: {requests:?}");
}

#[test]
fn two_may_be_the_first() {
    let remote = Remote::empty();
    let (one, two) = (publisher("web", "1.0.0"), publisher("api", "1.0.0"));
    for ran in at_once(vec![Box::new(|| remote.charts(&one)), Box::new(|| remote.charts(&two))]) {
        ran.ended(0);
    }
    assert_eq!(remote.assert_whole(), 2);
    assert_eq!(remote.commits(), 2);
}

#[test]
fn the_same_release_twice_at_once_is_one_commit() {
    let remote = Remote::seeded();
    let (one, two) = (publisher("web", "1.0.0"), publisher("web", "1.0.0"));
    let commits = remote.commits();
    for ran in at_once(vec![Box::new(|| remote.charts(&one)), Box::new(|| remote.charts(&two))]) {
        ran.ended(0);
    }
    assert_eq!(remote.assert_whole(), 3);
    assert_eq!(remote.commits(), commits + 1);
}

/// Two releases of one version: the second to come is told so, whichever it is.
#[test]
fn one_version_is_published_once() {
    let remote = Remote::seeded();
    let (one, two) = (publisher("web", "1.0.0"), publisher("web", "1.0.0"));
    two.write("charts/web/values.yaml", "a: 2\n");
    two.commit("other bytes");
    two.xtask(&["release", "--tag", "v1.0.0"]).ended(0);
    let ran = at_once(vec![Box::new(|| remote.charts(&one)), Box::new(|| remote.charts(&two))]);
    let mut statuses: Vec<i32> = ran.iter().map(|ran| ran.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [0, 1], "{ran:?}");
    assert_eq!((remote.assert_whole(), remote.commits()), (3, 2));
}

/// Killed at any moment: the branch has the release whole or not at all, and running again is the recovery.
#[test]
fn a_kill_leaves_the_branch_whole() {
    let kills: u32 = std::env::var("XTASK_KILLS").map_or(10, |count| count.parse().expect("a number"));
    let remote = Remote::seeded();
    let sandbox = publisher("web", "1.0.0");
    let started = Instant::now();
    remote.charts(&sandbox).ended(0);
    let typical = started.elapsed();
    let xtask = Path::new(env!("CARGO_BIN_EXE_xtask"));
    let args = ["pages", "--publish", "--only", "charts", "--remote", remote.url.as_str()];
    for n in 1..=kills {
        bump(&sandbox, "web", &format!("1.{n}.0"));
        let before = remote.commits();
        let mut command = sandbox.command(xtask);
        command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
        // What is killed leaves something there, and git may outlive it for a moment.
        command.env("TMPDIR", sandbox.work().join("../home"));
        let mut child = command.spawn().expect("xtask");
        // Multiples of the golden ratio fall everywhere between 0 and 1, most evenly.
        thread::sleep(typical.mul_f64((f64::from(n) * 0.618_034).fract()));
        child.kill().expect("a kill");
        child.wait().expect("an end");
        let seen = remote.commits();
        assert!(seen == before || seen == before + 1, "{n}: {before} commits, then {seen}");
        remote.assert_whole();
        remote.charts(&sandbox).ended(0);
        assert_eq!(remote.commits(), before + 1, "{n}");
    }
    assert_eq!(remote.assert_whole(), 3 + usize::try_from(kills).expect("a count"));
}

/// The signal comes while git waits for the server, which answers only when all is over.
#[test]
fn an_interrupt_leaves_nothing() {
    for signal in ["INT", "TERM"] {
        let (remote, sandbox) = (Remote::seeded(), publisher("web", "1.0.0"));
        let tip = remote.tip();
        let (asked, was_asked) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        let hold = move || {
            let _ = asked.send(());
            // It ends with the sender.
            let _ = released.lock().expect("one request").recv();
            false
        };
        remote.server.fail(Fault::Gate(Arc::new(hold)), LOOK, usize::MAX);
        let mut command = sandbox.command(Path::new(env!("CARGO_BIN_EXE_xtask")));
        command.args(["pages", "--publish", "--only", "charts", "--remote", &remote.url]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("xtask");
        was_asked.recv_timeout(Duration::from_secs(300)).expect("a request");
        let kill = find("kill").expect("kill");
        sandbox.run(&kill, &["-s", signal, &child.id().to_string()]).ended(0);
        let status = child.wait().expect("an end");
        assert!(!status.success() && status.code().is_none(), "{signal}: {status}");
        let left = std::fs::read_dir(sandbox.work().join("../tmp")).expect("tmp").count();
        assert_eq!((left, remote.tip()), (0, tip), "{signal}");
        drop(release);
    }
}
