//! Helm's words about one mistake, made the same in each run and for each Helm: what helm lists comes in random order, since
//! Go's maps have none, and a template that fails comes with all those that include it.

use crate::base::path;

/// One line of helm's words on a chart, in a set order, from where the mistake is.
pub fn settled(chart: &str, text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let text = ordered(&lines).join(" ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match frame(chart, &text) {
        // `execution error at (FILE:LINE): …` has no others before it.
        Some(Frame { start, .. }) if !text.get(..start).is_some_and(|before| before.ends_with('(')) => {
            text.get(start..).unwrap_or_default().to_owned()
        }
        _ => text,
    }
}

/// The parts of helm's words, each about one chart, where a chart and its sub-charts have values that do not fit.
pub fn parts(text: &str) -> Vec<String> {
    let (head, rest) = text.split_once("chart(s):\n").unwrap_or((text, ""));
    let mut parts: Vec<String> = Vec::new();
    for line in rest.lines().filter(|line| !line.trim().is_empty()) {
        match parts.last_mut() {
            Some(part) if !is_chart(line) => part.extend(["\n", line]),
            _ => parts.push(format!("{head}chart(s):\n{line}")),
        }
    }
    if parts.is_empty() { vec![text.to_owned()] } else { parts }
}

/// The sub-chart that values do not fit, as helm says it of a chart.
pub fn of_sub_chart<'t>(chart: &str, text: &'t str) -> Option<&'t str> {
    let named = text.split_once("chart(s):\n")?.1.lines().next()?.strip_suffix(':')?;
    (named != chart).then_some(named)
}

fn is_chart(line: &str) -> bool {
    line.ends_with(':') && !line.starts_with([' ', '-', '\t'])
}

/// Items of a list in the order of their texts, each with what is below it.
fn ordered(lines: &[&str]) -> Vec<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let Some(least) = lines.iter().map(|line| indent(line)).min() else { return Vec::new() };
    let is_item = |line: &str| indent(line) == least && line.trim_start().starts_with("- ");
    let first = lines.iter().position(|line| is_item(line)).unwrap_or(lines.len());
    let (before, items) = lines.split_at_checked(first).unwrap_or((lines, &[]));
    let mut groups: Vec<Vec<&str>> = Vec::new();
    for line in items {
        match groups.last_mut() {
            Some(group) if !is_item(line) => group.push(line),
            _ => groups.push(vec![line]),
        }
    }
    let group = |group: &Vec<&str>| {
        let (head, below) = group.split_first()?;
        Some([vec![ordered_list(head)], ordered(below)].concat())
    };
    let mut items: Vec<Vec<String>> = groups.iter().filter_map(group).collect();
    items.sort();
    before.iter().map(|line| ordered_list(line)).chain(items.concat()).collect()
}

/// `additional properties 'b', 'a' not allowed` with the names in order.
fn ordered_list(line: &str) -> String {
    let sorted = || {
        let mut names: Vec<&str> = line.split("', '").collect();
        let (head, first) = names.first()?.rsplit_once('\'')?;
        let (last, tail) = names.last()?.split_once('\'').filter(|_| names.len() > 1)?;
        *names.first_mut()? = first;
        *names.last_mut()? = last;
        names.sort_unstable();
        Some(format!("{head}'{}'{tail}", names.join("', '")))
    };
    sorted().unwrap_or_else(|| line.to_owned())
}

/// A file of a chart as helm's words name it.
struct Frame<'t> {
    start: usize,
    file: &'t str,
    line: usize,
}

/// The innermost file of the chart itself that an error went through, `CHART/FILE:LINE`: those before it include it, and
/// what comes from a sub-chart is called with what it does not take.
fn frame<'t>(chart: &str, text: &'t str) -> Option<Frame<'t>> {
    let begin = format!("{chart}/");
    let frames: Vec<Frame<'t>> = starts(&begin, text)
        .filter_map(|start| {
            let rest = text.get(start + begin.len()..)?;
            let (file, after) = rest.split_once(':')?;
            let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
            let line = digits.parse().ok().filter(|_| file.contains('.') && !file.contains([' ', '"']))?;
            Some(Frame { start, file, line })
        })
        .collect();
    let own = frames.iter().rposition(|frame| !frame.file.starts_with("charts/"));
    let last = own.or(frames.len().checked_sub(1))?;
    frames.into_iter().nth(last)
}

/// Where names of files of the chart begin.
fn starts<'t>(begin: &'t str, text: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(begin).map(|(at, _)| at).filter(|at| {
        text.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '(', '"', '\n']))
    })
}

