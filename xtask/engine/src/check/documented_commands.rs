//! What the documents tell to type: each `cargo xtask …` must be a command line that this program takes.

use super::document::{Document, Shown, Snippet};
use crate::base::problem::Problem;
use crate::base::text::name;

/// A command line in a document.
#[derive(Debug, PartialEq, Eq)]
pub struct Documented {
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is typed, such as `cargo xtask check --tag v1.2.3`.
    pub command: String,
}

/// The beginning of a command line for this program.
const XTASK: &str = "cargo xtask ";
/// What ends a command in a shell: the next one, what becomes of its output, or a comment.
const ENDS: [&str; 7] = [" #", " && ", " || ", " | ", " > ", " 2>", "; "];

/// The command lines in documents. What stands for words that are left out is none.
pub fn documented(documents: &[&Shown<'_>]) -> Vec<Documented> {
    let one = |document: &Document, snippet: &Snippet<'_>| {
        let typed = snippet.text.strip_prefix("- run: ").unwrap_or(&snippet.text);
        let command = ENDS.into_iter().fold(typed, |typed, end| typed.split(end).next().unwrap_or(typed));
        let is_whole =
            command.starts_with(XTASK) && !command.contains(['…', '<', '[']) && !command.contains("...");
        let found = Documented {
            file: document.path.clone(),
            line: snippet.line(),
            command: command.trim().to_owned(),
        };
        is_whole.then_some(found)
    };
    let of = |(document, snippets): &&Shown<'_>| -> Vec<Documented> {
        snippets.iter().filter_map(|snippet| one(document, snippet)).collect()
    };
    documents.iter().flat_map(of).collect()
}

/// What to say of a command line that is refused with these words.
pub fn refused_command(documented: &Documented, refusal: &str) -> Problem {
    let part = |mark| refusal.lines().find_map(|line| line.trim().strip_prefix(mark));
    let why = part("error: ").unwrap_or(refusal.trim());
    let problem = Problem::warning(format!("{} is no command: {why}", name(&documented.command)));
    problem.at(&documented.file, Some(documented.line)).hint(part("tip: ").unwrap_or("cargo xtask --help"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::document::tests::document;

    #[test]
    fn command_lines() {
        let text = "`cargo xtask check` and `cargo xtask …`, `cargo test`\n\n```sh\n$ cargo xtask release \\\n  --offline  # look\n$ cargo xtask index DIR > a && b\n```\n\n    - run: cargo xtask ci\n";
        let document = document("README.md", text);
        let found = documented(&[&(&document, document.snippets())]);
        let shown: Vec<(usize, &str)> = found.iter().map(|one| (one.line, one.command.as_str())).collect();
        assert_eq!(
            shown,
            [
                (1, "cargo xtask check"),
                (4, "cargo xtask release --offline"),
                (6, "cargo xtask index DIR"),
                (9, "cargo xtask ci")
            ]
        );
    }

    #[test]
    fn refusals() {
        let documented =
            Documented { file: "a.md".to_owned(), line: 3, command: "cargo xtask chek".to_owned() };
        let clap = "error: unrecognized subcommand 'chek'\n\n  tip: a similar subcommand exists: 'check'\n\nUsage: …\n";
        let found = refused_command(&documented, clap);
        assert_eq!(
            found.to_string(),
            "a.md:3: `cargo xtask chek` is no command: unrecognized subcommand 'chek'"
        );
        assert_eq!(found.hint.as_deref(), Some("a similar subcommand exists: 'check'"));
        assert_eq!(refused_command(&documented, "error: x").hint.as_deref(), Some("cargo xtask --help"));
    }
}
