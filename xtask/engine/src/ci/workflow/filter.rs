//! The patterns that a workflow filters branches and tags by (docs.github.com, "Workflow syntax for GitHub Actions", "Filter
//! pattern cheat sheet").

use std::ops::RangeInclusive;

/// Whether a list of patterns takes a name: the last pattern that matches decides, and one that begins with `!` takes the
/// name out. `None` where GitHub would refuse a pattern, or nobody knows what it means.
pub fn takes<'p>(patterns: impl IntoIterator<Item = &'p str>, name: &str) -> Option<bool> {
    let mut is_taken = false;
    for pattern in patterns {
        let (pattern, takes) = pattern.strip_prefix('!').map_or((pattern, true), |rest| (rest, false));
        if matches(pattern, name)? {
            is_taken = takes;
        }
    }
    Some(is_taken)
}

/// A part of a pattern.
enum Part {
    /// One character of these, or as many as `?` and `+` after it say.
    Character { ranges: Vec<RangeInclusive<char>>, may_lack: bool, may_repeat: bool },
    /// `*`: anything but `/`.
    Name,
    /// `**`: anything.
    Anything,
    /// `**/` where a name begins: any directories, or none.
    Directories,
}

fn matches(pattern: &str, name: &str) -> Option<bool> {
    let name: Vec<char> = name.chars().collect();
    // Where the rest of the pattern may begin.
    let mut places = vec![false; name.len() + 1];
    if let Some(first) = places.first_mut() {
        *first = true;
    }
    for part in parts(pattern)? {
        places = part.after(&places, &name);
    }
    places.last().copied()
}

fn parts(pattern: &str) -> Option<Vec<Part>> {
    let literal = |c| Part::Character { ranges: vec![c..=c], may_lack: false, may_repeat: false };
    let (mut parts, mut rest, mut is_beginning) = (Vec::new(), pattern, true);
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..)?;
        match (c, rest.strip_prefix('*'), parts.last_mut()) {
            ('*', Some(after), _) => {
                let below = after.strip_prefix('/').filter(|_| is_beginning);
                parts.push(if below.is_some() { Part::Directories } else { Part::Anything });
                rest = below.unwrap_or(after);
            }
            ('*', None, _) => parts.push(Part::Name),
            ('?', _, Some(Part::Character { may_lack, .. })) => *may_lack = true,
            ('+', _, Some(Part::Character { may_repeat, .. })) => *may_repeat = true,
            ('?' | '+', ..) => return None,
            ('[', ..) => {
                let (class, after) = rest.split_once(']')?;
                rest = after;
                parts.push(Part::Character { ranges: ranges(class)?, may_lack: false, may_repeat: false });
            }
            ('\\', ..) => {
                let escaped = rest.chars().next()?;
                rest = rest.get(escaped.len_utf8()..)?;
                parts.push(literal(escaped));
            }
            (c, ..) => parts.push(literal(c)),
        }
        is_beginning = c == '/' || matches!(parts.last(), Some(Part::Directories));
    }
    Some(parts)
}

/// What stands in brackets: characters, and ranges such as `a-z`.
fn ranges(class: &str) -> Option<Vec<RangeInclusive<char>>> {
    let (chars, mut ranges): (Vec<char>, _) = (class.chars().collect(), Vec::new());
    let mut rest = chars.as_slice();
    while let [first, ..] = *rest {
        let (range, after) = match *rest {
            [first, '-', last, ref after @ ..] => (first..=last, after),
            [_, ref after @ ..] => (first..=first, after),
            [] => return None,
        };
        ranges.push(range);
        rest = after;
    }
    // What other programs mean by these is nothing that GitHub documents.
    (!ranges.is_empty() && !class.starts_with(['!', '^'])).then_some(ranges)
}

