//! The conditions of jobs (docs.github.com, "Evaluate expressions in workflows and actions"), as far as they depend on what
//! started the workflow.

use super::{Job, Workflow};

/// What started a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start<'t> {
    pub event: &'t str,
    /// Such as `refs/tags/v1.2.3`.
    pub reference: &'t str,
    /// The branch that others see first, without `refs/heads/`.
    pub default_branch: &'t str,
}

/// How the jobs ended that a job needs, and those that they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    Succeeded,
    Failed,
    Skipped,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Yes,
    No,
    /// That depends on something else than what started the workflow.
    Perhaps,
    /// It cannot be read.
    Unknown,
}

/// What makes a job run though one that it needs did not succeed (docs.github.com, "Status check functions").
const STATUS: [&str; 4] = ["success", "always", "failure", "cancelled"];

/// Whether a condition holds. One that asks for no status is that of a job which runs after success alone.
pub fn holds(start: Start<'_>, before: Before, condition: &str) -> Holds {
    let Some((parser, value)) = parse(start, before, condition) else { return Holds::Unknown };
    match value.is_true() {
        _ if before != Before::Succeeded && !parser.names_status => Holds::No,
        Some(true) => Holds::Yes,
        Some(false) => Holds::No,
        None if parser.is_unreadable => Holds::Unknown,
        None => Holds::Perhaps,
    }
}

/// The jobs that surely do not run.
pub fn skipped<'w>(workflow: &'w Workflow, start: Start<'_>) -> Vec<&'w Job> {
    let mut skipped: Vec<&Job> = Vec::new();
    let is_skipped = |job: &Job, skipped: &[&Job]| {
        let has_skipped = workflow.before(job).iter().any(|needed| skipped.contains(needed));
        let before = if has_skipped { Before::Skipped } else { Before::Succeeded };
        let condition = job.condition.as_ref().map_or("success()", |condition| &condition.text);
        holds(start, before, condition) == Holds::No
    };
    while let Some(next) =
        workflow.jobs.iter().find(|job| !skipped.contains(job) && is_skipped(job, &skipped))
    {
        skipped.push(next);
    }
    skipped
}

fn parse<'t>(start: Start<'t>, before: Before, condition: &'t str) -> Option<(Parser<'t>, Value)> {
    let text = condition.trim();
    let inner = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(text);
    let tokens = tokens(inner).filter(|tokens| tokens.len() <= MAX_TOKENS)?;
    let mut parser = Parser { start, before, tokens, at: 0, is_unreadable: false, names_status: false };
    let value = parser.either()?;
    (parser.at == parser.tokens.len()).then_some((parser, value))
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A name, such as that of a function or of a field.
    Word(String),
    Text(String),
    Sign(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    Truth(bool),
    /// What depends on something else than what started the workflow.
    Unknown,
}

struct Parser<'t> {
    start: Start<'t>,
    before: Before,
    tokens: Vec<Token>,
    at: usize,
    /// Whether it has a function that is not known here.
    is_unreadable: bool,
    /// Whether it has one of [`STATUS`].
    names_status: bool,
}

/// The longest expression that is read: each parenthesis takes a part of the stack.
const MAX_TOKENS: usize = 1_000;
const SIGNS: [&str; 8] = ["||", "&&", "==", "!=", "!", "(", ")", ","];

fn tokens(text: &str) -> Option<Vec<Token>> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = rest.strip_prefix(sign)?;
        } else if let Some(after) = rest.strip_prefix('\'') {
            // Two quotes in a text are one that belongs to it.
            let mut pieces = after.split('\'');
            let mut text = pieces.next()?.to_owned();
            rest = after.get(text.len()..)?.strip_prefix('\'')?;
            while let Some(more) = rest.strip_prefix('\'') {
                let (piece, after) = more.split_once('\'')?;
                text = format!("{text}'{piece}");
                rest = after;
            }
            tokens.push(Token::Text(text));
        } else if is_word(first) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end)?;
            let mut word = word.to_owned();
            rest = after;
            // A field may also be written as `github['ref']`.
            while let Some((field, after)) = rest.strip_prefix("['").and_then(|rest| rest.split_once("']")) {
                word = format!("{word}.{field}");
                rest = after;
            }
            tokens.push(Token::Word(word));
        } else {
            return None;
        }
        rest = rest.trim_start();
    }
    Some(tokens)
}

