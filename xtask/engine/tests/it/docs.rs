//! The documentation: the native build against mkdocs itself, and what both refuse.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use helm_xtask::internals::docs::{File, Sources, build_site, check_site};
use helm_xtask::internals::html::anchors;
use helm_xtask::internals::mkdocs;
use helm_xtask::internals::problem::Checked;

use crate::remote::Remote;
use crate::sandbox::{Sandbox, tool};

/// The sources of a site: mkdocs.yml, and files below `docs/`.
pub fn sources(config: &str, files: &[(&str, &str)]) -> Sources {
    let Checked { value, problems } = mkdocs::read_mkdocs_yml(config.as_bytes(), "mkdocs.yml");
    assert_eq!(problems, []);
    let settings = value.expect("settings");
    let file =
        |(path, text): &(&str, &str)| File { path: (*path).to_owned(), data: text.as_bytes().to_vec() };
    Sources { settings, config: "mkdocs.yml".to_owned(), files: files.iter().map(file).collect() }
}

/// What is wrong, each problem with its hint.
fn problems(sources: &Sources) -> String {
    let problems = build_site(sources).map(drop).expect_err("problems").0;
    let line = |problem: &helm_xtask::internals::problem::Problem| {
        format!("{problem}\n  {}\n", problem.hint.as_deref().unwrap_or_default())
    };
    problems.iter().map(line).collect()
}

fn text<'a>(site: &'a [File], path: &str) -> &'a str {
    let file = site.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
    std::str::from_utf8(&file.data).expect("UTF-8")
}

const NESTED: &[(&str, &str)] = &[
    (
        "index.md",
        "# Start *here*\n\n## Twice\n\n## Twice\n\n### `code` & more: it's \"v1.2\"\n\n[a](a.md#one) [b](sub/deep/b.md) \
         [r](sub/README.md) ![i](img/dot.png) [self](#twice_1) [x](https://example.com/a.md) [abs](/x.md) [dir](charts/) [up](../charts/)\n",
    ),
    ("a.md", "text first\n\n# Title below\n\n## One\n\n| a | b |\n| - | - |\n| 1 | [home](index.md) |\n"),
    (
        "sub/README.md",
        "# Read me\n\n[up](../a.md) [q](deep/b.md?x=1#setext)\n\n1. one\n\n    ## In a list?\n",
    ),
    (
        "sub/deep/b.md",
        "---\ntitle: From the front\n---\nSetext\n------\n\n[i](../../img/dot.png)\n\n## Žlutý kůň\n\n## 日本\n\n## C++\n",
    ),
    ("sub/deep/lower_case-name.md", "no heading\n"),
    ("sub/CamelCase.md", "<h2 id=\"raw\">Raw</h2>\n\n[raw](#raw) [space](a%20b.md)\n"),
    ("sub/a b.md", "# With a space\n"),
    ("img/dot.png", "not really"),
    (".hidden/x.md", "# Hidden"),
    ("sub/.secret", "hidden"),
    ("templates/t.md", "# Not published"),
];

const NAV: &str = "nav:\n  - Home: index.md\n  - a.md\n  - Part:\n      - sub/README.md\n      - Deeper:\n          - B: sub/deep/b.md\n          - sub/deep/lower_case-name.md\n      - Elsewhere: https://example.com/\n  - Picture: img/dot.png\n";

/// Runs the real mkdocs or zensical and returns its site, by path.
fn by_program(program: &Path, config: &str, files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let sandbox = Sandbox::new();
    sandbox.write("mkdocs.yml", config);
    for (path, text) in files {
        sandbox.write(&format!("docs/{path}"), text);
    }
    sandbox.run(program, &["build", "--strict"]).ended(0);
    let read = |path: String| {
        let data = sandbox.read(&format!("site/{path}"));
        (path, String::from_utf8_lossy(&data).into_owned())
    };
    sandbox.files("site").into_iter().map(read).collect()
}

