//! What is found without helm against what each Helm says: of a chart that is well, and of many with one thing wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use helm_xtask::internals::chart::helm_lint::{Said, messages};
use helm_xtask::internals::check::Chart;
use helm_xtask::internals::ignore::{Kind, Rules};
use helm_xtask::internals::lint::{is_found_without_helm, lint_chart};
use helm_xtask::internals::package::{Overrides, package};
use helm_xtask::internals::problem::{Checked, Problem, Severity};
use helm_xtask::internals::release::Source;
use helm_xtask::internals::tgz::Entry;

use crate::sandbox::{self, Sandbox};

/// A chart that no Helm says anything of.
const GOOD: &[(&str, &str)] = &[
    ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\nicon: https://x.co/i.png\n"),
    ("values.yaml", "a: 1\n"),
    ("templates/_a.tpl", "a: 1\n"),
];

const ADDED: &[&str] = &[
    "appVersion: 1.16\n",
    "appVersion: 1.10\n",
    "appVersion: 2\n",
    "appVersion: true\n",
    "appVersion:\n",
    "appVersion: 2024-01-02\n",
    "appVersion: v1\n",
    "engine: gotpl\n",
    "zeta: 1\nmaintainers: [{name: a, nick: b}]\n",
    "zeta: 1\nalpha: 1\n",
    "description: x\nNAME: c\n",
    "name: c\n",
    "annotations: {a: b, a: c}\nengine: x\n",
    "type: application\n",
    "type: bogus\n",
    "sources: [https://x.co/a, x.co/a, y]\n",
    "sources: ['']\n",
    "sources: x\n",
    "icon: i.png\n",
    "icon: ''\n",
    "maintainers: [{email: a@b.co}]\n",
    "maintainers: [{name: a, email: a@b}]\n",
    "maintainers: [{name: a, email: a@b.co, url: x}]\n",
    "maintainers: [{name: a, email: a@b.co, url: github.com/a}, {name: b, email: b}, {name: c, url: localhost}]\n",
    "maintainers: [a]\n",
    "dependencies: [{name: d, version: 1.0.0, repository: 'https://x.co'}]\n",
    "dependencies: [{name: d}, {name: e}]\n",
    "dependencies: [{name: d, alias: f}, {name: e, alias: f}]\n",
    "deprecated: 'true'\n",
    "keywords: a\n",
    "a: [\n",
    "\t\n",
];

/// What replaces Chart.yaml, but for the icon.
const WHOLE: &[&str] = &[
    "",
    "[]\n",
    "name: c\nversion: 1.0.0\n",
    "apiVersion: v1\nname: c\nversion: 1.0.0\ntype: application\ndependencies: []\n",
    "apiVersion: v1\nname: c\nversion: 1.0.0\ndependencies: [{name: d}]\n",
    "name: c\nversion: 1.0.0\ntype: library\n",
    "apiVersion: v3\nname: c\nversion: 1.0.0\n",
    "apiVersion: v9\nname: c\nversion: 1.0.0\n",
    "apiVersion: 2\nname: c\nversion: 1.0.0\n",
    "apiVersion: v2\nname: c\n",
    "apiVersion: v2\nversion: 1.0.0\n",
    "apiVersion: v2\nname: a/b\nversion: 1.0.0\n",
    "apiVersion: v2\nname: ' '\nversion: 1.0.0\n",
    "apiVersion: v2\nname: c\nversion: bad\n",
    "apiVersion: v2\nname: c\nversion: 1.2\n",
    "apiVersion: v2\nname: c\nversion: 1\n",
    "apiVersion: v2\nname: c\nversion: '1.2'\n",
    "apiVersion: v2\nname: c\nversion: v1.2.3\n",
    "apiVersion: v2\nname: c\nversion: 01.2.3\n",
    "apiVersion: v2\nname: c\nversion: 2024-01-02\n",
    "apiVersion: v2\nname: c\nversion: ' 1.2.3'\n",
    "apiVersion: v2\nname: c\nversion: true\n",
    "apiVersion: v2\nname: c\nversion:\n",
    "apiVersion: v2\nname: c\nVersion: 1\n",
    "apiVersion: v2\nname: c\nversion: 0.0.0\n",
    "apiVersion: v2\nname: c\nversion: 0.0.0-0\n",
    "apiVersion: v2\nname: c\nversion: v0-0+x\n",
    "apiVersion: v2\nname: c\nversion: 1.2.3-rc.1+b.01\n",
];

/// A file and its text, or that it is taken out.
type Change = (&'static str, Option<&'static str>);

