//! Publishing a GitHub Release over a network that fails, and while it is killed or not alone.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::github::{Api, Fault, Github, asked};
use crate::publish_github::{TAG, another, both, draft, publish, undisturbed, writes};
use crate::sandbox::Sandbox;

/// Runs the cases in some threads, each with a sandbox of its own: they wait more than they work.
fn all<T: Sync>(cases: &[T], run: impl Fn(&mut Sandbox, &T) + Sync) {
    thread::scope(|scope| {
        for part in cases.chunks(cases.len().div_ceil(12)) {
            let run = &run;
            scope.spawn(move || {
                let (_, mut sandbox) = both();
                for case in part {
                    run(&mut sandbox, case);
                }
            });
        }
    });
}

fn limited(status: u16, message: &str) -> Fault {
    Fault::Answer(status, vec![("Retry-After", "0".into())], json!({"message": message}).to_string())
}

/// What it is called, whether the call is carried out, and the fault.
type Kind = (&'static str, bool, fn() -> Fault);

/// What passes is waited for, whatever call it meets, and nothing is done twice.
#[test]
fn what_passes_at_any_call_is_no_failure() {
    let (expected, calls) = undisturbed();
    let kinds: [Kind; 7] = [
        ("no answer, nothing done", false, || Fault::Drop),
        ("no answer, and done", true, || Fault::DropAfter),
        ("half an answer", true, || Fault::Cut(10)),
        ("a half-made asset", false, || Fault::Starter),
        ("500", false, || Fault::Refuse(500, "Server Error")),
        ("429", false, || limited(429, "slow down")),
        ("403", false, || limited(403, "You have exceeded a secondary rate limit.")),
    ];
    let cases: Vec<_> = kinds.iter().flat_map(|kind| (1..=calls.len()).map(move |n| (kind, n))).collect();
    all(&cases, |sandbox, ((kind, is_done, fault), n)| {
        let github = another(sandbox);
        github.fail_call(fault(), *n);
        publish(sandbox).ended(0);
        let what = format!("{kind} at call {n}, {}", calls[n - 1].line);
        assert_eq!(github.state(), expected, "{what}");
        if *is_done {
            assert_eq!(writes(&github.calls()), writes(&calls), "{what}");
        }
    });
}

/// What is refused ends the run, and the next one goes on there.
#[test]
fn what_is_refused_at_any_call_is_done_by_the_next_run() {
    let (expected, calls) = undisturbed();
    // Of the repository is asked what may be left unanswered.
    let is_must = |n: &usize| calls[n - 1].line.contains("/releases") || calls[n - 1].line.contains("/git/");
    let cases: Vec<usize> = (1..=calls.len()).filter(is_must).collect();
    all(&cases, |sandbox, &n| {
        let github = another(sandbox);
        github.fail_call(Fault::Refuse(403, "Resource not accessible by integration"), n);
        let ran = publish(sandbox).ended(1);
        assert!(ran.stderr.contains("contents: write"), "{}", ran.stderr);
        let before = writes(&github.calls()).len();
        publish(sandbox).ended(0);
        assert_eq!(github.state(), expected, "call {n}, {}", calls[n - 1].line);
        // The refused one and no other is sent again.
        let refused = usize::from(!calls[n - 1].line.starts_with("GET"));
        assert_eq!(before + writes(&github.calls()).len(), writes(&calls).len() + refused, "call {n}");
    });
}

/// The command as a process that can be killed.
fn command(sandbox: &Sandbox) -> Command {
    let mut command = sandbox.command(Path::new(env!("CARGO_BIN_EXE_xtask")));
    command.args(["release", "--tag", TAG, "--publish=github"]).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn killed_at_any_call() {
    let (expected, calls) = undisturbed();
    let cases: Vec<_> = (1..=calls.len()).flat_map(|n| [(n, false), (n, true)]).collect();
    all(&cases, |sandbox, &(n, is_done)| {
        let github = another(sandbox);
        let id: Arc<Mutex<Option<u32>>> = Arc::default();
        let kill = {
            let id = id.clone();
            move || {
                let id = id.lock().expect("an id").expect("it runs").to_string();
                assert!(Command::new("kill").args(["-9", &id]).status().expect("kill").success());
                is_done
            }
        };
        github.fail_call(Fault::Gate(Arc::new(kill)), n);
        let mut child = {
            let mut id = id.lock().expect("an id");
            let child = command(sandbox).spawn().expect("a process");
            *id = Some(child.id());
            child
        };
        assert_eq!(child.wait().expect("an end").code(), None, "call {n}");
        publish_after_kill(sandbox);
        assert_eq!(github.state(), expected, "call {n}, {}, done: {is_done}", calls[n - 1].line);
    });
}

/// What was killed may have left its temporary files.
fn publish_after_kill(sandbox: &Sandbox) {
    assert!(command(sandbox).status().expect("a status").success());
}

#[test]
fn two_runs_at_once() {
    let (expected, _) = undisturbed();
    all(&[(); 12], |sandbox, ()| {
        let github = another(sandbox);
        let other = elsewhere(&github);
        let mut children = [&*sandbox, &other].map(|sandbox| command(sandbox).spawn().expect("a process"));
        for child in &mut children {
            assert!(child.wait().expect("an end").success());
        }
        assert_eq!(github.state(), expected);
    });
}

/// The same commit in another place, for the same GitHub.
fn elsewhere(github: &Github) -> Sandbox {
    let (_, mut other) = both();
    other.set("GITHUB_API_URL", github.url());
    other
}

/// Another job does its part just before a call.
#[test]
fn somebody_else_is_faster() {
    let (expected, _) = undisturbed();
    // A whole run of another job before any of our calls that write.
    for part in ["POST /api/v3", "POST /api/uploads", "PATCH"] {
        let (github, sandbox) = both();
        let other = elsewhere(&github);
        let run = move || {
            publish_after_kill(&other);
            false
        };
        github.fail(Fault::Gate(Arc::new(run)), part, 1);
        publish(&sandbox).ended(0);
        assert_eq!(github.state(), expected, "{part}");
    }
}

/// The list of releases may be some seconds old.
#[test]
fn a_list_without_the_draft_makes_no_second_one() {
    let (expected, calls) = undisturbed();
    let lists = calls.iter().enumerate().filter(|(_, call)| call.line.contains("/releases?"));
    for n in lists.map(|(n, _)| n + 1) {
        let (github, sandbox) = both();
        github.fail_call(Fault::Answer(200, Vec::new(), "[]".to_owned()), n);
        publish(&sandbox).ended(0);
        assert_eq!(github.state(), expected, "call {n}");
        assert_eq!(writes(&github.calls()), writes(&calls), "call {n}");
    }
}

/// Somebody publishes the other draft after it was seen as one, and deletes ours.
#[test]
fn what_is_published_is_never_removed() {
    let drafts =
        |github: &Github| [draft(github), draft(github)].map(|draft| format!("releases/{}", draft["id"]));
    let (github, sandbox) = both();
    drafts(&github);
    publish(&sandbox).ended(0);
    let calls = github.calls();
    let removal = calls.iter().position(|call| call.line.starts_with("DELETE")).expect("a removal");

    let (github, sandbox) = both();
    let [first, second] = drafts(&github);
    let act = move |api: &mut Api| {
        assert_eq!(api.answer(&asked("DELETE", &first, &Value::Null)).status, 204);
        assert_eq!(api.answer(&asked("PATCH", &second, &json!({"draft": false}))).status, 200);
    };
    // The look just before the removal, which would be the next call.
    github.fail_call(Fault::Meanwhile(Arc::new(act)), removal);
    publish(&sandbox).ended(0);
    let calls = github.calls();
    assert!(!writes(&calls).iter().any(|line| line.starts_with("DELETE")), "{calls:?}");
    let state = github.state();
    let releases = state["releases"].as_array().expect("releases");
    assert!(matches!(&releases[..], [one] if one["assets"].as_array().map(Vec::len) == Some(2)), "{state}");
}
