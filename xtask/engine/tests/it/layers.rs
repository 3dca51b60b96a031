//! The rules that the sources of the automation keep, so that whoever changes them finds what they look for: layers that
//! use those below them and none above, one that touches the machine, files that say why they exist.

use helm_xtask::internals::check::document::Document;
use helm_xtask::internals::problem::Problem;
use helm_xtask::internals::text::name;

/// Where the sources of the automation lie.
const SOURCES: &str = "xtask/engine/src/";
/// The manifest of their crate.
const MANIFEST: &str = "xtask/engine/Cargo.toml";
/// The layers, from the lowest.
const LAYERS: [&str; 4] = ["model", "plan", "world", "command"];
/// What touches the machine.
const MACHINE: [&str; 8] =
    ["std::fs", "std::process", "std::env", "std::net", "std::thread", "std::time", "walkdir", "println!"];
/// What of it is `world`'s alone even in a command.
const OF_WORLD: [&str; 2] = ["std::fs", "std::env"];
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
    let of = |source: &Document| {
        if source.path == MANIFEST {
            dependencies(source)
        } else {
            file(source).into_iter().chain(layer(source)).collect()
        }
    };
    sources.iter().flat_map(of).collect()
}

fn at(source: &Document, line: usize, message: String, hint: &str) -> Problem {
    Problem::warning(message).at(&source.path, Some(line)).hint(hint)
}

/// What a file names that its layer does not know.
fn layer(source: &Document) -> Vec<Problem> {
    let directory = source.path.strip_prefix(SOURCES).and_then(|path| path.split_once('/'));
    let own = directory.and_then(|(layer, _)| LAYERS.iter().position(|known| *known == layer));
    let Some(own) = own else { return Vec::new() };
    let higher = || LAYERS.iter().skip(own + 1);
    let above = higher().map(|layer| format!("crate::{layer}"));
    let beside = higher().map(|layer| format!("super::{layer}::"));
    let command_line = (own + 1 < LAYERS.len()).then(|| "crate::cli".to_owned());
    let machine: &[&str] = match own {
        0 | 1 => &MACHINE,
        3 => &OF_WORLD,
        _ => &[],
    };
    let layer = LAYERS.get(own).copied().unwrap_or_default();
    let upward =
        above.chain(beside).chain(command_line).map(|word| (word, "hand in what it needs from there"));
    let outward =
        machine.iter().map(|word| ((*word).to_owned(), "do it in `world`, and hand in what it found"));
    let forbidden: Vec<(String, &str)> = upward.chain(outward).collect();
    let in_line = |(number, line): (usize, String)| -> Vec<Problem> {
        // A name in a text is no use of it.
        let line: String = line.split('"').step_by(2).collect();
        let named = forbidden.iter().filter(|(word, _)| line.contains(word.as_str()));
        let problem = |(word, hint): &(String, &str)| {
            at(source, number, format!("the layer `{layer}` does not know {}", name(word)), hint)
        };
        named.map(problem).collect()
    };
    code(&source.text).into_iter().flat_map(in_line).collect()
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
        let dependency = line.split(['=', ' ']).next().unwrap_or(line);
        at(
            manifest,
            number,
            format!("no reason stands beside {}", name(dependency)),
            "# what it is needed for",
        )
    };
    without.map(problem).collect()
}

#[test]
fn rules() {
    let long = format!("//! x\n{}", "\n".repeat(500));
    for (path, text, expected) in [
        ("xtask/engine/src/model/a.rs", "//! x\nuse crate::model::b;\n", None),
        (
            "xtask/engine/src/model/a.rs",
            "//! x\nuse crate::plan::b;\n",
            Some("2: the layer `model` does not know `crate::plan`"),
        ),
        (
            "xtask/engine/src/plan/a.rs",
            "//! x\nuse crate::cli;\n",
            Some("2: the layer `plan` does not know `crate::cli`"),
        ),
        (
            "xtask/engine/src/plan/a.rs",
            "//! x\n\nstd::fs::read",
            Some("3: the layer `plan` does not know `std::fs`"),
        ),
        (
            "xtask/engine/src/model/a.rs",
            "//! x\nuse std::{\n    fs::{self, File},\n    path::Path,\n};",
            Some("2: the layer `model` does not know `std::fs`"),
        ),
        (
            "xtask/engine/src/model/a.rs",
            "//! x\nuse super::super::world::files;",
            Some("2: the layer `model` does not know `super::world::`"),
        ),
        ("xtask/engine/src/plan/a.rs", "//! x\n/// As `std::fs` does.", None),
        ("xtask/engine/src/plan/a.rs", "//! x\n#[cfg(test)]\nstd::fs::read", None),
        ("xtask/engine/src/plan/a.rs", "//! x\nlet a = \"std::fs\";", None),
        ("xtask/engine/src/world/a.rs", "//! x\nstd::fs::read", None),
        (
            "xtask/engine/src/world/a.rs",
            "//! x\ncrate::command",
            Some("2: the layer `world` does not know `crate::command`"),
        ),
        (
            "xtask/engine/src/command/a.rs",
            "//! x\nuse crate::cli;\nstd::env",
            Some("3: the layer `command` does not know `std::env`"),
        ),
        ("xtask/engine/src/lib.rs", "//! x\nuse crate::command", None),
        ("xtask/engine/tests/it/a.rs", "use x;\n", Some("1: it does not say why it exists")),
        (
            "xtask/engine/formats/src/a.rs",
            &long,
            Some("501: it has 501 lines, more than 500: it does more than one thing"),
        ),
        (TABLE, &long, None),
        (
            MANIFEST,
            "[features]\na = 1\n[dependencies]\nb = 1 # c\n\nd = 1\n[e]\nf = 1\n",
            Some("6: no reason stands beside `d`"),
        ),
    ] {
        let found: Vec<String> = problems(&[Document { path: path.to_owned(), text: text.to_owned() }])
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected: Vec<String> = expected.map(|what| format!("{path}:{what}")).into_iter().collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn which_files_count() {
    assert!(is_source("xtask/engine/tests/it/a.rs") && is_source(MANIFEST));
    assert!(!is_source("src/main.rs") && !is_source("xtask/engine/formats/Cargo.toml"));
}
