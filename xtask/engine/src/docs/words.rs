//! What mkdocs and zensical say when they fail, as problems.

use crate::base::problem::Problem;

/// The warnings and errors in mkdocs' log; where there are none, its last line.
pub fn mkdocs_problems(log: &str) -> Vec<Problem> {
    let mut messages: Vec<String> = Vec::new();
    let mut inside = false;
    for line in log.lines().map(str::trim_end) {
        let (level, rest) = line.split_once(' ').unwrap_or((line, ""));
        match level.trim_end_matches(':') {
            "WARNING" | "ERROR" | "CRITICAL" | "Error" => {
                messages.push(rest.trim_start_matches([' ', '-']).to_owned());
                inside = true;
            }
            "INFO" | "DEBUG" | "Aborted" | "Traceback" => inside = false,
            "" if line.is_empty() => inside = false,
            _ if inside => {
                if let Some(message) = messages.last_mut() {
                    message.push(' ');
                    message.push_str(line.trim_start());
                }
            }
            _ => {}
        }
    }
    if messages.is_empty() {
        messages.extend(log.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned));
    }
    messages
        .into_iter()
        .map(|message| Problem::error(format!("mkdocs: {message}")).hint(hint("mkdocs", &message)))
        .collect()
}

/// The issues in zensical's log, with their places in `docs_dir`; where there are none, the errors of Python.
pub fn zensical_problems(log: &str, docs_dir: &str) -> Vec<Problem> {
    let log = plain(log);
    let mut problems: Vec<Problem> = Vec::new();
    let mut exceptions: Vec<&str> = Vec::new();
    let mut is_inside = false;
    for line in log.lines() {
        let issue = ["Warning: ", "Error: "].into_iter().find_map(|level| line.strip_prefix(level));
        if let Some(message) = issue {
            problems.push(Problem::error(format!("zensical: {message}")));
        } else if line.starts_with("Traceback ") {
            is_inside = true;
        } else if is_inside && !line.starts_with(' ') && !line.is_empty() {
            exceptions.push(line);
            is_inside = false;
        } else if let Some((file, line)) = place(line)
            && let Some(problem) = problems.pop_if(|problem| problem.place.is_none())
        {
            let file = if docs_dir.is_empty() { file.to_owned() } else { format!("{docs_dir}/{file}") };
            problems.push(problem.at(file, Some(line)));
        }
    }
    // That it stops for the issues is nothing new.
    exceptions.retain(|line| !line.contains("--strict flag is set"));
    exceptions.dedup();
    if !exceptions.is_empty() || problems.is_empty() {
        let last = log.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
        let message = if exceptions.is_empty() { last.to_owned() } else { exceptions.join("; ") };
        problems.push(Problem::error(format!("zensical: {message}")));
    }
    let with_hint = |problem: Problem| {
        let hint = hint("zensical", &problem.message);
        problem.hint(hint)
    };
    problems.into_iter().map(with_hint).collect()
}

/// The place that a line such as `╭─[ index.md:3:5 ]` names.
fn place(line: &str) -> Option<(&str, usize)> {
    let (_, place) = line.split_once("[ ")?;
    let mut parts = place.strip_suffix(" ]")?.rsplitn(3, ':');
    let (_, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    Some((file, line.parse().ok()?))
}

/// A text without the codes of colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| before + part.split_once('m').map_or(part, |(_, rest)| rest))
}

fn hint(program: &str, message: &str) -> String {
    let missing = ["Unrecognised theme", "is not installed", "No module named"];
    match program {
        _ if !missing.iter().any(|words| message.contains(words)) => {
            format!("mend it; `{program} build --strict` says the same")
        }
        "mkdocs" => "pip install what mkdocs.yml names, such as mkdocs-material".to_owned(),
        _ => "pip install what mkdocs.yml names".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs() {
        for (log, expected) in [
            (
                "INFO    -  Cleaning site directory\nWARNING -  A reference to 'no.md' is\n  not found:\n    - x\nINFO    -  y\n\nAborted with 1 warnings in strict mode!\n",
                vec!["A reference to 'no.md' is not found: - x"],
            ),
            (
                "ERROR   -  Config value 'theme': Unrecognised theme name: 'foo'.\nERROR   -  Config value 'plugins': The \"bar\" plugin is not installed\n\nAborted with a configuration error!\n",
                vec![
                    "Config value 'theme': Unrecognised theme name: 'foo'.",
                    "Config value 'plugins': The \"bar\" plugin is not installed",
                ],
            ),
            (
                "Error: MkDocs encountered an error\nexpected x,\n  in \"a\"\n",
                vec!["MkDocs encountered an error expected x, in \"a\""],
            ),
            (
                "Traceback (most recent call last):\n  File\nModuleNotFoundError: No module named 'x'\n",
                vec!["ModuleNotFoundError: No module named 'x'"],
            ),
            ("", vec![]),
        ] {
            let problems = mkdocs_problems(log);
            let messages: Vec<&str> =
                problems.iter().filter_map(|one| one.message.strip_prefix("mkdocs: ")).collect();
            assert_eq!(messages, expected);
            let installs =
                problems.iter().all(|one| one.hint.as_ref().is_some_and(|hint| hint.contains("pip")));
            assert_eq!(installs, !log.contains("INFO") && !log.contains("in \"a\""), "{log}");
        }
    }

    #[test]
    fn logs_of_zensical() {
        let issues = "\u{1b}[33mWarning:\u{1b}[0m page does not exist\n   \u{1b}[38;5;246m╭\u{1b}[0m─[ a/b.md:3:5 ]\n 3 │ [a](no.md)\n\
                      Warning: anchor does not exist\n   ╭─[ index.md:4:1 ]\n2 issues found\nTraceback (most recent call last):\n  \
                      File \"x\"\nRuntimeError: Aborted because --strict flag is set\n";
        let module = "Traceback (most recent call last):\n  File\nRuntimeError: Python error: ModuleNotFoundError: No module named 'x'\n\
                      Traceback (most recent call last):\n  File\n\n";
        for (log, expected) in [
            (
                issues,
                "docs/a/b.md:3: zensical: page does not exist; docs/index.md:4: zensical: anchor does not exist",
            ),
            ("Error: Theme 'x' is not installed.\n", "zensical: Theme 'x' is not installed."),
            (module, "zensical: RuntimeError: Python error: ModuleNotFoundError: No module named 'x'"),
            ("killed\n", "zensical: killed"),
        ] {
            let problems = zensical_problems(log, "docs");
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert_eq!(told.join("; "), expected);
            let installs =
                problems.iter().any(|one| one.hint.as_ref().is_some_and(|hint| hint.contains("pip")));
            assert_eq!(installs, expected.contains("installed") || expected.contains("No module"), "{log}");
        }
    }
}