/// The ids inside the part of a page that is its content, and its title.
fn essence(html: &str) -> (BTreeSet<String>, Vec<String>, String) {
    let content =
        html.split("<article").nth(1).and_then(|rest| rest.split("</article>").next()).unwrap_or_default();
    let ids = anchors(content).into_iter().filter(|id| !id.starts_with("__")).collect();
    let href = |part: &str| part.split('"').next().unwrap_or_default().to_owned();
    let mut links: Vec<String> = content.split("<a href=\"").skip(1).map(href).collect();
    links.retain(|link| !link.starts_with("#__"));
    let title =
        html.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default();
    (ids, links, title.to_owned())
}

/// Both builds must have the same pages, with the same ids, links and titles, and the same other files of the sources.
fn compare(program: &Path, config: &str, files: &[(&str, &str)]) {
    let theirs = by_program(program, config, files);
    let sources = sources(config, files);
    let ours = build_site(&sources).unwrap_or_else(|problems| panic!("{problems}"));
    let is_page = |path: &&str| path.ends_with(".html");
    let our_pages: BTreeSet<&str> = ours.iter().map(|file| file.path.as_str()).filter(is_page).collect();
    let their_pages: BTreeSet<&str> = theirs.keys().map(String::as_str).filter(is_page).collect();
    assert_eq!(our_pages, their_pages, "{config}");
    assert!(!essence(text(&ours, "index.html")).0.is_empty(), "there is something to compare");
    for page in our_pages.iter().filter(|page| **page != "404.html") {
        let (ours, mut theirs) = (essence(text(&ours, page)), essence(&theirs[*page]));
        // To zensical the home page has a title of its own.
        if *page == "index.html" && theirs.2.ends_with(&format!(" - {}", ours.2)) {
            theirs.2.clone_from(&ours.2);
        }
        assert_eq!(ours, theirs, "{page} of {config}");
    }
    for (path, _) in files.iter().filter(|(path, _)| !path.ends_with(".md")) {
        assert_eq!(ours.iter().any(|file| file.path == *path), theirs.contains_key(*path), "{path}");
    }
    // What the sources are held to holds for what the program made of them.
    let theirs: Vec<File> =
        theirs.into_iter().map(|(path, text)| File { path, data: text.into_bytes() }).collect();
    assert_eq!(check_site(&sources, &theirs), []);
}

#[test]
fn the_native_build_agrees_with_mkdocs() {
    let Some(mkdocs) = tool("the_native_build_agrees_with_mkdocs", "MKDOCS") else { return };
    let site = "site_name: A site\nsite_url: https://example.com/x\ntheme: material\n";
    for config in [format!("{site}{NAV}"), site.to_owned(), format!("{site}use_directory_urls: false\n{NAV}")]
    {
        compare(&mkdocs, &config, NESTED);
    }
}

/// What extensions that the native build has do to ids and links.
#[test]
fn the_native_build_agrees_with_mkdocs_on_extensions() {
    let Some(mkdocs) = tool("the_native_build_agrees_with_mkdocs_on_extensions", "MKDOCS") else { return };
    let config = "site_name: A site\nsite_url: https://example.com/x\ntheme: material\nmarkdown_extensions:\n  - extra\n  \
                  - admonition\n  - pymdownx.details\n  - pymdownx.superfences\n  - pymdownx.inlinehilite\n";
    let index = "title: From above\n\n__ext__{: #ex } and [x](a.md){ .md-button #link }, [to it](#ex)\n\n\
                 ## Two { #custom data-x=\"1\" }\n\nA line\n{: #para }\n\n## `#!py code` three\n\nTerm\n:   [defined](#para)\n";
    let a = "# A\n\n1.  One\n\n    !!! note\n        [in a list](index.md#custom)\n\n??? tip \"More\"\n    ## Folded\n\n    \
             [out](index.md)\n\n<div>\n    <p id=\"raw\">a</p>\n\n    <h3 id=\"deep\">b</h3>\n</div>\n\n[d](#deep)\n";
    compare(&mkdocs, config, &[("index.md", index), ("a.md", a)]);
}

