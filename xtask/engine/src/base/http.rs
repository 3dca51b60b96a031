//! What a server answers, and how long it asks one to wait.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::text::shown;
use super::time;

/// The longest part of an answer in plain text that is repeated, in characters.
const MAX_WORDS: usize = 200;

/// A user and a password for `Authorization` (RFC 7617).
pub fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{password}")))
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// The header's fields, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The first field of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status says that it was done.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first line of an answer that is plain text, as it may be shown; nothing of any other, such as HTML.
    pub fn words(&self) -> String {
        let is_plain =
            self.header("content-type").is_none_or(|kind| kind.trim_start().starts_with("text/plain"));
        let text = str::from_utf8(&self.body).unwrap_or_default().trim_start();
        let line = text.lines().next().filter(|_| is_plain && !text.starts_with(['<', '{', '[']));
        shown(line.unwrap_or_default().trim_end()).chars().take(MAX_WORDS).collect()
    }

    /// The status, with what the answer says in plain text.
    pub fn outcome(&self) -> String {
        let (status, words) = (self.status, self.words());
        if words.is_empty() { status.to_string() } else { format!("{status} ({words})") }
    }

    /// Whether there were too many requests. GitHub says 403 for that, too (docs.github.com, "Rate limits for the REST
    /// API").
    pub fn is_rate_limit(&self) -> bool {
        self.status == 429
            || self.status == 403 && (self.header("retry-after").is_some() || self.is_used_up())
    }

    /// Where the next part of a list is (RFC 8288): the URL of the link whose relation is `next`.
    pub fn next(&self) -> Option<&str> {
        self.header("link")?.split(',').find_map(|link| {
            let (url, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            let is_next = |part: &str| matches!(part.trim(), "rel=\"next\"" | "rel=next");
            parameters.split(';').any(is_next).then_some(url)
        })
    }

    /// Whether the same request may get another answer in a while.
    pub fn is_temporary(&self) -> bool {
        matches!(self.status, 408 | 500 | 502 | 503 | 504) || self.is_rate_limit()
    }

    /// How many seconds the server asks one to wait (RFC 9110, 10.2.3; GitHub's `x-ratelimit-reset`). `now` is in seconds
    /// since 1970.
    pub fn pause(&self, now: u64) -> Option<u64> {
        let until = |time: u64| time.saturating_sub(now);
        if let Some(text) = self.header("retry-after").map(str::trim) {
            return text.parse().ok().or_else(|| time::from_http(text).map(until));
        }
        let reset = self.header("x-ratelimit-reset").filter(|_| self.is_used_up())?;
        reset.parse().ok().map(until)
    }

    /// What the server's clock said, in seconds since 1970 (RFC 9110, 6.6.1); `None` for an answer that was kept on the
    /// way.
    pub fn date(&self) -> Option<u64> {
        self.header("date").filter(|_| self.header("age").is_none()).and_then(time::from_http)
    }

    fn is_used_up(&self) -> bool {
        self.header("x-ratelimit-remaining") == Some("0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links() {
        for (link, next) in [
            (
                "<https://h/a?page=2>; rel=\"next\", <https://h/a?page=9>; rel=\"last\"",
                Some("https://h/a?page=2"),
            ),
            ("</v2/c/tags/list?last=x&n=2>; rel=next", Some("/v2/c/tags/list?last=x&n=2")),
            ("<https://h/a?page=1>; rel=\"prev\"", None),
            ("next", None),
        ] {
            let headers = vec![("link".to_owned(), link.to_owned())];
            assert_eq!(Response { headers, ..Response::default() }.next(), next);
        }
    }

    #[test]
    fn words_are_of_plain_text() {
        for (kind, body, words) in [
            (
                Some("text/plain; charset=utf-8"),
                "\n upstream is down\x1b[2J \r\nmore",
                "upstream is down\\u{1b}[2J",
            ),
            (None, "no such bucket", "no such bucket"),
            (Some("text/html"), "no such bucket", ""),
            (Some("text/plain"), "<html>", ""),
            (Some("application/octet-stream"), "x", ""),
            (Some("application/json"), "\"x\"", ""),
            (None, "{}", ""),
            (None, "", ""),
        ] {
            let headers = kind.map(|kind| ("content-type".to_owned(), kind.to_owned())).into_iter().collect();
            assert_eq!(Response { status: 503, headers, body: body.into() }.words(), words);
        }
        let long = Response { body: "é".repeat(1000).into(), ..Response::default() };
        assert_eq!(long.words().chars().count(), MAX_WORDS);
    }

    #[test]
    fn dates() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (headers, seconds) in [
            (&[date][..], Some(784_111_777)),
            (&[date, ("age", "600")], None),
            (&[("date", "now")], None),
            (&[], None),
        ] {
            let headers =
                headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(Response { headers, ..Response::default() }.date(), seconds);
        }
    }

    #[test]
    fn pauses() {
        let now = 784_111_777;
        for (status, headers, is_temporary, pause) in [
            (200, &[][..], false, None),
            (404, &[], false, None),
            (403, &[], false, None),
            (403, &[("retry-after", "60")], true, Some(60)),
            (403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "784111800")], true, Some(23)),
            (403, &[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "784111800")], false, None),
            (429, &[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")], true, Some(10)),
            (429, &[("retry-after", "Sun, 06 Nov 1994 08:49:27 GMT")], true, Some(0)),
            (503, &[("retry-after", "soon")], true, None),
        ] {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let response = Response { status, headers: headers.collect(), body: Vec::new() };
            assert_eq!(response.is_temporary(), is_temporary, "{response:?}");
            assert_eq!(response.pause(now), pause, "{response:?}");
        }
    }
}
