//! Finding and reading the charts of a repository, and what in them is not in the commit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::directory::{ChartDirectory, read_chart_directory};
use super::local::{Local, package_locals, read_locals};
use crate::base::config::{Config, THE_CONFIG};
use crate::base::path;
use crate::base::problem::{Checked, Problem, Severity};
use crate::base::text::{line_feeds, name};
use crate::chart::ignore::Kind;
use crate::chart::repository_root;
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

impl Place {
    /// Where it is, without links.
    pub fn directory(&self) -> &Path {
        &self.followed.real
    }
}

/// The charts in these directories, each once; those of the config are the ones that a release publishes.
pub fn chart_places(config: &Config, directories: &[String], root: &Path) -> Result<Checked<Vec<Place>>> {
    let mut places: Vec<Place> = Vec::new();
    let mut problems = Vec::new();
    for directory in directories {
        let found = places_in(config, directory, root)?.take(&mut problems);
        let is_new = |place: &Place| places.iter().all(|known| known.path != place.path);
        let found: Vec<Place> = found.into_iter().filter(is_new).collect();
        places.extend(found);
    }
    if is_chart(root) && !config.releases(".") {
        let message = "this chart is not released: the config does not name the root as a place of charts";
        let problem = Problem::warning(message).at("Chart.yaml", None);
        let problem =
            problem.hint("write `.charts([\".\"])` in the config; charts/ beside it holds its sub-charts");
        let severity = if places.is_empty() { Severity::Error } else { Severity::Warning };
        problems.push(Problem { severity, ..problem });
    }
    Ok(Checked::new(places, problems))
}

/// Whether a directory has a Chart.yaml, or what was probably meant to be one.
fn is_chart(directory: &Path) -> bool {
    let names = ["Chart.yaml", "Chart.yml", "chart.yaml", "chart.yml"];
    names.into_iter().any(|name| directory.join(name).symlink_metadata().is_ok())
}

