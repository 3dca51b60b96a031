//! What publishing the documentation does to the branch. A file is removed only if this program wrote it and it is still
//! what was written; all else belongs to others and stays, unless a page takes its place, which is said.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::front::FIRST;
use super::page::is_ours as is_page_of_charts;
use super::record::{RECORD, Record};
use super::{Contents, DOMAIN, INDEX_NAME, NO_JEKYLL, Planned, RESERVED, owners, root};
use crate::base::config::Config;
use crate::base::problem::{Checked, Problem};
use crate::base::text::{few, first, name};
use crate::chart::ignore;
use crate::docs::File;
use crate::git::Tip;
use crate::git::object::{Object, blob_id};
use crate::registry::artifact::HUB_FILE;

/// How many entries of the branch's root are named.
pub const MOST_ENTRIES: usize = 8;

/// The changes, besides the files of the documentation.
#[derive(Debug, Default)]
pub struct Documentation {
    /// Our files that the documentation does not have any more.
    pub removed: Vec<Vec<u8>>,
    /// Files of others whose place a page takes.
    pub replaced: Vec<String>,
    /// Files of others that stay, besides what the config reserves.
    pub foreign: Vec<String>,
    /// What is ours then; `None` where no documentation is published.
    pub record: Option<Record>,
}

/// The branch and the documentation that it gets.
pub struct Scene<'a> {
    pub config: &'a Config,
    pub tip: Option<&'a Tip>,
    pub contents: &'a Contents,
    pub docs: &'a [File],
    /// Patterns of files that are claimed as ours.
    pub adopt: &'a [String],
}

impl Scene<'_> {
    pub fn decide(&self) -> Checked<Documentation> {
        let none = BTreeMap::new();
        let there = self.tip.map_or(&none, |tip| &tip.files);
        let mut problems = impossible(self.config, there, self.docs);
        if there.get(RECORD).is_some_and(|object| !object.is_plain()) {
            let problem = Problem::error(format!("the branch has {} and it is no file", name(RECORD)));
            problems.push(problem.hint("remove it from the branch: then no file there is ours"));
        }
        let text = self.contents.record.as_deref();
        let old = text.map(|text| Record::read(text).take(&mut problems)).unwrap_or_default();
        let is_adopted = |path: &str| self.adopt.iter().any(|pattern| fits(pattern, path));
        let is_of_chart = |path: &str| self.is_of_repository(path);
        let is_ours = |path: &str, object: &Object| {
            old.has(path, object) || is_adopted(path) && object.is_plain() && self.may_be_adopted(path)
        };
        let mut out = Documentation::default();
        let pages: BTreeMap<&str, &File> = self.docs.iter().map(|file| (file.path.as_str(), file)).collect();
        for (path, object) in there.iter().filter(|(path, _)| !is_reserved(self.config, path)) {
            match pages.get(path.as_str()) {
                None if is_ours(path, object) => out.removed.push(path.clone().into_bytes()),
                // The page of the charts makes room for that of the documentation.
                _ if path == FIRST
                    && self.contents.pages.get(FIRST).is_some_and(|page| is_page_of_charts(page)) => {}
                None => out.foreign.push(path.clone()),
                Some(page) if is_ours(path, object) || object.is_file(&page.data) => {}
                Some(_) if is_of_chart(path) => problems.push(of_chart(path)),
                Some(_) => out.replaced.push(path.clone()),
            }
        }
        let odd =
            self.tip.iter().flat_map(|tip| &tip.odd).map(|path| String::from_utf8_lossy(path).into_owned());
        out.foreign.extend(odd.filter(|path| !is_reserved(self.config, path)));
        let mut record = Record::default();
        // What stood there before with the same bytes stays theirs: who removes the page does not remove it.
        let is_new = |file: &&File| {
            there
                .get(&file.path)
                .is_none_or(|object| is_ours(&file.path, object) || !object.is_file(&file.data))
        };
        for file in self.docs.iter().filter(is_new).filter(|file| !is_reserved(self.config, &file.path)) {
            record.add(&file.path, Object::file(&blob_id(&file.data)));
        }
        out.record = Some(record);
        problems.extend(self.strangers(&out));
        problems.extend(self.useless(there));
        Checked::new(out, problems)
    }

    /// Whether a file belongs to a Helm repository. Who has added that could install nothing from it any more.
    fn is_of_repository(&self, path: &str) -> bool {
        path.ends_with(".tgz") || path.ends_with(".prov") || self.contents.indexes.contains(path)
    }

    /// Whether an earlier documentation may have written a file. Of an index nobody looks here what it lists.
    fn may_be_adopted(&self, path: &str) -> bool {
        let file_name = path.rsplit('/').next().unwrap_or(path);
        !self.is_of_repository(path) && ![INDEX_NAME, HUB_FILE].contains(&file_name)
    }

    /// What is said of files of others: those that a page replaces, and at the first publishing all that stay.
    fn strangers(&self, out: &Documentation) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !out.replaced.is_empty() {
            let message =
                format!("the documentation takes the place of files of others: {}", few(&out.replaced));
            let hint = "rename the page if the file is still needed; the history of the branch has it";
            problems.push(Problem::warning(message).hint(hint));
        }
        let is_first = self.contents.record.is_none() && !out.foreign.is_empty();
        if is_first {
            let folded = fold(out.foreign.iter().map(String::as_str));
            let message = format!(
                "{} keeps what this program did not write, {} {}{}: {}",
                name(&self.config.branch),
                out.foreign.len(),
                if out.foreign.len() == 1 { "file" } else { "files" },
                owners::whose(&out.foreign),
                first(MOST_ENTRIES, &folded.keys().cloned().collect::<Vec<_>>()),
            );
            let hint = "if an earlier documentation wrote some of them, claim these, or they stay for ever: \
                        cargo xtask pages --adopt GLOB";
            problems.push(Problem::warning(message).hint(hint));
        }
        problems
    }

    /// A pattern that claims nothing is a typo, or was done by an earlier run.
    fn useless(&self, there: &BTreeMap<String, Object>) -> Vec<Problem> {
        let claims =
            |pattern: &&String| there.keys().any(|path| fits(pattern, path) && self.may_be_adopted(path));
        let useless = self.adopt.iter().filter(|pattern| !claims(pattern));
        let problem = |pattern: &String| {
            let message =
                format!("--adopt {} claims no file of {}", name(pattern), name(&self.config.branch));
            Problem::warning(message).hint("a pattern is that of a path, as in 'guide/**' or '*.html'")
        };
        useless.map(problem).collect()
    }
}

