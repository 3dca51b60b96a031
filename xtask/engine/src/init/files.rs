//! The files by which a repository depends on this library: their text, and what becomes of each that is there already.

use std::collections::BTreeMap;

use super::setting::{SETTERS, Setting, main_rs};
use super::today::When;
use super::{Answer, Decision};
use crate::base::config::Config;
use crate::base::tag;
use crate::base::target::Target;
use crate::check::cargo::{CONFIG, LOCK, MANIFEST, TEMPLATE, alias_of};

pub const PACKAGE: &str = "xtask/Cargo.toml";
pub const MAIN: &str = "xtask/src/main.rs";
pub const IGNORED: &str = ".gitignore";
pub const WORKFLOW: &str = ".github/workflows/charts.yml";
const HELM_IGNORED: &str = ".helmignore";
/// The older name of [`CONFIG`], which cargo prefers.
pub const OLD_CONFIG: &str = ".cargo/config";
/// The files, in the order in which they are written: cargo looks for the package once the manifest at the root names it.
pub const FILES: [&str; 7] = [PACKAGE, MAIN, CONFIG, IGNORED, HELM_IGNORED, WORKFLOW, MANIFEST];
const BY_TAG: &str = include_str!("templates/by_tag.yml");
const ON_MERGE: &str = include_str!("templates/on_merge.yml");
/// What the job that attests gets from the one that releases.
const OUTPUTS: &str = "    outputs:\n      subjects: ${{ steps.release.outputs.subjects }}\n";
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

/// What is at the places of the files.
#[derive(Clone, Debug, Default)]
pub struct There {
    /// The texts of those that are there.
    pub texts: BTreeMap<String, String>,
    /// Why nobody should write at a place, such as behind a link.
    pub barred: BTreeMap<String, String>,
    /// Another workflow that releases by `cargo xtask`.
    pub releasing: Option<String>,
    /// Whether cargo has a config by its older name.
    pub has_old_config: bool,
    /// The directories of other Rust packages, which have no workspace above them so far.
    pub packages: Vec<String>,
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
pub fn changes(decision: &Decision, there: &There) -> Vec<(&'static str, Change)> {
    let is_foreign = matches!(there.texts.get(PACKAGE).map(|old| package(old)), Some(Change::Edit { .. }));
    let change = |path: &'static str| {
        let change = change(path, decision, there);
        // Beside the package of another program none of it would work.
        let change = match change {
            Change::Write(text) if is_foreign && [MAIN, WORKFLOW].contains(&path) => {
                Change::Edit { text, why: format!("{PACKAGE} is the package of another program") }
            }
            change => change,
        };
        (path, change)
    };
    let is_for_it = |path: &&str| *path != HELM_IGNORED || decision.has_root_chart;
    FILES.into_iter().filter(is_for_it).map(change).collect()
}

fn change(path: &str, decision: &Decision, there: &There) -> Change {
    let old = there.texts.get(path).map(String::as_str);
    let change = match (path, old) {
        (MANIFEST, None) => Change::Write(members(there, "resolver = \"3\"\n")),
        (MANIFEST, Some(old)) => workspace(old, there),
        (CONFIG, None) if there.has_old_config => {
            let why = format!("cargo prefers {OLD_CONFIG}, which is there");
            Change::Edit { text: TEMPLATE.to_owned(), why }
        }
        (CONFIG, None) => Change::Write(TEMPLATE.to_owned()),
        (CONFIG, Some(old)) => alias(old),
        (PACKAGE, None) => Change::Write(manifest()),
        (PACKAGE, Some(old)) => package(old),
        (MAIN, None) => Change::Write(main_rs(&decision.config.repository, &decision.settings())),
        (MAIN, Some(old)) => config(old, decision),
        (IGNORED, old) => ignored(old.unwrap_or_default(), &MADE),
        (HELM_IGNORED, old) => ignored(old.unwrap_or_default(), &[&MADE[..], &NOT_OF_CHART[..]].concat()),
        (_, None) if there.releasing.is_some() => Change::Unchanged,
        (_, None) => Change::Write(workflow(decision)),
        (_, Some(old)) => jobs(old, decision),
    };
    match (there.barred.get(path), change) {
        (Some(why), Change::Write(text) | Change::Append(text)) => Change::Edit { text, why: why.clone() },
        (_, change) => change,
    }
}

/// The table `[workspace]` of a manifest that has none. Packages that were alone so far stay alone.
fn members(there: &There, more: &str) -> String {
    let others: Vec<String> = there.packages.iter().map(|package| format!("{package:?}")).collect();
    let exclude =
        if others.is_empty() { String::new() } else { format!("exclude = [{}]\n", others.join(", ")) };
    format!("[workspace]\nmembers = [\"xtask\"]\n{exclude}{more}")
}

