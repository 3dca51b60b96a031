//! The commands of a shell script, as words: what a `run:` does is told by them, and not by what it prints or comments on.

/// A command: its words without quotes, and without what only leads to it, such as `sudo`, `if` or `npx`.
pub type Words = Vec<String>;

/// Words after which another command begins.
const LEADS: [&str; 19] = [
    "!", "bunx", "command", "do", "elif", "else", "env", "exec", "if", "nohup", "npx", "sudo", "then",
    "time", "until", "while", "xargs", "yarn", "{",
];
/// The same, of two words.
const RUNNERS: [(&str, &str); 9] = [
    ("npm", "exec"),
    ("pipenv", "run"),
    ("pnpm", "dlx"),
    ("pnpm", "exec"),
    ("poetry", "run"),
    ("python", "-m"),
    ("python3", "-m"),
    ("uv", "run"),
    ("yarn", "dlx"),
];

/// The commands of a script in their order. Variables become what the script or `env` sets them to; others stay.
pub fn commands(script: &str, env: &dyn Fn(&str) -> Option<String>) -> Vec<Words> {
    let mut set: Vec<(String, String)> = Vec::new();
    let mut commands = Vec::new();
    for words in split(&without_documents(script)) {
        let known = |name: &str| {
            let own = set.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            own.or_else(|| env(name))
        };
        let words: Words = words.iter().map(|word| expanded(word, &known)).collect();
        let is_export =
            words.first().is_some_and(|word| matches!(word.as_str(), "export" | "local" | "readonly"));
        let assigned: Vec<_> =
            words.iter().skip(usize::from(is_export)).map_while(|word| assignment(word)).collect();
        set.extend(assigned);
        commands.extend(Some(own_words(words)).filter(|words| !words.is_empty()));
    }
    commands
}

/// The same where no variable is known.
pub fn plain_commands(script: &str) -> Vec<Words> {
    commands(script, &|_| None)
}

pub fn is_xtask(words: &Words) -> bool {
    words.iter().take(2).eq(["cargo", "xtask"])
}

/// A part of a script as it is written, without what leads to its command.
pub fn without_leads(part: &str) -> &str {
    let first = part.split_whitespace().next().unwrap_or_default();
    match part.strip_prefix(first) {
        Some(rest) if LEADS.contains(&first) || assignment(first).is_some() => {
            without_leads(rest.trim_start())
        }
        _ => part,
    }
}

/// `NAME=VALUE`.
fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

/// A command without what leads to it.
fn own_words(words: Words) -> Words {
    let mut words = words.into_iter().skip_while(|word| assignment(word).is_some()).peekable();
    loop {
        let Some(first) = words.next() else { return Vec::new() };
        let is_runner = words.peek().is_some_and(|next| RUNNERS.contains(&(first.as_str(), next.as_str())));
        if !is_runner && !LEADS.contains(&first.as_str()) {
            let program = first.rsplit('/').next().unwrap_or(&first).to_owned();
            return std::iter::once(program).chain(words).collect();
        }
        words.by_ref().take(usize::from(is_runner)).for_each(drop);
        while words.next_if(|word| word.starts_with('-') || assignment(word).is_some()).is_some() {}
    }
}

/// A script without its here-documents, and with lines that go on in one.
fn without_documents(script: &str) -> String {
    let (mut text, mut end) = (String::new(), None::<String>);
    for line in script.lines() {
        if let Some(last) = &end {
            end = Some(last.clone()).filter(|last| line.trim() != last);
            continue;
        }
        let mark = line.split_once("<<").map(|(_, rest)| rest.trim_start_matches(['-', ' ']));
        let word = mark.and_then(|mark| mark.split_whitespace().next());
        let word = word.map(|word| word.trim_matches(['"', '\'', '\\', ';', ')']));
        end = word
            .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
            .map(str::to_owned);
        text.push_str(line.strip_suffix('\\').unwrap_or(line));
        text.push(if line.ends_with('\\') { ' ' } else { '\n' });
    }
    text
}

/// The words of each command, quotes taken away. What stands in `$(…)` is a command of its own.
fn split(script: &str) -> Vec<Words> {
    let (mut commands, mut reader, mut rest) = (Vec::new(), Reader::default(), script);
    while let Some(c) = rest.chars().next() {
        let after = rest.strip_prefix(c).unwrap_or_default();
        rest = after;
        if let Some((expression, more)) =
            after.strip_prefix("{{").filter(|_| c == '$').and_then(|it| it.split_once("}}"))
        {
            reader.word().extend(["${{", expression, "}}"]);
            rest = more;
        } else if let Some((inner, more)) = substitution(c, after) {
            commands.extend(split(inner));
            reader.word().push_str("$()");
            rest = more;
        } else if c == '\\' {
            let escaped = after.chars().next().unwrap_or_default();
            reader.word().push(escaped);
            rest = after.strip_prefix(escaped).unwrap_or_default();
        } else if c == '"' {
            reader.is_quoted = !reader.is_quoted;
            reader.word();
        } else if reader.is_quoted {
            reader.word().push(c);
        } else if c == '\'' {
            let (text, more) = after.split_once('\'').unwrap_or((after, ""));
            reader.word().push_str(text);
            rest = more;
        } else if c == '#' && reader.open.is_none() {
            rest = after.find('\n').and_then(|at| after.get(at..)).unwrap_or_default();
        } else if matches!(c, '>' | '<') {
            reader.redirect();
            rest = after.trim_start_matches(['>', '<', '&', '|']);
        } else if matches!(c, '\n' | ';' | '&' | '|' | '(' | ')') {
            commands.extend(reader.end_command());
        } else if c.is_whitespace() {
            reader.end_word();
        } else {
            reader.word().push(c);
        }
    }
    commands.extend(reader.end_command());
    commands
}

