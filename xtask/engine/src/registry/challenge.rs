//! What a server wants to be shown before it answers: `WWW-Authenticate` (RFC 9110, 11.6.1).

use crate::base::http::Response;

/// A way to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// A user and a password (RFC 7617).
    Basic,
    /// A token (RFC 6750), from a server of its own (distribution's "Token Authentication Specification").
    Bearer { realm: String, service: Option<String> },
}

/// The challenges of an answer that are known here, in its order.
pub fn of(response: &Response) -> Vec<Challenge> {
    let fields = response.headers.iter().filter(|(name, _)| name == "www-authenticate");
    fields.flat_map(|(_, value)| parse(value)).collect()
}

/// A scheme and its parameters, whose names are in lower case.
struct Scheme {
    name: String,
    parameters: Vec<(String, String)>,
}

impl Scheme {
    fn challenge(mut self) -> Option<Challenge> {
        let mut take = |name: &str| {
            let at = self.parameters.iter().position(|(parameter, _)| parameter == name)?;
            Some(self.parameters.swap_remove(at).1).filter(|value| !value.is_empty())
        };
        match self.name.as_str() {
            "basic" => Some(Challenge::Basic),
            "bearer" => Some(Challenge::Bearer { realm: take("realm")?, service: take("service") }),
            _ => None,
        }
    }
}

fn parse(text: &str) -> Vec<Challenge> {
    let mut schemes: Vec<Scheme> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',', '=']);
        let (word, after) = split(rest, |c| " \t,=\"".contains(c));
        let name = word.to_ascii_lowercase();
        rest = match after.trim_start().strip_prefix('=') {
            // Bytes of a scheme that is unknown here may end in `=`.
            Some(value) => {
                let (value, after) = value_of(value.trim_start());
                schemes
                    .last_mut()
                    .into_iter()
                    .for_each(|last| last.parameters.push((name.clone(), value.clone())));
                after
            }
            None if word.is_empty() => break,
            None => {
                schemes.push(Scheme { name, parameters: Vec::new() });
                after
            }
        };
    }
    schemes.into_iter().filter_map(Scheme::challenge).collect()
}

/// A value, in quotes or not, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, after) = split(text, |c| " \t,".contains(c));
        return (word.to_owned(), after);
    };
    let (mut value, mut chars) = (String::new(), quoted.chars());
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => value.extend(chars.next()),
            c => value.push(c),
        }
    }
    (value, chars.as_str())
}

fn split(text: &str, is_end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at_checked(text.find(is_end).unwrap_or(text.len())).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) }
    }

    #[test]
    fn challenges() {
        for (text, expected) in [
            (r#"Basic realm="Registry""#, vec![Challenge::Basic]),
            ("basic", vec![Challenge::Basic]),
            (
                r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:o/web:pull,push""#,
                vec![bearer("https://ghcr.io/token", Some("ghcr.io"))],
            ),
            (
                r#"BEARER  Realm = "https://a/\"b\\" , error=invalid_token"#,
                vec![bearer("https://a/\"b\\", None)],
            ),
            ("Bearer realm=https://a/t?x=1, service=s", vec![bearer("https://a/t?x=1", Some("s"))]),
            (
                r#"Negotiate abc==, Bearer service="s, t", realm="https://a", Basic realm="x""#,
                vec![bearer("https://a", Some("s, t")), Challenge::Basic],
            ),
            (r#"Digest realm="x", nonce="Basic", Basic realm="y, Bearer""#, vec![Challenge::Basic]),
            (r#"Bearer service="s""#, vec![]),
            (r#"Bearer realm="https://a"#, vec![bearer("https://a", None)]),
            ("", vec![]),
            ("\"", vec![]),
            (", ,", vec![]),
        ] {
            let headers = vec![("www-authenticate".to_owned(), text.to_owned())];
            assert_eq!(of(&Response { status: 401, headers, body: Vec::new() }), expected, "{text}");
        }
    }

    #[test]
    fn several_fields() {
        let field = |value: &str| ("www-authenticate".to_owned(), value.to_owned());
        let headers = vec![field("Bearer realm=\"https://a\""), field("Basic realm=\"b\"")];
        let response = Response { status: 401, headers, body: Vec::new() };
        assert_eq!(of(&response), [bearer("https://a", None), Challenge::Basic]);
    }
}
