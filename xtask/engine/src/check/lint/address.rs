//! E-mail addresses and URLs, as Helm judges them: by the expressions of `github.com/asaskevich/govalidator`
//! (`IsEmail`, `IsURL`, `IsRequestURL`) and by Go's `net/url`. They are neither RFC 5322 nor RFC 3986; what they take
//! and refuse was compared with them address by address.

use super::pattern::{Pattern, chain, either, many, maybe, some};
use super::url::Url;

/// From so many characters on Helm takes nothing for a URL.
const MAX_URL: usize = 2083;
/// Nor up to so many bytes.
const MIN_URL: usize = 3;

/// Whether a maintainer's `email` is one.
pub fn is_email(text: &str) -> bool {
    email().is_match(text)
}

/// Whether a maintainer's `url` is one; a scheme may be missing.
pub fn is_url(text: &str) -> bool {
    if text.len() <= MIN_URL || text.chars().count() >= MAX_URL || text.starts_with('.') {
        return false;
    }
    let has_port_alone = text.contains(':') && !text.contains("://");
    let parsed = if has_port_alone { format!("http://{text}") } else { text.to_owned() };
    let Some(url) = Url::parse(&parsed) else { return false };
    let is_word = url.host.is_empty() && !url.path.is_empty() && !url.path.contains('.');
    !url.host.starts_with('.') && !is_word && self::url().is_match(text)
}

/// Whether a source or an icon is one: anything with a scheme that Go can parse.
pub fn is_request_url(text: &str) -> bool {
    Url::parse_absolute(text).is_some()
}

fn one(is: fn(char) -> bool) -> Pattern {
    Pattern::One(is)
}

fn text(text: &'static str) -> Pattern {
    Pattern::Text(text)
}

fn digit() -> Pattern {
    one(|c| c.is_ascii_digit())
}

fn alphanumeric() -> Pattern {
    one(|c| c.is_ascii_alphanumeric())
}

/// What an address may have beyond ASCII.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{a0}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{ffef}')
}

fn email() -> Pattern {
    let atom = || some(one(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_wide(c)));
    let dotted = chain([atom(), many(chain([text("."), atom()]))]);
    chain([either([dotted, quoted()]), text("@"), domain()])
}

/// A local part in quotes. The expression wants a quote before every character, and so takes `"a"` and not `"ab"`.
fn quoted() -> Pattern {
    let blank = || one(|c| c == ' ' || c == '\t');
    let folded = || maybe(chain([maybe(chain([many(blank()), text("\r\n")])), some(blank())]));
    let plain = one(|c| {
        let control = matches!(c, '\u{1}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}');
        control || matches!(c, '!' | '#'..='[' | ']'..='~') || is_wide(c)
    });
    let after_parenthesis = one(|c| matches!(c, '\u{1}'..='\u{9}' | '\u{b}'..='\u{7f}'));
    let item = either([plain, chain([text("("), after_parenthesis])]);
    chain([many(chain([text("\""), folded(), item])), folded(), text("\"")])
}

/// At least two labels, the last without digits at its ends.
fn domain() -> Pattern {
    let ends = || one(|c| c.is_ascii_alphanumeric() || is_wide(c));
    let inner = one(|c| c.is_ascii_alphanumeric() || "-._~".contains(c) || is_wide(c));
    let label = either([ends(), chain([ends(), many(inner), ends()])]);
    let ends = || one(|c| c.is_ascii_alphabetic() || is_wide(c));
    let inner = one(|c| c.is_ascii_alphanumeric() || "-_~".contains(c) || is_wide(c));
    let top = either([ends(), chain([ends(), many(inner), ends()])]);
    chain([some(chain([label, text(".")])), top, maybe(text("."))])
}

fn url() -> Pattern {
    let scheme = ["ftp", "tcp", "udp", "ws", "wss", "http", "https"].map(text);
    let scheme = chain([either(scheme), text("://")]);
    let dark = || one(|c| !matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' '));
    let user = chain([some(dark()), text("@")]);
    let port = chain([text(":"), digit(), maybe(digit()), maybe(digit()), maybe(digit()), maybe(digit())]);
    let path = chain([either(["/", "?", "#"].map(text)), many(dark())]);
    let host = either([ip4(), ip6(), host_name()]);
    chain([maybe(scheme), maybe(user), host, maybe(text(".")), maybe(port), maybe(path)])
}

/// An IP address of version 4. Its first part is neither 0 nor one of a few at the end.
fn ip4() -> Pattern {
    let first = either([
        chain([one(|c| matches!(c, '1'..='9')), maybe(digit())]),
        chain([text("1"), digit(), digit()]),
        chain([text("2"), one(|c| matches!(c, '0' | '1' | '4')), digit()]),
        chain([text("22"), one(|c| matches!(c, '0'..='3'))]),
        chain([text("25"), one(|c| matches!(c, '0'..='5'))]),
    ]);
    let other = chain([
        text("."),
        either([
            chain([digit(), maybe(digit())]),
            chain([text("1"), digit(), digit()]),
            chain([text("2"), one(|c| matches!(c, '0'..='4')), digit()]),
            chain([text("25"), one(|c| matches!(c, '0'..='5'))]),
        ]),
    ]);
    chain([first, other.clone(), other.clone(), other])
}

