//! What is said to people: where, why, what to write, and the edit. `tests/it/check_lint.rs` tests when it is said.

use std::sync::Arc;

use super::*;
use crate::base::problem::Checked;
use crate::chart::ignore::Rules;
use crate::chart::package::{Overrides, package};
use crate::chart::source::Source;
use crate::chart::tgz::Entry;
use crate::check::{Area, Report};

/// A chart of these files, and what packaging finds wrong with it.
fn chart(files: &[(&str, &str)]) -> (Chart, Vec<Problem>) {
    let entry = |(path, text): &(&str, &str)| Entry { path: (*path).into(), data: text.as_bytes().into() };
    let files: Vec<Entry> = files.iter().map(entry).collect();
    let kind = |file: &Entry| match file.path.split_once('/') {
        Some((top, _)) => (top.to_owned(), Kind::Directory),
        None => (file.path.clone(), Kind::File),
    };
    let top = files.iter().map(kind).collect();
    let Checked { value: package, problems } = package(files.clone(), "c", &Overrides::default());
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
    (
        Chart { source, is_whole: package.is_some(), package: package.map(Arc::new), problems: Vec::new() },
        problems,
    )
}

/// What `check` shows of it.
fn shown(files: &[(&str, &str)]) -> Vec<String> {
    let (chart, problems) = chart(files);
    let mut report = Report::default();
    report
        .add(Area::Charts, problems.into_iter().map(|one| Finding { edit: chart.edit(&one), problem: one }));
    report.add(Area::Charts, lint_chart(&chart));
    let shown = |(_, Finding { problem, edit }): &(Area, Finding)| {
        let edit = edit.as_ref().map_or_else(String::new, |edit| format!(" => {}", edit.insert.join("\n")));
        let severity = format!("{:?}", problem.severity).to_lowercase();
        format!("{severity} {problem}; {}{edit}", problem.hint.as_deref().unwrap_or_default())
    };
    report.findings.iter().map(shown).collect()
}

/// What is shown of a chart with this Chart.yaml, in which nothing else is wrong.
fn of_chart_yaml(text: &str) -> Vec<String> {
    shown(&[("Chart.yaml", text), ("templates/a.yaml", ""), ("values.yaml", "")])
}

const GOOD: &str = "apiVersion: v2\nname: c\nversion: 1.0.0\nicon: https://x.co/i\n";

#[test]
fn chart_yaml() {
    assert_eq!(of_chart_yaml(GOOD), [""; 0]);
    for (added, expected) in [
        (
            "appVersion: 1.16 # x\n",
            "error c/Chart.yaml:5: `appVersion` is not text: YAML reads a number, and `helm lint` fails; write \
             `appVersion: \"1.16\"` => appVersion: \"1.16\" # x",
        ),
        (
            "appVersion: 1.10\n",
            "error c/Chart.yaml:5: Helm reads `appVersion` `1.10` as `1.1`; quote it: \"1.10\" => appVersion: \"1.10\"",
        ),
        (
            "appVersion:\n",
            "error c/Chart.yaml:5: `appVersion` is empty, and `helm lint` fails; write `appVersion: \"1.0.0\"`, with the \
             version that it is",
        ),
        (
            "deprecated: 'true'\n",
            "error c/Chart.yaml:5: `deprecated` is neither `true` nor `false`; write `true` or `false` without quotes => \
             deprecated: true",
        ),
        (
            "engine: gotpl\n",
            "warning c/Chart.yaml:5: Helm does not know the field `engine` and leaves it out; delete it, or move it to \
             `annotations`",
        ),
        (
            "kubeVersion: '<1.20 >1.25'\n",
            "error c/Chart.yaml:5: `kubeVersion` `<1.20 >1.25` allows no cluster, and Helm refuses to install: there is no such \
             version of Kubernetes; write what the chart runs on, such as `kubeVersion: \">=1.25.0-0\"`, where `-0` lets the \
             versions of vendors in",
        ),
        (
            "sources:\n- https://x.co\n- github.com/a/b\n",
            "error c/Chart.yaml:7: source `github.com/a/b` is no URL with a scheme, and `helm lint` fails; write \
             `https://github.com/a/b`",
        ),
        (
            "maintainers:\n- name: a\n  email: a at b\n",
            "error c/Chart.yaml:6: Helm takes `a at b` for no e-mail address, and `helm lint` fails; write it as in \
             `email: user@example.com`, or delete it",
        ),
        (
            "maintainers:\n- name: a\n  url: foo://b.co\n",
            "error c/Chart.yaml:6: Helm takes `foo://b.co` for no URL, and `helm lint` fails; write all of it, from \
             `https://` on",
        ),
    ] {
        assert_eq!(of_chart_yaml(&format!("{GOOD}{added}")), [expected], "{added}");
    }
}

