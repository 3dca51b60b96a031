//! A chart at the root of its repository: the whole repository lies in its directory, and Helm packages what `.helmignore`
//! does not name.

use std::collections::BTreeMap;

use super::ignore::{Kind, Rules};
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::name;

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

/// What is there for the repository alone, and would be published. `charts` are the paths of its other charts; those below
/// `charts/` are sub-charts of this one as well. `.helmignore` itself is named, whether it is there or not: each line that is
/// added to it would make another chart.
pub fn others(rules: &Rules, top: &BTreeMap<String, Kind>, charts: &[&str]) -> Option<Problem> {
    let is_other = |name: &str| name.starts_with('.') || OTHERS.contains(&name);
    let there = top.iter().map(|(name, kind)| (name.as_str(), *kind));
    let mut packaged: BTreeMap<&str, Kind> = there
        .chain([(".helmignore", Kind::File)])
        .filter(|(name, kind)| is_other(name) && !is_made(name, *kind))
        .collect();
    let own = charts.iter().filter(|chart| path::strip("charts", chart).is_none());
    packaged.extend(own.map(|chart| (*chart, Kind::Directory)));
    let mut lines: Vec<String> = Vec::new();
    for (name, kind) in packaged.into_iter().filter(|(name, kind)| !rules.drop(name, *kind)) {
        let end = if kind == Kind::Directory { "/" } else { "" };
        let line = literal(name).map(|name| format!("/{name}{end}"));
        lines.extend(line.filter(|line| !lines.iter().any(|above| line.starts_with(above))));
    }
    let message = "files of the repository that are not part of the chart would be published";
    (!lines.is_empty()).then(|| adding(Problem::warning(message), &lines))
}

/// The pattern for exactly this path; `None` where no line can hold one. Helm trims lines, and a hint has them in one.
fn literal(path: &str) -> Option<String> {
    let escaped = |c: char| match c {
        '*' | '?' | '[' => format!("[{c}]"),
        c if c.is_whitespace() => format!("[{c}]"),
        c => c.to_string(),
    };
    (!path.contains(|c: char| c.is_control() || c == '\\')).then(|| path.chars().map(escaped).collect())
}

/// What is wrong with writing a file into a chart that packages it: each archive would hold the one before it.
pub fn written(rules: &Rules, chart: &str, file: &str) -> Option<Problem> {
    let directory = path::directory(file);
    let message = format!("{} would be written into this chart, and packaged the next time", name(file));
    let ignored = path::below(chart, ".helmignore");
    let problem = Problem::error(message).at(&ignored, None);
    let line = literal(directory).filter(|line| !line.is_empty());
    let add = line.map(|line| format!("add `/{line}/` to {ignored}, or "));
    let hint = format!("{}name a directory outside of the chart by --destination", add.unwrap_or_default());
    (!rules.drop(file, Kind::File)).then(|| problem.hint(hint))
}

fn adding(problem: Problem, rules: &[String]) -> Problem {
    problem.at(".helmignore", None).hint(format!("{ADD}{}", rules.join(" ")))
}

/// The lines for `.helmignore` that the hint of such a problem names.
pub fn lines(hint: &str) -> Option<Vec<String>> {
    Some(
        hint.strip_prefix(ADD)?
            .split(" /")
            .map(|line| format!("/{}", line.trim_start_matches('/')))
            .collect(),
    )
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
            lines_of(others(
                &rules,
                &there,
                &["library/db", "library/db/charts/x", "charts/sub", "docs/chart"]
            )),
            "/.github/ /.gitignore /.helmignore /Cargo.toml /library/db/"
        );
        assert_eq!(others(&Rules::parse(".*\n*o*\n*i*").0, &there, &[]), None);
        assert_eq!(lines_of(others(&Rules::parse("").0, &top(&[]), &[])), "/.helmignore");
    }

    #[test]
    fn odd_names_are_named_exactly_or_not_at_all() {
        let there = top(&[".a b", ".a*", ".b[x]?", ".c ", ".d\n", ".e\\", ".axb"]);
        let hint = others(&Rules::default(), &there, &["a b/c"]).and_then(|problem| problem.hint);
        let added = lines(&hint.expect("a hint")).expect("lines");
        let expected = ["/.a[ ]b", "/.a[*]", "/.axb", "/.b[[]x][?]", "/.c[ ]", "/.helmignore", "/a[ ]b/c/"];
        assert_eq!(added, expected);
        let rules = Rules::parse(&added.join("\n")).0;
        let is_named = |name: &&str| rules.drop(name, Kind::File);
        let named = [".a b", ".a*", ".b[x]?", ".c ", "a b/c/d", ".a-b", ".ab", ".b[xx", ".c"];
        assert_eq!(named.iter().copied().filter(is_named).collect::<Vec<_>>(), &named[..5]);
    }

    #[test]
    fn what_is_written_into_a_chart() {
        let written = |rules: &str, file: &str| {
            let problem = written(&Rules::parse(rules).0, "c", file);
            problem.and_then(|problem| problem.hint).unwrap_or_default()
        };
        assert_eq!([written("/dist/", "dist/a.tgz"), written("*.tgz", "a.tgz")], [""; 2]);
        let outside = "name a directory outside of the chart by --destination";
        assert_eq!(written("/dist/", "a.tgz"), outside);
        assert_eq!(written("", "o/p/a.tgz"), format!("add `/o/p/` to c/.helmignore, or {outside}"));
    }
}