/// An IP address of version 6 in brackets, its form not looked at.
fn ip6() -> Pattern {
    let zone = chain([text("%"), some(alphanumeric())]);
    chain([text("["), some(one(|c| c.is_ascii_hexdigit() || c == ':' || c == '.')), maybe(zone), text("]")])
}

/// A name of ASCII with dots, then one that may have other letters, then perhaps a top level.
fn host_name() -> Pattern {
    let dotted = chain([
        alphanumeric(),
        many(one(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')),
        alphanumeric(),
        many(chain([one(|c| c == '-' || c == '.'), some(alphanumeric())])),
    ]);
    let joined = chain([maybe(one(|c| matches!(c, '-' | '_' | '.'))), alphanumeric()]);
    let sub = chain([some(alphanumeric()), many(joined), alphanumeric(), text("."), some(alphanumeric())]);
    let letter = || one(|c| c.is_ascii_alphanumeric() || matches!(c, '\u{a1}'..='\u{ffff}'));
    let dashes = chain([maybe(text("-")), maybe(text("-"))]);
    let wide = chain([many(chain([some(letter()), dashes])), some(letter())]);
    let top = some(one(|c| c.is_ascii_alphabetic() || matches!(c, '\u{a1}'..='\u{ffff}')));
    chain([maybe(either([dotted, text("www."), sub])), wide, maybe(chain([text("."), top]))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(is: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(is(text), "{text}");
        }
        for text in bad {
            assert!(!is(text), "{text}");
        }
    }

    #[test]
    fn emails() {
        let good = [
            "a@b.c",
            "a@b.co.",
            "é@é.fr",
            "first.last+tag@sub-x.example.com",
            "a@b_c.de",
            "a@1b.co",
            "\"a\"@c.de",
            "\" a \"@c.de",
            "{a}~@b.co",
        ];
        let bad = [
            "",
            "a",
            "@b.co",
            "a@b",
            "a@1.2.3.4",
            "A <a@b.co>",
            "\"a b\"@c.de",
            "\"ab\"@c.de",
            "a..b@c.de",
            "a@b..co",
            ".a@b.co",
            "a@-b.de",
            "a@b.d1",
            "a@b.co, c@d.co",
            "a at b.co",
            "a@b.co ",
            "a@\u{1f642}.co",
        ];
        check(is_email, &good, &bad);
    }

    #[test]
    fn urls() {
        let good = [
            "github.com/a",
            "1.2.3.4",
            "240.1.2.3",
            "mailto:a@b.co",
            "https://x",
            "https://localhost:80/a",
            "http://a:b@c.d:80/e?f=g#h",
            "www.x.y",
            "x.co:80/p",
            "http://[::1]:80/",
            "http://[fe80::1%25en0]/",
            "https://é.fr/é",
            "ab-cd.ef_gh.ij",
            "a--b.c",
            "wss://ab-c.d.ef",
            "http://x.y.",
        ];
        let bad = [
            "",
            "x",
            "x.y",
            "localhost",
            "//x.y",
            "/abc",
            "foo://x.y",
            "git@github.com:a/b",
            "https://x_y.z",
            "http://",
            "http://225.1.2.3",
            "http://256.1.1.1",
            "HTTP://a.bc",
            ".x.co",
            "http://.x.co",
            "https://x.y/a b",
            "a---b.c",
            "wss://a-b.c-d.e",
            "http://x.y#%zz",
            "http://x:123456",
            "http://x|y",
        ];
        check(is_url, &good, &bad);
        assert!(is_url(&format!("https://x.co/{}", "a".repeat(2069))));
        assert!(!is_url(&format!("https://x.co/{}", "a".repeat(2070))));
    }

    #[test]
    fn request_urls() {
        let good = [
            "http://",
            "a:b",
            "file:///x",
            "git+https://x",
            "data:text/plain,x",
            "mailto:a",
            "https://x.y/a b",
            "http://x_y",
            "http://a%c3%a9.b",
            "http://[::1]:80/",
            "http://u:p@x:",
            "https://x/%41?%zz",
        ];
        let bad = [
            "",
            "x.co/a",
            "/a",
            "//x.y",
            ":a",
            "1a:b",
            "http://x/%zz",
            "http://x:port/",
            "http://x|y",
            "http://x y",
            "http://x\\y",
            "http://x^y",
            "http://{x}",
            "http://`x`",
            "http://x#y",
            "http://a%41.b",
            "http://[::1",
            "http://a[b]",
            "http://u\"@x",
            "http://x\u{7f}",
            "http://%",
        ];
        check(is_request_url, &good, &bad);
    }
}
