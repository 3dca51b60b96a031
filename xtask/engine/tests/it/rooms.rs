//! The rules that the sources keep, so that whoever changes them finds what they look for: a room uses those before it
//! and none after it, one part of each room touches the machine, and files say why they exist.

use helm_xtask::internals::check::document::Document;
use helm_xtask::internals::problem::Problem;
use helm_xtask::internals::text::name;

const SOURCES: &str = "xtask/engine/src/";
const MANIFEST: &str = "xtask/engine/Cargo.toml";
/// The rooms, each of which uses those before it alone. What stands beside them may use all.
pub const ROOMS: [&str; 23] = [
    "base",
    "sys",
    "git",
    "chart",
    "index",
    "dist",
    "signing",
    "registry",
    "dependency",
    "package",
    "github",
    "docs",
    "preflight",
    "pages",
    "release",
    "status",
    "verify",
    "rehearsal",
    "yank",
    "ci",
    "check",
    "prepare",
    "init",
];
const GROUND: [&str; 2] = ["base", "sys"];
const MACHINE: [&str; 9] = [
    "std::fs",
    "std::process",
    "std::env",
    "std::net",
    "std::thread",
    "std::time",
    "walkdir",
    "println!",
    "crate::sys",
];
/// A longer file does more than one thing.
const MAX_LINES: usize = 500;
/// A table that Unicode makes as long as it is.
const TABLE: &str = "xtask/engine/src/base/printable.rs";

/// Whether a file is one that the rules are about.
pub fn is_source(path: &str) -> bool {
    path == MANIFEST || (path.starts_with("xtask/") && path.ends_with(".rs"))
}

/// Where the sources and their manifest break a rule.
pub fn problems(sources: &[Document]) -> Vec<Problem> {
    let of_one = |source: &Document| {
        if source.path == MANIFEST {
            dependencies(source)
        } else {
            [file(source), upward(source), machine(source)].concat()
        }
    };
    sources.iter().flat_map(of_one).collect()
}

/// How many names are imported from the own room, and from other rooms but the ground; those that go upward are counted by
/// [`problems`].
pub fn imports(sources: &[Document]) -> (usize, usize) {
    let (mut own, mut others) = (0, 0);
    for source in sources {
        let Some((room, _)) = place(&source.path) else { continue };
        for (_, target) in targets(source) {
            own += usize::from(target == room);
            others += usize::from(target != room && !GROUND.contains(&&*target));
        }
    }
    (own, others)
}

/// The room of a file, with its number in the order.
fn place(path: &str) -> Option<(&str, usize)> {
    let room = path.strip_prefix(SOURCES)?.split_once('/')?.0;
    Some((room, ROOMS.iter().position(|known| *known == room)?))
}

/// The rooms of all names that a file takes from the crate, each with its line. What `super` leads to is the own room.
fn targets(source: &Document) -> Vec<(usize, String)> {
    let Some((own, _)) = place(&source.path) else { return Vec::new() };
    let depth = source.path.trim_start_matches(SOURCES).matches('/').count();
    let is_module = source.path.ends_with("/mod.rs");
    let mut targets = Vec::new();
    for (number, line) in code(&source.text) {
        for word in line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
            let mut parts = word.split("::");
            match parts.next() {
                Some("crate") => targets.extend(parts.next().map(|room| (number, room.to_owned()))),
                Some("self") if parts.clone().count() > 0 => targets.push((number, own.to_owned())),
                Some("super") => {
                    let up = 1 + parts.clone().take_while(|part| *part == "super").count();
                    let out = up > depth - usize::from(is_module);
                    let room = parts.find(|part| *part != "super").filter(|_| out).unwrap_or(own);
                    targets.push((number, room.to_owned()));
                }
                _ => {}
            }
        }
    }
    targets
}

/// What a file takes from rooms after its own, or from beside the rooms.
fn upward(source: &Document) -> Vec<Problem> {
    let Some((room, own)) = place(&source.path) else { return Vec::new() };
    let is_above = |target: &String| ROOMS.iter().position(|known| known == target).is_none_or(|at| at > own);
    let above = targets(source).into_iter().filter(|(_, target)| is_above(target));
    let problem = |(number, target): (usize, String)| {
        let message = format!("the room `{room}` does not know {}", name(&target));
        at(source, number, message, "hand in what it needs from there, or move that down")
    };
    above.map(problem).collect()
}

