//! The files by which a repository depends on this library: their text, and what becomes of each that is there already.

use std::collections::BTreeMap;

use super::setting::{SETTERS, Setting, main_rs};
use super::today::When;
use super::{Answer, Decision};
use crate::base::config::Config;
use crate::base::tag;
use crate::base::target::Target;
use crate::check::cargo::{CONFIG, LOCK, MANIFEST, TEMPLATE};

pub const PACKAGE: &str = "xtask/Cargo.toml";
pub const MAIN: &str = "xtask/src/main.rs";
pub const IGNORED: &str = ".gitignore";
pub const WORKFLOW: &str = ".github/workflows/charts.yml";
const HELM_IGNORED: &str = ".helmignore";
/// The files, in the order in which they are told.
pub const FILES: [&str; 7] = [MANIFEST, CONFIG, PACKAGE, MAIN, IGNORED, HELM_IGNORED, WORKFLOW];

const WORKSPACE: &str = "[workspace]\nmembers = [\"xtask\"]\nresolver = \"3\"\n";
const MEMBERS: &str = "[workspace]\nmembers = [\"xtask\"]\n";
const BY_TAG: &str = include_str!("templates/by_tag.yml");
const ON_MERGE: &str = include_str!("templates/on_merge.yml");
/// What the commands make at the root.
const MADE: [&str; 3] = ["/target/", "/dist/", "/site/"];
/// What a chart at the root should not package of all that is written here.
const NOT_OF_CHART: [&str; 8] = [
    "/.git",
    "/.cargo/",
    "/.github/",
    "/.gitignore",
    "/.helmignore",
    "/Cargo.lock",
    "/Cargo.toml",
    "/xtask/",
];

/// What becomes of a file. Nothing that is there is ever replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is written: it is not there.
    Write(String),
    /// These lines are added at its end.
    Append(String),
    /// A person has to add this text; the reason says why.
    Edit { text: String, why: String },
    /// It differs from what the repository shows.
    Differs(String),
    /// It is as it should be.
    Unchanged,
}

/// The text of `xtask/Cargo.toml`.
pub fn manifest() -> String {
    let (repository, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
    format!(
        "[package]\nname = \"xtask\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n\
         helm-xtask = {{ git = \"{repository}\", tag = \"helm-xtask-{version}\" }}\n"
    )
}

/// What becomes of each file, by what is there.
pub fn changes(decision: &Decision, there: &BTreeMap<String, String>) -> Vec<(&'static str, Change)> {
    let change = |path: &'static str| {
        let old = there.get(path).map(String::as_str);
        let change = match (path, old) {
            (MANIFEST, None) => Change::Write(WORKSPACE.to_owned()),
            (MANIFEST, Some(old)) => workspace(old),
            (CONFIG, None) => Change::Write(TEMPLATE.to_owned()),
            (CONFIG, Some(old)) => alias(old),
            (PACKAGE, None) => Change::Write(manifest()),
            (PACKAGE, Some(old)) => package(old),
            (MAIN, None) => Change::Write(main_rs(&decision.config.repository, &decision.settings())),
            (MAIN, Some(old)) => config(old, decision),
            (IGNORED, old) => ignored(old.unwrap_or_default(), &MADE),
            (HELM_IGNORED, old) => ignored(old.unwrap_or_default(), &[&MADE[..], &NOT_OF_CHART[..]].concat()),
            (_, None) => Change::Write(workflow(decision)),
            (_, Some(old)) => jobs(old, decision),
        };
        (path, change)
    };
    let is_for_it = |path: &&str| *path != HELM_IGNORED || decision.has_root_chart;
    FILES.into_iter().filter(is_for_it).map(change).collect()
}

/// A manifest at the root: a workspace has members, and a package becomes one that has members.
fn workspace(old: &str) -> Change {
    let tables: Vec<&str> = old.lines().map(str::trim).filter(|line| line.starts_with('[')).collect();
    let has = |table: &str| tables.iter().any(|line| line.starts_with(table));
    let is_member = old.split("members").nth(1).and_then(|rest| rest.split(']').next());
    if is_member.is_some_and(|members| members.contains("\"xtask\"") || members.contains("'xtask'")) {
        Change::Unchanged
    } else if has("[workspace]") {
        let why = "its workspace has other members".to_owned();
        Change::Edit { text: "members = [\"xtask\"] # beside those that are there\n".to_owned(), why }
    } else {
        Change::Append(MEMBERS.to_owned())
    }
}

fn alias(old: &str) -> Change {
    let has = |text: &str| old.lines().any(|line| line.trim().starts_with(text));
    if has("xtask =") || has("xtask=") || has("alias.xtask") {
        Change::Unchanged
    } else if has("[alias]") || has("[profile.xtask") {
        let why = "it has other aliases".to_owned();
        Change::Edit { text: TEMPLATE.to_owned(), why }
    } else {
        Change::Append(TEMPLATE.to_owned())
    }
}

/// The manifest of the package: the tag that it depends on.
fn package(old: &str) -> Change {
    let line = |text: &str| old.lines().map(str::trim).find(|line| line.starts_with(text));
    let wanted = format!("\"helm-xtask-{}\"", env!("CARGO_PKG_VERSION"));
    match line("helm-xtask ").or_else(|| line("helm-xtask=")) {
        Some(line) if line.contains("tag") && !line.contains(&wanted) => Change::Differs(format!(
            "depends on another version than this one, {}",
            env!("CARGO_PKG_VERSION")
        )),
        Some(_) => Change::Unchanged,
        None => {
            let text = manifest().lines().last().map(|line| format!("{line}\n")).unwrap_or_default();
            Change::Edit { text, why: "it is the package of another program".to_owned() }
        }
    }
}

