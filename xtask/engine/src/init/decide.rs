//! The config that follows from what a repository shows: one answer for each field, with its reason.

use super::charts::{Chart, below_directory, directories};
use super::published::{Index, Listed, below_url};
use super::registry::{expanded, is_of};
use super::setting::Setting;
use super::tags::{application, find_pattern, of_template};
use super::today::{Publisher, Sourced, When};
use super::warnings::{Outcome, warnings};
use super::{Answer, Asked, Decision, Seen};
use crate::base::config::{Archives, Builder, Config, Versions, is_oci_base};
use crate::base::problem::{Checked, Problem};
use crate::base::tag;
use crate::base::target::Target;
use crate::base::text::{counted, few, name};

/// Decides all of it.
pub fn decide(seen: &Seen, asked: &Asked) -> Checked<Decision> {
    let (repository, origin) = &seen.repository;
    let usual = Config::new(repository.clone());
    let case = Case { seen, asked, usual: &usual };
    let (directories, of_charts) = case.charts();
    let charts: Vec<&Chart> =
        directories.iter().flat_map(|place| below_directory(place, &seen.charts)).collect();
    let index = seen.index(&charts, &case.pages().0);
    let (versions, of_versions) = case.versions(&charts);
    let (targets, of_targets) = case.targets(index);
    let pages = targets.contains(&Target::Pages);
    let mut answers = vec![
        Answer { what: format!("repository {repository}"), why: origin.clone(), setting: None },
        of_charts,
    ];
    if pages {
        answers.extend(case.of_pages(index));
    }
    answers.push(of_targets);
    answers.extend(targets.contains(&Target::Oci).then(|| case.of_registry()));
    answers.push(of_versions);
    let (patterns, of_tags) = case.tags(&charts, index, versions);
    answers.push(of_tags);
    answers.extend(case.docs());
    let (when, of_when) = case.when(versions, &charts, &patterns);
    answers.push(of_when);
    let mut problems: Vec<Problem> =
        answers.iter_mut().filter_map(|answer| unusable(&usual, answer)).collect();
    if versions != Versions::Verify && asked.release_on == Some(When::Merge) {
        let problem =
            Problem::usage("a release on merge takes the versions from Chart.yaml, and here tags have them");
        problems.push(problem.hint("--release-on tag, or --versions verify"));
    }
    let settings = answers.iter().filter_map(|answer| answer.setting.as_ref());
    let config = settings.fold(usual.clone(), |config, setting| setting.apply(config));
    if !problems.iter().any(Problem::is_error) {
        problems.extend(config.problems());
    }
    let outcome = Outcome { charts: &charts, index, targets: &targets, when };
    problems.extend(warnings(seen, asked, &outcome));
    let default_branch = seen.default_branch.clone();
    let has_root_chart = charts.iter().any(|chart| chart.path == ".");
    let has_v = charts.iter().any(|chart| chart.version.starts_with('v'));
    let decision = Decision { config, answers, when, default_branch, has_root_chart, has_v };
    Checked::new(decision, problems)
}

/// Says why a value cannot be: one that was asked for is wrong usage, and one that was found is left out.
fn unusable(usual: &Config, answer: &mut Answer) -> Option<Problem> {
    let setting = answer.setting.as_ref()?;
    let problem = setting.apply(usual.clone()).problems().into_iter().next()?;
    let option = format!("--{}", setting.setter().replace('_', "-"));
    if answer.why.starts_with("--") {
        let problem = Problem::usage(format!("{} cannot be: {}", answer.why, problem.message));
        return Some(problem.hint(format!("helm-xtask init --help says what {option} takes")));
    }
    answer.setting = None;
    let message = format!("{} is left out: {}, found by {}", answer.what, problem.message, answer.why);
    Some(Problem::warning(message).hint(format!("say it by {option}")))
}

/// What is decided about.
#[derive(Clone, Copy)]
struct Case<'a> {
    seen: &'a Seen,
    asked: &'a Asked,
    /// The config without any setting.
    usual: &'a Config,
}