#[test]
fn the_projects_own_documentation_is_the_same_in_all_builds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let config = std::fs::read_to_string(root.join("mkdocs.yml")).expect("mkdocs.yml");
    let docs = root.join("docs");
    let walk = walkdir::WalkDir::new(&docs).into_iter().map(|entry| entry.expect("an entry").into_path());
    let file = |path: std::path::PathBuf| {
        let relative = path.strip_prefix(&docs).expect("below").display().to_string();
        (relative, std::fs::read_to_string(&path).expect("a text"))
    };
    let files: Vec<(String, String)> = walk.filter(|path| path.is_file()).map(file).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    build_site(&sources(&config, &files)).unwrap_or_else(|problems| panic!("{problems}"));
    let nav = config.split("\nnav:").nth(1).expect("a navigation");
    let listed = |path: &&str| nav.contains(&format!(": {path}\n"));
    assert_eq!(
        files.iter().map(|(path, _)| path).filter(|path| !listed(path)).collect::<Vec<_>>(),
        Vec::<&&str>::new()
    );
    for variable in ["MKDOCS", "ZENSICAL"] {
        if let Some(program) = tool("the_projects_own_documentation_is_the_same_in_all_builds", variable) {
            compare(&program, &config, &files);
        }
    }
}

#[test]
fn all_that_leads_nowhere_is_named_at_once() {
    let config = "site_name: A\nrepo_url: https://github.com/o/r\nnav:\n  - index.md\n  - Gone: gone.md\n  - ../README.md\n  - S:\n    - s/no.md\n    - E: https://example.com\n";
    let index = "# A\n\n## Two Words\n\n[1](no.md)\n[2](s/b.md#nope) [3](#two_words) [4](../../README.md) [5](../README.md#x)\n\
                 ![6](no.png)\n\n[7](deep.md) [8](https://x/no.md) [9](/no.md) [10](dir/) [10](../charts) [11](mailto:x@y.z) [12][r]\n\n[r]: r.md 'T'\n\n```\n[no](code.md)\n```\n";
    let files = [
        ("index.md", index),
        ("README.md", "# B"),
        ("c.md", ""),
        ("c/index.md", ""),
        ("s/deep.md", ""),
        ("s/b.md", "# B"),
    ];
    let mut sources = sources(config, &files);
    sources.files.push(File { path: "bad.md".to_owned(), data: vec![0xff] });
    let expected = "\
docs/bad.md: it is not UTF-8
  save it as UTF-8
docs/c/index.md: it and `docs/c.md` both become `c/index.html`
  rename or delete one of them
docs/index.md: it and `docs/README.md` both become `index.html`
  rename or delete one of them
docs/index.md:5: `no.md` leads nowhere: there is no `docs/no.md`
  write the page, or mend the link
docs/index.md:6: `s/b.md#nope` leads nowhere: `docs/s/b.md` has no heading with that id
  name a heading of that page
docs/index.md:6: `#two_words` leads nowhere: `docs/index.md` has no heading with that id
  #two-words
docs/index.md:6: `../../README.md` leads out of `docs`, and the site has no such file
  link to where the file is on the web
docs/index.md:6: `../README.md#x` leads out of `docs`, and the site has no such file
  https://github.com/o/r/blob/HEAD/README.md#x
docs/index.md:7: `no.png` leads nowhere: there is no `docs/no.png`
  write the page, or mend the link
docs/index.md:9: `deep.md` leads nowhere: there is no `docs/deep.md`
  s/deep.md
docs/index.md:9: `r.md` leads nowhere: there is no `docs/r.md`
  write the page, or mend the link
mkdocs.yml:5: there is no page `docs/gone.md`
  write it, or delete the entry
mkdocs.yml:6: `../README.md` is not below `docs`
  move the page into docs/
mkdocs.yml:8: there is no page `docs/s/no.md`
  write it, or delete the entry
";
    assert_eq!(problems(&sources), expected);
}

