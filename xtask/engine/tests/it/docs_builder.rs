//! Who builds the documentation: the config's builder and nobody else, whatever is installed here. What mkdocs and
//! zensical accept is accepted, what they refuse is refused, and the repository stays as it is.

use std::collections::BTreeMap;

use crate::check::{found, left_out};
use crate::remote::Remote;
use crate::sandbox::{Sandbox, find, tool};

/// The builders that are programs, by what the config calls them, and where each of them is.
const PROGRAMS: [(&str, &str, &str); 2] =
    [("mkdocs", "MKDOCS", "MKDOCS_BIN"), ("zensical", "ZENSICAL", "ZENSICAL_BIN")];

/// A repository with these files for each program that is here; the config names it as the builder.
fn with_programs(test: &str, files: &[(&str, &str)]) -> Vec<(&'static str, Sandbox)> {
    let sandbox = |(name, variable, binary): (&'static str, &str, &str)| {
        let program = tool(test, variable)?;
        let mut sandbox = Sandbox::with_commit(files);
        sandbox.set("CONFIG_DOCS", name);
        sandbox.set(binary, program.to_string_lossy());
        Some((name, sandbox))
    };
    PROGRAMS.into_iter().filter_map(sandbox).collect()
}

/// What `pages` publishes, by path, to a branch that does not exist yet.
#[track_caller]
fn published(sandbox: &Sandbox, name: &str) -> BTreeMap<String, String> {
    let remote = Remote::empty();
    let ran = remote.publish(sandbox, &["--only", "docs"]).ended(0);
    assert!(ran.stderr.contains(&format!("Built the documentation ({name} ")), "{}", ran.stderr);
    remote.files()
}

/// The errors and hints of a run that fails.
#[track_caller]
fn refused(sandbox: &Sandbox) -> String {
    let ran = sandbox.any_config(&["pages", "--only", "docs", "--offline"]).ended(1);
    let is_said = |line: &&str| line.starts_with("error: ") || line.starts_with("hint: ");
    ran.stderr.split_inclusive('\n').filter(is_said).collect()
}

#[test]
fn each_builds_the_same_bytes_and_leaves_the_repository_alone() {
    let files = [
        (
            "mkdocs.yml",
            "site_name: A\nsite_url: https://h/\ntheme:\n  name: material\n  custom_dir: overrides\n",
        ),
        ("overrides/main.html", "{% extends \"base.html\" %}\n"),
        ("docs/index.md", "# A\n"),
        ("docs/a/b.md", "[a](../index.md#a)\n"),
    ];
    let test = "each_builds_the_same_bytes_and_leaves_the_repository_alone";
    for (name, mut sandbox) in with_programs(test, &files) {
        let first = published(&sandbox, name);
        sandbox.set("SOURCE_DATE_EPOCH", "2000000000");
        assert_eq!(first, published(&sandbox, name));
        for path in ["index.html", "a/b/index.html", "sitemap.xml", "404.html"] {
            assert!(first.contains_key(path), "{path}: {first:?}");
        }
        assert!(!first.contains_key("sitemap.xml.gz"));
        assert_eq!(sandbox.git(&["status", "--porcelain", "--ignored"]), "", "{name}");
        assert_eq!(sandbox.files("../home"), [""; 0], "{name}");
    }
}

#[test]
fn all_refuse_the_same() {
    let config = "site_name: A\nnav: [index.md, no.md]\n";
    let files = [("mkdocs.yml", config), ("docs/index.md", "# A\n[x](y.md)\n[z](#q)\n")];
    let expected = "\
error: docs/index.md:2: `y.md` leads nowhere: there is no `docs/y.md`
hint: write the page, or mend the link
error: docs/index.md:3: `#q` leads nowhere: `docs/index.md` has no heading with that id
hint: name a heading of that page
error: mkdocs.yml:2: there is no page `docs/no.md`
hint: write it, or delete the entry
";
    assert_eq!(refused(&Sandbox::with_commit(&files)), expected);
    for (name, sandbox) in with_programs("all_refuse_the_same", &files) {
        assert_eq!(refused(&sandbox), expected, "{name}");
        sandbox.write("docs/y.md", "");
        let lines = |skip, take| expected.split_inclusive('\n').skip(skip).take(take).collect::<String>();
        assert_eq!(refused(&sandbox), lines(2, 4), "{name}");
        // Broken anchors are no error to mkdocs, and such entries of the navigation none to zensical.
        sandbox.write("docs/no.md", "");
        assert_eq!(refused(&sandbox), lines(2, 2), "{name}");
    }
}

