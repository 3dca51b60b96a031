//! One request, one answer: ureq, with the certificates that this machine trusts.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, AsSendBody, Error};

use super::http::Request;
use super::{environment, files};
use crate::base::host::is_loopback;
use crate::base::http::Response;
use crate::base::problem::Problem;
use crate::base::text::name;

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
pub struct Transport(Agent);

impl Transport {
    /// Proxies are those of the environment.
    pub fn new() -> Result<Self> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("xtask/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .tls_config(TlsConfig::builder().root_certs(roots()?).build());
        Ok(Self(config.build().into()))
    }

    /// Sends a request once. The error says why there is no answer.
    pub fn send(&self, request: &Request<'_>, deadline: Instant) -> Result<Response, String> {
        let mut builder = ureq::http::Request::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let answer = if let Some(body) = request.body {
            self.run(builder.body(body).map_err(|error| error.to_string())?, left)
        } else {
            self.run(builder.body(()).map_err(|error| error.to_string())?, left)
        };
        answer.and_then(read_response).map_err(|error| words(&error))
    }

    /// What is said to this machine is for no proxy to hear.
    fn run(
        &self,
        request: ureq::http::Request<impl AsSendBody>,
        limit: Duration,
    ) -> Result<ureq::http::Response<ureq::Body>, Error> {
        let is_here = request.uri().authority().is_some_and(|authority| is_loopback(authority.as_str()));
        let config = self.0.configure_request(request).timeout_global(Some(limit));
        self.0.run(if is_here { config.proxy(None) } else { config }.build())
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

/// The cause, as people would say it.
fn words(error: &Error) -> String {
    match error {
        Error::HostNotFound => "there is no host of that name".to_owned(),
        Error::ConnectionFailed => "no connection".to_owned(),
        Error::Timeout(which) => format!("it did not answer in time ({which})"),
        Error::Io(error) => error.to_string(),
        Error::Rustls(error) => format!("TLS: {error}"),
        other => other.to_string(),
    }
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
