//! The repository against its own rules.

use std::path::{Path, PathBuf};
use std::process::Command;

use helm_xtask::clap::{self, Subcommand};
use helm_xtask::internals::check::document::{Document, Shown};
use helm_xtask::internals::check::documented_commands::documented;
use serde_json::Value;

use crate::package::copy;
use crate::rooms;
use crate::sandbox::{self, Sandbox};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Documents break none of the rules that `cargo xtask check` keeps.
#[test]
fn the_repository_passes_its_own_check() {
    let mut check = Command::new(env!("CARGO_BIN_EXE_xtask"));
    check.args(["check", "--offline", "--helm", "never", "--json"]).current_dir(root());
    let zensical = sandbox::tool("the_repository_passes_its_own_check", "ZENSICAL");
    check.envs(zensical.as_ref().map(|zensical| ("ZENSICAL_BIN", zensical)));
    let check = check.output().expect("check");
    let report: Value = serde_json::from_slice(&check.stdout).expect("a report");
    let findings = report["findings"].as_array().expect("findings").iter();
    let found: Vec<&Value> = findings.filter(|found| found["area"] == "documentation").collect();
    assert!(found.is_empty(), "{found:?}");
    let left_out = report["notChecked"].to_string();
    assert!(zensical.is_none() || !left_out.contains("documentation"), "{left_out}");
}

#[test]
fn the_sources_keep_the_rules_of_their_rooms() {
    let files = Command::new("git").args(["ls-files", "xtask"]).current_dir(root()).output().expect("git");
    let paths = String::from_utf8(files.stdout).expect("UTF-8");
    let sources: Vec<Document> = paths
        .lines()
        .filter(|path| rooms::is_source(path) && root().join(path).is_file())
        .map(|path| Document { path: path.to_owned(), text: read(&root().join(path)) })
        .collect();
    assert!(sources.len() > 100, "{} sources", sources.len());
    let broken: Vec<String> = rooms::problems(&sources).iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let (own, others) = rooms::imports(&sources);
    let share = 100 * own / (own + others);
    println!("{share} % of the imports above the ground stay in their room ({own} of {})", own + others);
    assert!(share >= 60, "{share} %: what changes together lies in several rooms");
}

#[test]
fn the_rooms_are_documented_in_their_order() {
    let text = read(&root().join("docs/architecture.md"));
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("/` | "));
    assert_eq!(rows.map(|(room, _)| room).collect::<Vec<_>>(), rooms::ROOMS);
    for file in text.split('`').filter(|part| part.ends_with(".rs") && part.contains('/')) {
        let path =
            root().join("xtask/engine").join(if file.starts_with("src/") { "" } else { "src" }).join(file);
        assert!(path.is_file(), "{file} is not there");
    }
}

#[test]
fn every_command_is_documented() {
    let docs = walkdir::WalkDir::new(root().join("docs")).into_iter().map(|entry| entry.expect("an entry"));
    let files = docs.map(walkdir::DirEntry::into_path).chain([root().join("README.md")]);
    let documents: Vec<Document> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| Document { path: path.display().to_string(), text: read(&path) })
        .collect();
    let shown: Vec<Shown> = documents.iter().map(|one| (one, one.snippets())).collect();
    let commands = documented(&shown.iter().collect::<Vec<_>>());
    for subcommand in helm_xtask::Command::augment_subcommands(clap::Command::new("xtask")).get_subcommands()
    {
        let name = subcommand.get_name();
        assert!(
            commands.iter().any(|documented| documented.command.split(' ').nth(2) == Some(name)),
            "{name} is not in README.md or docs/"
        );
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
    sandbox.git(&["tag", "v0.1.0"]);
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

/// What other repositories may depend on is hard to take back.
#[test]
fn the_face_is_small() {
    let face = read(&root().join("xtask/engine/src/lib.rs"));
    let lines = face.lines().filter(|line| line.starts_with("pub use "));
    let mut names: Vec<&str> = lines
        .flat_map(|line| line.rsplit("::").next().unwrap_or(line).split(|c: char| !c.is_alphanumeric()))
        .filter(|name| !name.is_empty() && !["pub", "use"].contains(name))
        .collect();
    names.push("app!");
    assert!(names.len() <= 15 && names.contains(&"clap") && names.contains(&"Release"), "{names:?}");
    let modules: Vec<&str> = face.lines().filter(|line| line.starts_with("pub mod ")).collect();
    assert_eq!(modules, ["pub mod internals;"]);
}

/// The library knows nothing of the program that depends on it, nor where this repository keeps its documents.
#[test]
fn the_library_names_no_place_of_this_repository() {
    for entry in walkdir::WalkDir::new(root().join("xtask/engine/src")) {
        let entry = entry.expect("an entry");
        let text = if entry.file_type().is_file() { read(entry.path()) } else { continue };
        // What `init` writes lies at the same place here.
        let is_init = entry.path().components().any(|part| part.as_os_str() == "init");
        let main = (!is_init).then_some("xtask/src/main.rs");
        for place in main.into_iter().chain(["docs/ci.md", "docs/adopting.md", "xtask/engine"]) {
            assert!(!text.contains(place), "{}: {place}", entry.path().display());
        }
    }
}

/// The documentation shows the files that are compiled and checked.
#[test]
fn the_files_to_copy_are_shown_as_they_are() {
    let adopting = read(&root().join("docs/adopting.md"));
    let examples = ["smallest", "own_command", "staging", "environment"];
    let files = examples.map(|example| format!("examples/{example}/main.rs"));
    for file in files.into_iter().chain(["src/check/cargo_config.toml".to_owned()]) {
        let text = read(&root().join("xtask/engine").join(&file));
        assert!(adopting.contains(&format!("\n{text}```\n")), "docs/adopting.md shows another {file}");
    }
}