/// What touches the machine outside of the places that may.
fn machine(source: &Document) -> Vec<Problem> {
    let Some((room, _)) = place(&source.path) else { return Vec::new() };
    let inner = source.path.trim_start_matches(SOURCES).split('/').skip(1);
    let may = |part: &str| part == "io" || part == "io.rs" || part == "command.rs";
    if room == "sys" || inner.into_iter().any(may) {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for (number, line) in code(&source.text) {
        // A name in a text is no use of it.
        let line: String = line.split('"').step_by(2).collect();
        for word in MACHINE.iter().filter(|word| line.contains(**word)) {
            let message = format!("{} touches the machine", name(word));
            problems.push(at(source, number, message, "do it in `io`, and hand in what it found"));
        }
    }
    problems
}

fn at(source: &Document, line: usize, message: String, hint: &str) -> Problem {
    Problem::warning(message).at(&source.path, Some(line)).hint(hint)
}

/// The lines of a file before its tests, without comments; each `use` is one line with its names in full.
fn code(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    let (mut code, mut open): (Vec<(usize, String)>, bool) = (Vec::new(), false);
    for (number, line) in (1..).zip(lines).filter(|(_, line)| !line.trim_start().starts_with("//")) {
        match code.last_mut().filter(|_| open) {
            Some((_, statement)) => *statement += line.trim(),
            None => code.push((number, line.trim().to_owned())),
        }
        let last = code.last().map_or("", |(_, line)| line.as_str());
        open = (last.starts_with("use ") || last.starts_with("pub use ")) && !last.ends_with(';');
    }
    let full = |line: String| if line.contains("use ") { names(&line).join(" ") } else { line };
    code.into_iter().map(|(number, line)| (number, full(line))).collect()
}

/// The names that `a::{b, c::{d, e}}` stands for.
fn names(group: &str) -> Vec<String> {
    let Some((prefix, rest)) = group.split_once('{') else { return vec![group.to_owned()] };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut parts, mut depth) = (vec![String::new()], 0_usize);
    for c in inner.chars() {
        depth = if c == '{' { depth + 1 } else { depth.saturating_sub(usize::from(c == '}')) };
        match parts.last_mut() {
            Some(part) if c != ',' || depth > 0 => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| names(&format!("{prefix}{part}"))).collect()
}

fn file(source: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !source.text.starts_with("//! ") {
        let message = "it does not say why it exists".to_owned();
        problems.push(at(source, 1, message, "begin it with `//! ` and what it is for"));
    }
    let lines = source.text.lines().count();
    if lines > MAX_LINES && source.path != TABLE {
        let message = format!("it has {lines} lines, more than {MAX_LINES}: it does more than one thing");
        problems.push(at(source, MAX_LINES + 1, message, "make it two files"));
    }
    problems
}

/// Dependencies without a reason beside them: everyone compiles them cold.
fn dependencies(manifest: &Document) -> Vec<Problem> {
    let lines = (1..).zip(manifest.text.lines()).skip_while(|(_, line)| *line != "[dependencies]").skip(1);
    let own =
        lines.take_while(|(_, line)| !line.starts_with('[')).filter(|(_, line)| !line.trim().is_empty());
    let without = own.filter(|(_, line)| !line.contains('#'));
    let problem = |(number, line): (usize, &str)| {
        let dependency = name(line.split(['=', ' ']).next().unwrap_or(line));
        at(manifest, number, format!("no reason stands beside {dependency}"), "# what it is needed for")
    };
    without.map(problem).collect()
}

fn document(path: &str, text: &str) -> Document {
    Document { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn rules() {
    let long = format!("//! x\n{}", "\n".repeat(500));
    let upward = "2: the room `git` does not know ";
    for (path, text, expected) in [
        ("git/a.rs", "use crate::base::b;", ""),
        ("git/a.rs", "use crate::pages::b;", &*format!("{upward}`pages`")),
        ("git/io/a.rs", "use crate::{base, cli};", &format!("{upward}`cli`")),
        ("git/a.rs", "let a = crate::check::b();", &format!("{upward}`check`")),
        ("git/io/a.rs", "use super::super::super::pages::b;", &format!("{upward}`pages`")),
        ("git/io/mod.rs", "use super::super::pages::b;", &format!("{upward}`pages`")),
        ("git/io/mod.rs", "use super::b;", ""),
        ("git/a.rs", "std::fs::read", "2: `std::fs` touches the machine"),
        ("git/a.rs", "use crate::sys::files;", "2: `crate::sys` touches the machine"),
        (
            "git/a.rs",
            "use std::{\n    fs::{self, File},\n    path::Path,\n};",
            "2: `std::fs` touches the machine",
        ),
        ("git/a.rs", "/// As `std::fs` does.", ""),
        ("git/a.rs", "#[cfg(test)]\nstd::fs::read", ""),
        ("git/a.rs", "let a = \"std::fs\";", ""),
        ("git/io.rs", "std::fs::read", ""),
        ("git/io/a.rs", "std::fs::read", ""),
        ("git/command.rs", "use crate::sys::files;", ""),
        ("git/commands.rs", "std::env", "2: `std::env` touches the machine"),
        ("sys/a.rs", "std::fs::read", ""),
        ("lib.rs", "use crate::check::b;", ""),
    ] {
        let path = format!("{SOURCES}{path}");
        let found = problems(&[document(&path, &format!("//! x\n{text}"))]);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        let expected: Vec<String> =
            (!expected.is_empty()).then(|| format!("{path}:{expected}")).into_iter().collect();
        assert_eq!(found, expected, "{text}");
    }
    for (path, text, expected) in [
        ("xtask/engine/tests/it/a.rs", "use x;\n", Some("1: it does not say why it exists")),
        (
            "xtask/engine/formats/src/a.rs",
            &*long,
            Some("501: it has 501 lines, more than 500: it does more than one thing"),
        ),
        (TABLE, &long, None),
        (
            MANIFEST,
            "[features]\na = 1\n[dependencies]\nb = 1 # c\n\nd = 1\n[e]\nf = 1\n",
            Some("6: no reason stands beside `d`"),
        ),
    ] {
        let found: Vec<String> = problems(&[document(path, text)]).iter().map(ToString::to_string).collect();
        let expected: Vec<String> = expected.map(|what| format!("{path}:{what}")).into_iter().collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn which_files_count() {
    assert!(is_source("xtask/engine/tests/it/a.rs") && is_source(MANIFEST));
    assert!(!is_source("src/main.rs") && !is_source("xtask/engine/formats/Cargo.toml"));
}

#[test]
fn imports_are_counted_by_room() {
    let text = "//! x\nuse super::b;\nuse crate::chart::{c, d};\nuse crate::base::e;\nuse std::fmt;\n";
    let path = format!("{SOURCES}index/a.rs");
    assert_eq!(imports(&[document(&path, text)]), (1, 2));
}
