//! A chart at the root of its repository: the whole repository lies in its directory, and Helm packages what `.helmignore`
//! does not name.

use std::collections::BTreeMap;

use super::ignore::{Kind, Rules};
use crate::base::problem::Problem;

/// Rules for what git, cargo and this program make at the root. Packaged, an archive would hold the one before it.
const MADE: [&str; 4] = ["/.git", "/dist/", "/site/", "/target/"];
/// What belongs to a repository and is seldom part of a chart. Hidden files are none either. A changelog gets entries long
/// before there is a version for them, and a version has one content.
const OTHERS: [&str; 32] = [
    "CHANGELOG.md",
    "Changelog.md",
    "changelog.md",
    "CODE_OF_CONDUCT.md",
    "CODEOWNERS",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "Justfile",
    "Makefile",
    "README.md.gotmpl",
    "SECURITY.md",
    "Taskfile.yaml",
    "Taskfile.yml",
    "artifacthub-repo.yml",
    "chart-testing.yaml",
    "clippy.toml",
    "cr.yaml",
    "ct.yaml",
    "deny.toml",
    "docs",
    "justfile",
    "lintconf.yaml",
    "mkdocs.yml",
    "node_modules",
    "package-lock.json",
    "package.json",
    "renovate.json",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "skaffold.yaml",
    "xtask",
];
/// What hints begin with that name lines for `.helmignore`.
const ADD: &str = "add to .helmignore, a line each: ";

/// Whether what lies at the root is made there. Nothing reads what is in it, which may be gigabytes. Git's own may be a file,
/// which leads to them.
pub fn is_made(name: &str, kind: Kind) -> bool {
    let is_named = MADE.iter().any(|rule| rule.trim_matches('/') == name);
    is_named && (kind == Kind::Directory || name == ".git")
}

/// What is made at the root and `.helmignore` does not name: of what lies there, which is `top`, and with `is_later` of what a
/// later command will make.
pub fn made(rules: &Rules, top: &BTreeMap<String, Kind>, is_later: bool) -> Option<Problem> {
    let is_packaged = |rule: &&str| {
        let name = rule.trim_matches('/');
        let kind = top.get(name).copied().or(is_later.then_some(Kind::Directory));
        kind.is_some_and(|kind| is_made(name, kind) && rules.dropped_by(name, kind).is_none())
    };
    let rules: Vec<String> = MADE.into_iter().filter(is_packaged).map(str::to_owned).collect();
    let message = "what git, cargo and this program write into the repository would be packaged";
    (!rules.is_empty()).then(|| adding(Problem::error(message), &rules))
}

/// What is there for the repository alone, and would be published. `directories` are those of its other charts.
pub fn others(rules: &Rules, top: &BTreeMap<String, Kind>, directories: &[&str]) -> Option<Problem> {
    let is_other = |name: &str, kind: Kind| {
        let is_hidden = name.starts_with('.') && name != ".helmignore";
        let is_known = OTHERS.contains(&name) || directories.contains(&name);
        (is_hidden || is_known) && !is_made(name, kind) && rules.dropped_by(name, kind).is_none()
    };
    let packaged = top.iter().filter(|(name, kind)| is_other(name, **kind));
    let rule = |(name, kind): (&String, &Kind)| {
        format!("/{name}{}", if *kind == Kind::Directory { "/" } else { "" })
    };
    let rules: Vec<String> = packaged.map(rule).collect();
    let message = "files of the repository that are not part of the chart would be published";
    (!rules.is_empty()).then(|| adding(Problem::warning(message), &rules))
}

fn adding(problem: Problem, rules: &[String]) -> Problem {
    problem.at(".helmignore", None).hint(format!("{ADD}{}", rules.join(" ")))
}

/// The lines for `.helmignore` that the hint of such a problem names.
pub fn lines(hint: &str) -> Option<Vec<String>> {
    Some(hint.strip_prefix(ADD)?.split(' ').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(names: &[&str]) -> BTreeMap<String, Kind> {
        let kind = |name: &str| if name.ends_with('/') { Kind::Directory } else { Kind::File };
        names.iter().map(|name| (name.trim_end_matches('/').to_owned(), kind(name))).collect()
    }

    fn lines_of(problem: Option<Problem>) -> String {
        problem.and_then(|problem| lines(&problem.hint?)).unwrap_or_default().join(" ")
    }

    #[test]
    fn what_is_made_is_named_whether_it_is_there_or_not() {
        let rules = |text: &str| Rules::parse(text).0;
        let there = top(&[".git/", "dist/", "Chart.yaml"]);
        assert_eq!(lines_of(made(&rules(""), &there, false)), "/.git /dist/");
        assert_eq!(lines_of(made(&rules(""), &there, true)), "/.git /dist/ /site/ /target/");
        assert_eq!(lines_of(made(&rules(".git/\n*t\n"), &there, true)), "/site/");
        // In a work tree of `git worktree` it is a file.
        assert_eq!(lines_of(made(&rules(".git/\ndist\nsite\ntarget\n"), &top(&[".git"]), true)), "/.git");
        assert!(is_made("target", Kind::Directory) && !is_made("target", Kind::File));
    }

    #[test]
    fn what_is_for_the_repository() {
        let there = top(&[
            ".github/",
            ".git/",
            ".gitignore",
            "Cargo.toml",
            "docs/",
            "files/",
            "library/",
            ".helmignore",
        ]);
        let rules = Rules::parse("/docs/\n").0;
        assert_eq!(
            lines_of(others(&rules, &there, &["library"])),
            "/.github/ /.gitignore /Cargo.toml /library/"
        );
        assert_eq!(others(&Rules::parse(".*\n*o*\n*i*").0, &there, &[]), None);
    }
}
