//! A Helm repository of somebody else: its index and its archives.

use std::rc::Rc;

use super::Fetcher;
use super::kept::KeptIndex;
use crate::base::host::{host, is_private};
use crate::base::http::{Response, basic};
use crate::base::problem::Problem;
use crate::base::proxy;
use crate::base::text::{name, size};
use crate::base::url::{is_http, is_https, location, origin};
use crate::dependency::helm_repositories::{HelmRepository, of_url};
use crate::dependency::listed::{Listed, file_url};
use crate::sys::http::{Http, MAX_REDIRECTS, Request};
use crate::sys::secrets;

/// The largest index that is read: several times the largest public ones. Reading takes up to fifty times its size.
const MAX_INDEX: usize = 64 * 1024 * 1024;

impl Fetcher<'_> {
    /// What the index of a repository lists. It is asked for once, and only what has changed is sent.
    pub(super) fn index(&self, http: &Http, repository: &str) -> Result<Rc<Listed>, Problem> {
        if let Some(known) = self.indexes.borrow().get(repository) {
            return known.clone();
        }
        let found = self.ask_for_index(http, repository).map(Rc::new);
        self.indexes.borrow_mut().insert(repository.to_owned(), found.clone());
        found
    }

    fn ask_for_index(&self, http: &Http, repository: &str) -> Result<Listed, Problem> {
        let url = file_url(repository, "index.yaml");
        // What came without encryption may be anybody's, and is not kept.
        let kept = self.kept.index(&url).filter(|_| is_private(&url));
        let mut headers = Vec::new();
        if let Some(KeptIndex { etag, last_modified, .. }) = &kept {
            headers.extend(etag.iter().map(|etag| ("if-none-match", etag.clone())));
            headers.extend(last_modified.iter().map(|time| ("if-modified-since", time.clone())));
        }
        let answer = self.get(http, repository, &url, &headers)?;
        let text = kept.as_ref().filter(|_| answer.status == 304).map_or(&answer.body, |kept| &kept.body);
        if text.len() > MAX_INDEX {
            let message = format!(
                "{} has {}: the limit is {}",
                name(&url),
                size(text.len() as u64),
                size(MAX_INDEX as u64)
            );
            return Err(
                Problem::error(message).hint("pull the chart once, and commit its archive to charts/")
            );
        }
        if answer.status == 200 && is_private(&url) {
            self.kept.put_index(&url, &answer);
        }
        Listed::read(text).map_err(|why| {
            let message = format!("{} is no index of a Helm repository: {why}", name(&url));
            Problem::error(message).hint("write the URL of a repository: `helm repo add` takes the same")
        })
    }

    /// The archive at a URL of the index.
    pub(super) fn archive(&self, http: &Http, repository: &str, url: &str) -> Result<Vec<u8>, Problem> {
        Ok(self.get(http, repository, &file_url(repository, url), &[])?.body)
    }

    /// Gets a file, wherever it lies in the end. Credentials go to the host of the repository alone, unless helm was told
    /// otherwise (`--pass-credentials`).
    fn get(
        &self,
        http: &Http,
        repository: &str,
        url: &str,
        headers: &[(&'static str, String)],
    ) -> Result<Response, Problem> {
        let known = of_url(&self.helm_repositories, repository);
        if let Some(what) = known.and_then(HelmRepository::unsupported) {
            let message = format!("helm reads {} with {what}, which is not supported here", name(repository));
            return Err(Problem::error(message).hint("commit the archive to charts/: helm dependency build"));
        }
        let mut at = url.to_owned();
        for hop in 0..MAX_REDIRECTS {
            if !(is_https(&at) || is_http(&at) && is_http(repository)) {
                let message = format!("{} points to {}, which is not https", name(repository), name(&at));
                return Err(Problem::error(message).hint("tell its publisher"));
            }
            let authorization = known.and_then(|known| authorization(known, repository, &at, hop == 0));
            let is_sent = authorization.is_some();
            let headers = headers.iter().cloned().chain(authorization).collect();
            let request = Request { method: "GET", url: at.clone(), headers, body: None };
            let answer = http.ask(&request).map_err(|why| silent(&at, &why))?;
            match (answer.status, answer.header("location")) {
                (301..=303 | 307 | 308, Some(field)) => at = location(&at, field),
                (200 | 304, _) => return Ok(answer),
                (status, _) => {
                    let message = format!("cannot fetch {}: it answers {}", name(&at), answer.outcome());
                    return Err(
                        Problem::error(message).hint(refused(known, repository, &at, status, is_sent))
                    );
                }
            }
        }
        Err(Problem::error(format!("{} redirects without an end", name(url))).hint("tell its publisher"))
    }
}

/// What to do about the status of an answer. `is_sent` says whether it came in spite of credentials.
fn refused(
    known: Option<&HelmRepository>,
    repository: &str,
    url: &str,
    status: u16,
    is_sent: bool,
) -> String {
    let add =
        |options: &str| format!("helm repo add {options} NAME {repository} --username USER --password-stdin");
    let has_user = known.is_some_and(|known| !known.username.is_empty());
    match status {
        401 | 403 if is_sent => {
            format!("it refuses the user of repositories.yaml: {}", add("--force-update"))
        }
        401 | 403 if !is_private(url) => {
            "it wants credentials, which are not sent without encryption: write `https://` in Chart.yaml"
                .to_owned()
        }
        401 | 403 if has_user => format!(
            "the user of repositories.yaml is for another host: {}",
            add("--force-update --pass-credentials")
        ),
        401 | 403 => format!("it wants credentials: {}", add("").replace("  ", " ")),
        404 | 410 if url.contains("/index.yaml") => {
            "is it a Helm repository? correct `repository` in Chart.yaml".to_owned()
        }
        404 | 410 => "its index lists what is not there any more: choose another `version`".to_owned(),
        _ => "run it again later".to_owned(),
    }
}

/// The user and password of a repository, for a URL that may have them: over a connection that nobody listens to. Where helm
/// passes them to other hosts, those are named by the index; one that a redirect leads to gets none.
fn authorization(
    known: &HelmRepository,
    repository: &str,
    url: &str,
    is_named: bool,
) -> Option<(&'static str, String)> {
    let is_its = origin(url) == origin(repository) || known.pass_credentials_all && is_named;
    let has = !known.username.is_empty() && !known.password.is_empty();
    (is_its && has && is_private(url)).then(|| {
        let header = basic(&known.username, &known.password);
        secrets::remember(header.trim_start_matches("Basic "));
        ("authorization", header)
    })
}

fn silent(url: &str, why: &str) -> Problem {
    let problem = Problem::error(format!("cannot reach {}: {why}", host(url)));
    problem.hint(proxy::hint(why, host(url)).unwrap_or_else(|| {
        let is_tls = why.starts_with("TLS: ");
        let hint = if is_tls {
            "set SSL_CERT_FILE to the certificates to trust"
        } else {
            "run it again when it answers"
        };
        hint.to_owned()
    }))
}
