//! Finding and reading the charts of a repository, and what in them is not in the commit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::directory::{ChartDirectory, read_chart_directory};
use crate::base::config::Config;
use crate::base::path;
use crate::base::problem::{Checked, Problem};
use crate::base::text::line_feeds;
use crate::chart::source::{CHANGELOGS, Changelog, Source};
use crate::git::io::repository::{Changed, Repository};
use crate::git::object::blob_id;
use crate::sys::files;
use crate::sys::symlink::{self, Followed};

/// Where a chart lies.
#[derive(Debug)]
pub struct Place {
    /// Its path from the root, as git and the user have it.
    pub path: String,
    followed: Followed,
}

/// The charts that a release publishes, by name.
pub fn chart_places(config: &Config, root: &Path) -> Result<Checked<Vec<Place>>> {
    chart_places_in(config, &config.charts, root)
}

/// The charts in a directory, by name. One without a Chart.yaml is left out, with a warning if it would be published,
/// unless a file in it was probably meant to be one.
pub fn chart_places_in(config: &Config, directory: &str, root: &Path) -> Result<Checked<Vec<Place>>> {
    let mut places = Vec::new();
    let mut problems = Vec::new();
    for name in files::directories_and_links(&root.join(directory))? {
        let path = path::join(directory, &name).unwrap_or(name);
        let followed = match symlink::follow(&root.join(&path), root) {
            Ok(followed) if followed.real.is_dir() => followed,
            Ok(_) => continue,
            Err(refused) => {
                problems.push(refused.at(path, None));
                continue;
            }
        };
        let meant = |file: &str| followed.real.join(file).symlink_metadata().is_ok();
        if ["Chart.yaml", "Chart.yml", "chart.yaml", "chart.yml"].into_iter().any(meant) {
            places.push(Place { path, followed });
        } else if config.releases(&path) && (config.charts != "." || meant("templates")) {
            let problem =
                Problem::warning("there is no Chart.yaml, so that it is not released").at(path, None);
            problems.push(problem.hint("write one, or move the directory"));
        }
    }
    Ok(Checked::new(places, problems))
}

/// A chart that was asked for by a path, as git has it; a name stays as it is.
pub fn by_path(wanted: &str, places: &[Place]) -> String {
    let real = files::absolute(Path::new(wanted)).ok();
    let place = places.iter().find(|place| Some(&place.followed.real) == real.as_ref());
    place.map_or(wanted, |place| &place.path).to_owned()
}

/// The changelog in a directory, if it has one, and where it lies.
pub fn read_changelog(
    directory: &str,
    repository: &Repository,
) -> Result<Checked<Option<(Changelog, Followed)>>> {
    let is_there = |file: &PathBuf| repository.root().join(file).symlink_metadata().is_ok();
    let Some(file) = CHANGELOGS.map(|name| Path::new(directory).join(name)).into_iter().find(is_there) else {
        return Ok(Checked::default());
    };
    let path = file.to_string_lossy().into_owned();
    match symlink::follow(&repository.root().join(&file), repository.root()) {
        Ok(followed) => {
            let text = files::read_text(&followed.real)?;
            Ok(Checked::new(text.map(|text| (Changelog { path, text }, followed)), []))
        }
        Err(refused) => Ok(Checked::new(None, [refused.at(path, None)])),
    }
}

/// The `ci/*-values.yaml` of a chart, as chart-testing has them, by their paths from the root. Helm would read whatever
/// they are: what it should not is among the problems instead.
pub fn test_values(chart: &str, root: &Path) -> Result<Checked<Vec<String>>> {
    let mut values = Vec::new();
    let mut problems = Vec::new();
    for file in files::named(&root.join(chart).join("ci"), "-values.yaml")? {
        let path = format!("{chart}/ci/{file}");
        let odd = |error| Problem::error(format!("{error:#}")).hint("make it a file of values, or delete it");
        match symlink::follow(&root.join(&path), root).and_then(|one| files::read(&one.real).map_err(odd)) {
            Ok(_) => values.push(path),
            Err(refused) => problems.push(refused.at(path, None)),
        }
    }
    Ok(Checked::new(values, problems))
}

