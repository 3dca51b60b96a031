//! The files that pages include by `--8<-- "file"`, which mkdocs and zensical read from anywhere below the root
//! (facelessuser.github.io/pymdown-extensions, "Snippets").

use std::collections::BTreeSet;

/// The names of the files that a text includes, without the lines or the section that it takes of them.
pub fn included(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut is_block = false;
    for line in text.lines().map(str::trim) {
        let marked = line.starts_with('-').then(|| line.trim_start_matches('-').strip_prefix("8<-"));
        let name = match marked.flatten().map(|rest| rest.trim_start_matches('-')) {
            Some("") => {
                is_block = !is_block;
                continue;
            }
            Some(quoted) => quoted.trim().trim_matches(['"', '\'']),
            None if is_block => line,
            None => continue,
        };
        names.extend(name.split(':').next().filter(|name| !name.is_empty()).map(str::to_owned));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations_are_read() {
        let text = "a\n  --8<-- \"gen/a.md\"\n-8<- 'b.md:2:4'\n;--8<-- \"no.md\"\n--8<--\nc.md\n\nd.md:part\n--8<--\ne.md\n- 8\n-----\n";
        assert_eq!(Vec::from_iter(included(text)), ["b.md", "c.md", "d.md", "gen/a.md"]);
    }
}