/// The file that settled words name, below the chart's path, and its line where helm names one.
pub fn place(directory: &str, chart: &str, text: &str) -> Option<(String, Option<usize>)> {
    if let Some(Frame { file, line, .. }) = frame(chart, text) {
        return Some((path::below(directory, file), Some(line)));
    }
    let begin = format!("{chart}/");
    let named = starts(&begin, text).find_map(|start| {
        let rest = text.get(start + begin.len()..)?;
        let file = rest.split(|c: char| c.is_whitespace() || matches!(c, ':' | '"' | ')')).next()?;
        Some(path::below(directory, file)).filter(|_| file.contains('.'))
    });
    named.map(|file| (file, None))
}

/// Whether helm could not fetch a schema that values.schema.json refers to: not a word on the values.
pub fn is_unreachable(text: &str) -> bool {
    ["failing loading \"http", "Get \"http", "Could not read schema from HTTP"]
        .iter()
        .any(|words| text.contains(words))
}

/// What helm could not fetch, as far as its words name it.
pub fn unreachable(text: &str) -> Option<&str> {
    text.split('"').find(|quoted| quoted.starts_with("http"))
}

/// Whether a template refuses by `fail` or `required`.
pub fn is_refusal(text: &str) -> bool {
    text.contains("execution error at (")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_in_each_run() {
        for (texts, expected) in [
            (
                vec![
                    "- at '/a': got number\n- at '': additional properties 'x', 'y', 'z' not allowed",
                    "- at '': additional properties 'z', 'y', 'x' not allowed\n- at '/a': got number",
                ],
                "- at '': additional properties 'x', 'y', 'z' not allowed - at '/a': got number",
            ),
            (
                vec![
                    "- at '/b': anyOf failed\n  - at '/b': z\n  - at '/b': y\n- at '/a': x",
                    "- at '/a': x\n- at '/b': anyOf failed\n  - at '/b': y\n  - at '/b': z",
                ],
                "- at '/a': x - at '/b': anyOf failed - at '/b': y - at '/b': z",
            ),
            (
                vec![
                    "template: c/templates/d.yaml:1:6: executing \"c/templates/d.yaml\" at <include \"x\" .>: error calling include: template: c/templates/_h.tpl:2:10: executing \"x\" at <.Values.a>: bad",
                    "template: c/templates/a.yaml:7:9: executing \"c/templates/a.yaml\" at <include \"x\" .>: error calling include: template: c/templates/_h.tpl:2:10: executing \"x\" at <.Values.a>: bad",
                ],
                "c/templates/_h.tpl:2:10: executing \"x\" at <.Values.a>: bad",
            ),
            (
                vec![
                    "c/templates/d.yaml:1:6\n  executing \"c/templates/d.yaml\" at <include \"x\" .>:\n    error calling include:\nc/charts/l/templates/_h.tpl:2:10\n  executing \"x\": bad",
                ],
                "c/templates/d.yaml:1:6 executing \"c/templates/d.yaml\" at <include \"x\" .>: error calling include: c/charts/l/templates/_h.tpl:2:10 executing \"x\": bad",
            ),
        ] {
            for text in texts {
                assert_eq!(settled("c", text), expected);
            }
        }
    }

    #[test]
    fn each_chart_has_its_own_part() {
        let text = "values don't meet the specifications of the schema(s) in the following chart(s):\nc:\n- at '/a': x\ns:\n- at '/b': y\n  - at '/b': z\n";
        let parts = parts(text);
        assert_eq!(parts.iter().map(|part| of_sub_chart("c", part)).collect::<Vec<_>>(), [None, Some("s")]);
        assert!(parts[1].ends_with("chart(s):\ns:\n- at '/b': y\n  - at '/b': z"), "{}", parts[1]);
        assert_eq!(super::parts("nothing\nelse"), ["nothing\nelse"]);
    }

    #[test]
    fn places() {
        for (text, expected) in [
            ("execution error at (c/templates/a.yaml:1:75): no", Some(("p/templates/a.yaml", Some(1)))),
            (
                "YAML parse error on c/templates/a.yaml: error: yaml: line 3: no",
                Some(("p/templates/a.yaml", None)),
            ),
            ("c/b is not there", None),
        ] {
            let expected = expected.map(|(file, line)| (file.to_owned(), line));
            assert_eq!(place("p", "c", text), expected, "{text}");
        }
    }
}
