//! How a repository releases its charts today, as far as its workflows and the configuration of chart-releaser say.

use std::collections::BTreeMap;

use crate::base::config::{Config, Versions};
use crate::base::target::Target;
use crate::base::yaml;
use crate::check::workflows::publishers::{self, publishers};
use crate::ci::workflow::{Step, Workflow};

/// When a release is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// With each push to the default branch that brings a new version.
    Merge,
    /// With each tag that is pushed.
    Tag,
}

/// A step that publishes by other means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    pub file: String,
    pub line: usize,
    /// The action or the command.
    pub what: String,
    pub targets: Vec<Target>,
    /// Where it publishes, as it is written.
    pub destination: Option<String>,
    /// Whether it goes to another registry than the usual one.
    pub is_elsewhere: bool,
    /// Whether it is made for charts, by its name.
    pub is_of_charts: bool,
    /// Whether the name of its workflow speaks of charts.
    pub is_beside_charts: bool,
}

impl Publisher {
    /// Where it stands.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// A value, and where it was found.
pub type Sourced<T> = (T, String);

/// How charts are released.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Today {
    pub publishers: Vec<Publisher>,
    pub when: Option<Sourced<When>>,
    /// What puts versions into the charts.
    pub versions: Option<Sourced<Versions>>,
    /// The settings of chart-releaser and of other actions that publish, with `_` for `-`.
    pub settings: BTreeMap<String, Sourced<String>>,
    /// Where a workflow builds documentation, by the program.
    pub docs: Option<Sourced<&'static str>>,
    /// The directories that chart-releaser looks for charts in.
    pub charts_dirs: Vec<Sourced<String>>,
    /// Directories that charts are packaged from.
    pub packaged: Vec<Sourced<String>>,
}

/// What publishes several versions of the documentation side by side, with the help of mkdocs.
const MIKE: &str = "mike";

/// Whether a file may be a configuration of chart-releaser, by its name.
pub fn is_releaser_config(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path).trim_start_matches('.');
    matches!(file, "cr.yaml" | "cr.yml") || file.starts_with("cr-") && file.ends_with(".yaml")
}

/// Reads the workflows, and the configurations of chart-releaser by their paths.
pub fn find_today(config: &Config, workflows: &[Workflow], releasers: &[(String, String)]) -> Today {
    let mut today = Today::default();
    // Another registry than the usual one is the one of this repository.
    let is_here = |found: &&publishers::Publisher<'_>| {
        !found.is_elsewhere || found.targets == [Target::Oci] && found.what.contains("helm")
    };
    for found in publishers(config, workflows).iter().filter(is_here) {
        today.publishers.push(Publisher {
            file: found.workflow.file.clone(),
            line: found.line,
            what: found.what.clone(),
            targets: found.targets.clone(),
            destination: found.destination.clone(),
            is_elsewhere: found.is_elsewhere,
            is_of_charts: names_charts(&found.what),
            is_beside_charts: names_charts(&found.workflow.file),
        });
        let source = format!("{}:{}", found.workflow.file, found.line);
        // Chart-releaser reads its settings from the environment, too (its README, "Configuration").
        let of_environment = found.step.env.iter().chain(&found.job.env);
        let of_environment =
            of_environment.filter_map(|(key, value)| Some((key.strip_prefix("CR_")?, value)));
        let with = found.step.with.iter().map(|(key, value)| (key.as_str(), value));
        for (key, value) in with.chain(of_environment).filter(|(_, value)| !value.text.contains("${{")) {
            if key == "charts_dir" {
                today.charts_dirs.push((value.text.clone(), source.clone()));
            }
            let place = today.settings.entry(key.to_lowercase().replace('-', "_"));
            place.or_insert_with(|| (value.text.clone(), source.clone()));
        }
        if today.when.is_none() && (names_charts(&found.what) || names_charts(&found.workflow.file)) {
            let calls = |other: &&Workflow| calls(other, &found.workflow.file);
            let callers = workflows.iter().filter(calls);
            today.when = when(found.workflow).or_else(|| callers.into_iter().find_map(when));
        }
    }
    for (path, text) in releasers {
        let Ok(document) = yaml::read(text.as_bytes()) else { continue };
        for pair in document.root.pairs() {
            let value = pair.value.text().unwrap_or_default().to_owned();
            today
                .settings
                .insert(pair.key.written.replace('-', "_"), (value, format!("{path}:{}", pair.line)));
        }
    }
    for (step, source) in steps(workflows) {
        let Some(run) = &step.run else { continue };
        let lines = run.text.replace("\\\n", " ");
        for line in lines.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            today.versions = today.versions.or_else(|| Some((stamps(line)?, source.clone())));
            today.docs = match builder(line) {
                Some(program) if program == MIKE || today.docs.is_none() => Some((program, source.clone())),
                _ => today.docs,
            };
            today.packaged.extend(packaged(line).into_iter().map(|path| (path, source.clone())));
        }
    }
    today
}

/// Whether what publishes is made for charts, by its name. Others publish sites and applications as well.
fn names_charts(what: &str) -> bool {
    ["chart", "helm", "cr "].iter().any(|part| what.contains(part))
}

/// The steps of all workflows, each with its place.
fn steps(workflows: &[Workflow]) -> impl Iterator<Item = (&Step, String)> {
    workflows.iter().flat_map(|workflow| {
        let steps = workflow.jobs.iter().flat_map(|job| &job.steps);
        steps.map(move |step| (step, format!("{}:{}", workflow.file, step.line)))
    })
}

