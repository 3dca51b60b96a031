//! Where each file of the documentation goes in the site, by mkdocs' rules.

use std::collections::BTreeMap;

use super::mkdocs::Settings;
use super::{File, Sources};
use crate::base::path::{self, Reference};
use crate::base::problem::Problem;
use crate::base::text::name;

/// A file's place in the site.
#[derive(Debug)]
pub struct Place<'a> {
    pub file: &'a File,
    pub to: String,
    /// Its URL below the site's, quoted; empty for the site itself.
    pub url: String,
    pub is_page: bool,
}

/// The places of all files that are published, by the path of each below `docs_dir`.
#[derive(Debug)]
pub struct Layout<'a> {
    pub places: BTreeMap<&'a str, Place<'a>>,
    docs_dir: &'a str,
}

/// The name of a page's file without its ending; `index` for a README.
pub fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    match file.rsplit_once('.').map_or(file, |(stem, _)| stem) {
        "README" => "index",
        stem => stem,
    }
}

/// mkdocs leaves out what begins with a dot, and templates (`_default_exclude` in its `structure/files.py`).
fn is_published(path: &str) -> bool {
    !path.split('/').any(|part| part.starts_with('.')) && !path.starts_with("templates/")
}

fn is_page(path: &str) -> bool {
    [".md", ".markdown", ".mdown", ".mkdn", ".mkd"].iter().any(|ending| path.ends_with(ending))
}

/// The path in the site of a file below `docs_dir`, whether there is one or not.
pub fn destination(path: &str, settings: &Settings) -> String {
    if !is_page(path) {
        return path.to_owned();
    }
    let directory = path::directory(path);
    let stem = stem(path);
    let file = if stem == "index" || !settings.use_directory_urls {
        format!("{stem}.html")
    } else {
        format!("{stem}/index.html")
    };
    if directory.is_empty() { file } else { format!("{directory}/{file}") }
}

impl<'a> Layout<'a> {
    pub fn new(sources: &'a Sources) -> Self {
        let settings = &sources.settings;
        let place = |file: &'a File| {
            let to = destination(&file.path, settings);
            let short = to.strip_suffix("index.html").filter(|rest| rest.is_empty() || rest.ends_with('/'));
            let url = path::quote(short.filter(|_| settings.use_directory_urls).unwrap_or(&to));
            (file.path.as_str(), Place { file, to, url, is_page: is_page(&file.path) })
        };
        let published = sources.files.iter().filter(|file| is_published(&file.path));
        Self { places: published.map(place).collect(), docs_dir: &settings.docs_dir }
    }

    /// A file's path from the root of the repository.
    pub fn at(&self, source: &str) -> String {
        format!("{}/{source}", self.docs_dir)
    }

    /// What the page `source` must say in place of a reference to another file of the documentation.
    pub fn rewrite(&self, source: &str, reference: &str) -> Option<String> {
        let parts = Reference::relative(reference)
            .filter(|parts| !parts.path.is_empty() && !parts.path.starts_with('/'))?;
        let path = path::join(path::directory(source), &path::unquote(parts.path))?;
        let (from, to) = (self.places.get(source)?, self.places.get(path.as_str())?);
        Some(parts.with_path(&path::between(&from.url, &to.url)))
    }

    pub fn has_pages(&self) -> bool {
        self.places.values().any(|place| place.is_page)
    }

    /// Files that would overwrite each other, and pages that are not text.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
        for (source, place) in &self.places {
            if let Some(other) = taken.insert(&place.to, source) {
                let message = format!("it and {} both become {}", name(&self.at(other)), name(&place.to));
                let problem = Problem::error(message);
                problems.push(problem.at(self.at(source), None).hint("rename or delete one of them"));
            }
            if place.is_page && std::str::from_utf8(&place.file.data).is_err() {
                let problem = Problem::error("it is not UTF-8").at(self.at(source), None);
                problems.push(problem.hint("save it as UTF-8"));
            }
        }
        for (source, place) in &self.places {
            let mut above = path::directory(&place.to);
            while !above.is_empty() {
                if let Some(file) = taken.get(above) {
                    let problem =
                        Problem::error(format!("it needs a directory {}, which is a file", name(above)));
                    let hint = format!("rename {}", self.at(file));
                    problems.push(problem.at(self.at(source), None).hint(hint));
                }
                above = path::directory(above);
            }
        }
        problems
    }
}
