//! What the documents tell users to type, against the facts: the address of the Helm repository, that of the registry, and
//! the versions that are released.
//!
//! Only what helm is told to get or to push is looked at: other artifacts may lie in the same registry, and prose may speak
//! of the past. So may a heading that names a version: an older one is right below it.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::document::{Document, Shown, Snippet};
use super::edit::{Edit, Finding};
use crate::base::config::{Archives, Config};
use crate::base::problem::Problem;
use crate::base::target::Target;
use crate::base::text::name;
use crate::ci::shell::without_leads;
use crate::docs::markdown::fence::Fence;

#[derive(Debug)]
pub struct Facts<'a> {
    pub config: &'a Config,
    /// The charts that are released, by name, each with its version.
    pub versions: BTreeMap<String, Option<String>>,
}

/// Words in a document that are not as they should be.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    line: usize,
    words: String,
    right: String,
    why: String,
}

/// What helm gets a chart for.
const GETS: [&str; 5] = ["install", "upgrade", "pull", "fetch", "template"];
/// What helm has addresses of charts for.
const TAKES: [&str; 9] =
    ["install", "upgrade", "pull", "fetch", "template", "show", "push", "dependency", "inspect"];
/// What users cannot type as it is.
const PLACEHOLDERS: [char; 6] = ['<', '$', '{', '[', '…', '*'];

/// Where documents disagree with the facts. What `is_generated` is mended at its source.
pub fn find_wrong_mentions(
    facts: &Facts<'_>,
    documents: &[&Shown<'_>],
    is_generated: impl Fn(&Document) -> bool,
) -> Vec<Finding> {
    let aliases = facts.aliases(documents);
    let of = |(document, snippets): &&Shown<'_>| -> Vec<Finding> {
        let wrong = facts.wrong(document, snippets, &aliases);
        let generated = !wrong.is_empty() && is_generated(document);
        wrong.iter().map(|wrong| wrong.finding(document, generated)).collect()
    };
    documents.iter().flat_map(of).collect()
}

impl Wrong {
    fn finding(&self, document: &Document, generated: bool) -> Finding {
        let problem = Problem::warning(format!("{} {}", name(&self.words), self.why))
            .at(&document.path, Some(self.line));
        if generated {
            let source = format!("{}.gotmpl", document.path);
            let hint = format!("write {} in {}, and run helm-docs", name(&self.right), name(&source));
            return problem.hint(hint).into();
        }
        let problem = problem.hint(format!("write {}", name(&self.right)));
        let edit = Edit::within(&document.path, &document.text, self.line, &self.words, &self.right);
        Finding::new(problem, edit)
    }
}

