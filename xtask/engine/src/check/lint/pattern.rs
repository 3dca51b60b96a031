//! Patterns over text as values: Helm judges addresses by regular expressions, and a crate for them would compile
//! longer than all of this.

use std::collections::BTreeSet;

/// What a text may look like.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// One character of a kind.
    One(fn(char) -> bool),
    /// These characters.
    Text(&'static str),
    /// One after the other.
    Chain(Vec<Pattern>),
    /// One of these.
    Either(Vec<Pattern>),
    /// As often as there is, or never.
    Many(Box<Pattern>),
}

/// One after the other.
pub fn chain<const N: usize>(parts: [Pattern; N]) -> Pattern {
    Pattern::Chain(parts.into())
}

/// One of these.
pub fn either<const N: usize>(ways: [Pattern; N]) -> Pattern {
    Pattern::Either(ways.into())
}

/// As often as there is, or never.
pub fn many(part: Pattern) -> Pattern {
    Pattern::Many(Box::new(part))
}

/// As often as there is, and once.
pub fn some(part: Pattern) -> Pattern {
    chain([part.clone(), many(part)])
}

/// Once or never.
pub fn maybe(part: Pattern) -> Pattern {
    either([part, chain([])])
}

impl Pattern {
    /// Whether the whole text looks like this.
    pub fn is_match(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.ends(&text, &BTreeSet::from([0])).contains(&text.len())
    }

    /// Where it can end that begins at one of `starts`.
    fn ends(&self, text: &[char], starts: &BTreeSet<usize>) -> BTreeSet<usize> {
        match self {
            Self::One(is) => {
                let here = |start: &&usize| text.get(**start).is_some_and(|c| is(*c));
                starts.iter().filter(here).map(|start| start + 1).collect()
            }
            Self::Text(word) => {
                let here = |start: &&usize| {
                    let rest = text.get(**start..).unwrap_or_default();
                    rest.iter().copied().take(word.len()).eq(word.chars())
                };
                starts.iter().filter(here).map(|start| start + word.len()).collect()
            }
            Self::Chain(parts) => parts.iter().fold(starts.clone(), |starts, part| part.ends(text, &starts)),
            Self::Either(ways) => ways.iter().flat_map(|way| way.ends(text, starts)).collect(),
            Self::Many(part) => {
                let (mut all, mut new) = (starts.clone(), starts.clone());
                while !new.is_empty() {
                    new = part.ends(text, &new).difference(&all).copied().collect();
                    all.extend(&new);
                }
                all
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let digit = || Pattern::One(|c| c.is_ascii_digit());
        let number =
            chain([maybe(Pattern::Text("-")), some(digit()), many(chain([Pattern::Text("."), digit()]))]);
        for (text, expected) in [
            ("-12.3.4", true),
            ("1", true),
            ("", false),
            ("-", false),
            ("1.", false),
            ("1.23", false),
            ("é", false),
        ] {
            assert_eq!(number.is_match(text), expected, "{text}");
        }
        // A way that begins well does not hide another.
        let greedy = chain([many(digit()), either([Pattern::Text("1"), Pattern::Text("12")])]);
        assert!(greedy.is_match("0012") && greedy.is_match("1") && !greedy.is_match("2"));
    }
}
