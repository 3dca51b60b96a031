//! The documents of a repository: which of them who reads, and the command lines in them.

use crate::base::path::directory;
use crate::docs::markdown::fence::Fence;

/// A text file of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub path: String,
    pub text: String,
}

/// What is typed into a shell, as a document shows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Snippet<'a> {
    /// Its lines as they are written, each with its number from 1.
    pub lines: Vec<(usize, &'a str)>,
    /// What is typed: without the prompt, and in one line.
    pub text: String,
}

impl Snippet<'_> {
    pub fn line(&self) -> usize {
        self.lines.first().map_or(1, |(line, _)| *line)
    }
}

/// A document with what it shows to type.
pub type Shown<'a> = (&'a Document, Vec<Snippet<'a>>);

pub const DOCS: &str = "docs";
/// What the administrator of a recorded session types, after `# `.
const PROGRAMS: [&str; 3] = ["helm ", "cargo ", "kubectl "];

impl Document {
    /// Whether people look for the charts there on GitHub: README.md and CHANGELOG.md, and the README of a chart. What else
    /// a repository tells is its own.
    pub fn is_on_github(&self, charts: &[String]) -> bool {
        matches!(self.path.as_str(), "README.md" | "CHANGELOG.md") || self.is_readme_of(charts)
    }

    /// Whether it tells users how to get the charts: README.md, the documentation, and the README of a chart.
    pub fn is_for_users(&self, charts: &[String]) -> bool {
        self.path == "README.md" || self.is_documentation() || self.is_readme_of(charts)
    }

    /// Whether it tells how this repository is worked on: Markdown at the root, and the documentation.
    pub fn is_for_contributors(&self) -> bool {
        let is_changelog = self.path.to_uppercase().starts_with("CHANGELOG");
        self.is_documentation() || !(self.path.contains('/') || is_changelog)
    }

    /// Whether it lies in `docs/`.
    pub fn is_documentation(&self) -> bool {
        self.path.split('/').next() == Some(DOCS) && self.path.contains('/')
    }

    fn is_readme_of(&self, charts: &[String]) -> bool {
        self.path.ends_with("/README.md") && charts.iter().any(|chart| chart == directory(&self.path))
    }

    /// What is typed in code blocks, lines that end in `\` with those that follow, and the code between backticks.
    pub fn snippets(&self) -> Vec<Snippet<'_>> {
        let mut fence = Fence::default();
        let is_code = |raw: &str| fence.is_code(raw) || raw.starts_with("    ");
        let codes: Vec<bool> = self.text.lines().map(is_code).collect();
        let lines: Vec<(bool, Line<'_>)> = codes.into_iter().zip((1..).zip(self.text.lines())).collect();
        let mut snippets = Vec::new();
        for block in lines.chunk_by(|(before, _), (after, _)| before == after) {
            let is_code = block.first().is_some_and(|(is_code, _)| *is_code);
            let lines: Vec<Line<'_>> = block.iter().map(|(_, line)| *line).collect();
            snippets.extend(if is_code {
                typed(&lines)
            } else {
                lines.into_iter().flat_map(inline).collect()
            });
        }
        snippets
    }
}

/// A line with its number, from 1.
type Line<'t> = (usize, &'t str);

/// The code between backticks.
fn inline((number, raw): Line<'_>) -> Vec<Snippet<'_>> {
    let codes = raw.split('`').skip(1).step_by(2);
    codes.map(|code| Snippet { lines: vec![(number, raw)], text: code.trim().to_owned() }).collect()
}

/// What is typed in a code block: of a recorded session the lines with a prompt and those that continue them, which are no
/// output.
fn typed<'t>(block: &[Line<'t>]) -> Vec<Snippet<'t>> {
    let is_console = block.first().is_some_and(|(_, raw)| {
        let info = raw.trim_start().trim_start_matches(['`', '~']);
        ["console", "shell-session", "terminal"].iter().any(|known| info.starts_with(known))
    });
    let prompted = |raw: &'t str| {
        let raw = raw.trim_start();
        // Without such a program it is a comment.
        let of_root = raw
            .strip_prefix("# ")
            .filter(|typed| is_console && PROGRAMS.iter().any(|one| typed.starts_with(one)));
        raw.strip_prefix("$ ").or(of_root)
    };
    let is_session = block.iter().any(|(_, raw)| prompted(raw).is_some());
    let (mut snippets, mut goes_on) = (Vec::<Snippet<'t>>::new(), false);
    for (number, raw) in block {
        let typed = prompted(raw).or_else(|| (goes_on || !is_session).then_some(raw.trim_start()));
        let Some(typed) = typed.map(str::trim_end) else { continue };
        let (typed, more) = typed.strip_suffix('\\').map_or((typed, false), |typed| (typed, true));
        match snippets.last_mut().filter(|_| goes_on) {
            Some(open) => {
                open.lines.push((*number, raw));
                open.text = format!("{} {}", open.text.trim_end(), typed.trim_start_matches("> ").trim());
            }
            None => snippets.push(Snippet { lines: vec![(*number, raw)], text: typed.trim_end().to_owned() }),
        }
        goes_on = more;
    }
    snippets
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub fn document(path: &str, text: &str) -> Document {
        Document { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn snippets() {
        let text = "a `b c` d ` e`\n```sh\n$ f \\\n    g \\\n  h\ni\n```\n`j` k\n\n    l\n";
        let document = document("README.md", text);
        let snippets = document.snippets();
        let shown: Vec<(usize, &str)> = snippets.iter().map(|one| (one.line(), one.text.as_str())).collect();
        assert_eq!(shown, [(1, "b c"), (1, "e"), (3, "f g h"), (8, "j"), (10, "l")]);
    }

    #[test]
    fn sessions() {
        for (text, expected) in [
            ("```\n$ helm a \\\n> b\nhelm c\n$ d\n```", &["helm a b", "d"][..]),
            ("```console\n# helm a\nhelm c\n```", &["helm a"]),
            ("```console\n# Install it\nhelm c\n```", &["```console", "# Install it", "helm c", "```"]),
            ("```sh\n# helm a\nhelm c\n```", &["```sh", "# helm a", "helm c", "```"]),
            ("    $ helm a\n    helm c\n\n`helm d`", &["helm a", "helm d"]),
        ] {
            let document = document("README.md", text);
            let snippets: Vec<String> = document.snippets().into_iter().map(|one| one.text).collect();
            assert_eq!(snippets, expected, "{text}");
        }
    }

    #[test]
    fn readers() {
        let charts = ["charts/web".to_owned()];
        for (path, on_github, for_users, for_contributors) in [
            ("README.md", true, true, true),
            ("CHANGELOG.md", true, false, false),
            (".github/SECURITY.md", false, false, false),
            (".github/ISSUE_TEMPLATE/bug.md", false, false, false),
            (".github/pull_request_template.md", false, false, false),
            ("docs/a/b.md", false, true, true),
            ("charts/web/README.md", true, true, false),
            ("charts/web/x/README.md", false, false, false),
            ("other/README.md", false, false, false),
        ] {
            let document = document(path, "");
            let found = (
                document.is_on_github(&charts),
                document.is_for_users(&charts),
                document.is_for_contributors(),
            );
            assert_eq!(found, (on_github, for_users, for_contributors), "{path}");
        }
    }
}
