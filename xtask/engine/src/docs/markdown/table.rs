//! Tables: to mkdocs a `|` between backticks is part of the code, to the crate it ends the cell, and cells that are too
//! many are lost.

use super::admonition::Line;
use super::fence::Fence;

/// The lines, with `\|` for each `|` in the code of a table.
pub fn escape_pipes(mut lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let (mut fence, mut in_table) = (Fence::default(), false);
    let codes: Vec<bool> = lines.iter().map(|(_, line)| fence.is_code(line)).collect();
    for at in 0..lines.len() {
        let is_prose = |at: usize| codes.get(at) == Some(&false);
        let cells = |at: usize| lines.get(at).filter(|_| is_prose(at)).map(|(_, line)| split(line).len());
        let is_ruled = lines.get(at + 1).is_some_and(|(_, line)| is_rule(line));
        let begins = is_ruled && cells(at).is_some() && cells(at) == cells(at + 1);
        in_table = begins
            || in_table && is_prose(at) && lines.get(at).is_some_and(|(_, line)| !line.trim().is_empty());
        let Some((_, line)) = lines.get_mut(at).filter(|_| in_table) else { continue };
        if line.contains('`') && line.contains('|') {
            *line = join(line).into();
        }
    }
    lines
}

/// The line below the heads of a table.
fn is_rule(line: &str) -> bool {
    line.contains('-')
        && line.contains('|')
        && line.trim().chars().all(|c| matches!(c, '-' | '|' | ':' | ' '))
}

/// The cells of a row.
fn split(line: &str) -> Vec<&str> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = line.strip_suffix('|').filter(|line| !line.ends_with('\\')).unwrap_or(line);
    let (mut cells, mut begin) = (Vec::new(), 0);
    for (at, is_code) in pipes(line) {
        if !is_code {
            cells.extend(line.get(begin..at));
            begin = at + 1;
        }
    }
    cells.extend(line.get(begin..));
    cells
}

fn join(line: &str) -> String {
    let (mut out, mut begin) = (String::new(), 0);
    for (at, _) in pipes(line).into_iter().filter(|(_, is_code)| *is_code) {
        out.push_str(line.get(begin..at).unwrap_or_default());
        out.push('\\');
        begin = at;
    }
    out + line.get(begin..).unwrap_or_default()
}

/// Where the `|` of a row are that no backslash is before, and whether each stands in code: between as many backticks as
/// there are before it.
fn pipes(line: &str) -> Vec<(usize, bool)> {
    let run = |at: usize| line.get(at..).map_or(0, |rest| rest.len() - rest.trim_start_matches('`').len());
    let (mut found, mut at, mut end) = (Vec::new(), 0, 0);
    while let Some(c) = line.get(at..).and_then(|rest| rest.chars().next()) {
        match c {
            '\\' => at += 1,
            '|' => found.push((at, at < end)),
            '`' => {
                let length = run(at);
                let ends = |close: &usize| {
                    run(*close) == length && !line.get(..*close).unwrap_or_default().ends_with('`')
                };
                let close = (at + length..line.len()).find(ends).filter(|_| at >= end);
                end = close.map_or(end, |close| close + length);
                at += length - 1;
            }
            _ => {}
        }
        at += line.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `markdown.markdown(TEXT, extensions=["tables"])`.
    #[test]
    fn pipes_in_code_stay_in_their_cells() {
        for (row, expected) in [
            ("| `a|b` | c |", "| `a\\|b` | c |"),
            ("|``a|`b``|c|", "|``a\\|`b``|c|"),
            ("| `a | b |", "| `a | b |"),
            ("| é `a|b|c` é | `d` |", "| é `a\\|b\\|c` é | `d` |"),
            ("`a\\|b` | c", "`a\\|b` | c"),
        ] {
            let text = format!("| x | y |\n|---|---|\n{row}\n\n`a|b`\n```\n{row}\n");
            let lines = escape_pipes((1..).zip(text.lines().map(Into::into)).collect());
            let lines: Vec<&str> = lines.iter().map(|(_, line)| line.as_ref()).collect();
            assert_eq!(lines.join("\n"), format!("| x | y |\n|---|---|\n{expected}\n\n`a|b`\n```\n{row}"));
        }
        for text in ["`a|b` | c | d\n---|---\n", "a | b\n\n`c|d`"] {
            let lines = escape_pipes((1..).zip(text.lines().map(Into::into)).collect());
            assert!(!lines.iter().any(|(_, line)| line.contains('\\')), "{text}");
        }
    }
}