#[test]
fn what_is_not_installed_is_named() {
    for (config, mkdocs, zensical) in [
        (
            "plugins: [nope]",
            "error: mkdocs: Config value 'plugins': The \"nope\" plugin is not installed\nhint: pip install what mkdocs.yml names, such as mkdocs-material\n",
            "",
        ),
        (
            "theme: nope",
            "error: mkdocs: Config value 'theme': Unrecognised theme name: 'nope'. The available installed themes are: ",
            "error: zensical: Theme 'nope' is not installed. Available themes are: \nhint: pip install what mkdocs.yml names\n",
        ),
    ] {
        let text = format!("site_name: A\n{config}\n");
        let files = [("mkdocs.yml", text.as_str()), ("docs/index.md", "# A\n")];
        for (name, sandbox) in with_programs("what_is_not_installed_is_named", &files) {
            let expected = if name == "mkdocs" { mkdocs } else { zensical };
            match expected {
                "" => drop(published(&sandbox, name)),
                _ => assert!(refused(&sandbox).starts_with(expected), "{}", refused(&sandbox)),
            }
        }
    }
}

/// What the native build cannot follow or has another opinion of is for the builder of the config to judge.
#[test]
fn the_builder_reads_mkdocs_yml_in_its_own_way() {
    let base =
        "site_name: Base\nuse_directory_urls: false\nsite_dir: public\ndocs_dir: pages\nnav: [index.md]\n";
    let index = "# A\n[x](b.md#no)\n";
    let files = |config: &'static str| {
        [
            ("mkdocs.yml", config),
            ("config/base.yml", base),
            ("pages/index.md", "# A\n"),
            ("docs/index.md", index),
            ("docs/b.md", "# B\n"),
            ("hook.py", "def on_config(config):\n    return config\n"),
        ]
    };
    let test = "the_builder_reads_mkdocs_yml_in_its_own_way";
    for (config, page) in [
        ("INHERIT: config/base.yml\n", "index.html"),
        (
            "INHERIT: config/base.yml\nsite_name: N\ndocs_dir: docs\nnav: [index.md, b.md]\nvalidation: {anchors: ignore}\n",
            "b.html",
        ),
        ("site_name: n\nvalidation: {anchors: ignore}\nnav: [./index.md, 'B': ./b.md]\n", "b/index.html"),
        ("site_name: !ENV [NOBODY, x]\ndocs_dir: !ENV [NOBODY, pages]\n", "index.html"),
        (
            "site_name: A\nvalidation: {links: {anchors: ignore}}\nhooks: [hook.py]\nmarkdown_extensions: [pymdownx.keys]\n",
            "b/index.html",
        ),
        (
            "site_name: A\ndocs_dir: pages\nmarkdown_extensions:\n  - toc:\n      slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}\n",
            "index.html",
        ),
    ] {
        for (name, sandbox) in with_programs(test, &files(config)) {
            assert!(published(&sandbox, name).contains_key(page), "{name}: {config}");
            assert_eq!(sandbox.git(&["status", "--porcelain", "--ignored"]), "", "{name}");
        }
    }
    for config in
        ["site_name: 1.10\n", "docs_dir: nowhere\nsite_name: A\n", "site_name: [\n", "docs_dir: pages\n"]
    {
        for (name, sandbox) in with_programs(test, &files(config)) {
            assert!(refused(&sandbox).starts_with(&format!("error: {name}: ")), "{name}: {config}");
        }
    }
}