#[test]
fn every_bad_maintainer_and_source_is_shown() {
    let lists = "maintainers:\n- name: a\n  email: b\n- name: c\n- email: d@e.co\nsources:\n- x\n- z\n";
    let shown = of_chart_yaml(&format!("{GOOD}{lists}"));
    let places: Vec<&str> = shown.iter().filter_map(|one| one.split(": ").next()).collect();
    assert_eq!(places, ["6", "9", "11", "12"].map(|line| format!("error c/Chart.yaml:{line}")));
}

#[test]
fn api_versions_and_versions() {
    let cases: [(&str, &[&str]); 6] = [
        (
            "# x\nname: c\nversion: 1.0.0\nicon: https://x.co/i\n",
            &[
                "error c/Chart.yaml: `apiVersion` is missing: Helm takes this for a chart of Helm 2, and `helm lint` fails; \
               write `apiVersion: v2` => apiVersion: v2",
            ],
        ),
        (
            "apiVersion: v1\nname: c\nversion: 1.0.0\nicon: https://x.co/i\ntype: application\n",
            &[
                "error c/Chart.yaml:5: `type` is a field of charts of `apiVersion: v2`, and this is none; write \
               `apiVersion: v2`",
            ],
        ),
        (
            "apiVersion: v2\nname: c\nversion: 1.2\nicon: https://x.co/i\n",
            &[
                "error c/Chart.yaml:3: `version` is not text: YAML reads a number, and `helm lint` fails; write \
               `version: \"1.2\"` => version: \"1.2\"",
            ],
        ),
        (
            "apiVersion: v2\nname: c\nversion: v1.2.3\nicon: https://x.co/i\n",
            &[
                "warning c/Chart.yaml:3: version `v1.2.3` is not a strict semantic version: Helm finds it in a registry \
               only by `--version v1.2.3`, and `helm lint` of Helm 4 warns; write `version: 1.2.3`, unless `v1.2.3` is published: then the next version",
            ],
        ),
        (
            "apiVersion: v2\nname: c\nversion: '1.2'\nicon: https://x.co/i\n",
            &[
                "warning c/Chart.yaml:3: version `1.2` is not a strict semantic version: Helm finds it in a registry \
               only by `--version 1.2`, and `helm lint` of Helm 4 warns; write `version: 1.2.0`, unless `1.2` is published: then the next version",
            ],
        ),
        (
            "apiVersion: v2\nname: c\nicon: https://x.co/i\n",
            &["error c/Chart.yaml: the chart has no version; write `version: 0.1.0`"],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(of_chart_yaml(text), expected, "{text}");
    }
}

#[test]
fn files() {
    let long = "Helm renders every file of templates/, and its linter wants `.yaml`, `.yml`, `.tpl` or `.txt` as extension, not";
    let why = "Helm would never change nor delete it, and `helm lint` of Helm 4 fails";
    let shown = shown(&[
        ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("charts/d/Chart.yaml", "apiVersion: v2\nname: d\nversion: 2.0.0\n"),
        ("crds/a.yaml", "# x\n---\n# x\nkind: CustomResourceDefinition\n---\n\nkind: Namespace\n---\n- a\n"),
        ("templates/README.md", ""),
        ("templates/a.txt", "\n\n\n.Release.Time\n"),
        ("templates/b", ""),
    ]);
    let expected = [
        "note c/Chart.yaml: there is no `icon`: catalogues such as Artifact Hub show the chart without one; write `icon:` \
         and the URL of an SVG or PNG file",
        "note c: there is no values.yaml: users see nothing that they can set; write one, with a comment above each value",
        &format!(
            "error c/templates/README.md: {long} `.md`; move it out of templates/, or write `templates/README.md` in \
             .helmignore"
        ),
        "error c/templates/a.txt:4: there is no `.Release.Time` since Helm 3, whose `helm lint` fails even for one in a \
         comment; write `now` instead",
        &format!(
            "error c/templates/b: {long} none; move it out of templates/, or write `templates/b` in .helmignore"
        ),
        "error c/charts/d: `d` is in charts/ and no dependency in Chart.yaml: `helm lint` fails; write `- {name: d, version: \
         2.0.0}` below `dependencies:` in Chart.yaml",
        &format!(
            "error c/crds/a.yaml:4: apiVersion `` is not `apiextensions.k8s.io/v1`: {why}; move to templates/ what is no \
             plain definition"
        ),
        &format!(
            "error c/crds/a.yaml:7: apiVersion `` is not `apiextensions.k8s.io/v1`: {why}; move to templates/ what is no \
             plain definition"
        ),
        "error c/crds/a.yaml:9: it is not the YAML that Helm reads: a list, not a mapping; move to templates/ what is no \
         plain definition",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn schemas_that_lie_elsewhere() {
    let found = |schema: &str| {
        let schema = schema.replace('\'', "\"");
        let files = [
            ("Chart.yaml", GOOD),
            ("templates/a.yaml", ""),
            ("values.yaml", ""),
            ("values.schema.json", &schema),
        ];
        shown(&files).join("\n")
    };
    let warning = |line: usize, what: &str| {
        format!(
            "warning c/values.schema.json:{line}: Helm fetches {what} whenever it installs, lints or renders this chart, and \
             fails without a network; copy what it refers to below `definitions` of this file, and refer to `#/definitions/NAME`"
        )
    };
    let id = "'$id': 'https://x.co/s/values.json'";
    for (schema, expected) in [
        ("{'$schema': 'http://json-schema.org/draft-07/schema#', '$ref': '#/definitions/a', 'definitions': {'a': {}}}".to_owned(), String::new()),
        ("{'properties': {'a':\n{'$ref': 'https://x.co/a.json#/b'}}}".to_owned(), warning(2, "`https://x.co/a.json`")),
        ("{'items': [{'$ref': 'http://a.co/a'}, {'$ref': 'http://b.co/b'}]}".to_owned(), warning(1, "`http://a.co/a` and 1 more")),
        ("{'$schema': 'https://x.co/meta.json'}".to_owned(), warning(1, "`https://x.co/meta.json`").replace(
                "copy what it refers to below `definitions` of this file, and refer to `#/definitions/NAME`",
                "write `\"$schema\": \"http://json-schema.org/draft-07/schema#\"`",
            )),
        (format!("{{{id}, 'not': {{'$ref': 'parts/a.json#/b'}}}}"), warning(1, "`https://x.co/s/parts/a.json`")),
        (format!("{{{id}, 'not': {{'$ref': '#/a'}}, 'if': {{'$ref': 'https://x.co/s/values.json#/a'}}}}"), String::new()),
        (format!("{{{id}, '$ref': 'a.json', '$defs': {{'a': {{'$id': 'a.json'}}}}}}"), String::new()),
        ("{'$ref': 'beside.json', 'default': {'$ref': 'https://x.co/a'}, 'enum': [{'$ref': 'https://x.co/a'}]}".to_owned(), String::new()),
        ("{'properties': {'default': {'$ref': 'https://x.co/a'}}}".to_owned(), warning(1, "`https://x.co/a`")),
        ("{'properties': {'$ref': {'type': 'string'}}}".to_owned(), String::new()),
        ("no JSON".to_owned(), String::new()),
    ] {
        let found = found(&schema);
        assert!(found == expected || expected.is_empty() && !found.contains("fetches"), "{schema}: {found}");
    }
}
