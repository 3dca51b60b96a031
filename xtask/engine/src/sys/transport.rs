//! One request, one answer: ureq, with the certificates that this machine trusts.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, AsSendBody, Error, Proxy, ProxyProtocol};

use super::http::{Request, Scope, Silence};
use super::{environment, files, forward, secrets};
use crate::base::http::Response;
use crate::base::problem::Problem;
use crate::base::proxy::{self, Proxies};
use crate::base::text::{name, size};
use crate::base::url::is_http;

/// How long a server may take to accept a connection, and then to say anything.
const CONNECT: Duration = Duration::from_secs(15);
const ANSWER: Duration = Duration::from_secs(120);
/// The longest answer that is read: as large as the largest archive, and some.
const MAX_BODY: u64 = 128 * 1024 * 1024;
/// Where Linux distributions and macOS keep the certificates that they trust, those of a company among them.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A pool of connections.
#[derive(Debug)]
pub struct Transport {
    agent: Agent,
    proxies: Proxies,
}

impl Transport {
    /// Proxies are those of the environment, as Go's programs read them.
    pub fn new() -> Result<Self> {
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("xtask/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .tls_config(TlsConfig::builder().root_certs(roots()?).build());
        let proxies = environment::proxies();
        proxies.passwords().for_each(secrets::remember);
        let proxy = proxies.http().and_then(|proxy| Proxy::new(proxy).ok());
        let connect = forward::Connect { inner: DefaultConnector::new(), proxy };
        let agent = Agent::with_parts(config.build(), connect, DefaultResolver::default());
        Ok(Self { agent, proxies })
    }

    /// Sends a request once.
    pub fn send(&self, request: &Request<'_>, deadline: Instant) -> Result<Response, Silence> {
        let proxy = self.proxies.of(&request.url);
        let shown = proxy.map(proxy::shown);
        let silence = |error: &Error| silence(error, shown.as_deref());
        let mut proxy = proxy.map(Proxy::new).transpose().map_err(|error| silence(&error))?;
        let speaks_http =
            |proxy: &Proxy| matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
        let forwarding = proxy.take_if(|proxy| is_http(&request.url) && speaks_http(proxy));
        let is_forwarded = forwarding.is_some();
        let (url, fields) = forwarding.map_or_else(
            || (request.url.clone(), Vec::new()),
            |proxy| forward::request(&proxy, &request.url),
        );
        let mut builder = ureq::http::Request::builder().method(request.method).uri(url);
        for (name, value) in request.headers.iter().chain(&fields) {
            builder = builder.header(*name, value);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let bad = |error: ureq::http::Error| Silence { why: error.to_string(), of: Some(Scope::Url) };
        let answer = if let Some(body) = request.body {
            self.run(builder.body(body).map_err(bad)?, left, proxy)
        } else {
            self.run(builder.body(()).map_err(bad)?, left, proxy)
        };
        match answer.and_then(read_response) {
            Ok(Response { status: 407, .. }) if is_forwarded => {
                Err(silence(&Error::ConnectProxyFailed("407".to_owned())))
            }
            answer => answer.map_err(|error| silence(&error)),
        }
    }

    fn run(
        &self,
        request: ureq::http::Request<impl AsSendBody>,
        limit: Duration,
        proxy: Option<Proxy>,
    ) -> Result<ureq::http::Response<ureq::Body>, Error> {
        let config = self.agent.configure_request(request).timeout_global(Some(limit)).proxy(proxy);
        self.agent.run(config.build())
    }
}

fn read_response(answer: ureq::http::Response<ureq::Body>) -> Result<Response, Error> {
    let (head, mut body) = answer.into_parts();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())));
    Ok(Response {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body: body.with_config().limit(MAX_BODY).read_to_vec()?,
    })
}

/// The cause, as people would say it, and what it is a cause for. `proxy` is the one that was to be asked.
fn silence(error: &Error, proxy: Option<&str>) -> Silence {
    let is_refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    let (why, of) = match (error, proxy) {
        (Error::HostNotFound, Some(proxy)) => {
            (format!("there is no host of the proxy {proxy}"), Some(Scope::Host))
        }
        (Error::Io(error), Some(proxy)) if is_refused(error) => {
            (format!("the proxy {proxy} does not answer: {error}"), Some(Scope::Host))
        }
        (Error::ConnectionFailed, Some(proxy)) => {
            (format!("the proxy {proxy} does not answer"), Some(Scope::Host))
        }
        (Error::ConnectProxyFailed(words), Some(proxy)) => {
            let status = words.rsplit('/').next().unwrap_or(words);
            let is_passing = |status| Response { status, ..Response::default() }.is_temporary();
            let is_passing = status.parse().is_ok_and(is_passing);
            let why = match status {
                "407" => format!("the proxy {proxy} wants a user and a password (407)"),
                _ if status.len() == 3 => format!("the proxy {proxy} answers {status}"),
                _ => format!("the proxy {proxy}: {words}"),
            };
            (why, Some(Scope::Host).filter(|_| !is_passing))
        }
        (Error::InvalidProxyUrl, proxy) => {
            (format!("{} is no proxy that can be asked", proxy.unwrap_or("it")), Some(Scope::Host))
        }
        (Error::HostNotFound, None) => ("there is no host of that name".to_owned(), None),
        (Error::ConnectionFailed, None) => ("no connection".to_owned(), None),
        (Error::Timeout(which), _) => (format!("it did not answer in time ({which})"), None),
        // Rustls says so through the stream as well.
        (Error::Io(error), _) if error.to_string().contains("certificate") => {
            (format!("TLS: {error}"), Some(Scope::Host))
        }
        // Rustls has a page about it.
        (Error::Io(error), _) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            ("it closed the connection within its answer".to_owned(), None)
        }
        (Error::Io(error), _) => (error.to_string(), None),
        (Error::Rustls(error), _) => (format!("TLS: {error}"), Some(Scope::Host)),
        (Error::BodyExceedsLimit(limit), _) => {
            (format!("its answer has more than {}", size(*limit)), Some(Scope::Url))
        }
        (other @ (Error::BadUri(_) | Error::Http(_)), _) => (other.to_string(), Some(Scope::Url)),
        (other, _) => (other.to_string(), None),
    };
    Silence { why, of }
}

/// `SSL_CERT_FILE` as OpenSSL has it, else what the machine trusts, else Mozilla's list.
fn roots() -> Result<RootCerts> {
    let named = environment::certificates();
    let bundle = match &named {
        Some(path) => {
            Some(files::absolute(path).and_then(|path| files::read(&path)).context("SSL_CERT_FILE")?)
        }
        None => BUNDLES.iter().find_map(|path| std::fs::read(path).ok()),
    };
    let items = bundle.as_deref().map(parse_pem).into_iter().flatten();
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let certificates: Vec<Certificate<'static>> = items.filter_map(certificate).collect();
    if let Some(path) = named.filter(|_| certificates.is_empty()) {
        let message = format!("SSL_CERT_FILE {} has no certificate", name(&path.to_string_lossy()));
        return Err(Problem::error(message).hint("unset SSL_CERT_FILE").into());
    }
    Ok(if certificates.is_empty() { RootCerts::WebPki } else { RootCerts::new_with_certs(&certificates) })
}
