//! URLs: what is escaped in them, and those of archives, joined as Helm does it with Go's `net/url`.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::host::host;

/// What is escaped in one component of a URL: all but the unreserved characters (RFC 3986, section 2.3).
pub const NOT_UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What Go escapes in a path (`net/url`, `shouldEscape` for `encodePath`, and `validEncoded`).
const NOT_IN_PATH: &AsciiSet = &NOT_UNRESERVED
    .remove(b'/')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// What no URL holds as it is, wherever in it; what is escaped already stays.
const NOT_IN_URL: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}');

/// A base for URLs, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Scheme and host, or nothing.
    origin: String,
    /// Unescaped.
    path: String,
    /// Query and fragment as they stand.
    rest: String,
}

impl Base {
    /// Reads a base. The error is the message: Go cannot parse it, or takes what looks like a host for a scheme.
    pub fn parse(text: &str) -> Result<Self, String> {
        let at = text.find(['?', '#']).unwrap_or(text.len());
        let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        let (origin, path) = match before.split_once(':') {
            Some((scheme, after)) if is_scheme(scheme) => {
                let Some(after) = after.strip_prefix("//") else {
                    return Err("there is no `//` after the scheme".to_owned());
                };
                let host_end = after.find('/').unwrap_or(after.len());
                let (host, path) = after.split_at_checked(host_end).unwrap_or((after, ""));
                check_host(host)?;
                (format!("{}://{host}", scheme.to_ascii_lowercase()), path)
            }
            Some((first, _)) if !first.contains('/') => {
                return Err("there is a `:` in its first part".to_owned());
            }
            _ if before.starts_with("//") => return Err("there is no scheme before `//`".to_owned()),
            _ => (String::new(), before),
        };
        if text.contains(|c: char| c.is_control() || c == ' ') {
            return Err("there is a blank or control character in it".to_owned());
        }
        Ok(Self { origin, path: unescape(path)?, rest: rest.to_owned() })
    }

    /// The URL of a file below the base; `path` is not escaped.
    pub fn join(&self, path: &str) -> String {
        let joined = if self.path.is_empty() { clean(path) } else { clean(&format!("{}/{path}", self.path)) };
        let before = match joined.split('/').next() {
            Some(first) if self.origin.is_empty() && first.contains(':') => "./",
            Some("") | None => "",
            Some(_) if self.origin.is_empty() => "",
            Some(_) => "/",
        };
        format!("{}{before}{}{}", self.origin, escape(&joined), self.rest)
    }
}

/// Whether a URL is one of `https`.
pub fn is_https(url: &str) -> bool {
    starts_with(url, "https://")
}

/// Whether a URL is one of `http`.
pub fn is_http(url: &str) -> bool {
    starts_with(url, "http://")
}

fn starts_with(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// Scheme and host of a URL of `http` or `https`, so that two of one place are equal.
pub fn origin(url: &str) -> String {
    let (scheme, default) = if is_https(url) { ("https", ":443") } else { ("http", ":80") };
    let host = host(url).to_ascii_lowercase();
    format!("{scheme}://{}", host.strip_suffix(default).unwrap_or(&host))
}

/// The URL that a reference stands for on the page of another URL (RFC 3986, section 5.2).
pub fn resolve(base: &str, reference: &str) -> String {
    if reference.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme)) {
        return reference.to_owned();
    }
    let (scheme, after) = base.split_once("://").unwrap_or(("https", base));
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let without_fragment = after.split('#').next().unwrap_or_default();
    let (page, _) = without_fragment.split_once('?').unwrap_or((without_fragment, ""));
    let (host, path) = page.split_at_checked(page.find('/').unwrap_or(page.len())).unwrap_or((page, ""));
    let end = reference.find(['?', '#']).unwrap_or(reference.len());
    let (new, rest) = reference.split_at_checked(end).unwrap_or((reference, ""));
    let path = match new {
        "" if rest.starts_with('?') => path.to_owned(),
        "" => return format!("{scheme}://{without_fragment}{rest}"),
        _ if new.starts_with('/') => without_dots(new),
        _ => without_dots(&format!("{}/{new}", path.rsplit_once('/').map_or("", |(directory, _)| directory))),
    };
    format!("{scheme}://{host}{path}{rest}")
}

/// A path of a URL without `.` and `..` (RFC 3986, section 5.2.4).
fn without_dots(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        parts.push("");
    }
    format!("/{}", parts.join("/"))
}

/// Where the `Location` of an answer to a URL leads (RFC 9110, 10.2.2): without a fragment, which no server is sent, and with
/// what no URL can hold escaped.
pub fn location(base: &str, field: &str) -> String {
    let reference = field.trim().split('#').next().unwrap_or_default();
    utf8_percent_encode(&resolve(base, reference), NOT_IN_URL).to_string()
}

