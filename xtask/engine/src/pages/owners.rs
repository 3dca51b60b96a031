//! Whose files those on a branch seem to be, by what the common tools write there.

/// What a tool writes, and what that is for people. A name that ends with `/` is that of a directory.
const TRACES: [(&str, &str); 10] = [
    ("versions.json", "versions of a documentation by mike"),
    ("search/search_index.json", "documentation by mkdocs"),
    ("objects.inv", "documentation by Sphinx"),
    ("_config.yml", "a site by Jekyll"),
    ("dev/bench/", "benchmarks"),
    ("pr-preview/", "previews of pull requests"),
    ("preview/", "previews of pull requests"),
    ("coverage/", "a coverage report"),
    ("artifacthub-repo.yml", "a Helm repository"),
    (".tgz", "a Helm repository"),
];

/// ` (HINT, HINT)`, or nothing where nothing is known.
pub fn whose(paths: &[String]) -> String {
    let is_there = |trace: &str| {
        paths.iter().any(|path| match trace {
            directory if directory.ends_with('/') => path.starts_with(directory),
            ending if ending.starts_with('.') => path.ends_with(ending),
            file => path == file,
        })
    };
    let mut found: Vec<&str> = Vec::new();
    for (trace, what) in TRACES {
        if is_there(trace) && !found.contains(&what) {
            found.push(what);
        }
    }
    if found.is_empty() { String::new() } else { format!(" (they seem to be {})", found.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_their_traces() {
        for (paths, expected) in [
            (&["a.html"][..], ""),
            (&["1.0/index.html", "versions.json"], " (they seem to be versions of a documentation by mike)"),
            (
                &["helm/a-1.0.0.tgz", "artifacthub-repo.yml", "dev/bench/data.js"],
                " (they seem to be benchmarks, a Helm repository)",
            ),
            (&["pr-preview/1/a", "preview/2/a"], " (they seem to be previews of pull requests)"),
        ] {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            assert_eq!(whose(&paths), expected);
        }
    }
}