/// What stands in `$(…)` or between backticks, and what follows it.
fn substitution(c: char, after: &str) -> Option<(&str, &str)> {
    if c == '`' {
        return after.split_once('`');
    }
    let inner = after.strip_prefix('(').filter(|_| c == '$')?;
    let mut depth = 1;
    let (end, _) = inner.char_indices().find(|(_, c)| {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        depth == 0
    })?;
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

#[derive(Default)]
struct Reader {
    words: Words,
    open: Option<String>,
    is_quoted: bool,
    /// Whether the next word is a file that something is read from or written to.
    is_redirect: bool,
}

impl Reader {
    fn word(&mut self) -> &mut String {
        self.open.get_or_insert_default()
    }

    fn end_word(&mut self) {
        if let Some(word) = self.open.take()
            && !std::mem::take(&mut self.is_redirect)
        {
            self.words.push(word);
        }
    }

    fn redirect(&mut self) {
        // The number of what is redirected is no argument.
        self.open.take_if(|word| word.chars().all(|c| c.is_ascii_digit()));
        self.end_word();
        self.is_redirect = true;
    }

    fn end_command(&mut self) -> Option<Words> {
        self.end_word();
        (self.is_redirect, self.is_quoted) = (false, false);
        Some(std::mem::take(&mut self.words)).filter(|words| !words.is_empty())
    }
}

/// A word with what is known of it: `$NAME`, `${NAME}`, `${{ env.NAME }}`, `${{ github.repository }}`.
pub fn expanded(word: &str, known: &dyn Fn(&str) -> Option<String>) -> String {
    let (mut text, mut rest) = (String::new(), word);
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let plain = after.split_at_checked(end).unwrap_or((after, ""));
        let expression = after.strip_prefix("{{").and_then(|after| after.split_once("}}"));
        let braced = after.strip_prefix('{').and_then(|after| after.split_once('}'));
        let (name, more) = match (expression, braced) {
            (Some((name, more)), _) => (name.trim().trim_start_matches("env."), more),
            (None, Some(braced)) => braced,
            (None, None) => plain,
        };
        let value = known(name);
        rest = if value.is_some() { more } else { after };
        text.push_str(value.as_deref().unwrap_or("$"));
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_commands() {
        let env = |name: &str| (name == "BRANCH").then(|| "gh-pages".to_owned());
        for (script, expected) in [
            ("echo \"helm push\" # helm push x", &["echo|helm push"][..]),
            ("# helm push\nhelm push \\\n  x oci://h", &["helm|push|x|oci://h"]),
            ("a && b || c; d | e & f", &["a", "b", "c", "d", "e", "f"]),
            ("A=1 B=2 sudo -E /usr/bin/helm push '$X'", &["helm|push|$X"]),
            ("if ! helm push x; then\n exit 1\nfi", &["helm|push|x", "exit|1", "fi"]),
            ("for x in *.tgz; do helm push $x; done", &["for|x|in|*.tgz", "helm|push|$x", "done"]),
            ("npx --yes gh-pages -d x\npython3 -m mkdocs gh-deploy", &["gh-pages|-d|x", "mkdocs|gh-deploy"]),
            ("out=$(helm push x 2>&1) > log", &["helm|push|x"]),
            ("echo \"$(git push)\" 2> log", &["git|push", "echo|$()"]),
            ("cat > x <<'EOF'\nhelm push\nEOF\nls", &["cat", "ls"]),
            ("git push origin \"HEAD:$BRANCH\"", &["git|push|origin|HEAD:gh-pages"]),
            (
                "B=$BRANCH\ngit push o ${B} ${{ env.BRANCH }} ${{ a.b }}",
                &["git|push|o|gh-pages|gh-pages|${{ a.b }}"],
            ),
            ("echo 'a;b' \"a|b\" a\\;b", &["echo|a;b|a|b|a;b"]),
        ] {
            let found: Vec<String> = commands(script, &env).iter().map(|words| words.join("|")).collect();
            assert_eq!(found, expected, "{script}");
        }
    }
}