impl Value {
    fn is_true(&self) -> Option<bool> {
        match self {
            Self::Text(text) => Some(!text.is_empty()),
            Self::Truth(truth) => Some(*truth),
            Self::Unknown => None,
        }
    }

    fn of(truth: Option<bool>) -> Self {
        truth.map_or(Self::Unknown, Self::Truth)
    }
}

/// A text with values in place of `{0}`, `{1}` and so on.
fn formatted(pattern: &str, values: &[Value]) -> Value {
    let mut text = pattern.to_owned();
    for (i, value) in values.iter().enumerate() {
        match value {
            Value::Text(value) => text = text.replace(&format!("{{{i}}}"), value),
            Value::Truth(truth) => text = text.replace(&format!("{{{i}}}"), &truth.to_string()),
            Value::Unknown => return Value::Unknown,
        }
    }
    Value::Text(text)
}

/// An expression that cannot be read is `None`.
impl Parser<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.tokens.get(self.at), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(is_next);
        is_next
    }

    fn either(&mut self) -> Option<Value> {
        self.joined("||", true, Self::both)
    }

    fn both(&mut self) -> Option<Value> {
        self.joined("&&", false, Self::equal)
    }

    /// Values with an operator between them, of which the first that is as true as `decisive` is the result.
    fn joined(
        &mut self,
        operator: &str,
        decisive: bool,
        operand: fn(&mut Self) -> Option<Value>,
    ) -> Option<Value> {
        let mut value = operand(self)?;
        while self.takes(operator) {
            let other = operand(self)?;
            value = match (value.is_true(), other.is_true()) {
                (Some(is_true), _) if is_true == decisive => value,
                (Some(_), _) => other,
                (None, Some(is_true)) if is_true == decisive => Value::Truth(decisive),
                (None, _) => Value::Unknown,
            };
        }
        Some(value)
    }

    fn equal(&mut self) -> Option<Value> {
        let value = self.single()?;
        let is_equal = self.takes("==");
        if !is_equal && !self.takes("!=") {
            return Some(value);
        }
        Some(match (value, self.single()?) {
            // Case does not count.
            (Value::Text(a), Value::Text(b)) => Value::Truth(a.eq_ignore_ascii_case(&b) == is_equal),
            (Value::Truth(a), Value::Truth(b)) => Value::Truth((a == b) == is_equal),
            _ => Value::Unknown,
        })
    }

    fn single(&mut self) -> Option<Value> {
        if self.takes("!") {
            return Some(Value::of(self.single()?.is_true().map(|truth| !truth)));
        }
        if self.takes("(") {
            let value = self.either()?;
            return self.takes(")").then_some(value);
        }
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        match token {
            Token::Text(text) => Some(Value::Text(text)),
            Token::Word(word) if self.takes("(") => self.call(&word),
            Token::Word(word) => Some(self.field(&word)),
            Token::Sign(_) => None,
        }
    }

    fn field(&self, name: &str) -> Value {
        let Start { event, reference, default_branch } = self.start;
        let text = |text: &str| Value::Text(text.to_owned());
        let is_of_request = event.starts_with("pull_request");
        // The event of a workflow that another one calls is that of the other.
        let is_known = event != "workflow_call";
        match name.to_ascii_lowercase().as_str() {
            "true" => Value::Truth(true),
            "false" => Value::Truth(false),
            "github.ref" => text(reference),
            "github.event.ref" if matches!(event, "push" | "workflow_dispatch") => text(reference),
            "github.event.ref" if is_of_request || event == "schedule" => text(""),
            "github.ref_name" => text(reference.splitn(3, '/').last().unwrap_or_default()),
            "github.ref_type" => text(if reference.starts_with("refs/tags/") { "tag" } else { "branch" }),
            "github.event.repository.default_branch" => text(default_branch),
            "github.event_name" if is_known => text(event),
            "github.head_ref" | "github.base_ref" if is_known && !is_of_request => text(""),
            field if field.starts_with("needs.") && field.ends_with(".result") => match self.before {
                Before::Succeeded => text("success"),
                Before::Failed => text("failure"),
                Before::Skipped => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    fn call(&mut self, name: &str) -> Option<Value> {
        let mut given = Vec::new();
        while !self.takes(")") {
            given.push(self.either()?);
            if !self.takes(",") {
                self.takes(")").then_some(())?;
                break;
            }
        }
        let name = name.to_ascii_lowercase();
        self.names_status |= STATUS.contains(&name.as_str());
        Some(match (name.as_str(), given.as_slice()) {
            ("success", []) => Value::Truth(self.before == Before::Succeeded),
            ("always", []) => Value::Truth(true),
            ("format", [Value::Text(pattern), values @ ..]) => formatted(pattern, values),
            ("failure", []) => Value::Truth(self.before == Before::Failed),
            ("cancelled", []) => Value::Truth(false),
            (function @ ("startswith" | "endswith" | "contains"), [Value::Text(text), Value::Text(part)]) => {
                let (text, part) = (text.to_ascii_lowercase(), part.to_ascii_lowercase());
                Value::Truth(match function {
                    "startswith" => text.starts_with(&part),
                    "endswith" => text.ends_with(&part),
                    _ => text.contains(&part),
                })
            }
            ("startswith" | "endswith" | "contains", [_, _]) => Value::Unknown,
            _ => {
                self.is_unreadable = true;
                Value::Unknown
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_for_a_tag() {
        use Holds::{No, Perhaps, Unknown, Yes};
        for (condition, expected) in [
            ("startsWith(github.ref, 'refs/tags/v')", Yes),
            ("${{ startsWith( github.ref , 'refs/tags/web-' ) }}", No),
            ("startsWith(github.ref_name, 'V')", Yes),
            ("github.ref_type == 'tag'", Yes),
            ("github.ref_type != 'tag'", No),
            ("contains(github.ref, '/tags/') && endsWith(github.ref, '.3')", Yes),
            ("github.ref == 'refs/heads/main' || github.event_name == 'PUSH'", Yes),
            ("!startsWith(github.ref, 'refs/tags/')", No),
            ("!(github.ref == 'refs/tags/v1.2.3')", No),
            ("always() && !cancelled() && success()", Yes),
            ("failure()", No),
            ("github.event_name == 'release'", No),
            ("true", Yes),
            ("false", No),
            ("github.repository == 'o/shop'", Perhaps),
            ("github.repository == 'o/shop' && startsWith(github.ref, 'refs/tags/v')", Perhaps),
            ("github.repository == 'o/shop' && startsWith(github.ref, 'refs/heads/')", No),
            ("github.repository == 'o/shop' || startsWith(github.ref, 'refs/tags/')", Yes),
            ("needs.check.outputs.is-release", Perhaps),
            ("contains(fromJSON('[\"a\"]'), github.ref)", Unknown),
            ("github['ref'] == 'x'", No),
            ("github['event']['ref'] == 'refs/tags/v1.2.3'", Yes),
            ("!failure() && !cancelled() && needs.check.result == 'success'", Yes),
            ("format('refs/tags/{0}', 'v') == github.ref", No),
            ("format('refs/{0}/{1}', 'tags', github.ref_name) == github.ref", Yes),
            ("format('{0}', needs.a.outputs.b) == github.ref", Perhaps),
            ("github.event.repository.default_branch == 'main'", Yes),
            ("hashFiles('x') == github.ref", Unknown),
            ("hashFiles('x') == github.ref && github.ref_type != 'tag'", No),
            ("'it''s' == 'it''s'", Yes),
            ("startsWith(github.ref", Unknown),
            ("a b", Unknown),
            ("", Unknown),
        ] {
            let start = Start { event: "push", reference: "refs/tags/v1.2.3", default_branch: "main" };
            assert_eq!(holds(start, Before::Succeeded, condition), expected, "{condition}");
        }
    }

    #[test]
    fn conditions_for_others() {
        use Holds::{No, Perhaps, Unknown, Yes};
        for (condition, push, request) in [
            ("github.event_name == 'push'", Yes, No),
            ("github.event_name != 'pull_request'", Yes, No),
            ("github.ref_type == 'tag' || github.ref_name == 'main'", Yes, No),
            ("!contains(github.ref, '-rc') && startsWith(github.ref, 'refs/tags/')", No, No),
            ("!startsWith(github.ref, 'refs/heads/')", No, Yes),
            ("contains(github.ref, 'tags') || github.head_ref", No, Perhaps),
            ("startsWith(github.event.ref, 'refs/tags/')", No, No),
            ("github.event.created && github.ref_type == 'tag'", No, No),
            ("hashFiles('a') != ''", Unknown, Unknown),
        ] {
            let starts = [("push", "refs/heads/main", push), ("pull_request", "refs/pull/1/merge", request)];
            for (event, reference, expected) in starts {
                let start = Start { event, reference, default_branch: "main" };
                assert_eq!(holds(start, Before::Succeeded, condition), expected, "{event} {condition}");
            }
        }
    }
}
