//! The documentation site: read, and built by mkdocs, zensical or without them.

mod mkdocs;
pub mod program;
pub mod tree;
mod zensical;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use self::program::{By, Program};
use self::tree::{Hidden, read_tree};
use super::mkdocs::{Settings, read_mkdocs_yml, read_over, replaced};
use super::snippets;
use super::{File, Sources};
use crate::base::config::{Builder, Config};
use crate::base::path;
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
    /// Who built it: `mkdocs 1.6.1`, `zensical 0.0.73` or `native`.
    pub by: String,
    /// What it is made of and is not in the commit as it is: changed, untracked and ignored files.
    pub changed: Vec<String>,
}

/// mkdocs looks for these, in this order.
const CONFIGS: [&str; 2] = ["mkdocs.yml", "mkdocs.yaml"];
/// A config that inherits another is merged this often.
const MAX_CONFIGS: usize = 8;

/// Who builds the documentation of the repository at `root`; `None` where it has none, or leaves it to others. It is what
/// mkdocs.yml describes. Without that file, `docs/` holds pages that GitHub shows, or those of another generator.
pub fn builder(config: &Config, root: &Path) -> Option<Builder> {
    config.docs.filter(|_| config_of(root).is_some())
}

fn config_of(root: &Path) -> Option<&'static str> {
    CONFIGS.into_iter().find(|config| root.join(config).symlink_metadata().is_ok())
}

/// Builds the documentation of the repository at `root`; `None` where there is no mkdocs.yml. Nothing is written into the
/// repository. The error holds all that is wrong with the sources.
pub fn build(root: &Path, by: &By) -> Result<Option<Site>> {
    let root = &files::absolute(root)?;
    let Some(config) = config_of(root) else { return Ok(None) };
    let project = Project::read(root, config)?;
    let (files, name) = match by {
        By::Native => (docs::build_site(&project.native()?.sources)?, "native".to_owned()),
        By::Preview(missing) => {
            let install = missing.hint.as_deref().unwrap_or_default();
            let sources = &project.native()?.sources;
            verdict(docs::unknown(sources).into_iter().map(|problem| problem.hint(install)).collect())?;
            (docs::build_site(sources)?, "native".to_owned())
        }
        By::Program(program) => {
            (by_program(program, root, &project)?, format!("{} {}", program.name, program.version))
        }
    };
    Ok(Some(Site { files, by: name, changed: project.places.changed(root)? }))
}