impl Part {
    /// Where the pattern may go on behind this part, by where it may begin.
    fn after(&self, begins: &[bool], name: &[char]) -> Vec<bool> {
        let is_here = |places: &[bool], at: usize| places.get(at).copied().unwrap_or_default();
        let mut ends = vec![false; begins.len()];
        let mut has_begun = false;
        for at in 0..begins.len() {
            has_begun |= is_here(begins, at);
            // The character before this place.
            let before = at.checked_sub(1).and_then(|at| Some((at, *name.get(at)?)));
            let ends_here = match self {
                Self::Character { ranges, may_lack, may_repeat } => {
                    let is_one = before.is_some_and(|(at, c)| {
                        ranges.iter().any(|range| range.contains(&c))
                            && (is_here(begins, at) || *may_repeat && is_here(&ends, at))
                    });
                    is_one || *may_lack && is_here(begins, at)
                }
                Self::Name => {
                    is_here(begins, at) || before.is_some_and(|(at, c)| c != '/' && is_here(&ends, at))
                }
                Self::Anything => has_begun,
                Self::Directories => {
                    is_here(begins, at) || has_begun && before.is_some_and(|(_, c)| c == '/')
                }
            };
            if let Some(end) = ends.get_mut(at) {
                *end = ends_here;
            }
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of GitHub's cheat sheet, and what they do not match.
    #[test]
    fn the_cheat_sheet() {
        for (patterns, names, others) in [
            (
                &["feature/*"][..],
                &["feature/my-branch", "feature/your-branch"][..],
                &["feature/a/b", "feature"][..],
            ),
            (&["feature/**"], &["feature/beta-a/my-branch", "feature/mona/the/octocat"], &["features/a"]),
            (
                &["main", "releases/mona-the-octocat"],
                &["main", "releases/mona-the-octocat"],
                &["main2", "amain"],
            ),
            (&["*"], &["main", "releases"], &["all/the/branches"]),
            (&["**"], &["all/the/branches", "every/tag", "main"], &[]),
            (&["*feature"], &["mona-feature", "feature", "ver-10-feature"], &["feature-1", "a/feature"]),
            (&["v2*"], &["v2", "v2.0", "v2.9"], &["v1.2", "v2/a"]),
            (&["v[12].[0-9]+.[0-9]+"], &["v1.10.1", "v2.0.0"], &["v3.0.0", "v1.10", "v1.10.1-rc", "v1a10.1"]),
            (&["*.jsx?"], &["page.js", "page.jsx"], &["page.jsxx", "page.j"]),
            (&["**.js"], &["index.js", "js/index.js", "src/js/app.js"], &["index.jsx"]),
            (&["docs/*"], &["docs/README.md", "docs/file.txt"], &["docs/a/b.md"]),
            (
                &["docs/**/*.md"],
                &["docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"],
                &["docs/a"],
            ),
            (
                &["**/docs/**"],
                &["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"],
                &["mydocs/a"],
            ),
            (&["**/README.md"], &["README.md", "js/README.md"], &["aREADME.md"]),
            (&["**/*src/**"], &["a/src/app.js", "my-src/code/js/app.js"], &["src.js"]),
            (&["**/*-post.md"], &["my-post.md", "path/their-post.md"], &["post.md"]),
            (
                &["**/migrate-*.sql"],
                &["migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"],
                &[],
            ),
            (&["*.md", "!README.md"], &["hello.md"], &["README.md", "docs/hello.md"]),
            (
                &["*.md", "!README.md", "README*"],
                &["hello.md", "README.md", "README.doc"],
                &["docs/hello.md"],
            ),
            (&["[CB]at"], &["Cat", "Bat"], &["at", "CBat"]),
            (&["[1-2]00", "a\\*b"], &["100", "200", "a*b"], &["300", "acb"]),
            (&["[0-9a-z]+"], &["0", "a9z"], &["", "A"]),
        ] {
            let takes = |name: &&&str| takes(patterns.iter().copied(), name) == Some(true);
            assert_eq!(
                names.iter().filter(|name| !takes(name)).collect::<Vec<_>>(),
                [] as [&&str; 0],
                "{patterns:?}"
            );
            assert_eq!(others.iter().filter(takes).collect::<Vec<_>>(), [] as [&&str; 0], "{patterns:?}");
        }
        for pattern in ["+", "*?", "[a", "[]", "[!a]", "a\\"] {
            assert_eq!(takes([pattern], "a"), None, "{pattern}");
        }
    }
}