/// zensical gets a copy of the repository, and what is generated is seldom in git.
#[test]
fn snippets_are_included_whether_git_ignores_them_or_not() {
    for (options, page, generated) in [
        ("", "--8<-- \"gen/a.md\"", "gen"),
        ("", "--8<--\ngen/a.md:1:3\n--8<--", "gen"),
        (": {base_path: [gone, docs/gen]}", "--8<-- 'a.md'", "docs/gen"),
        (": {auto_append: [gen/a.md]}", "", "gen"),
    ] {
        let config = format!(
            "site_name: A\nmarkdown_extensions:\n  - pymdownx.snippets{options}\nexclude_docs: gen/\n"
        );
        let page = format!("# A\n\n{page}\n");
        let files = [("mkdocs.yml", &*config), ("docs/index.md", &*page), (".gitignore", "gen/\n/site/\n")];
        for (name, sandbox) in with_programs("snippets_are_included_whether_git_ignores_them_or_not", &files)
        {
            let nested = if options.contains("base_path") { "b.md" } else { "gen/b.md" };
            sandbox.write(&format!("{generated}/a.md"), &format!("First text.\n\n--8<-- \"{nested}\"\n"));
            sandbox.write(&format!("{generated}/b.md"), "Second text.\n");
            let ran = sandbox.any_config(&["pages", "--only", "docs", "--offline"]).ended(0);
            let index = sandbox.text("site/index.html");
            assert!(
                index.contains("First text.") && index.contains("Second text."),
                "{name}: {options}: {index}"
            );
            assert!(sandbox.files("site").iter().all(|path| !path.contains("gen/")), "{name}: {options}");
            let warning = format!(
                "warning: the documentation holds what is not in the commit: `{generated}/a.md`, `{generated}/b.md`\n"
            );
            assert!(ran.stderr.contains(&warning), "{name}: {options}: {}", ran.stderr);
        }
    }
}

/// As mkdocs leaves them out: a page that is not published is in no search index either.
#[test]
fn what_mkdocs_yml_keeps_out_is_not_published() {
    let files = [
        (
            "mkdocs.yml",
            "site_name: A\nexclude_docs: |\n  /secret.md\n  *.tmp\n  !/.well-known/\ndraft_docs: drafts/\nnot_in_nav: b.md\n",
        ),
        ("docs/index.md", "# A\n"),
        ("docs/b.md", "# B\n"),
        ("docs/secret.md", "# C\nhunter2\n"),
        ("docs/drafts/d.md", "# D\nhunter2\n"),
        ("docs/a.tmp", "hunter2\n"),
        ("docs/.env", "hunter2\n"),
        ("docs/.well-known/x.txt", "x\n"),
        ("docs/templates/t.md", "hunter2\n"),
    ];
    for (name, sandbox) in with_programs("what_mkdocs_yml_keeps_out_is_not_published", &files) {
        sandbox.any_config(&["pages", "--only", "docs", "--offline"]).ended(0);
        let mut made = sandbox.files("site");
        for path in &made {
            assert!(
                !String::from_utf8_lossy(&sandbox.read(&format!("site/{path}"))).contains("hunter2"),
                "{path}"
            );
        }
        made.retain(|path| path.ends_with("/index.html") || path.ends_with(".txt"));
        assert_eq!(made, [".well-known/x.txt", "b/index.html"], "{name}");
    }
}

/// Plugins are the code of others.
#[test]
fn a_builder_gets_no_token() {
    for (name, ..) in PROGRAMS {
        let mut sandbox =
            Sandbox::with_commit(&[("mkdocs.yml", "site_name: A\n"), ("docs/index.md", "# A\n")]);
        sandbox.set("CONFIG_DOCS", name);
        for variable in ["GH_TOKEN", "GITHUB_TOKEN"] {
            sandbox.set(variable, "secret-token");
        }
        sandbox.link_program("env", &find("env").expect("env"));
        let script =
            "#!/bin/sh\n[ \"$1\" = --version ] && echo 1.0 && exit\necho Error: $(env) >&2\nexit 1\n";
        sandbox.script(name, script);
        let said = refused(&sandbox);
        assert!(said.contains("SOURCE_DATE_EPOCH") && !said.contains("secret-token"), "{said}");
    }
}

