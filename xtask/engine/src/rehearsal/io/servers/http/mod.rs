//! The server side of HTTP/1.1 (RFC 9112) on loopback: whole requests in, whole answers out, a thread for each
//! connection. It ends with the process.

mod read;
#[cfg(test)]
pub(super) mod tests;

use std::fmt::Write as _;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use self::read::{Broken, read};

/// A request, complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// The path and what follows it, as they were sent.
    pub target: String,
    /// The path, decoded.
    pub path: String,
    /// What follows the `?`, decoded.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Without those about the connection and the length.
    pub headers: Vec<(String, String)>,
    /// The content; for HEAD its length is said and no more.
    pub body: Vec<u8>,
}

/// How many connections there may be at a time.
const MAX_CONNECTIONS: usize = 64;
/// How long a connection may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// How much of a refused request is read, and for how long, so that its sender gets to read the refusal.
const REST: u64 = 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(1);

impl Request {
    /// The first field of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        all(&self.headers, name).next()
    }

    /// All fields of this name, which is in lower case.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        all(&self.headers, name)
    }

    /// The first value of this name after the `?`.
    pub fn query(&self, name: &str) -> Option<&str> {
        all(&self.query, name).next()
    }
}

fn all<'a>(pairs: &'a [(String, String)], name: &str) -> impl Iterator<Item = &'a str> {
    pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
}

impl Answer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::empty(status).with("Content-Type", content_type) }
    }

    /// An answer without content.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub fn text(status: u16, text: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{text}\n"))
    }

    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", value.to_string())
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Writes it as the answer to a request of this method, after which the connection is kept or closed.
    pub fn write(&self, mut stream: impl Write, method: &str, keep: bool) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if self.status != 204 {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        }
        head.push_str(if keep { "\r\n" } else { "Connection: close\r\n\r\n" });
        let mut all = head.into_bytes();
        if method != "HEAD" && self.status != 204 {
            all.extend_from_slice(&self.body);
        }
        stream.write_all(&all)
    }
}

/// What people read after a status code; programs do not (RFC 9112, section 4).
fn reason(status: u16) -> &'static str {
    match status {
        200..300 => "OK",
        300..400 => "Elsewhere",
        400..500 => "Refused",
        _ => "Failed",
    }
}

/// A port of this machine. What connects to it waits until it is served.
pub fn listen() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}

/// Answers whatever comes, for as long as the process lives.
pub fn serve(listener: TcpListener, answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) {
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            // Each connection holds one.
            if Arc::strong_count(&answer) > MAX_CONNECTIONS {
                let _ = Answer::text(503, "too many connections").write(&stream, "GET", false);
                continue;
            }
            let answer = Arc::clone(&answer);
            // A client that goes away is no failure of ours.
            thread::spawn(move || {
                let own = stream.local_addr()?.to_string();
                converse(&stream, |request| {
                    let refusal = || Answer::text(403, "only the rehearsal itself is served");
                    Some(if is_of_the_rehearsal(request, &own) { answer(request) } else { refusal() })
                })
            });
        }
    });
}

/// Whether a client of the rehearsal sent a request. Any web page can make a browser send one here, which then names the
/// page's origin, or as its host a name of the page's that leads to this machine (DNS rebinding).
fn is_of_the_rehearsal(request: &Request, own: &str) -> bool {
    request.headers("host").eq([own]) && request.header("origin").is_none()
}

/// Answers the requests of one connection, which ends where one gets no answer.
pub fn converse(stream: &TcpStream, answer: impl Fn(&Request) -> Option<Answer>) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        match read(&mut reader, stream) {
            Ok(None) => return Ok(()),
            Ok(Some(request)) => {
                let keep =
                    request.header("connection").is_none_or(|value| !value.eq_ignore_ascii_case("close"));
                let Some(answer) = answer(&request) else { return Ok(()) };
                answer.write(stream, &request.method, keep)?;
                if !keep {
                    return Ok(());
                }
            }
            Err(Broken::Gone(error)) => return Err(error),
            Err(Broken::Bad(status, why)) => {
                Answer::text(status, why).write(stream, "GET", false)?;
                stream.shutdown(Shutdown::Write)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                return io::copy(&mut reader.take(REST), &mut io::sink()).map(drop);
            }
        }
    }
}
