//! Patterns as `.gitignore` has them, in files of others: git itself says what they name.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::repository::{INHERITED, LOCAL};
use crate::base::problem::Problem;
use crate::sys::process::{self, Output};
use crate::sys::scratch::Scratch;

/// Those of `paths` that the patterns name, the last match deciding. The paths need not be there.
pub fn named_by<'p>(patterns: &str, paths: impl Iterator<Item = &'p str>) -> Result<BTreeSet<String>> {
    let scratch = Scratch::directory()?;
    let git = |args: &[&str], input: Vec<u8>| -> Result<Output> {
        let mut git = Command::new("git");
        git.arg("-C").arg(scratch.path()).args(["-c", "core.excludesFile="]).args(args).env("LC_ALL", "C");
        for variable in INHERITED {
            git.env_remove(variable);
        }
        process::run(git, input, Instant::now() + LOCAL).context("cannot run git: is it installed?")
    };
    let made = git(&["init", "--quiet", "--template="], Vec::new())?;
    std::fs::write(scratch.path().join(".gitignore"), patterns)?;
    let asked: Vec<u8> = paths.flat_map(|path| format!("{path}\0").into_bytes()).collect();
    let found = git(&["check-ignore", "--no-index", "-z", "--stdin"], asked)?;
    // It ends with 1 where nothing matches.
    if !made.status.success() || !matches!(found.status.code(), Some(0 | 1)) {
        let words = format!("{}{}", made.stderr, found.stderr);
        return Err(Problem::error(format!("git check-ignore failed: {}", words.trim())).into());
    }
    let found = String::from_utf8_lossy(&found.stdout);
    Ok(found.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_match_decides() {
        let paths = ["a.md", "b/a.md", "b/c.md", "d/e/f.md", "g.tmp", "h.tmp"];
        let named = named_by("/a.md\n# c\nd/\n*.tmp\n!h.tmp\n", paths.into_iter()).expect("an answer");
        assert_eq!(named.iter().map(String::as_str).collect::<Vec<_>>(), ["a.md", "d/e/f.md", "g.tmp"]);
        assert!(named_by("", paths.into_iter()).expect("an answer").is_empty());
    }
}
