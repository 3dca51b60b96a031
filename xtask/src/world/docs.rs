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

/// Builds the documentation of the repository at `root`; `None` where there is neither mkdocs.yml nor `docs/`. Nothing
/// is written into the repository. The error holds all that is wrong with the sources.
pub fn build(root: &Path, builder: Builder) -> Result<Option<Site>> {
    let root = &files::absolute(root)?;
    let config = CONFIGS.into_iter().find(|config| root.join(config).symlink_metadata().is_ok());
    if config.is_none() && !root.join("docs").is_dir() {
        return Ok(None);
    }
    let sources = read(root, config)?;
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
    let ours = docs::build(sources).err().map(|Problems(problems)| problems).unwrap_or_default();
    // Each broken link once, where its line is known.
    let said = |problem: &Problem| {
        problem.message.starts_with("mkdocs: Doc file") || problem.message.contains("'nav'")
    };
    let rest = problems.into_iter().filter(|problem| ours.is_empty() || !said(problem));
    let all: Vec<Problem> = ours.iter().cloned().chain(rest).collect();
    Err(Problems(all).into())
}
