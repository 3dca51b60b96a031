//! What stands above a page's text: YAML between `---`, or lines `key: value`, as mkdocs reads both.

use crate::base::yaml::{self, Value};

/// The text fields at the top of a file, by their keys, and how many lines they take.
pub fn matter(text: &str) -> (Vec<(String, String)>, usize) {
    if text.lines().next().is_some_and(|line| line.trim_end() == "---") {
        of_yaml(text)
    } else {
        of_lines(text)
    }
}

/// What is not a YAML mapping is left in the page, as by mkdocs.
fn of_yaml(text: &str) -> (Vec<(String, String)>, usize) {
    let mut lines = text.lines().skip(1);
    let inside: Vec<&str> =
        lines.clone().take_while(|line| !matches!(line.trim_end(), "---" | "...")).collect();
    let closed = lines.nth(inside.len()).is_some();
    let document = yaml::read(inside.join("\n").as_bytes()).ok().filter(|_| closed);
    let Some(Value::Mapping(pairs)) = document.map(|document| document.root.value) else {
        return (Vec::new(), 0);
    };
    let field = |pair: yaml::Pair| match pair.value.value {
        Value::Scalar(scalar) if !scalar.is_null() => Some((pair.key.helm, scalar.written)),
        _ => None,
    };
    (pairs.into_iter().filter_map(field).collect(), inside.len() + 2)
}

/// Up to the first line that is empty or something else; four spaces continue a value (mkdocs,
/// `utils/meta.py`).
fn of_lines(text: &str) -> (Vec<(String, String)>, usize) {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut taken = 0;
    for line in text.lines() {
        if line.trim().is_empty() {
            return (fields, taken + 1);
        }
        let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let indent = line.len() - line.trim_start_matches(' ').len();
        let pair = line.trim_start_matches(' ').split_once(':');
        match (
            pair.filter(|(key, _)| indent < 4 && !key.is_empty() && key.chars().all(is_key)),
            fields.last_mut(),
        ) {
            (Some((key, value)), _) => fields.push((key.to_ascii_lowercase(), value.trim().to_owned())),
            (None, Some((_, value))) if indent >= 4 => {
                value.push(' ');
                value.push_str(line.trim());
            }
            _ => break,
        }
        taken += 1;
    }
    (fields, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `mkdocs.utils.meta.get_data(TEXT)`.
    #[test]
    fn fields() {
        for (text, expected, lines) in [
            ("---\r\ntitle: 1.10\r\n---\r\n# b", "title=1.10", 3),
            ("title: A: b\nX-y:   c\n    d\n\n# e", "title=A: b x-y=c d", 4),
            ("title: A\n# e", "title=A", 1),
            ("# a\nb: c", "", 0),
            ("a b: c", "", 0),
            ("---\na\n---\nb", "", 0),
            ("---\n[\n---\n", "", 0),
            ("---\ntitle: x\n", "", 0),
            ("https://x\n", "https=//x", 1),
        ] {
            let (found, taken) = matter(text);
            let found: Vec<String> = found.iter().map(|(key, value)| format!("{key}={value}")).collect();
            assert_eq!((found.join(" ").as_str(), taken), (expected, lines), "{text}");
        }
    }
}