/// The lines of a TOML file without comments, as far as those stand alone or after a blank.
fn code(old: &str) -> impl Iterator<Item = &str> {
    old.lines()
        .map(|line| line.split(" #").next().unwrap_or(line).trim())
        .filter(|line| !line.starts_with('#'))
}

/// A manifest at the root: a workspace has members, and a package becomes one that has members.
fn workspace(old: &str, there: &There) -> Change {
    let code: Vec<&str> = code(old).collect();
    let names_member = |line: &&str| line.contains("\"xtask\"") || line.contains("'xtask'");
    let list: Vec<&str> = code.iter().skip_while(|line| !line.starts_with("members")).copied().collect();
    let end = list.iter().position(|line| line.contains(']')).map_or(0, |end| end + 1);
    if list.iter().take(end).any(names_member) {
        return Change::Unchanged;
    }
    // However a table is written, its name is there.
    if code.iter().any(|line| {
        line.contains("workspace") && !line.contains(".workspace") && !line.contains("workspace = true")
    }) {
        let text = "members = [\"xtask\"] # beside those that are there\n".to_owned();
        return Change::Edit { text, why: "it has a workspace already".to_owned() };
    }
    Change::Append(members(there, ""))
}

fn alias(old: &str) -> Change {
    let edit = |why: &str| Change::Edit { text: TEMPLATE.to_owned(), why: why.to_owned() };
    match alias_of(old) {
        Some(alias) if alias.contains("xtask") => Change::Unchanged,
        Some(_) => edit("its alias `xtask` runs another package"),
        None if code(old).any(|line| line.contains("alias")) => edit("it has aliases already"),
        None if code(old).any(|line| line.contains("profile")) => edit("it has profiles already"),
        None => Change::Append(TEMPLATE.to_owned()),
    }
}

/// The manifest of the package: the tag that it depends on.
fn package(old: &str) -> Change {
    let line = |text: &str| old.lines().map(str::trim).find(|line| line.starts_with(text));
    let wanted = format!("\"helm-xtask-{}\"", env!("CARGO_PKG_VERSION"));
    let depends = ["helm-xtask ", "helm-xtask=", "helm-xtask.", "[dependencies.helm-xtask"];
    match depends.into_iter().find_map(line) {
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
        Some(format!("{verb} `{}`: {} ({})", setting.written(), answer.what, answer.why))
    };
    let mut differences: Vec<String> = decision.answers.iter().filter_map(of).collect();
    let settings = decision.settings();
    let is_known = |setter: &str| settings.iter().any(|setting| setting.setter() == setter);
    let own = SETTERS.into_iter().filter(|setter| has_setter(setter) && !is_known(setter));
    differences.extend(
        own.map(|setter| format!("has `.{setter}(…)`, for which nothing was found in the repository")),
    );
    let repository = format!("Config::new(\"{}\")", decision.config.repository);
    if !code.to_lowercase().contains(&repository.to_lowercase()) {
        differences.push(format!("does not name {}", decision.config.repository));
    }
    if differences.is_empty() { Change::Unchanged } else { Change::Differs(differences.join("; ")) }
}

/// A list of what git or Helm leaves out.
fn ignored(old: &str, wanted: &[&str]) -> Change {
    let is_there = |wanted: &str| {
        let plain = |line: &str| line.trim().trim_end_matches("/*").trim_matches('/').to_owned();
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
        .replace(
            "group: deploy-gh-pages",
            &format!("group: deploy-{}", if is_word(&config.branch) { &config.branch } else { "pages" }),
        );
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
        // Attestations lie beside what is there.
        text.truncate(text.find("\n  attest:").unwrap_or(text.len()));
        let of_attestations = [OUTPUTS, "        id: release\n"];
        text = of_attestations.iter().fold(text, |text, one| text.replace(one, ""));
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
    if is_word(text) { text.to_owned() } else { format!("{text:?}") }
}

/// Whether YAML reads a text as it is written, and as text.
fn is_word(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    let is_other = ["true", "false", "null", "on", "off", "yes", "no", "y", "n"];
    text.chars().all(is_plain)
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !is_other.contains(&text.to_lowercase().as_str())
}

/// Whether what is written makes the files of cargo whole, so that they can be locked.
pub fn is_whole(changes: &[(&'static str, Change)]) -> bool {
    let is_cargo = |path: &str| [MANIFEST, PACKAGE, MAIN].contains(&path);
    !changes.iter().any(|(path, change)| is_cargo(path) && matches!(change, Change::Edit { .. }))
}

/// The file that cargo writes.
pub const LOCKED: &str = LOCK;
