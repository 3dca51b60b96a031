//! The repository against its own rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};

use crate::package::copy;
use crate::sandbox::{self, Sandbox};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Rust files of the crate, by their path below `xtask/`.
fn sources(directory: &str) -> Vec<(String, String)> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"));
    let walk = walkdir::WalkDir::new(base.join(directory))
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("an entry"));
    let files = walk.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"));
    files
        .map(|entry| {
            (entry.path().strip_prefix(base).expect("below").display().to_string(), read(entry.path()))
        })
        .collect()
}

/// The part of a file that is not its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn the_layers_know_only_those_below_them() {
    let layers = ["model", "plan", "world", "command"];
    for (path, text) in sources("src") {
        let Some(own) = layers.iter().position(|layer| path.starts_with(&format!("src/{layer}/"))) else {
            continue;
        };
        for above in &layers[own + 1..] {
            assert!(!code(&text).contains(&format!("crate::{above}")), "{path} uses {above}");
        }
        let cli = own < 3 && code(&text).contains("crate::cli");
        assert!(!cli, "{path} uses the command line");
    }
}

#[test]
fn only_world_touches_the_machine() {
    let forbidden = [
        "std::fs",
        "std::process",
        "std::env",
        "std::net",
        "std::thread",
        "std::time",
        "xshell",
        "walkdir",
        "println!",
    ];
    for (path, text) in sources("src/command") {
        assert!(
            !code(&text).contains("std::fs") && !code(&text).contains("std::env"),
            "{path} leaves world/ out"
        );
    }
    for (path, text) in sources("src/model").into_iter().chain(sources("src/plan")) {
        for word in forbidden {
            assert!(!code(&text).contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn every_file_says_why_it_exists() {
    for (path, text) in ["src", "scan", "tests"].into_iter().flat_map(sources) {
        assert!(text.starts_with("//! "), "{path}");
        assert!(path.contains("printable") || text.lines().count() <= 500, "{path} is too long");
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let section = manifest
        .split("[dependencies]")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .expect("dependencies");
    for line in section.lines().filter(|line| !line.is_empty()) {
        assert!(line.contains('#'), "no reason beside {line}");
    }
}

/// The command lines in code blocks of README.md and docs/, those of CONTRIBUTING-like files too.
fn documented_commands() -> BTreeSet<String> {
    let docs = walkdir::WalkDir::new(root().join("docs"))
        .into_iter()
        .map(|entry| entry.expect("an entry").into_path());
    let files = docs
        .chain([root().join("README.md")])
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut commands = BTreeSet::new();
    for file in files {
        for line in read(&file).lines() {
            let inline = line.split('`').skip(1).step_by(2);
            let block = line.trim_start().trim_start_matches("$ ").trim_start_matches("- run: ");
            commands.extend(
                inline.chain([block]).filter(|text| text.starts_with("cargo xtask ")).map(str::to_owned),
            );
        }
    }
    commands
}

#[test]
fn documented_commands_parse() {
    let commands = documented_commands();
    assert!(commands.contains("cargo xtask release"), "{commands:?}");
    for command in commands {
        // What follows a `#` is a comment of the shell.
        let words: Vec<&str> =
            command.split(" #").next().unwrap_or_default().split_whitespace().skip(1).collect();
        if let Err(error) = xtask::Cli::try_parse_from(&words) {
            // The text may speak of a command by its name alone.
            let is_name = words.len() == 2 && error.kind() == clap::error::ErrorKind::MissingRequiredArgument;
            assert!(is_name, "{command}: {error}");
        }
    }
}

#[test]
fn every_command_is_documented() {
    let commands = documented_commands();
    for subcommand in xtask::Cli::command().get_subcommands() {
        let name = subcommand.get_name();
        assert!(
            commands.iter().any(|command| command.split(' ').nth(2) == Some(name)),
            "{name} is not in README.md or docs/"
        );
    }
}

/// A workflow step, as far as this test reads it.
#[derive(serde::Deserialize)]
struct Step {
    run: Option<String>,
    uses: Option<String>,
}

#[derive(serde::Deserialize)]
struct Job {
    steps: Vec<Step>,
}

#[derive(serde::Deserialize)]
struct Workflow {
    jobs: std::collections::BTreeMap<String, Job>,
}

#[test]
fn workflows_run_what_a_laptop_runs() {
    for entry in std::fs::read_dir(root().join(".github/workflows")).expect("workflows") {
        let path = entry.expect("an entry").path();
        let workflow: Workflow =
            serde_yaml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for step in workflow.jobs.into_values().flat_map(|job| job.steps) {
            if let Some(run) = step.run {
                let words: Vec<&str> = run.split_whitespace().collect();
                let known = words.starts_with(&["cargo"]) || words == [".ci/run"];
                assert!(known && run.lines().count() == 1, "{}: {run}", path.display());
                if words.get(1) == Some(&"xtask") {
                    assert!(xtask::Cli::try_parse_from(&words[1..]).is_ok(), "{}: {run}", path.display());
                }
            }
            if let Some(uses) = step.uses {
                let (_, commit) = uses.split_once('@').expect("a pinned action");
                assert!(commit.len() == 40, "{}: {uses} is not pinned by commit", path.display());
            }
        }
    }
}

/// A transcript without what changes from commit to commit and from machine to machine.
fn lasting(transcript: &str) -> Vec<String> {
    let is_here =
        |line: &&str| ["Comparing", "Began", "Copied"].iter().any(|verb| line.trim_start().starts_with(verb));
    let lines = transcript.lines().filter(|line| !is_here(line));
    let words = |line: &str| {
        let words = line
            .split_whitespace()
            .filter(|word| !word.starts_with("sha256:") && word.parse::<f32>().is_err());
        words.map(without_port).collect::<Vec<_>>().join(" ")
    };
    let lasting =
        |line: &str| words(line.split("  (").next().unwrap_or(line).split("; commit").next().unwrap_or(line));
    lines.map(lasting).map(|line| line.trim_end_matches("; begins the branch").to_owned()).collect()
}

/// A word without the port of this machine in it.
fn without_port(word: &str) -> String {
    let Some((before, after)) = word.split_once("127.0.0.1:") else { return word.to_owned() };
    format!("{before}127.0.0.1:{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// What README.md shows after a command.
fn transcript(command: &str) -> Vec<String> {
    let readme = read(&root().join("README.md"));
    let shown = readme.split(&format!("$ {command}\n")).nth(1).and_then(|rest| rest.split("```").next());
    lasting(shown.expect("a transcript"))
}

#[test]
fn the_readmes_transcripts_are_what_is_printed() {
    let mut sandbox = Sandbox::new();
    for directory in ["charts", "docs"] {
        copy(&root().join(directory), &sandbox.work().join(directory));
    }
    for file in ["CHANGELOG.md", "mkdocs.yml"] {
        sandbox.write(file, &read(&root().join(file)));
    }
    sandbox.write(".gitignore", "/dist/\n/site/\n");
    sandbox.git(&["init", "--quiet"]);
    sandbox.commit("first");
    sandbox.git(&["init", "--quiet", "--bare", "dist/d44b/pulltrace.git"]);
    let printed = sandbox.xtask(&["release"]).ended(0).stdout;
    assert_eq!(transcript("cargo xtask release --offline"), lasting(&printed));
    let printed = sandbox.xtask(&["pages", "--remote", "dist/d44b/pulltrace.git"]).ended(0).stdout;
    let remote = "$ROOT/work/dist/d44b/pulltrace.git";
    let printed = printed.replace(remote, "https://github.com/d44b/pulltrace.git");
    assert_eq!(transcript("cargo xtask pages"), lasting(&printed));
    if let Some(helm) = sandbox::tool("the_readmes_transcripts_are_what_is_printed", "HELM4") {
        sandbox.set("HELM_BIN", helm.display().to_string());
        let printed = sandbox.xtask(&["release", "--rehearse"]).ended(0).stdout;
        assert_eq!(transcript("cargo xtask release --rehearse"), lasting(&printed));
    }
}

/// The literal of the facts stands in the documentation too.
#[test]
fn the_literal_is_shown_as_it_is() {
    let literal = |text: &str| {
        let from = text.split("const CONFIG: Config = ").nth(1).expect("the literal");
        from.split("};").next().expect("its end").to_owned()
    };
    let docs = read(&root().join("docs/adopting.md"));
    assert_eq!(literal(&docs), literal(&read(&root().join("xtask/src/main.rs"))));
}
