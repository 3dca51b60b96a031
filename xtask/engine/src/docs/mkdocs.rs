//! mkdocs.yml: what of it the site's pages depend on.
//!
//! Themes belong to mkdocs and are passed over, with whatever tags their values have; of plugins and extensions their names
//! are read.

use std::collections::BTreeMap;

use super::validation::Allowed;
use crate::base::path;
use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::base::yaml::{self, Node, Pair, Resolved, Scalar, Value};

/// The settings of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub site_name: String,
    /// Where it will be, with a slash at its end.
    pub site_url: Option<String>,
    pub site_description: Option<String>,
    pub repo_url: Option<String>,
    /// The directory of its pages, from the file.
    pub docs_dir: String,
    /// Whether `a.md` becomes `a/`, not `a.html`.
    pub use_directory_urls: bool,
    /// The language of its pages, `theme.language`.
    pub language: String,
    /// The navigation; `None` where it is left to the names of the files.
    pub nav: Option<Vec<Item>>,
    pub plugins: Named,
    /// Its extensions of Markdown, without `markdown.extensions.`; those that `extra` stands for by their own names.
    pub extensions: Named,
    /// Keys that change what is published in a way that mkdocs alone knows, each with its line.
    pub beyond: Vec<(String, usize)>,
    /// The config that this one is merged into, from the file.
    pub inherits: Option<String>,
    /// The patterns of `exclude_docs` and `draft_docs`, as `.gitignore` has them: files that are not published.
    pub kept_out: String,
    /// Where `pymdownx.snippets` looks for files, if not in the root alone; and what it adds to each page.
    pub snippet_directories: Vec<String>,
    pub snippets: Vec<String>,
    /// What `validation` lets pass: pages of `nav`, links and anchors that lead nowhere.
    pub allowed: Allowed,
}

/// Names of plugins or extensions, each with its line.
pub type Named = BTreeMap<String, usize>;

/// What `extra` stands for (Python-Markdown, `extensions/extra.py`).
const EXTRA: [&str; 7] =
    ["abbr", "attr_list", "def_list", "fenced_code", "footnotes", "md_in_html", "tables"];

/// Options of extensions that change what is published in a way that mkdocs alone knows.
const OPTIONS: [(&str, &str); 5] = [
    ("toc", "baselevel"),
    ("toc", "separator"),
    ("toc", "slugify"),
    ("pymdownx.snippets", "auto_append"),
    ("pymdownx.superfences", "custom_fences"),
];

/// The keys whose values are plain.
const PLAIN: [&str; 6] =
    ["site_name", "site_url", "site_description", "repo_url", "docs_dir", "use_directory_urls"];

/// An entry of the navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub line: usize,
    /// Its title, if it has one.
    pub title: Option<String>,
    pub target: Target,
}

/// What an entry of the navigation stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A page below `docs_dir`, or a URL.
    Page(String),
    Section(Vec<Item>),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            site_name: "Documentation".to_owned(),
            site_url: None,
            site_description: None,
            repo_url: None,
            docs_dir: "docs".to_owned(),
            use_directory_urls: true,
            language: "en".to_owned(),
            nav: None,
            plugins: Named::new(),
            extensions: Named::from([("attr_list".to_owned(), 1)]),
            beyond: Vec::new(),
            inherits: None,
            kept_out: String::new(),
            snippet_directories: Vec::new(),
            snippets: Vec::new(),
            allowed: Allowed::default(),
        }
    }
}

/// Reads the file, shown as `at`.
pub fn read_mkdocs_yml(bytes: &[u8], at: &str) -> Checked<Option<Settings>> {
    read_over(None, bytes, at, &[])
}

/// The keys of the file that replace those of the one that it inherits.
pub fn replaced(bytes: &[u8]) -> Vec<String> {
    let Ok(Value::Mapping(pairs)) = yaml::read(bytes).map(|document| document.root.value) else {
        return Vec::new();
    };
    let keys = pairs.into_iter().map(|pair| pair.key.written);
    keys.filter(|key| key == "nav" || PLAIN.contains(&key.as_str())).collect()
}