impl Facts<'_> {
    /// What users may have called the Helm repository when they added it.
    fn aliases(&self, documents: &[&Shown<'_>]) -> BTreeSet<String> {
        let snippets = documents.iter().flat_map(|(_, snippets)| snippets);
        let added = snippets.filter_map(|snippet| {
            let (alias, url) = added(&snippet.text)?;
            let places = [&self.config.pages, &self.config.helm_repository()];
            places.iter().any(|place| url.starts_with(place.as_str())).then(|| alias.to_owned())
        });
        added.chain([self.config.helm_name.clone()]).collect()
    }

    fn wrong(&self, document: &Document, snippets: &[Snippet<'_>], aliases: &BTreeSet<String>) -> Vec<Wrong> {
        let (mut wrong, past) = (Vec::new(), past(&document.text));
        for snippet in snippets {
            for url in addresses(&snippet.text) {
                let found = self.reference(url).or_else(|| self.archive(url));
                wrong.extend(found.map(|(words, right, why)| Wrong {
                    line: line_with(snippet, words),
                    words: words.to_owned(),
                    right,
                    why,
                }));
            }
            wrong.extend(self.repository(snippet));
            let is_past = past.iter().any(|(from, to)| (*from..*to).contains(&snippet.line()));
            wrong.extend(self.version(snippet, aliases).filter(|_| !is_past));
        }
        wrong.sort_by_key(|wrong| wrong.line);
        wrong
    }

    /// A chart of ours in the registry, but not where it is pushed.
    fn reference<'t>(&self, url: &'t str) -> Option<(&'t str, String, String)> {
        let chart = self.in_registry(url).filter(|_| self.config.publishes_to(Target::Oci))?;
        let right = format!("{}/{chart}", self.config.oci);
        let (address, _) = split_tag(url);
        (address != right).then(|| (address, right, "is not where the chart is pushed".to_owned()))
    }

    /// The chart of ours that lies, or is said to lie, in the registry at a URL: below the same host and owner.
    fn in_registry<'t>(&self, url: &'t str) -> Option<&'t str> {
        let owner: Vec<&str> = self.config.oci.split('/').take(4).collect();
        let (address, _) = split_tag(url);
        let (directory, chart) = address.rsplit_once('/')?;
        let is_ours = format!("{directory}/").starts_with(&format!("{}/", owner.join("/")));
        (is_ours && self.versions.contains_key(chart)).then_some(chart)
    }

    /// An archive of ours on the pages, but not in the Helm repository.
    fn archive<'t>(&self, url: &'t str) -> Option<(&'t str, String, String)> {
        let (directory, file) = url.rsplit_once('/')?;
        let is_on_branch =
            self.config.publishes_to(Target::Pages) && self.config.archives == Archives::Branch;
        let below = |base: &str| format!("{directory}/").starts_with(&format!("{base}/"));
        let is_ours = is_on_branch && (below(&self.config.pages) || below(&self.config.helm_repository()));
        let is_old = self.config.before_move().is_some_and(|old| old.helm_repository() == directory);
        let is_ours = is_ours && !is_old;
        let stem = file.strip_suffix(".tgz").filter(|_| is_ours)?;
        let of = |chart: &String| stem.strip_prefix(chart.as_str()).is_some_and(|rest| rest.starts_with('-'));
        self.versions.keys().find(|chart| of(chart))?;
        let right = format!("{}/{file}", self.config.helm_repository());
        (url != right).then(|| (url, right, "is not where the archive is published".to_owned()))
    }

    /// The Helm repository under another address.
    fn repository(&self, snippet: &Snippet<'_>) -> Option<Wrong> {
        let (alias, url) = added(&snippet.text)?;
        let right = self.config.helm_repository();
        let url_of_it = url.trim_end_matches('/');
        // What lies below may be the Helm repository of another project.
        let usual = [self.config.pages.clone(), format!("{}/charts", self.config.pages)];
        let is_ours = usual.iter().any(|usual| usual == url_of_it) || alias == self.config.helm_name;
        let is_kept = self.config.before_move().is_some_and(|old| old.helm_repository() == url_of_it);
        if !self.config.publishes_to(Target::Pages)
            || is_kept
            || !is_ours
            || url.trim_end_matches('/') == right
            || !url.starts_with("https://")
        {
            return None;
        }
        let why = "is not where the Helm repository is published".to_owned();
        Some(Wrong { line: line_with(snippet, url), words: url.to_owned(), right, why })
    }

    /// A version of a chart of ours that is not the one that is released.
    fn version(&self, snippet: &Snippet<'_>, aliases: &BTreeSet<String>) -> Option<Wrong> {
        let words: Vec<&str> = snippet.text.split_whitespace().collect();
        let mut after_helm = words.iter().skip_while(|word| **word != "helm");
        after_helm.find(|word| GETS.contains(word))?;
        let chart = |word: &&str| {
            let (alias, chart) = word.split_once('/')?;
            let is_ours = aliases.contains(alias) && self.versions.contains_key(chart);
            self.in_registry(word).or(is_ours.then_some(chart)).map(str::to_owned)
        };
        let right = self.versions.get(&words.iter().find_map(chart)?)?.as_ref()?;
        let spaced = words.iter().skip_while(|word| **word != "--version").nth(1).map(|word| (" ", *word));
        let joined = || words.iter().find_map(|word| Some(("=", word.strip_prefix("--version=")?)));
        let (between, given) = spaced.or_else(joined)?;
        let plain = |version: &str| Version::parse(version.strip_prefix('v').unwrap_or(version)).ok();
        let is_newer = plain(right).is_some_and(|right| plain(given).is_some_and(|given| given > right));
        // A newer one may be that of another branch, and nobody is told to go back.
        if plain(given).is_none() || given == right || is_newer {
            return None;
        }
        let words = format!("--version{between}{given}");
        let why = format!("is not the version that is released, {}", name(right));
        let right = format!("--version{between}{right}");
        Some(Wrong { line: line_with(snippet, &words), words, right, why })
    }
}

