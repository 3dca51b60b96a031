//! The verdict of `check` is the same on every machine: whichever helm is there, or none, what is not marked as helm's is
//! equal, and so is what helm says of a mistake, and where.

use std::path::Path;

use serde_json::Value;

use crate::check::{found, left_out};
use crate::package::copy;
use crate::sandbox::{Ran, Sandbox, helms};

/// A chart that nothing is wrong with, but for what is written over it.
const CHART: &[(&str, &str)] = &[
    ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\nicon: https://x.co/i.png\n"),
    ("values.yaml", "a: 1\n"),
    ("README.md", "# web\n"),
    ("LICENSE", "MIT\n"),
    ("templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
];

const GOOD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
const KUBE: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\nicon: https://x.co/i.png\nkubeVersion: ";
const SCHEMA: &str =
    "{\"additionalProperties\": false, \"properties\": {\"a\": {}, \"s\": {}, \"global\": {}}}\n";
const REMOTE: &str = "{\n\"properties\": {\"a\": {\"$ref\": \"http://schemas.invalid/x.json#/y\"}}}\n";

/// A mistake, the files that make it, where errors are (with helm, and of those without), and what is not checked.
struct Mistake {
    what: &'static str,
    files: Vec<(&'static str, String)>,
    by_helm: &'static [&'static str],
    without: &'static [&'static str],
    unchecked: &'static [&'static str],
}

