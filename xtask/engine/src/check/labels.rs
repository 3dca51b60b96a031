//! The label `helm.sh/chart`: what Kubernetes refuses as its value, and where it must not be.

use super::Chart;
use crate::base::path;
use crate::base::problem::Problem;
use crate::base::text::name;

const LABEL: &str = "helm.sh/chart";
/// Kinds whose selectors nobody can change.
const FIXED: [&str; 4] = ["kind: Deployment", "kind: StatefulSet", "kind: DaemonSet", "kind: ReplicaSet"];

pub fn check_labels(chart: &Chart) -> Vec<Problem> {
    let files = chart.source.files.iter().filter(|file| file.path.starts_with("templates/"));
    let templates: Vec<(String, &str)> = files
        .filter_map(|file| {
            Some((path::below(&chart.source.path, &file.path), str::from_utf8(&file.data).ok()?))
        })
        .collect();
    let version = chart.package.as_ref().map_or("", |package| package.metadata.version.as_str());
    let mut problems = Vec::new();
    for (file, text) in &templates {
        if version.contains('+') {
            problems.extend(with_plus(text, version).map(|(line, problem)| problem.at(file, Some(line))));
        }
        let selects = selected(text, &|helper| defines_label(&templates, helper));
        problems.extend(selects.map(|(line, problem)| problem.at(file, Some(line))));
    }
    problems
}

/// Where a version with build metadata becomes a label as it is: Kubernetes takes no `+` in one.
fn with_plus(text: &str, version: &str) -> Option<(usize, Problem)> {
    let is_label = |line: &str| {
        line.contains(".Chart.Version")
            && (line.contains(".Chart.Name") || line.contains(LABEL))
            && !line.contains("replace")
    };
    let line = text.lines().position(is_label)?;
    let message =
        format!("this makes a label of version {}, and Kubernetes refuses `+` in labels", name(version));
    let hint =
        "write `printf \"%s-%s\" .Chart.Name .Chart.Version | replace \"+\" \"_\"`, as `helm create` does";
    Some((line + 1, Problem::warning(message).hint(hint)))
}

/// A selector that has the label: with the next version of the chart it is another one, which the cluster refuses.
fn selected(text: &str, has_label: &dyn Fn(&str) -> bool) -> Option<(usize, Problem)> {
    let (mut is_fixed, mut within, mut before) = (false, None, "");
    let indent = |line: &str| line.len() - line.trim_start().len();
    for (i, line) in text.lines().enumerate() {
        let plain = line.trim();
        if line.starts_with("---") {
            (is_fixed, within) = (false, None);
        }
        is_fixed |= FIXED.contains(&plain);
        let is_action = plain.starts_with("{{");
        if within.is_some_and(|column| !plain.is_empty() && !is_action && indent(line) <= column) {
            within = None;
        }
        if within.is_some() && is_fixed {
            let helper = plain.split_once("include \"").and_then(|(_, rest)| rest.split('"').next());
            if plain.trim_start_matches(['"', '\'']).starts_with(LABEL) || helper.is_some_and(has_label) {
                let message = format!(
                    "this selector has the label `{LABEL}`, which changes with every version, and selectors cannot change: `helm upgrade` fails"
                );
                let hint = "select by `app.kubernetes.io/name` and `app.kubernetes.io/instance` alone; who has it installed has to delete the workload before the upgrade";
                return Some((i + 1, Problem::warning(message).hint(hint)));
            }
        }
        // That of an affinity is a `labelSelector:`, which may change.
        if plain.starts_with("matchLabels:") && before == "selector:" {
            within = Some(indent(line));
        }
        if !plain.is_empty() && !is_action {
            before = plain;
        }
    }
    None
}

/// Whether a named template writes the label.
fn defines_label(templates: &[(String, &str)], helper: &str) -> bool {
    let start = format!("define \"{helper}\"");
    let body = templates.iter().find_map(|(_, text)| text.split_once(&start)).map(|(_, rest)| rest);
    let body = body.and_then(|rest| rest.split("define \"").next());
    body.is_some_and(|body| body.lines().any(|line| line.trim_start().starts_with(LABEL)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{chart, told};

    const HELPERS: &str = "{{- define \"c.labels\" -}}\nhelm.sh/chart: {{ include \"c.chart\" . }}\n{{ include \"c.selectorLabels\" . }}\n{{- end }}\n{{- define \"c.selectorLabels\" -}}\napp: c\n{{- end }}\n";

    fn found(version: &str, template: &str) -> Vec<String> {
        let yaml = format!("apiVersion: v2\nname: c\nversion: {version}\n");
        let files = [
            ("Chart.yaml", yaml.as_str()),
            ("templates/_helpers.tpl", HELPERS),
            ("templates/a.yaml", template),
        ];
        told(check_labels(&chart(&files)))
    }

    #[test]
    fn build_metadata_is_no_label() {
        let bare = "a: {{ printf \"%s-%s\" .Chart.Name .Chart.Version }}";
        let lines = found("1.0.0+b", bare);
        let expected = "warning c/templates/a.yaml:1: this makes a label of version `1.0.0+b`, and Kubernetes refuses `+` in labels | write `printf ";
        assert!(lines.len() == 1 && lines[0].starts_with(expected), "{lines:?}");
        for (version, template) in [
            ("1.0.0", bare.to_owned()),
            ("1.0.0+b", bare.replace(".Version ", ".Version | replace \"+\" \"_\" ")),
            ("1.0.0+b", "version: {{ .Chart.Version }}".to_owned()),
        ] {
            assert_eq!(found(version, &template), [""; 0], "{template}");
        }
    }

    #[test]
    fn selectors_stay() {
        let with = |kind: &str, labels: &str| {
            format!(
                "kind: {kind}\nspec:\n  selector:\n    matchLabels:\n      {labels}\n  template:\n    metadata:\n      labels:\n        {{{{- include \"c.labels\" . | nindent 8 }}}}\n"
            )
        };
        for labels in [
            "helm.sh/chart: x",
            "app: c\n      \"helm.sh/chart\": x",
            "{{- include \"c.labels\" . | nindent 6 }}",
        ] {
            let lines = found("1.0.0", &with("Deployment", labels));
            assert!(
                lines.len() == 1 && lines[0].contains(": this selector has the label `helm.sh/chart`"),
                "{labels}: {lines:?}"
            );
        }
        for (kind, labels) in [
            ("Deployment", "app: c"),
            ("Deployment", "{{- include \"c.selectorLabels\" . | nindent 6 }}"),
            ("NetworkPolicy", "helm.sh/chart: x"),
        ] {
            assert_eq!(found("1.0.0", &with(kind, labels)), [""; 0], "{kind} {labels}");
        }
        let affinity = "  template:\n    spec:\n      affinity:\n        labelSelector:\n          matchLabels:\n            helm.sh/chart: x\n";
        assert_eq!(found("1.0.0", &format!("{}{affinity}", with("Deployment", "app: c"))), [""; 0]);
    }
}
