//! What a `run:` of a workflow does: `cargo xtask` commands, as the command line's own parser reads them, or something else.

use super::shell::without_leads;
use crate::base::target::Target;

/// What a `cargo xtask` command does, as far as workflows depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    Ci,
    /// Makes a release, or publishes it.
    Release {
        /// Where it publishes; nowhere without `--publish`.
        publish: Vec<Target>,
        /// Whether the command line names its tag.
        tag: bool,
        signs: bool,
        /// The directory that it takes the release from, in place of making it.
        from: Option<String>,
        /// The directory that it makes the release in.
        to: String,
    },
    /// Builds the site, or publishes it.
    Pages {
        publish: bool,
        /// Whether it is the documentation alone.
        docs: bool,
    },
    /// Any other of this library, which publishes nothing.
    Other,
    /// One of the repository's own: nobody else knows what it does.
    Own {
        publishes: bool,
    },
}

/// Reads a `cargo xtask` command; the error is one line.
pub type Parse<'a> = &'a dyn Fn(&str) -> Result<Task, String>;

/// The options of the repository's own for such a command.
pub type Options<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// A `cargo xtask` command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub text: String,
    /// What it does, or why it cannot run.
    pub task: Result<Task, String>,
}

/// A `run:`, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its `cargo xtask` commands.
    pub commands: Vec<Command>,
    pub shell: Option<String>,
}

/// What a shell gives a meaning to, besides spaces.
const SHELL: &[char] = &['|', '&', ';', '<', '>', '(', ')', '$', '`', '"', '\'', '\\', '*', '?', '#', '~'];

impl Task {
    pub fn publishes(&self) -> &[Target] {
        match self {
            Self::Release { publish, .. } => publish,
            Self::Pages { publish: true, .. } => &[Target::Pages],
            _ => &[],
        }
    }
}

impl Command {
    /// Where it publishes as the config says: an option of the repository's own before its command may choose another
    /// config, and `--oci` names another registry.
    pub fn publishes_by_config(&self) -> Vec<Target> {
        let mut words = self.text.split_whitespace().skip(2);
        if words.next().is_some_and(|word| word.starts_with('-')) {
            return Vec::new();
        }
        let names_registry = words.any(|word| word == "--oci" || word.starts_with("--oci="));
        let targets = self.task.iter().flat_map(Task::publishes).copied();
        targets.filter(|target| *target != Target::Oci || !names_registry).collect()
    }
}

impl Run {
    pub fn read(text: &str, parse: Parse<'_>) -> Self {
        // The shell goes on with the next line where one ends so.
        let joined = text.replace(" \\\n", " ").replace("\\\n", " ");
        let is_command = |part: &&str| {
            let mut words = part.split_whitespace();
            words.next() == Some("cargo") && words.next() == Some("xtask")
        };
        let parts = joined.split(['\n', ';', '&', '|']);
        let parts = parts.map(|part| without_leads(part.split(" #").next().unwrap_or(part).trim()));
        // What the shell makes of a word nobody knows here.
        let is_plain = |part: &str| !part.contains(['$', '"', '\'', '`']);
        let task = |part: &str| {
            parse(part)
                .or_else(|why| if is_plain(part) { Err(why) } else { Ok(Task::Own { publishes: false }) })
        };
        let command = |part: &str| Command { text: part.to_owned(), task: task(part) };
        let commands = parts.filter(is_command).map(command).collect();
        Self { commands, shell: shell(text.trim_end()) }
    }

    /// Whether it is one `cargo xtask` command and nothing else.
    pub fn is_one_command(&self) -> bool {
        self.commands.len() == 1 && self.shell.is_none()
    }
}

fn shell(text: &str) -> Option<String> {
    if text.contains('\n') {
        return Some("it has more than one line".to_owned());
    }
    if text.contains("${{") {
        return Some("it has `${{`".to_owned());
    }
    if without_leads(text) != text {
        return Some("it has more before the command".to_owned());
    }
    let found = text.chars().find(|c| SHELL.contains(c))?;
    Some(format!("it has `{found}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_as_the_config_says() {
        let task = Ok(Task::Release {
            publish: vec![Target::Oci, Target::Pages],
            tag: false,
            signs: false,
            from: None,
            to: String::new(),
        });
        for (text, expected) in [
            ("cargo xtask release --publish=oci,pages", &[Target::Oci, Target::Pages][..]),
            ("cargo xtask release --publish=oci,pages --oci oci://a/b", &[Target::Pages]),
            ("cargo xtask release --publish=oci,pages --oci=oci://a/b", &[Target::Pages]),
            ("cargo xtask --staging release --publish=oci,pages", &[]),
        ] {
            let command = Command { text: text.to_owned(), task: task.clone() };
            assert_eq!(command.publishes_by_config(), expected, "{text}");
        }
    }

    #[test]
    fn runs_are_commands_or_scripts() {
        let parse = |text: &str| match text {
            "cargo xtask ci" => Ok(Task::Ci),
            "cargo xtask check" => Ok(Task::Other),
            _ => Err("unknown".to_owned()),
        };
        for (text, tasks, shell) in [
            ("cargo xtask ci", vec![Ok(Task::Ci)], None),
            ("cargo xtask ci\n", vec![Ok(Task::Ci)], None),
            ("cargo xtask nothing", vec![Err("unknown".to_owned())], None),
            ("cargo xtasks ci", vec![], None),
            ("cargo fmt --check", vec![], None),
            ("cargo xtask ci && cargo xtask check", vec![Ok(Task::Ci), Ok(Task::Other)], Some("`&`")),
            (
                "cargo xtask ci\ncargo xtask check\n",
                vec![Ok(Task::Ci), Ok(Task::Other)],
                Some("more than one line"),
            ),
            ("echo ${{ github.ref }}", vec![], Some("`${{`")),
            ("cargo xtask ci # all", vec![Ok(Task::Ci)], Some("`#`")),
            ("X=1 cargo xtask ci", vec![Ok(Task::Ci)], Some("before the command")),
            ("if cargo xtask ci; then exit; fi", vec![Ok(Task::Ci)], Some("before the command")),
            ("cargo xtask \\\nci\n", vec![Ok(Task::Ci)], Some("more than one line")),
            ("cargo xtask \"$X\"", vec![Ok(Task::Own { publishes: false })], Some("`\"`")),
        ] {
            let run = Run::read(text, &parse);
            let found: Vec<_> = run.commands.iter().map(|command| command.task.clone()).collect();
            assert_eq!(found, tasks, "{text}");
            assert_eq!(run.shell.is_some(), shell.is_some(), "{text}");
            assert!(run.shell.unwrap_or_default().contains(shell.unwrap_or_default()), "{text}");
        }
    }
}