/// The first that mkdocs.yml asks for and the native build cannot do.
pub fn beyond_native(root: &Path) -> Result<Option<Problem>> {
    let root = &files::absolute(root)?;
    let Some(config) = config_of(root) else { return Ok(None) };
    let project = Project::read(root, config)?;
    let of_settings = project.of_settings.iter().find(|problem| problem.is_error()).cloned();
    Ok(of_settings.or_else(|| docs::unknown(&project.sources).into_iter().next()))
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

/// What the site is made of.
#[derive(Debug)]
struct Project {
    sources: Sources,
    /// What its pages include of the repository.
    included: Vec<File>,
    places: Places,
    /// What the native build finds wrong with mkdocs.yml. Another builder judges that itself.
    of_settings: Vec<Problem>,
    /// Whether the settings that links depend on could be read.
    is_known: bool,
}

impl Project {
    /// Reads it. The error holds what no builder may publish, such as a link out of the repository.
    fn read(root: &Path, config: &str) -> Result<Self> {
        let mut places = Places::default();
        let (settings, mut of_settings) = read_settings(root, config, &mut places)?;
        let settings =
            settings.unwrap_or_else(|| Settings { docs_dir: String::new(), ..Settings::default() });
        let mut problems = Vec::new();
        let mut sources = Sources { settings, config: config.to_owned(), files: Vec::new() };
        let docs = &sources.settings.docs_dir;
        match symlink::follow(&root.join(docs), root) {
            _ if docs.is_empty() => {}
            Ok(followed) if followed.real.is_dir() => {
                let tree = read_tree(&followed.real, root, docs, Hidden::Skip).take(&mut problems);
                sources.files = tree.files;
                places.files.extend(tree.real);
                places.links.extend(tree.links.into_iter().chain(followed.links));
                places.directories.insert(followed.real);
            }
            Ok(_) | Err(_) => {
                let problem = Problem::error(format!("there is no directory {}", name(docs)));
                of_settings.push(problem.at(config, None).hint(format!("mkdir {docs}, or set `docs_dir`")));
            }
        }
        verdict(problems)?;
        let decides = |key: &str| matches!(key, "INHERIT" | "docs_dir" | "use_directory_urls");
        let is_known = !of_settings.iter().any(Problem::is_error)
            && !sources.settings.beyond.iter().any(|(key, _)| decides(key));
        let included = read_included(root, &sources, &mut places);
        Ok(Self { sources, included, places, of_settings, is_known })
    }

    /// The same for the native build, which follows mkdocs.yml to the letter.
    fn native(&self) -> Result<&Self, Problems> {
        verdict(self.of_settings.clone()).map(|_| self)
    }
}

/// Reads mkdocs.yml and what it inherits. A config that cannot be followed there leaves the settings as far as they are
/// known.
fn read_settings(root: &Path, config: &str, places: &mut Places) -> Result<(Option<Settings>, Vec<Problem>)> {
    let mut texts = Vec::new();
    let mut next = Some(config.to_owned());
    while let Some(file) = next.take().filter(|_| texts.len() < MAX_CONFIGS) {
        let followed = match symlink::follow(&root.join(&file), root) {
            Ok(followed) => followed,
            Err(refused) if texts.is_empty() => return Err(refused.at(config, None).into()),
            Err(_) => break,
        };
        let text = match files::read(&followed.real) {
            Err(_) if !texts.is_empty() => break,
            text => text?,
        };
        places.files.push(followed.real);
        places.links.extend(followed.links);
        let inherits = read_mkdocs_yml(&text, &file).value.and_then(|settings| settings.inherits);
        next = inherits.and_then(|parent| path::join(path::directory(&file), &parent));
        texts.push((file, text));
    }
    let mut problems = Vec::new();
    let mut settings: Option<Settings> = None;
    while let Some((file, text)) = texts.pop() {
        let replaced: Vec<String> = texts.iter().flat_map(|(_, text)| replaced(text)).collect();
        settings = read_over(settings, &text, &file, &replaced).take(&mut problems);
    }
    Ok((settings, problems))
}

/// The files of the repository that pages include as snippets, which git may ignore. The builder judges those that are not
/// there.
fn read_included(root: &Path, sources: &Sources, places: &mut Places) -> Vec<File> {
    let Settings { docs_dir, extensions, snippet_directories, snippets, .. } = &sources.settings;
    let mut included: Vec<File> = Vec::new();
    if !extensions.contains_key("pymdownx.snippets") {
        return included;
    }
    let text = |file: &File| snippets::included(&String::from_utf8_lossy(&file.data));
    let pages = sources.files.iter().filter(|file| file.path.ends_with(".md"));
    let mut names: Vec<String> = pages.flat_map(text).chain(snippets.iter().cloned()).collect();
    let mut directories = vec![docs_dir.as_str()];
    match snippet_directories.as_slice() {
        [] => directories = vec!["."],
        several => directories.extend(several.iter().map(String::as_str)),
    }
    while let Some(name) = names.pop() {
        for path in directories.iter().filter_map(|directory| path::join(directory, &name)) {
            let is_of_git = path.split('/').any(|part| part.eq_ignore_ascii_case(".git"));
            if is_of_git || included.iter().any(|file| file.path == path) {
                continue;
            }
            let Ok(followed) = symlink::follow(&root.join(&path), root) else { continue };
            let Ok(data) = files::read(&followed.real) else { continue };
            let file = File { path, data };
            names.extend(text(&file));
            included.push(file);
            places.files.push(followed.real);
            places.links.extend(followed.links);
        }
    }
    included
}

/// mkdocs does not mind broken anchors and pages that overwrite each other, and does not say where a link stands; zensical
/// does not mind entries of the navigation that lead nowhere. What they made, or the native build where they failed, is
/// checked as well.
fn by_program(program: &Program, root: &Path, project: &Project) -> Result<Vec<File>> {
    let sources = &project.sources;
    let epoch = environment::source_date_epoch()?;
    let commit = Repository::around(root).map(|repository| repository.commit()).transpose()?.flatten();
    let time = epoch.or(commit.map(|commit| commit.time)).unwrap_or(ENTRY_TIME);
    let built = if program.name == "zensical" {
        zensical::build(program, root, sources, &project.included, time)?
    } else {
        mkdocs::build(program, root, &sources.config, time)?
    };
    let problems = match built {
        Ok(files) => {
            if project.is_known {
                verdict(docs::check_site(sources, &files))?;
            }
            return Ok(files);
        }
        Err(problems) => problems,
    };
    let mut ours = Vec::new();
    if project.is_known && docs::unknown(sources).is_empty() {
        ours = docs::build_site(sources).err().map(|Problems(problems)| problems).unwrap_or_default();
    }
    // Each broken link once, where its line is known.
    let is_ours_too = |problem: &Problem| {
        let is_at = |own: &Problem| problem.place.is_some() && own.place == problem.place;
        problem.message.starts_with("mkdocs: Doc file")
            || problem.message.contains("'nav'")
            || ours.iter().any(is_at)
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
        build(project.path(), &By::Native)
    }

    fn errors(result: Result<Option<Site>>) -> Vec<String> {
        let error = result.map(drop).expect_err("problems");
        let Problems(problems) = error.downcast::<Carried>().expect("problems").0;
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn without_documentation_there_is_no_site() {
        for file in ["a.md", "docs/a.png", "docs/index.md"] {
            assert!(native(&project(&[(file, "")])).expect("an answer").is_none(), "{file}");
        }
        let empty = project(&[("mkdocs.yml", "site_name: A"), ("docs/a.png", "")]);
        assert_eq!(errors(native(&empty)), ["mkdocs.yml: there is no page in `docs`"]);
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

    /// The builder that can follow it does so.
    #[test]
    fn what_is_inherited_is_judged_where_nothing_replaces_it() {
        let base = "docs_dir: ../pages\nsite_url: x\nnav: a\n";
        for (config, expected) in [
            (
                "INHERIT: base/a.yml\nsite_name: A\ndocs_dir: docs\nsite_url: https://h/\nnav: [index.md]\n",
                None,
            ),
            (
                "INHERIT: base/a.yml\nsite_name: A\ndocs_dir: docs\nnav: [index.md]\n",
                Some("base/a.yml:2: `site_url` `x` is not a URL"),
            ),
            (
                "INHERIT: base/a.yml\nsite_url: https://h/\ndocs_dir: docs\nnav: []\n",
                Some("base/a.yml:1: there is no `site_name`"),
            ),
            (
                "INHERIT: base/a.yml\nsite_name: A\nsite_url: https://h/\nnav: []\ndocs_dir: gone\n",
                Some("mkdocs.yml: there is no directory `gone`"),
            ),
        ] {
            let project =
                project(&[("mkdocs.yml", config), ("base/a.yml", base), ("docs/index.md", "# A\n")]);
            let inherit = "mkdocs.yml:1: the native build cannot follow this `INHERIT`, and would publish something else than mkdocs";
            assert_eq!(errors(native(&project)), [expected.unwrap_or(inherit)], "{config}");
        }
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
