//! The site that zensical makes: of a copy of the repository, since it writes the site and a cache beside mkdocs.yml and
//! takes no other place for them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::program::{Program, read_site};
use super::tree::{Hidden, read_tree};
use crate::base::path;
use crate::base::problem::Problem;
use crate::docs::{File, Sources, words};
use crate::git::io::patterns::named_by;
use crate::git::io::repository::Repository;
use crate::sys::scratch::Scratch;
use crate::sys::{files, symlink};

/// Names that no repository has: those of the config that zensical reads, which inherits mkdocs.yml, and of the site.
const CONFIG: &str = ".helm-xtask-zensical.yml";
const SITE: &str = ".helm-xtask-zensical-site";

/// The site that zensical makes of the project at `root`, or what it says against it. Nothing is written into the
/// repository. `included` are files of it that pages include. `time` stands for the clock, in seconds since 1970.
pub fn build(
    zensical: &Program,
    root: &Path,
    sources: &Sources,
    included: &[File],
    time: u64,
) -> Result<Result<Vec<File>, Vec<Problem>>> {
    let scratch = Scratch::directory()?;
    let copy = &files::absolute(scratch.path())?.join("copy");
    copy_repository(root, copy)?;
    let settings = &sources.settings;
    let docs = copy.join(&settings.docs_dir);
    write(copy, &sources.config, &files::read(&symlink::follow(&root.join(&sources.config), root)?.real)?)?;
    for file in included {
        write(copy, &file.path, &file.data)?;
    }
    for file in &sources.files {
        write(&docs, &file.path, &file.data)?;
    }
    // Not every version of zensical heeds these settings. What pages include is published with them.
    for path in named_by(&settings.kept_out, sources.files.iter().map(|file| file.path.as_str()))? {
        let below = path::join(&settings.docs_dir, &path).unwrap_or_default();
        if included.iter().all(|file| file.path != below) {
            fs::remove_file(docs.join(path))?;
        }
    }
    write(copy, CONFIG, format!("INHERIT: {}\nsite_dir: {SITE}\n", sources.config).as_bytes())?;
    let mut command = zensical.command();
    command.current_dir(copy).args(["build", "--strict", "--clean", "--config-file", CONFIG]);
    command.env("SOURCE_DATE_EPOCH", time.to_string());
    match zensical.run(command)? {
        Err(problem) => Ok(Err(vec![problem])),
        Ok(output) if !output.status.success() => {
            Ok(Err(words::zensical_problems(&output.stderr, &settings.docs_dir)))
        }
        Ok(_) => read_site(&copy.join(SITE)).map(Ok),
    }
}

/// Copies what git tracks or would track: themes, snippets and configs that mkdocs.yml may name. Links are followed
/// inside the repository.
fn copy_repository(root: &Path, copy: &Path) -> Result<()> {
    let paths = Repository::around(root).filter(|repository| repository.root() == root);
    for path in paths.map(|repository| repository.files()).transpose()?.unwrap_or_default() {
        let Ok(followed) = symlink::follow(&root.join(&path), root) else { continue };
        if followed.real.is_file() {
            let to = copy.join(&path);
            make_directory_of(&to)?;
            fs::copy(&followed.real, &to).with_context(|| format!("cannot copy `{path}`"))?;
        } else if !followed.links.is_empty() {
            // What is wrong with a link in it concerns nobody who does not use it.
            for file in read_tree(&followed.real, root, &path, Hidden::Take).value.files {
                write(copy, &path::join(&path, &file.path).unwrap_or_default(), &file.data)?;
            }
        }
    }
    Ok(())
}

fn write(directory: &Path, path: &str, data: &[u8]) -> Result<()> {
    let to = directory.join(path);
    make_directory_of(&to)?;
    fs::write(&to, data).with_context(|| format!("cannot copy `{path}`"))
}

fn make_directory_of(path: &Path) -> Result<()> {
    let directory = path.parent().unwrap_or(path);
    fs::create_dir_all(directory).with_context(|| format!("cannot make `{}`", directory.display()))
}