/// The same of a file that inherits these settings, and whose own are `replaced` by a file that inherits it: those are not
/// judged.
pub fn read_over(
    inherited: Option<Settings>,
    bytes: &[u8],
    at: &str,
    replaced: &[String],
) -> Checked<Option<Settings>> {
    let mut settings = inherited.unwrap_or_else(|| Settings {
        site_name: String::new(),
        extensions: Named::new(),
        ..Settings::default()
    });
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader { at, lines: text.lines().collect(), problems: Vec::new() };
    let document = match yaml::read(bytes) {
        Ok(document) => document,
        Err(error) => {
            reader.error(error.line, format!("cannot read it: {}", error.message), "mend the YAML");
            return Checked::new(None, reader.problems);
        }
    };
    let pairs = match document.root.value {
        Value::Mapping(pairs) => pairs,
        _ => Vec::new(),
    };
    let is_replaced = |key: &str| replaced.iter().any(|one| one == key);
    for Pair { key, line, value } in pairs.iter().filter(|pair| !is_replaced(&pair.key.written)) {
        reader.setting(&key.written, *line, value, &mut settings);
    }
    let names = |key: &str| is_replaced(key) || pairs.iter().any(|pair| pair.key.written == key);
    if settings.site_name.is_empty() && !names("site_name") && !names("INHERIT") {
        reader.error(Some(1), "there is no `site_name`".to_owned(), "site_name: My project");
    }
    Checked::new(Some(settings), reader.problems)
}

