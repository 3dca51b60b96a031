//! What a publish does not know it does not take for absent: a target that cannot be looked at stops it before anything is
//! written anywhere. What passes is waited for, at every call.

use crate::fake::{Fault, Service};
use crate::sandbox::Sandbox;
use crate::server;
use crate::whole::{Targets, assert_same, each, source};

const ARGS: [&str; 2] = ["--helm", "never"];
const FOR_EVER: usize = usize::MAX;

/// What is no answer to the question whether something is there: a word that must be said, and whether it lasts, so that
/// nobody waits for another answer.
fn doubts<S: Service>() -> Vec<(&'static str, bool, Fault<S>)> {
    let limited =
        |name, value: &str| vec![(name, value.to_owned()), ("X-RateLimit-Remaining", "0".to_owned())];
    vec![
        ("401", true, Fault::Refuse(401, "Bad credentials")),
        ("403", true, Fault::Refuse(403, "Resource not accessible by integration")),
        ("403", true, Fault::Answer(403, limited("X-RateLimit-Reset", "4102444800"), "{}".into())),
        ("429", true, Fault::Answer(429, limited("Retry-After", "3600"), "{}".into())),
        ("", true, Fault::Answer(200, Vec::new(), "<html>Sign in</html>".into())),
        ("503", false, Fault::Refuse(503, "no")),
        ("", false, Fault::Drop),
        ("", false, Fault::Hang),
        ("", false, Fault::Cut(9)),
    ]
}

/// A publish ends with an error, and a plan says what it cannot tell. `step` is what is not known to be to do.
#[track_caller]
fn assert_stopped(targets: &Targets, sandbox: &Sandbox, step: &str, word: &str, lasts: bool) {
    targets.push_tags(sandbox);
    let before = targets.state();
    let steps = ["Would", "Cannot"].map(|verb| format!("{verb} {step} "));
    let deadline = if lasts { "60" } else { "5" };
    for args in [&["--publish"][..], &[]] {
        let ran = targets.release(sandbox, &[args, &ARGS, &["--deadline", deadline]].concat());
        assert!(ran.stderr.contains("\nhint: ") && ran.stderr.contains(word), "no {word}: {}", ran.stderr);
        assert!(ran.status == 1 || args.is_empty(), "{}", ran.stderr);
        let lines = ran.stdout.lines().chain(ran.stderr.lines());
        let mut known = lines.filter(|line| steps.iter().any(|step| line.contains(step)));
        assert!(known.all(|line| !line.contains("not there") && !line.contains("adds")), "{}", ran.stderr);
    }
    assert_eq!(targets.writes(), Vec::<String>::new(), "{step} {word}");
    assert_same(&targets.state(), &before, word);
}

#[test]
fn a_registry_that_does_not_say_stops_all() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    for (word, lasts, fault) in doubts() {
        targets.registry.fail(fault, "", FOR_EVER);
        assert_stopped(&targets, &sandbox, "push", word, lasts);
        targets.registry.heal();
    }
}

#[test]
fn a_github_that_does_not_say_stops_all() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    for (word, lasts, fault) in doubts() {
        targets.github.fail(fault, "", FOR_EVER);
        assert_stopped(&targets, &sandbox, "create", word, lasts);
        targets.github.heal();
    }
}

#[test]
fn a_branch_that_cannot_be_read_stops_all() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    for (word, lasts, fault) in [
        ("403", true, server::Fault::status(403)),
        ("500", false, server::Fault::status(500)),
        ("", false, server::Fault::Gate(std::sync::Arc::new(|| false))),
        ("", false, server::Fault::Hang),
    ] {
        targets.remote.server.fail(fault, server::ANY, FOR_EVER);
        assert_stopped(&targets, &sandbox, "merge", word, lasts);
        targets.remote.server.heal();
    }
}

/// Another content under a name that is taken: said before anything is written.
#[test]
fn what_is_taken_by_another_stops_all() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    targets.publish(&sandbox, &ARGS).ended(0);
    targets.writes();
    sandbox.write("charts/web/values.yaml", "a: 2\n");
    sandbox.commit("other bytes");
    sandbox.git(&["tag", "--force", "v1.0.0"]);
    targets.push_tags(&sandbox);
    let before = targets.state();
    for args in [&["--publish"][..], &[]] {
        let said = targets.release(&sandbox, &[args, &ARGS].concat()).ended(1).stderr;
        let error =
            "error: charts/web/Chart.yaml:3: `web 1.0.0` is published, and differs in `values.yaml`: ";
        assert!(
            said.contains(error) && said.contains("\nhint: choose a higher tag, such as v1.0.1\n"),
            "{said}"
        );
    }
    assert_eq!(targets.writes(), Vec::<String>::new());
    assert_same(&targets.state(), &before, "");
}

/// One fault that passes, at each call of the registry and of GitHub.
#[test]
fn what_passes_is_waited_for_at_every_call() {
    let (targets, sandbox) = (Targets::new(), source("1.0.0"));
    targets.publish(&sandbox, &["--helm", "never"]).ended(0);
    let whole = targets.state();
    let (oci, github) = (targets.registry.calls().len(), targets.github.calls().len());
    each(oci.max(github), |n| {
        let sandbox = source("1.0.0");
        let targets = Targets::new();
        let limit = || ("Retry-After", "0".to_owned());
        let kinds = |n: usize| match n % 5 {
            0 => Fault::Drop,
            1 => Fault::DropAfter,
            2 => Fault::Refuse(503, "soon"),
            3 => Fault::Answer(429, vec![limit()], "{}".into()),
            _ => Fault::Cut(3),
        };
        targets.registry.fail_call(kinds(n), n);
        let kinds = |n: usize| match n % 6 {
            0 => Fault::Drop,
            1 => Fault::DropAfter,
            2 => Fault::Refuse(502, "Server Error"),
            3 => Fault::Answer(403, vec![limit()], "{\"message\":\"secondary rate limit\"}".into()),
            4 => Fault::Starter,
            _ => Fault::Cut(3),
        };
        targets.github.fail_call(kinds(n), n);
        let ran = targets.publish(&sandbox, &["--helm", "never"]).ended(0);
        assert_same(&targets.state(), &whole, &ran.stderr);
    });
}
