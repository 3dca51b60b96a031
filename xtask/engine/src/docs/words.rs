//! What mkdocs says when it fails, as problems.

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
        .map(|message| Problem::error(format!("mkdocs: {message}")).hint(hint(&message)))
        .collect()
}

fn hint(message: &str) -> &'static str {
    let missing = ["is not installed", "No module named"];
    if message.contains("Unrecognised theme") {
        "pip install what mkdocs.yml names, such as mkdocs-material; or add `--docs native`"
    } else if missing.iter().any(|words| message.contains(words)) {
        "pip install what mkdocs.yml names, such as mkdocs-material"
    } else {
        "mend it; `mkdocs build --strict` says the same"
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
}
