//! What nobody must read: every secret that this process uses is known here, and nothing is printed with one in it.
//! Servers and programs may repeat what they were sent.

use std::io::{self, Write};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{environment, terminal};

static KNOWN: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Names of schemes before credentials in a header (RFC 9110, 11.4).
const SCHEMES: [&str; 2] = ["bearer ", "basic "];
/// Shorter ones are words.
const SHORTEST: usize = 6;

/// Takes note of a secret. GitHub Actions is told as well, since it does not know what was made from others
/// (docs.github.com, "Workflow commands", "Masking a value in a log").
pub fn remember(secret: &str) {
    let mut known = known();
    if secret.len() < SHORTEST || known.iter().any(|other| other == secret) {
        return;
    }
    if environment::in_github_actions() {
        // The one line that may have it: the runner takes it out of the log.
        let _ = writeln!(io::stderr().lock(), "::add-mask::{}", terminal::data(secret));
    }
    known.push(secret.to_owned());
    // The longest first: one may be a part of another.
    known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
}

/// The text without secrets, those of other programs included as far as a header shows them.
pub fn scrub(text: &str) -> String {
    let mut text = known().iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"));
    for scheme in SCHEMES {
        text = without_credentials(&text, scheme);
    }
    text
}

/// Takes out the word after each `authorization: SCHEME`.
fn without_credentials(text: &str, scheme: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (found, _) in lower.match_indices(scheme).filter(|(found, _)| is_header(&lower, *found)) {
        let begin = found + scheme.len();
        out += text.get(at..begin).unwrap_or_default();
        let rest = text.get(begin..).unwrap_or_default();
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ']'))
            .unwrap_or(rest.len());
        out += "***";
        at = begin + end;
    }
    out + text.get(at..).unwrap_or_default()
}

/// Whether `authorization` stands right before.
fn is_header(lower: &str, at: usize) -> bool {
    let before = lower.get(..at).unwrap_or_default().trim_end_matches([' ', ':', '"', '\'', '[', '=']);
    before.ends_with("authorization")
}

/// Lets a program not have them: what is meant for it is given to it by itself.
pub fn withhold(command: &mut Command) {
    for variable in environment::SECRETS {
        command.env_remove(variable);
    }
}

fn known() -> MutexGuard<'static, Vec<String>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_printed_with_a_secret() {
        remember("ghs_secret-of-a-test");
        remember("eDpnaHNfc2VjcmV0LW9mLWEtdGVzdA==");
        remember("short");
        for (text, expected) in [
            ("a ghs_secret-of-a-test, b", "a ***, b"),
            ("basic eDpnaHNfc2VjcmV0LW9mLWEtdGVzdA== shorty", "basic *** shorty"),
            ("Authorization: Bearer abc.def-é ghi", "Authorization: Bearer *** ghi"),
            (r#"{"authorization":"Basic eDp5"}"#, r#"{"authorization":"Basic ***"}"#),
            ("authorization=[\"Bearer x\", \"Bearer y\"]", "authorization=[\"Bearer ***\", \"Bearer y\"]"),
            ("a bearer token is a basic thing", "a bearer token is a basic thing"),
        ] {
            assert_eq!(scrub(text), expected);
        }
    }
}