/// What only mkdocs can do is all that is said: links may lead to what it makes.
#[test]
fn what_only_mkdocs_can_do_is_named() {
    let config = "\
site_name: A
exclude_docs: x.md
hooks: [a.py]
plugins: [material/search, mkdocstrings, minify, tags]
markdown_extensions:
  - markdown.extensions.extra
  - pymdownx.snippets
  - pymdownx.tabbed: {alternate_style: true}
  - pymdownx.keys
  - pymdownx.superfences:
      custom_fences: []
  - toc: {permalink: true}
  - mkautodoc
";
    let files = [
        ("index.md", "# A\n\n[x](no.md) `++x++`\n\n```\n=== \"a\"\n--8<-- \"b\"\n```\n"),
        ("b.md", "=== \"B\"\n"),
    ];
    let expected = "\
mkdocs.yml:2: the native build cannot follow this `exclude_docs`, and would publish something else than mkdocs
  write it plainly, or set `docs(Builder::Mkdocs)`, `docs(Builder::Zensical)` or `without_docs()` in the config
mkdocs.yml:3: the native build cannot follow this `hooks`, and would publish something else than mkdocs
  write it plainly, or set `docs(Builder::Mkdocs)`, `docs(Builder::Zensical)` or `without_docs()` in the config
mkdocs.yml:4: the native build does not know the plugin `mkdocstrings`, and would publish other pages than mkdocs
  delete it, or set `docs(Builder::Mkdocs)`, `docs(Builder::Zensical)` or `without_docs()` in the config
mkdocs.yml:7: the native build does not know the extension `pymdownx.snippets`, and `docs/index.md` in line 7 uses it
  delete it, or set `docs(Builder::Mkdocs)`, `docs(Builder::Zensical)` or `without_docs()` in the config
mkdocs.yml:8: the native build does not know the extension `pymdownx.tabbed`, and `docs/b.md` in line 1 uses it
  delete it, or set `docs(Builder::Mkdocs)`, `docs(Builder::Zensical)` or `without_docs()` in the config
mkdocs.yml:11: the native build cannot follow this `custom_fences`, and would publish something else than mkdocs
  write it plainly, or set `docs(Builder::Mkdocs)`, `docs(Builder::Zensical)` or `without_docs()` in the config
mkdocs.yml:13: the native build does not know the extension `mkautodoc`, and would publish other pages than mkdocs
  delete it, or set `docs(Builder::Mkdocs)`, `docs(Builder::Zensical)` or `without_docs()` in the config
";
    assert_eq!(problems(&sources(config, &files)), expected);
}

/// mkdocs may have plugins that write pages, and may leave pages out.
#[test]
fn what_mkdocs_published_is_what_counts() {
    let files =
        [("index.md", "[a](made.md#x) [b](made.md#y) [c](list.txt)"), ("left-out.md", "[no](nowhere.md)")];
    let sources = sources("site_name: A\nexclude_docs: left-out.md\n", &files);
    let file = |path: &str, text: &str| File { path: path.to_owned(), data: text.as_bytes().to_vec() };
    let site = [file("index.html", ""), file("made/index.html", "<h2 id=x>"), file("list.txt", "")];
    let problems: Vec<String> = check_site(&sources, &site).iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["docs/index.md:1: `made.md#y` leads nowhere: `docs/made.md` has no heading with that id"]
    );
}

