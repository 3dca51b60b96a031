//! URLs: what is escaped in them, and those of archives, joined as Helm does it with Go's `net/url`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

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
