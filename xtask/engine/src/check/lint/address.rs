//! E-mail addresses and URLs, as far as they are wrong without Helm's long expressions
//! (`github.com/asaskevich/govalidator`, and Go's `net/url`): what it takes is not refused here, unless nobody would write
//! it, and what only they refuse it says itself.

use crate::base::url::is_scheme;

/// The schemes that a maintainer's `url` may have.
const SCHEMES: [&str; 7] = ["ftp", "tcp", "udp", "ws", "wss", "http", "https"];

/// Whether a maintainer's `email` may be one.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let in_local = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let in_domain = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-_~".contains(c);
    let is_dotted = |text: &str, is: &dyn Fn(char) -> bool| {
        text.split('.').all(|part| !part.is_empty() && part.chars().all(is))
    };
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let top = domain.rsplit_once('.').map_or("", |(_, top)| top);
    let is_digit = |c: char| c.is_ascii_digit();
    (local.starts_with('"') || is_dotted(local, &in_local))
        && is_dotted(domain, &in_domain)
        && !(top.is_empty() || top.starts_with(is_digit) || top.ends_with(is_digit))
}

/// Whether a maintainer's `url` may be one; a scheme may be missing.
pub fn is_url(text: &str) -> bool {
    let with_scheme = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme));
    let (scheme, rest) = with_scheme.unwrap_or(("http", text));
    let is_word = !text.contains(['.', ':']);
    let is_plain = !text.starts_with('.') && !text.contains(|c: char| c.is_ascii_whitespace());
    SCHEMES.contains(&scheme)
        && !is_word
        && is_plain
        && text.len() > 3
        && host(rest).is_some_and(|host| !host.is_empty())
}

/// Whether a source or an icon may be one: anything with a scheme.
pub fn is_request_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    is_scheme(scheme) && rest.strip_prefix("//").is_none_or(|rest| host(rest).is_some())
}

/// The host that a URL names after its scheme; `None` if it cannot be one, or its port is no number.
fn host(rest: &str) -> Option<&str> {
    let authority = rest.split(['/', '?', '#']).next()?;
    let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let bracket = host.rfind(']').filter(|_| host.starts_with('[')).map(|end| end + 1);
    let end = bracket.or_else(|| host.rfind(':')).unwrap_or(host.len());
    let (host, port) = host.split_at_checked(end)?;
    let is_number = port.is_empty() || port.strip_prefix(':')?.bytes().all(|byte| byte.is_ascii_digit());
    let is_odd = |c: char| c.is_ascii_control() || " |\\^{}`".contains(c);
    (is_number && !host.contains(is_odd)).then_some(host)
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
            "a@1b.co",
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
            "a..b@c.de",
            "a@b.d1",
            "a@b.co, c@d.co",
            "a at b.co",
            "a@b.co ",
        ];
        check(is_email, &good, &bad);
    }

    #[test]
    fn urls() {
        let good = [
            "github.com/a",
            "1.2.3.4",
            "mailto:a@b.co",
            "https://x",
            "https://localhost:80/a",
            "http://a:b@c.d:80/e?f=g#h",
            "x.co:80/p",
            "http://[::1]:80/",
            "https://é.fr/é",
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
            "http://",
            "HTTP://a.bc",
            ".x.co",
            "https://x.y/a b",
            "http://x|y",
        ];
        check(is_url, &good, &bad);
    }

    #[test]
    fn request_urls() {
        let good = [
            "http://",
            "a:b",
            "file:///x",
            "git+https://x",
            "mailto:a",
            "https://x.y/a b",
            "http://[::1]:80/",
            "http://u:p@x:",
        ];
        let bad = ["", "x.co/a", "/a", "//x.y", ":a", "1a:b", "http://x:port/", "http://x y", "http://{x}"];
        check(is_request_url, &good, &bad);
    }
}