/// Whether a job of a workflow is another workflow of the repository.
fn calls(workflow: &Workflow, file: &str) -> bool {
    let uses = workflow.jobs.iter().filter_map(|job| job.uses.as_ref());
    uses.into_iter().any(|uses| uses.text.strip_prefix("./") == Some(file))
}

/// When a workflow that publishes runs by itself.
fn when(workflow: &Workflow) -> Option<Sourced<When>> {
    let trigger = |is: &dyn Fn(&crate::ci::workflow::Trigger) -> bool| {
        let found = workflow.triggers.iter().find(|trigger| is(trigger))?;
        Some(format!("{}:{}", workflow.file, found.event.line))
    };
    let on_merge = trigger(&|one| one.event.text == "push" && one.is_for_others());
    let on_tag = || {
        trigger(&|one| {
            one.event.text == "push" && one.is_for_tags()
                || matches!(one.event.text.as_str(), "create" | "release")
        })
    };
    on_merge.map(|at| (When::Merge, at)).or_else(|| Some((When::Tag, on_tag()?)))
}

/// Whether a command gives charts another version than Chart.yaml has.
fn stamps(line: &str) -> Option<Versions> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let has = |option: &str| words.iter().any(|word| word.split('=').next() == Some(option));
    let is_packaged = line.contains("helm package") || line.contains("cr package");
    if is_packaged && has("--version") && line.contains('$') {
        return Some(if has("--app-version") { Versions::Stamp } else { Versions::StampVersion });
    }
    let edits = ["sed ", "yq ", "perl "].iter().any(|program| line.contains(program));
    let is_in_place = line.contains("-i") || line.contains("--inplace") || line.contains("--in-place");
    if !edits || !is_in_place || !line.contains("Chart.yaml") || !line.contains('$') {
        return None;
    }
    let has_version = line.replace("appVersion", "").contains("version");
    match (has_version, line.contains("appVersion")) {
        (true, true) => Some(Versions::Stamp),
        (true, false) => Some(Versions::StampVersion),
        (false, _) => None,
    }
}

/// The program that a command publishes documentation with.
fn builder(line: &str) -> Option<&'static str> {
    let has = |words: &str| line.contains(words);
    if has("mike deploy") {
        Some(MIKE)
    } else if has("mkdocs gh-deploy") || has("mkdocs build") {
        Some("mkdocs")
    } else if has("zensical build") {
        Some("zensical")
    } else {
        None
    }
}

/// The literal paths of `helm package`.
fn packaged(line: &str) -> Vec<String> {
    let Some((_, rest)) = line.split_once("helm package ") else { return Vec::new() };
    let rest = rest.split(['|', '&', ';']).next().unwrap_or_default();
    let mut paths = Vec::new();
    let mut words = rest.split_whitespace();
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            // Most options of `helm package` take a value; those that take none are told by their names.
            let is_alone =
                word.contains('=') || matches!(word, "-u" | "--dependency-update" | "--sign" | "--debug");
            if !is_alone {
                words.next();
            }
        } else if !word.contains(['$', '*', '`', '"', '\'']) {
            paths.push(word.trim_start_matches("./").trim_end_matches('/').to_owned());
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SHOP;
    use crate::ci::workflow::read_workflow;

    #[test]
    fn commands() {
        for (line, versions, paths) in [
            ("helm package charts/web -d out", None, "charts/web"),
            ("helm package ./web/ --version \"$V\" --app-version \"$V\"", Some(Versions::Stamp), "web"),
            ("helm package -u -d out a b --version=${V}", Some(Versions::StampVersion), "a b"),
            ("helm package charts/*", None, ""),
            ("sed -i \"s/^version:.*/version: $V/\" web/Chart.yaml", Some(Versions::StampVersion), ""),
            (
                "yq -i \".version = \\\"$V\\\" | .appVersion = \\\"$V\\\"\" Chart.yaml",
                Some(Versions::Stamp),
                "",
            ),
            ("sed -i \"s/^appVersion:.*/appVersion: $V/\" web/Chart.yaml", None, ""),
            ("grep version Chart.yaml", None, ""),
        ] {
            assert_eq!(stamps(line), versions, "{line}");
            assert_eq!(packaged(line).join(" "), paths, "{line}");
        }
    }

    #[test]
    fn chart_releaser() {
        let text = "on:\n  push:\n    branches: [main]\njobs:\n  release:\n    steps:\n      \
                    - uses: helm/chart-releaser-action@v1\n        with:\n          charts_dir: helm\n";
        let workflow = read_workflow(text, "release.yml").expect("a workflow");
        let config = ("cr.yaml".to_owned(), "pages-branch: pages\n".to_owned());
        let today = find_today(&SHOP, &[workflow], &[config]);
        assert_eq!(today.when, Some((When::Merge, "release.yml:2".to_owned())));
        let setting = |key: &str| today.settings.get(key).map(|(value, at)| format!("{value} {at}"));
        assert_eq!(setting("charts_dir").as_deref(), Some("helm release.yml:7"));
        assert_eq!(setting("pages_branch").as_deref(), Some("pages cr.yaml:1"));
        let [one] = today.publishers.as_slice() else { panic!("{:?}", today.publishers) };
        assert_eq!((one.place().as_str(), one.targets.len()), ("release.yml:7", 2));
        assert!(is_releaser_config(".github/cr.yaml") && !is_releaser_config("docs/cr.yaml/x"));
    }
}