/// Whether a text is what stands before the first `:` of a URL.
pub fn is_scheme(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(known)
}

fn check_host(host: &str) -> Result<(), String> {
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let (name, port) = match host.rfind(']') {
        Some(end) if host.starts_with('[') => host.split_at_checked(end + 1).unwrap_or((host, "")),
        _ => host.split_at_checked(host.find(':').unwrap_or(host.len())).unwrap_or((host, "")),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    let plain = |c: char| c.is_alphanumeric() || "-._~!$&'()*+,;=".contains(c);
    let is_address = name.starts_with('[') && name.ends_with(']');
    if name.is_empty() || !(is_address || name.chars().all(plain)) {
        return Err("it has no host, or one that cannot be".to_owned());
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("its port is not a number".to_owned());
    }
    Ok(())
}

/// A path with the characters escaped that Go escapes.
pub fn escape(path: &str) -> String {
    utf8_percent_encode(path, NOT_IN_PATH).to_string()
}

/// A text as one segment of a path, or as a value of a query.
pub fn escape_component(text: &str) -> String {
    utf8_percent_encode(text, NOT_UNRESERVED).to_string()
}

/// Reads what is escaped, and nothing that is escaped badly. The error is the message.
pub fn unescape(text: &str) -> Result<String, String> {
    let begins_with_hex = |after: &str| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !text.split('%').skip(1).all(begins_with_hex) {
        return Err("there is a `%` without two hex digits".to_owned());
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| "it is not UTF-8".to_owned())
}

/// A path without empty and `.` parts, each `..` taken with the part before it (Go's `path.Clean`).
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match parts.last() {
            _ if part != ".." => parts.push(part),
            Some(&last) if last != ".." => drop(parts.pop()),
            _ if rooted => {}
            _ => parts.push(part),
        }
    }
    format!("{}{}", if rooted { "/" } else { "" }, parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_badly_is_refused() {
        assert_eq!(unescape("a%20b/%c3%A9+"), Ok("a b/é+".to_owned()));
        for bad in ["%", "%4", "%zz", "%+1", "%é0", "%ff"] {
            assert!(unescape(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn origins() {
        assert_eq!(origin("HTTPS://GHCR.io:443/v2/"), origin("https://ghcr.io?x"));
        for other in ["http://ghcr.io", "https://ghcr.io:80", "https://ghcr.io@h/", "https://h/ghcr.io"] {
            assert_ne!(origin(other), origin("https://ghcr.io"), "{other}");
        }
    }

    /// Among them the examples of RFC 3986, section 5.4.
    #[test]
    fn references() {
        let base = "http://a/b/c/d;p?q";
        for (reference, expected) in [
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../../../g", "http://a/g"),
            ("g/../h", "http://a/b/c/h"),
            ("https://h/x", "https://h/x"),
        ] {
            assert_eq!(resolve(base, reference), expected, "{reference}");
        }
        assert_eq!(resolve("https://h", "g"), "https://h/g");
    }

    #[test]
    fn locations() {
        let base = "http://h:5000/v2/o/web/blobs/uploads/";
        for (field, expected) in [
            ("/v2/o/web/blobs/uploads/1#x", "http://h:5000/v2/o/web/blobs/uploads/1"),
            ("//other:1/v2/u/1", "http://other:1/v2/u/1"),
            ("1?s=a b", "http://h:5000/v2/o/web/blobs/uploads/1?s=a%20b"),
            (
                " ./a b/é?_state=~a+b|c^d%2F== ",
                "http://h:5000/v2/o/web/blobs/uploads/a%20b/%C3%A9?_state=~a+b|c^d%2F==",
            ),
            ("HTTPS://s3/x?sig=%2B#", "HTTPS://s3/x?sig=%2B"),
            ("#x", base),
        ] {
            assert_eq!(location(base, field), expected, "{field}");
        }
    }

    #[test]
    fn bases() {
        for (base, file, expected) in [
            ("https://h", "a b.tgz", "https://h/a%20b.tgz"),
            ("https://h/p/", "s/a.tgz", "https://h/p/s/a.tgz"),
            ("http://h:80/a//b/../c?x=1#z", "f+1.tgz", "http://h:80/a/c/f+1.tgz?x=1#z"),
            ("../up", "f.tgz", "../up/f.tgz"),
            ("/abs/", "f.tgz", "/abs/f.tgz"),
            (".", "é.tgz", "%C3%A9.tgz"),
            (".", "a:b.tgz", "./a:b.tgz"),
        ] {
            assert_eq!(Base::parse(base).map(|base| base.join(file)), Ok(expected.to_owned()), "{base}");
        }
        for base in
            ["http://h:port/x", "http://[bad", "%zz", "h:80/x", "//h/x", "https://", "a b", "mailto:x"]
        {
            assert!(Base::parse(base).is_err(), "{base}");
        }
    }
}