/// What is done to the files of the chart.
const FILES: &[(&str, &[Change])] = &[
    ("good", &[]),
    ("no values", &[("values.yaml", None)]),
    ("values of two documents", &[("values.yaml", Some("a: 1\n---\nb: [\n"))]),
    ("values are a list", &[("values.yaml", Some("- a\n"))]),
    ("values are no YAML", &[("values.yaml", Some("a: {{ b }}\n"))]),
    ("values are empty", &[("values.yaml", Some(""))]),
    ("no templates", &[("templates/_a.tpl", None)]),
    ("templates is a file", &[("templates/_a.tpl", None), ("templates", Some("a"))]),
    (
        "extensions",
        &[
            ("templates/README.md", Some("a")),
            ("templates/LICENSE", Some("a")),
            ("templates/x/b.YAML", Some("")),
            ("templates/x/c.txt", Some("a")),
            ("templates/x.d/e", Some("a")),
            ("templates/_f.tpl", Some("")),
            ("templates/g.json", Some("{}")),
        ],
    ),
    (
        "hooks",
        &[
            ("templates/b.yaml", Some("{{/* helm.sh/hook, helm.sh/hook: \t\n  crd-install */}}\n")),
            ("templates/c.tpl", Some("# \"helm.sh/hook\":  crd-install\n")),
            (
                "templates/d.txt",
                Some("helm.sh/hook:crd-install, helm.sh/hook: \"crd-install\", .Release.time\n"),
            ),
            ("templates/e.txt", Some("{{/* .Release.Time */}}\n")),
        ],
    ),
    ("undeclared sub-chart", &[("charts/d/Chart.yaml", Some("apiVersion: v2\nname: d\nversion: 1.0.0\n"))]),
    ("sub-chart without a name", &[("charts/d/Chart.yaml", Some("apiVersion: v2\nversion: 1.0.0\n"))]),
    (
        "dependencies of a v1 chart",
        &[
            ("Chart.yaml", Some("apiVersion: v1\nname: c\nversion: 1.0.0\nicon: https://x.co/i.png\n")),
            ("requirements.yaml", Some("dependencies:\n- name: d\n- name: e\n")),
            ("charts/d/Chart.yaml", Some("apiVersion: v1\nname: d\nversion: 1.0.0\n")),
        ],
    ),
    ("crds is a file", &[("crds", Some("a"))]),
    (
        "crds",
        &[
            (
                "crds/a.yaml",
                Some(
                    "# c\n---\n# c\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n",
                ),
            ),
            ("crds/b.yml", Some("apiVersion: v1\nkind: Namespace\n---\nkind: CustomResourceDefinition\n")),
            ("crds/c.json", Some("{\"apiVersion\": \"apiextensions.k8s.io/v1\", \"Kind\": \"X\"}\n")),
            ("crds/d.txt", Some("a: [\n")),
            ("crds/e.YAML", Some("apiVersion: 1\n")),
            ("crds/f.yaml", Some("")),
        ],
    ),
    (
        "crds that are templates",
        &[
            ("crds/a.yaml", Some("{{- if .Values.a }}\nkind: a\n{{- end }}\n")),
            ("crds/b.yaml", Some("kind: a\n")),
        ],
    ),
    ("crds that are no mapping", &[("crds/a.yaml", Some("kind: a\n---\n- a\n"))]),
    ("crds with a list as kind", &[("crds/a.yaml", Some("kind: [a]\n"))]),
    (
        "crds of a sub-chart",
        &[
            (
                "Chart.yaml",
                Some(
                    "apiVersion: v2\nname: c\nversion: 1.0.0\nicon: https://x.co/i\ndependencies: [{name: d}]\n",
                ),
            ),
            ("charts/d/Chart.yaml", Some("apiVersion: v2\nname: d\nversion: 1.0.0\n")),
            ("charts/d/crds/a.yaml", Some("kind: a\n")),
            ("crds/README.md", Some("")),
        ],
    ),
    (
        "Chart.yaml is empty and there is nothing else",
        &[("Chart.yaml", Some("")), ("values.yaml", None), ("templates/_a.tpl", None)],
    ),
];

/// What is left to helm: a hook of Helm 2.
const LEFT_TO_HELM: &str = "manifest is a crd-install hook";

type Files = BTreeMap<String, String>;

