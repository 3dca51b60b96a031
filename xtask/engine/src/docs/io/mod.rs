//! The documentation site: read, and built by mkdocs or without it.

pub mod mkdocs;
pub mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use self::mkdocs::Mkdocs;
use self::tree::{Hidden, read_tree};
use super::mkdocs::{Settings, read_mkdocs_yml};
use super::{Builder, File, Sources};
use crate::base::problem::{Problem, Problems, verdict};
use crate::base::text::name;
use crate::chart::tgz::ENTRY_TIME;
use crate::docs;
use crate::git::io::repository::Repository;
use crate::sys::{environment, files, symlink};

/// A site, ready to be published.
#[derive(Debug)]
pub struct Site {
    /// Its files, sorted by their paths.
    pub files: Vec<File>,
    /// Who built it: `mkdocs 1.6.1` or `native`.
    pub by: String,
    /// What it is made of and is not in the commit as it is: changed, untracked and ignored files.
    pub changed: Vec<String>,
}

/// mkdocs looks for these, in this order.
const CONFIGS: [&str; 2] = ["mkdocs.yml", "mkdocs.yaml"];

/// Whether there is documentation: mkdocs.yml, or a page in `docs/`.
pub fn are_there(root: &Path) -> Result<bool> {
    let has_config = CONFIGS.into_iter().any(|config| root.join(config).symlink_metadata().is_ok());
    Ok(has_config || !files::named(&root.join("docs"), ".md")?.is_empty())
}

/// Builds the documentation of the repository at `root`; `None` where there is neither mkdocs.yml nor a page in `docs/`.
/// Nothing is written into the repository. The error holds all that is wrong with the sources.
pub fn build(root: &Path, builder: Builder) -> Result<Option<Site>> {
    let root = &files::absolute(root)?;
    let config = CONFIGS.into_iter().find(|config| root.join(config).symlink_metadata().is_ok());
    if config.is_none() && !root.join("docs").is_dir() {
        return Ok(None);
    }
    let (sources, places) = read_sources(root, config)?;
    if config.is_none() && !sources.has_pages() {
        return Ok(None);
    }
    let found = match (builder, config) {
        (Builder::Native, _) | (Builder::Auto, None) => None,
        (Builder::Mkdocs, None) => {
            let problem = Problem::error("there is no mkdocs.yml");
            return Err(problem.hint("write one, or add --docs native").into());
        }
        (Builder::Auto | Builder::Mkdocs, Some(config)) => Mkdocs::find()?.map(|mkdocs| (mkdocs, config)),
    };
    match found {
        Some((mkdocs, config)) => {
            let files = by_mkdocs(&mkdocs, root, config, &sources)?;
            Ok(Some(Site { files, by: format!("mkdocs {}", mkdocs.version), changed: places.changed(root)? }))
        }
        None if builder == Builder::Mkdocs => {
            let problem = Problem::error("mkdocs is not in PATH");
            let hint = "pip install mkdocs-material, or set MKDOCS_BIN, or add --docs native";
            Err(problem.hint(hint).into())
        }
        None => {
            let files = docs::build_site(&sources)?;
            Ok(Some(Site { files, by: "native".to_owned(), changed: places.changed(root)? }))
        }
    }
}

/// The first that mkdocs.yml asks for and the native build cannot do, where mkdocs is not there to do it.
pub fn beyond_native(root: &Path) -> Result<Option<Problem>> {
    let root = &files::absolute(root)?;
    let config = CONFIGS.into_iter().find(|config| root.join(config).symlink_metadata().is_ok());
    if config.is_none() || Mkdocs::find()?.is_some() {
        return Ok(None);
    }
    let (sources, _) = read_sources(root, config)?;
    Ok(docs::unknown(&sources).into_iter().next())
}

/// Where the sources lie, absolute.
#[derive(Debug, Default)]
struct Places {
    files: Vec<PathBuf>,
    links: BTreeSet<PathBuf>,
    directories: BTreeSet<PathBuf>,
}

impl Places {
    /// Those that are not in the commit as they are; none where there is no commit.
    fn changed(&self, root: &Path) -> Result<Vec<String>> {
        let Some(repository) = Repository::around(root) else { return Ok(Vec::new()) };
        if repository.commit()?.is_none() {
            return Ok(Vec::new());
        }
        let changed = repository.changed(&self.files, &self.links, &self.directories)?;
        Ok(changed.changed.into_iter().collect())
    }
}

/// What the site is made of, and where that lies.
fn read_sources(root: &Path, config: Option<&str>) -> Result<(Sources, Places)> {
    let mut problems = Vec::new();
    let mut places = Places::default();
    let settings = match config {
        None => Some(Settings::default()),
        Some(config) => match symlink::follow(&root.join(config), root) {
            Ok(followed) => {
                let settings = read_mkdocs_yml(&files::read(&followed.real)?, config).take(&mut problems);
                places.files.push(followed.real);
                places.links.extend(followed.links);
                settings
            }
            Err(refused) => {
                problems.push(refused.at(config, None));
                None
            }
        },
    };
    let config = config.unwrap_or(CONFIGS[0]).to_owned();
    let directory =
        settings.as_ref().map(|settings| settings.docs_dir.clone()).filter(|path| !path.is_empty());
    let mut files = Vec::new();
    if let Some(docs) = directory {
        match symlink::follow(&root.join(&docs), root) {
            Ok(followed) if followed.real.is_dir() => {
                let tree = read_tree(&followed.real, root, &docs, Hidden::Skip).take(&mut problems);
                files = tree.files;
                places.files.extend(tree.real);
                places.links.extend(tree.links.into_iter().chain(followed.links));
                places.directories.insert(followed.real);
            }
            Ok(_) | Err(_) => {
                let problem =
                    Problem::error(format!("there is no directory {}", name(&docs))).at(&config, None);
                problems.push(problem.hint(format!("mkdir {docs}, or set `docs_dir`")));
            }
        }
    }
    verdict(problems)?;
    Ok((Sources { settings: settings.unwrap_or_default(), config, files }, places))
}

/// mkdocs does not mind broken anchors and pages that overwrite each other, and does not say where a link stands: what
/// it made, or the native build where it failed, is checked as well.
fn by_mkdocs(mkdocs: &Mkdocs, root: &Path, config: &str, sources: &Sources) -> Result<Vec<File>> {
    let epoch = environment::source_date_epoch()?;
    let commit = Repository::around(root).map(|repository| repository.commit()).transpose()?.flatten();
    let time = epoch.or(commit.map(|commit| commit.time)).unwrap_or(ENTRY_TIME);
    let problems = match mkdocs.build(root, &root.join(config), time)? {
        Ok(files) => {
            verdict(docs::check_site(sources, &files))?;
            return Ok(files);
        }
        Err(problems) => problems,
    };
    let mut ours = Vec::new();
    if docs::unknown(sources).is_empty() {
        ours = docs::build_site(sources).err().map(|Problems(problems)| problems).unwrap_or_default();
    }
    // Each broken link once, where its line is known.
    let is_ours_too = |problem: &Problem| {
        problem.message.starts_with("mkdocs: Doc file") || problem.message.contains("'nav'")
    };
    let rest = problems.into_iter().filter(|problem| ours.is_empty() || !is_ours_too(problem));
    let all: Vec<Problem> = ours.iter().cloned().chain(rest).collect();
    Err(Problems(all).into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::base::problem::Carried;
    use crate::sys::scratch::Scratch;

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
        let Problems(problems) = error.downcast::<Carried>().expect("problems").0;
        problems.iter().map(ToString::to_string).collect()
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
}
