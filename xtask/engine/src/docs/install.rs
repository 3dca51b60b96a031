//! The programs that build documentation: what they are called, and the command that installs them.

use crate::base::config::Builder;

/// The program of a builder; `None` where it is this program.
pub fn program(builder: Builder) -> Option<&'static str> {
    match builder {
        Builder::Native => None,
        Builder::Mkdocs => Some("mkdocs"),
        Builder::Zensical => Some("zensical"),
    }
}

/// The command that installs a program, from a file of requirements where the repository has one.
pub fn command(program: &str, requirements: Option<&str>) -> String {
    match requirements {
        Some(file) => format!("pip install --requirement {file}"),
        // The theme of nearly every mkdocs.yml, and mkdocs with it.
        None if program == "mkdocs" => "pip install mkdocs-material".to_owned(),
        None => format!("pip install {program}"),
    }
}

/// Whether a file is one of requirements, by its name.
pub fn is_requirements(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.contains("requirements") && file.ends_with(".txt")
}

/// Whether a file of requirements installs a program: by its own name, or by that of a theme or plugin, which depends on it.
pub fn installs(requirements: &str, program: &str) -> bool {
    let name = |line: &str| line.trim_start().to_lowercase().replace('_', "-");
    requirements.lines().any(|line| name(line).starts_with(program))
}

/// The arguments of a command line for an installer of Python packages; `None` for other commands.
pub fn packages(line: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_pip = |word: &str| matches!(word, "pip" | "pip3" | "pipx");
    let at = match words.as_slice() {
        [pip, "install", ..] if is_pip(pip) => 2,
        ["python" | "python3", "-m", pip, "install", ..] if is_pip(pip) => 4,
        ["uv", "tool" | "pip", "install", ..] => 3,
        _ => return None,
    };
    words.get(at..).map(<[&str]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements() {
        for (path, expected) in [
            ("requirements.txt", true),
            ("docs/requirements-dev.txt", true),
            (".github/docs-requirements.txt", true),
            ("requirements/docs.txt", false),
            ("requirements.md", false),
        ] {
            assert_eq!(is_requirements(path), expected, "{path}");
        }
        for (text, expected) in [
            ("# mkdocs\nclick==8\n", false),
            ("click\nmkdocs-material==9 \\\n  --hash=x\n", true),
            ("MkDocs_Material>=9\n", true),
            ("zensical\n", false),
        ] {
            assert_eq!(installs(text, "mkdocs"), expected, "{text}");
        }
        assert_eq!(command("mkdocs", None), "pip install mkdocs-material");
        assert_eq!(command("zensical", None), "pip install zensical");
        assert_eq!(command("zensical", Some("a.txt")), "pip install --requirement a.txt");
    }
}
