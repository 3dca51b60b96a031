//! Text that other people wrote: what may be shown of it, and what Helm keeps of it.

use super::printable::is_printable;

/// A name for a message: in backticks, without anything that a terminal or a CI log would obey.
pub fn name(text: &str) -> String {
    format!("`{}`", shown(text))
}

/// The text with control characters and line breaks written as escapes. A tag, a file name or the words of
/// another program can then neither move the cursor nor begin a workflow command (`::error …`) on a new line.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == ' ' || is_printable(c) {
            out.push(c);
        } else {
            out.extend(c.escape_default());
        }
    }
    out
}

/// The first of many names, and how many more there are.
pub fn few(names: &[String]) -> String {
    let first: Vec<String> = names.iter().take(3).map(|one| name(one)).collect();
    let more = names.len().saturating_sub(3);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", first.join(", "))
}

/// What Helm makes of a text field of Chart.yaml: each white-space character becomes one space, then
/// everything that is not printable goes (helm-package: `Metadata.Validate`, `sanitizeString`).
pub fn sanitise(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    spaced.filter(|&c| is_printable(c)).collect()
}

/// A size for people: `812 B`, `12.3 KiB`, `6.8 MiB`.
#[allow(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        assert_eq!(name("v1\u{1b}[2J\n::error::x\u{202e}"), "`v1\\u{1b}[2J\\n::error::x\\u{202e}`");
        assert_eq!(name("日本 é"), "`日本 é`");
    }

    #[test]
    fn fields_are_sanitised_as_helm_does() {
        assert_eq!(sanitise("a\tb\nc\u{a0}d\u{2028}e\u{1}f\u{200b}g\u{ad}h"), "a b c d efgh");
        assert_eq!(sanitise("  kept \u{1F600} "), "  kept \u{1F600} ");
    }

    #[test]
    fn sizes() {
        assert_eq!(
            [size(0), size(1023), size(12_600), size(7_130_317)],
            ["0 B", "1023 B", "12.3 KiB", "6.8 MiB"]
        );
    }
}