fn answer(what: impl Into<String>, why: impl Into<String>, setting: Option<Setting>) -> Answer {
    Answer { what: what.into(), why: why.into(), setting }
}

impl<'a> Case<'a> {
    fn charts(self) -> (Vec<String>, Answer) {
        let (places, why) = self.places();
        let count = places.iter().flat_map(|place| below_directory(place, &self.seen.charts)).count();
        let what = format!("{} in {}", counted(count, "chart"), few(&places));
        let setting = (places != self.usual.charts).then(|| Setting::Charts(places.clone()));
        (places, answer(what, why, setting))
    }

    /// Where the charts are, and why.
    fn places(self) -> (Vec<String>, String) {
        let has_charts = |place: &str| below_directory(place, &self.seen.charts).next().is_some();
        let plain = |text: &str| {
            Some(text.trim_start_matches("./").trim_end_matches('/').to_owned())
                .filter(|text| !text.is_empty())
                .unwrap_or_else(|| ".".to_owned())
        };
        if let Some(asked) = &self.asked.charts {
            return (asked.iter().map(|place| plain(place)).collect(), "--charts".to_owned());
        }
        let named: Vec<&Sourced<String>> =
            self.seen.today.charts_dirs.iter().filter(|(place, _)| has_charts(place)).collect();
        if let [(_, source), ..] = named.as_slice() {
            return (
                named.iter().map(|(place, _)| plain(place)).collect(),
                format!("`charts_dir` at {source}"),
            );
        }
        if let Some(one) = self.publisher("chart-releaser").filter(|_| has_charts("charts")) {
            return (vec!["charts".to_owned()], format!("the default of {} at {}", one.what, one.place()));
        }
        let tested: Vec<&Sourced<String>> =
            self.seen.tested.iter().filter(|(place, _)| has_charts(place)).collect();
        if let [(_, source), ..] = tested.as_slice() {
            let places = tested.iter().map(|(place, _)| plain(place)).collect();
            return (places, format!("`chart-dirs` at {source}"));
        }
        let is_chart = |path: &str| self.seen.charts.iter().any(|chart| chart.path == path);
        let packaged: Vec<&Sourced<String>> =
            self.seen.today.packaged.iter().filter(|(path, _)| is_chart(path)).collect();
        if let [(_, source), ..] = packaged.as_slice() {
            let mut paths: Vec<String> = packaged.iter().map(|(path, _)| path.clone()).collect();
            paths.sort();
            paths.dedup();
            return (directories(&paths, &self.seen.files), format!("`helm package` at {source}"));
        }
        let all: Vec<String> = self.seen.charts.iter().map(|chart| chart.path.clone()).collect();
        let places = directories(&all, &self.seen.files);
        let why = "each Chart.yaml outside of other charts, tests and examples";
        (if places.is_empty() { self.usual.charts.clone() } else { places }, why.to_owned())
    }

