//! The documentation site: read, and built by mkdocs or without it.

use std::path::Path;

use anyhow::Result;

use super::git::Repository;
use super::mkdocs::Mkdocs;
use super::tree::{self, Hidden};
use super::{environment, files, link};
use crate::model::mkdocs::{self, Settings};
use crate::model::problem::{Problem, Problems, verdict};
use crate::model::text::name;
use crate::plan::docs::{self, File, Sources};

/// Who builds the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Builder {
    /// mkdocs where it is there, else this program.
    #[default]
    Auto,
    /// mkdocs, which must be there.
    Mkdocs,
    /// This program.
    Native,
}

/// A site, ready to be published.
#[derive(Debug)]
pub struct Site {
    /// Its files, sorted by their paths.
    pub files: Vec<File>,
    /// Who built it: `mkdocs 1.6.1` or `native`.
    pub by: String,
}

/// mkdocs looks for these, in this order.
const CONFIGS: [&str; 2] = ["mkdocs.yml", "mkdocs.yaml"];

/// Builds the documentation of the repository at `root`; `None` where there is neither mkdocs.yml nor a page in `docs/`. Nothing
/// is written into the repository. The error holds all that is wrong with the sources.
pub fn build(root: &Path, builder: Builder) -> Result<Option<Site>> {
    let root = &files::absolute(root)?;
    let config = CONFIGS.into_iter().find(|config| root.join(config).symlink_metadata().is_ok());
    if config.is_none() && !root.join("docs").is_dir() {
        return Ok(None);
    }
    let sources = read(root, config)?;
    if config.is_none() && !sources.has_pages() {
        return Ok(None);
    }
    let found = match (builder, config) {
        (Builder::Native, _) | (Builder::Auto, None) => None,
        (Builder::Mkdocs, None) => {
            let problem = Problem::error("there is no mkdocs.yml");
            return Err(Problems::from(problem.hint("write one, or add --docs native")).into());
        }
        (Builder::Auto | Builder::Mkdocs, Some(config)) => Mkdocs::find()?.map(|mkdocs| (mkdocs, config)),
    };
    match found {
        Some((mkdocs, config)) => {
            let files = by_mkdocs(&mkdocs, root, config, &sources)?;
            Ok(Some(Site { files, by: format!("mkdocs {}", mkdocs.version) }))
        }
        None if builder == Builder::Mkdocs => {
            let problem = Problem::error("mkdocs is not in PATH");
            let hint = "pip install mkdocs-material, or set MKDOCS_BIN, or add --docs native";
            Err(Problems::from(problem.hint(hint)).into())
        }
        None => Ok(Some(Site { files: docs::build(&sources)?, by: "native".to_owned() })),
    }
}

/// What the site is made of.
fn read(root: &Path, config: Option<&str>) -> Result<Sources> {
    let mut problems = Vec::new();
    let settings = match config {
        None => Some(Settings::default()),
        Some(config) => match link::follow(&root.join(config), root) {
            Ok(followed) => mkdocs::read(&files::read(&followed.real)?, config, &mut problems),
            Err((message, hint)) => {
                problems.push(Problem::error(message).at(config, None).hint(hint));
                None
            }
        },
    };
    let config = config.unwrap_or(CONFIGS[0]).to_owned();
    let directory =
        settings.as_ref().map(|settings| settings.docs_dir.clone()).filter(|path| !path.is_empty());
    let mut files = Vec::new();
    if let Some(docs) = directory {
        match link::follow(&root.join(&docs), root) {
            Ok(followed) if followed.real.is_dir() => {
                files = tree::read(&followed.real, root, &docs, Hidden::Skip, &mut problems);
            }
            Ok(_) | Err(_) => {
                let problem =
                    Problem::error(format!("there is no directory {}", name(&docs))).at(&config, None);
                problems.push(problem.hint(format!("mkdir {docs}, or set `docs_dir`")));
            }
        }
    }
    verdict(problems)?;
    Ok(Sources { settings: settings.unwrap_or_default(), config, files })
}