fn mistakes() -> Vec<Mistake> {
    let mistake = |what, files: &[(&'static str, String)], by_helm, without, unchecked| Mistake {
        what,
        files: files.to_vec(),
        by_helm,
        without,
        unchecked,
    };
    let kube = |constraint: &str| [("Chart.yaml", format!("{KUBE}{constraint:?}\n"))];
    let template = |text: &str| [("templates/a.yaml", format!("{GOOD}{text}\n"))];
    vec![
        mistake("a newer Kubernetes than some helms pretend", &kube(">=1.36.0-0"), &[], &[], &[]),
        mistake("an older one than some do", &kube("<1.20.0-0 || ~1.18.3-0"), &[], &[], &[]),
        mistake("one that is not there yet", &kube(">=1.40.0-0"), &[], &[], &[]),
        mistake("one that never is", &kube(">1"), &[], &["error charts/web/Chart.yaml:5"], &[]),
        mistake("no constraint", &kube("latest"), &[], &["error charts/web/Chart.yaml:5"], &[]),
        mistake(
            "an API that is missing",
            &template(
                "{{ if not (.Capabilities.APIVersions.Has \"x.io/v1\") }}{{ fail \"no x.io\" }}{{ end }}",
            ),
            &[],
            &[],
            &["what `charts/web` renders on every cluster"],
        ),
        mistake(
            "an old Kubernetes",
            &template(
                "{{ if semverCompare \"<1.99-0\" .Capabilities.KubeVersion.Version }}{{ fail \"old\" }}{{ end }}",
            ),
            &[],
            &[],
            &["what `charts/web` renders on every cluster"],
        ),
        mistake(
            "a value that is missing, in a chart that asks for APIs",
            &template("{{ .Capabilities.APIVersions.Has \"x.io/v1\" }}: {{ required \"no x\" .Values.x }}"),
            &["error charts/web/templates/a.yaml:4"],
            &[],
            &[],
        ),
        mistake(
            "a helper that several templates include",
            &[
                ("templates/_h.tpl", "{{ define \"h\" }}\n{{ .Values.a.b.c }}{{ end }}\n".to_owned()),
                ("templates/a.yaml", "{{ include \"h\" . }}\n".to_owned()),
                ("templates/b.yaml", "{{ include \"h\" . }}\n".to_owned()),
                ("ci/one-values.yaml", "z: 1\n".to_owned()),
                ("ci/two-values.yaml", "z: 2\n".to_owned()),
            ],
            &["error charts/web/templates/_h.tpl:2"],
            &[],
            &[],
        ),
        mistake(
            "values that the schema has no place for",
            &[
                ("values.schema.json", SCHEMA.to_owned()),
                ("values.yaml", "z: 1\ny: 1\nx: 1\nw: 1\n".to_owned()),
                ("ci/one-values.yaml", "a: 1\n".to_owned()),
                ("ci/two-values.yaml", "a: 2\n".to_owned()),
            ],
            &["error charts/web/values.yaml"],
            &[],
            &[],
        ),
        mistake(
            "values that a sub-chart's schema has no place for",
            &[
                ("Chart.yaml", format!("{}dependencies: [{{name: s, version: 1.0.0}}]\n", CHART[0].1)),
                ("values.yaml", "s: {z: 1, y: 1}\n".to_owned()),
                ("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n".to_owned()),
                ("charts/s/values.schema.json", SCHEMA.to_owned()),
            ],
            &["error charts/web/values.yaml"],
            &[],
            &[],
        ),
        mistake(
            "a schema that lies elsewhere",
            &[("values.schema.json", REMOTE.to_owned())],
            &[],
            &["warning charts/web/values.schema.json:2"],
            &["whether the values of `charts/web` fit values.schema.json"],
        ),
        mistake(
            "a schema that lies elsewhere, and a mistake",
            &[
                ("values.schema.json", REMOTE.to_owned()),
                ("templates/a.yaml", "a: {{ .Values.b.c }}\n".to_owned()),
            ],
            &["error charts/web/templates/a.yaml:1"],
            &["warning charts/web/values.schema.json:2"],
            &["whether the values of `charts/web` fit values.schema.json"],
        ),
    ]
}

/// Severity and place below `charts/` of each finding of an area in one chart, but for notes.
fn places(ran: &Ran, area: &str, chart: &str) -> Vec<String> {
    let place = |one: String| {
        let words: Vec<&str> = one.split(' ').take(2).collect();
        words.join(" ").replace(chart, "charts/web/")
    };
    let all = found(ran, area).into_iter().filter(|one| one.contains(&format!(" {chart}")));
    all.filter(|one| !one.starts_with("note")).map(place).collect()
}

/// What `check` says, without what is marked as helm's.
fn without_helm(ran: &Ran) -> Value {
    let mut report: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    for list in ["findings", "notChecked"] {
        report[list].as_array_mut().expect("a list").retain(|one| one["area"] != "helm");
    }
    report
}

/// The charts of this repository, and one for each mistake.
fn repository() -> Sandbox {
    let sandbox = Sandbox::with_commit(&[("CHANGELOG.md", "# Changelog\n\n## 1.0.0\n\nAll of it.\n")]);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts"), &sandbox.work().join("charts"));
    for (i, Mistake { files, .. }) in mistakes().into_iter().enumerate() {
        let all = CHART.iter().map(|(path, text)| (*path, (*text).to_owned())).chain(files);
        for (path, text) in all {
            let text = text.replace("name: web", &format!("name: web-{i}"));
            sandbox.write(&format!("charts/web-{i}/{path}"), &text);
        }
    }
    sandbox.commit("charts");
    sandbox
}

#[test]
fn check_says_the_same_under_every_helm_and_none() {
    let mut sandbox = repository();
    let check = |sandbox: &Sandbox, helm: &str| {
        sandbox.xtask(&["check", "--offline", "--json", "--helm", helm, "--deadline", "600"])
    };
    let none = without_helm(&check(&sandbox, "never"));
    assert!(none["findings"].as_array().is_some_and(|all| all.len() > 3), "{none}");
    for (name, helm) in helms("check_says_the_same_under_every_helm_and_none") {
        sandbox.set("HELM_BIN", helm.display().to_string());
        let ran = check(&sandbox, "require");
        assert_eq!(without_helm(&ran), none, "{name}");
        for (i, Mistake { what, by_helm, without, unchecked, .. }) in mistakes().iter().enumerate() {
            let chart = format!("charts/web-{i}/");
            assert_eq!(places(&ran, "helm", &chart), *by_helm, "{what}, {name}: {}", ran.stdout);
            assert_eq!(places(&ran, "charts", &chart), *without, "{what}, {name}: {}", ran.stdout);
            let quoted = format!("`charts/web-{i}`");
            let left = left_out(&ran, "what").into_iter().filter(|left| left.contains(&quoted));
            let left: Vec<String> = left.map(|left| left.replace(&quoted, "`charts/web`")).collect();
            assert_eq!(left, *unchecked, "{what}, {name}: {}", ran.stdout);
        }
    }
}
