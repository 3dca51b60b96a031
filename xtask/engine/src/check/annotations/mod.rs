//! The annotations that Artifact Hub reads from Chart.yaml.
//!
//! Its tracker (artifacthub/hub, `internal/tracker/source/helm/helm.go`: `EnrichPackageFromAnnotations`) does not list
//! a version of a chart if any of them is wrong, and says so to the owner of the repository alone. What it refuses is
//! an error here, what it passes over a warning. The documented ones are in its `docs/helm_annotations.md`.

mod reader;

use self::reader::Reader;
use super::yaml::File;
use crate::base::problem::Problem;
use crate::base::yaml as model;
use crate::base::yaml::{Document, Error};

pub(super) const PREFIX: &str = "artifacthub.io/";

/// What an annotation holds.
enum Form {
    Text,
    /// A text that holds the chart's name, or is part of it.
    AlternativeName,
    /// One of these words; in any case where `true`.
    Word(&'static [&'static str], bool),
    /// YAML: a list of anything.
    List,
    /// YAML: a list of texts, or of mappings with these fields, and not both.
    Changes(&'static [Field]),
    /// YAML: a list of mappings with these fields.
    Mappings(&'static [Field]),
    /// YAML: a mapping with these fields.
    Mapping(&'static [Field]),
}

/// A field of a mapping: its name, what it holds, and whether it may be absent.
type Field = (&'static str, Holds, Need);

/// What a field holds.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    Kind,
    Image,
    Flag,
    Texts,
    /// A list of mappings with a name and a URL.
    Links,
}

/// Whether a field may be absent or empty.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Without it the version is not listed.
    Must,
    /// Without it the entry is of no use.
    Should,
    May,
}

/// What Go's `strconv.ParseBool` takes.
const FLAG: Form =
    Form::Word(&["true", "false", "True", "False", "TRUE", "FALSE", "t", "f", "T", "F", "1", "0"], false);

const KNOWN: [(&str, Form); 16] = [
    ("alternativeName", Form::AlternativeName),
    (
        "category",
        Form::Word(
            &[
                "ai-machine-learning",
                "database",
                "integration-delivery",
                "monitoring-logging",
                "networking",
                "security",
                "storage",
                "streaming-messaging",
                "skip-prediction",
            ],
            false,
        ),
    ),
    (
        "changes",
        Form::Changes(&[
            ("kind", Holds::Kind, Need::May),
            ("description", Holds::Text, Need::Must),
            ("links", Holds::Links, Need::May),
        ]),
    ),
    ("containsSecurityUpdates", FLAG),
    ("crds", Form::List),
    ("crdsExamples", Form::List),
    (
        "images",
        Form::Mappings(&[
            ("name", Holds::Text, Need::May),
            ("image", Holds::Image, Need::Must),
            ("whitelisted", Holds::Flag, Need::May),
            ("platforms", Holds::Texts, Need::May),
        ]),
    ),
    ("license", Form::Text),
    ("links", Form::Mappings(&[("name", Holds::Text, Need::Should), ("url", Holds::Text, Need::Should)])),
    (
        "maintainers",
        Form::Mappings(&[("name", Holds::Text, Need::May), ("email", Holds::Text, Need::Should)]),
    ),
    ("operator", FLAG),
    (
        "operatorCapabilities",
        Form::Word(
            &["basic install", "seamless upgrades", "full lifecycle", "deep insights", "auto pilot"],
            true,
        ),
    ),
    ("prerelease", FLAG),
    ("recommendations", Form::Mappings(&[("url", Holds::Text, Need::Should)])),
    ("screenshots", Form::Mappings(&[("title", Holds::Text, Need::May), ("url", Holds::Text, Need::Should)])),
    ("signKey", Form::Mapping(&[("fingerprint", Holds::Text, Need::May), ("url", Holds::Text, Need::Must)])),
];

/// Looks at the annotations in Chart.yaml.
pub fn check_annotations(file: &File<'_>) -> Vec<Problem> {
    let chart = file.root.get("name").and_then(|pair| pair.value.text()).unwrap_or_default();
    let mut problems = Vec::new();
    for annotation in annotations(file) {
        let Some(key) = annotation.key.strip_prefix(PREFIX) else { continue };
        let mut reader = Reader::new(&annotation, &mut problems);
        match KNOWN.iter().find(|(known, _)| *known == key) {
            Some((_, form)) => reader.value(form, chart),
            None => reader.unknown(key),
        }
    }
    problems
}

/// One annotation with its place.
pub(super) struct Annotation<'a> {
    pub key: &'a str,
    pub text: &'a str,
    path: &'a str,
    line: usize,
    /// The line before its text, if that stands as it is in the file: in a literal block.
    before: Option<usize>,
}

