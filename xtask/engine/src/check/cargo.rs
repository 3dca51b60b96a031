//! How cargo runs the program: the alias, the profile, and the files that a fresh clone needs for both.

use super::document::Document;
use crate::base::problem::{Problem, docs_page};
use crate::base::text::{few, name};

/// Where cargo looks for the alias (doc.rust-lang.org/cargo, "Configuration").
pub const CONFIG: &str = ".cargo/config.toml";
pub const MANIFEST: &str = "Cargo.toml";
/// The versions of everything that is compiled.
pub const LOCK: &str = "Cargo.lock";
pub const TEMPLATE: &str = include_str!("cargo_config.toml");

/// A key of a TOML file with its whole path, such as `profile.dev.debug`.
#[derive(Debug, PartialEq, Eq)]
struct Setting {
    key: String,
    value: String,
    line: usize,
}

/// What is wrong. `manifest` is the one at the root, `config` is `.cargo/config.toml`, and `package` is the program's.
pub fn check_alias(manifest: &Document, config: Option<&Document>, package: &str) -> Vec<Problem> {
    let see = format!("see {}", docs_page("adopting"));
    let aliases = config.map(|config| settings(&config.text)).unwrap_or_default();
    let Some(alias) = aliases.iter().find(|setting| setting.key == "alias.xtask") else {
        let problem =
            Problem::warning("there is no alias `xtask`: `cargo xtask` is no command in other clones");
        return vec![problem.at(CONFIG, None).hint(see)];
    };
    let words: Vec<&str> =
        alias.value.split(['[', ']', ',', '"', '\'', ' ']).filter(|word| !word.is_empty()).collect();
    let option = |names: &[&str]| {
        words.iter().enumerate().find_map(|(i, word)| match word.split_once('=') {
            Some((option, value)) if names.contains(&option) => Some(value),
            None if names.contains(word) => words.get(i + 1).copied(),
            _ => None,
        })
    };
    let mut problems = Vec::new();
    if let Some(other) = option(&["--package", "-p"]).filter(|other| *other != package) {
        let message =
            format!("the alias `xtask` runs the package {}, and this is {}", name(other), name(package));
        problems.push(
            Problem::warning(message).at(CONFIG, Some(alias.line)).hint(format!("--package {package}")),
        );
    }
    let is_release = words.contains(&"--release") || words.contains(&"-r");
    let profile = option(&["--profile"]).unwrap_or(if is_release { "release" } else { "dev" });
    let in_manifest = settings(&manifest.text);
    let all: Vec<&Setting> = aliases.iter().chain(&in_manifest).collect();
    let slow = unoptimised(&all, profile);
    if !slow.is_empty() {
        let message =
            format!("{} are compiled without optimisation: they take up to 60 times as long", few(&slow));
        let hint = format!("add `[profile.{profile}.package]` as {} shows it", docs_page("adopting"));
        problems.push(Problem::warning(message).at(CONFIG, None).hint(hint));
    }
    problems
}

/// What the alias `xtask` stands for, in the text of `.cargo/config.toml`.
pub fn alias_of(config: &str) -> Option<String> {
    settings(config).into_iter().find(|setting| setting.key == "alias.xtask").map(|setting| setting.value)
}

/// The files without which a fresh clone has no `cargo xtask`, and which git ignores.
pub fn find_ignored(there: &[String], files: &[String]) -> Vec<Problem> {
    let problem = |path: &String| {
        let what =
            if path == LOCK { "CI compiles other versions than you" } else { "a fresh clone lacks it" };
        let problem = Problem::error(format!("git ignores it: {what}"));
        problem.at(path, None).hint(format!("git add --force {path}"))
    };
    there.iter().filter(|path| !files.contains(path)).map(problem).collect()
}