/// The config that is there, against what the repository shows.
fn config(old: &str, decision: &Decision) -> Change {
    let code: String = old.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.replace(char::is_whitespace, "");
    if !code.contains("Config::new(") {
        let text = main_rs(&decision.config.repository, &decision.settings());
        return Change::Edit { text, why: "it is another program".to_owned() };
    }
    let plain = |setting: &Setting| setting.written().replace(char::is_whitespace, "");
    let has_setter = |setter: &str| code.contains(&format!(".{setter}("));
    let of = |answer: &Answer| {
        let setting = answer.setting.as_ref().filter(|setting| !code.contains(&plain(setting)))?;
        let verb = if has_setter(setting.setter()) { "has another" } else { "lacks" };
        Some(format!("{verb} `{}`: {}, {}", setting.written(), answer.what, answer.why))
    };
    let mut differences: Vec<String> = decision.answers.iter().filter_map(of).collect();
    let settings = decision.settings();
    let is_known = |setter: &str| settings.iter().any(|setting| setting.setter() == setter);
    let own = SETTERS.into_iter().filter(|setter| has_setter(setter) && !is_known(setter));
    differences
        .extend(own.map(|setter| format!("has `.{setter}(…)`, which nothing in the repository asks for")));
    let repository = format!("Config::new(\"{}\")", decision.config.repository);
    if !code.to_lowercase().contains(&repository.to_lowercase()) {
        differences.push(format!("names another repository than {}", decision.config.repository));
    }
    if differences.is_empty() { Change::Unchanged } else { Change::Differs(differences.join("; ")) }
}

/// A list of what git or Helm leaves out.
fn ignored(old: &str, wanted: &[&str]) -> Change {
    let is_there = |wanted: &str| {
        let plain = |line: &str| line.trim().trim_matches('/').to_owned();
        old.lines().any(|line| plain(line) == plain(wanted))
    };
    let lacking: Vec<&str> = wanted.iter().filter(|wanted| !is_there(wanted)).copied().collect();
    if lacking.is_empty() { Change::Unchanged } else { Change::Append(lacking.join("\n") + "\n") }
}

/// A workflow of this name that is there.
fn jobs(old: &str, decision: &Decision) -> Change {
    if old.contains("cargo xtask ") {
        return Change::Unchanged;
    }
    let text = workflow(decision);
    let jobs = text.split_once("\njobs:\n").map_or("", |(_, jobs)| jobs);
    Change::Edit {
        text: jobs.to_owned(),
        why: "a workflow of this name is there: these are jobs for it".to_owned(),
    }
}

/// The workflow, as the documentation shows it, for this config.
pub fn workflow(decision: &Decision) -> String {
    let Decision { config, when, default_branch, .. } = decision;
    let text = if *when == When::Merge { ON_MERGE } else { BY_TAG };
    let mut text = text
        .replace("branches: [main]", &format!("branches: [{}]", scalar(default_branch)))
        .replace("refs/heads/main'", &format!("refs/heads/{}'", default_branch.replace('\'', "''")))
        .replace("group: deploy-gh-pages", &format!("group: deploy-{}", config.branch));
    if config.tags.0 != tag::DEFAULT || decision.has_v {
        let spellings = if decision.has_v { &["", "v"][..] } else { &[""] };
        let filters =
            config.tags.0.iter().flat_map(|pattern| {
                spellings.iter().filter_map(move |version| tag::filter(pattern, version))
            });
        let mut filters: Vec<String> = filters.map(|filter| format!("\"{filter}\"")).collect();
        filters.dedup();
        let old = "[\"v[0-9]*\", \"*-[0-9]*\"] # all charts, or one";
        text = text.replace(old, &format!("[{}]", filters.join(", ")));
    }
    let is_on_ghcr = config.oci.starts_with("oci://ghcr.io/");
    let has_registry = config.publishes_to(Target::Oci);
    if !has_registry || !is_on_ghcr {
        text = text.replace("      packages: write # ghcr.io\n", "");
    }
    if has_registry && !is_on_ghcr {
        let token = "          GITHUB_TOKEN: ${{ github.token }}\n";
        let user = "          XTASK_OCI_USERNAME: ${{ secrets.OCI_USERNAME }}\n          XTASK_OCI_PASSWORD: ${{ secrets.OCI_PASSWORD }}\n";
        text = text.replace(token, &format!("{token}{user}"));
    }
    match written_by(config) {
        Some(what) => ["gh-pages, the release", "tags, gh-pages, releases"]
            .iter()
            .fold(text, |text, all| text.replace(all, what)),
        None => text,
    }
}

/// What `contents: write` is for; `None` where it is for all of it.
fn written_by(config: &Config) -> Option<&'static str> {
    match (config.publishes_to(Target::Pages), config.publishes_to(Target::Github)) {
        (true, true) => None,
        (true, false) => Some("tags, gh-pages"),
        (false, true) => Some("tags, releases"),
        (false, false) => Some("tags"),
    }
}

/// A text as an item of a YAML list in brackets.
fn scalar(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    let is_word = text.chars().all(is_plain) && text.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_word { text.to_owned() } else { format!("\"{text}\"") }
}

/// Whether what is written makes the files of cargo whole, so that they can be locked.
pub fn is_whole(changes: &[(&'static str, Change)]) -> bool {
    let is_cargo = |path: &str| [MANIFEST, PACKAGE, MAIN].contains(&path);
    !changes.iter().any(|(path, change)| is_cargo(path) && matches!(change, Change::Edit { .. }))
}

/// The file that cargo writes.
pub const LOCKED: &str = LOCK;
