//! Stands before a registry, records what it is asked, and breaks what it is told to break. It can want tokens, as GHCR
//! does.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;

use helm_xtask::internals::rehearsal::http::{Answer, Request};

use crate::fake::{self, Fake, Service};
use crate::tokens::Tokens;

pub type Proxy = Fake<Upstream>;
pub type Fault = fake::Fault<Upstream>;

pub struct Upstream {
    host: String,
    pub tokens: Option<Tokens>,
}

impl Proxy {
    /// A proxy for the server at `HOST:PORT`.
    pub fn before(upstream: &str) -> Self {
        Self::start(|_| Upstream { host: upstream.to_owned(), tokens: None })
    }

    pub fn want_tokens(&self, tokens: Tokens) {
        self.with(|upstream| upstream.tokens = Some(tokens));
    }

    /// Every request with `part` in its line meets this fault.
    pub fn fail_all(&self, fault: Fault, part: &'static str) {
        self.fail(fault, part, usize::MAX);
    }
}

impl Service for Upstream {
    fn answer(service: &Mutex<Self>, asked: &Request) -> Answer {
        let mut upstream = fake::lock(service);
        let mut asked = asked.clone();
        if let Some(answer) = upstream.tokens.as_mut().and_then(|tokens| tokens.answer(&mut asked)) {
            return answer;
        }
        let host = upstream.host.clone();
        // Others are served meanwhile.
        drop(upstream);
        forward(&asked, &host).unwrap_or_else(|error| Answer::text(502, &error.to_string()))
    }
}

/// What the server at `HOST:PORT` answers. HTTP/1.0 has no chunks.
pub fn forward(asked: &Request, upstream: &str) -> std::io::Result<Answer> {
    let own = ["connection", "content-length", "expect", "transfer-encoding"];
    let headers = asked.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let mut stream = TcpStream::connect(upstream)?;
    write!(stream, "{} {} HTTP/1.0\r\n", asked.method, asked.target)?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "Content-Length: {}\r\n\r\n", asked.body.len())?;
    stream.write_all(&asked.body)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(fake::parse(&bytes))
}