/// The charts, each with what is special in it.
fn corpus() -> Vec<(String, Files)> {
    let good = || -> Files { GOOD.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect() };
    let with = |chart_yaml: String| {
        let mut files = good();
        files.insert("Chart.yaml".into(), chart_yaml);
        files
    };
    let added = ADDED.iter().map(|text| {
        let is_kept = |line: &&str| !text.starts_with("icon") || !line.starts_with("icon");
        let kept: Vec<&str> = GOOD[0].1.lines().filter(is_kept).collect();
        ((*text).to_owned(), with(kept.join("\n") + "\n" + text))
    });
    let whole = WHOLE.iter().map(|text| ((*text).to_owned(), with((*text).to_owned())));
    let changed = FILES.iter().map(|(what, changes)| {
        let mut files = good();
        for (path, text) in *changes {
            match text {
                Some(text) => files.insert((*path).into(), (*text).into()),
                None => files.remove(*path),
            };
        }
        ((*what).to_owned(), files)
    });
    added.chain(whole).chain(changed).collect()
}

/// The chart as it is read from disk; it is whole if nothing keeps it from being packaged.
fn chart(files: &Files) -> Chart {
    let mut files: Vec<Entry> = files
        .iter()
        .map(|(path, text)| Entry { path: path.clone(), data: text.clone().into_bytes() })
        .collect();
    files.sort_by_key(|file| file.path.split('/').map(str::to_owned).collect::<Vec<_>>());
    let kind = |path: &str| match path.split_once('/') {
        Some((top, _)) => (top.to_owned(), Kind::Directory),
        None => (path.to_owned(), Kind::File),
    };
    let top = files.iter().map(|file| kind(&file.path)).collect();
    let Checked { value: package, problems } = package(files.clone(), "c", &Overrides::default());
    let is_complete = package.as_ref().is_some_and(|package| package.lacking.is_empty());
    let is_whole =
        is_complete && problems.iter().all(|problem: &Problem| problem.severity >= Severity::Warning);
    let source = Source {
        path: "c".into(),
        files,
        top,
        problems: Vec::new(),
        changed: Vec::new(),
        changelog: None,
        rules: Rules::default(),
        dropped: Vec::new(),
        local: Vec::new(),
        packaged: None,
    };
    Chart { source, is_whole, package: package.map(Arc::new), problems }
}

/// The parts of a chart that errors are in: what lies at its top. Helm sees at the chart itself what is wrong with charts/,
/// and definitions of a sub-chart as those of the chart.
fn parts(errors: impl Iterator<Item = String>) -> BTreeSet<String> {
    let part = |place: String| match place.split('/').next() {
        Some("charts") if place.contains("/crds/") => "crds".to_owned(),
        None | Some("" | "$ROOT") => "charts".to_owned(),
        Some(top) => top.to_owned(),
    };
    errors.map(part).collect()
}

fn ours(chart: &Chart) -> BTreeSet<String> {
    let found = lint_chart(chart).into_iter().map(|finding| finding.problem);
    let errors = found.filter(|problem| problem.severity == Severity::Error);
    parts(errors.filter_map(|problem| Some(problem.place?.file.strip_prefix("c/")?.to_owned())))
}

/// A chart that can be packaged has errors where one Helm says so, and of what they say nothing is new.
#[test]
fn every_helm_says_the_same() {
    let sandbox = Sandbox::new();
    let corpus = corpus();
    let path = |i: usize| format!("charts/{i:03}");
    for (i, (_, files)) in corpus.iter().enumerate() {
        for (file, text) in files {
            sandbox.write(&format!("{}/{file}", path(i)), text);
        }
    }
    let paths: Vec<String> = (0..corpus.len()).map(path).collect();
    let args: Vec<&str> = ["lint"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let charts: Vec<Chart> = corpus.iter().map(|(_, files)| chart(files)).collect();
    let mut theirs = vec![BTreeSet::new(); corpus.len()];
    let helms = sandbox::helms("every_helm_says_the_same");
    for (helm, program) in &helms {
        let printed = sandbox.run(program, &args).ended(1).stdout;
        let sections: Vec<&str> = printed.split("==> Linting ").skip(1).collect();
        assert_eq!(sections.len(), corpus.len(), "{printed}");
        for (i, section) in sections.iter().enumerate().filter(|(i, _)| charts[*i].is_whole) {
            let said = messages(section);
            let is_new = |one: &&Said| !is_found_without_helm(one) && !one.text.contains(LEFT_TO_HELM);
            let new: Vec<&Said> = said.iter().filter(is_new).collect();
            assert_eq!(new, [] as [&Said; 0], "{helm} of {:?}", corpus[i].0);
            let errors = said.into_iter().filter(|one| one.severity == Severity::Error);
            theirs[i].extend(parts(errors.map(|one| one.place)));
        }
    }
    for (i, chart) in charts.iter().enumerate().filter(|(_, chart)| chart.is_whole && helms.len() >= 2) {
        assert_eq!(ours(chart), theirs[i], "{:?}", corpus[i].0);
    }
}