/// Reads the charts and asks git once what differs from the commit: in each of them, and besides them in `changelog`,
/// that of the repository, and in the charts that the commit has and the disk has not.
pub fn read_chart_sources(
    config: &Config,
    places: Vec<Place>,
    changelog: Option<&Followed>,
    repository: &Repository,
) -> Result<Checked<(Vec<Source>, Vec<String>)>> {
    let mut charts = Vec::new();
    let mut problems = Vec::new();
    for Place { path, followed } in places {
        let mut read = read_chart_directory(&followed.real, repository.root(), &path);
        read.links.extend(followed.links);
        let text = read_changelog(&path, repository)?.take(&mut problems).map(|(text, followed)| {
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
    let top = repository.root().join(&config.charts);
    let directories = all().flat_map(|read| &read.directories).chain([&top]).cloned().collect();
    let Changed { changed, converted } = repository.changed(&origins, &links, &directories)?;
    // What is packaged is the text of the commit, whatever line ends this machine has.
    for (_, read, text) in charts.iter_mut().filter(|_| !converted.is_empty()) {
        for file in &mut read.files {
            let data = line_feeds(&file.data);
            if converted
                .iter()
                .any(|(path, object)| path.ends_with(&file.path) && object.id == blob_id(&data))
            {
                file.data = data;
            }
        }
        if let Some(log) = text.as_mut().filter(|log| converted.contains_key(&log.path)) {
            log.text = log.text.replace("\r\n", "\n");
        }
    }
    let lost = changed.iter().filter_map(|changed| Some(Path::new(changed.strip_suffix("/Chart.yaml")?)));
    let lost: Vec<&Path> = lost.filter(|chart| config.releases(&chart.to_string_lossy())).collect();
    let besides = changed.iter().filter(|changed| {
        let place = repository.root().join(changed);
        let of_changelog = changelog.is_some_and(|one| one.real == place || one.links.contains(&place));
        let of_a_chart = charts.iter().any(|(path, ..)| Path::new(changed).starts_with(path));
        let of_a_lost_chart = lost.iter().any(|chart| Path::new(changed).starts_with(chart));
        of_changelog || (of_a_lost_chart && !of_a_chart)
    });
    let besides = besides.cloned().collect();
    let source = |(path, read, changelog): (String, ChartDirectory, Option<Changelog>)| {
        let read_from: BTreeSet<&PathBuf> = read.origins.iter().chain(&read.links).collect();
        let its_own = |changed: &&String| {
            let changed = repository.root().join(changed);
            read_from.contains(&changed) || read.directories.iter().any(|one| changed.starts_with(one))
        };
        let changed = changed.iter().filter(its_own).cloned().collect();
        let ChartDirectory { files, top, problems, .. } = read;
        Source { path, files, top, problems, changed, changelog, packaged: None }
    };
    Ok(Checked::new((charts.into_iter().map(source).collect(), besides), problems))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::base::config::SHOP;
    use crate::sys::scratch::Scratch;

    /// The charts of a repository with these directories, and what is warned of.
    fn places_and_warnings(charts: &str, files: &[&str]) -> (Vec<String>, Vec<String>) {
        let scratch = Scratch::directory().expect("a directory");
        for file in files {
            let path = scratch.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, "").expect("a file");
        }
        let config = SHOP.clone().charts(charts);
        let root = files::absolute(scratch.path()).expect("a path");
        let Checked { value: places, problems } = chart_places(&config, &root).expect("places");
        let warned = problems.iter().filter_map(|problem| Some(problem.place.as_ref()?.file.clone()));
        (places.into_iter().map(|place| place.path).collect(), warned.collect())
    }

    #[test]
    fn charts_may_lie_anywhere() {
        let files = [
            "web/Chart.yaml",
            "docs/a.md",
            "half/templates/a.yaml",
            ".github/x",
            "a/b/db/Chart.yaml",
            "a/b/c/d",
        ];
        for (charts, expected, warned) in
            [(".", ["web"], ["half"]), ("a/b", ["a/b/db"], ["a/b/c"]), ("./a//b", ["a/b/db"], ["a/b/c"])]
        {
            let (places, warnings) = places_and_warnings(charts, &files);
            assert_eq!(
                (&places[..], &warnings[..]),
                (&expected.map(str::to_owned)[..], &warned.map(str::to_owned)[..])
            );
        }
    }
}
