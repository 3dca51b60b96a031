//! URLs as Go's `net/url` parses them, as far as it decides whether Helm takes one.

/// A URL that Go can parse.
#[derive(Debug, PartialEq, Eq)]
pub struct Url<'u> {
    /// The text before the first `:`, or nothing.
    pub scheme: &'u str,
    /// The host with its port, or nothing.
    pub host: &'u str,
    /// The path, or nothing where the URL is opaque.
    pub path: &'u str,
}

impl<'u> Url<'u> {
    /// Go's `Parse`: a reference that may be relative and may have a fragment.
    pub fn parse(text: &'u str) -> Option<Self> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        let url = Self::without_fragment(text)?;
        let first = url.path.split('/').next().unwrap_or_default();
        let is_ambiguous = url.scheme.is_empty() && first.contains(':');
        (!is_ambiguous && is_escaped(fragment)).then_some(url)
    }

    /// Go's `ParseRequestURI`, for which a `#` is a character like others, and a scheme.
    pub fn parse_absolute(text: &'u str) -> Option<Self> {
        Self::without_fragment(text).filter(|url| !url.scheme.is_empty())
    }

    fn without_fragment(text: &'u str) -> Option<Self> {
        if text.contains(|c: char| c.is_ascii_control()) {
            return None;
        }
        let (scheme, rest) = split_scheme(text)?;
        let (rest, _) = rest.split_once('?').unwrap_or((rest, ""));
        if !scheme.is_empty() && !rest.starts_with('/') {
            return Some(Self { scheme, host: "", path: "" });
        }
        let authority = rest.strip_prefix("//").filter(|_| !scheme.is_empty() || !rest.starts_with("///"));
        let (host, path) = match authority {
            None => ("", rest),
            Some(after) => {
                let (authority, path) =
                    after.split_at_checked(after.find('/').unwrap_or(after.len())).unwrap_or((after, ""));
                (host(authority)?, path)
            }
        };
        is_escaped(path).then_some(Self { scheme, host, path })
    }
}

/// The scheme and what follows its colon; no scheme if the text does not begin like one.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    match text.split_once(':') {
        Some(("", _)) => None,
        Some((scheme, rest)) if scheme.chars().all(is_part) && is_letter(scheme) => Some((scheme, rest)),
        _ => Some(("", text)),
    }
}

fn is_letter(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// The host of an authority, if user, host and port have no character that cannot be there.
fn host(authority: &str) -> Option<&str> {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let of_user = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    let of_host =
        |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(c);
    let port = match host.rfind(']') {
        Some(end) if host.rfind('[') == Some(0) => host.get(end + 1..)?,
        _ if host.contains('[') => return None,
        _ => host.rfind(':').and_then(|colon| host.get(colon..)).unwrap_or_default(),
    };
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let is_good = user.chars().all(of_user) && is_escaped(user) && host.chars().all(of_host) && is_port;
    (is_good && has_host_escapes(host)).then_some(host)
}

/// Whether two hexadecimal digits follow each `%`.
fn is_escaped(text: &str) -> bool {
    escapes(text).all(|digits| digits.is_some())
}

/// A host may escape what is not ASCII, and `%`.
fn has_host_escapes(host: &str) -> bool {
    escapes(host).all(|byte| byte.is_some_and(|byte| byte >= 0x80 || byte == b'%'))
}

/// The byte that each `%` stands for.
fn escapes(text: &str) -> impl Iterator<Item = Option<u8>> {
    let byte = |digits: &str| {
        let digits = digits.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        u8::from_str_radix(digits, 16).ok()
    };
    text.split('%').skip(1).map(byte)
}