    /// A step that publishes, by a part of its name.
    fn publisher(self, part: &str) -> Option<&'a Publisher> {
        self.seen.today.publishers.iter().find(|one| one.what.contains(part))
    }

    /// What there is of a setting of an action that publishes, or of cr.yaml.
    fn setting(self, key: &str) -> Option<&'a Sourced<String>> {
        self.seen.today.settings.get(key).filter(|(value, _)| !value.is_empty())
    }

    /// Branch, address, name and archives of the Helm repository.
    fn of_pages(self, index: Option<&Index>) -> Vec<Answer> {
        let (branch, why) = &self.seen.branch_name;
        let setting = (*branch != self.usual.branch).then(|| Setting::Branch(branch.clone()));
        let mut answers = vec![answer(format!("branch {branch}"), why, setting)];
        let (path, of_path) = self.helm_path(index);
        answers.push(of_path);
        answers.extend(self.address(&path, index));
        answers.extend(self.helm_name());
        answers.push(self.archives(index));
        answers
    }

    fn helm_path(self, index: Option<&Index>) -> (String, Answer) {
        let (path, why) = if let Some(asked) = &self.asked.helm_path {
            (
                if asked == "." { String::new() } else { asked.trim_matches('/').to_owned() },
                "--helm-path".to_owned(),
            )
        } else if let Some(index) = index {
            (
                index.place().to_owned(),
                format!("{} lists {}", index.path, counted(index.versions.len(), "version")),
            )
        } else if let Some((path, source)) = self.setting("pages_index_path") {
            let path = path.trim_start_matches("./");
            (crate::base::path::directory(path).to_owned(), format!("`pages-index-path` at {source}"))
        } else if let Some(one) = self.publisher("chart-releaser") {
            (String::new(), format!("the default of {} at {}", one.what, one.place()))
        } else {
            (self.usual.helm_path.clone(), "the branch has no index.yaml".to_owned())
        };
        let place = if path.is_empty() { "the root".to_owned() } else { format!("{path}/") };
        let setting = (path != self.usual.helm_path).then(|| Setting::HelmPath(path.clone()));
        let what = format!("Helm repository at {place} of {}", self.seen.branch_name.0);
        (path, answer(what, why, setting))
    }

    /// Where the branch is served, as far as somebody says so.
    fn pages(self) -> (String, String) {
        let domain = self.seen.branch.as_ref().and_then(|branch| branch.domain.as_ref());
        match (&self.asked.pages, domain) {
            (Some(url), _) => (url.trim_end_matches('/').to_owned(), "--pages".to_owned()),
            (None, Some(domain)) => {
                (format!("https://{domain}"), format!("CNAME on {}", self.seen.branch_name.0))
            }
            (None, None) => (self.usual.pages.clone(), String::new()),
        }
    }

    /// Where users find the Helm repository, if it is not where GitHub would serve it.
    fn address(self, path: &str, index: Option<&Index>) -> Vec<Answer> {
        let (pages, why) = self.pages();
        let setting = (pages != self.usual.pages).then(|| Setting::Pages(pages.clone()));
        let named = setting.map(|setting| answer(format!("pages at {pages}"), why, Some(setting)));
        let mut answers: Vec<Answer> = named.into_iter().collect();
        let expected = below_url(&pages, path);
        if let Some(url) = &self.asked.helm_url {
            answers.push(answer(
                format!("Helm repository {url}"),
                "--helm-url",
                Some(Setting::HelmUrl(url.clone())),
            ));
            return answers;
        }
        let Some(((_, url), source)) = self.seen.addresses.repository.as_ref().filter(|_| index.is_some())
        else {
            return answers;
        };
        if url.eq_ignore_ascii_case(&expected) {
            return answers;
        }
        let setting = Some(Setting::HelmUrl(url.clone()));
        let why = format!("`helm repo add` at {source}");
        answers.push(answer(format!("Helm repository {url}"), why, setting));
        answers
    }

    fn helm_name(self) -> Option<Answer> {
        let documented = self.seen.addresses.repository.as_ref();
        let (alias, why) = match (&self.asked.helm_name, documented) {
            (Some(asked), _) => (asked.clone(), "--helm-name".to_owned()),
            (None, Some(((alias, _), source))) => (alias.clone(), format!("`helm repo add` at {source}")),
            (None, None) => return None,
        };
        let setting = (alias != self.usual.helm_name).then(|| Setting::HelmName(alias.clone()));
        Some(answer(format!("name {alias} for `helm repo add`"), why, setting))
    }

    fn archives(self, index: Option<&Index>) -> Answer {
        let in_releases = "archives in GitHub Releases";
        let on_branch = "archives beside index.yaml";
        let releases = Some(Setting::ArchivesInReleases);
        match (self.asked.archives, index, self.publisher("chart-releaser")) {
            (Some(Archives::Releases), ..) => answer(in_releases, "--archives", releases),
            (Some(Archives::Branch), ..) => answer(on_branch, "--archives", None),
            (None, Some(index), _) if index.has_archives_in_releases() => {
                answer(in_releases, "the newest versions of index.yaml lead there", releases)
            }
            (None, None, Some(one))
                if self.setting("packages_with_index").is_none_or(|(value, _)| value != "true") =>
            {
                answer(in_releases, format!("the default of {} at {}", one.what, one.place()), releases)
            }
            (None, Some(_), _) => answer(on_branch, "the newest versions of index.yaml lead there", None),
            (None, None, _) => answer(on_branch, "the default", None),
        }
    }

    /// Where a release goes: where it has gone so far, and everywhere where nothing is published yet.
    fn targets(self, index: Option<&Index>) -> (Vec<Target>, Answer) {
        let (mut targets, why) = self.found_targets(index);
        let has_releases = self.asked.archives == Some(Archives::Releases)
            || index.is_some_and(Index::has_archives_in_releases);
        if has_releases && targets.contains(&Target::Pages) && !targets.contains(&Target::Github) {
            targets.push(Target::Github);
        }
        targets.sort_unstable();
        targets.dedup();
        let named: Vec<String> = targets.iter().map(ToString::to_string).collect();
        let setting = (targets != self.usual.targets).then(|| Setting::Targets(targets.clone()));
        let answer = answer(format!("targets: {}", named.join(", ")), why, setting);
        (targets, answer)
    }

    /// What makes GitHub Releases of charts, as far as one can tell it from what makes those of an application.
    fn releaser(self) -> Option<&'a Publisher> {
        let repository = self.seen.repository.0.to_lowercase();
        let is_for_charts = repository.contains("chart") || repository.contains("helm");
        let is_of_charts = |one: &Publisher| one.is_of_charts || one.is_beside_charts || is_for_charts;
        let mut publishers = self.seen.today.publishers.iter();
        publishers.find(|one| one.targets.contains(&Target::Github) && is_of_charts(one))
    }

    fn found_targets(self, index: Option<&Index>) -> (Vec<Target>, String) {
        if let Some(asked) = &self.asked.targets {
            return (asked.clone(), "--targets".to_owned());
        }
        let by = |one: &Publisher| format!("{} at {}", name(&one.what), one.place());
        let mut publishers = self.seen.today.publishers.iter();
        let of_charts = publishers.find(|one| one.targets.contains(&Target::Pages) && one.is_of_charts);
        let oci = self.registry().map(|(_, why)| why);
        let pages = index.map(|index| index.path.clone()).or_else(|| of_charts.map(by));
        let releases = index.filter(|index| index.has_archives_in_releases());
        let github = releases.map(|_| "archives are there".to_owned()).or_else(|| self.releaser().map(by));
        let found = [(Target::Oci, oci), (Target::Pages, pages), (Target::Github, github)];
        let found: Vec<(Target, String)> =
            found.into_iter().filter_map(|(target, why)| Some((target, why?))).collect();
        let is_charts = found.iter().any(|(target, _)| *target != Target::Github);
        if !is_charts && let Some(((_, url), source)) = &self.seen.addresses.repository {
            let why = format!("users add {url}, {source}, which is not here");
            return (vec![Target::Oci, Target::Github], why);
        }
        if !is_charts && self.seen.today.publishers.iter().any(|one| one.targets.contains(&Target::Oci)) {
            return (vec![Target::Pages, Target::Github], "the registry cannot be read".to_owned());
        }
        if !is_charts {
            return (self.usual.targets.clone(), "nothing is seen to publish charts".to_owned());
        }
        let why = found.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>().join("; ");
        (found.iter().map(|(target, _)| *target).collect(), why)
    }

    /// The registry that charts are pushed to, as far as it can be read.
    fn registry(self) -> Option<(String, String)> {
        if let Some(asked) = &self.asked.oci {
            return Some((asked.clone(), "--oci".to_owned()));
        }
        let repository = self.seen.repository.0.to_lowercase();
        let owner = repository.split('/').next().unwrap_or_default();
        let publishers = &self.seen.today.publishers;
        let usual_first = publishers
            .iter()
            .filter(|one| !one.is_elsewhere)
            .chain(publishers.iter().filter(|one| one.is_elsewhere));
        let pushed = usual_first.into_iter().find_map(|one| {
            let url = expanded(one.destination.as_deref()?, owner, &repository);
            is_oci_base(&url).then(|| (url, format!("{} at {}", name(&one.what), one.place())))
        });
        let documented = self.seen.addresses.registry.as_ref().filter(|(url, _)| is_of(url, owner));
        pushed.or_else(|| documented.map(|(url, source)| (url.clone(), format!("`helm` at {source}"))))
    }

    fn of_registry(self) -> Answer {
        let (url, why) =
            self.registry().unwrap_or_else(|| (self.usual.oci.clone(), "the default".to_owned()));
        let setting = (url != self.usual.oci).then(|| Setting::Oci(url.clone()));
        answer(format!("registry {url}"), why, setting)
    }

    fn versions(self, charts: &[&Chart]) -> (Versions, Answer) {
        let placeholder = charts.iter().find(|chart| chart.has_placeholder());
        let at_tag =
            self.seen.at_tags.iter().find(|(tag, version)| tag.ends_with(version.trim_start_matches('v')));
        let (versions, why) = if let Some(asked) = self.asked.versions {
            (asked, "--versions".to_owned())
        } else if self.publisher("chart-releaser").is_some() {
            (Versions::Verify, "chart-releaser takes them from there".to_owned())
        } else if let Some((versions, source)) = &self.seen.today.versions {
            (*versions, format!("the step at {source} writes them"))
        } else if let Some((tag, version)) = at_tag {
            (Versions::Verify, format!("it has {version} at the tag {tag}"))
        } else if let Some(chart) = placeholder.filter(|_| !self.seen.at_tags.is_empty()) {
            (Versions::Stamp, format!("{} has {} at the newest tags too", chart.path, chart.version))
        } else {
            (Versions::Verify, "no step of a workflow is seen to change them".to_owned())
        };
        let what = match versions {
            Versions::Verify => "versions as Chart.yaml has them",
            Versions::Stamp => "versions of tags, for `version` and `appVersion`",
            Versions::StampVersion => "versions of tags, for `version` alone",
        };
        let setting = (versions != self.usual.versions).then_some(Setting::Versions(versions));
        (versions, answer(what, why, setting))
    }

    fn tags(self, charts: &[&Chart], index: Option<&Index>, versions: Versions) -> (Vec<String>, Answer) {
        let known = find_pattern(&self.seen.tags, &self.released(charts, index));
        let template =
            self.setting("release_name_template").and_then(|(text, at)| Some((of_template(text)?, at)));
        let is_releaser = self.publisher("chart-releaser").is_some();
        let (patterns, why) = if let Some(asked) = &self.asked.tags {
            (asked.clone(), "--tags".to_owned())
        } else if let Some(known) = known {
            let is_named = tag::is_for_one(&known.pattern) || !differ(charts) || versions != Versions::Verify;
            let pattern = if is_named { known.pattern } else { format!("{{name}}-{}", known.pattern) };
            let beside = if is_named { "" } else { ", without the name that several charts need" };
            (vec![pattern], format!("{} of them, such as {}{beside}", known.count, known.example))
        } else if let Some((pattern, source)) = template {
            (vec![pattern], format!("`release-name-template` at {source}"))
        } else if is_releaser {
            (vec!["{name}-{version}".to_owned()], "the default of chart-releaser".to_owned())
        } else if let Some(tag) = application(&self.seen.tags).filter(|_| versions == Versions::Verify) {
            (
                vec!["{name}-{version}".to_owned()],
                format!("tags such as {tag} are no versions of these charts"),
            )
        } else {
            (self.usual.tags.0.clone(), "the default".to_owned())
        };
        let setting = (patterns != self.usual.tags.0).then(|| Setting::Tags(patterns.clone()));
        let answer = answer(format!("tags {}", few(&patterns)), why, setting);
        (patterns, answer)
    }

    /// The versions that an index lists of these charts; where it lists none, those of Chart.yaml, here or at the newest tags.
    fn released(self, charts: &[&Chart], index: Option<&Index>) -> Vec<Listed> {
        let is_ours = |one: &&Listed| charts.iter().any(|chart| chart.name == one.name);
        let listed = index.into_iter().flat_map(|index| &index.versions).filter(is_ours);
        let listed: Vec<Listed> = listed.cloned().collect();
        if !listed.is_empty() {
            return listed;
        }
        let of = |chart: &Chart, version: &str| Listed {
            name: chart.name.clone(),
            version: version.to_owned(),
            url: String::new(),
        };
        let placeholder = charts.iter().find(|chart| chart.has_placeholder());
        let at_tags = placeholder
            .into_iter()
            .flat_map(|chart| self.seen.at_tags.iter().map(|(_, version)| of(chart, version)));
        charts
            .iter()
            .map(|chart| of(chart, &chart.version))
            .filter(|_| placeholder.is_none())
            .chain(at_tags)
            .collect()
    }

    fn docs(self) -> Option<Answer> {
        let has = |names: &[&str]| self.seen.files.iter().find(|file| names.contains(&file.as_str()));
        let file = has(&["mkdocs.yml", "mkdocs.yaml"])?;
        let other = has(&[".readthedocs.yaml", ".readthedocs.yml", "catalog-info.yaml"]);
        let (builder, why) = match (self.asked.docs, &self.seen.today.docs, other) {
            (Some(asked), ..) => (asked.builder(), "--docs".to_owned()),
            (None, Some((program, at)), _) => {
                let builder = match *program {
                    "mkdocs" => Some(Builder::Mkdocs),
                    "zensical" => Some(Builder::Zensical),
                    _ => None,
                };
                (builder, format!("{program} at {at}"))
            }
            (None, None, Some(other)) => (None, format!("{other} is for another tool")),
            (None, None, None) if self.seen.branch.is_some() => {
                (None, "no workflow is seen to build it, and what is published stays".to_owned())
            }
            (None, None, None) => (Some(Builder::Native), "nothing is published yet".to_owned()),
        };
        let setting = (builder != self.usual.docs).then_some(Setting::Docs(builder));
        let by = builder.map_or("left to another tool".to_owned(), |builder| {
            format!("built by {builder:?}").to_lowercase()
        });
        Some(answer(format!("documentation, {file}, {by}"), why, setting))
    }

    fn when(self, versions: Versions, charts: &[&Chart], patterns: &[String]) -> (When, Answer) {
        let placeholder = charts.iter().find(|chart| chart.has_placeholder());
        let has_names = patterns.iter().any(|pattern| tag::is_for_one(pattern));
        let (when, why) = match (self.asked.release_on, &self.seen.today.when) {
            (Some(asked), _) => (asked, "--release-on".to_owned()),
            (None, _) if versions != Versions::Verify => (When::Tag, "the tag has the version".to_owned()),
            (None, _) if placeholder.is_some() => {
                (When::Tag, "Chart.yaml has no version here that could be released".to_owned())
            }
            (None, Some((when, at))) => (*when, format!("{at} does so")),
            (None, None) if self.publisher("chart-releaser").is_some() => {
                (When::Merge, "chart-releaser makes the tags".to_owned())
            }
            (None, None) if charts.len() > 1 && has_names => {
                (When::Merge, "several charts, each with tags of its own".to_owned())
            }
            (None, None) => (When::Tag, "one tag releases all charts".to_owned()),
        };
        let what = match when {
            When::Merge => format!("releases on merge into {}", self.seen.default_branch),
            When::Tag => "releases by tags that are pushed".to_owned(),
        };
        (when, answer(what, why, None))
    }
}

/// Whether charts have versions of their own.
fn differ(charts: &[&Chart]) -> bool {
    charts.iter().any(|one| charts.iter().any(|other| one.version != other.version))
}