/// Paths by the entry of the root that they are in, a directory with `/` at its end, with how many files it has.
pub fn fold<'p>(paths: impl Iterator<Item = &'p str>) -> BTreeMap<String, usize> {
    let mut folded = BTreeMap::new();
    for path in paths {
        let entry = path.split_once('/').map_or_else(|| path.to_owned(), |(root, _)| format!("{root}/"));
        *folded.entry(entry).or_insert(0) += 1;
    }
    folded
}

/// Whether a pattern fits a path: `*` and `?` within a name, `**` for any number of names. One that fits a directory fits
/// all below it.
fn fits(pattern: &str, path: &str) -> bool {
    fn fit(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern, path) {
            ([], _) => true,
            (["**", rest @ ..], _) => {
                fit(rest, path) || path.split_first().is_some_and(|(_, below)| fit(pattern, below))
            }
            (_, []) => false,
            ([first, rest @ ..], [name, below @ ..]) => ignore::is_name(first, name) && fit(rest, below),
        }
    }
    let pattern: Vec<&str> = pattern.trim_start_matches("./").trim_end_matches('/').split('/').collect();
    fit(&pattern, &path.split('/').collect::<Vec<_>>())
}

fn of_chart(path: &str) -> Problem {
    let message = format!(
        "{} on the branch belongs to a Helm repository, and the documentation has it too",
        name(path)
    );
    Problem::error(message)
        .at(path, None)
        .hint("rename it in the documentation: users install from the branch")
}