/// A repository with documentation and a release that mkdocs, which is not there, builds.
fn without_mkdocs(config: &str) -> Sandbox {
    let mut sandbox = Sandbox::with_commit(&[
        ("mkdocs.yml", config),
        ("docs/index.md", "# A\n"),
        (".gitignore", "/site/\n"),
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    ]);
    sandbox.set("CONFIG_DOCS", "mkdocs");
    sandbox
}

#[test]
fn what_is_published_is_built_by_the_configs_builder_or_not_at_all() {
    let sandbox = without_mkdocs("site_name: A\n");
    let remote = Remote::empty();
    let missing = "mkdocs, which builds the documentation, is not in PATH";
    for (requirements, install) in [
        (None, "pip install mkdocs-material"),
        (Some((".github/docs-requirements.txt", "zensical==0.0.73\n")), "pip install mkdocs-material"),
        (
            Some(("docs/requirements.txt", "mkdocs==1.6.1\n")),
            "pip install --requirement docs/requirements.txt",
        ),
        (Some(("requirements.txt", "mkdocs-material\n")), "pip install --requirement requirements.txt"),
    ] {
        if let Some((path, text)) = requirements {
            sandbox.write(path, text);
        }
        let ran = remote.publish(&sandbox, &[]).ended(1);
        assert_eq!(ran.stderr, format!("error: {missing}\nhint: {install}, or set MKDOCS_BIN\n"));
    }
    assert!(remote.tip().is_empty());
    // The charts alone need no builder.
    let charts = remote.charts(&sandbox).ended(1);
    assert!(charts.stderr.starts_with("error: there is no release in `dist`"), "{}", charts.stderr);
    let hint = "hint: pip install --requirement requirements.txt, or set MKDOCS_BIN\n";
    let ran = sandbox.any_config(&["pages", "--only", "docs", "--offline"]).ended(0);
    let note = format!("note: the documentation is a preview by this program: {missing}\n{hint}");
    assert!(ran.stderr.contains(&note), "{}", ran.stderr);
    assert!(sandbox.text("site/index.html").contains("assets/xtask.css"));
}

#[test]
fn a_preview_says_what_it_cannot_show() {
    let sandbox = without_mkdocs("site_name: A\nplugins:\n  - blog\n");
    let expected = "\
error: mkdocs.yml:3: the native build does not know the plugin `blog`, and would publish other pages than mkdocs
hint: pip install mkdocs-material, or set MKDOCS_BIN
";
    assert_eq!(refused(&sandbox), expected);
    let check = sandbox.any_config(&["check", "--offline", "--helm", "never", "--json"]);
    assert_eq!(found(&check, "documentation"), [""; 0]);
    let why = "mkdocs, which builds the documentation, is not in PATH, and mkdocs.yml:3: the native build does not know the plugin `blog`, and would publish other pages than mkdocs";
    assert!(left_out(&check, "why").contains(&why.to_owned()), "{check:?}");
    let native =
        Sandbox::with_commit(&[("mkdocs.yml", "site_name: A\nhooks: [a.py]\n"), ("docs/index.md", "")]);
    let expected = "\
error: mkdocs.yml:2: the native build cannot follow this `hooks`, and would publish something else than mkdocs
hint: write it plainly, or set `docs(Builder::Mkdocs)`, `docs(Builder::Zensical)` or `without_docs()` in xtask/engine/tests/program/main.rs
";
    assert_eq!(refused(&native), expected);
}

#[test]
fn a_builder_that_does_not_answer_is_named() {
    let sandbox = without_mkdocs("site_name: A\n");
    sandbox.script("mkdocs", "#!/bin/sh\necho broken >&2\nexit 3\n");
    let expected =
        "error: `mkdocs` does not answer: broken\nhint: install it again: pip install mkdocs-material\n";
    assert_eq!(refused(&sandbox), expected);
}

