//! The conditions of jobs (docs.github.com, "Evaluate expressions in workflows and actions"), as far as they depend on the tag
//! that started the workflow.

/// Whether a condition holds where an event of a tag has started the workflow and every job before has succeeded; `None`
/// where nobody knows.
pub fn holds_for(event: &str, tag: &str, condition: &str) -> Option<bool> {
    let text = condition.trim();
    let inner = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(text);
    let tokens = tokens(inner).filter(|tokens| tokens.len() <= MAX_TOKENS)?;
    let mut parser = Parser { event, tag, tokens, at: 0 };
    let value = parser.either()?;
    (parser.at == parser.tokens.len()).then(|| value.is_true()).flatten()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'t> {
    /// A name, such as that of a function or of a field.
    Word(&'t str),
    Text(String),
    Sign(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    Truth(bool),
    /// What depends on something else than the tag.
    Unknown,
}

struct Parser<'t> {
    event: &'t str,
    tag: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
}

/// The longest expression that is read: each parenthesis takes a part of the stack.
const MAX_TOKENS: usize = 1_000;
const SIGNS: [&str; 8] = ["||", "&&", "==", "!=", "!", "(", ")", ","];

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
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
            tokens.push(Token::Word(word));
            rest = after;
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

/// An expression that cannot be read is `None`.
impl Parser<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.tokens.get(self.at), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(is_next);
        is_next
    }

    fn either(&mut self) -> Option<Value> {
        let mut value = self.both()?;
        while self.takes("||") {
            let other = self.both()?;
            value = match (value.is_true(), other.is_true()) {
                (Some(true), _) => value,
                (Some(false), _) => other,
                (None, Some(true)) => Value::Truth(true),
                (None, _) => Value::Unknown,
            };
        }
        Some(value)
    }

    fn both(&mut self) -> Option<Value> {
        let mut value = self.equal()?;
        while self.takes("&&") {
            let other = self.equal()?;
            value = match (value.is_true(), other.is_true()) {
                (Some(false), _) => value,
                (Some(true), _) => other,
                (None, Some(false)) => Value::Truth(false),
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
            Token::Word(word) if self.takes("(") => self.call(word),
            Token::Word(word) => Some(self.field(word)),
            Token::Sign(_) => None,
        }
    }

    fn field(&self, name: &str) -> Value {
        match name.to_ascii_lowercase().as_str() {
            "true" => Value::Truth(true),
            "false" => Value::Truth(false),
            "github.ref" | "github.event.ref" => Value::Text(format!("refs/tags/{}", self.tag)),
            "github.ref_name" => Value::Text(self.tag.to_owned()),
            "github.ref_type" => Value::Text("tag".to_owned()),
            // The event of a workflow that another one calls is that of the other.
            "github.event_name" if self.event != "workflow_call" => Value::Text(self.event.to_owned()),
            "github.head_ref" | "github.base_ref" => Value::Text(String::new()),
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
        Some(match (name.to_ascii_lowercase().as_str(), given.as_slice()) {
            ("success" | "always", []) => Value::Truth(true),
            ("failure" | "cancelled", []) => Value::Truth(false),
            (function, [Value::Text(text), Value::Text(part)]) => {
                let (text, part) = (text.to_ascii_lowercase(), part.to_ascii_lowercase());
                match function {
                    "startswith" => Value::Truth(text.starts_with(&part)),
                    "endswith" => Value::Truth(text.ends_with(&part)),
                    "contains" => Value::Truth(text.contains(&part)),
                    _ => Value::Unknown,
                }
            }
            _ => Value::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_for_a_tag() {
        for (condition, expected) in [
            ("startsWith(github.ref, 'refs/tags/v')", Some(true)),
            ("${{ startsWith( github.ref , 'refs/tags/web-' ) }}", Some(false)),
            ("startsWith(github.ref_name, 'V')", Some(true)),
            ("github.ref_type == 'tag'", Some(true)),
            ("github.ref_type != 'tag'", Some(false)),
            ("contains(github.ref, '/tags/') && endsWith(github.ref, '.3')", Some(true)),
            ("github.ref == 'refs/heads/main' || github.event_name == 'PUSH'", Some(true)),
            ("!startsWith(github.ref, 'refs/tags/')", Some(false)),
            ("!(github.ref == 'refs/tags/v1.2.3')", Some(false)),
            ("always() && !cancelled() && success()", Some(true)),
            ("failure()", Some(false)),
            ("github.event_name == 'release'", Some(false)),
            ("true", Some(true)),
            ("false", Some(false)),
            ("github.repository == 'o/shop'", None),
            ("github.repository == 'o/shop' && startsWith(github.ref, 'refs/tags/v')", None),
            ("github.repository == 'o/shop' && startsWith(github.ref, 'refs/heads/')", Some(false)),
            ("github.repository == 'o/shop' || startsWith(github.ref, 'refs/tags/')", Some(true)),
            ("needs.check.outputs.is-release", None),
            ("contains(fromJSON('[\"a\"]'), github.ref)", None),
            ("github['ref'] == 'x'", None),
            ("'it''s' == 'it''s'", Some(true)),
            ("startsWith(github.ref", None),
            ("a b", None),
            ("", None),
        ] {
            assert_eq!(holds_for("push", "v1.2.3", condition), expected, "{condition}");
        }
    }
}