/// mkdocs does not mind broken anchors and pages that overwrite each other, and does not say where a link stands: what
/// it made, or the native build where it failed, is checked as well.
fn by_mkdocs(mkdocs: &Mkdocs, root: &Path, config: &str, sources: &Sources) -> Result<Vec<File>> {
    let epoch = environment::source_date_epoch()?;
    let commit = Repository::around(root).map(|repository| repository.commit()).transpose()?.flatten();
    let time = epoch.or(commit.map(|commit| commit.time)).unwrap_or(environment::NO_TIME);
    let problems = match mkdocs.build(root, &root.join(config), time)? {
        Ok(files) => {
            verdict(docs::check(sources, &files))?;
            return Ok(files);
        }
        Err(problems) => problems,
    };
    let mut ours = Vec::new();
    if sources.settings.beyond.is_empty() {
        ours = docs::build(sources).err().map(|Problems(problems)| problems).unwrap_or_default();
    }
    // Each broken link once, where its line is known.
    let said = |problem: &Problem| {
        problem.message.starts_with("mkdocs: Doc file") || problem.message.contains("'nav'")
    };
    let rest = problems.into_iter().filter(|problem| ours.is_empty() || !said(problem));
    let all: Vec<Problem> = ours.iter().cloned().chain(rest).collect();
    Err(Problems(all).into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::scratch::Scratch;
    use super::*;

    /// A project with these files.
    fn project(files: &[(&str, &str)]) -> Scratch {
        let scratch = Scratch::directory().expect("a directory");
        for (path, text) in files {
            let path = scratch.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        scratch
    }

    fn paths(site: &[File]) -> Vec<&str> {
        site.iter().map(|file| file.path.as_str()).collect()
    }

    fn native(project: &Scratch) -> Result<Option<Site>> {
        build(project.path(), Builder::Native)
    }

    fn errors(result: Result<Option<Site>>) -> Vec<String> {
        let error = result.map(drop).expect_err("problems");
        let problems = error.downcast::<Problems>().expect("problems");
        problems.0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn without_documentation_there_is_no_site() {
        for file in ["a.md", "docs/a.png", "docs/.a.md"] {
            assert!(native(&project(&[(file, "")])).expect("an answer").is_none(), "{file}");
        }
        let empty = project(&[("mkdocs.yml", "site_name: A"), ("docs/a.png", "")]);
        assert_eq!(errors(native(&empty)), ["mkdocs.yml: there is no page in `docs`"]);
    }

    #[test]
    fn a_directory_is_enough() {
        let project = project(&[("docs/index.md", "# A"), ("docs/.git", "x"), ("docs/b/c.txt", "c")]);
        for builder in [Builder::Native, Builder::Auto] {
            let site = build(project.path(), builder).expect("a site").expect("a site");
            assert_eq!(paths(&site.files), ["404.html", "assets/xtask.css", "b/c.txt", "index.html"]);
            assert_eq!(site.by, "native");
        }
        assert_eq!(errors(build(project.path(), Builder::Mkdocs)), ["there is no mkdocs.yml"]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let bad = project(&[("mkdocs.yml", "site_url: x\ndocs_dir: pages\n")]);
        let expected = [
            "mkdocs.yml: there is no directory `pages`",
            "mkdocs.yml:1: `site_url` `x` is not a URL",
            "mkdocs.yml:1: there is no `site_name`",
        ];
        assert_eq!(errors(native(&bad)), expected);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_the_repository_alone() {
        use std::os::unix::fs::symlink;
        let project = project(&[
            ("mkdocs.yml", "site_name: A"),
            ("docs/index.md", "# A"),
            ("README.md", "# B"),
            ("img/a.png", ""),
        ]);
        let docs = project.path().join("docs");
        symlink("../README.md", docs.join("b.md")).expect("a link");
        symlink("../img", docs.join("img")).expect("a link");
        let site = native(&project).expect("a site").expect("a site");
        assert_eq!(
            paths(&site.files),
            ["404.html", "assets/xtask.css", "b/index.html", "img/a.png", "index.html"]
        );
        for (target, why) in [
            ("../..", "this link leaves the directory"),
            ("/etc", "this link leads to a place on this machine, `/etc`"),
            ("no", "cannot read it: "),
            (".", "cannot read it: it leads back to a directory above it"),
        ] {
            let link = docs.join("link");
            symlink(target, &link).expect("a link");
            let errors = errors(native(&project));
            assert!(
                errors.len() == 1 && errors[0].starts_with(&format!("docs/link: {why}")),
                "{target}: {errors:?}"
            );
            fs::remove_file(link).expect("a link");
        }
    }

    fn real(test: &str) -> Option<Mkdocs> {
        let path = std::env::var_os("MKDOCS").map(std::path::PathBuf::from).filter(|path| path.is_file());
        let required = std::env::var_os("XTASK_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(path.is_some() || !required, "{test} needs MKDOCS");
        path.map(|path| Mkdocs::answering(path).expect("mkdocs"))
    }

    fn built(mkdocs: &Mkdocs, project: &Scratch) -> Result<Option<Site>> {
        let root = files::absolute(project.path())?;
        let sources = read(&root, Some("mkdocs.yml"))?;
        let files = by_mkdocs(mkdocs, &root, "mkdocs.yml", &sources)?;
        Ok(Some(Site { files, by: mkdocs.version.clone() }))
    }

    #[test]
    fn mkdocs_builds_the_same_bytes_and_leaves_the_repository_alone() {
        let Some(mkdocs) = real("mkdocs_builds_the_same_bytes_and_leaves_the_repository_alone") else {
            return;
        };
        let config = "site_name: A\nsite_url: https://h/\ntheme: material\n";
        let project = project(&[
            ("mkdocs.yml", config),
            ("docs/index.md", "# A"),
            ("docs/a/b.md", "[a](../index.md#a)"),
        ]);
        let first = built(&mkdocs, &project).expect("a site").expect("a site");
        let root = files::absolute(project.path()).expect("the project");
        let later = mkdocs.build(&root, &root.join("mkdocs.yml"), 2_000_000_000).expect("a site");
        assert!(
            Ok(&first.files) == later.as_ref() && first.by.starts_with(|c: char| c.is_ascii_digit()),
            "{}",
            first.by
        );
        let paths = paths(&first.files);
        assert!(
            ["index.html", "a/b/index.html", "sitemap.xml", "404.html"]
                .iter()
                .all(|path| paths.contains(path))
        );
        assert!(!paths.contains(&"sitemap.xml.gz"));
        let mut left: Vec<_> =
            fs::read_dir(project.path()).expect("the project").filter_map(Result::ok).collect();
        left.sort_by_key(fs::DirEntry::file_name);
        let left: Vec<_> = left.iter().map(fs::DirEntry::file_name).collect();
        assert_eq!(left, ["docs", "mkdocs.yml"]);
    }

    #[test]
    fn both_builds_refuse_the_same() {
        let Some(mkdocs) = real("both_builds_refuse_the_same") else { return };
        let config = "site_name: A\nnav: [index.md, no.md]\n";
        let project = project(&[("mkdocs.yml", config), ("docs/index.md", "# A\n[x](y.md)\n[z](#q)\n")]);
        let expected = [
            "docs/index.md:2: `y.md` leads nowhere: there is no `docs/y.md`",
            "docs/index.md:3: `#q` leads nowhere: `docs/index.md` has no heading with that id",
            "mkdocs.yml:2: there is no page `docs/no.md`",
        ];
        assert_eq!(errors(native(&project)), expected);
        assert_eq!(errors(built(&mkdocs, &project)), expected);
        // Broken anchors are no error to mkdocs.
        fs::write(project.path().join("docs/y.md"), "").expect("a file");
        fs::write(project.path().join("docs/no.md"), "").expect("a file");
        assert_eq!(errors(built(&mkdocs, &project)), &expected[1..2]);
    }

    #[test]
    fn what_is_not_installed_is_named() {
        let Some(mkdocs) = real("what_is_not_installed_is_named") else { return };
        let project =
            project(&[("mkdocs.yml", "site_name: A\nplugins: [nope]\n"), ("docs/index.md", "# A\n")]);
        let error = built(&mkdocs, &project)
            .map(drop)
            .expect_err("a problem")
            .downcast::<Problems>()
            .expect("problems");
        let [problem] = &error.0[..] else { panic!("{error:?}") };
        assert_eq!(problem.message, "mkdocs: Config value 'plugins': The \"nope\" plugin is not installed");
        assert!(
            problem
                .hint
                .as_ref()
                .is_some_and(|hint| hint.contains("pip install") && hint.contains("--docs native"))
        );
    }
}