/// mkdocs that is installed changes nothing where the config does not name it.
#[test]
fn what_is_installed_does_not_matter() {
    let sandbox = Sandbox::with_commit(&[("mkdocs.yml", "site_name: A\n"), ("docs/index.md", "# A\n")]);
    for (name, ..) in PROGRAMS {
        sandbox.script(name, "#!/bin/sh\nexit 3\n");
    }
    let ran = sandbox.any_config(&["pages", "--only", "docs", "--offline"]).ended(0);
    assert!(ran.stderr.contains("Built the documentation (native)\n"), "{}", ran.stderr);
}

/// A mkdocs.yml may be for Backstage or Read the Docs, which install their own plugins.
#[test]
fn documentation_may_be_left_to_others() {
    let mut sandbox = Sandbox::with_commit(&[
        ("mkdocs.yml", "site_name: A\nplugins:\n  - techdocs-core\n"),
        ("docs/index.md", "# A\n\n[gone](gone.md)\n"),
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        (".gitignore", "/dist/\n/site/\n"),
    ]);
    let checked = |sandbox: &Sandbox| {
        found(&sandbox.any_config(&["check", "--offline", "--helm", "never", "--json"]), "documentation")
    };
    assert!(checked(&sandbox)[0].contains("or `without_docs()` in "), "{:?}", checked(&sandbox));
    sandbox.set("CONFIG_DOCS", "none");
    assert_eq!(checked(&sandbox), [""; 0]);
    let expected = "error: there is no documentation to publish: the config has `without_docs`\nhint: leave out --only docs, or take that out of xtask/engine/tests/program/main.rs\n";
    assert_eq!(sandbox.any_config(&["pages", "--only", "docs", "--offline"]).ended(1).stderr, expected);
    let list = sandbox.any_config(&["ci", "--list"]).ended(0);
    assert!(!list.stdout.contains("docs"), "{}", list.stdout);
    sandbox.git(&["tag", "v1.0.0"]);
    sandbox.any_config(&["release", "--offline", "--helm", "never"]).ended(0);
    let remote = Remote::empty();
    remote.publish(&sandbox, &[]).ended(0);
    assert!(remote.files().keys().all(|path| path != "404.html"));
}

/// `docs/` without mkdocs.yml is no site: GitHub shows its pages, or another generator makes one of them.
#[test]
fn without_mkdocs_yml_there_is_no_documentation() {
    let sandbox = Sandbox::with_commit(&[
        ("docs/conf.py", "project = 'Shop'\n"),
        ("docs/dev/README.md", "# Dev\n\n[up](../../DEVELOPMENT.md#x) [gone](gone.md) [api](../api.rst)\n"),
        ("docs/api.rst", "API\n===\n"),
        ("DEVELOPMENT.md", "# X\n"),
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("charts/web/values.yaml", "a: 1\n"),
        (".gitignore", "/dist/\n/site/\n"),
    ]);
    let check = sandbox.any_config(&["check", "--offline", "--helm", "never", "--json"]);
    assert_eq!(found(&check, "documentation"), [""; 0]);
    let ran = sandbox.any_config(&["pages", "--only", "docs", "--offline"]).ended(1);
    let expected = "error: there is no documentation to publish: no mkdocs.yml\nhint: write mkdocs.yml and docs/index.md\n";
    assert_eq!(ran.stderr, expected);
    sandbox.git(&["tag", "v1.0.0"]);
    sandbox.any_config(&["release", "--offline", "--helm", "never"]).ended(0);
    let remote = Remote::empty();
    let ran = remote.publish(&sandbox, &[]).ended(0);
    assert!(!ran.stderr.contains("documentation"), "{}", ran.stderr);
    assert!(
        remote
            .files()
            .keys()
            .all(|path| path.starts_with("charts/") || [".nojekyll", "index.html"].contains(&path.as_str()))
    );
    let list = sandbox.any_config(&["ci", "--list"]).ended(0);
    assert!(!list.stdout.contains("docs"), "{}", list.stdout);
}