struct Reader<'a> {
    at: &'a str,
    lines: Vec<&'a str>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn error(&mut self, line: Option<usize>, message: String, hint: &str) {
        self.problems.push(Problem::error(message).at(self.at, line).hint(hint));
    }

    /// Whether a value comes from the environment, where mkdocs alone looks it up.
    fn is_of_environment(&self, node: &Node) -> bool {
        self.lines.get(node.line.saturating_sub(1)).is_some_and(|line| line.contains(": !ENV"))
    }

    fn setting(&mut self, key: &str, line: usize, node: &Node, settings: &mut Settings) {
        if PLAIN.contains(&key) && self.is_of_environment(node) {
            return settings.beyond.push((key.to_owned(), line));
        }
        match key {
            "site_name" => settings.site_name = self.text(key, node).unwrap_or_default(),
            "site_url" => {
                let url = self.url(key, node);
                settings.site_url = url.map(|url| format!("{}/", url.trim_end_matches('/')));
            }
            "site_description" => settings.site_description = self.text(key, node),
            "repo_url" => settings.repo_url = self.url(key, node),
            "docs_dir" => settings.docs_dir = self.directory(node).unwrap_or_default(),
            "use_directory_urls" => match &node.value {
                Value::Scalar(scalar) if scalar.boolean().is_some() && !is_letter(scalar) => {
                    settings.use_directory_urls = scalar.boolean() == Some(true);
                }
                _ => self.error(
                    Some(node.line),
                    format!("`{key}` is neither `true` nor `false`"),
                    "true, or false",
                ),
            },
            "theme" => {
                let language = node.get("language").and_then(|pair| pair.value.text());
                language.unwrap_or("en").clone_into(&mut settings.language);
            }
            "nav" if !node.is_null() => settings.nav = Some(self.items(node)),
            "plugins" => {
                settings.plugins = named(node).map(|(name, line, _)| (name.to_owned(), line)).collect();
            }
            "markdown_extensions" => extensions(node, settings),
            "exclude_docs" | "draft_docs" => {
                let patterns = self.text(key, node).unwrap_or_default();
                settings.kept_out = format!("{}{patterns}\n", settings.kept_out);
                settings.beyond.push((key.to_owned(), line));
            }
            "INHERIT" => {
                settings.inherits = self.text(key, node);
                settings.beyond.push((key.to_owned(), line));
            }
            "hooks" => settings.beyond.push((key.to_owned(), line)),
            "validation" => settings.allowed = Allowed::read(node),
            _ => {}
        }
    }

    /// A text; `None` for null.
    fn text(&mut self, key: &str, node: &Node) -> Option<String> {
        match &node.value {
            Value::Scalar(scalar) if matches!(scalar.resolved, Resolved::Text(_)) || is_letter(scalar) => {
                Some(scalar.written.clone())
            }
            Value::Scalar(scalar) if scalar.is_null() && key != "site_name" => None,
            Value::Scalar(scalar) if !scalar.is_null() => {
                let hint = format!("quote it: {key}: \"{}\"", scalar.written);
                self.error(Some(node.line), format!("`{key}` is not a text"), &hint);
                None
            }
            _ => {
                self.error(Some(node.line), format!("`{key}` is not a text"), &format!("{key}: TEXT"));
                None
            }
        }
    }

    fn url(&mut self, key: &str, node: &Node) -> Option<String> {
        let text = self.text(key, node).filter(|text| !text.is_empty())?;
        let is_url = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme));
        if !is_url {
            let message = format!("`{key}` {} is not a URL", name(&text));
            self.error(Some(node.line), message, &format!("{key}: https://HOST/PATH"));
        }
        is_url.then_some(text)
    }

    fn directory(&mut self, node: &Node) -> Option<String> {
        let text = self.text("docs_dir", node)?;
        let is_of_git = |path: &String| path.split('/').any(|part| part.eq_ignore_ascii_case(".git"));
        let path = path::join("", &text)
            .filter(|path| !path.is_empty() && !text.starts_with('/') && !is_of_git(path));
        if path.is_none() {
            let message = format!("`docs_dir` {} is not a directory below that of this file", name(&text));
            self.error(Some(node.line), message, "docs_dir: docs");
        }
        path
    }

    fn items(&mut self, node: &Node) -> Vec<Item> {
        let Value::Sequence(nodes) = &node.value else {
            self.error(Some(node.line), "`nav` is not a list".to_owned(), "nav: [index.md]");
            return Vec::new();
        };
        nodes.iter().flat_map(|node| self.entries(node)).collect()
    }

    fn entries(&mut self, node: &Node) -> Vec<Item> {
        let Value::Mapping(pairs) = &node.value else {
            return self
                .target(node)
                .map(|target| Item { line: node.line, title: None, target })
                .into_iter()
                .collect();
        };
        let entry = |pair: &Pair| {
            let title = Some(pair.key.written.clone());
            self.target(&pair.value).map(|target| Item { line: pair.line, title, target })
        };
        pairs.iter().filter_map(entry).collect()
    }

    fn target(&mut self, node: &Node) -> Option<Target> {
        match &node.value {
            Value::Sequence(_) => Some(Target::Section(self.items(node))),
            Value::Scalar(scalar) if !scalar.written.is_empty() => {
                let elsewhere = path::scheme(&scalar.written).is_some() || scalar.written.starts_with('/');
                // mkdocs takes `./a.md` for `a.md`.
                let plain = path::join("", &scalar.written).filter(|path| !elsewhere && !path.is_empty());
                Some(Target::Page(plain.unwrap_or_else(|| scalar.written.clone())))
            }
            _ => {
                let message = "an entry of `nav` is neither a page nor a list".to_owned();
                self.error(Some(node.line), message, "- Title: page.md");
                None
            }
        }
    }
}

/// `y` and `n` are a boolean to Helm and a text to mkdocs (`resolver.py` of its YAML).
fn is_letter(scalar: &Scalar) -> bool {
    matches!(scalar.written.as_str(), "y" | "Y" | "n" | "N")
}