/// The chart that a directory is, else those in it, by name. One without a Chart.yaml is left out, with a warning if it would
/// be published.
fn places_in(config: &Config, directory: &str, root: &Path) -> Result<Checked<Vec<Place>>> {
    let at = root.join(directory);
    if at.symlink_metadata().is_err() {
        let message = format!("there is no directory {}, where the config has charts", name(directory));
        let hint = format!("make it, or take it out of `charts`: mkdir -p {directory}");
        return Ok(Checked::new(Vec::new(), [Problem::warning(message).at(THE_CONFIG, None).hint(hint)]));
    }
    if at.is_file() {
        let message = format!("{} is a file, where the config has a directory", name(directory));
        let above = Some(path::directory(directory)).filter(|above| !above.is_empty()).unwrap_or(".");
        let problem = Problem::error(message).at(THE_CONFIG, None);
        return Ok(Checked::new(Vec::new(), [problem.hint(format!("name its directory: `{above}`"))]));
    }
    if is_chart(&at) {
        return Ok(match symlink::follow(&at, root) {
            Ok(followed) => Checked::new(vec![Place { path: directory.to_owned(), followed }], []),
            Err(refused) => Checked::new(Vec::new(), [refused.at(directory, None)]),
        });
    }
    let mut places = Vec::new();
    let mut problems = Vec::new();
    for name in files::directories_and_links(&at)? {
        let path = if directory == "." { name } else { path::below(directory, &name) };
        let followed = match symlink::follow(&root.join(&path), root) {
            Ok(followed) if followed.real.is_dir() => followed,
            Ok(_) => continue,
            Err(refused) => {
                problems.push(refused.at(path, None));
                continue;
            }
        };
        let is_above = |other: &String| *other == path || path::strip(&path, other).is_some();
        let is_meant = || directory != "." || followed.real.join("templates").symlink_metadata().is_ok();
        if is_chart(&followed.real) {
            places.push(Place { path, followed });
        } else if config.releases(&path) && !config.charts.iter().any(is_above) && is_meant() {
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
    let is_there = |file: &String| repository.root().join(file).symlink_metadata().is_ok();
    let files = CHANGELOGS.map(|name| path::below(directory, name));
    let Some(path) = files.into_iter().find(is_there) else {
        return Ok(Checked::default());
    };
    let file = repository.root().join(&path);
    match symlink::follow(&file, repository.root()) {
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
        let path = path::below(chart, &format!("ci/{file}"));
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
        read.problems.extend(repository_root::made(&read.rules, &read.top, true).filter(|_| path == "."));
        read.links.extend(followed.links);
        let directory = repository.root().join(&path);
        let is_tracked = |file: &str| repository.tracks(&followed.real.join(file));
        let locals =
            read_locals(&read, &directory, repository.root(), &path, is_tracked).take(&mut read.problems);
        read = locals.replace(read, &followed.real);
        for Local { read: local, .. } in &locals.all {
            read.origins.extend(local.origins.iter().cloned());
            read.links.extend(local.links.iter().cloned());
            read.directories.extend(local.directories.iter().cloned());
        }
        // At the root it is that of the repository.
        let own = if path == "." { Checked::default() } else { read_changelog(&path, repository)? };
        let text = own.take(&mut problems).map(|(text, followed)| {
            read.origins.push(followed.real);
            read.links.extend(followed.links);
            text
        });
        charts.push((path, read, text, locals.all));
    }
    let all = || charts.iter().map(|(_, read, ..)| read);
    let origins: Vec<PathBuf> =
        all().flat_map(|read| &read.origins).chain(changelog.map(|one| &one.real)).cloned().collect();
    let links: BTreeSet<PathBuf> = all()
        .flat_map(|read| &read.links)
        .chain(changelog.iter().flat_map(|one| &one.links))
        .cloned()
        .collect();
    let tops: Vec<PathBuf> = config.charts.iter().map(|charts| repository.root().join(charts)).collect();
    let directories = all().flat_map(|read| &read.directories).chain(&tops).cloned().collect();
    let Changed { changed, converted } = repository.changed(&origins, &links, &directories)?;
    // What is packaged is the text of the commit, whatever line ends this machine has.
    for (_, read, text, locals) in charts.iter_mut().filter(|_| !converted.is_empty()) {
        let locals = locals.iter_mut().flat_map(|local| &mut local.read.files);
        for file in read.files.iter_mut().chain(locals) {
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
    let lost = changed.iter().filter_map(|changed| match changed.as_str() {
        "Chart.yaml" => Some("."),
        other => other.strip_suffix("/Chart.yaml"),
    });
    let lost: Vec<&str> = lost.filter(|chart| config.releases(chart)).collect();
    let besides = changed.iter().filter(|changed| {
        let place = repository.root().join(changed);
        let of_changelog = changelog.is_some_and(|one| one.real == place || one.links.contains(&place));
        let of_a_chart = charts.iter().any(|(path, ..)| path::strip(path, changed).is_some());
        let of_a_lost_chart = lost.iter().any(|chart| path::strip(chart, changed).is_some());
        of_changelog || (of_a_lost_chart && !of_a_chart)
    });
    let besides = besides.cloned().collect();
    let source =
        |(path, read, changelog, locals): (String, ChartDirectory, Option<Changelog>, Vec<Local>)| {
            let read_from: BTreeSet<&PathBuf> = read.origins.iter().chain(&read.links).collect();
            let its_own = |changed: &&String| {
                let is_packaged =
                    path::strip(&path, changed).is_none_or(|file| !read.rules.drop(file, Kind::File));
                let changed = repository.root().join(changed);
                let is_below = || read.directories.iter().any(|one| changed.starts_with(one));
                read_from.contains(&changed) || is_packaged && is_below()
            };
            let changed = changed.iter().filter(its_own).cloned().collect();
            let ChartDirectory { files, top, rules, dropped, mut problems, .. } = read;
            let local = package_locals(locals).take(&mut problems);
            Source { path, files, top, rules, dropped, problems, changed, changelog, local, packaged: None }
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
        let config = SHOP.clone().charts(charts.split(' '));
        let root = files::absolute(scratch.path()).expect("a path");
        let Checked { value: places, problems } =
            chart_places(&config, &config.charts, &root).expect("places");
        let warned = problems.iter().filter_map(|problem| Some(problem.place.as_ref()?.file.clone()));
        (places.into_iter().map(|place| place.path).collect(), warned.collect())
    }

    #[test]
    fn each_chart_is_found_once() {
        let files = [
            "charts/web/Chart.yaml",
            "charts/web/charts/sub/Chart.yaml",
            "charts/library/db/Chart.yaml",
            "charts/half/x",
            "one/Chart.yaml",
            "one/two/Chart.yaml",
        ];
        for (charts, expected, warned) in [
            ("charts", &["charts/web"][..], &["charts/half", "charts/library"][..]),
            ("charts charts/library", &["charts/web", "charts/library/db"], &["charts/half"]),
            ("charts/library charts", &["charts/library/db", "charts/web"], &["charts/half"]),
            ("one", &["one"], &[]),
            (". one", &["one"], &[]),
            ("one no", &["one"], &["the config"]),
        ] {
            let (places, warnings) = places_and_warnings(charts, &files);
            assert_eq!((places, warnings), (owned(expected), owned(warned)), "{charts}");
        }
    }

    #[test]
    fn a_chart_at_the_root_hides_its_sub_charts() {
        let files = ["Chart.yaml", "charts/sub/Chart.yaml", "web/Chart.yaml", "library/db/Chart.yaml"];
        for (charts, expected, warned) in [
            (".", &["."][..], &[][..]),
            (". library", &[".", "library/db"], &[]),
            ("charts", &["charts/sub"], &["Chart.yaml"]),
            ("library", &["library/db"], &["Chart.yaml"]),
        ] {
            let (places, warnings) = places_and_warnings(charts, &files);
            assert_eq!((places, warnings), (owned(expected), owned(warned)), "{charts}");
        }
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
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
