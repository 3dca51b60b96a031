//! What GitHub Pages does with the branch: its files over HTTP, below the path that the repository has there.

use std::fs;
use std::path::{Path, PathBuf};

use super::http::{Answer, Request};
use super::path_of;

/// A site in a directory.
pub struct Site {
    root: PathBuf,
    /// The path of its URL.
    base: String,
    /// URLs of the real site, each with the one that is here in its place.
    served: Vec<(String, String)>,
}

impl Site {
    /// The site in a directory, served at `here`. Its files are written for other URLs, the first of each pair in `served`:
    /// what is text leads to the second, so that the files can be those that the real branch will have. No URL has a slash at
    /// its end.
    pub fn new(root: PathBuf, here: &str, served: impl Into<Vec<(String, String)>>) -> Self {
        Self { root, base: path_of(here).to_owned(), served: served.into() }
    }

    /// Answers a request: a file, the index of a directory, a page without its `.html`, or the site's own page for what
    /// is not there (docs.github.com, "Creating a custom 404 page for your GitHub Pages site").
    pub fn answer(&self, request: &Request) -> Answer {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Answer::text(405, "Not Allowed").with("Allow", "GET, HEAD");
        }
        let below =
            request.path.strip_prefix(&*self.base).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        match below.and_then(|path| self.find(path)) {
            Some(Found::File(path, data)) => self.file(200, &path, data),
            Some(Found::Directory) => Answer::empty(301).with("Location", format!("{}/", request.path)),
            None => self.missing(),
        }
    }

    fn find(&self, path: &str) -> Option<Found> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let is_plain = |part: &&str| !matches!(*part, "." | "..") && !part.contains(['\\', '\0', ':']);
        if !parts.iter().all(is_plain) {
            return None;
        }
        let place = parts.iter().fold(self.root.clone(), |place, part| place.join(part));
        if place.is_dir() {
            let index = place.join("index.html");
            return if path.ends_with('/') { self.read(index) } else { Some(Found::Directory) };
        }
        if path.ends_with('/') {
            return None;
        }
        let page = PathBuf::from(format!("{}.html", place.display()));
        self.read(place).or_else(|| self.read(page))
    }

    /// A file that is below the root, and not by way of a link.
    fn read(&self, path: PathBuf) -> Option<Found> {
        let (root, real) = (fs::canonicalize(&self.root).ok()?, fs::canonicalize(&path).ok()?);
        let data = fs::read(&path).ok().filter(|_| real.starts_with(root))?;
        Some(Found::File(path, data))
    }

    fn file(&self, status: u16, path: &Path, data: Vec<u8>) -> Answer {
        let kind = content_type(path);
        if !kind.ends_with("charset=utf-8") {
            return Answer::new(status, kind, data);
        }
        match String::from_utf8(data) {
            Ok(text) => {
                let here = self.served.iter().fold(text, |text, (real, here)| text.replace(real, here));
                Answer::new(status, kind, here)
            }
            Err(error) => Answer::new(status, kind, error.into_bytes()),
        }
    }

    fn missing(&self) -> Answer {
        match self.read(self.root.join("404.html")) {
            Some(Found::File(path, data)) => self.file(404, &path, data),
            _ => Answer::text(404, "There is no such page."),
        }
    }
}

/// What a path leads to.
enum Found {
    File(PathBuf, Vec<u8>),
    /// One that was asked for without a slash at the end.
    Directory,
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "gif" => "image/gif",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/vnd.microsoft.icon",
        "jpeg" | "jpg" => "image/jpeg",
        "js" | "mjs" => "application/javascript; charset=utf-8",
        "json" | "map" => "application/json; charset=utf-8",
        "md" => "text/markdown; charset=utf-8",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "webp" => "image/webp",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "xml" => "application/xml",
        "yaml" | "yml" => "text/yaml; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::scratch::Scratch;

    #[test]
    fn paths() {
        let scratch = Scratch::directory().expect("a directory");
        let root = scratch.path().join("site");
        fs::create_dir_all(root.join("charts/a b")).expect("directories");
        for (path, text) in [
            ("index.html", "home"),
            ("guide.html", "guide"),
            ("404.html", "nothing"),
            ("charts/index.yaml", "- https://o.github.io/r/charts/x.tgz"),
            ("charts/a b/x+1.tgz", "https://o.github.io/r"),
            ("../secret", "secret"),
        ] {
            fs::write(root.join(path), text).expect("a file");
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(scratch.path().join("secret"), root.join("link")).expect("a link");
        let site = Site::new(
            root,
            "http://127.0.0.1:1/r",
            [("https://o.github.io/r".to_owned(), "http://127.0.0.1:1/r".to_owned())],
        );
        for (line, status, body) in [
            ("GET /r/", 200, "home"),
            ("GET /r", 301, ""),
            ("GET /r/index.html", 200, "home"),
            ("GET /r/guide", 200, "guide"),
            ("GET /r/guide/", 404, "nothing"),
            ("GET /r/charts", 301, ""),
            ("GET /r/charts/", 404, "nothing"),
            ("GET /r/charts/index.yaml", 200, "- http://127.0.0.1:1/r/charts/x.tgz"),
            ("GET /r/charts/a b/x+1.tgz", 200, "https://o.github.io/r"),
            ("GET /", 404, "nothing"),
            ("GET /rest", 404, "nothing"),
            ("GET /r/../secret", 404, "nothing"),
            ("GET /r/charts/../../secret", 404, "nothing"),
            ("GET /r//../secret", 404, "nothing"),
            ("GET /r/..\\secret", 404, "nothing"),
            ("GET /r/link", 404, "nothing"),
            ("GET /r/\0", 404, "nothing"),
            ("POST /r/", 405, "Not Allowed\n"),
        ] {
            let (method, path) = line.split_once(' ').expect("a method");
            let answer =
                site.answer(&Request { method: method.into(), path: path.into(), ..Request::default() });
            assert_eq!((answer.status, str::from_utf8(&answer.body)), (status, Ok(body)), "{line}");
        }
    }
}