/// The entries of a list or mapping of names with options: each name, its line and its options.
fn named(node: &Node) -> impl Iterator<Item = (&str, usize, Option<&Node>)> {
    let items = match &node.value {
        Value::Sequence(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    items.iter().flat_map(move |item| {
        let plain = match &item.value {
            Value::Scalar(scalar) if !scalar.is_null() => Some((scalar.written.as_str(), item.line, None)),
            _ => None,
        };
        let pairs = match &item.value {
            Value::Mapping(pairs) => pairs.as_slice(),
            _ => &[],
        };
        plain
            .into_iter()
            .chain(pairs.iter().map(|pair| (pair.key.written.as_str(), pair.line, Some(&pair.value))))
    })
}

/// Reads `markdown_extensions`.
fn extensions(node: &Node, settings: &mut Settings) {
    for (name, line, options) in named(node) {
        let name = name.strip_prefix("markdown.extensions.").unwrap_or(name);
        settings.extensions.insert(name.to_owned(), line);
        if name == "extra" {
            settings.extensions.extend(EXTRA.map(|name| (name.to_owned(), line)));
        }
        for (option, line, value) in options.into_iter().flat_map(named) {
            let names = || value.into_iter().flat_map(named).map(|(name, ..)| name.to_owned()).collect();
            match (name, option) {
                ("pymdownx.snippets", "base_path") => settings.snippet_directories = names(),
                ("pymdownx.snippets", "auto_append") => settings.snippets = names(),
                _ => {}
            }
            if OPTIONS.contains(&(name, option)) {
                settings.beyond.push((option.to_owned(), line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let line = |one: Problem| format!("{one} | {}", one.hint.clone().unwrap_or_default());
        read_mkdocs_yml(text.as_bytes(), "mkdocs.yml").problems.into_iter().map(line).collect()
    }

    /// With what projects have besides: tags, anchors, nested themes.
    #[test]
    fn what_the_pages_depend_on_is_read() {
        let text = "site_name: &name A site\nsite_url: https://h/p\nextra: {x: !ENV [A, b], y: *name}\n\
                    theme:\n  name: material\n  language: de\nplugins: [search, {tags: {}}]\n\
                    markdown_extensions:\n  - pymdownx.emoji:\n      emoji_index: !!python/name:material.extensions.emoji.twemoji\n      \
                    slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}\n  - markdown.extensions.extra\n  - toc: {permalink: true, slugify: x}\nextra_css: !relative $docs_dir\nnav:\n  - index.md\n  - A: a.md\n  - B:\n    - b/c.md\n    - E: https://e\n";
        let Checked { value: settings, problems } = read_mkdocs_yml(text.as_bytes(), "mkdocs.yml");
        assert_eq!(problems, []);
        let page = |line, title: Option<&str>, path: &str| Item {
            line,
            title: title.map(str::to_owned),
            target: Target::Page(path.to_owned()),
        };
        let section = Target::Section(vec![page(19, None, "b/c.md"), page(20, Some("E"), "https://e")]);
        let nav = vec![
            page(16, None, "index.md"),
            page(17, Some("A"), "a.md"),
            Item { line: 18, title: Some("B".to_owned()), target: section },
        ];
        let named = |names: &[(&str, usize)]| -> Named {
            names.iter().map(|(name, line)| ((*name).to_owned(), *line)).collect()
        };
        let expected = Settings {
            site_name: "A site".to_owned(),
            site_url: Some("https://h/p/".to_owned()),
            language: "de".to_owned(),
            nav: Some(nav),
            plugins: named(&[("search", 7), ("tags", 7)]),
            extensions: named(&[
                ("abbr", 12),
                ("attr_list", 12),
                ("def_list", 12),
                ("extra", 12),
                ("fenced_code", 12),
                ("footnotes", 12),
                ("md_in_html", 12),
                ("pymdownx.emoji", 9),
                ("tables", 12),
                ("toc", 13),
            ]),
            beyond: vec![("slugify".to_owned(), 13)],
            ..Settings::default()
        };
        assert_eq!(settings, Some(expected));
    }

    #[test]
    fn what_is_wrong_has_a_line_and_a_hint() {
        for (text, expected) in [
            ("", "mkdocs.yml:1: there is no `site_name` | site_name: My project"),
            (
                "site_name: a\nnav: [\n",
                "mkdocs.yml:3: cannot read it: did not find expected node content | mend the YAML",
            ),
            ("site_name: 1.10\n", "mkdocs.yml:1: `site_name` is not a text | quote it: site_name: \"1.10\""),
            ("site_name:\n", "mkdocs.yml:1: `site_name` is not a text | site_name: TEXT"),
            (
                "site_name: a\nsite_url: h/p",
                "mkdocs.yml:2: `site_url` `h/p` is not a URL | site_url: https://HOST/PATH",
            ),
            (
                "site_name: a\ndocs_dir: ../b",
                "mkdocs.yml:2: `docs_dir` `../b` is not a directory below that of this file | docs_dir: docs",
            ),
            (
                "site_name: a\ndocs_dir: sub/../.git/refs",
                "mkdocs.yml:2: `docs_dir` `sub/../.git/refs` is not a directory below that of this file | docs_dir: docs",
            ),
            (
                "site_name: a\ndocs_dir: /b",
                "mkdocs.yml:2: `docs_dir` `/b` is not a directory below that of this file | docs_dir: docs",
            ),
            (
                "site_name: a\nuse_directory_urls: 2",
                "mkdocs.yml:2: `use_directory_urls` is neither `true` nor `false` | true, or false",
            ),
            ("site_name: a\nnav: x", "mkdocs.yml:2: `nav` is not a list | nav: [index.md]"),
            (
                "site_name: a\nnav:\n- A: {b: c}\n",
                "mkdocs.yml:3: an entry of `nav` is neither a page nor a list | - Title: page.md",
            ),
        ] {
            assert_eq!(problems(text), [expected], "{text}");
        }
    }

    #[test]
    fn what_mkdocs_alone_knows_is_named() {
        let text = "site_name: !ENV [NAME, x]\nsite_url: !ENV URL\nexclude_docs: |\n  /x.md\nINHERIT: base.yml\nnot_in_nav: x\nhooks: [a.py]\n";
        let Checked { value, problems } = read_mkdocs_yml(text.as_bytes(), "mkdocs.yml");
        let settings = value.expect("settings");
        let beyond: Vec<(&str, usize)> =
            settings.beyond.iter().map(|(key, line)| (key.as_str(), *line)).collect();
        assert_eq!(
            beyond,
            [("site_name", 1), ("site_url", 2), ("exclude_docs", 3), ("INHERIT", 5), ("hooks", 7)]
        );
        assert_eq!(problems, []);
    }

    #[test]
    fn what_mkdocs_takes_is_taken() {
        let read = |text: &str| read_mkdocs_yml(text.as_bytes(), "mkdocs.yml");
        for (validation, nav, links, anchors) in [
            ("{anchors: ignore}", false, false, true),
            ("{not_found: info, links: {not_found: warn}}", true, false, false),
            ("{links: {not_found: ignore, anchors: info}}", false, true, true),
            ("{nav: {not_found: ignore}, anchors: warn}", true, false, false),
        ] {
            let settings =
                read(&format!("site_name: N\nvalidation: {validation}\n")).value.expect("settings");
            assert_eq!(settings.allowed, Allowed { nav, links, anchors }, "{validation}");
            assert_eq!(settings.site_name, "N");
        }
        let text = "site_name: y\nnav: [./a.md, b/../c.md, ../d.md, ./, /e, 'https://f/../g']\n";
        let items = read(text).value.and_then(|settings| settings.nav).unwrap_or_default();
        let page = |item: &Item| match &item.target {
            Target::Page(page) => page.clone(),
            Target::Section(_) => String::new(),
        };
        let pages: Vec<String> = items.iter().map(page).collect();
        assert_eq!(pages, ["a.md", "c.md", "../d.md", "./", "/e", "https://f/../g"]);
        assert_eq!(read("site_name: a\nuse_directory_urls: n\n").problems.len(), 1);
        let base = read("site_name: Base\ndocs_dir: pages\nexclude_docs: a.md\n").value.expect("settings");
        let inherits = "INHERIT: base.yml\ndraft_docs: b.md\n";
        let merged = read_over(Some(base), inherits.as_bytes(), "mkdocs.yml", &[]).value.expect("settings");
        assert_eq!((merged.site_name.as_str(), merged.docs_dir.as_str()), ("Base", "pages"));
        assert_eq!(
            (merged.kept_out.as_str(), merged.inherits.as_deref()),
            ("a.md\nb.md\n", Some("base.yml"))
        );
    }
}