/// The addresses among the arguments of helm commands that take charts.
fn addresses(text: &str) -> Vec<&str> {
    let typed = text.strip_prefix("- run: ").unwrap_or(text);
    let commands = typed.split(['|', ';', '&']).map(|part| part.split(" #").next().unwrap_or(part).trim());
    let arguments = |command| {
        let words: Vec<&str> = without_leads(command).split_whitespace().collect();
        let takes = words.iter().skip(1).take(2).any(|word| TAKES.contains(word));
        if words.first() == Some(&"helm") && takes { words } else { Vec::new() }
    };
    let words = commands.flat_map(arguments).map(|word| word.trim_matches(['"', '\'']));
    let is_address = |word: &&str| word.starts_with("oci://") || word.starts_with("https://");
    words.filter(is_address).map(|word| word.trim_end_matches('/')).collect()
}

/// An address in a registry, and the tag or digest after it.
fn split_tag(url: &str) -> (&str, &str) {
    let slash = url.rfind('/').unwrap_or_default();
    let tag = url.char_indices().find(|(at, c)| *at > slash && matches!(c, ':' | '@'));
    tag.and_then(|(at, _)| url.split_at_checked(at)).unwrap_or((url, ""))
}

/// Name and URL of `helm repo add NAME URL`, as far as they are no placeholders.
pub fn added(command: &str) -> Option<(&str, &str)> {
    let (_, rest) = command.split_once("helm repo add ")?;
    let mut words = rest.split_whitespace().filter(|word| !word.starts_with('-'));
    let (alias, url) = (words.next()?, words.next()?);
    let url = url.trim_matches(['"', '\'']);
    (!url.contains(PLACEHOLDERS)).then_some((alias, url))
}

/// The line of a snippet that has these words; else its first.
fn line_with(snippet: &Snippet<'_>, words: &str) -> usize {
    let mut lines = snippet.lines.iter();
    lines.find(|(_, text)| text.contains(words)).map_or(snippet.line(), |(line, _)| *line)
}

/// The lines below headings that name a version, each from and up to a number: they tell of the past.
fn past(text: &str) -> Vec<(usize, usize)> {
    let (mut found, mut fence) = (Vec::new(), Fence::default());
    let mut open: Option<(usize, usize)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if fence.is_code(line) || level == 0 {
            continue;
        }
        if let Some((_, from)) = open.take_if(|(outer, _)| level <= *outer) {
            found.push((from, number));
        }
        if open.is_none() && line.split_whitespace().any(names_version) {
            open = Some((level, number));
        }
    }
    found.extend(open.map(|(_, from)| (from, usize::MAX)));
    found
}

