//! `ct.yaml`, the configuration of chart-testing: which charts it tests, and which branch it compares them with.
//!
//! Its keys are those of the options of `ct lint` (chart-testing, `pkg/config/config.go`); a list may be one text with
//! commas. Keys that are not read here are passed over, as chart-testing passes over those that it does not know.

use crate::base::problem::{Checked, Problem};
use crate::base::text::name;
use crate::base::yaml::{self, Node, Value};

/// A text of the file, and its line from 1.
pub type Text = (String, usize);

/// What of the file decides about charts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartTesting {
    /// Its path from the root of the repository.
    pub file: String,
    /// The directories whose sub-directories are charts; `None` leaves them to the command line.
    pub chart_dirs: Option<Vec<Text>>,
    /// Charts that are not tested, by the names of their directories.
    pub excluded_charts: Vec<Text>,
    /// The branch that charts are compared with, to know which have changed.
    pub target_branch: Option<Text>,
    /// The remote that has this branch; `None` for `origin`.
    pub remote: Option<Text>,
}

/// Keys that no other file has.
const KEYS: [&str; 8] = [
    "chart-dirs",
    "chart-repos",
    "charts",
    "check-version-increment",
    "excluded-charts",
    "target-branch",
    "validate-chart-schema",
    "validate-maintainers",
];

/// Whether a file may be such a configuration, by its name: `ct.yaml`, `ct-lint.yaml`, `chart-testing.yaml`, `chart_testing.yml`.
pub fn has_name(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let Some(stem) = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")) else { return false };
    stem == "ct" || stem.starts_with("ct-") || stem.replace('_', "-") == "chart-testing"
}

/// Reads a file that has such a name; `None` also if it is no such configuration.
pub fn read_ct_yaml(bytes: &[u8], file: &str) -> Checked<Option<ChartTesting>> {
    let document = match yaml::read(bytes) {
        Ok(document) => document,
        Err(error) => {
            let problem = Problem::error(format!("cannot read it: {}", error.message));
            return Checked::new(None, [problem.at(file, error.line).hint("mend the YAML")]);
        }
    };
    let pairs = document.root.pairs();
    if !pairs.iter().any(|pair| KEYS.contains(&pair.key.written.as_str())) {
        return Checked::default();
    }
    let mut problems = Vec::new();
    let mut read = ChartTesting { file: file.to_owned(), ..ChartTesting::default() };
    for pair in pairs {
        let key = pair.key.written.as_str();
        let mut texts = || {
            texts(&pair.value).unwrap_or_else(|| {
                let problem = Problem::error(format!("{} is not a list of names", name(key)));
                problems.push(problem.at(file, Some(pair.line)).hint(format!("{key}: [NAME]")));
                Vec::new()
            })
        };
        match key {
            "chart-dirs" => read.chart_dirs = Some(texts()),
            "excluded-charts" => read.excluded_charts = texts(),
            "target-branch" => read.target_branch = texts().into_iter().next(),
            "remote" => read.remote = texts().into_iter().next(),
            _ => {}
        }
    }
    Checked::new(Some(read), problems)
}

/// The texts of a list, or of a text with commas; `None` for what is neither.
fn texts(node: &Node) -> Option<Vec<Text>> {
    match &node.value {
        _ if node.is_null() => Some(Vec::new()),
        Value::Scalar(scalar) => {
            let parts = scalar.written.split(',').map(str::trim).filter(|part| !part.is_empty());
            Some(parts.map(|part| (part.to_owned(), node.line)).collect())
        }
        Value::Sequence(nodes) => {
            let all: Option<Vec<Vec<Text>>> = nodes.iter().map(texts).collect();
            all.map(|all| all.concat())
        }
        Value::Mapping(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for path in ["ct.yaml", ".ct/ct.yml", ".github/configs/ct-lint.yaml", ".github/chart_testing.yaml"] {
            assert!(has_name(path), "{path}");
        }
        for path in ["act.yaml", "ct.json", "ct.yaml/x", "ct/values.yaml"] {
            assert!(!has_name(path), "{path}");
        }
    }

    #[test]
    fn files() {
        let read = |text: &str| read_ct_yaml(text.as_bytes(), "ct.yaml").value;
        let text = "chart-dirs:\n  - charts\n  - more\nexcluded-charts: a, b\ntarget-branch: main\nremote: up\nx: [y]\n";
        let expected = ChartTesting {
            file: "ct.yaml".to_owned(),
            chart_dirs: Some(vec![("charts".to_owned(), 2), ("more".to_owned(), 3)]),
            excluded_charts: vec![("a".to_owned(), 4), ("b".to_owned(), 4)],
            target_branch: Some(("main".to_owned(), 5)),
            remote: Some(("up".to_owned(), 6)),
        };
        assert_eq!(read(text), Some(expected));
        assert_eq!(read("target-branch: x\n").and_then(|read| read.chart_dirs), None);
        assert_eq!(read("excluded-charts:\ncharts: []\n").map(|read| read.excluded_charts), Some(Vec::new()));
        assert_eq!(read("image: x\n").or(read("- x\n")).or(read("")), None);
    }

    #[test]
    fn mistakes() {
        for (text, expected) in [
            ("charts: [\n", "ct.yaml:2: cannot read it: "),
            ("charts: []\nchart-dirs:\n  a: b\n", "ct.yaml:2: `chart-dirs` is not a list of names"),
        ] {
            let problems = read_ct_yaml(text.as_bytes(), "ct.yaml").problems;
            assert!(problems.len() == 1 && problems[0].to_string().starts_with(expected), "{problems:?}");
        }
    }
}