#[test]
fn a_page_is_whole_and_loads_nothing_from_elsewhere() {
    let config = format!(
        "site_name: \"A & <B>\"\nsite_url: https://h/p\nsite_description: '\"D\"'\nrepo_url: https://github.com/o/r\n{NAV}"
    );
    let site = build_site(&sources(&config, NESTED)).expect("a site");
    assert!(!site.iter().any(|file| file.path.contains("hidden") || file.path.starts_with("templates")));
    for page in site.iter().filter(|file| file.path.ends_with(".html")) {
        let html = std::str::from_utf8(&page.data).expect("UTF-8");
        for needed in [
            "<!doctype html>",
            "<html lang=\"en\">",
            "<main id=\"content\">",
            "A &amp; &lt;B&gt;</title>",
            "class=\"skip\"",
        ] {
            assert!(html.contains(needed), "{} has no {needed}", page.path);
        }
        let loads = html.split("<link rel=\"stylesheet\" href=\"").count() - 1;
        assert!(loads == 1 && !html.contains("<script"), "{}", page.path);
    }
    let deep = text(&site, "sub/deep/b/index.html");
    for needed in [
        "<link rel=\"stylesheet\" href=\"../../../assets/xtask.css\">",
        "<link rel=\"canonical\" href=\"https://h/p/sub/deep/b/\">",
        "<meta name=\"description\" content=\"&quot;D&quot;\">",
        "<li><a href=\"./\" aria-current=\"page\">B</a></li>",
        "<a rel=\"prev\" href=\"../../\"><span>Previous</span> Read me</a>",
        "<a rel=\"next\" href=\"../lower_case-name/\"><span>Next</span> Lower case name</a>",
        "<details open><summary>Deeper</summary>",
        "<li><a href=\"../../../img/dot.png\">Picture</a></li>",
        "<li><a href=\"https://example.com/\">Elsewhere</a></li>",
    ] {
        assert!(deep.contains(needed), "no {needed} in {deep}");
    }
    let absent = text(&site, "404.html");
    assert!(absent.contains("href=\"/p/assets/xtask.css\"") && absent.contains("href=\"/p/sub/deep/b/\""));
    assert!(text(&site, "sitemap.xml").contains("<loc>https://h/p/sub/a%20b/</loc>"));
    let style = text(&site, "assets/xtask.css");
    assert!(
        ["url(", "@import", "http"].iter().all(|word| !style.replace("[href^=\"http\"]", "").contains(word))
    );
}

#[test]
fn what_the_documentation_has_itself_counts() {
    let own = ["404.html", "assets/xtask.css", "sitemap.xml"];
    let files: Vec<(&str, &str)> =
        [("index.md", "# A")].into_iter().chain(own.map(|path| (path, "mine"))).collect();
    let site = build_site(&sources("site_name: A\nsite_url: https://h\n", &files)).expect("a site");
    assert_eq!(own.map(|path| text(&site, path)), ["mine"; 3]);
    assert_eq!(site.len(), 4);
}

#[test]
fn a_file_is_no_directory() {
    let files = [("index.md", ""), ("a", "a file"), ("a.md", ""), ("b/c.md", "")];
    let expected = "docs/a.md: it needs a directory `a`, which is a file\n  rename docs/a\n";
    assert_eq!(problems(&sources("site_name: A\n", &files)), expected);
}

#[test]
fn what_is_not_in_the_commit_is_said() {
    let sandbox = Sandbox::with_commit(&[
        ("mkdocs.yml", "site_name: A\n"),
        ("docs/index.md", "# A\n"),
        ("docs/gone.md", "# B\n"),
        (".gitignore", "/docs/made.md\n/site/\n"),
    ]);
    let remote = Remote::empty();
    let ran = remote.docs(&sandbox).ended(0);
    assert!(!ran.stderr.contains("not in the commit"), "{}", ran.stderr);
    assert!(!remote.git(&["log", "-1", "--format=%B", "gh-pages"]).contains("with changes"));
    std::fs::remove_file(sandbox.work().join("docs/gone.md")).expect("a file");
    sandbox.write("docs/made.md", "# C\n");
    sandbox.write("mkdocs.yml", "site_name: B\n");
    let ran = remote.docs(&sandbox).ended(0);
    let said = "warning: the documentation holds what is not in the commit: `docs/gone.md`, `docs/made.md`, `mkdocs.yml`\n";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let message = remote.git(&["log", "-1", "--format=%B", "gh-pages"]);
    assert!(message.trim_end().ends_with(", with changes"), "{message}");
}