/// The packages that a profile should optimise and does not.
fn unoptimised(settings: &[&Setting], profile: &str) -> Vec<String> {
    let value =
        |key: String| settings.iter().find(|setting| setting.key == key).map(|setting| &*setting.value);
    let base = value(format!("profile.{profile}.inherits")).unwrap_or(profile);
    let is_fast = |level: Option<&str>| level.is_some_and(|level| level != "0");
    if matches!(base, "release" | "bench") || is_fast(value(format!("profile.{profile}.opt-level"))) {
        return Vec::new();
    }
    let template = self::settings(TEMPLATE);
    let wanted = template
        .iter()
        .filter_map(|setting| setting.key.strip_prefix("profile.xtask.package.")?.strip_suffix(".opt-level"));
    let level = |package: &str| {
        let of = |profile: &str| value(format!("profile.{profile}.package.{package}.opt-level"));
        of(profile).or_else(|| of(base))
    };
    wanted.filter(|package| !is_fast(level(package).or_else(|| level("*")))).map(str::to_owned).collect()
}

/// The settings of a TOML file, as far as profiles and aliases are written: tables, keys, and inline tables of one line.
fn settings(text: &str) -> Vec<Setting> {
    let plain = |key: &str| key.replace(['"', '\'', ' '], "");
    let (mut found, mut table) = (Vec::new(), String::new());
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if let Some(header) = line.strip_prefix('[').filter(|_| !line.starts_with("[[")) {
            table = plain(header.split(']').next().unwrap_or_default());
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            let key = if table.is_empty() { plain(key) } else { format!("{table}.{}", plain(key)) };
            let value = value.trim();
            let setting = |key, value: &str| Setting {
                key,
                value: value.split(" #").next().unwrap_or(value).trim_matches([' ', '"', '\'']).to_owned(),
                line: number,
            };
            match value.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some((inner, _)) => found.extend(inner.split(',').filter_map(|part| {
                    let (inner, value) = part.split_once('=')?;
                    Some(setting(format!("{key}.{}", plain(inner)), value))
                })),
                None => found.push(setting(key, value)),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::document::tests::document;

    #[test]
    fn forms_of_a_profile() {
        let all = "`helm-xtask-formats`, `libyaml-rs`, `sha1` and 2 more are compiled without optimisation";
        let alias = "[alias]\nxtask = \"run -q -p xtask --\"\n";
        let of = |profile: &str| {
            let package = |name: &str| format!("[profile.{profile}.package.{name}]\nopt-level = 3 # fast\n");
            ["helm-xtask-formats", "libyaml-rs", "\"sha1\"", "sha2", "zlib-rs"].map(package).concat()
        };
        for (config, manifest, expected) in [
            (TEMPLATE.to_owned(), "", ""),
            (
                TEMPLATE.replace("--package xtask", "-p=ours"),
                "",
                "runs the package `ours`, and this is `xtask`",
            ),
            (String::new(), "", "there is no alias"),
            ("[alias]\nb = \"build\"\n".to_owned(), "", "there is no alias"),
            (alias.to_owned(), "", all),
            (alias.to_owned(), &of("dev"), ""),
            (
                alias.replace("--\"", "--profile mine --\"") + "[profile.mine]\ninherits = \"dev\"\n",
                &of("dev"),
                "",
            ),
            (alias.replace("--\"", "--profile mine --\"") + &of("mine"), "", ""),
            (alias.to_owned(), "[profile.dev.package.\"*\"]\nopt-level = 1\n", ""),
            (alias.to_owned(), "[profile.dev]\nopt-level = 1\n", ""),
            (alias.replace("-q", "--release"), "", ""),
            (
                "alias.xtask = [\"run\", \"--package\", \"xtask\", \"--profile\", \"release\"]\n".to_owned(),
                "",
                "",
            ),
            (TEMPLATE.replace("sha2 = ", "# sha2 = "), "", "`sha2` are compiled without optimisation"),
            (TEMPLATE.replace("sha1 = { opt-level = 3", "sha1 = { opt-level = 0"), "", "`sha1` are compiled"),
        ] {
            let documents = (document(MANIFEST, manifest), document(CONFIG, &config));
            let found = check_alias(&documents.0, Some(&documents.1), "xtask");
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found.is_empty(), expected.is_empty(), "{config}{manifest}: {found:?}");
            assert!(found.concat().contains(expected), "{config}{manifest}: {found:?}");
        }
    }

    #[test]
    fn files_that_git_ignores() {
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        let found = find_ignored(&paths(&[CONFIG, LOCK]), &paths(&[CONFIG]));
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["Cargo.lock: git ignores it: CI compiles other versions than you"]);
    }
}