/// A file where others have a directory, or the other way round: git would remove theirs.
pub fn in_the_way(tip: Option<&Tip>, removed: &[Vec<u8>], files: &[Planned<'_>]) -> Vec<Problem> {
    let removed: BTreeSet<&[u8]> = removed.iter().map(Vec::as_slice).collect();
    let there = tip.into_iter().flat_map(|tip| {
        let odd = tip.odd.iter().map(|path| String::from_utf8_lossy(path));
        tip.files.keys().map(|path| Cow::Borrowed(path.as_str())).chain(odd)
    });
    let there: BTreeSet<Cow<'_, str>> = there.filter(|path| !removed.contains(path.as_bytes())).collect();
    let parent = |path: &str| {
        let mut parents = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        parents.find(|parent| there.contains(*parent)).map(str::to_owned)
    };
    let mut problems = BTreeMap::new();
    for Planned { path, .. } in files {
        let directory = format!("{path}/");
        let mut after = there.range(Cow::Borrowed(&*directory)..);
        let below = after.next().filter(|other| other.starts_with(&directory));
        if let Some(theirs) = below.map(ToString::to_string).or_else(|| parent(path)) {
            let message =
                format!("others have {} on the branch, in the way of {}", name(&theirs), name(path));
            let hint = "git holds a file or a directory, not both: rename the page, or move what is there";
            problems.entry(theirs).or_insert(Problem::error(message).hint(hint));
        }
    }
    problems.into_values().collect()
}

/// Whether a path of the branch belongs to no documentation.
pub fn is_reserved(config: &Config, path: &str) -> bool {
    let root = root(path);
    RESERVED.contains(&root)
        || config.is_of_helm_repository(path)
        || config.reserved.iter().any(|reserved| reserved == root)
}

/// Whether a file sets the domain, and to what the branch has, if that has one: mkdocs publishes `docs/CNAME`
/// (mkdocs.org, "Deploying your docs", "Custom Domains").
fn is_same_domain(there: &BTreeMap<String, Object>, file: &File) -> bool {
    // GitHub writes it without the line break that editors put at its end.
    let domain = file.data.trim_ascii_end();
    let is_same = |object: &Object| object.is_file(domain) || object.is_file(&[domain, b"\n"].concat());
    file.path == DOMAIN && there.get(DOMAIN).is_none_or(is_same)
}

/// Whose the place of a reserved entry is.
fn taken(config: &Config, File { path, data }: &File) -> String {
    let what = name(root(path));
    match &**path {
        DOMAIN => {
            let domain = name(String::from_utf8_lossy(data).trim());
            format!("the documentation sets the domain {domain}, and the branch has another one")
        }
        _ if config.is_of_helm_repository(path) => {
            format!("the documentation has {what}, the place of the Helm repository")
        }
        _ if RESERVED.contains(&root(path)) => {
            format!("the documentation has {what}, which the branch has as a file of its own")
        }
        _ => format!("the documentation has {what}, which the config keeps for others by `reserved`"),
    }
}

/// What to do with documentation that has a reserved entry.
fn instead(config: &Config, path: &str) -> String {
    match root(path) {
        _ if config.is_of_helm_repository(path) => {
            "rename the page or directory: the Helm repository has this place on the branch".to_owned()
        }
        DOMAIN => "delete docs/CNAME: the branch keeps its own CNAME; or change it there".to_owned(),
        NO_JEKYLL | RECORD => "delete it: the branch gets its own".to_owned(),
        root => format!("rename it, or take {} out of `reserved` in the config", name(root)),
    }
}

/// What a documentation site cannot have.
fn impossible(config: &Config, there: &BTreeMap<String, Object>, docs: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut folded: BTreeMap<String, &str> = BTreeMap::new();
    let mut reserved = BTreeSet::new();
    for file @ File { path, data } in docs {
        if is_reserved(config, path) && !is_same_domain(there, file) && reserved.insert(root(path)) {
            problems.push(Problem::error(taken(config, file)).at(path, None).hint(instead(config, path)));
        }
        if path.split('/').any(|part| matches!(part, "" | "." | "..") || part.eq_ignore_ascii_case(".git")) {
            let message = format!("git cannot hold a file of the name {}", name(path));
            problems.push(Problem::error(message).hint("rename it"));
        }
        if path == ".gitattributes" && data.windows(7).any(|bytes| bytes == b"filter=") {
            let message = "a filter such as Git LFS would make GitHub Pages serve pointers instead of files";
            problems.push(Problem::error(message).at(path, None).hint("publish without it"));
        }
        if let Some(other) = folded.insert(path.to_lowercase(), path) {
            let message = format!("{} and {} differ only in case", name(other), name(path));
            problems
                .push(Problem::warning(message).hint("rename one: many file systems hold only one of them"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, path, expected) in [
            ("*.html", "index.html", true),
            ("*.html", "a/index.html", false),
            ("**/*.html", "index.html", true),
            ("**/*.html", "a/b/index.html", true),
            ("a", "a/b/index.html", true),
            ("a/", "a/b", true),
            ("./a/*/c", "a/b/c/d", true),
            ("a/**", "a/b/c", true),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/b/d", false),
            ("**", "anything/at/all", true),
            ("a", "ab", false),
            ("[ab]?", "b1", true),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }
}
