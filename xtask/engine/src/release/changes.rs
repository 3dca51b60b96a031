//! What changed, as Chart.yaml says it for Artifact Hub (artifacthub.io/docs, "Helm annotations", `artifacthub.io/changes`):
//! a YAML list of texts, or of mappings with `kind` and `description`.

use crate::base::text::prose;
use crate::base::yaml::{self, Node};
use crate::chart::Metadata;

pub(crate) const ANNOTATION: &str = "artifacthub.io/changes";

/// The changes as a Markdown list; `None` if the chart names none, or in a form that is not the documented one.
pub(crate) fn of(chart: &Metadata) -> Option<String> {
    let (_, text) = chart.annotations.iter().find(|(key, _)| key == ANNOTATION)?;
    list(text)
}

fn list(text: &str) -> Option<String> {
    let document = yaml::read(text.as_bytes()).ok()?;
    let lines = document.root.items().iter().map(|item| Some(format!("- {}", change(item)?)));
    let lines = lines.collect::<Option<Vec<String>>>()?;
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn change(item: &Node) -> Option<String> {
    if item.pairs().is_empty() {
        return one_line(item);
    }
    let field = |key: &str| one_line(&item.get(key)?.value);
    let description = field("description")?;
    Some(field("kind").map_or_else(|| description.clone(), |kind| format!("{kind}: {description}")))
}

fn one_line(node: &Node) -> Option<String> {
    let words: Vec<&str> = node.text()?.split_whitespace().collect();
    (!words.is_empty()).then(|| prose(&words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        for (text, expected) in [
            ("- One\n- Two: 2\n", None),
            ("- One\n- \"Two: 2\"\n", Some("- One\n- Two: 2")),
            ("- kind: added\n  description: >\n    Many\n    lines\n", Some("- added: Many lines")),
            ("- <img src=x>\n- \"[a](b) `c`\"\n", Some("- \\<img src=x\\>\n- \\[a\\](b) \\`c\\`")),
            ("- description: Bare\n  links: []\n", Some("- Bare")),
            ("- kind: added\n", None),
            ("[]", None),
            ("", None),
            ("One", None),
            ("- [", None),
        ] {
            assert_eq!(list(text).as_deref(), expected, "{text}");
        }
    }
}
