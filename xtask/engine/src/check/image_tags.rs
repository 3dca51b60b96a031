//! Tags of images in values.yaml that YAML takes for numbers: a template prints another text than the one that is written,
//! and the cluster pulls another image, or none.

use super::Chart;
use super::edit::{Edit, Finding};
use super::yaml::File;
use crate::base::problem::Problem;
use crate::base::text::name;
use crate::base::yaml::{Pair, Resolved, Scalar, Value};
use crate::chart::QUOTE_IT;

pub fn check_image_tags(chart: &Chart, values: &File<'_>) -> Vec<Finding> {
    let templates = chart.source.files.iter().filter(|file| file.path.starts_with("templates/"));
    let templates: Vec<_> = templates.map(|file| String::from_utf8_lossy(&file.data)).collect();
    let lines: Vec<&str> = templates.iter().flat_map(|text| text.lines()).collect();
    let mut findings = Vec::new();
    values.for_each_pair(|keys, siblings, pair| {
        let Value::Scalar(scalar) = &pair.value.value else { return };
        let (path, key) = (keys.join("."), keys.last().copied().unwrap_or_default());
        if !is_tag(keys, siblings) || matches!(scalar.resolved, Resolved::Text(_)) {
            return;
        }
        let Some(rendered) = scalar.rendered().filter(|rendered| *rendered != scalar.written) else { return };
        if is_whole(scalar) && lines.iter().any(|line| prints_whole(line, key)) {
            return;
        }
        let message = format!(
            "templates print {} as {}, the tag {}",
            name(&scalar.written),
            name(&rendered),
            name(&path)
        );
        let quoted = format!("\"{}\"", scalar.written);
        let problem = Problem::warning(message).at(&values.path, Some(pair.value.line));
        let edit = Edit::within(&values.path, values.text, pair.value.line, &scalar.written, &quoted);
        findings.push(Finding::new(problem.hint(format!("{QUOTE_IT}{quoted}")), edit));
    });
    findings
}

/// Whether a value is the tag of an image: `tag` and `nginxTag` may be something else where nothing speaks of an image.
fn is_tag(keys: &[&str], siblings: &[Pair]) -> bool {
    let lower: Vec<String> = keys.iter().map(|key| key.to_lowercase()).collect();
    let is_of_image = |key: &str| ["image", "repository", "registry"].iter().any(|word| key.contains(word));
    let [above @ .., key] = lower.as_slice() else { return false };
    key.ends_with("tag")
        && (is_of_image(key)
            || above.last().is_some_and(|above| is_of_image(above))
            || siblings.iter().any(|one| is_of_image(&one.key.written.to_lowercase())))
}

/// Whether it is written as a whole number, which a template can print as it is written.
fn is_whole(scalar: &Scalar) -> bool {
    matches!(scalar.resolved, Resolved::Int(number) if number.to_string() == scalar.written)
}

/// Whether a line of a template prints a value as a whole number.
fn prints_whole(line: &str, key: &str) -> bool {
    let words = || line.split(|c: char| !(c.is_ascii_alphanumeric() || "._%".contains(c)));
    let is_key = |word: &str| word.rsplit('.').next() == Some(key) && word.contains('.');
    let converts = |word: &str| matches!(word, "int" | "int64" | "%d" | "%.0f" | "toYaml" | "toJson");
    words().any(is_key) && words().any(converts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{chart, told};

    fn found(values: &str, template: &str) -> Vec<Finding> {
        let yaml = "apiVersion: v2\nname: c\nversion: 1.0.0\n";
        let chart = chart(&[("Chart.yaml", yaml), ("values.yaml", values), ("templates/a.yaml", template)]);
        check_image_tags(&chart, &File::of(&chart.source, "values.yaml").expect("YAML"))
    }

    /// What Helm 3.17, 3.22, 4.1 and 4.3 print.
    #[test]
    fn tags_that_are_printed_otherwise() {
        for (written, printed) in [
            ("1234567", "1.234567e+06"),
            ("1000000", "1e+06"),
            ("20190612073634", "2.0190612073634e+13"),
            ("12345678901234567890123", "1.2345678901234568e+22"),
            ("0123456", "42798"),
            ("018", "18"),
            ("72044e0", "72044"),
            ("1_000", "1000"),
            ("0x1f", "31"),
            ("0o17", "15"),
            ("1.20", "1.2"),
            ("1.0", "1"),
            ("+12", "12"),
            ("on", "true"),
        ] {
            let findings = found(&format!("image:\n  repository: a\n  tag: {written} # x\n"), "");
            let edit = findings[0].edit.as_ref().map(|edit| edit.insert.concat());
            assert_eq!(edit, Some(format!("  tag: \"{written}\" # x")));
            assert_eq!(
                told(findings),
                [format!(
                    "warning c/values.yaml:3: templates print `{written}` as `{printed}`, the tag `image.tag` | quote it: \"{written}\""
                )]
            );
        }
        for written in [
            "21",
            "999999",
            "1.2",
            "1.2.3",
            "\"1.20\"",
            "'0123'",
            "true",
            "0a1b",
            "2024-01-01",
            "~",
            "!!str 1.0",
        ] {
            assert!(found(&format!("image: {{tag: {written}}}\n"), "").is_empty(), "{written}");
        }
    }

    #[test]
    fn where_tags_are() {
        for values in [
            "imageTag: 1.20",
            "image.tag: 1.20",
            "a: {b: [{repository: x, tag: 1.20}]}",
            "a: {image: x, nginxTag: 1.20}",
            "initImage: {tag: 1.20}",
            "image_tag: 1.20",
        ] {
            assert_eq!(found(values, "").len(), 1, "{values}");
        }
        for values in
            ["tag: 1.20", "vlan: {tag: 0x1f}", "image: {tags: 1.20, stage: 1.0}", "image: {tag: {a: 1.0}}"]
        {
            assert!(found(values, "").is_empty(), "{values}");
        }
    }

    #[test]
    fn a_template_may_print_whole_numbers() {
        for (template, count) in [
            ("image: a:{{ .Values.image.tag | int64 }}", 0),
            ("image: {{ printf \"a:%d\" (int .Values.image.tag) }}", 0),
            ("image: a:{{ .Values.image.tag | toString }}", 1),
            ("port: {{ .Values.port | int64 }}", 1),
        ] {
            assert_eq!(found("image: {tag: 1234567}", template).len(), count, "{template}");
            assert_eq!(found("image: {tag: 1.20}", template).len(), 1, "{template}");
        }
    }
}