/// `1.2`, `3.x`, `v4`, `5.*`.
fn names_version(word: &str) -> bool {
    let is_wild = word.contains(".*");
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let number = word.strip_prefix('v').unwrap_or(word);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit());
    is_number && (is_wild || number != word || number.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SHOP;
    use crate::check::document::tests::document;

    fn found(text: &str, generated: bool) -> Vec<Finding> {
        let versions = BTreeMap::from([("web".to_owned(), Some("1.2.3".to_owned()))]);
        let adds = document("docs/add.md", "`helm repo add mine https://o.github.io/shop/charts`\n");
        let facts = Facts { config: &SHOP, versions };
        let readme = document("README.md", text);
        let shown = [&readme, &adds].map(|document| (document, document.snippets()));
        find_wrong_mentions(&facts, &shown.each_ref(), |_| generated)
    }

    #[test]
    fn what_agrees_or_is_not_ours() {
        for text in [
            "`helm repo add shop https://o.github.io/shop/charts`",
            "`helm repo add other https://o.github.io/shop/charts/`",
            "`helm repo add other https://o.github.io/another`",
            "`helm repo add other https://o.github.io/shop/other/charts`",
            "`helm repo add shop http://127.0.0.1:8879/charts`",
            "`helm repo add shop https://<owner>.github.io/x`",
            "`helm pull oci://ghcr.io/o/charts/web:1.0.0` and `helm pull oci://ghcr.io/else/web`",
            "`helm show chart oci://ghcr.io/o/images/db`, `helm push web.tgz oci://ghcr.io/o/charts`",
            "`helm pull https://o.github.io/shop/charts/web-1.0.0.tgz`, `helm pull https://o.github.io/shop/web.tgz`",
            "Image: oci://ghcr.io/o/web and https://o.github.io/shop/web-1.0.0.tgz",
            "    timoni apply web oci://ghcr.io/o/web && cosign verify oci://ghcr.io/o/web",
            "    flux push artifact oci://ghcr.io/o/web # helm pull oci://ghcr.io/o/web",
            "    oras pull oci://ghcr.io/o/web; helm registry login oci://ghcr.io/o/web",
            "```\n$ helm ls\nPulled: helm pull oci://ghcr.io/o/web\nhelm install shop/web --version 1.0.0\n```",
            "    helm install web shop/web --version 1.10.0",
            "    helm install web shop/web --version v2.0.0",
            "    helm install web shop/web --version 1.2.3",
            "    helm install web shop/web --version ^1.0.0",
            "    helm install web shop/web --version <version>",
            "    helm install web bitnami/web --version 9.0.0",
            "    helm install db shop/db --version 9.0.0",
            "    helm search repo shop/web --version 1.0.0",
            "Version 1.0.0 of shop/web: helm install --version 1.0.0",
            "# From 1.x to 2.0\n## Steps\n    helm upgrade web shop/web --version 1.9.0",
            "## From `4.*` to `5.*`\n### Steps\n    helm upgrade web shop/web --version 5.0.0",
        ] {
            assert_eq!(found(text, false), [], "{text}");
        }
    }

    /// What is kept alive at the old place of the Helm repository is right, and what is published nowhere is not looked at.
    #[test]
    fn what_the_config_keeps_or_does_not_publish() {
        let (moved, alone) = (SHOP.clone().old_helm_path(""), SHOP.clone().targets([Target::Github]));
        for (config, text) in [
            (&moved, "`helm repo add shop https://o.github.io/shop`"),
            (&moved, "https://o.github.io/shop/web-1.0.0.tgz"),
            (&alone, "`helm repo add shop https://o.github.io/shop` and oci://ghcr.io/o/web"),
        ] {
            let facts = Facts { config, versions: BTreeMap::from([("web".to_owned(), None)]) };
            let readme = document("README.md", text);
            assert_eq!(
                find_wrong_mentions(&facts, &[&(&readme, readme.snippets())], |_| false),
                [],
                "{text}"
            );
        }
    }

    #[test]
    fn what_disagrees() {
        for (text, line, expected) in [
            (
                "`helm repo add x https://o.github.io/shop`",
                1,
                "`helm repo add x https://o.github.io/shop/charts`",
            ),
            (
                "`helm repo add shop --force-update https://old.example.com/`",
                1,
                "`helm repo add shop --force-update https://o.github.io/shop/charts`",
            ),
            (
                "    sudo helm upgrade web 'oci://ghcr.io/o/web' # oci",
                1,
                "    sudo helm upgrade web 'oci://ghcr.io/o/charts/web' # oci",
            ),
            (
                "a `helm pull oci://ghcr.io/o/helm/web:1.0.0`",
                1,
                "a `helm pull oci://ghcr.io/o/charts/web:1.0.0`",
            ),
            (
                "```sh\n$ helm show values \\\n  https://o.github.io/shop/web-1.0.0.tgz\nhttps://o.github.io/shop/web-1.0.0.tgz\n```",
                3,
                "  https://o.github.io/shop/charts/web-1.0.0.tgz",
            ),
            (
                "```\n$ helm install web mine/web \\\n    --version 1.0.0 \\\n  --wait\n```",
                3,
                "    --version 1.2.3 \\",
            ),
            (
                "`helm pull --version=v1.2.2 oci://ghcr.io/o/charts/web`",
                1,
                "`helm pull --version=1.2.3 oci://ghcr.io/o/charts/web`",
            ),
            (
                "# 1.0\n# Now\n    helm template shop/web --version 1.0.0",
                3,
                "    helm template shop/web --version 1.2.3",
            ),
        ] {
            let found = found(text, false);
            let edits: Vec<_> = found.iter().filter_map(|finding| finding.edit.clone()).collect();
            let made: Vec<(usize, &str)> =
                edits.iter().map(|edit| (edit.line, edit.insert[0].as_str())).collect();
            assert_eq!(made, [(line, expected)], "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_generated_is_mended_at_its_source() {
        let found = found("\n`helm pull oci://ghcr.io/o/web`", true);
        assert_eq!(found[0].edit, None);
        assert_eq!(
            found[0].problem.to_string(),
            "README.md:2: `oci://ghcr.io/o/web` is not where the chart is pushed"
        );
        let hint = "write `oci://ghcr.io/o/charts/web` in `README.md.gotmpl`, and run helm-docs";
        assert_eq!(found[0].problem.hint.as_deref(), Some(hint));
    }
}
