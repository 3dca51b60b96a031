//! Finding and reading the charts of a repository, and what in them is not in the commit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::chart_directory::{self, ChartDirectory};
use super::files;
use super::git::Repository;
use super::link::{self, Followed};
use crate::model::config::Config;
use crate::model::problem::Problem;
use crate::plan::release::{CHANGELOGS, Changelog, Source};

/// Where a chart lies.
#[derive(Debug)]
pub struct Place {
    /// Its path from the root, as git and the user have it.
    pub path: String,
    followed: Followed,
}

/// The directories of `charts/`, by name. One without a Chart.yaml is left out with a warning, unless a file in it was
/// probably meant to be one. Charts at the root (`.`) lie among directories that are none.
pub fn places(config: &Config, root: &Path, problems: &mut Vec<Problem>) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    let at_root = config.charts == ".";
    for name in files::directories_and_links(&root.join(config.charts))? {
        let path = if at_root { name } else { format!("{}/{name}", config.charts) };
        let followed = match link::follow(&root.join(&path), root) {
            Ok(followed) if followed.real.is_dir() => followed,
            Ok(_) => continue,
            Err((message, hint)) => {
                problems.push(Problem::error(message).at(path, None).hint(hint));
                continue;
            }
        };
        let meant = |file: &str| followed.real.join(file).symlink_metadata().is_ok();
        if ["Chart.yaml", "Chart.yml", "chart.yaml", "chart.yml"].into_iter().any(meant) {
            places.push(Place { path, followed });
        } else if !at_root {
            let problem =
                Problem::warning("there is no Chart.yaml, so that it is not released").at(path, None);
            problems.push(problem.hint("write one, or move the directory"));
        }
    }
    Ok(places)
}

/// A chart that was asked for by a path, as git has it; a name stays as it is.
pub fn by_path(wanted: &str, places: &[Place]) -> String {
    let real = files::absolute(Path::new(wanted)).ok();
    let place = places.iter().find(|place| Some(&place.followed.real) == real.as_ref());
    place.map_or(wanted, |place| &place.path).to_owned()
}

/// The changelog in a directory, and where it lies.
pub fn changelog(
    directory: &str,
    repository: &Repository,
    problems: &mut Vec<Problem>,
) -> Result<Option<(Changelog, Followed)>> {
    let is_there = |file: &PathBuf| repository.root().join(file).symlink_metadata().is_ok();
    let Some(file) = CHANGELOGS.map(|name| Path::new(directory).join(name)).into_iter().find(is_there) else {
        return Ok(None);
    };
    let path = file.to_string_lossy().into_owned();
    match link::follow(&repository.root().join(&file), repository.root()) {
        Ok(followed) => {
            Ok(files::read_text(&followed.real)?.map(|text| (Changelog { path, text }, followed)))
        }
        Err((message, hint)) => {
            problems.push(Problem::error(message).at(path, None).hint(hint));
            Ok(None)
        }
    }
}

/// Reads the charts and asks git once what differs from the commit: in each of them, and besides them in `changelog`,
/// that of the repository, and in the charts that the commit has and the disk has not.
pub fn sources(
    config: &Config,
    places: Vec<Place>,
    changelog: Option<&Followed>,
    repository: &Repository,
    problems: &mut Vec<Problem>,
) -> Result<(Vec<Source>, Vec<String>)> {
    let mut charts = Vec::new();
    for Place { path, followed } in places {
        let mut read = chart_directory::read(&followed.real, repository.root(), &path);
        read.links.extend(followed.links);
        let text = self::changelog(&path, repository, problems)?.map(|(text, followed)| {
            read.origins.push(followed.real);
            read.links.extend(followed.links);
            text
        });
        charts.push((path, read, text));
    }
    let all = || charts.iter().map(|(_, read, _)| read);
    let origins: Vec<PathBuf> =
        all().flat_map(|read| &read.origins).chain(changelog.map(|one| &one.real)).cloned().collect();
    let links: BTreeSet<PathBuf> = all()
        .flat_map(|read| &read.links)
        .chain(changelog.iter().flat_map(|one| &one.links))
        .cloned()
        .collect();
    let top = repository.root().join(config.charts);
    let directories = all().flat_map(|read| &read.directories).chain([&top]).cloned().collect();
    let changed = repository.changed(&origins, &links, &directories)?;
    let besides = changed.iter().filter(|changed| {
        let place = repository.root().join(changed);
        let of_changelog = changelog.is_some_and(|one| one.real == place || one.links.contains(&place));
        let of_a_chart = charts.iter().any(|(path, ..)| Path::new(changed).starts_with(path));
        of_changelog || (place.starts_with(&top) && !of_a_chart)
    });
    let besides = besides.cloned().collect();
    let source = |(path, read, changelog): (String, ChartDirectory, Option<Changelog>)| {
        let read_from: BTreeSet<&PathBuf> = read.origins.iter().chain(&read.links).collect();
        let its_own = |changed: &&String| {
            let changed = repository.root().join(changed);
            read_from.contains(&changed) || read.directories.iter().any(|one| changed.starts_with(one))
        };
        let changed = changed.iter().filter(its_own).cloned().collect();
        Source { path, files: read.files, problems: read.problems, changed, changelog }
    };
    Ok((charts.into_iter().map(source).collect(), besides))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::Versions;
    use crate::world::scratch::Scratch;

    #[test]
    fn charts_at_the_root_lie_among_directories_that_are_none() {
        let scratch = Scratch::directory().expect("a directory");
        let root = scratch.path();
        for directory in ["web", "hack", ".github"] {
            std::fs::create_dir_all(root.join(directory)).expect("a directory");
        }
        std::fs::write(root.join("web/Chart.yaml"), "").expect("a file");
        let config = Config {
            repository: "o/r",
            charts: ".",
            pages: "https://o.github.io/r",
            branch: "gh-pages",
            reserved: &[],
            oci: "oci://ghcr.io/o/charts",
            versions: Versions::Verify,
        };
        let mut problems = Vec::new();
        let places = places(&config, root, &mut problems).expect("charts");
        assert_eq!(places.iter().map(|place| place.path.as_str()).collect::<Vec<_>>(), ["web"]);
        assert_eq!(problems, []);
    }
}
