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

impl Document {
    /// Whether GitHub shows it at its path: Markdown at the root and in `.github/`, and the README of a chart.
    /// Templates of issues and pull requests are shown elsewhere.
    pub fn is_on_github(&self, charts: &[String]) -> bool {
        let upper = self.path.to_uppercase();
        let is_template = ["ISSUE_TEMPLATE", "PULL_REQUEST_TEMPLATE"].iter().any(|part| upper.contains(part));
        let is_general = !self.path.contains('/') || self.path.starts_with(".github/");
        (is_general && !is_template) || self.is_readme_of(charts)
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

    /// The lines of code blocks, those that end in `\` with those that follow, and the code between backticks.
    pub fn snippets(&self) -> Vec<Snippet<'_>> {
        let (mut snippets, mut fence, mut goes_on) = (Vec::<Snippet<'_>>::new(), Fence::default(), false);
        for (number, raw) in (1..).zip(self.text.lines()) {
            if !fence.is_code(raw) && !raw.starts_with("    ") {
                goes_on = false;
                let inline = raw.split('`').skip(1).step_by(2);
                snippets.extend(
                    inline.map(|code| Snippet { lines: vec![(number, raw)], text: code.trim().to_owned() }),
                );
                continue;
            }
            let typed = raw.trim_start();
            let typed = typed.strip_prefix("$ ").unwrap_or(typed).trim_end();
            let (typed, more) = typed.strip_suffix('\\').map_or((typed, false), |typed| (typed, true));
            match snippets.last_mut().filter(|_| goes_on) {
                Some(open) => {
                    open.lines.push((number, raw));
                    open.text = format!("{} {}", open.text.trim_end(), typed.trim());
                }
                None => {
                    snippets.push(Snippet { lines: vec![(number, raw)], text: typed.trim_end().to_owned() });
                }
            }
            goes_on = more;
        }
        snippets
    }
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
        assert_eq!(
            shown,
            [(1, "b c"), (1, "e"), (2, "```sh"), (3, "f g h"), (6, "i"), (7, "```"), (8, "j"), (10, "l")]
        );
    }

    #[test]
    fn readers() {
        let charts = ["charts/web".to_owned()];
        for (path, on_github, for_users, for_contributors) in [
            ("README.md", true, true, true),
            ("CHANGELOG.md", true, false, false),
            (".github/SECURITY.md", true, false, false),
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
