//! References between the pages of a site: what is relative, where it leads, and how to write it.

use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};

use super::text;
use super::url::NOT_UNRESERVED;

/// A reference without scheme and host, in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// What comes before `?` and `#`; empty for the page itself.
    pub path: &'a str,
    /// `?` and what follows, or nothing.
    pub query: &'a str,
    /// What follows `#`.
    pub anchor: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Takes a reference apart; `None` for one with a scheme or a host (RFC 3986, section 4.2).
    pub fn relative(text: &'a str) -> Option<Self> {
        if scheme(text).is_some() || text.starts_with("//") {
            return None;
        }
        let (rest, anchor) = text.split_once('#').map_or((text, None), |(rest, anchor)| (rest, Some(anchor)));
        let at = rest.find('?').unwrap_or(rest.len());
        let (path, query) = rest.split_at_checked(at)?;
        Some(Self { path, query, anchor })
    }

    pub fn with_path(&self, path: &str) -> String {
        let anchor = self.anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
        format!("{path}{}{anchor}", self.query)
    }
}

/// The scheme of a URL, such as `https`.
pub fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_part)).then_some(scheme)
}

/// The path of a URL with a scheme and a host, with `/` at both ends.
pub fn path_of(url: &str) -> String {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let path =
        after.split(['?', '#']).next().unwrap_or_default().split_once('/').map_or("", |(_, path)| path);
    if path.is_empty() { "/".to_owned() } else { format!("/{}/", path.trim_end_matches('/')) }
}

/// Joins a path to a directory and resolves `.` and `..`; `None` where it leads out of the root.
pub fn join(directory: &str, path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The directory of a path, empty at the root.
pub fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// A path below a directory, which is `.` for the root.
pub fn below(directory: &str, path: &str) -> String {
    if directory == "." { path.to_owned() } else { format!("{directory}/{path}") }
}

/// What of a path is below a directory, which is `.` for the root.
pub fn strip<'p>(directory: &str, path: &'p str) -> Option<&'p str> {
    if directory == "." { Some(path) } else { path.strip_prefix(directory)?.strip_prefix('/') }
}

/// The path that was probably meant: the one that has the same file name elsewhere, or a similar one in the same
/// directory.
pub fn nearest<'a>(path: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let is_same = |other: &&str| file(other).eq_ignore_ascii_case(file(path));
    let mut same = known.clone().filter(is_same);
    if let (Some(one), None) = (same.next(), same.next()) {
        return Some(one);
    }
    let mut beside = known.filter(|other| directory(other) == directory(path));
    let near = text::nearest(stem(path), beside.clone().map(stem))?;
    beside.find(|other| stem(other) == near)
}

/// The name of a file without its endings.
fn stem(path: &str) -> &str {
    file(path).split('.').next().unwrap_or_default()
}

fn file(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// How a page at `from` refers to `to`, both URLs below the root of one site: `../b/`, `./`.
pub fn between(from: &str, to: &str) -> String {
    let from: Vec<&str> = directory(from).split('/').filter(|part| !part.is_empty()).collect();
    let parts: Vec<&str> = to.trim_end_matches('/').split('/').filter(|part| !part.is_empty()).collect();
    let common = from.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    let path = up.chain(parts.into_iter().skip(common)).collect::<Vec<_>>().join("/");
    let path = if path.is_empty() { ".".to_owned() } else { path };
    if to.is_empty() || to.ends_with('/') { format!("{path}/") } else { path }
}

/// A path as it stands in a URL: everything but letters, digits, `/` and `-._~` as `%XX`.
pub fn quote(path: &str) -> String {
    const ESCAPED: &AsciiSet = &NOT_UNRESERVED.remove(b'/');
    utf8_percent_encode(path, ESCAPED).to_string()
}

/// The path that a part of a URL means: `%XX` resolved, where that makes UTF-8.
pub fn unquote(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let parts = |text| Reference::relative(text).map(|r| (r.path, r.query, r.anchor));
        assert_eq!(parts("a.md?x=1#b?c"), Some(("a.md", "?x=1", Some("b?c"))));
        assert_eq!(parts("#b"), Some(("", "", Some("b"))));
        assert_eq!(parts("a:b/c").or(parts("//host/a")).or(parts("mailto:x@y")), None);
        assert_eq!(parts("./a:b").or(parts("1:b")).map(|(path, ..)| path), Some("./a:b"));
        assert_eq!(Reference::relative("a.md?x#y").map(|r| r.with_path("a/")), Some("a/?x#y".to_owned()));
    }

    #[test]
    fn paths() {
        assert_eq!(join("a/b", "../c/./d.md"), Some("a/c/d.md".to_owned()));
        assert_eq!(join("", "../c"), None);
        assert_eq!([below(".", "a/b"), below("c", "a")], ["a/b", "c/a"]);
        assert_eq!(
            [strip(".", "a/b"), strip("a", "a/b"), strip("a", "ab/c")],
            [Some("a/b"), Some("b"), None]
        );
        assert_eq!(
            [path_of("https://h/p/q/"), path_of("https://h"), path_of("https://h/p?x")],
            ["/p/q/", "/", "/p/"]
        );
    }

    #[test]
    fn paths_that_were_meant() {
        let known = ["a/install.md", "a/README.md", "b/README.md", "b/use.md", "c.md"];
        for (path, expected) in [
            ("install.md", Some("a/install.md")),
            ("a/instal.md", Some("a/install.md")),
            ("a/readme.MD", Some("a/README.md")),
            ("x/README.md", None),
            ("r.md", None),
            ("b/instal.md", None),
        ] {
            assert_eq!(nearest(path, known.into_iter()), expected, "{path}");
        }
    }

    #[test]
    fn ways_between_pages() {
        for (from, to, expected) in [
            ("", "a/", "a/"),
            ("", "", "./"),
            ("a/", "", "../"),
            ("a/", "b/", "../b/"),
            ("a/", "a/", "./"),
            ("a/b/", "a/c.png", "../c.png"),
            ("a/b.html", "a/c.html", "c.html"),
            ("404.html", "a/", "a/"),
        ] {
            assert_eq!(between(from, to), expected, "{from} -> {to}");
        }
    }

    #[test]
    fn quotation() {
        assert_eq!(quote("a b/ü~(1).md"), "a%20b/%C3%BC~%281%29.md");
        assert_eq!(unquote("a%20b/%c3%BC%zz%2"), "a b/ü%zz%2");
        assert_eq!(unquote("%ff"), "%ff");
    }
}