pub(super) fn annotations<'a>(file: &'a File<'_>) -> impl Iterator<Item = Annotation<'a>> {
    let pairs = file.root.get("annotations").map_or(&[][..], |pair| pair.value.pairs());
    pairs.iter().map(|pair| {
        let line = pair.value.line;
        let shown = file.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let value = shown.rsplit_once(": ").map_or(shown, |(_, value)| value);
        let before = value.trim_start().starts_with('|').then_some(line);
        let text = pair.value.text().unwrap_or_default();
        Annotation { key: &pair.key.written, text, path: &file.path, line: pair.line, before }
    })
}

impl Annotation<'_> {
    /// The text as YAML, with the lines in it.
    pub fn yaml(&self) -> Result<Document, Error> {
        model::read(self.text.as_bytes())
    }

    /// Puts a problem at a line of the text.
    pub fn at(&self, problem: Problem, line: Option<usize>) -> Problem {
        let inner = self.before.zip(line).map(|(before, line)| before + line);
        problem.at(self.path, inner.or(Some(self.line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{chart, told};

    /// What is found in annotations that stand on line 5 and after it, each with its severity, without the common end.
    fn found(annotations: &str) -> Vec<String> {
        let indented = annotations.replace('\n', "\n  ");
        let yaml = format!("apiVersion: v2\nname: web\nversion: 1.0.0\nannotations:\n  {indented}\n");
        let chart = chart(&[("Chart.yaml", &yaml)]);
        let told = told(check_annotations(&File::of(&chart.source, "Chart.yaml").expect("YAML")));
        let short = |line: &String| {
            let line = line.replace(": Artifact Hub does not list this version of the chart", "");
            line.replace(" c/Chart.yaml:", " ").replace(PREFIX, "").replacen(": ", " ", 1)
        };
        told.iter().map(short).collect()
    }

    /// The example of Artifact Hub's documentation, and what its parser takes besides.
    #[test]
    fn what_artifact_hub_takes() {
        let good = r#"artifacthub.io/alternativeName: web-server
artifacthub.io/category: security
artifacthub.io/changes: |
  - Added a feature
  - "Fixed: a bug"
artifacthub.io/containsSecurityUpdates: "true"
artifacthub.io/images: |
  - name: img1
    image: repo/img1:1.0.0
    whitelisted: yes
    platforms: [linux/amd64]
artifacthub.io/crds: |
  - {kind: MyKind, version: v1, name: mykind, displayName: My Kind, description: Some}
artifacthub.io/crdsExamples: ""
artifacthub.io/license: Apache-2.0
artifacthub.io/links: |
  - name: link1
    url: https://link1.url
artifacthub.io/maintainers: |
  - email: user1@email.com
artifacthub.io/operator: "0"
artifacthub.io/operatorCapabilities: Basic Install
artifacthub.io/prerelease: true
artifacthub.io/recommendations: |
  - url: https://artifacthub.io/packages/helm/artifact-hub/artifact-hub
artifacthub.io/screenshots: |
  - title: 1
    url: https://example.com/screenshot1.jpg
artifacthub.io/signKey: |
  fingerprint: C874011F0AB405110D02105534365D9472D7468F
  url: https://keybase.io/hashicorp/pgp_keys.asc
other.io/changes: "- ["
"#;
        assert_eq!(found(good), [""; 0]);
        let changes = "artifacthub.io/changes: |\n  - kind: Added\n    description: a\n    links:\n    - {name: a, url: b}\n";
        assert_eq!(found(changes), [""; 0]);
    }

    #[test]
    fn single_values() {
        for (annotation, expected) in [
            (
                "alternativeName: x",
                "error 5 `alternativeName` is neither part of the name `web` nor holds it | write such a name, or delete it",
            ),
            ("category: Storage", "error 5 `category` cannot be `Storage` | write `storage`"),
            ("prerelease: \"yes\"", "error 5 `prerelease` cannot be `yes` | write `\"true\"` or `\"false\"`"),
            ("operator: \"ture\"", "error 5 `operator` cannot be `ture` | write `\"true\"` or `\"false\"`"),
            (
                "operatorCapabilities: Level 3",
                "error 5 `operatorCapabilities` cannot be `level 3` | write one of `basic install`, `seamless upgrades`, `full lifecycle`, `deep insights`, `auto pilot`",
            ),
            ("change: a", "warning 5 `change` is no annotation that Artifact Hub knows | write `changes`"),
            ("homepage: a", "warning 5 `homepage` is no annotation that Artifact Hub knows | delete it"),
        ] {
            assert_eq!(found(&format!("artifacthub.io/{annotation}")), [expected], "{annotation}");
        }
    }

    #[test]
    fn yaml_in_a_text() {
        for (annotation, expected) in [
            (
                "changes: |\n  - a\n  - Fixed: b",
                &["error 7 `changes` has a text with a colon after `Fixed` | put the whole text into quotes"]
                    [..],
            ),
            (
                "changes: \"- Fixed: b\"",
                &["error 5 `changes` has a text with a colon after `Fixed` | put the whole text into quotes"],
            ),
            (
                "changes: a",
                &[
                    "error 5 `changes` is wrong: it is a scalar, not a list | write each item on a line of its own, after `- `",
                ],
            ),
            (
                "changes: |\n  -\n  - a",
                &["error 6 `changes` is wrong: an item is empty, not a mapping | write `key: value` lines"],
            ),
            (
                "changes: |\n  - a\n  - kind: added\n    description: b",
                &[
                    "error 6 `changes` is wrong: an item is a scalar, not a mapping | write `key: value` lines",
                ],
            ),
            (
                "changes: |\n  - kind: bump\n    description: b",
                &[
                    "error 6 `changes` has no kind of change called `bump` | write one of `added`, `changed`, `deprecated`, `removed`, `fixed`, `security`",
                ],
            ),
            (
                "changes: |\n  - kind: fix\n    link: []",
                &[
                    "warning 7 `changes` has a field `link`, which Artifact Hub does not know | write `links`",
                    "error 6 `changes` has no kind of change called `fix` | write `kind: fixed`",
                    "error 6 `changes` has an entry without `description` | write `description: …`",
                ],
            ),
            (
                "changes: |\n  - description: b\n    links:\n    - name: a",
                &["error 8 `changes` has an entry without `url` | write `url: …`"],
            ),
            (
                "changes: |\n  - description: [b]",
                &[
                    "error 6 `changes` is wrong: `description` is a list, not text | write text, in quotes where it has `: ` or ` #` in it",
                ],
            ),
            (
                "links: |\n  - name: a\n    url: [",
                &["error 8 `links` is not YAML (did not find expected node content) | quote the text"],
            ),
            (
                "links: |\n  - name: a\n    url: {{ .url }}",
                &[
                    "error 7 `links` is not YAML (a list or mapping cannot be a key) | Chart.yaml is not a template: write what `{{ … }}` stands for",
                ],
            ),
            (
                "links: |\n  - {name: a, url: b?c}",
                &[
                    "warning 6 `links` is not YAML (`?` in a plain scalar inside `[]` or `{}` is not allowed, quote it) to every parser | quote the text",
                ],
            ),
            (
                "links: |\n  - name: a\n    name: b\n    url: c",
                &["error 7 `links` has the key `name` twice | delete one of them"],
            ),
            ("links: |\n  - name: a", &["warning 6 `links` has an entry without `url` | write `url: …`"]),
            (
                "maintainers: |\n  - name: a",
                &["warning 6 `maintainers` has an entry without `email` | write `email: …`"],
            ),
            (
                "images: |\n  - image: Repo/a:{{ .x }}\n    whitelisted: maybe\n    platforms: linux/amd64",
                &[
                    "error 6 `images` has an image `Repo/a:{{ .x }}` that cannot be: a repository has lower-case letters, digits, `_`, `-`, `.` and `/` alone | write it as for `docker pull`",
                    "error 7 `images` has a field `whitelisted` that is neither `true` nor `false` | write `whitelisted: true`",
                    "error 8 `images` is wrong: `platforms` is a scalar, not a list | write each item on a line of its own, after `- `",
                ],
            ),
            (
                "crds: |\n  kind: a",
                &[
                    "error 6 `crds` is wrong: it is a mapping, not a list | write each item on a line of its own, after `- `",
                ],
            ),
            (
                "signKey: |\n  fingerprint: a",
                &["error 6 `signKey` has an entry without `url` | write `url: …`"],
            ),
            (
                "signKey: \"\"",
                &["error 5 `signKey` is wrong: it is empty, not a mapping | write `key: value` lines"],
            ),
        ] {
            assert_eq!(found(&format!("artifacthub.io/{annotation}")), expected, "{annotation}");
        }
    }
}
