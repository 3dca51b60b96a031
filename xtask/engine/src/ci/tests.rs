//! What becomes of the commands of workflows.

use super::workflow::read_workflow;
use super::*;
use crate::base::target::Target;

fn parse(line: &str) -> Result<Task, String> {
    Ok(match line {
        "cargo xtask ci" => Task::Ci,
        "cargo xtask release --publish=oci" | "cargo xtask --to=a release --publish=oci" => Task::Release {
            publish: vec![Target::Oci],
            tag: false,
            signs: false,
            from: None,
            to: "dist".to_owned(),
        },
        "cargo xtask release" => {
            Task::Release { publish: Vec::new(), tag: false, signs: false, from: None, to: "dist".to_owned() }
        }
        line if line.contains("pages") => {
            Task::Pages { publish: line.contains("--publish"), docs: line.contains("--only docs") }
        }
        "cargo xtask own" => Task::Own { publishes: false },
        "cargo xtask own --publish" | "cargo xtask own -p" | "cargo xtask must --publish" => {
            Task::Own { publishes: true }
        }
        "cargo xtask none --publish" => return Err("unexpected argument".to_owned()),
        "cargo xtask must" => return Err("--publish is required".to_owned()),
        "cargo xtask wrong" => return Err("unrecognized subcommand".to_owned()),
        _ => Task::Other,
    })
}

fn own_options(line: &str) -> Vec<String> {
    line.split(' ').filter(|word| word.starts_with("--to")).map(str::to_owned).collect()
}

/// What `cargo xtask ci` stands for, with a step of the repository's own.
fn all() -> Vec<Step> {
    [Step::new("test", "cargo test --locked")].into_iter().chain(standard()).collect()
}

fn names(run: &str) -> Vec<String> {
    let text = format!(
        "jobs:\n  a:\n    steps:\n      - run: {run}\n  b:\n    steps:\n      - run: cargo xtask ours\n"
    );
    let mut jobs = jobs(&[read_workflow(&text, "a.yml").expect("a workflow")], &all(), &parse, &own_options);
    jobs.truncate(1);
    steps(&jobs, &all()).iter().map(|step| format!("{}: {}", step.name, step.typed())).collect()
}

#[test]
fn what_publishes_is_rehearsed() {
    let whole = all().iter().map(|step| format!("{}: {}", step.name, step.typed())).collect::<Vec<_>>();
    for (run, expected) in [
        ("cargo xtask release --publish=oci", vec!["rehearsal: cargo xtask release --rehearse"]),
        ("cargo xtask release", vec!["release: cargo xtask release"]),
        (
            "cargo xtask --to=a release --publish=oci",
            vec!["rehearsal: cargo xtask --to=a release --rehearse"],
        ),
        ("cargo xtask --to=a pages --publish", vec!["pages: cargo xtask --to=a pages"]),
        (
            "cargo xtask pages --to=a --only docs --publish",
            vec!["docs: cargo xtask --to=a pages --only docs --offline"],
        ),
        (
            "cargo xtask pages --only docs --publish --wait",
            vec!["docs: cargo xtask pages --only docs --offline"],
        ),
        ("cargo xtask pages --publish", vec!["pages: cargo xtask pages"]),
        ("cargo xtask check --helm require", vec!["check: cargo xtask check --helm require"]),
        ("cargo xtask wrong", vec!["wrong: cargo xtask wrong"]),
        ("cargo xtask own", vec!["own: cargo xtask own"]),
        ("cargo xtask own --publish", vec!["own: cargo xtask own"]),
        ("cargo xtask own -p", vec![]),
        ("cargo xtask must --publish", vec![]),
        ("cargo xtask none --publish", vec![]),
        ("cargo clippy", vec!["clippy: cargo clippy"]),
        ("cargo publish", vec![]),
        ("cargo run --package xtask -- ci", vec![]),
        ("helm push a.tgz oci://ghcr.io/a", vec![]),
        ("cargo xtask ci && cargo publish", vec![]),
        ("|\n          cargo xtask ci\n          echo", vec![]),
    ] {
        assert_eq!(names(run), expected, "{run}");
    }
    assert_eq!(names("cargo xtask ci"), whole);
    let check = Step::new("check", "cargo xtask --to=a check");
    assert_eq!(
        check.with_options(&["--to=b".to_owned(), "--all".to_owned()]).typed(),
        "cargo xtask --all --to=a check"
    );
}

#[test]
fn each_command_runs_once() {
    let text = "jobs:\n  a:\n    steps:\n      - run: cargo xtask ci\n      - run: cargo xtask release --publish=oci\n";
    let jobs = jobs(&[read_workflow(text, "a.yml").expect("a workflow")], &all(), &parse, &own_options);
    assert_eq!(steps(&jobs, &all()), all());
    assert_eq!(steps(&[], &all()), all());
}

#[test]
fn what_nobody_has_here_is_named() {
    let text = "\
permissions: write-all
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: {contents: write, id-token: write, actions: read}
    env: {KEY: '${{ secrets.KEY }}'}
    steps:
      - uses: actions/checkout@v7
      - run: cargo xtask ours
        env: {A: \"x ${{ secrets.SIGN }} ${{ secrets.KEY }}\"}
  b:
    steps: []
";
    let jobs = jobs(&[read_workflow(text, "a.yml").expect("a workflow")], &all(), &parse, &own_options);
    let beyond: Vec<&[String]> = jobs.iter().map(|job| job.beyond.as_slice()).collect();
    let a = [
        "the machine ubuntu-24.04 with its tools",
        "what actions do: actions/checkout",
        "a token that may write contents",
        "GitHub's word for who runs (OIDC, `id-token`)",
        "the secrets KEY, SIGN",
    ];
    assert_eq!(beyond, [a.map(str::to_owned).as_slice(), &["a token that may write everything".to_owned()]]);
}
